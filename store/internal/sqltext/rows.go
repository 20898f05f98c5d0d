package sqltext

import (
	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/record"
)

const (
	keyColumns    = "k.id, k.tenant, k.scheme, k.digest, k.body"
	tenantColumns = "t.id, t.ref, t.body"
	eventColumns  = "e.seq, e.at, e.act, e.actor, e.key_id, e.tenant, e.body"
)

// scan reads rows of the column lists above, each from a first column on.
type scan struct {
	Row
	*record.Unpacker
}

func (s scan) key(from int) (k keywright.Key, err error) {
	copy(k.ID[:], s.Bytes(from))
	k.Tenant = keywright.TenantID(s.Word(s.Bytes(from + 1)))
	k.Scheme = s.Word(s.Bytes(from + 2))
	copy(k.Digest[:], s.Bytes(from+3))
	return k, s.Unpacker.Key(s.Bytes(from+4), &k)
}

func (s scan) tenant(from int) (t keywright.Tenant, err error) {
	t.ID = keywright.TenantID(s.Bytes(from))
	t.Ref = string(s.Bytes(from + 1))
	return t, s.Unpacker.Tenant(s.Bytes(from+2), &t)
}

func (s scan) event(from int) (e keywright.Event, err error) {
	e.Cursor = keywright.Cursor(s.Int(from))
	e.At = record.Instant(s.Int(from + 1))
	e.Act = keywright.Act(s.Word(s.Bytes(from + 2)))
	e.Actor.ID = s.Word(s.Bytes(from + 3))
	copy(e.Key[:], s.Bytes(from+4))
	e.Tenant = keywright.TenantID(s.Word(s.Bytes(from + 5)))
	return e, s.Unpacker.Event(s.Bytes(from+6), &e)
}

// idBytes spells an id for the database; no bytes for the zero id.
func idBytes(id keywright.KeyID) []byte {
	if id.IsZero() {
		return []byte{}
	}
	return id[:]
}
