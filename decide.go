package keywright

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Need is what a route asks for. Every part that is left empty asks nothing.
type Need struct {
	Scheme       string     // the contract the key must be of; always asked
	Tenant       TenantID   // only this tenant's keys
	Environments []string   // the key's environment must be one of these
	Granted      []string   // of the scheme's environments, those that the tenant must have been granted
	Plans        PlanRule   // the plans that may pass
	Service      string     // a service that the tenant must have on
	Permissions  []string   // all of which the key must have
	From         netip.Addr // where the request comes from
}

// Decision is the one answer: granted, with whom, or the one reason why not.
// The zero value refuses.
type Decision struct {
	Reason      Reason
	Key         KeyID    // set whenever the key was found, granted or not
	Tenant      *Tenant  // likewise; shared and read-only
	Environment string   // the key's
	Permissions []string // the key's; shared and read-only
	Retires     time.Time
	Dies        time.Time  // the earliest instant at which the grant ends by itself
	Principal   *Principal // who, where an identity provider's token stood in a key's place; shared and read-only
}

// Principal is whom a token of an identity provider speaks for. Key is zero then.
type Principal struct {
	Issuer string
	ID     string // the token's sub
	Email  string // as the provider says; never an identity by itself
	Name   string
	Person string // the id of the person who is known here; "" where tokens are mapped by claims alone
	Role   string // the person's role in the tenant; "" likewise
	// Counts stands for the subject where a key's id would: limits and signed
	// assertions are kept under it. It is a digest of issuer and sub.
	Counts KeyID
}

// Granted reports whether the request may pass.
func (d *Decision) Granted() bool { return d.Reason == Granted }

// Decide says whether a key, found by its digest, may do what is needed. Both
// key and tenant may be nil: an unknown key. It is the only place where the
// order of checks is written.
func Decide(now time.Time, k *Key, t *Tenant, n Need) Decision {
	if k == nil || t == nil || k.Scheme != n.Scheme || (n.Tenant != "" && n.Tenant != k.Tenant) {
		return Decision{Reason: Unknown}
	}
	return Decision{
		Reason: judge(now, k, t, &n), Key: k.ID, Tenant: t,
		Environment: k.Environment, Permissions: k.Permissions, Retires: k.Retires, Dies: k.DiesAt(),
	}
}

// Grant is what a verified token of an identity provider brings in a key's place.
type Grant struct {
	Principal   *Principal
	Environment string
	Permissions []string
	Expires     time.Time // the instant at which the token ends; a grant without one has ended
}

// DecideToken says whether a token that was verified may do what is needed, for a
// tenant as it is now; nil is a tenant that is not known. The order of checks is
// that of Decide.
func DecideToken(now time.Time, g Grant, t *Tenant, n Need) Decision {
	if g.Principal == nil || t == nil || (n.Tenant != "" && n.Tenant != t.ID) {
		return Decision{Reason: Unknown}
	}
	d := Decision{
		Reason: Expired, Tenant: t, Principal: g.Principal,
		Environment: g.Environment, Permissions: g.Permissions, Dies: g.Expires,
	}
	if now.Before(g.Expires) {
		d.Reason = entitle(t, g.Environment, g.Permissions, nil, &n)
	}
	return d
}

// Counts is what limits and signed assertions are kept under: the key's id, or
// what stands for a token's subject in its place. It is zero where nobody is known.
func (d *Decision) Counts() KeyID {
	if d.Principal != nil {
		return d.Principal.Counts
	}
	return d.Key
}

func judge(now time.Time, k *Key, t *Tenant, n *Need) Reason {
	switch k.StateAt(now) {
	case StateRevoked:
		return Revoked
	case StateRetired:
		return Retired
	case StateExpired:
		return Expired
	case StatePaused:
		return Paused
	case Active, PendingRotation:
	default:
		return Failure
	}
	return entitle(t, k.Environment, k.Permissions, k.Addresses, n)
}

// entitle makes every check but of the credential's own life.
func entitle(t *Tenant, environment string, permissions []string, addresses []netip.Prefix, n *Need) Reason {
	switch {
	case t.Archived:
		return TenantArchived
	case !n.Plans.Allows(t.Plan):
		return PlanRequired
	case !environmentFits(environment, t, n):
		return EnvironmentNotGranted
	case n.Service != "" && !slices.Contains(t.Services, n.Service):
		return ServiceNotEnabled
	case !Permits(permissions, n.Permissions):
		return PermissionMissing
	case !addressFits(addresses, n.From):
		return AddressRefused
	}
	return Granted
}

func environmentFits(env string, t *Tenant, n *Need) bool {
	if len(n.Environments) > 0 && !slices.Contains(n.Environments, env) {
		return false
	}
	return !slices.Contains(n.Granted, env) || slices.Contains(t.Environments, env)
}

func addressFits(allowed []netip.Prefix, from netip.Addr) bool {
	if len(allowed) == 0 {
		return true
	}
	from = from.Unmap()
	for _, p := range allowed {
		if p.Contains(from) {
			return true
		}
	}
	return false
}

// Permits reports whether held permissions cover all that is needed. A held
// "*" covers everything, and "files:*" covers "files:read" and "files:a:b".
func Permits(held, needed []string) bool {
	for _, want := range needed {
		if !slices.ContainsFunc(held, func(have string) bool { return covers(have, want) }) {
			return false
		}
	}
	return true
}

func covers(have, want string) bool {
	if have == "*" || have == want {
		return true
	}
	prefix, wild := strings.CutSuffix(have, ":*")
	return wild && len(want) > len(prefix) && want[len(prefix)] == ':' && strings.HasPrefix(want, prefix)
}
