package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/keywright/keywright/people"
)

// searchBody is what was found.
type searchBody struct {
	Query string
	Found []link
}

// mostFound bounds a list of what was found.
const mostFound = 20

// searchPage finds pages, and things by their names. With ?part=1 it answers the list
// alone, for the script that shows it while somebody types.
func (v *visit) searchPage() error {
	b := searchBody{Query: strings.TrimSpace(v.r.FormValue("q"))}
	if len(b.Query) > 100 {
		b.Query = strings.ToValidUTF8(b.Query[:100], "")
	}
	if b.Query != "" {
		b.Found = v.found(b.Query)
	}
	p := page{Title: "Search", Section: "Search", Body: b}
	if v.r.FormValue("part") != "" {
		return v.part("search", "found", p)
	}
	return v.show(http.StatusOK, "search", p)
}

func (v *visit) found(query string) []link {
	entries, tabs := v.places()
	for i := range tabs {
		tabs[i].Name = "Account settings: " + tabs[i].Name
	}
	all := slices.Concat(entries, tabs)
	if v.Docs != "" {
		all = append(all, link{Name: "API documentation", Path: v.Docs, Text: "From the first call to the whole reference", words: "api docs help reference guide"})
	}
	var names, others []link
	for _, l := range all {
		l.Path = v.link(l.Path)
		switch {
		case hasWords(l.Name, query):
			names = append(names, l)
		case hasWords(l.Name+" "+l.words+" "+l.Text, query):
			others = append(others, l)
		}
	}
	found := slices.Concat(names, others, v.things(query))
	return found[:min(len(found), mostFound)]
}

// hasWords reports whether every word of a query begins a word of a text.
func hasWords(text, query string) bool {
	have := words(strings.ToLower(text))
	for _, want := range words(strings.ToLower(query)) {
		if !slices.ContainsFunc(have, func(h string) bool { return strings.HasPrefix(h, want) }) {
			return false
		}
	}
	return true
}

// things are what the person has, by name: keys, or for operators tenants. What
// cannot be read is not found.
func (v *visit) things(query string) []link {
	if v.Self == nil {
		if v.Desk == nil {
			return nil
		}
		return v.deskThings(query)
	}
	if !v.who.May(people.ReadKeys) {
		return nil
	}
	rows, err := v.rows()
	if err != nil {
		return nil
	}
	var found []link
	for _, r := range rows {
		if len(found) < mostFound && (hasWords(r.Called(), query) || strings.Contains(r.Hint, query)) {
			found = append(found, link{Name: r.Called(), Path: v.link(keysPath + "/" + r.ID), Text: "Key " + r.Hint + ", " + strings.ToLower(r.StateWords())})
		}
	}
	return found
}
