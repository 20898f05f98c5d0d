package people

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

const (
	maxIssuer    = 512
	maxSubject   = 255 // as OpenID Connect bounds it
	maxSignIns   = 20  // of a person
	signUpWithin = time.Minute
)

// identity is the name of the record that ties a provider's subject to a person;
// false for an answer that names nobody.
func (e *External) identity() (string, bool) {
	if e.Issuer == "" || e.Subject == "" || len(e.Issuer) > maxIssuer || len(e.Subject) > maxSubject {
		return "", false
	}
	// No space in the issuer, so that two pairs never share a name.
	if strings.Contains(e.Issuer, " ") || keywright.CheckText("", e.Issuer+e.Subject) != nil {
		return "", false
	}
	return e.Issuer + " " + e.Subject, true
}

// vouched is the address that a provider's word is enough for; "" is none.
func (e *External) vouched() string {
	if !e.EmailVerified || !e.TrustEmail {
		return ""
	}
	email, err := NormalEmail(e.Email)
	if err != nil {
		return ""
	}
	return email
}

// linked returns whom a provider's subject is tied to. Errors: NotFound.
func linked(ctx context.Context, r RecordReader, e *External) (personRow, error) {
	name, ok := e.identity()
	if !ok {
		return personRow{}, refused()
	}
	rec, err := r.Named(ctx, SignInRecord, name)
	if err != nil {
		return personRow{}, err
	}
	return personByID(ctx, r, PersonID(rec.Owner))
}

// SignInWith starts a session for whom an identity provider vouched. Who is tied to
// its subject is let in; else, where the provider's verified addresses are trusted,
// the person of that address is tied to it, or, where SignUp is set, made. Errors:
// ErrSignIn for one who is not known here and is not to be made known.
func (s *Service) SignInWith(ctx context.Context, e External, from From) (Signed, error) {
	p, _, err := s.resolve(ctx, &e, from)
	if err != nil {
		return Signed{}, s.outcome(err)
	}
	now := s.now()
	var out Signed
	err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		fresh, err := linked(ctx, tx, &e)
		if missing(err) || (err == nil && fresh.id() != p.id()) {
			return refused()
		}
		if err != nil {
			return err
		}
		out, err = s.start(ctx, tx, &fresh, e.Provider, from, now)
		return err
	})
	if err != nil {
		return Signed{}, s.outcome(err)
	}
	return out, s.outcome(nil)
}

// outcome tells Observe how a sign-in without a password ended.
func (s *Service) outcome(err error) error {
	switch {
	case err == nil:
		s.observe(OutcomeSignedIn)
	case errors.Is(err, ErrSignIn):
		s.observe(OutcomeRefused)
	}
	return err
}

// Known returns who a verified token of an identity provider speaks for, without a
// session: for JWTs beside keys. It reads only, once a subject is tied to a person.
// Errors: as SignInWith.
func (s *Service) Known(ctx context.Context, e External) (Person, []Member, error) {
	p, members, err := s.resolve(ctx, &e, From{})
	if err != nil {
		return Person{}, nil, err
	}
	return p.public(), members, nil
}

// resolve finds the person whom a provider vouches for, tying or making them where
// that is allowed, and sees that they have a tenant where SignUp is set.
func (s *Service) resolve(ctx context.Context, e *External, from From) (personRow, []Member, error) {
	if _, ok := e.identity(); !ok {
		return personRow{}, nil, refused()
	}
	p, members, err := s.find(ctx, e)
	if missing(err) {
		p, members, err = s.tie(ctx, e, from)
	}
	if err == nil && p.body.Disabled {
		err = refused()
	}
	if err != nil {
		return personRow{}, nil, err
	}
	if len(members) > 0 || e.SignUp == nil || e.vouched() != p.email() {
		return p, members, nil
	}
	members, err = s.signUp(ctx, e, &p, from)
	return p, members, err
}

func (s *Service) find(ctx context.Context, e *External) (p personRow, members []Member, err error) {
	err = s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
		if p, err = linked(ctx, r, e); err != nil {
			return err
		}
		members, err = membersOf(ctx, r, &p)
		return err
	})
	return p, members, err
}

