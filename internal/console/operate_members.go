package console

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/people"
)

// deskMembersBody lists who is in a tenant, and who is invited.
type deskMembersBody struct {
	Tenant  api.Tenant
	Called  string
	Path    string
	Members table
	Invited table
	Roles   []choice
	May     bool
	Made    *api.Invitation // one that was just made; its link is shown this once
	Leaver  *api.Member     // who is to be removed
}

// tenantRoles are what somebody can be in a tenant.
func tenantRoles(id string) []choice {
	if id == string(keywright.OperatorTenant) {
		return []choice{{people.Viewer, "Viewer: sees everything, changes nothing"}, {people.Admin, "Admin: may do everything, inviting others included"}}
	}
	return []choice{
		{people.Admin, "Admin: makes keys, and invites and removes members"}, {people.RoleMember, "Member: makes and ends keys"},
		{people.Trial, "Trial: makes keys only where nobody has to be granted access"},
	}
}

func (v *visit) deskMembersForm() (page, []api.Member, error) {
	t, err := v.tenantNamed()
	if err != nil {
		return page{}, nil, err
	}
	b := deskMembersBody{Tenant: t, Called: tenantName(&t), Path: tenantPage(t.ID), Roles: tenantRoles(t.ID), May: v.who.May(people.WritePeople)}
	all, err := ask(v, func(ctx context.Context, c *client.Client) ([]api.Member, error) { return c.Members(ctx, t.ID) })
	if err != nil {
		return page{}, nil, err
	}
	invited, err := ask(v, func(ctx context.Context, c *client.Client) ([]api.Invitation, error) { return c.Invitations(ctx, t.ID) })
	if err != nil {
		return page{}, nil, err
	}
	b.Members = v.deskMemberTable(&b, all)
	b.Invited = table{Name: "Invitations", Empty: "Nobody is invited at the moment.", Columns: []column{{Title: "E-mail address"}, {Title: "Role"}, {Title: "Until"}}}
	if b.May {
		b.Invited.Columns = append(b.Invited.Columns, column{Title: "End", Act: true})
	}
	for i := range invited {
		one := &invited[i]
		line := []cell{{Text: one.Email}, {Text: one.Role}, {Time: &one.ExpiresAt}}
		if b.May {
			line = append(line, cell{Form: &smallForm{Action: b.Path + "/invitations/withdraw", Button: "Withdraw", For: "the invitation of " + one.Email, Hidden: map[string]string{"id": one.ID}}})
		}
		b.Invited.Rows = append(b.Invited.Rows, line)
	}
	return page{Title: "Members of " + b.Called, Section: "Tenants", Body: b}, all, nil
}

func (v *visit) deskMemberTable(b *deskMembersBody, all []api.Member) table {
	t := table{Name: "Members", Empty: "Nobody is in it yet. Invite its first admin, who then invites the others.", Columns: []column{{Title: "Name"}, {Title: "E-mail address"}, {Title: "Role"}, {Title: "Since"}}}
	if b.May {
		t.Columns = append(t.Columns, column{Title: "End"})
	}
	slices.SortStableFunc(all, func(x, y api.Member) int {
		return strings.Compare(strings.ToLower(x.Name+x.Email), strings.ToLower(y.Name+y.Email))
	})
	rows := make([][]cell, 0, len(all))
	for i := range all {
		m := &all[i]
		name := m.Name
		if name == "" {
			name = m.Email
		}
		role := cell{Text: m.Role}
		if b.May {
			f := smallForm{Action: b.Path + "/members/role", Button: "Change", For: "the role of " + name, Choice: "role", Label: "Role of " + name, Hidden: map[string]string{"person": m.ID}}
			for _, r := range b.Roles {
				f.Options = append(f.Options, option{string(r.Role), string(r.Role), string(r.Role) == m.Role})
			}
			role = cell{Form: &f}
		}
		line := []cell{{Text: name}, {Text: m.Email}, role, {Time: &m.Since}}
		if b.May {
			line = append(line, cell{Text: "Remove", Link: b.Path + "/members/remove?person=" + escape(m.ID), For: name})
		}
		rows = append(rows, line)
	}
	t.Rows = rows
	v.whole(&t)
	return t
}

