package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/store/sqlite"
	"github.com/keywright/keywright/store/storetest"
	engine "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

func refused(t *testing.T, path string, kind keywright.Kind, words string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err == nil {
		_ = s.Close()
		t.Fatal("it was opened")
	}
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v; want %q and %q", err, kind, words)
	}
}

func execute(t *testing.T, path, sql string) {
	t.Helper()
	c, err := engine.OpenConn(path, engine.OpenReadWrite|engine.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.ExecuteScript(c, sql, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAFileHasOneOwner(t *testing.T) {
	t.Parallel()
	path := place(t)
	s := open(t, path)
	refused(t, path, keywright.Conflict, "open in another process")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_ = open(t, path).Close()
}

func TestTheFilesAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	path := place(t)
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	if _, err := s.Update(t.Context(), storetest.CrashAct(t.Context(), 1)); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v", f.Name(), info.Mode())
		}
	}
	if len(files) < 4 {
		t.Errorf("there are only %v", files)
	}
}

func TestWhatCannotBeOpenedSaysWhy(t *testing.T) {
	t.Parallel()
	refused(t, filepath.Join(t.TempDir(), "no", "such", "folder", "keys.db"), keywright.Unavailable, "look at the folder")

	text := place(t)
	if err := os.WriteFile(text, []byte(strings.Repeat("this is a letter, not a database\n", 99)), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, text, keywright.Unavailable, "damaged, or is no Keywright database")

	foreign := place(t)
	execute(t, foreign, "PRAGMA application_id = 42; CREATE TABLE theirs (a);")
	refused(t, foreign, keywright.Precondition, "another program's database")

	newer := place(t)
	_ = open(t, newer).Close()
	execute(t, newer, "INSERT INTO keywright_schema (version) VALUES (1000000);")
	refused(t, newer, keywright.Precondition, "written by a newer Keywright")
}

// A record that was damaged on the disk is an error, not another key.
func TestADamagedRecordIsAnError(t *testing.T) {
	t.Parallel()
	path := place(t)
	s := open(t, path)
	if _, err := s.Update(t.Context(), storetest.CrashAct(t.Context(), 1)); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	execute(t, path, "UPDATE keys SET body = x'01ff';")
	s = open(t, path)
	err := s.View(t.Context(), func(r keywright.Reader) error {
		_, err := r.Keys(t.Context(), keywright.KeyQuery{})
		return err
	})
	if !errors.Is(err, keywright.Internal) || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("got %v", err)
	}
	for _, err := range s.Changes(t.Context(), 0) {
		if err == nil {
			t.Error("changes pass over damage")
		}
	}
}

