package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

// choice is a role that somebody can be given.
type choice struct {
	Role people.Role
	Text string
}

func (v *visit) roles() []choice {
	if v.Self == nil {
		return []choice{{people.Viewer, "Viewer: sees everything, changes nothing"}, {people.Admin, "Admin: may do everything, inviting others included"}}
	}
	return []choice{
		{people.RoleMember, "Member: makes and ends keys"},
		{people.Trial, "Trial: makes keys only where nobody has to be granted access"},
		{people.Admin, "Admin: makes keys, and invites and removes members"},
	}
}

// membersBody lists who is in a tenant, and who is invited.
type membersBody struct {
	Table    table
	Invited  table
	Search   string
	Some     bool // enough of them to look for one
	Roles    []choice
	May      bool   // change any of it
	Link     string // of an invitation that was just made; shown this once
	For      string
	Until    time.Time
	Everyone []people.Member
}

func (v *visit) mayPeople(right people.Right) error {
	if v.who.May(right) {
		return nil
	}
	return &keywright.Error{Kind: keywright.Forbidden, Detail: "your role here does not allow this: ask an admin of yours"}
}

func (v *visit) membersForm() (page, error) {
	b := membersBody{Roles: v.roles(), May: v.who.May(people.WritePeople), Search: strings.TrimSpace(v.r.FormValue("search"))}
	if err := v.mayPeople(people.ReadPeople); err != nil {
		return page{}, err
	}
	var err error
	if b.Everyone, err = v.People.Members(v.ctx(), v.who.Tenant.ID); err != nil {
		return page{}, err
	}
	b.Some = len(b.Everyone) > 5
	b.Table = v.memberTable(&b)
	if b.May {
		all, err := v.People.Invitations(v.ctx(), v.who.Tenant.ID)
		if err != nil {
			return page{}, err
		}
		b.Invited = v.invitedTable(all)
	}
	return page{Title: "Members", Tab: "Members", Body: b}, nil
}

// called is what a member is known by.
func called(m *people.Member) string {
	if m.Name != "" {
		return m.Name
	}
	return m.Email
}

func (v *visit) isMe(m *people.Member) bool { return m.Person == v.who.Person.ID }

func (v *visit) memberTable(b *membersBody) table {
	s := v.sorted(false, "name", "email", "since")
	all := slices.DeleteFunc(slices.Clone(b.Everyone), func(m people.Member) bool { return !hasWords(m.Name+" "+m.Email, b.Search) })
	slices.SortStableFunc(all, func(x, y people.Member) int {
		order := strings.Compare(strings.ToLower(called(&x)), strings.ToLower(called(&y)))
		switch s.By {
		case "email":
			order = strings.Compare(x.Email, y.Email)
		case "since":
			order = x.Since.Compare(y.Since)
		}
		if s.Desc {
			return -order
		}
		return order
	})
	t := table{Name: "Members", Empty: "Nobody here is called like that.", Columns: []column{s.column("Name", "name"), s.column("E-mail address", "email"), {Title: "Role"}, s.column("Since", "since"), {Title: "End", Act: true}}}
	var rows [][]cell
	for i := range all {
		m := &all[i]
		name := cell{Text: called(m)}
		if v.isMe(m) {
			name.Soft = "this is you"
		}
		rows = append(rows, []cell{name, {Text: m.Email}, v.roleCell(m, b.May), {Time: &m.Since}, v.endCell(m, b.May)})
	}
	v.paged(&t, s, rows)
	return t
}

// roleCell shows a role, with a way to change it for who may.
func (v *visit) roleCell(m *people.Member, may bool) cell {
	if !may {
		return cell{Text: string(m.Role)}
	}
	f := smallForm{Action: root + "/members/role", Button: "Change", For: "the role of " + called(m), Choice: "role", Label: "Role of " + called(m), Hidden: map[string]string{"person": string(m.Person)}}
	v.along(f.Hidden)
	for _, r := range v.roles() {
		f.Options = append(f.Options, option{string(r.Role), string(r.Role), r.Role == m.Role})
	}
	return cell{Form: &f}
}

func (v *visit) endCell(m *people.Member, may bool) cell {
	to := v.link(root + "/members/remove?person=" + escape(string(m.Person)))
	switch {
	case v.isMe(m):
		return cell{Text: "Leave", Link: to}
	case may:
		return cell{Text: "Remove", Link: to, For: called(m)}
	}
	return cell{}
}

// along adds the tenant that was chosen to what a form sends.
func (v *visit) along(hidden map[string]string) {
	if v.tenant != "" {
		hidden["tenant"] = v.tenant
	}
}

func (v *visit) invitedTable(all []people.Invitation) table {
	t := table{
		Name: "Invitations", Empty: "Nobody is invited at the moment. Whom you invite gets a link from you, and stands here until they have opened it.",
		Columns: []column{{Title: "E-mail address"}, {Title: "Role"}, {Title: "Invited by"}, {Title: "Until"}, {Title: "End"}},
	}
	for i := range all {
		one := &all[i]
		f := smallForm{Action: root + "/invitations/withdraw", Button: "Withdraw", For: "the invitation of " + one.Email, Hidden: map[string]string{"id": one.ID}}
		v.along(f.Hidden)
		t.Rows = append(t.Rows, []cell{{Text: one.Email}, {Text: string(one.Role)}, {Text: one.By}, {Time: &one.Expires}, {Form: &f}})
	}
	return t
}

