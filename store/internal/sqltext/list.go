package sqltext

import (
	"context"
	"strconv"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
)

// term is one condition of a list: about one column, spelled as @, with ? for
// each argument.
type term struct {
	column string
	text   string
	args   []any
	few    bool // it has an index, and may leave few records
	one    bool // it leaves one record at most
}

// indexed spells the condition so that an index can answer it.
func (t term) indexed() string { return strings.ReplaceAll(t.text, "@", t.column) }

// plain spells it so that none can: the planner of neither engine knows which
// index leaves fewer, and this package does, because it has looked.
func (t term) plain() string { return strings.ReplaceAll(t.text, "@", hidden(t.column)) }

func hidden(column string) string { return "COALESCE(" + column + ", " + column + ")" }

// list is a kind of record that is listed.
type list[T any] struct {
	table   string // with its alias
	columns string
	id      string
	listed  *keywright.Listing
	order   string // the column of the order, beside the id; "" is the id alone
	place   []any  // the arguments of the place to go on from
	lead    string // a column whose index is ordered by id within one value
	read    func(scan) (T, error)
	at      func(*T) keywright.Place
	placed  func(s scan) keywright.Place // of a row of the order's columns
}

// statement gathers text and numbers its arguments.
type statement struct {
	text strings.Builder
	args []any
}

func (s *statement) add(text string, args ...any) {
	for {
		before, after, more := strings.Cut(text, "?")
		s.text.WriteString(before)
		if !more {
			break
		}
		s.args = append(s.args, args[0])
		s.text.WriteString("$" + strconv.Itoa(len(s.args)))
		text, args = after, args[1:]
	}
}

func (s *statement) where(conditions []term, spell func(term) string, word string) string {
	for _, c := range conditions {
		s.add(word+spell(c), c.args...)
		word = " AND "
	}
	return word
}

// from is the condition that a record follows the query's place.
func (l *list[T]) from(spell func(string) string) term {
	sign := " > "
	if l.listed.Descending {
		sign = " < "
	}
	if l.order == "" {
		return term{text: spell(l.id) + sign + "?", args: l.place}
	}
	return term{text: "(" + spell(l.order) + ", " + spell(l.id) + ")" + sign + "(?, ?)", args: l.place}
}

func (l *list[T]) ordering(spell func(string) string) string {
	way := ""
	if l.listed.Descending {
		way = " DESC"
	}
	if l.order == "" {
		return " ORDER BY " + spell(l.id) + way
	}
	return " ORDER BY " + spell(l.order) + way + ", " + spell(l.id) + way
}

func asItIs(column string) string { return column }

// rows runs a statement and reads its records.
func (l *list[T]) rows(ctx context.Context, r *Reader, s *statement) (found []T, err error) {
	err = r.query(ctx, s.text.String(), s.args, func(row scan) error {
		one, err := l.read(row)
		found = append(found, one)
		return err
	})
	return found, err
}

// part reads what satisfies all of the terms: by one that leaves few, if there is
// such a one and the work is bounded, else in order.
func (l *list[T]) part(ctx context.Context, r *Reader, limit int, terms []term) (part record.Part[T], err error) {
	by, err := l.narrowest(ctx, r, terms)
	if err != nil {
		return part, err
	}
	return l.readBy(ctx, r, limit, terms, by)
}

func (l *list[T]) readBy(ctx context.Context, r *Reader, limit int, terms []term, by int) (record.Part[T], error) {
	if by < 0 {
		return l.walk(ctx, r, limit, terms)
	}
	return l.few(ctx, r, limit, terms, by)
}

// narrowest returns which term leaves few records; -1 is none, and is not looked
// for where the work is not bounded, but for what leaves one record at most.
func (l *list[T]) narrowest(ctx context.Context, r *Reader, terms []term) (int, error) {
	for i, t := range terms {
		if t.one {
			return i, nil
		}
		if !t.few || l.listed.Rest == nil {
			continue
		}
		narrow, err := l.narrow(ctx, r, t)
		if err != nil || narrow {
			return i, err
		}
	}
	return -1, nil
}

