package present_test

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/sdk/present"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
)

func read(t *testing.T, file string, src []byte) *present.Scheme {
	t.Helper()
	s, err := present.Read(file, src)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// taken asks the scheme itself whether a credential is where it belongs.
func taken(t *testing.T, s *present.Scheme) {
	t.Helper()
	c, err := s.Contract.Mint(rand.Reader, scheme.Minting{Ref: "AbCd1234", Environment: first(s.Contract)})
	if err != nil {
		t.Fatal(err)
	}
	h, q := http.Header{}, url.Values{}
	s.Put(c, h, q)
	if got := s.Contract.Present(&scheme.View{Header: h, RawQuery: q.Encode(), TLS: true}); got.Reason != keywright.Granted {
		t.Errorf("%s: %s %v", s.Contract.Name(), got.Reason, h)
	}
}

func first(s *scheme.Scheme) string {
	for _, e := range s.Policy().Environments {
		return e.Name
	}
	return ""
}

func TestWhatIsPutTheSchemeReads(t *testing.T) {
	t.Parallel()
	for _, name := range schemes.Names() {
		src, _ := schemes.Source(name)
		s := read(t, name+".yaml", src)
		if len(s.Contract.Formats()) == 0 {
			continue // only the tokens of a login
		}
		taken(t, s)
	}
}

// page is a scheme that reads in a way of its own.
func page(read, format string) []byte {
	return []byte("name: other\nread: " + read + "\nformat: " + format + `
life: {rotation: none}
answers:
  - {for: [missing, foreign, malformed, unknown, revoked, retired, expired, paused, tenant_archived, companion_missing, plan_required, environment_not_granted, service_not_enabled, permission_missing, address_refused, insecure_transport, limited, quota_spent, bad_request, not_an_object, no_such_route, wrong_method, not_acceptable, unsupported_media, too_large, failure, upstream_failed], status: 401, text: No}
style: {content_type: application/json, body: {message: "{text}"}}
companions: [{header: Other-Version, one_of: ["2", "3"]}]
`)
}

func TestEveryWayOfTheGrammar(t *testing.T) {
	t.Parallel()
	const one, pair = `"x_{secret:hex:64}"`, `{key: "{public:hex:16}", secret: "{secret:hex:64}"}`
	for read, format := range map[string]string{
		"{header: X-Key}": one, "{header: Authorization, word: [token, Bearer]}": one, "{basic: user}": one, "{basic: user, beside: x}": one,
		"{basic: password, beside: api}": one, `{basic: password, beside: "*"}`: one, "{basic: pair}": pair, "{query: key}": one,
		"{all: [{header: X-Key}, {header: X-Secret}]}": pair, "{any: [{header: X-Key}, {basic: user}], conflict: refuse}": one,
	} {
		s, err := present.Read("other.yaml", page(read, format))
		if err != nil {
			t.Errorf("%s: %v", read, err)
			continue
		}
		taken(t, s)
	}
	if _, err := present.Read("x.yaml", []byte("name: x")); err == nil {
		t.Error("a page that is no scheme is taken")
	}
}
