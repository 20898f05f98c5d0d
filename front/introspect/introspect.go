package introspect

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/scheme"
)

// Caller is who asks: an operator's key, as the gate found it.
type Caller struct {
	Actor  keywright.Actor    // its ID is the key's
	Tenant keywright.TenantID // whose tokens it may ask about; the operators' may ask about all
}

// Options of New.
type Options struct {
	Issuer  string // where this front is, for its metadata; "" serves none
	Schemes func() map[string]*scheme.Scheme
	Index   gate.Verifier
	Pepper  gate.Digester
	Tokens  gate.Tokens // nil: no JWTs
	// Authorize says who calls: keys with keys:verify may introspect, those with
	// keys:write may revoke. The second result is the refusal.
	Authorize func(r *http.Request, permission string) (Caller, *scheme.Answer)
	// Revoke ends a key for good. Errors: NotFound for one that was deleted since.
	Revoke func(ctx context.Context, by keywright.Actor, id keywright.KeyID) error
	// Key reads a record for what the index does not hold: when it was made.
	Key   func(ctx context.Context, id keywright.KeyID) (keywright.Key, error)
	Clock func() time.Time // nil is time.Now
}

// The paths of the front.
const (
	IntrospectPath = "/oauth/introspect"
	RevokePath     = "/oauth/revoke"
	MetadataPath   = "/.well-known/oauth-authorization-server"
)

// What a caller's key must be allowed.
const (
	mayIntrospect = "keys:verify"
	mayRevoke     = "keys:write"
)

type server struct{ Options }

// New returns the handler of the three paths.
func New(o Options) http.Handler {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	s := &server{o}
	mux := http.NewServeMux()
	mux.Handle(IntrospectPath, s.asked(mayIntrospect, s.introspect))
	mux.Handle(RevokePath, s.asked(mayRevoke, s.revoke))
	mux.HandleFunc(MetadataPath, s.metadata)
	return mux
}

// asked is what both endpoints do first: nothing of the body is read before it is
// known who asks.
func (s *server) asked(permission string, answer func(http.ResponseWriter, *http.Request, Caller, question)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			refuse(w, http.StatusMethodNotAllowed, invalidRequest, "ask with POST")
			return
		}
		caller, ok := s.caller(w, r, permission)
		if !ok {
			return
		}
		q, f := readQuestion(w, r)
		if f == nil && q.scheme != "" && s.Schemes()[q.scheme] == nil {
			f = &fault{http.StatusBadRequest, invalidRequest, "there is no scheme of this name here"}
		}
		if f != nil {
			refuse(w, f.status, f.code, f.text)
			return
		}
		answer(w, r, caller, q)
	})
}

// caller finds out who asks, by a key in Authorization: as Bearer, or, for the
// many clients that know nothing else, as the password of Basic, whose user name
// is the key's id.
func (s *server) caller(w http.ResponseWriter, r *http.Request, permission string) (Caller, bool) {
	id, asBearer, basic := fromBasic(r)
	caller, refusal := s.Authorize(asBearer, permission)
	if refusal == nil && basic && id != caller.Actor.ID {
		refusal = &scheme.Answer{Status: http.StatusUnauthorized}
	}
	if refusal == nil {
		return caller, true
	}
	refuseCaller(w, refusal, permission)
	return Caller{}, false
}

// fromBasic rewrites one Basic header as the Bearer that it stands for. What is
// not well formed is left as it is, for Authorize to refuse.
func fromBasic(r *http.Request) (id string, out *http.Request, basic bool) {
	lines := r.Header.Values("Authorization")
	if len(lines) != 1 {
		return "", r, false
	}
	word, rest, _ := strings.Cut(lines[0], " ")
	if !strings.EqualFold(word, "Basic") {
		return "", r, false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(rest)
	user, password, ok := strings.Cut(string(raw), ":")
	if err != nil || !ok {
		return "", r, false
	}
	id, err1 := url.QueryUnescape(user) // RFC 6749 section 2.3.1 has both halves form-encoded
	key, err2 := url.QueryUnescape(password)
	if err1 != nil || err2 != nil {
		return "", r, false
	}
	out = r.Clone(r.Context())
	out.Header.Set("Authorization", "Bearer "+key)
	return id, out, true
}

func (s *server) introspect(w http.ResponseWriter, r *http.Request, by Caller, q question) {
	found := s.find(&by, &q)
	if found.decision.Reason == keywright.Failure && !found.known() {
		unavailable(w)
		return
	}
	if !found.decision.Granted() {
		write(w, http.StatusOK, inactive{})
		return
	}
	body, err := s.describe(r.Context(), &found)
	switch {
	case keywright.KindOf(err) == keywright.NotFound: // deleted since
		write(w, http.StatusOK, inactive{})
	case err != nil:
		unavailable(w)
	default:
		write(w, http.StatusOK, body)
	}
}

// revoke ends the key that is named, in whatever state it is. RFC 7009 has a
// token that is not known answered like one that was revoked.
func (s *server) revoke(w http.ResponseWriter, r *http.Request, by Caller, q question) {
	found := s.findKey(&by, &q)
	switch {
	case !found.decision.Key.IsZero():
		err := s.Revoke(r.Context(), by.Actor, found.decision.Key)
		if err != nil && keywright.KindOf(err) != keywright.NotFound {
			unavailable(w)
			return
		}
	case found.decision.Reason == keywright.Failure:
		unavailable(w)
		return
	case !found.read && isJWT(q.token):
		refuse(w, http.StatusBadRequest, "unsupported_token_type", "tokens of identity providers are revoked there, and otherwise end by themselves")
		return
	}
	noStore(w)
	w.WriteHeader(http.StatusOK)
}
