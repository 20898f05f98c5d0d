package sqltext

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/meter"
	"github.com/keywright/keywright/store/internal/record"
)

const (
	// A batch that is there already wrote nothing, so nothing is added again.
	insertBatch = "INSERT INTO use_batches (id, at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING"
	addHours    = "INSERT INTO use_hours (scope, hour, api, reason, times) VALUES @ ON CONFLICT (scope, hour, api, reason) DO UPDATE SET times = use_hours.times + excluded.times"
	addKeys     = "INSERT INTO use_keys (key_id, at, address) VALUES @ ON CONFLICT (key_id) DO UPDATE SET at = excluded.at, address = excluded.address WHERE excluded.at >= use_keys.at"
	addFrom     = `INSERT INTO use_addresses (key_id, address, times, at) VALUES @ ON CONFLICT (key_id, address) DO UPDATE
SET times = use_addresses.times + excluded.times, at = CASE WHEN excluded.at > use_addresses.at THEN excluded.at ELSE use_addresses.at END`
	keepLatest = `DELETE FROM use_addresses WHERE (key_id, address) IN (SELECT key_id, address FROM (
SELECT key_id, address, ROW_NUMBER() OVER (PARTITION BY key_id ORDER BY at DESC, address) AS place FROM use_addresses WHERE key_id IN (@)) placed WHERE place > ?)`
)

// AddUse is meter.Store's, in a transaction.
func (t *Tx) AddUse(ctx context.Context, b *meter.Batch) error {
	if err := record.Batch(b); err != nil {
		return err
	}
	again := false
	seen := func() error {
		again = true
		return nil
	}
	if err := t.write(ctx, seen, insertBatch, b.ID[:], record.Nanos(b.At)); err != nil || again {
		return err
	}
	var hours, keys, from, ids [][]any
	for i := range b.Counts {
		c := &b.Counts[i]
		hours = append(hours, []any{string(c.Scope), c.Hour, c.API, c.Reason, c.Times})
	}
	for i := range b.Keys {
		k := &b.Keys[i]
		id := idBytes(k.Key)
		keys, ids = append(keys, []any{id, record.Nanos(k.At), record.AddressText(k.From)}), append(ids, []any{id})
		for _, a := range k.Addresses {
			from = append(from, []any{id, record.AddressText(a.From), a.Times, record.Nanos(a.At)})
		}
	}
	for _, one := range []struct {
		sql  string
		rows [][]any
	}{{addHours, hours}, {addKeys, keys}, {addFrom, from}} {
		if err := t.many(ctx, one.sql, one.rows, true); err != nil {
			return err
		}
	}
	return t.many(ctx, keepLatest, ids, false, int64(meter.MaxAddresses))
}

// many runs a statement for rows that take the place of its @, a number of them at
// a time: one of few numbers, so that a connection keeps few statements prepared.
func (t *Tx) many(ctx context.Context, sql string, rows [][]any, bracketed bool, more ...any) error {
	for len(rows) > 0 {
		n := 1
		for _, some := range []int{100, 10} {
			if len(rows) >= some {
				n = some
				break
			}
		}
		one := strings.TrimSuffix(strings.Repeat("?, ", len(rows[0])), ", ")
		if bracketed {
			one = "(" + one + ")"
		}
		args := make([]any, 0, n*len(rows[0])+len(more))
		for _, row := range rows[:n] {
			args = append(args, row...)
		}
		var s statement
		s.add(strings.Replace(sql, "@", strings.TrimSuffix(strings.Repeat(one+", ", n), ", "), 1), append(args, more...)...)
		if err := t.write(ctx, nil, s.text.String(), s.args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// Use is meter.Store's.
func (r *Reader) Use(ctx context.Context, q meter.Query) (found []meter.Sum, err error) {
	c := clauses{args: []any{max(q.Step, 1)}}
	c.add("scope =", string(q.Scope))
	c.add("hour >=", q.From)
	c.add("hour <", q.Until)
	if q.API != "" {
		c.add("api =", q.API)
	}
	sql := "SELECT hour - hour % $1, reason, CAST(SUM(times) AS BIGINT) FROM use_hours WHERE " + strings.Join(c.text, " AND ") + " GROUP BY 1, 2"
	err = r.query(ctx, sql, c.args, func(s scan) error {
		found = append(found, meter.Sum{Hour: s.Int(0), Reason: s.Word(s.Bytes(1)), Times: s.Int(2)})
		return nil
	})
	return found, err
}

// askedAtOnce is how many keys one statement asks about; the last place is given
// again where there are fewer.
const askedAtOnce = 50

// LastUse is meter.Store's.
func (r *Reader) LastUse(ctx context.Context, keys []keywright.KeyID) (found []meter.KeyUse, err error) {
	for len(keys) > 0 {
		n := min(len(keys), askedAtOnce)
		if n > 1 {
			n = askedAtOnce
		}
		var places []string
		var args []any
		for i := range n {
			places = append(places, "$"+strconv.Itoa(i+1))
			args = append(args, idBytes(keys[min(i, len(keys)-1)]))
		}
		err := r.query(ctx, "SELECT key_id, at, address FROM use_keys WHERE key_id IN ("+strings.Join(places, ", ")+")", args, func(s scan) error {
			u := meter.KeyUse{At: record.Instant(s.Int(1))}
			copy(u.Key[:], s.Bytes(0))
			var err error
			u.From, err = record.ReadAddress(string(s.Bytes(2)))
			found = append(found, u)
			return err
		})
		if err != nil {
			return nil, err
		}
		keys = keys[min(n, len(keys)):]
	}
	return found, nil
}

// Addresses is meter.Store's.
func (r *Reader) Addresses(ctx context.Context, key keywright.KeyID) (found []meter.Address, err error) {
	err = r.query(ctx, "SELECT address, times, at FROM use_addresses WHERE key_id = $1 ORDER BY at DESC, address", []any{idBytes(key)}, func(s scan) error {
		from, err := record.ReadAddress(string(s.Bytes(0)))
		found = append(found, meter.Address{From: from, Times: s.Int(1), At: record.Instant(s.Int(2))})
		return err
	})
	return found, err
}

// ForgetUse is meter.Store's, in a transaction.
func (t *Tx) ForgetUse(ctx context.Context, before time.Time) (more bool, err error) {
	newest := int64(0)
	err = t.query(ctx, "SELECT COALESCE(MAX(at), 0) FROM use_batches", nil, func(s scan) error {
		newest = s.Int(0)
		return nil
	})
	if err != nil {
		return false, err
	}
	at := record.Clamp(before)
	for _, one := range []struct {
		table, id, column string
		until             int64
	}{
		{"use_hours", "scope, hour, api, reason", "hour", meter.HourOf(before)},
		{"use_keys", "key_id", "at", at},
		{"use_addresses", "key_id, address", "at", at},
		{"use_batches", "id", "at", record.OldBatches(newest)},
	} {
		sql := "DELETE FROM " + one.table + " WHERE (" + one.id + ") IN (SELECT " + one.id + " FROM " + one.table + " WHERE " + one.column + " < $1 LIMIT $2)"
		n, err := t.conn.Exec(ctx, sql, []any{one.until, int64(record.ForgetUses)})
		if err != nil {
			return false, err
		}
		more = more || n == record.ForgetUses
	}
	return more, nil
}
