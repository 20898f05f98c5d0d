package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/management"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/limit"
	"github.com/keywright/keywright/schemes"
	"github.com/keywright/keywright/seal"
	volatile "github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/store/postgres"
	"github.com/keywright/keywright/store/sqlite"
	"github.com/keywright/keywright/verify"
)

// mostForAPage is how long a page of any list may take at the server.
const mostForAPage = 200 * time.Millisecond

// listing measures pages of the REST lists, over every kind of store.
func listing(ctx context.Context, s settings, r *report) error {
	return errors.Join(s.listsEmbedded(ctx, r), s.listsInMemory(ctx, r), s.listsOnPostgres(ctx, r))
}

func (s settings) listsEmbedded(ctx context.Context, r *report) error {
	if !s.measures("sqlite") {
		return nil
	}
	dir, err := os.MkdirTemp(s.dir, "keywright-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	store, err := sqlite.Open(ctx, filepath.Join(dir, "keys.db"), sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	return s.listsOf(ctx, store, "SQLite", listsSQLite, r)
}

func (s settings) listsInMemory(ctx context.Context, r *report) error {
	if !s.measures("memory") {
		return nil
	}
	store := volatile.New()
	defer func() { _ = store.Close() }()
	return s.listsOf(ctx, store, "memory", listsMemory, r)
}

func (s settings) listsOnPostgres(ctx context.Context, r *report) error {
	if !s.measures("postgres") {
		return nil
	}
	if s.dsn == "" {
		r.skips(listsPG, noServer)
		return nil
	}
	return s.withDatabase(ctx, func(dsn string) error {
		store, err := postgres.Open(ctx, dsn)
		if err != nil {
			return err
		}
		defer func() { _ = store.Close() }()
		return s.listsOf(ctx, tended{store, dsn}, "PostgreSQL", listsPG, r)
	})
}

// tended is a database that is vacuumed after much was written, as the server does
// by itself within minutes.
type tended struct {
	keywright.Store
	dsn string
}

func (t tended) tend(ctx context.Context) error {
	c, err := pgx.Connect(ctx, t.dsn)
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, "VACUUM (ANALYZE)")
	return errors.Join(err, c.Close(ctx))
}

// measures reports whether a kind of store is asked for.
func (s settings) measures(store string) bool {
	return len(s.stores) == 0 || slices.Contains(s.stores, store)
}

// listed is how many records there are.
func (s settings) listed() (tenants, keys int) {
	if s.short {
		return 10_000, 100_000
	}
	return 100_000, 1_000_000
}

func (s settings) listsOf(ctx context.Context, store keywright.Store, name string, t target, r *report) error {
	tenants, keys := s.listed()
	r.section(fmt.Sprintf("pages of 50 of the lists, %s, %s tenants and %s keys: median and longest of 9", name, count(tenants), count(keys)))
	secrets, err := seal.Ephemeral(chance(1))
	if err != nil {
		return err
	}
	w := crowd{tenants: tenants, keys: keys, now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), secrets: secrets}
	begun := time.Now()
	if err := w.fill(ctx, store); err != nil {
		return err
	}
	if t, ok := store.(tended); ok {
		if err := t.tend(ctx); err != nil {
			return err
		}
	}
	r.row("writing them", time.Since(begun).Round(time.Second).String())
	handler, key, err := w.management(ctx, store)
	if err != nil {
		return err
	}
	desk, session, err := w.desk(ctx, store, handler)
	if err != nil {
		return err
	}
	var worst time.Duration
	for _, p := range w.pages() {
		took, answer, err := w.nine(handler, p.path, "Authorization", "Bearer "+key)
		if err != nil {
			return err
		}
		var page struct {
			Items []json.RawMessage `json:"items"`
			Next  string            `json:"next_cursor"`
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &page); err != nil {
			return err
		}
		worst = max(worst, median(took)) // of nine, so that another program's moment does not judge
		r.row(p.what, median(took).Round(10*time.Microsecond).String(),
			fmt.Sprintf("longest %s; %d items%s", quantile(took, 1).Round(10*time.Microsecond), len(page.Items), map[bool]string{true: ", and more"}[page.Next != ""]))
	}
	for _, p := range w.deskPages() {
		took, answer, err := w.nine(desk, p.path, "Cookie", session)
		if err != nil {
			return err
		}
		worst = max(worst, median(took))
		r.row(p.what, median(took).Round(10*time.Microsecond).String(), fmt.Sprintf("longest %s; %d KB", quantile(took, 1).Round(10*time.Microsecond), answer.Body.Len()>>10))
	}
	if s.short {
		r.skips(t, "%s at most, of %s keys", worst.Round(time.Millisecond), count(keys))
		return nil
	}
	r.meets(t, worst <= mostForAPage, "%s at most", worst.Round(time.Millisecond))
	return nil
}

// crowd is many tenants with many keys.
type crowd struct {
	tenants, keys int
	now           time.Time
	secrets       *seal.Secrets
}

