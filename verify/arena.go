package verify

import "sync/atomic"

const chunkRecords = 2048 // 256 KiB

type chunk [chunkRecords]record

// arena holds the records. Its chunks never move, so a reader may keep an index
// into it for as long as it likes.
type arena struct {
	chunks atomic.Pointer[[]*chunk]

	// Writer only.
	next uint32   // the first index that was never used
	free []uint32 // ended records, used again first
}

func (a *arena) at(i uint32) *record {
	return &(*a.chunks.Load())[i/chunkRecords][i%chunkRecords]
}

// take returns a record whose generation is odd.
func (a *arena) take() (uint32, *record) {
	if n := len(a.free); n > 0 {
		i := a.free[n-1]
		a.free = a.free[:n-1]
		return i, a.at(i)
	}
	i := a.next
	a.next++
	if i%chunkRecords == 0 {
		a.grow()
	}
	r := a.at(i)
	r[wordGeneration].Store(1)
	return i, r
}

// grow publishes one more chunk. Appending may write into the array that
// readers hold, but only past the length that they know.
func (a *arena) grow() {
	var chunks []*chunk
	if old := a.chunks.Load(); old != nil {
		chunks = *old
	}
	chunks = append(chunks, new(chunk))
	a.chunks.Store(&chunks)
}

func (a *arena) give(i uint32) { a.free = append(a.free, i) }
