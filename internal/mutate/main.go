package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// mutation is one rule, switched off.
type mutation struct {
	rule string // what no longer holds
	file string
	old  string // occurs exactly once in the file
	new  string
	pkg  string // whose tests must notice
	run  string // the tests that must notice; "" is all of them
}

func main() {
	root, err := os.Getwd()
	if err != nil {
		fail(err)
	}
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		fail(err)
	}
	survived := run(root, dir, mutations())
	_ = os.RemoveAll(dir)
	if survived > 0 {
		fail(fmt.Errorf("%d of %d mutations were not noticed", survived, len(mutations())))
	}
}

// atOnce is how many mutations are tried side by side: each compiles and waits by turns.
const atOnce = 2

// run tries all mutations, and returns how many nobody noticed.
func run(root, dir string, all []mutation) (survived int) {
	var mu sync.Mutex
	var workers sync.WaitGroup
	next := make(chan int)
	for n := range atOnce {
		own := filepath.Join(dir, strconv.Itoa(n))
		if err := os.Mkdir(own, 0o700); err != nil {
			fail(err)
		}
		workers.Go(func() {
			for i := range next {
				noticed, err := try(root, own, all[i])
				mu.Lock()
				if err != nil || !noticed {
					survived++
				}
				tell(i+1, len(all), &all[i], noticed, err)
				mu.Unlock()
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	workers.Wait()
	return survived
}

func tell(n, of int, m *mutation, noticed bool, err error) {
	switch {
	case err != nil:
		fmt.Printf("%2d/%d BROKEN   %s: %v\n", n, of, m.rule, err)
	case noticed:
		fmt.Printf("%2d/%d noticed  %s\n", n, of, m.rule)
	default:
		fmt.Printf("%2d/%d SURVIVED %s: %s passes without it\n", n, of, m.rule, m.pkg)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "mutate:", err)
	os.Exit(1)
}

// try reports whether the package's tests fail with the rule switched off. A
// tree that does not compile is an error: it shows nothing.
func try(root, dir string, m mutation) (bool, error) {
	path := filepath.Join(root, m.file)
	src, err := os.ReadFile(path) //nolint:gosec // a path of this repository
	if err != nil {
		return false, err
	}
	if n := strings.Count(string(src), m.old); n != 1 {
		return false, fmt.Errorf("the text to replace occurs %d times in %s", n, m.file)
	}
	mutated := filepath.Join(dir, "mutated.go")
	if err := os.WriteFile(mutated, []byte(strings.Replace(string(src), m.old, m.new, 1)), 0o600); err != nil {
		return false, err
	}
	overlay := filepath.Join(dir, "overlay.json")
	plan, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutated}})
	if err != nil {
		return false, err
	}
	if err := os.WriteFile(overlay, plan, 0o600); err != nil {
		return false, err
	}
	// Through GOFLAGS, so that programs which the tests build are mutated too.
	flags := strings.TrimSpace(os.Getenv("GOFLAGS") + " -overlay=" + overlay)
	build := exec.Command("go", "vet", m.pkg) //nolint:gosec,noctx // our own table; ends by itself
	build.Env = append(os.Environ(), "GOFLAGS="+flags)
	if out, err := build.CombinedOutput(); err != nil {
		return false, fmt.Errorf("does not compile: %s", bytes.TrimSpace(out))
	}
	args := []string{"test", "-count=1", "-failfast", m.pkg}
	if m.run != "" {
		args = append(args, "-run", m.run)
	}
	if usesRapid(filepath.Join(root, m.pkg)) {
		args = append(args, "-rapid.nofailfile")
	}
	test := exec.Command("go", args...) //nolint:gosec,noctx // our own table; ends by itself
	test.Env = append(os.Environ(), "GOFLAGS="+flags)
	return test.Run() != nil, nil
}

// usesRapid reports whether a package's tests leave notes of failures, which
// these must not: the next run would read them.
func usesRapid(dir string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return false
	}
	for _, f := range files {
		src, err := os.ReadFile(f) //nolint:gosec // a path of this repository
		if err == nil && bytes.Contains(src, []byte(`"pgregory.net/rapid"`)) {
			return true
		}
	}
	return false
}