// tie ties a provider's subject to the person of its trusted address, whom it makes
// where SignUp is set. Errors: ErrSignIn.
func (s *Service) tie(ctx context.Context, e *External, from From) (p personRow, members []Member, err error) {
	email := e.vouched()
	if email == "" {
		return p, nil, refused()
	}
	if e.SignUp == nil { // one who is not known costs no write
		err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error { _, err := personByEmail(ctx, r, email); return err })
		if missing(err) {
			return p, nil, refused()
		}
		if err != nil {
			return p, nil, err
		}
	}
	now := s.now()
	err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		if p, err = linked(ctx, tx, e); err == nil { // somebody was quicker
			members, err = membersOf(ctx, tx, &p)
			return err
		}
		if !missing(err) {
			return err
		}
		p, err = personByEmail(ctx, tx, email)
		switch {
		case missing(err) && e.SignUp == nil:
			return refused()
		case missing(err):
			p, err = s.vouchedPerson(ctx, tx, e, email, true, from, now)
		case err == nil && p.body.Disabled:
			return refused()
		case err == nil:
			err = s.prove(ctx, tx, &p, e, from, now)
		}
		if err != nil {
			return err
		}
		if err := s.link(ctx, tx, &p, e, from, now); err != nil {
			return err
		}
		members, err = membersOf(ctx, tx, &p)
		return err
	})
	return p, members, err
}

// vouchedPerson makes a person of a provider's word.
func (s *Service) vouchedPerson(ctx context.Context, tx RecordTx, e *External, email string, vouched bool, from From, now time.Time) (personRow, error) {
	p, err := s.newPerson(email, tidy(strings.TrimSpace(e.Name), maxName), now)
	if err != nil {
		return p, err
	}
	p.body.Vouched = vouched
	if err := p.save(ctx, tx); err != nil {
		return p, err
	}
	return p, p.created(ctx, tx, from.actor(&p), e.Provider, now)
}

// link writes the record that ties a provider's subject to a person. Errors: ErrSignIn
// for a person who is another subject of the same issuer: an address that was given
// to somebody else does not hand over what its first owner had.
func (s *Service) link(ctx context.Context, tx RecordTx, p *personRow, e *External, from From, now time.Time) error {
	name, _ := e.identity()
	count, taken := 0, false
	err := each(ctx, tx, RecordQuery{Kind: SignInRecord, Owner: string(p.id())}, func(r *Record) (bool, error) {
		count++
		issuer, _, _ := strings.Cut(r.Name, " ")
		taken = taken || issuer == e.Issuer
		return true, nil
	})
	if err != nil {
		return err
	}
	if taken || count >= maxSignIns {
		return refused()
	}
	rec := Record{Kind: SignInRecord, Name: name, Owner: string(p.id())}
	if rec.ID, err = s.newID("sin_", now); err != nil {
		return err
	}
	if err := put(ctx, tx, &rec, &signInBody{Provider: e.Provider, Linked: now}); err != nil {
		return err
	}
	return happening{now, keywright.PersonAmended, from.actor(p), "", map[string]string{
		"person": string(p.id()), "email": p.email(), "changed": "way to sign in", "provider": e.Provider, "issuer": e.Issuer,
	}}.append(ctx, tx)
}

// prove marks a person's address as theirs by a trusted provider's word.
func (s *Service) prove(ctx context.Context, tx RecordTx, p *personRow, e *External, from From, now time.Time) error {
	if p.body.Vouched {
		return nil
	}
	return s.reclaim(ctx, tx, p, from.actor(p), e.Provider, now)
}

// reclaim marks a person's address as theirs, by the word of whoever is named. Nobody
// whose word counts had said so before, so whoever made the person may have been
// somebody else, who only hoped for its owner to come: every way in that they left
// is closed.
func (s *Service) reclaim(ctx context.Context, tx RecordTx, p *personRow, by keywright.Actor, word string, now time.Time) error {
	for _, kind := range []RecordKind{PasskeyRecord, SignInRecord} {
		var ids []string
		err := each(ctx, tx, RecordQuery{Kind: kind, Owner: string(p.id())}, func(r *Record) (bool, error) {
			ids = append(ids, r.ID)
			return true, nil
		})
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := tx.DeleteRecord(ctx, kind, id); err != nil {
				return err
			}
		}
	}
	if err := s.endAll(ctx, tx, by, p.id(), "", "the address was proved by another"); err != nil {
		return err
	}
	p.body.Vouched, p.body.Password, p.body.Passkeys = true, "", 0
	if err := p.save(ctx, tx); err != nil {
		return err
	}
	return happening{now, keywright.PersonAmended, by, "", map[string]string{
		"person": string(p.id()), "email": p.email(), "changed": "address proved; password, passkeys and other ways to sign in removed", "provider": word,
	}}.append(ctx, tx)
}

