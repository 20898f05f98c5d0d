package console

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
)

// keysBody is the list.
type keysBody struct {
	Kinds   []kind
	Table   table
	Filter  keyFilter
	Nothing bool    // the person is a member of nothing here
	None    bool    // there is no key at all yet, so there is nothing to filter
	Over    int     // keys that are over, where the list leaves them out
	Most    bool    // there are more than are listed
	Rotates bool    // keys here can be
	Shut    []place // environments that have to be granted first
}

// kind is one scheme that keys are made of here, with the button that makes one.
type kind struct {
	Name, Title string
	Why         string // no key of it can be made now; "" where one can
	Pair        bool
	Button      string // in the provider's own words
	Path        string
	Count       string // "3 of 10 active keys", where there is a cap
}

// mostKeys is how many keys are listed at once.
const mostKeys = 1000

func (v *visit) keysPage() error {
	p := page{Title: v.keysWord(), Section: v.keysWord()}
	if v.r.URL.Path == root+"/settings/api" {
		p.Tab = "API"
	}
	if v.who.Tenant.ID == "" {
		p.Body = keysBody{Nothing: true}
		return v.show(http.StatusOK, "keys", p)
	}
	rows, more, err := v.read(keywright.KeyQuery{Listing: keywright.Listing{Descending: true}})
	if err != nil {
		return err
	}
	counted := rows
	if more { // the newest are not all that a cap counts
		if counted, err = v.inForce(); err != nil {
			return err
		}
	}
	b := keysBody{Kinds: v.kinds(counted, v.Words.Create), None: len(rows) == 0}
	b.Filter = v.keyFilter(len(b.Kinds))
	shown := b.Filter.keep(rows)
	if more { // too many to look through here: the store does
		if shown, b.Most, err = v.read(b.Filter.query(v.keySorting())); err != nil {
			return err
		}
	}
	if b.Filter.State == "" {
		for _, r := range rows {
			if r.Over() {
				b.Over++
			}
		}
	}
	b.Table = v.keyTable(shown, len(b.Kinds) > 1)
	if b.Shut, err = v.shut(); err != nil {
		return err
	}
	b.Rotates = slices.ContainsFunc(v.Schemes, func(s *scheme.Scheme) bool { return s.Policy().Rotation.Allowed })
	p.Body = b
	p.Notice = map[string]string{
		"revoked":  "The key is revoked. Requests with it are refused from now on.",
		"deleted":  "The key is deleted. Requests with it are refused.",
		"finished": "The old key has ended. Requests with it are refused from now on.",
	}[v.r.FormValue("done")]
	return v.show(http.StatusOK, "keys", p)
}

// rows are the newest keys of the tenant, the newest first: all of them, but for who
// has very many.
func (v *visit) rows() ([]row, error) {
	rows, _, err := v.read(keywright.KeyQuery{Listing: keywright.Listing{Descending: true}})
	return rows, err
}

// inForce are the keys that a cap counts, and no others.
func (v *visit) inForce() ([]row, error) {
	rows, _, err := v.read(keywright.KeyQuery{States: []keywright.State{keywright.Active, keywright.StatePaused}})
	return rows, err
}

// mostReads bounds how often the store is asked for one list: where a filter leaves
// next to nothing of very many keys, an answer may be empty and yet not the last.
const mostReads = 8

// read reads at most mostKeys keys that a query selects, and whether there are more.
func (v *visit) read(q keywright.KeyQuery) (rows []row, more bool, err error) {
	for range mostReads {
		page, next, err := v.Self.KeyPage(v.ctx(), *v.who, q, mostKeys-len(rows))
		if err != nil {
			return nil, false, err
		}
		for i := range page {
			rows = append(rows, v.row(page[i]))
		}
		more = next != keywright.Place{}
		if !more || len(rows) >= mostKeys {
			break
		}
		q.From = next
	}
	return rows, more, nil
}

// keySorting reads the order that the list is wanted in.
func (v *visit) keySorting() sorting { return v.sorted(true, "created", "name", "expires", "used") }

// keyTable is the list of some keys.
func (v *visit) keyTable(rows []row, several bool) table {
	s := v.keySorting()
	slices.SortStableFunc(rows, func(a, b row) int {
		order := compareKeys(s.By, &a, &b)
		if s.Desc {
			return -order
		}
		return order
	})
	environments := v.environments("") != nil
	expires := slices.ContainsFunc(rows, func(r row) bool { return r.Expires() })
	t := table{Name: v.keysWord(), Empty: "No key is like that. Change what the list is narrowed to."}
	t.Columns = []column{s.column("Name", "name"), {Title: "State"}}
	if environments {
		t.Columns = append(t.Columns, column{Title: "Environment"})
	}
	if several {
		t.Columns = append(t.Columns, column{Title: "Kind"})
	}
	t.Columns = append(t.Columns, s.column("Last used", "used"), s.column("Created", "created"))
	if expires {
		t.Columns = append(t.Columns, s.column("Expires", "expires"))
	}
	var cells [][]cell
	for i := range rows {
		r := &rows[i]
		line := []cell{{Text: r.Called(), Link: v.link(keysPath + "/" + r.ID), Soft: r.Hint}, v.stateCell(r)}
		if environments {
			line = append(line, cell{Text: capital(r.Environment)})
		}
		if several {
			line = append(line, cell{Text: r.Kind})
		}
		line = append(line, at(r.LastUsedAt, "never"), cell{Time: &r.CreatedAt})
		if expires {
			line = append(line, expiryCell(r))
		}
		cells = append(cells, line)
	}
	v.paged(&t, s, cells)
	t.Export = v.exported()
	return t
}

