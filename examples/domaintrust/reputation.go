package domaintrust

import (
	"cmp"
	"slices"

	"github.com/keywright/keywright/examples/exampleapi"
)

// maxSubmitters bounds how many submissions are read for one domain.
const maxSubmitters = 10_000

// reputation is what all submitters together say of a domain. It tells how many
// said a thing, and never who.
type reputation struct {
	Domain          string  `json:"domain"`
	Submitters      int     `json:"submitters"`
	Classification  string  `json:"classification"` // what most of them say
	Agreement       float64 `json:"agreement"`      // the share that says so
	Classifications []count `json:"classifications"`
	Activities      []count `json:"activities"`
	Sources         []count `json:"sources"`
	FirstSeen       string  `json:"firstSeen"`
	LastSeen        string  `json:"lastSeen"`
}

// count is how many submitters say the same.
type count struct {
	Value      string `json:"value"`
	Submitters int    `json:"submitters"`
}

// reputations reads up to limit domains from low on.
func reputations(tx exampleapi.Tx, s exampleapi.Scope, low string, limit int) ([]reputation, error) {
	const batch = 1000
	found := []reputation{}
	for len(found) < limit {
		rows, err := exampleapi.Range[submission](tx, s, submissions, low, last, batch)
		if err != nil || len(rows) == 0 {
			return found, err
		}
		// A batch may end in the middle of a domain, whose rows are then read whole.
		tail := rows[len(rows)-1].Domain
		if len(rows) == batch {
			rows = slices.DeleteFunc(rows, func(r submission) bool { return r.Domain == tail })
			whole, err := exampleapi.Range[submission](tx, s, submissions, tail+separator, tail+after, maxSubmitters)
			if err != nil {
				return nil, err
			}
			rows = append(rows, whole...)
		}
		found = append(found, aggregate(rows)...)
		low = tail + after
	}
	return found[:limit], nil
}

// aggregate makes one reputation of each domain's submissions, which stand
// together. Each submitter has one submission, so each counts once.
func aggregate(rows []submission) []reputation {
	var all []reputation
	for len(rows) > 0 {
		n := slices.IndexFunc(rows, func(r submission) bool { return r.Domain != rows[0].Domain })
		if n < 0 {
			n = len(rows)
		}
		all = append(all, judge(rows[:n]))
		rows = rows[n:]
	}
	return all
}

func judge(rows []submission) reputation {
	r := reputation{Domain: rows[0].Domain, Submitters: len(rows), FirstSeen: rows[0].First, LastSeen: rows[0].Last}
	for _, row := range rows {
		r.FirstSeen, r.LastSeen = min(r.FirstSeen, row.First), max(r.LastSeen, row.Last)
	}
	r.Classifications = tally(rows, func(s submission) string { return s.Classification })
	r.Activities = tally(rows, func(s submission) string { return s.Activity })
	r.Sources = tally(rows, func(s submission) string { return s.Source })
	if len(r.Classifications) > 0 {
		r.Classification = r.Classifications[0].Value
		r.Agreement = float64(r.Classifications[0].Submitters) / float64(r.Submitters)
	}
	return r
}

// tally counts what is said, most said first.
func tally(rows []submission, of func(submission) string) []count {
	counts := []count{}
	for _, row := range rows {
		value := of(row)
		if value == "" {
			continue
		}
		i := slices.IndexFunc(counts, func(c count) bool { return c.Value == value })
		if i < 0 {
			counts = append(counts, count{Value: value})
			i = len(counts) - 1
		}
		counts[i].Submitters++
	}
	slices.SortFunc(counts, func(a, b count) int {
		return cmp.Or(cmp.Compare(b.Submitters, a.Submitters), cmp.Compare(a.Value, b.Value))
	})
	return counts
}
