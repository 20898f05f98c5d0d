package people_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// ext is somebody at a provider whose verified addresses are trusted.
func ext(subject, email string) people.External {
	return people.External{
		Provider: "corp", Issuer: "https://id.example.com", Subject: subject, Email: email, EmailVerified: true, TrustEmail: true, Name: "Somebody",
	}
}

// signUp makes tenants, and counts them.
func (h *house) signUp(made *atomic.Int64) func(context.Context, people.Person) (keywright.TenantID, error) {
	return func(ctx context.Context, p people.Person) (keywright.TenantID, error) {
		id := keywright.TenantID(fmt.Sprintf("ten_new%d", made.Add(1)))
		_, err := h.store.Update(ctx, func(tx keywright.Tx) error {
			return tx.PutTenant(ctx, keywright.Tenant{ID: id, Ref: string(id[4:]), Name: p.Email, Version: 1})
		})
		return id, err
	}
}

func TestSignInWithAProvider(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		p := h.person("ada@example.com", people.Admin, good)
		in, err := h.SignInWith(t.Context(), ext("s1", " Ada@Example.com"), here)
		h.must(err)
		same(t, "person", in.Person.ID, p.ID)
		same(t, "method", in.Session.Method, "corp")
		if !h.opens(in.Token) {
			t.Fatal("not signed in")
		}
		// From then on the subject is who counts, whatever the provider says of an address.
		moved := ext("s1", "elsewhere@example.com")
		moved.EmailVerified, moved.TrustEmail = false, false
		in, err = h.SignInWith(t.Context(), moved, here)
		h.must(err)
		same(t, "person", in.Person.ID, p.ID)
		who, members, err := h.Known(t.Context(), moved)
		h.must(err)
		same(t, "known", who.ID, p.ID)
		same(t, "members", len(members), 1)
		h.signIn(p.Email, good, here) // side by side
	})
}

func TestUnverifiedAddressesAreNobody(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	var made atomic.Int64
	var words string
	for name, change := range map[string]func(*people.External){
		"not verified":       func(e *people.External) { e.EmailVerified = false },
		"not trusted":        func(e *people.External) { e.TrustEmail = false },
		"neither":            func(e *people.External) { e.EmailVerified, e.TrustEmail = false, false },
		"no address":         func(e *people.External) { e.Email = "" },
		"looks alike":        func(e *people.External) { e.Email = "\u0430da@example.com" },
		"folds alike":        func(e *people.External) { e.Email = "ada@e\u212Aample.com" },
		"another":            func(e *people.External) { e.Email, e.SignUp = "ada@example.com.evil.test", nil },
		"two":                func(e *people.External) { e.Email = "ada@example.com, eve@example.com" },
		"named":              func(e *people.External) { e.Email = "Eve <ada@example.com>" },
		"no subject":         func(e *people.External) { e.Subject = "" },
		"no issuer":          func(e *people.External) { e.Issuer = "" },
		"space in issuer":    func(e *people.External) { e.Issuer = "https://id.example.com s" },
		"endless subject":    func(e *people.External) { e.Subject = strings.Repeat("x", 256) },
		"subject with a NUL": func(e *people.External) { e.Subject = "a\x00" },
	} {
		e := ext("mallory", "ada@example.com")
		if e.SignUp = h.signUp(&made); name == "another" {
			e.SignUp = nil
		}
		change(&e)
		before := h.dump()
		_, err := h.SignInWith(t.Context(), e, here)
		h.refuses(err, people.ErrSignIn)
		_, _, known := h.Known(t.Context(), e)
		h.refuses(known, people.ErrSignIn)
		if words == "" {
			words = err.Error()
		}
		same(t, name, err.Error()+known.Error(), words+words)
		same(t, name+": store", h.dump(), before)
	}
	same(t, "tenants", made.Load(), int64(0))
}

// A second subject of one issuer is somebody else, even under the same address.
func TestAnAddressThatWasGivenToSomebodyElse(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	_, err := h.SignInWith(t.Context(), ext("first", "ada@example.com"), here)
	h.must(err)
	_, err = h.SignInWith(t.Context(), ext("second", "ada@example.com"), here)
	h.refuses(err, people.ErrSignIn)
	elsewhere := ext("second", "ada@example.com")
	elsewhere.Issuer = "https://other.example.com"
	_, err = h.SignInWith(t.Context(), elsewhere, here)
	h.must(err)
	// "issuer subject" has one reading.
	odd := ext("x first", "")
	odd.Issuer = "https://id.example.com"
	_, err = h.SignInWith(t.Context(), odd, here)
	h.refuses(err, people.ErrSignIn)
}

