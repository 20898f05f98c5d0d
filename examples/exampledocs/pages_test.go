package exampledocs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"html"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/keywright/keywright/internal/cli"
	"github.com/keywright/keywright/internal/demo"
)

// visitor reads a site, and is signed in once it was asked to be.
type visitor struct {
	client *http.Client
	site   string
	cookie string
}

func visit(t *testing.T, name string) *visitor {
	t.Helper()
	pem, err := os.ReadFile(shared.has.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	var dialer net.Dialer
	// Not every resolver knows *.localhost.
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		return dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{site: shared.has.Sites[name], client: &http.Client{Timeout: patience, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (v *visitor) do(t *testing.T, method, path, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, v.site+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", v.site)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if v.cookie != "" {
		req.Header.Set("Cookie", v.cookie)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

func (v *visitor) signIn(t *testing.T, email string) {
	t.Helper()
	for _, p := range shared.has.People {
		if p.Email != email {
			continue
		}
		resp, _ := v.do(t, http.MethodPost, "/account/sign-in", url.Values{"email": {email}, "password": {p.Password}}.Encode())
		for _, c := range resp.Cookies() {
			v.cookie = c.Name + "=" + c.Value
		}
	}
	if v.cookie == "" {
		t.Fatalf("%s cannot sign in", email)
	}
}

// TestTSW27_EveryPageHasItsFrontMatter holds the pages' form.
func TestTSW27_EveryPageHasItsFrontMatter(t *testing.T) {
	each(t, func(t *testing.T, s system, name, text string) {
		front, body, ok := strings.Cut(strings.TrimPrefix(text, "---\n"), "\n---\n")
		var m struct {
			Title, Description, Section string
			Order                       *int
		}
		if err := yaml.UnmarshalWithOptions([]byte(front), &m, yaml.Strict()); err != nil || !ok {
			t.Fatalf("the front matter: %v", err)
		}
		if m.Title == "" || m.Order == nil || (m.Section != "learn" && m.Section != "guides") {
			t.Errorf("title, order or section is not there: %+v", m)
		}
		if !strings.HasSuffix(m.Description, ".") || strings.Contains(m.Description, ". ") {
			t.Errorf("the description is not one sentence: %q", m.Description)
		}
		if !strings.HasPrefix(body, "# "+m.Title+"\n") {
			t.Error("the page does not begin with its title")
		}
		v := visit(t, s.name)
		resp, page := v.do(t, http.MethodGet, "/"+name, "")
		if resp.StatusCode != http.StatusOK || strings.Count(page, "<h1") != 1 || !strings.Contains(page, html.EscapeString(m.Description)) {
			t.Errorf("served with %d, %d headings of the first rank", resp.StatusCode, strings.Count(page, "<h1"))
		}
		if _, index := v.do(t, http.MethodGet, "/llms.txt", ""); !strings.Contains(index, "/"+name+".md): "+m.Description) {
			t.Error("the index does not list the page")
		}
	})
}

var link = regexp.MustCompile(`\]\((/[^)#]*)(?:#([^)]*))?\)`)

// TestTFI02_EveryLinkLeadsSomewhere follows the links of every page.
func TestTFI02_EveryLinkLeadsSomewhere(t *testing.T) {
	each(t, func(t *testing.T, s system, _, text string) {
		v := visit(t, s.name)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			resp, page := v.do(t, http.MethodGet, m[1], "")
			signIn := resp.StatusCode == http.StatusSeeOther && strings.HasPrefix(resp.Header.Get("Location"), "/account/sign-in")
			if resp.StatusCode != http.StatusOK && !signIn {
				t.Errorf("%s answers %d", m[1], resp.StatusCode)
			}
			if m[2] != "" && !strings.Contains(page, `id="`+m[2]+`"`) {
				t.Errorf("%s has no place called %s", m[1], m[2])
			}
		}
	})
}

// TestTheFirstPageSaysWhatThisIs wants it said once, and first.
func TestTheFirstPageSaysWhatThisIs(t *testing.T) {
	for _, s := range shared.systems() {
		_, index := visit(t, s.name).do(t, http.MethodGet, "/llms.txt", "")
		names, err := fs.Glob(s.pages, "*.md")
		if err != nil || len(names) == 0 {
			t.Fatalf("%s has no pages: %v", s.name, err)
		}
		slices.SortFunc(names, func(a, b string) int {
			return strings.Index(index, "/"+a+")") - strings.Index(index, "/"+b+")")
		})
		for i, name := range names {
			text, err := fs.ReadFile(s.pages, name)
			if err != nil {
				t.Fatal(err)
			}
			if says := strings.Count(string(text), "\n> This is an example "); (i == 0) != (says == 1) {
				t.Errorf("%s: page %d, %s, says %d times that this is an example", s.name, i+1, name, says)
			}
		}
	}
}

// TestDMT18_TFI21_TheDashboardHasWhatThePagesName looks for every button that a page names.
func TestDMT18_TFI21_TheDashboardHasWhatThePagesName(t *testing.T) {
	h := &shared.has
	key := func(id string, more ...string) string { return "/account/keys/" + id + strings.Join(more, "") }
	for _, c := range []struct {
		page, email, at string
		words           []string
	}{
		{"acme/docs/your-first-message.md", "ada@acme.example", "/account/keys", []string{"Create key"}},
		{"acme/docs/your-first-message.md", "ada@acme.example", "/account/keys/new?scheme=keywright", []string{"Permissions"}},
		{"trustifi/docs/key-and-secret.md", "ada@trustifi.example", "/account/settings/api", []string{"Account settings", "API key and secret", "Copy both", "Reveal", "Regenerate"}},
		{"trustifi/docs/key-and-secret.md", "ada@trustifi.example", "/account/pair/regenerate", []string{"Existing requests will fail."}},
		{"truestamp/docs/logins-and-keys.md", "ada@truestamp.example", "/account/keys", []string{"Create key"}},
		{"trusset/docs/instance-keys.md", "ada@trusset.example", "/account/keys", []string{"Create key"}},
		{"trusset/docs/instance-keys.md", "ada@trusset.example", key(h.Trusset.Instances[0].KeyID), []string{"Rotate", "Pause", "Revoke", "Delete"}},
		{"domaintrust/docs/creating-keys.md", "ada@domaintrust.example", "/account/keys", []string{"API Keys", "Create Key"}},
		{"domaintrust/docs/creating-keys.md", "ada@domaintrust.example", key(h.DomainTrust.Organizations[0].TestingKeyID), []string{"Change", "Save the change", "Rotate", "Delete", "Revoke"}},
		{"domaintrust/docs/production-access.md", "ada@domaintrust.example", "/account/keys/new?scheme=domain-trust", []string{"Production"}},
		{"trustswiftly/docs/getting-a-key.md", "ada@trustswiftly.example", "/account/settings", []string{"Developer"}},
		{"trustswiftly/docs/getting-a-key.md", "ada@trustswiftly.example", "/account/settings/api", []string{"Generate New Key"}},
		{"trustswiftly/docs/getting-a-key.md", "ada@trustswiftly.example", "/account/developer", []string{"Create Token"}},
		{"trustswiftly/docs/getting-a-key.md", "ada@trustswiftly.example", key(h.TrustSwiftly.Accounts[0].KeyID), []string{"Revoke"}},
		{"trustswiftly/docs/plans.md", "grace@trustswiftly.example", "/account/keys", nil},
	} {
		t.Run(c.page+" "+c.at, func(t *testing.T) {
			text, err := os.ReadFile("../" + c.page)
			if err != nil {
				t.Fatal(err)
			}
			name, _, _ := strings.Cut(c.page, "/")
			v := visit(t, name)
			v.signIn(t, c.email)
			resp, page := v.do(t, http.MethodGet, c.at, "")
			if resp.StatusCode != http.StatusOK {
				t.Fatalf("%s answers %d", c.at, resp.StatusCode)
			}
			for _, w := range c.words {
				if !strings.Contains(string(text), "**"+w+"**") {
					t.Errorf("the page does not name %q", w)
				}
				if !strings.Contains(page, html.EscapeString(w)) {
					t.Errorf("%s has no %q", c.at, w)
				}
			}
			if c.words == nil && !strings.Contains(page, "part of paid plans only") {
				t.Error("the dashboard does not say why no key can be made")
			}
		})
	}
}

var inline = regexp.MustCompile("`(keywright [^`]+)`")

// TestTSP17_TSP25_TheCommandLineKnowsWhatThePagesName takes every command apart.
func TestTSP17_TSP25_TheCommandLineKnowsWhatThePagesName(t *testing.T) {
	found := 0
	each(t, func(t *testing.T, _ system, _, text string) {
		var lines []string
		for _, b := range blocks(t, text) {
			if b.info == "shell" {
				lines = append(lines, strings.Split(strings.TrimSpace(b.body), "\n")...)
			}
		}
		for _, m := range inline.FindAllStringSubmatch(text, -1) {
			lines = append(lines, m[1])
		}
		for _, line := range lines {
			found++
			out, err := exec.CommandContext(t.Context(), "bash", "-c", `set -- `+line+`; printf '%s\0' "$@"`).Output()
			if err != nil {
				t.Fatal(err)
			}
			args := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
			cmd, rest, err := cli.New(demo.Command()).Find(args[1:])
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err == nil {
				err = cmd.ValidateArgs(cmd.Flags().Args())
			}
			if err != nil || args[0] != "keywright" || !cmd.Runnable() {
				t.Errorf("%s: %v", line, err)
			}
		}
	})
	if found == 0 {
		t.Error("no page names a command")
	}
}
