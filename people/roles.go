package people

import (
	"slices"

	"github.com/keywright/keywright"
)

// Role is what a member may do.
type Role string

// The roles. Operators (members of keywright.OperatorTenant) are Admin or
// Viewer; members of every other tenant are Admin, RoleMember or Trial.
const (
	Admin      Role = "admin"  // everything, members and invitations included
	RoleMember Role = "member" // keys
	Trial      Role = "trial"  // keys in environments that nobody has to be granted
	Viewer     Role = "viewer" // reads
)

// Right is one thing that a role allows.
type Right string

// The rights.
const (
	ReadKeys    Right = "keys:read"
	WriteKeys   Right = "keys:write"      // in environments that nobody has to be granted
	GrantedKeys Right = "keys:production" // in those that a tenant must have been granted, and reveal
	ReadPeople  Right = "members:read"
	WritePeople Right = "members:write"
	// WriteServices switches the services that a site leaves to its customers.
	WriteServices Right = "services:write"
)

// Rights lists what a role allows; an unknown role allows nothing.
func (r Role) Rights() []Right {
	switch r {
	case Admin:
		return []Right{ReadKeys, WriteKeys, GrantedKeys, ReadPeople, WritePeople, WriteServices}
	case RoleMember:
		return []Right{ReadKeys, WriteKeys, GrantedKeys, ReadPeople}
	case Trial:
		return []Right{ReadKeys, WriteKeys}
	case Viewer:
		return []Right{ReadKeys, ReadPeople}
	}
	return nil
}

// May reports whether a role allows something.
func (r Role) May(right Right) bool { return slices.Contains(r.Rights(), right) }

// checkRole returns an Invalid error for a role that members of a tenant cannot have.
func checkRole(tenant keywright.TenantID, r Role) error {
	operators := tenant == keywright.OperatorTenant
	switch {
	case r == Admin, operators && r == Viewer, !operators && (r == RoleMember || r == Trial):
		return nil
	case operators:
		return invalid("role", "an operator is admin or viewer")
	}
	return invalid("role", "a member is admin, member or trial")
}
