package keywrighttest

import (
	"net/http"
	"net/url"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/sdk/present"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/scheme"
)

// Key is a key that was made for a test, and what a request of its holder carries.
type Key struct {
	ID         keywright.KeyID
	Tenant     keywright.TenantID
	Credential keywright.Credential
	speaks     *present.Scheme
}

// Sign puts the credential into a request, where the key's scheme reads it, with
// the headers that must stand beside it.
func (k Key) Sign(r *http.Request) {
	q := url.Values{}
	k.speaks.Put(k.Credential, r.Header, q)
	if len(q) > 0 {
		all := r.URL.Query()
		for name := range q {
			all.Set(name, q.Get(name))
		}
		r.URL.RawQuery = all.Encode()
	}
}

// Secret is the credential as text: of a pair, the second half.
func (k Key) Secret() string { _, secret := k.Credential.Reveal(); return secret }

// Tenant makes a customer, or returns the one that has this ref already. The
// functions may change the draft: its plan, its services, its environments.
func (s *Server) Tenant(ref string, change ...func(*keeper.TenantDraft)) keywright.Tenant {
	s.t.Helper()
	d := keeper.TenantDraft{Ref: ref, Name: ref}
	for _, one := range change {
		one(&d)
	}
	t, err := s.keeper.EnsureTenant(s.context(), system(), d)
	if err != nil {
		s.t.Fatalf("keywrighttest: the tenant %s: %v", ref, err)
	}
	return t
}

// Key makes a key of a scheme for a tenant, who is made if there is none with
// this ref. What the scheme asks for is filled in: a name, an expiry, its first
// environment, and every permission; the functions may change that.
func (s *Server) Key(scheme, tenant string, change ...func(*keywright.Draft)) Key {
	s.t.Helper()
	speaks, ok := s.speaks[scheme]
	if !ok {
		s.t.Fatalf("keywrighttest: there is no scheme %q: bring it WithScheme", scheme)
		return Key{}
	}
	s.Tenant(tenant)
	policy := speaks.Contract.Policy()
	d := keywright.Draft{}
	if policy.Name.Presence == keywright.Required {
		d.Name = "test"
	}
	if policy.Expiry.Presence == keywright.Required {
		d.Expires = s.Now().Add(365 * 24 * time.Hour)
	}
	for _, e := range policy.Environments {
		if !e.Granted {
			d.Environment = e.Name
			break
		}
	}
	if policy.Scoped {
		d.Permissions = []string{"*"}
	}
	for _, one := range change {
		one(&d)
	}
	return s.issued(speaks)(s.keeper.Issue(s.context(), system(), keeper.IssueRequest{Tenant: tenant, Scheme: scheme, Draft: d}))
}

func (s *Server) issued(speaks *present.Scheme) func(keeper.Issued, error) Key {
	return func(i keeper.Issued, err error) Key {
		s.t.Helper()
		if err != nil {
			s.t.Fatalf("keywrighttest: %v", err)
		}
		return Key{ID: i.Key.ID, Tenant: i.Key.Tenant, Credential: i.Credential, speaks: speaks}
	}
}

// Revoke ends a key for good; the very next request with it is refused.
func (s *Server) Revoke(k Key) {
	s.t.Helper()
	_, err := s.keeper.Revoke(s.context(), system(), k.ID, keywright.Unspecified)
	s.must("revoke", err)
}

// Rotate makes a successor; both work for the overlap of the scheme.
func (s *Server) Rotate(k Key) Key {
	s.t.Helper()
	return s.issued(k.speaks)(s.keeper.Rotate(s.context(), system(), k.ID, keeper.RotateRequest{}))
}

// Pause refuses a key until Resume.
func (s *Server) Pause(k Key) {
	s.t.Helper()
	_, err := s.keeper.Pause(s.context(), system(), k.ID, time.Time{})
	s.must("pause", err)
}

// Resume ends a pause.
func (s *Server) Resume(k Key) {
	s.t.Helper()
	_, err := s.keeper.Resume(s.context(), system(), k.ID)
	s.must("resume", err)
}

// Archive refuses all keys of a tenant, or takes that back.
func (s *Server) Archive(tenant string, archived bool) {
	s.t.Helper()
	_, err := s.keeper.AmendTenant(s.context(), system(), tenant, 0, keeper.TenantAmendment{Archived: &archived})
	s.must("archive", err)
}

// Verify asks the verify endpoint about a key, as a program elsewhere would.
func (s *Server) Verify(k Key) api.Verdict {
	s.t.Helper()
	h, q := http.Header{}, url.Values{}
	k.speaks.Put(k.Credential, h, q)
	asked := api.Verify{Scheme: k.speaks.Contract.Name(), Headers: map[string]any{}}
	if len(q) > 0 {
		asked.Path = "/?" + q.Encode()
	}
	for name, lines := range h {
		asked.Headers[name] = lines
	}
	v, err := s.Client().Verify(s.context(), asked)
	s.must("verify", err)
	return v
}

// Scheme returns a scheme by its name, to dress refusals in.
func (s *Server) Scheme(name string) *scheme.Scheme {
	found, ok := s.parsed[name]
	if !ok {
		s.t.Fatalf("keywrighttest: there is no scheme %q", name)
	}
	return found
}

// Cut takes the server off the network, for tests of what a program does then.
func (s *Server) Cut() { s.http.Close() }

func (s *Server) must(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("keywrighttest: %s: %v", what, err)
	}
}
