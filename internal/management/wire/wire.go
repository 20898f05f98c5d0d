package wire

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/keeper"
)

// Key spells a key as it stands now.
func Key(k *keywright.Key, now time.Time) api.KeyBody {
	b := api.KeyBody{
		ID: k.ID.String(), Tenant: string(k.Tenant), Scheme: k.Scheme, State: string(k.StateAt(now)), Name: k.Name,
		Environment: k.Environment, Hint: k.Hint, PublicKey: k.Public, Permissions: listed(k.Permissions), Addresses: prefixes(k.Addresses),
		Metadata: named(k.Metadata), CreatedAt: k.Created.UTC(), ExpiresAt: instant(k.Expires), RetiresAt: instant(k.Retires),
		RevokedAt: instant(k.RevokedAt), RevocationReason: string(k.Revocation),
		Predecessor: k.Predecessor.String(), Successor: k.Successor.String(), Version: k.Version,
	}
	if k.PausedUntil.IsZero() || now.Before(k.PausedUntil) { // a pause that has ended is history
		b.PausedAt, b.PausedUntil = instant(k.PausedAt), instant(k.PausedUntil)
	}
	return b
}

// Tenant spells a tenant.
func Tenant(t *keywright.Tenant) api.Tenant {
	return api.Tenant{
		ID: string(t.ID), Ref: t.Ref, Name: t.Name, Plan: t.Plan, Services: listed(t.Services), Environments: listed(t.Environments),
		Metadata: named(t.Metadata), Archived: t.Archived, CreatedAt: t.Created.UTC(), Version: t.Version,
	}
}

// Event spells an entry of the audit trail.
func Event(e *keywright.Event) api.Event {
	return api.Event{
		ID: strconv.FormatInt(int64(e.Cursor), 10), At: e.At.UTC(), Act: string(e.Act),
		Actor: api.Actor{ID: e.Actor.ID, Name: e.Actor.Name, Address: e.Actor.Address, RequestID: e.Actor.RequestID},
		Key:   e.Key.String(), Tenant: string(e.Tenant), Reason: e.Reason, Detail: named(e.Detail),
	}
}

const (
	replayedNotice = "This Idempotency-Key was used before, so nothing was done now. The credential was in the first answer and is not shown again: " +
		"if that answer was lost, rotate this key, or revoke it and create another."
	shownOnce = "The credential is shown this once: store it now. A lost one is revoked and replaced, never recovered."
)

// Issued spells a new key. It holds the credential, this once.
func Issued(i *keeper.Issued, now time.Time) api.Key {
	out := api.Key{KeyBody: Key(&i.Key, now), Replayed: i.Replayed, Notice: shownOnce}
	if i.Predecessor != nil {
		old := Key(i.Predecessor, now)
		out.PredecessorKey = &old
	}
	if i.Replayed || i.Credential.IsZero() {
		out.Notice = replayedNotice
		return out
	}
	shown := Credential(i.Credential)
	out.Credential = &shown
	return out
}

// Credential spells what a client presents: it goes into the one answer that shows it.
func Credential(c keywright.Credential) api.Credential {
	public, secret := c.Reveal()
	if public == "" {
		return api.Credential{Key: secret}
	}
	return api.Credential{Key: public, Secret: secret}
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func listed(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func named(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func prefixes(ps []netip.Prefix) []string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = p.String()
	}
	return out
}

// Prefixes takes addresses and CIDR prefixes.
func Prefixes(texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, aErr := netip.ParseAddr(text)
			if aErr != nil || a.Zone() != "" {
				return nil, invalid("addresses", "each is an address or a CIDR prefix, such as 192.0.2.0/24 or 2001:db8::1")
			}
			a = a.Unmap()
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// Duration takes what Go writes, and whole days.
func Duration(field, text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err == nil && n >= 0 && n <= 36500 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, invalid(field, `a length of time, such as "168h", "90m" or "7d"`)
	}
	return d, nil
}

func invalid(field, detail string) error {
	return &keywright.Error{Kind: keywright.Invalid, Field: field, Detail: detail}
}

// Draft reads what is asked of a new key.
func Draft(b *api.CreateKey) (keywright.Draft, error) {
	d := keywright.Draft{Name: b.Name, Environment: b.Environment, Permissions: b.Permissions, Metadata: b.Metadata}
	var err error
	if d.Addresses, err = Prefixes(b.Addresses); err != nil {
		return d, err
	}
	if b.ExpiresAt != nil {
		if b.ExpiresAt.IsZero() {
			return d, invalid("expires_at", "must be in the future")
		}
		d.Expires = b.ExpiresAt.UTC()
	}
	if b.TTL != nil {
		ttl := time.Duration(*b.TTL) * time.Second
		d.TTL = &ttl
	}
	return d, nil
}

// Amendment tells "never" (null) from "leave it" (absent), which the decoded body
// cannot: nulls are the body's members that are null.
func Amendment(b *api.AmendKey, nulls map[string]bool) (keywright.Amendment, error) {
	a := keywright.Amendment{Name: b.Name, Permissions: b.Permissions, Metadata: b.Metadata}
	for _, field := range []string{"name", "permissions", "addresses", "metadata"} {
		if nulls[field] {
			return a, invalid(field, "null is no value for it: leave it out to keep it as it is")
		}
	}
	if b.Addresses != nil {
		ps, err := Prefixes(*b.Addresses)
		if err != nil {
			return a, err
		}
		a.Addresses = &ps
	}
	switch {
	case nulls["expires_at"]:
		a.Expires = &time.Time{}
	case b.ExpiresAt != nil && b.ExpiresAt.IsZero():
		return a, invalid("expires_at", "must be in the future; null is never")
	case b.ExpiresAt != nil:
		utc := b.ExpiresAt.UTC()
		a.Expires = &utc
	}
	return a, nil
}

// Rotation reads what is asked of a rotation; nil asks nothing.
func Rotation(b *api.RotateKey, idempotencyKey string) (keeper.RotateRequest, error) {
	r := keeper.RotateRequest{IdempotencyKey: idempotencyKey}
	if b == nil {
		return r, nil
	}
	r.Finish = b.Finish
	if b.Overlap != nil {
		overlap, err := Duration("overlap", *b.Overlap)
		if err != nil {
			return r, err
		}
		r.Overlap = &overlap
	}
	return r, nil
}

// Until reads the end of a pause; the zero time is until resumed.
func Until(b *api.PauseKey) (time.Time, error) {
	if b == nil || b.Until == nil {
		return time.Time{}, nil
	}
	if b.Until.IsZero() {
		return time.Time{}, invalid("until", "must be in the future")
	}
	return b.Until.UTC(), nil
}

// Ends reads where the end of an overlap is moved; the zero time is now.
func Ends(b *api.OverlapKey) (time.Time, error) {
	if b == nil || b.EndsAt == nil {
		return time.Time{}, nil
	}
	if b.EndsAt.IsZero() {
		return time.Time{}, invalid("ends_at", "must be in the future; leave it out to end the overlap now")
	}
	return b.EndsAt.UTC(), nil
}
