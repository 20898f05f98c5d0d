package people

import (
	"context"
	"encoding/json"
	"time"

	"github.com/keywright/keywright"
)

// Kinds of record beside those that store.go names.
const (
	ceremonyRecord RecordKind = "ceremony" // a challenge that waits for a passkey's answer
	signUpRecord   RecordKind = "sign_up"  // somebody is making a tenant for a person
)

// bodyVersion is written into every body. A body of a later version is not read:
// an older program must not drop what it does not know.
const bodyVersion = 1

type versioned struct {
	V int `json:"v"`
}

func (v *versioned) version() *int { return &v.V }

// body is one of the bodies below.
type body interface{ version() *int }

type personBody struct {
	versioned
	Name     string    `json:"name,omitempty"`
	Password string    `json:"password,omitempty"` // a PHC string
	Disabled bool      `json:"disabled,omitempty"`
	Created  time.Time `json:"created"`
	Passkeys int       `json:"passkeys,omitempty"`
	// Vouched says that somebody whose word counts said that the address is this
	// person's: an operator, or a provider whose verified addresses are trusted.
	Vouched bool `json:"vouched,omitempty"`
}

type memberBody struct {
	versioned
	Role  Role      `json:"role"`
	Since time.Time `json:"since"`
}

type invitationBody struct {
	versioned
	Email   string    `json:"email"`
	Role    Role      `json:"role"`
	By      string    `json:"by"`
	ByID    string    `json:"by_id"`
	Vouched bool      `json:"vouched,omitempty"` // made by an operator
	Created time.Time `json:"created"`
}

type sessionBody struct {
	versioned
	Method   string    `json:"method"`
	Started  time.Time `json:"started"`
	LastSeen time.Time `json:"last_seen"`
	Proved   time.Time `json:"proved"`
	Address  string    `json:"address,omitempty"`
	Agent    string    `json:"agent,omitempty"`
	Site     string    `json:"site,omitempty"`
}

type signInBody struct {
	versioned
	Provider string    `json:"provider"`
	Linked   time.Time `json:"linked"`
}

type signUpBody struct {
	versioned
}

// encode puts a body into a record, which becomes its next version.
func encode(r *Record, b body) error {
	*b.version() = bodyVersion
	text, err := json.Marshal(b)
	if err != nil {
		return internal("a record could not be written", err)
	}
	r.Body = text
	r.Version++
	return nil
}

// decode reads a record's body.
func decode(r *Record, b body) error {
	if err := json.Unmarshal(r.Body, b); err != nil {
		return internal("a record of kind "+string(r.Kind)+" cannot be read", err)
	}
	if v := *b.version(); v != bodyVersion {
		return internal("a record of kind "+string(r.Kind)+" was written by a later version: update this program", nil)
	}
	return nil
}

func put(ctx context.Context, tx RecordTx, r *Record, b body) error {
	if err := encode(r, b); err != nil {
		return err
	}
	return tx.PutRecord(ctx, *r)
}

// over reports whether a record has expired.
func (r *Record) over(now time.Time) bool { return !r.Expires.IsZero() && !now.Before(r.Expires) }

const maxID = 256

// lookUp finds a record by an id that may come from a stranger: what no store could
// keep is asked of none. Errors: NotFound.
func lookUp(ctx context.Context, r RecordReader, kind RecordKind, id string) (Record, error) {
	if id == "" || len(id) > maxID || keywright.CheckText("id", id) != nil {
		return Record{}, notFound("there is no such record")
	}
	return r.Record(ctx, kind, id)
}

const page = 200

// each calls fn for every record of a query, a page at a time, until it returns false.
func each(ctx context.Context, r RecordReader, q RecordQuery, fn func(*Record) (bool, error)) error {
	q.Limit = page
	for {
		records, err := r.Records(ctx, q)
		if err != nil {
			return err
		}
		for i := range records {
			if more, err := fn(&records[i]); err != nil || !more {
				return err
			}
		}
		if len(records) < page {
			return nil
		}
		q.After = records[len(records)-1].ID
	}
}

// personRow is a person as they are kept.
type personRow struct {
	rec  Record
	body personBody
}

func (p *personRow) id() PersonID  { return PersonID(p.rec.ID) }
func (p *personRow) email() string { return p.rec.Name }

func (p *personRow) public() Person {
	return Person{
		ID: p.id(), Email: p.email(), Name: p.body.Name, HasPassword: p.body.Password != "", Passkeys: p.body.Passkeys,
		Disabled: p.body.Disabled, Created: p.body.Created, Version: p.rec.Version,
	}
}

func (p *personRow) save(ctx context.Context, tx RecordTx) error {
	return put(ctx, tx, &p.rec, &p.body)
}

func (p *personRow) read(r Record, err error) error {
	if err != nil {
		return err
	}
	p.rec = r
	return decode(&p.rec, &p.body)
}

// personByEmail and personByID return a NotFound error if there is none.
func personByEmail(ctx context.Context, r RecordReader, email string) (personRow, error) {
	var p personRow
	return p, p.read(r.Named(ctx, PersonRecord, email))
}

func personByID(ctx context.Context, r RecordReader, id PersonID) (personRow, error) {
	var p personRow
	return p, p.read(lookUp(ctx, r, PersonRecord, string(id)))
}

// happening is an event that is about to be appended.
type happening struct {
	at     time.Time
	act    keywright.Act
	by     keywright.Actor
	tenant keywright.TenantID
	detail map[string]string
}

func (h happening) append(ctx context.Context, tx RecordTx) error {
	for name, value := range h.detail {
		if value == "" {
			delete(h.detail, name)
		}
	}
	return tx.Append(ctx, keywright.Event{At: h.at, Act: h.act, Actor: h.by, Tenant: h.tenant, Detail: h.detail})
}
