package people_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// A token that somebody planted before the sign-in opens nothing after it, and one
// that was seen before a proof opens nothing after that.
func TestSessionFixation(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		h.person("ada@example.com", people.Admin, good)
		first, second := h.signIn("ada@example.com", good, here), h.signIn("ada@example.com", good, here)
		if text(first.Token) == text(second.Token) || first.Session.ID == second.Session.ID {
			t.Fatal("two sign-ins share a token")
		}
		h.pass(6 * time.Minute)
		h.refuses(h.FreshProof(first.Session), people.ProofNeeded)
		proved, err := h.Prove(t.Context(), first.Token, secret(good), here)
		h.must(err)
		h.must(h.FreshProof(proved.Session))
		same(t, "session", proved.Session.ID, first.Session.ID)
		same(t, "started", proved.Session.Started, first.Session.Started)
		if text(proved.Token) == text(first.Token) || h.opens(first.Token) || !h.opens(proved.Token) || !h.opens(second.Token) {
			t.Fatal("the token that was there before the proof still opens the session")
		}
		_, err = h.Prove(t.Context(), first.Token, secret(good), here)
		h.refuses(err, people.ErrSignIn)
		_, err = h.Prove(t.Context(), proved.Token, secret(other), here)
		h.refuses(err, people.ErrSignIn)
		if !h.opens(proved.Token) {
			t.Fatal("a proof that failed ended the session")
		}
	})
}

func TestProofsAreThrottled(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	in := h.signIn("ada@example.com", good, here)
	for range people.FreeByAccount {
		_, err := h.Prove(t.Context(), in.Token, secret(other), here)
		h.refuses(err, people.ErrSignIn)
	}
	_, err := h.Prove(t.Context(), in.Token, secret(good), here)
	h.refuses(err, people.Throttled)
}

func TestTokensThatOpenNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	in := h.signIn("ada@example.com", good, here)
	token := text(in.Token)
	for name, c := range map[string]keywright.Credential{
		"none":           {},
		"id":             secret(in.Session.ID),
		"junk behind":    secret(token + "A"),
		"cut":            secret(token[1:]),
		"padded":         secret(token + "="),
		"other case":     secret(strings.ToUpper(token)),
		"digest":         secret(people.DigestOf(token)),
		"in both halves": keywright.NewCredential("x", token),
		"endless":        secret(strings.Repeat("A", 1<<20)),
		"NUL":            secret("\x00" + token[1:]),
	} {
		if h.opens(c) {
			t.Errorf("%s opens a session", name)
		}
		h.must(h.SignOut(t.Context(), c, here))
	}
	if !h.opens(in.Token) {
		t.Fatal("the session was ended by a token that is not its own")
	}
	h.must(h.FreshProof(in.Session))
	h.refuses(h.FreshProof(people.Session{}), people.ProofNeeded)
}

// A session ends when nobody used it for a while and when it is old, although its
// record may still be there.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		h.person("ada@example.com", people.Admin, good)
		idle := h.signIn("ada@example.com", good, here)
		h.pass(12*time.Hour - time.Second)
		if !h.opens(idle.Token) {
			t.Fatal("ended too early")
		}
		h.pass(12 * time.Hour)
		if h.opens(idle.Token) || !strings.Contains(h.dump(), idle.Session.ID) {
			t.Fatal("a session that nobody used is still open, or its record is gone and the test is void")
		}
		_, err := h.Prove(t.Context(), idle.Token, secret(good), here)
		h.refuses(err, people.ErrSignIn)
		h.refuses(h.EndSession(t.Context(), system, idle.Person.ID, idle.Session.ID), keywright.NotFound)
		kept := h.signIn("ada@example.com", good, here)
		for range 60 {
			h.pass(12*time.Hour - time.Minute)
			if !h.opens(kept.Token) {
				t.Fatal("ended too early")
			}
		}
		h.pass(time.Hour)
		if h.opens(kept.Token) {
			t.Fatal("a session is open after 30 days")
		}
		list, err := h.Sessions(t.Context(), kept.Person.ID)
		h.must(err)
		same(t, "sessions", len(list), 0)
	})
}

func TestShorterLivesCountAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	in := h.signIn("ada@example.com", good, here)
	strict := openOn(t, h.store, func(o *people.Options) { o.SessionIdle = time.Minute; o.Clock = h.clock })
	h.pass(time.Minute)
	if strict.opens(in.Token) || !h.opens(in.Token) {
		t.Fatal("the idle time of the day counts")
	}
}

func TestAClockThatGoesBackRevivesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	in := h.signIn("ada@example.com", good, here)
	h.pass(13 * time.Hour)
	if h.opens(in.Token) {
		t.Fatal("still open")
	}
	h.pass(-12 * time.Hour)
	if h.opens(in.Token) {
		t.Fatal("open again")
	}
}

func TestLastSeenIsWrittenOnceAMinute(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("ada@example.com", people.Admin, good)
	in := h.signIn("ada@example.com", good, here)
	before := h.dump()
	h.pass(59 * time.Second)
	h.opens(in.Token)
	same(t, "store", h.dump(), before)
	h.pass(time.Second)
	seen, err := h.Session(t.Context(), in.Token, people.From{Address: from("203.0.113.5").Address, Agent: "x\x00\r\n" + strings.Repeat("y", 10_000)})
	h.must(err)
	same(t, "seen", seen.Session.LastSeen, in.Session.LastSeen.Add(time.Minute))
	same(t, "address", seen.Session.Address, "203.0.113.5")
	same(t, "agent", seen.Session.Agent, "x   "+strings.Repeat("y", 196))
	same(t, "events", len(h.events(keywright.PersonSignedIn)), 1)
}

func TestAtMostFiftySessions(t *testing.T) {
	t.Parallel()
	h := open(t)
	p := h.person("ada@example.com", people.Admin, good)
	var all []people.Signed
	for range 53 {
		h.pass(time.Second)
		all = append(all, h.signIn("ada@example.com", good, here))
	}
	list, err := h.Sessions(t.Context(), p.ID)
	h.must(err)
	same(t, "sessions", len(list), 50)
	same(t, "newest first", list[0].ID, all[52].Session.ID)
	for i, one := range all {
		same(t, fmt.Sprint("session ", i), h.opens(one.Token), i >= 3)
	}
}

func TestEndingSessions(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		ada, eve := h.person("ada@example.com", people.Admin, good), h.person("eve@example.com", people.RoleMember, good)
		a, b, c := h.signIn(ada.Email, good, here), h.signIn(ada.Email, good, here), h.signIn(ada.Email, good, here)
		x := h.signIn(eve.Email, good, here)
		h.refuses(h.EndSession(t.Context(), as(eve), eve.ID, a.Session.ID), keywright.NotFound)
		h.refuses(h.EndSession(t.Context(), as(eve), eve.ID, "ses_nothing"), keywright.NotFound)
		h.must(h.SignOut(t.Context(), a.Token, here))
		h.must(h.SignOut(t.Context(), a.Token, here))
		h.must(h.EndSession(t.Context(), as(ada), ada.ID, b.Session.ID))
		if h.opens(a.Token) || h.opens(b.Token) || !h.opens(c.Token) {
			t.Fatal("the wrong sessions ended")
		}
		d := h.signIn(ada.Email, good, here)
		h.must(h.EndOtherSessions(t.Context(), as(ada), ada.ID, d.Session.ID))
		if h.opens(c.Token) || !h.opens(d.Token) || !h.opens(x.Token) {
			t.Fatal("the wrong sessions ended")
		}
		out := h.events(keywright.PersonSignedOut)
		same(t, "events", len(out), 3)
		same(t, "whose", out[0].Detail["person"], string(ada.ID))
	})
}

func TestAPasswordEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	h := open(t)
	p := h.person("ada@example.com", people.Admin, good)
	a, b := h.signIn(p.Email, good, here), h.signIn(p.Email, good, here)
	h.must(h.SetPassword(t.Context(), as(p), p.ID, secret(other), b.Session.ID))
	if h.opens(a.Token) || !h.opens(b.Token) {
		t.Fatal("the wrong sessions ended")
	}
	_, err := h.SignIn(t.Context(), p.Email, secret(good), here)
	h.refuses(err, people.ErrSignIn)
	h.signIn(p.Email, other, here)
	h.refuses(h.SetPassword(t.Context(), system, "per_nobody", secret(good), ""), keywright.NotFound)
}

