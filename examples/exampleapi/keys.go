package exampleapi

import (
	"errors"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/gate"
)

// Keys are the caller's own keys of one scheme, as a provider's backend sees them:
// over the management API, with the backend's operator key.
type Keys struct {
	call   *Call
	client *client.Client
	scheme string
	names  map[string]string // a field of the management API's → the system's own
}

// Keys returns the caller's keys of a scheme. names says what the system calls the
// fields that a refusal may name.
func (c *Call) Keys(scheme string, names map[string]string) (*Keys, error) {
	if c.service.keys == nil {
		return nil, fault(Away)
	}
	with, err := c.service.keys()
	if err != nil {
		return nil, err
	}
	return &Keys{call: c, client: with, scheme: scheme, names: names}, nil
}

// List returns all of them, in the order of their creation.
func (k *Keys) List() ([]api.KeyBody, error) {
	all := []api.KeyBody{}
	for one, err := range k.client.Keys(k.call.Context(), client.KeyFilter{Tenant: k.call.Identity.Subject, Scheme: k.scheme}) {
		if err != nil {
			return nil, k.fault(err)
		}
		all = append(all, one)
	}
	return all, nil
}

// Find returns one. Another tenant's key is as unknown as one that is not there.
func (k *Keys) Find(id string) (api.Key, error) {
	found, err := k.client.Key(k.call.Context(), id)
	if err != nil {
		return api.Key{}, k.fault(err)
	}
	if found.Tenant != k.call.Identity.Subject || found.Scheme != k.scheme {
		return api.Key{}, NoSuch("key")
	}
	return found, nil
}

// Create makes one for the caller. A member on trial gets none where the tenant's
// real data is.
func (k *Keys) Create(draft api.CreateKey) (api.Key, error) {
	if k.call.Identity.Role == "trial" && draft.Environment == "production" {
		return api.Key{}, Fault{Kind: Forbidden, Text: "A trial member cannot make production keys: ask an admin of your organization."}
	}
	draft.Tenant, draft.Scheme = k.call.Identity.Subject, k.scheme
	made, err := k.client.CreateKey(k.call.Context(), draft)
	return made, k.fault(err)
}

// Amend changes one of the caller's keys, as everything below acts on one.
func (k *Keys) Amend(id string, a api.AmendKey) (api.Key, error) {
	return k.act(id, func() (api.Key, error) { return k.client.AmendKey(k.call.Context(), id, 0, a) })
}

// AmendExpiry moves the expiry; the zero time is never.
func (k *Keys) AmendExpiry(id string, to time.Time) (api.Key, error) {
	return k.act(id, func() (api.Key, error) { return k.client.AmendExpiry(k.call.Context(), id, 0, to) })
}

// Rotate makes a successor.
func (k *Keys) Rotate(id string, r api.RotateKey) (api.Key, error) {
	return k.act(id, func() (api.Key, error) { return k.client.RotateKey(k.call.Context(), id, r) })
}

// Pause suspends one; the zero time is until it is resumed.
func (k *Keys) Pause(id string, until time.Time) (api.Key, error) {
	return k.act(id, func() (api.Key, error) { return k.client.PauseKey(k.call.Context(), id, until) })
}

// Revoke ends one for good.
func (k *Keys) Revoke(id, reason string) (api.Key, error) {
	return k.act(id, func() (api.Key, error) { return k.client.RevokeKey(k.call.Context(), id, reason) })
}

// Delete removes one.
func (k *Keys) Delete(id string) error {
	_, err := k.act(id, func() (api.Key, error) { return api.Key{}, k.client.DeleteKey(k.call.Context(), id) })
	return err
}

// Client is the management API itself, for what is not about the caller's keys.
func (k *Keys) Client() *client.Client { return k.client }

// Fault turns a refusal of the management API into one of the system's own.
func (k *Keys) Fault(err error) error { return k.fault(err) }

func (k *Keys) act(id string, do func() (api.Key, error)) (api.Key, error) {
	if _, err := k.Find(id); err != nil {
		return api.Key{}, err
	}
	done, err := do()
	return done, k.fault(err)
}

func (k *Keys) fault(err error) error {
	var refused *client.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &refused):
		return err
	case errors.Is(err, keywright.NotFound):
		return NoSuch("key")
	case refused.Status == int(Crowded):
		return Fault{Kind: Crowded, Text: "Too many registrations from your address: try again later."}
	}
	switch refused.Kind() {
	case keywright.Invalid:
		field := refused.Field
		if own, ok := k.names[field]; ok {
			field = own
		}
		return Wrong(field, strings.TrimPrefix(refused.Detail, refused.Field+": "))
	case keywright.Conflict:
		return Fault{Kind: Full, Text: sentence(refused.Detail)}
	case keywright.Forbidden:
		return Fault{Kind: Forbidden, Text: sentence(refused.Detail)}
	case keywright.Unavailable:
		return fault(Away)
	default:
		return err
	}
}

// sentence begins in a capital and ends in a full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}

// Address is the client's own, as the gateway saw it; without a gateway, the peer's.
func (c *Call) Address() string {
	said := c.Header.Get("X-Forwarded-For")
	if said == "" {
		said = c.RemoteAddr
	}
	if a, ok := gate.ParseAddress(strings.TrimSpace(said)); ok {
		return a.String()
	}
	return ""
}
