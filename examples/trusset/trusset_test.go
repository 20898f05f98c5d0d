package trusset

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/keywright/keywright/examples/exampleapi"
	"github.com/keywright/keywright/examples/exampletest"
	"github.com/keywright/keywright/seal"
)

func instance(name string) *seal.Identity {
	id := exampletest.Someone(name, "")
	id.Scheme = InstanceScheme
	return &id
}

func registrant() *seal.Identity {
	id := exampletest.Someone("registrant", "")
	id.Scheme = MiCAScheme
	return &id
}

func example(t *testing.T) (*exampletest.Client, *exampleapi.Service) {
	t.Helper()
	h, err := New(Options{Identify: exampletest.Identify})
	if err != nil {
		t.Fatal(err)
	}
	return exampletest.New(t, h, OpenAPI(), Table()), h.(*exampleapi.Service)
}

func data(c *exampletest.Client, status int, id *seal.Identity, method, target string, body any) map[string]any {
	got := c.Want(status, id, method, target, body)
	if got["success"] != true || got["metadata"].(map[string]any)["requestId"] == "" {
		panic(fmt.Sprintf("not in the envelope: %v", got))
	}
	return got["data"].(map[string]any)
}

func TestTRS03_EachInstanceAPIAnswersOnItsOwnService(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	want := map[string]string{
		"/customers/api/manage": "tokenization", "/tokenization/api/tokens": "tokenization", "/trading/api/orders": "trading",
		"/lending/api/markets": "lending", "/custody/api/wallets": "custody",
	}
	for _, r := range Table() {
		if r.Scheme != InstanceScheme {
			continue // the register's, and the management of keys
		}
		if r.Service == "" || r.Service != want[r.Path] || r.Open {
			t.Errorf("%s %s needs %q of %q, want %q", r.Method, r.Path, r.Service, r.Scheme, want[r.Path])
		}
		if r.Method == "GET" {
			if d := data(c, 200, instance("a"), "GET", r.Path, nil); d["total"].(float64) < 1 {
				t.Errorf("%s lists nothing", r.Path)
			}
		}
	}
}

func TestTRS05_AnInstanceSeesOnlyItsOwnData(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	a, b := instance("a"), instance("b")
	made := data(c, 201, a, "POST", "/customers/api/manage", map[string]any{"name": "Only A's", "openingDeposit": 1_000_000})
	for _, path := range []string{"/customers/api/manage", "/custody/api/wallets"} {
		if got := string(c.Do(a, "GET", path, nil).Body); !strings.Contains(got, "Only A's") {
			t.Errorf("A does not see it at %s", path)
		}
		if got := string(c.Do(b, "GET", path, nil).Body); strings.Contains(got, "Only A's") {
			t.Errorf("B sees it at %s", path)
		}
	}
	order := map[string]any{"customerId": made["id"], "token": "ALPB", "side": "buy", "quantity": 1}
	foreign := c.Do(b, "POST", "/trading/api/orders", order)
	order["customerId"] = "cus_unknown"
	unknown := c.Do(b, "POST", "/trading/api/orders", order)
	if foreign.Status != 400 || string(foreign.Body) != string(unknown.Body) {
		t.Errorf("another's customer answers %d %s, an unknown one %s", foreign.Status, foreign.Body, unknown.Body)
	}
}

func TestTRS28_TheTwoKeySystemsDoNotMix(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	c.Want(401, registrant(), "GET", "/customers/api/manage", nil)
	c.Want(401, instance("a"), "GET", "/api/mica/v1/issuers", nil)
	c.Want(200, registrant(), "GET", "/api/mica/v1/issuers", nil)
}

func TestMiCARegisterIsPagedAndSaysThatItIsFictional(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	var seen []string
	for offset := 0; offset < 15; offset += 5 {
		d := data(c, 200, registrant(), "GET", fmt.Sprintf("/api/mica/v1/issuers?limit=5&offset=%d", offset), nil)
		if !strings.HasPrefix(d["notice"].(string), "Fictional") || d["total"] != 12.0 {
			t.Errorf("got %v", d)
		}
		for _, one := range d["issuers"].([]any) {
			seen = append(seen, one.(map[string]any)["id"].(string))
		}
	}
	if len(seen) != 12 || seen[0] != "iss_0001" || seen[11] != "iss_0012" {
		t.Errorf("seen %v", seen)
	}
	for _, bad := range []string{"limit=0", "limit=101", "limit=x", "offset=-1", "limit=1&limit=2", "limit=%zz"} {
		c.Want(400, registrant(), "GET", "/api/mica/v1/issuers?"+bad, nil)
	}
	if d := data(c, 200, registrant(), "GET", "/api/mica/v1/issuers?offset=1000000", nil); len(d["issuers"].([]any)) != 0 {
		t.Errorf("past the end there is %v", d)
	}
}

