package sqltext

import (
	"context"
	"errors"
	"iter"

	"github.com/keywright/keywright"
)

const changes = "SELECT " + eventColumns + ", " + keyColumns + ", " + tenantColumns + ` FROM events e
LEFT JOIN keys k ON k.id = e.key_id LEFT JOIN tenants t ON t.id = e.tenant
WHERE e.seq > $1 AND e.seq <= $2 ORDER BY e.seq LIMIT $3`

// where the joined records begin in a row of changes
const (
	keyFrom    = 7
	tenantFrom = 12
)

// Changes returns the first events after a cursor and up to another, each with
// its records as they stand, at most limit of them.
func (r *Reader) Changes(ctx context.Context, after, until keywright.Cursor, limit int) (page []keywright.Event, err error) {
	err = r.query(ctx, changes, []any{int64(after), int64(until), int64(limit)}, func(s scan) error {
		e, err := s.event(0)
		if err == nil && s.Bytes(keyFrom) != nil {
			var k keywright.Key
			k, err = s.key(keyFrom)
			e.KeyNow = &k
		}
		if err == nil && s.Bytes(tenantFrom) != nil {
			var t keywright.Tenant
			t, err = s.tenant(tenantFrom)
			e.TenantNow = &t
		}
		page = append(page, e)
		return err
	})
	return page, err
}

// Present calls each with an event without an act for every tenant, then for
// every key, all with one cursor. The reader's snapshot must stay open.
func (r *Reader) Present(ctx context.Context, each func(keywright.Event) error) error {
	at, err := Last(ctx, r.conn)
	if err != nil {
		return err
	}
	last := any("")
	const tenants = "SELECT " + tenantColumns + " FROM tenants t WHERE t.id > $1 ORDER BY t.id LIMIT $2"
	err = r.pages(ctx, tenants, &last, func(s scan) error {
		t, err := s.tenant(0)
		if err != nil {
			return err
		}
		last = string(t.ID)
		return each(keywright.Event{Cursor: at, Tenant: t.ID, TenantNow: &t})
	})
	if err != nil {
		return err
	}
	var id keywright.KeyID
	last = id[:]
	const keys = "SELECT " + keyColumns + " FROM keys k WHERE k.id > $1 ORDER BY k.id LIMIT $2"
	return r.pages(ctx, keys, &last, func(s scan) error {
		k, err := s.key(0)
		if err != nil {
			return err
		}
		id = k.ID
		return each(keywright.Event{Cursor: at, Key: k.ID, KeyNow: &k})
	})
}

// atOnce is how many rows of the present state one statement reads: a server
// bounds how long a statement may take, and a follower may be slow.
const atOnce = 20_000

// pages runs a statement that reads on after last until it finds nothing more.
func (r *Reader) pages(ctx context.Context, sql string, last *any, each func(scan) error) error {
	for {
		n := 0
		err := r.query(ctx, sql, []any{*last, int64(atOnce)}, func(s scan) error {
			n++
			return each(s)
		})
		if err != nil || n < atOnce {
			return err
		}
	}
}

// errStop says that whoever asked for changes wants no more.
var errStop = errors.New("stop")

// pageOfEvents is how many events are read at a time, so that a slow follower
// holds no snapshot, which would keep SQLite's log from being folded.
const pageOfEvents = 512

// Changes is keywright.Store's; read runs a function on a fresh snapshot.
func Changes(ctx context.Context, read func(context.Context, func(*Reader) error) error, after keywright.Cursor) iter.Seq2[keywright.Event, error] {
	return func(yield func(keywright.Event, error) bool) {
		each := func(e keywright.Event) error {
			if !yield(e, nil) {
				return errStop
			}
			return nil
		}
		var err error
		if after == 0 {
			err = read(ctx, func(r *Reader) error { return r.Present(ctx, each) })
		} else {
			err = follow(ctx, read, after, pageOfEvents, each)
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(keywright.Event{}, err)
		}
	}
}

// follow calls each with every event after a cursor, up to the log's end as it
// stands at the start, a page at a time; read runs a function on a fresh snapshot.
func follow(ctx context.Context, read func(context.Context, func(*Reader) error) error, after keywright.Cursor, limit int, each func(keywright.Event) error) error {
	var until keywright.Cursor
	for first := true; first || after < until; first = false {
		var page []keywright.Event
		err := read(ctx, func(r *Reader) (err error) {
			if first {
				until, err = Last(ctx, r.conn)
			}
			if err == nil && after < until {
				page, err = r.Changes(ctx, after, until, limit)
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, e := range page {
			if err := each(e); err != nil {
				return err
			}
			after = e.Cursor
		}
		if len(page) < limit {
			return nil
		}
	}
	return nil
}
