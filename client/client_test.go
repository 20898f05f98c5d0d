package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/management/managementtest"
)

// serve starts a management API behind a handler that may stand in its way.
func serve(t testing.TB, before func(next http.Handler) http.Handler) (*client.Client, *managementtest.House) {
	t.Helper()
	h := managementtest.New(t).Operator(t)
	handler := h.Handler
	if before != nil {
		handler = before(handler)
	}
	srv := httptest.NewServer(handler)
	t.Cleanup(srv.Close)
	c, err := client.New(srv.URL, keywright.NewCredential("", h.Key), client.Options{Wait: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return c, h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheWholeLife(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, h := serve(t, nil)
	ten, err := c.CreateTenant(ctx, api.CreateTenant{Ref: "acme0001", Services: []string{"files"}})
	must(t, err)
	k, err := c.CreateKey(ctx, api.CreateKey{Tenant: ten.Ref, Scheme: "trusset-instance", Name: "n"})
	must(t, err)
	if k.Credential == nil || len(k.Credential.Key) != 81 {
		t.Fatalf("%+v", k)
	}
	if printed := fmt.Sprintf("%v %+v %s", k, k, k.Credential); strings.Contains(printed, k.Credential.Key) {
		t.Error("printing an answer prints its credential")
	}
	next, err := c.RotateKey(ctx, k.ID, api.RotateKey{})
	must(t, err)
	if next.PredecessorKey == nil || next.PredecessorKey.State != "PENDING_ROTATION" {
		t.Errorf("%+v", next.PredecessorKey)
	}
	v, err := c.Verify(ctx, api.Verify{Scheme: "trusset-instance", Headers: map[string]any{"X-API-Key": k.Credential.Key}, Need: &api.Need{Service: "files"}})
	must(t, err)
	e, err := c.Explain(ctx, api.Verify{Scheme: "trusset-instance", Headers: map[string]any{"X-API-Key": "x"}})
	must(t, err)
	if !v.Granted || v.Key.ID != k.ID || e.Granted || len(e.Checks) == 0 {
		t.Errorf("%+v %+v", v, e)
	}
	_, err = c.PauseKey(ctx, next.ID, time.Time{})
	must(t, err)
	_, err = c.ResumeKey(ctx, next.ID)
	must(t, err)
	amended, err := c.AmendExpiry(ctx, next.ID, 0, h.Clock.Now().Add(time.Hour))
	must(t, err)
	if _, err := c.AmendExpiry(ctx, next.ID, amended.Version, time.Time{}); err != nil {
		t.Error(err)
	}
	if _, err := c.AmendKey(ctx, next.ID, amended.Version, api.AmendKey{}); !errors.Is(err, keywright.Precondition) {
		t.Errorf("a stale version: %v", err)
	}
	_, err = c.RevokeKey(ctx, next.ID, "superseded")
	must(t, err)
	must(t, c.DeleteKey(ctx, next.ID))
	archived := true
	_, err = c.AmendTenant(ctx, ten.ID, ten.Version, api.AmendTenant{Archived: &archived})
	must(t, err)
	acts := map[string]bool{}
	for e, err := range c.Events(ctx, client.EventFilter{Tenant: ten.ID, Page: 2}) {
		must(t, err)
		acts[e.Act] = true
	}
	for _, act := range []string{"key.issued", "key.rotated", "key.paused", "key.resumed", "key.amended", "key.revoked", "key.deleted", "tenant.created", "tenant.amended"} {
		if !acts[act] {
			t.Errorf("the trail lacks %s", act)
		}
	}
}

func TestListsTurnTheirOwnPages(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, _ := serve(t, nil)
	_, err := c.CreateTenant(ctx, api.CreateTenant{Ref: "acme0001"})
	must(t, err)
	for range 7 {
		_, err := c.CreateKey(ctx, api.CreateKey{Tenant: "acme0001", Scheme: "keywright", Environment: "live"})
		must(t, err)
	}
	seen := map[string]bool{}
	for k, err := range c.Keys(ctx, client.KeyFilter{Tenant: "acme0001", States: []string{"ACTIVE", "PAUSED"}, Page: 2}) {
		must(t, err)
		seen[k.ID] = true
	}
	if len(seen) != 7 {
		t.Errorf("%d keys", len(seen))
	}
	for range c.Keys(ctx, client.KeyFilter{Page: 1}) {
		break // leaving early is fine
	}
	for _, err := range c.Keys(ctx, client.KeyFilter{Tenant: "nobody"}) {
		var e *client.Error
		if !errors.As(err, &e) || e.Field != "tenant" || e.Kind() != keywright.Invalid || e.Status != 422 || e.RequestID == "" {
			t.Errorf("%+v", err)
		}
	}
}

func TestErrorsHaveTheirKind(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, h := serve(t, nil)
	_, err := c.Key(ctx, "key_01JZ8Q6V7N3F5T9X2B4C6D8E0G")
	if !errors.Is(err, keywright.NotFound) {
		t.Error(err)
	}
	stranger, err := client.New("http://127.0.0.1:1", keywright.NewCredential("", "kw_live_secret"), client.Options{Retries: -1})
	must(t, err)
	_, err = stranger.Key(ctx, "x")
	if !errors.Is(err, keywright.Unavailable) || !errors.Is(err, client.ErrUnreachable) || strings.Contains(err.Error(), "kw_live_secret") {
		t.Error(err)
	}
	if _, err := c.AmendTenant(ctx, "operators", 0, api.AmendTenant{Archived: ptr(true)}); !errors.Is(err, keywright.Conflict) {
		t.Error(err)
	}
	_, err = c.RevokeKey(ctx, h.KeyID, "")
	must(t, err)
	if _, err := c.Key(ctx, h.KeyID); !errors.Is(err, keywright.Forbidden) {
		t.Error(err)
	}
}

func ptr[T any](v T) *T { return &v }

// TestALostAnswerMakesNoSecondKey loses the answer to a create on its way.
func TestALostAnswerMakesNoSecondKey(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var lost atomic.Int32
	c, _ := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/keys") && lost.Add(1) == 1 {
				next.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler) // the work is done, and the connection breaks
			}
			next.ServeHTTP(w, r)
		})
	})
	_, err := c.CreateTenant(ctx, api.CreateTenant{Ref: "acme0001"})
	must(t, err)
	k, err := c.CreateKey(ctx, api.CreateKey{Tenant: "acme0001", Scheme: "keywright", Environment: "live"})
	must(t, err)
	if !k.Replayed || k.Credential != nil || k.Notice == "" {
		t.Errorf("%+v", k)
	}
	count := 0
	for range c.Keys(ctx, client.KeyFilter{Tenant: "acme0001"}) {
		count++
	}
	if count != 1 {
		t.Errorf("%d keys", count)
	}
}

