package daemon

import (
	"sync"
	"sync/atomic"
)

// generations holds the one in force, and those before it for as long as
// requests are served by them.
type generations struct {
	current atomic.Pointer[generation]
	mu      sync.Mutex
	retired map[*generation]struct{}
}

// acquire returns the generation in force, for a request that calls release
// when it has ended. It takes no lock.
func (s *generations) acquire() *generation {
	for {
		g := s.current.Load()
		g.users.Add(1)
		if !g.retired.Load() {
			return g
		}
		s.release(g) // it was retired just now: there is a newer one
	}
}

// release gives a generation back; the last to do so ends a retired one.
func (s *generations) release(g *generation) {
	if g.users.Add(-1) == 0 && g.retired.Load() {
		s.end(g)
	}
}

// swap puts a generation in force and retires the one before.
func (s *generations) swap(g *generation) {
	old := s.current.Swap(g)
	if old == nil {
		return
	}
	s.mu.Lock()
	if s.retired == nil {
		s.retired = map[*generation]struct{}{}
	}
	s.retired[old] = struct{}{}
	s.mu.Unlock()
	old.retired.Store(true)
	if old.users.Load() == 0 {
		s.end(old)
	}
}

func (s *generations) end(g *generation) {
	s.mu.Lock()
	delete(s.retired, g)
	s.mu.Unlock()
	g.proxy.Close()
}

// close ends them all.
func (s *generations) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for g := range s.retired {
		g.proxy.Close()
	}
	if g := s.current.Load(); g != nil {
		g.proxy.Close()
	}
}
