package scheme

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// Minting is what a new credential is made for.
type Minting struct {
	Ref         string // the tenant's
	Environment string
	Public      string    // the public half to keep, at a rotation that keeps it; else ""
	Class       string    // the class of credential; "" is the scheme's first
	At          time.Time // goes into a format's {ulid}; zero draws those bits too
}

// Mint makes a new credential from random bytes. It returns an Invalid error
// naming "tenant" if the tenant's ref does not fit the format, "environment" or
// "class" if none is minted for it, and "public" if the half to keep is not of
// the scheme's form.
func (s *Scheme) Mint(r io.Reader, m Minting) (keywright.Credential, error) {
	f, err := s.minted(m)
	if err != nil {
		return keywright.Credential{}, err
	}
	if !f.pair {
		value, err := f.key.mint(r, m)
		return keywright.NewCredential("", value), err
	}
	public := m.Public
	if public == "" {
		if public, err = f.key.mint(r, m); err != nil {
			return keywright.Credential{}, err
		}
	} else if !f.key.fits(public) {
		return keywright.Credential{}, &keywright.Error{Kind: keywright.Invalid, Field: "public", Detail: "the key to keep is not of the scheme's format"}
	}
	secret, err := f.secret.mint(r, m)
	if err != nil {
		return keywright.Credential{}, err
	}
	return keywright.NewCredential(public, secret), nil
}

func (s *Scheme) minted(m Minting) (*format, error) {
	if len(s.formats) == 0 {
		return nil, &keywright.Error{Kind: keywright.Invalid, Field: "scheme", Detail: "the scheme " + s.name + " takes the tokens of logins alone: no key is made for it"}
	}
	class := m.Class
	if class == "" {
		class = s.formats[0].class
	}
	field, detail := "class", "the scheme "+s.name+" has no class of credential called "+class
	for i := range s.formats {
		f := &s.formats[i]
		if !f.mint || f.class != class {
			continue
		}
		if f.environment == "" || f.environment == m.Environment {
			return f, nil
		}
		field, detail = "environment", "the scheme "+s.name+" makes no key for the environment "+fmt.Sprintf("%q", m.Environment)
	}
	return nil, &keywright.Error{Kind: keywright.Invalid, Field: field, Detail: detail}
}

// mint makes one value of a form.
func (f *form) mint(r io.Reader, m Minting) (string, error) {
	var b strings.Builder
	b.Grow(f.max)
	sum := uint32(0)
	for i := range f.segments {
		seg := &f.segments[i]
		part, err := seg.mint(r, m, sum)
		if err != nil {
			return "", err
		}
		if seg.kind == publicSegment || seg.kind == secretSegment {
			sum = crc32Update(sum, part)
		}
		b.WriteString(part)
	}
	return b.String(), nil
}

func (seg *segment) mint(r io.Reader, m Minting, sum uint32) (string, error) {
	switch seg.kind {
	case literalSegment:
		return seg.literal, nil
	case refSegment:
		return seg.ref(m.Ref)
	case publicSegment, secretSegment:
		return seg.chars.draw(r, seg.mintLength())
	case checksumSegment:
		return spellChecksum(sum), nil
	case ulidSegment:
		return mintULID(r, m.At)
	default:
		return mintInt(r)
	}
}

func (seg *segment) ref(ref string) (string, error) {
	if len(ref) < seg.min || len(ref) > seg.max || !seg.chars.all(ref) {
		length := fmt.Sprint(seg.min)
		if seg.min != seg.max {
			length += fmt.Sprintf(" to %d", seg.max)
		}
		return "", &keywright.Error{Kind: keywright.Invalid, Field: "tenant", Detail: fmt.Sprintf(
			"the tenant's ref goes into its keys, and must be %s characters of %s (%s)", length, seg.chars.name, seg.chars.chars)}
	}
	return ref, nil
}

// draw picks n characters, each as likely as any other: bytes past the last
// whole multiple of the alphabet are thrown away.
func (a *alphabet) draw(r io.Reader, n int) (string, error) {
	out := make([]byte, 0, n)
	limit := 256 - 256%len(a.chars)
	var buf [64]byte
	for len(out) < n {
		want := buf[:min(len(buf), n-len(out))]
		if _, err := io.ReadFull(r, want); err != nil {
			return "", randomFailed(err)
		}
		for _, c := range want {
			if int(c) < limit {
				out = append(out, a.chars[int(c)%len(a.chars)])
			}
		}
	}
	clear(buf[:])
	return string(out), nil
}

func mintULID(r io.Reader, at time.Time) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return "", randomFailed(err)
	}
	if !at.IsZero() {
		var ms [8]byte
		binary.BigEndian.PutUint64(ms[:], uint64(max(at.UnixMilli(), 0)))
		copy(b[:6], ms[2:])
	}
	return keywright.ULID(b), nil
}

// mintInt draws a number between 1 and 2^53, which every client can hold.
func mintInt(r io.Reader) (string, error) {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return "", randomFailed(err)
	}
	return fmt.Sprint(binary.BigEndian.Uint64(b[:])>>11 + 1), nil
}

func randomFailed(err error) error {
	return &keywright.Error{Kind: keywright.Internal, Detail: "no random bytes could be had", Cause: err}
}
