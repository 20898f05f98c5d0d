package console

import (
	"context"
	"net/http"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// overviewBody is the operators' first page.
type overviewBody struct {
	Welcome, Passkey   bool
	Usage              deskUse
	Today              api.UsageReport
	Expiring, Rotating table
	Requests           []api.AccessRequest
	Verifiers          table
	Stale              bool // one of them refuses everything
	May                bool
	Empty              bool // there is no tenant but the operators' own
}

// GrantedToday and the like are the figures, to be read.
func (b overviewBody) GrantedToday() string { return grouped(b.Today.Granted) }

// RefusedToday is how many requests were refused since midnight UTC.
func (b overviewBody) RefusedToday() string { return grouped(b.Today.Refused) }

func (v *visit) overview() error {
	b := overviewBody{Welcome: v.r.FormValue("welcome") != "", Passkey: v.who.Person.Passkeys == 0, May: v.mayOperate()}
	p := page{Title: "Overview", Section: "Overview"}
	if v.r.FormValue("done") == "password" {
		p.Notice = "Your password is changed, and every other session is ended."
	}
	var err error
	if b.Usage, err = v.deskUsage(api.UsageQuery{}); err != nil {
		return err
	}
	midnight := v.now().Truncate(24 * time.Hour)
	if b.Today, err = v.usage(api.UsageQuery{Since: midnight, Until: v.now(), Step: api.StepHour}); err != nil {
		return err
	}
	for _, fill := range []func(*overviewBody) error{v.attention, v.verifiers} {
		if err := fill(&b); err != nil {
			return err
		}
	}
	p.Body = b
	return v.show(http.StatusOK, "desk-overview", p)
}

// attention is what somebody should look at: keys that end soon, rotations under
// way, open requests.
func (v *visit) attention(b *overviewBody) error {
	kinds, err := v.deskKinds()
	if err != nil {
		return err
	}
	list := func(f client.KeyFilter) (api.KeyPage, error) {
		f.Page = few
		return ask(v, func(ctx context.Context, c *client.Client) (api.KeyPage, error) { return c.KeysPage(ctx, f, "") })
	}
	called := v.names()
	soon, err := list(client.KeyFilter{States: []string{string(keywright.Active)}, ExpiresBefore: v.now().AddDate(0, 0, 14), Sort: "expires"})
	if err != nil {
		return err
	}
	b.Expiring = v.attentionTable("Keys that expire within 14 days", "No key expires within 14 days.", "Expires", soon.Items, kinds, called, func(r *row) *time.Time { return r.ExpiresAt })
	turning, err := list(client.KeyFilter{States: []string{string(keywright.PendingRotation)}, Order: "desc"})
	if err != nil {
		return err
	}
	b.Rotating = v.attentionTable("Keys that are being replaced", "No rotation is under way.", "Works until", turning.Items, kinds, called, func(r *row) *time.Time { return r.RetiresAt })
	if b.Requests, err = v.accessRequests(api.AccessOpen); err != nil {
		return err
	}
	some, err := ask(v, func(ctx context.Context, c *client.Client) (api.TenantPage, error) {
		return c.TenantsPage(ctx, client.TenantFilter{Page: 2}, "")
	})
	b.Empty = len(some.Items) < 2
	return err
}

func (v *visit) attentionTable(name, empty, when string, all []api.KeyBody, kinds map[string]api.Scheme, called *names, end func(*row) *time.Time) table {
	t := table{Name: name, Empty: empty, Columns: []column{{Title: "Key"}, {Title: "Tenant"}, {Title: when}}}
	for i := range all {
		r := v.deskRow(all[i], kinds)
		ends := at(end(&r), "never")
		ends.Soon = true
		t.Rows = append(t.Rows, []cell{{Text: r.Called(), Link: keysPath + "/" + r.ID, Soft: r.Kind}, {Text: called.of(r.Tenant), Link: tenantPage(r.Tenant)}, ends})
	}
	return t
}

// verifiers says how fresh the view of each node is.
func (v *visit) verifiers(b *overviewBody) error {
	all, err := ask(v, func(ctx context.Context, c *client.Client) ([]api.Verifier, error) { return c.Verifiers(ctx) })
	if err != nil {
		return err
	}
	b.Verifiers = table{Name: "Verifiers", Columns: []column{{Title: "Node"}, {Title: "View"}, {Title: "Age"}, {Title: "Behind", Number: true}, {Title: "Last heard of"}}}
	for i := range all {
		n := &all[i]
		node, view := cell{Text: n.Node, Code: true}, cell{State: string(keywright.Active), Text: "Fresh"}
		if n.Self {
			node.Tags = []string{"this one"}
		}
		if !n.Fresh {
			b.Stale = true
			view = cell{State: string(keywright.StateExpired), Text: "Too old: it refuses everything"}
		}
		b.Verifiers.Rows = append(b.Verifiers.Rows, []cell{node, view, {Text: ageWords(n)}, {Text: grouped(n.Behind) + " events"}, {Time: &n.LastSeen}})
	}
	return nil
}

func ageWords(n *api.Verifier) string {
	age := time.Duration(n.AgeSeconds * float64(time.Second)).Round(10 * time.Millisecond).String()
	if n.BoundSeconds == 0 {
		return age
	}
	return age + " of at most " + time.Duration(n.BoundSeconds*float64(time.Second)).String()
}
