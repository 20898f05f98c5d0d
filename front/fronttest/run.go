package fronttest

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
)

// What a listener may see, beside a request's line and headers.
const (
	Body      = "body"      // the request's body
	Preflight = "preflight" // a browser's question whether it may ask
	Raw       = "raw"       // bytes that a proxy before it would not pass on
)

// getOnly is a path of every API that takes GET and nothing else.
const getOnly = "/get-only"

// Run holds a front to every vector of every scheme that ships, over TLS and
// plain, to the instants at which keys end, to the faults of requests that the
// gate finds, and to refusals that are the same whole.
func Run(t *testing.T, sees []string, front Front) {
	s := newSite(t)
	at := front(t, s)
	refusals := map[string]answered{}
	ran := 0
	for _, c := range s.cases {
		if slices.ContainsFunc(c.vector.Sees, func(what string) bool { return !slices.Contains(sees, what) }) {
			continue
		}
		ran++
		for _, secure := range s.transports(c) {
			t.Run(c.scheme+"/"+c.vector.Name+transportName(secure), func(t *testing.T) {
				s.runVector(t, at, c, secure, refusals)
			})
		}
	}
	if ran < len(s.cases)*9/10 {
		t.Errorf("only %d of %d vectors ran", ran, len(s.cases))
	}
	for _, name := range schemes.Names() {
		t.Run(name+"/instants", func(t *testing.T) { s.runBoundaries(t, at, name, refusals) })
		t.Run(name+"/faults", func(t *testing.T) { s.runFaults(t, at, name, refusals) })
	}
}

// transports are those over which a vector's answer holds: both, unless the
// scheme asks for TLS.
func (s *Site) transports(c *testCase) []bool {
	switch {
	case c.vector.Request.Plain:
		return []bool{false}
	case s.tlsOnly(c.scheme):
		return []bool{true}
	default:
		return []bool{true, false}
	}
}

func (s *Site) tlsOnly(name string) bool {
	return s.schemes[name].Present(&scheme.View{Header: map[string][]string{}}).Reason == keywright.InsecureTransport
}

func transportName(secure bool) string {
	if secure {
		return " over TLS"
	}
	return " over plain HTTP"
}

func (s *Site) runVector(t *testing.T, at Listening, c *testCase, secure bool, refusals map[string]answered) {
	method, raw := spell(c.vector, c.host, c.cred)
	got := s.ask(t, at, secure, c.host, method, raw, c.cred, c.vector.Answer.Reason)
	want := c.vector.Answer
	if got.status != want.Status {
		t.Errorf("status %d, want %d\n%s", got.status, want.Status, got.whole)
	}
	if want.Granted && got.body != "ok" {
		t.Errorf("the upstream found: %s", got.body)
	}
	if want.Body != "" && got.body != want.Body {
		t.Errorf("body\n%s\nwant\n%s", got.body, want.Body)
	}
	for name, value := range want.Header {
		if have := strings.Join(got.header.Values(name), " | "); have != value {
			t.Errorf("%s: %q, want %q", name, have, value)
		}
	}
	s.inspect(t, c.scheme, got)
	if want.Granted {
		if retires := got.header.Get("Keywright-Key-Retires"); (retires != "") != (c.vector.Key == "pending") {
			t.Errorf("Keywright-Key-Retires: %q for the fixture %s", retires, c.vector.Key)
		}
		return
	}
	uniform(t, c.scheme, got, refusals)
}

// ask sends a request, and sees that it was told of once, for the right reason.
func (s *Site) ask(t *testing.T, at Listening, secure bool, host, method string, raw []byte, c keywright.Credential, reason string) answered {
	t.Helper()
	for len(s.observed) > 0 {
		<-s.observed
	}
	s.seen.expect(c)
	got := s.roundTrip(t, at, secure, host, method, raw)
	select {
	case told := <-s.observed:
		if told != reason {
			t.Errorf("decided as %s, want %s", told, reason)
		}
	case <-time.After(patience / 10):
		t.Error("the front told nobody of its answer")
	}
	if len(s.observed) > 0 {
		t.Error("one request was told of twice")
	}
	return got
}

// inspect looks at what every answer of a scheme has, and at what none may have.
func (s *Site) inspect(t *testing.T, name string, got answered) {
	t.Helper()
	for h := range got.header {
		if strings.HasPrefix(h, "Keywright-") && h != "Keywright-Key-Retires" {
			t.Errorf("the client was sent %s", h)
		}
	}
	for _, h := range s.schemes[name].LimitHeaderNames() {
		if lines := got.header.Values(h); h != "Retry-After" && (len(lines) != 1 || lines[0] == "upstream") {
			t.Errorf("%s: %q on an answer with status %d", h, lines, got.status)
		}
		if h != "Retry-After" && !strings.Contains(got.whole, "\n"+h+": ") {
			t.Errorf("%s is not spelled as the vendor does:\n%s", h, got.whole)
		}
	}
	if got.status == http.StatusUnauthorized && !strings.Contains(got.whole, "\nWWW-Authenticate: ") {
		t.Errorf("a 401 without WWW-Authenticate:\n%s", got.whole)
	}
}

