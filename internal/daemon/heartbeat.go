package daemon

import (
	"context"
	"log/slog"
	"time"

	"github.com/keywright/keywright/people"
)

const (
	beatEvery = 5 * time.Second
	beatWait  = 3 * time.Second
)

// heartbeat is what this node says of itself.
func (c *core) heartbeat(now time.Time) people.Heartbeat {
	return people.Heartbeat{Node: c.node, Fresh: c.index.Fresh(), Age: c.age(), Bound: c.index.Bound(), Cursor: c.follower.Applied(), At: now.UTC()}
}

// beat tells the others that share the store how this node is, until the context
// ends, and then takes it back. It goes by the real clock. That it fails is said
// once: nothing depends on it.
func (c *core) beat(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for failing := false; ; {
		err := c.beatOnce(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			log.Warn("this node cannot tell the others how it is", "error", err.Error())
		}
		failing = err != nil
		select {
		case <-tick.C:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), beatWait)
			defer cancel()
			_ = c.people.Silence(last, c.node) // else it is forgotten by itself
			return
		}
	}
}

func (c *core) beatOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, beatWait)
	defer cancel()
	now := time.Now()
	return c.people.Beat(ctx, now, c.heartbeat(now))
}

// startBeating begins where nodes share a store; what it returns ends it and waits.
func (c *core) startBeating(log *slog.Logger) (stop func()) {
	if !c.bounded {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.beat(ctx, log)
	}()
	return func() {
		cancel()
		<-done
	}
}
