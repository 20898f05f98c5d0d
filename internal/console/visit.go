package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/selfservice"
	"github.com/keywright/keywright/people"
)

const (
	signInPath     = root + "/sign-in"
	proofPath      = root + "/proof"
	invitationPath = root + "/invitation"
	keysPath       = root + "/keys"
)

// visit is one request to one page.
type visit struct {
	*site
	w      http.ResponseWriter
	r      *http.Request
	from   people.From
	who    *selfservice.Caller // nil: nobody is signed in
	sheet  *sheet              // the page's list, where it is asked for as a file
	tenant string              // the tenant that was chosen, which links take along; "" where there is no choice
}

func (v *visit) ctx() context.Context { return v.r.Context() }

func (v *visit) now() time.Time { return v.Clock().UTC() }

// recognise finds out who is there. That nobody is, is no error.
func (v *visit) recognise() error {
	token, ok := cookie(v.r, selfservice.SessionCookie)
	if !ok {
		return nil
	}
	var who selfservice.Caller
	var err error
	if v.Self != nil {
		who, err = v.Self.Recognise(withoutAuthorization(v.r), v.r.FormValue("tenant"))
	} else {
		who, err = v.operator(token)
	}
	switch {
	case errors.Is(err, people.ErrSignIn):
		return nil
	case err != nil:
		return err
	}
	v.who = &who
	if len(who.Tenants) > 1 {
		v.tenant = string(who.Tenant.ID)
	}
	return nil
}

// withoutAuthorization leaves the cookie alone to say who is there: a page takes no tokens.
func withoutAuthorization(r *http.Request) *http.Request {
	bare := r.Clone(r.Context())
	bare.Header.Del("Authorization")
	return bare
}

// operator recognises a person on the operators' own site.
func (v *visit) operator(token keywright.Credential) (selfservice.Caller, error) {
	in, err := v.People.Session(v.ctx(), token, v.from)
	if err != nil {
		return selfservice.Caller{}, err
	}
	who := selfservice.Caller{Person: in.Person, Session: in.Session, Actor: v.actor(&in.Person)}
	for _, m := range in.Members {
		if m.Tenant == keywright.OperatorTenant {
			who.Members, who.Role = []people.Member{m}, m.Role
			who.Tenant = keywright.Tenant{ID: keywright.OperatorTenant, Name: "Operators"}
			who.Tenants = []keywright.Tenant{who.Tenant}
		}
	}
	return who, nil
}

func (v *visit) actor(p *people.Person) keywright.Actor {
	a := keywright.Actor{ID: string(p.ID), Name: p.Name, RequestID: v.from.RequestID}
	if a.Name == "" {
		a.Name = p.Email
	}
	if v.from.Address.IsValid() {
		a.Address = v.from.Address.Unmap().String()
	}
	return a
}

// provesFirst reports whether an operator who has a passkey of this site came in
// without it. What cannot be looked up is asked for.
func (v *visit) provesFirst() bool {
	if v.Self != nil || v.who == nil || v.who.Role == "" || v.who.Person.Passkeys == 0 || v.who.Session.Method == "passkey" {
		return false
	}
	here, err := v.People.Passkeys(v.ctx(), v.who.Person.ID, v.party().ID)
	return err != nil || len(here) > 0
}

// cookie returns the value of a cookie that is there once.
func cookie(r *http.Request, name string) (keywright.Credential, bool) {
	all := r.CookiesNamed(name)
	if len(all) != 1 || all[0].Value == "" {
		return keywright.Credential{}, false
	}
	return keywright.NewCredential("", all[0].Value), true
}

