package management

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/keeper"
)

// keyBody spells a key as it stands now.
func keyBody(k *keywright.Key, now time.Time) api.KeyBody {
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

func tenantBody(t *keywright.Tenant) api.Tenant {
	return api.Tenant{
		ID: string(t.ID), Ref: t.Ref, Name: t.Name, Plan: t.Plan, Services: listed(t.Services), Environments: listed(t.Environments),
		Metadata: named(t.Metadata), Archived: t.Archived, CreatedAt: t.Created.UTC(), Version: t.Version,
	}
}

func eventBody(e *keywright.Event) api.Event {
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

// issued spells a new key. It is the only place that reveals a credential.
func issued(i *keeper.Issued, now time.Time) api.Key {
	out := api.Key{KeyBody: keyBody(&i.Key, now), Replayed: i.Replayed, Notice: shownOnce}
	if i.Predecessor != nil {
		old := keyBody(i.Predecessor, now)
		out.PredecessorKey = &old
	}
	if i.Replayed || i.Credential.IsZero() {
		out.Notice = replayedNotice
		return out
	}
	public, secret := i.Credential.Reveal()
	if public == "" {
		out.Credential = &api.Credential{Key: secret}
	} else {
		out.Credential = &api.Credential{Key: public, Secret: secret}
	}
	return out
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

// readPrefixes takes addresses and CIDR prefixes.
func readPrefixes(texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, aErr := netip.ParseAddr(text)
			if aErr != nil || a.Zone() != "" {
				return nil, invalidField("addresses", "each is an address or a CIDR prefix, such as 192.0.2.0/24 or 2001:db8::1")
			}
			a = a.Unmap()
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// readDuration takes what Go writes, and whole days.
func readDuration(field, text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err == nil && n >= 0 && n <= 36500 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, invalidField(field, `a length of time, such as "168h", "90m" or "7d"`)
	}
	return d, nil
}
