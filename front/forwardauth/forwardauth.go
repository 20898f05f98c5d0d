package forwardauth

import (
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/seal"
)

// Options of the front.
type Options struct {
	Gate       func() *gate.Gate // the one in force now
	Identities *gate.Identities  // nil: no assertion is handed out
	// Proxies may ask; a question from elsewhere is refused. None may if there are none.
	Proxies []netip.Prefix
	// Observe is told of every answer to a question once; nil is not told.
	Observe func(api string, reason string, status int)
}

// New returns a handler that reads the original request from X-Forwarded-Method,
// -Proto, -Host and -Uri, and answers 2xx with the identity, or the refusal.
// With nginx=1 in its query it answers what auth_request can carry (403 and a
// status header) instead; with api=NAME the API is that one, whatever the host.
func New(o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(o.Proxies) == 0 || !gate.Holds(o.Proxies, gate.Peer(r)) {
			write(w, reply(gate.Plain(http.StatusForbidden, "not_a_proxy", "Only the proxies named in the configuration may ask here."), nil))
			return
		}
		asked := r.URL.Query()
		if asked.Get("render") != "" {
			write(w, render(r.Header[refusalHeader]))
			return
		}
		answer(w, r, &o, asked)
	})
}

func answer(w http.ResponseWriter, r *http.Request, o *Options, asked url.Values) {
	view, fault := read(r)
	if fault != "" {
		a := gate.Plain(http.StatusBadRequest, "bad_question", fault)
		if o.Observe != nil {
			o.Observe("", keywright.BadRequest.String(), a.Status)
		}
		refuse(w, reply(a, nil), asked)
		return
	}
	verdict := o.Gate().Pass(&view, asked.Get("api"))
	identity := ""
	if verdict.Answer == nil && o.Identities != nil {
		var err error
		if identity, err = o.Identities.For(&verdict); err != nil {
			verdict.Refuse(keywright.Failure)
		}
	}
	status := http.StatusNoContent
	if verdict.Answer != nil {
		status = verdict.Answer.Status
	}
	if o.Observe != nil {
		api := ""
		if verdict.API != nil {
			api = verdict.API.Name
		}
		o.Observe(api, verdict.Reason().String(), status)
	}
	if verdict.Answer != nil {
		refuse(w, reply(verdict.Answer, &verdict), asked)
		return
	}
	verdict.Headers(w.Header().Set)
	if identity != "" {
		w.Header().Set(seal.IdentityHeader, identity)
	}
	w.WriteHeader(status)
}

// The headers in which a proxy says what it was asked.
const (
	methodHeader = "X-Forwarded-Method"
	protoHeader  = "X-Forwarded-Proto"
	hostHeader   = "X-Forwarded-Host"
	uriHeader    = "X-Forwarded-Uri"
	forHeader    = "X-Forwarded-For"
)

// read makes the view of the original request, or says what is wrong with the
// question.
func read(r *http.Request) (scheme.View, string) {
	v := scheme.View{Header: r.Header}
	for _, name := range []string{methodHeader, protoHeader, hostHeader, uriHeader, forHeader} {
		if lines := r.Header[name]; len(lines) != 1 || lines[0] == "" {
			return v, "The proxy must set " + name + " exactly once; it came " + strconv.Itoa(len(lines)) + " times, or empty."
		}
	}
	v.Method = r.Header[methodHeader][0]
	switch strings.ToLower(r.Header[protoHeader][0]) {
	case "https", "wss":
		v.TLS = true
	case "http", "ws":
	default:
		return v, protoHeader + " must be http or https."
	}
	host := r.Header[hostHeader][0]
	if strings.ContainsAny(host, ", \t/@") {
		return v, hostHeader + " must be one host."
	}
	v.Host = gate.HostName(host)
	uri := r.Header[uriHeader][0]
	if !strings.HasPrefix(uri, "/") || strings.ContainsAny(uri, " \t") {
		return v, uriHeader + " must be a path, and the query if there is one, as the client sent it."
	}
	v.Path, v.RawQuery, _ = strings.Cut(uri, "?")
	line := r.Header[forHeader][0]
	address, ok := gate.ParseAddress(line[strings.LastIndexByte(line, ',')+1:])
	if !ok {
		return v, "The last address of " + forHeader + " must be the client's."
	}
	v.Address = address
	return v, ""
}
