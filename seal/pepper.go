package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/keywright/keywright"
)

// Link is one secret of a chain of peppers.
type Link [32]byte

// Format implements fmt.Formatter: a link is a secret and refuses to print itself.
func (Link) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// MarshalJSON implements json.Marshaler.
func (Link) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

// MarshalText implements encoding.TextMarshaler, which slog's handlers honour.
func (Link) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// Pepper makes digests. It is a chain of one or more secrets: a rotated pepper
// wraps the digests of the one before. It is safe for concurrent use.
type Pepper struct {
	// links is oldest first and never empty. It hides in a function because fmt
	// walks into unexported fields, past every Format method, but not into these.
	links func() []Link
	id    string
	base  string // the id without the newest link
	pool  sync.Pool
}

// idLabel is longer than a digest and so can never be one: an id tells nothing
// of any digest.
const idLabel = "keywright: the name of a chain of peppers, version 1\x00"

// NewPepper returns a chain whose oldest link is first.
func NewPepper(oldest Link, newer ...Link) *Pepper {
	links := append([]Link{oldest}, newer...)
	p := &Pepper{links: func() []Link { return links }}
	for i := range links {
		mac := hmac.New(sha256.New, links[i][:])
		mac.Write([]byte(idLabel + p.id))
		p.base, p.id = p.id, "pep_"+hex.EncodeToString(mac.Sum(nil)[:8])
	}
	p.pool.New = func() any { return newWork(links) }
	return p
}

// Extend returns the chain with a newer link wrapped around it.
func (p *Pepper) Extend(newest Link) *Pepper {
	links := p.links()
	return NewPepper(links[0], append(append([]Link{}, links[1:]...), newest)...)
}

// Format implements fmt.Formatter: a pepper refuses to print itself.
func (p *Pepper) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// ID names the chain; a key's record carries it. It is derived from the secrets
// but tells nothing of them.
func (p *Pepper) ID() string { return p.id }

// Base names the chain without its newest link, whose digests Wrap takes. It is
// empty for a chain of one.
func (p *Pepper) Base() string { return p.base }

// Digest returns HMAC-SHA-256(pepper, SHA-256(credential)) along the chain. For
// a pair the inner hash is over public, one zero byte, and secret; for a single
// secret over the secret alone. It allocates nothing.
func (p *Pepper) Digest(c keywright.Credential) keywright.Digest {
	w := p.pool.Get().(*work)
	public, secret := c.Reveal()
	w.text = w.text[:0]
	if public != "" {
		w.text = append(append(w.text, public...), 0)
	}
	w.text = append(w.text, secret...)
	w.sum = sha256.Sum256(w.text)
	clear(w.text) // the pool outlives the request; a secret must not
	return p.chain(w)
}

// DigestInner does the same from SHA-256(credential), for imports.
func (p *Pepper) DigestInner(inner [32]byte) keywright.Digest {
	w := p.pool.Get().(*work)
	w.sum = inner
	return p.chain(w)
}

// Wrap turns a digest that was made under Base into the digest of the whole
// chain, so that a pepper is rotated without any key being presented.
func (p *Pepper) Wrap(d keywright.Digest) keywright.Digest {
	w := p.pool.Get().(*work)
	w.sum = d
	w.link(len(w.macs) - 1)
	out := keywright.Digest(w.sum)
	p.pool.Put(w)
	return out
}

func (p *Pepper) chain(w *work) keywright.Digest {
	for i := range w.macs {
		w.link(i)
	}
	out := keywright.Digest(w.sum)
	p.pool.Put(w)
	return out
}

// work is the pre-keyed state of one digest in the making. It is pooled: keying
// an HMAC costs more than using it.
type work struct {
	macs []hash.Hash
	text []byte
	sum  [32]byte
}

// textRoom holds every credential of a usual length; a longer one makes room once.
const textRoom = 256

func newWork(links []Link) *work {
	w := &work{text: make([]byte, 0, textRoom)}
	for i := range links {
		w.macs = append(w.macs, hmac.New(sha256.New, links[i][:]))
	}
	return w
}

func (w *work) link(i int) {
	mac := w.macs[i]
	mac.Reset()
	mac.Write(w.sum[:])
	mac.Sum(w.sum[:0])
}
