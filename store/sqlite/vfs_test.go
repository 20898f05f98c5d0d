package sqlite_test

import (
	"bytes"
	"strings"
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// A recorder sits between SQLite and the system and notes, in order, what
// SQLite does to the files of one folder. It changes nothing.
type recorder struct {
	mu    sync.Mutex
	dir   string // "" records nothing
	ops   []op
	files map[uintptr]watched  // that are open
	mine  map[uintptr]*methods // by the table that they stand in for
}

type opKind string

const (
	opCreate   opKind = "create"
	opWrite    opKind = "write"
	opTruncate opKind = "truncate"
	opSync     opKind = "sync"
	opDelete   opKind = "delete"
	opAck      opKind = "ack" // not the file system's: a write was acknowledged
)

type op struct {
	kind opKind
	name string
	at   int64 // offset, or size; of a sync, how many ops there were when it began
	data []byte
	act  int // of an ack
}

// recording is one because SQLite's list of file systems is one.
var recording = &recorder{files: map[uintptr]watched{}, mine: map[uintptr]*methods{}}

// watched is an open file whose functions are ours.
type watched struct {
	name string
	*methods
}

// methods is a table of functions that SQLite is given for a file, and those
// that it would have been given.
type methods struct {
	table    uintptr // of the functions, in SQLite's own memory
	close    func(*libc.TLS, uintptr) int32
	write    func(*libc.TLS, uintptr, uintptr, int32, lib.Tsqlite3_int64) int32
	truncate func(*libc.TLS, uintptr, lib.Tsqlite3_int64) int32
	sync     func(*libc.TLS, uintptr, int32) int32
}

// The file system's own functions.
var system struct {
	open   func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32
	remove func(*libc.TLS, uintptr, uintptr, int32) int32
}

// at reads what SQLite's memory has at an address.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// function makes a Go function of a pointer in one of SQLite's tables.
func function[F any](pointer uintptr) F {
	held := struct{ uintptr }{pointer}
	return *(*F)(unsafe.Pointer(&held))
}

// pointer is the reverse. The function must never be collected.
func pointer[F any](f F) uintptr {
	held := struct{ f F }{f}
	return *(*uintptr)(unsafe.Pointer(&held))
}

// watch puts the recorder in place, before any database is opened.
func watch() {
	tls := libc.NewTLS()
	defer tls.Close()
	vfs := at[lib.Tsqlite3_vfs](lib.Xsqlite3_vfs_find(tls, 0))
	system.open = function[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](vfs.FxOpen)
	system.remove = function[func(*libc.TLS, uintptr, uintptr, int32) int32](vfs.FxDelete)
	vfs.FxOpen, vfs.FxDelete = pointer(opened), pointer(removed)
}

func opened(tls *libc.TLS, vfs, path, file uintptr, flags int32, out uintptr) int32 {
	code := system.open(tls, vfs, path, file, flags, out)
	if code != lib.SQLITE_OK || path == 0 {
		return code
	}
	recording.mu.Lock()
	defer recording.mu.Unlock()
	name := libc.GoString(path)
	if recording.dir == "" || !strings.HasPrefix(name, recording.dir) {
		return code
	}
	head := at[lib.Tsqlite3_file](file)
	m := recording.mine[head.FpMethods]
	if m == nil {
		m = wrap(tls, at[lib.Tsqlite3_io_methods](head.FpMethods))
		recording.mine[head.FpMethods] = m
	}
	head.FpMethods = m.table
	recording.files[file] = watched{name, m}
	recording.ops = append(recording.ops, op{kind: opCreate, name: name})
	return code
}

func wrap(tls *libc.TLS, theirs *lib.Tsqlite3_io_methods) *methods {
	m := &methods{
		table:    libc.Xmalloc(tls, lib.Tsize_t(unsafe.Sizeof(*theirs))),
		close:    function[func(*libc.TLS, uintptr) int32](theirs.FxClose),
		write:    function[func(*libc.TLS, uintptr, uintptr, int32, lib.Tsqlite3_int64) int32](theirs.FxWrite),
		truncate: function[func(*libc.TLS, uintptr, lib.Tsqlite3_int64) int32](theirs.FxTruncate),
		sync:     function[func(*libc.TLS, uintptr, int32) int32](theirs.FxSync),
	}
	mine := at[lib.Tsqlite3_io_methods](m.table)
	*mine = *theirs
	mine.FxClose, mine.FxWrite, mine.FxTruncate, mine.FxSync = pointer(closed), pointer(written), pointer(truncated), pointer(synced)
	return m
}

func closed(tls *libc.TLS, file uintptr) int32 {
	recording.mu.Lock()
	f := recording.files[file]
	delete(recording.files, file)
	recording.mu.Unlock()
	return f.close(tls, file)
}

// note appends an op of an open file. What begins is noted before it begins,
// and a sync once it has ended.
func (r *recorder) note(file uintptr, o op) watched {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.files[file]
	if r.dir != "" {
		o.name = f.name
		r.ops = append(r.ops, o)
	}
	return f
}

func written(tls *libc.TLS, file, data uintptr, n int32, offset lib.Tsqlite3_int64) int32 {
	f := recording.note(file, op{kind: opWrite, at: offset, data: bytes.Clone(libc.GoBytes(data, int(n)))})
	return f.write(tls, file, data, n, offset)
}

func truncated(tls *libc.TLS, file uintptr, size lib.Tsqlite3_int64) int32 {
	f := recording.note(file, op{kind: opTruncate, at: size})
	return f.truncate(tls, file, size)
}

func synced(tls *libc.TLS, file uintptr, flags int32) int32 {
	recording.mu.Lock()
	f, began := recording.files[file], len(recording.ops)
	recording.mu.Unlock()
	code := f.sync(tls, file, flags)
	if code == lib.SQLITE_OK {
		recording.note(file, op{kind: opSync, at: int64(began)})
	}
	return code
}

func removed(tls *libc.TLS, vfs, path uintptr, dirSync int32) int32 {
	recording.mu.Lock()
	if name := libc.GoString(path); recording.dir != "" && strings.HasPrefix(name, recording.dir) {
		recording.ops = append(recording.ops, op{kind: opDelete, name: name})
	}
	recording.mu.Unlock()
	return system.remove(tls, vfs, path, dirSync)
}

func (r *recorder) acknowledge(act int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops = append(r.ops, op{kind: opAck, act: act})
}

func (r *recorder) start(dir string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dir, r.ops = dir, nil
}

func (r *recorder) stop() []op {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dir = ""
	return r.ops
}
