package domaintrust

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keywright/keywright/examples/exampleapi"
	"github.com/keywright/keywright/examples/exampletest"
	"github.com/keywright/keywright/seal"
)

func example(t *testing.T) *exampletest.Client {
	t.Helper()
	at := time.Date(2026, 3, 31, 9, 30, 0, 0, time.UTC)
	h, err := New(Options{Identify: exampletest.Identify, Clock: func() time.Time { at = at.Add(time.Second); return at }})
	if err != nil {
		t.Fatal(err)
	}
	return exampletest.New(t, h, OpenAPI(), Table())
}

func as(organization, environment string) *seal.Identity {
	id := exampletest.Someone(organization, environment)
	return &id
}

func says(domain, classification string) map[string]any {
	return map[string]any{"domains": []any{map[string]any{"domain": domain, "classification": classification}}}
}

// names lists every domain that someone sees.
func names(c *exampletest.Client, id *seal.Identity) []string {
	var all []string
	for token := ""; ; {
		got := c.Want(200, id, "GET", "/api/domains?limit=2&pageToken="+url.QueryEscape(token), nil)
		for _, d := range got["domains"].([]any) {
			all = append(all, d.(map[string]any)["domain"].(string))
		}
		if token = got["nextPageToken"].(string); token == "" {
			return all
		}
	}
}

func TestDMT08_DMT09_DMT14_DMT15_EnvironmentsDoNotOverlap(t *testing.T) {
	t.Parallel()
	c := example(t)
	c.Want(200, as("a", Testing), "POST", "/api/domains", says("testing.example.com", "x"))
	c.Want(200, as("a", Production), "POST", "/api/domains", says("live.example.com", "x"))
	if got := names(c, as("a", Testing)); !slices.Equal(got, []string{"testing.example.com"}) {
		t.Errorf("testing has %v", got)
	}
	if got := names(c, as("a", Production)); !slices.Equal(got, []string{"live.example.com"}) {
		t.Errorf("production has %v", got)
	}
	c.Alike(as("a", Production), "GET", "/api/domains/testing.example.com", "/api/domains/unknown.example.com", nil)
	c.Alike(as("a", Testing), "GET", "/api/domains/live.example.com", "/api/domains/unknown.example.com", nil)
}

func TestDMT10_DMT16_ProductionIsSharedAndAggregatedOverSubmitters(t *testing.T) {
	t.Parallel()
	c := example(t)
	for organization, word := range map[string]string{"a": "malicious", "b": "malicious", "d": "benign"} {
		c.Want(200, as(organization, Production), "POST", "/api/domains", says("Bad.Example.com.", word))
	}
	got := c.Want(200, as("z", Production), "GET", "/api/domains/bad.example.com", nil)
	if got["submitters"] != 3.0 || got["classification"] != "malicious" || got["agreement"] != 2.0/3 {
		t.Errorf("got %v", got)
	}
	first := got["firstSeen"]
	for range 3 { // one submitter counts once, however often they say it, and may change their mind
		c.Want(200, as("d", Production), "POST", "/api/domains", says("bad.example.com", "malicious"))
	}
	got = c.Want(200, as("z", Production), "GET", "/api/domains/bad.example.com", nil)
	if got["submitters"] != 3.0 || got["agreement"] != 1.0 || got["firstSeen"] != first || got["lastSeen"] == first {
		t.Errorf("got %v", got)
	}
	c.Want(200, as("a", Production), "POST", "/api/domains", says("alone.example.com", "x"))
	once := c.Want(200, as("a", Production), "GET", "/api/domains/alone.example.com", nil)
	c.Want(200, as("a", Production), "POST", "/api/domains", says("alone.example.com", "y"))
	again := c.Want(200, as("a", Production), "GET", "/api/domains/alone.example.com", nil)
	if again["firstSeen"] != once["firstSeen"] || again["lastSeen"] == once["lastSeen"] || again["classification"] != "y" {
		t.Errorf("said once %v, said again %v", once, again)
	}
	if raw, _ := json.Marshal(got); strings.Contains(string(raw), "ten_") {
		t.Errorf("it says who: %s", raw)
	}
}

func TestDMT17_TestingIsForTheOrganizationAlone(t *testing.T) {
	t.Parallel()
	c := example(t)
	c.Want(200, as("a", Testing), "POST", "/api/domains", says("secret.example.com", "x"))
	colleague := as("a", Testing)
	colleague.Key = "key_another"
	if got := names(c, colleague); !slices.Equal(got, []string{"secret.example.com"}) {
		t.Errorf("a colleague sees %v", got)
	}
	if got := names(c, as("b", Testing)); len(got) != 0 {
		t.Errorf("another organization sees %v", got)
	}
	c.Alike(as("b", Testing), "GET", "/api/domains/secret.example.com", "/api/domains/unknown.example.com", nil)
}

