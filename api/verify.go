package api

// Verify asks whether a request with these headers would be granted. Name the
// api, as the configuration does, or only the scheme.
type Verify struct {
	API       string         `json:"api,omitempty" maxLength:"64" doc:"The protected surface: its routes decide what is needed, unless need is given." example:"acme"`
	Scheme    string         `json:"scheme,omitempty" maxLength:"64" doc:"The bare wire contract, when no api is named." example:"keywright"`
	Headers   map[string]any `json:"headers" doc:"The request's headers: each a text or a list of texts. They are used and forgotten, never logged or repeated."`
	Need      *Need          `json:"need,omitempty" doc:"What the request needs; replaces what the api's route says."`
	Method    string         `json:"method,omitempty" maxLength:"32" doc:"GET unless given." example:"GET"`
	Path      string         `json:"path,omitempty" maxLength:"8192" doc:"The path of the request; absent, no route is looked up and need alone counts." example:"/v1/items"`
	Address   string         `json:"address,omitempty" maxLength:"64" doc:"Where the request comes from." example:"192.0.2.7"`
	Transport string         `json:"transport,omitempty" enum:"https,http" doc:"https unless given."`
	Count     bool           `json:"count,omitempty" doc:"Takes one request from the key's limits, as a real one would. Only with api and path, and without need."`
}

// Need is what a request needs. What is absent asks nothing.
type Need struct {
	Tenant       string   `json:"tenant,omitempty" maxLength:"128" doc:"Only this tenant's keys: its id or ref."`
	Environment  string   `json:"environment,omitempty" maxLength:"64" doc:"The key's environment must be this one."`
	Environments []string `json:"environments,omitempty" maxItems:"16" doc:"The key's environment must be one of these."`
	Service      string   `json:"service,omitempty" maxLength:"64" doc:"A service that the tenant must have on."`
	Permissions  []string `json:"permissions,omitempty" maxItems:"64" doc:"All of which the key must have."`
	Plans        []string `json:"plans,omitempty" maxItems:"16" doc:"The tenant's plan must be one of these."`
}

// Verdict is the answer to Verify. The key and its tenant are there whenever
// the key was found, granted or not.
type Verdict struct {
	Granted bool     `json:"granted" doc:"Whether the request would pass."`
	Reason  string   `json:"reason" doc:"\"granted\", or the one reason why not." example:"granted"`
	Key     *KeyBody `json:"key,omitempty" doc:"The key that was found."`
	Tenant  *Tenant  `json:"tenant,omitempty" doc:"Whose it is."`
}

// Explanation is a verdict with each check in order.
type Explanation struct {
	Verdict
	Checks []Check `json:"checks" nullable:"false" doc:"Each check in the order in which it is made."`
}

// Check is one step of an explanation.
type Check struct {
	Check  string `json:"check" example:"format"`
	Passed bool   `json:"passed" doc:"false for the one that refuses."`
	Detail string `json:"detail" doc:"In words; never a credential."`
}
