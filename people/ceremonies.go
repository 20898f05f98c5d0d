package people

import (
	"context"
	"encoding/json"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/keywright/keywright"
)

const (
	challengeFor  = 5 * time.Minute
	maxCeremonies = 5 // begun by a person and not ended
	// A stranger may begin a sign-in, which costs a record: so many within the life
	// of one, from one address.
	maxBegun         = 60
	maxBegunByNobody = 600
)

// ceremonyBody is a challenge that waits for its answer.
type ceremonyBody struct {
	versioned
	Adds    bool                 `json:"adds,omitempty"` // a passkey, instead of signing in with one
	Party   string               `json:"party"`
	Origin  string               `json:"origin"`
	Session webauthn.SessionData `json:"session"`
}

// relying makes the library's view of a site: user verification always, and no
// attestation, which would tell the make of a person's device.
func relying(at Party) (*webauthn.WebAuthn, error) {
	must := true
	name := at.Name
	if name == "" {
		name = at.ID
	}
	return webauthn.New(&webauthn.Config{
		RPID: at.ID, RPDisplayName: name, RPOrigins: []string{at.Origin}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: &must, ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
		// The ends of challenges are ours: the library's are on another clock.
		Timeouts: webauthn.TimeoutsConfig{
			Login:        webauthn.TimeoutConfig{Timeout: challengeFor, TimeoutUVD: challengeFor},
			Registration: webauthn.TimeoutConfig{Timeout: challengeFor, TimeoutUVD: challengeFor},
		},
	})
}

// checkParty returns an Invalid error for a site that passkeys cannot be bound to:
// they need a host name, and an origin on it.
func checkParty(at Party) error {
	origin, err := url.Parse(at.Origin)
	host := ""
	if err == nil {
		host = origin.Hostname()
	}
	if _, notName := netip.ParseAddr(at.ID); notName == nil || at.ID == "" || !isDomain(at.ID) {
		return invalid("passkey", "passkeys need a site with a host name")
	}
	if host != at.ID && !strings.HasSuffix(host, "."+at.ID) {
		return invalid("passkey", "the site's origin is not on its host")
	}
	return nil
}

// user is a person as the library sees them. The handle that an authenticator keeps
// is the person's id, which says nothing about them.
type user struct {
	row  *personRow
	keys []webauthn.Credential
}

func (u *user) WebAuthnID() []byte                         { return []byte(u.row.id()) }
func (u *user) WebAuthnName() string                       { return u.row.email() }
func (u *user) WebAuthnCredentials() []webauthn.Credential { return u.keys }
func (u *user) WebAuthnDisplayName() string {
	if u.row.body.Name != "" {
		return u.row.body.Name
	}
	return u.row.email()
}

// begin keeps a challenge under a new token.
func (s *Service) begin(ctx context.Context, at Party, owner PersonID, options any, session *webauthn.SessionData) (Challenge, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return Challenge{}, internal("the challenge could not be written", err)
	}
	now := s.now()
	token, name, err := s.newToken()
	if err != nil {
		return Challenge{}, err
	}
	rec := Record{Kind: ceremonyRecord, Name: name, Owner: string(owner), Expires: now.Add(challengeFor)}
	if rec.ID, err = s.newID("cer_", now); err != nil {
		return Challenge{}, err
	}
	b := ceremonyBody{Adds: owner != "", Party: at.ID, Origin: at.Origin, Session: *session}
	err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		if owner != "" {
			if err := clearCeremonies(ctx, tx, owner); err != nil {
				return err
			}
		}
		fresh := rec
		return put(ctx, tx, &fresh, &b)
	})
	if err != nil {
		return Challenge{}, err
	}
	return Challenge{Options: text, Token: token}, nil
}

// clearCeremonies makes room for another of a person's ceremonies: the oldest go.
func clearCeremonies(ctx context.Context, tx RecordTx, owner PersonID) error {
	var ids []string
	err := each(ctx, tx, RecordQuery{Kind: ceremonyRecord, Owner: string(owner)}, func(r *Record) (bool, error) {
		ids = append(ids, r.ID)
		return true, nil
	})
	for len(ids) >= maxCeremonies && err == nil {
		err = tx.DeleteRecord(ctx, ceremonyRecord, ids[0])
		ids = ids[1:]
	}
	return err
}

// take uses a challenge up, whatever its answer is worth: it is good once. Errors:
// NotFound for one that is unknown, used, expired, or of another site or purpose.
func (s *Service) take(ctx context.Context, at Party, token keywright.Credential, adds bool) (ceremonyBody, PersonID, error) {
	none := notFound("the challenge is over: begin again")
	name, ok := nameOf(token)
	if !ok {
		return ceremonyBody{}, "", none
	}
	now := s.now()
	var b ceremonyBody
	var owner PersonID
	read := func(r RecordReader) (Record, error) {
		rec, err := r.Named(ctx, ceremonyRecord, name)
		if missing(err) {
			return rec, none
		}
		return rec, err
	}
	err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error { _, err := read(r); return err })
	if err != nil {
		return b, "", err // a stranger's word costs no write
	}
	fit := false
	err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		rec, err := read(tx)
		if err != nil {
			return err
		}
		b, owner = ceremonyBody{}, PersonID(rec.Owner)
		if err := decode(&rec, &b); err != nil {
			return err
		}
		fit = !rec.over(now) && b.Adds == adds && b.Party == at.ID && b.Origin == at.Origin
		return tx.DeleteRecord(ctx, ceremonyRecord, rec.ID)
	})
	if err == nil && !fit {
		err = none
	}
	return b, owner, err
}
