package verify

import (
	"maps"
	"slices"

	"github.com/keywright/keywright"
)

// placeOf returns a tenant's place, which it keeps for good: every key's record
// names it, so that archiving a tenant is one write. A place may be empty until
// the tenant is known; its keys are unknown until then.
func (m *memory) placeOf(id keywright.TenantID) uint32 {
	if id == m.last && m.lastAt != 0 {
		return m.lastAt
	}
	i, ok := m.places[id]
	if !ok {
		i = m.tenants.add(nil)
		m.places[id] = i
	}
	m.last, m.lastAt = id, i
	return i
}

// putTenant keeps a copy of its own: readers share it.
func (m *memory) putTenant(t *keywright.Tenant) {
	if t == nil {
		return
	}
	i := m.placeOf(t.ID)
	held := m.tenants.at(i)
	if held != nil && held.Version >= t.Version {
		return
	}
	if held == nil {
		m.known.Add(1)
	}
	mine := *t
	mine.Services = slices.Clone(t.Services)
	mine.Environments = slices.Clone(t.Environments)
	mine.Metadata = maps.Clone(t.Metadata)
	m.tenants.set(i, &mine)
}

func (m *memory) removeTenant(id keywright.TenantID) {
	i := m.placeOf(id)
	if m.tenants.at(i) != nil {
		m.known.Add(-1)
		m.tenants.set(i, nil)
	}
}
