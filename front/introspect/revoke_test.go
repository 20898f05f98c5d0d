package introspect_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/front/introspect"
	"github.com/keywright/keywright/keeper"
)

const someJWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1In0.c2ln"

func (w *world) end(token, caller string, more ...string) answer {
	w.t.Helper()
	return w.send("POST", introspect.RevokePath, form(append([]string{"token", token}, more...)...), bearer(caller)...)
}

func (w *world) ended(what string, a answer) {
	w.t.Helper()
	if a.status != 200 || a.text != "" || a.header.Get("Cache-Control") != "no-store" {
		w.t.Errorf("%s: %d %q", what, a.status, a.text)
	}
}

func TestRFC7009AKeyIsRevokedInWhateverState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tenant("abcd1234")
	_, caller := w.caller("abcd1234", "keys:write")
	ctx, by := t.Context(), system()
	active, key := w.issue("abcd1234", "trusset-instance", keywright.Draft{})
	w.ended("active", w.end(key, caller, "token_type_hint", "access_token"))
	w.inactive("at once", w.ask(key))
	w.ended("once more", w.end(key, caller))

	paused, key := w.issue("abcd1234", "keywright", keywright.Draft{})
	_, err := w.Keeper.Pause(ctx, by, paused.ID, time.Time{})
	must(t, err)
	w.ended("paused", w.end(key, caller, "scheme", "keywright"))

	old, key := w.issue("abcd1234", "trusset-instance", keywright.Draft{Name: "old"})
	_, err = w.Keeper.Rotate(ctx, by, old.ID, keeper.RotateRequest{})
	must(t, err)
	w.ended("in its overlap", w.end(key, caller))

	pair, key := w.issue("abcd1234", "trustifi", keywright.Draft{})
	w.ended("a pair", w.end(key, caller))

	expired, key := w.issue("abcd1234", "keywright", keywright.Draft{Expires: w.Clock.Now().Add(time.Hour)})
	w.Clock.Advance(time.Hour)
	w.ended("expired", w.end(key, caller))

	for what, id := range map[string]keywright.KeyID{"active": active.ID, "paused": paused.ID, "retiring": old.ID, "pair": pair.ID, "expired": expired.ID} {
		if got := w.state(id); got != keywright.StateRevoked {
			t.Errorf("%s: it is %s", what, got)
		}
	}
	var last []keywright.Event
	must(t, w.Store.View(ctx, func(r keywright.Reader) (err error) {
		last, err = r.Events(ctx, keywright.EventQuery{Key: active.ID, Act: keywright.KeyRevoked})
		return err
	}))
	if len(last) != 1 || last[0].Actor.ID == "system" || last[0].Actor.Address == "" {
		t.Errorf("the audit trail has %+v", last)
	}
}

func TestRFC7009WhatIsNotTheirsIsAnsweredAlikeAndStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tenant("abcd1234")
	w.tenant("zzzz9999")
	_, caller := w.caller("abcd1234", "keys:write")
	theirs, key := w.issue("zzzz9999", "trusset-instance", keywright.Draft{})
	w.ended("another tenant's", w.end(key, caller))
	w.ended("an operator's", w.end(w.Key, caller))
	w.ended("unknown", w.end(strings.Repeat("x", 30), caller))
	w.ended("cut", w.end(key[:len(key)-1], caller))
	w.ended("under another scheme", w.end(key, w.Key, "scheme", "keywright"))
	if got := w.state(theirs.ID); got != keywright.Active {
		t.Errorf("another tenant's key is %s", got)
	}
	if a := w.ask(key); a.at(t, "active") != true {
		t.Errorf("the operator's key was revoked, or the other's: %d %s", a.status, a.text)
	}
	w.ended("by an operator", w.end(key, w.Key))
	if got := w.state(theirs.ID); got != keywright.StateRevoked {
		t.Errorf("it is %s", got)
	}
}

