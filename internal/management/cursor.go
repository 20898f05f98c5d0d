package management

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/keywright/keywright"
)

// pageSize is how many items a page has unless the request says.
const pageSize = 50

// Paging is what every list takes; huma reads exported types only.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many items a page holds at most."`
	Cursor string `query:"cursor" maxLength:"128" doc:"Where the page before ended: its next_cursor."`
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

func keyPlace(cursor string) (keywright.KeyID, error) {
	at, err := readPlace("key", cursor)
	if err != nil || at == "" {
		return keywright.KeyID{}, err
	}
	id, err := keywright.ParseKeyID(at)
	if err != nil {
		return keywright.KeyID{}, badCursor()
	}
	return id, nil
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
