package wire

import (
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/people"
)

// Person spells a person as others of their tenant see them.
func Person(p *people.Person) api.PersonBody {
	return api.PersonBody{ID: string(p.ID), Email: p.Email, Name: p.Name}
}

// Member spells a member.
func Member(m *people.Member) api.Member {
	return api.Member{PersonBody: api.PersonBody{ID: string(m.Person), Email: m.Email, Name: m.Name}, Role: string(m.Role), Since: m.Since.UTC()}
}

// Members spells all of a tenant's members.
func Members(all []people.Member) api.MemberPage {
	page := api.MemberPage{Items: make([]api.Member, len(all))}
	for i := range all {
		page.Items[i] = Member(&all[i])
	}
	return page
}

// Invitation spells an invitation, without its token.
func Invitation(i *people.Invitation) api.Invitation {
	return api.Invitation{ID: i.ID, Email: i.Email, Role: string(i.Role), InvitedBy: i.By, CreatedAt: i.Created.UTC(), ExpiresAt: i.Expires.UTC()}
}

// Invitations spells all of a tenant's invitations.
func Invitations(all []people.Invitation) api.InvitationPage {
	page := api.InvitationPage{Items: make([]api.Invitation, len(all))}
	for i := range all {
		page.Items[i] = Invitation(&all[i])
	}
	return page
}

// Sessions spells a person's sessions; current is the id of the one that asks.
func Sessions(all []people.Session, current string) api.SessionPage {
	page := api.SessionPage{Items: make([]api.Session, len(all))}
	for i, s := range all {
		page.Items[i] = api.Session{
			ID: s.ID, Method: s.Method, StartedAt: s.Started.UTC(), LastSeen: s.LastSeen.UTC(), ExpiresAt: s.Expires.UTC(),
			Address: s.Address, Agent: s.Agent, Current: s.ID == current,
		}
	}
	return page
}

// Passkeys spells a person's passkeys.
func Passkeys(all []people.Passkey) api.PasskeyPage {
	out := api.PasskeyPage{Items: []api.Passkey{}}
	for i := range all {
		p := &all[i]
		out.Items = append(out.Items, api.Passkey{ID: p.ID, Name: p.Name, CreatedAt: p.Created, LastUsed: instant(p.LastUsed)})
	}
	return out
}
