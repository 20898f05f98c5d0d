package console_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/people"
)

// effect is one act, done by a page's form and by its operation.
type effect struct {
	operation string
	form      func(b *browser, id string) answer
	body      string
}

func effects() []effect {
	act := func(name string, fields ...string) func(*browser, string) answer {
		return func(b *browser, id string) answer { return b.post("/account/keys/"+id+"/"+name, fields...) }
	}
	return []effect{
		{api.OpAmendOwnKey, act("amend", "name", "Renamed", "expires_date", "2031-05-06", "expires_time", "07:08"), `{"name":"Renamed","expires_at":"2031-05-06T07:08:00Z"}`},
		{api.OpPauseOwnKey, act("pause"), `{}`},
		{api.OpResumeOwnKey, act("resume"), ``},
		{api.OpRotateOwnKey, func(b *browser, id string) answer {
			page := b.get("/account/keys/" + id + "/rotate")
			return b.post("/account/keys/"+id+"/rotate", "once", once(b.p.t, page.Body), "overlap", "24h0m0s")
		}, `{"overlap":"24h"}`},
		{api.OpRevokeOwnKey, act("revoke", "reason", "unused", "confirm", "Renamed"), `{"reason":"unused"}`},
		{api.OpDeleteOwnKey, act("delete", "confirm", "Renamed"), ``},
	}
}

// A page and its operation, done to two keys alike, leave the same trail.
func TestTFI04_APageAndItsOperationDoTheSame(t *testing.T) {
	t.Parallel()
	p := open(t, wish{schemes: []string{"trusset-instance"}})
	tenant := p.tenant("acme0001", "growth")
	p.enrol(tenant, ada, people.Admin)
	b := p.browser().signIn(ada)
	cookie := managementtest.Cookie(p.Session(ada))
	byPage := newKey(t, p, cookie)
	byScript := newKey(t, p, cookie)
	for _, e := range effects() {
		op := api.FindSelf(e.operation)
		if a := e.form(b, byPage); a.Status >= http.StatusBadRequest {
			t.Fatalf("%s: the page answers %d\n%s", e.operation, a.Status, a.Body)
		}
		p.do(t, op, byScript, e.body, cookie)
		page, script := trail(t, p, byPage), trail(t, p, byScript)
		if page != script {
			t.Errorf("%s: the page leaves\n%s\nthe operation leaves\n%s", e.operation, page, script)
		}
	}
}

// newKey makes a key by the operation.
func newKey(t *testing.T, p *place, cookie []string) string {
	t.Helper()
	var made api.Key
	if err := json.Unmarshal(p.do(t, api.FindSelf(api.OpCreateOwnKey), "", `{"name":"CI"}`, cookie), &made); err != nil {
		t.Fatal(err)
	}
	return made.ID
}

func (p *place) do(t *testing.T, op api.Operation, id, body string, cookie []string) []byte {
	t.Helper()
	header := slices.Concat([]string{"Origin", p.Server.URL, "Sec-Fetch-Site", "same-origin"}, cookie)
	status, _, raw := p.Do(p.Request(op.Method, strings.ReplaceAll(op.Path, "{id}", id), body, header...))
	if status != op.Success {
		t.Fatalf("%s answers %d\n%s", op.ID, status, raw)
	}
	return raw
}

// trail is what the log says of a key, less what tells two keys apart.
func trail(t *testing.T, p *place, id string) string {
	t.Helper()
	key, err := keywright.ParseKeyID(id)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	err = p.Store.View(t.Context(), func(r keywright.Reader) error {
		events, err := r.Events(t.Context(), keywright.EventQuery{Key: key})
		for _, e := range events {
			delete(e.Detail, "successor")
			delete(e.Detail, "hint")
			detail := ""
			for _, name := range slices.Sorted(maps.Keys(e.Detail)) {
				detail += " " + name + "=" + e.Detail[name]
			}
			lines = append(lines, fmt.Sprintf("%s by %s of %s, %q%s", e.Act, e.Actor.Name, e.Tenant, e.Reason, detail))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) == 0 {
		t.Fatal("the log has nothing on the key")
	}
	return strings.Join(lines, "\n")
}
