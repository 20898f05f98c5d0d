package sdk

import (
	"os"
	"path/filepath"

	"github.com/keywright/keywright/internal/sdk/present"
)

// Committed is one client that is kept in sdk/typescript. Scheme is "" where the
// document alone says how the API authenticates.
type Committed struct {
	File, OpenAPI, Scheme, Class string
}

// AllCommitted lists the clients that are kept, each with what it is made of,
// from the root of the repository.
func AllCommitted() []Committed {
	return []Committed{
		{"management.ts", "api/openapi.json", "keywright", "KeywrightClient"},
		{"self-service.ts", "api/self-service.openapi.json", "", "SelfServiceClient"},
		{"acme.ts", "examples/acme/openapi.yaml", "keywright", "AcmeClient"},
		{"trustifi.ts", "examples/trustifi/openapi.yaml", "trustifi", "TrustifiClient"},
		{"truestamp.ts", "examples/truestamp/openapi.yaml", "truestamp", "TruestampClient"},
		{"trusset.ts", "examples/trusset/openapi.yaml", "trusset-instance", "TrussetClient"},
		{"domain-trust.ts", "examples/domaintrust/openapi.yaml", "domain-trust", "DomainTrustClient"},
		{"trust-swiftly.ts", "examples/trustswiftly/openapi.yaml", "trust-swiftly", "TrustSwiftlyClient"},
	}
}

// Folder is where they are kept, from the root of the repository.
const Folder = "sdk/typescript"

// Generate writes one of them.
func (c Committed) Generate(root string) ([]byte, error) {
	doc, err := os.ReadFile(filepath.Join(root, c.OpenAPI))
	if err != nil {
		return nil, err
	}
	var speaks *present.Scheme
	if c.Scheme != "" {
		if speaks, err = findScheme(c.Scheme); err != nil {
			return nil, err
		}
	}
	return TypeScript(c.OpenAPI, doc, speaks, c.Class)
}

// GenerateAll writes all of them into a repository.
func GenerateAll(root string) error {
	for _, c := range AllCommitted() {
		code, err := c.Generate(root)
		if err != nil {
			return err
		}
		if err := replace(filepath.Join(root, Folder, c.File), code); err != nil {
			return err
		}
	}
	return nil
}