// Somebody invites an address that is not theirs, takes the invitation themselves,
// and waits for its owner to come.
func TestAnAccountThatWasTakenInAdvance(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		mallory := h.person("mallory@example.com", people.Admin, other)
		_, token := h.invite(as(mallory), "victim@example.com", people.Trial)
		trap, err := h.Accept(t.Context(), token, "Victim", secret(other), here)
		h.must(err)
		untrusted := ext("m", "victim@example.com")
		untrusted.Issuer, untrusted.TrustEmail = "https://evil.example.com", false

		in, err := h.SignInWith(t.Context(), ext("v", "victim@example.com"), here)
		h.must(err)
		same(t, "person", in.Person.ID, trap.Person.ID)
		if in.Person.HasPassword || h.opens(trap.Token) || !h.opens(in.Token) {
			t.Fatal("who made the account is still in it")
		}
		_, err = h.SignIn(t.Context(), "victim@example.com", secret(other), here)
		h.refuses(err, people.ErrSignIn)
		_, err = h.SignInWith(t.Context(), untrusted, here)
		h.refuses(err, people.ErrSignIn)
		// From then on the person is who they are: nothing is taken from them again.
		h.must(h.SetPassword(t.Context(), as(in.Person), in.Person.ID, secret(good), ""))
		again := ext("v2", "victim@example.com")
		again.Issuer = "https://third.example.com"
		_, err = h.SignInWith(t.Context(), again, here)
		h.must(err)
		h.signIn("victim@example.com", good, here)
	})
}

// The owner of an address that somebody took in advance comes with an operator's
// invitation, and without the other's password.
func TestAnOperatorsInvitationWinsAnAddressBack(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		mallory := h.person("mallory@example.com", people.Admin, other)
		_, token := h.invite(as(mallory), "victim@example.com", people.Trial)
		trap, err := h.Accept(t.Context(), token, "Victim", secret(other), here)
		h.must(err)
		// Another tenant's invitation says no more than the first.
		_, again := h.inviteTo("two", as(mallory), "victim@example.com", people.Trial)
		_, err = h.Accept(t.Context(), again, "Victim", secret(good), here)
		h.refuses(err, people.ErrSignIn)

		_, token = h.inviteTo("two", system, "victim@example.com", people.Admin)
		in, err := h.Accept(t.Context(), token, "", secret(good), here)
		h.must(err)
		same(t, "person", in.Person.ID, trap.Person.ID)
		if h.opens(trap.Token) || !h.opens(in.Token) {
			t.Fatal("who made the account is still in it")
		}
		_, err = h.SignIn(t.Context(), "victim@example.com", secret(other), here)
		h.refuses(err, people.ErrSignIn)
		h.signIn("victim@example.com", good, here)
	})
}

func TestWhatAnOperatorVouchedForIsKept(t *testing.T) {
	t.Parallel()
	h := open(t)
	op, err := h.Enrol(t.Context(), system, keywright.OperatorTenant, "op@example.com", "Op", people.Admin, secret(good))
	h.must(err)
	for i, by := range []keywright.Actor{system, as(op), {ID: "key_01ARZ3NDEKTSV4RRFFQ69G5FAV"}} {
		email := fmt.Sprintf("p%d@example.com", i)
		_, token := h.invite(by, email, people.RoleMember)
		_, err := h.Accept(t.Context(), token, "P", secret(good), here)
		h.must(err)
		_, err = h.SignInWith(t.Context(), ext(email, email), here)
		h.must(err)
		h.signIn(email, good, here)
	}
}

func TestSignUp(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		var made atomic.Int64
		e := ext("new", "new@example.com")
		_, err := h.SignInWith(t.Context(), e, here)
		h.refuses(err, people.ErrSignIn)
		e.SignUp = h.signUp(&made)
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				var members []people.Member
				var err error
				if i%2 == 0 {
					_, members, err = h.Known(t.Context(), e)
				} else {
					var in people.Signed
					in, err = h.SignInWith(t.Context(), e, here)
					members = in.Members
				}
				if err != nil || len(members) != 1 || members[0].Role != people.Admin || members[0].Tenant != "ten_new1" {
					t.Errorf("got %+v, %v", members, err)
				}
			})
		}
		all.Wait()
		same(t, "tenants", made.Load(), int64(1))
		same(t, "persons", len(h.events(keywright.PersonCreated)), 1)
		same(t, "members", len(h.events(keywright.MemberAdded)), 1)
	})
}

