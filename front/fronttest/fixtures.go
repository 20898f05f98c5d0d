package fronttest

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/verify"
)

// fixtures makes the keys that vectors name, each once, and puts them into the
// index as the feed would.
type fixtures struct {
	t      *testing.T
	index  *verify.Index
	pepper interface {
		Digest(keywright.Credential) keywright.Digest
	}
	made   map[string]keywright.Credential
	tokens map[string]vouched
	cursor keywright.Cursor
}

// fixtureRef is the ref of the instance that the vectors' own keys name too.
const fixtureRef = "AbCd1234"

// credential returns the credential of a fixture: of a scheme, with an
// environment and permissions if extra names them. Without a name, or for
// "unknown", nobody holds it.
func (f *fixtures) credential(s *scheme.Scheme, name string, extra map[string]string) keywright.Credential {
	id := fmt.Sprint(s.Name(), "|", name, "|", extra["environment"], "|", extra["permissions"])
	if c, ok := f.made[id]; ok {
		return c
	}
	environment := extra["environment"]
	if rules := s.Policy().Environments; environment == "" && len(rules) > 0 {
		environment = rules[0].Name
	}
	n := len(f.made)
	ref := fixtureRef[:5] + fmt.Sprintf("%03d", n)
	var c keywright.Credential
	if takesTokensAlone(s) {
		c = f.token()
	} else {
		var err error
		c, err = s.Mint(rand.Reader, scheme.Minting{Ref: ref, Environment: environment})
		must(f.t, err)
	}
	f.made[id] = c
	if name == "" || name == "unknown" {
		return c
	}
	tenant := keywright.Tenant{
		ID: keywright.TenantID(fmt.Sprint("ten_", n)), Ref: ref, Name: "Fixture", Plan: plan(s),
		Services: []string{"trading", "reports", "tokenization"}, Created: base().Add(-time.Hour), Version: 1,
	}
	for _, e := range s.Policy().Environments {
		tenant.Environments = append(tenant.Environments, e.Name)
	}
	public, _ := c.Reveal()
	key := keywright.Key{
		ID: keywright.NewKeyID(base().Add(-time.Hour), [10]byte{byte(n >> 8), byte(n)}), Tenant: tenant.ID, Scheme: s.Name(),
		Environment: environment, Permissions: []string{"*"}, Public: public, Digest: f.pepper.Digest(c), Created: base().Add(-time.Hour), Version: 1,
	}
	if s.Policy().Scoped {
		if held := strings.Fields(extra["permissions"]); len(held) > 0 {
			key.Permissions = held
		}
	}
	f.age(name, &key, &tenant)
	f.put(keywright.Event{Tenant: tenant.ID, TenantNow: &tenant})
	if takesTokensAlone(s) {
		f.vouch(c, &key)
		return c
	}
	f.put(keywright.Event{Key: key.ID, KeyNow: &key})
	return c
}

// plan is one that the scheme's own rule lets pass.
func plan(s *scheme.Scheme) string {
	if rule := s.Policy().Plans; len(rule.AnyOf) > 0 {
		return rule.AnyOf[0]
	}
	return "growth"
}

// age brings a fixture into the state that its name says, at base exactly: an
// instant is exclusive at its end, so what ends at base has ended.
func (f *fixtures) age(name string, k *keywright.Key, t *keywright.Tenant) {
	now := base()
	switch name {
	case "active":
	case "expired":
		k.Expires = now
	case "revoked":
		k.RevokedAt, k.Revocation = now, keywright.Compromised
	case "retired":
		k.Retires = now
	case "pending":
		k.Retires = now.Add(time.Hour)
	case "paused":
		k.PausedAt = now
	case "archived":
		t.Archived = true
	case "no_service":
		t.Services = nil
	case "no_plan":
		t.Plan = "free"
	case "ungranted":
		t.Environments = nil
	case "ends at its expiry":
		k.Expires = now.Add(time.Hour)
	case "ends at its overlap's end":
		k.Retires = now.Add(time.Hour)
	case "begins at its pause's end":
		k.PausedAt, k.PausedUntil = now, now.Add(time.Hour)
	default:
		f.t.Fatalf("a vector names the fixture %q, which nobody knows", name)
	}
}

func (f *fixtures) put(e keywright.Event) {
	f.cursor++
	e.Cursor, e.At = f.cursor, base().Add(-time.Hour)
	f.index.Apply(e)
}
