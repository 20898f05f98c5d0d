package people_test

import (
	"context"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/store/memory"
)

// meddling does something just before the next update, once it is told to: what a
// service read before that is not so any more.
type meddling struct {
	both
	before func()
}

func (m *meddling) UpdateRecords(ctx context.Context, fn func(people.RecordTx) error) error {
	if do := m.before; do != nil {
		m.before = nil
		do()
	}
	return m.both.UpdateRecords(ctx, fn)
}

func TestAPasswordThatChangesWhileItIsChecked(t *testing.T) {
	t.Parallel()
	store := &meddling{both: memory.New()}
	h := openOn(t, store)
	p := h.person("ada@example.com", people.Admin, good)
	store.before = func() { h.must(h.SetPassword(t.Context(), system, p.ID, secret(other), "")) }
	_, err := h.SignIn(t.Context(), p.Email, secret(good), here)
	h.refuses(err, people.ErrSignIn)
	h.signIn(p.Email, other, here)
	store.before = func() { h.must(h.Disable(t.Context(), system, p.ID, true)) }
	_, err = h.SignIn(t.Context(), p.Email, secret(other), here)
	h.refuses(err, people.ErrSignIn)
	h.must(h.Disable(t.Context(), system, p.ID, false))
	in := h.signIn(p.Email, other, here)
	store.before = func() { h.must(h.SignOut(t.Context(), in.Token, here)) }
	_, err = h.Prove(t.Context(), in.Token, secret(other), here)
	h.refuses(err, people.ErrSignIn)
}

// Two tenants invite one new address: whoever comes second gives the password that
// the first has set, and none of their own.
func TestTwoInvitationsOfOneNewPerson(t *testing.T) {
	t.Parallel()
	store := &meddling{both: memory.New()}
	h := openOn(t, store)
	_, first := h.invite(system, "ada@example.com", people.Trial)
	_, second, err := h.Invite(t.Context(), system, "two", "ada@example.com", people.Trial)
	h.must(err)
	store.before = func() {
		_, err := h.Accept(t.Context(), first, "Ada", secret(good), here)
		h.must(err)
	}
	_, err = h.Accept(t.Context(), second, "Eve", secret(other), here)
	h.refuses(err, people.ErrSignIn)
	in := h.signIn("ada@example.com", good, here)
	same(t, "members", len(in.Members), 1)
	_, err = h.Accept(t.Context(), second, "Ada", secret(good), here)
	h.must(err)
	same(t, "persons", len(h.events(keywright.PersonCreated)), 1)
}

func TestAPasskeyThatIsRemovedWhileItIsUsed(t *testing.T) {
	t.Parallel()
	store := &meddling{both: memory.New()}
	h := openOn(t, store)
	p := h.person("ada@example.com", people.Admin, good)
	a := h.add(p)
	c, options := h.begin()
	answer := a.get(t, options)
	store.before = func() { // before the challenge is used up; the next update is the use
		store.before = func() { h.must(h.RemovePasskey(t.Context(), as(p), p.ID, site.ID, b64(a.id))) }
	}
	_, err := h.use(c.Token, answer, keywright.Credential{})
	h.refuses(err, people.ErrSignIn)
}

// The record of an invitation that expired may be there for a while.
func TestAnExpiredInvitationIsNotTaken(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		p := h.person("boss@example.com", people.Admin, good)
		_, token := h.invite(system, "ada@example.com", people.Trial)
		_, own, err := h.Invite(t.Context(), system, "two", p.Email, people.Trial)
		h.must(err)
		h.pass(7*24*time.Hour - time.Second)
		_, err = h.Invitation(t.Context(), token)
		h.must(err)
		h.pass(time.Second)
		_, err = h.Accept(t.Context(), token, "Ada", secret(good), here)
		h.refuses(err, keywright.NotFound)
		_, err = h.AcceptWith(t.Context(), token, ext("a", "ada@example.com"), here)
		h.refuses(err, keywright.NotFound)
		_, err = h.AcceptAs(t.Context(), own, p.ID, here)
		h.refuses(err, keywright.NotFound)
	})
}
