package console

import (
	"context"
	"net/http"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

const requestsPath = root + "/requests"

// deskRequestsBody lists who asks for access.
type deskRequestsBody struct {
	Open   []api.AccessRequest
	Past   table
	States []option
	May    bool
}

// deskRequest is one request, on the page that declines it.
type deskRequest struct{ Request api.AccessRequest }

func (v *visit) accessRequests(state string) ([]api.AccessRequest, error) {
	return ask(v, func(ctx context.Context, c *client.Client) ([]api.AccessRequest, error) {
		return c.AccessRequests(ctx, state)
	})
}

func (v *visit) deskRequestsForm() (page, error) {
	all, err := v.accessRequests("")
	if err != nil {
		return page{}, err
	}
	b := deskRequestsBody{May: v.mayOperate(), States: picks(v.wanted("state"), "", "All", api.AccessGranted, "Granted", api.AccessDeclined, "Declined")}
	b.Past = table{
		Name: "Decided requests", Empty: "None was decided yet. What you grant or decline stands here for 90 days.",
		Columns: []column{{Title: "Tenant"}, {Title: "Environment"}, {Title: "Asked"}, {Title: "Decided"}, {Title: "Answer"}},
	}
	var rows [][]cell
	for i := range all {
		r := &all[i]
		if r.State == api.AccessOpen {
			b.Open = append(b.Open, *r)
			continue
		}
		if state := v.wanted("state"); state != "" && state != r.State {
			continue
		}
		said := cell{State: string(keywright.Active), Text: "Granted"}
		if r.State == api.AccessDeclined {
			said = cell{State: string(keywright.StateRevoked), Text: "Declined", Soft: r.Answer}
		}
		decided := at(r.DecidedAt, "")
		decided.Soft = "by " + r.DecidedBy
		rows = append(rows, []cell{{Text: r.TenantName, Link: tenantPage(r.Tenant)}, {Text: capital(r.Environment), Soft: r.Reason}, {Time: &r.CreatedAt, Soft: "by " + r.RequestedBy}, decided, said})
	}
	v.paged(&b.Past, v.sorted(true, "asked"), rows)
	return page{Title: "Requests for access", Section: "Requests", Body: b}, nil
}

func (v *visit) deskRequests() error {
	p, err := v.deskRequestsForm()
	if err != nil {
		return err
	}
	p.Notice = map[string]string{
		"granted":  "Granted. Keys can be made there from now on.",
		"declined": "Declined. The tenant's people read your reason, and may ask again.",
	}[v.r.FormValue("done")]
	return v.show(http.StatusOK, "desk-requests", p)
}

func (v *visit) deskGrant() error {
	_, err := ask(v, func(ctx context.Context, c *client.Client) (api.AccessRequest, error) {
		return c.GrantAccess(ctx, v.r.PathValue("id"))
	})
	if err != nil {
		p, failed := v.deskRequestsForm()
		if failed != nil {
			return failed
		}
		return v.deskAgain("desk-requests", p, err)
	}
	return v.redirect(requestsPath + "?done=granted")
}

// deskDeclineForm is about the request that the address names.
func (v *visit) deskDeclineForm() (page, error) {
	all, err := v.accessRequests("")
	if err != nil {
		return page{}, err
	}
	for i := range all {
		if all[i].ID == v.r.PathValue("id") {
			return page{Title: "Decline this request?", Section: "Requests", Narrow: true, Body: deskRequest{all[i]}}, nil
		}
	}
	return page{}, &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such request"}
}

func (v *visit) deskDeclinePage() error {
	if err := v.offered(); err != nil {
		return err
	}
	p, err := v.deskDeclineForm()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "desk-decline", p)
}

func (v *visit) deskDecline() error {
	_, err := ask(v, func(ctx context.Context, c *client.Client) (api.AccessRequest, error) {
		return c.DeclineAccess(ctx, v.r.PathValue("id"), strings.TrimSpace(v.r.PostFormValue("reason")))
	})
	if err != nil {
		p, failed := v.deskDeclineForm()
		if failed != nil {
			return failed
		}
		return v.deskAgain("desk-decline", p, err)
	}
	return v.redirect(requestsPath + "?done=declined")
}
