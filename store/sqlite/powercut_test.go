package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/keywright/keywright/store/sqlite"
	"github.com/keywright/keywright/store/storetest"
)

// TestPowerCut records what SQLite really writes and syncs while several
// writers work, and then rebuilds what a disk may hold if the power fails at
// some moment: all that was synced, and of the rest all, nothing, or anything.
// Each such disk is opened; it must be whole and hold every act that had been
// acknowledged by then.
func TestPowerCut(t *testing.T) {
	path := place(t)
	ops := record(t, path)
	seen := map[opKind]int{}
	for _, o := range ops {
		seen[o.kind]++
	}
	t.Logf("recorded %v", seen)
	if seen[opSync] < 100 || seen[opAck] < 300 || seen[opDelete] == 0 || !foldsTheLog(ops) {
		t.Fatalf("the recording shows too little: %v", seen)
	}
	moments := []int{0, 1, 2, len(ops)}
	for range cuts {
		moments = append(moments, rand.IntN(len(ops)+1))
	}
	slices.Sort(moments)
	d, done := newDisk(), 0
	var acknowledged []int
	for _, moment := range moments {
		for ; done < moment; done++ {
			if ops[done].kind == opAck {
				acknowledged = append(acknowledged, ops[done].act)
			}
			d.apply(done, ops[done])
		}
		for name, keep := range fates() {
			survive(t, d, keep, acknowledged, fmt.Sprintf("cut after op %d of %d, %s", moment, len(ops), name))
		}
	}
}

// record has several writers work on a store, twice, and returns what happened.
func record(t *testing.T, path string) []op {
	t.Helper()
	recording.start(filepath.Dir(path))
	defer recording.stop()
	for round := range 2 {
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{LogPages: 600})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for w := range 4 {
			all.Go(func() {
				for i := range 60 {
					n := 1 + round*1000 + w*100 + i
					act := n*3000 + 2999 - n%5 // with much filler, so that the log is folded
					if err := storetest.CrashWrite(t.Context(), s, act); err != nil {
						t.Error(err)
						return
					}
					recording.acknowledge(act)
				}
			})
		}
		all.Wait()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return recording.stop()
}

// foldsTheLog reports that the database file was written between acts, and not
// only when the store was closed.
func foldsTheLog(ops []op) bool {
	acts, folded := 0, false
	for _, o := range ops {
		if o.kind == opAck {
			acts++
		}
		folded = folded || (o.kind == opWrite && filepath.Ext(o.name) == ".db" && acts%240 > 10 && acts%240 < 230)
	}
	return folded
}

// disk is what a disk holds for sure, and what it may hold.
type disk struct {
	files map[string]*file
}

type file struct {
	durable []byte
	pending []change
	exists  bool   // for sure
	deleted bool   // maybe
	fresh   bool   // the first sync will sync the folder too
	ghost   []byte // what another file of this name held, if its deletion is not durable
}

type change struct {
	op
	index int
}

func newDisk() *disk { return &disk{files: map[string]*file{}} }

func (d *disk) apply(index int, o op) {
	f := d.files[o.name]
	switch o.kind {
	case opAck:
	case opCreate:
		d.create(o.name, f)
	case opWrite, opTruncate:
		f.pending = append(f.pending, change{o, index})
	case opSync:
		if f.fresh {
			d.syncNames()
		}
		f.fresh = false
		f.pending = slices.DeleteFunc(f.pending, func(c change) bool {
			if c.index < int(o.at) {
				f.durable = c.onto(f.durable, nil)
				return true
			}
			return false
		})
	case opDelete:
		if f != nil {
			f.deleted = true
		}
	}
}

// create opens a file, which is made if it is not there. The store makes the
// database file itself and syncs its name; SQLite syncs the folder with the
// first sync of a journal or log that it made.
func (d *disk) create(name string, f *file) {
	isDatabase := filepath.Ext(name) == ".db"
	if f == nil {
		d.files[name] = &file{exists: isDatabase, fresh: !isDatabase}
		return
	}
	if f.deleted {
		old := bytes.Clone(f.durable)
		for _, c := range f.pending {
			old = c.onto(old, nil)
		}
		*f = file{fresh: true, ghost: old}
	}
}

// syncNames makes every creation and deletion durable.
func (d *disk) syncNames() {
	for name, f := range d.files {
		f.exists, f.ghost = true, nil
		if f.deleted {
			delete(d.files, name)
		}
	}
}

const sector = 512

// onto makes the change; torn leaves sectors out.
func (c change) onto(b []byte, torn func() bool) []byte {
	if c.kind == opTruncate {
		if int64(len(b)) > c.at {
			return slices.Clip(b[:c.at])
		}
		return append(b, make([]byte, c.at-int64(len(b)))...)
	}
	if end := c.at + int64(len(c.data)); end > int64(len(b)) {
		b = append(b, make([]byte, end-int64(len(b)))...)
	}
	for from := 0; from < len(c.data); {
		to := min(len(c.data), from+sector-int((c.at+int64(from))%sector))
		if torn == nil || !torn() {
			copy(b[c.at+int64(from):], c.data[from:to])
		}
		from = to
	}
	return b
}

// fate decides what becomes of what was not synced.
type fate struct {
	keep    func() bool // a change as a whole
	torn    func() bool // a sector of a kept change is lost
	deleted func() bool
}

func fates() map[string]fate {
	all, none := func() bool { return true }, func() bool { return false }
	half, most := func() bool { return rand.IntN(2) == 0 }, func() bool { return rand.IntN(8) != 0 }
	few := func() bool { return rand.IntN(8) == 0 }
	return map[string]fate{
		"everything written": {all, none, all}, "nothing unsynced": {none, none, none}, "half of it": {half, none, half},
		"most of it": {most, none, half}, "torn sectors": {all, few, half}, "half of it, torn": {half, half, half},
	}
}

// image writes a disk out to a folder.
func (d *disk) image(dir string, keep fate) error {
	for name, f := range d.files {
		b := bytes.Clone(f.durable)
		switch {
		case f.deleted && keep.deleted(), f.ghost == nil && !f.exists && !keep.keep():
			continue
		case f.ghost != nil && !keep.deleted():
			b = f.ghost
		default:
			for _, c := range f.pending {
				if keep.keep() {
					b = c.onto(b, keep.torn)
				}
			}
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// survive opens what is left and looks for every act.
func survive(t *testing.T, d *disk, keep fate, acknowledged []int, what string) {
	t.Helper()
	dir, err := os.MkdirTemp(images(), "image")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := d.image(dir, keep); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "keys.db")
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatalf("%s: cannot be opened: %v: %v", what, err, errors.Unwrap(err))
	}
	if err := errors.Join(storetest.CheckCrash(t.Context(), s, acknowledged), storetest.CheckWhole(t.Context(), s), storetest.CheckRecords(t.Context(), s, acknowledged)); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	intact(t, path)
}

// images is where images are made: in memory, where there is such a place, as
// nobody will cut the power of an image.
func images() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}
