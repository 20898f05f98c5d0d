package console_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/console"
	"github.com/keywright/keywright/internal/selfservice"
)

// sitesOfActs are the two kinds of site, with all that either can have.
func sitesOfActs(t *testing.T) map[string][]console.Act {
	t.Helper()
	acts := map[string][]console.Act{}
	kinds := map[string]wish{
		"customers": {register: &selfservice.Registration{Scheme: "domain-trust"}},
		"operators": {operators: true, change: func(_ *place, o *console.Options) { o.Desk = http.NotFoundHandler() }},
	}
	for kind, w := range kinds {
		change := w.change
		w.change = func(p *place, o *console.Options) {
			if change != nil {
				change(p, o)
			}
			acts[kind] = console.Acts(console.New(*o))
		}
		open(t, w)
	}
	return acts
}

// withoutPage are operations that no page has, with the reason.
func withoutPage() map[string]string {
	return map[string]string{
		api.OpCreateTestKey:      "the documentation's Try It makes it",
		api.OpRotateHeldKey:      "a key calls it, not a person",
		api.OpRevokeHeldKey:      "a key calls it, not a person",
		api.OpVerify:             "gateways and programs call it; people have explain-key",
		api.OpImport:             "a file of keys is a script's",
		api.OpSetup:              "the page of the set-up is a ceremony: nobody is there yet",
		api.OpRegisterFor:        "the API's own programs call it; people have the registration page",
		api.OpRotateRegistration: "the API's own programs call it; people have rotate-key",
		api.OpRevokeRegistration: "the API's own programs call it; people have revoke-key",
	}
}

func TestTFI04_EachActIsOneOperation(t *testing.T) {
	t.Parallel()
	tables := map[string][]api.Operation{"customers": api.SelfOperations(), "operators": api.Operations()}
	for kind, acts := range sitesOfActs(t) {
		if len(acts) < 10 {
			t.Fatalf("%s: only %d acts: the table is broken", kind, len(acts))
		}
		paired := map[string]bool{}
		for _, a := range acts {
			switch {
			case a.Operation == "" && a.Ceremony == "":
				t.Errorf("%s: %s names no operation, and not why", kind, a.Pattern)
			case a.Operation != "" && !has(tables[kind], a.Operation):
				t.Errorf("%s: %s names %q, which is no operation of this site's API", kind, a.Pattern, a.Operation)
			}
			paired[a.Operation] = true
		}
		// The other way round: what a script can change, a person can.
		for _, op := range tables[kind] {
			_, excused := withoutPage()[op.ID]
			if op.Method != http.MethodGet && !paired[op.ID] && !excused {
				t.Errorf("%s: no page does what %s (%s %s) does: give it one, or say why not", kind, op.ID, op.Method, op.Path)
			}
		}
	}
}

func has(table []api.Operation, id string) bool {
	return slices.ContainsFunc(table, func(o api.Operation) bool { return o.ID == id })
}

// A form that is bound beside the table would be paired by nobody.
func TestTFI04_NoFormIsBesideTheTable(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	beside := regexp.MustCompile(`\b(?:open|member|Handle|HandleFunc)\("(?:POST|PUT|PATCH|DELETE) `)
	for _, f := range files {
		src, err := os.ReadFile(f) //nolint:gosec // a file of this package
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(src)) {
			if !strings.HasSuffix(f, "_test.go") && beside.MatchString(line) {
				t.Errorf("%s binds a form beside the table: %s", f, strings.TrimSpace(line))
			}
		}
	}
}
