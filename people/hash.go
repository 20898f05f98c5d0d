package people

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/keywright/keywright"
)

// params are argon2id's: what a run costs.
type params struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// current is what new passwords are hashed with; older ones are hashed again when
// their person next signs in.
func current() params { return params{memory: 19 * 1024, time: 2, threads: 1} }

const (
	saltBytes = 16
	hashBytes = 32
	// What a stored hash may ask of us at most.
	maxMemory = 1 << 20 // KiB
	maxTime   = 16
	maxPHC    = 512

	maxRuns  = 4  // at once: each takes 19 MiB
	maxQueue = 64 // wait their turn; more are refused
)

// phc is a password's hash with all that is needed to check it.
type phc struct {
	params
	salt, hash []byte
}

// parsePHC reads "$argon2id$v=19$m=…,t=…,p=…$salt$hash", canonically spelt and
// within what we would ever have written.
func parsePHC(s string) (phc, bool) {
	parts := strings.Split(s, "$")
	if len(s) > maxPHC || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return phc{}, false
	}
	var p phc
	costs := strings.Split(parts[3], ",")
	if len(costs) != 3 {
		return phc{}, false
	}
	memory, ok1 := number(costs[0], "m=", maxMemory)
	runs, ok2 := number(costs[1], "t=", maxTime)
	threads, ok3 := number(costs[2], "p=", 16)
	p.memory, p.time, p.threads = memory, runs, uint8(threads)
	var err1, err2 error
	p.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	p.hash, err2 = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if !ok1 || !ok2 || !ok3 || err1 != nil || err2 != nil || memory < 8*threads {
		return phc{}, false
	}
	if len(p.salt) < 8 || len(p.salt) > 64 || len(p.hash) < 16 || len(p.hash) > 64 {
		return phc{}, false
	}
	return p, p.String() == s // the decoder passes over line breaks
}

func number(s, prefix string, most uint64) (uint32, bool) {
	digits, ok := strings.CutPrefix(s, prefix)
	n, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil || n == 0 || n > most {
		return 0, false
	}
	return uint32(n), true
}

// String spells a hash so that parsePHC reads it.
func (p phc) String() string {
	enc := base64.RawStdEncoding
	return "$argon2id$v=19$m=" + strconv.Itoa(int(p.memory)) + ",t=" + strconv.Itoa(int(p.time)) + ",p=" + strconv.Itoa(int(p.threads)) +
		"$" + enc.EncodeToString(p.salt) + "$" + enc.EncodeToString(p.hash)
}

// hasher runs argon2, few at a time: what a run takes in memory is what a stranger
// could use up.
type hasher struct {
	random io.Reader
	params params // of new hashes
	slots  chan struct{}
	queue  atomic.Int64
	runs   atomic.Int64 // all that ever ran: a refusal must cost the same whatever was wrong
}

func newHasher(random io.Reader) *hasher {
	return &hasher{random: random, params: current(), slots: make(chan struct{}, maxRuns)}
}

// dummy is no hash of anything, only of the shape and cost of one.
func (h *hasher) dummy() phc {
	return phc{params: h.params, salt: make([]byte, saltBytes), hash: make([]byte, hashBytes)}
}

// run computes a hash when it is its turn. Errors: Throttled, where too many wait;
// Unavailable, where the request ended first.
func (h *hasher) run(ctx context.Context, password string, p params, salt []byte, size int) ([]byte, error) {
	if h.queue.Add(1) > maxRuns+maxQueue {
		h.queue.Add(-1)
		return nil, throttled(time.Second)
	}
	defer h.queue.Add(-1)
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, &keywright.Error{Kind: keywright.Unavailable, Detail: "the request ended before its password was checked", Cause: ctx.Err()}
	}
	defer func() { <-h.slots }()
	h.runs.Add(1)
	return argon2.IDKey([]byte(password), salt, p.time, p.memory, p.threads, uint32(size)), nil
}

// make hashes a new password.
func (h *hasher) make(ctx context.Context, password keywright.Credential) (string, error) {
	text, _ := passwordText(password)
	p := phc{params: h.params, salt: make([]byte, saltBytes)}
	if _, err := io.ReadFull(h.random, p.salt); err != nil {
		return "", internal("no salt could be drawn", err)
	}
	var err error
	if p.hash, err = h.run(ctx, text, p.params, p.salt, hashBytes); err != nil {
		return "", err
	}
	return p.String(), nil
}

// check reports whether a password is the one of a stored hash. It is one run of
// argon2 in every case: where there is no hash, or one that cannot be read, or no
// password, it works on the dummy and says no. old says that the hash should be
// made anew. Errors: as run.
func (h *hasher) check(ctx context.Context, stored string, password keywright.Credential) (ok, old bool, err error) {
	text, fit := passwordText(password)
	p, real := parsePHC(stored)
	if !real {
		p = h.dummy()
	}
	got, err := h.run(ctx, text, p.params, p.salt, len(p.hash))
	if err != nil {
		return false, false, err
	}
	same := subtle.ConstantTimeCompare(got, p.hash) == 1
	return same && real && fit, p.params != h.params, nil
}

// passwordText is a password in the form that is hashed: NFC, so that one keyboard's
// way to compose a letter is another's. false for one that nobody can have.
func passwordText(password keywright.Credential) (string, bool) {
	public, text := password.Reveal()
	if len(text) > maxPassword {
		return text[:maxPassword], false
	}
	normal := norm.NFC.String(text)
	return normal, public == "" && text != "" && keywright.CheckText("password", text) == nil
}
