package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// question is what verify and explain ask, gathered from flags.
type question struct {
	api.Verify
	need        api.Need
	headersFrom string
	keyFrom     string
	header      string
	plainHTTP   bool
}

func keysVerify(a *app, explain bool) *cobra.Command {
	var q question
	use, short := "verify", "Say whether a request's key would be granted"
	if explain {
		use, short = "explain", "The same as verify, with each check in order"
	}
	c := &cobra.Command{
		Use: use, Short: short, Args: exactly(),
		Long: short + `.

The credential is a secret, so it is read from standard input or a file, never
from an argument: either whole header lines (--headers), or the bare key
(--credential), which goes into "Authorization: Bearer" or the header that
--header names. Exits with 0 if granted and 9 if refused.`,
		Example: "  printf '%s' \"$ACME_API_KEY\" | keywright keys " + use + " --api acme --path /v1/messages --credential -\n" +
			"  printf 'x-trustifi-key: %s\\nx-trustifi-secret: %s\\n' \"$K\" \"$S\" | keywright keys " + use + " --scheme trustifi --headers -\n" +
			"  keywright keys " + use + " --scheme trusset-instance --header X-API-Key --credential key.txt --service tokenization",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, _ []string) error {
			if err := q.read(cmd); err != nil {
				return err
			}
			if explain {
				out, err := c.Explain(ctx, q.Verify)
				if err != nil {
					return err
				}
				return a.printVerdict(cmd, out, &out.Verdict, out.Checks)
			}
			out, err := c.Verify(ctx, q.Verify)
			if err != nil {
				return err
			}
			return a.printVerdict(cmd, out, &out, nil)
		}),
	}
	q.flags(c)
	if !explain {
		c.Flags().BoolVar(&q.Count, "count", false, "take one request from the key's limits, as a real one would")
	}
	a.outputFlag(c)
	return c
}

func (q *question) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&q.API, "api", "", "the protected surface, as the configuration names it")
	f.StringVar(&q.Scheme, "scheme", "", "or the bare wire contract")
	f.StringVar(&q.headersFrom, "headers", "", "file of header lines, or - for standard input")
	f.StringVar(&q.keyFrom, "credential", "", "file of the bare key, or - for standard input")
	f.StringVar(&q.header, "header", "", "the header that the bare key goes into (default Authorization: Bearer)")
	f.StringVar(&q.Method, "method", "", "of the request (default GET)")
	f.StringVar(&q.Path, "path", "", "of the request; without it no route is looked up")
	f.StringVar(&q.Address, "address", "", "where the request comes from")
	f.BoolVar(&q.plainHTTP, "plain-http", false, "as if it came over plain HTTP")
	f.StringVar(&q.need.Tenant, "tenant", "", "the key must be this tenant's: id or ref")
	f.StringVar(&q.need.Environment, "environment", "", "the key's environment must be this one")
	f.StringVar(&q.need.Service, "service", "", "the tenant must have this service on")
	f.StringSliceVar(&q.need.Permissions, "permission", nil, "the key must have it; may be repeated")
}

func (q *question) read(cmd *cobra.Command) error {
	if (q.API == "") == (q.Scheme == "") {
		return usage("name --api or --scheme")
	}
	q.Headers = map[string]any{}
	if q.headersFrom != "" {
		if err := q.readHeaders(cmd); err != nil {
			return err
		}
	}
	if q.keyFrom != "" {
		secret, err := secretFile(cmd, q.keyFrom)
		if err != nil {
			return err
		}
		if q.header == "" {
			q.header, secret = "Authorization", "Bearer "+secret
		}
		q.Headers[q.header] = secret
	}
	if q.plainHTTP {
		q.Transport = "http"
	}
	for _, name := range []string{"tenant", "environment", "service", "permission"} {
		if cmd.Flags().Changed(name) {
			q.Need = &q.need
		}
	}
	return nil
}

func (q *question) readHeaders(cmd *cobra.Command) error {
	in := cmd.InOrStdin()
	if q.headersFrom != "-" {
		f, err := os.Open(q.headersFrom)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	lines := bufio.NewScanner(io.LimitReader(in, 1<<20))
	for n := 1; lines.Scan(); n++ {
		if lines.Text() == "" {
			continue
		}
		name, value, ok := strings.Cut(lines.Text(), ":")
		if !ok {
			return usage(fmt.Sprintf("line %d of --headers is no header line", n))
		}
		all, _ := q.Headers[name].([]string)
		q.Headers[name] = append(all, strings.TrimSpace(value))
	}
	return lines.Err()
}

// printVerdict prints a verdict; a refusal is an exit code, not an error of ours.
func (a *app) printVerdict(cmd *cobra.Command, whole any, v *api.Verdict, checks []api.Check) error {
	err := a.print(cmd, whole, func(w io.Writer) {
		fmt.Fprintf(w, "Granted\t%t\nReason\t%s\n", v.Granted, v.Reason)
		if v.Key != nil {
			fmt.Fprintf(w, "Key\t%s\t%s\t%s\n", v.Key.ID, v.Key.State, dash(v.Key.Name))
		}
		if v.Tenant != nil {
			fmt.Fprintf(w, "Tenant\t%s\t%s\t%s\n", v.Tenant.ID, dash(v.Tenant.Ref), dash(v.Tenant.Name))
		}
		for _, one := range checks {
			mark := "passed"
			if !one.Passed {
				mark = "REFUSED"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", one.Check, mark, clean(one.Detail))
		}
	})
	if err == nil && !v.Granted {
		return &coded{code: ExitRefused, text: "refused: " + v.Reason}
	}
	return err
}
