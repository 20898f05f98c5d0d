package management

import (
	"errors"
	"net/http"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
)

// admit asks the gate, or, where a request comes without Authorization and with a
// session's cookie, whether the person is an operator. A session that is over is
// no session: the gate then says what is missing.
func (s *server) admit(c *call, r *http.Request) *api.Problem {
	if s.People != nil && len(r.Header["Authorization"]) == 0 {
		entered, p := s.enter(c, r)
		if entered || p != nil {
			return p
		}
	}
	c.verdict = s.Gate().Pass(&c.view, APIName)
	return nil
}

// enter lets an operator in by their session.
func (s *server) enter(c *call, r *http.Request) (entered bool, p *api.Problem) {
	cookies := r.CookiesNamed(selfservice.SessionCookie)
	if len(cookies) != 1 || cookies[0].Value == "" {
		return false, nil
	}
	// The path and the transport are the gate's to judge, as for a key.
	verdict, _ := s.Gate().Preflight(&c.view, r.Method, APIName)
	if verdict.Answer != nil || verdict.Route == nil || verdict.Route.Open {
		return false, nil
	}
	from := people.From{Address: c.view.Address, Agent: r.UserAgent(), RequestID: c.requestID, Site: gate.HostName(r.Host)}
	in, err := s.People.Session(r.Context(), keywright.NewCredential("", cookies[0].Value), from)
	if errors.Is(err, people.ErrSignIn) {
		return false, nil
	}
	if err != nil {
		return false, s.failed(c, err)
	}
	at := slices.IndexFunc(in.Members, func(m people.Member) bool { return m.Tenant == keywright.OperatorTenant })
	if at < 0 {
		return false, nil
	}
	if err := s.crossOrigin.Check(r); err != nil {
		return false, problem(http.StatusForbidden, "a request that changes something must come from this site's own pages")
	}
	// Whoever has a passkey is asked for it: a password alone is not enough for what
	// operators may do.
	owes, err := s.owesPasskey(r, &in)
	if err != nil {
		return false, s.failed(c, err)
	}
	if owes {
		p := problem(http.StatusForbidden, "you have a passkey: sign in with it on this site's pages")
		p.Type = api.ProofNeeded
		return false, p
	}
	who := selfservice.Caller{Person: in.Person, Session: in.Session, Role: in.Members[at].Role, Actor: actorOf(c, &in.Person)}
	c.operator, c.verdict = &who, verdict
	c.verdict.Decision = keywright.Decision{Reason: keywright.Granted, Permissions: rolePermissions(who.Role)}
	return true, nil
}

// owesPasskey reports whether a person who has a passkey of this host came in
// without it.
func (s *server) owesPasskey(r *http.Request, in *people.Signed) (bool, error) {
	if in.Person.Passkeys == 0 || in.Session.Method == "passkey" {
		return false, nil
	}
	here, err := s.People.Passkeys(r.Context(), in.Person.ID, gate.HostName(r.Host))
	return len(here) > 0, err
}

// rolePermissions is what an operator's role may do on the management API.
func rolePermissions(r people.Role) []string {
	switch r {
	case people.Admin:
		return []string{"*"}
	case people.Viewer:
		return []string{api.KeysRead, api.KeysVerify, api.TenantsRead, api.EventsRead, api.PeopleRead, api.ConfigRead}
	default:
		return nil
	}
}

func actorOf(c *call, p *people.Person) keywright.Actor {
	a := keywright.Actor{ID: string(p.ID), Name: p.Name, RequestID: c.requestID}
	if a.Name == "" {
		a.Name = p.Email
	}
	if c.view.Address.IsValid() {
		a.Address = c.view.Address.Unmap().String()
	}
	return a
}