func (v *visit) deskMembersPage() error {
	p, _, err := v.deskMembersForm()
	if err != nil {
		return err
	}
	p.Notice = map[string]string{"role": "The role is changed.", "removed": "The member is removed.", "withdrawn": "The invitation is withdrawn: its link opens nothing any more."}[v.r.FormValue("done")]
	return v.show(http.StatusOK, "desk-members", p)
}

func (v *visit) deskMembersAgain(err error) error {
	p, _, failed := v.deskMembersForm()
	if failed != nil {
		return failed
	}
	return v.deskAgain("desk-members", p, err)
}

func (v *visit) deskInvite() error {
	made, err := ask(v, func(ctx context.Context, c *client.Client) (api.Invitation, error) {
		return c.Invite(ctx, v.r.PathValue("tenant"), api.Invite{Email: strings.TrimSpace(v.r.PostFormValue("email")), Role: v.r.PostFormValue("role")})
	})
	if err != nil {
		return v.deskMembersAgain(err)
	}
	p, _, err := v.deskMembersForm()
	if err != nil {
		return err
	}
	b, _ := p.Body.(deskMembersBody)
	b.Made = &made
	p.Body, p.Title = b, "The invitation is ready"
	return v.show(http.StatusCreated, "desk-members", p)
}

func (v *visit) deskMembersDone(what string) error {
	return v.redirect(tenantPage(v.r.PathValue("tenant")) + "/members?done=" + what)
}

func (v *visit) deskWithdraw() error {
	if v.r.PostFormValue("id") == "" {
		return nobody()
	}
	_, err := ask(v, func(ctx context.Context, c *client.Client) (struct{}, error) {
		return struct{}{}, c.WithdrawInvitation(ctx, v.r.PathValue("tenant"), v.r.PostFormValue("id"))
	})
	if err != nil {
		return v.deskMembersAgain(err)
	}
	return v.deskMembersDone("withdrawn")
}

// nobody answers a form that names no one.
func nobody() error {
	return &keywright.Error{Kind: keywright.NotFound, Detail: "the form names nobody: open the page again, and use its buttons"}
}

func (v *visit) deskAmendMember() error {
	if v.r.PostFormValue("person") == "" {
		return nobody()
	}
	_, err := ask(v, func(ctx context.Context, c *client.Client) (api.Member, error) {
		return c.AmendMember(ctx, v.r.PathValue("tenant"), v.r.PostFormValue("person"), v.r.PostFormValue("role"))
	})
	if err != nil {
		return v.deskMembersAgain(err)
	}
	return v.deskMembersDone("role")
}

// deskLeaver is the page about the member who is to be removed.
func (v *visit) deskLeaver() (page, *api.Member, error) {
	p, all, err := v.deskMembersForm()
	if err != nil {
		return page{}, nil, err
	}
	at := slices.IndexFunc(all, func(m api.Member) bool { return m.ID == v.r.FormValue("person") })
	if at < 0 {
		return page{}, nil, &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such member in this tenant"}
	}
	b, _ := p.Body.(deskMembersBody)
	b.Leaver = &all[at]
	p.Title, p.Narrow, p.Body = "Remove a member?", true, b
	return p, b.Leaver, nil
}

func (v *visit) deskRemovePage() error {
	if err := v.offered(); err != nil {
		return err
	}
	p, _, err := v.deskLeaver()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "desk-remove", p)
}

func (v *visit) deskRemoveMember() error {
	p, m, err := v.deskLeaver()
	if err != nil {
		return err
	}
	if err = v.offered(); err == nil {
		err = v.typedName(m.Email)
	}
	if err == nil {
		_, err = ask(v, func(ctx context.Context, c *client.Client) (struct{}, error) {
			return struct{}{}, c.RemoveMember(ctx, v.r.PathValue("tenant"), m.ID)
		})
	}
	if err != nil {
		return v.deskAgain("desk-remove", p, err)
	}
	return v.deskMembersDone("removed")
}
