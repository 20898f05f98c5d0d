package people_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

func TestInvitationIsUsedOnce(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		boss := h.person("boss@example.com", people.Admin, good)
		made, token := h.invite(as(boss), " Ada@Example.com", people.RoleMember)
		seen, err := h.Invitation(t.Context(), token)
		h.must(err)
		same(t, "invitation", seen, made)
		in, err := h.Accept(t.Context(), token, " Ada ", secret(good), here)
		h.must(err)
		same(t, "person", in.Person.Email+in.Person.Name, "ada@example.comAda")
		same(t, "members", in.Members, []people.Member{{Person: in.Person.ID, Email: "ada@example.com", Name: "Ada", Tenant: "ten_one", Role: people.RoleMember, Since: h.at}})
		if !h.opens(in.Token) {
			t.Fatal("not signed in")
		}
		_, err = h.Accept(t.Context(), token, "Ada", secret(good), here)
		h.refuses(err, keywright.NotFound)
		_, err = h.Invitation(t.Context(), token)
		h.refuses(err, keywright.NotFound)
		_, err = h.AcceptAs(t.Context(), token, in.Person.ID, here)
		h.refuses(err, keywright.NotFound)
		added := h.events(keywright.MemberAdded)[0]
		same(t, "event", added.Detail, map[string]string{"person": string(in.Person.ID), "email": "ada@example.com", "role": "member", "by": made.ID})
		same(t, "tenant", added.Tenant, keywright.TenantID("ten_one"))
		same(t, "created", len(h.events(keywright.PersonCreated)), 2)
		same(t, "invited", h.events(keywright.MemberInvited)[0].Tenant, keywright.TenantID("ten_one"))
	})
}

func TestTwoAcceptsAtOnce(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		for i := range 5 {
			_, token := h.invite(system, fmt.Sprintf("p%d@example.com", i), people.Trial)
			var won atomic.Int64
			var all sync.WaitGroup
			for range 6 {
				all.Go(func() {
					_, err := h.Accept(t.Context(), token, "P", secret(good), here)
					switch {
					case err == nil:
						won.Add(1)
					case !errors.Is(err, keywright.NotFound):
						t.Errorf("got %v", err)
					}
				})
			}
			all.Wait()
			same(t, "winners", won.Load(), int64(1))
		}
		same(t, "persons", len(h.events(keywright.PersonCreated)), 5)
		same(t, "members", len(h.events(keywright.MemberAdded)), 5)
	})
}

func TestInvitationsThatAreOver(t *testing.T) {
	t.Parallel()
	h := open(t)
	old, expired := h.invite(system, "a@example.com", people.Trial)
	h.pass(7 * 24 * time.Hour)
	gone, withdrawn := h.invite(system, "b@example.com", people.Trial)
	h.refuses(h.Withdraw(t.Context(), system, "ten_two", gone.ID), keywright.NotFound)
	h.refuses(h.Withdraw(t.Context(), system, "ten_one", old.ID), keywright.NotFound)
	h.must(h.Withdraw(t.Context(), system, "ten_one", gone.ID))
	h.refuses(h.Withdraw(t.Context(), system, "ten_one", gone.ID), keywright.NotFound)
	_, replaced := h.invite(system, "c@example.com", people.Trial)
	last, open := h.invite(system, "C@example.com", people.Admin)
	var words string
	for name, token := range map[string]keywright.Credential{
		"expired": expired, "withdrawn": withdrawn, "replaced": replaced, "none": {}, "unknown": secret(strings.Repeat("A", 43)), "digest": secret(people.DigestOf(text(open))),
	} {
		_, err := h.Invitation(t.Context(), token)
		h.refuses(err, keywright.NotFound)
		_, again := h.Accept(t.Context(), token, "A", secret(good), here)
		same(t, name, again.Error(), err.Error())
		if words == "" {
			words = err.Error()
		}
		same(t, name, err.Error(), words)
	}
	list, err := h.Invitations(t.Context(), "ten_one")
	h.must(err)
	same(t, "open", list, []people.Invitation{last})
	same(t, "events", len(h.events(keywright.InvitationWithdrawn)), 1)
}

func TestInvitationsAreBounded(t *testing.T) {
	t.Parallel()
	h := open(t)
	for i := range 100 {
		h.invite(system, fmt.Sprintf("p%d@example.com", i), people.Trial)
	}
	_, _, err := h.Invite(t.Context(), system, "one", "more@example.com", people.Trial)
	h.refuses(err, keywright.Conflict)
	h.invite(system, "p7@example.com", people.Trial)
	_, _, err = h.Invite(t.Context(), system, "two", "more@example.com", people.Trial)
	h.must(err)
	h.pass(8 * 24 * time.Hour)
	h.invite(system, "more@example.com", people.Trial)
}

