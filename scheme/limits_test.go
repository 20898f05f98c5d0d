package scheme

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

const twoLimits = "  - {name: minute, count: 300, window: 1m}\n  - {name: second, count: 5, window: 1s}\n"

func headersOf(s *Scheme, refused bool, all ...keywright.Allowance) map[string]string {
	var a keywright.Allowances
	copy(a[:], all)
	got := map[string]string{}
	s.LimitHeaders(&a, refused, func(name, value string) { got[name] = value })
	return got
}

func TestLimitHeaderDialects(t *testing.T) {
	minute := "  - {name: minute, count: 60, window: 1m}\n"
	reset := time.Unix(1_800_000_000, 1)
	whole := keywright.Allowance{Limit: 300, Remaining: 300, Reset: reset}
	drawn := keywright.Allowance{Limit: 300, Remaining: 299, Reset: reset}
	tight := keywright.Allowance{Limit: 5, Remaining: 4, Reset: reset.Add(time.Hour)}
	spent := keywright.Allowance{Limit: 5, Remaining: 0, Reset: reset, RetryIn: 1500 * time.Millisecond}
	off := keywright.Allowance{}
	for _, c := range []struct {
		name, dialect string
		refused       bool
		in            []keywright.Allowance
		want          map[string]string
	}{
		{"the longest window shows", "x-ratelimit", false, []keywright.Allowance{drawn, tight}, map[string]string{hLimit: "300", hRemaining: "299", hReset: "1800000001"}},
		{"unless another is spent", "x-ratelimit", false, []keywright.Allowance{drawn, {Limit: 5, Remaining: 0, Reset: reset.Add(time.Hour)}}, map[string]string{hLimit: "5", hRemaining: "0", hReset: "1800003601"}},
		{"a window that was not counted does not hide one that was", "x-ratelimit", false, []keywright.Allowance{drawn, {Limit: 5, Remaining: 5, Reset: reset}}, map[string]string{hLimit: "300", hRemaining: "299", hReset: "1800000001"}},
		{"nor if it comes first", "x-ratelimit", false, []keywright.Allowance{{Limit: 5, Remaining: 5, Reset: reset}, drawn}, map[string]string{hLimit: "300", hRemaining: "299", hReset: "1800000001"}},
		{"none was counted: Remaining = Limit", "x-ratelimit", false, []keywright.Allowance{whole, {Limit: 5, Remaining: 5, Reset: reset}}, map[string]string{hLimit: "300", hRemaining: "300", hReset: "1800000001"}},
		{"a window that is off is not told", "x-ratelimit", false, []keywright.Allowance{off, tight}, map[string]string{hLimit: "5", hRemaining: "4", hReset: "1800003601"}},
		{"no window in force", "x-ratelimit", false, []keywright.Allowance{off, off}, map[string]string{}},
		{"no reset is better than one long past", "x-ratelimit", false, []keywright.Allowance{{Limit: 5, Remaining: 5}}, map[string]string{hLimit: "5", hRemaining: "5"}},
		{"never below zero", "x-ratelimit", false, []keywright.Allowance{{Limit: 5, Remaining: -3, Reset: reset}}, map[string]string{hLimit: "5", hRemaining: "0", hReset: "1800000001"}},
		{"refused: Retry-After, rounded up", "x-ratelimit", true, []keywright.Allowance{drawn, spent}, map[string]string{hLimit: "5", hRemaining: "0", hReset: "1800000001", hRetryAfter: "2"}},
		{"refused by two: the longer wait", "x-ratelimit", true, []keywright.Allowance{{Limit: 300, RetryIn: time.Minute, Reset: reset}, spent}, map[string]string{hLimit: "300", hRemaining: "0", hReset: "1800000001", hRetryAfter: "60"}},
		{"without the X-", "ratelimit", true, []keywright.Allowance{drawn, spent}, map[string]string{hBareLimit: "5", hBareRemain: "0", hBareReset: "1800000001", hRetryAfter: "2"}},
		{"by name", "x-ratelimit-named", false, []keywright.Allowance{drawn, tight}, map[string]string{hLimit + "-Minute": "300", hRemaining + "-Minute": "299", hLimit + "-Second": "5", hRemaining + "-Second": "4"}},
		{"the IETF's", "ietf", false, []keywright.Allowance{drawn, tight}, map[string]string{hIETFPolicy: `"minute";q=300;w=60, "second";q=5;w=1`, hIETF: `"minute";r=299`}},
		{"the IETF's, refused", "ietf", true, []keywright.Allowance{drawn, spent}, map[string]string{hIETFPolicy: `"minute";q=300;w=60, "second";q=5;w=1`, hIETF: `"second";r=0;t=2`, hRetryAfter: "2"}},
		{"none, refused", "none", true, []keywright.Allowance{drawn, spent}, map[string]string{hRetryAfter: "2"}},
		{"none", "none", false, []keywright.Allowance{drawn, spent}, map[string]string{}},
		{"two dialects at once", "[x-ratelimit, ietf]", false, []keywright.Allowance{drawn}, map[string]string{hLimit: "300", hRemaining: "299", hReset: "1800000001", hIETFPolicy: `"minute";q=300;w=60, "second";q=5;w=1`, hIETF: `"minute";r=299`}},
	} {
		s := variantOf(t, minute, twoLimits, "limit_headers: x-ratelimit", "limit_headers: "+c.dialect)
		got := headersOf(s, c.refused, c.in...)
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		for name := range got {
			if !slices.Contains(s.LimitHeaderNames(), name) {
				t.Errorf("%s: LimitHeaderNames does not know %s", c.name, name)
			}
		}
	}
}

