package people

import (
	"context"
	"time"

	"github.com/keywright/keywright"
)

// Passkey is a WebAuthn credential of a person.
type Passkey struct {
	ID       string // the credential's id, base64url
	Name     string
	Created  time.Time
	LastUsed time.Time
}

// Party is the relying party that passkeys are bound to: a site.
type Party struct {
	ID     string // the site's host without port
	Origin string // such as https://docs.example.com
	Name   string // what people call it
}

// Challenge is what a browser is asked to sign: the options for
// navigator.credentials, as JSON, and the token of the ceremony, which comes back
// with the answer. It is good for five minutes, once.
type Challenge struct {
	Options []byte
	Token   keywright.Credential
}

// BeginPasskey asks for a new passkey of a person who is signed in.
func (s *Service) BeginPasskey(ctx context.Context, at Party, who PersonID) (Challenge, error) {
	return Challenge{}, notBuilt()
}

// AddPasskey takes the browser's answer. Errors: Invalid (passkey), Conflict (too many).
func (s *Service) AddPasskey(ctx context.Context, by keywright.Actor, at Party, token keywright.Credential, answer []byte, name string) (Passkey, error) {
	return Passkey{}, notBuilt()
}

// BeginPasskeySignIn asks for any passkey of the site.
func (s *Service) BeginPasskeySignIn(ctx context.Context, at Party) (Challenge, error) {
	return Challenge{}, notBuilt()
}

// SignInWithPasskey takes the browser's answer and starts a session; with the token
// of a session of the same person it is a fresh proof and renews that one. Errors:
// ErrSignIn, Throttled.
func (s *Service) SignInWithPasskey(ctx context.Context, at Party, token keywright.Credential, answer []byte, session keywright.Credential, from From) (Signed, error) {
	return Signed{}, notBuilt()
}

// Passkeys lists a person's passkeys.
func (s *Service) Passkeys(ctx context.Context, who PersonID) ([]Passkey, error) {
	return nil, notBuilt()
}

// RemovePasskey removes one. Errors: NotFound.
func (s *Service) RemovePasskey(ctx context.Context, by keywright.Actor, who PersonID, id string) error {
	return notBuilt()
}
