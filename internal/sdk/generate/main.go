// Command generate writes the clients of sdk/typescript anew, from the root of
// the repository:
//
//	go run ./internal/sdk/generate
package main

import (
	"fmt"
	"os"

	"github.com/keywright/keywright/internal/sdk"
)

func main() {
	if err := sdk.GenerateAll("."); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}
