package people_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

var site = people.Party{ID: "docs.example.com", Origin: "https://docs.example.com:8443", Name: "Example"}

// authenticator is a passkey in software: one ES256 key of one site.
type authenticator struct {
	key            *ecdsa.PrivateKey
	id, handle     []byte
	count          uint32
	origin, party  string
	flags          byte
	challenge, typ string // instead of the right ones
}

const (
	present  = 1
	verified = 4
	attested = 64
)

func newAuthenticator(t testing.TB) *authenticator {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authenticator{key: key, id: make([]byte, 32), origin: site.Origin, party: site.ID, flags: present | verified}
	_, _ = rand.Read(a.id)
	return a
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// asked is what a browser reads of a challenge.
type asked struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		User      struct {
			ID string `json:"id"`
		} `json:"user"`
		RPID string `json:"rpId"`
		RP   struct {
			ID string `json:"id"`
		} `json:"rp"`
		Attestation      string `json:"attestation"`
		UserVerification string `json:"userVerification"`
		Selection        struct {
			ResidentKey      string `json:"residentKey"`
			UserVerification string `json:"userVerification"`
		} `json:"authenticatorSelection"`
		Exclude []struct {
			ID string `json:"id"`
		} `json:"excludeCredentials"`
		Allow []any `json:"allowCredentials"`
	} `json:"publicKey"`
}

func read(t testing.TB, c people.Challenge) asked {
	t.Helper()
	var a asked
	if err := json.Unmarshal(c.Options, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *authenticator) client(typ string, c asked) []byte {
	challenge := c.PublicKey.Challenge
	if a.challenge != "" {
		challenge = a.challenge
	}
	if a.typ != "" {
		typ = a.typ
	}
	out, _ := json.Marshal(map[string]any{"type": typ, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	return out
}

func (a *authenticator) data(more byte) []byte {
	hash := sha256.Sum256([]byte(a.party))
	out := append(hash[:], a.flags|more)
	return binary.BigEndian.AppendUint32(out, a.count)
}

// create answers a challenge for a new passkey.
func (a *authenticator) create(t testing.TB, c asked) []byte {
	t.Helper()
	a.handle, _ = base64.RawURLEncoding.DecodeString(c.PublicKey.User.ID)
	point, err := a.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	cose, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		t.Fatal(err)
	}
	data := append(a.data(attested), make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.id)))
	data = append(append(data, a.id...), cose...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	if err != nil {
		t.Fatal(err)
	}
	return a.answer(map[string]any{
		"clientDataJSON": b64(a.client("webauthn.create", c)), "attestationObject": b64(object), "transports": []string{"internal"},
	})
}

// get answers a challenge to sign in.
func (a *authenticator) get(t testing.TB, c asked) []byte {
	t.Helper()
	a.count++
	data, client := a.data(0), a.client("webauthn.get", c)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(bytes.Clone(data), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return a.answer(map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(a.handle),
	})
}

func (a *authenticator) answer(response map[string]any) []byte {
	out, _ := json.Marshal(map[string]any{
		"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{},
	})
	return out
}

// add gives a person a passkey.
func (h *house) add(p people.Person) *authenticator {
	h.t.Helper()
	a := newAuthenticator(h.t)
	c, err := h.BeginPasskey(h.t.Context(), site, p.ID)
	h.must(err)
	_, err = h.AddPasskey(h.t.Context(), as(p), site, c.Token, a.create(h.t, read(h.t, c)), "Laptop")
	h.must(err)
	return a
}

func (h *house) begin() (people.Challenge, asked) {
	h.t.Helper()
	c, err := h.BeginPasskeySignIn(h.t.Context(), site)
	h.must(err)
	return c, read(h.t, c)
}

func (h *house) use(token keywright.Credential, answer []byte, session keywright.Credential) (people.Signed, error) {
	return h.SignInWithPasskey(h.t.Context(), site, token, answer, session, here)
}

func TestPasskeys(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		p := h.person("ada@example.com", people.Admin, good)
		a := h.add(p)
		c, options := h.begin()
		same(t, "verification", options.PublicKey.UserVerification, "required")
		same(t, "party", options.PublicKey.RPID, site.ID)
		same(t, "allowed", len(options.PublicKey.Allow), 0) // any: the page need not know who comes
		in, err := h.use(c.Token, a.get(t, options), keywright.Credential{})
		h.must(err)
		same(t, "person", in.Person.ID, p.ID)
		same(t, "passkeys", in.Person.Passkeys, 1)
		same(t, "method", in.Session.Method, "passkey")
		if !h.opens(in.Token) {
			t.Fatal("not signed in")
		}
		list, err := h.Passkeys(t.Context(), p.ID, site.ID)
		h.must(err)
		same(t, "list", list, []people.Passkey{{ID: b64(a.id), Name: "Laptop", Created: h.at, LastUsed: h.at}})
		begun, err := h.BeginPasskey(t.Context(), site, p.ID)
		h.must(err)
		again := read(t, begun)
		same(t, "excluded", again.PublicKey.Exclude[0].ID, b64(a.id))
		same(t, "selection", again.PublicKey.Selection.ResidentKey+again.PublicKey.Selection.UserVerification, "requiredrequired")
		if at := again.PublicKey.Attestation; at != "" && at != "none" {
			t.Fatalf("attestation is %q", at)
		}
		h.refuses(h.RemovePasskey(t.Context(), system, "per_other", site.ID, list[0].ID), keywright.NotFound)
		h.refuses(h.RemovePasskey(t.Context(), system, p.ID, site.ID, "?"), keywright.NotFound)
		h.refuses(h.RemovePasskey(t.Context(), as(p), p.ID, "other.example.com", list[0].ID), keywright.NotFound)
		if there, err := h.Passkeys(t.Context(), p.ID, "other.example.com"); err != nil || len(there) != 0 {
			t.Errorf("another site lists %d of them, %v", len(there), err)
		}
		h.must(h.RemovePasskey(t.Context(), as(p), p.ID, site.ID, list[0].ID))
		h.refuses(h.RemovePasskey(t.Context(), as(p), p.ID, site.ID, list[0].ID), keywright.NotFound)
		c, options = h.begin()
		_, err = h.use(c.Token, a.get(t, options), keywright.Credential{})
		h.refuses(err, people.ErrSignIn)
		same(t, "events", len(h.events(keywright.PersonAmended)), 2)
	})
}

