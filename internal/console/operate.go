package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/people"
)

const tenantsPath = root + "/tenants"

// deskRoutes are the operators': each form is one operation of the management API,
// which v.desk() calls in the name of whoever is there.
func (s *site) deskRoutes() {
	s.deskTenantRoutes()
	s.deskMemberRoutes()
	s.deskKeyRoutes()
	s.watch("GET /account/requests", (*visit).deskRequests)
	s.operate("POST /account/requests/{id}/grant", api.OpGrantAccess, (*visit).deskGrant)
	s.watch("GET /account/requests/{id}/decline", (*visit).deskDeclinePage)
	s.operate("POST /account/requests/{id}/decline", api.OpDeclineAccess, (*visit).deskDecline)
	s.watch("GET /account/explain", (*visit).deskExplainPage)
	s.operate("POST /account/explain", api.OpExplain, (*visit).deskExplain)
	s.watch("GET /account/schemes", (*visit).deskSchemes)
	s.watch("GET /account/schemes/{name}", (*visit).deskScheme)
	s.operate("POST /account/schemes/{name}/try", api.OpTryScheme, (*visit).deskTryScheme)
	s.watch("GET /account/scheme-text", (*visit).deskTextPage)
	s.operate("POST /account/scheme-text/lint", api.OpLintScheme, (*visit).deskLint)
	s.operate("POST /account/scheme-text/try", api.OpTryScheme, (*visit).deskTryText)
	s.watch("GET /account/apis", (*visit).deskAPIs)
	s.watch("GET /account/apis/{name}", (*visit).deskAPI)
	s.watch("GET /account/audit", (*visit).deskAudit)
	s.watch("GET /account/providers", (*visit).deskProviders)
	s.operate("POST /account/providers/{name}/check", api.OpCheckProvider, (*visit).deskCheckProvider)
}

func (s *site) deskTenantRoutes() {
	s.watch("GET /account/tenants", (*visit).deskTenants)
	s.watch("GET /account/tenants/new", (*visit).deskNewTenantPage)
	s.operate("POST /account/tenants/new", api.OpCreateTenant, (*visit).deskCreateTenant)
	s.watch("GET /account/tenants/{tenant}", (*visit).deskTenantPage)
	s.operate("POST /account/tenants/{tenant}/amend", api.OpAmendTenant, (*visit).deskAmendTenant)
	s.watch("GET /account/tenants/{tenant}/archive", (*visit).deskArchivePage)
	s.operate("POST /account/tenants/{tenant}/archive", api.OpAmendTenant, (*visit).deskArchive)
	s.watch("GET /account/tenants/{tenant}/restore", (*visit).deskArchivePage)
	s.operate("POST /account/tenants/{tenant}/restore", api.OpAmendTenant, (*visit).deskArchive)
}

func (s *site) deskMemberRoutes() {
	s.watch("GET /account/tenants/{tenant}/members", (*visit).deskMembersPage)
	s.operate("POST /account/tenants/{tenant}/members/role", api.OpAmendMember, (*visit).deskAmendMember)
	s.watch("GET /account/tenants/{tenant}/members/remove", (*visit).deskRemovePage)
	s.operate("POST /account/tenants/{tenant}/members/remove", api.OpRemoveMember, (*visit).deskRemoveMember)
	s.operate("POST /account/tenants/{tenant}/invitations", api.OpInvite, (*visit).deskInvite)
	s.operate("POST /account/tenants/{tenant}/invitations/withdraw", api.OpWithdrawInvitation, (*visit).deskWithdraw)
}

func (s *site) deskKeyRoutes() {
	s.watch("GET /account/keys", (*visit).deskKeys)
	s.watch("GET /account/keys/new", (*visit).deskNewKeyPage)
	s.operate("POST /account/keys/new", api.OpCreateKey, (*visit).deskCreateKey)
	s.watch("GET /account/keys/{id}", (*visit).deskKeyPage)
	s.operate("POST /account/keys/{id}/amend", api.OpAmendKey, (*visit).deskAmendKey)
	s.watch("GET /account/keys/{id}/{act}", (*visit).deskKeyActPage)
	s.operate("POST /account/keys/{id}/rotate", api.OpRotateKey, (*visit).deskRotate)
	s.operate("POST /account/keys/{id}/overlap", api.OpOverlapKey, (*visit).deskOverlap)
	s.operate("POST /account/keys/{id}/pause", api.OpPauseKey, (*visit).deskPause)
	s.operate("POST /account/keys/{id}/resume", api.OpResumeKey, (*visit).deskResume)
	s.operate("POST /account/keys/{id}/revoke", api.OpRevokeKey, (*visit).deskRevoke)
	s.operate("POST /account/keys/{id}/delete", api.OpDeleteKey, (*visit).deskDelete)
}

// watch serves a page to operators, operate a form of theirs.
func (s *site) watch(pattern string, do func(*visit) error) { s.member(pattern, operator(do)) }

func (s *site) operate(pattern, operation string, do func(*visit) error) {
	s.act(pattern, operation, operator(do))
}

