package keywright

// Reason is why a request was granted or refused. The set is closed, and its
// zero value is Failure, so that a decision nobody made refuses.
type Reason uint8

// The reasons, in the order in which they are checked.
const (
	Failure Reason = iota // an internal failure, or a view too old to trust
	Granted

	InsecureTransport // plain HTTP where the scheme asks for TLS
	Missing           // no credential, or a part of one
	CompanionMissing  // a header that must stand beside the credential is not there
	Foreign           // a credential of another kind: not the expected prefix or word
	Malformed         // of the expected kind, but not well formed
	Unknown           // well formed, and nobody's; or another scheme's or tenant's
	Revoked
	Retired // its overlap after a rotation has ended
	Expired
	Paused
	TenantArchived
	PlanRequired
	EnvironmentNotGranted
	ServiceNotEnabled
	PermissionMissing
	AddressRefused
	Limited    // a rate limit's window is full
	QuotaSpent // a quota's window is full

	// The manners: faults of the request rather than of the credential.
	BadRequest // ambiguous path, duplicate or malformed header
	NoSuchRoute
	WrongMethod
	NotAcceptable
	UnsupportedMedia
	TooLarge
	NotAnObject
	UpstreamFailed // the upstream could not be reached or did not answer in time

	reasonCount
)

//nolint:gochecknoglobals // a table of constants, which Go has no word for
var reasonNames = [reasonCount]string{
	Failure: "failure", Granted: "granted", InsecureTransport: "insecure_transport", Missing: "missing",
	CompanionMissing: "companion_missing", Foreign: "foreign", Malformed: "malformed", Unknown: "unknown",
	Revoked: "revoked", Retired: "retired", Expired: "expired", Paused: "paused", TenantArchived: "tenant_archived",
	PlanRequired: "plan_required", EnvironmentNotGranted: "environment_not_granted",
	ServiceNotEnabled: "service_not_enabled", PermissionMissing: "permission_missing", AddressRefused: "address_refused",
	Limited: "limited", QuotaSpent: "quota_spent", BadRequest: "bad_request", NoSuchRoute: "no_such_route",
	WrongMethod: "wrong_method", NotAcceptable: "not_acceptable", UnsupportedMedia: "unsupported_media",
	TooLarge: "too_large", NotAnObject: "not_an_object", UpstreamFailed: "upstream_failed",
}

// String returns the reason in snake case, as schemes and answers spell it.
func (r Reason) String() string {
	if r >= reasonCount {
		return reasonNames[Failure]
	}
	return reasonNames[r]
}

// MarshalText implements encoding.TextMarshaler.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// ParseReason reads what String wrote.
func ParseReason(s string) (Reason, bool) {
	for r, name := range reasonNames {
		if name == s {
			return Reason(r), true
		}
	}
	return Failure, false
}

// Refusals lists every reason but Granted: what a scheme must have an answer for.
func Refusals() []Reason {
	all := make([]Reason, 0, reasonCount-1)
	for r := range reasonCount {
		if r != Granted {
			all = append(all, r)
		}
	}
	return all
}