// A passkey on the session of its person is a fresh proof, and changes its token.
func TestAPasskeyProves(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, eve := h.person("ada@example.com", people.Admin, good), h.person("eve@example.com", people.Trial, good)
	a := h.add(p)
	in, hers := h.signIn(p.Email, good, here), h.signIn(eve.Email, good, here)
	h.pass(10 * time.Minute)
	c, options := h.begin()
	proved, err := h.use(c.Token, a.get(t, options), in.Token)
	h.must(err)
	same(t, "session", proved.Session.ID, in.Session.ID)
	h.must(h.FreshProof(proved.Session))
	if h.opens(in.Token) || !h.opens(proved.Token) {
		t.Fatal("the token did not change")
	}
	// It proves nothing about anybody else's session.
	c, options = h.begin()
	mine, err := h.use(c.Token, a.get(t, options), hers.Token)
	h.must(err)
	same(t, "person", mine.Person.ID, p.ID)
	if mine.Session.ID == hers.Session.ID || !h.opens(hers.Token) {
		t.Fatal("the session of another was renewed")
	}
	again, err := h.Session(t.Context(), hers.Token, here)
	h.must(err)
	h.refuses(h.FreshProof(again.Session), people.ProofNeeded)
}

func TestPasskeyAnswersThatDoNotHold(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, eve := h.person("ada@example.com", people.Admin, good), h.person("eve@example.com", people.Trial, good)
	a, e := h.add(p), h.add(eve)
	none := keywright.Credential{}
	var words string
	for name, change := range map[string]func(*authenticator){
		"another origin":       func(a *authenticator) { a.origin = "https://evil.example.com" },
		"another port":         func(a *authenticator) { a.origin = "https://docs.example.com" },
		"another site":         func(a *authenticator) { a.party = "evil.example.com" },
		"user not verified":    func(a *authenticator) { a.flags = present },
		"user not present":     func(a *authenticator) { a.flags = verified },
		"another challenge":    func(a *authenticator) { a.challenge = b64(make([]byte, 32)) },
		"a creation":           func(a *authenticator) { a.typ = "webauthn.create" },
		"another's handle":     func(a *authenticator) { a.handle = e.handle },
		"no handle":            func(a *authenticator) { a.handle = nil },
		"another's id":         func(a *authenticator) { a.id, a.handle = e.id, e.handle },
		"an id that is not":    func(a *authenticator) { a.id = make([]byte, 32) },
		"another key":          func(a *authenticator) { a.key = e.key },
		"a counter that stays": func(a *authenticator) { a.count = 0 },
	} {
		c, options := h.begin()
		if name == "a counter that stays" {
			_, err := h.use(c.Token, a.get(t, options), none)
			h.must(err)
			c, options = h.begin()
		}
		bad := *a
		change(&bad)
		_, err := h.use(c.Token, bad.get(t, options), none)
		if err == nil {
			t.Fatalf("%s: signed in", name)
		}
		h.refuses(err, people.ErrSignIn)
		if words == "" {
			words = err.Error()
		}
		same(t, name, err.Error(), words)
		// The challenge is over, although the answer was wrong.
		_, err = h.use(c.Token, a.get(t, options), none)
		h.refuses(err, people.ErrSignIn)
		h.pass(24 * time.Hour) // or the address would be held back
	}
	same(t, "cloned", h.outcomes(people.OutcomeCloned), 1)
}

