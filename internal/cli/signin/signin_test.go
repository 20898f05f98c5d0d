package signin_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/cli/signin"
	"github.com/keywright/keywright/internal/idp"
	"github.com/keywright/keywright/internal/idp/idptest"
)

// words is what a person reads.
type words struct {
	mu    sync.Mutex
	b     bytes.Buffer
	ready sync.WaitGroup // until who writes them is done
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *words) String() string {
	w.ready.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// options log in with a provider for demos.
func options(t *testing.T, out io.Writer) signin.Options {
	t.Helper()
	issuer := idptest.Start(t, idp.Options{})
	return signin.Options{Issuer: issuer, ClientID: "cli", Scopes: []string{"openid", "email", "profile", "offline_access"},
		Resource: "https://api.example.com", HTTP: &http.Client{Timeout: 10 * time.Second}, Words: out, Site: "Example"}
}

// visit plays the browser: it chooses a person, and follows the answer home.
func visit(t *testing.T, email string, change func(*url.URL) *http.Request, pages *words) func(context.Context, string) error {
	return func(ctx context.Context, address string) error {
		pages.ready.Go(func() {
			to, err := idptest.Choose(ctx, http.DefaultClient, address, email)
			if err != nil {
				t.Error(err)
				return
			}
			r, _ := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
			if change != nil {
				if other := change(to); other != nil {
					get(t, other, pages)
				}
				r, _ = http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
			}
			get(t, r, pages)
		})
		return nil
	}
}

func get(t *testing.T, r *http.Request, pages *words) {
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.WriteString(pages, answer.Status+" "+answer.Header.Get("Content-Security-Policy")+" ")
	_, _ = io.Copy(pages, answer.Body)
}

func reveal(c keywright.Credential) string { _, s := c.Reveal(); return s }

func TestTSP17_TSP18_ABrowserLogsIn(t *testing.T) {
	t.Parallel()
	var said, pages words
	o := options(t, &said)
	asked := ""
	play := visit(t, "ada@example.com", nil, &pages)
	o.Open = func(ctx context.Context, address string) error { asked = address; return play(ctx, address) }
	got, err := signin.Browser(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	access, refresh := reveal(got.Access), reveal(got.Refresh)
	if strings.Count(access, ".") != 2 || refresh == "" || time.Until(got.Expires) < 9*time.Minute {
		t.Fatal("these are no tokens")
	}
	for name, text := range map[string]string{"the words": said.String(), "the page": pages.String()} {
		if strings.Contains(text, access) || strings.Contains(text, refresh) || strings.Contains(text, "eyJ") {
			t.Errorf("%s show a token", name)
		}
	}
	if !strings.Contains(pages.String(), "200 OK default-src 'none'; style-src 'sha256-") || !strings.Contains(pages.String(), "You can close this window") {
		t.Errorf("the last page is %s", pages.String())
	}
	if s := said.String(); !strings.Contains(s, asked) || !strings.Contains(s, "log in to Example") || !strings.Contains(s, "code_challenge_method=S256") || !strings.Contains(s, "resource=https%3A%2F%2Fapi.example.com") {
		t.Errorf("it said %s", s)
	}

	again, err := signin.Renew(t.Context(), o, got.Refresh)
	if err != nil || reveal(again.Access) == access || reveal(again.Refresh) == refresh {
		t.Fatalf("it was not renewed: %v", err)
	}
	if _, err := signin.Renew(t.Context(), o, got.Refresh); !errors.Is(err, signin.ErrEnded) {
		t.Errorf("a used refresh token: %v", err)
	}
	if _, err := signin.Renew(t.Context(), o, keywright.Credential{}); !errors.Is(err, signin.ErrEnded) {
		t.Errorf("no refresh token: %v", err)
	}
	if there, err := signin.Revoke(t.Context(), o, again.Refresh); there || err != nil {
		t.Errorf("%t %v: there is no revocation", there, err)
	}
}

// TestOnlyTheAnswerOfThisLoginEndsIt sends what another site or another program of
// this machine may send, before the real answer: it changes nothing.
func TestOnlyTheAnswerOfThisLoginEndsIt(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(u *url.URL) *http.Request{
		"another state": func(u *url.URL) *http.Request {
			return changed(u, "state", "x")
		},
		"no state": func(u *url.URL) *http.Request { return changed(u, "state", "") },
		"two states": func(u *url.URL) *http.Request {
			r := changed(u, "code", "x")
			r.URL.RawQuery += "&state=x"
			return r
		},
		"a post": func(u *url.URL) *http.Request {
			r, _ := http.NewRequest(http.MethodPost, u.String(), nil)
			return r
		},
		"another host": func(u *url.URL) *http.Request {
			r, _ := http.NewRequest(http.MethodGet, u.String(), nil)
			r.Host = "rebound.example"
			return r
		},
		"another path": func(u *url.URL) *http.Request {
			c := *u
			c.Path = "/favicon.ico"
			r, _ := http.NewRequest(http.MethodGet, c.String(), nil)
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said, pages words
			o := options(t, &said)
			o.Open = visit(t, "grace@example.com", change, &pages)
			if _, err := signin.Browser(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if p := pages.String(); !strings.HasPrefix(p, "40") || strings.Contains(strings.SplitN(p, "200 OK", 2)[0], "You are logged in") {
				t.Errorf("it was answered %s", p)
			}
		})
	}
}

func changed(u *url.URL, name, value string) *http.Request {
	c := *u
	q := c.Query()
	q.Set(name, value)
	c.RawQuery = q.Encode()
	r, _ := http.NewRequest(http.MethodGet, c.String(), nil)
	return r
}

func TestALoginThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		email  string
		change func(*url.URL)
		want   string
	}{
		"refused":                  {"", nil, "refused at the identity provider"},
		"another provider answers": {"ada@example.com", set("iss", "https://evil.example"), "another identity provider"},
		"nobody says who answers":  {"ada@example.com", set("iss", ""), "another identity provider"},
		"a made-up code":           {"ada@example.com", set("code", "made-up"), "invalid_grant"},
		"no code":                  {"ada@example.com", set("code", ""), "no code"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said, pages words
			o := options(t, &said)
			o.Open = visit(t, c.email, func(u *url.URL) *http.Request {
				if c.change != nil {
					c.change(u)
				}
				return nil
			}, &pages)
			_, err := signin.Browser(t.Context(), o)
			if !errors.Is(err, keywright.Forbidden) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v", err)
			}
			if !strings.Contains(pages.String(), "You are not logged in") {
				t.Errorf("the page says %s", pages.String())
			}
		})
	}
}

