package console

import (
	"context"
	"crypto/rand"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/oidc"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
)

// Options of New: one site.
type Options struct {
	Name      string // the provider's, or "Keywright" for the operators' own site
	Accent    string // a CSS colour in #rrggbb; "" is Keywright's
	Logo      []byte // an SVG; nil shows the first letter of the name on the accent's colour
	Docs      string // the path of the documentation's first page; "" where there is none
	Base      string // where the API is called
	Try       string // the path of a GET that tells whether a key works, for the sample; "" is /
	First     string // a first call for the sample instead, with the variables in it; "" is a GET of Try
	CA        string // the file of the API's own certificate authority, for the sample; "" for the public ones
	Variable  string // the environment variable that the docs put the key in
	People    *people.Service
	Providers *oidc.Providers      // nil: none
	Self      *selfservice.Service // nil on the operators' site: no keys' pages there yet
	Schemes   []*scheme.Scheme     // of the site, the first is the API's own; for formats, words and samples
	Register  string               // the path of the public registration page, such as /mica-register; "" is none
	Words     Words                // what this provider calls things
	// Desk is the management API, on the operators' own site: their pages call it with
	// the cookie of whoever is there, so that a page can do nothing that a script
	// cannot. nil: there are no such pages.
	Desk   http.Handler
	NoPass bool // passwords are off
	Clock  func() time.Time
	View   func(*http.Request) scheme.View
	// Origin returns the site's own origin as the browser has it, such as
	// https://docs.example.com:8443: from the request's host, which the site owns.
	Origin func(*http.Request) string
	// Tenant names the tenant of an invitation; nil leaves it unnamed.
	Tenant func(ctx context.Context, id keywright.TenantID) (keywright.Tenant, error)
	// Setup checks the one-use set-up token, runs act in the name of whoever holds
	// it, and uses the token up if act succeeds. nil: there is nothing to set up
	// here. Errors: people.ErrSignIn for any wrong token, people.Throttled, act's own.
	Setup func(ctx context.Context, token keywright.Credential, act func(by keywright.Actor) error) error
	Log   *slog.Logger
}

// Words are what a provider calls things; "" is what Keywright calls them.
type Words struct {
	Keys   string // the page of keys, such as "API keys"
	Create string // its button, such as "Create key"
	Token  string // the button of the developers' page; "" is Create
}

const root = "/account"

// Handles reports whether a path is one of the pages that New answers.
func (o *Options) Handles(path string) bool {
	return path == root || strings.HasPrefix(path, root+"/") || (o.Register != "" && path == o.Register)
}

// New returns the handler of /account/… and of the registration page.
func New(o Options) http.Handler {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &site{Options: o, mux: http.NewServeMux(), crossOrigin: http.NewCrossOriginProtection(), used: newUsed()}
	s.assets = newAssets(&o)
	s.pages = parsePages(s)
	s.routes()
	return s
}

// site is the handler that New returns.
type site struct {
	Options
	mux         *http.ServeMux
	acts        []Act
	patterns    []string // of all pages and forms, as they are bound
	crossOrigin *http.CrossOriginProtection
	assets      assets
	pages       map[string]*template.Template
	used        *used
}

// Act is one form of the pages: what it asks for, and the operation of the REST API
// that does the same.
type Act struct {
	Pattern   string
	Operation string // its id; "" for a ceremony
	Ceremony  string // why a person's browser alone does it; "" for an operation
}

// routes names every page. Whoever reads this list has seen all that there is.
func (s *site) routes() {
	s.entryRoutes()
	s.accountRoutes()
	switch {
	case s.Self != nil:
		s.portalRoutes()
	case s.Desk != nil:
		s.deskRoutes()
	}
	if s.Register != "" && s.Self != nil {
		s.open("GET "+s.Register, (*visit).registerPage)
		s.bind(Act{Pattern: "POST " + s.Register, Operation: api.OpRegister}, s.open, (*visit).register)
	}
	s.mux.HandleFunc("GET /account/assets/{name}", s.assets.serve)
	s.mux.Handle("GET /account/{$}", http.RedirectHandler(root, http.StatusPermanentRedirect))
	s.open("/", (*visit).nowhere)
}

