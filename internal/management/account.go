package management

import (
	"context"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
)

// account answers what people do to their own account, on either API.
type account struct {
	people *people.Service
	// caller is the person who makes a call. Errors: Forbidden for a key.
	caller func(*call) (*selfservice.Caller, error)
	// switchable are the services that admins of a tenant switch themselves.
	switchable func() []string
}

// accountRoutes binds a person's own operations.
func (d *desk) accountRoutes(a *account) {
	register(d, api.OpMe, a.me)
	register(d, api.OpAmendMe, a.amendMe)
	register(d, api.OpListSessions, a.listSessions)
	register(d, api.OpEndSession, a.endSession)
	register(d, api.OpSetPassword, a.setPassword)
	register(d, api.OpListPasskeys, a.listPasskeys)
	register(d, api.OpRemovePasskey, a.removePasskey)
}

// operatorAccount is for the operators' own site.
func (s *server) operatorAccount() *account {
	return &account{people: s.People, switchable: func() []string { return nil }, caller: func(c *call) (*selfservice.Caller, error) {
		if c.operator == nil {
			return nil, &keywright.Error{Kind: keywright.Forbidden, Detail: "a key has no account: sign in on this site's pages"}
		}
		return c.operator, nil
	}}
}

// ownAccount is for a customers' site.
func (s *selfServer) ownAccount() *account {
	return &account{people: s.People, switchable: s.switchable, caller: func(c *call) (*selfservice.Caller, error) { return &c.caller, nil }}
}

func (s *selfServer) switchable() []string { return s.Self.Services() }

// proved makes sure that a person sits there who has just said who they are.
func (a *account) proved(c *call) (*selfservice.Caller, error) {
	who, err := a.caller(c)
	if err != nil {
		return nil, err
	}
	if who.Token || who.Session.ID == "" {
		return nil, &keywright.Error{Kind: people.ProofNeeded, Detail: "only a person who has just proved who they are does this: sign in on the site's pages"}
	}
	return who, a.people.FreshProof(who.Session)
}

func (a *account) me(_ context.Context, c *call, _ *chosenIn) (*listing[api.Me], error) {
	who, err := a.caller(c)
	if err != nil {
		return nil, err
	}
	out := api.Me{Person: wire.Person(&who.Person), Role: string(who.Role), Rights: []string{}, Tenants: []api.Membership{}, Switchable: []string{}, Session: who.Session.ID}
	if who.Tenant.ID != "" {
		t := wire.Tenant(&who.Tenant)
		t.Metadata = map[string]string{} // what the provider notes about its customers is the provider's
		out.Tenant = &t
		for _, right := range who.Role.Rights() {
			out.Rights = append(out.Rights, string(right))
		}
		out.Switchable = append(out.Switchable, a.switchable()...)
	}
	for i, t := range who.Tenants {
		out.Tenants = append(out.Tenants, api.Membership{Tenant: string(t.ID), Ref: t.Ref, Name: t.Name, Role: string(who.Members[i].Role)})
	}
	return &listing[api.Me]{Body: out}, nil
}

type amendMeIn struct{ Body api.AmendMe }

func (a *account) amendMe(ctx context.Context, c *call, in *amendMeIn) (*listing[api.PersonBody], error) {
	who, err := a.caller(c)
	if err != nil {
		return nil, err
	}
	p, err := a.people.Rename(ctx, who.Actor, who.Person.ID, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return &listing[api.PersonBody]{Body: wire.Person(&p)}, nil
}

func (a *account) listSessions(ctx context.Context, c *call, _ *struct{}) (*listing[api.SessionPage], error) {
	who, err := a.caller(c)
	if err != nil {
		return nil, err
	}
	all, err := a.people.Sessions(ctx, who.Person.ID)
	if err != nil {
		return nil, err
	}
	return &listing[api.SessionPage]{Body: wire.Sessions(all, who.Session.ID)}, nil
}

type endSessionIn struct {
	ID string `path:"id" maxLength:"64" doc:"The session's id." example:"ses_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
}

func (a *account) endSession(ctx context.Context, c *call, in *endSessionIn) (*nothing, error) {
	who, err := a.caller(c)
	if err != nil {
		return nil, err
	}
	return nil, gone("session", a.people.EndSession(ctx, who.Actor, who.Person.ID, in.ID))
}

type setPasswordIn struct{ Body api.SetPassword }

func (a *account) setPassword(ctx context.Context, c *call, in *setPasswordIn) (*nothing, error) {
	who, err := a.proved(c)
	if err != nil {
		return nil, err
	}
	return nil, a.people.SetPassword(ctx, who.Actor, who.Person.ID, keywright.NewCredential("", in.Body.Password), who.Session.ID)
}

func (a *account) listPasskeys(ctx context.Context, c *call, _ *struct{}) (*listing[api.PasskeyPage], error) {
	who, err := a.caller(c)
	if err != nil {
		return nil, err
	}
	all, err := a.people.Passkeys(ctx, who.Person.ID, gate.HostName(c.request.Host))
	if err != nil {
		return nil, err
	}
	return &listing[api.PasskeyPage]{Body: wire.Passkeys(all)}, nil
}

type removePasskeyIn struct {
	ID string `path:"id" maxLength:"1400" doc:"The passkey's id, as the list has it."`
}

func (a *account) removePasskey(ctx context.Context, c *call, in *removePasskeyIn) (*nothing, error) {
	who, err := a.proved(c)
	if err != nil {
		return nil, err
	}
	return nil, gone("passkey", a.people.RemovePasskey(ctx, who.Actor, who.Person.ID, gate.HostName(c.request.Host), in.ID))
}