func TestWhatCannotBeInvited(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	for _, c := range []struct {
		tenant, email string
		role          people.Role
		kind          keywright.Kind
	}{
		{"one", "no address", people.Admin, keywright.Invalid},
		{"one", "a@example.com", people.Viewer, keywright.Invalid},
		{"one", "a@example.com", "", keywright.Invalid},
		{"one", "a@example.com", "root", keywright.Invalid},
		{string(keywright.OperatorTenant), "a@example.com", people.RoleMember, keywright.Invalid},
		{string(keywright.OperatorTenant), "a@example.com", people.Trial, keywright.Invalid},
		{"nowhere", "a@example.com", people.Admin, keywright.NotFound},
		{"", "a@example.com", people.Admin, keywright.NotFound},
		{"ten_one", "ADA@example.com", people.Trial, keywright.Conflict},
	} {
		_, _, err := h.Invite(t.Context(), system, c.tenant, c.email, c.role)
		h.refuses(err, c.kind)
	}
	for _, r := range []people.Role{people.Admin, people.Viewer} {
		_, _, err := h.Invite(t.Context(), system, string(keywright.OperatorTenant), "op@example.com", r)
		h.must(err)
	}
	_, err := h.store.Update(t.Context(), func(tx keywright.Tx) error {
		return tx.PutTenant(t.Context(), keywright.Tenant{ID: "ten_old", Ref: "old", Archived: true, Version: 1})
	})
	h.must(err)
	_, _, err = h.Invite(t.Context(), system, "old", "a@example.com", people.Admin)
	h.refuses(err, keywright.Conflict)
}

// A person who is known cannot be had by an invitation to their address.
func TestAnInvitationIsNoWayIntoAnAccount(t *testing.T) {
	t.Parallel()
	h := open(t)
	victim := h.person("victim@example.com", people.Admin, good)
	mallory := h.person("mallory@example.com", people.Admin, other)
	quiet, err := h.Enrol(t.Context(), system, "ten_one", "quiet@example.com", "", people.RoleMember, keywright.Credential{})
	h.must(err)
	_, token, err := h.Invite(t.Context(), as(mallory), "two", victim.Email, people.RoleMember)
	h.must(err)
	_, err = h.Accept(t.Context(), token, "Mallory", secret(other), here)
	h.refuses(err, people.ErrSignIn)
	_, err = h.AcceptAs(t.Context(), token, mallory.ID, here)
	h.refusesField(err, "email")
	_, err = h.AcceptAs(t.Context(), token, "per_nobody", here)
	h.refuses(err, people.ErrSignIn)
	// Somebody without a password does not get one this way.
	_, forQuiet, err := h.Invite(t.Context(), as(mallory), "two", quiet.Email, people.RoleMember)
	h.must(err)
	_, err = h.Accept(t.Context(), forQuiet, "Mallory", secret(other), here)
	h.refuses(err, people.ErrSignIn)
	// Guessing this way is counted with all other guesses.
	for range people.FreeByAccount {
		_, err = h.Accept(t.Context(), token, "Mallory", secret(other), from("198.51.100.3"))
	}
	h.refuses(err, people.Throttled)
	_, err = h.SignIn(t.Context(), victim.Email, secret(good), from("198.51.100.4"))
	h.refuses(err, people.Throttled)
	h.pass(time.Hour)
	// The invitation is still there for whom it is meant.
	in, err := h.Accept(t.Context(), token, "Another name", secret(good), here)
	h.must(err)
	same(t, "name", in.Person.Name, "Somebody")
	same(t, "memberships", len(in.Members), 2)
	members, err := h.AcceptAs(t.Context(), forQuiet, quiet.ID, here)
	h.must(err)
	same(t, "memberships", len(members), 2)
}

func TestAnInvitationIsNotUsedUpByAMistake(t *testing.T) {
	t.Parallel()
	h := open(t)
	_, token := h.invite(system, "ada@example.com", people.Trial)
	for range 3 * people.FreeByAccount { // no guess, so not counted
		_, err := h.Accept(t.Context(), token, "Ada", secret("short"), here)
		h.refusesField(err, "password")
	}
	_, err := h.Accept(t.Context(), token, strings.Repeat("x", 201), secret(good), here)
	h.refusesField(err, "name")
	_, err = h.Accept(t.Context(), token, "a\x00b", secret(good), here)
	h.refusesField(err, "name")
	_, err = h.Accept(t.Context(), token, "", secret(good), here)
	h.must(err)
}

