package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/keywright/keywright"
)

// Sealer seals recoverable secrets with XChaCha20-Poly1305, bound to key and
// tenant: what was sealed for one key opens for no other. Verifiers never hold it.
type Sealer struct{ aead cipher.AEAD }

// Format implements fmt.Formatter: a sealer refuses to print its key.
func (s *Sealer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

const (
	sealVersion = 1
	sealLabel   = "keywright sealed secret\x00"
)

// NewSealer returns a sealer under a key.
func NewSealer(key [32]byte) (*Sealer, error) {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return &Sealer{aead: aead}, nil
}

// Seal returns the sealed secret: a version, a random nonce, and the rest.
func (s *Sealer) Seal(id keywright.KeyID, tenant keywright.TenantID, secret string) ([]byte, error) {
	out := make([]byte, 1+s.aead.NonceSize(), 1+s.aead.NonceSize()+len(secret)+s.aead.Overhead())
	out[0] = sealVersion
	if _, err := rand.Read(out[1:]); err != nil {
		return nil, fmt.Errorf("seal: no randomness: %w", err)
	}
	return s.aead.Seal(out, out[1:], []byte(secret), bound(id, tenant)), nil
}

// errSealed is all that is said of a sealed secret that does not open.
var errSealed = errors.New("seal: the sealed secret does not open: it was sealed under another key, for another key or tenant, or was altered")

// Open returns the secret. The error says nothing of what was sealed.
func (s *Sealer) Open(id keywright.KeyID, tenant keywright.TenantID, sealed []byte) (string, error) {
	head := 1 + s.aead.NonceSize()
	if len(sealed) < head || sealed[0] != sealVersion {
		return "", errSealed
	}
	secret, err := s.aead.Open(nil, sealed[1:head], sealed[head:], bound(id, tenant))
	if err != nil {
		return "", errSealed
	}
	return string(secret), nil
}

// bound is the associated data. The id has a fixed length, so that no other
// key and tenant spell the same bytes.
func bound(id keywright.KeyID, tenant keywright.TenantID) []byte {
	data := append([]byte(sealLabel), id[:]...)
	return append(data, tenant...)
}
