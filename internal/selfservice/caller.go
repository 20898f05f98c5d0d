package selfservice

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/people"
)

// SessionCookie is the cookie that a session's token is kept in.
const SessionCookie = "__Host-keywright-session"

// Caller is a person who was recognised, in one of their tenants.
type Caller struct {
	Person  people.Person
	Tenant  keywright.Tenant // as it stands; the zero one for a person who has none on this site
	Role    people.Role
	Members []people.Member // all of the person's on this site
	Tenants []keywright.Tenant
	Session people.Session // zero where a token of an identity provider was presented
	Token   bool           // that was so
	Actor   keywright.Actor
}

// May reports whether the caller's role in their tenant allows something.
func (c *Caller) May(right people.Right) bool { return c.Tenant.ID != "" && c.Role.May(right) }

type requestIDKey struct{}

// WithRequestID names the request for the audit trail.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// Recognise says who makes a request: by the session's cookie, or by an access
// token in Authorization. tenant chooses among several by id or ref; "" is the
// first. Errors: people.ErrSignIn, Invalid (a cookie and a token at once),
// Forbidden (not a member here), Unavailable.
func (s *Service) Recognise(r *http.Request, tenant string) (Caller, error) {
	view := s.o.View(r)
	from := people.From{Address: view.Address, Agent: r.UserAgent(), RequestID: requestID(r.Context()), Site: gate.HostName(r.Host)}
	c, err := s.person(r, from)
	if err != nil {
		return Caller{}, err
	}
	c.Actor = keywright.Actor{ID: string(c.Person.ID), Name: c.Person.Name, RequestID: from.RequestID}
	if c.Actor.Name == "" {
		c.Actor.Name = c.Person.Email
	}
	if view.Address.IsValid() {
		c.Actor.Address = view.Address.Unmap().String()
	}
	if err := s.settle(r.Context(), &c, tenant); err != nil {
		return Caller{}, err
	}
	return c, nil
}

// person finds the person and what they are a member of.
func (s *Service) person(r *http.Request, from people.From) (Caller, error) {
	ctx, cookies, lines := r.Context(), r.CookiesNamed(SessionCookie), r.Header["Authorization"]
	switch {
	case len(cookies) > 0 && len(lines) > 0:
		return Caller{}, invalid("Authorization", "a session's cookie and a token came together: send one of the two")
	case len(cookies) == 1 && cookies[0].Value != "":
		in, err := s.o.People.Session(ctx, keywright.NewCredential("", cookies[0].Value), from)
		if err != nil {
			return Caller{}, err
		}
		return Caller{Person: in.Person, Session: in.Session, Members: in.Members}, nil
	case len(lines) == 1 && s.o.Tokens != nil:
		word, token, _ := strings.Cut(lines[0], " ")
		token = strings.TrimLeft(token, " ")
		if !strings.EqualFold(word, "Bearer") || token == "" {
			return Caller{}, signIn()
		}
		e, err := s.o.Tokens.Person(ctx, s.now(), token)
		if err != nil {
			return Caller{}, err
		}
		e.SignUp = s.SignUp()
		who, members, err := s.o.People.Known(ctx, e)
		if err != nil {
			return Caller{}, err
		}
		return Caller{Person: who, Members: members, Token: true}, nil
	}
	return Caller{}, signIn()
}

func signIn() error {
	return &keywright.Error{Kind: people.ErrSignIn, Detail: "sign in, or send the access token of a login as Authorization: Bearer TOKEN; an API key is neither"}
}

// settle keeps the tenants of this site, and picks the one that is meant.
func (s *Service) settle(ctx context.Context, c *Caller, tenant string) error {
	all := c.Members
	var members []people.Member
	var tenants []keywright.Tenant
	err := s.o.Store.View(ctx, func(r keywright.Reader) error {
		members, tenants = nil, nil
		for _, m := range all {
			if m.Tenant == keywright.OperatorTenant {
				continue // no customers' site opens it
			}
			t, err := r.Tenant(ctx, string(m.Tenant))
			switch {
			case errors.Is(err, keywright.NotFound):
			case err != nil:
				return err
			case s.serves(&t):
				members, tenants = append(members, m), append(tenants, t)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.Members, c.Tenants = members, tenants
	at := slices.IndexFunc(tenants, func(t keywright.Tenant) bool {
		return tenant == "" || string(t.ID) == tenant || t.Ref == tenant
	})
	if at < 0 {
		if tenant != "" {
			return &keywright.Error{Kind: keywright.Forbidden, Field: "tenant", Detail: "you are no member of it here"}
		}
		return nil
	}
	c.Tenant, c.Role = tenants[at], members[at].Role
	return nil
}

// serves reports whether a tenant is one of the site's.
func (s *Service) serves(t *keywright.Tenant) bool {
	for name, value := range s.o.Site.Tenants {
		if t.Metadata[name] != value {
			return false
		}
	}
	return true
}

// SignUp makes a tenant for a person whom an identity provider vouches for and who
// is nobody's member yet, a thousand an hour at most; it is nil where the site makes
// none. It goes into people.External.
func (s *Service) SignUp() func(context.Context, people.Person) (keywright.TenantID, error) {
	if !s.o.Site.SignUp {
		return nil
	}
	return func(ctx context.Context, p people.Person) (keywright.TenantID, error) {
		if err := s.signedUp.take(s.now(), "", "too many new accounts within an hour: try again later"); err != nil {
			return "", err
		}
		name := p.Name
		if name == "" {
			name = p.Email
		}
		by := keywright.Actor{ID: string(p.ID), Name: name, RequestID: requestID(ctx)}
		t, err := s.o.Keeper.CreateTenant(ctx, by, keeper.TenantDraft{Name: short(name, maxTenantName), Metadata: s.mark(nil)})
		return t.ID, err
	}
}

const maxTenantName = 200

// short cuts a text to so many characters.
func short(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}

// mark adds what makes a tenant one of the site's.
func (s *Service) mark(m map[string]string) map[string]string {
	out := map[string]string{}
	for name, value := range m {
		out[name] = value
	}
	for name, value := range s.o.Site.Tenants {
		out[name] = value
	}
	return out
}

// need returns a Forbidden error unless the caller's role allows something.
func (c *Caller) need(right people.Right) error {
	switch {
	case c.Tenant.ID == "":
		return forbidden("you are a member of nothing here: ask for an invitation")
	case !c.Role.May(right):
		return forbidden("your role here is " + string(c.Role) + ", which does not allow this: ask an admin of yours")
	}
	return nil
}
