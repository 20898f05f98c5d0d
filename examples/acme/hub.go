package acme

import (
	"sync"

	"github.com/keywright/keywright/examples/exampleapi"
)

const (
	// maxStreams bounds the streams that one tenant may hold open.
	maxStreams = 20
	// backlog is how far a listener may fall behind before it is let go.
	backlog = 64
)

// event is something that happened in a scope.
type event struct {
	name, id string
	data     []byte
}

// hub carries events to whoever listens in the same scope.
type hub struct {
	mu        sync.Mutex
	listeners map[exampleapi.Scope]map[chan event]bool
	streams   map[string]int // by tenant
}

func newHub() *hub {
	return &hub{listeners: map[exampleapi.Scope]map[chan event]bool{}, streams: map[string]int{}}
}

// enter counts a stream in; leave counts it out. A tenant with too many is refused.
func (h *hub) enter(tenant string) (leave func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.streams[tenant] >= maxStreams {
		return nil, exampleapi.Fault{Kind: exampleapi.Crowded, Text: "Too many streams are open: close one first."}
	}
	h.streams[tenant]++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.streams[tenant]--; h.streams[tenant] == 0 {
			delete(h.streams, tenant)
		}
	}, nil
}

// listen returns a channel of what happens from now on. It is closed when the
// listener falls too far behind: a stream with a hole would be a lie.
func (h *hub) listen(s exampleapi.Scope) (events <-chan event, stop func()) {
	ch := make(chan event, backlog)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listeners[s] == nil {
		h.listeners[s] = map[chan event]bool{}
	}
	h.listeners[s][ch] = true
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.drop(s, ch)
	}
}

// tell hands an event to every listener, and waits for none of them.
func (h *hub) tell(s exampleapi.Scope, e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.listeners[s] {
		select {
		case ch <- e:
		default:
			h.drop(s, ch)
		}
	}
}

// drop ends a listener, once. The lock is held.
func (h *hub) drop(s exampleapi.Scope, ch chan event) {
	if !h.listeners[s][ch] {
		return
	}
	delete(h.listeners[s], ch)
	if len(h.listeners[s]) == 0 {
		delete(h.listeners, s)
	}
	close(ch)
}
