package keeper

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/seal"
)

// Options of a keeper.
type Options struct {
	Store   keywright.Store
	Schemes map[string]*scheme.Scheme
	Pepper  *seal.Pepper
	Sealer  *seal.Sealer     // nil where no scheme is recoverable
	Clock   func() time.Time // nil is time.Now
	Random  io.Reader        // nil is crypto/rand
	// Wait returns when this node's index has applied a cursor; nil does not wait.
	Wait func(context.Context, keywright.Cursor) error
	// Sole says that nobody but this keeper writes to the store, so that its newest
	// instant is read once and not with each write. An embedded store that refuses
	// a second process is such a one; one that several nodes share is not.
	Sole bool
}

// Keeper is safe for concurrent use.
type Keeper struct {
	store   keywright.Store
	schemes map[string]*scheme.Scheme
	pepper  *seal.Pepper
	sealer  *seal.Sealer
	clock   *clock
	random  io.Reader
	wait    func(context.Context, keywright.Cursor) error
	sole    bool
	caught  atomic.Bool // the clock has caught up with the store once
	fits    atomic.Bool // keys of the store were seen to be under our pepper
	drawn   drawn
}

// New returns a keeper.
func New(o Options) *Keeper {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	return &Keeper{
		store: o.Store, schemes: maps.Clone(o.Schemes), pepper: o.Pepper, sealer: o.Sealer,
		clock: &clock{read: o.Clock}, random: &locked{r: o.Random}, wait: o.Wait, sole: o.Sole,
	}
}

// clock never goes back, whatever the one behind it does.
type clock struct {
	read func() time.Time
	mu   sync.Mutex
	last time.Time
}

func (c *clock) now() time.Time {
	return c.atLeast(c.read().UTC().Round(0)) // instants are compared with stored ones: no monotonic reading
}

// atLeast moves the clock on to an instant, if it has not passed it, and returns
// what it then shows.
func (c *clock) atLeast(t time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.last) {
		c.last = t
	}
	return c.last
}

// locked lets transactions that run side by side share one source of randomness.
type locked struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *locked) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return io.ReadFull(l.r, p)
}

// write runs fn in one transaction, at the instant that counts, and answers once
// this node's index has applied it. fn may run more than once.
func (k *Keeper) write(ctx context.Context, fn func(tx keywright.Tx, now time.Time) error) error {
	cursor, err := k.store.Update(ctx, func(tx keywright.Tx) error {
		now, err := k.instant(ctx, tx)
		if err != nil {
			return err
		}
		return fn(tx, now)
	})
	if err != nil {
		return err
	}
	if k.wait == nil {
		return nil
	}
	// Even a write that changed nothing waits: what it found to be so already may
	// have been committed a moment ago, and the answer says that it is so here.
	if err := k.wait(ctx, cursor); err != nil {
		return &keywright.Error{Kind: keywright.Unavailable, Detail: "the change is stored, but this node has not applied it yet: look again before you repeat it", Cause: err}
	}
	return nil
}

// instant is the later of the local clock and the newest instant in the store,
// so that a clock that steps back revives nothing.
func (k *Keeper) instant(ctx context.Context, r keywright.Reader) (time.Time, error) {
	now := k.clock.now()
	if k.sole && k.caught.Load() {
		return now, nil
	}
	newest, err := r.Events(ctx, keywright.EventQuery{Limit: 1})
	if err != nil {
		return time.Time{}, err
	}
	if len(newest) > 0 {
		now = k.clock.atLeast(newest[0].At.UTC())
	}
	k.caught.Store(true)
	return now, nil
}

// drawn remembers the newest id, to notice randomness that stands still: putting
// a key under an id that is there would replace that key.
type drawn struct {
	mu   sync.Mutex
	last keywright.KeyID
}

func (d *drawn) again(id keywright.KeyID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	again := id == d.last
	d.last = id
	return again
}

// errRepeated says that a credential or an id was drawn that is there already.
var errRepeated = errors.New("the source of randomness repeated itself")

