package console

import (
	"net/http"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/people"
)

const accessPath = root + "/access"

// accessBody is the page on which access to an environment is asked for.
type accessBody struct {
	Places []option // those that can be asked for now
	May    bool
	Table  table
	Asked  bool // there are requests
}

// requests are the tenant's requests for access, the newest first.
func (v *visit) requests() ([]api.AccessRequest, error) {
	return v.Self.AccessRequests(v.ctx(), *v.who)
}

// asked are the latest requests of each environment; nothing is asked for where
// everything is open.
func (v *visit) asked(p keywright.Policy) (map[string]api.AccessRequest, error) {
	needed := false
	for _, e := range p.Environments {
		needed = needed || e.Granted
	}
	if !needed {
		return map[string]api.AccessRequest{}, nil
	}
	all, err := v.requests()
	return latest(all), err
}

func latest(all []api.AccessRequest) map[string]api.AccessRequest {
	out := map[string]api.AccessRequest{}
	for _, r := range all {
		if _, there := out[r.Environment]; !there {
			out[r.Environment] = r
		}
	}
	return out
}

// closed is an environment that the tenant has not been granted, with what became of
// asking for it.
func (v *visit) closed(name string, asked map[string]api.AccessRequest) place {
	one := place{Name: name, Why: capital(name) + " access has not been granted yet."}
	may := v.who.May(people.WriteKeys) && !v.who.Tenant.Archived
	request, there := asked[name]
	switch {
	case there && request.State == api.AccessOpen:
		one.Why += " " + request.RequestedBy + " asked " + v.Name + " for it " + ago(v.now(), request.CreatedAt) + ": it is not decided yet."
		may = false
	case there && request.State == api.AccessDeclined:
		one.Why = v.Name + " declined " + capital(name) + " access: " + sentence(request.Answer)
	}
	if may {
		one.Ask = v.link(accessPath + "?environment=" + escape(name))
	}
	return one
}

// shut are the environments that the tenant has not been granted.
func (v *visit) shut() ([]place, error) {
	names := v.Self.Grantable(&v.who.Tenant)
	if len(names) == 0 {
		return nil, nil
	}
	all, err := v.requests()
	if err != nil {
		return nil, err
	}
	asked := latest(all)
	var out []place
	for _, name := range names {
		out = append(out, v.closed(name, asked))
	}
	return out, nil
}

func (v *visit) accessForm() (page, error) {
	all, err := v.requests()
	if err != nil {
		return page{}, err
	}
	b := accessBody{May: v.who.May(people.WriteKeys), Asked: len(all) > 0}
	asked, chosen := latest(all), v.r.FormValue("environment")
	for _, name := range v.Self.Grantable(&v.who.Tenant) {
		if v.closed(name, asked).Ask != "" {
			b.Places = append(b.Places, option{name, capital(name), name == chosen})
		}
	}
	b.Table = v.accessTable(all)
	title := "Access to environments"
	if len(b.Places) == 1 {
		title = "Ask for " + b.Places[0].Text + " access"
	}
	return page{Title: title, Section: v.keysWord(), Narrow: true, Body: b}, nil
}

func (v *visit) accessTable(all []api.AccessRequest) table {
	t := table{
		Name: "Requests for access", Empty: "Nobody has asked for anything yet.",
		Columns: []column{{Title: "Environment"}, {Title: "Asked"}, {Title: "What became of it"}},
	}
	var rows [][]cell
	for i := range all {
		r := &all[i]
		said := cell{Text: "Not decided yet"}
		switch r.State {
		case api.AccessGranted:
			said = cell{State: string(keywright.Active), Text: "Granted"}
		case api.AccessDeclined:
			said = cell{State: string(keywright.StateRevoked), Text: "Declined", Soft: sentence(r.Answer)}
		}
		rows = append(rows, []cell{{Text: capital(r.Environment), Soft: r.Reason}, {Time: &r.CreatedAt, Soft: "by " + r.RequestedBy}, said})
	}
	v.paged(&t, v.sorted(true, "asked"), rows)
	return t
}

func (v *visit) accessPage() error {
	if v.who.Tenant.ID == "" {
		return v.redirect(keysPath)
	}
	p, err := v.accessForm()
	if err != nil {
		return err
	}
	if v.r.FormValue("done") == "asked" {
		p.Notice = "Your request is on its way to " + v.Name + ". What becomes of it stands here."
	}
	return v.show(http.StatusOK, "access", p)
}

func (v *visit) askAccess() error {
	ask := api.RequestAccess{Environment: v.r.PostFormValue("environment"), Reason: strings.TrimSpace(v.r.PostFormValue("reason"))}
	if _, err := v.Self.RequestAccess(v.ctx(), *v.who, ask); err != nil {
		p, failed := v.accessForm()
		if failed != nil {
			return failed
		}
		return v.again("access", p, err)
	}
	return v.redirect(v.link(accessPath + "?done=asked"))
}
