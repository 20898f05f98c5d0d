package postgres_test

import (
	"errors"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/store/postgres"
	"github.com/keywright/keywright/store/storetest"
)

func place(t *testing.T) string { return storetest.Postgres(t) }

func open(t *testing.T, dsn string) keywright.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), dsn)
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

func TestShared(t *testing.T) {
	t.Parallel()
	storetest.RunShared(t, place, open)
}

func TestPeople(t *testing.T) {
	t.Parallel()
	fresh := func(t *testing.T) people.Store { return open(t, place(t)).(*postgres.Store) }
	storetest.RunPeople(t, fresh, func(*testing.T) people.Store { return memory.New() })
}

func TestLists(t *testing.T) {
	t.Parallel()
	storetest.RunLists(t, func(t *testing.T) keywright.Store { return open(t, place(t)) })
}
