package oidc

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	maxToken  = 8 << 10
	maxNested = 16
)

// header is what is read of a JOSE header. Keys and addresses in it are never used.
type header struct{ algorithm, kid, kind string }

// claims are what is read of a token, before its signature was looked at.
type claims struct {
	header   header
	all      object
	issuer   string
	subject  string
	audience []string

	expires, issued, begins time.Time // zero: not there
}

var errShape = errors.New("the token is not a JWT that can be taken")

// parseToken takes a compact JWS apart, strictly. It trusts nothing in it.
func parseToken(token string) (*claims, error) {
	if len(token) > maxToken || strings.Count(token, ".") != 2 {
		return nil, errShape
	}
	head, rest, _ := strings.Cut(token, ".")
	body, signature, _ := strings.Cut(rest, ".")
	if head == "" || body == "" || signature == "" {
		return nil, errShape
	}
	h, err := parseHeader(head)
	if err != nil {
		return nil, err
	}
	all, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	c := &claims{header: h, all: all}
	return c, c.read()
}

func parseHeader(part string) (header, error) {
	all, err := decodeObject(part)
	if err != nil {
		return header{}, err
	}
	// What a token says of where its key is to be had is an attack; so is what must
	// be understood and is not. A nested or encrypted token is none of ours.
	for _, refused := range []string{"crit", "b64", "jwk", "jku", "x5u", "enc", "zip", "cty"} {
		if _, there := all[refused]; there {
			return header{}, fmt.Errorf("%w: its header has %s", errShape, refused)
		}
	}
	h := header{}
	for name, into := range map[string]*string{"alg": &h.algorithm, "kid": &h.kid, "typ": &h.kind} {
		if *into, err = all.text(name); err != nil {
			return header{}, err
		}
	}
	h.kind = strings.TrimPrefix(strings.ToLower(h.kind), "application/")
	return h, nil
}

func (c *claims) read() (err error) {
	if c.issuer, err = c.all.text("iss"); err != nil {
		return err
	}
	if c.subject, err = c.all.text("sub"); err != nil {
		return err
	}
	if c.audience, err = c.all.texts("aud"); err != nil {
		return err
	}
	for name, into := range map[string]*time.Time{"exp": &c.expires, "iat": &c.issued, "nbf": &c.begins} {
		if *into, err = c.all.instant(name); err != nil {
			return err
		}
	}
	return nil
}

// object is a JSON object of which no name stands twice, at any depth: two readers
// of one token must not read two tokens. Names are compared exactly.
type object map[string]json.RawMessage

func decodeObject(part string) (object, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil || strings.ContainsAny(part, "\r\n") {
		return nil, errShape
	}
	return readObject(raw)
}

func readObject(raw []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, errShape
	}
	if err := distinct(d, true, 1); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errShape
	}
	var all object
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, errShape
	}
	return all, nil
}

// distinct walks what is open, to its end.
func distinct(d *json.Decoder, isObject bool, depth int) error {
	if depth > maxNested {
		return errShape
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return errShape
		}
		if isObject {
			name, ok := t.(string)
			if !ok || seen[name] {
				return fmt.Errorf("%w: a name stands twice", errShape)
			}
			seen[name] = true
			if t, err = d.Token(); err != nil {
				return errShape
			}
		}
		if open, ok := t.(json.Delim); ok {
			if err := distinct(d, open == '{', depth+1); err != nil {
				return err
			}
		}
	}
	if _, err := d.Token(); err != nil { // the end of it
		return errShape
	}
	return nil
}

// text reads a claim that is a text; "" where it is not there.
func (o object) text(name string) (s string, err error) {
	raw, there := o[name]
	if !there {
		return "", nil
	}
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return "", fmt.Errorf("%w: %s is not a text", errShape, name)
	}
	return s, nil
}

// texts reads a claim that is a text or a list of texts.
func (o object) texts(name string) ([]string, error) {
	raw, there := o[name]
	if !there {
		return nil, nil
	}
	if raw[0] == '"' {
		one, err := o.text(name)
		return []string{one}, err
	}
	var parts []json.RawMessage
	if raw[0] != '[' || json.Unmarshal(raw, &parts) != nil {
		return nil, fmt.Errorf("%w: %s is not a text or a list of texts", errShape, name)
	}
	all := make([]string, 0, len(parts))
	for _, part := range parts {
		var s string
		if part[0] != '"' || json.Unmarshal(part, &s) != nil {
			return nil, fmt.Errorf("%w: %s holds something else than texts", errShape, name)
		}
		all = append(all, s)
	}
	return all, nil
}

// instant reads a NumericDate of this age; the fraction of a second is cut off.
func (o object) instant(name string) (time.Time, error) {
	raw, there := o[name]
	if !there {
		return time.Time{}, nil
	}
	var f float64
	if json.Unmarshal(raw, &f) != nil || raw[0] == 'n' || f < 1 || f > 1<<36 {
		return time.Time{}, fmt.Errorf("%w: %s is no instant", errShape, name)
	}
	return time.Unix(int64(f), 0).UTC(), nil
}

// yes reads a claim that is true, or the text "true" as some providers write it.
func (o object) yes(name string) bool {
	raw := string(o[name])
	return raw == "true" || raw == `"true"`
}