// setCookie keeps a value in this browser, for this host alone. Zero seconds keep
// it until the browser is closed, fewer delete it.
func (v *visit) setCookie(name, value string, seconds int) {
	http.SetCookie(v.w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// enter keeps a session that was just started or renewed, and forgets the one that
// was there before.
func (v *visit) enter(in people.Signed, to string) error {
	old, had := cookie(v.r, selfservice.SessionCookie)
	if had && (v.who == nil || v.who.Session.ID != in.Session.ID) {
		if err := v.People.SignOut(v.ctx(), old, v.from); err != nil {
			return err
		}
	}
	v.keep(in.Token)
	return v.redirect(to)
}

// keep puts a session's new token into the cookie.
func (v *visit) keep(token keywright.Credential) {
	if !token.IsZero() {
		_, secret := token.Reveal()
		v.setCookie(selfservice.SessionCookie, secret, 0)
	}
}

func (v *visit) redirect(to string) error {
	v.w.Header().Set("Location", to)
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// link spells a path of ours with the tenant that was chosen.
func (v *visit) link(path string) string {
	if v.tenant == "" {
		return path
	}
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return path + sep + "tenant=" + escape(v.tenant)
}

func escape(text string) string { return url.QueryEscape(text) }

// here is where a person comes back to after signing in: this page, or the section
// of what cannot be repeated.
func (v *visit) here() string {
	if v.r.Method == http.MethodGet || v.r.Method == http.MethodHead {
		return v.r.URL.RequestURI()
	}
	parts := strings.SplitN(strings.TrimPrefix(v.r.URL.Path, root+"/"), "/", 2)
	return root + "/" + parts[0]
}

// next is where a form wants to go afterwards, if that is a page of this site.
func (v *visit) next() string {
	if to := v.r.FormValue("next"); local(to) {
		return to
	}
	return root
}

const maxNext = 1024

// local reports whether an address is an absolute path of this site, however a
// browser reads it: they take \ for /, and skip control characters.
func local(to string) bool {
	if !strings.HasPrefix(to, "/") || len(to) > maxNext || strings.Contains(to, `\`) || strings.HasPrefix(to, "//") {
		return false
	}
	if strings.ContainsFunc(to, func(c rune) bool { return c <= ' ' || c == 0x7f || c >= 0x80 }) {
		return false
	}
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return false
	}
	return !slices.Contains(strings.Split(u.Path, "/"), "..")
}

// fail answers an error as a page of its own.
func (v *visit) fail(err error) {
	var e *keywright.Error
	switch {
	case err == nil:
		return
	case errors.Is(err, people.ProofNeeded):
		_ = v.redirect(proofPath + "?next=" + escape(v.here())) // never fails
		return
	case errors.Is(err, people.ErrSignIn):
		_ = v.redirect(signInPath + "?next=" + escape(v.here()))
		return
	case !errors.As(err, &e):
		e = &keywright.Error{Kind: keywright.Internal}
	}
	status, title := v.status(err)
	detail := sentence(e.Detail)
	if status >= http.StatusInternalServerError {
		v.Log.ErrorContext(v.ctx(), "console: a page failed", "path", v.r.URL.Path, "request_id", v.from.RequestID, "error", err.Error())
		detail = "It has been noted. Try again in a moment; if it stays like this, tell " + v.Name + " the code " + v.from.RequestID + "."
	}
	v.problem(status, title, detail)
}

// status says what an error is in HTTP, and what its page is called. It adds when to
// come back to a 429.
func (v *visit) status(err error) (int, string) {
	switch keywright.KindOf(err) {
	case keywright.NotFound:
		return http.StatusNotFound, "There is no such thing here"
	case keywright.Conflict:
		return http.StatusConflict, "That cannot be done as things are"
	case keywright.Invalid:
		return http.StatusUnprocessableEntity, "Something is not right yet"
	case keywright.Forbidden, people.ErrSignIn:
		return http.StatusForbidden, "You may not do that"
	case keywright.Precondition:
		return http.StatusPreconditionFailed, "It was changed meanwhile"
	case people.Throttled:
		wait := time.Minute
		var room interface{ RetryAfter() time.Duration }
		if errors.As(err, &room) {
			wait = max(wait/60, room.RetryAfter())
		}
		v.w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		return http.StatusTooManyRequests, "Too often in a short time"
	case keywright.Unavailable:
		v.w.Header().Set("Retry-After", "5")
		return http.StatusServiceUnavailable, "This does not work right now"
	default:
		return http.StatusInternalServerError, "Something went wrong"
	}
}

// sentence makes a detail fit to stand by itself.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "?") {
		text += "."
	}
	return text
}

// nowhere answers what is no page, or no method of one.
func (v *visit) nowhere() error {
	v.problem(http.StatusNotFound, "There is no such page", "The address may be mistyped, or the page may have moved.")
	return nil
}