// entryRoutes are for people who are not signed in yet.
func (s *site) entryRoutes() {
	s.open("GET /account/sign-in", (*visit).signInPage)
	s.ceremony(s.open, "POST /account/sign-in", "a session is a browser's", (*visit).signIn)
	s.open("GET /account/sign-in/{provider}", (*visit).beginProvider)
	s.open("GET /account/callback/{provider}", (*visit).finishProvider)
	s.ceremony(s.open, "POST /account/sign-out", "a session is a browser's", (*visit).signOut)
	s.ceremony(s.open, "POST /account/passkey/begin", "a passkey is a browser's", (*visit).beginPasskeySignIn)
	s.ceremony(s.open, "POST /account/passkey/finish", "a passkey is a browser's", (*visit).finishPasskeySignIn)
	s.open("GET /account/invitation", (*visit).invitationPage)
	s.ceremony(s.open, "POST /account/invitation", "it begins a session", (*visit).acceptInvitation)
	s.ceremony(s.open, "POST /account/invitation/as", "it begins a session", (*visit).acceptInvitationAs)
	s.open("GET /account/proof", (*visit).proofPage)
	s.ceremony(s.open, "POST /account/proof", "it asks who sits there", (*visit).prove)
	if s.Setup != nil {
		s.open("GET /account/setup", (*visit).setupPage)
		s.ceremony(s.open, "POST /account/setup", "it makes the first operator, who has nothing to call with", (*visit).setup)
	}
}

// accountRoutes are a person's own, on every site.
func (s *site) accountRoutes() {
	s.member("GET /account", (*visit).home)
	s.member("GET /account/search", (*visit).searchPage)
	s.member("GET /account/settings", (*visit).settingsPage)
	s.act("POST /account/settings/name", api.OpAmendMe, (*visit).rename)
	s.member("GET /account/sessions", (*visit).sessionsPage)
	s.act("POST /account/sessions/end", api.OpEndSession, (*visit).endSession)
	s.act("POST /account/sessions/end-others", api.OpEndSession, (*visit).endOtherSessions)
	s.member("GET /account/passkeys", (*visit).passkeysPage)
	s.ceremony(s.member, "POST /account/passkeys/begin", "a passkey is a browser's", (*visit).beginPasskey)
	s.ceremony(s.member, "POST /account/passkeys/add", "a passkey is a browser's", (*visit).addPasskey)
	s.act("POST /account/passkeys/remove", api.OpRemovePasskey, (*visit).removePasskey)
	s.member("GET /account/password", (*visit).passwordPage)
	s.act("POST /account/password", api.OpSetPassword, (*visit).setPassword)
	invite, withdraw, amend, remove := api.OpInviteOwn, api.OpWithdrawOwn, api.OpAmendOwnMember, api.OpRemoveOwnMember
	if s.Self == nil {
		invite, withdraw, amend, remove = api.OpInvite, api.OpWithdrawInvitation, api.OpAmendMember, api.OpRemoveMember
	}
	s.member("GET /account/members", (*visit).membersPage)
	s.act("POST /account/members/role", amend, (*visit).amendMember)
	s.member("GET /account/members/remove", (*visit).removeMemberPage)
	s.act("POST /account/members/remove", remove, (*visit).removeMember)
	s.act("POST /account/invitations", invite, (*visit).invite)
	s.act("POST /account/invitations/withdraw", withdraw, (*visit).withdraw)
}

