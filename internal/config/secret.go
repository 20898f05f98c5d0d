package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Secret is a value that the file only points at. It refuses to print itself.
type Secret struct{ value string }

const redacted = "[redacted]"

// Reveal returns the value, for the one call that needs it.
func (s Secret) Reveal() string { return s.value }

// Format implements fmt.Formatter for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText implements encoding.TextMarshaler, which json, yaml and slog honour.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// DSN reads the database's address from where the configuration says it is.
func (s Store) DSN(lookup func(string) (string, bool)) (Secret, error) {
	if s.DSNEnv != "" {
		v, ok := lookup(s.DSNEnv)
		if !ok || v == "" {
			return Secret{}, fmt.Errorf("store.dsn_env: the variable %s is not set: put the database's address in it", s.DSNEnv)
		}
		return Secret{v}, nil
	}
	return secretFile("store.dsn_file", s.DSNFile)
}

// secretFile reads a secret from a file that only its owner may read.
func secretFile(field, path string) (Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Secret{}, fmt.Errorf("%s: %w", field, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return Secret{}, fmt.Errorf("%s: others may read %s: run chmod 600 on it", field, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Secret{}, fmt.Errorf("%s: %w", field, err)
	}
	v := strings.TrimSpace(string(text))
	if v == "" {
		return Secret{}, errors.New(field + ": " + path + " is empty")
	}
	return Secret{v}, nil
}
