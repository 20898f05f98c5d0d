package sqltext

import (
	"context"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
)

// Keys implements keywright.Reader.
func (r *Reader) Keys(ctx context.Context, q keywright.KeyQuery) ([]keywright.Key, error) {
	if err := record.CheckKeyListing(&q.Listing); err != nil {
		return nil, err
	}
	l := list[keywright.Key]{
		table: "keys k", columns: keyColumns, id: "k.id", listed: &q.Listing,
		read: func(s scan) (keywright.Key, error) { return s.key(0) },
		at:   func(k *keywright.Key) keywright.Place { return record.KeyPlace(q.Sort, k) },
	}
	l.lead = "k.scheme"
	if q.Tenant != "" {
		l.lead = "k.tenant"
	}
	orderKeys(&l)
	limit, terms := record.Limit(q.Limit), keyTerms(&q)
	var parts []record.Part[keywright.Key]
	for _, also := range keyPlaces(&q) {
		more, err := r.keyParts(ctx, &l, &q, limit, slices.Concat(also, terms))
		if err != nil {
			return nil, err
		}
		parts = append(parts, more...)
	}
	return record.Join(&q.Listing, limit, l.at, parts...), nil
}

// orderKeys sets what depends on the order.
func orderKeys(l *list[keywright.Key]) {
	from := l.listed.From
	id, _ := keywright.ParseKeyID(from.ID) // it has been checked
	switch l.listed.Sort {
	case keywright.ByName:
		l.order, l.place = "k.name", []any{from.Value, id[:]}
		l.placed = func(s scan) keywright.Place { return keywright.Place{ID: s.keyID(0), Value: string(s.Bytes(1))} }
	case keywright.ByExpiry:
		at, _ := record.ReadExpiryValue(from.Value)
		l.order, l.place = "k.expires", []any{at, id[:]}
		l.placed = func(s scan) keywright.Place {
			return keywright.Place{ID: s.keyID(0), Value: record.ExpiryValue(s.Int(1))}
		}
	default:
		l.place = []any{id[:]}
		l.placed = func(s scan) keywright.Place { return keywright.Place{ID: s.keyID(0)} }
	}
	if from == (keywright.Place{}) {
		l.place = nil
	}
}

func (s scan) keyID(column int) string {
	var id keywright.KeyID
	copy(id[:], s.Bytes(column))
	return id.String()
}

// keyTerms are the conditions of a query but for its search and its states.
func keyTerms(q *keywright.KeyQuery) (all []term) {
	if q.Digest != nil {
		all = append(all, term{column: "k.digest", text: "@ = ?", args: []any{q.Digest[:]}, one: true})
	}
	if q.Tenant != "" {
		all = append(all, term{column: "k.tenant", text: "@ = ?", args: []any{string(q.Tenant)}, few: true})
	}
	if q.Scheme != "" {
		all = append(all, term{column: "k.scheme", text: "@ = ?", args: []any{q.Scheme}, few: true})
	}
	if q.Environment != "" {
		all = append(all, term{column: "k.environment", text: "@ = ?", args: []any{q.Environment}})
	}
	if q.Unrevoked {
		all = append(all, term{text: "k.revoked = 0"})
	}
	if !q.ExpiresBefore.IsZero() {
		all = append(all, term{column: "k.expires", text: "@ < ?", args: []any{record.Bound(q.ExpiresBefore)}, few: true})
	}
	if !q.After.IsZero() {
		all = append(all, term{column: "k.id", text: "@ > ?", args: []any{q.After[:]}})
	}
	if now := record.Bound(q.Now); q.Sort == keywright.ByExpiry && record.Alive(q.States) {
		all = append(all, term{column: "k.expires", text: "@ > ?", args: []any{now}})
	} else if q.Sort == keywright.ByExpiry && record.Dead(q.States) {
		all = append(all, term{column: "k.expires", text: "@ <= ?", args: []any{now}})
	}
	return all
}

// keyPlaces are the places where a search looks, each as terms; without a search
// one that is everywhere.
func keyPlaces(q *keywright.KeyQuery) [][]term {
	search := record.KeySearch(q.Search)
	if search == nil {
		return [][]term{nil}
	}
	all := [][]term{{within("k.name", search.Text)}}
	if search.Hint.From != "" {
		hinted := within("k.hint", search.Hint)
		hinted.text = "k.hint <> '' AND " + hinted.text // as its index has it
		all = append(all, []term{hinted})
	}
	for _, span := range search.IDs {
		if from, to, ok := record.IDRange(span); ok {
			all = append(all, []term{{column: "k.id", text: "@ >= ? AND @ <= ?", args: []any{from[:], to[:]}, few: true}})
		}
	}
	return all
}

