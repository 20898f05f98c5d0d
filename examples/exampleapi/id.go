package exampleapi

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/keywright/keywright"
)

// NewID returns a ULID: 26 characters, sorted by the instant of creation.
func NewID(now time.Time) string {
	var b [16]byte
	_, _ = rand.Read(b[6:]) // crypto/rand never fails
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(now.UnixMilli(), 0)))
	copy(b[:6], ms[2:])
	return keywright.ULID(b)
}

// NewNumber returns a random number of ten digits, for systems whose ids are numbers.
func NewNumber() int64 {
	const least, span = 1_000_000_000, 9_000_000_000
	var b [8]byte
	_, _ = rand.Read(b[:])
	return least + int64(binary.BigEndian.Uint64(b[:])%span)
}
