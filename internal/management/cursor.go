package management

import (
	"encoding/base64"
	"strconv"
	"strings"
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