// mint is write for what draws a new credential: should it be there already,
// another is drawn.
func (k *Keeper) mint(ctx context.Context, fn func(tx keywright.Tx, now time.Time) error) error {
	const attempts = 3
	for range attempts {
		if err := k.write(ctx, fn); !errors.Is(err, errRepeated) {
			return err
		}
	}
	return &keywright.Error{Kind: keywright.Internal, Detail: "no new key could be drawn", Cause: errRepeated}
}

// schemeOf returns a scheme, or an Invalid error.
func (k *Keeper) schemeOf(name string) (*scheme.Scheme, error) {
	if s, ok := k.schemes[name]; ok {
		return s, nil
	}
	return nil, &keywright.Error{Kind: keywright.Invalid, Field: "scheme", Detail: fmt.Sprintf("must be one of %v", slices.Sorted(maps.Keys(k.schemes)))}
}

// tenantOf returns a tenant, or a NotFound error that names the field.
func tenantOf(ctx context.Context, r keywright.Reader, idOrRef string) (keywright.Tenant, error) {
	t, err := r.Tenant(ctx, idOrRef)
	if errors.Is(err, keywright.NotFound) {
		return t, &keywright.Error{Kind: keywright.NotFound, Field: "tenant", Detail: "there is no tenant of this id or ref: create it first"}
	}
	return t, err
}

// active counts the keys of a tenant and scheme that count against the cap, but
// for one. It counts no further than the cap, and not at all without one. A
// PENDING_ROTATION key counts through its successor, or, once that one is gone,
// itself: else rotating and revoking in turn would be a way round the cap.
func active(ctx context.Context, r keywright.Reader, p keywright.Policy, t keywright.TenantID, now time.Time, but keywright.KeyID) (int, error) {
	if !p.NeedsCount() {
		return 0, nil
	}
	count := 0
	q := keywright.KeyQuery{Tenant: t, Scheme: p.Scheme, Unrevoked: true, Limit: page}
	for {
		keys, err := r.Keys(ctx, q)
		if err != nil {
			return 0, err
		}
		for i := range keys {
			counts := keys[i].CountsAt(now)
			if !counts {
				if counts, err = orphaned(ctx, r, &keys[i], now); err != nil {
					return 0, err
				}
			}
			if keys[i].ID != but && counts {
				count++
			}
		}
		if len(keys) < q.Limit || count >= p.MaxActive {
			return count, nil
		}
		q.After = keys[len(keys)-1].ID
	}
}

// orphaned reads a key's successor for the rule.
func orphaned(ctx context.Context, r keywright.Reader, key *keywright.Key, now time.Time) (bool, error) {
	if key.Successor.IsZero() {
		return false, nil
	}
	next, err := r.Key(ctx, key.Successor)
	switch {
	case errors.Is(err, keywright.NotFound):
		return key.Orphaned(nil, now), nil
	case err != nil:
		return false, err
	}
	return key.Orphaned(&next, now), nil
}

// page is how many records are read at once.
const page = 500

func (k *Keeper) entropy() (e [10]byte, err error) {
	if _, err := io.ReadFull(k.random, e[:]); err != nil {
		return e, &keywright.Error{Kind: keywright.Internal, Detail: "no randomness", Cause: err}
	}
	return e, nil
}

// event is what every write appends.
func event(now time.Time, act keywright.Act, by keywright.Actor, key *keywright.Key, detail map[string]string) keywright.Event {
	return keywright.Event{At: now, Act: act, Actor: by, Key: key.ID, Tenant: key.Tenant, Detail: detail}
}

// put writes a key and the event that tells of it.
func put(ctx context.Context, tx keywright.Tx, key keywright.Key, e keywright.Event) error {
	if err := tx.PutKey(ctx, key); err != nil {
		return err
	}
	return tx.Append(ctx, e)
}

// spell writes an instant for an event's detail.
func spell(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func invalid(field, detail string) error {
	return &keywright.Error{Kind: keywright.Invalid, Field: field, Detail: detail}
}

func conflict(detail string) error {
	return &keywright.Error{Kind: keywright.Conflict, Detail: detail}
}
