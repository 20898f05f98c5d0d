package wire

import (
	"context"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/meter"
)

// Used says of keys when they were last presented, with one look-up for all. Where
// that cannot be known it leaves them as they are: no act fails for it.
func Used(ctx context.Context, m *meter.Meter, keys ...*api.KeyBody) {
	ids := make([]keywright.KeyID, 0, len(keys))
	for _, k := range keys {
		if id, err := keywright.ParseKeyID(k.ID); err == nil {
			ids = append(ids, id)
		}
	}
	all, err := m.LastUsed(ctx, ids)
	if err != nil {
		return
	}
	for _, k := range keys {
		if id, err := keywright.ParseKeyID(k.ID); err == nil {
			k.LastUsedAt = instant(all[id])
		}
	}
}

// UsedPage is Used for a page of a list.
func UsedPage(ctx context.Context, m *meter.Meter, page []api.KeyBody) {
	keys := make([]*api.KeyBody, len(page))
	for i := range page {
		keys[i] = &page[i]
	}
	Used(ctx, m, keys...)
}

// UsedKey is Used for an answer about one key, and its predecessor.
func UsedKey(ctx context.Context, m *meter.Meter, k *api.Key) {
	keys := []*api.KeyBody{&k.KeyBody}
	if k.PredecessorKey != nil {
		keys = append(keys, k.PredecessorKey)
	}
	Used(ctx, m, keys...)
}

// Ask reads what a report is asked about, but whose.
func Ask(apiName string, since, until time.Time, step string) meter.Ask {
	return meter.Ask{API: apiName, Since: since.UTC(), Until: until.UTC(), Step: meter.Step(step)}
}

// Usage spells a report.
func Usage(r *meter.Report) api.UsageReport {
	out := api.UsageReport{
		Since: r.Since, Until: r.Until, Step: string(r.Step), Granted: r.Granted, Refused: r.Refused,
		Refusals: make([]api.UsageReason, len(r.Refusals)), Points: make([]api.UsagePoint, len(r.Points)),
		LastUsedAt: instant(r.Last.At), LastUsedFrom: meter.Spell(r.Last.From), Addresses: make([]api.UsageAddress, len(r.Last.Addresses)),
	}
	for i, one := range r.Refusals {
		out.Refusals[i] = api.UsageReason{Reason: one.Reason, Count: one.Times}
	}
	for i, one := range r.Points {
		out.Points[i] = api.UsagePoint(one)
	}
	for i, one := range r.Last.Addresses {
		out.Addresses[i] = api.UsageAddress{Address: meter.Spell(one.From), Count: one.Times, LastUsedAt: one.At.UTC()}
	}
	return out
}
