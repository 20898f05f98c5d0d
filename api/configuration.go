package api

import "time"

// ConfigRead lets an operator read what the configuration holds: schemes, APIs,
// identity providers, and how this node and its neighbours are.
const ConfigRead = "config:read"

// TagConfiguration is the tag of the operations on what is configured.
const TagConfiguration = "Configuration"

// The ids of the operations on what is configured.
const (
	OpListSchemes   = "list-schemes"
	OpGetScheme     = "get-scheme"
	OpLintScheme    = "lint-scheme"
	OpTryScheme     = "try-scheme"
	OpListAPIs      = "list-apis"
	OpListProviders = "list-identity-providers"
	OpCheckProvider = "check-identity-provider"
	OpListVerifiers = "list-verifiers"
)

// MaxSchemeSource bounds the text of a scheme that is sent to be looked at, in bytes.
const MaxSchemeSource = 256 << 10

// Scheme is a wire contract that is in force here.
type Scheme struct {
	Name     string         `json:"name" doc:"What the configuration calls it." example:"trusset-instance"`
	Title    string         `json:"title" doc:"What people call it."`
	Page     string         `json:"page" doc:"The address of the page that it was written from; may be empty."`
	Shipped  bool           `json:"shipped" doc:"Whether it came with the program, rather than from a file of the configuration."`
	Formats  []string       `json:"formats" nullable:"false" doc:"How its credentials are written, those that are made first; both halves of a pair with a space between."`
	Headers  []string       `json:"headers" nullable:"false" doc:"The headers that credentials are read from."`
	APIs     []string       `json:"apis" nullable:"false" doc:"The APIs that use it, by their routes or their site."`
	Policy   SchemePolicy   `json:"policy" doc:"What it says of its keys' life."`
	Warnings []string       `json:"warnings" nullable:"false" doc:"What it may do, but should not: a credential in the query string, a short secret."`
	Source   string         `json:"source,omitempty" doc:"The YAML that it is written as; only when it is asked for by name."`
	Answers  []SchemeAnswer `json:"answers,omitempty" doc:"How it refuses, for each reason; only when it is asked for by name."`
}

// SchemePolicy is what a scheme says of its keys' life.
type SchemePolicy struct {
	Pair         bool                `json:"pair" doc:"A credential is a key and a secret."`
	Recoverable  bool                `json:"recoverable" doc:"The secret is kept sealed, and can be shown again."`
	Tokens       bool                `json:"tokens" doc:"A token of an identity provider may stand where a key may."`
	Permissions  bool                `json:"permissions" doc:"Keys hold listed permissions; otherwise each has full access."`
	Name         string              `json:"name" enum:"absent,optional,required" doc:"Whether a key has a name."`
	Expiry       string              `json:"expiry" enum:"absent,optional,required" doc:"Whether keys expire."`
	Revivable    bool                `json:"revivable" doc:"An expired key may be given a later expiry."`
	Rotates      bool                `json:"rotates" doc:"A key can be replaced while it goes on working."`
	Overlap      string              `json:"overlap" doc:"How long both keys work, unless a rotation says otherwise; empty where keys are not rotated." example:"168h0m0s"`
	Settable     bool                `json:"overlap_settable" doc:"A rotation may choose another overlap."`
	MaxActive    int                 `json:"max_active" doc:"How many keys a tenant may have at once; 0 is any number."`
	Environments []SchemeEnvironment `json:"environments" nullable:"false" doc:"Where keys are for; empty where keys have no environment."`
	Plans        []string            `json:"plans" nullable:"false" doc:"The tenant's plan must be one of these; empty is any."`
	ExceptPlans  []string            `json:"except_plans" nullable:"false" doc:"The tenant's plan must be none of these."`
	Limits       []SchemeLimit       `json:"limits" nullable:"false" doc:"How much is let through."`
}

// SchemeEnvironment is one environment of a scheme.
type SchemeEnvironment struct {
	Name    string `json:"name" example:"production"`
	Granted bool   `json:"granted" doc:"Only for tenants that have been granted it."`
}

// SchemeLimit is one window of a scheme.
type SchemeLimit struct {
	Count  int64  `json:"count" doc:"So many requests."`
	Window string `json:"window" doc:"Within this time." example:"1m0s"`
	Per    string `json:"per" enum:"key,address" doc:"Of one key, or of one address."`
}

// SchemeAnswer is one refusal, as a client gets it.
type SchemeAnswer struct {
	Reason  string       `json:"reason" doc:"What it refuses for." example:"expired"`
	Status  int          `json:"status" example:"401"`
	Headers []HeaderLine `json:"headers" nullable:"false" doc:"In their order."`
	Body    string       `json:"body" doc:"As it is sent."`
}

// HeaderLine is one header of an answer.
type HeaderLine struct {
	Name  string `json:"name" example:"Content-Type"`
	Value string `json:"value" example:"application/json"`
}

