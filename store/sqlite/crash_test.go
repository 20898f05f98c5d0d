package sqlite_test

import (
	"context"
	"os"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/sqlite"
	"github.com/keywright/keywright/store/storetest"
	engine "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

func TestMain(m *testing.M) {
	storetest.CrashChild(func(path string) (keywright.Store, error) {
		return sqlite.Open(context.Background(), path, sqlite.Options{})
	})
	watch()
	os.Exit(m.Run())
}

// TestKill kills a writing process 120 times.
func TestKill(t *testing.T) {
	t.Parallel()
	storetest.RunCrash(t, kills, place(t), open, intact)
}

// intact has SQLite look at the whole file.
func intact(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		return // killed before it was made
	}
	c, err := engine.OpenConn(path, engine.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	verdict, err := sqlitex.ResultText(c.Prep("PRAGMA integrity_check"))
	if err != nil || verdict != "ok" {
		t.Fatalf("integrity_check says %q, %v", verdict, err)
	}
}
