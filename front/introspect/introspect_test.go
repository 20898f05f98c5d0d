package introspect_test

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/front/introspect"
	"github.com/keywright/keywright/keeper"
)

func TestRFC7662AnActiveKeySaysWhatItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ten := w.tenant("abcd1234")
	at := w.Clock.Now()
	k, key := w.issue("abcd1234", "keywright", keywright.Draft{Permissions: []string{"files:read", "files:write"}, Expires: at.Add(day + time.Millisecond)})
	a := w.ask(key)
	var got map[string]any
	must(t, json.Unmarshal([]byte(a.text), &got))
	id := k.ID.String()
	want := map[string]any{
		"active": true, "scope": "files:read files:write", "client_id": id, "jti": id, "key_id": id, "sub": string(ten.ID), "username": "abcd1234",
		"tenant": string(ten.ID), "tenant_ref": "abcd1234", "environment": "test", "scheme": "keywright", "aud": []any{"keywright"}, "iss": issuer, "token_type": "Bearer",
		"exp": float64(at.Add(day).Unix()), "iat": float64(at.Unix()), "nbf": float64(at.Unix()),
	}
	if a.status != 200 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d\ngot  %v\nwant %v", a.status, got, want)
	}
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("headers: %v", a.header)
	}
}

func TestRFC7662EverySchemesKeyCanBeAskedAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tenant("abcd1234")
	for _, c := range []struct {
		scheme string
		draft  keywright.Draft
	}{
		{"keywright", keywright.Draft{Environment: "live"}}, {"trusset-instance", keywright.Draft{}}, {"trustifi", keywright.Draft{}}, {"truestamp", keywright.Draft{}},
		{"domain-trust", keywright.Draft{Environment: "production", Expires: w.Clock.Now().Add(day)}}, {"trust-swiftly", keywright.Draft{}}, {"trusset-mica", keywright.Draft{}},
	} {
		out, err := w.Keeper.Issue(t.Context(), system(), keeper.IssueRequest{Tenant: "abcd1234", Scheme: c.scheme, Draft: c.draft})
		if err != nil {
			c.draft.Name = "n"
			out, err = w.Keeper.Issue(t.Context(), system(), keeper.IssueRequest{Tenant: "abcd1234", Scheme: c.scheme, Draft: c.draft})
		}
		if err != nil {
			t.Errorf("%s: %v", c.scheme, err)
			continue
		}
		public, token := out.Credential.Reveal()
		if public != "" {
			w.inactive("a pair's half", w.ask(token))
			token = public + ":" + token
		}
		for _, named := range []string{"", c.scheme} {
			a := w.ask(token, "scheme", named, "token_type_hint", "refresh_token")
			if a.status != 200 || a.at(t, "active") != true || a.at(t, "scheme") != c.scheme || a.at(t, "key_id") != out.Key.ID.String() {
				t.Errorf("%s: %d %s", c.scheme, a.status, a.text)
			}
			if strings.Contains(a.text, token) {
				t.Errorf("%s: the answer holds the key", c.scheme)
			}
		}
		other := map[bool]string{true: "truestamp", false: "keywright"}[c.scheme == "keywright"]
		w.inactive(c.scheme+" under another", w.ask(token, "scheme", other))
	}
}

