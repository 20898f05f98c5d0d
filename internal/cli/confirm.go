package cli

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// yesFlag gives a destructive command --yes.
func (a *app) yesFlag(c *cobra.Command) {
	c.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
}

// confirm asks before what cannot be undone: on a terminal. Without one there is
// nobody to ask, and --yes must say it.
func (a *app) confirm(cmd *cobra.Command, question string) error {
	if a.yes {
		return nil
	}
	if !a.asks(cmd.InOrStdin()) {
		return usage(question + " Say --yes: there is no terminal to ask on.")
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s [y/N] ", question)
	answer, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n') // nothing read is no
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return &coded{code: ExitFailed, text: "nothing was done"}
}
