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

const committed = "../../api/openapi.json"

var update = flag.Bool("update", false, "write the generated OpenAPI document")

// TestTheDocumentIsGenerated compares what is committed with what the code says.
func TestTheDocumentIsGenerated(t *testing.T) {
	t.Parallel()
	doc := management.Document()
	if *update {
		if err := os.WriteFile(committed, doc, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(doc, want) {
		t.Fatal("api/openapi.json is stale: go test ./internal/management -run TestTheDocumentIsGenerated -update")
	}
}

func TestTheDocumentIsValidAndWhole(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(management.Document())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, op := range api.Operations() {
		item := doc.Paths.Find(op.Path)
		if item == nil || item.GetOperation(op.Method) == nil {
			t.Errorf("%s %s is not described", op.Method, op.Path)
			continue
		}
		if got := item.GetOperation(op.Method).OperationID; got != op.ID {
			t.Errorf("%s %s has the id %s, want %s", op.Method, op.Path, got, op.ID)
		}
	}
}
