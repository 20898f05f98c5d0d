package cli

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/cli/profile"
	"github.com/keywright/keywright/internal/cli/signin"
)

// records and lives are what customers and operators do alike to a key.
type records interface {
	Key(ctx context.Context, id string) (api.Key, error)
	AmendKey(ctx context.Context, id string, ifVersion uint64, change api.AmendKey) (api.Key, error)
	AmendExpiry(ctx context.Context, id string, ifVersion uint64, to time.Time) (api.Key, error)
	DeleteKey(ctx context.Context, id string) error
}

type lives interface {
	RotateKeyOnce(ctx context.Context, idempotencyKey, id string, r api.RotateKey) (api.Key, error)
	OverlapKey(ctx context.Context, id string, until time.Time) (api.Key, error)
	PauseKey(ctx context.Context, id string, until time.Time) (api.Key, error)
	ResumeKey(ctx context.Context, id string) (api.Key, error)
	RevokeKey(ctx context.Context, id, reason string) (api.Key, error)
}

// hand is whoever acts on keys: an operator, a member of a tenant by a login, or a key
// that speaks for itself.
type hand struct {
	records
	lives
	operator *client.Client
	member   *client.Self
	own      *ownKey
	at       chosen
}

// hold makes the hand that flags, environment and profile describe.
func (a *app) hold(cmd *cobra.Command, tenant string) (hand, error) {
	c, err := a.choose()
	if err != nil {
		return hand{}, err
	}
	switch given := a.keyGiven(); {
	case !given && c.Kind == profile.Key && c.Site:
		return a.asKey(c)
	case given || c.Kind != profile.Login:
		o, err := a.client(cmd)
		return hand{records: o, lives: o, operator: o}, err
	}
	me, err := a.selfAt(c, tenant)
	return hand{records: me, lives: me, member: me, at: c}, err
}

// keyGiven reports whether flag or environment give an operator key.
func (a *app) keyGiven() bool {
	return a.keyFile != "" || (a.profile == "" && (os.Getenv("KEYWRIGHT_KEY") != "" || os.Getenv("KEYWRIGHT_KEY_FILE") != ""))
}

// callHand makes the hand and gives it to a command.
func (a *app) callHand(run func(ctx context.Context, cmd *cobra.Command, h hand, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		h, err := a.hold(cmd, a.tenant)
		if err != nil {
			return err
		}
		return h.over(run(cmd.Context(), cmd, h, args))
	}
}

// over says what to do when a site no longer takes a login.
func (h hand) over(err error) error {
	var answered *client.Error
	if h.member != nil && errors.As(err, &answered) && answered.Status == http.StatusUnauthorized {
		return h.at.over()
	}
	return err
}

func (c *chosen) over() error {
	return &coded{code: ExitForbidden, text: "your login to " + clean(called(c.Title, c.Server)) + " has ended: run keywright login --server " + c.Server + " --profile " + c.name}
}

// selfAt is the client of a login, for one tenant or for the person's first.
func (a *app) selfAt(c chosen, tenant string) (*client.Self, error) {
	if one := a.given(); one != "" && !sameSite(one, c.Server) {
		return nil, usage("the profile " + c.name + " is for " + c.Server + ", not for " + clean(one) + ": log in there, or name another profile")
	}
	source := a.source(c)
	return a.self(c.Base, tenant, source)
}

// source returns a token to present; renew says that the last one was not taken.
type source func(ctx context.Context, renew bool) (keywright.Credential, error)

func (a *app) self(base, tenant string, token source) (*client.Self, error) {
	o, err := a.options()
	if err != nil {
		return nil, err
	}
	o.HTTP.Transport = &renewing{next: o.HTTP.Transport, token: token}
	s, err := client.NewSelf(base, func(ctx context.Context) (keywright.Credential, error) { return token(ctx, false) }, o)
	if err == nil && tenant != "" {
		s = s.For(tenant)
	}
	return s, err
}

