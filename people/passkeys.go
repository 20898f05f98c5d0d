package people

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/keywright/keywright"
)

// Passkey is a WebAuthn credential of a person.
type Passkey struct {
	ID       string // the credential's id, base64url
	Name     string
	Created  time.Time
	LastUsed time.Time
}

// Party is the relying party that passkeys are bound to: a site.
type Party struct {
	ID     string // the site's host without port
	Origin string // such as https://docs.example.com
	Name   string // what people call it
	// Asker is the address that a request comes from: how many sign-ins may be begun
	// is counted by it. Those without one share a count.
	Asker netip.Addr
}

// Challenge is what a browser is asked to sign: the options for
// navigator.credentials, as JSON, and the token of the ceremony, which comes back
// with the answer. It is good for five minutes, once.
type Challenge struct {
	Options []byte
	Token   keywright.Credential
}

const (
	byPasskey       = "passkey"
	maxPasskeys     = 20 // of a person
	maxPasskeyName  = 100
	maxAnswer       = 32 << 10
	maxCredentialID = 1023 // as WebAuthn bounds it
)

// passkeyBody is what is kept of a passkey: nothing of it is secret, and nothing
// tells what device it is on.
type passkeyBody struct {
	versioned
	Credential []byte                            `json:"credential"`
	PublicKey  []byte                            `json:"public_key"`
	Count      uint32                            `json:"count"`
	Flags      webauthn.CredentialFlags          `json:"flags"`
	Transport  []protocol.AuthenticatorTransport `json:"transport,omitempty"`
	Party      string                            `json:"party"`
	Name       string                            `json:"name"`
	Created    time.Time                         `json:"created"`
	LastUsed   time.Time                         `json:"last_used,omitzero"`
}

func (b *passkeyBody) public() Passkey {
	return Passkey{ID: base64.RawURLEncoding.EncodeToString(b.Credential), Name: b.Name, Created: b.Created, LastUsed: b.LastUsed}
}

func (b *passkeyBody) credential() webauthn.Credential {
	return webauthn.Credential{
		ID: b.Credential, PublicKey: b.PublicKey, Flags: b.Flags, Transport: b.Transport,
		AttestationFormat: "none", Authenticator: webauthn.Authenticator{SignCount: b.Count},
	}
}

// passkeyKey is the id of a passkey's record: credential ids may be long.
func passkeyKey(credential []byte) string {
	sum := sha256.Sum256(credential)
	return hex.EncodeToString(sum[:])
}

func eachPasskey(ctx context.Context, r RecordReader, who PersonID, fn func(*passkeyBody)) error {
	if who == "" {
		return nil
	}
	return each(ctx, r, RecordQuery{Kind: PasskeyRecord, Owner: string(who)}, func(rec *Record) (bool, error) {
		var b passkeyBody
		err := decode(rec, &b)
		fn(&b)
		return true, err
	})
}

// BeginPasskey asks for a new passkey of a person who is signed in, and of whom a
// fresh proof was asked. Errors: NotFound, Invalid (a site without a host name),
// Conflict (too many).
func (s *Service) BeginPasskey(ctx context.Context, at Party, who PersonID) (Challenge, error) {
	var p personRow
	var keys []webauthn.Credential
	if err := checkParty(at); err != nil {
		return Challenge{}, err
	}
	err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
		var err error
		if p, err = personByID(ctx, r, who); err != nil {
			return err
		}
		keys = nil
		return eachPasskey(ctx, r, who, func(b *passkeyBody) {
			if b.Party == at.ID {
				keys = append(keys, b.credential())
			}
		})
	})
	switch {
	case missing(err), err == nil && p.body.Disabled:
		return Challenge{}, noPerson()
	case err != nil:
		return Challenge{}, err
	case p.body.Passkeys >= maxPasskeys:
		return Challenge{}, tooManyPasskeys()
	}
	w, err := relying(at)
	if err != nil {
		return Challenge{}, invalid("passkey", "passkeys cannot be bound to this site")
	}
	options, session, err := w.BeginRegistration(&user{&p, keys}, webauthn.WithExclusions(webauthn.Credentials(keys).CredentialDescriptors()))
	if err != nil {
		return Challenge{}, internal("no challenge could be made", err)
	}
	return s.begin(ctx, at, who, options, session)
}

func tooManyPasskeys() error { return conflict("20 passkeys are many: remove one first") }

