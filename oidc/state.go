package oidc

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/keywright/keywright"
)

// signInLife bounds how long a person may take at the identity provider.
const signInLife = 10 * time.Minute

const (
	seedLength  = 32
	stateLength = 1 + 8 + seedLength + sha256.Size
	stateFormat = 1
)

// kept is a sign-in under way, as it stands in the browser's cookie: a format, the
// instant of its end, a random seed, and a digest under that seed of what it is
// for. State, nonce and PKCE's verifier are derived from the seed, so that none of
// them tells another.
type kept struct {
	ends time.Time
	seed [seedLength]byte
}

func newKept(now time.Time) *kept {
	k := &kept{ends: now.Add(signInLife)}
	_, _ = rand.Read(k.seed[:]) // it never fails: the program ends where there is no randomness
	return k
}

func (k *kept) derive(what string) []byte {
	h := hmac.New(sha256.New, k.seed[:])
	h.Write([]byte(what))
	return h.Sum(nil)
}

func (k *kept) text(what string) string {
	return base64.RawURLEncoding.EncodeToString(k.derive(what))
}

func (k *kept) state() string    { return k.text("state") }
func (k *kept) nonce() string    { return k.text("nonce") }
func (k *kept) verifier() string { return k.text("verifier") }

// challenge is PKCE's S256 of the verifier.
func (k *kept) challenge() string {
	sum := sha256.Sum256([]byte(k.verifier()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// bound ties the seed to the provider, the redirect and the end.
func (k *kept) bound(provider, redirect string) []byte {
	text := binary.BigEndian.AppendUint64([]byte("bound"), uint64(k.ends.Unix()))
	text = binary.BigEndian.AppendUint64(text, uint64(len(provider)))
	return k.derive(string(append(append(text, provider...), redirect...)))
}

// seal spells what the cookie holds.
func (k *kept) seal(provider, redirect string) keywright.Credential {
	b := append(make([]byte, 0, stateLength), stateFormat)
	b = binary.BigEndian.AppendUint64(b, uint64(k.ends.Unix()))
	b = append(append(b, k.seed[:]...), k.bound(provider, redirect)...)
	return keywright.NewCredential("", base64.RawURLEncoding.EncodeToString(b))
}

// open reads it back; nil is one that is broken, too old, or for something else.
func open(c keywright.Credential, now time.Time, provider, redirect string) *kept {
	_, text := c.Reveal()
	if len(text) != base64.RawURLEncoding.EncodedLen(stateLength) {
		return nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != stateLength || b[0] != stateFormat {
		return nil
	}
	seconds := binary.BigEndian.Uint64(b[1:9])
	if seconds > 1<<36 {
		return nil
	}
	k := &kept{ends: time.Unix(int64(seconds), 0)}
	copy(k.seed[:], b[9:9+seedLength])
	if subtle.ConstantTimeCompare(k.bound(provider, redirect), b[9+seedLength:]) != 1 {
		return nil
	}
	if !now.Before(k.ends) || k.ends.Sub(now) > signInLife {
		return nil
	}
	return k
}
