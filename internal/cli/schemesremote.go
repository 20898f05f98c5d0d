package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

func schemesRemote(a *app) *cobra.Command {
	c := group("remote", "Look at the schemes of a running keywright", "Those that ship and those of its configuration. These commands need an operator key.",
		"  keywright schemes remote list\n  keywright schemes remote show trusset-instance",
		remoteList(a), remoteShow(a), remoteLint(a), remoteTry(a))
	a.remote(c)
	return c
}

func remoteList(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List the schemes in force", Args: exactly(), Example: "  keywright schemes remote list --output json",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, _ []string) error {
			all, err := c.Schemes(ctx)
			if err != nil {
				return err
			}
			return a.print(cmd, all, func(w io.Writer) {
				fmt.Fprintln(w, "NAME\tHEADERS\tSHIPPED\tAPIS\tROTATES, OVERLAP\tMOST ACTIVE")
				for i := range all {
					s, most := &all[i], "any number"
					if s.Policy.MaxActive > 0 {
						most = fmt.Sprint(s.Policy.MaxActive)
					}
					fmt.Fprintf(w, "%s\t%s\t%t\t%s\t%s\t%s\n", clean(s.Name), dash(strings.Join(s.Headers, ", ")), s.Shipped, dash(strings.Join(s.APIs, " ")), dash(s.Policy.Overlap), most)
				}
			})
		}),
	}
	a.outputFlag(c)
	return c
}

func remoteShow(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "show NAME", Short: "Show a scheme in force: its answers, or with --source its YAML", Args: exactly("NAME"),
		Example: "  keywright schemes remote show trusset-instance\n  keywright schemes remote show trusset-instance --source > mine.yaml",
	}
	source := c.Flags().Bool("source", false, "print the YAML that it is written as")
	c.RunE = a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, args []string) error {
		s, err := c.Scheme(ctx, args[0])
		if err != nil {
			return err
		}
		if *source {
			_, err := io.WriteString(cmd.OutOrStdout(), s.Source)
			return err
		}
		return a.print(cmd, s, func(w io.Writer) {
			fmt.Fprintf(w, "Name\t%s\nTitle\t%s\nFormats\t%s\nHeaders\t%s\nAPIs\t%s\n\n", clean(s.Name), dash(s.Title), dash(strings.Join(s.Formats, ", ")), dash(strings.Join(s.Headers, ", ")), dash(strings.Join(s.APIs, " ")))
			fmt.Fprintln(w, "REASON\tSTATUS\tBODY")
			for _, one := range s.Answers {
				fmt.Fprintf(w, "%s\t%d\t%s\n", one.Reason, one.Status, clean(one.Body))
			}
		})
	})
	a.outputFlag(c)
	return c
}

func remoteLint(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "lint FILE", Short: "Have a running keywright check a scheme's file", Args: exactly("FILE"),
		Long:    "As keywright schemes lint does without a server: for when the server's version is another one. - is standard input. Exits with 6 if there are faults.",
		Example: "  keywright schemes remote lint my-scheme.yaml",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, args []string) error {
			text, err := schemeText(cmd, args[0])
			if err != nil {
				return err
			}
			out, err := c.LintScheme(ctx, text)
			if err != nil {
				return err
			}
			err = a.print(cmd, out, func(w io.Writer) {
				if out.Valid {
					fmt.Fprintf(w, "the scheme %s is well formed\n", clean(out.Name))
				}
				for _, p := range out.Problems {
					fmt.Fprintf(w, "%d:%d\t%s\n", p.Line, p.Column, clean(p.Detail))
				}
				for _, text := range out.Warnings {
					fmt.Fprintf(w, "warning\t%s\n", clean(text))
				}
			})
			if err == nil && !out.Valid {
				return &coded{code: ExitInvalid, text: fmt.Sprintf("%d fault(s)", len(out.Problems))}
			}
			return err
		}),
	}
	a.outputFlag(c)
	return c
}

