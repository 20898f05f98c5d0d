package keeper

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/keywright/keywright"
)

const (
	idempotencyField = "Idempotency-Key"
	maxIdempotency   = 255
	remembered       = 24 * time.Hour
)

func checkIdempotencyKey(key string) error {
	if len(key) > maxIdempotency {
		return invalid(idempotencyField, "at most 255 characters")
	}
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' {
			return invalid(idempotencyField, "must be of visible ASCII characters, without spaces")
		}
	}
	return nil
}

// once is one use of an idempotency key: by whom, for which operation on what,
// asking for what. Without a key it does nothing.
type once struct {
	key     string
	request [sha256.Size]byte
}

// newOnce scopes an idempotency key, so that two actors, two operations or two
// keys never meet in one receipt. It is kept as a hash: callers put odd things
// into such keys.
func newOnce(by keywright.Actor, operation, target, key string, request any) once {
	if key == "" {
		return once{}
	}
	h := sha256.New()
	for _, part := range []string{by.ID, operation, target, key} {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		h.Write([]byte(part))
	}
	// What is marshalled are requests of ours, of strings, numbers and instants;
	// should one fail, it has the fingerprint of nothing, which fits no other.
	text, _ := json.Marshal(request)
	return once{key: hex.EncodeToString(h.Sum(nil)), request: sha256.Sum256(text)}
}

// replay fills out with what the same request made before, without a credential.
// It returns false if the request has to be carried out.
func (o once) replay(ctx context.Context, r keywright.Reader, now time.Time, out *Issued) (bool, error) {
	if o.key == "" {
		return false, nil
	}
	was, err := r.Receipt(ctx, o.key)
	switch {
	case errors.Is(err, keywright.NotFound):
		return false, nil
	case err != nil:
		return false, err
	case !now.Before(was.At.Add(remembered)):
		return false, nil
	case was.Request != o.request:
		return false, invalid(idempotencyField, "it was used with another request in the last 24 hours: repeat that request exactly, or send another key")
	}
	key, err := r.Key(ctx, was.Result)
	if errors.Is(err, keywright.NotFound) {
		return false, &keywright.Error{Kind: keywright.Conflict, Field: idempotencyField, Detail: "the key that this request made, " + was.Result.String() + ", has been deleted since: send another Idempotency-Key to make a new one"}
	}
	if err != nil {
		return false, err
	}
	out.Key, out.Replayed = key, true
	return true, nil
}

func (o once) remember(ctx context.Context, tx keywright.Tx, id keywright.KeyID, now time.Time) error {
	if o.key == "" {
		return nil
	}
	return tx.Remember(ctx, keywright.Receipt{Key: o.key, Request: o.request, Result: id, At: now})
}
