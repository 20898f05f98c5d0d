package main

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"

	"github.com/keywright/keywright"
)

const (
	maxNote  = 4 << 10
	maxNotes = 100
)

// book keeps each tenant's notes, in memory.
type book struct {
	mu    sync.Mutex
	notes map[keywright.TenantID][]string
}

// notes is the program's own API, which knows nothing of keys: a note is the
// text of a POST's body, and GET lists them.
func notes() http.Handler {
	b := &book{notes: map[keywright.TenantID][]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/notes", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, map[string]any{"tenant": caller(r).Tenant.Name, "notes": b.list(caller(r).Tenant.ID)})
	})
	mux.HandleFunc("POST /v1/notes", func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNote))
		if err != nil || len(text) == 0 {
			answer(w, http.StatusBadRequest, map[string]any{"message": "a note has 1 to 4,096 bytes"})
			return
		}
		if !b.add(caller(r).Tenant.ID, string(text)) {
			answer(w, http.StatusConflict, map[string]any{"message": "there are 100 notes, which is all that fit"})
			return
		}
		answer(w, http.StatusCreated, map[string]any{"note": string(text)})
	})
	return mux
}

func (b *book) list(t keywright.TenantID) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.notes[t]...)
}

func (b *book) add(t keywright.TenantID, note string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.notes[t]) >= maxNotes {
		return false
	}
	b.notes[t] = append(b.notes[t], note)
	return true
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone needs no answer
}
