package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

var (
	pairKey    = regexp.MustCompile(`<code id="value-0" tabindex="0">([0-9a-f]{48})</code>`)
	pairSecret = regexp.MustCompile(`<code id="value-1" tabindex="0">([0-9a-f]{32})</code>`)
)

// pairOf reads both values of a page; "" is not there.
func pairOf(page string) (key, secret string) {
	if m := pairKey.FindStringSubmatch(page); m != nil {
		key = m[1]
	}
	if m := pairSecret.FindStringSubmatch(page); m != nil {
		secret = m[1]
	}
	return key, secret
}

// switchOn makes the pair by its switch.
func (b *browser) switchOn() (key, secret string) {
	b.p.t.Helper()
	form := b.get("/account/settings/api").want(b.p.t, http.StatusOK, `aria-checked="false"`)
	if k, _ := pairOf(form.Body); k != "" {
		b.p.t.Fatal("there is a key before it is switched on")
	}
	page := b.post("/account/pair/on", "once", once(b.p.t, form.Body)).want(b.p.t, http.StatusCreated, `aria-checked="true"`, "Copy both")
	key, secret = pairOf(page.Body)
	if key == "" || secret == "" {
		b.p.t.Fatalf("the page shows %q and %q", key, secret)
	}
	return key, secret
}

func TestTFI08_TheSwitchMakesOnePairAndEndsIt(t *testing.T) {
	t.Parallel()
	_, b := signedIn(t, wish{schemes: []string{"trustifi"}}, "growth")
	form := b.get("/account/keys")
	key, secret := b.switchOn()
	t.Run("TFI-13 a form that is sent twice makes one pair, and shows no secret again", func(t *testing.T) {
		o := once(t, form.Body)
		b.post("/account/pair/on", "once", o).want(t, http.StatusConflict, "one")
		page := b.get("/account/keys").want(t, http.StatusOK, key, "The secret is hidden")
		if strings.Contains(page.Body, secret) {
			t.Error("the secret stands on the page again")
		}
	})
	t.Run("TFI-18 TFI-19 TFI-21 regenerating says what breaks, and keeps the key", func(t *testing.T) {
		ask := b.get("/account/pair/regenerate").want(t, http.StatusOK, "Existing requests will fail")
		o, id := once(t, ask.Body), regexp.MustCompile(`name="key" value="(key_[0-9A-Z]+)"`).FindStringSubmatch(ask.Body)[1]
		made := b.post("/account/pair/regenerate", "once", o, "key", id).want(t, http.StatusCreated, key)
		_, next := pairOf(made.Body)
		if next == "" || next == secret {
			t.Errorf("the secret is %q", next)
		}
		secret = next
		// Sent again, it makes no other secret.
		if a := b.post("/account/pair/regenerate", "once", o, "key", id); a.To != "/account/keys?done=again" {
			t.Errorf("the same form is answered %d, to %q", a.Status, a.To)
		}
		b.post("/account/pair/reveal").want(t, http.StatusOK, secret)
	})
	t.Run("TFI-13 switching off asks for the last characters", func(t *testing.T) {
		b.get("/account/pair/off").want(t, http.StatusOK, "Existing requests will fail at once", "Key and secret both end")
		b.post("/account/pair/off", "confirm", "nonsense").want(t, http.StatusUnprocessableEntity, "That is not it")
		b.get("/account/keys").want(t, http.StatusOK, `aria-checked="true"`)
		if a := b.post("/account/pair/off", "confirm", hintOf(t, b)); a.To != "/account/keys?done=off" {
			t.Fatalf("switching off answered %d to %q\n%s", a.Status, a.To, a.Body)
		}
		off := b.get("/account/keys?done=off").want(t, http.StatusOK, `aria-checked="false"`, "switched off")
		if strings.Contains(off.Body, key) {
			t.Error("the key is still there")
		}
		b.post("/account/pair/reveal").want(t, http.StatusConflict, "There is no key and secret")
		b.post("/account/pair/regenerate", "once", "x").want(t, http.StatusConflict)
		b.post("/account/pair/off", "confirm", "x").want(t, http.StatusConflict)
		if a := b.get("/account/pair/off"); a.To != "/account/keys" {
			t.Errorf("the page that asks leads to %q", a.To)
		}
	})
	if next, _ := b.switchOn(); next == key {
		t.Error("the old key came back")
	}
}

