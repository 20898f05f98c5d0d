// Package seal holds what is outside the database: peppers that make digests,
// the key that seals recoverable secrets, and the key that signs identity
// assertions. It never stores a credential.
package seal

import (
	"errors"
	"io"
	"time"

	"github.com/keywright/keywright"
)

// Pepper makes digests. It is a chain of one or more secrets: a rotated pepper
// wraps the digests of the one before. It is safe for concurrent use.
type Pepper struct{}

// Digest returns HMAC-SHA-256(pepper, SHA-256(credential)) along the chain. For
// a pair the inner hash is over public, one zero byte, and secret; for a single
// secret over the secret alone. It allocates nothing.
func (p *Pepper) Digest(c keywright.Credential) keywright.Digest { return keywright.Digest{} }

// DigestInner does the same from SHA-256(credential), for imports.
func (p *Pepper) DigestInner(inner [32]byte) keywright.Digest { return keywright.Digest{} }

// ID names the chain; a key's record carries it. It tells nothing of the secret.
func (p *Pepper) ID() string { return "" }

// Secrets is the secrets folder, opened.
type Secrets struct {
	Pepper   *Pepper
	Sealer   *Sealer
	Identity *Signer
}

// Open reads the secrets folder (0700, files 0600). create makes what is
// missing, durably; without it a missing file is an error. A file that others
// may read is refused.
func Open(dir string, create bool) (*Secrets, error) { return nil, errors.New("seal: not built yet") }

// Ephemeral makes secrets that live in memory only, for tests and the memory store.
func Ephemeral(r io.Reader) (*Secrets, error) { return nil, errors.New("seal: not built yet") }

// Sealer seals recoverable secrets with an AEAD, bound to key and tenant.
type Sealer struct{}

// Seal returns the sealed secret.
func (s *Sealer) Seal(id keywright.KeyID, tenant keywright.TenantID, secret string) ([]byte, error) {
	return nil, errors.New("seal: not built yet")
}

// Open returns the secret.
func (s *Sealer) Open(id keywright.KeyID, tenant keywright.TenantID, sealed []byte) (string, error) {
	return "", errors.New("seal: not built yet")
}

// Identity is what an upstream is told of a granted request: the claims of an
// EdDSA JWT. It never holds the credential.
type Identity struct {
	Audience    string            `json:"aud"` // the API's name
	Subject     string            `json:"sub"` // the tenant's id
	Ref         string            `json:"tenant_ref,omitempty"`
	TenantName  string            `json:"tenant_name,omitempty"`
	Key         string            `json:"key_id"`
	Scheme      string            `json:"scheme"`
	Environment string            `json:"environment,omitempty"`
	Permissions []string          `json:"permissions,omitempty"`
	Metadata    map[string]string `json:"tenant_metadata,omitempty"`
	Issuer      string            `json:"iss"` // "keywright"
	IssuedAt    int64             `json:"iat"`
	Expires     int64             `json:"exp"`
}

// IdentityHeader carries the assertion to the upstream.
const IdentityHeader = "Keywright-Identity"

// IdentityLife is the longest that an assertion lives.
const IdentityLife = 60 * time.Second

// Signer signs identity assertions with Ed25519 and publishes its public key.
type Signer struct{}

// Sign returns a compact JWT. It sets Issuer; the caller sets the instants.
func (s *Signer) Sign(i Identity) (string, error) { return "", errors.New("seal: not built yet") }

// JWKS returns the public keys as a JSON Web Key Set.
func (s *Signer) JWKS() []byte { return nil }

// Verifier checks assertions on the upstream's side.
type Verifier struct{}

// NewVerifier takes a JWKS and the audience that this upstream is.
func NewVerifier(jwks []byte, audience string, now func() time.Time) (*Verifier, error) {
	return nil, errors.New("seal: not built yet")
}

// Verify returns the identity, or an error for anything but a valid, fresh
// EdDSA assertion for this audience.
func (v *Verifier) Verify(token string) (Identity, error) {
	return Identity{}, errors.New("seal: not built yet")
}
