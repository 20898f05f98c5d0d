package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/people"
)

var rowName = regexp.MustCompile(`<td data-label="Name"><a href="[^"]+">([^<]+)</a>`)

// listed are the names in a page's list, in its order.
func listed(page string) string {
	var names []string
	for _, m := range rowName.FindAllStringSubmatch(page, -1) {
		names = append(names, m[1])
	}
	return strings.Join(names, " ")
}

func TestListOfKeysSortsFiltersAndPages(t *testing.T) {
	t.Parallel()
	p := open(t, wish{})
	tenant := p.tenant("acme0001", "growth", "production")
	p.enrol(tenant, ada, people.Admin)
	b := p.browser().signIn(ada)
	b.get("/account/keys").want(t, http.StatusOK, "There are no keys yet.", "How to make the first call", "Keep your keys secure")
	for _, k := range [][2]string{{"Beta", "testing"}, {"alpha", "production"}, {"Gamma crawler", "testing"}} {
		p.issue(t, tenant, k[0], k[1])
		p.Clock.Advance(time.Minute)
	}
	gone := p.issue(t, tenant, "Delta", "testing")
	if _, err := p.Keeper.Revoke(t.Context(), keywright.Actor{ID: "system"}, gone, keywright.Unused); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"":                                      "Gamma crawler alpha Beta",
		"?sort=name":                            "alpha Beta Gamma crawler",
		"?sort=name&order=desc":                 "Gamma crawler Beta alpha",
		"?sort=expires":                         "Beta alpha Gamma crawler",
		"?sort=nonsense":                        "Gamma crawler alpha Beta",
		"?state=over":                           "Delta",
		"?state=all&sort=name":                  "alpha Beta Delta Gamma crawler",
		"?state=ACTIVE&environment=testing":     "Gamma crawler Beta",
		"?environment=production":               "alpha",
		"?search=craw":                          "Gamma crawler",
		"?search=GAM&environment=production":    "",
		"?state=PAUSED":                         "",
		"?state=" + url.QueryEscape("<script>"): "Gamma crawler alpha Beta",
	} {
		a := b.get("/account/keys"+query).want(t, http.StatusOK)
		if got := listed(a.Body); got != want {
			t.Errorf("%q lists %q, want %q", query, got, want)
		}
	}
	b.get("/account/keys").want(t, http.StatusOK, "One key that was replaced or revoked is not shown", `href="/v1/me/exports/keys" download`)
	b.get("/account/keys?state=PAUSED").want(t, http.StatusOK, "No key is like that")
	for i := range 50 {
		p.issue(t, tenant, fmt.Sprintf("Bulk %02d", i), "testing")
	}
	first := b.get("/account/keys?sort=name").want(t, http.StatusOK, "1–50 of 53", `rel="next"`)
	b.get("/account/keys?page=2&sort=name").want(t, http.StatusOK, "51–53 of 53", "First page")
	if !strings.HasPrefix(listed(first.Body), "alpha Beta Bulk 00 ") {
		t.Errorf("the first page begins with %.40s", listed(first.Body))
	}
}

func TestListOfVeryManyKeysAsksTheStore(t *testing.T) {
	t.Parallel()
	p := open(t, wish{})
	tenant := p.tenant("acme0001", "growth")
	p.enrol(tenant, ada, people.Admin)
	p.issue(t, tenant, "Oldest of all", "testing")
	p.Clock.Advance(time.Hour)
	for i := range 1000 {
		p.issue(t, tenant, fmt.Sprintf("Bulk %04d", i), "testing")
	}
	b := p.browser().signIn(ada)
	b.get("/account/keys").want(t, http.StatusOK, "There are more: the first thousand")
	for query, want := range map[string]string{"?search=oldest": "Oldest of all", "?search=bulk+0999": "Bulk 0999", "?state=over": ""} {
		if got := listed(b.get("/account/keys" + query).Body); got != want {
			t.Errorf("%s lists %q, want %q", query, got, want)
		}
	}
	if got := listed(b.get("/account/keys?sort=name&order=desc").Body); !strings.HasPrefix(got, "Oldest of all Bulk 0999") {
		t.Errorf("by name, backwards, the list begins with %.40s", got)
	}
}

