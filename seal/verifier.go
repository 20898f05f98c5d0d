package seal

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Verifier checks assertions on the upstream's side. It is safe for concurrent use.
type Verifier struct {
	keys     map[string]ed25519.PublicKey
	audience string
	now      func() time.Time
}

// maxAssertion bounds what is parsed at all; a header of ours is a tenth of it.
const maxAssertion = 16 << 10

// NewVerifier takes a JWKS and the audience that this upstream is. now is nil
// for the system's clock. It refuses a set that holds anything but named Ed25519
// public keys.
func NewVerifier(jwks []byte, audience string, now func() time.Time) (*Verifier, error) {
	if audience == "" {
		return nil, errors.New("seal: a verifier needs the audience that it is: the API's name")
	}
	if now == nil {
		now = time.Now
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(jwks, &set); err != nil {
		return nil, errors.New("seal: the key set is not a JSON Web Key Set")
	}
	v := &Verifier{keys: make(map[string]ed25519.PublicKey, len(set.Keys)), audience: audience, now: now}
	for _, k := range set.Keys {
		public, ok := k.Key.(ed25519.PublicKey)
		if !ok || k.KeyID == "" || (k.Algorithm != "" && k.Algorithm != string(jose.EdDSA)) {
			return nil, errors.New("seal: a key set holds Ed25519 public keys with a kid, and nothing else")
		}
		if _, twice := v.keys[k.KeyID]; twice {
			return nil, errors.New("seal: two keys of the set have one kid")
		}
		v.keys[k.KeyID] = public
	}
	if len(v.keys) == 0 {
		return nil, errors.New("seal: the key set is empty")
	}
	return v, nil
}

// ErrIdentity is what every refused assertion's error is, with errors.Is.
var ErrIdentity = errors.New("the identity assertion is refused")

func refuse(why string) (Identity, error) {
	return Identity{}, fmt.Errorf("%w: %s", ErrIdentity, why)
}

// Verify returns the identity, or an error that is ErrIdentity for anything but
// a valid, fresh EdDSA assertion for this audience. It never repeats the token.
func (v *Verifier) Verify(token string) (Identity, error) {
	if token == "" || len(token) > maxAssertion {
		return refuse("there is none, or it is too long")
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil || len(signed.Signatures) != 1 {
		return refuse("it is not a compact JWT signed with EdDSA")
	}
	head := signed.Signatures[0].Protected
	if head.ExtraHeaders[jose.HeaderType] != identityType {
		return refuse("its type is not " + identityType)
	}
	key, ok := v.keys[head.KeyID]
	if !ok {
		return refuse("its kid is not in the key set")
	}
	claims, err := signed.Verify(key)
	if err != nil {
		return refuse("its signature does not fit")
	}
	var i Identity
	if err := json.Unmarshal(claims, &i); err != nil {
		return refuse("its claims are not an identity's")
	}
	if why := v.fault(&i); why != "" {
		return refuse(why)
	}
	return i, nil
}

// fault says what is wrong with signed claims, or nothing.
func (v *Verifier) fault(i *Identity) string {
	now := v.now()
	switch {
	case i.Issuer != identityIssuer:
		return "it has another issuer"
	case i.Audience != v.audience:
		return "it is for another audience"
	case i.Subject == "" || (i.Key == "") == (i.Login == ""):
		return "it names no tenant, or neither a key nor a login"
	case i.IssuedAt < 0 || i.Expires <= i.IssuedAt || // a negative iat could make the difference overflow
		i.Expires-i.IssuedAt > int64(IdentityLife/time.Second):
		return "it lives too long"
	case now.Add(IdentityLeeway).Before(time.Unix(i.IssuedAt, 0)):
		return "it is from the future: the clocks differ by more than " + IdentityLeeway.String()
	case !now.Before(time.Unix(i.Expires, 0)):
		return "it has expired"
	}
	return ""
}
