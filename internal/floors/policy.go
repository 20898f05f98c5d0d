package floors

import (
	"fmt"
	"slices"
	"strings"
)

// Module is the import path of the house.
const Module = "github.com/keywright/keywright"

// room is one row of the policy: which folder, on which floor.
type room struct {
	path  string // below the module; "" is the root package; a trailing /* takes in what is below
	floor int
}

// rooms are the house. The first row that matches a folder counts. It is policy:
// it is not edited to make a build pass.
func rooms() []room {
	return []room{
		{"", 0},
		{"scheme", 1}, {"schemes", 1}, {"api", 1}, {"seal", 1},
		{"verify", 2}, {"gate", 2}, {"keeper", 2}, {"feed", 2}, {"limit", 2}, {"meter", 2}, {"people", 2}, {"audit", 2},
		{"limit/*", 3}, {"store/*", 3}, {"front/*", 3}, {"oidc", 3}, {"handbook", 3}, {"middleware", 3}, {"client", 3},
		{"internal/*", 4}, {"keywrighttest", 4}, {"examples/*", 4}, {"bench", 4}, {"bench/*", 4}, {"scripts/*", 4},
		{"cmd/keywright", 5},
	}
}

// sideways lists the floors on which a package may import another of the same floor.
func sideways() []int { return []int{1, 2, 4} }

// shut lists what single packages may never import, below their own folder
// included. A ban on "net" bans net and net/…, except what open allows.
func shut() map[string][]string {
	return map[string][]string{
		"":       {"net", "os", "database/sql", "crypto/rand", "math/rand", "log", "sync"},
		"verify": {"context", "net", "os", "database/sql", "log"},
	}
}

// open lists the exceptions to shut: pure values that live below a banned path.
func open() []string { return []string{"net/netip"} }

// testSuites may be imported by tests on any floor.
func testSuites() []string { return []string{"store/storetest", "front/fronttest"} }

// floorOf returns a folder's floor, or an error for a folder that the house does not have.
func floorOf(folder string) (int, error) {
	for _, r := range rooms() {
		if r.path == folder {
			return r.floor, nil
		}
		if below, ok := strings.CutSuffix(r.path, "/*"); ok && (folder == below || strings.HasPrefix(folder, below+"/")) {
			return r.floor, nil
		}
	}
	return 0, fmt.Errorf("the folder %q is no room of the house: give it a row in internal/floors/policy.go", folder)
}

// judge says why a folder may not import a path, or nil.
func judge(folder, imported string, inTest bool) error {
	if !inTest {
		if err := judgeBans(folder, imported); err != nil {
			return err
		}
	}
	rel, ours := strings.CutPrefix(imported, Module)
	if !ours {
		return nil
	}
	rel = strings.TrimPrefix(rel, "/")
	if inTest && (slices.Contains(testSuites(), rel) || rel == folder) {
		return nil
	}
	from, err := floorOf(folder)
	if err != nil {
		return err
	}
	to, err := floorOf(rel)
	if err != nil {
		return err
	}
	switch {
	case to < from, inTest:
		return nil
	case to == from && (slices.Contains(sideways(), from) || sameRoom(folder, rel)):
		return nil
	}
	return fmt.Errorf("%s (floor %d) may not import %s (floor %d)", name(folder), from, name(rel), to)
}

// sameRoom lets a room's own inner folders be shared within it: Go's "internal"
// rule already keeps everybody else out of them.
func sameRoom(folder, imported string) bool {
	outer, _, inner := strings.Cut(imported, "/internal")
	return inner && strings.HasPrefix(folder+"/", outer+"/")
}

func judgeBans(folder, imported string) error {
	if slices.Contains(open(), imported) {
		return nil
	}
	for _, ban := range shut()[folder] {
		if imported == ban || strings.HasPrefix(imported, ban+"/") {
			return fmt.Errorf("%s may never import %s", name(folder), imported)
		}
	}
	return nil
}

func name(folder string) string {
	if folder == "" {
		return "keywright"
	}
	return folder
}
