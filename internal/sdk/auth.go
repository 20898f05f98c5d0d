package sdk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keywright/keywright/internal/sdk/present"
)

// slot is one credential that the client is given, and where it goes.
type slot struct {
	name  string // the option's
	place present.Place
	about string
}

// auth is how the operations of an API authenticate.
type auth struct {
	slots      []slot
	companions []present.Companion
	primary    []string            // the slots of the scheme: one, or two of a pair
	named      map[string][]string // the slots of a security scheme of the document
	browsers   map[string]bool     // security schemes that only a browser's cookies satisfy
	fallback   [][]string          // what an operation takes that says nothing
}

// readAuth brings together what the document says and what the scheme says. The
// scheme is right about the first requirement of the document; security schemes
// besides are taken as the document describes them.
func readAuth(doc *document, speaks *present.Scheme) (*auth, error) {
	a := &auth{named: map[string][]string{}, browsers: map[string]bool{}}
	taken := newNames("baseUrl", "fetch", "timeoutMs", "retries", "maxWaitMs", "plainHttp")
	if speaks != nil {
		if err := a.ofScheme(taken, speaks); err != nil {
			return nil, err
		}
	}
	if err := a.ofDocument(taken, doc); err != nil {
		return nil, err
	}
	a.fallback = [][]string{a.primary}
	if _, says := doc.root["security"]; says || speaks == nil {
		a.fallback = a.alternatives(doc.root["security"])
	}
	return a, nil
}

// ofScheme makes the slots of the scheme's own credential.
func (a *auth) ofScheme(taken *names, speaks *present.Scheme) error {
	if len(speaks.Places) == 1 && speaks.Places[0].Basic == present.BasicPair {
		return fmt.Errorf("the scheme %s: a pair in Basic is not written yet", speaks.Contract.Name())
	}
	a.companions = speaks.Companions
	for i, p := range speaks.Places {
		s := slot{name: "key", place: p, about: speaks.Contract.Title() + ": the key."}
		if len(speaks.Places) == 2 && i == 1 {
			s.name, s.about = "secret", "The secret that belongs to the key."
		}
		a.primary = append(a.primary, a.add(taken, s))
	}
	return nil
}

// ofDocument finds the scheme's credential among the document's, by the first
// requirement or else by its place, and makes slots for the others.
func (a *auth) ofDocument(taken *names, doc *document) error {
	primary := map[string]bool{}
	if first := requirements(doc.root["security"]); len(first) > 0 {
		for _, name := range first[0] {
			primary[name] = true
		}
	}
	all := child(child(doc.root, "components"), "securitySchemes")
	found := len(primary) > 0
	for _, name := range sorted(all) {
		described := doc.deref(all[name])
		if text(described, "in") == "cookie" {
			a.browsers[name] = true
			continue
		}
		if len(a.primary) > 0 && (primary[name] || (!found && a.same(described))) {
			a.named[name], found = a.primary, true
			continue
		}
		place, err := placeOf(described)
		if err != nil {
			return fmt.Errorf("securitySchemes.%s: %w", name, err)
		}
		a.named[name] = []string{a.add(taken, slot{name: camel(name, "credential"), place: place, about: text(described, "description")})}
	}
	return nil
}

func (a *auth) add(taken *names, s slot) string {
	s.name = taken.take(s.name)
	a.slots = append(a.slots, s)
	return s.name
}

// same reports whether a security scheme stands where the scheme's credential does.
func (a *auth) same(security object) bool {
	p, err := placeOf(security)
	return err == nil && slices.ContainsFunc(a.slots, func(s slot) bool {
		return strings.EqualFold(s.place.Header, p.Header) && strings.EqualFold(s.place.Word, p.Word) && s.place.Query == p.Query
	})
}

// placeOf is where the document itself puts a credential.
func placeOf(s object) (present.Place, error) {
	switch kind := text(s, "type"); kind {
	case "apiKey":
		name := text(s, "name")
		switch text(s, "in") {
		case "header":
			if !headerName(name) {
				return present.Place{}, fmt.Errorf("%q is no header's name", name)
			}
			return present.Place{Header: name}, nil
		case "query":
			return present.Place{Query: name}, nil
		}
		return present.Place{}, fmt.Errorf("an apiKey in %q cannot be sent by a program: header or query", text(s, "in"))
	case "http":
		word := "Bearer"
		if scheme := text(s, "scheme"); strings.EqualFold(scheme, "basic") {
			word = "Basic" // the caller gives user:password in base64
		} else if !strings.EqualFold(scheme, "bearer") {
			return present.Place{}, fmt.Errorf("http scheme %q: bearer and basic are known", scheme)
		}
		return present.Place{Header: "Authorization", Word: word}, nil
	case "oauth2", "openIdConnect":
		return present.Place{Header: "Authorization", Word: "Bearer"}, nil
	default:
		return present.Place{}, fmt.Errorf("type %q is not known", kind)
	}
}

func headerName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '-' && c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// requirements lists the alternatives of a security requirement.
func requirements(v any) [][]string {
	all, _ := v.([]any)
	var out [][]string
	for _, one := range all {
		o, _ := one.(object)
		out = append(out, sorted(o))
	}
	return out
}

// alternatives turns a security requirement into slots: any one of the lists is
// enough, and an empty one needs nothing.
func (a *auth) alternatives(v any) [][]string {
	out := [][]string{}
	for _, names := range requirements(v) {
		if slices.ContainsFunc(names, func(name string) bool { return a.browsers[name] }) {
			continue
		}
		needs := []string{}
		for _, name := range names {
			for _, s := range a.named[name] {
				if !slices.Contains(needs, s) {
					needs = append(needs, s)
				}
			}
		}
		out = append(out, needs)
	}
	return out
}

// of says what an operation takes. It is false for one that only a browser with
// a session's cookie can call.
func (a *auth) of(operation object) (needs [][]string, callable bool) {
	v, says := operation["security"]
	if !says {
		return a.fallback, true
	}
	needs = a.alternatives(v)
	return needs, len(needs) > 0 || len(requirements(v)) == 0
}
