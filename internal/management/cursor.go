package management

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

// pageSize is how many items a page has unless the request says.
const pageSize = 50

// Paging is what every list takes; huma reads exported types only.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many items a page holds at most."`
	Cursor string `query:"cursor" maxLength:"256" doc:"Where the page before ended: its next_cursor."`
}

func (p Paging) size() int {
	if p.Limit <= 0 {
		return pageSize
	}
	return p.Limit
}

// place spells a place in a list as an opaque cursor; kind tells lists apart.
func place(kind, at string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + ":" + at))
}

func readPlace(kind, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	at, ok := strings.CutPrefix(string(raw), kind+":")
	if err != nil || !ok || at == "" {
		return "", badCursor()
	}
	return at, nil
}

func badCursor() error {
	return invalidField("cursor", "not a next_cursor of this list: start again without it")
}

const descending = "desc"

// sortOf is what a store calls an order.
func sortOf(wire string) keywright.Sort {
	if wire == "created" {
		return keywright.ByID
	}
	return keywright.Sort(wire)
}

// ordered is a list in one of its orders: a cursor is good for that one alone.
type ordered struct{ kind, sort, order string }

func (o ordered) name() string {
	if (o.sort == "" || o.sort == "created") && o.order != descending {
		return o.kind
	}
	return o.kind + " " + o.sort + " " + o.order
}

func (o ordered) cursor(next keywright.Place) string {
	if next == (keywright.Place{}) {
		return ""
	}
	return place(o.name(), next.ID+" "+next.Value)
}

func (o ordered) read(cursor string) (keywright.Place, error) {
	at, err := readPlace(o.name(), cursor)
	if err != nil || at == "" {
		return keywright.Place{}, err
	}
	id, value, ok := strings.Cut(at, " ")
	if !ok || id == "" || !utf8.ValidString(value) {
		return keywright.Place{}, badCursor()
	}
	return keywright.Place{Value: value, ID: id}, nil
}

// searching is how long a page is filled: a store bounds one read, and a filter may
// leave next to nothing of very many records.
const searching = 60 * time.Millisecond

// filled reads on until a page is full, there is no more, or it has taken long
// enough: then the page is short, and its cursor goes on.
func filled[T any](size int, l *keywright.Listing, read func(size int) ([]T, keywright.Place, error)) (all []T, next keywright.Place, err error) {
	all = []T{} // a page without items is an empty list
	for begun := time.Now(); ; l.From = next {
		page, rest, err := read(size - len(all))
		if err != nil {
			return nil, next, err
		}
		all, next = append(all, page...), rest
		if next == (keywright.Place{}) || len(all) >= size || time.Since(begun) >= searching {
			return all, next, nil
		}
	}
}

func eventPlace(cursor string) (keywright.Cursor, error) {
	at, err := readPlace("event", cursor)
	if err != nil || at == "" {
		return 0, err
	}
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil || n <= 0 {
		return 0, badCursor()
	}
	return keywright.Cursor(n), nil
}
