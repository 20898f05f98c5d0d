package signin_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/cli/signin"
)

// scripted is an identity provider in memory whose token endpoint answers what the
// test says, in turn. It needs no socket, so that time can be virtual.
type scripted struct {
	device  string   // the device endpoint's answer
	tokens  []string // a status and a body each; "lost" is no answer at all
	asked   []time.Duration
	started time.Time
	meta    map[string]any
	forms   []string
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		meta := map[string]any{"issuer": "https://id.example", "authorization_endpoint": "https://id.example/authorize", "token_endpoint": "https://id.example/token",
			"jwks_uri": "https://id.example/jwks", "device_authorization_endpoint": "https://id.example/device", "id_token_signing_alg_values_supported": []string{"ES256"}}
		for k, v := range s.meta {
			meta[k] = v
		}
		_ = json.NewEncoder(w).Encode(meta)
	case "/device":
		_, _ = w.WriteString(s.device)
	case "/token", "/revoke":
		_ = r.ParseForm()
		s.forms = append(s.forms, r.PostForm.Encode())
		s.asked = append(s.asked, time.Since(s.started))
		next := s.tokens[0]
		s.tokens = s.tokens[1:]
		if next == "lost" {
			return nil, errors.New("connection reset")
		}
		var status int
		var body string
		_, _ = fmt.Sscanf(next, "%d", &status)
		_, body, _ = strings.Cut(next, " ")
		w.WriteHeader(status)
		_, _ = w.WriteString(body)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	return w.Result(), nil
}

const (
	pending = `400 {"error":"authorization_pending"}`
	slower  = `400 {"error":"slow_down"}`
	granted = `200 {"access_token":"a.b.c","token_type":"Bearer","expires_in":600,"refresh_token":"refresh"}`
	offered = `{"device_code":"dc","user_code":"WDJB-MJHT","verification_uri":"https://id.example/go","verification_uri_complete":"https://id.example/go?user_code=WDJB-MJHT","expires_in":600,"interval":2}`
)

func (s *scripted) options(out *words) signin.Options {
	s.started = time.Now()
	return signin.Options{Issuer: "https://id.example", ClientID: "cli", Scopes: []string{"openid"}, Resource: "urn:api", HTTP: &http.Client{Transport: s}, Words: out, Site: "Example"}
}

func TestTSP17_RFC8628_ACodeLogsIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said words
		s := &scripted{device: offered, tokens: []string{pending, slower, pending, "lost", granted}}
		got, err := signin.Device(t.Context(), s.options(&said))
		if err != nil || reveal(got.Access) != "a.b.c" || reveal(got.Refresh) != "refresh" || time.Until(got.Expires) <= 0 {
			t.Fatalf("%v", err)
		}
		// 2 s each; after slow_down 7 s; after a lost connection longer still.
		want := []time.Duration{2 * time.Second, 4 * time.Second, 11 * time.Second, 18 * time.Second, 28 * time.Second}
		if len(s.asked) != len(want) {
			t.Fatalf("asked at %v", s.asked)
		}
		for i := range want {
			if s.asked[i] < want[i] {
				t.Errorf("asked at %v, want no sooner than %v", s.asked, want)
			}
		}
		for _, one := range []string{"https://id.example/go\n", "WDJB-MJHT", "10 minutes", "log in to Example", "asked for yourself"} {
			if !strings.Contains(said.String(), one) {
				t.Errorf("it did not say %q: %s", one, said.String())
			}
		}
		if strings.Contains(said.String(), "a.b.c") || strings.Contains(said.String(), "dc\n") {
			t.Error("it shows a token")
		}
		for _, form := range s.forms {
			if !strings.Contains(form, "resource=urn%3Aapi") || !strings.Contains(form, "client_id=cli") {
				t.Errorf("it asked with %s", form)
			}
		}
	})
}

func TestACodeThatIsNotUsedOrIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		device string
		tokens []string
		want   string
		kind   keywright.Kind
	}{
		"refused":          {offered, []string{pending, `400 {"error":"access_denied"}`}, "refused at the identity provider", keywright.Forbidden},
		"expired":          {offered, []string{pending, `400 {"error":"expired_token"}`}, "not used in time", keywright.Forbidden},
		"nobody":           {strings.Replace(offered, "600", "5", 1), []string{pending, pending, pending}, "not used in time", keywright.Forbidden},
		"a broken answer":  {offered, []string{`500 <html>a.b.c</html>`}, "answered 500", keywright.Unavailable},
		"a strange answer": {offered, []string{`400 {"error":"odd\u001b[2J","error_description":"x\u202ey"}`}, "odd?[2J (x?y)", keywright.Forbidden},
		"no address":       {`{"device_code":"dc","user_code":"X","verification_uri":"javascript:alert(1)"}`, nil, "cannot be used", keywright.Unavailable},
		"another kind":     {offered, []string{`200 {"access_token":"a.b.c","token_type":"mac"}`}, "kind that is not known", keywright.Forbidden},
		"a forged ID":      {offered, []string{`200 {"access_token":"a.b.c","token_type":"Bearer","id_token":"e30.e30.e30"}`}, "does not verify", keywright.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var said words
				s := &scripted{device: c.device, tokens: c.tokens}
				_, err := signin.Device(t.Context(), s.options(&said))
				if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("%v", err)
				}
				if strings.Contains(err.Error(), "a.b.c") {
					t.Error("the error holds a token")
				}
			})
		})
	}
}

func TestWhereThereIsNoDeviceLogin(t *testing.T) {
	t.Parallel()
	var said words
	s := &scripted{meta: map[string]any{"device_authorization_endpoint": ""}}
	if _, err := signin.Device(t.Context(), s.options(&said)); !errors.Is(err, signin.ErrNoDevice) {
		t.Errorf("%v", err)
	}
	o := s.options(&said)
	o.Wait = 10 * time.Millisecond
	if _, err := signin.Headless(t.Context(), o); !errors.Is(err, keywright.Forbidden) || !strings.Contains(said.String(), "in a browser on this machine") {
		t.Errorf("%v, said %s", err, said.String())
	}
	s = &scripted{meta: map[string]any{"token_endpoint": "http://id.example/token"}, device: offered}
	if _, err := signin.Headless(t.Context(), s.options(&said)); !errors.Is(err, keywright.Invalid) {
		t.Errorf("a token endpoint that could be overheard: %v", err)
	}
}

func TestRenewingAndEnding(t *testing.T) {
	t.Parallel()
	refresh := keywright.NewCredential("", "refresh")
	for answer, want := range map[string]error{
		`400 {"error":"invalid_grant"}`:                    signin.ErrEnded,
		`400 {"error":"invalid_client"}`:                   keywright.Forbidden,
		`503 busy`:                                         keywright.Unavailable,
		`200 {"token_type":"Bearer"}`:                      keywright.Forbidden,
		`200 {"access_token":"a.b.c","token_type":"DPoP"}`: keywright.Forbidden,
		`200 not JSON`:                                     keywright.Unavailable,
		"lost":                                             keywright.Unavailable,
		`200 {"access_token":"d.e.f","token_type":"bearer"}`:       nil,
		`400 {"error":"server_error","error_description":"later"}`: keywright.Unavailable,
	} {
		var said words
		s := &scripted{tokens: []string{answer}}
		got, err := signin.Renew(t.Context(), s.options(&said), refresh)
		if !errors.Is(err, want) || (want == nil && (err != nil || reveal(got.Refresh) != "refresh" || !got.Expires.IsZero())) {
			t.Errorf("%s: %v", answer, err)
		}
		if want == nil && !strings.Contains(s.forms[0], "resource=urn%3Aapi") {
			t.Errorf("asked with %s", s.forms[0])
		}
	}
	var said words
	s := &scripted{meta: map[string]any{"revocation_endpoint": "https://id.example/revoke"}, tokens: []string{"200 ", "500 x"}}
	if there, err := signin.Revoke(t.Context(), s.options(&said), refresh); !there || err != nil || !strings.Contains(s.forms[0], "token=refresh") {
		t.Errorf("%t %v", there, err)
	}
	if _, err := signin.Revoke(t.Context(), s.options(&said), refresh); err == nil {
		t.Error("a revocation that failed was taken for done")
	}
}
