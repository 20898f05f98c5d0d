package trustswiftly

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/keywright/keywright/examples/exampleapi"
)

const secrets exampleapi.RecordKind = "secret"

const (
	linkLife  = 24 * time.Hour
	maxToken  = 1024
	linksPath = "/magic/"
)

// claims are what a link says, and what is signed of it. The link is good once:
// its nonce must be the one that the user's record holds.
type claims struct {
	Tenant      string `json:"t"`
	Environment string `json:"e,omitempty"`
	User        int64  `json:"u"`
	Nonce       string `json:"n"`
	Expires     int64  `json:"x"`
}

// newLink makes a user's link; the one before is good no more.
func newLink(c *exampleapi.Call, tx exampleapi.Tx, one *kept) (string, error) {
	key, err := signingKey(tx)
	if err != nil {
		return "", err
	}
	one.Nonce = rand.Text()
	payload, err := json.Marshal(claims{
		Tenant: c.Identity.Subject, Environment: c.Identity.Environment, User: one.ID, Nonce: one.Nonce, Expires: c.Now.Add(linkLife).Unix(),
	})
	if err != nil {
		return "", err
	}
	return c.Link(linksPath + encode(payload) + "." + encode(sign(key, payload))), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func sign(key, payload []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(payload)
	return mac.Sum(nil)
}

// signingKey is the service's own, made the first time that it is needed. It
// belongs to no tenant: an empty scope is nobody's.
func signingKey(tx exampleapi.Tx) ([]byte, error) {
	var key []byte
	found, err := tx.Get(exampleapi.Scope{}, secrets, "links", &key)
	if err != nil || found {
		return key, err
	}
	key = make([]byte, sha256.Size)
	_, _ = rand.Read(key) // crypto/rand never fails
	_, err = tx.Add(exampleapi.Scope{}, secrets, "links", key)
	return key, err
}

// read returns a link's claims if its signature is ours and it has not expired.
func read(key []byte, token string, now time.Time) (claims, bool) {
	var c claims
	if len(token) > maxToken {
		return c, false
	}
	first, second, _ := strings.Cut(token, ".")
	payload, err := base64.RawURLEncoding.Strict().DecodeString(first)
	if err != nil {
		return c, false
	}
	mac, err := base64.RawURLEncoding.Strict().DecodeString(second)
	if err != nil || !hmac.Equal(mac, sign(key, payload)) {
		return c, false
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return c, false
	}
	return c, now.Unix() < c.Expires
}

// follow verifies the user whose link this is. Every bad link answers alike:
// forged, expired, used, replaced, or of a user who is gone. HEAD only looks, so
// that a mail program's preview by HEAD does not use the link up.
func follow(c *exampleapi.Call) (exampleapi.Reply, error) {
	var answer struct {
		Status     string `json:"status"`
		ID         int64  `json:"id"`
		VerifiedAt string `json:"verified_at"`
	}
	err := c.Records(func(tx exampleapi.Tx) error {
		key, err := signingKey(tx)
		if err != nil {
			return err
		}
		says, ok := read(key, c.PathValue("token"), c.Now)
		if !ok {
			return spent()
		}
		scope, id := exampleapi.Scope{Tenant: says.Tenant, Environment: says.Environment}, number(says.User)
		var one kept
		found, err := tx.Get(scope, users, id, &one)
		if err != nil {
			return err
		}
		if !found || one.Nonce == "" || subtle.ConstantTimeCompare([]byte(one.Nonce), []byte(says.Nonce)) != 1 {
			return spent()
		}
		at := c.Stamp()
		answer.Status, answer.ID, answer.VerifiedAt = "success", one.ID, at
		if c.Method == http.MethodHead {
			return nil
		}
		one.Status, one.VerifiedAt, one.UpdatedAt, one.Nonce = "verified", &at, at, ""
		_, err = tx.Set(scope, users, id, one)
		return err
	})
	return exampleapi.Reply{Body: answer}, err
}

func spent() error {
	return exampleapi.Fault{Kind: exampleapi.Used, Text: "This link has been used, replaced, or has expired: ask for a new one."}
}
