package fronttest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/limit"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
	"github.com/keywright/keywright/seal"
	"github.com/keywright/keywright/verify"
)

// Front starts a front before a site, and says where it listens. It stops when
// the test ends.
type Front func(t *testing.T, s *Site) Listening

// Listening is where a front answers, as host:port.
type Listening struct{ Plain, TLS string }

// Site is what a front is put before: an API for each scheme, and for each need
// that its vectors name, all before one upstream that checks what it is sent.
type Site struct {
	Gate       func() *gate.Gate
	Identities *gate.Identities
	Clock      func() time.Time
	APIs       []string // their names
	Upstream   string   // the URL that granted requests must reach
	// Observe must be told of every answer, once.
	Observe func(api, reason string, status int)
	// Certificate is good for every host of the site; its parts are in PEM too.
	Certificate     tls.Certificate
	CertPEM, KeyPEM []byte
	// CredentialHeaders are those of all schemes: what a proxy that asks must
	// take off a request by itself.
	CredentialHeaders []string

	roots    *x509.CertPool
	now      atomic.Pointer[time.Time]
	cases    []*testCase
	schemes  map[string]*scheme.Scheme
	standard map[string]string // the API of a scheme without a need, by scheme
	fixtures *fixtures
	observed chan string
	seen     *upstream
}

// testCase is one vector before its API, with its credential made.
type testCase struct {
	scheme string
	host   string
	vector schemes.Vector
	cred   keywright.Credential
}

// base is the instant at which vectors run.
func base() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// hostSuffix is the domain of every host of a site.
const hostSuffix = ".front.test"

func newSite(t *testing.T) *Site {
	t.Helper()
	all, err := schemes.Shipped()
	must(t, err)
	s := &Site{schemes: all, standard: map[string]string{}, observed: make(chan string, 64)}
	start := base()
	s.now.Store(&start)
	s.Clock = func() time.Time { return *s.now.Load() }
	s.Observe = func(_, reason string, _ int) {
		select {
		case s.observed <- reason:
		default: // a front that tells too much shows when the channel is read
		}
	}
	secrets, err := seal.Ephemeral(rand.Reader)
	must(t, err)
	index := verify.New(verify.Options{})
	f := &fixtures{t: t, index: index, pepper: secrets.Pepper, made: map[string]keywright.Credential{}, tokens: map[string]vouched{}}
	s.fixtures = f
	apis := s.collect(t, f)
	index.Refresh(0)
	g, err := gate.New(gate.Options{APIs: apis, Index: index, Pepper: secrets.Pepper, Limiter: limit.New(0), Clock: s.Clock})
	must(t, err)
	s.Gate = func() *gate.Gate { return g }
	s.Identities = gate.NewIdentities(secrets.Identity, s.Clock)
	s.seen = &upstream{jwks: secrets.Identity.JWKS(), clock: s.Clock}
	server := httptest.NewServer(s.seen)
	t.Cleanup(server.Close)
	s.Upstream = server.URL
	s.certify(t)
	return s
}

// collect makes an API for every scheme and need, and a fixture for every vector.
func (s *Site) collect(t *testing.T, f *fixtures) []gate.API {
	var apis []gate.API
	byNeed := map[string]int{}
	api := func(name string, need keywright.Need) *gate.API {
		id := fmt.Sprint(name, "|", need.Service, "|", need.Permissions, "|", need.Environments)
		at, ok := byNeed[id]
		if !ok {
			at = len(apis)
			byNeed[id] = at
			apis = append(apis, gate.API{
				Name: fmt.Sprintf("%s-%d", name, at), Hosts: []string{fmt.Sprintf("api-%d%s", at, hostSuffix)}, Scheme: s.schemes[name],
				Routes: []gate.Route{{Methods: []string{"GET"}, Path: getOnly, Need: need}},
				Help:   "https://docs.example.com/rotation", Tokens: f,
			})
		}
		return &apis[at]
	}
	for _, name := range schemes.Names() {
		vectors, err := schemes.Vectors(name)
		must(t, err)
		s.standard[name] = api(name, keywright.Need{}).Hosts[0]
		for _, v := range vectors {
			need := needOf(v)
			a := api(name, need)
			path, _, _ := strings.Cut(pathOf(v), "?")
			if !slices.ContainsFunc(a.Routes, func(r gate.Route) bool { return r.Path == path }) {
				a.Routes = append(a.Routes, gate.Route{Path: path, Need: need})
			}
			s.cases = append(s.cases, &testCase{scheme: name, host: a.Hosts[0], vector: v, cred: f.credential(s.schemes[name], v.Key, v.Extra)})
		}
		for _, h := range s.schemes[name].CredentialHeaders() {
			if h != "User-Agent" && !slices.Contains(s.CredentialHeaders, h) {
				s.CredentialHeaders = append(s.CredentialHeaders, h)
			}
		}
		for _, b := range boundaries() {
			f.credential(s.schemes[name], b.fixture, nil)
		}
		f.credential(s.schemes[name], "active", nil)
	}
	for i := range apis {
		s.APIs = append(s.APIs, apis[i].Name)
	}
	return apis
}

// needOf is what a vector's extra asks of the route.
func needOf(v schemes.Vector) keywright.Need {
	return keywright.Need{
		Service: v.Extra["service"], Permissions: strings.Fields(v.Extra["permission"]), Environments: strings.Fields(v.Extra["environments"]),
	}
}

func pathOf(v schemes.Vector) string {
	if v.Request.Path == "" {
		return "/"
	}
	return v.Request.Path
}

// certify makes a certificate for every host of the site.
func (s *Site) certify(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fronttest"}, DNSNames: []string{"*" + hostSuffix},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	s.CertPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	s.KeyPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	s.Certificate, err = tls.X509KeyPair(s.CertPEM, s.KeyPEM)
	must(t, err)
	s.roots = x509.NewCertPool()
	s.roots.AppendCertsFromPEM(s.CertPEM)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