func TestTheLastAdminStays(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", people.Admin, good)
		h.person("grace@example.com", people.RoleMember, good)
		off := h.person("off@example.com", people.Admin, good)
		h.must(h.Disable(t.Context(), system, off.ID, true))
		_, err := h.AmendMember(t.Context(), system, "ten_one", ada.ID, people.Trial)
		h.refuses(err, keywright.Conflict)
		h.refuses(h.RemoveMember(t.Context(), system, "ten_one", ada.ID), keywright.Conflict)
		_, err = h.Enrol(t.Context(), system, "ten_one", ada.Email, "", people.RoleMember, keywright.Credential{})
		h.refuses(err, keywright.Conflict)
		h.must(h.Disable(t.Context(), system, off.ID, false))
		// Of two admins who remove each other at once, one stays.
		var all sync.WaitGroup
		for _, who := range []people.PersonID{ada.ID, off.ID} {
			all.Go(func() { _ = h.RemoveMember(t.Context(), system, "ten_one", who) })
		}
		all.Wait()
		left, err := h.Members(t.Context(), "ten_one")
		h.must(err)
		same(t, "left", len(left), 2)
		same(t, "removed", len(h.events(keywright.MemberRemoved)), 1)
	})
}

func TestMembers(t *testing.T) {
	t.Parallel()
	h := open(t)
	ada, grace := h.person("ada@example.com", people.Admin, good), h.person("grace@example.com", people.RoleMember, good)
	m, err := h.AmendMember(t.Context(), as(ada), "ten_one", grace.ID, people.Trial)
	h.must(err)
	same(t, "role", m.Role, people.Trial)
	same(t, "event", h.events(keywright.MemberAmended)[0].Detail, map[string]string{"person": string(grace.ID), "email": grace.Email, "role": "trial", "was": "member"})
	_, err = h.AmendMember(t.Context(), as(ada), "ten_one", grace.ID, people.Viewer)
	h.refusesField(err, "role")
	_, err = h.AmendMember(t.Context(), as(ada), "ten_two", grace.ID, people.Trial)
	h.refuses(err, keywright.NotFound)
	h.refuses(h.RemoveMember(t.Context(), as(ada), "ten_two", grace.ID), keywright.NotFound)
	none, err := h.Members(t.Context(), "ten_two")
	h.must(err)
	same(t, "two", len(none), 0)
	// Nobody is every tenant's.
	none, err = h.Members(t.Context(), "")
	h.must(err)
	same(t, "none", len(none), 0)
}

// Who may not invite any more has left no way back.
func TestInvitationsOfAnAdminWhoWentAreWithdrawn(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	for _, act := range []func(people.Person) error{
		func(p people.Person) error { return h.RemoveMember(t.Context(), system, "ten_one", p.ID) },
		func(p people.Person) error {
			_, err := h.AmendMember(t.Context(), system, "ten_one", p.ID, people.Trial)
			return err
		},
	} {
		mallory := h.person("mallory@example.com", people.Admin, "")
		_, theirs := h.invite(as(mallory), "again@example.com", people.Admin)
		_, kept := h.invite(system, "kept@example.com", people.Trial)
		h.must(act(mallory))
		_, err := h.Invitation(t.Context(), theirs)
		h.refuses(err, keywright.NotFound)
		_, err = h.Invitation(t.Context(), kept)
		h.must(err)
	}
}

func TestEnrol(t *testing.T) {
	t.Parallel()
	h := open(t)
	p := h.person("ada@example.com", people.Admin, "")
	again := h.person("ADA@example.com", people.Admin, good)
	same(t, "person", again.ID, p.ID)
	if p.HasPassword || !again.HasPassword {
		t.Fatal("the first password was not set")
	}
	h.person("ada@example.com", people.Admin, good)
	_, err := h.Enrol(t.Context(), system, "ten_one", p.Email, "", people.Admin, secret(other))
	h.refuses(err, keywright.Conflict)
	h.signIn(p.Email, good, here)
	same(t, "created", len(h.events(keywright.PersonCreated)), 1)
	same(t, "added", len(h.events(keywright.MemberAdded)), 1)
	op, err := h.Enrol(t.Context(), system, keywright.OperatorTenant, "op@example.com", "Op", people.Viewer, keywright.Credential{})
	h.must(err)
	_, err = h.Enrol(t.Context(), system, keywright.OperatorTenant, op.Email, "Op", people.Admin, keywright.Credential{})
	h.must(err)
	_, err = h.Enrol(t.Context(), system, "ten_nowhere", op.Email, "Op", people.Admin, keywright.Credential{})
	h.refuses(err, keywright.NotFound)
}
