package keeper_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keeper"
)

// taken runs an import and returns what became of each row.
func (h *house) taken(rows iter.Seq2[keeper.ImportRow, error]) []keeper.ImportResult {
	h.t.Helper()
	var all []keeper.ImportResult
	try(h.t, h.Import(h.ctx, admin, rows, func(r keeper.ImportResult) { all = append(all, r) }))
	return all
}

// old is a Trust Swiftly key as the vendor handed it out before.
func old(n int) string { return fmt.Sprintf("%d|%s", n, hex40(n)) }

func hex40(n int) string {
	sum := sha256.Sum256([]byte(fmt.Sprint(n)))
	return hex.EncodeToString(sum[:20])
}

func digestOf(s string) [32]byte { return sha256.Sum256([]byte(s)) }

func TestImportRawKeysFromCSV(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	file := "\xef\xbb\xbftenant,scheme,key,name,metadata.team,created_at,expires_at,permissions\r\n" +
		ten.Ref + ",trust-swiftly," + old(1) + ",first,blue,2020-01-02T03:04:05Z,,\r\n" +
		"\r\n" +
		string(ten.ID) + `,trust-swiftly,"` + old(2) + `","a ""quoted"", name",,,,` + "\n" +
		ten.Ref + ",trust-swiftly," + old(3) + ",,,,,"
	all := h.taken(keeper.ReadCSV(strings.NewReader(file)))
	if len(all) != 3 {
		t.Fatalf("%d rows: %+v", len(all), all)
	}
	for i, r := range all {
		if r.Err != nil || r.Skipped || r.Line != []int{2, 4, 5}[i] {
			t.Fatalf("row %d: %+v", i, r)
		}
		k := h.key(r.ID)
		want := h.secrets.Pepper.Digest(keywright.NewCredential("", old(i+1)))
		if k.Digest != want || k.Pepper != h.secrets.Pepper.ID() || k.StateAt(start) != keywright.Active || k.Tenant != ten.ID || k.Hint == "" {
			t.Errorf("row %d became %+v", i, k)
		}
		h.holdsNo(old(i+1), hex40(i+1))
	}
	first, second := h.key(all[0].ID), h.key(all[1].ID)
	if first.Name != "first" || first.Metadata["team"] != "blue" || !first.Created.Equal(time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)) || second.Name != `a "quoted", name` {
		t.Errorf("the fields are %+v and %+v", first, second)
	}
	e := h.events(keywright.EventQuery{Key: first.ID})
	if len(e) != 1 || e[0].Act != keywright.KeyImported || e[0].Detail["line"] != "2" || e[0].Actor != admin {
		t.Errorf("the trail is %+v", e)
	}
}

func TestImportDigestsInEverySpelling(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	line := func(sum string) string {
		return fmt.Sprintf(`{"tenant":%q,"scheme":"trust-swiftly","sha256":%q,"hint":"…abcd","name":"n"}`+"\n", ten.Ref, sum)
	}
	spell := []func(d [32]byte) string{
		func(d [32]byte) string { return hex.EncodeToString(d[:]) },
		func(d [32]byte) string { return strings.ToUpper(hex.EncodeToString(d[:])) },
		func(d [32]byte) string { return base64.StdEncoding.EncodeToString(d[:]) },
		func(d [32]byte) string { return base64.RawStdEncoding.EncodeToString(d[:]) },
		func(d [32]byte) string { return base64.URLEncoding.EncodeToString(d[:]) },
		func(d [32]byte) string { return base64.RawURLEncoding.EncodeToString(d[:]) },
	}
	var file strings.Builder
	for i, s := range spell {
		file.WriteString(line(s(digestOf(old(i)))))
	}
	for i, r := range h.taken(keeper.ReadJSONLines(strings.NewReader(file.String()))) {
		if r.Err != nil {
			t.Fatalf("spelling %d: %v", i, r.Err)
		}
		if k := h.key(r.ID); k.Digest != h.secrets.Pepper.Digest(keywright.NewCredential("", old(i))) || k.Hint != "…abcd" {
			t.Errorf("spelling %d: the key does not answer to its credential: %+v", i, k)
		}
	}
	good := base64.RawStdEncoding.EncodeToString(make([]byte, 32))
	for name, bad := range map[string]string{
		"empty bytes": "AAAA", "63 digits": strings.Repeat("a", 63), "65 digits": strings.Repeat("a", 65), "not hex": strings.Repeat("g", 64),
		"not base64": strings.Repeat("*", 43), "not canonical": good[:42] + "B", "two paddings": good + "==", "SHA-1": strings.Repeat("a", 40),
	} {
		all := h.taken(keeper.ReadJSONLines(strings.NewReader(line(bad))))
		if len(all) != 1 {
			t.Fatal(name)
		}
		t.Run(name, func(t *testing.T) { refused(t, all[0].Err, keywright.Invalid, "sha256") })
	}
}

