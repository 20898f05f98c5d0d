// Command keywright issues, verifies, rotates and revokes API keys. This file
// holds flags and exit codes only.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/internal/daemon"
	"github.com/keywright/keywright/internal/demo"
)

func main() {
	root := &cobra.Command{Use: "keywright", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(daemon.ServeCommand(), daemon.ConfigCommand(), daemon.InitCommand(), demo.Command())
	if err := root.ExecuteContext(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "keywright:", err)
		os.Exit(1)
	}
}
