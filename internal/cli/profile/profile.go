package profile

import (
	"regexp"
	"time"

	"github.com/keywright/keywright"
)

// Kind says what a profile holds.
type Kind string

// The kinds.
const (
	Key   Kind = "key"   // a key: an operator's, or with Site set a customer's own
	Login Kind = "login" // a person's login, by an identity provider
)

// Profile is one server and who one is there. Nothing in it is secret.
type Profile struct {
	Kind     Kind     `json:"kind"`
	Server   string   `json:"server"`             // the management API, or a customer's site
	Site     bool     `json:"site,omitempty"`     // Server is a customer's site
	API      string   `json:"api,omitempty"`      // the site's API
	Title    string   `json:"title,omitempty"`    // what people call it
	Base     string   `json:"base,omitempty"`     // its self-service API
	Variable string   `json:"variable,omitempty"` // the environment variable for its keys
	Scheme   string   `json:"scheme,omitempty"`   // of a key at a site
	Provider string   `json:"provider,omitempty"` // the identity provider's name at the site
	Issuer   string   `json:"issuer,omitempty"`
	ClientID string   `json:"client_id,omitempty"`
	Scopes   []string `json:"scopes,omitempty"`
	Resource string   `json:"resource,omitempty"`
	Person   string   `json:"person,omitempty"` // the address of who logged in, as it was then
	Kept     string   `json:"kept"`             // where the secret is: inKeyring or inFile
}

// Where a secret is.
const (
	inKeyring = "keyring"
	inFile    = "file"
)

// InKeyring reports whether the secret is in the operating system's keyring.
func (p *Profile) InKeyring() bool { return p.Kept == inKeyring }

// Secret is what opens a profile's server: a key, or the tokens of a login.
type Secret struct {
	Key     keywright.Credential
	Access  keywright.Credential
	Refresh keywright.Credential
	Expires time.Time // of Access; zero if it is not known
}

// stored is a secret as it is kept. It MUST NOT be printed.
type stored struct {
	Key     string    `json:"key,omitempty"`
	Access  string    `json:"access_token,omitempty"`
	Refresh string    `json:"refresh_token,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
}

func (s Secret) stored() stored {
	return stored{Key: reveal(s.Key), Access: reveal(s.Access), Refresh: reveal(s.Refresh), Expires: s.Expires}
}

func (s stored) secret() Secret {
	return Secret{Key: Hide(s.Key), Access: Hide(s.Access), Refresh: Hide(s.Refresh), Expires: s.Expires}
}

func reveal(c keywright.Credential) string { _, secret := c.Reveal(); return secret }

// Hide makes a credential of a secret; of none the zero one.
func Hide(secret string) keywright.Credential {
	if secret == "" {
		return keywright.Credential{}
	}
	return keywright.NewCredential("", secret)
}

// Default is the name of the profile that "keywright setup" fills.
const Default = "default"

// ValidName reports whether a profile may be called so. Names become names of files.
func ValidName(name string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`).MatchString(name)
}