func TestImportPairs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	public, secret := strings.Repeat("ab", 24), strings.Repeat("cd", 16)
	raw, digested := h.full(), h.full()
	public2 := strings.Repeat("ef", 24)
	sum := digestOf(public2 + "\x00" + secret)
	all := h.taken(rowsOf(
		keeper.ImportRow{Line: 1, Tenant: raw.Ref, Scheme: "trustifi", Key: public, Secret: secret},
		keeper.ImportRow{Line: 2, Tenant: digested.Ref, Scheme: "trustifi", Key: public2, SHA256: hex.EncodeToString(sum[:])},
		keeper.ImportRow{Line: 3, Tenant: raw.Ref, Scheme: "trustifi", Key: public},
		keeper.ImportRow{Line: 4, Tenant: raw.Ref, Scheme: "trustifi", SHA256: hex.EncodeToString(sum[:])},
		keeper.ImportRow{Line: 5, Tenant: raw.Ref, Scheme: "trusset-mica", Key: "trusset_mica_" + strings.Repeat("a", 64), Secret: "x"},
	))
	for i := range 2 {
		try(t, all[i].Err)
	}
	if k := h.key(all[1].ID); k.Digest != h.secrets.Pepper.Digest(keywright.NewCredential(public2, secret)) || k.Public != public2 || k.Sealed != nil {
		t.Errorf("a digested pair became %+v", k)
	}
	if c, err := h.Reveal(h.ctx, admin, all[0].ID); err != nil || text(c) != public+"\x00"+secret {
		t.Errorf("a pair that came whole cannot be shown again: %v", err)
	}
	_, err := h.Reveal(h.ctx, admin, all[1].ID)
	refused(t, err, keywright.Conflict, "")
	out, err := h.Rotate(h.ctx, admin, all[1].ID, keeper.RotateRequest{})
	if err != nil || out.Key.Public != public2 {
		t.Errorf("rotated, it does not keep its key: %v", err)
	}
	refused(t, all[2].Err, keywright.Invalid, "secret")
	refused(t, all[3].Err, keywright.Invalid, "key")
	refused(t, all[4].Err, keywright.Invalid, "secret")
}

func TestImportedDuplicatesAreRefused(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		ten, other := h.full(), h.full()
		row := func(line int, t keywright.Tenant, n int) keeper.ImportRow {
			return keeper.ImportRow{Line: line, Tenant: t.Ref, Scheme: "trust-swiftly", Key: old(n)}
		}
		sum := digestOf(old(1))
		first := h.taken(rowsOf(row(2, ten, 1), row(3, ten, 2), row(4, ten, 1), keeper.ImportRow{Line: 5, Tenant: ten.Ref, Scheme: "trust-swiftly", SHA256: hex.EncodeToString(sum[:])}, row(6, other, 2)))
		for i, r := range first[2:] {
			refused(t, r.Err, keywright.Conflict, "")
			if want := fmt.Sprintf("line %d: the same key stands in line %d", i+4, []int{2, 2, 3}[i]); r.Err == nil || !strings.Contains(r.Err.Error(), want) {
				t.Errorf("the error is %v, and should say %q", r.Err, want)
			}
		}
		again := h.taken(rowsOf(row(2, ten, 1), row(3, ten, 2), row(4, other, 1), row(5, ten, 3)))
		if !again[0].Skipped || again[0].Err != nil || again[0].ID != first[0].ID || !again[1].Skipped {
			t.Errorf("an import that is run again: %+v", again)
		}
		refused(t, again[2].Err, keywright.Conflict, "")
		if again[3].Err != nil || again[3].Skipped || len(h.keys(keywright.KeyQuery{})) != 3 {
			t.Errorf("what was not there yet: %+v", again[3])
		}
	})
}