// TestOnlyTheHarmlessIsRepeated counts what a failing server is sent.
func TestOnlyTheHarmlessIsRepeated(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var sent atomic.Int32
	c, _ := serve(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			sent.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
	})
	for name, one := range map[string]struct {
		do   func() error
		want int32
	}{
		"get":    {func() error { _, err := c.Key(ctx, "x"); return err }, 3},
		"create": {func() error { _, err := c.CreateKey(ctx, api.CreateKey{}); return err }, 3},
		"revoke": {func() error { _, err := c.RevokeKey(ctx, "x", ""); return err }, 3},
		"verify": {func() error { _, err := c.Verify(ctx, api.Verify{}); return err }, 3},
		"count":  {func() error { _, err := c.Verify(ctx, api.Verify{Count: true}); return err }, 1},
		"tenant": {func() error { _, err := c.CreateTenant(ctx, api.CreateTenant{}); return err }, 1},
		"pause":  {func() error { _, err := c.PauseKey(ctx, "x", time.Time{}); return err }, 1},
		"delete": {func() error { return c.DeleteKey(ctx, "x") }, 1},
	} {
		sent.Store(0)
		if err := one.do(); !errors.Is(err, keywright.Unavailable) || sent.Load() != one.want {
			t.Errorf("%s was sent %d times, want %d: %v", name, sent.Load(), one.want, err)
		}
	}
}

