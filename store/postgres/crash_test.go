package postgres_test

import (
	"context"
	"os"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/postgres"
	"github.com/keywright/keywright/store/storetest"
)

func TestMain(m *testing.M) {
	storetest.CrashChild(func(dsn string) (keywright.Store, error) { return postgres.Open(context.Background(), dsn) })
	os.Exit(m.Run())
}

// TestKill kills a writing client 15 times.
func TestKill(t *testing.T) {
	t.Parallel()
	storetest.RunCrash(t, 15, place(t), open, nil)
}
