package verify

import (
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/keywright/keywright"
)

// memory is all that an index holds of one store.
type memory struct {
	records arena
	digests [shardsCount]shard // by digest: what readers use

	tenants      shelf[keywright.Tenant] // one place each, for good
	schemes      interner[string]
	environments interner[string]
	permissions  interner[[]string]
	addresses    interner[[]netip.Prefix]

	keys, known atomic.Int64
	places      sync.Map // keywright.TenantID to its place (uint32); readers of it take no lock

	// Writer only.
	ids      [shardsCount]shard           // by key id: a deletion knows no digest
	gone     map[keywright.KeyID]struct{} // removed ahead of their own deletion event
	high     keywright.Cursor             // the newest cursor applied
	last     keywright.TenantID           // the tenant looked up last, and its place
	lastAt   uint32
	spelling []byte

	between func(step string) // only tests set it: what happens while a reader is at a step
}

// The steps between which a writer may do anything.
const (
	afterTable = "the table was loaded"
	afterSlot  = "the slot was loaded"
	afterRefs  = "the record's places in the side tables were loaded"
)

func (m *memory) step(name string) {
	if m.between != nil {
		m.between(name)
	}
}

func newMemory() *memory {
	m := &memory{gone: map[keywright.KeyID]struct{}{}}
	for i := range shardsCount {
		m.digests[i].init()
		m.ids[i].init()
	}
	m.schemes.init()
	m.environments.init()
	m.permissions.init()
	m.addresses.init()
	m.tenants.add(nil) // place 0 is nobody's
	return m
}

// find copies what Decide reads of the record with a digest into k, and returns
// its tenant, which is nil if it is not known yet.
func (m *memory) find(d *keywright.Digest, k *keywright.Key) (*keywright.Tenant, bool) {
	want := wordsOf(d)
	if want.isZero() {
		return nil, false // what a broken digester would make of everything
	}
	s := &m.digests[want.shard()]
	tag := want.tag()
again:
	t := s.table.Load()
	m.step(afterTable)
	for pos := tag & t.mask(); ; pos = (pos + 1) & t.mask() {
		slot := t.slots[pos].Load()
		if slot == slotEmpty {
			if s.table.Load() != t {
				goto again // rebuilt meanwhile: slots of this table are no longer kept
			}
			return nil, false
		}
		if slot == slotGone || uint32(slot>>32) != tag {
			continue
		}
		m.step(afterSlot)
		r := m.records.at(uint32(slot) - slotOffset)
		generation := r[wordGeneration].Load()
		if generation&1 != 0 {
			goto again
		}
		var tenant *keywright.Tenant
		same := r.is(&want)
		if same {
			tenant = m.copyTo(k, r)
		}
		// In this order: while the generation stands, the slot led to this very record.
		if t.slots[pos].Load() != slot || r[wordGeneration].Load() != generation {
			goto again
		}
		if same {
			return tenant, true
		}
	}
}

// copyTo rebuilds what Decide reads. It runs before the generation is looked at
// again, so that a side table's place cannot have been given to another value.
func (m *memory) copyTo(k *keywright.Key, r *record) *keywright.Tenant {
	refs := r.refs()
	m.step(afterRefs)
	tenant := m.tenants.at(refs.tenant)
	k.ID = r.id().id()
	k.Scheme = *m.schemes.values.at(refs.scheme)
	k.Environment = *m.environments.values.at(refs.environment)
	k.Permissions = *m.permissions.values.at(refs.permissions)
	k.Addresses = *m.addresses.values.at(refs.addresses)
	k.Expires = unpackTime(r[wordExpires].Load())
	k.Retires = unpackTime(r[wordRetires].Load())
	k.RevokedAt = unpackTime(r[wordRevoked].Load())
	k.PausedAt = unpackTime(r[wordPausedAt].Load())
	k.PausedUntil = unpackTime(r[wordPausedUntil].Load())
	if tenant != nil {
		k.Tenant = tenant.ID
	}
	return tenant
}
