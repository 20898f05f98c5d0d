package limit

import (
	"hash/maphash"
	"sync"

	"github.com/keywright/keywright"
)

// subject is who is counted: a key or an address of one scheme. Its scheme is a
// seeded 64-bit hash of the name.
type subject struct{ scheme, high, low uint64 }

// entry is what is remembered of a subject.
type entry struct {
	subject
	windows [keywright.MaxLimits]state
	seen    bool // since the clock's hand last passed
}

const (
	shards     = 64
	firstSlots = 16
)

// pool remembers a bounded number of subjects of one kind.
type pool struct {
	seed   maphash.Seed
	shards [shards]shard
}

func newPool(most int) *pool {
	p := &pool{seed: maphash.MakeSeed()}
	for i := range p.shards {
		p.shards[i].most = max(most/shards, 1)
		p.shards[i].slots = make([]uint32, firstSlots)
	}
	return p
}

// hash is seeded, because a stranger chooses addresses.
func (p *pool) hash(s subject) uint64 { return maphash.Comparable(p.seed, s) }

func (p *pool) len() (n int) {
	for i := range p.shards {
		s := &p.shards[i]
		s.Lock()
		n += len(s.entries)
		s.Unlock()
	}
	return n
}

// shard is a part of a pool, under a lock that is held for nanoseconds. Open
// addressing leads from a hash to an entry; slots hold an entry's number plus one.
type shard struct {
	sync.Mutex
	most    int
	slots   []uint32
	entries []entry
	hashes  []uint32 // entry by entry, so that moving a slot hashes nothing
	hand    int      // the next entry that may have to go
	_       [24]byte // a cache line of its own
}

// get finds a subject, or makes room for it. The entry is good until the lock is let go.
func (s *shard) get(hash uint64, who subject) *entry {
	h := uint32(hash >> 16)
	if e := s.find(h, who); e != nil {
		e.seen = true
		return e
	}
	var n int
	if len(s.entries) < s.most {
		if (len(s.entries)+1)*4 > len(s.slots)*3 {
			s.grow()
		}
		n = len(s.entries)
		s.entries = append(s.entries, entry{})
		s.hashes = append(s.hashes, 0)
	} else {
		n = s.evict()
	}
	s.entries[n] = entry{subject: who} // not seen yet: who comes once goes before who comes again
	s.hashes[n] = h
	s.link(h, n)
	return &s.entries[n]
}

func (s *shard) find(h uint32, who subject) *entry {
	mask := uint32(len(s.slots) - 1)
	for pos := h & mask; s.slots[pos] != 0; pos = (pos + 1) & mask {
		if e := &s.entries[s.slots[pos]-1]; e.subject == who {
			return e
		}
	}
	return nil
}

func (s *shard) link(h uint32, n int) {
	mask := uint32(len(s.slots) - 1)
	pos := h & mask
	for s.slots[pos] != 0 {
		pos = (pos + 1) & mask
	}
	s.slots[pos] = uint32(n + 1)
}

func (s *shard) grow() {
	s.slots = make([]uint32, 2*len(s.slots))
	for n, h := range s.hashes {
		s.link(h, n)
	}
}

// evict unlinks and returns the entry that goes: the first that the hand finds
// not seen since it last came by, which is close to the least recently seen.
func (s *shard) evict() int {
	for {
		n := s.hand
		s.hand = (s.hand + 1) % len(s.entries)
		if s.entries[n].seen {
			s.entries[n].seen = false
			continue
		}
		s.unlink(n)
		return n
	}
}

// unlink takes an entry's slot away and moves up what had to probe past it.
func (s *shard) unlink(n int) {
	mask := uint32(len(s.slots) - 1)
	pos := s.hashes[n] & mask
	for s.slots[pos] != uint32(n+1) {
		pos = (pos + 1) & mask
	}
	hole := pos
	for {
		pos = (pos + 1) & mask
		if s.slots[pos] == 0 {
			break
		}
		home := s.hashes[s.slots[pos]-1] & mask
		if (pos-home)&mask >= (pos-hole)&mask {
			s.slots[hole] = s.slots[pos]
			hole = pos
		}
	}
	s.slots[hole] = 0
}
