package main

import (
	"encoding/json"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/keywright/keywright/middleware"
)

// routes is the program's API; keys is Embedded, Remote or Gateway.
func routes(keys middleware.Middleware) http.Handler {
	r := chi.NewRouter()
	r.Get("/health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })

	r.Route("/v1", func(r chi.Router) {
		r.Use(keys)
		r.Get("/me", me)
		r.With(middleware.Require("files:read")).Get("/files/{id}", file)
	})
	return r
}

func me(w http.ResponseWriter, r *http.Request) {
	who, _ := middleware.From(r.Context())
	answer(w, map[string]string{"customer": who.Ref})
}

func file(w http.ResponseWriter, r *http.Request) {
	who, _ := middleware.From(r.Context())
	answer(w, map[string]string{"customer": who.Ref, "file": chi.URLParam(r, "id")})
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // the client has gone
}
