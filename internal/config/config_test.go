package config_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/config"
)

var update = flag.Bool("update", false, "write what the tests see as what they want")

const least = `
listen: {http: "127.0.0.1:8080"}
apis:
  - {name: a, hosts: [a.localhost], scheme: keywright, upstream: "http://127.0.0.1:1", routes: [{path: /}]}
`

// TestProblems compares what is said of each bad file with what is kept beside it.
func TestProblems(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("the bad files are not there: %v %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(file)
			var problems *config.Problems
			if !errors.As(err, &problems) || !errors.Is(err, keywright.Invalid) {
				t.Fatalf("the error is %T: %v", err, err)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, readErr := os.ReadFile(golden)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if err.Error()+"\n" != string(want) {
				t.Errorf("it says\n%s\nand should say\n%s", err, want)
			}
		})
	}
}

func TestExampleLoadsAndNamesEverySetting(t *testing.T) {
	t.Parallel()
	src, err := config.Parse("keywright.example.yaml", config.Example())
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range fieldsOf(reflect.TypeFor[config.Config]()) {
		if !strings.Contains(string(config.Example()), field+":") {
			t.Errorf("the example does not name %s", field)
		}
	}
	// What it shows as a default is the default.
	want := config.Default()
	got := src.Config
	if !reflect.DeepEqual(got.Limits, want.Limits) || !reflect.DeepEqual(got.Log, want.Log) || got.AddressLimits != want.AddressLimits ||
		!reflect.DeepEqual(got.ForwardAuth.Proxies, want.ForwardAuth.Proxies) || got.Store.Freshness != want.Store.Freshness {
		t.Errorf("the example shows other defaults than hold: %+v\n%+v", got, want)
	}
}

func fieldsOf(t reflect.Type) (all []string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.PkgPath() != reflect.TypeFor[config.Config]().PkgPath() {
		return nil
	}
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "-" {
			all = append(append(all, name), fieldsOf(t.Field(i).Type)...)
		}
	}
	return all
}