func TestImportRules(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	bare := h.tenant(keeper.TenantDraft{Plan: "free"})
	mica := func(n int) string { return "trusset_mica_" + hex40(n) + strings.Repeat("0", 24) }
	sum := func(n int) string { d := digestOf(fmt.Sprint(n)); return hex.EncodeToString(d[:]) }
	hour := start.Add(time.Hour)
	for _, c := range []struct {
		name  string
		row   keeper.ImportRow
		kind  keywright.Kind
		field string
	}{
		{"no such scheme", keeper.ImportRow{Tenant: ten.Ref, Scheme: "none"}, keywright.Invalid, "scheme"},
		{"no such tenant", keeper.ImportRow{Tenant: "nobody", Scheme: "trust-swiftly", Key: old(1)}, keywright.NotFound, "tenant"},
		{"no key", keeper.ImportRow{Tenant: ten.Ref, Scheme: "trust-swiftly"}, keywright.Invalid, "key"},
		{"key and digest", keeper.ImportRow{Tenant: ten.Ref, Scheme: "trust-swiftly", Key: old(1), SHA256: sum(1)}, keywright.Invalid, "sha256"},
		{"foreign", keeper.ImportRow{Tenant: ten.Ref, Scheme: "trusset-mica", Key: "sk_live_4242424242"}, keywright.Invalid, "key"},
		{"malformed", keeper.ImportRow{Tenant: ten.Ref, Scheme: "trusset-mica", Key: "trusset_mica_42424242"}, keywright.Invalid, "key"},
		{"a hint beside a key", keeper.ImportRow{Tenant: ten.Ref, Scheme: "trust-swiftly", Key: old(1), Hint: "x"}, keywright.Invalid, "hint"},
		{"a hint that gives it away", keeper.ImportRow{Tenant: ten.Ref, Scheme: "trust-swiftly", SHA256: sum(1), Hint: "123456789"}, keywright.Invalid, "hint"},
		{"a hint with a control character", keeper.ImportRow{Tenant: ten.Ref, Scheme: "trust-swiftly", SHA256: sum(1), Hint: "a\nb"}, keywright.Invalid, "hint"},
		{"a name too long", keeper.ImportRow{Tenant: ten.Ref, Scheme: "trust-swiftly", Key: old(1), Name: strings.Repeat("n", 201)}, keywright.Invalid, "name"},
		{"a name where there is none", keeper.ImportRow{Tenant: ten.Ref, Scheme: "trusset-mica", Key: mica(1), Name: "n"}, keywright.Invalid, "name"},
		{"an expiry where there is none", keeper.ImportRow{Tenant: ten.Ref, Scheme: "trusset-mica", Key: mica(1), Expires: hour}, keywright.Invalid, "expires_at"},
		{"made in the future", keeper.ImportRow{Tenant: ten.Ref, Scheme: "trust-swiftly", Key: old(1), Created: hour}, keywright.Invalid, "created_at"},
		{"DMT-07 no environment", keeper.ImportRow{Tenant: ten.Ref, Scheme: "domain-trust", SHA256: sum(1)}, keywright.Invalid, "environment"},
		{"DMT-12 production not granted", keeper.ImportRow{Tenant: bare.Ref, Scheme: "domain-trust", SHA256: sum(1), Environment: "production"}, keywright.Forbidden, "environment"},
		{"TSW-11 a free plan", keeper.ImportRow{Tenant: bare.Ref, Scheme: "trust-swiftly", Key: old(1)}, keywright.Forbidden, "plan"},
		{"permissions where there are none", keeper.ImportRow{Tenant: ten.Ref, Scheme: "trust-swiftly", Key: old(1), Permissions: []string{"a"}}, keywright.Invalid, "permissions"},
	} {
		c.row.Line = 7
		all := h.taken(rowsOf(c.row))
		t.Run(c.name, func(t *testing.T) {
			refused(t, all[0].Err, c.kind, c.field)
			said := fmt.Sprint(all[0].Err)
			if !strings.Contains(said, "line 7: ") {
				t.Errorf("it does not name the line: %s", said)
			}
			for _, secret := range []string{c.row.Key, c.row.SHA256, "nobody"} {
				if secret != "" && strings.Contains(said, secret) {
					t.Errorf("it repeats the row: %s", said)
				}
			}
		})
	}
	if len(h.keys(keywright.KeyQuery{})) != 0 {
		t.Error("a refused row left a key")
	}
	t.Run("TRS-17 the cap counts", func(t *testing.T) {
		all := h.taken(rowsOf(
			keeper.ImportRow{Line: 1, Tenant: ten.Ref, Scheme: "trusset-mica", Key: mica(1)},
			keeper.ImportRow{Line: 2, Tenant: ten.Ref, Scheme: "trusset-mica", Key: mica(2)},
		))
		try(t, all[0].Err)
		refused(t, all[1].Err, keywright.Conflict, "")
	})
	t.Run("an expired key does not count", func(t *testing.T) {
		for range 10 {
			h.issue(ten, "trusset-instance")
		}
		row := keeper.ImportRow{Line: 1, Tenant: ten.Ref, Scheme: "trusset-instance", SHA256: sum(11), Expires: start}
		try(t, h.taken(rowsOf(row))[0].Err)
		row.SHA256, row.Expires = sum(12), hour
		refused(t, h.taken(rowsOf(row))[0].Err, keywright.Conflict, "")
	})
	t.Run("a key may predate what new ones need", func(t *testing.T) {
		all := h.taken(rowsOf(
			keeper.ImportRow{Line: 1, Tenant: ten.Ref, Scheme: "domain-trust", SHA256: sum(1), Environment: "testing"},
			keeper.ImportRow{Line: 2, Tenant: ten.Ref, Scheme: "domain-trust", SHA256: sum(2), Environment: "testing", Expires: start.Add(-time.Hour)},
		))
		try(t, errors.Join(all[0].Err, all[1].Err))
		if h.state(all[0].ID) != keywright.Active || h.state(all[1].ID) != keywright.StateExpired {
			t.Errorf("%s and %s", h.state(all[0].ID), h.state(all[1].ID))
		}
	})
}

