package seal

import (
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Identity is what an upstream is told of a granted request: the claims of an
// EdDSA JWT. It never holds the credential.
type Identity struct {
	Audience    string            `json:"aud"` // the API's name
	Subject     string            `json:"sub"` // the tenant's id
	Ref         string            `json:"tenant_ref,omitempty"`
	TenantName  string            `json:"tenant_name,omitempty"`
	Key         string            `json:"key_id"`           // "" where a token of an identity provider was presented
	Login       string            `json:"login,omitempty"`  // that token's issuer and subject, with a space between
	Person      string            `json:"person,omitempty"` // the id of the person, where known
	Role        string            `json:"role,omitempty"`   // the person's role in the tenant
	Email       string            `json:"email,omitempty"`  // as the identity provider says
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

// IdentityLeeway is how far the clock of an upstream may lag behind ours: an
// assertion made that much in the future is still taken. Nothing is added at the
// other end: past its exp an assertion is dead.
const IdentityLeeway = 5 * time.Second

const (
	identityIssuer = "keywright"
	identityType   = "keywright+jwt" // no other JWT of ours or anybody's passes for an identity
)

// Signer signs identity assertions with Ed25519 and publishes its public key.
// It is safe for concurrent use.
type Signer struct {
	signer jose.Signer
	jwks   []byte
}

// Format implements fmt.Formatter: a signer refuses to print its key.
func (s *Signer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// NewSigner returns a signer whose private key comes from a seed.
func NewSigner(seed [ed25519.SeedSize]byte) (*Signer, error) {
	private := ed25519.NewKeyFromSeed(seed[:])
	public := jose.JSONWebKey{Key: private.Public(), Algorithm: string(jose.EdDSA), Use: "sig"}
	thumb, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumb)
	jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}})
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	key := jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: private, KeyID: public.KeyID}}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType(identityType))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return &Signer{signer: signer, jwks: jwks}, nil
}

// Sign returns a compact JWT. It sets Issuer; the caller sets the instants. An
// identity without an audience, or one that lives longer than IdentityLife, is
// refused: no verifier would take it.
func (s *Signer) Sign(i Identity) (string, error) {
	if i.Audience == "" || i.Subject == "" || (i.Key == "") == (i.Login == "") {
		return "", errors.New("seal: an identity needs an audience, a subject, and either a key or a login")
	}
	if life := i.Expires - i.IssuedAt; life <= 0 || life > int64(IdentityLife/time.Second) {
		return "", fmt.Errorf("seal: an identity lives for 1 to %d seconds, not %d", int64(IdentityLife/time.Second), life)
	}
	i.Issuer = identityIssuer
	claims, err := json.Marshal(i)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	signed, err := s.signer.Sign(claims)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return signed.CompactSerialize()
}

// JWKS returns the public keys as a JSON Web Key Set.
func (s *Signer) JWKS() []byte { return append([]byte(nil), s.jwks...) }
