package people

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

const byPassword = "password"

// SignIn checks an e-mail address and a password, and starts a session. Errors:
// ErrSignIn for every fault alike, Throttled.
func (s *Service) SignIn(ctx context.Context, email string, password keywright.Credential, from From) (Signed, error) {
	if s.o.NoPasswords {
		s.observe(OutcomeRefused)
		return Signed{}, refused()
	}
	account, name := accountOf(email)
	var p personRow
	return s.attempt(account, from, func(now time.Time) (Signed, error) {
		err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
			var err error
			p, err = personByEmail(ctx, r, name)
			return unlessMissing(err)
		})
		if err != nil {
			return Signed{}, err
		}
		renewed, err := s.verify(ctx, &p, password)
		if err != nil {
			return Signed{}, err
		}
		var out Signed
		err = s.withVerified(ctx, &p, renewed, now, from, func(tx RecordTx, fresh *personRow) error {
			var err error
			out, err = s.start(ctx, tx, fresh, byPassword, from, now)
			return err
		})
		return out, err
	})
}

// accountOf is what attempts are counted under, and the name to look up: the
// address as it would be known. For what is no address, the look-up finds nothing,
// as it would for one that is unknown.
func accountOf(email string) (account, name string) {
	if normal, err := NormalEmail(email); err == nil {
		return normal, normal
	}
	return "no address: " + strings.ToLower(email), "?"
}

// attempt runs fn as one attempt of an account from an address: held back where
// there were too many, counted where it fails, told to Observe.
func (s *Service) attempt(account string, from From, fn func(now time.Time) (Signed, error)) (Signed, error) {
	now := s.now()
	a, wait := s.throttle.begin(now, from.Address, account)
	if wait > 0 {
		s.observe(OutcomeThrottled)
		return Signed{}, throttled(wait)
	}
	out, err := fn(now)
	switch {
	case err == nil:
		a.succeeded(s.now())
		s.observe(OutcomeSignedIn)
	case errors.Is(err, ErrSignIn):
		s.observe(OutcomeRefused)
	case errors.Is(err, Throttled):
		a.refund()
		s.observe(OutcomeBusy)
	default:
		a.refund() // no fault of whoever tried
	}
	if err != nil {
		return Signed{}, err
	}
	return out, nil
}

// verify checks a person's password, at the same cost whatever is wrong: one run
// of argon2. p may be the zero row, for nobody. It returns a new hash of the same
// password where the old one's parameters are. Errors: ErrSignIn, Throttled.
func (s *Service) verify(ctx context.Context, p *personRow, password keywright.Credential) (string, error) {
	ok, old, err := s.hasher.check(ctx, p.body.Password, password)
	if err != nil {
		return "", err
	}
	if !ok || p.body.Disabled || p.rec.ID == "" {
		return "", refused()
	}
	if !old {
		return "", nil
	}
	anew, err := s.hasher.make(ctx, password)
	if err != nil {
		return "", nil // next time
	}
	return anew, nil
}

// withVerified runs fn in a transaction in which a person's password is still the
// one that was verified, and stores its new hash if there is one.
func (s *Service) withVerified(ctx context.Context, was *personRow, renewed string, now time.Time, from From, fn func(RecordTx, *personRow) error) error {
	return s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		fresh, err := personByID(ctx, tx, was.id())
		if missing(err) || (err == nil && (fresh.body.Disabled || fresh.body.Password != was.body.Password)) {
			return refused()
		}
		if err != nil {
			return err
		}
		if renewed != "" {
			fresh.body.Password = renewed
			if err := fresh.save(ctx, tx); err != nil {
				return err
			}
			err := happening{now, keywright.PersonAmended, from.actor(&fresh), "", map[string]string{
				"person": string(fresh.id()), "changed": "password's hash",
			}}.append(ctx, tx)
			if err != nil {
				return err
			}
		}
		return fn(tx, &fresh)
	})
}

// Prove takes a password again and renews the session's token: the old one opens
// nothing from then on. Errors: ErrSignIn, Throttled.
func (s *Service) Prove(ctx context.Context, token, password keywright.Credential, from From) (Signed, error) {
	if s.o.NoPasswords {
		return Signed{}, refused()
	}
	var p personRow
	err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
		row, err := s.sessionOf(ctx, r, token, from.Site, s.now())
		if err != nil {
			return err
		}
		p, err = personByID(ctx, r, PersonID(row.rec.Owner))
		if missing(err) {
			return noSession()
		}
		return err
	})
	if err != nil {
		return Signed{}, err
	}
	return s.attempt(p.email(), from, func(now time.Time) (Signed, error) {
		renewed, err := s.verify(ctx, &p, password)
		if err != nil {
			return Signed{}, err
		}
		var out Signed
		err = s.withVerified(ctx, &p, renewed, now, from, func(tx RecordTx, fresh *personRow) error {
			row, err := s.sessionOf(ctx, tx, token, from.Site, now)
			if err != nil {
				return err
			}
			out, err = s.renew(ctx, tx, &row, fresh, byPassword, from, now)
			return err
		})
		return out, err
	})
}

// SetPassword changes a person's password and ends their other sessions. Errors:
// NotFound, Invalid (password), Throttled.
func (s *Service) SetPassword(ctx context.Context, by keywright.Actor, who PersonID, password keywright.Credential, keepSession string) error {
	var p personRow
	err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
		var err error
		p, err = personByID(ctx, r, who)
		return err
	})
	if missing(err) {
		return noPerson()
	}
	if err != nil {
		return err
	}
	now := s.now()
	if err := s.mayBePassword(password, p.email(), p.body.Name); err != nil {
		return err
	}
	// Hashing is shared by everybody: nobody keeps it busy with their own password.
	if wait := s.throttle.again(now, string(who)); wait > 0 {
		return throttled(wait)
	}
	hash, err := s.hasher.make(ctx, password)
	if err != nil {
		return err
	}
	return s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		p, err := personByID(ctx, tx, who)
		if missing(err) {
			return noPerson()
		}
		if err != nil {
			return err
		}
		p.body.Password = hash
		if err := p.save(ctx, tx); err != nil {
			return err
		}
		if err := s.endAll(ctx, tx, by, who, keepSession, "the password was changed"); err != nil {
			return err
		}
		return happening{now, keywright.PersonAmended, by, "", map[string]string{"person": string(who), "email": p.email(), "changed": "password"}}.append(ctx, tx)
	})
}

func noPerson() error { return notFound("there is no such person") }

// newPassword judges and hashes a password. Errors: Invalid, Throttled.
func (s *Service) newPassword(ctx context.Context, password keywright.Credential, email, name string) (string, error) {
	if err := s.mayBePassword(password, email, name); err != nil {
		return "", err
	}
	return s.hasher.make(ctx, password)
}

func (s *Service) mayBePassword(password keywright.Credential, email, name string) error {
	if s.o.NoPasswords {
		return invalid("password", "passwords are switched off here: sign in with an identity provider or a passkey")
	}
	return checkPassword(password, email, name, s.o.Service)
}
