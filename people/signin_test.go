package people_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

func TestSignInWithPassword(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		p := h.person("Ada@Example.com ", people.Admin, good)
		in := h.signIn(" ADA@example.COM", good, here)
		same(t, "person", in.Person.ID, p.ID)
		same(t, "method", in.Session.Method, "password")
		same(t, "members", len(in.Members), 1)
		same(t, "role", in.Members[0].Role, people.Admin)
		seen, err := h.Session(t.Context(), in.Token, here)
		h.must(err)
		same(t, "session", seen.Session, in.Session)
		if !seen.Token.IsZero() {
			t.Fatal("a session that was only looked at has a token")
		}
		same(t, "events", len(h.events(keywright.PersonSignedIn)), 1)
		same(t, "outcome", h.outcomes(people.OutcomeSignedIn), 1)
	})
}

// Nothing that a stranger can see of a refusal tells an address that is known from
// one that is not: not the words, not the cost, not when it becomes too many.
func TestNoEnumeration(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	h.person("nopass@example.com", people.RoleMember, "")
	gone := h.person("gone@example.com", people.RoleMember, good)
	h.must(h.Disable(t.Context(), system, gone.ID, true))
	cases := []struct{ name, email, password string }{
		{"wrong password", "ada@example.com", other},
		{"empty password", "ada@example.com", ""},
		{"endless password", "ada@example.com", good + strings.Repeat("x", 5000)},
		{"password that is not text", "ada@example.com", "\xff\xfe" + good},
		{"unknown address", "nobody@example.com", good},
		{"no password", "nopass@example.com", good},
		{"no password, none given", "nopass@example.com", ""},
		{"disabled", "gone@example.com", good},
		{"no address", "not an address\x00", good},
		{"no address at all", "", good},
		{"record's own name", "?", good},
	}
	var words string
	for i, c := range cases {
		before := h.Runs()
		_, err := h.SignIn(t.Context(), c.email, secret(c.password), from(fmt.Sprintf("192.0.2.%d", i+1)))
		h.refuses(err, people.ErrSignIn)
		same(t, c.name+": runs of argon2", h.Runs()-before, int64(1))
		var e *keywright.Error
		if !errors.As(err, &e) || e.Cause != nil || e.Field != "" {
			t.Fatalf("%s: %#v tells more than the others", c.name, err)
		}
		if words == "" {
			words = err.Error()
		}
		same(t, c.name+": words", err.Error(), words)
	}
	same(t, "refused", h.outcomes(people.OutcomeRefused), len(cases))
	same(t, "events of refusals", len(h.events(keywright.PersonSignedIn)), 0)

	// The same number of attempts is let through, and the same wait follows.
	said := map[string]string{}
	for _, email := range []string{"ada@example.com", "stranger@example.com"} {
		h := open(t)
		h.person("ada@example.com", people.Admin, good)
		for i := range people.FreeByAccount + 5 {
			_, err := h.SignIn(t.Context(), email, secret(other), from(fmt.Sprintf("198.51.100.%d", i)))
			said[email] += fmt.Sprintf("%v %v\n", err, errors.Unwrap(err))
		}
	}
	same(t, "attempts", said["ada@example.com"], said["stranger@example.com"])
}

func TestBruteForceIsSlowed(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	try := func(password string, i int) error {
		_, err := h.SignIn(t.Context(), "ada@example.com", secret(password), from(fmt.Sprintf("198.51.%d.%d", i/200, i%200)))
		return err
	}
	// From as many addresses as one likes, for a day.
	tried, refused := 0, 0
	for i := range 24 * 60 {
		if errors.Is(try(other, i), people.ErrSignIn) {
			tried++
		} else {
			refused++
		}
		h.pass(time.Minute)
	}
	if tried > 120 || refused == 0 {
		t.Fatalf("%d guesses in a day got through", tried)
	}
	// The right password is held back as well, else the throttle would be an oracle …
	for errors.Is(try(other, 1), people.ErrSignIn) {
		continue
	}
	err := try(good, 2)
	h.refuses(err, people.Throttled)
	// … but never for good, and the answer says for how long.
	var wait people.Wait
	if !errors.As(err, &wait) || wait.RetryAfter() <= 0 || wait.RetryAfter() > people.LongestWait {
		t.Fatalf("the wait is %v", wait)
	}
	h.pass(wait.RetryAfter())
	h.must(try(good, 3))
	// Success forgets what was counted.
	for i := range people.FreeByAccount {
		h.refuses(try(other, 300+i), people.ErrSignIn)
	}
}

func TestWaitingIsNotMadeLongerByTrying(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	for range people.FreeByAccount {
		_, _ = h.SignIn(t.Context(), "ada@example.com", secret(other), here)
	}
	for range 1000 {
		_, err := h.SignIn(t.Context(), "ada@example.com", secret(other), here)
		h.refuses(err, people.Throttled)
	}
	h.pass(2 * time.Second)
	h.signIn("ada@example.com", good, here)
}

