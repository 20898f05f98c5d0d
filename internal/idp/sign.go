package idp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func (p *provider) makeKey() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	thumb, err := (&jose.JSONWebKey{Key: key.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		return err
	}
	p.key, p.keyID = key, base64.RawURLEncoding.EncodeToString(thumb)
	return nil
}

func (p *provider) keys(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=60")
	answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: p.keyID, Algorithm: string(jose.ES256), Use: "sig"}}})
}

// identity is what both tokens say of a person, by the scopes that were granted.
type identity struct {
	Email    string `json:"email,omitempty"`
	Verified *bool  `json:"email_verified,omitempty"`
	Name     string `json:"name,omitempty"`
}

func (f *family) identity() identity {
	var out identity
	granted := strings.Fields(f.scope)
	if slices.Contains(granted, "email") {
		yes := true
		out.Email, out.Verified = f.user.Email, &yes
	}
	if slices.Contains(granted, "profile") {
		out.Name = f.user.Name
	}
	return out
}

// accessClaims are RFC 9068's.
type accessClaims struct {
	jwt.Claims
	identity
	ClientID string `json:"client_id"`
	Scope    string `json:"scope"`
}

// idClaims are OpenID Connect's.
type idClaims struct {
	jwt.Claims
	identity
	Chosen int64  `json:"auth_time"`
	Nonce  string `json:"nonce,omitempty"`
}

func (p *provider) accessToken(f *family, now time.Time) (string, error) {
	id := p.grants.add(&grant{family: f, kind: anAccess, until: now.Add(p.o.Life)})
	return p.sign("at+jwt", accessClaims{
		Claims: jwt.Claims{Issuer: p.o.Issuer, Subject: f.user.Subject, Audience: jwt.Audience{p.o.Audience},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(p.o.Life)), ID: id},
		identity: f.identity(), ClientID: f.client, Scope: f.scope,
	})
}

func (p *provider) idToken(f *family, now time.Time, nonce string) (string, error) {
	return p.sign("JWT", idClaims{
		Claims: jwt.Claims{Issuer: p.o.Issuer, Subject: f.user.Subject, Audience: jwt.Audience{f.client},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(p.o.Life))},
		identity: f.identity(), Chosen: f.chosen.Unix(), Nonce: nonce,
	})
}

func (p *provider) sign(typ string, claims any) (string, error) {
	o := (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader("kid", p.keyID)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: p.key}, o)
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}

// userInfo says of whoever presents an access token what the token says.
func (p *provider) userInfo(w http.ResponseWriter, r *http.Request) {
	word, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	f := p.bearer(word, token)
	if f == nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		answer(w, http.StatusUnauthorized, fault{"invalid_token", "an access token of this provider is needed"})
		return
	}
	answer(w, http.StatusOK, struct {
		Subject string `json:"sub"`
		identity
	}{f.user.Subject, f.identity()})
}

// bearer returns what an access token came of, or nil.
func (p *provider) bearer(word, token string) *family {
	if !strings.EqualFold(word, "Bearer") {
		return nil
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil
	}
	var c jwt.Claims
	if parsed.Claims(p.key.Public(), &c) != nil {
		return nil
	}
	// Only an access token has an id; what it names has to be here still.
	if c.ValidateWithLeeway(jwt.Expected{Issuer: p.o.Issuer, AnyAudience: jwt.Audience{p.o.Audience}, Time: p.o.Clock()}, 0) != nil {
		return nil
	}
	return p.grants.named(c.ID)
}
