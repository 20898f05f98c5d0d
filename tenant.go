package keywright

import (
	"slices"
	"time"
)

// Tenant is whoever a key is bound to and whose data must not leak to another:
// an instance, an organization, an account, a user.
type Tenant struct {
	ID           TenantID
	Ref          string // short and unique; goes into the credential where a scheme's format says so
	Name         string
	Plan         string   // "" is no plan
	Services     []string // what is switched on
	Environments []string // what has been granted, beyond what a scheme leaves open
	Metadata     map[string]string
	Archived     bool
	Created      time.Time
	Version      uint64 // grows by one with each write; the ETag
}

// OperatorTenant is the tenant of the people who run Keywright. Only keys that
// are bound to it open the management API.
const OperatorTenant TenantID = "ten_operators"

// PlanRule says which plans may pass. The zero rule lets every tenant pass.
type PlanRule struct {
	AnyOf  []string // the plan must be one of these, if there are any
	Except []string // the plan must be none of these, and not empty, if there are any
}

// Allows reports whether a plan passes the rule.
func (r PlanRule) Allows(plan string) bool {
	if len(r.AnyOf) > 0 && !slices.Contains(r.AnyOf, plan) {
		return false
	}
	if len(r.Except) > 0 && (plan == "" || slices.Contains(r.Except, plan)) {
		return false
	}
	return true
}
