package trustifi

import (
	"time"

	"github.com/keywright/keywright/examples/exampleapi"
)

// held is the kind of quarantined mails.
const held exampleapi.RecordKind = "quarantine"

const maxHeld = 100

// suspect is a mail in quarantine.
type suspect struct {
	ID         string `json:"_id"`
	From       string `json:"from"`
	To         string `json:"to"`
	Subject    string `json:"subject"`
	Reason     string `json:"reason"`
	Status     string `json:"status"`
	ReceivedAt string `json:"receivedAt"`
}

// samples are what each user finds in quarantine at first.
func samples() []suspect {
	return []suspect{
		{ID: "qtn_0001", From: "billing@invoices.example", Subject: "Overdue invoice: open the attachment", Reason: "malicious attachment"},
		{ID: "qtn_0002", From: "it-desk@helpdesk.example", Subject: "Your mailbox is full: sign in again", Reason: "phishing"},
		{ID: "qtn_0003", From: "offers@bargains.example", Subject: "Last chance for the summer offer", Reason: "spam"},
	}
}

// seed gives a user something to look at, once.
func seed(c *exampleapi.Call, tx exampleapi.Tx) error {
	if first, err := tx.Once(c.Scope(), "quarantine"); err != nil || !first {
		return err
	}
	for i, s := range samples() {
		s.To, s.Status = caller(c).Email, "quarantined"
		s.ReceivedAt = c.Now.Add(-time.Duration(3-i) * time.Hour).Format(time.RFC3339)
		if _, err := tx.Add(c.Scope(), held, s.ID, s); err != nil {
			return err
		}
	}
	return nil
}

// quarantine lists what is still held.
func quarantine(c *exampleapi.Call) (exampleapi.Reply, error) {
	limit, err := c.Int("limit", 20, 1, maxHeld)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	body := struct {
		Emails []suspect `json:"emails"`
		Total  int       `json:"total"`
	}{Emails: []suspect{}}
	err = c.Records(func(tx exampleapi.Tx) error {
		if err := seed(c, tx); err != nil {
			return err
		}
		all, err := exampleapi.List[suspect](tx, c.Scope(), held, maxHeld, 0)
		if err != nil {
			return err
		}
		for _, s := range all {
			if s.Status != "quarantined" {
				continue
			}
			if body.Total++; body.Total <= limit {
				body.Emails = append(body.Emails, s)
			}
		}
		return nil
	})
	return exampleapi.Reply{Body: body}, err
}

// act releases a mail. Releasing it again changes nothing.
func act(c *exampleapi.Call) (exampleapi.Reply, error) {
	var ask struct {
		Action string `json:"action"`
	}
	if err := c.Read(&ask); err != nil {
		return exampleapi.Reply{}, err
	}
	if ask.Action != "release" {
		return exampleapi.Reply{}, exampleapi.Wrong("action", `must be "release"`)
	}
	var s suspect
	err := c.Records(func(tx exampleapi.Tx) error {
		if err := seed(c, tx); err != nil {
			return err
		}
		id := c.PathValue("id")
		if err := exampleapi.Must(tx.Get(c.Scope(), held, id, &s))("mail in quarantine"); err != nil {
			return err
		}
		s.Status = "released"
		_, err := tx.Set(c.Scope(), held, id, s)
		return err
	})
	return exampleapi.Reply{Body: s}, err
}
