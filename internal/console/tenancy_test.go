package console_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/console"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/people"
)

// These tests walk over the route table, so that no page and no act is left out: a
// new one is asked the same questions as the others.

const (
	bob     = "bob@example.com"
	eve     = "eve@example.com"
	invited = "invited@example.com"
)

// prey is a tenant with something of everything, that others are after.
type prey struct {
	*place
	routes []string
	acts   []console.Act
	tenant keywright.TenantID
	ada    people.PersonID
	bob    people.PersonID
	keys   map[string]keywright.KeyID // by what they are for
	admin  *browser
}

func newPrey(t *testing.T) *prey {
	t.Helper()
	q := &prey{keys: map[string]keywright.KeyID{}}
	q.place = open(t, wish{services: []string{"lending"}, register: &selfservice.Registration{Scheme: "trusset-mica"}, change: func(_ *place, o *console.Options) {
		h := console.New(*o)
		q.routes, q.acts = console.Routes(h), console.Acts(h)
	}})
	q.tenant = q.place.tenant("prey0001", "growth", "production")
	q.ada, q.bob = q.enrol(q.tenant, ada, people.Admin), q.enrol(q.tenant, bob, people.RoleMember)
	for _, role := range []string{"active", "turning", "paused", "testing"} {
		environment := "production"
		if role == "testing" {
			environment = "testing"
		}
		q.keys[role] = q.issue(t, q.tenant, "Prey "+role, environment)
	}
	by := keywright.Actor{ID: "system"}
	week := 7 * 24 * time.Hour
	next, err := q.Keeper.Rotate(t.Context(), by, q.keys["turning"], keeper.RotateRequest{Overlap: &week})
	if err != nil {
		t.Fatal(err)
	}
	q.keys["next"] = next.Key.ID
	if _, err := q.Keeper.Pause(t.Context(), by, q.keys["paused"], time.Time{}); err != nil {
		t.Fatal(err)
	}
	q.invite(q.tenant, invited, people.RoleMember)
	q.admin = q.browser().signIn(ada)
	return q
}

func (p *place) issue(t *testing.T, tenant keywright.TenantID, name, environment string) keywright.KeyID {
	t.Helper()
	life := 365 * 24 * time.Hour
	made, err := p.Keeper.Issue(t.Context(), keywright.Actor{ID: "system"}, keeper.IssueRequest{
		Tenant: string(tenant), Scheme: "domain-trust", Draft: keywright.Draft{Name: name, Environment: environment, TTL: &life},
	})
	if err != nil {
		t.Fatal(err)
	}
	return made.Key.ID
}

// keyFor is the key that an act of the table can be done to.
func (q *prey) keyFor(act string) keywright.KeyID {
	switch act {
	case "resume":
		return q.keys["paused"]
	case "overlap", "finish", "extend":
		return q.keys["turning"]
	}
	return q.keys["active"]
}

// name is what that key is called.
func (q *prey) nameFor(act string) string {
	switch act {
	case "resume":
		return "Prey paused"
	case "overlap", "finish", "extend":
		return "Prey turning"
	}
	return "Prey active"
}

