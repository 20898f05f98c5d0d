package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/cli/profile"
)

func TestASiteIsNamedAsPeopleDo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"docs.example.com": "https://docs.example.com", "https://docs.example.com/": "https://docs.example.com",
		"docs.acme.localhost:8080": "http://docs.acme.localhost:8080", "127.0.0.1:8080/docs": "http://127.0.0.1:8080/docs",
		"http://docs.example.com": "http://docs.example.com", // refused later, by what would be sent there
		"https://a@example.com":   "", "ftp://example.com": "", "https://example.com?x=1": "", "https://example.com#x": "", "https://": "",
	} {
		got, err := siteAddress(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q (%v), want %q", text, got, err, want)
		}
	}
}

// TestTSW23_TheVariableIsOneThatAShellMayBeToldToSet is about "eval": what a site
// calls its variable and its key must not become anything else.
func TestTSW23_TheVariableIsOneThatAShellMayBeToldToSet(t *testing.T) {
	t.Parallel()
	for site, want := range map[string]string{
		"TRUST_SWIFTLY_API_KEY": "TRUST_SWIFTLY_API_KEY", "API_TOKEN": "API_TOKEN", "": "API_KEY", "PATH": "API_KEY", "LD_PRELOAD": "API_KEY",
		"X_KEY; rm -rf ~": "API_KEY", "x_key": "API_KEY", "BASH_ENV": "API_KEY", "X_KEY\n": "API_KEY",
	} {
		cmd := &cobra.Command{}
		var out bytes.Buffer
		cmd.SetOut(&out)
		if err := printEnv(cmd, &api.Key{Credential: &api.Credential{Key: "tsw_0"}}, site); err != nil || out.String() != `export `+want+`="tsw_0"`+"\n" {
			t.Errorf("%q: %q (%v)", site, out.String(), err)
		}
	}
	for word, want := range map[string]string{"12|ab": "'12|ab'", "a'$(x)": `'a'\''$(x)'`, "": "''"} {
		if got := quoted(word); got != want {
			t.Errorf("%q is quoted %s", word, got)
		}
	}
}

// loggedIn is an app with one login, whose tokens a fake identity provider gives.
func loggedIn(t *testing.T, secret profile.Secret) (*app, chosen) {
	t.Helper()
	a := &app{now: time.Now, config: filepath.Join(t.TempDir(), "cli.json"), asks: func(any) bool { return false }}
	s, err := a.store()
	if err != nil {
		t.Fatal(err)
	}
	p := profile.Profile{Kind: profile.Login, Server: "https://docs.example.com", Base: "https://docs.example.com", Title: "Example", Issuer: "https://id.example"}
	if err := s.Update(func(tx *profile.Tx) error { return tx.Put("me", &p, secret) }); err != nil {
		t.Fatal(err)
	}
	c, err := a.choose()
	if err != nil || c.name != "me" {
		t.Fatal(c.name, err)
	}
	return a, c
}

func TestATokenIsUsedUntilJustBeforeItsEnd(t *testing.T) {
	t.Parallel()
	secret := profile.Secret{Access: keywright.NewCredential("", "access"), Expires: time.Now().Add(time.Hour)}
	a, c := loggedIn(t, secret)
	if got, err := a.source(c)(t.Context(), false); err != nil || !same(got, secret.Access) {
		t.Fatal(err)
	}
	for name, change := range map[string]func(){
		"its end is near": func() { a.now = func() time.Time { return secret.Expires.Add(-slack) } },
		"it has gone":     func() { c.name = "other" },
	} {
		change()
		if _, err := a.source(c)(t.Context(), false); ExitCode(err) != ExitForbidden || !strings.Contains(err.Error(), "keywright login --server https://docs.example.com") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// answers is a transport that answers each request by what it carries.
type answers func(r *http.Request) int

func (f answers) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: f(r), Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

func TestARequestThatWasNotTakenIsSentOnceMore(t *testing.T) {
	t.Parallel()
	sent := 0
	site := answers(func(r *http.Request) int {
		sent++
		body, _ := io.ReadAll(r.Body)
		if string(body) != "body" {
			t.Errorf("the body is %q", body)
		}
		if r.Header.Get("Authorization") == "Bearer new" {
			return http.StatusCreated
		}
		return http.StatusUnauthorized
	})
	for name, c := range map[string]struct {
		token  string
		err    error
		status int
		sent   int
	}{
		"renewed":           {"new", nil, http.StatusCreated, 2},
		"still not taken":   {"old", nil, http.StatusUnauthorized, 2},
		"the login is over": {"", (&chosen{}).over(), http.StatusUnauthorized, 1},
		"nobody answers":    {"", keywright.Unavailable, 0, 1},
	} {
		sent = 0
		tr := &renewing{next: site, token: func(_ context.Context, renew bool) (keywright.Credential, error) {
			if !renew {
				t.Error("it did not ask for another token")
			}
			return keywright.NewCredential("", c.token), c.err
		}}
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://docs.example.com/v1/me/keys", strings.NewReader("body"))
		r.Header.Set("Authorization", "Bearer old")
		answer, err := tr.RoundTrip(r)
		if c.status == 0 {
			if !errors.Is(err, c.err) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || answer.StatusCode != c.status || sent != c.sent {
			t.Errorf("%s: %v, sent %d times (%v)", name, answer, sent, err)
		}
	}
}

// TestManyRunsRenewALoginOnce is about rotation: a refresh token that is used twice
// ends the login.
func TestManyRunsRenewALoginOnce(t *testing.T) {
	t.Parallel()
	a, c := loggedIn(t, profile.Secret{Access: keywright.NewCredential("", "access-0"), Refresh: keywright.NewCredential("", "refresh-0"), Expires: time.Now()})
	var renewed atomic.Int32
	renew := func(tx *profile.Tx, s profile.Secret) (keywright.Credential, error) {
		n := renewed.Add(1)
		_, was := s.Refresh.Reveal()
		if was != fmt.Sprintf("refresh-%d", n-1) {
			t.Errorf("the refresh token %s was used again", was)
		}
		p := tx.Profiles[c.name]
		next := profile.Secret{Access: keywright.NewCredential("", fmt.Sprintf("access-%d", n)), Refresh: keywright.NewCredential("", fmt.Sprintf("refresh-%d", n)), Expires: time.Now().Add(time.Hour)}
		return next.Access, tx.Put(c.name, &p, next)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got, err := a.sourceBy(c, func(_ context.Context, tx *profile.Tx, s profile.Secret) (keywright.Credential, error) {
				return renew(tx, s)
			})(t.Context(), false)
			if _, text := got.Reveal(); err != nil || text != "access-1" {
				t.Errorf("%q %v", text, err)
			}
		})
	}
	all.Wait()
	if renewed.Load() != 1 {
		t.Errorf("it was renewed %d times", renewed.Load())
	}
}
