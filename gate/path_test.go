package gate

import (
	"net/url"
	"path"
	"strings"
	"testing"
)

func ambiguousPaths() []string {
	return []string{
		"", "*", "a", "//", "//a", "/a//b", "/a//", "/.", "/..", "/a/..", "/a/../b", "/./a", "/a/.", "/%2e", "/%2E%2e/a", "/a/%2e%2e/b", "/a%2fb", "/a%2Fb",
		"/a%5cb", "/a\\b", "/a;b", "/a;b=c/d", "/a%3bb", "/a%00", "/a%0a", "/a%0D", "/a%1f", "/a%7f", "/a\x00", "/a\n", "/a\x7f", "/a b", "/a%", "/a%2", "/a%zz",
		"/a%252e", "/a%252fb", "/a%252%66", "/a%25%32%66", "/%c0%ae", "/%c0%af", "/%e0%80%af", "/%ff", "/\xff", "/é", "/a#b", "/a\"b", "/a<b", "/{id}", "/a^b", "/a`b", "/a|b",
		"/" + strings.Repeat("a", maxPath),
	}
}

func clearPaths() []string {
	return []string{
		"/", "/a", "/a/", "/a/b.c", "/.well-known/x", "/...", "/..a", "/a%20b", "/a%25", "/100%25/x", "/%c3%a9", "/%e2%82%ac", "/%F0%9F%98%80", "/a:b@c", "/a,b=c&d",
		"/~user", "/it%65ms", "/a+b", "/(a)", "/a!b$c'd*", "/[a]",
	}
}

func TestUnambiguous(t *testing.T) {
	t.Parallel()
	for _, p := range ambiguousPaths() {
		if unambiguous(p) {
			t.Errorf("%q would be routed", p)
		}
	}
	for _, p := range clearPaths() {
		if !unambiguous(p) {
			t.Errorf("%q would be refused", p)
		}
	}
}

// What is routed reads the same to whoever decodes once or twice, cleans or not,
// and goes to the upstream as it came.
func FuzzUnambiguous(f *testing.F) {
	for _, p := range append(ambiguousPaths(), clearPaths()...) {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if !unambiguous(p) {
			return
		}
		u, err := url.ParseRequestURI(p)
		if err != nil || u.EscapedPath() != p || u.RawQuery != "" {
			t.Fatalf("%q does not survive the way to the upstream: %v %q", p, err, u.EscapedPath())
		}
		once, err := url.PathUnescape(p)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := url.PathUnescape(once); err == nil && again != once {
			t.Fatalf("%q decodes to %q and then to %q", p, once, again)
		}
		if strings.Count(once, "/") != strings.Count(p, "/") {
			t.Fatalf("%q decodes to other segments: %q", p, once)
		}
		if clean := path.Clean(once); clean != strings.TrimSuffix(once, "/") && clean != once {
			t.Fatalf("%q cleans to %q", p, clean)
		}
		if strings.ContainsAny(once, ";\\\x00\r\n") {
			t.Fatalf("%q decodes to %q", p, once)
		}
	})
}

func TestPattern(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"/", "/", true}, {"/", "/a", false},
		{"/a", "/a", true}, {"/a", "/a/", true}, {"/a", "/A", false}, {"/a", "/ab", false}, {"/a", "/a/b", false}, {"/a", "/", false},
		{"/a", "/%61", true}, {"/items", "/it%65ms", true}, {"/items", "/it%65m", false}, {"/a/", "/a", true},
		{"/a/{id}", "/a/7", true}, {"/a/{id}", "/a", false}, {"/a/{id}", "/a/", false}, {"/a/{id}", "/a/7/", true}, {"/a/{id}", "/a/7/b", false},
		{"/a/{id}/b", "/a/7/b", true}, {"/a/{id}/b", "/a/7/c", false},
		{"/f/{rest...}", "/f", true}, {"/f/{rest...}", "/f/", true}, {"/f/{rest...}", "/f/a/b/c", true}, {"/f/{rest...}", "/g", false},
		{"/{rest...}", "/", true}, {"/{rest...}", "/x/y", true},
	} {
		p, err := parsePattern(c.pattern)
		if err != nil {
			t.Fatal(c.pattern, err)
		}
		if got := p.match(c.path); got != c.want {
			t.Errorf("%s takes %s: %v", c.pattern, c.path, got)
		}
	}
	for _, bad := range []string{"", "a", "//", "/a//b", "/{id", "/id}", "/{}", "/{...}", "/{rest...}/a", "/a{id}", "/{a}{b}", "/a;b", "/%61", "/..", "/{i.d}"} {
		if _, err := parsePattern(bad); err == nil {
			t.Errorf("the pattern %q was accepted", bad)
		}
	}
}
