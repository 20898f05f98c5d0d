package api

import "time"

// TagAccount is the tag of what people do to their own account: with a session, or
// where the site takes tokens of an identity provider, one of those; never with a key.
const TagAccount = "Your account"

// The ids of a person's own operations, which both APIs have.
const (
	OpMe            = "me"
	OpAmendMe       = "amend-me"
	OpListSessions  = "list-my-sessions"
	OpEndSession    = "end-my-session"
	OpSetPassword   = "set-my-password" //nolint:gosec // an operation's name
	OpListPasskeys  = "list-my-passkeys"
	OpRemovePasskey = "remove-my-passkey"
)

// AmendMe changes what a person is called.
type AmendMe struct {
	Name string `json:"name" maxLength:"200" doc:"As others of the tenant see it; may be empty." example:"Ada Lovelace"`
}

// SetPassword changes a person's password.
type SetPassword struct {
	Password string `json:"password" minLength:"1" maxLength:"1024" doc:"The new one, of 15 characters at least."`
}

// Passkey is one of a person's passkeys of this site.
type Passkey struct {
	ID        string     `json:"id" doc:"Names it; opens nothing."`
	Name      string     `json:"name" doc:"What the person calls it." example:"Laptop"`
	CreatedAt time.Time  `json:"created_at" doc:"When it was added."`
	LastUsed  *time.Time `json:"last_used_at" doc:"When it was last signed in with; null is never."`
}

// PasskeyPage is all of a person's passkeys of this site.
type PasskeyPage struct {
	Items []Passkey `json:"items" nullable:"false" doc:"All of them, the oldest first."`
}

// accountOperations are a person's own, on either API.
func accountOperations() []Operation {
	return []Operation{
		{ID: OpMe, Method: "GET", Path: "/v1/me", Success: 200, Summary: "Who am I?"},
		{ID: OpAmendMe, Method: "PATCH", Path: "/v1/me", Success: 200, Summary: "Change your name"},
		{ID: OpListSessions, Method: "GET", Path: "/v1/me/sessions", Success: 200, Summary: "List your sessions"},
		{ID: OpEndSession, Method: "DELETE", Path: "/v1/me/sessions/{id}", Success: 204, Summary: "End a session of yours"},
		{ID: OpSetPassword, Method: "PUT", Path: "/v1/me/password", Success: 204, Summary: "Set your password",
			Detail: "Only in a session, and only within five minutes of a proof of who you are: 403 with the type " + ProofNeeded + " asks for one. Ends every other session."},
		{ID: OpListPasskeys, Method: "GET", Path: "/v1/me/passkeys", Success: 200, Summary: "List your passkeys",
			Detail: "Those of this site: a passkey belongs to one host. They are added on the site's pages, by the browser."},
		{ID: OpRemovePasskey, Method: "DELETE", Path: "/v1/me/passkeys/{id}", Success: 204, Summary: "Remove a passkey of yours",
			Detail: "Only in a session, and only within five minutes of a proof of who you are: 403 with the type " + ProofNeeded + " asks for one."},
	}
}