// TestTheBooksAddUp plays any sequence of customers and trades, and then looks
// at what every API says together.
func TestTheBooksAddUp(t *testing.T) {
	t.Parallel()
	c, s := example(t)
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		who := instance(fmt.Sprintf("run%d", run))
		ids := []string{"cus_unknown"}
		for range rapid.IntRange(0, 10).Draw(t, "acts") {
			if rapid.Bool().Draw(t, "customer?") {
				body := map[string]any{"name": "C", "openingDeposit": rapid.Int64Range(0, 10_000_000).Draw(t, "deposit")}
				ids = append(ids, data(c, 201, who, "POST", "/customers/api/manage", body)["id"].(string))
				continue
			}
			c.Do(who, "POST", "/trading/api/orders", map[string]any{
				"customerId": rapid.SampledFrom(ids).Draw(t, "who"), "token": rapid.SampledFrom([]string{"ALPB", "HRBR", "NONE"}).Draw(t, "token"),
				"side": rapid.SampledFrom([]string{"buy", "sell"}).Draw(t, "side"), "quantity": rapid.Int64Range(1, 50_000).Draw(t, "quantity"),
			})
		}
		data(c, 200, who, "GET", "/custody/api/wallets", nil)
		lookAtBooks(t, s, who.Subject)
		lookAtHoldings(t, c, who)
	})
}

// lookAtBooks adds up every line that was ever written.
func lookAtBooks(t *rapid.T, s *exampleapi.Service, tenant string) {
	have, sums := balances{}, map[string]int64{}
	err := s.Records(context.Background(), func(tx exampleapi.Tx) error {
		all, err := exampleapi.List[entry](tx, exampleapi.Scope{Tenant: tenant}, entries, 10_000, 0)
		for _, e := range all {
			have.apply(e.Lines)
			for _, l := range e.Lines {
				sums[l.Asset] += l.Amount
			}
		}
		return err
	})
	if err != nil || len(sums) != 3 {
		t.Fatalf("%v, assets %v", err, sums)
	}
	for asset, sum := range sums {
		if sum != 0 {
			t.Fatalf("%s is off by %d", asset, sum)
		}
	}
	for account, held := range have {
		for asset, n := range held {
			if n < 0 && !strings.HasPrefix(account, "outside:") {
				t.Fatalf("%s has %d %s", account, n, asset)
			}
		}
	}
}

// lookAtHoldings compares what was issued with what wallets and markets hold.
func lookAtHoldings(t *rapid.T, c *exampletest.Client, who *seal.Identity) {
	held := map[string]float64{}
	for _, w := range data(c, 200, who, "GET", "/custody/api/wallets?limit=100", nil)["wallets"].([]any) {
		for asset, n := range w.(map[string]any)["balances"].(map[string]any) {
			held[asset] += n.(float64)
		}
	}
	for _, m := range data(c, 200, who, "GET", "/lending/api/markets", nil)["markets"].([]any) {
		held[m.(map[string]any)["collateral"].(string)] += m.(map[string]any)["pledged"].(float64)
	}
	for _, tok := range data(c, 200, who, "GET", "/tokenization/api/tokens", nil)["tokens"].([]any) {
		if one := tok.(map[string]any); held[one["symbol"].(string)] != one["issued"] {
			t.Fatalf("%v is held by %v", one, held)
		}
	}
}

func TestAnEntryThatDoesNotAddUpIsNotPosted(t *testing.T) {
	t.Parallel()
	b := &book{have: balances{}}
	if err := b.post("a gift", []line{{treasury, cash, 5}}); err == nil {
		t.Error("money was made of nothing")
	}
	if err := b.post("a loan", move(treasury, bank, cash, 5)); err == nil || err.Error() != "trusset: treasury has not enough EUR" {
		t.Errorf("got %v", err)
	}
}