func TestOverrides_FlagOverVariableOverFile(t *testing.T) {
	t.Parallel()
	env := map[string]string{"KEYWRIGHT_LISTEN_HTTP": "127.0.0.1:1111", "KEYWRIGHT_FRESHNESS": "5s", "KEYWRIGHT_ADDRESS_LIMITS": "false", "KEYWRIGHT_CONNECTIONS": "7"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	overrides := config.FromEnv(lookup)
	for _, s := range config.Settings() {
		if s.Flag == "listen-http" {
			overrides = append(overrides, s.To("127.0.0.1:2222", "--listen-http"))
		}
	}
	src, err := config.Parse("x.yaml", []byte(least), overrides...)
	if err != nil {
		t.Fatal(err)
	}
	c := src.Config
	if c.Listen.HTTP != "127.0.0.1:2222" || c.Store.Freshness != 5*time.Second || c.AddressLimits || c.Limits.Connections != 7 {
		t.Errorf("overridden: %+v", c)
	}
	for name, value := range map[string]string{"KEYWRIGHT_FRESHNESS": "5", "KEYWRIGHT_ADDRESS_LIMITS": "perhaps", "KEYWRIGHT_CONNECTIONS": "many"} {
		_, err := config.Parse("x.yaml", []byte(least), config.FromEnv(func(n string) (string, bool) { return value, n == name })...)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}

func TestSettings_EachChangesSomething(t *testing.T) {
	t.Parallel()
	for _, s := range config.Settings() {
		changed := false
		for _, value := range []string{"127.0.0.1:9999", "memory", "7s", "7", "false", "text", "debug"} {
			c := config.Default()
			if s.To(value, s.Env)(&c) == nil && !reflect.DeepEqual(c, config.Default()) {
				changed = true
			}
		}
		if !changed || !strings.HasPrefix(s.Env, "KEYWRIGHT_") || s.Help == "" {
			t.Errorf("%s (%s) changes nothing, or is not explained", s.Flag, s.Env)
		}
	}
}

func TestPathsAreRelativeToTheFile(t *testing.T) {
	t.Parallel()
	src, err := config.Parse("/etc/kw/keywright.yaml", []byte(least+"tls: {certificates: [{cert: c.pem, key: /k.pem}]}\nscheme_files: [s.yaml]\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := src.Config
	if c.DataDir != "/etc/kw/data" || c.StorePath() != "/etc/kw/data/keywright.db" || c.TLS.Certificates[0].Cert != "/etc/kw/c.pem" || c.TLS.Certificates[0].Key != "/k.pem" || c.SchemeFiles[0] != "/etc/kw/s.yaml" {
		t.Errorf("resolved: %+v", c)
	}
}

func TestSecret_PrintsNowhere(t *testing.T) {
	t.Parallel()
	const dsn = "postgres://keywright:hunter2@db/keywright"
	s, err := config.Store{DSNEnv: "DSN"}.DSN(func(string) (string, bool) { return dsn, true })
	if err != nil || s.Reveal() != dsn {
		t.Fatalf("%v", err)
	}
	held := struct{ DSN config.Secret }{s}
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "dsn", s, "held", held)
	asJSON, err := json.Marshal(held)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %q %x %d", s, s, s, s, s, s, s), fmt.Sprintf("%v %+v %#v", held, held, held), string(asJSON), logged.String()} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("the secret is printed: %s", text)
		}
	}
}

func TestDSNFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(file, []byte("postgres://x\n"), 0o644); err != nil { //nolint:gosec // too open on purpose
		t.Fatal(err)
	}
	if _, err := (config.Store{DSNFile: file}).DSN(nil); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others may read: %v", err)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := (config.Store{DSNFile: file}).DSN(nil); err != nil || s.Reveal() != "postgres://x" {
		t.Errorf("a private file: %v", err)
	}
	if _, err := (config.Store{DSNEnv: "NOT_SET"}).DSN(func(string) (string, bool) { return "", false }); err == nil || !strings.Contains(err.Error(), "NOT_SET") {
		t.Errorf("a variable that is not set: %v", err)
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.Size{"0": 0, "4096": 4096, "32KiB": 32 << 10, "10 MiB": 10 << 20, "1GiB": 1 << 30} {
		if got, err := config.ParseSize(text); err != nil || got != want {
			t.Errorf("%q: %d %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-1", "1.5MiB", "10MB", "99999999999999999999", "9999999GiB", "KiB"} {
		if got, err := config.ParseSize(text); err == nil {
			t.Errorf("%q is taken as %d", text, got)
		}
	}
}

// FuzzParse feeds anything to the parser: it may refuse, and must not crash.
func FuzzParse(f *testing.F) {
	f.Add([]byte(least))
	f.Add(config.Example())
	f.Add([]byte("apis: [{routes: [{need: {service: [}]}]"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("<<: {listen: 1}\n---\n? [a]: b\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		if s, err := config.Parse("fuzz.yaml", src); err == nil && s == nil {
			t.Error("neither a configuration nor an error")
		}
	})
}

func TestManagementLoginsExist(t *testing.T) {
	t.Parallel()
	const named = least + "identity_providers: [{name: staff, issuer: \"https://id.example.com\", audiences: [x]}]\nmanagement: {logins: [%s]}\n"
	if src, err := config.Parse("x.yaml", fmt.Appendf(nil, named, "staff")); err != nil || len(src.Config.Management.Logins) != 1 {
		t.Errorf("a provider that there is: %v", err)
	}
	if _, err := config.Parse("x.yaml", fmt.Appendf(nil, named, "nobody")); err == nil || !strings.Contains(err.Error(), `no identity provider "nobody"`) {
		t.Errorf("a provider that there is not: %v", err)
	}
}
