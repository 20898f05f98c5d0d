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
	info, err := os.Stat(s.DSNFile)
	if err != nil {
		return Secret{}, fmt.Errorf("store.dsn_file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return Secret{}, fmt.Errorf("store.dsn_file: others may read %s: run chmod 600 on it", s.DSNFile)
	}
	text, err := os.ReadFile(s.DSNFile)
	if err != nil {
		return Secret{}, fmt.Errorf("store.dsn_file: %w", err)
	}
	v := strings.TrimSpace(string(text))
	if v == "" {
		return Secret{}, errors.New("store.dsn_file: " + s.DSNFile + " is empty")
	}
	return Secret{v}, nil
}
