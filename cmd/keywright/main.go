// Command keywright issues, verifies, rotates and revokes API keys. This file
// holds flags and exit codes only.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/keywright/keywright/internal/cli"
	"github.com/keywright/keywright/internal/daemon"
	"github.com/keywright/keywright/internal/demo"
	"github.com/keywright/keywright/internal/sdk"
)

func main() {
	root := cli.New(daemon.ServeCommand(), daemon.ConfigCommand(), daemon.InitCommand(), daemon.PepperCommand(), demo.Command(), sdk.Command())
	if err := root.ExecuteContext(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "keywright:", err)
		os.Exit(cli.ExitCode(err))
	}
}