func TestTradesMoveTokensAndMoneyTogether(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	who := instance("a")
	cus := data(c, 201, who, "POST", "/customers/api/manage", map[string]any{"name": "Ada", "openingDeposit": 50_000})
	order := map[string]any{"customerId": cus["id"], "token": "ALPB", "side": "buy", "quantity": 5}
	if o := data(c, 201, who, "POST", "/trading/api/orders", order); o["total"] != 50_000.0 || o["status"] != "filled" {
		t.Errorf("got %v", o)
	}
	got := c.Want(400, who, "POST", "/trading/api/orders", order)["error"].(map[string]any)
	if got["message"] != "quantity: the customer's wallet does not hold enough EUR" {
		t.Errorf("got %v", got)
	}
	order["side"], order["quantity"] = "sell", 6
	c.Want(400, who, "POST", "/trading/api/orders", order)
	order["quantity"] = 2
	c.Want(201, who, "POST", "/trading/api/orders", order)
	wallets := data(c, 200, who, "GET", "/custody/api/wallets", nil)["wallets"].([]any)
	last := wallets[len(wallets)-1].(map[string]any)
	if raw, _ := json.Marshal(last["balances"]); string(raw) != `{"ALPB":3,"EUR":20000}` || last["id"] != cus["walletId"] {
		t.Errorf("the wallet is %v", last)
	}
}

func TestBadFieldsAreNamed(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	who := instance("a")
	for field, body := range map[string]map[string]any{
		"name": {}, "email": {"name": "a", "email": "b"}, "country": {"name": "a", "country": "ie"}, "openingDeposit": {"name": "a", "openingDeposit": -1},
	} {
		got := c.Want(400, who, "POST", "/customers/api/manage", body)["error"].(map[string]any)
		if got["code"] != "VALIDATION_ERROR" || !strings.HasPrefix(got["message"].(string), field+": ") {
			t.Errorf("%s: %v", field, got)
		}
	}
	for field, body := range map[string]map[string]any{
		"customerId": {}, "token": {"customerId": "x"}, "side": {"customerId": "x", "token": "y", "side": "z"},
		"quantity": {"customerId": "x", "token": "y", "side": "buy", "quantity": 1.5},
	} {
		got := c.Want(400, who, "POST", "/trading/api/orders", body)["error"].(map[string]any)
		if !strings.HasPrefix(got["message"].(string), field+": ") {
			t.Errorf("%s: %v", field, got)
		}
	}
	c.Garbage(who, "POST", "/customers/api/manage", maxBody)
	c.Garbage(who, "POST", "/trading/api/orders", maxBody)
	got := c.Do(who, "DELETE", "/customers/api/manage", nil)
	if got.Status != 405 || got.Header.Get("Allow") != "GET, POST" || c.JSON(got)["success"] != false {
		t.Errorf("DELETE: %d %s", got.Status, got.Body)
	}
}

func TestWithoutAnIdentityItIs401(t *testing.T) {
	t.Parallel()
	c, _ := example(t)
	c.Unidentified(Table(), `{"success":false,"error":{"code":"AUTH_FAILED","message":"This API is called through its gateway, which says who is asking."}}`)
}

func TestTRS42_EveryPrintedRequestRuns(t *testing.T) {
	t.Parallel()
	const printed = "cus_01JQ6M3Z5N7P9R1T3V5X7Z9B2F"
	c, _ := example(t)
	id := data(c, 201, instance("a"), "POST", "/customers/api/manage", map[string]any{"name": "Ada", "openingDeposit": 100_000})["id"].(string)
	c.Printed(instance("a"), map[string]string{printed: id}, "listIssuers", "registerMica")
	c.Printed(registrant(), nil, "registerMica", "listCustomers", "createCustomer", "listTokens", "listOrders", "placeOrder", "listMarkets", "listWallets")
}

func FuzzOrders(f *testing.F) {
	h, err := New(Options{Identify: exampletest.Identify})
	if err != nil {
		f.Fatal(err)
	}
	exampletest.Bodies(f, h, *instance("a"), "POST", "/trading/api/orders", `{"customerId":"cus_x","token":"ALPB","side":"buy","quantity":1}`)
}

func FuzzCustomers(f *testing.F) {
	h, err := New(Options{Identify: exampletest.Identify})
	if err != nil {
		f.Fatal(err)
	}
	exampletest.Bodies(f, h, *instance("a"), "POST", "/customers/api/manage", `{"name":"Ada","email":"ada@example.com","country":"IE","openingDeposit":1}`)
}
