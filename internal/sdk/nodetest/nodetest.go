// Package nodetest type-checks and runs TypeScript for tests, with the compiler
// and the Node.js that the tests' own packages bring. It never downloads.
package nodetest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience bounds the compiler and each run.
const patience = 2 * time.Minute

// localhost takes *.localhost to this machine, as RFC 6761 has it and as browsers
// and curl do; Node.js asks the system, which may not know.
const (
	resolver  = "localhost.cjs"
	localhost = `const dns = require("node:dns");
const ask = dns.lookup;
dns.lookup = (host, ...rest) => ask(/(^|\.)localhost$/.test(host) ? "127.0.0.1" : host, ...rest);
`
)

// Modules is the node_modules of the tests. It fails the test where there is none.
func Modules(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("KEYWRIGHT_TEST_NODE")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, ".cache", "keywright-tools", "node")
	}
	modules := filepath.Join(dir, "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "typescript", "bin", "tsc")); err != nil {
		t.Fatalf("no TypeScript below %s: run `npm ci` with scripts/node's package.json there, or set KEYWRIGHT_TEST_NODE", dir)
	}
	return modules
}

// Compile type-checks files strictly, and returns a folder with their JavaScript.
// node allows what only Node.js has; without it they must do in a browser too.
func Compile(t testing.TB, node bool, files map[string][]byte) string {
	t.Helper()
	modules, dir := Modules(t), t.TempDir()
	args := []string{
		filepath.Join(modules, "typescript", "bin", "tsc"), "--strict", "--target", "ES2022", "--module", "NodeNext", "--lib", "ES2022,DOM", "--outDir", filepath.Join(dir, "out"),
		"--noUnusedLocals", "--noUnusedParameters", "--exactOptionalPropertyTypes", "--noImplicitReturns", "--noEmitOnError", "--pretty", "false",
	}
	if node {
		args = append(args, "--typeRoots", filepath.Join(modules, "@types"), "--types", "node")
	} else {
		args = append(args, "--typeRoots", dir)
	}
	files["package.json"] = []byte(`{"type":"module"}`)
	for name, src := range files {
		if err := os.WriteFile(filepath.Join(dir, name), src, 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".ts") {
			args = append(args, name)
		}
	}
	if out, err := command(t, dir, nil, args...); err != nil {
		t.Fatalf("the compiler: %v\n%s", err, out)
	}
	for name, text := range map[string]string{"package.json": string(files["package.json"]), resolver: localhost} {
		if err := os.WriteFile(filepath.Join(dir, "out", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "out")
}

// Run runs a file that Compile has made, and returns what it prints.
func Run(t testing.TB, dir, file string, env []string, args ...string) string {
	t.Helper()
	out, err := command(t, dir, env, append([]string{"--require", "./" + resolver, file}, args...)...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", file, err, out)
	}
	return string(out)
}

func command(t testing.TB, dir string, env []string, args ...string) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return bytes.TrimSpace(out), err
}
