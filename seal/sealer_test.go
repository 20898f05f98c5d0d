package seal_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/seal"
)

func TestSealerBindsToKeyAndTenant(t *testing.T) {
	t.Parallel()
	s, err := seal.NewSealer(link(1))
	try(t, err)
	id, other := keywright.KeyID{1, 2, 3}, keywright.KeyID{1, 2, 4}
	const secret = "0123456789abcdef0123456789abcdef"
	sealed, err := s.Seal(id, "ten_a", secret)
	try(t, err)
	if got, err := s.Open(id, "ten_a", sealed); err != nil || got != secret {
		t.Fatalf("opened as %q, %v", got, err)
	}
	if bytes.Contains(sealed, []byte(secret[:8])) {
		t.Error("the secret stands in what is sealed")
	}
	again, err := s.Seal(id, "ten_a", secret)
	try(t, err)
	if bytes.Equal(again, sealed) {
		t.Error("sealed twice, it is the same: the nonce is used again")
	}
	stranger, err := seal.NewSealer(link(2))
	try(t, err)
	for name, open := range map[string]func() (string, error){
		"another key":     func() (string, error) { return s.Open(other, "ten_a", sealed) },
		"another tenant":  func() (string, error) { return s.Open(id, "ten_b", sealed) },
		"no tenant":       func() (string, error) { return s.Open(id, "", sealed) },
		"another sealer":  func() (string, error) { return stranger.Open(id, "ten_a", sealed) },
		"nothing":         func() (string, error) { return s.Open(id, "ten_a", nil) },
		"cut short":       func() (string, error) { return s.Open(id, "ten_a", sealed[:len(sealed)-1]) },
		"only the head":   func() (string, error) { return s.Open(id, "ten_a", sealed[:25]) },
		"with a tail":     func() (string, error) { return s.Open(id, "ten_a", append(bytes.Clone(sealed), 0)) },
		"another version": func() (string, error) { return s.Open(id, "ten_a", append([]byte{2}, sealed[1:]...)) },
	} {
		if got, err := open(); err == nil || got != "" || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: opened as %q, %v", name, got, err)
		}
	}
	for i := range sealed {
		bent := bytes.Clone(sealed)
		bent[i] ^= 1
		if _, err := s.Open(id, "ten_a", bent); err == nil {
			t.Fatalf("byte %d altered: opened all the same", i)
		}
	}
}

func FuzzSealerOpen(f *testing.F) {
	s, err := seal.NewSealer(link(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{}, "ten_a")
	f.Add([]byte{1, 2, 3}, "ten_a")
	f.Fuzz(func(t *testing.T, sealed []byte, tenant string) {
		if got, err := s.Open(keywright.KeyID{1}, keywright.TenantID(tenant), sealed); err == nil {
			t.Errorf("opened what was never sealed as %q", got)
		}
	})
}