func TestRFC7662WhatIsNotGrantedIsInactiveAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tenant("abcd1234")
	w.tenant("gone")
	w.tenant("moved")
	ctx, by := t.Context(), system()
	active := func(what, key string, more ...string) {
		t.Helper()
		if a := w.ask(key, more...); a.at(t, "active") != true {
			t.Errorf("%s: %s", what, a.text)
		}
	}
	_, plain := w.issue("abcd1234", "keywright", keywright.Draft{})
	active("plain", plain)
	for what, token := range map[string]string{
		"junk after it": plain + "0", "cut": plain[:len(plain)-1], "case": strings.ToUpper(plain), "space": plain + " ", "foreign": "hello",
		"unknown": "tk_" + strings.Repeat("a", 40), "a colon": ":", "with half a pair": "a:" + plain, "NUL": "\x00", "no UTF-8": "\xff", "long": strings.Repeat("x", 60_000),
		"a JWT where none is taken": "eyJhbGciOiJub25lIn0.e30.c2ln",
	} {
		w.inactive(what, w.ask(token))
	}
	k, key := w.issue("abcd1234", "keywright", keywright.Draft{})
	_, err := w.Keeper.Pause(ctx, by, k.ID, time.Time{})
	must(t, err)
	w.inactive("paused", w.ask(key))
	_, err = w.Keeper.Resume(ctx, by, k.ID)
	must(t, err)
	active("resumed", key)
	_, err = w.Keeper.Revoke(ctx, by, k.ID, keywright.Unspecified)
	must(t, err)
	w.inactive("revoked", w.ask(key))

	k, key = w.issue("abcd1234", "keywright", keywright.Draft{})
	must(t, w.Keeper.Delete(ctx, by, k.ID))
	w.inactive("deleted", w.ask(key))

	k, key = w.issue("abcd1234", "trusset-instance", keywright.Draft{})
	_, err = w.Keeper.Rotate(ctx, by, k.ID, keeper.RotateRequest{})
	must(t, err)
	if a := w.ask(key); a.at(t, "active") != true || a.at(t, "retires") == nil {
		t.Errorf("in its overlap: %s", a.text)
	}
	_, short := w.issue("abcd1234", "keywright", keywright.Draft{Expires: w.Clock.Now().Add(time.Hour)})
	active("before its expiry", short)
	w.Clock.Advance(time.Hour)
	w.inactive("at its expiry", w.ask(short))
	w.Clock.Advance(7 * day)
	w.inactive("after its overlap", w.ask(key))

	_, bound := w.issue("abcd1234", "keywright", keywright.Draft{Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	w.inactive("from nowhere", w.ask(bound))
	w.inactive("from elsewhere", w.ask(bound, "address", "198.51.100.1"))
	active("from there", bound, "address", "192.0.2.7")
	active("from there, mapped", bound, "address", "::ffff:192.0.2.7")

	_, held := w.issue("gone", "keywright", keywright.Draft{})
	active("of a tenant", held)
	yes := true
	_, err = w.Keeper.AmendTenant(ctx, by, "gone", 0, keeper.TenantAmendment{Archived: &yes})
	must(t, err)
	w.inactive("of an archived tenant", w.ask(held))

	_, prod := w.issue("moved", "domain-trust", keywright.Draft{Environment: "production", Expires: w.Clock.Now().Add(day)})
	active("in its environment", prod)
	_, err = w.Keeper.AmendTenant(ctx, by, "moved", 0, keeper.TenantAmendment{Environments: &[]string{}})
	must(t, err)
	w.inactive("in an environment that was taken away", w.ask(prod))
}

// Gateways that send a scope leave it to the server to look at it.
func TestAScopeThatIsAskedForIsLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tenant("abcd1234")
	_, reader := w.issue("abcd1234", "keywright", keywright.Draft{Permissions: []string{"files:read"}})
	_, all := w.issue("abcd1234", "keywright", keywright.Draft{Permissions: []string{"*"}})
	for scope, may := range map[string]bool{"": true, "files:read": true, " files:read ": true, "files:read files:write": false, "files:write": false, "files": false} {
		if a := w.ask(reader, "scope", scope); a.at(t, "active") != may {
			t.Errorf("%q: %s", scope, a.text)
		}
		if a := w.ask(all, "scope", scope); a.at(t, "active") != true {
			t.Errorf("everything, %q: %s", scope, a.text)
		}
	}
	w.inactive("what it may not", w.ask(reader, "scope", "files:write"))
}

func TestRFC7662ATenantAsksAboutItsOwnKeysOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tenant("abcd1234")
	w.tenant("zzzz9999")
	_, ours := w.issue("abcd1234", "trusset-instance", keywright.Draft{})
	_, theirs := w.issue("zzzz9999", "trusset-instance", keywright.Draft{})
	_, caller := w.caller("abcd1234", "keys:verify")
	ask := func(token string) answer {
		return w.send("POST", introspect.IntrospectPath, form("token", token), bearer(caller)...)
	}
	if a := ask(ours); a.at(t, "active") != true {
		t.Errorf("its own: %s", a.text)
	}
	w.inactive("another tenant's", ask(theirs))
	w.inactive("an operator's", ask(w.Key))
	if a := w.ask(theirs); a.at(t, "active") != true {
		t.Errorf("operators ask about all: %s", a.text)
	}
}