func (a *app) options() (client.Options, error) {
	h, err := a.brief()
	return client.Options{HTTP: h, PlainHTTP: a.insecure, UserAgent: userAgent}, err
}

// renewing sends a request that was answered 401 once more, with a token renewed
// meanwhile: a site's clock may run ahead of ours. What was answered so was not done.
type renewing struct {
	next  http.RoundTripper
	token source
}

// RoundTrip implements http.RoundTripper.
func (t *renewing) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.next.RoundTrip(r)
	if err != nil || answer.StatusCode != http.StatusUnauthorized || (r.Body != nil && r.GetBody == nil) {
		return answer, err
	}
	token, err := t.token(r.Context(), true)
	var over *coded
	if errors.As(err, &over) {
		return answer, nil // the login has ended: the first answer stands
	}
	if err != nil {
		_ = answer.Body.Close()
		return nil, err
	}
	again := r.Clone(r.Context())
	if r.GetBody != nil {
		if again.Body, err = r.GetBody(); err != nil {
			return answer, nil //nolint:nilerr // the first answer stands
		}
	}
	_ = answer.Body.Close()
	_, secret := token.Reveal()
	again.Header.Set("Authorization", "Bearer "+secret)
	return t.next.RoundTrip(again)
}

func sameSite(a, b string) bool {
	a, err := siteAddress(a)
	return err == nil && strings.EqualFold(a, b)
}

// slack is how long before its end a token is renewed: it must last for the call.
const slack = 30 * time.Second

// source returns a login's access token, renewed where it is over or was not taken.
func (a *app) source(c chosen) source {
	return a.sourceBy(c, func(ctx context.Context, tx *profile.Tx, s profile.Secret) (keywright.Credential, error) {
		return a.renew(ctx, tx, c.name, s)
	})
}

// sourceBy is source with a way to renew.
func (a *app) sourceBy(c chosen, renewal func(context.Context, *profile.Tx, profile.Secret) (keywright.Credential, error)) source {
	return func(ctx context.Context, renew bool) (keywright.Credential, error) {
		was, err := c.store.Secret(c.set, c.name)
		if err != nil {
			return keywright.Credential{}, a.ended(c, err)
		}
		if a.good(was) && !renew {
			return was.Access, nil
		}
		var out keywright.Credential
		err = c.store.Update(func(tx *profile.Tx) error {
			now, err := tx.Secret(c.name)
			if err != nil {
				return err
			}
			// Another run may have renewed it while this one waited: to use a refresh
			// token twice would end the login.
			if a.good(now) && (!renew || !same(now.Access, was.Access)) {
				out = now.Access
				return nil
			}
			out, err = renewal(ctx, tx, now)
			return err
		})
		return out, a.ended(c, err)
	}
}

func same(a, b keywright.Credential) bool {
	_, x := a.Reveal()
	_, y := b.Reveal()
	return x == y
}

// good reports whether a token can be presented.
func (a *app) good(s profile.Secret) bool {
	_, access := s.Access.Reveal()
	return access != "" && (s.Expires.IsZero() || a.now().Add(slack).Before(s.Expires))
}

func (a *app) renew(ctx context.Context, tx *profile.Tx, name string, s profile.Secret) (keywright.Credential, error) {
	p := tx.Profiles[name]
	o, err := a.signing(&p)
	if err != nil {
		return keywright.Credential{}, err
	}
	t, err := signin.Renew(ctx, o, s.Refresh)
	if err != nil {
		return keywright.Credential{}, err
	}
	return t.Access, tx.Put(name, &p, profile.Secret{Access: t.Access, Refresh: t.Refresh, Expires: t.Expires})
}

// ended says what to do about a login that is over.
func (a *app) ended(c chosen, err error) error {
	if errors.Is(err, signin.ErrEnded) || errors.Is(err, keywright.NotFound) {
		return c.over()
	}
	return err
}
