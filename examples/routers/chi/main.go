// Command chi shows Keywright's middleware in a program that uses the router chi.
package main

import (
	"fmt"
	"os"

	"github.com/keywright/keywright/examples/routers/verify"
)

func main() {
	keys, err := verify.FromEnvironment()
	if err == nil {
		err = verify.Serve(routes(keys))
	}
	fmt.Fprintln(os.Stderr, "chi:", err)
	os.Exit(1)
}
