// Package keeper applies the rules inside the store's transactions: it issues,
// rotates, amends, pauses, resumes, revokes, deletes and imports. It never
// answers before this node's own index has applied the write.
package keeper

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/seal"
)

// Options of a keeper.
type Options struct {
	Store   keywright.Store
	Schemes map[string]*scheme.Scheme
	Pepper  *seal.Pepper
	Sealer  *seal.Sealer
	Clock   func() time.Time
	Random  io.Reader
	// Wait returns when this node's index has applied a cursor; nil does not wait.
	Wait func(context.Context, keywright.Cursor) error
}

// Keeper is safe for concurrent use.
type Keeper struct{}

// New returns a keeper.
func New(o Options) *Keeper { return &Keeper{} }

// Issued is a new key, and the only sight of its credential.
type Issued struct {
	Key         keywright.Key
	Credential  keywright.Credential // zero on a replay
	Predecessor *keywright.Key       // after a rotation
	Replayed    bool                 // an idempotency key was used again: nothing was done
}

// IssueRequest asks for a key.
type IssueRequest struct {
	Tenant         string // id or ref
	Scheme         string
	Draft          keywright.Draft
	IdempotencyKey string
}

var errNotBuilt = errors.New("keeper: not built yet")

// Issue makes a key. Errors: NotFound (tenant), Invalid (field), Forbidden
// (environment, plan), Conflict (cap, archived).
func (k *Keeper) Issue(ctx context.Context, by keywright.Actor, r IssueRequest) (Issued, error) {
	return Issued{}, errNotBuilt
}

// RotateRequest asks for a successor.
type RotateRequest struct {
	Overlap        *time.Duration
	Finish         bool
	IdempotencyKey string
}

// Rotate replaces a key.
func (k *Keeper) Rotate(ctx context.Context, by keywright.Actor, id keywright.KeyID, r RotateRequest) (Issued, error) {
	return Issued{}, errNotBuilt
}

// Match is an optional precondition: the version that the caller saw; 0 is none.
type Match = uint64

// Amend changes name, expiry, permissions, addresses, metadata. Precondition if the version differs.
func (k *Keeper) Amend(ctx context.Context, by keywright.Actor, id keywright.KeyID, m Match, a keywright.Amendment) (keywright.Key, error) {
	return keywright.Key{}, errNotBuilt
}

// Pause suspends a key.
func (k *Keeper) Pause(ctx context.Context, by keywright.Actor, id keywright.KeyID, until time.Time) (keywright.Key, error) {
	return keywright.Key{}, errNotBuilt
}

// Resume ends a pause.
func (k *Keeper) Resume(ctx context.Context, by keywright.Actor, id keywright.KeyID) (keywright.Key, error) {
	return keywright.Key{}, errNotBuilt
}

// Revoke ends a key for good.
func (k *Keeper) Revoke(ctx context.Context, by keywright.Actor, id keywright.KeyID, why keywright.Revocation) (keywright.Key, error) {
	return keywright.Key{}, errNotBuilt
}

// Delete removes a key; what happened to it stays in the audit trail.
func (k *Keeper) Delete(ctx context.Context, by keywright.Actor, id keywright.KeyID) error {
	return errNotBuilt
}

// TenantDraft asks for a tenant. Ref is made up (8 letters and digits) if empty.
type TenantDraft struct {
	ID           keywright.TenantID // only for the operators' tenant and seeds; else ""
	Ref          string
	Name         string
	Plan         string
	Services     []string
	Environments []string
	Metadata     map[string]string
}

// CreateTenant makes a tenant.
func (k *Keeper) CreateTenant(ctx context.Context, by keywright.Actor, d TenantDraft) (keywright.Tenant, error) {
	return keywright.Tenant{}, errNotBuilt
}

// TenantAmendment changes a tenant; nil leaves a part as it is.
type TenantAmendment struct {
	Name         *string
	Plan         *string
	Services     *[]string
	Environments *[]string
	Metadata     *map[string]string
	Archived     *bool
}

// AmendTenant changes a tenant.
func (k *Keeper) AmendTenant(ctx context.Context, by keywright.Actor, idOrRef string, m Match, a TenantAmendment) (keywright.Tenant, error) {
	return keywright.Tenant{}, errNotBuilt
}

// ImportRow is one existing key. Either the credential (Key, Secret) or
// SHA256 (hex or base64 of SHA-256 of the whole credential) is given.
type ImportRow struct {
	Line        int
	Tenant      string
	Scheme      string
	Key         string
	Secret      string
	SHA256      string
	Hint        string
	Name        string
	Environment string
	Permissions []string
	Metadata    map[string]string
	Created     time.Time
	Expires     time.Time
}

// ImportResult is what became of a row: an id, or the error.
type ImportResult struct {
	Line int
	ID   keywright.KeyID
	Err  error
	// Skipped: this very key is there already; what makes an import resumable.
	Skipped bool
}

// Import takes existing keys in batches, each batch one transaction; it calls
// done for every row in order. A row that is refused does not stop the others.
func (k *Keeper) Import(ctx context.Context, by keywright.Actor, rows iter.Seq2[ImportRow, error], done func(ImportResult)) error {
	return errNotBuilt
}
