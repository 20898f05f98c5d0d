package oidc

import (
	"crypto/sha256"
	"sync"
	"unsafe"
)

// cache remembers values by the SHA-256 of a token. It is bounded: a full shard
// lets go of what it happens to meet, which costs that token one verification more.
type cache[V any] struct {
	shards   [cacheShards]cacheShard[V]
	perShard int
}

const cacheShards = 16

type fingerprint [sha256.Size]byte

// fingerprintOf reads the token's bytes in place: a copy would be the one
// allocation of a request whose token is remembered.
func fingerprintOf(token string) fingerprint {
	return sha256.Sum256(unsafe.Slice(unsafe.StringData(token), len(token)))
}

type cacheShard[V any] struct {
	mu   sync.Mutex
	held map[fingerprint]V
}

func newCache[V any](size int) *cache[V] {
	c := &cache[V]{perShard: max(1, (size+cacheShards-1)/cacheShards)}
	for i := range c.shards {
		c.shards[i].held = make(map[fingerprint]V)
	}
	return c
}

func (c *cache[V]) shard(at *fingerprint) *cacheShard[V] { return &c.shards[at[0]%cacheShards] }

func (c *cache[V]) get(at *fingerprint) (V, bool) {
	s := c.shard(at)
	s.mu.Lock()
	v, ok := s.held[*at]
	s.mu.Unlock()
	return v, ok
}

func (c *cache[V]) put(at *fingerprint, v V) {
	s := c.shard(at)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.held[*at]; !there && len(s.held) >= c.perShard {
		for other := range s.held {
			delete(s.held, other)
			break
		}
	}
	s.held[*at] = v
}

func (c *cache[V]) drop(at *fingerprint) {
	s := c.shard(at)
	s.mu.Lock()
	delete(s.held, *at)
	s.mu.Unlock()
}

// len counts what is held.
func (c *cache[V]) len() int {
	n := 0
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		n += len(s.held)
		s.mu.Unlock()
	}
	return n
}
