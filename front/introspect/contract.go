package introspect

import (
	"context"
	"net/http"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/scheme"
)

// Caller is who asks: an operator's key, as the gate found it.
type Caller struct {
	Actor  keywright.Actor
	Tenant keywright.TenantID // whose tokens it may ask about; the operators' may ask about all
}

// Options of New.
type Options struct {
	Issuer  string // where this front is, for its metadata
	Schemes func() map[string]*scheme.Scheme
	Index   gate.Verifier
	Pepper  gate.Digester
	Tokens  gate.Tokens // nil: no JWTs
	// Authorize says who calls: keys with keys:verify may introspect, those with
	// keys:write may revoke. The second result is the refusal.
	Authorize func(r *http.Request, permission string) (Caller, *scheme.Answer)
	// Revoke ends a key for good.
	Revoke func(ctx context.Context, by keywright.Actor, id keywright.KeyID) error
	// Key reads a record for what the index does not hold: its name and dates.
	Key   func(ctx context.Context, id keywright.KeyID) (keywright.Key, error)
	Clock func() time.Time
}

// The paths of the front.
const (
	IntrospectPath = "/oauth/introspect"
	RevokePath     = "/oauth/revoke"
	MetadataPath   = "/.well-known/oauth-authorization-server"
)

// New returns the handler of the three paths.
func New(o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not built yet", http.StatusNotFound) })
}
