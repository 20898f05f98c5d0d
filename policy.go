package keywright

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// MaxOverlap bounds every rotation's overlap, whatever a scheme says.
const MaxOverlap = 30 * 24 * time.Hour

// Policy is what a scheme says of its keys' life.
type Policy struct {
	Scheme       string
	MaxActive    int // 0: as many as needed
	Name         NameRule
	Expiry       ExpiryRule
	Rotation     RotationRule
	Environments []EnvironmentRule // none: keys have no environment
	Plans        PlanRule
	Scoped       bool // keys hold listed permissions; otherwise each has full access
}

// NameRule says whether a key has a name, which some systems call description.
type NameRule struct {
	Presence Presence
	Max      int // characters; 0 is 200
}

// Presence says whether something is absent, may be there, or must be.
type Presence uint8

// The presences.
const (
	Absent Presence = iota
	Optional
	Required
)

// ExpiryRule says whether and when keys expire.
type ExpiryRule struct {
	Presence  Presence
	MinTTL    time.Duration // 0 is one second
	Revivable bool          // an EXPIRED key may be amended back
}

// RotationRule says how a key is replaced.
type RotationRule struct {
	Allowed  bool
	Overlap  time.Duration // when a request names none
	Settable bool          // a request may name another, up to MaxOverlap
	KeepsKey bool          // the successor keeps the public half
	Self     bool          // a key may replace itself; otherwise a person, or a provider, does
}

// EnvironmentRule is one environment of a scheme.
type EnvironmentRule struct {
	Name    string
	Granted bool // only for tenants that were granted it
}

// Draft is what a caller asks of a new key.
type Draft struct {
	Name        string
	Environment string
	Expires     time.Time      // zero: none asked
	TTL         *time.Duration // zero duration: never; nil: none asked
	Permissions []string
	Addresses   []netip.Prefix
	Metadata    map[string]string
}

// Amendment is what a caller asks to change; nil leaves a part as it is.
type Amendment struct {
	Name        *string
	Expires     *time.Time // a zero time: never
	Permissions *[]string
	Addresses   *[]netip.Prefix
	Metadata    *map[string]string
}

// Issue returns a new key for a tenant that has active keys already. The caller
// adds what needs randomness: id, digest, public half, hint. It returns an
// Invalid error that names a field, Forbidden for an environment or a plan that
// the tenant lacks, or Conflict when the cap is reached or the tenant archived.
func (p Policy) Issue(now time.Time, t *Tenant, active int, d Draft) (Key, error) {
	expires, err := p.expiry(now, d)
	if err != nil {
		return Key{}, err
	}
	k := Key{
		Tenant: t.ID, Scheme: p.Scheme, Name: d.Name, Environment: d.Environment, Permissions: p.grant(d.Permissions),
		Addresses: d.Addresses, Metadata: d.Metadata, Created: now, Expires: expires, Version: 1,
	}
	if err := p.check(&k, d.Permissions); err != nil {
		return Key{}, err
	}
	if err := p.admits(t, d.Environment); err != nil {
		return Key{}, err
	}
	return k, p.roomFor(active)
}

// Rotate replaces a key. The predecessor of old, if there is one, is handed in;
// with finish its overlap ends now. It returns the retiring key, its successor
// (without id, digest, public half and hint) and, if finish changed it, the
// finished predecessor. It returns Conflict for a key that is not ACTIVE, that
// does not rotate, or whose own predecessor is still PENDING_ROTATION; Invalid
// for an overlap that the scheme does not allow.
func (p Policy) Rotate(now time.Time, t *Tenant, old Key, predecessor *Key, overlap *time.Duration, finish bool) (retiring, successor Key, finished *Key, err error) {
	if !p.Rotation.Allowed {
		return Key{}, Key{}, nil, conflict("keys of the scheme " + p.Scheme + " are not rotated: revoke this one and create another")
	}
	if s := old.StateAt(now); s != Active {
		return Key{}, Key{}, nil, conflict("only an ACTIVE key can be rotated, and this one is " + string(s))
	}
	if predecessor != nil && predecessor.pendingAt(now) {
		if !finish {
			return Key{}, Key{}, nil, conflict(`the key before this one is still PENDING_ROTATION: wait for its overlap to end, or send "finish": true to end it now`)
		}
		ended := *predecessor
		ended.Retires, ended.Version = now, ended.Version+1
		finished = &ended
	}
	length, err := p.overlap(overlap)
	if err != nil {
		return Key{}, Key{}, nil, err
	}
	if err := p.admits(t, old.Environment); err != nil {
		return Key{}, Key{}, nil, err
	}
	successor = Key{
		Tenant: old.Tenant, Scheme: old.Scheme, Name: old.Name, Environment: old.Environment, Permissions: slices.Clone(old.Permissions),
		Addresses: slices.Clone(old.Addresses), Metadata: cloneMap(old.Metadata), Created: now, Expires: old.Expires,
		Predecessor: old.ID, Version: 1,
	}
	retiring = old
	retiring.Retires = earliest(now.Add(length), old.Expires)
	retiring.Version++
	return retiring, successor, finished, nil
}

