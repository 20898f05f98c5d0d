package verify

import (
	"encoding/binary"
	"math"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
)

// A record is sixteen words. Readers load them one by one, atomically, and know
// by the generation whether they belong together.
const (
	wordDigest      = 0 // four words
	wordID          = 4 // two words
	wordExpires     = 6
	wordRetires     = 7
	wordRevoked     = 8
	wordPausedAt    = 9
	wordPausedUntil = 10
	wordTenant      = 11 // tenant's slot, scheme
	wordGrants      = 12 // environment, permission set
	wordAddresses   = 13
	wordVersion     = 14
	wordGeneration  = 15 // even: published; odd: nobody's
	recordWords     = 16
)

type record [recordWords]atomic.Uint64

// digestWords are a digest as the records hold it.
type digestWords [4]uint64

func wordsOf(d *keywright.Digest) digestWords {
	return digestWords{
		binary.BigEndian.Uint64(d[0:]), binary.BigEndian.Uint64(d[8:]),
		binary.BigEndian.Uint64(d[16:]), binary.BigEndian.Uint64(d[24:]),
	}
}

// shard and tag are taken from the digest's first five bytes. They may leak by
// timing: a digest is made under a secret pepper, so nobody can steer it.
func (d *digestWords) shard() uint8 { return uint8(d[0] >> 56) }
func (d *digestWords) tag() uint32  { return uint32(d[0] >> 24) }
func (d *digestWords) isZero() bool { return d[0]|d[1]|d[2]|d[3] == 0 }

// is compares the whole digest in constant time.
func (r *record) is(d *digestWords) bool {
	return (r[wordDigest].Load()^d[0])|(r[wordDigest+1].Load()^d[1])|
		(r[wordDigest+2].Load()^d[2])|(r[wordDigest+3].Load()^d[3]) == 0
}

func (r *record) digest() digestWords {
	return digestWords{r[wordDigest].Load(), r[wordDigest+1].Load(), r[wordDigest+2].Load(), r[wordDigest+3].Load()}
}

// idWords are a key's id as the records hold it.
type idWords [2]uint64

func idOf(id keywright.KeyID) idWords {
	return idWords{binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])}
}

func (w idWords) id() (id keywright.KeyID) {
	binary.BigEndian.PutUint64(id[:8], w[0])
	binary.BigEndian.PutUint64(id[8:], w[1])
	return id
}

// hash spreads ids, whose first bytes are an instant and so alike.
func (w idWords) hash() uint64 {
	h := (w[0] ^ w[1]*0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd
	h ^= h >> 32
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>29
}

func (w idWords) shard() uint8 { return uint8(w.hash() >> 56) }
func (w idWords) tag() uint32  { return uint32(w.hash() >> 24) }

func (r *record) id() idWords { return idWords{r[wordID].Load(), r[wordID+1].Load()} }

// An instant is kept as nanoseconds since the epoch. never stands for the zero
// time; what lies beyond the range is kept at its edge, and Verify refuses
// altogether once the clock itself gets there, in 2262.
const (
	never    = math.MinInt64
	earliest = math.MinInt64 + 1
	latest   = math.MaxInt64
	second   = 1_000_000_000
)

func packTime(t time.Time) uint64 {
	if t.IsZero() {
		return 1 << 63 // never
	}
	return uint64(nanos(t))
}

// nanos is UnixNano kept within its range.
func nanos(t time.Time) int64 {
	switch s := t.Unix(); {
	case s >= latest/second:
		return latest
	case s <= earliest/second:
		return earliest
	}
	return t.UnixNano()
}

func unpackTime(w uint64) time.Time {
	if int64(w) == never {
		return time.Time{}
	}
	return time.Unix(0, int64(w)).UTC()
}

func pack(high, low uint32) uint64       { return uint64(high)<<32 | uint64(low) }
func unpack(w uint64) (high, low uint32) { return uint32(w >> 32), uint32(w) }

// refs are what a record points to in the side tables.
type refs struct{ tenant, scheme, environment, permissions, addresses uint32 }

func (r *record) refs() (s refs) {
	s.tenant, s.scheme = unpack(r[wordTenant].Load())
	s.environment, s.permissions = unpack(r[wordGrants].Load())
	_, s.addresses = unpack(r[wordAddresses].Load())
	return s
}

// fill writes a record that nobody can reach yet, and makes it valid.
func (r *record) fill(k *keywright.Key, d *digestWords, id idWords, s refs) {
	for i, w := range d {
		r[wordDigest+i].Store(w)
	}
	r[wordID].Store(id[0])
	r[wordID+1].Store(id[1])
	r[wordExpires].Store(packTime(k.Expires))
	r[wordRetires].Store(packTime(k.Retires))
	r[wordRevoked].Store(packTime(k.RevokedAt))
	r[wordPausedAt].Store(packTime(k.PausedAt))
	r[wordPausedUntil].Store(packTime(k.PausedUntil))
	r[wordTenant].Store(pack(s.tenant, s.scheme))
	r[wordGrants].Store(pack(s.environment, s.permissions))
	r[wordAddresses].Store(pack(0, s.addresses))
	r[wordVersion].Store(k.Version)
	r[wordGeneration].Add(1)
}

// end makes a record nobody's, after its slot has been swung away.
func (r *record) end() { r[wordGeneration].Add(1) }
