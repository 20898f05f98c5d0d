package meter_test

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/store/memory"
)

var noon = time.Date(2030, 1, 2, 12, 30, 0, 0, time.UTC)

// flaky is a store that fails when it is told to, before or after it has added.
type flaky struct {
	*memory.Store
	mu            sync.Mutex
	before, after error
	added         int
}

func (f *flaky) fail(before, after error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before, f.after = before, after
}

func (f *flaky) AddUse(ctx context.Context, b meter.Batch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.before != nil {
		return f.before
	}
	f.added++
	if err := f.Store.AddUse(ctx, b); err != nil {
		return err
	}
	return f.after
}

// bench is a meter, its store and its clock.
type bench struct {
	*meter.Meter
	store *flaky
	now   time.Time
}

func newBench(t testing.TB, change ...func(*meter.Options)) *bench {
	t.Helper()
	b := &bench{store: &flaky{Store: memory.New()}, now: noon}
	o := meter.Options{Store: b.store, Clock: func() time.Time { return b.now }}
	for _, one := range change {
		one(&o)
	}
	b.Meter = meter.New(o)
	return b
}

func id(n byte) keywright.KeyID { return keywright.KeyID{1, 15: n} }

// of is a decision about a key of a tenant.
func of(n byte, reason keywright.Reason) *keywright.Decision {
	return &keywright.Decision{Reason: reason, Key: id(n), Tenant: &keywright.Tenant{ID: "ten_a"}}
}

func nobody(reason keywright.Reason) *keywright.Decision { return &keywright.Decision{Reason: reason} }

func at(text string) netip.Addr { return netip.MustParseAddr(text) }

func (b *bench) report(t *testing.T, a meter.Ask) meter.Report {
	t.Helper()
	r, err := b.Report(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
