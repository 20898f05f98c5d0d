package introspect

import (
	"net/http"
	"strings"
)

// document is RFC 8414 section 2, as far as there is something to say. This front
// authorizes nobody and issues no token, so there is no such endpoint; "none" is
// the response type of an endpoint that returns nothing.
type document struct {
	Issuer            string   `json:"issuer"`
	ResponseTypes     []string `json:"response_types_supported"`
	Introspection     string   `json:"introspection_endpoint"`
	IntrospectionAuth []string `json:"introspection_endpoint_auth_methods_supported"`
	Revocation        string   `json:"revocation_endpoint"`
	RevocationAuth    []string `json:"revocation_endpoint_auth_methods_supported"`
	Scopes            []string `json:"scopes_supported"`
}

// metadata says where the endpoints are. How to call them with a key as Bearer can
// be said of introspection alone: RFC 8414 lets that list name access token types,
// and the one of revocation only ways of client authentication.
func (s *server) metadata(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.Issuer == "":
		refuse(w, http.StatusNotFound, invalidRequest, "this server has no public address of its own")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, invalidRequest, "ask with GET")
		return
	}
	at := strings.TrimRight(s.Issuer, "/")
	write(w, http.StatusOK, document{
		Issuer: s.Issuer, ResponseTypes: []string{"none"},
		Introspection: at + IntrospectPath, IntrospectionAuth: []string{"client_secret_basic", "Bearer"},
		Revocation: at + RevokePath, RevocationAuth: []string{"client_secret_basic"},
		Scopes: []string{mayIntrospect, mayRevoke},
	})
}
