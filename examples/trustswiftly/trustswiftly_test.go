package trustswiftly

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/examples/exampleapi"
	"github.com/keywright/keywright/examples/exampletest"
)

var ada, bob = exampletest.Someone("ada", ""), exampletest.Someone("bob", "")

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func example(t *testing.T) (*exampletest.Client, *clock) {
	t.Helper()
	at := &clock{time.Date(2026, 3, 31, 9, 30, 0, 0, time.UTC)}
	h, err := New(Options{Identify: exampletest.Identify, Clock: at.now})
	if err != nil {
		t.Fatal(err)
	}
	return exampletest.New(t, h, OpenAPI(), Table()), at
}

func newUser(c *exampletest.Client, email string) (target, link string) {
	got := c.Want(200, &ada, "POST", "/api/users", map[string]any{"email": email, "first_name": "Ada"})
	return fmt.Sprintf("/api/users/%d", int64(got["id"].(float64))), local(got["magic_link"].(string))
}

// local is the path of a link.
func local(link string) string {
	path, _ := strings.CutPrefix(link, "http://example.com")
	return path
}

func TestTSW25_TheWholeFlowOfAFirstUser(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	got := c.Want(200, &ada, "POST", "/api/verify-credentials", nil)
	if got["status"] != "success" || got["account"].(map[string]any)["id"] != "ten_ada" {
		t.Errorf("got %v", got)
	}
	user, link := newUser(c, "ada@example.com")
	if got := c.Want(200, &ada, "GET", user, nil); got["status"] != "pending" || got["verified_at"] != nil {
		t.Errorf("before the link: %v", got)
	}
	c.Want(200, nil, "GET", link, nil)
	if got := c.Want(200, &ada, "GET", user, nil); got["status"] != "verified" || got["verified_at"] != "2026-03-31T09:30:00Z" {
		t.Errorf("after the link: %v", got)
	}
}

func TestTSW25_TheMagicLinkIsGoodOnceAndForADay(t *testing.T) {
	t.Parallel()
	c, at := example(t)
	_, link := newUser(c, "ada@example.com")
	if got := c.Do(nil, "HEAD", link, nil); got.Status != 200 {
		t.Errorf("HEAD: %d", got.Status)
	}
	c.Want(200, nil, "GET", link, nil)
	c.Want(410, nil, "GET", link, nil)

	_, early := newUser(c, "b@example.com")
	_, late := newUser(c, "c@example.com")
	at.at = at.at.Add(linkLife - time.Second)
	c.Want(200, nil, "GET", early, nil)
	at.at = at.at.Add(time.Second)
	c.Want(410, nil, "GET", late, nil)

	user, first := newUser(c, "d@example.com")
	second := local(c.Want(200, &ada, "PATCH", user, map[string]any{})["magic_link"].(string))
	c.Want(410, nil, "GET", first, nil)
	c.Want(200, nil, "GET", second, nil)
	if got := c.Want(200, &ada, "PATCH", user, map[string]any{}); got["magic_link"] != nil {
		t.Errorf("a verified user gets a link: %v", got)
	}

	user, link = newUser(c, "e@example.com")
	c.Want(200, &ada, "DELETE", user, nil)
	c.Want(410, nil, "GET", link, nil)
}

func TestTSW25_EveryBadLinkAnswersAlike(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	_, link := newUser(c, "ada@example.com")
	_, other := newUser(c, "bob@example.com")
	payload, mac, _ := strings.Cut(link, ".")
	_, otherMAC, _ := strings.Cut(other, ".")
	want := string(c.Do(nil, "GET", "/magic/x", nil).Body)
	for _, bad := range []string{
		payload, payload + ".", payload + "." + otherMAC, link + "A", link[:len(link)-1], "/magic/." + mac, link + "=", "/magic/" + strings.Repeat("A", 2000),
	} {
		if got := c.Do(nil, "GET", bad, nil); got.Status != 410 || string(got.Body) != want {
			t.Errorf("%.60s: %d %s", bad, got.Status, got.Body)
		}
	}
	c.Want(200, nil, "GET", link, nil)
}

