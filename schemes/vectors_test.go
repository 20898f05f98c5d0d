package schemes

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// lookedUp says which reason the index would give for a fixture key. The fronts'
// own suite runs the same vectors with real keys.
func lookedUp(fixture string) keywright.Reason {
	reasons := map[string]keywright.Reason{
		"active": keywright.Granted, "pending": keywright.Granted, "expired": keywright.Expired, "revoked": keywright.Revoked,
		"retired": keywright.Retired, "paused": keywright.Paused, "archived": keywright.TenantArchived,
		"no_service": keywright.ServiceNotEnabled, "no_plan": keywright.PlanRequired,
		"ungranted": keywright.EnvironmentNotGranted, "unknown": keywright.Unknown, "": keywright.Unknown,
	}
	r, ok := reasons[fixture]
	if !ok {
		panic("no such fixture: " + fixture)
	}
	return r
}

// TestVectors runs every vector through the scheme alone.
func TestVectors(t *testing.T) {
	all, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range all {
		vectors, err := Vectors(name)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, v := range vectors {
			if seen[v.Name] {
				t.Errorf("%s: two vectors are called %q", name, v.Name)
			}
			seen[v.Name] = true
			t.Run(name+"/"+v.Name, func(t *testing.T) { runVector(t, s, v) })
		}
	}
}

func runVector(t *testing.T, s *scheme.Scheme, v Vector) {
	environment := v.Extra["environment"]
	if rules := s.Policy().Environments; environment == "" && len(rules) > 0 {
		environment = rules[0].Name
	}
	random := rand.NewChaCha8([32]byte{1})
	c, err := s.Mint(random, scheme.Minting{Ref: "AbCd1234", Environment: environment})
	if len(s.Formats()) == 0 && err != nil {
		c, err = keywright.NewCredential("", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"), nil
	}
	if err != nil {
		t.Fatal(err)
	}
	p := s.Present(viewOf(v, c, s.Pair()))
	reason := p.Reason
	if p.Token && v.Key != "" {
		reason = keywright.Granted // an identity provider vouches for it
	}
	if reason == keywright.Granted && !p.Credential.IsZero() {
		if got := pairOf(p.Credential); v.Key != "" && v.Answer.Reason != "unknown" && got != pairOf(c) {
			t.Error("another credential was read than was sent")
		}
		reason = lookedUp(v.Key)
		if v.Name == "TFI-09 a good key with another secret" {
			reason = keywright.Unknown
		}
	}
	if reason == keywright.Granted {
		reason = needed(v, s)
	}
	if reason.String() != v.Answer.Reason {
		t.Fatalf("reason %s, want %s", reason, v.Answer.Reason)
	}
	if v.Answer.Granted != (reason == keywright.Granted) {
		t.Fatalf("granted is %v, and the reason %s", v.Answer.Granted, reason)
	}
	if reason != keywright.Granted {
		p.Reason = reason
		compareAnswer(t, s.Answer(p), v.Answer)
	}
}

func pairOf(c keywright.Credential) [2]string {
	public, secret := c.Reveal()
	return [2]string{public, secret}
}

// needed plays the rest of the pipeline: manners, and what the route asks.
func needed(v Vector, s *scheme.Scheme) keywright.Reason {
	if r := s.Check(viewOf(v, keywright.Credential{}, s.Pair()), v.Request.Body != ""); r != keywright.Granted {
		return r
	}
	var object map[string]any
	if s.Manners().Object && v.Request.Body != "" && json.Unmarshal([]byte(v.Request.Body), &object) != nil {
		return keywright.NotAnObject
	}
	if need := v.Extra["permission"]; need != "" && !keywright.Permits(strings.Fields(v.Extra["permissions"]), []string{need}) {
		return keywright.PermissionMissing
	}
	if takes := v.Extra["environments"]; takes != "" && takes != v.Extra["environment"] {
		return keywright.EnvironmentNotGranted
	}
	return keywright.Granted
}

func viewOf(v Vector, c keywright.Credential, pair bool) *scheme.View {
	public, secret := c.Reveal()
	if !pair {
		public, secret = secret, ""
	}
	fill := strings.NewReplacer("{{key}}", public, "{{secret}}", secret)
	view := &scheme.View{Method: v.Request.Method, TLS: !v.Request.Plain, Header: map[string][]string{}}
	if _, query, ok := strings.Cut(v.Request.Path, "?"); ok {
		view.RawQuery = fill.Replace(query)
	}
	for _, h := range v.Request.Header {
		name := canonical(h[0])
		view.Header[name] = append(view.Header[name], fill.Replace(h[1]))
	}
	return view
}

func canonical(name string) string {
	parts := strings.Split(strings.ToLower(name), "-")
	for i, p := range parts {
		parts[i] = strings.ToUpper(p[:1]) + p[1:]
	}
	return strings.Join(parts, "-")
}

func compareAnswer(t *testing.T, got *scheme.Answer, want Expected) {
	t.Helper()
	if got.Status != want.Status {
		t.Errorf("status %d, want %d", got.Status, want.Status)
	}
	if !bytes.Equal(got.Body, []byte(want.Body)) {
		t.Errorf("body\n%s\nwant\n%s", got.Body, want.Body)
	}
	for name, value := range want.Header {
		if h := headerOf(got, name); h != value {
			t.Errorf("%s: %q, want %q", name, h, value)
		}
	}
	if headerOf(got, "WWW-Authenticate") == "" && got.Status == 401 {
		t.Error("a 401 without WWW-Authenticate")
	}
}

func headerOf(a *scheme.Answer, name string) string {
	for _, h := range a.Header {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// TestVectorsCoverEveryFixture holds each file to what a request can cause.
func TestVectorsCoverEveryFixture(t *testing.T) {
	for _, name := range Names() {
		vectors, err := Vectors(name)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, v := range vectors {
			seen[v.Answer.Reason] = true
		}
		all := []string{"granted", "missing", "malformed", "unknown", "tenant_archived"}
		if s := shipped(t, name); len(s.Formats()) > 0 {
			all = append(all, "revoked")
		}
		for _, r := range all {
			if !seen[r] {
				t.Errorf("%s: no vector is answered with %s", name, r)
			}
		}
	}
}