func (v *visit) membersPage() error {
	p, err := v.membersForm()
	if err != nil {
		return err
	}
	p.Notice = map[string]string{"role": "The role is changed.", "removed": "The member is removed.", "withdrawn": "The invitation is withdrawn: its link opens nothing any more."}[v.r.FormValue("done")]
	return v.show(http.StatusOK, "members", p)
}

func (v *visit) invite() error {
	made, token, err := v.inviteTo(v.r.PostFormValue("email"), people.Role(v.r.PostFormValue("role")))
	p, failed := v.membersForm()
	if failed != nil {
		return failed
	}
	if err != nil {
		return v.again("members", p, err)
	}
	b, _ := p.Body.(membersBody)
	_, secret := token.Reveal()
	b.Link, b.For, b.Until = v.Origin(v.r)+invitationPath+"?token="+escape(secret), made.Email, made.Expires
	p.Body, p.Title = b, "The invitation is ready"
	return v.show(http.StatusCreated, "members", p)
}

// inviteTo and the like ask self-service, which holds the rule; on the operators'
// own site there is none, and the role decides here.
func (v *visit) inviteTo(email string, role people.Role) (people.Invitation, keywright.Credential, error) {
	if v.Self != nil {
		return v.Self.Invite(v.ctx(), *v.who, email, role)
	}
	if err := v.mayPeople(people.WritePeople); err != nil {
		return people.Invitation{}, keywright.Credential{}, err
	}
	return v.People.Invite(v.ctx(), v.who.Actor, string(v.who.Tenant.ID), email, role)
}

func (v *visit) withdraw() error {
	id := v.r.PostFormValue("id")
	var err error
	if v.Self != nil {
		err = v.Self.Withdraw(v.ctx(), *v.who, id)
	} else if err = v.mayPeople(people.WritePeople); err == nil {
		err = v.People.Withdraw(v.ctx(), v.who.Actor, v.who.Tenant.ID, id)
	}
	if err != nil && !errors.Is(err, keywright.NotFound) {
		return err
	}
	return v.redirect(v.link(root + "/members?done=withdrawn"))
}

func (v *visit) amendMember() error {
	who, role := v.r.PostFormValue("person"), people.Role(v.r.PostFormValue("role"))
	var err error
	if v.Self != nil {
		_, err = v.Self.AmendMember(v.ctx(), *v.who, who, role)
	} else if err = v.mayPeople(people.WritePeople); err == nil {
		_, err = v.People.AmendMember(v.ctx(), v.who.Actor, v.who.Tenant.ID, people.PersonID(who), role)
	}
	if err != nil {
		return v.membersAgain(err)
	}
	return v.redirect(v.link(root + "/members?done=role"))
}

func (v *visit) membersAgain(err error) error {
	p, failed := v.membersForm()
	if failed != nil {
		return failed
	}
	p.Form = nil
	return v.again("members", p, err)
}

// leavingBody is about a member who is to be removed.
type leavingBody struct {
	Member people.Member
	Self   bool
}

func (v *visit) removeMemberPage() error {
	p, err := v.membersForm()
	if err != nil {
		return err
	}
	b, _ := p.Body.(membersBody)
	for _, m := range b.Everyone {
		if string(m.Person) == v.r.FormValue("person") && (b.May || v.isMe(&m)) {
			return v.show(http.StatusOK, "remove", v.removeForm(m))
		}
	}
	return &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such member here"}
}

func (v *visit) removeForm(m people.Member) page {
	p := page{Title: "Remove a member?", Tab: "Members", Narrow: true, Body: leavingBody{m, v.isMe(&m)}}
	if v.isMe(&m) {
		p.Title = "Leave?"
	}
	return p
}

// leaver is the member that a form is about. Who may not remove them is refused as
// the act itself would refuse them.
func (v *visit) leaver(who string) (*people.Member, error) {
	if v.who.Tenant.ID == "" || people.PersonID(who) != v.who.Person.ID {
		if err := v.mayPeople(people.WritePeople); err != nil {
			return nil, err
		}
	}
	all, err := v.People.Members(v.ctx(), v.who.Tenant.ID)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if string(all[i].Person) == who {
			return &all[i], nil
		}
	}
	return nil, &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such member here"}
}

func (v *visit) removeMember() error {
	who := v.r.PostFormValue("person")
	m, err := v.leaver(who)
	if err != nil {
		return err
	}
	if err := v.typedName(m.Email); err != nil {
		return v.again("remove", v.removeForm(*m), err)
	}
	if v.Self != nil {
		err = v.Self.RemoveMember(v.ctx(), *v.who, who)
	} else {
		err = v.People.RemoveMember(v.ctx(), v.who.Actor, v.who.Tenant.ID, people.PersonID(who))
	}
	switch {
	case errors.Is(err, keywright.Conflict):
		return v.membersAgain(err)
	case err != nil:
		return err
	case who == string(v.who.Person.ID):
		return v.redirect(root)
	}
	return v.redirect(v.link(root + "/members?done=removed"))
}
