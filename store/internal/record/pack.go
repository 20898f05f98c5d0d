package record

import (
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/keywright/keywright"
)

// A record's body is what no index needs, packed: a row of few columns is read
// several times faster than one of many, and start-up reads every row. The
// first byte is the form of what follows; fields follow in a fixed order.
const form = 1

type packer struct{ b []byte }

func (p *packer) text(s string) {
	p.b = binary.AppendUvarint(p.b, uint64(len(s)))
	p.b = append(p.b, s...)
}

func (p *packer) instant(t time.Time) { p.b = binary.AppendVarint(p.b, Nanos(t)) }

func (p *packer) words(list []string) {
	p.b = binary.AppendUvarint(p.b, uint64(len(list)))
	for _, s := range list {
		p.text(s)
	}
}

func (p *packer) pairs(m map[string]string) {
	p.b = binary.AppendUvarint(p.b, uint64(len(m)))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		p.text(name)
		p.text(m[name])
	}
}

func (p *packer) id(id keywright.KeyID) {
	if id.IsZero() {
		p.text("")
		return
	}
	p.text(string(id[:]))
}

// PackKey returns the body of a key: all but id, tenant, scheme and digest.
func PackKey(k *keywright.Key) []byte {
	p := packer{make([]byte, 1, 128)}
	p.b[0] = form
	p.text(k.Name)
	p.text(k.Environment)
	p.words(k.Permissions)
	p.b = binary.AppendUvarint(p.b, uint64(len(k.Addresses)))
	for _, a := range k.Addresses {
		p.text(a.String())
	}
	p.pairs(k.Metadata)
	p.text(k.Public)
	p.text(k.Hint)
	p.text(k.Pepper)
	p.text(string(k.Sealed))
	for _, t := range []time.Time{k.Created, k.Expires, k.PausedAt, k.PausedUntil, k.Retires, k.RevokedAt} {
		p.instant(t)
	}
	p.text(string(k.Revocation))
	p.id(k.Predecessor)
	p.id(k.Successor)
	p.b = binary.AppendUvarint(p.b, k.Version)
	return p.b
}

// PackTenant returns the body of a tenant: all but id and ref.
func PackTenant(t *keywright.Tenant) []byte {
	p := packer{make([]byte, 1, 128)}
	p.b[0] = form
	p.text(t.Name)
	p.text(t.Plan)
	p.words(t.Services)
	p.words(t.Environments)
	p.pairs(t.Metadata)
	archived := byte(0)
	if t.Archived {
		archived = 1
	}
	p.b = append(p.b, archived)
	p.instant(t.Created)
	p.b = binary.AppendUvarint(p.b, t.Version)
	return p.b
}

// PackEvent returns the body of an event: all but cursor, instant, act, the
// actor's id, key and tenant.
func PackEvent(e *keywright.Event) []byte {
	p := packer{make([]byte, 1, 128)}
	p.b[0] = form
	p.text(e.Actor.Name)
	p.text(e.Actor.Address)
	p.text(e.Actor.RequestID)
	p.text(e.Reason)
	p.pairs(e.Detail)
	return p.b
}

// Unpacker reads bodies. It remembers the words that repeat from record to
// record, so that reading a million keys does not make a million copies of
// them. It is for one goroutine.
type Unpacker struct {
	b      []byte
	broken bool
	known  map[string]string
}

// maxKnown bounds the words that an Unpacker remembers.
const maxKnown = 1024

// Word returns a string that may be one seen before.
func (u *Unpacker) Word(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := u.known[string(b)]; ok {
		return s
	}
	if u.known == nil || len(u.known) >= maxKnown {
		u.known = make(map[string]string)
	}
	s := string(b)
	u.known[s] = s
	return s
}

func (u *Unpacker) start(body []byte) {
	u.b, u.broken = nil, true
	if len(body) > 0 && body[0] == form {
		u.b, u.broken = body[1:], false
	}
}

// bad reports a body that is not exactly what was packed.
func (u *Unpacker) bad() bool { return u.broken || len(u.b) != 0 }

func damaged(what string) error {
	return &keywright.Error{Kind: keywright.Internal, Detail: "the record of " + what + " is damaged: restore the store from a backup"}
}

