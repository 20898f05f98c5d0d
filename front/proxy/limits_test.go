package proxy_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/keywright/keywright/gate"
)

// trusset-instance publishes 200 a minute for a key and 100 for an address.
const perAddress = 100

func TestOneRequestIsOneCount(t *testing.T) {
	t.Parallel()
	h := newHouse(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), func(s *setting) { s.limits = true })
	for i := range perAddress {
		got := h.do(h.request("GET", "/items", nil))
		if left := got.Header.Get("X-RateLimit-Remaining"); got.StatusCode != 200 || left != strconv.Itoa(perAddress-1-i) {
			t.Fatalf("request %d: %d, %s left", i+1, got.StatusCode, left)
		}
	}
	got := h.do(h.request("GET", "/items", nil))
	if got.StatusCode != 429 || got.Header.Get("Retry-After") == "" || got.Header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("past the limit: %d %v", got.StatusCode, got.Header)
	}
}

func TestBadKeysCountAgainstTheAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), func(s *setting) { s.limits = true })
	guess := func(path string) answer {
		r := h.request("GET", path, nil)
		r.Header.Set("X-API-Key", "trusset_guess")
		return h.do(r)
	}
	for i := range perAddress {
		got := guess([]string{"/items", "/a//b"}[i%2])
		if got.StatusCode != []int{401, 400}[i%2] || got.Header.Get("X-RateLimit-Limit") != "100" || got.Header.Get("X-RateLimit-Remaining") != strconv.Itoa(perAddress-1-i) {
			t.Fatalf("guess %d: %d %v", i+1, got.StatusCode, got.Header)
		}
	}
	if got := guess("/items"); got.StatusCode != 429 {
		t.Errorf("the guess past the limit: %d", got.StatusCode)
	}
	if got := h.do(h.request("GET", "/items", nil)); got.StatusCode != 429 {
		t.Errorf("a good key from the same address: %d", got.StatusCode)
	}
	h.setTime(noon().Add(2 * time.Minute))
	if got := h.do(h.request("GET", "/items", nil)); got.StatusCode != 200 {
		t.Errorf("two minutes later: %d", got.StatusCode)
	}
}

func TestClientThatGoesIsNoFailureOfTheUpstream(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	h := newHouse(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}), func(s *setting) { s.routes = []gate.Route{{Path: "/{rest...}"}} })
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-arrived
		cancel()
	}()
	res, err := http.DefaultClient.Do(h.request("GET", "/slow", nil).WithContext(ctx))
	if err == nil {
		_ = res.Body.Close()
		t.Fatal("an answer came of nothing")
	}
	if reason := wait(t, "the exchange's end", h.reasons); reason != "granted" {
		t.Errorf("observed as %s", reason)
	}
}