// SchemePage is all schemes that are in force.
type SchemePage struct {
	Items []Scheme `json:"items" nullable:"false" doc:"All of them, by name."`
}

// LintScheme asks whether a text is a scheme.
type LintScheme struct {
	Source string `json:"source" maxLength:"262144" doc:"The YAML of a scheme; at most 256 KiB. It is looked at and forgotten."`
}

// SchemeFindings says what is wrong with a scheme's text.
type SchemeFindings struct {
	Valid    bool            `json:"valid" doc:"Whether it could be put in force."`
	Name     string          `json:"name,omitempty" doc:"Of a valid scheme."`
	Problems []SchemeProblem `json:"problems" nullable:"false" doc:"All that keeps it from being one."`
	Warnings []string        `json:"warnings" nullable:"false" doc:"What a valid scheme may do, but should not."`
}

// SchemeProblem is one fault of a scheme's text.
type SchemeProblem struct {
	Line   int    `json:"line" doc:"From 1; 0 where it is of the text as a whole." example:"7"`
	Column int    `json:"column" doc:"From 1; 0 where it is of the line as a whole." example:"3"`
	Detail string `json:"detail" doc:"What is wrong, and what would be right."`
}

// TryScheme asks how a scheme reads a request: one that is in force here, or a text.
type TryScheme struct {
	Scheme  string         `json:"scheme,omitempty" maxLength:"64" doc:"The name of one that is in force here." example:"trusset-instance"`
	Source  string         `json:"source,omitempty" maxLength:"262144" doc:"The YAML of one that is not; at most 256 KiB. Not together with scheme."`
	Method  string         `json:"method,omitempty" maxLength:"32" doc:"GET unless given." example:"GET"`
	Path    string         `json:"path,omitempty" maxLength:"8192" doc:"With its query, if it has one." example:"/v1/items"`
	Headers map[string]any `json:"headers" doc:"The request's headers, at most 64: each a text or a list of texts. They are used and forgotten, never logged or repeated."`
	TLS     *bool          `json:"tls,omitempty" doc:"Whether the request comes over https; true unless given."`
}

// Trial is how a scheme read a request. No key is looked up: a well-formed
// credential is granted here, whoever it belongs to.
type Trial struct {
	Reason    string           `json:"reason" doc:"granted for a well-formed credential; otherwise what is wrong with the request, as far as a scheme alone can tell." example:"malformed"`
	Detail    string           `json:"detail" doc:"In words; never a credential."`
	Presented *TriedCredential `json:"presented,omitempty" doc:"What was read; absent where nothing well-formed was."`
	Answer    *SchemeAnswer    `json:"answer,omitempty" doc:"What the client would get; absent with granted."`
}

// TriedCredential says what was read off a request, without saying it.
type TriedCredential struct {
	Class       string `json:"class,omitempty" doc:"Which of the scheme's classes of credential it is, where it has several."`
	Environment string `json:"environment,omitempty" doc:"What its format says of its environment."`
	Hint        string `json:"hint" doc:"What may be shown of it to tell keys apart." example:"…x7Kq"`
	Token       bool   `json:"token" doc:"It has the form of an identity provider's token."`
}

// API is a protected surface of the configuration.
type API struct {
	Name     string      `json:"name" doc:"What the configuration calls it." example:"trusset"`
	Title    string      `json:"title" doc:"What people call it."`
	Hosts    []string    `json:"hosts" nullable:"false" doc:"Under which it answers."`
	Scheme   string      `json:"scheme" doc:"The contract of its routes, unless they name another." example:"trusset-instance"`
	Schemes  []string    `json:"schemes" nullable:"false" doc:"Every contract that its routes or its site use, its own first."`
	Base     string      `json:"base" doc:"Where its customers call it; may be empty." example:"https://api.example.com"`
	Site     string      `json:"site" doc:"Where its customers read, sign in and serve themselves; empty where it has no site." example:"https://docs.example.com"`
	Docs     string      `json:"docs" doc:"Where its documentation begins; empty where it has no site."`
	Register string      `json:"register" doc:"The page that strangers register on; empty where they cannot."`
	Routes   []RouteBody `json:"routes" nullable:"false" doc:"The first that fits a request decides."`
}

// RouteBody is one shape of request, and what it needs.
type RouteBody struct {
	Methods []string `json:"methods" nullable:"false" doc:"Empty is any."`
	Path    string   `json:"path" example:"/v1/items/{id}"`
	Scheme  string   `json:"scheme" doc:"The contract that the credential is read by."`
	Open    bool     `json:"open" doc:"No credential is read."`
	Takes   string   `json:"takes" enum:"none,key,login,either" doc:"A key, a token of an identity provider, or either; none where it is open."`
	Need    NeedBody `json:"need" doc:"What it asks beyond the scheme."`
}

