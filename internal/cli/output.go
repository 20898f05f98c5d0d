package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
)

// outputFlag gives a command --output.
func (a *app) outputFlag(c *cobra.Command, more ...string) {
	formats := append([]string{"table", "json", "yaml"}, more...)
	c.Flags().StringVarP(&a.output, "output", "o", "table", "how to print: "+strings.Join(formats, ", "))
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	c.PreRunE = func(*cobra.Command, []string) error {
		if !slices.Contains(formats, a.output) {
			return usage("--output is one of " + strings.Join(formats, ", "))
		}
		return nil
	}
}

// print writes a result to standard output: for people, or for a script.
func (a *app) print(cmd *cobra.Command, v any, table func(io.Writer)) error {
	out := cmd.OutOrStdout()
	switch a.output {
	case "json":
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	case "yaml":
		raw, err := json.Marshal(v)
		if err != nil {
			return err
		}
		text, err := yaml.JSONToYAML(raw)
		if err != nil {
			return err
		}
		_, err = out.Write(text)
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	table(w)
	return w.Flush()
}

// when spells an instant as people read it: what it is, and how far off.
func (a *app) when(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z") + " (" + distance(t.Sub(a.now())) + ")"
}

func distance(d time.Duration) string {
	format := "in %s"
	if d < 0 {
		format, d = "%s ago", -d
	}
	units := []struct {
		length time.Duration
		name   string
	}{{365 * 24 * time.Hour, "years"}, {24 * time.Hour, "days"}, {time.Hour, "hours"}, {time.Minute, "minutes"}}
	for _, u := range units {
		if n := d / u.length; n >= 1 {
			name := u.name
			if n == 1 {
				name = strings.TrimSuffix(name, "s")
			}
			return fmt.Sprintf(format, fmt.Sprintf("%d %s", n, name))
		}
	}
	return fmt.Sprintf(format, fmt.Sprintf("%d seconds", d/time.Second))
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return clean(s)
}

// clean takes control characters out of what others named: a terminal obeys them.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0x202e || r == 0x2066 || r == 0x2067 || r == 0x2068 {
			return '?'
		}
		return r
	}, s)
}

func (a *app) keyRows(w io.Writer, keys []api.KeyBody) {
	fmt.Fprintln(w, "ID\tSTATE\tSCHEME\tTENANT\tNAME\tENVIRONMENT\tHINT\tEXPIRES")
	for i := range keys {
		k := &keys[i]
		fmt.Fprintln(w, strings.Join([]string{k.ID, k.State, k.Scheme, k.Tenant, dash(k.Name), dash(k.Environment), dash(k.Hint), a.when(k.ExpiresAt)}, "\t"))
	}
}

// keyCard prints one key, a field on each line.
func (a *app) keyCard(w io.Writer, k *api.KeyBody) {
	line := func(name, value string) {
		if value != "-" {
			fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	line("ID", k.ID)
	line("State", k.State)
	line("Scheme", k.Scheme)
	line("Tenant", k.Tenant)
	line("Name", dash(k.Name))
	line("Environment", dash(k.Environment))
	line("Hint", dash(k.Hint))
	line("Public key", dash(k.PublicKey))
	line("Permissions", dash(strings.Join(k.Permissions, " ")))
	line("Addresses", dash(strings.Join(k.Addresses, " ")))
	line("Metadata", dash(pairs(k.Metadata)))
	line("Created", a.when(&k.CreatedAt))
	fmt.Fprintf(w, "Expires\t%s\n", never(a.when(k.ExpiresAt)))
	line("Last used", a.when(k.LastUsedAt))
	line("Paused", a.when(k.PausedAt))
	line("Paused until", a.when(k.PausedUntil))
	line("Retires", a.when(k.RetiresAt))
	line("Revoked", a.when(k.RevokedAt))
	line("Revoked for", dash(k.RevocationReason))
	line("Predecessor", dash(k.Predecessor))
	line("Successor", dash(k.Successor))
	line("Version", fmt.Sprint(k.Version))
}

func never(when string) string {
	if when == "-" {
		return "never"
	}
	return when
}

func pairs(m map[string]string) string {
	var out []string
	for name, value := range m {
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// printKey prints a record that holds no secret.
func (a *app) printKey(cmd *cobra.Command, k *api.Key) error {
	return a.print(cmd, k, func(w io.Writer) { a.keyCard(w, &k.KeyBody) })
}

// printIssued prints a new key: the only place where a secret goes out, once,
// to standard output. With --output key it is all that goes there.
func (a *app) printIssued(cmd *cobra.Command, k *api.Key, variable string) error {
	if k.Credential == nil {
		if a.output != "key" && a.output != "env" {
			if err := a.printKey(cmd, k); err != nil {
				return err
			}
		}
		words(cmd, "%s", clean(k.Notice))
		return &coded{code: ExitConflict, text: "the key " + k.ID + " was made by an earlier request, whose answer held the credential"}
	}
	if err := a.printCredential(cmd, k, variable); err != nil {
		return err
	}
	words(cmd, "The credential above is shown this once: store it now. A lost one is revoked and replaced, never recovered.")
	a.adviseVariable(cmd, k, variable)
	if p := k.PredecessorKey; p != nil && p.RetiresAt != nil && p.RetiresAt.After(a.now()) {
		words(cmd, "The old key %s goes on working until %s.", p.ID, a.when(p.RetiresAt))
	}
	return nil
}

func (a *app) printCredential(cmd *cobra.Command, k *api.Key, variable string) error {
	if a.output == "env" {
		return printEnv(cmd, k, variable)
	}
	if a.output == "key" {
		fmt.Fprintln(cmd.OutOrStdout(), k.Credential.Key)
		if k.Credential.Secret != "" {
			fmt.Fprintln(cmd.OutOrStdout(), k.Credential.Secret)
		}
		return nil
	}
	return a.print(cmd, k, func(w io.Writer) {
		a.keyCard(w, &k.KeyBody)
		fmt.Fprintf(w, "Key\t%s\n", k.Credential.Key)
		if k.Credential.Secret != "" {
			fmt.Fprintf(w, "Secret\t%s\n", k.Credential.Secret)
		}
	})
}

// printEnv prints what sets the environment variable that the API's examples read.
func printEnv(cmd *cobra.Command, k *api.Key, variable string) error {
	variable = variableName(variable)
	fmt.Fprintf(cmd.OutOrStdout(), "export %s=%s\n", variable, quoted(k.Credential.Key))
	if k.Credential.Secret != "" {
		fmt.Fprintf(cmd.OutOrStdout(), "export %s_SECRET=%s\n", variable, quoted(k.Credential.Secret))
	}
	return nil
}

// quoted is a word of a shell, whatever is in it.
func quoted(s string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_.-]+$`).MatchString(s) {
		return `"` + s + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// variableName is what a shell may be told to set. A site's word is not trusted to be
// that: PATH or LD_PRELOAD would be set to what the site calls a key.
func variableName(s string) string {
	if regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,55}_(KEY|TOKEN|SECRET)$`).MatchString(s) {
		return s
	}
	return "API_KEY"
}

// adviseVariable says how the key gets to where the examples look for it, without a
// shell's history that keeps it.
func (a *app) adviseVariable(cmd *cobra.Command, k *api.Key, variable string) {
	if variable == "" || a.output == "env" || a.output == "key" || k.Credential.Secret != "" {
		return
	}
	name := variableName(variable)
	words(cmd, "The examples read it from %[1]s. So that no shell's history keeps it, paste it here:\n\n  read -rs %[1]s && export %[1]s\n\nNext time, --output env sets it in one step: see keywright keys create --help.", name)
}
