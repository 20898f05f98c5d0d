package people

import (
	"context"
	"errors"
	"time"

	"github.com/keywright/keywright"
)

// errMoved says that what was read before a transaction is so no longer.
var errMoved = errors.New("things moved")

// Accept takes an invitation with a password of one's own, and signs in. A person
// who is known already must give their own password, which stays what it is; so
// does their name. Where an operator invites an address that nobody whose word counts
// has vouched for, whoever took it before may not be its owner: then another password
// is the new one, and every way in that there was is closed. Errors: NotFound, Invalid (name, password), ErrSignIn, Throttled.
func (s *Service) Accept(ctx context.Context, token keywright.Credential, name string, password keywright.Credential, from From) (Signed, error) {
	row, err := s.invitation(ctx, token)
	if err != nil {
		return Signed{}, err
	}
	if name, err = checkName(name); err != nil {
		return Signed{}, err
	}
	return s.attempt(row.body.Email, from, func(now time.Time) (Signed, error) {
		const tries = 3
		for range tries {
			out, err := s.accept(ctx, token, name, password, from, now)
			if !errors.Is(err, errMoved) {
				return out, err
			}
		}
		return Signed{}, &keywright.Error{Kind: keywright.Unavailable, Detail: "somebody else changed the same things at once: try again", Cause: errMoved}
	})
}

func (s *Service) accept(ctx context.Context, token keywright.Credential, name string, password keywright.Credential, from From, now time.Time) (Signed, error) {
	var was personRow
	row, err := s.invitation(ctx, token)
	if err != nil {
		return Signed{}, err
	}
	err = s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
		was, err = personByEmail(ctx, r, row.body.Email)
		return unlessMissing(err)
	})
	if err != nil {
		return Signed{}, err
	}
	hash, anew, err := s.acceptedPassword(ctx, &row, &was, name, password)
	if err != nil {
		return Signed{}, err
	}
	var out Signed
	err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		p, err := personByEmail(ctx, tx, row.body.Email)
		if unlessMissing(err) != nil {
			return err
		}
		if p.id() != was.id() || p.body.Password != was.body.Password || p.body.Vouched != was.body.Vouched {
			return errMoved
		}
		fresh := p.rec.ID == ""
		if fresh {
			if p, err = s.newPerson(row.body.Email, name, now); err != nil {
				return err
			}
			p.body.Vouched = row.body.Vouched
		}
		if anew {
			if err := s.reclaim(ctx, tx, &p, from.actor(&p), "an operator's invitation", now); err != nil {
				return err
			}
		}
		if hash != "" {
			p.body.Password = hash
			if err := p.save(ctx, tx); err != nil {
				return err
			}
		}
		if fresh {
			if err := p.created(ctx, tx, from.actor(&p), byPassword, now); err != nil {
				return err
			}
		}
		if err := s.takeUp(ctx, tx, token, &p, from, now); err != nil {
			return err
		}
		out, err = s.start(ctx, tx, &p, byPassword, from, now)
		return err
	})
	return out, err
}

// acceptedPassword is the hash to keep of a password that an invitation is taken with:
// that of a new person, "" where the one that is there stays, or, with anew, that of
// somebody who wins their address back.
func (s *Service) acceptedPassword(ctx context.Context, row *invitationRow, was *personRow, name string, password keywright.Credential) (hash string, anew bool, err error) {
	switch {
	case was.rec.ID == "":
		hash, err = s.newPassword(ctx, password, row.body.Email, name)
		return hash, false, err
	case s.o.NoPasswords:
		return "", false, refused()
	}
	hash, err = s.verify(ctx, was, password)
	if !errors.Is(err, ErrSignIn) || !row.body.Vouched || was.body.Vouched || was.body.Disabled {
		return hash, false, err
	}
	hash, err = s.newPassword(ctx, password, row.body.Email, was.body.Name)
	return hash, true, err
}

// takeUp uses an invitation up for a person. Errors: NotFound, where another was
// quicker; Invalid, where it is meant for another address; ErrSignIn.
func (s *Service) takeUp(ctx context.Context, tx RecordTx, token keywright.Credential, p *personRow, from From, now time.Time) error {
	row, err := invitationOf(ctx, tx, token, now)
	if err != nil {
		return err
	}
	if row.body.Email != p.email() {
		return invalid("email", "the invitation is meant for "+row.body.Email+": sign in under that address")
	}
	if p.body.Disabled {
		return refused()
	}
	if err := tx.DeleteRecord(ctx, InvitationRecord, row.rec.ID); err != nil {
		return err
	}
	return join(ctx, tx, from.actor(p), row.rec.Tenant, p, row.body.Role, row.rec.ID, now)
}