// TestTRS_MiCAHeadersAreTheVendors: one pair for each window, no reset.
func TestTRS_MiCAHeadersAreTheVendors(t *testing.T) {
	s := parseFile(t, "../schemes/trusset-mica.yaml")
	got := headersOf(s, false, keywright.Allowance{Limit: 60, Remaining: 59}, keywright.Allowance{Limit: 5000, Remaining: 4999})
	want := map[string]string{"X-RateLimit-Limit-Minute": "60", "X-RateLimit-Remaining-Minute": "59", "X-RateLimit-Limit-Day": "5000", "X-RateLimit-Remaining-Day": "4999"}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if names := s.LimitHeaderNames(); len(names) != 5 {
		t.Errorf("names %v", names)
	}
}

// TestAddressWindowsBehindKeyWindows are not told by name.
func TestAddressWindowsBehindKeyWindows(t *testing.T) {
	s := variantOf(t, "  - {name: minute, count: 60, window: 1m}\n", twoLimits+"  - {name: address, per: address, count: 9, window: 1m}\n", "limit_headers: x-ratelimit", "limit_headers: x-ratelimit-named")
	got := headersOf(s, false, keywright.Allowance{Limit: 300}, keywright.Allowance{Limit: 5}, keywright.Allowance{Limit: 9})
	if len(got) != 4 || got[hLimit+"-Address"] != "" {
		t.Errorf("%v", got)
	}
	if s.Limits()[2].Per != keywright.PerAddress || s.Limits()[0].Per != keywright.PerKey {
		t.Errorf("%+v", s.Limits())
	}
}

