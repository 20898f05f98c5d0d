package selfservice

import (
	"context"
	"errors"
	"net/mail"
	"net/netip"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/scheme"
)

// Registrant is a stranger who asks for a key.
type Registrant struct {
	Email   string
	Address netip.Addr
	Actor   keywright.Actor // whoever asks for them; the zero one is the site itself
}

const (
	maxEmail        = 254
	registeredName  = "Registered"
	registeredLife  = 365 * 24 * time.Hour // where keys have to expire
	registeredEmail = "email"              // in the tenant's metadata: as it was given
)

// Register makes a tenant of its own for a stranger, with a key and a management
// token. The address is checked for its form and noted, and is nobody's identity:
// each call is a new registration. If it cannot be finished, nothing that opens
// anything is left behind. Errors: NotFound (no registration here), Invalid (email),
// people.Throttled, Unavailable.
func (s *Service) Register(ctx context.Context, r Registrant) (api.Registered, error) {
	reg := s.o.Site.Registration
	if reg == nil {
		return api.Registered{}, &keywright.Error{Kind: keywright.NotFound, Detail: "nobody registers here"}
	}
	of, err := s.registrable(reg)
	if err != nil {
		return api.Registered{}, err
	}
	email, err := checkEmail(r.Email)
	if err != nil {
		return api.Registered{}, err
	}
	if err := s.registered.take(s.now(), neighbourhood(r.Address), "too many registrations: try again later"); err != nil {
		return api.Registered{}, err
	}
	if r.Actor.ID == "" {
		r.Actor.ID, r.Actor.Name = "system", "registration"
	}
	if r.Actor.Address == "" && r.Address.IsValid() {
		r.Actor.Address = r.Address.Unmap().String()
	}
	if r.Actor.RequestID == "" {
		r.Actor.RequestID = requestID(ctx)
	}
	t, err := s.o.Keeper.CreateTenant(ctx, r.Actor, keeper.TenantDraft{Name: short(email, maxTenantName), Metadata: s.mark(map[string]string{registeredEmail: email})})
	if err != nil {
		return api.Registered{}, err
	}
	out, err := s.endow(ctx, r.Actor, reg, of, &t)
	if err != nil {
		s.abandon(ctx, r.Actor, &t)
		return api.Registered{}, err
	}
	return out, nil
}

// registrable makes sure that the schemes can be registered for.
func (s *Service) registrable(reg *Registration) (*scheme.Scheme, error) {
	of, token := s.o.Schemes[reg.Scheme], s.o.Schemes[reg.Management]
	if of == nil || of.Pair() || (reg.Management != "" && (token == nil || token.Pair())) {
		return nil, &keywright.Error{Kind: keywright.Internal, Detail: "registration is not set up",
			Cause: errors.New("selfservice: a registration needs schemes that are there and whose keys are one value")}
	}
	return of, nil
}

// Registers returns the schemes of the two credentials that a registration yields; nil
// is none.
func (s *Service) Registers() (key, token *scheme.Scheme) {
	reg := s.o.Site.Registration
	if reg == nil {
		return nil, nil
	}
	return s.o.Schemes[reg.Scheme], s.o.Schemes[reg.Management]
}

// endow gives a new tenant its two credentials.
func (s *Service) endow(ctx context.Context, by keywright.Actor, reg *Registration, of *scheme.Scheme, t *keywright.Tenant) (api.Registered, error) {
	key, err := s.o.Keeper.Issue(ctx, by, keeper.IssueRequest{Tenant: string(t.ID), Scheme: reg.Scheme, Draft: registeredDraft(of)})
	if err != nil {
		return api.Registered{}, err
	}
	_, secret := key.Credential.Reveal()
	out := api.Registered{APIKey: secret, KeyID: key.Key.ID.String(), Tenant: string(t.ID), Notice: storeKey}
	if reg.Management == "" {
		return out, nil
	}
	d := registeredDraft(s.o.Schemes[reg.Management])
	d.Metadata = map[string]string{tokenFor: key.Key.ID.String()}
	token, err := s.o.Keeper.Issue(ctx, by, keeper.IssueRequest{Tenant: string(t.ID), Scheme: reg.Management, Draft: d})
	if err != nil {
		return api.Registered{}, err
	}
	_, out.ManagementToken = token.Credential.Reveal()
	out.Notice = storeBoth
	return out, nil
}

const (
	storeKey  = "Store the API key now: it is shown this once and can never be retrieved again."
	storeBoth = "Store both values now: they are shown this once and can never be retrieved again. The API key opens the API; the management token rotates and revokes that key, and does nothing else."
)

// registeredDraft is the least that a scheme asks of a key.
func registeredDraft(of *scheme.Scheme) keywright.Draft {
	p, d := of.Policy(), keywright.Draft{}
	if p.Name.Presence == keywright.Required {
		d.Name = registeredName
	}
	if p.Expiry.Presence == keywright.Required {
		life := registeredLife
		d.TTL = &life
	}
	if p.Scoped {
		d.Permissions = []string{"*"} // of a tenant that holds nothing yet
	}
	for _, e := range p.Environments {
		if !e.Granted {
			d.Environment = e.Name
			break
		}
	}
	return d
}

// abandon ends whatever a registration has made before it failed: its keys, and the
// tenant, so that nothing opens anything even if one of the keys was left.
func (s *Service) abandon(ctx context.Context, by keywright.Actor, t *keywright.Tenant) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	archived := true
	_, _ = s.o.Keeper.AmendTenant(ctx, by, string(t.ID), 0, keeper.TenantAmendment{Archived: &archived}) // whoever asked is told of the first failure
	var ids []keywright.KeyID
	_ = s.o.Store.View(ctx, func(r keywright.Reader) error {
		ids = ids[:0]
		return each(ctx, r, keywright.KeyQuery{Tenant: t.ID, Unrevoked: true}, func(k *keywright.Key) { ids = append(ids, k.ID) })
	})
	for _, id := range ids {
		_, _ = s.o.Keeper.Revoke(ctx, by, id, keywright.Unused)
	}
}

// checkEmail looks at an address's form, and at nothing else.
func checkEmail(text string) (string, error) {
	text = strings.TrimSpace(text)
	bad := invalid("email", "an e-mail address, such as name@example.org")
	if len(text) > maxEmail || keywright.CheckText("email", text) != nil {
		return "", bad
	}
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text || a.Name != "" {
		return "", bad
	}
	local, domain, _ := strings.Cut(text, "@")
	if local == "" || len(local) > 64 || !strings.Contains(strings.Trim(domain, "."), ".") || strings.ContainsAny(text, " \"<>()[],;:\\") {
		return "", bad
	}
	return text, nil
}
