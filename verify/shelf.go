package verify

import "sync/atomic"

const shelfChunk = 256

// shelf is a list that one writer appends to and changes while readers read.
type shelf[T any] struct {
	chunks atomic.Pointer[[]*[shelfChunk]atomic.Pointer[T]]
	length uint32 // writer only
}

// at returns what stands at a place; nil if nothing does.
func (s *shelf[T]) at(i uint32) *T {
	return (*s.chunks.Load())[i/shelfChunk][i%shelfChunk].Load()
}

func (s *shelf[T]) set(i uint32, v *T) {
	(*s.chunks.Load())[i/shelfChunk][i%shelfChunk].Store(v)
}

// add appends a place. Like the arena it appends only past what readers know.
func (s *shelf[T]) add(v *T) uint32 {
	i := s.length
	s.length++
	if i%shelfChunk == 0 {
		var chunks []*[shelfChunk]atomic.Pointer[T]
		if old := s.chunks.Load(); old != nil {
			chunks = *old
		}
		chunks = append(chunks, new([shelfChunk]atomic.Pointer[T]))
		s.chunks.Store(&chunks)
	}
	s.set(i, v)
	return i
}

// interner keeps each value once and counts who uses it, so that what no record
// uses any more is let go. Place 0 is the empty value and is never counted.
//
// A place that is let go may be taken by another value at once. That is safe:
// it is let go only after the last record that named it has ended, and a reader
// looks at the record's generation after it has taken the value.
type interner[T any] struct {
	empty  T
	values shelf[T]
	places map[string]uint32
	uses   []use
	free   []uint32
}

type use struct {
	name  string
	count int
}

func (n *interner[T]) init() {
	n.places = map[string]uint32{}
	n.values.add(&n.empty)
	n.uses = append(n.uses, use{})
}

// take returns the place of the value that name spells, making it if need be.
func (n *interner[T]) take(name []byte, value func() T) uint32 {
	if len(name) == 0 {
		return 0
	}
	i, ok := n.places[string(name)]
	if !ok {
		v := value()
		if last := len(n.free) - 1; last >= 0 {
			i, n.free = n.free[last], n.free[:last]
			n.values.set(i, &v)
		} else {
			i = n.values.add(&v)
			n.uses = append(n.uses, use{})
		}
		n.uses[i].name = string(name)
		n.places[n.uses[i].name] = i
	}
	n.uses[i].count++
	return i
}

// drop takes one use back.
func (n *interner[T]) drop(i uint32) {
	if i == 0 {
		return
	}
	u := &n.uses[i]
	if u.count--; u.count > 0 {
		return
	}
	delete(n.places, u.name)
	u.name = ""
	n.values.set(i, &n.empty)
	n.free = append(n.free, i)
}
