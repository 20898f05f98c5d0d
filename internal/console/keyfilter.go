package console

import (
	"slices"
	"strings"

	"github.com/keywright/keywright"
)

// keyFilter is what the list is narrowed to.
type keyFilter struct {
	Search, State, Environment, Kind string
	States, Environments, Kinds      []option
}

// option is one entry of a choice.
type option struct {
	Value, Text string
	Chosen      bool
}

// query asks the store for what the filter lets through, in an order that it has.
func (f *keyFilter) query(s sorting) keywright.KeyQuery {
	q := keywright.KeyQuery{Search: f.Search, Environment: f.Environment, Scheme: f.Kind}
	q.Descending = s.Desc
	switch s.By {
	case "name":
		q.Sort = keywright.ByName
	case "expires":
		q.Sort = keywright.ByExpiry
	}
	switch f.State {
	case "all":
	case "over":
		q.States = []keywright.State{keywright.StateRetired, keywright.StateRevoked}
	case "":
		q.States = []keywright.State{keywright.Active, keywright.PendingRotation, keywright.StatePaused, keywright.StateExpired}
	default:
		q.States = []keywright.State{keywright.State(f.State)}
	}
	return q
}

// keyFilter reads how the list is wanted.
func (v *visit) keyFilter(kinds int) keyFilter {
	f := keyFilter{Search: strings.TrimSpace(v.r.FormValue("search")), State: v.r.FormValue("state"), Environment: v.r.FormValue("environment"), Kind: v.r.FormValue("scheme")}
	if len(f.Search) > 100 {
		f.Search = strings.ToValidUTF8(f.Search[:100], "")
	}
	for _, s := range []option{
		{"", "In force", false}, {"all", "All", false}, {string(keywright.Active), "Active", false}, {string(keywright.PendingRotation), "Being replaced", false},
		{string(keywright.StatePaused), "Paused", false}, {string(keywright.StateExpired), "Expired", false}, {"over", "Replaced or revoked", false},
	} {
		s.Chosen = s.Value == f.State
		f.States = append(f.States, s)
	}
	if !slices.ContainsFunc(f.States, func(o option) bool { return o.Chosen }) {
		f.State, f.States[0].Chosen = "", true
	}
	f.Environments = v.environments(f.Environment)
	if kinds > 1 {
		f.Kinds = []option{{"", "All", f.Kind == ""}}
		for _, s := range v.Schemes {
			f.Kinds = append(f.Kinds, option{s.Name(), s.Title(), s.Name() == f.Kind})
		}
	}
	return f
}

// environments are those that a key here can be of, for a choice; none where there
// are none.
func (v *visit) environments(chosen string) []option {
	var all []option
	for _, s := range v.Schemes {
		for _, e := range s.Policy().Environments {
			if !slices.ContainsFunc(all, func(o option) bool { return o.Value == e.Name }) {
				all = append(all, option{e.Name, capital(e.Name), e.Name == chosen})
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return slices.Insert(all, 0, option{"", "All", chosen == ""})
}

// keep returns the rows that a filter lets through.
func (f *keyFilter) keep(rows []row) []row {
	var out []row
	for _, r := range rows {
		if f.lets(&r) {
			out = append(out, r)
		}
	}
	return out
}

func (f *keyFilter) lets(r *row) bool {
	switch f.State {
	case "":
		if r.Over() {
			return false
		}
	case "over":
		if !r.Over() {
			return false
		}
	case "all":
	default:
		if r.State != f.State {
			return false
		}
	}
	found := f.Search == "" || hasWords(r.Called(), f.Search) || strings.Contains(r.Hint, f.Search) || r.ID == f.Search
	return found && (f.Environment == "" || r.Environment == f.Environment) && (f.Kind == "" || r.Scheme == f.Kind)
}

// picked is a choice that narrows a list.
type picked struct {
	Name, Label string
	Options     []option
}

func newPick(name, label string, options []option) picked { return picked{name, label, options} }
