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
	var i uint32
	if held, ok := m.places.Load(id); ok {
		i = held.(uint32)
	} else {
		i = m.tenants.add(nil)
		m.places.Store(id, i)
	}
	m.last, m.lastAt = id, i
	return i
}

// Tenant returns what the index holds of a tenant, shared and read-only: as
// archived as it is now. It is nil for one that is not known, and while the view
// is too old to trust; Fresh tells the two apart.
func (x *Index) Tenant(id keywright.TenantID) *keywright.Tenant {
	m := x.held.Load() // before asking whether it is fresh, as Verify does
	if !x.Fresh() {
		return nil
	}
	i, ok := m.places.Load(id)
	if !ok {
		return nil
	}
	return m.tenants.at(i.(uint32))
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
