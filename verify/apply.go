package verify

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/keywright/keywright"
)

// Apply takes one event of the feed: it puts, replaces or removes the event's
// key and tenant, by version, so that a stale or repeated event changes
// nothing. It may be called while readers read, from one goroutine at a time.
//
// What it asks of the feed is what keywright.Store.Changes promises: cursors in
// the order of commits, none skipped. Then a key's id that comes with no key is
// a deletion, which is final; and a key that is not held, in an event no newer
// than one applied before, is one that was deleted since: it is not put back.
func (x *Index) Apply(e keywright.Event) {
	m := x.held.Load()
	m.putTenant(e.TenantNow)
	switch {
	case e.KeyNow != nil:
		m.putKey(&e)
	case !e.Key.IsZero():
		m.removeKey(&e)
	case e.Tenant != "" && e.TenantNow == nil:
		m.removeTenant(e.Tenant)
	}
	m.high = max(m.high, e.Cursor)
	x.see(e.At)
}

// mayInsert tells news from a repetition. State (an event without an act) comes
// with one cursor for all of it; an event without a cursor is in no log.
func (m *memory) mayInsert(e *keywright.Event) bool {
	if _, gone := m.gone[e.KeyNow.ID]; gone {
		return false
	}
	return e.Cursor == 0 || e.Cursor > m.high || (e.Act == "" && e.Cursor == m.high)
}

func (m *memory) putKey(e *keywright.Event) {
	k := e.KeyNow
	digest, id := wordsOf(&k.Digest), idOf(k.ID)
	idPos, old, held := m.findID(id)
	switch {
	case held && m.records.at(old)[wordVersion].Load() >= k.Version:
		return
	case !held && !m.mayInsert(e):
		return
	case digest.isZero():
		return // nobody can present it
	}
	index, r := m.records.take()
	r.fill(k, &digest, id, m.refsOf(k))
	byID, byDigest := &m.ids[id.shard()], &m.digests[digest.shard()]
	if held {
		byID.swing(idPos, id.tag(), index)
	} else {
		byID.insert(id.tag(), index)
		m.keys.Add(1)
	}
	pos, there, ok := m.findDigest(&digest)
	switch {
	case !ok:
		byDigest.insert(digest.tag(), index)
	case held && there == old:
		byDigest.swing(pos, digest.tag(), index)
		m.end(old)
		return
	default: // another key's: the store allows one key a digest, so that one has moved on
		byDigest.swing(pos, digest.tag(), index)
		m.forget(there)
		m.end(there)
	}
	if held { // under another digest until now
		m.unlist(old)
		m.end(old)
	}
}

func (m *memory) removeKey(e *keywright.Event) {
	_, index, held := m.findID(idOf(e.Key))
	switch {
	case e.Act == keywright.KeyDeleted:
		delete(m.gone, e.Key) // from here on its cursor says it all
	case held || e.Cursor > m.high:
		m.gone[e.Key] = struct{}{} // its deletion is yet to come
	}
	if !held {
		return
	}
	m.unlist(index)
	m.forget(index)
	m.end(index)
}

// unlist takes a record out of the readers' reach, forget out of the writer's.
func (m *memory) unlist(index uint32) {
	digest := m.records.at(index).digest()
	if pos, there, ok := m.findDigest(&digest); ok && there == index {
		m.digests[digest.shard()].remove(pos)
	}
}

func (m *memory) forget(index uint32) {
	id := m.records.at(index).id()
	if pos, there, ok := m.findID(id); ok && there == index {
		m.ids[id.shard()].remove(pos)
		m.keys.Add(-1)
	}
}

// end lets a record go that no slot leads to any more, and what it used.
func (m *memory) end(index uint32) {
	r := m.records.at(index)
	refs := r.refs()
	r.end()
	m.schemes.drop(refs.scheme)
	m.environments.drop(refs.environment)
	m.permissions.drop(refs.permissions)
	m.addresses.drop(refs.addresses)
	m.records.give(index)
}

func (m *memory) findID(id idWords) (pos, index uint32, ok bool) {
	return m.ids[id.shard()].find(id.tag(), func(i uint32) bool { return m.records.at(i).id() == id })
}

func (m *memory) findDigest(d *digestWords) (pos, index uint32, ok bool) {
	return m.digests[d.shard()].find(d.tag(), func(i uint32) bool { return m.records.at(i).is(d) })
}

// refsOf finds or makes what a key shares with others.
func (m *memory) refsOf(k *keywright.Key) refs {
	return refs{
		tenant:      m.placeOf(k.Tenant),
		scheme:      m.internText(&m.schemes, k.Scheme),
		environment: m.internText(&m.environments, k.Environment),
		permissions: m.internPermissions(k.Permissions),
		addresses:   m.internAddresses(k.Addresses),
	}
}

func (m *memory) internText(n *interner[string], s string) uint32 {
	m.spelling = append(m.spelling[:0], s...)
	return n.take(m.spelling, func() string { return s })
}

func (m *memory) internPermissions(p []string) uint32 {
	m.spelling = m.spelling[:0]
	for _, one := range p {
		m.spelling = binary.AppendUvarint(m.spelling, uint64(len(one)))
		m.spelling = append(m.spelling, one...)
	}
	return m.permissions.take(m.spelling, func() []string { return slices.Clone(p) })
}

func (m *memory) internAddresses(p []netip.Prefix) uint32 {
	m.spelling = m.spelling[:0]
	for _, one := range p {
		m.spelling, _ = one.AppendText(m.spelling)
		m.spelling = append(m.spelling, ' ')
	}
	return m.addresses.take(m.spelling, func() []netip.Prefix { return slices.Clone(p) })
}
