package verify

import "sync/atomic"

// A slot holds 32 bits of a hash above, and a record's index plus two below.
// The position is taken from the same bits, so that a table is rebuilt without
// looking at a record.
const (
	slotEmpty   = 0
	slotGone    = 1 // a record stood here: go on probing
	slotOffset  = 2
	firstSlots  = 8
	shardsCount = 256
)

// table is one shard's open addressing. Its slots are atomic: one writer writes
// them while readers read.
type table struct{ slots []atomic.Uint64 }

func (t *table) mask() uint32 { return uint32(len(t.slots) - 1) }

// shard is one of 256 tables: growing one stalls the writer for a 256th of what
// growing them all would.
type shard struct {
	table atomic.Pointer[table]

	// Writer only.
	live int // records
	used int // slots that are not empty
}

func (s *shard) init() { s.table.Store(&table{slots: make([]atomic.Uint64, firstSlots)}) }

// find returns the position of the record that match accepts. Writer only.
func (s *shard) find(tag uint32, match func(uint32) bool) (pos, index uint32, ok bool) {
	t := s.table.Load()
	for pos = tag & t.mask(); ; pos = (pos + 1) & t.mask() {
		slot := t.slots[pos].Load()
		switch {
		case slot == slotEmpty:
			return 0, 0, false
		case slot == slotGone || uint32(slot>>32) != tag:
			continue
		}
		if index = uint32(slot) - slotOffset; match(index) {
			return pos, index, true
		}
	}
}

// insert adds a record that is not there.
func (s *shard) insert(tag, index uint32) {
	t := s.table.Load()
	if (s.used+1)*4 > len(t.slots)*3 {
		t = s.rebuild()
	}
	pos := tag & t.mask()
	for {
		slot := t.slots[pos].Load()
		if slot == slotEmpty {
			s.used++
		}
		if slot <= slotGone {
			break
		}
		pos = (pos + 1) & t.mask()
	}
	s.live++
	t.slots[pos].Store(pack(tag, index+slotOffset))
}

// swing makes a slot lead to another record.
func (s *shard) swing(pos, tag, index uint32) {
	s.table.Load().slots[pos].Store(pack(tag, index+slotOffset))
}

func (s *shard) remove(pos uint32) {
	s.table.Load().slots[pos].Store(slotGone)
	s.live--
}

// rebuild publishes a table without gone slots, with room to grow. Readers that
// still probe the old one notice when they miss.
func (s *shard) rebuild() *table {
	old := s.table.Load()
	size := firstSlots
	for size*13 < (s.live+1)*20 { // at most 65 % full, so that the next rebuild is far off
		size *= 2
	}
	t := &table{slots: make([]atomic.Uint64, size)}
	for i := range old.slots {
		slot := old.slots[i].Load()
		if slot <= slotGone {
			continue
		}
		pos := uint32(slot>>32) & t.mask()
		for t.slots[pos].Load() != slotEmpty {
			pos = (pos + 1) & t.mask()
		}
		t.slots[pos].Store(slot)
	}
	s.used = s.live
	s.table.Store(t)
	return t
}