func TestDMT13_ImportedKeySaysItsEnvironment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten, other := h.full(), newHouse(t)
	made := func(env string) string {
		d := draftFor("domain-trust")
		d.Environment = env
		out, err := other.Issue(h.ctx, admin, keeper.IssueRequest{Tenant: other.full().Ref, Scheme: "domain-trust", Draft: d})
		try(t, err)
		return text(out.Credential)
	}
	row := func(line int, key, env string) keeper.ImportRow {
		return keeper.ImportRow{Line: line, Tenant: ten.Ref, Scheme: "domain-trust", Key: key, Environment: env}
	}
	production := made("production")
	all := h.taken(rowsOf(row(1, production, "testing"), row(2, production, ""), row(3, made("testing"), "testing"), row(4, made("testing"), "production")))
	refused(t, all[0].Err, keywright.Invalid, "environment")
	refused(t, all[3].Err, keywright.Invalid, "environment")
	if h.key(all[1].ID).Environment != "production" || h.key(all[2].ID).Environment != "testing" {
		t.Error("a key came in with another environment than it says")
	}
}

func TestImportGoesOnPastBadLines(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	good := func(n int) string { return ten.Ref + ",trust-swiftly," + old(n) + ",\n" }
	file := "tenant,scheme,key,expires_at\n" + good(1) + "one,two\n" + `"not closed,a,b,c` + "\n" + good(2) +
		strings.Repeat("x", 20<<10) + "\n" + ten.Ref + ",trust-swiftly," + old(3) + ",tomorrow\n" + good(4)
	all := h.taken(keeper.ReadCSV(strings.NewReader(file)))
	var lines []string
	for _, r := range all {
		lines = append(lines, fmt.Sprint(r.Line, ":", r.Err == nil))
		if r.Err != nil && (!strings.Contains(r.Err.Error(), fmt.Sprintf("line %d: ", r.Line)) || strings.Contains(r.Err.Error(), hex40(3)) || strings.Contains(r.Err.Error(), "tomorrow")) {
			t.Errorf("line %d says %v", r.Line, r.Err)
		}
	}
	if got := strings.Join(lines, " "); got != "2:true 3:false 4:false 5:true 6:false 7:false 8:true" {
		t.Errorf("the lines are %s", got)
	}
}