// exported is where the tenant's keys can be had as a file.
func (v *visit) exported() string { return v.link("/v1/me/exports/keys") }

// stateCell says a key's state, and until when where that is known.
func (v *visit) stateCell(r *row) cell {
	c := cell{State: r.State, Text: r.StateWords()}
	switch {
	case r.Pending() && r.RetiresAt != nil:
		c.Soft = "works for " + left(v.now(), *r.RetiresAt)
	case r.Paused() && r.PausedUntil != nil:
		c.Soft = "for " + left(v.now(), *r.PausedUntil)
	}
	return c
}

// left says how long something goes on.
func left(now, end time.Time) string {
	d := end.Sub(now)
	for _, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		if d >= 2*unit {
			d = d.Round(unit) // seven days that have just begun are not six
			break
		}
	}
	if text := length(d); text != "" {
		return text
	}
	return "less than a minute"
}

func expiryCell(r *row) cell {
	c := at(r.ExpiresAt, "never")
	c.Soon = r.Soon()
	return c
}

// compareKeys orders two keys; those that never expire come last.
func compareKeys(by string, a, b *row) int {
	switch by {
	case "name":
		return cmp.Compare(strings.ToLower(a.Called()), strings.ToLower(b.Called()))
	case "expires":
		return compareTimes(a.ExpiresAt, b.ExpiresAt, 1)
	case "used":
		return compareTimes(a.LastUsedAt, b.LastUsedAt, -1)
	}
	return a.CreatedAt.Compare(b.CreatedAt)
}

// compareTimes orders two instants; what has none is later (1) or earlier (-1) than all.
func compareTimes(a, b *time.Time, none int) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return none
	case b == nil:
		return -none
	}
	return a.Compare(*b)
}

// kinds are the sorts of key that can be made here, each with its button; button is
// the provider's own word for it, "" says what it does.
func (v *visit) kinds(rows []row, button string) []kind {
	var all []kind
	for _, s := range v.Schemes {
		if len(s.Formats()) == 0 {
			continue
		}
		k := kind{Name: s.Name(), Title: s.Title(), Pair: s.Pair(), Button: button, Path: v.link(keysPath + "/new?scheme=" + escape(s.Name()))}
		if button != "" && button == v.Words.Token && button != v.Words.Create {
			k.Path += "&via=" + viaDeveloper
		}
		k.Why, k.Count = v.whyNot(s, rows), v.counted(s, rows)
		switch {
		case k.Button != "":
		case k.Pair:
			k.Button = "Generate key and secret"
		default:
			k.Button = "Create key"
		}
		all = append(all, k)
	}
	if len(all) > 1 {
		for i := range all {
			all[i].Button += ": " + all[i].Title
		}
	}
	return all
}

// active counts the keys that a cap counts: a key that is paused comes back, so it
// keeps its place; one that is being replaced does not.
func active(s *scheme.Scheme, rows []row) int {
	n := 0
	for i := range rows {
		if r := &rows[i]; r.Scheme == s.Name() && (r.State == string(keywright.Active) || r.Paused()) {
			n++
		}
	}
	return n
}

// counted says how many of the keys that there may be there are.
func (v *visit) counted(s *scheme.Scheme, rows []row) string {
	most := s.Policy().MaxActive
	if most < 2 {
		return ""
	}
	return itoa(active(s, rows)) + " of " + itoa(most) + " active"
}

// whyNot says why no key of a scheme can be made, before anybody fills in a form.
func (v *visit) whyNot(s *scheme.Scheme, rows []row) string {
	p := s.Policy()
	n := active(s, rows)
	switch {
	case !v.who.May(people.WriteKeys):
		return "Your role here is " + string(v.who.Role) + ", which makes no keys. Ask an admin of yours."
	case v.who.Tenant.Archived:
		return "This account is archived: no keys are made for it."
	case !p.Plans.Allows(v.who.Tenant.Plan):
		return v.planWhy()
	case p.MaxActive == 1 && n == 1:
		return "There is one already, and there can only be one."
	case p.MaxActive > 0 && n >= p.MaxActive:
		return "You have " + itoa(n) + " of " + itoa(p.MaxActive) + " active keys. Revoke one that you no longer need; paused keys count too."
	}
	return ""
}

// planWhy says that a plan has no keys.
func (v *visit) planWhy() string {
	why := "API access is part of paid plans only"
	if plan := v.who.Tenant.Plan; plan != "" {
		why += ", and yours is " + plan
	}
	return why + ". Change to a plan that includes it, then come back. Keys that were made before stay here, and are refused until then."
}
