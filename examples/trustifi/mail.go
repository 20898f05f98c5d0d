package trustifi

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/keywright/keywright/examples/exampleapi"
)

const (
	maxRecipients = 50
	maxTitle      = 200
	maxHTML       = 100_000
	maxMails      = 200
)

// mails and keyrings are the kinds of records. A recipient's key is kept here
// only because nobody receives these mails: in life it is the recipient's alone.
const (
	mails    exampleapi.RecordKind = "mail"
	keyrings exampleapi.RecordKind = "keyring"
)

type recipient struct {
	Email string `json:"email"`
}

// draft is what POST takes.
type draft struct {
	Recipients []recipient `json:"recipients"`
	Title      string      `json:"title"`
	HTML       string      `json:"html"`
	Methods    struct {
		EncryptContent bool `json:"encryptContent"`
	} `json:"methods"`
}

// summary is what POST answers.
type summary struct {
	ID        string `json:"_id"`
	Title     string `json:"title"`
	Status    string `json:"status"`
	Encrypted bool   `json:"encrypted"`
}

// mail is what is kept, and what GET answers. Content is the armoured ciphertext
// of an encrypted mail, and the HTML of another.
type mail struct {
	summary
	From       string      `json:"from"`
	Recipients []recipient `json:"recipients"`
	Content    string      `json:"content"`
	SentAt     string      `json:"sentAt"`
}

// keyring is a recipient's age identity.
type keyring struct {
	Identity string `json:"identity"`
}

func send(c *exampleapi.Call) (exampleapi.Reply, error) {
	var d draft
	if err := c.Read(&d); err != nil {
		return exampleapi.Reply{}, err
	}
	if err := d.check(); err != nil {
		return exampleapi.Reply{}, err
	}
	m := mail{
		summary: summary{ID: exampleapi.NewID(c.Now), Title: d.Title, Status: "sent", Encrypted: d.Methods.EncryptContent},
		From:    caller(c).Email, Recipients: d.Recipients, Content: d.HTML, SentAt: c.Stamp(),
	}
	err := c.Records(func(tx exampleapi.Tx) error {
		if m.Encrypted {
			var err error
			if m.Content, err = encrypt(tx, c.Scope(), d); err != nil {
				return err
			}
		}
		_, err := tx.Add(c.Scope(), mails, m.ID, m)
		return err
	})
	return exampleapi.Reply{Status: http.StatusCreated, Body: m.summary}, err
}

// check looks at every field, and spells the addresses in one way.
func (d *draft) check() error {
	if n := len(d.Recipients); n == 0 || n > maxRecipients {
		return exampleapi.Wrong("recipients", "must list 1 to "+strconv.Itoa(maxRecipients)+" recipients, each with an email")
	}
	for i := range d.Recipients {
		email, err := exampleapi.Email(fmt.Sprintf("recipients[%d].email", i), d.Recipients[i].Email)
		if err != nil {
			return err
		}
		d.Recipients[i].Email = email
	}
	if err := exampleapi.Text("title", d.Title, 1, maxTitle); err != nil {
		return err
	}
	if d.HTML == "" || len(d.HTML) > maxHTML {
		return exampleapi.Wrong("html", "is required, and has at most "+strconv.Itoa(maxHTML)+" bytes")
	}
	return nil
}

// encrypt seals the mail to all of its recipients: any of their keys opens it.
func encrypt(tx exampleapi.Tx, s exampleapi.Scope, d draft) (string, error) {
	recipients := make([]age.Recipient, len(d.Recipients))
	for i, r := range d.Recipients {
		key, err := keyOf(tx, s, r.Email)
		if err != nil {
			return "", err
		}
		recipients[i] = key.Recipient()
	}
	var out bytes.Buffer
	armoured := armor.NewWriter(&out)
	w, err := age.Encrypt(armoured, recipients...)
	if err != nil {
		return "", err
	}
	if _, err := io.WriteString(w, d.HTML); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	if err := armoured.Close(); err != nil {
		return "", err
	}
	return out.String(), nil
}

// keyOf returns a recipient's key, made the first time that the user writes to them.
func keyOf(tx exampleapi.Tx, s exampleapi.Scope, email string) (*age.X25519Identity, error) {
	var ring keyring
	found, err := tx.Get(s, keyrings, email, &ring)
	if err != nil {
		return nil, err
	}
	if found {
		return age.ParseX25519Identity(ring.Identity)
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	_, err = tx.Add(s, keyrings, email, keyring{Identity: key.String()})
	return key, err
}

func show(c *exampleapi.Call) (exampleapi.Reply, error) {
	var m mail
	err := c.Records(func(tx exampleapi.Tx) error {
		return exampleapi.Must(tx.Get(c.Scope(), mails, c.PathValue("id"), &m))("mail")
	})
	return exampleapi.Reply{Body: m}, err
}

func remove(c *exampleapi.Call) (exampleapi.Reply, error) {
	err := c.Records(func(tx exampleapi.Tx) error {
		return exampleapi.Must(tx.Delete(c.Scope(), mails, c.PathValue("id")))("mail")
	})
	return exampleapi.Reply{Status: http.StatusNoContent}, err
}
