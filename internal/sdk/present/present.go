// Package present reads off a scheme's page how a client presents a credential:
// what the generated clients and the test double do. It never reads a credential
// off a request: that is the scheme's own.
package present

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/goccy/go-yaml"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// Basic's roles, as a page spells them.
const (
	BasicUser     = "user"
	BasicPassword = "password"
	BasicPair     = "pair"
)

// Place is where one value goes.
type Place struct {
	Header string // as the page spells it; "" with Query and Basic
	Word   string // that stands before the value; "" is none
	Query  string // a query parameter
	Basic  string // a role of Basic; "" is not Basic
	Beside string // the other half of Basic
}

// Companion is a header that must stand beside the credential.
type Companion struct {
	Header string
	OneOf  []string // the values that are taken; none: any
}

// Scheme is how a client speaks a scheme.
type Scheme struct {
	Contract   *scheme.Scheme
	Places     []Place // one, or one for each half of a pair
	Companions []Companion
}

// Read reads a scheme's page. It returns the page's own problems, or an error
// for a page whose place this package does not understand.
func Read(file string, src []byte) (*Scheme, error) {
	contract, err := scheme.Parse(file, src)
	if err != nil {
		return nil, err
	}
	var page struct {
		Read       any `yaml:"read"`
		Companions []struct {
			Header string   `yaml:"header"`
			OneOf  []string `yaml:"one_of"`
		} `yaml:"companions"`
	}
	if err := yaml.Unmarshal(src, &page); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	s := &Scheme{Contract: contract}
	for _, c := range page.Companions {
		s.Companions = append(s.Companions, Companion{Header: c.Header, OneOf: c.OneOf})
	}
	if s.Places, err = way(page.Read, contract.Pair()); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

var errRead = errors.New("the page does not say in one way that fits what is minted where the credential goes")

// way takes the first of several ways that fits what the scheme mints.
func way(read any, pair bool) ([]Place, error) {
	m, ok := read.(map[string]any)
	if !ok {
		return nil, errRead
	}
	if several, ok := m["any"].([]any); ok {
		for _, one := range several {
			if places, err := way(one, pair); err == nil {
				return places, nil
			}
		}
		return nil, errRead
	}
	var places []Place
	if both, ok := m["all"].([]any); ok {
		for _, one := range both {
			half, ok := one.(map[string]any)
			if !ok {
				return nil, errRead
			}
			places = append(places, place(half))
		}
	} else {
		places = []Place{place(m)}
	}
	if holdsPair := len(places) == 2 || places[0].Basic == BasicPair; holdsPair != pair {
		return nil, errRead
	}
	return places, nil
}

func place(m map[string]any) Place {
	text := func(name string) string { s, _ := m[name].(string); return s }
	p := Place{Header: text("header"), Word: text("word"), Query: text("query"), Basic: text("basic"), Beside: text("beside")}
	if words, ok := m["word"].([]any); ok && len(words) > 0 {
		p.Word, _ = words[0].(string)
	}
	if p.Basic == BasicPassword && (p.Beside == "" || p.Beside == "*") {
		p.Beside = "api" // any user name will do
	}
	if p.Beside == "*" {
		p.Beside = ""
	}
	return p
}

// Put puts a credential into a request's headers and query, with its companions.
func (s *Scheme) Put(c keywright.Credential, h http.Header, q url.Values) {
	public, secret := c.Reveal()
	for i, p := range s.Places {
		value := secret
		if len(s.Places) == 2 && i == 0 {
			value = public
		}
		switch {
		case p.Query != "":
			q.Set(p.Query, value)
		case p.Basic == BasicPair:
			h.Set("Authorization", basic(public, secret))
		case p.Basic == BasicUser:
			h.Set("Authorization", basic(value, p.Beside))
		case p.Basic == BasicPassword:
			h.Set("Authorization", basic(p.Beside, value))
		case p.Word != "":
			h.Set(p.Header, p.Word+" "+value)
		default:
			h.Set(p.Header, value)
		}
	}
	for _, c := range s.Companions {
		switch {
		case len(c.OneOf) > 0:
			h.Set(c.Header, c.OneOf[0])
		case h.Get(c.Header) == "":
			h.Set(c.Header, "keywright")
		}
	}
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
