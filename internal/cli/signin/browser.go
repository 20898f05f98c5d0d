package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/keywright/keywright"
)

const callbackPath = "/callback"

// Browser logs in with a browser on this machine: authorization code, PKCE, and a
// port of the loopback interface that the answer comes back to (RFC 8252).
func Browser(ctx context.Context, o Options) (Tokens, error) {
	p, ctx, err := find(ctx, o)
	if err != nil {
		return Tokens{}, err
	}
	return p.browser(ctx)
}

func (p *provider) browser(ctx context.Context) (Tokens, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return Tokens{}, &keywright.Error{Kind: keywright.Unavailable, Detail: "no port of this machine can be listened on", Cause: err}
	}
	b := &browser{p: p, host: listener.Addr().String(), state: random(), nonce: random(), verifier: oauth2.GenerateVerifier(), done: make(chan outcome, 1)}
	p.config.RedirectURL = "http://" + b.host + callbackPath
	server := &http.Server{Handler: b, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, MaxHeaderBytes: 32 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	server.SetKeepAlivesEnabled(false)
	go func() { _ = server.Serve(listener) }()
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second) // the last page is on its way
		defer cancel()
		_ = server.Shutdown(end)
	}()
	p.invite(ctx, b.address())
	return b.wait(ctx)
}

// browser is one login under way.
type browser struct {
	p                            *provider
	host, state, nonce, verifier string
	once                         sync.Mutex
	over                         bool
	done                         chan outcome
}

type outcome struct {
	tokens Tokens
	err    error
}

func (b *browser) address() string {
	o := append(b.p.o.resource(), oauth2.S256ChallengeOption(b.verifier), oidc.Nonce(b.nonce))
	if b.p.o.offline() {
		o = append(o, oauth2.SetAuthURLParam("prompt", "consent"))
	}
	return b.p.config.AuthCodeURL(b.state, o...)
}

// invite opens the browser, and prints the address for whom it did not open.
func (p *provider) invite(ctx context.Context, address string) {
	opened := p.o.Open != nil && p.o.Open(ctx, address) == nil
	if opened {
		fmt.Fprintf(p.o.Words, "Your browser should open to log in to %s. If it does not, open this address in it:\n\n  %s\n\n", printable(p.o.Site), visible(address))
	} else {
		fmt.Fprintf(p.o.Words, "To log in to %s, open this address in a browser on this machine:\n\n  %s\n\n", printable(p.o.Site), visible(address))
	}
	fmt.Fprintln(p.o.Words, "Waiting for you there … (Ctrl-C gives up)")
}

func (b *browser) wait(ctx context.Context) (Tokens, error) {
	most := b.p.o.Wait
	if most == 0 {
		most = 5 * time.Minute
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case out := <-b.done:
		return out.tokens, out.err
	case <-ctx.Done():
		return Tokens{}, ctx.Err()
	case <-timer.C:
		text := "nobody came back from the browser within " + minutes(most) + ": run the command again"
		if b.p.config.Endpoint.DeviceAuthURL != "" {
			text += ", or with --device to log in from another machine"
		}
		return Tokens{}, refused(text)
	}
}

func minutes(d time.Duration) string {
	switch {
	case d == time.Minute:
		return "1 minute"
	case d > time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return fmt.Sprintf("%d seconds", d/time.Second)
}

// ServeHTTP takes the provider's answer from the browser. What is not that answer
// (another site's guess, a second tab) changes nothing.
func (b *browser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Host != b.host || r.Method != http.MethodGet || r.URL.Path != callbackPath {
		b.page(w, http.StatusNotFound, "There is nothing here", "This address only waits for a login to come back.")
		return
	}
	q := r.URL.Query()
	if len(q["state"]) != 1 || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(b.state)) != 1 {
		b.page(w, http.StatusBadRequest, "This is another login's answer", "Go back to the tab that your command line opened, or run the command again.")
		return
	}
	b.once.Lock()
	defer b.once.Unlock()
	if b.over {
		b.page(w, http.StatusConflict, "This login is over", "You can close this window.")
		return
	}
	b.over = true
	tokens, err := b.finish(r.Context(), q)
	if err != nil {
		b.page(w, http.StatusOK, "You are not logged in", "The command line says why. You can close this window.")
	} else {
		b.page(w, http.StatusOK, "You are logged in", "You can close this window and go back to the command line.")
	}
	b.done <- outcome{tokens, err}
}

// finish checks who answered (RFC 9207) and trades the code for tokens.
func (b *browser) finish(ctx context.Context, q url.Values) (Tokens, error) {
	if from := q["iss"]; (b.p.meta.Names && len(from) == 0) || len(from) > 1 || (len(from) == 1 && from[0] != b.p.o.Issuer) {
		return Tokens{}, refused("the answer came from another identity provider than the one that was asked")
	}
	if code := q.Get("error"); code != "" {
		return Tokens{}, refusedFor(code, q.Get("error_description"))
	}
	if len(q["code"]) != 1 || q.Get("code") == "" {
		return Tokens{}, refused("the identity provider's answer holds no code")
	}
	token, err := b.p.config.Exchange(ctx, q.Get("code"), append(b.p.o.resource(), oauth2.VerifierOption(b.verifier))...)
	if err != nil {
		return Tokens{}, failed(ctx, err)
	}
	return b.p.taken(ctx, token, b.nonce)
}

func random() string {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails: it ends the program rather than return less
	return base64.RawURLEncoding.EncodeToString(raw[:])
}
