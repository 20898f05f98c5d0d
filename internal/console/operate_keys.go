package console

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// deskKinds are the schemes that are in force, by name.
func (v *visit) deskKinds() (map[string]api.Scheme, error) {
	all, err := ask(v, func(ctx context.Context, c *client.Client) ([]api.Scheme, error) { return c.Schemes(ctx) })
	if err != nil {
		return nil, err
	}
	out := make(map[string]api.Scheme, len(all))
	for i := range all {
		out[all[i].Name] = all[i]
	}
	return out, nil
}

// deskRow is a key as the operators' pages show it.
func (v *visit) deskRow(k api.KeyBody, kinds map[string]api.Scheme) row {
	r := row{KeyBody: k, now: v.now(), Kind: k.Scheme, May: v.mayOperate()}
	if s, ok := kinds[k.Scheme]; ok {
		r.Policy = policyOf(&s)
		if s.Title != "" {
			r.Kind = s.Title
		}
	}
	return r
}

// policyOf says a scheme's policy in the domain's words, as far as the wire has it.
func policyOf(s *api.Scheme) keywright.Policy {
	overlap, _ := time.ParseDuration(s.Policy.Overlap) // "" is none
	p := keywright.Policy{
		Scheme: s.Name, MaxActive: s.Policy.MaxActive, Scoped: s.Policy.Permissions,
		Name:   keywright.NameRule{Presence: presence(s.Policy.Name)},
		Expiry: keywright.ExpiryRule{Presence: presence(s.Policy.Expiry), Revivable: s.Policy.Revivable},
		Rotation: keywright.RotationRule{
			Allowed: s.Policy.Rotates, Overlap: overlap, Settable: s.Policy.Settable,
			KeepsKey: s.Policy.Pair && s.Policy.Rotates && overlap == 0 && !s.Policy.Settable,
		},
		Plans: keywright.PlanRule{AnyOf: s.Policy.Plans, Except: s.Policy.ExceptPlans},
	}
	for _, e := range s.Policy.Environments {
		p.Environments = append(p.Environments, keywright.EnvironmentRule{Name: e.Name, Granted: e.Granted})
	}
	return p
}

func presence(word string) keywright.Presence {
	switch word {
	case "required":
		return keywright.Required
	case "optional":
		return keywright.Optional
	}
	return keywright.Absent
}

// deskKeyTable lists keys; whose is nil where all are one tenant's.
func (v *visit) deskKeyTable(all []api.KeyBody, kinds map[string]api.Scheme, whose *names) table {
	t := table{Name: "Keys", Columns: []column{{Title: "Name"}, {Title: "Kind"}, {Title: "State"}, {Title: "Created"}, {Title: "Expires"}, {Title: "Last used"}}}
	if whose != nil {
		t.Columns[1].Title = "Tenant"
	}
	for i := range all {
		r := v.deskRow(all[i], kinds)
		of := cell{Text: r.Kind}
		if whose != nil {
			of = cell{Text: whose.of(r.Tenant), Link: tenantPage(r.Tenant), Soft: r.Kind}
		}
		state := v.stateCell(&r)
		if r.Environment != "" {
			state.Tags = []string{r.Environment}
		}
		t.Rows = append(t.Rows, []cell{
			{Text: r.Called(), Link: keysPath + "/" + url.PathEscape(r.ID), Soft: r.Hint}, of, state, {Time: &r.CreatedAt}, expiryCell(&r), at(r.LastUsedAt, "never"),
		})
	}
	return t
}

// deskKeysBody is the list of keys across tenants.
type deskKeysBody struct {
	Table                               table
	Search, Tenant                      string
	States, Kinds, Environments, Within []option
	Narrowed                            bool
	May                                 bool
}

// withins are the times within which a key expires, for a filter.
func withins() map[string]time.Duration {
	day := 24 * time.Hour
	return map[string]time.Duration{"7": 7 * day, "30": 30 * day, "90": 90 * day}
}

// deskKeyFilter reads how the list is wanted.
func (v *visit) deskKeyFilter(b *deskKeysBody, kinds map[string]api.Scheme) client.KeyFilter {
	f := client.KeyFilter{Search: v.wanted("search"), Tenant: v.wanted("tenant"), Scheme: v.wanted("scheme"), Environment: v.wanted("environment"), Page: deskPage}
	b.Search, b.Tenant = f.Search, f.Tenant
	state := v.wanted("state")
	b.States = picks(state, "", "All", "ACTIVE", "Active", "PENDING_ROTATION", "Being replaced", "PAUSED", "Paused", "RETIRED", "Replaced", "EXPIRED", "Expired", "REVOKED", "Revoked")
	if slices.ContainsFunc(b.States, func(o option) bool { return o.Value == state && state != "" }) {
		f.States = []string{state}
	}
	within := v.wanted("within")
	b.Within = picks(within, "", "Any time", "7", "In 7 days", "30", "In 30 days", "90", "In 90 days")
	if d, ok := withins()[within]; ok {
		f.ExpiresBefore = v.now().Add(d)
		if f.States == nil {
			f.States = []string{string(keywright.Active), string(keywright.PendingRotation), string(keywright.StatePaused)}
		}
	}
	schemes, environments := []string{"", "All"}, []string{"", "All"}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		schemes = append(schemes, name, cmp.Or(kinds[name].Title, name))
		for _, e := range kinds[name].Policy.Environments {
			if !slices.Contains(environments, e.Name) {
				environments = append(environments, e.Name, capital(e.Name))
			}
		}
	}
	b.Kinds, b.Environments = picks(f.Scheme, schemes...), picks(f.Environment, environments...)
	return f
}

func (v *visit) deskKeys() error {
	kinds, err := v.deskKinds()
	if err != nil {
		return err
	}
	b := deskKeysBody{May: v.mayOperate(), Narrowed: v.narrowed()}
	f := v.deskKeyFilter(&b, kinds)
	s := v.sorted(true, "created", "name", "expires")
	f.Sort, f.Order = s.By, s.order()
	got, err := ask(v, func(ctx context.Context, c *client.Client) (api.KeyPage, error) {
		return c.KeysPage(ctx, f, v.r.FormValue("cursor"))
	})
	if err != nil {
		return err
	}
	b.Table = v.deskKeyTable(got.Items, kinds, v.names())
	b.Table.Empty = "No key is like that. Change what the list is narrowed to."
	b.Table.Columns[0], b.Table.Columns[3], b.Table.Columns[4] = s.column("Name", "name"), s.column("Created", "created"), s.column("Expires", "expires")
	export := map[string]string{"search": f.Search, "tenant": f.Tenant, "scheme": f.Scheme, "environment": f.Environment, "sort": f.Sort, "order": f.Order}
	if len(f.States) > 0 {
		export["state"] = strings.Join(f.States, ",")
	}
	if !f.ExpiresBefore.IsZero() {
		export["expires_before"] = f.ExpiresBefore.Format(time.RFC3339)
	}
	b.Table.Export = v.exportOf("keys", export)
	v.cursored(&b.Table, s, got.NextCursor)
	p := page{Title: "Keys", Section: "Keys", Body: b}
	p.Notice = map[string]string{"deleted": "The key is deleted. Requests with it are refused."}[v.r.FormValue("done")]
	return v.show(http.StatusOK, "desk-keys", p)
}