func TestAStrangerDoesNotLockThePersonOut(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	home := from("203.0.113.9")
	h.signIn("ada@example.com", good, home)
	for i := range 200 {
		_, _ = h.SignIn(t.Context(), "ada@example.com", secret(other), from(fmt.Sprintf("198.51.100.%d", i)))
	}
	_, err := h.SignIn(t.Context(), "ada@example.com", secret(good), from("198.51.100.250"))
	h.refuses(err, people.Throttled)
	h.signIn("ada@example.com", good, home)
	// Nor is an address that is known let guess without end.
	h.pass(people.ForgetAfter())
	for range people.FreeByAccount {
		_, err := h.SignIn(t.Context(), "ada@example.com", secret(other), home)
		h.refuses(err, people.ErrSignIn)
	}
	_, err = h.SignIn(t.Context(), "ada@example.com", secret(other), home)
	h.refuses(err, people.Throttled)
}

func TestGuessingOverManyAccountsIsSlowed(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(int) string{
		"one address": func(int) string { return "198.51.100.1" },
		"one /64":     func(i int) string { return fmt.Sprintf("2001:db8:0:1::%x", i+1) },
		"mapped":      func(int) string { return "::ffff:198.51.100.1" },
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			tried := 0
			for i := range 200 {
				_, err := h.SignIn(t.Context(), fmt.Sprintf("p%d@example.com", i), secret(other), from(address(i)))
				if errors.Is(err, people.ErrSignIn) {
					tried++
				}
			}
			same(t, "let through", tried, people.FreeByAddress)
			// Another network is not affected.
			_, err := h.SignIn(t.Context(), "p900@example.com", secret(other), from("2001:db8:0:2::1"))
			h.refuses(err, people.ErrSignIn)
		})
	}
}

func TestAnAccountOfOnesOwnIsNoWayRound(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("mallory@example.com", people.RoleMember, other)
	tried := 0
	for i := range 60 {
		_, err := h.SignIn(t.Context(), fmt.Sprintf("p%d@example.com", i), secret(good), here)
		if errors.Is(err, people.ErrSignIn) {
			tried++
		}
		_, _ = h.SignIn(t.Context(), "mallory@example.com", secret(other), here)
	}
	same(t, "let through", tried, people.FreeByAddress)
}

