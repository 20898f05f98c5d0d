package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/management/managementtest"
)

// exampleServer stands for your keywright: its address and an operator key.
func exampleServer() (address, key string, stop func()) {
	t := &exampleT{}
	h := managementtest.New(t).Operator(t)
	srv := httptest.NewServer(h.Handler)
	return srv.URL, h.Key, func() { srv.Close(); t.end() }
}

func Example() {
	address, key, stop := exampleServer()
	defer stop()
	ctx := context.Background()

	c, err := client.New(address, keywright.NewCredential("", key), client.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := c.CreateTenant(ctx, api.CreateTenant{Ref: "acme0001", Name: "Acme Inc."}); err != nil {
		fmt.Println(err)
		return
	}
	ttl := int64(3600)
	k, err := c.CreateKey(ctx, api.CreateKey{Tenant: "acme0001", Scheme: "keywright", Environment: "live", Name: "CI", TTL: &ttl})
	if err != nil {
		fmt.Println(err)
		return
	}
	// k.Credential.Key goes to the customer now: no later answer holds it.
	fmt.Println(k.State, k.Name, len(k.Credential.Key), k.Credential)
	// Output: ACTIVE CI 57 [redacted]
}

func ExampleClient_Keys() {
	address, key, stop := exampleServer()
	defer stop()
	c, err := client.New(address, keywright.NewCredential("", key), client.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for k, err := range c.Keys(context.Background(), client.KeyFilter{States: []string{"ACTIVE"}}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(k.Name, k.Permissions)
	}
	// Output: first [*]
}

func ExampleError() {
	address, key, stop := exampleServer()
	defer stop()
	c, err := client.New(address, keywright.NewCredential("", key), client.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.CreateKey(context.Background(), api.CreateKey{Tenant: "nobody", Scheme: "keywright", Environment: "live"})
	var refused *client.Error
	if errors.As(err, &refused) && errors.Is(err, keywright.Invalid) {
		fmt.Println(refused.Status, refused.Field)
	}
	// Output: 422 tenant
}

// exampleT lets an example build what tests build.
type exampleT struct {
	testing.TB
	ctx  context.Context
	stop []func()
}

func (t *exampleT) Helper()           {}
func (t *exampleT) Cleanup(fn func()) { t.stop = append(t.stop, fn) }
func (t *exampleT) Fatal(args ...any) { panic(fmt.Sprint(args...)) }
func (t *exampleT) Context() context.Context {
	if t.ctx == nil {
		t.ctx = context.Background()
	}
	return t.ctx
}

func (t *exampleT) end() {
	for i := len(t.stop) - 1; i >= 0; i-- {
		t.stop[i]()
	}
}