func TestWithLimits(t *testing.T) {
	s := variantOf(t, "limit_headers: x-ratelimit", "limit_headers: ietf")
	none, err := s.WithLimits(nil)
	if err != nil || len(none.Limits()) != 0 || len(none.LimitHeaderNames()) != 0 || len(headersOf(none, false)) != 0 {
		t.Errorf("no limits: %v, %v", err, none.LimitHeaderNames())
	}
	rules := []keywright.LimitRule{{Name: "hour", Count: 9, Window: time.Hour}}
	other, err := s.WithLimits(rules)
	if err != nil {
		t.Fatal(err)
	}
	rules[0].Count = 1 // ours by now
	got := headersOf(other, false, keywright.Allowance{Limit: 9, Remaining: 8})
	if got[hIETFPolicy] != `"hour";q=9;w=3600` || other.Limits()[0].Count != 9 {
		t.Errorf("%v", got)
	}
	if s.Limits()[0].Name != "minute" || headersOf(s, false, keywright.Allowance{Limit: 60})[hIETFPolicy] != `"minute";q=60;w=60` {
		t.Error("the scheme that was asked has changed")
	}
	for _, bad := range [][]keywright.LimitRule{
		make([]keywright.LimitRule, 5), {{Name: "a", Window: time.Hour}}, {{Name: "a", Count: 1}}, {{Count: 1, Window: time.Hour}},
	} {
		if _, err := s.WithLimits(bad); !isInvalid(err, "limits") {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// TestTSP32_Accept: the most specific range decides, and a weight of zero refuses.
func TestTSP32_Accept(t *testing.T) {
	s := parseFile(t, "../schemes/truestamp.yaml")
	type lines = []string
	for _, c := range []struct {
		accept lines
		want   bool
	}{
		{nil, true},
		{lines{""}, true},
		{lines{"*/*"}, true},
		{lines{"application/json"}, true},
		{lines{"Application/JSON"}, true},
		{lines{"application/json; charset=utf-8"}, true},
		{lines{"application/json;q=0.001"}, true},
		{lines{"application/*"}, true},
		{lines{"text/html, application/xhtml+xml, */*;q=0.8"}, true},
		{lines{"text/html", "application/json"}, true},
		{lines{" text/html ,, application/json "}, true},
		{lines{`text/html;level="a,b", */*`}, true},
		{lines{"text/html"}, false},
		{lines{"application/json;q=0"}, false},
		{lines{"application/json;q=0.000"}, false},
		{lines{"application/json;q=0, */*"}, false},
		{lines{"*/*, application/json; q=0"}, false},
		{lines{"application/*;q=0, */*;q=1"}, false},
		{lines{"*/*;q=0"}, false},
		{lines{"application/json;q=high"}, false},
		{lines{"application/json;q=1.5"}, false},
		{lines{"application/json;q=2"}, false},
		{lines{"application/jsonp"}, false},
		{lines{"application"}, false},
		{lines{"application/problem+json"}, false},
		{lines{`application/json;profile="x"`}, false},
		{lines{"*"}, false},
		{lines{`"application/json"`}, false},
		{lines{`text/html;a="application/json`}, false},
	} {
		v := &View{Header: map[string][]string{}}
		if c.accept != nil {
			v.Header["Accept"] = c.accept
		}
		if got := s.Check(v, false) == keywright.Granted; got != c.want {
			t.Errorf("TSP-32 Accept %q: %v", c.accept, got)
		}
		if variantOf(t).Check(v, false) != keywright.Granted {
			t.Errorf("a scheme without manners looks at Accept %q", c.accept)
		}
	}
}

// TestTSP33_ContentType: a body must be what it is said to be.
func TestTSP33_ContentType(t *testing.T) {
	s := parseFile(t, "../schemes/truestamp.yaml")
	type lines = []string
	for _, c := range []struct {
		kind lines
		want bool
	}{
		{lines{"application/json"}, true},
		{lines{"APPLICATION/json"}, true},
		{lines{"application/json; charset=utf-8"}, true},
		{lines{`application/json;charset="UTF-8"`}, true},
		{lines{"application/json; charset=latin1"}, false},
		{nil, false},
		{lines{""}, false},
		{lines{"text/plain"}, false},
		{lines{"application/json", "application/json"}, false},
		{lines{"application/json, text/plain"}, false},
		{lines{"application/x-www-form-urlencoded"}, false},
	} {
		v := &View{Header: map[string][]string{"Content-Type": c.kind}}
		if got := s.Check(v, true) == keywright.Granted; got != c.want {
			t.Errorf("TSP-33 Content-Type %q: %v", c.kind, got)
		}
		if s.Check(v, false) != keywright.Granted {
			t.Errorf("TSP-33 without a body Content-Type %q does not matter", c.kind)
		}
	}
}

// FuzzAccept: whatever stands in Accept, looking at it ends.
func FuzzAccept(f *testing.F) {
	f.Add(`text/html;q=0.5, application/json;a="b\",c";q=0`)
	f.Fuzz(func(t *testing.T, line string) {
		accepts([]string{line}, "application/json")
		isOfType([]string{line}, "application/json")
		if !strings.ContainsAny(line, `";\`) && !accepts([]string{line + ",application/json;q=1"}, "application/json") {
			if !strings.Contains(strings.ToLower(line), "application/json") {
				t.Fatalf("%q hides the one that follows", line)
			}
		}
	})
}

// FuzzParse: no file makes parsing panic or hang, and an error always says
// where; what parses is total.
func FuzzParse(f *testing.F) {
	f.Add(readFile(f, "testdata/minimal.yaml"))
	f.Add(readFile(f, "testdata/providers/github.yaml"))
	f.Add(readFile(f, "../schemes/trustifi.yaml"))
	f.Add("read: [[[[[[[[")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, src string) {
		s, err := Parse("fuzz.yaml", []byte(src))
		if (s == nil) == (err == nil) {
			t.Fatal("either a scheme or an error")
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz.yaml:") {
				t.Fatalf("no place in %q", err)
			}
			return
		}
		for _, r := range keywright.Refusals() {
			if s.Answer(Presented{Reason: r}).Reason != r {
				t.Fatalf("no answer for %s", r)
			}
		}
	})
}