// AddPasskey takes the browser's answer, of the person who began. Errors: Invalid
// (passkey, name), NotFound (the challenge is over), Conflict (too many, or known already).
func (s *Service) AddPasskey(ctx context.Context, by keywright.Actor, at Party, token keywright.Credential, answer []byte, name string) (Passkey, error) {
	name = strings.TrimSpace(name)
	if err := keywright.CheckText("name", name); err != nil {
		return Passkey{}, err
	}
	if name = tidy(name, maxPasskeyName); name == "" {
		name = "Passkey"
	}
	ceremony, owner, err := s.take(ctx, at, token, true)
	if err != nil {
		return Passkey{}, err
	}
	if by.ID != string(owner) {
		return Passkey{}, invalid("passkey", "another person began this")
	}
	made, err := newPasskey(at, owner, &ceremony, answer)
	if err != nil {
		return Passkey{}, invalid("passkey", "the browser's answer does not hold: try again")
	}
	now := s.now()
	b := passkeyBody{
		Credential: made.ID, PublicKey: made.PublicKey, Count: made.Authenticator.SignCount, Flags: made.Flags,
		Transport: made.Transport, Party: at.ID, Name: name, Created: now,
	}
	if len(b.Transport) > 8 {
		b.Transport = nil
	}
	err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error { return addPasskey(ctx, tx, by, owner, &b) })
	return b.public(), err
}

// newPasskey verifies the answer to a challenge for a new passkey.
func newPasskey(at Party, owner PersonID, ceremony *ceremonyBody, answer []byte) (*webauthn.Credential, error) {
	if len(answer) > maxAnswer {
		return nil, errors.New("the answer is too large")
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, err
	}
	w, err := relying(at)
	if err != nil {
		return nil, err
	}
	holder := user{row: &personRow{rec: Record{ID: string(owner)}}}
	made, err := w.CreateCredential(&holder, ceremony.Session, parsed)
	if err == nil && (len(made.ID) < 16 || len(made.ID) > maxCredentialID) {
		err = errors.New("the credential's id is too short or too long")
	}
	return made, err
}

func addPasskey(ctx context.Context, tx RecordTx, by keywright.Actor, owner PersonID, b *passkeyBody) error {
	p, err := personByID(ctx, tx, owner)
	if missing(err) || (err == nil && p.body.Disabled) {
		return noPerson()
	}
	if err != nil {
		return err
	}
	if p.body.Passkeys >= maxPasskeys {
		return tooManyPasskeys()
	}
	rec := Record{Kind: PasskeyRecord, ID: passkeyKey(b.Credential), Owner: string(owner)}
	if _, err := lookUp(ctx, tx, PasskeyRecord, rec.ID); !missing(err) {
		if err == nil {
			err = conflict("this passkey is known already")
		}
		return err
	}
	if err := put(ctx, tx, &rec, b); err != nil {
		return err
	}
	p.body.Passkeys++
	if err := p.save(ctx, tx); err != nil {
		return err
	}
	return happening{b.Created, keywright.PersonAmended, by, "", map[string]string{
		"person": string(owner), "email": p.email(), "changed": "passkey added", "passkey": b.Name, "site": b.Party,
	}}.append(ctx, tx)
}

// BeginPasskeySignIn asks for any passkey of the site. Errors: Invalid (a site
// without a host name), Throttled.
func (s *Service) BeginPasskeySignIn(ctx context.Context, at Party) (Challenge, error) {
	if err := checkParty(at); err != nil {
		return Challenge{}, err
	}
	if wait := s.begun.take(s.now(), at.Asker); wait > 0 {
		s.observe(OutcomeThrottled)
		return Challenge{}, throttled(wait)
	}
	w, err := relying(at)
	if err != nil {
		return Challenge{}, invalid("passkey", "passkeys cannot be bound to this site")
	}
	options, session, err := w.BeginDiscoverableLogin()
	if err != nil {
		return Challenge{}, internal("no challenge could be made", err)
	}
	return s.begin(ctx, at, "", options, session)
}

// SignInWithPasskey takes the browser's answer and starts a session; with the token
// of a session of the same person it is a fresh proof and renews that one. Errors:
// ErrSignIn, Throttled.
func (s *Service) SignInWithPasskey(ctx context.Context, at Party, token keywright.Credential, answer []byte, session keywright.Credential, from From) (Signed, error) {
	return s.attempt("", from, func(now time.Time) (Signed, error) {
		ceremony, _, err := s.take(ctx, at, token, false)
		if missing(err) {
			return Signed{}, refused()
		}
		if err != nil {
			return Signed{}, err
		}
		was, used, err := s.usePasskey(ctx, at, &ceremony, answer)
		if err != nil {
			return Signed{}, err
		}
		var out Signed
		err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
			p, err := s.usedPasskey(ctx, tx, was, used, now)
			if err != nil {
				return err
			}
			row, err := s.sessionOf(ctx, tx, session, from.Site, now)
			switch {
			case err == nil && row.rec.Owner == string(p.id()):
				out, err = s.renew(ctx, tx, &row, &p, byPasskey, from, now)
			case err == nil || errors.Is(err, ErrSignIn):
				out, err = s.start(ctx, tx, &p, byPasskey, from, now)
			}
			return err
		})
		return out, err
	})
}

