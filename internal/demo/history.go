package demo

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/meter"
)

const (
	historyDays    = 14
	historyTenants = 100 // whose use is made up
)

// history makes up two weeks of use for every key that was seeded, so that there is
// something to look at. What a tenant really used is left as it is.
func (s *seeder) history(ctx context.Context, now time.Time) error {
	uses, ok := s.store.(meter.Store)
	if !ok {
		return errors.New("the demo's store keeps no use")
	}
	var tenants []keywright.Tenant
	keys := map[keywright.TenantID][]keywright.Key{}
	err := s.store.View(ctx, func(r keywright.Reader) (err error) {
		if tenants, err = r.Tenants(ctx, keywright.TenantQuery{Limit: historyTenants}); err != nil {
			return err
		}
		for i := range tenants {
			if keys[tenants[i].ID], err = r.Keys(ctx, keywright.KeyQuery{Tenant: tenants[i].ID, Unrevoked: true}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("whose use to make up: %w", err)
	}
	for i := range tenants {
		t := &tenants[i]
		if t.Metadata[systemMark] == "" {
			continue
		}
		if err := s.tenantHistory(ctx, uses, t, keys[t.ID], now); err != nil {
			return fmt.Errorf("the use of %s: %w", t.Ref, err)
		}
	}
	return nil
}

// tenantHistory adds up the use of a tenant's keys, unless an earlier run did.
func (s *seeder) tenantHistory(ctx context.Context, uses meter.Store, t *keywright.Tenant, keys []keywright.Key, now time.Time) error {
	end := meter.HourOf(now)
	before, err := uses.Use(ctx, meter.Query{Scope: meter.OfTenant(t.ID), From: end - historyDays*24, Until: end, Step: 24})
	if err != nil {
		return err
	}
	for i := range keys {
		b := keyHistory(t, &keys[i], now)
		if n := len(b.Counts); len(before) == 0 {
			for _, c := range b.Counts[:n:n] {
				c.Scope = meter.OfTenant(t.ID)
				b.Counts = append(b.Counts, c)
				c.Scope = meter.Everybody
				b.Counts = append(b.Counts, c)
			}
		}
		if err := uses.AddUse(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// keyHistory is made up of the key's id, so that no two look alike: more by day than
// by night, less at weekends, now and then a refusal.
func keyHistory(t *keywright.Tenant, k *keywright.Key, now time.Time) meter.Batch {
	seed := binary.BigEndian.Uint64(k.ID[8:])
	b := meter.Batch{ID: k.ID, At: now.UTC()}
	end, most := meter.HourOf(now), int64(20+seed%180)
	for hour := end - historyDays*24; hour < end; hour++ {
		at := meter.HourStart(hour)
		if at.Hour() < 6 || at.Hour() > 20 {
			continue
		}
		noise := (seed>>(uint(hour)%17) ^ uint64(hour)*0x9e3779b97f4a7c15) >> 7
		times := most * (8 - abs(int64(at.Hour())-13)) / 8 * int64(60+noise%60) / 100
		if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
			times /= 5
		}
		reason := keywright.Granted
		if t.Archived {
			reason = keywright.TenantArchived
		}
		if times > 0 {
			b.Counts = append(b.Counts, meter.Count{API: t.Metadata[systemMark], Scope: meter.OfKey(k.ID), Hour: hour, Reason: reason.String(), Times: times})
		}
		if noise%11 == 0 && !t.Archived {
			why := []keywright.Reason{keywright.Limited, keywright.PermissionMissing, keywright.ServiceNotEnabled}[noise%3]
			b.Counts = append(b.Counts, meter.Count{API: t.Metadata[systemMark], Scope: meter.OfKey(k.ID), Hour: hour, Reason: why.String(), Times: 1 + times/20})
		}
	}
	b.Keys = []meter.KeyUse{visitors(k.ID, seed, now, most)}
	return b
}

// visitors are addresses of the blocks that are for documentation.
func visitors(id keywright.KeyID, seed uint64, now time.Time, most int64) meter.KeyUse {
	six := netip.MustParseAddr("2001:db8::").As16()
	binary.BigEndian.PutUint16(six[14:], uint16(seed))
	last := now.Add(-time.Duration(3+seed%50) * time.Minute).UTC()
	return meter.KeyUse{Key: id, At: last, From: netip.AddrFrom4([4]byte{192, 0, 2, byte(seed>>8)%250 + 1}), Addresses: []meter.Address{
		{From: netip.AddrFrom4([4]byte{192, 0, 2, byte(seed>>8)%250 + 1}), Times: most * 80, At: last},
		{From: netip.AddrFrom16(six), Times: most * 11, At: last.Add(-26 * time.Hour)},
		{From: netip.AddrFrom4([4]byte{198, 51, 100, byte(seed>>16)%250 + 1}), Times: 3, At: last.Add(-9 * 24 * time.Hour)},
	}}
}

func abs(n int64) int64 { return max(n, -n) }
