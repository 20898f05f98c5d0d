package storetest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Postgres makes a database of its own on the server that KEYWRIGHT_TEST_POSTGRES
// names, or the local one, and returns its connection string. The database is
// dropped when the test ends. A test fails without a server; it is never skipped.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv("KEYWRIGHT_TEST_POSTGRES")
	if server == "" {
		server = "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
	}
	name := "keywright_test_" + strings.ToLower(rand.Text())
	administer(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { administer(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("KEYWRIGHT_TEST_POSTGRES is no postgres:// address")
	}
	u.Path = "/" + name
	return u.String()
}

func administer(t testing.TB, server, sql string) {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("these tests need a PostgreSQL server (KEYWRIGHT_TEST_POSTGRES): %v", err)
	}
	defer func() { _ = c.Close(ctx) }()
	if _, err := c.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
