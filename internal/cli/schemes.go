package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
)

func schemesCommand(a *app) *cobra.Command {
	return group("schemes", "Look at wire contracts", "A scheme is a provider's wire contract as a page of YAML. These commands need no server, but for those under remote.",
		"  keywright schemes list\n  keywright schemes lint my-scheme.yaml",
		schemesList(a), schemesShow(), schemesLint(), schemesVectors(a), schemesRemote(a))
}

// schemeRow is what the list says of a scheme.
type schemeRow struct {
	Name        string   `json:"name"`
	Headers     []string `json:"headers"`
	Pair        bool     `json:"pair"`
	Overlap     string   `json:"overlap"`
	MaxActive   int      `json:"max_active"`
	Recoverable bool     `json:"recoverable"`
}

func schemesList(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List the schemes that ship", Args: exactly(), Example: "  keywright schemes list --output json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			shipped, err := schemes.Shipped()
			if err != nil {
				return err
			}
			all := []schemeRow{}
			for _, name := range schemes.Names() {
				s := shipped[name]
				p := s.Policy()
				row := schemeRow{Name: name, Headers: s.CredentialHeaders(), Pair: s.Pair(), MaxActive: p.MaxActive, Recoverable: s.Recoverable()}
				if p.Rotation.Allowed {
					row.Overlap = p.Rotation.Overlap.String()
				}
				all = append(all, row)
			}
			return a.print(cmd, all, func(w io.Writer) {
				fmt.Fprintln(w, "NAME\tHEADERS\tROTATES, OVERLAP\tMOST ACTIVE")
				for _, s := range all {
					most := "any number"
					if s.MaxActive > 0 {
						most = fmt.Sprint(s.MaxActive)
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Name, strings.Join(s.Headers, ", "), dash(s.Overlap), most)
				}
			})
		},
	}
	a.outputFlag(c)
	return c
}

func schemesShow() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Print a shipped scheme's YAML", Args: exactly("NAME"), Example: "  keywright schemes show trusset-instance > mine.yaml",
		ValidArgsFunction: schemeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			src, ok := schemes.Source(args[0])
			if !ok {
				return noScheme(args[0])
			}
			_, err := cmd.OutOrStdout().Write(src)
			return err
		},
	}
}

func schemeNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return schemes.Names(), cobra.ShellCompDirectiveNoFileComp
}

func noScheme(name string) error {
	return &coded{code: ExitNotFound, text: "no scheme " + clean(name) + " ships; there are " + strings.Join(schemes.Names(), ", ")}
}

func schemesLint() *cobra.Command {
	return &cobra.Command{
		Use: "lint FILE...", Short: "Check scheme files, with line and column of every fault", Args: cobra.MinimumNArgs(1),
		Example: "  keywright schemes lint my-scheme.yaml other.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			bad := 0
			for _, path := range args {
				s, err := parseFile(path)
				if err != nil {
					bad++
					words(cmd, "%v", err)
					continue
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: the scheme %s is well formed\n", path, s.Name())
			}
			if bad > 0 {
				return &coded{code: ExitInvalid, text: fmt.Sprintf("%d of %d file(s) have faults", bad, len(args))}
			}
			return nil
		},
	}
}

func parseFile(path string) (*scheme.Scheme, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return scheme.Parse(path, src)
}
