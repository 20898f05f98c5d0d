package meter

import (
	"context"
	"errors"
	"time"

	"github.com/keywright/keywright"
)

// Kept is how long counts, last uses and addresses are kept.
const Kept = 400 * 24 * time.Hour

// Start flushes by itself until Close, and forgets what is older than Kept.
func (m *Meter) Start() {
	m.starting.Do(func() {
		ctx, stop := context.WithCancel(context.Background())
		m.stop, m.stopped = stop, make(chan struct{})
		go m.run(ctx)
	})
}

func (m *Meter) run(ctx context.Context) {
	defer close(m.stopped)
	tick := time.NewTicker(m.o.Every)
	defer tick.Stop()
	for failing := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := m.Flush(ctx)
		if err == nil {
			err = m.forget(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		if (err != nil) != failing && m.o.Failed != nil {
			m.o.Failed(err)
		}
		failing = err != nil
	}
}

// Close ends Start's work and flushes for the last time. It returns what that
// fails with: these counts are lost. Whoever counts MUST have ended before.
func (m *Meter) Close(ctx context.Context) (err error) {
	if m == nil {
		return nil
	}
	m.stopping.Do(func() {
		m.starting.Do(func() {}) // nothing starts any more
		if m.stop != nil {
			m.stop()
			<-m.stopped
		}
		err = m.Flush(ctx)
	})
	return err
}

// Flush adds to the store what was counted. What cannot be added stays, and the
// next flush adds it; none of it is added twice. It waits five seconds at most.
func (m *Meter) Flush(ctx context.Context) error {
	if m == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, flushWait)
	defer cancel()
	select {
	case m.flushing <- struct{}{}:
		defer func() { <-m.flushing }()
	case <-ctx.Done():
		return &keywright.Error{Kind: keywright.Unavailable, Detail: "use cannot be counted: the store takes too long", Cause: ctx.Err()}
	}
	for {
		b, err := m.next()
		if b == nil || err != nil {
			return err
		}
		if err = m.o.Store.AddUse(ctx, *b); err != nil && !errors.Is(err, keywright.Invalid) {
			return err // whether it is in the store after all only the store knows
		}
		m.added() // an invalid one would stand in the way for ever
		if err != nil {
			return err
		}
	}
}

// next returns the batch to be added, nil if there is none: one that was made
// before, as it was made, or the first of what was counted since.
func (m *Meter) next() (*Batch, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.batches) > 0 {
		return &m.batches[0], nil
	}
	for i := range m.known {
		m.pending.drain(&m.known[i])
	}
	for i := range m.strangers {
		m.pending.drain(&m.strangers[i])
	}
	if m.pending.empty() {
		return nil, nil
	}
	all, err := m.pending.cut(m.o.Random, m.o.Clock().UTC())
	if err != nil {
		return nil, err
	}
	m.batches, m.pending = all, newPending()
	return &m.batches[0], nil
}

func (m *Meter) added() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.batches = m.batches[1:]
}

// forget forgets the old once an hour of the clock of key life.
func (m *Meter) forget(ctx context.Context) error {
	now := m.o.Clock()
	if HourOf(now) == m.forgot {
		return nil
	}
	for more := true; more; {
		var err error
		if more, err = m.o.Store.ForgetUse(ctx, now.Add(-Kept)); err != nil {
			return err
		}
	}
	m.forgot = HourOf(now)
	return nil
}