// schemeText reads a scheme's file, or standard input, as far as a server takes it.
func schemeText(cmd *cobra.Command, path string) (string, error) {
	in := cmd.InOrStdin()
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, api.MaxSchemeSource+1))
	if err == nil && len(text) > api.MaxSchemeSource {
		err = usage("a scheme has at most 256 KiB")
	}
	return string(text), err
}

func remoteTry(a *app) *cobra.Command {
	var q question
	var file string
	c := &cobra.Command{
		Use: "try", Short: "See what a scheme reads off a request, and how it would refuse it", Args: exactly(),
		Long: `See what a scheme reads off a request, and how it would refuse it. No key is
looked up: keywright keys verify does that.

The credential is read from standard input or a file, never from an argument:
either whole header lines (--headers), or the bare value (--credential). Exits
with 0 for a well-formed credential and 9 otherwise.`,
		Example: "  printf '%s' \"$KEY\" | keywright schemes remote try --scheme trusset-instance --header X-API-Key --credential -\n" +
			"  keywright schemes remote try --file my-scheme.yaml --headers request.txt",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, _ []string) error {
			t, err := q.trial(cmd, file)
			if err != nil {
				return err
			}
			out, err := c.TryScheme(ctx, t)
			if err != nil {
				return err
			}
			return a.printTrial(cmd, &out)
		}),
	}
	f := c.Flags()
	f.StringVar(&q.Scheme, "scheme", "", "one that is in force")
	f.StringVar(&file, "file", "", "or the file of one that is not")
	f.StringVar(&q.headersFrom, "headers", "", "file of header lines, or - for standard input")
	f.StringVar(&q.keyFrom, "credential", "", "file of the bare value, or - for standard input")
	f.StringVar(&q.header, "header", "", "the header that the bare value goes into (default Authorization: Bearer)")
	f.StringVar(&q.Method, "method", "", "of the request (default GET)")
	f.StringVar(&q.Path, "path", "", "of the request, with its query")
	f.BoolVar(&q.plainHTTP, "plain-http", false, "as if it came over plain HTTP")
	a.outputFlag(c)
	return c
}

func (q *question) trial(cmd *cobra.Command, file string) (api.TryScheme, error) {
	if (q.Scheme == "") == (file == "") {
		return api.TryScheme{}, usage("name --scheme or --file")
	}
	named := *q
	named.API, named.Scheme = "", "any" // read asks for one of the two
	if err := named.read(cmd); err != nil {
		return api.TryScheme{}, err
	}
	t := api.TryScheme{Scheme: q.Scheme, Method: q.Method, Path: q.Path, Headers: named.Headers}
	if q.plainHTTP {
		t.TLS = new(bool)
	}
	var err error
	if file != "" {
		t.Source, err = schemeText(cmd, file)
	}
	return t, err
}

func (a *app) printTrial(cmd *cobra.Command, t *api.Trial) error {
	err := a.print(cmd, t, func(w io.Writer) {
		fmt.Fprintf(w, "Reason\t%s\nDetail\t%s\n", t.Reason, clean(t.Detail))
		if p := t.Presented; p != nil {
			fmt.Fprintf(w, "Hint\t%s\nClass\t%s\nEnvironment\t%s\n", clean(p.Hint), dash(p.Class), dash(p.Environment))
		}
		if t.Answer == nil {
			return
		}
		fmt.Fprintf(w, "Status\t%d\n", t.Answer.Status)
		for _, h := range t.Answer.Headers {
			fmt.Fprintf(w, "%s\t%s\n", clean(h.Name), clean(h.Value))
		}
		fmt.Fprintf(w, "Body\t%s\n", clean(t.Answer.Body))
	})
	if err == nil && t.Answer != nil {
		return &coded{code: ExitRefused, text: "refused: " + t.Reason}
	}
	return err
}
