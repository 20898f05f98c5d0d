package sqlite_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/store/sqlite"
	"github.com/keywright/keywright/store/storetest"
)

func place(t *testing.T) string { return filepath.Join(t.TempDir(), "keys.db") }

func open(t *testing.T, path string) keywright.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatalf("open: %v: %v", err, errors.Unwrap(err))
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) keywright.Store { return open(t, place(t)) }, func(*testing.T) keywright.Store { return memory.New() })
}

func TestDurable(t *testing.T) {
	t.Parallel()
	storetest.RunDurable(t, place, open)
}

func TestPeople(t *testing.T) {
	t.Parallel()
	fresh := func(t *testing.T) people.Store { return open(t, place(t)).(*sqlite.Store) }
	storetest.RunPeople(t, fresh, func(*testing.T) people.Store { return memory.New() })
}