func TestDMT13_OnlyTheIdentityFixesTheEnvironment(t *testing.T) {
	t.Parallel()
	c := example(t)
	c.Want(200, as("a", Testing), "POST", "/api/domains?environment=production", map[string]any{
		"environment": "production", "domains": []any{map[string]any{"domain": "x.example.com", "environment": "production"}}}, "X-Environment", "production")
	if got := names(c, as("a", Production)); len(got) != 0 {
		t.Errorf("production has %v", got)
	}
	for _, environment := range []string{"", "live", "Production", "shared"} {
		c.Want(401, as("a", environment), "GET", "/api/version", nil)
	}
	// An organization that is called like the shared place does not become it.
	shared := &seal.Identity{Subject: "shared", Environment: Testing}
	c.Want(200, shared, "POST", "/api/domains", says("y.example.com", ""))
	if got := names(c, as("a", Production)); len(got) != 0 {
		t.Errorf("production has %v", got)
	}
}

func TestOneBadDomainDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	c := example(t)
	a := as("a", Production)
	long := strings.Repeat("é", 65)
	got := c.Loosely().Want(200, a, "POST", "/api/domains", map[string]any{"domains": []any{
		map[string]any{"domain": "one.example.com", "activity": strings.Repeat("é", 64), "score": 5},
		map[string]any{"domain": "not a domain"}, map[string]any{}, "two.example.com", map[string]any{"domain": 5}, nil,
		map[string]any{"domain": "x.example.com", "activity": long}, map[string]any{"domain": "x.example.com", "classification": 1},
		map[string]any{"domain": "x.example.com", "source": long},
		map[string]any{"domain": "two.example.com"},
	}})
	var report []string
	for _, e := range got["errors"].([]any) {
		one := e.(map[string]any)
		report = append(report, fmt.Sprintf("%v %v", one["index"], one["field"]))
	}
	want := []string{"1 domain", "2 domain", "3 domains", "4 domain", "5 domains", "6 activity", "7 classification", "8 source"}
	if !slices.Equal(report, want) {
		t.Errorf("errors are %v, want %v", report, want)
	}
	if got := names(c, a); !slices.Equal(got, []string{"one.example.com", "two.example.com"}) {
		t.Errorf("taken were %v", got)
	}
}