func (p Policy) overlap(asked *time.Duration) (time.Duration, error) {
	if asked == nil || *asked == p.Rotation.Overlap {
		return p.Rotation.Overlap, nil
	}
	switch {
	case *asked < 0:
		return 0, invalid("overlap", "an overlap cannot be negative")
	case !p.Rotation.Settable:
		return 0, invalid("overlap", fmt.Sprintf("the scheme %s fixes the overlap at %s", p.Scheme, p.Rotation.Overlap))
	case *asked > MaxOverlap:
		return 0, invalid("overlap", "an overlap is at most 30 days (720h)")
	}
	return *asked, nil
}

// Overlap moves the end of a rotation's overlap; the zero instant ends it now. It
// returns Conflict for a key that no rotation is replacing, or whose successor (nil
// if it was deleted) has ended, and Invalid for an end that is not in the future,
// more than MaxOverlap after the rotation, or past the key's own expiry. Ending it
// now is always allowed.
func (p Policy) Overlap(now time.Time, k Key, successor *Key, until time.Time) (Key, error) {
	if !k.pendingAt(now) {
		return Key{}, conflict("only a key that is PENDING_ROTATION has an overlap, and this one is " + string(k.StateAt(now)))
	}
	if until.IsZero() {
		k.Retires, k.Version = now, k.Version+1
		return k, nil
	}
	switch {
	case !p.Rotation.Settable:
		return Key{}, invalid("ends_at", fmt.Sprintf("the scheme %s fixes the overlap at %s: it can be ended now, and not moved", p.Scheme, p.Rotation.Overlap))
	case k.Orphaned(successor, now):
		return Key{}, conflict("the key that was to follow it has ended: create another instead")
	case !until.After(now):
		return Key{}, invalid("ends_at", "must be in the future; leave it out to end the overlap now")
	case until.After(successor.Created.Add(MaxOverlap)):
		return Key{}, invalid("ends_at", "an overlap is at most 30 days (720h), and this one began at "+successor.Created.UTC().Format(time.RFC3339))
	case !k.Expires.IsZero() && until.After(k.Expires):
		return Key{}, invalid("ends_at", "the key itself expires before that, at "+k.Expires.UTC().Format(time.RFC3339))
	}
	k.Retires, k.Version = until, k.Version+1
	return k, nil
}

// Amend changes what may be changed. active counts the tenant's other keys that
// count against the cap, which is checked again when an EXPIRED key comes back.
// It returns Conflict for a final key or one that may not be brought back, and
// Invalid naming the field.
func (p Policy) Amend(now time.Time, t *Tenant, active int, k Key, a Amendment) (Key, error) {
	state := k.StateAt(now)
	if state.Final() {
		return Key{}, conflict("a key that is " + string(state) + " cannot be changed any more")
	}
	var asked []string
	if a.Name != nil {
		k.Name = *a.Name
	}
	if a.Permissions != nil {
		asked, k.Permissions = *a.Permissions, p.grant(*a.Permissions)
	}
	if a.Addresses != nil {
		k.Addresses = *a.Addresses
	}
	if a.Metadata != nil {
		k.Metadata = *a.Metadata
	}
	if a.Expires != nil {
		if err := p.moveExpiry(now, t, active, state, &k, *a.Expires); err != nil {
			return Key{}, err
		}
	}
	k.Version++
	return k, p.check(&k, asked)
}

func (p Policy) moveExpiry(now time.Time, t *Tenant, active int, state State, k *Key, to time.Time) error {
	switch {
	case p.Expiry.Presence == Absent && !to.IsZero():
		return invalid("expires_at", "keys of the scheme "+p.Scheme+" do not expire")
	case p.Expiry.Presence == Required && to.IsZero():
		return invalid("expires_at", "keys of the scheme "+p.Scheme+" must expire: give a date and time in the future")
	case !to.IsZero() && !to.After(now):
		return invalid("expires_at", "must be in the future; to end a key now, revoke it")
	}
	if state == StateExpired {
		if !p.Expiry.Revivable {
			return conflict("this key has EXPIRED, and the scheme " + p.Scheme + " does not bring keys back: create another")
		}
		if err := p.admits(t, k.Environment); err != nil {
			return err
		}
		if err := p.roomFor(active); err != nil {
			return err
		}
	}
	k.Expires = to
	if !k.Retires.IsZero() {
		k.Retires = earliest(k.Retires, to)
	}
	return nil
}

