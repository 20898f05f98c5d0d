package config

import "time"

// People says how long what people are given lasts.
type People struct {
	SessionIdle    time.Duration `yaml:"session_idle"`
	SessionLife    time.Duration `yaml:"session_life"`
	InvitationLife time.Duration `yaml:"invitation_life"`
	Passwords      bool          `yaml:"passwords"` // false: identity providers and passkeys only
}

// Provider is an OpenID Connect identity provider.
type Provider struct {
	Name        string        `yaml:"name"`
	Title       string        `yaml:"title"`
	Issuer      string        `yaml:"issuer"`
	Audiences   []string      `yaml:"audiences"`
	Algorithms  []string      `yaml:"algorithms"`
	AccessClaim string        `yaml:"access_claim"`
	AccessValue string        `yaml:"access_value"`
	MaxLife     time.Duration `yaml:"max_life"`
	Leeway      time.Duration `yaml:"leeway"`
	TrustEmail  bool          `yaml:"trust_email"`
	Map         Mapping       `yaml:"map"`
	Web         *WebClient    `yaml:"web"`
	CLI         *CLIClient    `yaml:"cli"`
}

// Mapping says who a provider's token speaks for.
type Mapping struct {
	Tenant      string   `yaml:"tenant"`      // the claim that holds the tenant's ref; "" asks who the person is a member of
	Permissions string   `yaml:"permissions"` // the claim that holds permissions
	Always      []string `yaml:"always"`      // permissions that every token has
	Environment string   `yaml:"environment"`
}

// WebClient is how people sign in on a site.
type WebClient struct {
	ClientID   string   `yaml:"client_id"`
	SecretEnv  string   `yaml:"secret_env"`
	SecretFile string   `yaml:"secret_file"`
	Scopes     []string `yaml:"scopes"`
}

// CLIClient is how people log in on the command line.
type CLIClient struct {
	ClientID string   `yaml:"client_id"`
	Scopes   []string `yaml:"scopes"`
	Resource string   `yaml:"resource"`
}

// Site is where an API's customers read the documentation, sign in and serve themselves.
type Site struct {
	Hosts     []string    `yaml:"hosts"`
	URL       string      `yaml:"url"`  // as browsers have it; "" is made of the first host and our own doors
	Base      string      `yaml:"base"` // where the API is called; "" likewise
	Title     string      `yaml:"title"`
	Brand     Brand       `yaml:"brand"`
	Variable  string      `yaml:"variable"` // the environment variable that samples take the key from
	Pages     string      `yaml:"pages"`    // a folder of Markdown pages of one's own
	Schemes   []string    `yaml:"schemes"`  // whose keys are made here; none: the API's own
	Tenants   Marked      `yaml:"tenants"`
	Register  *Register   `yaml:"register"`
	SignUp    bool        `yaml:"sign_up"`
	TestKeys  TestKeys    `yaml:"test_keys"`
	Changelog []Changelog `yaml:"changelog"`
	Words     Words       `yaml:"words"`
	Services  []string    `yaml:"services"` // which customers switch on and off themselves
}

// Words are what the provider calls things on the pages; "" is our own word.
type Words struct {
	Keys   string `yaml:"keys"`   // the page of keys: API keys
	Create string `yaml:"create"` // its button: Create key
	Token  string `yaml:"token"`  // the button of the developers' page; "" is that of create
}

// Brand is how the provider looks.
type Brand struct {
	Name   string `yaml:"name"`
	Accent string `yaml:"accent"`
	Logo   string `yaml:"logo"` // an SVG file
}

// Marked are the tenants whose metadata has a value; all of them if it is empty.
type Marked struct {
	Metadata string `yaml:"metadata"`
	Is       string `yaml:"is"`
}

// Register lets strangers have a key without an account.
type Register struct {
	Path       string `yaml:"path"` // of the public page
	Scheme     string `yaml:"scheme"`
	Management string `yaml:"management"`
	PerHour    int    `yaml:"per_hour"`
}

// TestKeys are made for readers of the documentation who are signed in.
type TestKeys struct {
	Environment string `yaml:"environment"`
	Off         bool   `yaml:"off"`
}

// Changelog is one entry of what changed in the contract.
type Changelog struct {
	Date string `yaml:"date"`
	Text string `yaml:"text"`
}

// What a route takes, where its scheme takes both keys and tokens of a login.
const (
	TakesAny   = ""
	TakesKey   = "key"
	TakesLogin = "login"
)

// Holds reports whether a tenant's metadata makes it one of those that are meant.
func (m Marked) Holds(metadata map[string]string) bool {
	return m.Metadata == "" || metadata[m.Metadata] == m.Is
}