// operator lets operators alone in. What they may do is the API's to say.
func operator(do func(*visit) error) func(*visit) error {
	return func(v *visit) error {
		if v.who.Tenant.ID == "" {
			return &keywright.Error{Kind: keywright.Forbidden, Detail: "you are signed in, but you are no operator here: ask one for an invitation"}
		}
		if err := v.r.ParseForm(); err != nil {
			return &keywright.Error{Kind: keywright.Invalid, Detail: "the form is longer than this page takes: the command line and the REST API take more"}
		}
		return do(v)
	}
}

// ask calls the management API in the name of who is there.
func ask[T any](v *visit, do func(context.Context, *client.Client) (T, error)) (T, error) {
	c, err := v.desk()
	if err != nil {
		var none T
		return none, err
	}
	out, err := do(v.ctx(), c)
	return out, told(err)
}

// told says an answer of the management API as the pages' own errors are said.
func told(err error) error {
	var e *client.Error
	if !errors.As(err, &e) {
		return err
	}
	out := &keywright.Error{Kind: e.Kind(), Field: e.Field, Detail: e.Detail, Cause: err}
	if len(e.Errors) > 0 && e.Errors[0].Detail != "" {
		out.Detail = e.Errors[0].Detail // without the field, which the page has beside it
	}
	switch {
	case e.Status == http.StatusUnauthorized:
		return people.ErrSignIn
	case e.Status == http.StatusTooManyRequests:
		out.Kind = people.Throttled
	case e.Type == api.ProofNeeded:
		out.Kind = people.ProofNeeded
	}
	return out
}

// mayOperate reports whether who is there is offered acts; the API is what holds.
func (v *visit) mayOperate() bool { return v.who.May(people.WriteKeys) }

// offered refuses the pages that begin an act to who may not do it.
func (v *visit) offered() error {
	if v.mayOperate() {
		return nil
	}
	return &keywright.Error{Kind: keywright.Forbidden, Detail: "your role here is " + string(v.who.Role) + ", which looks and changes nothing: ask an admin of yours"}
}

// cursored says where a list that the API pages begins and goes on.
func (v *visit) cursored(t *table, s sorting, next string) {
	if next != "" {
		t.Next = s.page("cursor", next)
	}
	if v.r.FormValue("cursor") != "" {
		t.First = s.page("cursor", "")
	}
}

// wanted is a value of a list's address, cut to what the API takes.
func (v *visit) wanted(name string) string {
	text := strings.TrimSpace(v.r.FormValue(name))
	if len(text) > mostWanted {
		text = strings.ToValidUTF8(text[:mostWanted], "")
	}
	return text
}

const mostWanted = 64

// exportOf is the address of an export with some of the list's filters.
func (v *visit) exportOf(what string, values map[string]string) string {
	q := url.Values{}
	for name, value := range values {
		if value != "" {
			q.Set(name, value)
		}
	}
	to := "/v1/exports/" + what
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	return to
}

// narrowed reports whether a list's address asks for less than all.
func (v *visit) narrowed() bool { return len(v.filters()) > 0 }

// names looks tenants' names up, each once.
type names struct {
	v     *visit
	known map[string]string
}

func (v *visit) names() *names { return &names{v, map[string]string{}} }

// of is what people call a tenant; its id where that cannot be found.
func (n *names) of(id string) string {
	if id == "" {
		return ""
	}
	if name, ok := n.known[id]; ok {
		return name
	}
	name := id
	t, err := ask(n.v, func(ctx context.Context, c *client.Client) (api.Tenant, error) { return c.Tenant(ctx, id) })
	if err == nil {
		name = tenantName(&t)
	}
	n.known[id] = name
	return name
}

func tenantName(t *api.Tenant) string {
	if t.Name != "" {
		return t.Name
	}
	return t.Ref
}

func tenantPage(id string) string { return tenantsPath + "/" + url.PathEscape(id) }

// picks makes the entries of a choice.
func picks(chosen string, all ...string) []option {
	out := make([]option, 0, len(all)/2)
	for i := 0; i+1 < len(all); i += 2 {
		out = append(out, option{all[i], all[i+1], all[i] == chosen})
	}
	if len(out) > 0 && !slices.ContainsFunc(out, func(o option) bool { return o.Chosen }) {
		out[0].Chosen = true
	}
	return out
}

// deskThings finds tenants and keys by what they begin with. What cannot be read is
// not found.
func (v *visit) deskThings(query string) []link {
	if len(query) > mostWanted {
		return nil
	}
	var found []link
	tenants, _ := ask(v, func(ctx context.Context, c *client.Client) (api.TenantPage, error) {
		return c.TenantsPage(ctx, client.TenantFilter{Search: query, Page: 8}, "")
	})
	for i := range tenants.Items {
		t := &tenants.Items[i]
		found = append(found, link{Name: tenantName(t), Path: tenantPage(t.ID), Text: "Tenant " + t.Ref})
	}
	keys, _ := ask(v, func(ctx context.Context, c *client.Client) (api.KeyPage, error) {
		return c.KeysPage(ctx, client.KeyFilter{Search: query, Page: 8}, "")
	})
	called := v.names()
	for i := range keys.Items {
		r := v.deskRow(keys.Items[i], nil)
		found = append(found, link{Name: r.Called(), Path: keysPath + "/" + r.ID, Text: "Key " + r.Hint + " of " + called.of(r.Tenant) + ", " + strings.ToLower(r.StateWords())})
	}
	return found
}