func FuzzLinks(f *testing.F) {
	f.Add("eyJ0Ijoi.c2lnbmF0dXJl")
	f.Fuzz(func(t *testing.T, token string) {
		if _, ok := read([]byte("a key that the fuzzer does not have"), token, time.Unix(0, 0)); ok {
			t.Errorf("%q is taken", token)
		}
	})
}

func TestTSW26_UsersAreCreatedReadChangedAndDeleted(t *testing.T) {
	t.Parallel()
	c, at := example(t)
	user, _ := newUser(c, "Ada@Example.com")
	at.at = at.at.Add(time.Minute)
	got := c.Want(200, &ada, "PATCH", user, map[string]any{"last_name": "Lovelace"})
	if got["last_name"] != "Lovelace" || got["first_name"] != "Ada" || got["email"] != "Ada@example.com" || got["updated_at"] == got["created_at"] {
		t.Errorf("got %v", got)
	}
	if got := c.Do(&ada, "DELETE", user, nil); got.Status != 200 || string(got.Body) != "{\"success\":true}\n" {
		t.Errorf("DELETE: %d %s", got.Status, got.Body)
	}
	c.Want(404, &ada, "GET", user, nil)
	newUser(c, "ada@example.com") // the address is free again
}

func TestTSW26_ANewAddressIsVerifiedAnew(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	user, link := newUser(c, "ada@example.com")
	newUser(c, "taken@example.com")
	c.Want(200, nil, "GET", link, nil)
	c.Want(422, &ada, "PATCH", user, map[string]any{"email": "Taken@example.com"})
	if got := c.Want(200, &ada, "GET", user, nil); got["status"] != "verified" || got["email"] != "ada@example.com" {
		t.Errorf("a refused change left %v", got)
	}
	got := c.Want(200, &ada, "PATCH", user, map[string]any{"email": "new@example.com"})
	if got["status"] != "pending" || got["verified_at"] != nil {
		t.Errorf("got %v", got)
	}
	c.Want(200, nil, "GET", local(got["magic_link"].(string)), nil)
	newUser(c, "ada@example.com") // the old address is free again
}

func TestTSW26_ListsHaveFifteenAPageAndAtMostAHundred(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	for i := range 120 {
		newUser(c, fmt.Sprintf("u%d@example.com", i))
	}
	for query, want := range map[string][4]float64{ // per_page, current_page, rows, last_page
		"":                               {15, 1, 15, 8},
		"?page=8":                        {15, 8, 15, 8},
		"?per_page=50&page=3":            {50, 3, 20, 3},
		"?per_page=101":                  {100, 1, 100, 2},
		"?per_page=99999999999999999999": {100, 1, 100, 2},
		"?page=99999999999999999999":     {15, 1001, 0, 8},
		"?per_page=100&page=2":           {100, 2, 20, 2},
	} {
		got := c.Loosely().Want(200, &ada, "GET", "/api/users"+query, nil)
		meta := got["meta"].(map[string]any)
		if have := [4]float64{meta["per_page"].(float64), meta["current_page"].(float64), float64(len(got["data"].([]any))), meta["last_page"].(float64)}; have != want {
			t.Errorf("%s: %v, want %v", query, have, want)
		}
		if meta["total"] != 120.0 {
			t.Errorf("%s: %v", query, meta)
		}
	}
	links := c.Want(200, &ada, "GET", "/api/users?page=2", nil)["links"].(map[string]any)
	if links["prev"] != "http://example.com/api/users?per_page=15&page=1" || links["next"] != "http://example.com/api/users?per_page=15&page=3" {
		t.Errorf("links %v", links)
	}
	empty := c.Want(200, &bob, "GET", "/api/users", nil)["meta"].(map[string]any)
	if empty["total"] != 0.0 || empty["from"] != nil || empty["last_page"] != 1.0 {
		t.Errorf("another account has %v", empty)
	}
	for _, bad := range []string{"per_page=0", "per_page=-1", "per_page=x", "page=0", "page=1.5", "page=-99999999999999999999"} {
		field, _, _ := strings.Cut(bad, "=")
		got := c.Want(422, &ada, "GET", "/api/users?"+bad, nil)
		if got["error_type"] != "api_validation_error" || got["errors"].(map[string]any)[field] == nil {
			t.Errorf("%s: %v", bad, got)
		}
	}
}

