package signin_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/internal/cli/signin"
	"github.com/keywright/keywright/internal/realidp"
)

func realOptions(t *testing.T, said *words) (*realidp.Provider, signin.Options) {
	t.Helper()
	p := realidp.Start(t, realidp.Options{})
	return p, signin.Options{Issuer: p.Issuer, ClientID: realidp.CLIClient, Scopes: []string{"openid", "email", "profile", "offline_access"}, Resource: p.Resource,
		HTTP: &http.Client{Timeout: 10 * time.Second}, Words: said, Site: "Example"}
}

// audienceOf reads whom an access token is for.
func audienceOf(t *testing.T, token string) (audience, subject string) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatal("the access token is no JWT")
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var c struct{ Aud, Sub string }
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	return c.Aud, c.Sub
}

// settled checks the tokens of a real provider, and that they can be renewed and ended.
func settled(t *testing.T, p *realidp.Provider, o signin.Options, got signin.Tokens, said string) {
	t.Helper()
	for range 2 {
		if aud, sub := audienceOf(t, reveal(got.Access)); aud != p.Resource || sub != "ada" {
			t.Fatalf("the token is for %q, of %q", aud, sub)
		}
		if strings.Contains(said, reveal(got.Access)) || strings.Contains(said, reveal(got.Refresh)) {
			t.Error("the words hold a token")
		}
		old := got
		var err error
		if got, err = signin.Renew(t.Context(), o, got.Refresh); err != nil {
			t.Fatal(err)
		}
		if reveal(got.Access) == reveal(old.Access) || time.Until(got.Expires) < 9*time.Minute {
			t.Fatal("it was not renewed")
		}
	}
	if there, err := signin.Revoke(t.Context(), o, got.Refresh); !there || err != nil {
		t.Fatalf("it was not ended: %t %v", there, err)
	}
	if _, err := signin.Renew(t.Context(), o, got.Refresh); !errors.Is(err, signin.ErrEnded) {
		t.Errorf("it goes on after its end: %v", err)
	}
}

func TestTSP17_TSP18_TheBrowserFlowWithARealProvider(t *testing.T) {
	t.Parallel()
	var said, pages words
	p, o := realOptions(t, &said)
	o.Open = func(ctx context.Context, address string) error {
		pages.ready.Go(func() {
			back, err := p.Login(ctx, address, "ada@example.com")
			if err != nil {
				t.Error(err)
				return
			}
			r, _ := http.NewRequestWithContext(ctx, http.MethodGet, back.String(), nil)
			get(t, r, &pages)
		})
		return nil
	}
	got, err := signin.Browser(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(pages.String(), "You are logged in") {
		t.Errorf("the last page is %s", pages.String())
	}
	settled(t, p, o, got, said.String())
}

func TestTSP17_TSP18_TheDeviceFlowWithARealProvider(t *testing.T) {
	t.Parallel()
	var said words
	p, o := realOptions(t, &said)
	o.HTTP.Transport = watching(func() {
		// The person follows the words, as soon as there are any.
		address := regexp.MustCompile(`Or open (\S+),`).FindStringSubmatch(said.String())
		if address == nil {
			t.Errorf("no address: %s", said.String())
			return
		}
		if err := p.Approve(t.Context(), address[1], "ada@example.com"); err != nil {
			t.Error(err)
		}
	})
	got, err := signin.Headless(t.Context(), o) // there is no browser, so it is the device flow
	if err != nil {
		t.Fatal(err)
	}
	settled(t, p, o, got, said.String())
}

// watching approves before the first question for the token goes out.
func watching(approve func()) http.RoundTripper {
	first := true
	return tripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/token" && first {
			first = false
			approve()
		}
		return http.DefaultTransport.RoundTrip(r)
	})
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
