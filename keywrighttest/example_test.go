package keywrighttest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/keywrighttest"
	"github.com/keywright/keywright/middleware"
)

func Example() {
	// In a test it is keywrighttest.New(t), and nothing needs closing.
	s, err := keywrighttest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	handler := s.Middleware()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := middleware.From(r.Context())
		fmt.Fprintf(w, "hello, %s", who.Name)
	}))
	key := s.Key("keywright", "acme")

	request := httptest.NewRequest("GET", "/v1/things", nil)
	key.Sign(request)
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	fmt.Println(answer.Code, answer.Body)

	s.Revoke(key)
	answer = httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	fmt.Println(answer.Code)
	// Output:
	// 200 hello, acme
	// 401
}

func ExampleServer_Travel() {
	s, err := keywrighttest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	key := s.Key("keywright", "acme", func(d *keywright.Draft) { d.Expires = s.Now().Add(time.Hour) })
	s.Travel(time.Hour - 1)
	fmt.Println(s.Verify(key).Reason)
	s.Travel(1)
	fmt.Println(s.Verify(key).Reason)
	// Output:
	// granted
	// expired
}

func ExampleServer_Client() {
	s, err := keywrighttest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	address, operatorKey := s.URL, s.OperatorKey

	keys, err := client.New(address, operatorKey, client.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if _, err := keys.CreateTenant(ctx, api.CreateTenant{Ref: "acme0001", Name: "Acme Inc."}); err != nil {
		fmt.Println(err)
		return
	}
	made, err := keys.CreateKey(ctx, api.CreateKey{Tenant: "acme0001", Scheme: "keywright", Environment: "live", Name: "CI", Permissions: []string{"files:read"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	// made.Credential.Key goes to the customer now: no later answer holds it.

	s.Travel(time.Hour)
	next, err := keys.RotateKey(ctx, made.ID, api.RotateKey{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(next.State, next.PredecessorKey.State)

	for k, err := range keys.Keys(ctx, client.KeyFilter{Tenant: "acme0001"}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(k.Name, k.State)
	}

	_, err = keys.RevokeKey(ctx, "key_00000000000000000000000001", "compromised")
	fmt.Println(errors.Is(err, keywright.NotFound))
	// Output:
	// ACTIVE PENDING_ROTATION
	// CI PENDING_ROTATION
	// CI ACTIVE
	// true
}
