// Package verify makes the middleware that the three programs share: it asks the
// Keywright that the environment names. It keeps no key but the operator's.
package verify

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/middleware"
	"github.com/keywright/keywright/schemes"
)

// FromEnvironment reads KEYWRIGHT_SERVER, the management API's address, and
// KEYWRIGHT_KEY, an operator key with the permission keys:verify.
func FromEnvironment() (middleware.Middleware, error) {
	keys, err := client.New(os.Getenv("KEYWRIGHT_SERVER"), keywright.NewCredential("", os.Getenv("KEYWRIGHT_KEY")), client.Options{})
	if err != nil {
		return nil, fmt.Errorf("KEYWRIGHT_SERVER: %w", err)
	}
	shipped, err := schemes.Shipped()
	if err != nil {
		return nil, err
	}
	return middleware.Remote(middleware.RemoteOptions{Verifier: keys, Scheme: shipped["keywright"]})
}

// Serve answers on 127.0.0.1:8091 until it cannot.
func Serve(h http.Handler) error {
	s := &http.Server{Addr: "127.0.0.1:8091", Handler: h, ReadHeaderTimeout: 10 * time.Second}
	return s.ListenAndServe()
}
