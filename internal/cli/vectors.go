package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/schemes"
)

// vectorRow is what the list says of a vector.
type vectorRow struct {
	Name    string `json:"name"`
	Key     string `json:"key"`
	Request string `json:"request"`
	Granted bool   `json:"granted"`
	Status  int    `json:"status"`
	Reason  string `json:"reason"`
}

func schemesVectors(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "vectors NAME", Short: "Print a shipped scheme's test vectors", Args: exactly("NAME"),
		Long:    "A vector is one request and the answer that every front must give to it. The tests run each through every front.",
		Example: "  keywright schemes vectors domain-trust", ValidArgsFunction: schemeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, ok := schemes.Source(args[0]); !ok {
				return noScheme(args[0])
			}
			vectors, err := schemes.Vectors(args[0])
			if err != nil {
				return err
			}
			all := []vectorRow{}
			for i := range vectors {
				all = append(all, describe(&vectors[i]))
			}
			return a.print(cmd, all, func(w io.Writer) {
				fmt.Fprintln(w, "VECTOR\tKEY\tREQUEST\tANSWER")
				for _, v := range all {
					answer := "granted"
					if !v.Granted {
						answer = fmt.Sprintf("%d %s", v.Status, v.Reason)
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", dash(v.Name), dash(v.Key), dash(v.Request), answer)
				}
			})
		},
	}
	a.outputFlag(c)
	return c
}

func describe(v *schemes.Vector) vectorRow {
	row := vectorRow{Name: v.Name, Key: v.Key, Granted: v.Answer.Granted, Status: v.Answer.Status, Reason: v.Answer.Reason}
	method, path := v.Request.Method, v.Request.Path
	if method == "" {
		method = "GET"
	}
	if path == "" {
		path = "/"
	}
	row.Request = method + " " + path
	if v.Request.Plain {
		row.Request += " (plain HTTP)"
	}
	return row
}
