package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	firstPause = 50 * time.Millisecond
	lastPause  = 5 * time.Second
	// quiet is how long nothing is heard before the server is asked whether it
	// is still there: a connection can be cut without a word.
	quiet = 15 * time.Second
)

// listen signals what other processes commit, on a connection of its own, and
// connects again for as long as ctx lasts.
func (s *Store) listen(ctx context.Context, config *pgx.ConnConfig) {
	pause := firstPause
	for ctx.Err() == nil {
		if heard := s.hear(ctx, config.Copy()); heard {
			pause = firstPause
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// hear listens until the connection fails; it reports whether it ever stood.
func (s *Store) hear(ctx context.Context, config *pgx.ConnConfig) bool {
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	if _, err := c.Exec(ctx, "LISTEN "+channel); err != nil {
		return false
	}
	s.signal() // for what was missed until now
	for {
		waiting, cancel := context.WithTimeout(ctx, quiet)
		_, err := c.WaitForNotification(waiting)
		cancel()
		switch {
		case err == nil:
			s.signal()
		case ctx.Err() != nil:
			return true
		case errors.Is(err, context.DeadlineExceeded) && !c.IsClosed():
			if !alive(ctx, c) {
				return true
			}
		default:
			return true
		}
	}
}

func alive(ctx context.Context, c *pgx.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return c.Ping(ctx) == nil
}