// Pause suspends a key until an instant, or until resumed if that is zero.
func (p Policy) Pause(now time.Time, k Key, until time.Time) (Key, error) {
	if s := k.StateAt(now); s != Active && s != PendingRotation && s != StatePaused {
		return Key{}, conflict("a key that is " + string(s) + " cannot be paused")
	}
	if !until.IsZero() && !until.After(now) {
		return Key{}, invalid("until", "must be in the future")
	}
	k.PausedAt, k.PausedUntil, k.Version = now, until, k.Version+1
	return k, nil
}

// Resume ends a pause.
func (p Policy) Resume(now time.Time, k Key) (Key, error) {
	if s := k.StateAt(now); s != StatePaused {
		return Key{}, conflict("only a PAUSED key can be resumed, and this one is " + string(s))
	}
	k.PausedAt, k.PausedUntil, k.Version = time.Time{}, time.Time{}, k.Version+1
	return k, nil
}

// Revoke ends a key for good. A key that is already REVOKED is returned as it
// was, so that a repeated revocation is harmless; changed says which it was.
// An EXPIRED or RETIRED key can be revoked too: the record then says why.
func (p Policy) Revoke(now time.Time, k Key, why Revocation) (revoked Key, changed bool, err error) {
	if why == "" {
		why = Unspecified
	}
	if !slices.Contains(Revocations(), why) {
		return Key{}, false, invalid("reason", "must be one of compromised, abuse, superseded, unused, unspecified")
	}
	if k.StateAt(now) == StateRevoked {
		return k, false, nil
	}
	k.RevokedAt, k.Revocation, k.Version = now, why, k.Version+1
	return k, true, nil
}

// NeedsCount reports whether Issue and Amend look at the number of active keys.
func (p Policy) NeedsCount() bool { return p.MaxActive > 0 }

func (p Policy) roomFor(active int) error {
	if p.MaxActive > 0 && active >= p.MaxActive {
		return conflict(fmt.Sprintf("the tenant has %d active keys, and the scheme %s allows %d: revoke or delete one first", active, p.Scheme, p.MaxActive))
	}
	return nil
}

// admits reports whether the tenant may have a key in an environment.
func (p Policy) admits(t *Tenant, env string) error {
	if t.Archived {
		return conflict("the tenant is archived: bring it back before giving it keys")
	}
	if !p.Plans.Allows(t.Plan) {
		return forbidden("plan", "the tenant's plan does not include API access: change its plan first")
	}
	for _, e := range p.Environments {
		if e.Name == env && e.Granted && !slices.Contains(t.Environments, env) {
			return forbidden("environment", "the tenant has not been granted the environment "+env+": add it to the tenant's environments first")
		}
	}
	return nil
}

func (p Policy) expiry(now time.Time, d Draft) (time.Time, error) {
	none := d.Expires.IsZero() && d.TTL == nil
	switch {
	case !d.Expires.IsZero() && d.TTL != nil:
		return time.Time{}, invalid("ttl", "give expires_at or ttl, not both")
	case p.Expiry.Presence == Absent && !none:
		return time.Time{}, invalid(expiryField(d), "keys of the scheme "+p.Scheme+" do not expire: leave it out")
	case p.Expiry.Presence == Required && none:
		return time.Time{}, invalid("expires_at", "required: keys of the scheme "+p.Scheme+" must expire; give a date and time in the future")
	case none:
		return time.Time{}, nil
	case d.TTL == nil && !d.Expires.After(now):
		return time.Time{}, invalid("expires_at", "must be in the future")
	case d.TTL == nil:
		return d.Expires, nil
	}
	return p.fromTTL(now, *d.TTL)
}

func (p Policy) fromTTL(now time.Time, ttl time.Duration) (time.Time, error) {
	least := max(p.Expiry.MinTTL, time.Second)
	switch {
	case ttl == 0 && p.Expiry.Presence == Required:
		return time.Time{}, invalid("ttl", "0 means never, and keys of the scheme "+p.Scheme+" must expire")
	case ttl == 0:
		return time.Time{}, nil
	case ttl < least:
		return time.Time{}, invalid("ttl", fmt.Sprintf("must be 0 (never) or at least %d seconds", int(least/time.Second)))
	}
	return now.Add(ttl), nil
}

func expiryField(d Draft) string {
	if d.TTL != nil {
		return "ttl"
	}
	return "expires_at"
}

// grant turns what was asked into what is held: full access where a scheme has
// no permissions of its own.
func (p Policy) grant(asked []string) []string {
	if !p.Scoped {
		return []string{"*"}
	}
	return slices.Clone(asked)
}

func cloneMap(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	c := make(map[string]string, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}
