package config

import (
	"net/netip"
	"time"
)

// Config is one file, read and checked. Paths in it are absolute or relative to
// the working directory: Load has resolved those of the file against its folder.
type Config struct {
	File string `yaml:"-"` // where it came from; "" if from nowhere

	Listen         Listen      `yaml:"listen"`
	TLS            TLS         `yaml:"tls"`
	Management     Management  `yaml:"management"`
	ForwardAuth    ForwardAuth `yaml:"forward_auth"`
	Store          Store       `yaml:"store"`
	DataDir        string      `yaml:"data_dir"`
	SecretsDir     string      `yaml:"secrets_dir"`
	TrustedProxies Trust       `yaml:"trusted_proxies"`
	AddressLimits  bool        `yaml:"address_limits"`
	Limits         Limits      `yaml:"limits"`
	Log            Log         `yaml:"log"`
	SchemeFiles    []string    `yaml:"scheme_files"`
	People         People      `yaml:"people"`
	Providers      []Provider  `yaml:"identity_providers"`
	APIs           []API       `yaml:"apis"`
}

// Listen says where Keywright listens: "host:port", and "" for not at all.
type Listen struct {
	HTTP       string `yaml:"http"`
	HTTPS      string `yaml:"https"`
	Management string `yaml:"management"`
	Metrics    string `yaml:"metrics"`
}

// TLS says where the certificates of the https listener come from: one of three.
type TLS struct {
	Certificates []Certificate `yaml:"certificates"`
	Internal     *Internal     `yaml:"internal_ca"`
	ACME         *ACME         `yaml:"acme"`
	Management   bool          `yaml:"management"` // the management listener speaks TLS too
}

// Certificate is one pair of PEM files. They are read again at a reload.
type Certificate struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// Internal is a certificate authority of our own, for development.
type Internal struct {
	Hosts []string `yaml:"hosts"` // beside the hosts of the APIs
}

// ACME asks a certificate authority over RFC 8555.
type ACME struct {
	Directory   string   `yaml:"directory"` // the authority's directory URL; "" is Let's Encrypt
	Email       string   `yaml:"email"`
	Hosts       []string `yaml:"hosts"` // beside the hosts of the APIs
	AcceptTerms bool     `yaml:"accept_terms"`
	RootCA      string   `yaml:"root_ca"` // a PEM file that the directory's own certificate is checked with
}

// Management is the management API.
type Management struct {
	Hosts  []string `yaml:"hosts"`  // also answered on the http and https listeners under these names
	URL    string   `yaml:"url"`    // as operators' browsers have it; "" is as their requests come
	Logins []string `yaml:"logins"` // identity providers that operators sign in with
}

// ForwardAuth is the front for proxies that ask before they let through.
type ForwardAuth struct {
	Listen  string         `yaml:"listen"`
	Path    string         `yaml:"path"`
	Proxies []netip.Prefix `yaml:"proxies"`
}

// Store says where keys are kept.
type Store struct {
	Kind      string        `yaml:"kind"` // memory, sqlite, postgres
	Path      string        `yaml:"path"` // sqlite's file; "" is keywright.db in the data folder
	DSNEnv    string        `yaml:"dsn_env"`
	DSNFile   string        `yaml:"dsn_file"`
	Freshness time.Duration `yaml:"freshness"` // D: a view older than this refuses
}

// The kinds of store.
const (
	Memory   = "memory"
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Trust says how far the proxies in front of us are believed.
type Trust struct {
	Hops      int            `yaml:"hops"`
	Addresses []netip.Prefix `yaml:"addresses"`
}

// Limits bound what a stranger can make us hold.
type Limits struct {
	Connections   int           `yaml:"connections"`
	HeaderBytes   Size          `yaml:"header_bytes"`
	BodyBytes     Size          `yaml:"body_bytes"`
	HeaderTimeout time.Duration `yaml:"header_timeout"`
	BodyTimeout   time.Duration `yaml:"body_timeout"`
	IdleTimeout   time.Duration `yaml:"idle_timeout"`
	DrainTimeout  time.Duration `yaml:"drain_timeout"`
	Subjects      int           `yaml:"rate_limit_subjects"`
}

// Log is the structured log.
type Log struct {
	Format string `yaml:"format"` // json, text
	Level  string `yaml:"level"`  // debug, info, warn, error
	Access bool   `yaml:"access"`
}

// API is a protected surface.
type API struct {
	Name     string        `yaml:"name"`
	Hosts    []string      `yaml:"hosts"`
	Scheme   string        `yaml:"scheme"`
	Upstream string        `yaml:"upstream"`
	Timeout  time.Duration `yaml:"timeout"`
	Help     string        `yaml:"help"`
	OpenAPI  string        `yaml:"openapi"`
	CORS     *CORS         `yaml:"cors"`
	Logins   []string      `yaml:"logins"` // identity providers whose tokens are taken
	Site     *Site         `yaml:"site"`
	Routes   []Route       `yaml:"routes"`
}

// CORS is an API's cross-origin policy.
type CORS struct {
	Origins []string      `yaml:"origins"`
	Headers []string      `yaml:"headers"`
	Expose  []string      `yaml:"expose"`
	MaxAge  time.Duration `yaml:"max_age"`
}

// Route is one shape of request and what it needs.
type Route struct {
	Path    string   `yaml:"path"`
	Methods []string `yaml:"methods"`
	Scheme  string   `yaml:"scheme"`
	Need    Need     `yaml:"need"`
	Open    bool     `yaml:"open"`
	Takes   string   `yaml:"takes"` // key or login, where the scheme takes both
	MaxBody Size     `yaml:"max_body"`
}

// Need is what a route asks for beyond its scheme.
type Need struct {
	Service      string   `yaml:"service"`
	Permissions  []string `yaml:"permissions"`
	Environments []string `yaml:"environments"`
	Plans        []string `yaml:"plans"`
	ExceptPlans  []string `yaml:"except_plans"`
}

// Default returns what holds where the file says nothing.
func Default() Config {
	return Config{
		Listen:        Listen{Management: "127.0.0.1:8070", Metrics: "127.0.0.1:9090"},
		ForwardAuth:   ForwardAuth{Path: "/verify", Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}},
		Store:         Store{Kind: SQLite, Freshness: 2 * time.Second},
		DataDir:       "data",
		SecretsDir:    "secrets",
		AddressLimits: true,
		People:        People{SessionIdle: 12 * time.Hour, SessionLife: 30 * 24 * time.Hour, InvitationLife: 7 * 24 * time.Hour, Passwords: true},
		Limits: Limits{
			Connections: 10_000, HeaderBytes: 32 << 10, BodyBytes: 10 << 20, HeaderTimeout: 10 * time.Second,
			BodyTimeout: 60 * time.Second, IdleTimeout: 120 * time.Second, DrainTimeout: 30 * time.Second, Subjects: 1_000_000,
		},
		Log: Log{Format: "json", Level: "info", Access: true},
	}
}
