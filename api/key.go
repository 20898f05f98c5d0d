package api

import (
	"fmt"
	"io"
	"time"
)

// Credential is what a client will present. Only the first answer about a key
// holds one. It marshals to JSON, for that answer, and prints as [redacted].
type Credential struct {
	Key    string `json:"key" doc:"The key, or the public half of a pair. Shown once." example:"kw_live_…"`
	Secret string `json:"secret,omitempty" doc:"The secret half, where the scheme has pairs. Shown once."`
}

// Format implements fmt.Formatter, so that no log prints a credential by accident.
func (Credential) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// KeyBody is a key's record as it goes over the wire. An instant that is not
// set is null. No field of it is secret.
type KeyBody struct {
	ID               string            `json:"id" doc:"Names the record; never a part of the credential." example:"key_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
	Tenant           string            `json:"tenant" doc:"The tenant's id." example:"ten_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
	Scheme           string            `json:"scheme" doc:"The wire contract that the key is of." example:"keywright"`
	State            string            `json:"state" enum:"ACTIVE,PENDING_ROTATION,PAUSED,RETIRED,EXPIRED,REVOKED" doc:"Derived at the instant of the answer."`
	Name             string            `json:"name" doc:"What the key is for; some systems call it description." example:"CI"`
	Environment      string            `json:"environment" doc:"Empty where the scheme has none." example:"live"`
	Hint             string            `json:"hint" doc:"The characters that may be shown to tell keys apart." example:"…x7Kq"`
	PublicKey        string            `json:"public_key,omitempty" doc:"The public half of a pair; it is not secret."`
	Permissions      []string          `json:"permissions" nullable:"false" doc:"What the key may do; \"*\" is everything." example:"[\"files:read\"]"`
	Addresses        []string          `json:"addresses" nullable:"false" doc:"Where it may be used from, as CIDR prefixes; empty is anywhere." example:"[\"192.0.2.0/24\"]"`
	Metadata         map[string]string `json:"metadata" nullable:"false" doc:"The provider's own."`
	CreatedAt        time.Time         `json:"created_at" doc:"When it was made."`
	ExpiresAt        *time.Time        `json:"expires_at" doc:"The key is dead at this instant; null is never."`
	PausedAt         *time.Time        `json:"paused_at" doc:"When it was paused; null when it is not."`
	PausedUntil      *time.Time        `json:"paused_until" doc:"When the pause ends by itself; null is until resumed."`
	RetiresAt        *time.Time        `json:"retires_at" doc:"The end of the overlap after a rotation."`
	RevokedAt        *time.Time        `json:"revoked_at" doc:"When it was revoked; null when it was not."`
	LastUsedAt       *time.Time        `json:"last_used_at" doc:"When it was last presented, let through or not; null is never, or not known."`
	RevocationReason string            `json:"revocation_reason,omitempty" doc:"Why it was revoked." example:"compromised"`
	Predecessor      string            `json:"predecessor,omitempty" doc:"The id of the key that this one replaced."`
	Successor        string            `json:"successor,omitempty" doc:"The id of the key that replaced this one."`
	Version          uint64            `json:"version" doc:"Grows by one with each write; the ETag is \"v\" and this number." example:"1"`
}

// Key is the answer of the operations about one key.
type Key struct {
	KeyBody
	Credential     *Credential `json:"credential,omitempty" doc:"Only in the first answer about a key, and never again."`
	PredecessorKey *KeyBody    `json:"predecessor_key,omitempty" doc:"After a rotation: the retiring key."`
	Replayed       bool        `json:"replayed,omitempty" doc:"The Idempotency-Key was used before: nothing was done, and the credential is not shown again."`
	Notice         string      `json:"notice,omitempty" doc:"What to do next, in words."`
}

// CreateKey asks for a key. null is the same as absent.
type CreateKey struct {
	Tenant      string            `json:"tenant" minLength:"1" maxLength:"128" doc:"The tenant's id or ref." example:"acme0001"`
	Scheme      string            `json:"scheme" minLength:"1" maxLength:"64" doc:"The wire contract." example:"keywright"`
	Name        string            `json:"name,omitempty" nullable:"true" maxLength:"1024" doc:"What the key is for. The scheme says whether it must be there, and its length." example:"CI"`
	Environment string            `json:"environment,omitempty" nullable:"true" maxLength:"64" doc:"One of the scheme's, where it has any." example:"live"`
	ExpiresAt   *time.Time        `json:"expires_at,omitempty" nullable:"true" doc:"When the key dies, RFC 3339; null or absent is never. Not together with ttl." example:"2030-01-01T00:00:00Z"`
	TTL         *int64            `json:"ttl,omitempty" nullable:"true" minimum:"0" maximum:"3155760000" doc:"Whole seconds that the key lives; 0 is for ever. Not together with expires_at." example:"86400"`
	Permissions []string          `json:"permissions,omitempty" maxItems:"64" doc:"What the key may do, where the scheme has permissions." example:"[\"files:read\"]"`
	Addresses   []string          `json:"addresses,omitempty" maxItems:"64" doc:"Where it may be used from: addresses or CIDR prefixes." example:"[\"192.0.2.0/24\"]"`
	Metadata    map[string]string `json:"metadata,omitempty" nullable:"true" doc:"At most 32 short texts of your own."`
}

// AmendKey changes a key; what is absent stays as it is.
type AmendKey struct {
	Name        *string            `json:"name,omitempty" maxLength:"1024" doc:"A new name."`
	ExpiresAt   *time.Time         `json:"expires_at,omitempty" nullable:"true" doc:"A new expiry; null is never."`
	Permissions *[]string          `json:"permissions,omitempty" maxItems:"64" nullable:"false" doc:"Replaces all permissions."`
	Addresses   *[]string          `json:"addresses,omitempty" maxItems:"64" nullable:"false" doc:"Replaces all addresses."`
	Metadata    *map[string]string `json:"metadata,omitempty" doc:"Replaces all metadata."`
}

// RotateKey replaces a key.
type RotateKey struct {
	Overlap *string `json:"overlap,omitempty" maxLength:"32" doc:"How long both keys work, such as \"168h\", \"90m\" or \"7d\"; the scheme's own overlap unless given." example:"168h"`
	Finish  bool    `json:"finish,omitempty" doc:"Ends at once the overlap of the key before this one, if it still runs."`
}

// OverlapKey moves the end of a rotation's overlap.
type OverlapKey struct {
	EndsAt *time.Time `json:"ends_at,omitempty" nullable:"true" doc:"When the retiring key stops: at most 30 days after the rotation, and not past its own expiry. null or absent is now." example:"2030-01-08T12:00:00Z"`
}

// PauseKey suspends a key.
type PauseKey struct {
	Until *time.Time `json:"until,omitempty" nullable:"true" doc:"When the pause ends by itself; null or absent is until resumed."`
}

// RevokeKey ends a key for good.
type RevokeKey struct {
	Reason string `json:"reason,omitempty" enum:"compromised,abuse,superseded,unused,unspecified" doc:"Why. Absent is unspecified."`
}

// KeyPage is one page of keys.
type KeyPage struct {
	Items      []KeyBody `json:"items" nullable:"false" doc:"The keys of this page."`
	NextCursor string    `json:"next_cursor" doc:"Send it as cursor to get the next page; empty at the end."`
}