func TestImportEndsOnWhatConcernsTheWholeFile(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	none := func(keeper.ImportResult) { t.Error("a row was taken") }
	secret := "tsw_itIsASecretOnTheFirstLine"
	for name, file := range map[string]string{
		"empty": "", "only empty lines": "\n\n", "no header": ten.Ref + ",trust-swiftly," + secret + "\n", "a column twice": "key,key\n",
		"an unknown column": "tenant,colour\n", "a header too long": strings.Repeat("k,", 20<<10), "a quote in the header": "tenant,\"key\n",
		"metadata without a name": "metadata.\n",
	} {
		err := h.Import(h.ctx, admin, keeper.ReadCSV(strings.NewReader(file)), none)
		if !errors.Is(err, keywright.Invalid) || strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	torn := io.MultiReader(strings.NewReader("tenant,scheme,key\n"+ten.Ref+",trust-swiftly,"+old(1)+"\n"), iotest.ErrReader(errors.New("torn")))
	var all []keeper.ImportResult
	err := h.Import(h.ctx, admin, keeper.ReadCSV(torn), func(r keeper.ImportResult) { all = append(all, r) })
	if !errors.Is(err, keywright.Unavailable) || len(all) != 1 || all[0].Err != nil {
		t.Errorf("a file that breaks off: %+v, %v", all, err)
	}
	err = h.Import(h.ctx, admin, keeper.ReadJSONLines(iotest.ErrReader(errors.New("torn"))), none)
	if !errors.Is(err, keywright.Unavailable) {
		t.Errorf("a file that breaks off: %v", err)
	}
}

func TestImportOfManyThatWasCutShort(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	var file strings.Builder
	for i := range 1250 {
		fmt.Fprintf(&file, `{"tenant":%q,"scheme":"trust-swiftly","key":%q}`+"\n", ten.Ref, old(i+1))
	}
	left := 2
	o := h.options
	o.Store = short{h.store, &left}
	var done int
	err := keeper.New(o).Import(h.ctx, admin, keeper.ReadJSONLines(strings.NewReader(file.String())), func(keeper.ImportResult) { done++ })
	if !errors.Is(err, keywright.Unavailable) || !strings.Contains(err.Error(), "line 1001") || done != 1000 {
		t.Fatalf("%d rows reported, %v", done, err)
	}
	skipped, fresh := 0, 0
	for _, r := range h.taken(keeper.ReadJSONLines(strings.NewReader(file.String()))) {
		switch {
		case r.Err != nil:
			t.Errorf("line %d: %v", r.Line, r.Err)
		case r.Skipped:
			skipped++
		default:
			fresh++
		}
	}
	if skipped != 1000 || fresh != 250 {
		t.Errorf("run again: %d skipped, %d new", skipped, fresh)
	}
}

func TestJSONLinesErrorsRepeatNothing(t *testing.T) {
	t.Parallel()
	const secret = "tsw_s3cr3t"
	for _, line := range []string{
		`{"key":` + secret + `}`, `{"` + secret + `":1}`, `"` + secret + `"`, `{"key":["` + secret + `"]}`, `{"permissions":"` + secret + `"}`,
		`{"metadata":{"` + secret + `":1}}`, `{"created_at":"` + secret + `"}`, `{"expires_at":"` + secret + `"}`, `{"key":"a"} ` + secret, `{"key":"` + secret, `[1]`, `null garbage`,
	} {
		for row, err := range keeper.ReadJSONLines(strings.NewReader("\n" + line + "\n")) {
			if !errors.Is(err, keywright.Invalid) || row.Line != 2 || strings.Contains(err.Error(), secret) || row.Key != "" {
				t.Errorf("%s: %+v, %v", line, row, err)
			}
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("tenant,scheme,key\na,b,c\n")
	f.Add("key\n\"x\n")
	f.Add("metadata.a,created_at\r\n1,2020-01-01T00:00:00Z")
	f.Fuzz(func(t *testing.T, file string) { readAll(t, keeper.ReadCSV(strings.NewReader(file)), file) })
}

func FuzzReadJSONLines(f *testing.F) {
	f.Add(`{"key":"a","metadata":{"a":"b"}}` + "\n{}")
	f.Add(`{"key":1}`)
	f.Fuzz(func(t *testing.T, file string) { readAll(t, keeper.ReadJSONLines(strings.NewReader(file)), file) })
}

func readAll(t *testing.T, rows iter.Seq2[keeper.ImportRow, error], file string) {
	line := 0
	for row, err := range rows {
		if row.Line == 0 && err == nil {
			t.Fatal("a row without a line")
		}
		if row.Line != 0 && row.Line <= line {
			t.Fatalf("line %d after line %d", row.Line, line)
		}
		line = max(line, row.Line)
		if line > strings.Count(file, "\n")+1 {
			t.Fatalf("line %d of fewer", line)
		}
	}
}
