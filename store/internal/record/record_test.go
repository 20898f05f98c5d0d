package record

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"pgregory.net/rapid"
)

func instants(r *rapid.T, label string) time.Time {
	return Instant(rapid.Int64().Draw(r, label))
}

func storable() *rapid.Generator[string] { return rapid.String().Filter(Storable) }

func TestKeysSurvivePacking(t *testing.T) {
	t.Parallel()
	var u Unpacker
	rapid.Check(t, func(r *rapid.T) {
		text := storable()
		k := keywright.Key{
			ID: keywright.KeyID{1}, Name: text.Draw(r, "name"), Environment: text.Draw(r, "environment"),
			Permissions: rapid.SliceOf(text).Draw(r, "permissions"), Metadata: rapid.MapOf(text, text).Draw(r, "metadata"),
			Public: text.Draw(r, "public"), Hint: text.Draw(r, "hint"), Pepper: text.Draw(r, "pepper"), Sealed: rapid.SliceOf(rapid.Byte()).Draw(r, "sealed"),
			Created: instants(r, "created"), Expires: instants(r, "expires"), PausedAt: instants(r, "paused"), PausedUntil: instants(r, "until"),
			Retires: instants(r, "retires"), RevokedAt: instants(r, "revoked"), Revocation: keywright.Revocation(text.Draw(r, "revocation")),
			Predecessor: keywright.KeyID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(r, "predecessor")), Version: rapid.Uint64Max(1<<63-1).Draw(r, "version"),
		}
		if rapid.Bool().Draw(r, "addresses") {
			k.Addresses = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("::1/128")}
		}
		want, err := Key(k)
		if err != nil {
			r.Fatal(err)
		}
		got := keywright.Key{ID: k.ID}
		if err := u.Key(PackKey(&want), &got); err != nil || !reflect.DeepEqual(got, want) {
			r.Fatalf("%v\ngot  %+v\nwant %+v", err, got, want)
		}
	})
}

// Damage is an error or another record, never a panic nor a great allocation.
func FuzzUnpack(f *testing.F) {
	f.Add(PackKey(&keywright.Key{Name: "a", Permissions: []string{"b"}, Metadata: map[string]string{"c": "d"}, Version: 1}))
	f.Add(PackTenant(&keywright.Tenant{Name: "a", Services: []string{"b"}}))
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, body []byte) {
		var u Unpacker
		var k keywright.Key
		if err := u.Key(body, &k); err != nil && keywright.KindOf(err) != keywright.Internal {
			t.Error(err)
		}
		_ = u.Tenant(body, &keywright.Tenant{})
		_ = u.Event(body, &keywright.Event{})
	})
}

func TestEveryTruncationIsDamage(t *testing.T) {
	t.Parallel()
	whole := PackKey(&keywright.Key{Name: "a", Permissions: []string{"b"}, Metadata: map[string]string{"c": "d"}, Version: 1})
	var u Unpacker
	for n := range whole {
		if u.Key(whole[:n], &keywright.Key{}) == nil {
			t.Errorf("%d of %d bytes pass for a key", n, len(whole))
		}
	}
	if u.Key(append(whole, 0), &keywright.Key{}) == nil {
		t.Error("a byte too many passes for a key")
	}
}

func TestUnpackerForgetsWordsInTime(t *testing.T) {
	t.Parallel()
	var u Unpacker
	for n := range 10 * maxKnown {
		u.Word([]byte{byte(n), byte(n >> 8), 1})
	}
	if len(u.known) > maxKnown {
		t.Errorf("it remembers %d words", len(u.known))
	}
}

func TestHorizonNeverOverflows(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{{}, earliest(), latest(), time.Unix(0, 0)} {
		if h := Horizon(at); !at.IsZero() && h > Nanos(at) {
			t.Errorf("the horizon of %v is %d", at, h)
		}
	}
}
