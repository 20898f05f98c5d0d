package people

import (
	"context"
	"time"

	"github.com/keywright/keywright"
)

// Heartbeat is what a node says of itself where nodes share a store.
type Heartbeat struct {
	Node   string
	Fresh  bool
	Age    time.Duration // of its view of the keys
	Bound  time.Duration
	Cursor keywright.Cursor
	At     time.Time // when it said so
}

const (
	// heartbeatLife is how long a node that says nothing more is shown.
	heartbeatLife = 10 * time.Minute
	maxHeartbeats = 1000
)

type heartbeatBody struct {
	versioned
	Fresh  bool             `json:"fresh"`
	Age    time.Duration    `json:"age"`
	Bound  time.Duration    `json:"bound"`
	Cursor keywright.Cursor `json:"cursor"`
	At     time.Time        `json:"at"`
}

// Beat keeps what a node says of itself, in place of what it said before. now is by
// the real clock: freshness is not for a demo to shift. It is no event.
func (s *Service) Beat(ctx context.Context, now time.Time, h Heartbeat) error {
	now = now.UTC().Round(0)
	rec := Record{Kind: VerifierRecord, ID: h.Node, Expires: now.Add(heartbeatLife)}
	body := heartbeatBody{Fresh: h.Fresh, Age: h.Age, Bound: h.Bound, Cursor: h.Cursor, At: now}
	return s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		fresh := rec // fn may run more than once
		return put(ctx, tx, &fresh, &body)
	})
}

// Silence forgets a node that ends.
func (s *Service) Silence(ctx context.Context, node string) error {
	return s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error { return tx.DeleteRecord(ctx, VerifierRecord, node) })
}

// Heartbeats lists the nodes that were heard of within the last ten minutes.
func (s *Service) Heartbeats(ctx context.Context, now time.Time) ([]Heartbeat, error) {
	var out []Heartbeat
	err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
		out = nil
		return each(ctx, r, RecordQuery{Kind: VerifierRecord}, func(rec *Record) (bool, error) {
			var b heartbeatBody
			if rec.over(now) {
				return true, nil
			}
			if err := decode(rec, &b); err != nil {
				return false, err
			}
			out = append(out, Heartbeat{Node: rec.ID, Fresh: b.Fresh, Age: b.Age, Bound: b.Bound, Cursor: b.Cursor, At: b.At})
			return len(out) < maxHeartbeats, nil
		})
	})
	return out, err
}