// usePasskey verifies an answer, and returns the passkey's record as it was and the
// credential as it is after this use. Errors: ErrSignIn.
func (s *Service) usePasskey(ctx context.Context, at Party, ceremony *ceremonyBody, answer []byte) (Record, *webauthn.Credential, error) {
	if len(answer) > maxAnswer {
		return Record{}, nil, refused()
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Record{}, nil, refused()
	}
	w, err := relying(at)
	if err != nil {
		return Record{}, nil, refused()
	}
	var rec Record
	var failure error // of the store, and no fault of the answer
	used, err := w.ValidateDiscoverableLogin(func(id, handle []byte) (webauthn.User, error) {
		holder := user{row: &personRow{}}
		failure = unlessMissing(s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
			var b passkeyBody
			var err error
			if rec, err = lookUp(ctx, r, PasskeyRecord, passkeyKey(id)); err != nil {
				return err
			}
			if err := decode(&rec, &b); err != nil {
				return err
			}
			if b.Party == at.ID && bytes.Equal(handle, []byte(rec.Owner)) {
				holder.row.rec.ID, holder.keys = rec.Owner, []webauthn.Credential{b.credential()}
			}
			return nil
		}))
		if failure != nil || len(holder.keys) == 0 {
			return nil, errors.New("there is no such passkey")
		}
		return &holder, nil
	}, ceremony.Session, parsed)
	switch {
	case failure != nil:
		return Record{}, nil, failure
	case err != nil:
		return Record{}, nil, refused()
	case used.Authenticator.CloneWarning:
		s.observe(OutcomeCloned)
		return Record{}, nil, refused()
	}
	return rec, used, nil
}

// usedPasskey notes a use, if nobody used or removed the passkey since it was read.
// Errors: ErrSignIn.
func (s *Service) usedPasskey(ctx context.Context, tx RecordTx, was Record, used *webauthn.Credential, now time.Time) (personRow, error) {
	rec, err := lookUp(ctx, tx, PasskeyRecord, was.ID)
	if missing(err) || (err == nil && rec.Version != was.Version) {
		return personRow{}, refused()
	}
	if err != nil {
		return personRow{}, err
	}
	var b passkeyBody
	if err := decode(&rec, &b); err != nil {
		return personRow{}, err
	}
	b.Count, b.Flags, b.LastUsed = used.Authenticator.SignCount, used.Flags, now
	if err := put(ctx, tx, &rec, &b); err != nil {
		return personRow{}, err
	}
	p, err := personByID(ctx, tx, PersonID(rec.Owner))
	if missing(err) || (err == nil && p.body.Disabled) {
		return p, refused()
	}
	return p, err
}

// Passkeys lists a person's passkeys of a site, the oldest first.
func (s *Service) Passkeys(ctx context.Context, who PersonID, site string) ([]Passkey, error) {
	var out []Passkey
	err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
		out = nil
		return eachPasskey(ctx, r, who, func(b *passkeyBody) {
			if b.Party == site {
				out = append(out, b.public())
			}
		})
	})
	slices.SortFunc(out, func(a, b Passkey) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return out, err
}

// RemovePasskey removes one of a site's: what a person proved on one site does not
// end what another asks for. Errors: NotFound.
func (s *Service) RemovePasskey(ctx context.Context, by keywright.Actor, who PersonID, site, id string) error {
	none := notFound("there is no passkey of this id")
	credential, err := base64.RawURLEncoding.Strict().DecodeString(id)
	if err != nil {
		return none
	}
	now := s.now()
	return s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		rec, err := lookUp(ctx, tx, PasskeyRecord, passkeyKey(credential))
		if missing(err) || (err == nil && rec.Owner != string(who)) {
			return none
		}
		if err != nil {
			return err
		}
		var b passkeyBody
		if err := decode(&rec, &b); err != nil {
			return err
		}
		if b.Party != site {
			return none
		}
		p, err := personByID(ctx, tx, who)
		if err != nil {
			return err
		}
		if err := tx.DeleteRecord(ctx, PasskeyRecord, rec.ID); err != nil {
			return err
		}
		p.body.Passkeys = max(p.body.Passkeys-1, 0)
		if err := p.save(ctx, tx); err != nil {
			return err
		}
		return happening{now, keywright.PersonAmended, by, "", map[string]string{
			"person": string(who), "email": p.email(), "changed": "passkey removed", "passkey": b.Name, "site": b.Party,
		}}.append(ctx, tx)
	})
}
