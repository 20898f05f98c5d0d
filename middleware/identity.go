package middleware

import (
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/seal"
)

// Identity is whose request it is. It never holds the credential. Keep your data
// apart by Tenant, and by Environment where the scheme has any.
type Identity struct {
	Tenant      string            // the tenant's id: never changes
	Ref         string            // its short name
	Name        string            // what it is called
	Metadata    map[string]string // the provider's own; shared and read-only
	Environment string            // the key's
	Permissions []string          // what the caller may do; shared and read-only
	Scheme      string            // the wire contract that the credential is of
	Key         string            // the key's id, for your log; "" where a person's token was presented
	Principal   *Principal        // the person, where a token was presented; shared and read-only
	Retires     time.Time         // when the overlap of a key that was rotated ends; zero otherwise, and behind a gateway
}

// Principal is whom a token of an identity provider speaks for.
type Principal struct {
	Login  string // the token's issuer and subject, with a space between
	Person string // the id of the person; "" where tokens are mapped by claims alone
	Role   string // in the tenant; "" likewise
	Email  string // as the provider says; never an identity by itself
}

// May reports whether all the permissions are held. "*" holds every one, and
// "files:*" all that begin with "files:".
func (i Identity) May(permissions ...string) bool {
	return keywright.Permits(i.Permissions, permissions)
}

// ofDecision reads a decision of the gate. An open route has nobody.
func ofDecision(d *keywright.Decision, speaks string) *Identity {
	if d.Tenant == nil {
		return nil
	}
	i := &Identity{
		Tenant: string(d.Tenant.ID), Ref: d.Tenant.Ref, Name: d.Tenant.Name, Metadata: d.Tenant.Metadata, Environment: d.Environment,
		Permissions: d.Permissions, Scheme: speaks, Key: d.Key.String(), Retires: d.Retires,
	}
	if p := d.Principal; p != nil {
		i.Principal = &Principal{Login: p.Issuer + " " + p.ID, Person: p.Person, Role: p.Role, Email: p.Email}
	}
	return i
}

// ofVerdict reads what a Keywright elsewhere answered.
func ofVerdict(v *api.Verdict, speaks string) *Identity {
	if v.Tenant == nil {
		return nil
	}
	i := &Identity{Tenant: v.Tenant.ID, Ref: v.Tenant.Ref, Name: v.Tenant.Name, Metadata: v.Tenant.Metadata, Scheme: speaks}
	if v.Key != nil {
		i.Environment, i.Permissions, i.Key, i.Scheme = v.Key.Environment, v.Key.Permissions, v.Key.ID, v.Key.Scheme
		if v.Key.RetiresAt != nil {
			i.Retires = *v.Key.RetiresAt
		}
	}
	return i
}

// ofAssertion reads what the gateway signed.
func ofAssertion(s *seal.Identity) *Identity {
	i := &Identity{
		Tenant: s.Subject, Ref: s.Ref, Name: s.TenantName, Metadata: s.Metadata, Environment: s.Environment,
		Permissions: s.Permissions, Scheme: s.Scheme, Key: s.Key,
	}
	if s.Login != "" {
		i.Principal = &Principal{Login: s.Login, Person: s.Person, Role: s.Role, Email: s.Email}
	}
	return i
}
