package oidc

import (
	"errors"
	"strings"
	"testing"

	"github.com/keywright/keywright"
)

// A check asks the provider itself, and however often it is made, no more than once
// in a cool-down.
func TestAProviderIsCheckedOnceInACoolDown(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	const discovery = "/.well-known/openid-configuration"
	for range 5 {
		if keys, err := h.Check(t.Context(), "id"); err != nil || keys == 0 {
			t.Fatalf("%d keys, %v", keys, err)
		}
	}
	if n := h.idp.count(discovery); n != 1 {
		t.Errorf("asked %d times", n)
	}
	h.idp.set(func() { h.idp.down = true })
	h.pass(coolDown)
	for range 5 {
		_, err := h.Check(t.Context(), "id")
		var e *keywright.Error
		if !errors.As(err, &e) || e.Kind != keywright.Unavailable || !strings.Contains(e.Detail, "status") {
			t.Fatalf("a provider that is down: %v", err)
		}
	}
	if n := h.idp.count(discovery); n != 2 {
		t.Errorf("asked %d times", n)
	}
	if _, err := h.Check(t.Context(), "another"); !errors.Is(err, keywright.NotFound) {
		t.Errorf("%v", err)
	}
}