// NeedBody is what a route asks of a key. What is empty asks nothing.
type NeedBody struct {
	Service      string   `json:"service" doc:"A service that the tenant must have on." example:"files"`
	Permissions  []string `json:"permissions" nullable:"false" doc:"All of which the key must have."`
	Environments []string `json:"environments" nullable:"false" doc:"The key's environment must be one of these."`
	Plans        []string `json:"plans" nullable:"false" doc:"The tenant's plan must be one of these."`
	ExceptPlans  []string `json:"except_plans" nullable:"false" doc:"The tenant's plan must be none of these."`
}

// SurfacePage is all APIs.
type SurfacePage struct {
	Items []API `json:"items" nullable:"false" doc:"All of them, in the configuration's order."`
}

// IdentityProvider is an OpenID Connect provider of the configuration.
type IdentityProvider struct {
	Name       string   `json:"name" doc:"What the configuration calls it." example:"workforce"`
	Title      string   `json:"title" doc:"What people call it."`
	Issuer     string   `json:"issuer" example:"https://login.example.com"`
	APIs       []string `json:"apis" nullable:"false" doc:"The APIs whose customers log in with it."`
	Operators  bool     `json:"operators" doc:"Operators sign in with it."`
	Web        bool     `json:"web" doc:"People sign in with it on pages."`
	CLI        bool     `json:"cli" doc:"People log in with it on the command line."`
	TrustEmail bool     `json:"trust_email" doc:"An address that it says is verified is enough to be taken for whoever has it here."`
}

// IdentityProviderPage is all identity providers.
type IdentityProviderPage struct {
	Items []IdentityProvider `json:"items" nullable:"false" doc:"All of them, in the configuration's order."`
}

// ProviderCheck is whether an identity provider answers.
type ProviderCheck struct {
	Reachable bool   `json:"reachable" doc:"Whether its discovery document and its keys can be read from here, now."`
	Detail    string `json:"detail" doc:"In words: what was found, or what is wrong and where to look."`
}

// Verifier is a node that verifies keys, and how far behind the store it is.
type Verifier struct {
	Node         string    `json:"node" doc:"A name of the process, made up when it starts." example:"keywright-1-7f3a"`
	Self         bool      `json:"self" doc:"It is the one that answers."`
	Fresh        bool      `json:"fresh" doc:"Whether its view of the keys is young enough to answer from; one that is not refuses everything."`
	AgeSeconds   float64   `json:"age_seconds" doc:"How old its view was when it last said so; 0 where nobody else writes the store."`
	BoundSeconds float64   `json:"bound_seconds" doc:"How old it may get; 0 where it cannot grow old."`
	Cursor       int64     `json:"cursor" doc:"The last event that it has applied."`
	Behind       int64     `json:"behind" doc:"How many events the answering node has applied beyond that."`
	LastSeen     time.Time `json:"last_seen" doc:"When it last said so, by the store's shared record."`
}

// VerifierPage is all nodes that share the store and have been heard of lately.
type VerifierPage struct {
	Items []Verifier `json:"items" nullable:"false" doc:"The answering node first."`
}

func configurationOperations() []Operation {
	const tag = TagConfiguration
	all := []Operation{
		{ID: OpLintScheme, Method: "POST", Path: "/v1/schemes/lint", Success: 200, Summary: "Check a scheme's text",
			Detail: "Every fault with its line, and what would be right. Nothing is put in force: that is the configuration's."},
		{ID: OpTryScheme, Method: "POST", Path: "/v1/schemes/try", Success: 200, Summary: "Try a request against a scheme",
			Detail: "What a scheme reads off a request, and how it would refuse it: no key is looked up, nothing is counted, and the credential is never repeated. For a verification against the keys there is explain."},
		{ID: OpListSchemes, Method: "GET", Path: "/v1/schemes", Success: 200, Summary: "List schemes"},
		{ID: OpGetScheme, Method: "GET", Path: "/v1/schemes/{name}", Success: 200, Summary: "Show a scheme",
			Detail: "With its YAML and each of its answers."},
		{ID: OpListAPIs, Method: "GET", Path: "/v1/apis", Success: 200, Summary: "List APIs",
			Detail: "With their routes, and where their customers find them. Upstreams are not shown."},
		{ID: OpListProviders, Method: "GET", Path: "/v1/identity-providers", Success: 200, Summary: "List identity providers"},
		{ID: OpCheckProvider, Method: "POST", Path: "/v1/identity-providers/{name}/check", Success: 200, Summary: "Check an identity provider",
			Detail: "Reads its discovery document and its keys, within a few seconds."},
		{ID: OpListVerifiers, Method: "GET", Path: "/v1/verifiers", Success: 200, Summary: "List verifiers",
			Detail: "This node, and, where nodes share a PostgreSQL, each that has been heard of within the last minutes."},
	}
	for i := range all {
		all[i].Permission, all[i].Tag = ConfigRead, tag
	}
	return all
}
