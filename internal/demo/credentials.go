package demo

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
)

// Credentials is what the demo's customers hold: the shape of the file that
// --credentials names. It holds secrets: it is written with mode 0600.
type Credentials struct {
	HTTP         string       `json:"http"`
	TLS          string       `json:"tls"`
	CA           string       `json:"ca"`
	Management   Management   `json:"management"`
	Acme         Acme         `json:"acme"`
	Trustifi     Trustifi     `json:"trustifi"`
	Truestamp    Truestamp    `json:"truestamp"`
	Trusset      Trusset      `json:"trusset"`
	DomainTrust  DomainTrust  `json:"domaintrust"`
	TrustSwiftly TrustSwiftly `json:"trustswiftly"`

	Sites            map[string]string `json:"sites"` // where each system's customers read and sign in
	IdentityProvider string            `json:"identity_provider"`
	People           []Person          `json:"people"`
}

// Person signs in with a password or at the identity provider, or has an
// invitation's link. System is "" for operators.
type Person struct {
	System     string `json:"system"`
	Email      string `json:"email"`
	Role       string `json:"role"`
	Password   string `json:"password,omitempty"`
	Invitation string `json:"invitation,omitempty"`
}

// Where is how a system is reached: by its host, and on a port of its own.
type Where struct {
	Base   string `json:"base"`
	Direct string `json:"direct"`
}

// Management is the management API and a key to it.
type Management struct {
	Base string `json:"base"`
	Key  string `json:"key"`
}

// Acme is our own example's one customer.
type Acme struct {
	Where
	Tenant string `json:"tenant"`
	Key    string `json:"key"`
	KeyID  string `json:"key_id"`
}

// Trustifi has users with a pair each.
type Trustifi struct {
	Where
	Users []TrustifiUser `json:"users"`
}

// TrustifiUser holds a key and a secret.
type TrustifiUser struct {
	Email  string `json:"email"`
	Tenant string `json:"tenant"`
	Key    string `json:"key"`
	Secret string `json:"secret"`
	KeyID  string `json:"key_id"`
}

// Truestamp has users with a key each.
type Truestamp struct {
	Where
	Users []User `json:"users"`
}

// User holds a key.
type User struct {
	Email  string `json:"email"`
	Tenant string `json:"tenant"`
	Key    string `json:"key"`
	KeyID  string `json:"key_id"`
}

// Trusset has instances, and one registrant of its register.
type Trusset struct {
	Where
	Instances []Instance `json:"instances"`
	Mica      Mica       `json:"mica"`
}

// Instance is one of Trusset's instances.
type Instance struct {
	Ref      string   `json:"ref"`
	Tenant   string   `json:"tenant"`
	Services []string `json:"services"`
	Archived bool     `json:"archived"`
	Key      string   `json:"key"`
	KeyID    string   `json:"key_id"`
}

// Mica is a registrant's key, and the token that manages it.
type Mica struct {
	Tenant            string `json:"tenant"`
	Key               string `json:"key"`
	KeyID             string `json:"key_id"`
	ManagementToken   string `json:"management_token"`
	ManagementTokenID string `json:"management_token_id"`
}

// DomainTrust has organizations.
type DomainTrust struct {
	Where
	Organizations []Organization `json:"organizations"`
}

// Organization has keys of both environments; no production key where that was
// not granted.
type Organization struct {
	Name               string `json:"name"`
	Tenant             string `json:"tenant"`
	Production         bool   `json:"production"`
	TestingKey         string `json:"testing_key"`
	TestingKeyID       string `json:"testing_key_id"`
	ProductionKey      string `json:"production_key"`
	ProductionKeyID    string `json:"production_key_id"`
	SecondTestingKey   string `json:"second_testing_key"`
	SecondTestingKeyID string `json:"second_testing_key_id"`
}

// TrustSwiftly has accounts.
type TrustSwiftly struct {
	Where
	Accounts []Account `json:"accounts"`
}

// Account is on a plan, which may be none that opens the API.
type Account struct {
	Name   string `json:"name"`
	Tenant string `json:"tenant"`
	Plan   string `json:"plan"`
	Key    string `json:"key"`
	KeyID  string `json:"key_id"`
}

// write puts the credentials into a file that only its owner reads, whole or
// not at all: whoever sees the file sees all of it.
func (c *Credentials) write(path string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".credentials-*") // 0600 from the start
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already after the rename
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