func TestChallengesAreGoodOnce(t *testing.T) {
	t.Parallel()
	openAll(t, func(t *testing.T, h *house) {
		p := h.person("ada@example.com", people.Admin, good)
		a := h.add(p)
		none := keywright.Credential{}
		c, options := h.begin()
		answer := a.get(t, options)
		var mu sync.Mutex
		won := 0
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if _, err := h.use(c.Token, answer, none); err == nil {
					mu.Lock()
					won++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		same(t, "winners", won, 1)
		c, options = h.begin()
		h.pass(5 * time.Minute)
		_, err := h.use(c.Token, a.get(t, options), none)
		h.refuses(err, people.ErrSignIn)
		// Bound to the site that asked, and to what was asked.
		c, options = h.begin()
		elsewhere := site
		elsewhere.Origin = "https://docs.example.com"
		_, err = h.SignInWithPasskey(t.Context(), elsewhere, c.Token, a.get(t, options), none, here)
		h.refuses(err, people.ErrSignIn)
		adding, err := h.BeginPasskey(t.Context(), site, p.ID)
		h.must(err)
		_, err = h.use(adding.Token, a.get(t, read(t, adding)), none)
		h.refuses(err, people.ErrSignIn)
		c, options = h.begin()
		_, err = h.AddPasskey(t.Context(), as(p), site, c.Token, newAuthenticator(t).create(t, options), "x")
		h.refuses(err, keywright.NotFound)
	})
}

func TestAddingPasskeys(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, eve := h.person("ada@example.com", people.Admin, good), h.person("eve@example.com", people.Trial, good)
	a := h.add(p)
	begin := func(who people.Person) people.Challenge {
		c, err := h.BeginPasskey(t.Context(), site, who.ID)
		h.must(err)
		return c
	}
	// One that is known already is nobody else's.
	c := begin(eve)
	_, err := h.AddPasskey(t.Context(), as(eve), site, c.Token, a.create(t, read(t, c)), "x")
	h.refuses(err, keywright.Conflict)
	// Not for another than who began.
	c = begin(p)
	_, err = h.AddPasskey(t.Context(), as(eve), site, c.Token, newAuthenticator(t).create(t, read(t, c)), "x")
	h.refusesField(err, "passkey")
	for name, change := range map[string]func(*authenticator){
		"not verified":   func(a *authenticator) { a.flags = present },
		"another origin": func(a *authenticator) { a.origin = "https://evil.example.com" },
		"another site":   func(a *authenticator) { a.party = "evil.example.com" },
		"short id":       func(a *authenticator) { a.id = a.id[:8] },
	} {
		c, bad := begin(p), newAuthenticator(t)
		change(bad)
		_, err := h.AddPasskey(t.Context(), as(p), site, c.Token, bad.create(t, read(t, c)), "x")
		if err == nil {
			t.Fatal(name)
		}
		h.refusesField(err, "passkey")
	}
	for range 19 {
		h.add(p)
	}
	_, err = h.BeginPasskey(t.Context(), site, p.ID)
	h.refuses(err, keywright.Conflict)
	_, err = h.BeginPasskey(t.Context(), site, "per_nobody")
	h.refuses(err, keywright.NotFound)
	for _, bad := range []people.Party{{}, {ID: "192.0.2.1", Origin: "http://192.0.2.1"}, {ID: "a.example", Origin: "https://b.example"}, {ID: "::1", Origin: "http://[::1]"}} {
		_, err := h.BeginPasskeySignIn(t.Context(), bad)
		h.refusesField(err, "passkey")
	}
	for _, fine := range []people.Party{{ID: "localhost", Origin: "http://localhost:8080"}, {ID: "docs.acme.localhost", Origin: "http://docs.acme.localhost:8080"}} {
		_, err := h.BeginPasskeySignIn(t.Context(), fine)
		h.must(err)
	}
}

func TestCeremoniesAreBounded(t *testing.T) {
	t.Parallel()
	h := open(t)
	p := h.person("ada@example.com", people.Admin, good)
	for range 30 {
		_, err := h.BeginPasskey(t.Context(), site, p.ID)
		h.must(err)
	}
	same(t, "kept", strings.Count(h.dump(), "ceremony cer_"), 5)
	flood := site
	for i := range people.MaxBegun {
		flood.Asker = netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", i+1))
		_, err := h.BeginPasskeySignIn(t.Context(), flood)
		h.must(err)
	}
	_, err := h.BeginPasskeySignIn(t.Context(), flood)
	h.refuses(err, people.Throttled)
	flood.Asker = netip.MustParseAddr("2001:db8:1::1")
	_, err = h.BeginPasskeySignIn(t.Context(), flood)
	h.must(err)
	// An answer to nothing costs no write.
	before := h.dump()
	for range 10 {
		_, err := h.use(secret(strings.Repeat("A", 43)), []byte("{}"), keywright.Credential{})
		h.refuses(err, people.ErrSignIn)
	}
	same(t, "store", h.dump(), before)
}