// narrow reports whether a term leaves few records, without counting on.
func (l *list[T]) narrow(ctx context.Context, r *Reader, t term) (bool, error) {
	var s statement
	s.add("SELECT COUNT(*) FROM (SELECT 1 FROM " + l.table)
	s.where([]term{t}, term.indexed, " WHERE ")
	s.add(" LIMIT ?) counted", int64(record.Narrow+1))
	n := int64(0)
	err := r.query(ctx, s.text.String(), s.args, func(row scan) error {
		n = row.Int(0)
		return nil
	})
	return n <= record.Narrow, err
}

// few reads all that one term leaves, and sorts.
func (l *list[T]) few(ctx context.Context, r *Reader, limit int, terms []term, by int) (part record.Part[T], err error) {
	var s statement
	s.add("SELECT " + l.columns + " FROM " + l.table)
	word := s.where(terms[by:by+1], term.indexed, " WHERE ")
	word = s.where(terms[:by], term.plain, word)
	word = s.where(terms[by+1:], term.plain, word)
	if len(l.place) > 0 {
		s.where([]term{l.from(hidden)}, term.indexed, word)
	}
	s.add(l.ordering(hidden)+" LIMIT ?", int64(limit+1))
	part.Found, err = l.rows(ctx, r, &s)
	if len(part.Found) > limit {
		part.Rest = l.at(&part.Found[limit])
	}
	return part, err
}

// walk reads in order, and looks at no more than the budget if the work is bounded.
func (l *list[T]) walk(ctx context.Context, r *Reader, limit int, terms []term) (part record.Part[T], err error) {
	along, others := l.divide(terms)
	if len(l.place) > 0 {
		along = append(along, l.from(asItIs))
	}
	bounded := l.listed.Rest != nil
	if bounded {
		limit++ // to know whether there is more
	}
	var s statement
	if bounded && len(others) > 0 { // the outer order is the inner one: neither engine has a reason to change it
		s.add("SELECT " + l.columns + " FROM (SELECT * FROM " + l.table)
		s.where(along, term.indexed, " WHERE ")
		s.add(l.ordering(asItIs)+" LIMIT ?) "+l.alias(), int64(record.Budget))
		s.where(others, term.plain, " WHERE ")
	} else {
		s.add("SELECT " + l.columns + " FROM " + l.table)
		s.where(others, term.plain, s.where(along, term.indexed, " WHERE "))
		s.add(l.ordering(asItIs))
	}
	s.add(" LIMIT ?", int64(limit))
	if part.Found, err = l.rows(ctx, r, &s); err != nil {
		return part, err
	}
	if len(part.Found) == limit {
		part.Rest = l.at(&part.Found[limit-1])
	} else if bounded && len(others) > 0 {
		part.Rest, err = l.end(ctx, r, along)
	}
	return part, err
}

// end is the place of the last record that a bounded walk has looked at; zero if
// it has looked at all.
func (l *list[T]) end(ctx context.Context, r *Reader, along []term) (at keywright.Place, err error) {
	var s statement
	columns := l.id
	if l.order != "" {
		columns += ", " + l.order
	}
	s.add("SELECT " + columns + " FROM " + l.table)
	s.where(along, term.indexed, " WHERE ")
	s.add(l.ordering(asItIs)+" LIMIT 1 OFFSET ?", int64(record.Budget-1))
	err = r.query(ctx, s.text.String(), s.args, func(row scan) error {
		at = l.placed(row)
		return nil
	})
	return at, err
}

func (l *list[T]) alias() string { return l.table[strings.LastIndexByte(l.table, ' ')+1:] }

// divide tells the terms that the order's own index answers from the others.
func (l *list[T]) divide(terms []term) (along, others []term) {
	led := false
	for _, t := range terms {
		switch {
		case t.column == "", l.order != "" && t.column != l.order:
			others = append(others, t)
		case t.column == l.order, t.column == l.id:
			along = append(along, t)
		case !led && (t.column == l.lead):
			along, led = append(along, t), true
		default:
			others = append(others, t)
		}
	}
	return along, others
}