func TestPagesHoldEveryDomainOnce(t *testing.T) {
	t.Parallel()
	c := example(t)
	run := 0
	label := rapid.StringMatching(`[a-c]([a-c-]{0,2}[a-c])?`)
	rapid.Check(t, func(t *rapid.T) {
		run++
		want := map[string]bool{}
		environment := Testing
		who := as(fmt.Sprintf("run%d", run), environment)
		for range rapid.IntRange(0, 12).Draw(t, "submissions") {
			name := strings.Join(rapid.SliceOfN(label, 1, 3).Draw(t, "labels"), ".") + ".com"
			if strings.Contains(name, "--") {
				continue
			}
			want[name] = true
			c.Want(200, who, "POST", "/api/domains", says(name, "x"))
		}
		got := names(c, who)
		if len(got) != len(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for _, name := range got {
			if !want[name] {
				t.Fatalf("%s came twice, or from nowhere: %v", name, got)
			}
			delete(want, name)
		}
	})
}

func TestALargeListingReadsWholeDomains(t *testing.T) {
	t.Parallel()
	h, err := New(Options{Identify: exampletest.Identify})
	if err != nil {
		t.Fatal(err)
	}
	c := exampletest.New(t, h, OpenAPI(), Table())
	shared := exampleapi.Scope{Tenant: "shared", Environment: Production}
	err = h.(*exampleapi.Service).Records(context.Background(), func(tx exampleapi.Tx) error {
		for i := range 2600 { // batches of a thousand end in the middle of the second and third domain
			shared.Owner = fmt.Sprintf("ten_%04d", i)
			s := submission{Domain: fmt.Sprintf("d%d.example.com", i/650), Submitter: shared.Owner, First: "2026-03-31T09:30:00Z", Last: "2026-03-31T09:30:00Z"}
			if _, err := tx.Add(shared, submissions, s.Domain+separator+shared.Owner, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	domains := c.Want(200, as("a", Production), "GET", "/api/domains", nil)["domains"].([]any)
	if len(domains) != 4 {
		t.Fatalf("got %d domains, want 4", len(domains))
	}
	for _, d := range domains {
		if d.(map[string]any)["submitters"] != 650.0 {
			t.Errorf("got %v", d)
		}
	}
}

func TestSubmissionsAreBoundedPerSubmitter(t *testing.T) {
	t.Parallel()
	c := example(t)
	many := func(prefix string, n int) map[string]any {
		all := make([]any, n)
		for i := range all {
			all[i] = map[string]any{"domain": fmt.Sprintf("%s%d.example.com", prefix, i)}
		}
		return map[string]any{"domains": all}
	}
	if got := c.Want(200, as("a", Production), "POST", "/api/domains", many("a", 1000)); len(got["errors"].([]any)) != 0 {
		t.Fatalf("got %v", got)
	}
	if got := c.Want(200, as("a", Production), "POST", "/api/domains", many("b", 1)); len(got["errors"].([]any)) != 1 {
		t.Errorf("one more was taken: %v", got)
	}
	if got := c.Want(200, as("b", Production), "POST", "/api/domains", many("b", 1)); len(got["errors"].([]any)) != 0 {
		t.Errorf("another pays for it: %v", got)
	}
	c.Want(422, as("b", Production), "POST", "/api/domains", many("b", 1001))
}

func TestDomainNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"example.com": "example.com", "EXAMPLE.Com.": "example.com", "a-b.example.co.uk": "a-b.example.co.uk",
		"bücher.example": "xn--bcher-kva.example", "xn--bcher-kva.example": "xn--bcher-kva.example", "BÜCHER.example": "xn--bcher-kva.example",
		"例え.テスト": "xn--r8jz45g.xn--zckzah", "1.example": "1.example", strings.Repeat("a", 63) + ".com": strings.Repeat("a", 63) + ".com",
	} {
		if got, err := canonical(in); got != want || err != nil {
			t.Errorf("%q became %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", ".", "com", "localhost", "a..com", ".com", "-a.com", "a-.com", "a_b.com", "a b.com", "a.com ", "192.0.2.1", "[::1]", "http://a.com", "a.com/x",
		"a.com:80", "xn--.com", "xn--a.com", "xn--zzzzzzzzz99999.com", "a\x00.com", strings.Repeat("a", 64) + ".com", strings.Repeat("abcdefg.", 32) + "com",
		"a@b.com", "*.example.com", "\xff.com", "\ufffd.com", "xn--zn7c.com", "ab--cd.com", strings.Repeat("x", 5000),
	} {
		if got, err := canonical(in); err == nil {
			t.Errorf("%q was taken as %q", in, got)
		}
	}
}

func FuzzCanonicalIsStable(f *testing.F) {
	f.Add("bücher.example")
	f.Add("EXAMPLE.com.")
	f.Fuzz(func(t *testing.T, in string) {
		once, err := canonical(in)
		if err != nil {
			return
		}
		if twice, err := canonical(once); err != nil || twice != once || strings.ContainsAny(once, " !") {
			t.Errorf("%q became %q and then %q, %v", in, once, twice, err)
		}
	})
}

func TestProblemsAreDomainTrusts(t *testing.T) {
	t.Parallel()
	c := example(t)
	a := as("a", Testing)
	for target, field := range map[string]string{
		"/api/domains?limit=0": "limit", "/api/domains?limit=1001": "limit", "/api/domains?limit=x": "limit", "/api/domains?pageToken=x": "pageToken",
		"/api/domains?pageToken=QUJD": "pageToken",
	} {
		got := c.Do(a, "GET", target, nil)
		body := c.JSON(got)
		if got.Status != 422 || body["status"] != 422.0 || body["errors"].([]any)[0].(map[string]any)["field"] != field {
			t.Errorf("%s: %d %s", target, got.Status, got.Body)
		}
		if media := got.Header.Get("Content-Type"); media != "application/problem+json" {
			t.Errorf("%s: %s", target, media)
		}
	}
	got := c.Want(422, a, "POST", "/api/domains", "{}")
	if got["errors"].([]any)[0].(map[string]any)["field"] != "domains" {
		t.Errorf("got %v", got)
	}
	if got := c.Want(404, a, "GET", "/api/domains/no_name", nil); len(got["errors"].([]any)) != 0 {
		t.Errorf("got %v", got)
	}
	c.Want(405, a, "DELETE", "/api/domains", nil)
	c.Garbage(a, "POST", "/api/domains", maxBody)
}

func TestDMT01_DMT02_WithoutAnIdentityItIs401(t *testing.T) {
	t.Parallel()
	example(t).Unidentified(Table(), `{"title":"Unauthorized","status":401,"detail":"This API is called through its gateway, which says who is asking.","errors":[]}`)
	for _, r := range Table() {
		if r.Open {
			t.Errorf("%s %s is open", r.Method, r.Path)
		}
	}
}

func TestEveryPrintedRequestRuns(t *testing.T) {
	t.Parallel()
	c := example(t)
	c.Printed(as("a", Testing), nil)
	c.Printed(as("a", Production), nil)
}

func FuzzSubmissions(f *testing.F) {
	h, err := New(Options{Identify: exampletest.Identify})
	if err != nil {
		f.Fatal(err)
	}
	exampletest.Bodies(f, h, *as("a", Production), "POST", "/api/domains", `{"domains":[{"domain":"bad.example.com","activity":"x"},{"domain":5},null]}`)
}
