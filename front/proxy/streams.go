package proxy

import (
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
)

// streams holds every request that is under way, and cuts those whose key has
// stopped passing. It goes by the real clock; what it asks goes by the injected
// one.
type streams struct {
	gate   func() *gate.Gate
	mu     sync.Mutex
	open   map[*exchange]struct{}
	closed bool
	done   chan struct{}
	once   sync.Once
}

func newStreams(g func() *gate.Gate) *streams {
	s := &streams{gate: g, open: make(map[*exchange]struct{}), done: make(chan struct{})}
	go s.watch()
	return s
}

func (s *streams) add(x *exchange) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.open[x] = struct{}{}
	return true
}

func (s *streams) remove(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, x)
}

func (s *streams) watch() {
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.sweep()
		case <-s.done:
			return
		}
	}
}

// sweep asks again for every request that is under way.
func (s *streams) sweep() {
	g := s.gate()
	for _, x := range s.list() {
		if x.verdict.Route.Open {
			continue
		}
		if reason := g.Recheck(&x.view, &x.verdict); reason != keywright.Granted && !x.settling() {
			x.cut(reason)
		}
	}
}

func (s *streams) list() []*exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*exchange, 0, len(s.open))
	for x := range s.open {
		all = append(all, x)
	}
	return all
}

func (s *streams) close() {
	s.once.Do(func() { close(s.done) })
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	for _, x := range s.list() {
		x.cut(keywright.Failure)
	}
}