// signUp makes a tenant for a person who has none. Several at once make one: in
// this process they wait for each other, and among several processes a record says
// who is at it. Errors: Unavailable for who should try again.
func (s *Service) signUp(ctx context.Context, e *External, p *personRow, from From) ([]Member, error) {
	leave, err := s.signups.enter(ctx, string(p.id()))
	if err != nil {
		return nil, err
	}
	defer leave()
	now := s.now()
	claim := Record{Kind: signUpRecord, ID: string(p.id()), Owner: string(p.id()), Expires: now.Add(signUpWithin)}
	var members []Member
	err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		if members, err = membersOf(ctx, tx, p); err != nil || len(members) > 0 {
			return err
		}
		old, err := lookUp(ctx, tx, signUpRecord, claim.ID)
		if err == nil && !old.over(now) {
			return &keywright.Error{Kind: keywright.Unavailable, Detail: "this person's account is being made: try again in a moment"}
		}
		if unlessMissing(err) != nil {
			return err
		}
		return put(ctx, tx, &claim, &signUpBody{})
	})
	if err != nil || len(members) > 0 {
		return members, err
	}
	tenant, failed := e.SignUp(ctx, p.public())
	// The claim goes even where the request has ended: nobody else may wait for it.
	ctx = context.WithoutCancel(ctx)
	err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		if err := tx.DeleteRecord(ctx, signUpRecord, claim.ID); err != nil || failed != nil {
			return err
		}
		if err := join(ctx, tx, from.actor(p), tenant, p, Admin, "sign-up", s.now()); err != nil {
			return err
		}
		members, err = membersOf(ctx, tx, p)
		return err
	})
	if failed != nil {
		return nil, failed
	}
	return members, err
}

// AcceptWith takes an invitation as whom an identity provider vouched for, whose
// verified address must be the invitation's, and signs in. A person who has that
// address already must be tied to the provider's subject, or the provider's
// addresses be trusted. Errors: NotFound, Invalid (meant for another address), ErrSignIn.
func (s *Service) AcceptWith(ctx context.Context, token keywright.Credential, e External, from From) (Signed, error) {
	if _, ok := e.identity(); !ok {
		return Signed{}, s.outcome(refused())
	}
	row, err := s.invitation(ctx, token)
	if err != nil {
		return Signed{}, err
	}
	now := s.now()
	var out Signed
	err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		p, err := s.acceptor(ctx, tx, &row, &e, from, now)
		if err != nil {
			return err
		}
		if err := s.takeUp(ctx, tx, token, &p, from, now); err != nil {
			return err
		}
		out, err = s.start(ctx, tx, &p, e.Provider, from, now)
		return err
	})
	if err != nil {
		return Signed{}, s.outcome(err)
	}
	return out, s.outcome(nil)
}

// acceptor is the person as whom an invitation is taken with a provider's word.
func (s *Service) acceptor(ctx context.Context, tx RecordTx, row *invitationRow, e *External, from From, now time.Time) (personRow, error) {
	p, err := linked(ctx, tx, e)
	if !missing(err) {
		return p, err // takeUp compares the addresses
	}
	email, err := NormalEmail(e.Email)
	if err != nil || !e.EmailVerified {
		return p, refused()
	}
	if email != row.body.Email {
		return p, invalid("email", "the invitation is meant for "+row.body.Email+": sign in under that address")
	}
	p, err = personByEmail(ctx, tx, email)
	switch {
	case missing(err):
		p, err = s.vouchedPerson(ctx, tx, e, email, e.TrustEmail || row.body.Vouched, from, now)
	case err == nil && (!e.TrustEmail || p.body.Disabled):
		return p, refused()
	case err == nil:
		err = s.prove(ctx, tx, &p, e, from, now)
	}
	if err != nil {
		return p, err
	}
	return p, s.link(ctx, tx, &p, e, from, now)
}
