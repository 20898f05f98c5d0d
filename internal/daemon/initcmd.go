package daemon

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/internal/config"
)

// question is one thing that init asks.
type question struct {
	flag, ask, standard string
	into                func(*config.Start) *string
}

func questions() []question {
	return []question{
		{"api", "A name for your API", "orders", func(s *config.Start) *string { return &s.API }},
		{"host", "The host name that clients call", "api.localhost", func(s *config.Start) *string { return &s.Host }},
		{"upstream", "Where your API really runs", "http://127.0.0.1:3000", func(s *config.Start) *string { return &s.Upstream }},
		{"scheme", "How its keys look, see keywright schemes list", "keywright", func(s *config.Start) *string { return &s.Scheme }},
		{"store", "Where keys are kept: sqlite, postgres or memory", "sqlite", func(s *config.Start) *string { return &s.Store }},
		{"listen", "Where to listen", "127.0.0.1:8080", func(s *config.Start) *string { return &s.Listen }},
		{"tls", "TLS: off, internal (development) or acme", "off", func(s *config.Start) *string { return &s.TLS }},
	}
}

// InitCommand is `keywright init`.
func InitCommand() *cobra.Command {
	var output string
	var force, yes bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a starting configuration by asking a few questions",
		Long: `Init asks what it must know and writes a commented configuration that runs. A
question whose flag is given is not asked; --yes asks nothing and takes the
standard answers. It never overwrites a file without --force.`,
		Example: "  keywright init\n  keywright init --yes --api orders --host api.example.com --upstream http://127.0.0.1:3000",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVarP(&output, "output", "o", DefaultFile, "the `file` to write")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite a file that is there")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "ask nothing: take the standard answers")
	for _, q := range questions() {
		cmd.Flags().String(q.flag, "", fmt.Sprintf("%s (%s)", q.ask, q.standard))
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		// Before any question: nobody should answer seven of them in vain.
		if _, err := os.Stat(output); err == nil && !force {
			return fmt.Errorf("%s is there already: --force overwrites it, --output names another", output)
		}
		start, err := answers(cmd, yes)
		if err != nil {
			return err
		}
		return writeStart(cmd, output, force, start)
	}
	return cmd
}

func answers(cmd *cobra.Command, yes bool) (config.Start, error) {
	var start config.Start
	in, out := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 64<<10)), cmd.ErrOrStderr()
	for _, q := range questions() {
		at := q.into(&start)
		*at = q.standard
		if f := cmd.Flags().Lookup(q.flag); f.Changed {
			*at = f.Value.String()
			continue
		}
		if yes {
			continue
		}
		_, _ = fmt.Fprintf(out, "%s [%s]: ", q.ask, q.standard)
		line, err := in.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return start, err
		}
		if errors.Is(err, io.EOF) && line == "" {
			return start, errors.New("the questions were not answered: give the answers as flags, or --yes to take the standard ones")
		}
		if line = strings.TrimSpace(line); line != "" {
			*at = line
		}
	}
	return start, nil
}

func writeStart(cmd *cobra.Command, output string, force bool, start config.Start) error {
	text := start.Render()
	src, err := config.Parse(output, text)
	if err != nil {
		return fmt.Errorf("these answers do not make a configuration that runs:\n%w", err)
	}
	if _, err := Compile(src); err != nil {
		return fmt.Errorf("these answers do not make a configuration that runs:\n%w", err)
	}
	mode := os.O_CREATE | os.O_WRONLY | os.O_EXCL
	if force {
		mode = os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	}
	f, err := os.OpenFile(output, mode, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already: --force overwrites it, --output names another", output)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is written. What to do next:\n\n%s", output, start.Next(output))
	return err
}
