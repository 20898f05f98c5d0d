package console

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// acted says each act of the audit trail as people would, in the order of a choice.
func acted() [][2]string {
	return [][2]string{
		{string(keywright.KeyIssued), "Key made"}, {string(keywright.KeyImported), "Key imported"}, {string(keywright.KeyRotated), "Key rotated"},
		{string(keywright.KeyFinished), "Overlap ended"}, {string(keywright.KeyAmended), "Key changed"}, {string(keywright.KeyPaused), "Key paused"},
		{string(keywright.KeyResumed), "Key resumed"}, {string(keywright.KeyRevoked), "Key revoked"}, {string(keywright.KeyDeleted), "Key deleted"},
		{string(keywright.KeyRevealed), "Secret shown again"}, {string(keywright.KeyRepeppered), "Key sealed anew"},
		{string(keywright.TenantCreated), "Tenant made"}, {string(keywright.TenantAmended), "Tenant changed"},
		{string(keywright.AccessRequested), "Access asked for"}, {string(keywright.AccessGranted), "Access granted"}, {string(keywright.AccessDeclined), "Access declined"},
		{string(keywright.PersonCreated), "Person made"}, {string(keywright.PersonAmended), "Person changed"},
		{string(keywright.PersonSignedIn), "Signed in"}, {string(keywright.PersonSignedOut), "Session ended"},
		{string(keywright.MemberInvited), "Member invited"}, {string(keywright.MemberAdded), "Member added"}, {string(keywright.MemberAmended), "Role changed"},
		{string(keywright.MemberRemoved), "Member removed"}, {string(keywright.InvitationWithdrawn), "Invitation withdrawn"},
	}
}

func actWords(act string) string {
	for _, a := range acted() {
		if a[0] == act {
			return a[1]
		}
	}
	return act
}

// deskEventTable lists events, the newest first; whose is nil where all are about
// one tenant, and key leaves out which key they are about.
func (v *visit) deskEventTable(all []api.Event, whose *names, key bool) table {
	t := table{Name: "Audit trail", Empty: "Nothing was done yet.", Columns: []column{{Title: "When"}, {Title: "What"}, {Title: "Who"}}}
	if whose != nil {
		t.Columns = append(t.Columns, column{Title: "Tenant"})
	}
	if !key {
		t.Columns = append(t.Columns, column{Title: "Key"})
	}
	t.Columns = append(t.Columns, column{Title: "More"})
	for i := range all {
		e := &all[i]
		who := cell{Text: e.Actor.ID, Soft: e.Actor.Address}
		if e.Actor.Name != "" {
			who.Text = e.Actor.Name
		}
		line := []cell{{Time: &e.At}, {Text: actWords(e.Act)}, who}
		if whose != nil {
			one := cell{}
			if e.Tenant != "" {
				one = cell{Text: whose.of(e.Tenant), Link: tenantPage(e.Tenant)}
			}
			line = append(line, one)
		}
		if !key {
			line = append(line, keyCell(e))
		}
		t.Rows = append(t.Rows, append(line, cell{Text: detailWords(e)}))
	}
	return t
}

// keyCell names a key by the end of its id: an event does not know what it is called.
func keyCell(e *api.Event) cell {
	if e.Key == "" {
		return cell{}
	}
	c := cell{Text: "…" + e.Key[max(0, len(e.Key)-6):], Link: keysPath + "/" + e.Key, Code: true, For: "the key " + e.Key}
	if e.Act == string(keywright.KeyDeleted) {
		c.Link, c.For = "", ""
	}
	return c
}

func detailWords(e *api.Event) string {
	var all []string
	if e.Reason != "" {
		all = append(all, strings.TrimSuffix(e.Reason, "."))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Detail)) {
		if e.Detail[name] == "" {
			continue
		}
		all = append(all, strings.ReplaceAll(name, "_", " ")+": "+spelled(e.Detail[name]))
	}
	return strings.Join(all, "; ")
}

// spelled writes an instant as the pages do, and leaves the rest as it is.
func spelled(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	return when(t)
}

// deskHistory is the latest of what was done to something, for its own page.
func (v *visit) deskHistory(f client.EventFilter, key bool) (table, error) {
	got, err := ask(v, func(ctx context.Context, c *client.Client) (api.EventPage, error) { return c.EventsPage(ctx, f, "") })
	if err != nil {
		return table{}, err
	}
	return v.deskEventTable(got.Items, nil, key), nil
}

// deskAuditBody is the audit trail.
type deskAuditBody struct {
	Table              table
	Acts               []option
	Actor, Tenant, Key string
	Since, Until       string
}

func (v *visit) deskAudit() error {
	f := client.EventFilter{Key: v.wanted("key"), Tenant: v.wanted("tenant"), Act: v.wanted("act"), Actor: v.wanted("actor"), Page: deskPage}
	b := deskAuditBody{Actor: f.Actor, Tenant: f.Tenant, Key: f.Key, Since: v.wanted("since"), Until: v.wanted("until")}
	acts := []string{"", "All"}
	for _, a := range acted() {
		acts = append(acts, a[0], a[1])
	}
	b.Acts = picks(f.Act, acts...)
	var err error
	if f.Since, err = v.day(b.Since, 0); err != nil {
		return err
	}
	if f.Until, err = v.day(b.Until, 1); err != nil { // a day that is named is in it
		return err
	}
	got, err := ask(v, func(ctx context.Context, c *client.Client) (api.EventPage, error) {
		return c.EventsPage(ctx, f, v.r.FormValue("cursor"))
	})
	if err != nil {
		return err
	}
	b.Table = v.deskEventTable(got.Items, v.names(), false)
	b.Table.Empty = "Nothing was done that is like that. Change what the list is narrowed to."
	export := map[string]string{"key": f.Key, "tenant": f.Tenant, "act": f.Act, "actor": f.Actor}
	for name, t := range map[string]time.Time{"since": f.Since, "until": f.Until} {
		if !t.IsZero() {
			export[name] = t.Format(time.RFC3339)
		}
	}
	b.Table.Export = v.exportOf("events", export)
	v.cursored(&b.Table, v.sorted(true, "at"), got.NextCursor)
	return v.show(http.StatusOK, "desk-audit", page{Title: "Audit trail", Section: "Audit", Body: b})
}

// day reads a day of a form, and adds days to it; the zero time is none.
func (v *visit) day(text string, more int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, &keywright.Error{Kind: keywright.Invalid, Detail: "write a day as 2030-12-31"}
	}
	return t.AddDate(0, 0, more), nil
}