// AcceptAs takes an invitation for a person who is signed in under its address.
// Errors: NotFound, Invalid (meant for another address), ErrSignIn.
func (s *Service) AcceptAs(ctx context.Context, token keywright.Credential, who PersonID, from From) ([]Member, error) {
	now := s.now()
	if _, err := s.invitation(ctx, token); err != nil {
		return nil, err
	}
	var out []Member
	err := s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		p, err := personByID(ctx, tx, who)
		if missing(err) {
			return refused()
		}
		if err != nil {
			return err
		}
		if err := s.takeUp(ctx, tx, token, &p, from, now); err != nil {
			return err
		}
		out, err = membersOf(ctx, tx, &p)
		return err
	})
	return out, err
}

// newPerson draws a person; nothing is stored yet.
func (s *Service) newPerson(email, name string, now time.Time) (personRow, error) {
	id, err := s.newID("per_", now)
	return personRow{rec: Record{Kind: PersonRecord, ID: id, Name: email}, body: personBody{Name: name, Created: now}}, err
}

// created appends the event of a new person.
func (p *personRow) created(ctx context.Context, tx RecordTx, by keywright.Actor, way string, now time.Time) error {
	return happening{now, keywright.PersonCreated, by, "", map[string]string{"person": string(p.id()), "email": p.email(), "way": way}}.append(ctx, tx)
}

// Enrol makes a person, or finds them by their address, and makes them a member of
// the role, without an invitation: for seeds and for the first operator. password
// may be zero; a person who has another already keeps it, and the call is refused.
// Errors: Invalid (email, name, role, password), NotFound (tenant), Conflict,
// Throttled.
func (s *Service) Enrol(ctx context.Context, by keywright.Actor, tenant keywright.TenantID, email, name string, role Role, password keywright.Credential) (Person, error) {
	email, err := NormalEmail(email)
	if err != nil {
		return Person{}, err
	}
	if name, err = checkName(name); err != nil {
		return Person{}, err
	}
	if tenant, err = s.tenant(ctx, string(tenant)); err != nil {
		return Person{}, err
	}
	if err := checkRole(tenant, role); err != nil {
		return Person{}, err
	}
	was, hash, err := s.enrolPassword(ctx, email, name, password)
	if err != nil {
		return Person{}, err
	}
	now := s.now()
	var out Person
	err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		p, err := personByEmail(ctx, tx, email)
		if unlessMissing(err) != nil {
			return err
		}
		if p.body.Password != was {
			return conflict("somebody else changed this person at once: try again")
		}
		if p, err = s.enrolled(ctx, tx, by, p, email, name, hash, now); err != nil {
			return err
		}
		if err := join(ctx, tx, by, tenant, &p, role, "enrolment", now); err != nil {
			return err
		}
		row, err := memberIn(ctx, tx, tenant, p.id())
		if err != nil {
			return err
		}
		out = p.public()
		_, err = s.amend(ctx, tx, by, &p, &row, role, now)
		return err
	})
	return out, err
}

// enrolPassword returns the hash that a person has now, and the one that they are
// to get, if any.
func (s *Service) enrolPassword(ctx context.Context, email, name string, password keywright.Credential) (was, hash string, err error) {
	var p personRow
	err = s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
		p, err = personByEmail(ctx, r, email)
		return unlessMissing(err)
	})
	was = p.body.Password
	if err != nil || password.IsZero() {
		return was, "", err
	}
	if was == "" {
		hash, err = s.newPassword(ctx, password, email, name)
		return was, hash, err
	}
	same, _, err := s.hasher.check(ctx, was, password)
	if err == nil && !same {
		err = conflict("this person has a password already: change it instead")
	}
	return was, "", err
}

// enrolled stores a person who is new, or whom an operator's word or a first
// password changes.
func (s *Service) enrolled(ctx context.Context, tx RecordTx, by keywright.Actor, p personRow, email, name, hash string, now time.Time) (personRow, error) {
	fresh := p.rec.ID == ""
	if fresh {
		var err error
		if p, err = s.newPerson(email, name, now); err != nil {
			return p, err
		}
		p.body.Vouched = true
	}
	if hash == "" && !fresh {
		return p, nil
	}
	if hash != "" {
		p.body.Password = hash
	}
	if err := p.save(ctx, tx); err != nil {
		return p, err
	}
	if fresh {
		return p, p.created(ctx, tx, by, "enrolment", now)
	}
	return p, happening{now, keywright.PersonAmended, by, "", map[string]string{"person": string(p.id()), "email": email, "changed": "password"}}.append(ctx, tx)
}
