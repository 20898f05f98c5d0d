package keywright

import (
	"encoding/binary"
	"strings"
	"time"
)

// KeyID names a key's record. It is a ULID: sorted by the instant of creation,
// and never a part of the credential. The zero value names no key.
type KeyID [16]byte

const (
	keyIDPrefix = "key_"
	crockford   = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	ulidLength  = 26
)

// NewKeyID makes an id from an instant and ten random bytes.
func NewKeyID(at time.Time, entropy [10]byte) KeyID {
	var id KeyID
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(at.UnixMilli(), 0)))
	copy(id[:6], ms[2:])
	copy(id[6:], entropy[:])
	return id
}

// IsZero reports whether the id names no key.
func (id KeyID) IsZero() bool { return id == KeyID{} }

// String returns the id as "key_" and 26 characters of Crockford's base32.
// The zero id is the empty string.
func (id KeyID) String() string {
	if id.IsZero() {
		return ""
	}
	return keyIDPrefix + ULID(id)
}

// ULID spells 16 bytes as 26 characters of Crockford's base32.
func ULID(b [16]byte) string {
	var out [ulidLength]byte
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	for i := ulidLength - 1; i >= 0; i-- {
		out[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}

// ParseKeyID reads what String wrote. It returns an Invalid error for any
// other spelling; lower case is accepted.
func ParseKeyID(s string) (KeyID, error) {
	digits, ok := strings.CutPrefix(s, keyIDPrefix)
	if !ok || len(digits) != ulidLength || digits[0] > '7' {
		return KeyID{}, invalidKeyID()
	}
	var hi, lo uint64
	for _, c := range []byte(strings.ToUpper(digits)) {
		v := strings.IndexByte(crockford, c)
		if v < 0 {
			return KeyID{}, invalidKeyID()
		}
		hi = hi<<5 | lo>>59
		lo = lo<<5 | uint64(v)
	}
	var id KeyID
	binary.BigEndian.PutUint64(id[:8], hi)
	binary.BigEndian.PutUint64(id[8:], lo)
	return id, nil
}

func invalidKeyID() error {
	return &Error{Kind: Invalid, Field: "id", Detail: `a key's id is "key_" and 26 letters and digits, as the answer that created it gave it`}
}

// MarshalText implements encoding.TextMarshaler.
func (id KeyID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. The empty text is the zero id.
func (id *KeyID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = KeyID{}
		return nil
	}
	parsed, err := ParseKeyID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// TenantID names a tenant: "ten_" and a ULID.
type TenantID string

// NewTenantID makes an id from an instant and ten random bytes.
func NewTenantID(at time.Time, entropy [10]byte) TenantID {
	return TenantID("ten_" + ULID(NewKeyID(at, entropy)))
}
