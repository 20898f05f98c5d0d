package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

func keysImport(a *app) *cobra.Command {
	var tenant, schemeName, format string
	c := &cobra.Command{
		Use: "import FILE", Short: "Import existing keys from CSV or JSON lines", Args: exactly("FILE"),
		Long: `Takes keys that exist already, raw or as SHA-256 digests (hex or base64), so that
customers need no new ones. The header of a CSV file names its columns: tenant,
scheme, key, secret, sha256, hint, name, environment, permissions, created_at,
expires_at, metadata.<name>; JSON lines have fields of the same names.

Rows are sent as they are read. A row that is refused is named on standard error
and does not stop the others (exit code 10). An import that was cut short is run
again: keys that are there already are skipped.`,
		Example: "  keywright keys import old-keys.csv --tenant acme0001 --scheme trust-swiftly\n  zcat keys.jsonl.gz | keywright keys import - --format jsonl",
		RunE: a.call(func(ctx context.Context, cmd *cobra.Command, c *client.Client, args []string) error {
			kind, err := importKind(args[0], format)
			if err != nil {
				return err
			}
			rows, size, err := openRows(cmd, args[0])
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }()
			p := newProgress(cmd, size)
			sum, err := c.Import(ctx, kind, io.TeeReader(rows, p), tenant, schemeName, p.row)
			p.end()
			if err != nil {
				if errors.Is(err, keywright.Unavailable) {
					words(cmd, "After line %d the answer was lost. Run the command again: keys that are there already are skipped.", p.line)
				}
				return err
			}
			return a.printImport(cmd, &sum)
		}),
	}
	c.Flags().StringVar(&tenant, "tenant", "", "for rows that name none: id or ref")
	c.Flags().StringVar(&schemeName, "scheme", "", "for rows that name none")
	c.Flags().StringVar(&format, "format", "", "csv or jsonl (default by the file's name)")
	a.outputFlag(c)
	return c
}

func importKind(path, format string) (client.ImportType, error) {
	if format == "" {
		format = strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	}
	switch format {
	case "csv":
		return client.ImportCSV, nil
	case "jsonl", "ndjson":
		return client.ImportLines, nil
	}
	return "", usage("say --format csv or --format jsonl")
}

// openRows opens the file, or standard input, and tells its size if it has one.
func openRows(cmd *cobra.Command, path string) (io.ReadCloser, int64, error) {
	if path == "-" {
		return io.NopCloser(cmd.InOrStdin()), -1, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return f, -1, nil //nolint:nilerr // a size that is not known is no fault
	}
	return f, info.Size(), nil
}

// progress shows how far an import is, on a terminal only, and names refused rows.
type progress struct {
	cmd  *cobra.Command
	bar  *progressbar.ProgressBar
	line int
}

func newProgress(cmd *cobra.Command, size int64) *progress {
	p := &progress{cmd: cmd}
	if terminal(cmd.ErrOrStderr()) {
		p.bar = progressbar.NewOptions64(size, progressbar.OptionSetWriter(cmd.ErrOrStderr()), progressbar.OptionShowBytes(true),
			progressbar.OptionSetDescription("importing"), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	return p
}

// Write counts what has been sent.
func (p *progress) Write(b []byte) (int, error) {
	if p.bar != nil {
		_ = p.bar.Add(len(b))
	}
	return len(b), nil
}

func (p *progress) row(l api.ImportLine) {
	p.line = l.Line
	if l.Result != "refused" {
		return
	}
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	field := l.Field
	if field != "" {
		field += ": "
	}
	words(p.cmd, "line %d: refused: %s%s", l.Line, clean(field), clean(l.Detail))
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

func (a *app) printImport(cmd *cobra.Command, sum *api.ImportSummary) error {
	err := a.print(cmd, sum, func(w io.Writer) {
		fmt.Fprintf(w, "Imported\t%d\nSkipped\t%d\nRefused\t%d\n", sum.Imported, sum.Skipped, sum.RefusedCount)
	})
	switch {
	case err != nil:
		return err
	case !sum.Complete:
		return &coded{code: ExitFailed, text: "the import stopped early: " + clean(sum.Detail)}
	case sum.RefusedCount > 0:
		return &coded{code: ExitPartly, text: fmt.Sprintf("%d row(s) were refused", sum.RefusedCount)}
	}
	return nil
}
