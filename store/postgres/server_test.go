package postgres_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/store/postgres"
	"github.com/keywright/keywright/store/storetest"
)

func refused(t *testing.T, dsn string, kind keywright.Kind, words string) {
	t.Helper()
	s, err := postgres.Open(t.Context(), dsn)
	if err == nil {
		_ = s.Close()
		t.Fatal("it was opened")
	}
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v (%v); want %q and %q", err, errors.Unwrap(err), kind, words)
	}
	if strings.Contains(err.Error(), "pass-w0rd") {
		t.Error("the password is in the error")
	}
}

func execute(t *testing.T, dsn, sql string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	if _, err := c.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestWhatCannotBeOpenedSaysWhy(t *testing.T) {
	t.Parallel()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = nobody.Close()
	refused(t, "postgres://postgres:pass-w0rd@"+nobody.Addr().String()+"/postgres", keywright.Unavailable, "does not answer")
	refused(t, "postgres://postgres:pass-w0rd@host:port:5432/%zz", keywright.Invalid, "connection string")

	dsn := storetest.Postgres(t)
	refused(t, strings.Replace(dsn, "keywright_test_", "keywright_none_", 1), keywright.Unavailable, "no such database")
	refused(t, dsn+"&options=-c%20synchronous_commit%3Doff", keywright.Precondition, "synchronous_commit = off")

	_ = open(t, dsn).Close()
	execute(t, dsn, "INSERT INTO keywright_schema (version) VALUES (1000000)")
	refused(t, dsn, keywright.Precondition, "written by a newer Keywright")
}

const cutAll = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

// A server that restarts cuts every connection, those that lie idle in the pool
// and the one that listens.
func TestConnectionsThatWereCutAreReplaced(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)
	s, other := open(t, dsn), open(t, dsn)
	for n := range 4 {
		if _, err := s.Update(t.Context(), storetest.CrashAct(t.Context(), 2*n)); err != nil {
			t.Fatalf("after %d cuts: %v: %v", n, err, errors.Unwrap(err))
		}
		if err := storetest.CheckWhole(t.Context(), s); err != nil {
			t.Fatalf("after %d cuts: %v: %v", n, err, errors.Unwrap(err))
		}
		execute(t, dsn, cutAll)
		if err := storetest.CheckWhole(t.Context(), s); err != nil {
			t.Fatalf("reading after %d cuts: %v: %v", n+1, err, errors.Unwrap(err))
		}
	}
	// It listens again: of another process's commits, three in a row are heard.
	// The reconnection itself is one signal, and may come at any time.
	deadline := time.After(time.Minute)
	for n, heard := 1001, 0; heard < 3; n += 2 {
		if _, err := other.Update(t.Context(), storetest.CrashAct(t.Context(), n)); err != nil {
			t.Fatal(err)
		}
		select {
		case <-s.Changed():
			heard++
		case <-time.After(time.Second):
			heard = 0
		case <-deadline:
			t.Fatal("it never listens again")
		}
	}
}

// A connection that is cut in the midst of an update makes it run again.
func TestAnUpdateThatIsCutRunsAgain(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)
	s := open(t, dsn)
	var runs atomic.Int32
	_, err := s.Update(t.Context(), func(tx keywright.Tx) error {
		err := storetest.CrashAct(t.Context(), 7)(tx)
		if runs.Add(1) == 1 {
			execute(t, dsn, cutAll)
			_, err = tx.Key(t.Context(), storetest.KeyID(1)) // which notices
		}
		return err
	})
	if err != nil || runs.Load() != 2 {
		t.Fatalf("after %d runs: %v", runs.Load(), err)
	}
	if err := errors.Join(storetest.CheckCrash(t.Context(), s, []int{7}), storetest.CheckWhole(t.Context(), s)); err != nil {
		t.Error(err)
	}
}

// A statement that fails spoils a transaction of PostgreSQL's: what fn makes of
// the error does not matter, and other writers are not harmed.
func TestASpoiledTransactionIsNotCommitted(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)
	s := open(t, dsn)
	execute(t, dsn, "ALTER TABLE keys ADD CONSTRAINT no_spoiled CHECK (scheme <> 'spoiled')")
	_, err := s.Update(t.Context(), func(tx keywright.Tx) error {
		if err := storetest.CrashAct(t.Context(), 1)(tx); err != nil {
			return err
		}
		k := storetest.Key(99, "ten_a")
		k.Scheme = "spoiled"
		_ = tx.PutKey(t.Context(), k) // swallowed
		return nil
	})
	if !errors.Is(err, keywright.Unavailable) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Update(t.Context(), storetest.CrashAct(t.Context(), 2)); err != nil {
		t.Error(err)
	}
	if err := storetest.CheckWhole(t.Context(), s); err != nil {
		t.Error(err)
	}
}

// A database of an older schema is brought forward with all it holds.
func TestAnOlderSchemaIsBroughtForward(t *testing.T) {
	t.Parallel()
	storetest.RunUpgrade(t, place, open, func(t *testing.T, dsn string, statements []string) { execute(t, dsn, strings.Join(statements, ";")) })

	dsn := storetest.Postgres(t)
	s := open(t, dsn)
	if _, err := s.Update(t.Context(), storetest.CrashAct(t.Context(), 1)); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	execute(t, dsn, strings.Join(storetest.OlderSchema(), ";")+"; DROP TABLE people; DELETE FROM keywright_schema WHERE version > 1")
	for range 2 {
		s = open(t, dsn)
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
