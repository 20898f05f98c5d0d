package console

import (
	"net/url"
	"strconv"
	"time"
)

// table is a list as every page shows one: on a wide screen as a table, on a phone as
// cards. What it can be sorted and filtered by, and where it goes on, are links, so
// that it needs no script.
type table struct {
	Name    string // what it lists, for who cannot see it
	Columns []column
	Rows    [][]cell
	Next    string // where the next page is; "" at the end
	First   string // where the list begins; "" on its first page
	Export  string // where it can be had as CSV; "" nowhere
	Count   string // how many there are, in words; "" is not said
	Empty   string // what to say when there are none
}

// column is one of a table's.
type column struct {
	Title  string
	Sort   string // the address that sorts by it; "" cannot be
	Sorted string // "ascending", "descending" or ""
	Number bool
	Act    bool // it holds buttons, and nothing to read
}

// cell is one value of a table. At most one of the kinds is set beside Text.
type cell struct {
	Text  string
	Link  string
	For   string // what the link is about, for who cannot see it
	State string // a key's state, or another word that has a colour
	Time  *time.Time
	Code  bool
	Soft  string // said more quietly below
	Soon  bool   // the time needs attention
	Tags  []string
	Form  *smallForm
}

// smallForm is one button in a table.
type smallForm struct {
	Action, Button string
	Hidden         map[string]string
	For            string // what the button is about, for who cannot see it
	Danger         bool
	Choice         string // the name of a choice before the button; "" has none
	Label          string // what it is, for who cannot see it
	Options        []option
}

// at is an instant in a table; a zero one is said by a word.
func at(t *time.Time, none string) cell {
	if t == nil || t.IsZero() {
		return cell{Text: none}
	}
	return cell{Time: t}
}

// sorting reads ?sort= and ?order= of a list: one of what it can be sorted by, the
// first unless another is asked for.
type sorting struct {
	By   string
	Desc bool
	may  []string
	base string
	rest url.Values
}

// sorted reads how a list is wanted. may names what it can be sorted by.
func (v *visit) sorted(desc bool, may ...string) sorting {
	s := sorting{By: may[0], Desc: desc, may: may, base: v.r.URL.Path, rest: v.filters()}
	for _, name := range may {
		if v.r.FormValue("sort") == name {
			s.By, s.Desc = name, v.r.FormValue("order") == "desc"
		}
	}
	return s
}

// filters are what a list's address says besides its order and place.
func (v *visit) filters() url.Values {
	out := url.Values{}
	for name, values := range v.r.URL.Query() {
		if name != "cursor" && name != "page" && name != "format" && name != "sort" && name != "order" && name != "done" && values[0] != "" {
			out.Set(name, values[0])
		}
	}
	return out
}

// column is a column that the list can be sorted by, or by the other way round.
func (s sorting) column(title, by string) column {
	q := url.Values{}
	for name, values := range s.rest {
		q[name] = values
	}
	q.Set("sort", by)
	c := column{Title: title}
	if by == s.By {
		c.Sorted = "ascending"
		if s.Desc {
			c.Sorted = "descending"
		} else {
			q.Set("order", "desc")
		}
	}
	c.Sort = s.base + "?" + q.Encode()
	return c
}

// order is how the REST API spells the direction.
func (s sorting) order() string {
	if s.Desc {
		return "desc"
	}
	return "asc"
}

// page is the address of another page of the list.
func (s sorting) page(name, value string) string {
	q := url.Values{}
	for n, values := range s.rest {
		q[n] = values
	}
	if s.By != s.may[0] || s.Desc {
		q.Set("sort", s.By)
		q.Set("order", s.order())
	}
	if value != "" {
		q.Set(name, value)
	}
	if len(q) == 0 {
		return s.base
	}
	return s.base + "?" + q.Encode()
}

// perPage is how many rows a list that is held in memory shows at once.
const perPage = 50

// paged cuts one page out of rows that are all there, and says where the others are.
func (v *visit) paged(t *table, s sorting, rows [][]cell) {
	n, err := strconv.Atoi(v.r.FormValue("page"))
	if err != nil || n < 1 || (n-1)*perPage >= max(len(rows), 1) {
		n = 1
	}
	if t.Export == "" && len(rows) > 0 {
		t.Export = s.page("format", "csv")
	}
	if v.r.FormValue("format") == "csv" {
		v.sheet = &sheet{t.Name, t.Columns, rows}
	}
	begin := (n - 1) * perPage
	end := min(begin+perPage, len(rows))
	t.Rows = rows[begin:end]
	if end < len(rows) {
		t.Next = s.page("page", strconv.Itoa(n+1))
	}
	if n > 1 {
		t.First = s.page("page", "")
	}
	if len(rows) > perPage {
		t.Count = strconv.Itoa(begin+1) + "–" + strconv.Itoa(end) + " of " + strconv.Itoa(len(rows))
	}
}