// portalRoutes are the customers': their keys, and what the keys open.
func (s *site) portalRoutes() {
	s.member("GET /account/keys", (*visit).keysOrPair)
	s.member("GET /account/settings/api", (*visit).keysOrPair)
	if s.pairScheme() != nil {
		s.pairRoutes()
	}
	s.member("GET /account/developer", (*visit).developerPage)
	s.member("GET /account/keys/new", (*visit).newKeyPage)
	s.act("POST /account/keys/new", api.OpCreateOwnKey, (*visit).createKey)
	s.member("GET /account/access", (*visit).accessPage)
	s.act("POST /account/access", api.OpRequestAccess, (*visit).askAccess)
	s.member("GET /account/services", (*visit).servicesPage)
	s.member("GET /account/services/off", (*visit).servicesOffPage)
	s.act("POST /account/services", api.OpAmendOwnTenant, (*visit).switchService)
	s.member("GET /account/keys/{id}", (*visit).keyPage)
	s.act("POST /account/keys/{id}/amend", api.OpAmendOwnKey, (*visit).amendKey)
	s.member("GET /account/keys/{id}/{act}", (*visit).keyActPage)
	s.act("POST /account/keys/{id}/rotate", api.OpRotateOwnKey, (*visit).rotateKey)
	s.act("POST /account/keys/{id}/overlap", api.OpOverlapOwnKey, (*visit).overlapKey)
	s.act("POST /account/keys/{id}/pause", api.OpPauseOwnKey, (*visit).pauseKey)
	s.act("POST /account/keys/{id}/resume", api.OpResumeOwnKey, (*visit).resumeKey)
	s.act("POST /account/keys/{id}/revoke", api.OpRevokeOwnKey, (*visit).revokeKey)
	s.act("POST /account/keys/{id}/delete", api.OpDeleteOwnKey, (*visit).deleteKey)
	s.act("POST /account/keys/{id}/reveal", api.OpRevealOwnKey, (*visit).revealKey)
}

// ServeHTTP puts on every answer what it must carry, and refuses what another
// site's page sends.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	armour(w.Header())
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			s.Log.ErrorContext(r.Context(), "console: a page failed", slog.String("path", r.URL.Path), slog.String("stack", string(debug.Stack())))
			s.visit(w, r).problem(http.StatusInternalServerError, "Something went wrong", "That is a fault of ours, and it has been noted. Try again in a moment.")
		}
	}()
	if err := s.fromElsewhere(r); err != nil {
		s.visit(w, r).problem(http.StatusForbidden, "This came from another site", "A page that is not one of ours sent this request, so nothing was done. Open the page here and try again.")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	s.mux.ServeHTTP(w, r)
}

const maxBody = 64 << 10

// fromElsewhere refuses what another origin's page sent. Behind a proxy that hides
// the host, the site's configured origin counts.
func (s *site) fromElsewhere(r *http.Request) error {
	err := s.crossOrigin.Check(r)
	if err != nil && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == s.Origin(r) {
		return nil
	}
	return err
}

// policy is the Content-Security-Policy of every page: everything comes from the
// site itself, nothing is inline, nobody frames it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"

func armour(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	// Not no-referrer: with that, a browser says "Origin: null" in our own forms.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self), publickey-credentials-create=(self)")
	h.Set("Cache-Control", "no-store")
}

// open serves a page to anybody; member only to who is signed in.
func (s *site) open(pattern string, do func(*visit) error) {
	s.patterns = append(s.patterns, pattern)
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(w, r)
		if err := v.recognise(); err != nil {
			v.fail(err)
			return
		}
		v.fail(do(v))
	})
}

func (s *site) member(pattern string, do func(*visit) error) {
	s.open(pattern, func(v *visit) error {
		if v.who == nil {
			return v.redirect(signInPath + "?next=" + escape(v.here()))
		}
		if v.provesFirst() {
			return v.redirect(proofPath + "?next=" + escape(v.here()))
		}
		return do(v)
	})
}

// bind serves a form, and enters it in the table of acts.
func (s *site) bind(a Act, serve func(string, func(*visit) error), do func(*visit) error) {
	s.acts = append(s.acts, a)
	serve(a.Pattern, do)
}

// act serves a form that does something, to who is signed in.
func (s *site) act(pattern, operation string, do func(*visit) error) {
	s.bind(Act{Pattern: pattern, Operation: operation}, s.member, do)
}

// ceremony serves a form that only a person's own browser can send.
func (s *site) ceremony(serve func(string, func(*visit) error), pattern, why string, do func(*visit) error) {
	s.bind(Act{Pattern: pattern, Ceremony: why}, serve, do)
}

// visit begins a visit to a page.
func (s *site) visit(w http.ResponseWriter, r *http.Request) *visit {
	id := "req_" + rand.Text()[:16]
	w.Header().Set("X-Request-Id", id)
	view := s.View(r)
	return &visit{
		site: s, w: w, r: r.WithContext(selfservice.WithRequestID(r.Context(), id)),
		from: people.From{Address: view.Address, Agent: r.UserAgent(), RequestID: id, Site: gate.HostName(r.Host)},
	}
}
