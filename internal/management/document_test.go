package management_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management"
)

var update = flag.Bool("update", false, "write the generated OpenAPI documents")

// documents are both, with the tables that they are made of.
func documents() []struct {
	path  string
	text  []byte
	table []api.Operation
} {
	return []struct {
		path  string
		text  []byte
		table []api.Operation
	}{
		{"../../api/openapi.json", management.Document(), api.Operations()},
		{"../../api/self-service.openapi.json", management.SelfDocument(), api.SelfOperations()},
	}
}

// TestTheDocumentIsGenerated compares what is committed with what the code says.
func TestTheDocumentIsGenerated(t *testing.T) {
	t.Parallel()
	for _, doc := range documents() {
		if *update {
			must(t, os.WriteFile(doc.path, doc.text, 0o644))
		}
		want, err := os.ReadFile(doc.path)
		must(t, err)
		if !bytes.Equal(doc.text, want) {
			t.Errorf("%s is stale: go test ./internal/management -run TestTheDocumentIsGenerated -update", doc.path)
		}
	}
}

func TestTheDocumentIsValidAndWhole(t *testing.T) {
	t.Parallel()
	for _, one := range documents() {
		doc, err := openapi3.NewLoader().LoadFromData(one.text)
		must(t, err)
		must(t, doc.Validate(context.Background()))
		for _, op := range one.table {
			item := doc.Paths.Find(op.Path)
			if item == nil || item.GetOperation(op.Method) == nil {
				t.Errorf("%s %s is not described", op.Method, op.Path)
				continue
			}
			if got := item.GetOperation(op.Method).OperationID; got != op.ID {
				t.Errorf("%s %s has the id %s, want %s", op.Method, op.Path, got, op.ID)
			}
		}
		for name, schema := range doc.Components.Schemas {
			for field, p := range schema.Value.Properties {
				if p.Value != nil && p.Ref == "" && p.Value.Description == "" && len(p.Value.Examples) == 0 && p.Value.Example == nil {
					t.Errorf("%s: %s.%s has neither words nor an example", one.path, name, field)
				}
			}
		}
	}
}