func TestTRS17_TheCapIsCountedAndSaid(t *testing.T) {
	t.Parallel()
	p, b := signedIn(t, wish{schemes: []string{"trusset-instance"}}, "growth")
	b.get("/account/keys").want(t, http.StatusOK, "0 of 10 active")
	var first string
	for i := range 10 {
		form := b.get("/account/keys/new").want(t, http.StatusOK)
		made := b.post("/account/keys/new", "once", once(t, form.Body), "name", fmt.Sprintf("Key %d", i)).want(t, http.StatusCreated)
		if first == "" {
			first = keysPath + keyLink.FindStringSubmatch(made.Body)[1]
		}
	}
	b.post(first+"/pause", "until", "1h").want(t, http.StatusSeeOther) // it counts on
	b.get("/account/keys").want(t, http.StatusOK, "You have 10 of 10 active keys", "paused keys count too", `aria-disabled="true"`)
	if page := b.get("/account/keys/new").want(t, http.StatusOK, "You have 10 of 10 active keys"); strings.Contains(page.Body, `action="/account/keys/new"`) {
		t.Error("the form is there though it leads to nothing")
	}
	b.post("/account/keys/new", "once", "x", "name", "One too many").want(t, http.StatusConflict)
	b.get(first).want(t, http.StatusOK, "Paused until", "2 Jan 2030, 04:04 UTC")
	p.Clock.Advance(time.Hour)
	b.get(first).want(t, http.StatusOK, "Active")
	b.post(first+"/revoke", "confirm", "Key 0").want(t, http.StatusSeeOther)
	b.get("/account/keys").want(t, http.StatusOK, "9 of 10 active")
}

const keysPath = "/account/keys/"

func TestPausesEndAsChosen(t *testing.T) {
	t.Parallel()
	_, b := signedIn(t, wish{}, "growth")
	at := keysPath + keyLink.FindStringSubmatch(create(t, b).Body)[1]
	for _, wrong := range [][]string{
		{"until", "at"}, {"until", "at", "expires_date", "2029-01-01", "expires_time", "12:00"}, {"until", "9999h"}, {"until", "at", "expires_date", "2031-13-01", "expires_time", "12:00"},
	} {
		b.post(at+"/pause", wrong...).want(t, http.StatusUnprocessableEntity, `class="wrong"`, "Pause this key?")
		b.get(at).want(t, http.StatusOK, "Active")
	}
	b.post(at+"/pause", "until", "at", "expires_date", "2030-01-05", "expires_time", "12:00").want(t, http.StatusSeeOther)
	b.get(at).want(t, http.StatusOK, "5 Jan 2030, 12:00 UTC")
	b.post(at+"/resume").want(t, http.StatusSeeOther)
	b.post(at+"/pause", "until", "").want(t, http.StatusSeeOther)
	b.get(at).want(t, http.StatusOK, "it is resumed")
}

func TestTRS13_AnOverlapIsMovedAndEnded(t *testing.T) {
	t.Parallel()
	_, b := signedIn(t, wish{}, "growth")
	at := keysPath + keyLink.FindStringSubmatch(create(t, b).Body)[1]
	b.get(at+"/finish").want(t, http.StatusSeeOther) // nothing to end
	b.post(at+"/overlap", "now", "1", "confirm", "CI").want(t, http.StatusConflict)
	turned := b.post(at+"/rotate", "once", "r1", "overlap", "168h0m0s").want(t, http.StatusCreated)
	next := keysPath + keyLink.FindStringSubmatch(turned.Body)[1]
	for _, page := range []string{at, next} {
		b.get(page).want(t, http.StatusOK, "Rotation under way", "Both keys work for 7 days more", "The old key", "The new key", at+"/finish", at+"/extend")
	}
	b.get(next+"/finish").want(t, http.StatusSeeOther)
	b.get(at+"/extend").want(t, http.StatusOK, "1 Feb 2030, 03:04 UTC", "30 days after the rotation")
	b.post(at+"/overlap", "until", "at", "expires_date", "2030-03-01", "expires_time", "12:00").want(t, http.StatusUnprocessableEntity, "When shall the old key end?", `id="w-until"`)
	b.post(at+"/overlap", "until", "336h").want(t, http.StatusSeeOther)
	b.get(next).want(t, http.StatusOK, "Both keys work for 14 days more")
	b.get(at+"/finish").want(t, http.StatusOK, "Requests with the old key will fail at once")
	b.post(at+"/overlap", "now", "1", "confirm", "no").want(t, http.StatusUnprocessableEntity, "nothing was done")
	if a := b.post(at+"/overlap", "now", "1", "confirm", "CI").want(t, http.StatusSeeOther); !strings.HasPrefix(a.To, next) {
		t.Errorf("the end of the old key leads to %s", a.To)
	}
	b.get(at).want(t, http.StatusOK, "Replaced")
}

