package sdk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/internal/sdk/present"
	"github.com/keywright/keywright/schemes"
)

// order is what the command is asked for.
type order struct {
	openAPI, scheme, language, out, class string
}

// Command is `keywright sdk`.
func Command() *cobra.Command {
	var o order
	cmd := &cobra.Command{
		Use:   "sdk --openapi FILE --scheme NAME|FILE",
		Short: "Write a client library for an API",
		Long: `Sdk reads an OpenAPI document (3.0 or 3.1, YAML or JSON) and the scheme of its
keys, and writes one TypeScript file that calls the API: a typed method for each
operation, with the scheme's authentication built in. The file needs nothing but
fetch: Node 18 or later, or a browser.

The scheme is the name of one that ships (see ` + "`keywright schemes`" + `), or a file. Where
the document has further security schemes, the client takes a credential for each; what only a browser's session can call is
left out.`,
		Example: `  keywright sdk --openapi openapi.yaml --scheme keywright --out client.ts
  keywright sdk --openapi openapi.json --scheme ./our-scheme.yaml --name OrdersClient > orders.ts`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	f.StringVar(&o.openAPI, "openapi", "", "the OpenAPI document, a `file`")
	f.StringVar(&o.scheme, "scheme", "", "a scheme that ships, or a scheme's `file`")
	f.StringVar(&o.language, "language", "typescript", "the language to write; typescript is the one there is")
	f.StringVar(&o.out, "out", "", "the `file` to write; without it, standard output")
	f.StringVar(&o.class, "name", "", "the client's `class`; made from the document's title unless given")
	return cmd
}

func (o *order) run(out io.Writer) error {
	switch {
	case o.openAPI == "":
		return errors.New("--openapi: name the API's OpenAPI document")
	case o.scheme == "":
		return fmt.Errorf("--scheme: name the scheme of the API's keys: a file, or one of %s", strings.Join(schemes.Names(), ", "))
	case o.language != "typescript":
		return fmt.Errorf("--language: %q is not written: typescript is", o.language)
	}
	doc, err := os.ReadFile(o.openAPI)
	if err != nil {
		return fmt.Errorf("--openapi: %w", err)
	}
	speaks, err := findScheme(o.scheme)
	if err != nil {
		return fmt.Errorf("--scheme: %w", err)
	}
	code, err := TypeScript(o.openAPI, doc, speaks, o.class)
	if err != nil {
		return err
	}
	if o.out == "" {
		_, err = out.Write(code)
		return err
	}
	return replace(o.out, code)
}

// findScheme takes the name of a scheme that ships, or a file.
func findScheme(nameOrFile string) (*present.Scheme, error) {
	if slices.Contains(schemes.Names(), nameOrFile) {
		src, _ := schemes.Source(nameOrFile)
		return present.Read(nameOrFile+".yaml", src)
	}
	src, err := os.ReadFile(nameOrFile)
	if errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(nameOrFile, "/.") {
		return nil, fmt.Errorf("there is neither a file %s nor a scheme of this name: %s ship", nameOrFile, strings.Join(schemes.Names(), ", "))
	}
	if err != nil {
		return nil, err
	}
	return present.Read(nameOrFile, src)
}

// replace writes a file whole, or leaves what was there.
func replace(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".sdk-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already after the rename
	_, err = f.Write(text)
	const shared = 0o644 // code, with no secret in it
	if err := errors.Join(err, f.Chmod(shared), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
