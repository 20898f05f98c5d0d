package console

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// whole sorts a list that is all there, by any column that holds something to read, and
// shows one page of it. As it comes, it is in an order of its own.
func (v *visit) whole(t *table) {
	by := []string{""}
	for _, c := range t.Columns {
		by = append(by, fileName(c.Title))
	}
	s := v.sorted(false, by...)
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Act {
			continue
		}
		if s.By == by[i+1] {
			slices.SortStableFunc(t.Rows, func(x, y []cell) int {
				if s.Desc {
					x, y = y, x
				}
				return x[i].compare(&y[i], c.Number)
			})
		}
		sortable := s.column(c.Title, by[i+1])
		sortable.Number = c.Number
		*c = sortable
	}
	v.paged(t, s, t.Rows)
}

// compare orders two cells of one column: instants, numbers, or words in any letter case.
func (c *cell) compare(other *cell, number bool) int {
	if c.Time != nil && other.Time != nil {
		return c.Time.Compare(*other.Time)
	}
	x, y := c.plain(), other.plain()
	if number {
		return cmp.Compare(digits(x), digits(y))
	}
	return strings.Compare(strings.ToLower(x), strings.ToLower(y))
}

// digits is the number that a text begins with, however it is grouped.
func digits(text string) int64 {
	end := strings.IndexFunc(text, func(c rune) bool { return (c < '0' || c > '9') && c != ',' })
	if end >= 0 {
		text = text[:end]
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(text, ",", ""), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