func (u *Unpacker) number() uint64 {
	v, n := binary.Uvarint(u.b)
	if n <= 0 {
		u.b, u.broken = nil, true
		return 0
	}
	u.b = u.b[n:]
	return v
}

// raw returns bytes that are valid until the body is.
func (u *Unpacker) raw() []byte {
	n := u.number()
	if n > uint64(len(u.b)) {
		u.b, u.broken = nil, true
		return nil
	}
	part := u.b[:n]
	u.b = u.b[n:]
	return part
}

func (u *Unpacker) text() string { return string(u.raw()) }

func (u *Unpacker) instant() time.Time {
	v, n := binary.Varint(u.b)
	if n <= 0 {
		u.b, u.broken = nil, true
		return time.Time{}
	}
	u.b = u.b[n:]
	return Instant(v)
}

// count reads the length of a list, of which each entry takes at least a byte.
func (u *Unpacker) count() int {
	n := u.number()
	if n > uint64(len(u.b)) {
		u.b, u.broken = nil, true
		return 0
	}
	return int(n)
}

func (u *Unpacker) words() []string {
	n := u.count()
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = u.Word(u.raw())
	}
	return list
}

func (u *Unpacker) pairs() map[string]string {
	n := u.count()
	if n == 0 {
		return nil
	}
	m := make(map[string]string, n)
	for range n {
		name := u.Word(u.raw())
		m[name] = u.text()
	}
	return m
}

func (u *Unpacker) id() (id keywright.KeyID) {
	switch part := u.raw(); len(part) {
	case 0:
	case len(id):
		copy(id[:], part)
	default:
		u.broken = true
	}
	return id
}

func (u *Unpacker) prefixes() []netip.Prefix {
	n := u.count()
	if n == 0 {
		return nil
	}
	list := make([]netip.Prefix, n)
	for i := range list {
		p, err := netip.ParsePrefix(u.text())
		u.broken = u.broken || err != nil
		list[i] = p
	}
	return list
}

// Key fills in what PackKey packed. It returns an Internal error for damage.
func (u *Unpacker) Key(body []byte, k *keywright.Key) error {
	u.start(body)
	k.Name = u.text()
	k.Environment = u.Word(u.raw())
	k.Permissions = u.words()
	k.Addresses = u.prefixes()
	k.Metadata = u.pairs()
	k.Public = u.text()
	k.Hint = u.text()
	k.Pepper = u.Word(u.raw())
	if sealed := u.raw(); len(sealed) > 0 {
		k.Sealed = slices.Clone(sealed)
	}
	for _, t := range []*time.Time{&k.Created, &k.Expires, &k.PausedAt, &k.PausedUntil, &k.Retires, &k.RevokedAt} {
		*t = u.instant()
	}
	k.Revocation = keywright.Revocation(u.Word(u.raw()))
	k.Predecessor, k.Successor = u.id(), u.id()
	k.Version = u.number()
	if u.bad() {
		return damaged("key " + k.ID.String())
	}
	return nil
}

// Tenant fills in what PackTenant packed. It returns an Internal error for damage.
func (u *Unpacker) Tenant(body []byte, t *keywright.Tenant) error {
	u.start(body)
	t.Name = u.text()
	t.Plan = u.Word(u.raw())
	t.Services, t.Environments, t.Metadata = u.words(), u.words(), u.pairs()
	switch u.number() {
	case 0:
	case 1:
		t.Archived = true
	default:
		u.broken = true
	}
	t.Created = u.instant()
	t.Version = u.number()
	if u.bad() {
		return damaged("tenant " + string(t.ID))
	}
	return nil
}

// Event fills in what PackEvent packed. It returns an Internal error for damage.
func (u *Unpacker) Event(body []byte, e *keywright.Event) error {
	u.start(body)
	e.Actor.Name = u.Word(u.raw())
	e.Actor.Address = u.Word(u.raw())
	e.Actor.RequestID = u.text()
	e.Reason = u.Word(u.raw())
	e.Detail = u.pairs()
	if u.bad() {
		return damaged("an event")
	}
	return nil
}
