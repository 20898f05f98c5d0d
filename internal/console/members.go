package console

import (
	"errors"
	"net/http"
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
	Members     []people.Member
	Invitations []people.Invitation
	Roles       []choice
	May         bool   // change any of it
	Me          string // the id of who is there
	Link        string // of an invitation that was just made; shown this once
	For         string
	Until       time.Time
}

func (v *visit) mayPeople(right people.Right) error {
	if v.who.May(right) {
		return nil
	}
	return &keywright.Error{Kind: keywright.Forbidden, Detail: "your role here does not allow this: ask an admin of yours"}
}

func (v *visit) membersForm() (page, error) {
	b := membersBody{Roles: v.roles(), May: v.who.May(people.WritePeople), Me: string(v.who.Person.ID)}
	if err := v.mayPeople(people.ReadPeople); err != nil {
		return page{}, err
	}
	var err error
	if b.Members, err = v.People.Members(v.ctx(), v.who.Tenant.ID); err != nil {
		return page{}, err
	}
	if b.May {
		if b.Invitations, err = v.People.Invitations(v.ctx(), v.who.Tenant.ID); err != nil {
			return page{}, err
		}
	}
	return page{Title: "Members", Tab: "Members", Body: b}, nil
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
	for _, m := range b.Members {
		if string(m.Person) == v.r.FormValue("person") && (b.May || string(m.Person) == b.Me) {
			return v.show(http.StatusOK, "remove", page{
				Title: "Remove a member?", Tab: "Members", Narrow: true, Body: leavingBody{m, string(m.Person) == b.Me},
			})
		}
	}
	return &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such member here"}
}

func (v *visit) removeMember() error {
	who := v.r.PostFormValue("person")
	var err error
	if v.Self != nil {
		err = v.Self.RemoveMember(v.ctx(), *v.who, who)
	} else if err = v.mayPeople(people.WritePeople); err == nil {
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