// uniform holds refusals of one status and body to one set of headers: they are
// compared whole, but for the Date.
func uniform(t *testing.T, name string, got answered, refusals map[string]answered) {
	t.Helper()
	id := name + "\x00" + http.StatusText(got.status) + "\x00" + got.body
	first, ok := refusals[id]
	if !ok {
		refusals[id] = got
		return
	}
	if first.whole != got.whole {
		t.Errorf("two refusals of one code differ:\n%s\n---\n%s", first.whole, got.whole)
	}
}

// boundary is an instant at which what a key may do changes.
type boundary struct {
	fixture string
	before  string // the reason a nanosecond before the instant
	at      string // and at it
}

func boundaries() []boundary {
	return []boundary{
		{"ends at its expiry", "granted", "expired"},
		{"ends at its overlap's end", "granted", "retired"},
		{"begins at its pause's end", "paused", "granted"},
	}
}

func (s *Site) runBoundaries(t *testing.T, at Listening, name string, refusals map[string]answered) {
	start := base()
	defer s.now.Store(&start)
	for _, b := range boundaries() {
		if takesTokensAlone(s.schemes[name]) && b.at != "expired" {
			continue // a token is not rotated, and not paused
		}
		instant := base().Add(time.Hour)
		for when, reason := range map[time.Time]string{instant.Add(-1): b.before, instant: b.at} {
			s.now.Store(&when)
			c := s.fixtures.credential(s.schemes[name], b.fixture, nil)
			v := s.plainVector(name, getOnly)
			method, raw := spell(v, s.standard[name], c)
			got := s.ask(t, at, true, s.standard[name], method, raw, c, reason)
			if granted := got.status == http.StatusOK && got.body == "ok"; granted != (reason == "granted") {
				t.Errorf("a key that %s, at %s: %d %s, want %s", b.fixture, when.Format(time.RFC3339Nano), got.status, got.body, reason)
			}
		}
	}
}

// plainVector is a request with a good credential, taken from the scheme's own
// vectors: the first that is granted, with its path changed.
func (s *Site) plainVector(name, path string) schemes.Vector {
	for _, c := range s.cases {
		if c.scheme == name && c.vector.Answer.Granted && c.vector.Request.Body == "" {
			v := c.vector
			v.Request.Path, v.Request.Method = path, http.MethodGet
			return v
		}
	}
	return schemes.Vector{}
}

// runFaults sends what the gate refuses whatever the credential.
func (s *Site) runFaults(t *testing.T, at Listening, name string, refusals map[string]answered) {
	good := s.fixtures.credential(s.schemes[name], "active", nil)
	for _, f := range []struct {
		method, path string
		reason       keywright.Reason
	}{
		{"GET", "/nowhere", keywright.NoSuchRoute},
		{"GET", "/nowhere/else?x=1", keywright.NoSuchRoute},
		{"DELETE", getOnly, keywright.WrongMethod},
		{"POST", getOnly, keywright.WrongMethod},
		{"GET", "/a/..%2fget-only", keywright.BadRequest},
		{"GET", "/a/%2e%2e/get-only", keywright.BadRequest},
		{"GET", "/a/../get-only", keywright.BadRequest},
		{"GET", "/get-only/.", keywright.BadRequest},
		{"GET", "//get-only", keywright.BadRequest},
		{"GET", "/a//get-only", keywright.BadRequest},
		{"GET", "/a%5cget-only", keywright.BadRequest},
		{"GET", "/get-only;x=1", keywright.BadRequest},
		{"GET", "/get-only%3bx", keywright.BadRequest},
		{"GET", "/get-only%0a", keywright.BadRequest},
		{"GET", "/get-only%252e", keywright.BadRequest},
	} {
		v := s.plainVector(name, f.path)
		v.Request.Method = f.method
		method, raw := spell(v, s.standard[name], good)
		got := s.ask(t, at, true, s.standard[name], method, raw, good, f.reason.String())
		want := s.schemes[name].Answer(scheme.Presented{Reason: f.reason})
		if got.status != want.Status || got.body != string(want.Body) {
			t.Errorf("%s %s: %d %s, want %d %s", f.method, f.path, got.status, got.body, want.Status, want.Body)
		}
		if allow := got.header.Get("Allow"); (f.reason == keywright.WrongMethod) != (allow == "GET, HEAD") {
			t.Errorf("%s %s: Allow is %q", f.method, f.path, allow)
		}
		s.inspect(t, name, got)
		uniform(t, name, got, refusals)
	}
}