func TestRFC7009TokensOfOthersAreNotRevokedHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.is("a JWT", w.end(someJWT, w.Key), 400, "unsupported_token_type")
}

func TestWhatCannotBeLookedUpIsNotCalledInactive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tenant("abcd1234")
	_, key := w.issue("abcd1234", "trusset-instance", keywright.Draft{})
	good := w.options
	check := func(what string, change func(*introspect.Options), path string) {
		t.Helper()
		o := good
		change(&o)
		w.at.Config.Handler = introspect.New(o)
		a := w.send("POST", path, form("token", key), bearer(w.Key)...)
		if w.is(what, a, 503, "temporarily_unavailable"); a.header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", what)
		}
	}
	errAway := errors.New("away: secret words")
	check("stale index", func(o *introspect.Options) { o.Index = failing{} }, introspect.IntrospectPath)
	check("stale index, revoke", func(o *introspect.Options) { o.Index = failing{} }, introspect.RevokePath)
	check("no store", func(o *introspect.Options) {
		o.Key = func(context.Context, keywright.KeyID) (keywright.Key, error) { return keywright.Key{}, errAway }
	}, introspect.IntrospectPath)
	check("no keeper", func(o *introspect.Options) {
		o.Revoke = func(context.Context, keywright.Actor, keywright.KeyID) error { return errAway }
	}, introspect.RevokePath)
}

func TestAKeyThatIsDeletedMeanwhileIsLikeAnUnknownOne(t *testing.T) {
	t.Parallel()
	gone := &keywright.Error{Kind: keywright.NotFound}
	w := newWorld(t, func(o *introspect.Options) {
		o.Key = func(context.Context, keywright.KeyID) (keywright.Key, error) { return keywright.Key{}, gone }
		o.Revoke = func(context.Context, keywright.Actor, keywright.KeyID) error { return gone }
	})
	w.tenant("abcd1234")
	_, key := w.issue("abcd1234", "trusset-instance", keywright.Draft{})
	w.inactive("introspected", w.ask(key))
	w.ended("revoked", w.end(key, w.Key))
}

type failing struct{}

func (failing) Verify(time.Time, keywright.Digest, *keywright.Need) keywright.Decision {
	return keywright.Decision{Reason: keywright.Failure}
}

// tokens knows one JWT, of one tenant.
type tokens struct {
	decision keywright.Decision
	plan     bool // every scheme but truestamp asks for another plan
	asked    *[]keywright.Need
}

func (f tokens) VerifyToken(_ time.Time, token string, n *keywright.Need) keywright.Decision {
	*f.asked = append(*f.asked, *n)
	if token != someJWT || (n.Tenant != "" && n.Tenant != f.decision.Tenant.ID) {
		return keywright.Decision{Reason: keywright.Unknown}
	}
	if f.plan && n.Scheme != "truestamp" {
		return keywright.Decision{Reason: keywright.PlanRequired, Tenant: f.decision.Tenant, Principal: f.decision.Principal}
	}
	return f.decision
}

