package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/group"
	"github.com/keywright/keywright/store/internal/record"
	"github.com/keywright/keywright/store/internal/sqltext"
)

// dialect is how PostgreSQL spells the schema. Text is ordered by its bytes, as
// the other stores do, whatever the database's language.
func dialect() sqltext.Dialect {
	return sqltext.Dialect{Int: "BIGINT", Text: `TEXT COLLATE "C"`, Bytes: "BYTEA"}
}

const (
	defaultConns   = 16
	connectTimeout = 10 * time.Second
)

// Open connects to a database and brings its schema up to date. It returns an
// Unavailable error if the server is away, and a Precondition error if a newer
// Keywright wrote the schema or the server is set up so that an acknowledged
// commit may be lost.
func Open(ctx context.Context, dsn string) (*Store, error) {
	config, err := configure(dsn)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, failure(ctx, err)
	}
	s := &Store{pool: pool, changed: make(chan struct{}, 1)}
	s.uses = sqltext.NewUses(s.read, s.update)
	s.writer = &writer{pool: pool}
	s.line = group.New(s.writer)
	if err := s.migrate(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	listening, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.listening.Go(func() { s.listen(listening, config.ConnConfig) })
	return s, nil
}

func configure(dsn string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil { // which may quote the password: it is neither shown nor kept
		return nil, &keywright.Error{Kind: keywright.Invalid, Field: "dsn", Detail: "the connection string cannot be read: write it as postgres://user:password@host:5432/database?sslmode=verify-full"}
	}
	if !strings.Contains(dsn, "pool_max_conns") {
		config.MaxConns = defaultConns
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	for name, value := range map[string]string{"application_name": "keywright", "statement_timeout": "30000", "idle_in_transaction_session_timeout": "120000"} {
		if config.ConnConfig.RuntimeParams[name] == "" {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	config.AfterConnect = check
	return config, nil
}

const settings = `SELECT current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes'),
pg_is_in_recovery()::text, current_setting('server_encoding')`

// check refuses a server that may lose what it has acknowledged, or may be
// behind: a revocation must neither be undone nor be seen late.
func check(ctx context.Context, c *pgx.Conn) error {
	var synchronous, fsync, pages, replica, encoding string
	if err := c.QueryRow(ctx, settings).Scan(&synchronous, &fsync, &pages, &replica, &encoding); err != nil {
		return failure(ctx, err)
	}
	refuse := func(format string, args ...any) error {
		return &keywright.Error{Kind: keywright.Precondition, Detail: fmt.Sprintf(format, args...)}
	}
	switch {
	case synchronous == "off":
		return refuse("the PostgreSQL server has synchronous_commit = off, so that a crash loses acknowledged writes: set it to on, for the server, the database and the user")
	case fsync == "off" || pages == "off":
		return refuse("the PostgreSQL server has fsync = %s and full_page_writes = %s, so that a power cut destroys the database: set both to on", fsync, pages)
	case replica != "false":
		return refuse("this PostgreSQL server is a replica, which may be behind: connect to the primary")
	case encoding != "UTF8":
		return refuse("the database's encoding is %s: create it with ENCODING 'UTF8'", encoding)
	}
	return nil
}

func (s *Store) migrate(ctx context.Context) error {
	held, err := s.pool.Acquire(ctx)
	if err != nil {
		return failure(ctx, err)
	}
	defer held.Release()
	c := &conn{Conn: held.Conn()}
	if err := c.run(ctx, "BEGIN"); err != nil {
		return err
	}
	_, err = c.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", []any{int64(orderLock)})
	if err == nil {
		err = sqltext.Migrate(ctx, c, dialect())
	}
	if err != nil {
		_ = c.run(context.WithoutCancel(ctx), "ROLLBACK")
		return wrap(err)
	}
	return c.run(ctx, "COMMIT")
}

// wrap makes of any error one that has a kind.
func wrap(err error) error {
	var known *keywright.Error
	if errors.As(err, &known) {
		return known
	}
	return record.Unavailable("the PostgreSQL server refused a statement", err)
}
