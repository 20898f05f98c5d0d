package signin

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/keywright/keywright"
)

// ErrNoDevice says that a provider has no device flow.
var ErrNoDevice = errors.New("the identity provider has no device login")

// Device logs in with a code that the person types in on another machine (RFC 8628).
// It returns ErrNoDevice if the provider does not offer that.
func Device(ctx context.Context, o Options) (Tokens, error) {
	p, ctx, err := find(ctx, o)
	if err != nil {
		return Tokens{}, err
	}
	return p.device(ctx)
}

// Headless logs in where there is no browser: with a code if the provider can, else
// with an address that has to be opened in a browser of this machine.
func Headless(ctx context.Context, o Options) (Tokens, error) {
	p, ctx, err := find(ctx, o)
	if err != nil {
		return Tokens{}, err
	}
	if p.config.Endpoint.DeviceAuthURL == "" {
		p.o.Open = nil
		return p.browser(ctx)
	}
	return p.device(ctx)
}

func (p *provider) device(ctx context.Context) (Tokens, error) {
	if p.config.Endpoint.DeviceAuthURL == "" {
		return Tokens{}, ErrNoDevice
	}
	begun, err := p.config.DeviceAuth(ctx, p.deviceOptions()...)
	if err != nil {
		return Tokens{}, failed(ctx, err)
	}
	if err := p.bound(begun); err != nil {
		return Tokens{}, err
	}
	p.tell(begun)
	token, err := p.poll(ctx, begun)
	if err != nil {
		return Tokens{}, err
	}
	return p.taken(ctx, token, "")
}

func (p *provider) deviceOptions() []oauth2.AuthCodeOption {
	o := p.o.resource()
	if p.o.offline() {
		o = append(o, oauth2.SetAuthURLParam("prompt", "consent"))
	}
	return o
}

// bound keeps what a provider says within reason.
func (p *provider) bound(d *oauth2.DeviceAuthResponse) error {
	u, err := url.Parse(d.VerificationURI)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || d.DeviceCode == "" || d.UserCode == "" {
		return &keywright.Error{Kind: keywright.Unavailable, Detail: "the identity provider's answer to a device login cannot be used"}
	}
	const longest = 30 * time.Minute
	if end := time.Now().Add(longest); d.Expiry.IsZero() || d.Expiry.After(end) {
		d.Expiry = end
	}
	d.Interval = min(max(d.Interval, 0), 60) // 0 is the library's 5 seconds
	return nil
}

func (p *provider) tell(d *oauth2.DeviceAuthResponse) {
	fmt.Fprintf(p.o.Words, "To log in to %s, open this address on any device:\n\n  %s\n\nand enter this code:\n\n  %s\n\n", printable(p.o.Site), visible(d.VerificationURI), visible(d.UserCode))
	if d.VerificationURIComplete != "" && d.VerificationURIComplete != d.VerificationURI {
		fmt.Fprintf(p.o.Words, "(Or open %s, where it is filled in.)\n", visible(d.VerificationURIComplete))
	}
	fmt.Fprintf(p.o.Words, "Only enter a code that you have asked for yourself. It is good for %s. Waiting … (Ctrl-C gives up)\n", minutes(time.Until(d.Expiry).Round(time.Second)))
}

// poll asks until the person is done, refuses, or the code's time is over. A lost
// connection is no answer, so it goes on.
func (p *provider) poll(ctx context.Context, d *oauth2.DeviceAuthResponse) (*oauth2.Token, error) {
	for {
		token, err := p.config.DeviceAccessToken(ctx, d, p.o.resource()...)
		var answered *oauth2.RetrieveError
		switch {
		case err == nil:
			return token, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !time.Now().Before(d.Expiry):
			return nil, refusedFor("expired_token", "")
		case errors.As(err, &answered):
			return nil, failed(ctx, err)
		}
		d.Interval = min(max(d.Interval, 5)+5, 60)
	}
}