func TestRFC7662CallersAuthenticateThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tenant("abcd1234")
	_, key := w.issue("abcd1234", "trusset-instance", keywright.Draft{})
	id, verifies := w.caller("abcd1234", "keys:verify")
	_, both := w.caller("abcd1234", "keys:verify", "keys:write")
	_, reads := w.caller("abcd1234", "keys:read")
	dead, ended := w.issue("abcd1234", "keywright", keywright.Draft{Permissions: []string{"*"}})
	_, err := w.Keeper.Revoke(t.Context(), system(), dead.ID, keywright.Unspecified)
	must(t, err)
	for what, c := range map[string]struct {
		header []string
		status int
		code   string
	}{
		"nobody":                      {nil, 401, "invalid_client"},
		"the token asked about":       {bearer(key), 401, "invalid_client"},
		"a revoked key":               {bearer(ended), 401, "invalid_client"},
		"a key that may not":          {bearer(reads), 403, "insufficient_scope"},
		"Basic, another's id":         {basic(dead.ID.String(), both), 401, "invalid_client"},
		"Basic, no id":                {basic("", both), 401, "invalid_client"},
		"Basic, a wrong key":          {basic(id, verifies+"0"), 401, "invalid_client"},
		"Basic, a key that may not":   {basic(id, reads), 403, "insufficient_scope"},
		"Basic, not base64":           {[]string{"Authorization", "Basic ***"}, 401, "invalid_client"},
		"Basic without a colon":       {[]string{"Authorization", "Basic eA=="}, 401, "invalid_client"},
		"key in the body instead":     {nil, 401, "invalid_client"},
		"a key as a cookie":           {[]string{"Cookie", "key=" + verifies}, 401, "invalid_client"},
		"the scheme's other spelling": {[]string{"X-API-Key", verifies}, 401, "invalid_client"},
	} {
		for _, path := range []string{introspect.IntrospectPath, introspect.RevokePath} {
			a := w.send("POST", path, form("token", key, "client_id", id, "client_secret", verifies), c.header...)
			w.is(what+" at "+path, a, c.status, c.code)
			if asks := a.header.Values("WWW-Authenticate"); len(asks) != map[int]int{401: 2, 403: 1}[c.status] {
				t.Errorf("%s: WWW-Authenticate is %q", what, asks)
			}
			if strings.Contains(a.text, "active") {
				t.Errorf("%s: %s", what, a.text)
			}
		}
	}
	for what, header := range map[string][]string{"Bearer": bearer(verifies), "Basic": basic(id, verifies), "basic": {"Authorization", "b" + basic(id, verifies)[1][1:]}} {
		if a := w.send("POST", introspect.IntrospectPath, form("token", key), header...); a.status != 200 || a.at(t, "active") != true {
			t.Errorf("%s: %d %s", what, a.status, a.text)
		}
	}
	w.is("verifying is not revoking", w.send("POST", introspect.RevokePath, form("token", key), bearer(verifies)...), 403, "insufficient_scope")
}

func TestRFC7662WhatIsNotUnderstoodIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const kind = "Content-Type"
	for _, path := range []string{introspect.IntrospectPath, introspect.RevokePath} {
		for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "OPTIONS"} {
			a := w.send(method, path, "", bearer(w.Key)...)
			if w.is(method, a, 405, "invalid_request"); a.header.Get("Allow") != "POST" {
				t.Errorf("Allow: %q", a.header.Get("Allow"))
			}
		}
		for what, c := range map[string]struct {
			path, body, kind string
			status           int
		}{
			"no token":              {path, "", "", 400},
			"an empty token":        {path, "token=", "", 400},
			"two tokens":            {path, "token=a&token=b", "", 400},
			"one token twice":       {path, "token=a&token=a", "", 400},
			"two hints":             {path, "token=a&token_type_hint=x&token_type_hint=x", "", 400},
			"two unknown ones":      {path, "token=a&x=1&x=2", "", 400},
			"a broken escape":       {path, "token=%zz", "", 400},
			"a semicolon":           {path, "token=a;scheme=b", "", 400},
			"a token in the URL":    {path + "?token=a", "token=a", "", 400},
			"a question mark":       {path + "?", "token=a", "", 400},
			"an unknown scheme":     {path, "token=a&scheme=none", "", 400},
			"an address that isn't": {path, "token=a&address=localhost", "", 400},
			"an address with zone":  {path, "token=a&address=fe80::1%25eth0", "", 400},
			"JSON":                  {path, `{"token":"a"}`, "application/json", 400},
			"multipart":             {path, "token=a", "multipart/form-data; boundary=x", 400},
			"no type that is one":   {path, "token=a", ";", 400},
			"too large":             {path, "token=" + strings.Repeat("a", 64<<10), "", 413},
		} {
			header := bearer(w.Key)
			if c.kind != "" {
				header = append(header, kind, c.kind)
			}
			w.is(what, w.send("POST", c.path, c.body, header...), c.status, "invalid_request")
		}
		w.is("no type", w.send("POST", path, "token=a", append(bearer(w.Key), kind, "")...), 400, "invalid_request")
	}
	w.inactive("a charset", w.send("POST", introspect.IntrospectPath, "token=a&x=1", append(bearer(w.Key), kind, "application/x-www-form-urlencoded; charset=UTF-8")...))
}