// state is all that can be changed of the tenant, as text.
func (q *prey) state(t *testing.T) string {
	t.Helper()
	var all []any
	err := q.Store.View(t.Context(), func(r keywright.Reader) error {
		all = nil
		tenant, err := r.Tenant(t.Context(), string(q.tenant))
		if err != nil {
			return err
		}
		keys, err := r.Keys(t.Context(), keywright.KeyQuery{Tenant: q.tenant, Limit: 500})
		if err != nil {
			return err
		}
		all = append(all, tenant)
		for i := range keys {
			all = append(all, []any{keys[i].ID.String(), keys[i].Version, keys[i].StateAt(q.Clock.Now())})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	members, err1 := q.People.Members(t.Context(), q.tenant)
	invitations, err2 := q.People.Invitations(t.Context(), q.tenant)
	sessions, err3 := q.People.Sessions(t.Context(), q.ada)
	requests, err4 := q.People.AccessRequests(t.Context(), q.tenant, "")
	for i := range sessions {
		sessions[i].LastSeen = time.Time{}
	}
	text, err5 := json.Marshal(append(all, members, invitations, sessions, requests))
	for _, err := range []error{err1, err2, err3, err4, err5} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return string(text)
}

// fields are what a form about the tenant's things would hold, whichever it is.
func (q *prey) fields(t *testing.T, act string) url.Values {
	t.Helper()
	f := url.Values{
		"confirm": {q.nameFor(act)}, "name": {"Taken over"}, "person": {string(q.bob)}, "role": {"admin"}, "email": {"friend-of-eve@example.com"},
		"environment": {"production"}, "reason": {"unused"}, "overlap": {"24h"}, "until": {"24h"}, "once": {fmt.Sprintf("once-%s-%d", act, len(q.seen))},
		"expires_date": {"2031-01-01"}, "expires_time": {"12:30"}, "service": {"lending"}, "on": {"1"},
	}
	if act == "remove" {
		f.Set("confirm", bob)
	}
	switch act {
	case "withdraw":
		all, err := q.People.Invitations(t.Context(), q.tenant)
		if err != nil || len(all) == 0 {
			t.Fatal("there is no invitation", err)
		}
		f.Set("id", all[0].ID)
	case "end":
		all, err := q.People.Sessions(t.Context(), q.ada)
		if err != nil || len(all) == 0 {
			t.Fatal("there is no session", err)
		}
		f.Set("id", all[0].ID)
	}
	return f
}

// acts that are about nobody but the person who does them.
func ownAct(pattern string) bool {
	for _, own := range []string{"/sessions/", "/passkeys/", "/password", "/profile", "/settings"} {
		if strings.Contains(pattern, root+own) {
			return true
		}
	}
	return false
}

const root = "/account"

// last is the last part of a path: which act it is.
func last(pattern string) string { return pattern[strings.LastIndex(pattern, "/")+1:] }

// addresses spells a pattern for a key, with every act that a page of its is for.
func addresses(pattern, key string) []string {
	path := strings.ReplaceAll(pattern[strings.Index(pattern, "/"):], "{id}", key)
	if strings.Contains(path, "{act}") {
		var all []string
		for _, act := range []string{"rotate", "revoke", "delete", "pause", "reveal", "finish", "extend", "overlap", "usage"} {
			all = append(all, strings.ReplaceAll(path, "{act}", act))
		}
		return all
	}
	return []string{regexp.MustCompile(`\{[a-z$]+\}`).ReplaceAllString(path, "x")}
}

// marks are texts that stand on no page but the tenant's own.
func (q *prey) marks() []string {
	all := []string{"Prey", "prey0001", bob, invited, string(q.tenant), string(q.bob)}
	for _, id := range q.keys {
		all = append(all, id.String())
	}
	return all
}

// ask sends what a route takes, as somebody, about one key.
func (q *prey) ask(t *testing.T, b *browser, method, path string, f url.Values) answer {
	t.Helper()
	if method == http.MethodGet {
		return b.get(path)
	}
	return b.send(method, path, f)
}

// signedIn makes sure that somebody still is: the table has ways to end that.
func (b *browser) still(email string) {
	if a := b.get("/account"); a.Status != http.StatusOK {
		b.signIn(email)
	}
}

func TestNobodyReachesAnotherTenantByAnyRoute(t *testing.T) {
	t.Parallel()
	q := newPrey(t)
	q.enrol(q.place.tenant("hunter01", "growth", "production"), eve, people.Admin)
	b := q.browser().signIn(eve)
	unknown := "key_01JZ8Q6V7N3F5T9X2B4C6D8E0G"
	before, keyed := q.state(t), 0
	for _, route := range q.routes {
		method, _, found := strings.Cut(route, " ")
		if !found {
			continue // everything that is no page
		}
		act := last(route)
		for i, path := range addresses(route, q.keyFor(act).String()) {
			b.still(eve)
			a := q.ask(t, b, method, path, q.fields(t, act))
			if strings.Contains(route, "{id}") {
				keyed++
				b.still(eve)
				none := q.ask(t, b, method, addresses(route, unknown)[i], q.fields(t, act))
				if a.Status != http.StatusNotFound || blank(a.Body, q.keyFor(act).String()) != blank(none.Body, unknown) {
					t.Errorf("%s %s tells another tenant's key (%d) from one that there is not (%d)", method, path, a.Status, none.Status)
				}
			}
			q.untouched(t, a, before, method+" "+path)
			// The same with the tenant named: nobody is let in by naming it.
			f := q.fields(t, act)
			f.Set("tenant", string(q.tenant))
			sep := "?"
			b.still(eve)
			q.untouched(t, q.ask(t, b, method, path+sep+"tenant="+string(q.tenant), f), before, method+" "+path+" with the tenant")
		}
	}
	if len(q.routes) < 30 || keyed < 10 {
		t.Fatalf("only %d routes and %d about keys: the table is broken", len(q.routes), keyed)
	}
}

// blank takes out of a page what was in the request for it.
func blank(page, id string) string { return strings.ReplaceAll(page, id, "") }

func (q *prey) untouched(t *testing.T, a answer, before, what string) {
	t.Helper()
	for _, mark := range q.marks() {
		if strings.Contains(a.Body, mark) && !(mark == string(q.tenant) && strings.Contains(what, "with the tenant")) && !(mark == string(q.bob) && a.Status >= 400) {
			t.Errorf("%s answers %d and shows %q of another tenant", what, a.Status, mark)
		}
	}
	if now := q.state(t); now != before {
		t.Fatalf("%s changed another tenant:\n%s\n%s", what, before, now)
	}
}

// The same acts, with the same fields, by who may do them: without this the tests
// about those who may not would pass for any nonsense.
func TestTheActsThatOthersAreRefusedDoSomething(t *testing.T) {
	t.Parallel()
	table := newPrey(t).acts
	for _, act := range table {
		if act.Operation == "" || ownAct(act.Pattern) || act.Operation == api.OpRegister || act.Operation == api.OpRevealOwnKey || act.Operation == api.OpRequestAccess {
			continue // ceremonies, and what this tenant has no need of
		}
		t.Run(act.Pattern, func(t *testing.T) {
			t.Parallel()
			q := newPrey(t)
			before := q.state(t)
			name := last(act.Pattern)
			a := q.ask(t, q.admin, http.MethodPost, addresses(act.Pattern, q.keyFor(name).String())[0], q.fields(t, name))
			if a.Status >= 400 || q.state(t) == before {
				t.Errorf("an admin is answered %d, and nothing is changed:\n%s", a.Status, a.Body)
			}
		})
	}
}

func TestRolesHoldForEveryAct(t *testing.T) {
	t.Parallel()
	q := newPrey(t)
	const trial, member = "trial@example.com", "member@example.com"
	q.enrol(q.tenant, trial, people.Trial)
	q.enrol(q.tenant, member, people.RoleMember)
	// What a person of a role may not do: everything but what is listed here.
	may := map[string][]string{
		member: {
			api.OpCreateOwnKey, api.OpAmendOwnKey, api.OpRotateOwnKey, api.OpOverlapOwnKey, api.OpPauseOwnKey, api.OpResumeOwnKey, api.OpRevokeOwnKey, api.OpDeleteOwnKey,
			api.OpRevealOwnKey, api.OpRequestAccess,
		},
		trial: {api.OpRequestAccess},
	}
	refused := 0
	for email, allowed := range may {
		b := q.browser().signIn(email)
		before := q.state(t)
		for _, act := range q.acts {
			if act.Operation == "" || ownAct(act.Pattern) || act.Operation == api.OpRegister || slices.Contains(allowed, act.Operation) {
				continue
			}
			name := last(act.Pattern)
			path := addresses(act.Pattern, q.keyFor(name).String())[0]
			if a := q.ask(t, b, http.MethodPost, path, q.fields(t, name)); a.Status != http.StatusForbidden {
				t.Errorf("%s: POST %s about Production answered %d", email, path, a.Status)
			}
			if q.state(t) != before {
				t.Fatalf("%s: POST %s did something", email, path)
			}
			refused++
		}
	}
	if refused < 12 {
		t.Fatalf("only %d acts were refused: the table is broken", refused)
	}
	// A trial member is not shown what they cannot do, and may do the rest.
	b := q.browser().signIn(trial)
	page := b.get(keysPage(q.keys["active"])).want(t, http.StatusOK, "you can look at this key, and not change it")
	if strings.Contains(page.Body, "/revoke") || strings.Contains(page.Body, "/rotate") {
		t.Error("a trial member is offered acts on a Production key")
	}
	b.get("/account/keys/new").want(t, http.StatusOK, `value="production" required disabled`)
	b.get("/account/members").want(t, http.StatusForbidden)
	b.post(keysPage(q.keys["testing"])+"/pause", "until", "1h").want(t, http.StatusSeeOther)
}

func keysPage(id keywright.KeyID) string { return "/account/keys/" + id.String() }
