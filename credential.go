package keywright

import (
	"fmt"
	"io"
	"unsafe"
)

// redacted is what every formatter sees instead of a secret.
const redacted = "[redacted]"

// Credential is what a client presents: one secret, or a public half and a
// secret. It refuses to print itself through fmt, encoding/json, log/slog or
// any encoder that honours encoding.TextMarshaler; Reveal is the only way out.
//
// fmt asks no Format method of a value in an unexported field: it walks into it
// by reflection and prints what it finds. So the halves are kept as pointers to
// their first bytes, of which reflection sees an address and no text. Two
// credentials cannot be compared with ==, which would not be in constant time.
type Credential struct {
	_              [0]func() // no ==
	public, secret *byte
	publen, seclen int
}

// NewCredential makes a credential from its halves. A scheme with a single
// secret leaves public empty and puts the whole presented value in secret. It
// copies nothing.
func NewCredential(public, secret string) Credential {
	return Credential{
		public: unsafe.StringData(public), publen: len(public),
		secret: unsafe.StringData(secret), seclen: len(secret),
	}
}

// Public returns the half that is not secret; empty for single-secret schemes.
func (c Credential) Public() string { return unsafe.String(c.public, c.publen) }

// Reveal returns both halves. Call it only to hash, to seal, or to answer the
// one request that may see the secret.
func (c Credential) Reveal() (public, secret string) {
	return unsafe.String(c.public, c.publen), unsafe.String(c.secret, c.seclen)
}

// IsZero reports whether there is no credential at all.
func (c Credential) IsZero() bool { return c.publen == 0 && c.seclen == 0 }

// Format implements fmt.Formatter for every verb, so that no verb prints it.
func (Credential) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalJSON implements json.Marshaler.
func (Credential) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText implements encoding.TextMarshaler, which slog's handlers honour.
func (Credential) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Digest is what is kept of a credential: HMAC-SHA-256(pepper, SHA-256(credential)).
// It is not secret in the way the credential is, but it is never shown either.
type Digest [32]byte

// Format implements fmt.Formatter: a digest in a log helps nobody but a thief.
func (Digest) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalJSON implements json.Marshaler.
func (Digest) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText implements encoding.TextMarshaler.
func (Digest) MarshalText() ([]byte, error) { return []byte(redacted), nil }
