package realidp_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/keywright/keywright/internal/realidp"
)

func part(t *testing.T, token string, n int) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[n])
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTSP17_TheRealProviderGivesAccessTokensAsJWT(t *testing.T) {
	t.Parallel()
	p := realidp.Start(t, realidp.Options{})
	tokens, err := p.Tokens(context.Background(), "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	header, claims := part(t, tokens.Access, 0), part(t, tokens.Access, 1)
	if header["typ"] != "at+jwt" || header["alg"] != "RS256" || header["kid"] == "" {
		t.Errorf("header %v", header)
	}
	if claims["iss"] != p.Issuer || claims["aud"] != p.Resource || claims["sub"] != "ada" || claims["email"] != "ada@example.com" || claims["email_verified"] != true {
		t.Errorf("claims %v", claims)
	}
	id := part(t, tokens.ID, 1)
	if id["aud"] != realidp.CLIClient || id["email"] != "ada@example.com" || tokens.Refresh == "" {
		t.Errorf("ID token %v, refresh token there: %v", id, tokens.Refresh != "")
	}
	if err := p.Rotate(false); err != nil {
		t.Fatal(err)
	}
	again, err := p.Tokens(context.Background(), "bob")
	if err != nil {
		t.Fatal(err)
	}
	if part(t, again.Access, 0)["kid"] == header["kid"] {
		t.Error("rotated, and the key is the old one")
	}
}

func TestTSP25_TheRealProviderHasTheDeviceFlow(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := realidp.Start(t, realidp.Options{Host: "id.localhost"})
	base := strings.Replace(p.Issuer, "id.localhost", "127.0.0.1", 1)
	post := func(path string, form url.Values) map[string]any {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = strings.TrimPrefix(p.Issuer, "http://")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]any
		if err := json.Unmarshal(body, &all); err != nil {
			t.Fatalf("%s: %s", err, body)
		}
		return all
	}
	begun := post("/device/auth", url.Values{"client_id": {realidp.CLIClient}, "scope": {"openid email profile offline_access"}, "resource": {p.Resource}})
	poll := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {begun["device_code"].(string)}, "client_id": {realidp.CLIClient}}
	if got := post("/token", poll); got["error"] != "authorization_pending" {
		t.Fatalf("%v", got)
	}
	if err := p.Approve(ctx, begun["verification_uri_complete"].(string), "bob@example.com"); err != nil {
		t.Fatal(err)
	}
	got := post("/token", poll)
	access, _ := got["access_token"].(string)
	if access == "" || part(t, access, 1)["sub"] != "bob" || part(t, access, 1)["aud"] != p.Resource {
		t.Fatalf("%v", got)
	}
}