func TestTSW26_WrongFieldsAreNamed(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	newUser(c, "taken@example.com")
	long := strings.Repeat("x", 101)
	for field, bodies := range map[string][]any{
		"email": {
			map[string]any{}, map[string]any{"email": ""}, map[string]any{"email": "x"}, map[string]any{"email": 5}, map[string]any{"email": nil},
			map[string]any{"email": "TAKEN@example.com"}, map[string]any{"email": "a@b.com, c@d.com"}, map[string]any{"email": long + long + long + "@b.com"},
		},
		"first_name": {map[string]any{"email": "a@b.com", "first_name": long}, map[string]any{"email": "a@b.com", "first_name": []any{}}},
		"last_name":  {map[string]any{"email": "a@b.com", "last_name": "a\nb"}},
	} {
		for _, body := range bodies {
			got := c.Want(422, &ada, "POST", "/api/users", body)
			if all := got["errors"].(map[string]any); got["error_type"] != "api_validation_error" || len(all) != 1 || all[field] == nil {
				t.Errorf("%v: %v, want %s", body, got, field)
			}
		}
	}
	c.Garbage(&ada, "POST", "/api/users", maxBody)
}

func TestTSW09_AnotherAccountsUserAnswersLikeAnUnknownOne(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	user, _ := newUser(c, "ada@example.com")
	for method, body := range map[string]any{"GET": nil, "PATCH": map[string]any{"first_name": "x"}, "DELETE": nil} {
		c.Alike(&bob, method, user, "/api/users/1000000000", body)
		c.Alike(&bob, method, user, "/api/users/x", body)
	}
	c.Want(200, &ada, "GET", user, nil)
}

func TestTSW10_WithoutAnIdentityItIs401(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	c.Unidentified(Table(), `{"error_type":"api_auth_error","error_message":"Unauthenticated."}`)
}

func TestLinksLeadToWhereTheClientIs(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	body := map[string]any{"email": "a@example.com"}
	got := c.Want(200, &ada, "POST", "/api/users", body, "X-Forwarded-Host", "trustswiftly.localhost:8443", "X-Forwarded-Proto", "https")
	if link := got["magic_link"].(string); !strings.HasPrefix(link, "https://trustswiftly.localhost:8443/magic/") {
		t.Errorf("got %s", link)
	}
	h, err := New(Options{Identify: exampletest.Identify, PublicURL: "https://verify.example/"})
	if err != nil {
		t.Fatal(err)
	}
	c = exampletest.New(t, h, OpenAPI(), Table())
	if link := c.Want(200, &ada, "POST", "/api/users", body)["magic_link"].(string); !strings.HasPrefix(link, "https://verify.example/magic/") {
		t.Errorf("got %s", link)
	}
}

func TestUsersAreBounded(t *testing.T) {
	t.Parallel()
	h, err := New(Options{Identify: exampletest.Identify})
	if err != nil {
		t.Fatal(err)
	}
	c := exampletest.New(t, h, OpenAPI(), Table())
	err = h.(*exampleapi.Service).Records(t.Context(), func(tx exampleapi.Tx) (err error) {
		for i := 0; i < exampleapi.DefaultBound && err == nil; i++ {
			_, err = tx.Add(exampleapi.Scope{Tenant: ada.Subject}, users, number(int64(i)), kept{})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Want(409, &ada, "POST", "/api/users", map[string]any{"email": "more@example.com"})
	c.Want(200, &bob, "POST", "/api/users", map[string]any{"email": "more@example.com"})
}

func TestEveryPrintedRequestRuns(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	user, link := newUser(c, "grace@example.com")
	c.Printed(&ada, map[string]string{"4821730951": strings.TrimPrefix(user, "/api/users/"), "eyJ0Ijoi.c2lnbmF0dXJl": strings.TrimPrefix(link, "/magic/")})
}

func FuzzUsers(f *testing.F) {
	h, err := New(Options{Identify: exampletest.Identify})
	if err != nil {
		f.Fatal(err)
	}
	exampletest.Bodies(f, h, ada, "POST", "/api/users", `{"email":"ada@example.com","first_name":"Ada","last_name":null}`)
}
