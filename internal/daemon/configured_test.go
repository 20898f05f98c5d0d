package daemon_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	kw "github.com/keywright/keywright"
	said "github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/idp"
	"github.com/keywright/keywright/internal/idp/idptest"
	"github.com/keywright/keywright/schemes"
)

// desk is a client of a node's management API.
func (n *node) desk(key string) *client.Client {
	n.t.Helper()
	c, err := client.New("http://"+n.door("management"), kw.NewCredential("", key), client.Options{})
	if err != nil {
		n.t.Fatal(err)
	}
	return c
}

func fine[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestServe_OperatorsReadWhatIsConfigured(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text, _ := schemes.Source("trusset-instance")
	own := strings.Replace(string(text), "name: trusset-instance", "name: our-own", 1)
	if err := os.WriteFile(filepath.Join(dir, "own.yaml"), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	issuer := idptest.Start(t, idp.Options{})
	n := serve(t, dir, base+fmt.Sprintf(`
scheme_files: [own.yaml]
management: {logins: [staff]}
identity_providers:
  - {name: customers, title: Customers, issuer: %q, audiences: [x], trust_email: true, web: {client_id: a, secret_env: KW_TEST_SECRET}}
  - {name: staff, issuer: "http://127.0.0.1:1", audiences: [x], web: {client_id: b}}
apis:
  - name: orders
    hosts: [orders.localhost]
    scheme: our-own
    upstream: http://127.0.0.1:1/a-secret-place
    logins: [customers]
    site: {hosts: [docs.orders.localhost], title: Orders}
    routes:
      - {path: /health, methods: [GET], open: true}
      - {path: "/mica/{rest...}", scheme: trusset-mica}
      - {path: "/{rest...}", need: {service: orders, permissions: ["orders:read"], except_plans: [free]}}
`, issuer), "KW_TEST_SECRET=the-providers-secret")
	ctx, c := t.Context(), n.desk(n.operator())

	all := fine[[]said.Scheme](t)(c.Schemes(ctx))
	at := slices.IndexFunc(all, func(s said.Scheme) bool { return s.Name == "our-own" })
	if at < 0 || all[at].Shipped || !slices.Equal(all[at].APIs, []string{"orders"}) {
		t.Errorf("%+v", all)
	}
	if one := fine[said.Scheme](t)(c.Scheme(ctx, "our-own")); one.Source != own || len(one.Answers) != len(kw.Refusals()) {
		t.Errorf("%+v", one)
	}
	if found := fine[said.SchemeFindings](t)(c.LintScheme(ctx, "name: x")); found.Valid || len(found.Problems) == 0 {
		t.Errorf("%+v", found)
	}
	key := "trusset_abcd1234_" + strings.Repeat("0a", 32)
	for _, q := range []said.TryScheme{{Scheme: "our-own"}, {Source: own}} {
		q.Headers = map[string]any{"X-API-Key": key}
		if got := fine[said.Trial](t)(c.TryScheme(ctx, q)); got.Reason != "granted" || got.Presented == nil {
			t.Errorf("%+v", got)
		}
	}
	apis := fine[[]said.API](t)(c.APIs(ctx))
	if len(apis) != 1 || apis[0].Title != "Orders" || len(apis[0].Routes) != 3 || !strings.HasPrefix(apis[0].Site, "http://docs.orders.localhost:") || apis[0].Base != "http://orders.localhost:"+port(n.door("http")) {
		t.Fatalf("%+v", apis)
	}
	if r := apis[0].Routes; r[0].Takes != "none" || !r[0].Open || r[1].Scheme != "trusset-mica" || r[1].Takes != "key" || r[2].Need.Service != "orders" || !slices.Equal(r[2].Need.ExceptPlans, []string{"free"}) {
		t.Errorf("%+v", r)
	}
	providers := fine[[]said.IdentityProvider](t)(c.IdentityProviders(ctx))
	want := []said.IdentityProvider{
		{Name: "customers", Title: "Customers", Issuer: issuer, APIs: []string{"orders"}, Web: true, TrustEmail: true},
		{Name: "staff", Title: "staff", Issuer: "http://127.0.0.1:1", APIs: []string{}, Operators: true, Web: true},
	}
	if fmt.Sprint(providers) != fmt.Sprint(want) {
		t.Errorf("%+v", providers)
	}
	if got := fine[said.ProviderCheck](t)(c.CheckIdentityProvider(ctx, "customers")); !got.Reachable {
		t.Errorf("%+v", got)
	}
	if got := fine[said.ProviderCheck](t)(c.CheckIdentityProvider(ctx, "staff")); got.Reachable || !strings.Contains(got.Detail, "refused") {
		t.Errorf("%+v", got)
	}
	verifiers := fine[[]said.Verifier](t)(c.Verifiers(ctx))
	if len(verifiers) != 1 || !verifiers[0].Self || !verifiers[0].Fresh || verifiers[0].BoundSeconds != 0 || verifiers[0].Node == "" {
		t.Errorf("%+v", verifiers)
	}
	told, err := json.Marshal([]any{all, apis, providers, verifiers})
	if err != nil || strings.Contains(string(told), "the-providers-secret") || strings.Contains(string(told), "a-secret-place") || strings.Contains(string(told), dir) {
		t.Errorf("a secret, an upstream or a path of this machine is told (%v): %s", err, told)
	}
	if strings.Contains(n.text(), key) {
		t.Error("the log holds a credential")
	}
}

func port(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }

func TestServe_NodesOfAStoreKnowOfEachOther(t *testing.T) {
	t.Parallel()
	dsn := "KW_TEST_DSN=" + database(t)
	yaml := base + fmt.Sprintf("secrets_dir: %q\nstore: {kind: postgres, dsn_env: KW_TEST_DSN, freshness: 600ms}\n", filepath.Join(t.TempDir(), "secrets")) + api(upstream(t, "one"))
	a := serve(t, t.TempDir(), yaml, dsn)
	key := a.operator()
	b := serve(t, t.TempDir(), yaml, dsn)
	sees := func(n *node, want int) []said.Verifier {
		t.Helper()
		var got []said.Verifier
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
			var err error
			if got, err = n.desk(key).Verifiers(t.Context()); err == nil && len(got) == want {
				return got
			}
		}
		t.Fatalf("%d nodes, not %d: %+v", len(got), want, got)
		return nil
	}
	one, two := sees(a, 2), sees(b, 2)
	if one[0].Node != two[1].Node || one[1].Node != two[0].Node || !one[0].Self || one[1].Self {
		t.Errorf("%+v\n%+v", one, two)
	}
	for _, v := range append(one, two...) {
		if !v.Fresh || v.BoundSeconds != 0.6 || v.AgeSeconds < 0 || v.AgeSeconds > 0.6 || v.Behind < 0 || v.LastSeen.IsZero() {
			t.Errorf("%+v", v)
		}
	}
	b.signal(syscall.SIGTERM)
	if code := b.end(); code != 0 {
		t.Errorf("the node ended with %d", code)
	}
	sees(a, 1)
}
