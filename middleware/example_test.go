package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/keywrighttest"
	"github.com/keywright/keywright/middleware"
	"github.com/keywright/keywright/schemes"
)

// files is an API that knows nothing of keys.
func files() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/files", func(w http.ResponseWriter, r *http.Request) {
		who, _ := middleware.From(r.Context())
		fmt.Fprintf(w, "the files of %s\n", who.Ref)
	})
	mux.Handle("DELETE /v1/files", middleware.Require("files:delete")(http.NotFoundHandler()))
	return mux
}

// call shows what a request with a key is answered.
func call(h http.Handler, method string, key *keywrighttest.Key) {
	r := httptest.NewRequest(method, "/v1/files", nil)
	if key != nil {
		key.Sign(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
}

func ExampleRemote() {
	keys, err := keywrighttest.Start() // stands for your Keywright
	if err != nil {
		fmt.Println(err)
		return
	}
	defer keys.Close()
	operatorKey := keys.OperatorKey // one with the permission keys:verify is enough

	shipped, err := schemes.Shipped()
	if err != nil {
		fmt.Println(err)
		return
	}
	asked, err := client.New(keys.URL, operatorKey, client.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	verify, err := middleware.Remote(middleware.RemoteOptions{Verifier: asked, Scheme: shipped["keywright"]})
	if err != nil {
		fmt.Println(err)
		return
	}
	api := verify(files())

	key := keys.Key("keywright", "acme", func(d *keywright.Draft) { d.Permissions = []string{"files:read"} })
	call(api, "GET", &key)
	call(api, "DELETE", &key)
	call(api, "GET", nil)
	// Output:
	// 200 text/plain; charset=utf-8
	// 403 application/problem+json
	// 401 application/problem+json
}

func ExampleEmbedded() {
	keys, err := keywrighttest.Start() // examples/embed shows how a gate is made
	if err != nil {
		fmt.Println(err)
		return
	}
	defer keys.Close()

	verify, err := middleware.Embedded(middleware.EmbeddedOptions{Gate: keys.Gate(), API: "api"})
	if err != nil {
		fmt.Println(err)
		return
	}
	api := verify(files())

	key := keys.Key("keywright", "acme")
	call(api, "GET", &key)
	keys.Revoke(key)
	call(api, "GET", &key)
	// Output:
	// 200 text/plain; charset=utf-8
	// 401 application/problem+json
}

func ExampleFetchKeys() {
	assertions, err := middleware.FetchKeys(middleware.FetchOptions{
		URL:      "https://keys.example.com" + middleware.JWKSPath,
		Audience: "orders", // the API's name in Keywright's configuration
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	trust, err := middleware.Gateway(middleware.GatewayOptions{Assertions: assertions})
	if err != nil {
		fmt.Println(err)
		return
	}
	api := trust(files())

	call(api, "GET", nil) // did not come through the gateway
	// Output: 401 application/json
}
