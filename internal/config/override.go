package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Override changes a configuration after its file was read.
type Override func(*Config) error

// Setting is a part of the configuration that a variable and a flag override.
type Setting struct {
	Env, Flag, Help string
	set             func(*Config, string) error
}

// Settings lists what can be overridden, in the order of the file. A flag wins
// over a variable, and a variable over the file.
func Settings() []Setting {
	text := func(at func(*Config) *string) func(*Config, string) error {
		return func(c *Config, v string) error { *at(c) = v; return nil }
	}
	duration := func(at func(*Config) *time.Duration) func(*Config, string) error {
		return func(c *Config, v string) error {
			d, err := time.ParseDuration(v)
			if err != nil {
				return fmt.Errorf("must be a duration with its unit, such as 2s; not %q", v)
			}
			*at(c) = d
			return nil
		}
	}
	number := func(at func(*Config) *int) func(*Config, string) error {
		return func(c *Config, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil {
				return fmt.Errorf("must be a whole number; not %q", v)
			}
			*at(c) = n
			return nil
		}
	}
	truth := func(at func(*Config) *bool) func(*Config, string) error {
		return func(c *Config, v string) error {
			b, err := strconv.ParseBool(v)
			if err != nil {
				return fmt.Errorf("must be true or false; not %q", v)
			}
			*at(c) = b
			return nil
		}
	}
	return []Setting{
		named("listen-http", "listen.http: where plain HTTP is answered", text(func(c *Config) *string { return &c.Listen.HTTP })),
		named("listen-https", "listen.https: where TLS is answered", text(func(c *Config) *string { return &c.Listen.HTTPS })),
		named("listen-management", "listen.management: where the management API is answered", text(func(c *Config) *string { return &c.Listen.Management })),
		named("listen-metrics", "listen.metrics: where /metrics, /healthz and /readyz are answered", text(func(c *Config) *string { return &c.Listen.Metrics })),
		named("forward-auth-listen", "forward_auth.listen: where proxies ask", text(func(c *Config) *string { return &c.ForwardAuth.Listen })),
		named("store-kind", "store.kind: memory, sqlite or postgres", text(func(c *Config) *string { return &c.Store.Kind })),
		named("store-path", "store.path: SQLite's file", text(func(c *Config) *string { return &c.Store.Path })),
		named("store-dsn-file", "store.dsn_file: a file that holds PostgreSQL's address", text(func(c *Config) *string { return &c.Store.DSNFile })),
		named("freshness", "store.freshness: within how long a revocation holds everywhere", duration(func(c *Config) *time.Duration { return &c.Store.Freshness })),
		named("data-dir", "data_dir: the folder of the data", text(func(c *Config) *string { return &c.DataDir })),
		named("secrets-dir", "secrets_dir: the folder of the secrets, apart from the data", text(func(c *Config) *string { return &c.SecretsDir })),
		named("trusted-hops", "trusted_proxies.hops: how many proxies stand in front", number(func(c *Config) *int { return &c.TrustedProxies.Hops })),
		named("address-limits", "address_limits: count and refuse per address", truth(func(c *Config) *bool { return &c.AddressLimits })),
		named("connections", "limits.connections: how many connections are held at once", number(func(c *Config) *int { return &c.Limits.Connections })),
		named("drain-timeout", "limits.drain_timeout: how long a stop waits for requests that run", duration(func(c *Config) *time.Duration { return &c.Limits.DrainTimeout })),
		named("log-format", "log.format: json or text", text(func(c *Config) *string { return &c.Log.Format })),
		named("log-level", "log.level: debug, info, warn or error", text(func(c *Config) *string { return &c.Log.Level })),
		named("log-access", "log.access: one line for each request", truth(func(c *Config) *bool { return &c.Log.Access })),
	}
}

func named(flag, help string, set func(*Config, string) error) Setting {
	return Setting{Env: "KEYWRIGHT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_")), Flag: flag, Help: help, set: set}
}

// To returns the override that sets a value; from says where the value came
// from, for the error.
func (s Setting) To(value, from string) Override {
	return func(c *Config) error {
		if err := s.set(c, value); err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
		return nil
	}
}

// FromEnv returns the overrides that the environment asks for.
func FromEnv(lookup func(string) (string, bool)) []Override {
	var all []Override
	for _, s := range Settings() {
		if v, ok := lookup(s.Env); ok {
			all = append(all, s.To(v, s.Env))
		}
	}
	return all
}