func TestDMT12_AccessIsAskedForAndSaid(t *testing.T) {
	t.Parallel()
	_, b := signedIn(t, wish{}, "growth")
	b.get("/account/keys").want(t, http.StatusOK, "Production access has not been granted yet.", "/account/access?environment=production")
	b.get("/account/access?environment=production").want(t, http.StatusOK, "Ask for Production access", "What it is for")
	b.post("/account/access", "environment", "testing", "reason", "x").want(t, http.StatusUnprocessableEntity)
	b.post("/account/access", "environment", "production", "reason", strings.Repeat("x", 1001)).want(t, http.StatusUnprocessableEntity, `id="w-reason"`)
	b.post("/account/access", "environment", "production", "reason", "We <b>launch</b>").want(t, http.StatusSeeOther)
	b.post("/account/access", "environment", "production").want(t, http.StatusConflict)
	b.get("/account/access?done=asked").want(t, http.StatusOK, "Your request is on its way", "Not decided yet", "We &lt;b&gt;launch")
	b.get("/account/keys/new").want(t, http.StatusOK, "it is not decided yet", `value="production" required disabled`)

	_, b2 := signedIn(t, wish{}, "growth", "production")
	b2.get("/account/access").want(t, http.StatusOK, "There is nothing to ask for")
	if strings.Contains(b2.get("/account/keys").Body, "has not been granted") {
		t.Error("what is granted is said not to be")
	}
}

func TestTRS18_ServicesAreSwitchedByAdmins(t *testing.T) {
	t.Parallel()
	p := open(t, wish{schemes: []string{"trusset-instance"}, services: []string{"lending", "trading"}})
	tenant, err := p.Keeper.CreateTenant(t.Context(), keywright.Actor{ID: "system"}, keeper.TenantDraft{Ref: "inst0001", Name: "Instance", Services: []string{"lending", "custody"}})
	if err != nil {
		t.Fatal(err)
	}
	p.enrol(tenant.ID, ada, people.Admin)
	p.enrol(tenant.ID, "grace@example.com", people.RoleMember)
	b, grace := p.browser().signIn(ada), p.browser().signIn("grace@example.com")
	services := func() string {
		var out []string
		_ = p.Store.View(t.Context(), func(r keywright.Reader) error {
			now, err := r.Tenant(t.Context(), string(tenant.ID))
			out = now.Services
			return err
		})
		return strings.Join(out, " ")
	}
	b.get("/account/services").want(t, http.StatusOK, "Lending", "Switch off", "Trading", "Switch on")
	b.get("/account/services/off?service=custody").want(t, http.StatusNotFound)
	b.get("/account/services/off?service=lending").want(t, http.StatusOK, "Requests to lending will fail at once")
	b.post("/account/services", "service", "lending", "confirm", "Lending").want(t, http.StatusUnprocessableEntity, "nothing was done")
	b.post("/account/services", "service", "custody", "on", "1").want(t, http.StatusNotFound)
	b.post("/account/services", "service", "lending", "confirm", "lending").want(t, http.StatusSeeOther)
	if got := services(); got != "custody" {
		t.Errorf("after switching lending off: %q", got)
	}
	b.post("/account/services", "service", "trading", "on", "1").want(t, http.StatusSeeOther)
	if got := services(); got != "custody trading" {
		t.Errorf("after switching trading on: %q", got)
	}
	if page := grace.get("/account/services").want(t, http.StatusOK, "Trading", "an admin of yours switches services"); strings.Contains(page.Body, "Switch o") {
		t.Error("a member is offered a switch")
	}
	grace.get("/account/services/off?service=trading").want(t, http.StatusForbidden)
	grace.post("/account/services", "service", "trading").want(t, http.StatusForbidden)
	_, other := signedIn(t, wish{}, "growth")
	other.get("/account/services").want(t, http.StatusNotFound)
}

func TestRegistrationSaysWhereEachCredentialGoes(t *testing.T) {
	t.Parallel()
	p := open(t, registering())
	b := p.browser()
	form := b.get("/mica-register").want(t, http.StatusOK, "<code>X-API-Key</code>", "<code>Authorization: Bearer</code>", "Store both.")
	b.post("/mica-register", "once", once(t, form.Body), "email", ada).want(t, http.StatusCreated,
		"send it as X-API-Key", "send it as Authorization: Bearer", p.URL+"/v1/key/rotate", p.URL+"/v1/key/revoke", "Authorization: Bearer $EXAMPLE_API_MANAGEMENT_TOKEN")
}