func TestAKeyStaysOnThisMachineOrGoesByTLS(t *testing.T) {
	t.Parallel()
	for base, ok := range map[string]bool{
		"https://keys.example.com": true, "https://keys.example.com/v1": true, "http://localhost:8080": true, "http://console.localhost:8080/v1": true,
		"http://127.0.0.1": true, "http://[::1]:8080": true, "http://keys.example.com": false, "http://localhost.example.com": false,
		"http://10.0.0.1": false, "ftp://localhost": false, "keys.example.com": false, "https://user:pw@keys.example.com": false, "": false, "https://a/?k=v": false,
	} {
		if _, err := client.New(base, keywright.Credential{}, client.Options{}); (err == nil) != ok {
			t.Errorf("%q: %v", base, err)
		}
	}
	if _, err := client.New("http://10.0.0.1", keywright.Credential{}, client.Options{PlainHTTP: true}); err != nil {
		t.Error(err)
	}
	t.Run("a redirection takes the key nowhere", func(t *testing.T) {
		var stolen atomic.Bool
		thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen.Store(r.Header.Get("Authorization") != "") }))
		t.Cleanup(thief.Close)
		c, _ := serve(t, func(http.Handler) http.Handler { return http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect) })
		if _, err := c.Key(t.Context(), "x"); err == nil || stolen.Load() {
			t.Errorf("%v, stolen: %v", err, stolen.Load())
		}
	})
}

func TestImportReportsEachRow(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, _ := serve(t, nil)
	_, err := c.CreateTenant(ctx, api.CreateTenant{Ref: "acme0001", Plan: "growth"})
	must(t, err)
	var rows bytes.Buffer
	for i := range 1200 {
		fmt.Fprintf(&rows, "%d|%040d,n\n", i+1, i+1)
	}
	var lines []api.ImportLine
	sum, err := c.Import(ctx, client.ImportCSV, io.MultiReader(strings.NewReader("key,name\n"), &rows, strings.NewReader("junk,n\n")), "acme0001", "trust-swiftly",
		func(l api.ImportLine) { lines = append(lines, l) })
	must(t, err)
	if sum.Imported != 1200 || sum.RefusedCount != 1 || !sum.Complete || len(lines) != 1201 || lines[1200].Result != "refused" || lines[0].ID == "" {
		t.Errorf("%+v, %d lines", sum, len(lines))
	}
	if _, err := c.Import(ctx, client.ImportLines, strings.NewReader("x"), "", "", nil); err != nil {
		t.Error(err)
	}
	if _, err := c.Import(ctx, client.ImportCSV, strings.NewReader("colour\n"), "", "", nil); !errors.Is(err, keywright.Invalid) {
		t.Error(err)
	}
}

// FuzzAnswers feeds anything as an answer: it is an error or a value, no panic.
func FuzzAnswers(f *testing.F) {
	ok, _ := json.Marshal(api.KeyPage{NextCursor: "x"})
	for _, body := range []string{string(ok), `{"items":null}`, `[]`, "", `{"detail":5}`, `{"result":"imported"}` + "\n", "\x00"} {
		f.Add(200, body)
		f.Add(422, body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			t.Skip()
		}
		c, err := client.New("http://localhost", keywright.Credential{}, client.Options{Retries: -1, HTTP: &http.Client{Transport: answers{status, body}}})
		must(t, err)
		n := 0
		for _, err := range c.Keys(t.Context(), client.KeyFilter{}) {
			if n++; err != nil || n > 3 {
				break
			}
		}
		_, _ = c.Key(t.Context(), "x")
		_, _ = c.Import(t.Context(), client.ImportCSV, strings.NewReader(""), "", "", nil)
	})
}

type answers struct {
	status int
	body   string
}

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	body := a.body
	if r.URL.Query().Get("cursor") != "" {
		body = `{"items":[]}`
	}
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}
