package handbook

import (
	"io"
	"net/http"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// held is one value that a caller has: a key, a secret or a token.
type held struct {
	Variable string // of the environment, for samples
	Label    string
	Field    string // of the form that tries an operation: key or secret
}

// header is one line that carries credentials.
type header struct {
	Name, Word string // Authorization, Bearer
	Held       held
}

// door is how a request shows who is asking.
type door struct{ Headers []header }

// steady is a source of bytes for credentials that nobody will ever hold: they are
// only shown to the scheme, to learn where it reads them.
type steady struct{ at byte }

func (s *steady) Read(p []byte) (int, error) {
	for i := range p {
		s.at = s.at*141 + 89
		p[i] = s.at
	}
	return len(p), nil
}

var _ io.Reader = (*steady)(nil)

// doorOf finds out how a scheme's credential is sent, by presenting one to it.
func doorOf(s *scheme.Scheme, variable string, token bool) door {
	if token || len(s.Formats()) == 0 {
		return door{[]header{{"Authorization", "Bearer", held{tokenVariable(variable), "Access token", "key"}}}}
	}
	c, err := s.Mint(&steady{}, minting(s))
	names := s.CredentialHeaders()
	if err != nil || len(names) == 0 {
		return door{[]header{{"Authorization", "Bearer", held{variable, "API key", "key"}}}}
	}
	public, secret := c.Reveal()
	if s.Pair() {
		return pairDoor(s, names, public, secret, variable)
	}
	for _, name := range names {
		for _, word := range []string{"", "Bearer", "Token", "ApiKey", "Key", "Api-Key", "Basic"} {
			if taken(s, header{Name: name, Word: word}, secret) {
				return door{[]header{{name, word, held{variable, "API key", "key"}}}}
			}
		}
	}
	return door{[]header{{names[0], "", held{variable, "API key", "key"}}}}
}

func pairDoor(s *scheme.Scheme, names []string, public, secret, variable string) door {
	stem := strings.TrimSuffix(variable, "_KEY")
	key, other := held{stem + "_KEY", "API key", "key"}, held{stem + "_SECRET", "API secret", "secret"}
	for _, a := range names {
		for _, b := range names {
			v := view(map[string]string{a: public, b: secret})
			if a != b && s.Present(v).Reason == keywright.Granted {
				return door{[]header{{a, "", key}, {b, "", other}}}
			}
		}
	}
	return door{[]header{{names[0], "", key}, {names[len(names)-1], "", other}}}
}

// tokenVariable is the variable of a login's token, beside that of the key.
func tokenVariable(of string) string {
	for _, end := range []string{"_API_KEY", "_KEY"} {
		if stem, ok := strings.CutSuffix(of, end); ok {
			return stem + "_ACCESS_TOKEN"
		}
	}
	return of + "_ACCESS_TOKEN"
}

// minting asks for a credential that fits any scheme: some formats hold the
// tenant's ref or an environment.
func minting(s *scheme.Scheme) scheme.Minting {
	m := scheme.Minting{Ref: "a1b2c3d4"}
	if all := s.Policy().Environments; len(all) > 0 {
		m.Environment = all[0].Name
	}
	return m
}

func taken(s *scheme.Scheme, h header, value string) bool {
	return s.Present(view(map[string]string{h.Name: h.value(value)})).Reason == keywright.Granted
}

func view(headers map[string]string) *scheme.View {
	v := &scheme.View{Method: http.MethodGet, Path: "/", TLS: true, Header: map[string][]string{"User-Agent": {"docs"}, "Accept": {"*/*"}}}
	for name, value := range headers {
		v.Header[http.CanonicalHeaderKey(name)] = []string{value}
	}
	return v
}

func (h header) value(secret string) string {
	if h.Word == "" {
		return secret
	}
	return h.Word + " " + secret
}
