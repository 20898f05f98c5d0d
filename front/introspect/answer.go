package introspect

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright/scheme"
)

// The error codes of RFC 6749 section 5.2 and RFC 6750 section 3.1.
const (
	invalidRequest    = "invalid_request"
	invalidClient     = "invalid_client"
	insufficientScope = "insufficient_scope"
	temporarily       = "temporarily_unavailable"
)

// inactive is all that is said of a token that is not granted, whatever the reason.
type inactive struct {
	Active bool `json:"active"`
}

// active is RFC 7662 section 2.2, and members of our own after it.
type active struct {
	Active    bool     `json:"active"`
	Scope     string   `json:"scope,omitempty"`     // permissions, with spaces between
	ClientID  string   `json:"client_id,omitempty"` // the key's id
	Username  string   `json:"username,omitempty"`  // the tenant's ref; of a JWT, the subject's e-mail address
	TokenType string   `json:"token_type,omitempty"`
	Expires   int64    `json:"exp,omitempty"`
	Issued    int64    `json:"iat,omitempty"`
	NotBefore int64    `json:"nbf,omitempty"`
	Subject   string   `json:"sub"` // the tenant's id; of a JWT, its own sub
	Audience  []string `json:"aud"` // the schemes
	Issuer    string   `json:"iss,omitempty"`
	ID        string   `json:"jti,omitempty"`

	Tenant      string `json:"tenant"` // the id
	TenantRef   string `json:"tenant_ref,omitempty"`
	Environment string `json:"environment,omitempty"`
	Scheme      string `json:"scheme,omitempty"` // where it is one
	KeyID       string `json:"key_id,omitempty"`
	Person      string `json:"person,omitempty"`
	Role        string `json:"role,omitempty"`
	Retires     int64  `json:"retires,omitempty"` // when a rotated key's overlap ends
}

// describe says what a granted token is.
func (s *server) describe(ctx context.Context, f *finding) (*active, error) {
	d := &f.decision
	out := &active{
		Active: true, Scope: strings.Join(d.Permissions, " "), Expires: seconds(d.Dies), Retires: seconds(d.Retires),
		Environment: d.Environment, Tenant: string(d.Tenant.ID), TenantRef: d.Tenant.Ref,
	}
	for _, one := range f.schemes {
		out.Audience = append(out.Audience, one.Name())
		if slices.Contains(one.CredentialHeaders(), "Authorization") {
			out.TokenType = "Bearer"
		}
	}
	if len(out.Audience) == 1 {
		out.Scheme = out.Audience[0]
	}
	if p := d.Principal; p != nil {
		out.Issuer, out.Subject, out.Username, out.Person, out.Role = p.Issuer, p.ID, p.Email, p.Person, p.Role
		return out, nil
	}
	key, err := s.Key(ctx, d.Key)
	if err != nil {
		return nil, err
	}
	id := d.Key.String()
	out.ClientID, out.ID, out.KeyID, out.Issuer = id, id, id, s.Issuer
	out.Subject, out.Username = string(d.Tenant.ID), d.Tenant.Ref
	out.Issued, out.NotBefore = seconds(key.Created), seconds(key.Created)
	return out, nil
}

// seconds is an instant as JWTs have it; 0, which is left out, for none. It is
// rounded down, so that nothing is said to live longer than it does.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func noStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}

func write(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	noStore(w)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

func refuse(w http.ResponseWriter, status int, code, text string) {
	write(w, status, struct {
		Code string `json:"error"`
		Text string `json:"error_description"`
	}{code, text})
}

func unavailable(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	refuse(w, http.StatusServiceUnavailable, temporarily, "the token could not be looked up; try again")
}

// refuseCaller says in OAuth's words what the gate has found: its status and its
// headers stand, its body is for other clients.
func refuseCaller(w http.ResponseWriter, a *scheme.Answer, permission string) {
	for _, h := range a.Header {
		if name := http.CanonicalHeaderKey(h.Name); !strings.HasPrefix(name, "Content-") {
			w.Header().Add(name, h.Value)
		}
	}
	switch {
	case a.Status == http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="keywright"`)
		w.Header().Add("WWW-Authenticate", `Basic realm="keywright"`)
		refuse(w, a.Status, invalidClient, "send a key of yours: as Authorization: Bearer, or with its id in Authorization: Basic")
	case a.Status == http.StatusForbidden:
		w.Header().Set("WWW-Authenticate", `Bearer realm="keywright", error="`+insufficientScope+`", scope="`+permission+`"`)
		refuse(w, a.Status, insufficientScope, "your key may not do this: it needs "+permission)
	case a.Status == http.StatusTooManyRequests || a.Status >= http.StatusInternalServerError:
		if w.Header().Get("Retry-After") == "" {
			w.Header().Set("Retry-After", "1")
		}
		refuse(w, a.Status, temporarily, "try again")
	default:
		refuse(w, a.Status, invalidRequest, "the request was refused")
	}
}