func TestWhoIsShutOutHasNoSessions(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.person("boss@example.com", people.Admin, good)
	p := h.person("ada@example.com", people.RoleMember, good)
	_, err := h.Enrol(t.Context(), system, "ten_two", p.Email, "", people.Trial, keywright.Credential{})
	h.must(err)
	in := h.signIn(p.Email, good, here)
	h.must(h.RemoveMember(t.Context(), system, "ten_one", p.ID))
	seen, err := h.Session(t.Context(), in.Token, here)
	h.must(err)
	same(t, "members", len(seen.Members), 1)
	same(t, "tenant", seen.Members[0].Tenant, keywright.TenantID("ten_two"))
	_, err = h.Enrol(t.Context(), system, "ten_two", "other@example.com", "", people.Admin, keywright.Credential{})
	h.must(err)
	h.must(h.RemoveMember(t.Context(), system, "ten_two", p.ID))
	if h.opens(in.Token) {
		t.Fatal("a person without any membership is signed in")
	}
	in = h.signIn(p.Email, good, here)
	h.must(h.Disable(t.Context(), system, p.ID, true))
	if h.opens(in.Token) {
		t.Fatal("a disabled person is signed in")
	}
	h.must(h.Disable(t.Context(), system, p.ID, false))
	if h.opens(in.Token) {
		t.Fatal("the session came back")
	}
	h.signIn(p.Email, good, here)
}

// Whatever is done in whatever order: the only sessions that open are those that
// were started and not ended since, under the newest token of each.
func TestSessionsModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := open(t)
		p := h.person("ada@example.com", people.Admin, good)
		type one struct {
			token keywright.Credential
			seen  time.Time
			open  bool
		}
		live, ids, dead := map[string]*one{}, []string{}, []keywright.Credential{}
		pick := func(rt *rapid.T) string {
			if len(ids) == 0 {
				rt.Skip("no session")
			}
			return rapid.SampledFrom(ids).Draw(rt, "which")
		}
		end := func(id string) { live[id].open = false }
		rt.Repeat(map[string]func(*rapid.T){
			"sign in": func(rt *rapid.T) {
				if len(ids) > 40 {
					rt.Skip("many")
				}
				in := h.signIn(p.Email, good, here)
				live[in.Session.ID], ids = &one{in.Token, h.clock(), true}, append(ids, in.Session.ID)
			},
			"prove": func(rt *rapid.T) {
				s := live[pick(rt)]
				in, err := h.Prove(t.Context(), s.token, secret(good), here)
				if (err == nil) != s.open {
					rt.Fatalf("prove: %v, open %v", err, s.open)
				}
				if err == nil {
					dead = append(dead, s.token)
					s.token, s.seen = in.Token, h.clock()
				}
			},
			"sign out": func(rt *rapid.T) { id := pick(rt); h.must(h.SignOut(t.Context(), live[id].token, here)); end(id) },
			"end":      func(rt *rapid.T) { id := pick(rt); _ = h.EndSession(t.Context(), as(p), p.ID, id); end(id) },
			"end others": func(rt *rapid.T) {
				id := pick(rt)
				h.must(h.EndOtherSessions(t.Context(), as(p), p.ID, id))
				for _, o := range ids {
					if o != id {
						end(o)
					}
				}
			},
			"wait": func(rt *rapid.T) {
				h.pass(time.Duration(rapid.IntRange(0, 900).Draw(rt, "minutes")) * time.Minute)
				for _, s := range live {
					s.open = s.open && h.clock().Before(s.seen.Add(12*time.Hour))
				}
			},
			"": func(rt *rapid.T) {
				open := 0
				for id, s := range live {
					if s.open {
						open++
						s.seen = h.clock() // looking keeps it alive
					}
					if h.opens(s.token) != s.open {
						rt.Fatalf("session %s: open is %v", id, !s.open)
					}
				}
				for _, d := range dead {
					if h.opens(d) {
						rt.Fatal("an old token opens")
					}
				}
				list, err := h.Sessions(t.Context(), p.ID)
				h.must(err)
				if len(list) != open {
					rt.Fatalf("%d are listed, %d are open", len(list), open)
				}
			},
		})
	})
}

// A session opens the site that it was begun on, and no other.
func TestASessionBelongsToItsSite(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		h.person("ada@example.com", people.Admin, good)
		docs, console := here, here
		docs.Site, console.Site = "docs.example.com", "console.example.com"
		in := h.signIn("ada@example.com", good, docs)
		_, err := h.Session(t.Context(), in.Token, docs)
		h.must(err)
		_, err = h.Session(t.Context(), in.Token, console)
		h.refuses(err, people.ErrSignIn)
		_, err = h.Prove(t.Context(), in.Token, secret(good), console)
		h.refuses(err, people.ErrSignIn)
		_, err = h.Session(t.Context(), in.Token, docs)
		h.must(err)
	})
}