func TestSignUpThatFails(t *testing.T) {
	t.Parallel()
	h := open(t)
	var made atomic.Int64
	e := ext("new", "new@example.com")
	full := &keywright.Error{Kind: keywright.Conflict, Detail: "full"}
	e.SignUp = func(context.Context, people.Person) (keywright.TenantID, error) { return "", full }
	_, err := h.SignInWith(t.Context(), e, here)
	if !errors.Is(err, full) {
		t.Fatalf("got %v", err)
	}
	e.SignUp = h.signUp(&made)
	in, err := h.SignInWith(t.Context(), e, here)
	h.must(err)
	same(t, "members", len(in.Members), 1)
	// One who is a member somewhere gets no tenant beside it.
	h.person("ada@example.com", people.RoleMember, "")
	other := ext("ada", "ada@example.com")
	other.SignUp = e.SignUp
	in, err = h.SignInWith(t.Context(), other, here)
	h.must(err)
	same(t, "tenants", made.Load(), int64(1))
	same(t, "role", in.Members[0].Role, people.RoleMember)
}

// Two processes that sign one person up at once make one tenant: the second is told
// to come again.
func TestSignUpAmongProcesses(t *testing.T) {
	t.Parallel()
	a := open(t)
	b := openOn(t, a.store)
	var made atomic.Int64
	e := ext("new", "new@example.com")
	e.SignUp = func(ctx context.Context, p people.Person) (keywright.TenantID, error) {
		inner := e
		inner.SignUp = b.signUp(&made)
		_, err := b.SignInWith(ctx, inner, here)
		a.refuses(err, keywright.Unavailable)
		return a.signUp(&made)(ctx, p)
	}
	_, err := a.SignInWith(t.Context(), e, here)
	a.must(err)
	same(t, "tenants", made.Load(), int64(1))
	e.SignUp = b.signUp(&made)
	in, err := b.SignInWith(t.Context(), e, here)
	b.must(err)
	same(t, "members", len(in.Members), 1)
	same(t, "tenants", made.Load(), int64(1))
}

func TestKnownOnlyReads(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, "")
	e := ext("s", "ada@example.com")
	_, _, err := h.Known(t.Context(), e)
	h.must(err)
	before := h.dump()
	for range 5 {
		_, _, err := h.Known(t.Context(), e)
		h.must(err)
	}
	same(t, "store", h.dump(), before)
	p, _, err := h.Known(t.Context(), e)
	h.must(err)
	h.must(h.Disable(t.Context(), system, p.ID, true))
	_, _, err = h.Known(t.Context(), e)
	h.refuses(err, people.ErrSignIn)
	_, err = h.SignInWith(t.Context(), e, here)
	h.refuses(err, people.ErrSignIn)
}

func TestAcceptWithAProvider(t *testing.T) {
	t.Parallel()
	h := open(t)
	boss := h.person("boss@example.com", people.Admin, good)
	_, token := h.invite(as(boss), "ada@example.com", people.RoleMember)
	for name, change := range map[string]func(*people.External){
		"not verified": func(e *people.External) { e.EmailVerified = false },
		"no subject":   func(e *people.External) { e.Subject = "" },
		"no address":   func(e *people.External) { e.Email = "" },
	} {
		e := ext("a", "ada@example.com")
		change(&e)
		_, err := h.AcceptWith(t.Context(), token, e, here)
		if !errors.Is(err, people.ErrSignIn) {
			t.Fatalf("%s: %v", name, err)
		}
	}
	_, err := h.AcceptWith(t.Context(), token, ext("e", "eve@example.com"), here)
	h.refusesField(err, "email")
	_, err = h.AcceptWith(t.Context(), secret(strings.Repeat("A", 43)), ext("a", "ada@example.com"), here)
	h.refuses(err, keywright.NotFound)
	// A verified address will do for one who is new, trusted or not: the link is the rest.
	e := ext("a", "ada@example.com")
	e.TrustEmail = false
	in, err := h.AcceptWith(t.Context(), token, e, here)
	h.must(err)
	same(t, "role", in.Members[0].Role, people.RoleMember)
	_, err = h.AcceptWith(t.Context(), token, e, here)
	h.refuses(err, keywright.NotFound)
	_, err = h.SignInWith(t.Context(), e, here)
	h.must(err)
	// It will not do for one who is here already.
	victim := h.person("victim@example.com", people.RoleMember, good)
	_, token, err = h.Invite(t.Context(), as(boss), "two", victim.Email, people.Trial)
	h.must(err)
	e = ext("evil", victim.Email)
	e.TrustEmail = false
	_, err = h.AcceptWith(t.Context(), token, e, here)
	h.refuses(err, people.ErrSignIn)
	e.TrustEmail = true
	in, err = h.AcceptWith(t.Context(), token, e, here)
	h.must(err)
	same(t, "person", in.Person.ID, victim.ID)
	same(t, "memberships", len(in.Members), 2)
}