func TestTSP17AJWTIsIntrospectedToo(t *testing.T) {
	t.Parallel()
	var asked []keywright.Need
	dies := time.Date(2030, 1, 2, 4, 0, 0, 0, time.UTC)
	granted := keywright.Decision{
		Reason: keywright.Granted, Tenant: &keywright.Tenant{ID: "ten_a", Ref: "abcd1234"}, Permissions: []string{"items:read"}, Dies: dies,
		Principal: &keywright.Principal{Issuer: "https://id.example", ID: "user-1", Email: "u@example.com", Person: "per_1", Role: "member"},
	}
	w := newWorld(t, func(o *introspect.Options) { o.Tokens = tokens{decision: granted, asked: &asked} })
	w.tenant("zzzz9999")
	a := w.ask(someJWT, "scheme", "truestamp")
	var got map[string]any
	must(t, json.Unmarshal([]byte(a.text), &got))
	want := map[string]any{
		"active": true, "scope": "items:read", "sub": "user-1", "username": "u@example.com", "iss": "https://id.example", "exp": float64(dies.Unix()), "token_type": "Bearer",
		"aud": []any{"truestamp"}, "scheme": "truestamp", "tenant": "ten_a", "tenant_ref": "abcd1234", "person": "per_1", "role": "member",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	taking := []any{}
	for _, name := range slices.Sorted(maps.Keys(w.options.Schemes())) {
		if w.options.Schemes()[name].TakesTokens() {
			taking = append(taking, name)
		}
	}
	if a := w.ask(someJWT); a.at(t, "active") != true || !reflect.DeepEqual(a.at(t, "aud"), taking) || (a.at(t, "scheme") == nil) != (len(taking) > 1) {
		t.Errorf("under no scheme's name: %s; want %v", a.text, taking)
	}
	w.inactive("an unknown one", w.ask(someJWT+"x"))
	w.inactive("a scheme that takes none", w.ask(someJWT, "scheme", "keywright"))
	_, caller := w.caller("zzzz9999", "keys:verify")
	w.inactive("another tenant's", w.send("POST", introspect.IntrospectPath, form("token", someJWT), bearer(caller)...))
	n := len(asked)
	for _, token := range []string{"a.b", "a.b.c.d", "a..c", "a.b.ü", strings.Repeat("a", 9000) + ".b.c", w.Key} {
		w.ask(token)
	}
	if len(asked) != n {
		t.Error("what is no JWT was asked about as one")
	}
	for reason, refused := range map[keywright.Reason]keywright.Decision{
		keywright.Expired:        {Reason: keywright.Expired, Tenant: granted.Tenant, Principal: granted.Principal},
		keywright.TenantArchived: {Reason: keywright.TenantArchived, Tenant: granted.Tenant, Principal: granted.Principal},
	} {
		o := w.options
		o.Tokens = tokens{decision: refused, asked: &asked}
		w.at.Config.Handler = introspect.New(o)
		w.inactive(reason.String(), w.ask(someJWT))
	}
	o := w.options
	o.Tokens = tokens{decision: granted, asked: &asked, plan: true}
	w.at.Config.Handler = introspect.New(o)
	if a := w.ask(someJWT); !reflect.DeepEqual(a.at(t, "aud"), []any{"truestamp"}) {
		t.Errorf("where one scheme of several grants: %s", a.text)
	}
	o.Tokens = tokens{decision: keywright.Decision{Reason: keywright.Failure}, asked: &asked}
	w.at.Config.Handler = introspect.New(o)
	w.is("a provider that is away", w.ask(someJWT), 503, "temporarily_unavailable")
}

func TestRFC8414TheMetadataLeadsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *introspect.Options) { o.Issuer = issuer + "/" })
	a := w.send("GET", introspect.MetadataPath, "")
	var got map[string]any
	must(t, json.Unmarshal([]byte(a.text), &got))
	want := map[string]any{
		"issuer": issuer + "/", "response_types_supported": []any{"none"},
		"introspection_endpoint": issuer + introspect.IntrospectPath, "introspection_endpoint_auth_methods_supported": []any{"client_secret_basic", "Bearer"},
		"revocation_endpoint": issuer + introspect.RevokePath, "revocation_endpoint_auth_methods_supported": []any{"client_secret_basic"},
		"scopes_supported": []any{"keys:verify", "keys:write"},
	}
	if a.status != 200 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d\ngot  %v\nwant %v", a.status, got, want)
	}
	if a := w.send("HEAD", introspect.MetadataPath, ""); a.status != http.StatusOK || a.text != "" {
		t.Errorf("HEAD: %+v", a)
	}
	if a := w.send("POST", introspect.MetadataPath, ""); a.status != 405 || a.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %+v", a)
	}
	o := w.options
	o.Issuer = ""
	w.at.Config.Handler = introspect.New(o)
	w.is("without an address", w.send("GET", introspect.MetadataPath, ""), 404, "invalid_request")
}
