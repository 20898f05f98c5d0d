package introspect

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
)

// question is what a caller asks about.
type question struct {
	token   string
	scheme  string     // "": any
	address netip.Addr // where the token was used from; the zero one is not known
	scope   string     // what it must be allowed, with spaces between; "": nothing is asked
}

// fault is why a request was not understood.
type fault struct {
	status     int
	code, text string
}

const maxBody = 64 << 10

// readQuestion reads the form of RFC 7662 section 2.1 and RFC 7009 section 2.1.
func readQuestion(w http.ResponseWriter, r *http.Request) (question, *fault) {
	bad := func(text string) (question, *fault) {
		return question{}, &fault{http.StatusBadRequest, invalidRequest, text}
	}
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		return bad("parameters belong into the body: addresses are logged")
	}
	kinds := r.Header.Values("Content-Type")
	if len(kinds) != 1 {
		return bad("send application/x-www-form-urlencoded")
	}
	if kind, _, err := mime.ParseMediaType(kinds[0]); err != nil || kind != "application/x-www-form-urlencoded" {
		return bad("send application/x-www-form-urlencoded")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return question{}, &fault{http.StatusRequestEntityTooLarge, invalidRequest, "the body is larger than 64 KiB"}
	}
	if err != nil {
		return bad("the body could not be read")
	}
	return parse(string(body))
}

// parse reads the body. Parameters that are not known are passed over, as OAuth
// asks; token_type_hint is one, because a token's form says more. A scope is none of
// them: gateways that send one do not look at it themselves.
func parse(body string) (question, *fault) {
	bad := func(text string) (question, *fault) {
		return question{}, &fault{http.StatusBadRequest, invalidRequest, text}
	}
	form, err := url.ParseQuery(body)
	if err != nil {
		return bad("the body is not a form")
	}
	for _, values := range form {
		if len(values) > 1 {
			return bad("a parameter stands there more than once")
		}
	}
	q := question{token: form.Get("token"), scheme: form.Get("scheme"), scope: form.Get("scope")}
	if q.token == "" {
		return bad("the parameter token is missing")
	}
	if text := form.Get("address"); text != "" {
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return bad("the parameter address is an IP address, such as 192.0.2.7")
		}
		q.address = address.Unmap()
	}
	return q, nil
}