func (w crowd) tenant(i int) keywright.Tenant {
	first := [...]string{"Acme", "Beacon", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbor"}[i%8]
	t := keywright.Tenant{
		ID: keywright.NewTenantID(w.now.Add(time.Duration(i-w.tenants)*time.Minute), entropy(i)), Ref: fmt.Sprintf("t%07d", i*7919%w.tenants),
		Name: fmt.Sprintf("%s %05d Ltd", first, i*104_729%w.tenants), Plan: [...]string{"free", "growth", "growth", "enterprise"}[i%4], Archived: i%50 == 3,
		Created: w.now, Version: 1,
	}
	if i%10 == 0 {
		t.Environments = []string{"live"}
	}
	return t
}

// key makes the i-th key: the older it is, the likelier it has ended.
func (w crowd) key(i int) keywright.Key {
	age := time.Duration(w.keys-i) * 30 * time.Second
	of := i % w.tenants
	if i%20 == 0 {
		of = 0 // one tenant has very many
	}
	k := keywright.Key{
		ID: keywright.NewKeyID(w.now.Add(-age), entropy(i)), Tenant: w.tenant(of).ID, Scheme: [...]string{"keywright", "truestamp"}[i%37/36], Environment: [...]string{"live", "test", ""}[i%3],
		Name: fmt.Sprintf("%s %d", [...]string{"ci", "deploy", "backup", "laptop", "billing", "web"}[i%6], i*7919%w.keys), Permissions: []string{"files:read"},
		Hint: fmt.Sprintf("…%04x", i*40_503%65_536), Pepper: w.secrets.Pepper.ID(), Digest: digestOf(uint64(i)), Created: w.now.Add(-age), Version: 1,
	}
	if k.Scheme == "truestamp" {
		k.Environment = ""
	}
	old := i < w.keys*6/10
	switch {
	case old && i%4 == 0:
		k.Expires = w.now.Add(-age / 2)
	case i%4 == 1:
		k.Expires = w.now.Add(time.Duration(i%8000) * time.Hour).Add(time.Minute)
	}
	switch {
	case old && i%9 == 2:
		k.RevokedAt, k.Revocation = w.now.Add(-age/3), keywright.Superseded
	case old && i%11 == 3:
		k.Retires = w.now.Add(-age / 3)
	case i%3001 == 5:
		k.Retires = w.now.Add(time.Duration(i%100) * time.Hour).Add(time.Minute)
	case i%5003 == 7:
		k.PausedAt = w.now.Add(-age / 4)
	}
	return k
}

// entropy makes ids differ that are of one instant.
func entropy(i int) (e [10]byte) {
	binary.BigEndian.PutUint64(e[2:], uint64(i)*0x9e3779b97f4a7c15)
	return e
}

func (w crowd) fill(ctx context.Context, store keywright.Store) error {
	for from := 0; from < w.keys; from += rowsPerCommit {
		_, err := store.Update(ctx, func(tx keywright.Tx) error {
			for i := from; i < min(from+rowsPerCommit, w.tenants); i++ {
				if err := tx.PutTenant(ctx, w.tenant(i)); err != nil {
					return err
				}
			}
			var k keywright.Key
			for i := from; i < min(from+rowsPerCommit, w.keys); i++ {
				k = w.key(i)
				if err := tx.PutKey(ctx, k); err != nil {
					return err
				}
				if err := tx.Append(ctx, keywright.Event{At: k.Created, Act: keywright.KeyIssued, Actor: keywright.Actor{ID: "system"}, Key: k.ID, Tenant: k.Tenant}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// management is the management API over a store, and an operator's key to it.
func (w crowd) management(ctx context.Context, store keywright.Store) (http.Handler, string, error) {
	shipped, err := schemes.Shipped()
	if err != nil {
		return nil, "", err
	}
	clock := func() time.Time { return w.now }
	k := keeper.New(keeper.Options{Store: store, Schemes: shipped, Pepper: w.secrets.Pepper, Sealer: w.secrets.Sealer, Clock: clock})
	if err := management.EnsureOperators(ctx, k, store); err != nil {
		return nil, "", err
	}
	issued, err := management.IssueOperatorKey(ctx, k, system(), "bench")
	if err != nil {
		return nil, "", err
	}
	index := verify.New(verify.Options{}) // which needs to know the operator alone
	operators := keywright.Tenant{ID: keywright.OperatorTenant, Version: 1}
	index.Apply(keywright.Event{Key: issued.Key.ID, KeyNow: &issued.Key, Tenant: operators.ID, TenantNow: &operators})
	index.Refresh(0)
	g, err := gate.New(gate.Options{
		APIs:  []gate.API{management.API([]string{"console.localhost"}, shipped[management.SchemeName])},
		Index: index, Pepper: w.secrets.Pepper, Limiter: limit.New(0), Clock: clock,
	})
	if err != nil {
		return nil, "", err
	}
	_, secret := issued.Credential.Reveal()
	return management.New(management.Options{
		Keeper: k, Store: store, Schemes: shipped, Gate: func() *gate.Gate { return g }, Clock: clock, View: gate.Hops{}.View, Index: index, Pepper: w.secrets.Pepper,
		People: w.people(store), Configured: configured{},
	}), secret, nil
}

// nine asks nine times for one page.
func (w crowd) nine(handler http.Handler, path, header, value string) (took []time.Duration, answer *httptest.ResponseRecorder, err error) {
	for range 9 {
		q := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://console.localhost"+path, nil)
		q.RemoteAddr = netip.MustParseAddrPort("127.0.0.1:1").String()
		q.Header.Set(header, value)
		begun := time.Now()
		answer = httptest.NewRecorder()
		handler.ServeHTTP(answer, q)
		took = append(took, time.Since(begun))
		if answer.Code != http.StatusOK {
			return nil, nil, fmt.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
	return took, answer, nil
}

// listPage is one page that is measured.
type listPage struct{ what, path string }

func (w crowd) pages() []listPage {
	deep := func(kind, value, id string) string {
		return "&cursor=" + base64.RawURLEncoding.EncodeToString([]byte(kind+":"+id+" "+value))
	}
	far, farTenant := w.key(w.keys*9/10), w.tenant(w.tenants*9/10)
	expiry := fmt.Sprintf("%016x", uint64(far.Created.Add(365*24*time.Hour).UnixNano())^1<<63)
	middle := "laptop 5"
	one := w.key(w.keys / 2)
	const keys, tenants = "/v1/keys?limit=50", "/v1/tenants?limit=50"
	return []listPage{
		{"keys, first page", keys},
		{"keys, after nine tenths of them", keys + deep("key", "", far.ID.String())},
		{"keys, newest first", keys + "&order=desc"},
		{"keys by name", keys + "&sort=name"},
		{"keys by name, deep", keys + "&sort=name&order=asc" + deep("key name asc", middle, far.ID.String())},
		{"keys by name, backwards, deep", keys + "&sort=name&order=desc" + deep("key name desc", middle, far.ID.String())},
		{"keys by expiry, deep", keys + "&sort=expires&order=asc" + deep("key expires asc", expiry, far.ID.String())},
		{"keys of a tenant", keys + "&tenant=" + string(w.tenant(5).ID)},
		{"keys of a tenant with very many, by name", keys + "&sort=name&tenant=" + string(w.tenant(0).ID)},
		{"keys of a scheme that few are of, by expiry", keys + "&sort=expires&scheme=truestamp"},
		{"search for a rare name", keys + "&search=" + url.QueryEscape(fmt.Sprintf("%s 1234", "backup"))},
		{"search for a common name, newest first", keys + "&order=desc&search=laptop"},
		{"search for a common name, by name", keys + "&sort=name&search=laptop"},
		{"search for one letter, by expiry", keys + "&sort=expires&search=b"},
		{"search for a hint", keys + "&search=7a3f"},
		{"search for an id", keys + "&search=" + one.ID.String()},
		{"search for what is not there", keys + "&search=nothing"},
		{"ACTIVE keys, newest first", keys + "&order=desc&state=ACTIVE"},
		{"ACTIVE keys that expire within a month, by expiry", keys + "&sort=expires&state=ACTIVE&expires_before=" + w.now.Add(30*24*time.Hour).Format(time.RFC3339)},
		{"ACTIVE keys by expiry", keys + "&sort=expires&state=ACTIVE"},
		{"PENDING_ROTATION keys", keys + "&state=PENDING_ROTATION"},
		{"PAUSED keys by name", keys + "&sort=name&state=PAUSED"},
		{"REVOKED keys", keys + "&state=REVOKED"},
		{"REVOKED keys, newest first", keys + "&order=desc&state=REVOKED"},
		{"EXPIRED keys, newest first", keys + "&order=desc&state=EXPIRED"},
		{"RETIRED, EXPIRED or REVOKED keys by name", keys + "&sort=name&state=RETIRED,EXPIRED,REVOKED"},
		{"REVOKED keys of an environment, search", keys + "&sort=name&state=REVOKED&environment=test&search=d"},
		{"tenants, first page", tenants},
		{"tenants, after nine tenths of them", tenants + deep("tenant", "", string(farTenant.ID))},
		{"tenants by name, deep", tenants + "&sort=name&order=asc" + deep("tenant name asc", "granite", "ten_")},
		{"tenants by ref, backwards", tenants + "&sort=ref&order=desc"},
		{"search for a tenant", tenants + "&search=cobalt+0012"},
		{"search for a common name, by ref", tenants + "&sort=ref&search=cobalt"},
		{"archived tenants on a plan, by name", tenants + "&sort=name&archived=true&plan=enterprise"},
		{"tenants with an environment, by name", tenants + "&sort=name&environment=live"},
	}
}