func within(column string, span record.Span) term {
	if span.Before == "" {
		return term{column: column, text: "@ >= ?", args: []any{span.From}, few: true}
	}
	return term{column: column, text: "@ >= ? AND @ < ?", args: []any{span.From, span.Before}, few: true}
}

// keyParts reads the keys of all states that are asked for. Each state but ACTIVE
// has an index of its own instant; those that leave few are read by it.
func (r *Reader) keyParts(ctx context.Context, l *list[keywright.Key], q *keywright.KeyQuery, limit int, terms []term) (parts []record.Part[keywright.Key], err error) {
	if len(q.States) == 0 {
		part, err := l.part(ctx, r, limit, terms)
		return []record.Part[keywright.Key]{part}, err
	}
	now, rest := record.Bound(q.Now), q.States
	by, err := l.narrowest(ctx, r, terms)
	if err != nil {
		return nil, err
	}
	if by < 0 && l.listed.Rest != nil && record.Spread(q.States) {
		if parts, rest, err = r.rareStates(ctx, l, q.States, now, limit, terms); err != nil || len(rest) == 0 {
			return parts, err
		}
	}
	part, err := l.readBy(ctx, r, limit, append(terms, inStates(rest, now)), by)
	return append(parts, part), err
}

// own is a state's own index in the order of ids, if it has one: a part of all keys.
func own(state keywright.State) []term {
	switch state {
	case keywright.StateRevoked:
		return []term{{column: "k.id", text: "k.revoked <> 0"}}
	case keywright.StateRetired, keywright.PendingRotation:
		return []term{{column: "k.id", text: "COALESCE(k.retires, 0) <> 0"}} // so that it is no other's
	case keywright.StatePaused:
		return []term{{column: "k.id", text: "k.paused <> 0"}}
	}
	return nil
}

// rareStates reads the states that few keys are in, and in the order of ids those
// that are read along an index of their own. It returns the others.
func (r *Reader) rareStates(ctx context.Context, l *list[keywright.Key], states []keywright.State, now int64, limit int, terms []term) (parts []record.Part[keywright.Key], rest []keywright.State, err error) {
	for _, state := range states {
		by := stateTerm(state, now)
		narrow, err := l.narrow(ctx, r, by)
		if err != nil {
			return nil, nil, err
		}
		all := slices.Concat([]term{by, inStates([]keywright.State{state}, now)}, terms)
		var part record.Part[keywright.Key]
		switch along := own(state); {
		case narrow:
			part, err = l.few(ctx, r, limit, all, 0)
		case l.order == "" && along != nil:
			part, err = l.walk(ctx, r, limit, append(all[1:], along...))
		default:
			rest = append(rest, state)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		parts = append(parts, part)
	}
	return parts, rest, nil
}

// stateTerm is what an index knows of a state: at least all its keys satisfy it.
func stateTerm(state keywright.State, now int64) term {
	t := term{column: "k.expires", text: "@ <= ?", args: []any{now}, few: true}
	switch state {
	case keywright.StateRevoked:
		t.column, t.text = "k.revoked", "@ <> 0 AND @ <= ?"
	case keywright.StateRetired:
		t.column, t.text = "k.retires", "@ <> 0 AND @ <= ?"
	case keywright.PendingRotation:
		t.column, t.text = "k.retires", "@ <> 0 AND @ > ?"
	case keywright.StatePaused:
		t.column, t.text = "k.paused", "@ <> 0 AND @ <= ?"
	}
	return t
}

// states is Key.StateAt.
const states = `CASE WHEN k.revoked <> 0 AND k.revoked <= ? THEN 'REVOKED' WHEN k.retires <> 0 AND k.retires <= ? THEN 'RETIRED'
WHEN k.expires <= ? THEN 'EXPIRED' WHEN k.paused <> 0 AND k.paused <= ? AND (k.paused_until = 0 OR k.paused_until > ?) THEN 'PAUSED'
WHEN k.retires <> 0 THEN 'PENDING_ROTATION' ELSE 'ACTIVE' END IN (`

func inStates(all []keywright.State, now int64) term {
	t := term{text: states, args: []any{now, now, now, now, now}}
	for i, state := range all {
		if i > 0 {
			t.text += ", "
		}
		t.text += "?"
		t.args = append(t.args, string(state))
	}
	t.text += ")"
	return t
}