// The indexes that queries stand on, as SQLite itself tells.
func TestQueriesUseTheirIndexes(t *testing.T) {
	t.Parallel()
	path := place(t)
	_ = open(t, path).Close()
	c, err := engine.OpenConn(path, engine.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for sql, index := range map[string]string{
		"SELECT body FROM keys k WHERE k.digest = $1 ORDER BY k.id LIMIT $2":                                                                          "keys_digest",
		"SELECT body FROM keys k WHERE k.tenant = $1 AND k.id > $2 AND COALESCE(k.scheme, k.scheme) = $3 AND k.revoked = 0 ORDER BY k.id LIMIT $4":    "keys_tenant",
		"SELECT body FROM keys k WHERE k.scheme = $1 ORDER BY k.id LIMIT $2":                                                                          "keys_scheme",
		"SELECT body FROM events e WHERE e.key_id = $1 AND COALESCE(e.tenant, e.tenant) = $2 ORDER BY e.seq DESC LIMIT $3":                            "events_key",
		"SELECT body FROM events e WHERE e.tenant = $1 AND COALESCE(e.act, e.act) = $2 ORDER BY e.seq DESC LIMIT $3":                                  "events_tenant",
		"SELECT body FROM events e WHERE e.act = $1 AND COALESCE(e.at, e.at) < $2 ORDER BY e.seq DESC LIMIT $3":                                       "events_act",
		"SELECT body FROM events e WHERE e.actor = $1 AND COALESCE(e.act, e.act) = $2 ORDER BY e.seq DESC LIMIT $3":                                   "events_actor",
		"SELECT COALESCE(MIN(seq + 0), $1) FROM events WHERE at >= $2":                                                                                "COVERING INDEX events_at",
		"SELECT body FROM keys k WHERE k.revoked <> 0 AND k.id < $1 ORDER BY k.id DESC LIMIT $2":                                                      "keys_revoked",
		"SELECT body FROM keys k WHERE COALESCE(k.retires, 0) <> 0 ORDER BY k.id LIMIT $1":                                                            "keys_retired",
		"SELECT COUNT(*) FROM (SELECT 1 FROM keys k WHERE k.retires <> 0 AND k.retires > $1 LIMIT $2) counted":                                        "keys_retires",
		"SELECT body FROM keys k WHERE (k.name, k.id) > ($1, $2) ORDER BY k.name, k.id LIMIT $3":                                                      "keys_name",
		"SELECT body FROM keys k WHERE (k.expires, k.id) < ($1, $2) ORDER BY k.expires DESC, k.id DESC LIMIT $3":                                      "keys_expires",
		"SELECT COUNT(*) FROM (SELECT 1 FROM keys k WHERE k.hint <> '' AND k.hint >= $1 AND k.hint < $2 LIMIT $3) counted":                            "keys_hint",
		"SELECT body FROM tenants t WHERE (t.label, t.id) > ($1, $2) ORDER BY t.label, t.id LIMIT $3":                                                 "tenants_label",
		"SELECT body FROM people p WHERE p.kind = $1 AND p.name = $2 AND p.name <> ''":                                                                "people_name",
		"SELECT body FROM people p WHERE p.kind = $1 AND p.owner <> '' AND p.owner = $2 AND p.tenant || '' = $3 AND p.id > $4 ORDER BY p.id LIMIT $5": "people_owner",
		"SELECT body FROM people p WHERE p.kind = $1 AND p.tenant <> '' AND p.tenant = $2 AND p.id > $3 ORDER BY p.id LIMIT $4":                       "people_tenant",
		"SELECT kind, id FROM people WHERE expires <> 0 AND expires <= $1 ORDER BY expires LIMIT $2":                                                  "people_expires",
		"DELETE FROM receipts WHERE at < $1": "receipts_at",
	} {
		plan := ""
		stmt, _, err := c.PrepareTransient("EXPLAIN QUERY PLAN " + sql)
		for more := err == nil; more; {
			if more, err = stmt.Step(); more {
				plan += stmt.ColumnText(3) + "; "
			}
		}
		if stmt != nil {
			_ = stmt.Finalize()
		}
		if err != nil || !strings.Contains(plan, index) || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s\nis answered by %s (%v); want %s, without sorting", sql, plan, err, index)
		}
	}
}

// A database of an older schema is brought forward with all it holds.
func TestAnOlderSchemaIsBroughtForward(t *testing.T) {
	t.Parallel()
	storetest.RunUpgrade(t, place, open, func(t *testing.T, path string, statements []string) { execute(t, path, strings.Join(statements, ";")) })

	path := place(t)
	s := open(t, path)
	if _, err := s.Update(t.Context(), storetest.CrashAct(t.Context(), 1)); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	execute(t, path, strings.Join(storetest.OlderSchema(), ";")+"; DROP TABLE people; DELETE FROM keywright_schema WHERE version > 1;")
	for range 2 {
		s = open(t, path)
		if err := errors.Join(storetest.CheckCrash(t.Context(), s, []int{1}), storetest.CheckWhole(t.Context(), s)); err != nil {
			t.Error(err)
		}
		if err := s.(people.Store).UpdateRecords(t.Context(), func(tx people.RecordTx) error {
			return tx.PutRecord(t.Context(), people.Record{Kind: people.PersonRecord, ID: "per_a"})
		}); err != nil {
			t.Error(err)
		}
		_ = s.Close()
	}
}