// hintOf reads the word that switching off asks for.
func hintOf(t *testing.T, b *browser) string {
	t.Helper()
	m := regexp.MustCompile(`last characters <code>([0-9a-f]+)</code>`).FindStringSubmatch(b.get("/account/pair/off").Body)
	if m == nil {
		t.Fatal("no word is asked for")
	}
	return m[1]
}

func TestTFI17_TheSecretIsShownAgainAfterAProof(t *testing.T) {
	t.Parallel()
	p, b := signedIn(t, wish{schemes: []string{"trustifi"}}, "growth")
	key, secret := b.switchOn()
	p.Clock.Advance(6 * time.Minute)
	a := b.post("/account/pair/reveal", "via", "settings")
	if want := "/account/proof?next=%2Faccount%2Fsettings%2Fapi%3Fshow%3D1"; a.To != want {
		t.Fatalf("without a proof it leads to %q, want %q", a.To, want)
	}
	bare := b.send(http.MethodPost, "/account/pair/reveal", map[string][]string{}, "Accept", "application/json")
	if bare.Status != http.StatusOK || strings.Contains(bare.Body, secret) || !strings.Contains(bare.Body, "/account/proof?next=") {
		t.Fatalf("the script is answered %d %s", bare.Status, bare.Body)
	}
	b.get("/account/keys?show=1") // saying so proves nothing
	b.post("/account/proof", "password", password, "next", "/account/settings/api?show=1")
	b.get("/account/settings/api?show=1").want(t, http.StatusOK, "For five minutes")
	b.post("/account/pair/reveal").want(t, http.StatusOK, key, secret)
	bare = b.send(http.MethodPost, "/account/pair/reveal", map[string][]string{}, "Accept", "application/json")
	if bare.Body != `{"text":"`+key+`\n`+secret+`"}`+"\n" {
		t.Errorf("the script is given %s", bare.Body)
	}
	if page := b.get("/account/settings/api"); strings.Contains(page.Body, secret) {
		t.Error("a page that was only opened shows the secret")
	}
	reveals := 0
	err := p.Store.View(t.Context(), func(r keywright.Reader) error {
		all, err := r.Events(t.Context(), keywright.EventQuery{})
		for _, e := range all {
			if strings.HasSuffix(string(e.Act), "revealed") {
				reveals++
			}
		}
		return err
	})
	if err != nil || reveals != 2 {
		t.Errorf("%d reveals are in the log, %v", reveals, err)
	}
}

func TestPairsKeepTenantsAndRolesApart(t *testing.T) {
	t.Parallel()
	p, b := signedIn(t, wish{schemes: []string{"trustifi"}}, "growth")
	key, secret := b.switchOn()
	const trial = "trial@example.com"
	p.enrol(p.tenant("hunter01", "growth"), eve, people.Admin)
	id := keyLink.FindStringSubmatch(b.get("/account/keys").Body)[1]
	other := p.browser().signIn(eve)
	for round := range 2 { // first with no pair of their own, then with one
		for _, path := range []string{"/account/pair/reveal", "/account/pair/regenerate", "/account/pair/off"} {
			a := other.post(path, "confirm", key[len(key)-4:], "once", "x", "key", id, "tenant", string(p.tenantOf(t, "acme0001")))
			if strings.Contains(a.Body, key) || strings.Contains(a.Body, secret) {
				t.Errorf("another tenant's admin is answered %d by %s", a.Status, path)
			}
		}
		if round == 0 {
			other.switchOn()
		}
	}
	b.post("/account/pair/reveal").want(t, http.StatusOK, key, secret)
	p.enrol(p.tenantOf(t, "acme0001"), trial, people.Trial)
	h := p.browser().signIn(trial)
	page := h.get("/account/keys").want(t, http.StatusOK, key)
	if strings.Contains(page.Body, "Reveal") || strings.Contains(page.Body, "Copy both") {
		t.Error("a trial member is offered the secret")
	}
	h.post("/account/pair/reveal").want(t, http.StatusForbidden)
	b.get("/account/keys").want(t, http.StatusOK, key)
}

// tenantOf finds a tenant by its ref.
func (p *place) tenantOf(t *testing.T, ref string) (id keywright.TenantID) {
	t.Helper()
	err := p.Store.View(t.Context(), func(r keywright.Reader) error {
		found, err := r.Tenant(t.Context(), ref)
		id = found.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}
