package trustswiftly

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/keywright/keywright/examples/exampleapi"
)

const (
	users  exampleapi.RecordKind = "user"
	emails exampleapi.RecordKind = "email" // which user has an address, so that no two do
)

// user is what is shown of a user.
type user struct {
	ID         int64   `json:"id"`
	Email      string  `json:"email"`
	FirstName  string  `json:"first_name"`
	LastName   string  `json:"last_name"`
	Status     string  `json:"status"`
	VerifiedAt *string `json:"verified_at"`
	CreatedAt  string  `json:"created_at"`
	UpdatedAt  string  `json:"updated_at"`
}

// kept is a user's record. Nonce is what the one good link carries.
type kept struct {
	user
	Nonce string `json:"nonce"`
}

// draft is what POST and PATCH take; what is absent stays as it is.
type draft struct {
	Email     *string `json:"email"`
	FirstName *string `json:"first_name"`
	LastName  *string `json:"last_name"`
}

// onto checks what is given and puts it into a user.
func (d *draft) onto(u *user) (err error) {
	if d.Email != nil {
		if u.Email, err = exampleapi.Email("email", *d.Email); err != nil {
			return err
		}
	}
	if err := setName("first_name", d.FirstName, &u.FirstName); err != nil {
		return err
	}
	return setName("last_name", d.LastName, &u.LastName)
}

func setName(field string, given, into *string) error {
	if given == nil {
		return nil
	}
	*into = *given
	return exampleapi.Text(field, *given, 0, 100)
}

// created answers whatever makes a link: its only sight.
type created struct {
	Status    string `json:"status"`
	ID        int64  `json:"id"`
	MagicLink string `json:"magic_link"`
}

func create(c *exampleapi.Call) (exampleapi.Reply, error) {
	var d draft
	if err := c.Read(&d); err != nil {
		return exampleapi.Reply{}, err
	}
	if d.Email == nil {
		return exampleapi.Reply{}, exampleapi.Wrong("email", "is required")
	}
	one := kept{user: user{Status: "pending", CreatedAt: c.Stamp(), UpdatedAt: c.Stamp()}}
	if err := d.onto(&one.user); err != nil {
		return exampleapi.Reply{}, err
	}
	var link string
	err := c.Records(func(tx exampleapi.Tx) error {
		for taken := true; taken; {
			one.ID = exampleapi.NewNumber()
			var err error
			if taken, err = tx.Get(c.Scope(), users, number(one.ID), new(kept)); err != nil {
				return err
			}
		}
		err := claim(c, tx, one.user)
		if err != nil {
			return err
		}
		if link, err = newLink(c, tx, &one); err != nil {
			return err
		}
		_, err = tx.Add(c.Scope(), users, number(one.ID), one)
		return err
	})
	return exampleapi.Reply{Body: created{"success", one.ID, link}}, err
}

// claim takes an address for a user.
func claim(c *exampleapi.Call, tx exampleapi.Tx, u user) error {
	free, err := tx.Add(c.Scope(), emails, strings.ToLower(u.Email), u.ID)
	if err == nil && !free {
		return exampleapi.Wrong("email", "has already been taken")
	}
	return err
}

func number(id int64) string { return strconv.FormatInt(id, 10) }

// find reads the user that the path names.
func find(c *exampleapi.Call, tx exampleapi.Tx) (kept, error) {
	var one kept
	return one, exampleapi.Must(tx.Get(c.Scope(), users, c.PathValue("id"), &one))("user")
}

func show(c *exampleapi.Call) (exampleapi.Reply, error) {
	var one kept
	err := c.Records(func(tx exampleapi.Tx) (err error) {
		one, err = find(c, tx)
		return err
	})
	return exampleapi.Reply{Body: one.user}, err
}

// amended is a user after PATCH, with a new link while there is something to verify.
type amended struct {
	user
	MagicLink string `json:"magic_link,omitempty"`
}

// amend changes a user. A new address has to be verified anew, and as long as
// there is something to verify the answer carries a new link, which replaces
// the one before: a PATCH of nothing is how a lost or expired link is renewed.
func amend(c *exampleapi.Call) (exampleapi.Reply, error) {
	var d draft
	if err := c.Read(&d); err != nil {
		return exampleapi.Reply{}, err
	}
	var answer amended
	err := c.Records(func(tx exampleapi.Tx) error {
		one, err := find(c, tx)
		if err != nil {
			return err
		}
		before := one.Email
		if err := d.onto(&one.user); err != nil {
			return err
		}
		if one.Email != before {
			if err := rename(c, tx, before, &one); err != nil {
				return err
			}
		}
		if one.VerifiedAt == nil {
			if answer.MagicLink, err = newLink(c, tx, &one); err != nil {
				return err
			}
		}
		one.UpdatedAt = c.Stamp()
		answer.user = one.user
		_, err = tx.Set(c.Scope(), users, number(one.ID), one)
		return err
	})
	return exampleapi.Reply{Body: answer}, err
}

// rename gives up one address for another, which nobody has verified yet.
func rename(c *exampleapi.Call, tx exampleapi.Tx, before string, one *kept) error {
	one.Status, one.VerifiedAt = "pending", nil
	if strings.EqualFold(before, one.Email) {
		return nil
	}
	if _, err := tx.Delete(c.Scope(), emails, strings.ToLower(before)); err != nil {
		return err
	}
	return claim(c, tx, one.user)
}

func remove(c *exampleapi.Call) (exampleapi.Reply, error) {
	err := c.Records(func(tx exampleapi.Tx) error {
		one, err := find(c, tx)
		if err != nil {
			return err
		}
		if _, err := tx.Delete(c.Scope(), emails, strings.ToLower(one.Email)); err != nil {
			return err
		}
		_, err = tx.Delete(c.Scope(), users, number(one.ID))
		return err
	})
	return exampleapi.Reply{Status: http.StatusOK, Body: struct {
		Success bool `json:"success"`
	}{true}}, err
}