func set(name, value string) func(*url.URL) {
	return func(u *url.URL) {
		q := u.Query()
		if value == "" {
			q.Del(name)
		} else {
			q.Set(name, value)
		}
		u.RawQuery = q.Encode()
	}
}

func TestNobodyComesBack(t *testing.T) {
	t.Parallel()
	var said words
	o := options(t, &said)
	o.Wait = 20 * time.Millisecond
	if _, err := signin.Browser(t.Context(), o); !errors.Is(err, keywright.Forbidden) || !strings.Contains(err.Error(), "nobody came back") || strings.Contains(err.Error(), "--device") {
		t.Errorf("%v", err)
	}
	if !strings.Contains(said.String(), "open this address in a browser on this machine") {
		t.Errorf("it said %s", said.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o.Wait = 0
	if _, err := signin.Browser(ctx, o); err == nil {
		t.Error("it did not give up")
	}
}

func TestAProviderThatCouldBeOverheardIsRefused(t *testing.T) {
	t.Parallel()
	var said words
	o := options(t, &said)
	for _, issuer := range []string{"http://id.example.com", "ftp://127.0.0.1", "", "http://user@127.0.0.1"} {
		o.Issuer = issuer
		if _, err := signin.Browser(t.Context(), o); !errors.Is(err, keywright.Invalid) {
			t.Errorf("%q: %v", issuer, err)
		}
	}
	o.Issuer = "http://127.0.0.1:1"
	if _, err := signin.Browser(t.Context(), o); !errors.Is(err, keywright.Unavailable) {
		t.Errorf("a provider that is not there: %v", err)
	}
}

// TestRFC8252_TheRedirectIsThePortOfThisMachine looks at what is asked for.
func TestRFC8252_TheRedirectIsThePortOfThisMachine(t *testing.T) {
	t.Parallel()
	var said words
	o := options(t, &said)
	o.Wait = 20 * time.Millisecond
	seen := ""
	o.Open = func(_ context.Context, address string) error { seen = address; return nil }
	_, _ = signin.Browser(t.Context(), o)
	u, err := url.Parse(seen)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if !regexp.MustCompile(`^http://127\.0\.0\.1:\d+/callback$`).MatchString(q.Get("redirect_uri")) || len(q.Get("state")) < 40 || len(q.Get("nonce")) < 40 || q.Get("prompt") != "consent" {
		t.Errorf("%v", q)
	}
}
