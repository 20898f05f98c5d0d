package keywright_test

import (
	"errors"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

func TestTRS13_WhereAnOverlapMayEnd(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	next := keywright.Key{ID: keywright.KeyID{2}, Created: start}
	old := keywright.Key{ID: keywright.KeyID{1}, Successor: next.ID, Retires: start.Add(7 * day), Expires: start.Add(20 * day)}
	ended := next
	ended.RevokedAt = start.Add(time.Hour)
	forever := old
	forever.Expires = time.Time{}
	chosen := keywright.Policy{Rotation: keywright.RotationRule{Allowed: true, Overlap: 7 * day, Settable: true}}
	fixed := keywright.Policy{Rotation: keywright.RotationRule{Allowed: true, Overlap: 7 * day}}
	now := start.Add(2 * time.Hour)
	for name, c := range map[string]struct {
		policy keywright.Policy
		key    keywright.Key
		after  *keywright.Key
		until  time.Time
		want   error
	}{
		"later":                        {chosen, forever, &next, start.Add(30 * day), nil},
		"beyond thirty days":           {chosen, forever, &next, start.Add(30*day + 1), keywright.Invalid},
		"at its expiry":                {chosen, old, &next, old.Expires, nil},
		"beyond its expiry":            {chosen, old, &next, old.Expires.Add(1), keywright.Invalid},
		"in the past":                  {chosen, old, &next, now, keywright.Invalid},
		"after a successor's end":      {chosen, old, &ended, start.Add(8 * day), keywright.Conflict},
		"without a successor":          {chosen, old, nil, start.Add(8 * day), keywright.Conflict},
		"where the scheme fixes it":    {fixed, old, &next, start.Add(8 * day), keywright.Invalid},
		"now, though it is fixed":      {fixed, old, &ended, time.Time{}, nil},
		"of a key that is not rotated": {chosen, keywright.Key{ID: keywright.KeyID{1}}, nil, start.Add(8 * day), keywright.Conflict},
	} {
		got, err := c.policy.Overlap(now, c.key, c.after, c.until)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		end := c.until
		if end.IsZero() {
			end = now
		}
		if c.want == nil && !got.Retires.Equal(end) {
			t.Errorf("%s: it retires at %s", name, got.Retires)
		}
	}
}
