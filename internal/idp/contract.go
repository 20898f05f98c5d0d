package idp

import (
	"net/http"
	"time"
)

// User is one made-up person.
type User struct{ Subject, Email, Name string }

// Client may ask for tokens. Without a secret it is a public one, which needs PKCE;
// a redirect to http://127.0.0.1 or http://localhost fits with any port.
type Client struct {
	ID        string
	Secret    string
	Redirects []string
}

// Options of New.
type Options struct {
	Issuer   string // its own address
	Users    []User
	Clients  []Client
	Audience string        // of access tokens
	Life     time.Duration // of access tokens; 0 is 10 minutes
	Clock    func() time.Time
}

// New returns the provider. Its signing key lives as long as the process.
func New(o Options) (http.Handler, error) {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not built yet", http.StatusNotFound) }), nil
}
