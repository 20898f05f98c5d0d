package scheme

import (
	"net/url"
	"slices"
	"strings"
)

// queryValue reads one parameter off a raw query. A parameter that stands twice
// is wrong, as a header is.
func queryValue(raw, name string, longest int) (string, found, bool) {
	value, got := "", absent
	for rest := raw; rest != ""; {
		var one string
		one, rest, _ = strings.Cut(rest, "&")
		key, v, _ := strings.Cut(one, "=")
		if key != name {
			continue
		}
		if got != absent {
			return "", wrong, false
		}
		value, got = v, present
	}
	switch {
	case got == absent || value == "":
		return "", absent, false
	case !strings.ContainsAny(value, "%+"):
		return value, present, false
	case len(value) > 3*longest:
		return "", wrong, false
	}
	plain, err := url.QueryUnescape(value)
	if err != nil {
		return "", wrong, false
	}
	return plain, present, isWrapped(plain)
}

// Strip removes the credential from what goes to the upstream: it deletes header
// lines in place and returns the query without credential parameters.
func (s *Scheme) Strip(header map[string][]string, rawQuery string) string {
	for i := range s.ways {
		for _, p := range s.ways[i].places {
			if p.query == "" {
				delete(header, p.header)
			} else {
				rawQuery = stripQuery(rawQuery, p.query)
			}
		}
	}
	return rawQuery
}

// stripQuery also takes away other spellings of the name that an upstream might
// read, such as %6bey.
func stripQuery(raw, name string) string {
	if raw == "" {
		return raw
	}
	var kept strings.Builder
	changed := false
	for one := range strings.SplitSeq(raw, "&") {
		key, _, _ := strings.Cut(one, "=")
		if plain, err := url.QueryUnescape(key); key == name || (err == nil && plain == name) {
			changed = true
			continue
		}
		if kept.Len() > 0 {
			kept.WriteByte('&')
		}
		kept.WriteString(one)
	}
	if !changed {
		return raw
	}
	return kept.String()
}

// CredentialHeaders lists the canonical names of the headers that a client sends
// for this scheme, companions included: for CORS, for stripping, for the docs.
func (s *Scheme) CredentialHeaders() []string {
	var names []string
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, w := range s.ways {
		for _, p := range w.places {
			add(p.header)
		}
	}
	for _, c := range s.companions {
		add(c.header)
	}
	return names
}
