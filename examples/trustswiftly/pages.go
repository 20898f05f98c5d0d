package trustswiftly

import (
	"strconv"

	"github.com/keywright/keywright/examples/exampleapi"
)

const (
	usualPage   = 15
	largestPage = 100
)

// page is a list's envelope.
type page struct {
	Data  []user `json:"data"`
	Links links  `json:"links"`
	Meta  meta   `json:"meta"`
}

type links struct {
	First string  `json:"first"`
	Last  string  `json:"last"`
	Prev  *string `json:"prev"`
	Next  *string `json:"next"`
}

// meta describes a page: From and To count from 1, and are null on an empty page.
type meta struct {
	CurrentPage int    `json:"current_page"`
	From        *int   `json:"from"`
	LastPage    int    `json:"last_page"`
	Path        string `json:"path"`
	PerPage     int    `json:"per_page"`
	To          *int   `json:"to"`
	Total       int    `json:"total"`
}

func list(c *exampleapi.Call) (exampleapi.Reply, error) {
	perPage, err := c.Clamped("per_page", usualPage, largestPage)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	// No page is further than one user a page would make it.
	number, err := c.Clamped("page", 1, exampleapi.DefaultBound+1)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	var all []kept
	total := 0
	err = c.Records(func(tx exampleapi.Tx) (err error) {
		if total, err = tx.Count(c.Scope(), users); err != nil {
			return err
		}
		all, err = exampleapi.List[kept](tx, c.Scope(), users, perPage, (number-1)*perPage)
		return err
	})
	return exampleapi.Reply{Body: envelop(c.Link("/api/users"), all, number, perPage, total)}, err
}

func envelop(path string, rows []kept, number, perPage, total int) page {
	p := page{Data: []user{}, Meta: meta{
		CurrentPage: number, LastPage: max(1, (total+perPage-1)/perPage), Path: path, PerPage: perPage, Total: total,
	}}
	for _, one := range rows {
		p.Data = append(p.Data, one.user)
	}
	if len(rows) > 0 {
		from, to := (number-1)*perPage+1, (number-1)*perPage+len(rows)
		p.Meta.From, p.Meta.To = &from, &to
	}
	at := func(n int) *string {
		if n < 1 || n > p.Meta.LastPage {
			return nil
		}
		s := path + "?per_page=" + strconv.Itoa(perPage) + "&page=" + strconv.Itoa(n)
		return &s
	}
	p.Links = links{First: *at(1), Last: *at(p.Meta.LastPage), Prev: at(number - 1), Next: at(number + 1)}
	return p
}
