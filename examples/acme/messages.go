package acme

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/keywright/keywright/examples/exampleapi"
)

const messages exampleapi.RecordKind = "message"

const (
	maxText = 2000
	// endOfIDs sorts behind every id.
	endOfIDs = "~"
)

// message is a note that a tenant keeps.
type message struct {
	ID        string `json:"id"`
	Text      string `json:"text"`
	CreatedAt string `json:"created_at"`
}

func (a *acme) sendMessage(c *exampleapi.Call) (exampleapi.Reply, error) {
	var draft struct {
		Text string `json:"text"`
	}
	if err := c.Read(&draft); err != nil {
		return exampleapi.Reply{}, err
	}
	if n := utf8.RuneCountInString(draft.Text); n < 1 || n > maxText {
		return exampleapi.Reply{}, exampleapi.Wrong("text", "must have 1 to "+strconv.Itoa(maxText)+" characters")
	}
	m := message{ID: "msg_" + exampleapi.NewID(c.Now), Text: draft.Text, CreatedAt: c.Stamp()}
	err := c.Records(func(tx exampleapi.Tx) error {
		_, err := tx.Add(c.Scope(), messages, m.ID, m)
		return err
	})
	if err != nil {
		return exampleapi.Reply{}, err
	}
	data, err := json.Marshal(m)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	a.hub.tell(c.Scope(), event{name: "message.created", id: m.ID, data: data})
	return exampleapi.Reply{Status: http.StatusCreated, Body: m, Header: map[string]string{"Location": "/v1/messages/" + m.ID}}, nil
}

// listMessages answers one page, oldest first. The cursor is where it ended.
func listMessages(c *exampleapi.Call) (exampleapi.Reply, error) {
	limit, err := c.Int("limit", 20, 1, 100)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	cursor, err := c.Query("cursor")
	if err != nil {
		return exampleapi.Reply{}, err
	}
	if cursor != "" && (len(cursor) != len("msg_")+26 || !strings.HasPrefix(cursor, "msg_")) {
		return exampleapi.Reply{}, exampleapi.Wrong("cursor", "must be the next_cursor of the page before")
	}
	var page struct {
		Items      []message `json:"items"`
		NextCursor string    `json:"next_cursor"`
	}
	err = c.Records(func(tx exampleapi.Tx) (err error) {
		page.Items, err = exampleapi.Range[message](tx, c.Scope(), messages, cursor, endOfIDs, limit+1)
		return err
	})
	if len(page.Items) > limit {
		page.NextCursor = page.Items[limit].ID
		page.Items = page.Items[:limit]
	}
	return exampleapi.Reply{Body: page}, err
}

func showMessage(c *exampleapi.Call) (exampleapi.Reply, error) {
	var m message
	err := c.Records(func(tx exampleapi.Tx) error {
		return exampleapi.Must(tx.Get(c.Scope(), messages, c.PathValue("id"), &m))("message")
	})
	return exampleapi.Reply{Body: m}, err
}

func deleteMessage(c *exampleapi.Call) (exampleapi.Reply, error) {
	err := c.Records(func(tx exampleapi.Tx) error {
		return exampleapi.Must(tx.Delete(c.Scope(), messages, c.PathValue("id")))("message")
	})
	return exampleapi.Reply{Status: http.StatusNoContent}, err
}

// clearMessages empties the test environment.
func clearMessages(c *exampleapi.Call) (exampleapi.Reply, error) {
	err := c.Records(func(tx exampleapi.Tx) error {
		all, err := exampleapi.List[message](tx, c.Scope(), messages, exampleapi.DefaultBound, 0)
		for _, m := range all {
			if err == nil {
				_, err = tx.Delete(c.Scope(), messages, m.ID)
			}
		}
		return err
	})
	return exampleapi.Reply{Status: http.StatusNoContent}, err
}

// day is a line of the daily report.
type day struct {
	Date     string `json:"date"`
	Messages int    `json:"messages"`
}

// daily counts messages by day, in UTC.
func daily(c *exampleapi.Call) (exampleapi.Reply, error) {
	var all []message
	err := c.Records(func(tx exampleapi.Tx) (err error) {
		all, err = exampleapi.List[message](tx, c.Scope(), messages, exampleapi.DefaultBound, 0)
		return err
	})
	days := []day{}
	for _, m := range all {
		date, _, _ := strings.Cut(m.CreatedAt, "T")
		if n := len(days); n == 0 || days[n-1].Date != date {
			days = append(days, day{Date: date})
		}
		days[len(days)-1].Messages++
	}
	return exampleapi.Reply{Body: struct {
		Days []day `json:"days"`
	}{days}}, err
}