func TestManyAttemptsAtOnceAreNoWayRound(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	var all sync.WaitGroup
	var mu sync.Mutex
	tried := 0
	for i := range 50 {
		all.Go(func() {
			_, err := h.SignIn(t.Context(), "ada@example.com", secret(other), from(fmt.Sprintf("198.51.100.%d", i)))
			if errors.Is(err, people.ErrSignIn) {
				mu.Lock()
				tried++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	same(t, "let through", tried, people.FreeByAccount)
}

func TestTheThrottlesMemoryIsBounded(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx, end := context.WithCancel(t.Context())
	end() // nothing is looked up; the attempt still begins
	for i := range people.MaxSubjects + 1000 {
		_, _ = h.SignIn(ctx, fmt.Sprintf("p%d@example.com", i), secret(other), from(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)))
	}
	if n := h.Subjects(); n > 2*people.MaxSubjects {
		t.Fatalf("%d subjects are remembered", n)
	}
}

func TestPasswordsAreHashedFewAtATime(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	release := h.HoldRuns()
	var all sync.WaitGroup
	results := make(chan error, 200)
	for i := range people.MaxRuns + people.MaxQueue + 20 {
		all.Go(func() {
			_, err := h.SignIn(t.Context(), fmt.Sprintf("p%d@example.com", i), secret(other), from(fmt.Sprintf("198.51.%d.1", i)))
			results <- err
		})
	}
	// Those beyond the queue are refused without waiting for anybody.
	for range 20 {
		h.refuses(<-results, people.Throttled)
	}
	same(t, "waiting", h.Queued(), int64(people.MaxRuns+people.MaxQueue))
	same(t, "busy", h.outcomes(people.OutcomeBusy), 20)
	release()
	all.Wait()
	for range people.MaxRuns + people.MaxQueue {
		h.refuses(<-results, people.ErrSignIn)
	}
	// Who gives up while waiting leaves the queue.
	release = h.HoldRuns()
	ctx, end := context.WithCancel(t.Context())
	end()
	_, err := h.SignIn(ctx, "ada@example.com", secret(good), here)
	if err == nil || errors.Is(err, people.ErrSignIn) {
		t.Fatalf("got %v", err)
	}
	release()
	h.signIn("ada@example.com", good, here)
}

func TestHashesAreMadeAnewAtSignIn(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	if !strings.Contains(h.dump(), "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatal("no PHC string is kept")
	}
	h.Dear()
	h.signIn("ada@example.com", good, here)
	if d := h.dump(); !strings.Contains(d, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(d, "m=64,") {
		t.Fatal("the hash still has the old parameters")
	}
	before := h.Runs()
	h.signIn("ada@example.com", good, here)
	same(t, "runs", h.Runs()-before, int64(1))
}

func TestNoPasswords(t *testing.T) {
	t.Parallel()
	store := open(t)
	p := store.person("ada@example.com", people.Admin, good)
	h := openOn(t, store.store, func(o *people.Options) { o.NoPasswords = true })
	_, err := h.SignIn(t.Context(), "ada@example.com", secret(good), here)
	h.refuses(err, people.ErrSignIn)
	same(t, "runs", h.Runs(), int64(0))
	h.refusesField(h.SetPassword(t.Context(), system, p.ID, secret(good), ""), "password")
	_, token := h.invite(system, "new@example.com", people.Trial)
	_, err = h.Accept(t.Context(), token, "New", secret(good), here)
	h.refusesField(err, "password")
}

func TestPasswordRules(t *testing.T) {
	t.Parallel()
	h := open(t)
	p := h.person("grace.hopper@example.com", people.Admin, good)
	for _, bad := range []string{
		"", "short", "fourteen chars", "aaaaaaaaaaaaaaaaaaaa", "abcabcabcabcabcabc", "passwordpassword", "Password123456789!", "qwertyuiopasdfghjkl",
		"1q2w3e4r5t6y7u8i9o0p", "correct horse battery staple", "ilovethemypassword1234", "111111222222333333", "grace.hopper@example.com",
		"gracehopper12345", "KeywrightKeywright1", "Somebody-keywright-grace", strings.Repeat("good one ", 200), "control\x00characters here", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	} {
		err := h.SetPassword(t.Context(), system, p.ID, secret(bad), "")
		if err == nil {
			t.Fatalf("%q is a password", bad)
		}
		h.refusesField(err, "password")
		if bad != "" && strings.Contains(err.Error(), bad) {
			t.Fatalf("the refusal repeats the password")
		}
	}
	for _, fine := range []string{good, other, "839201746529184", "nur kleinbuchstaben hier", "ÄÖÜ ßßß ñandú über alles", "🦦🦔🦜🐢🦉🦎🐙🦑🦀🐳🦓🦒🐘🦏🐪", "TRXEYS4KQ6ZC2WJ5NBVA7GHM3D", good + strings.Repeat("z", 1000)} {
		h.must(h.SetPassword(t.Context(), system, p.ID, secret(fine), ""))
		h.signIn(p.Email, fine, here)
	}
	h.pass(25 * time.Hour) // so many changes have to wait
	// What is beyond the bound is not cut off and then taken.
	longest := good + strings.Repeat("z", 1000)
	h.must(h.SetPassword(t.Context(), system, p.ID, secret(longest), ""))
	_, err := h.SignIn(t.Context(), p.Email, secret(longest+"z"), here)
	h.refuses(err, people.ErrSignIn)
	// One way to compose a letter is another's.
	h.must(h.SetPassword(t.Context(), system, p.ID, secret("cafe\u0301 und noch ein caf\u00e9"), ""))
	h.signIn(p.Email, "caf\u00e9 und noch ein cafe\u0301", here)
}

func TestRights(t *testing.T) {
	t.Parallel()
	for role, want := range map[people.Role]string{
		people.Admin:      "[keys:read keys:write keys:production members:read members:write services:write]",
		people.RoleMember: "[keys:read keys:write keys:production members:read]",
		people.Trial:      "[keys:read keys:write]",
		people.Viewer:     "[keys:read members:read]",
		"":                "[]", "Admin": "[]", "root": "[]",
	} {
		same(t, string(role), fmt.Sprint(role.Rights()), want)
	}
	if people.Trial.May(people.GrantedKeys) || !people.RoleMember.May(people.WriteKeys) || people.Role("root").May(people.ReadKeys) {
		t.Fatal("May and Rights differ")
	}
}

func TestNothingSecretIsKept(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	in := h.signIn("ada@example.com", good, here)
	_, invitation := h.invite(system, "grace@example.com", people.Trial)
	c, err := h.BeginPasskeySignIn(t.Context(), people.Party{ID: "docs.example.com", Origin: "https://docs.example.com"})
	h.must(err)
	d := h.dump()
	for what, s := range map[string]string{"password": good, "session": text(in.Token), "invitation": text(invitation), "ceremony": text(c.Token)} {
		if s == "" || strings.Contains(d, s) {
			t.Errorf("the %s is in the store as it was given", what)
		}
	}
}
