package people

import (
	"context"
	"net/netip"
	"time"

	"github.com/keywright/keywright"
)

// PersonID names a person: "per_" and a ULID.
type PersonID string

// Person is a human being who signs in.
type Person struct {
	ID          PersonID
	Email       string // lower case; unique
	Name        string
	HasPassword bool
	Passkeys    int
	Disabled    bool
	Created     time.Time
	Version     uint64
}

// Member is a person's place in a tenant.
type Member struct {
	Person PersonID
	Email  string
	Name   string
	Tenant keywright.TenantID
	Role   Role
	Since  time.Time
}

// Invitation lets one person become a member, once.
type Invitation struct {
	ID      string // "inv_" and a ULID
	Email   string // to whom it is meant; it has to be accepted under this address
	Tenant  keywright.TenantID
	Role    Role
	By      string // the actor's name
	Created time.Time
	Expires time.Time
}

// Session is one sign-in of a person.
type Session struct {
	ID       string // "ses_" and a ULID; names the record, opens nothing
	Person   PersonID
	Method   string // "password", "passkey", or the name of the identity provider
	Started  time.Time
	LastSeen time.Time // at most a minute late
	Expires  time.Time
	Proved   time.Time // when the person last proved who they are
	Address  string
	Agent    string // the User-Agent, cut
}

// Signed is a session with its person and what they are members of; Token is only
// set where a session was started or renewed: it goes into the cookie.
type Signed struct {
	Session Session
	Person  Person
	Members []Member
	Token   keywright.Credential
}

// From is where a request comes from.
type From struct {
	Address   netip.Addr
	Agent     string
	RequestID string
	// Site is the host that the request is to, without its port: a session opens the
	// site that it was begun on, and no other.
	Site string
}

// External is who an identity provider says is there, after its answer was verified.
type External struct {
	Provider      string // the name it has in the configuration
	Issuer        string
	Subject       string
	Email         string
	EmailVerified bool
	Name          string
	// TrustEmail says that the provider's verified address is enough to be taken
	// for the person here who has it.
	TrustEmail bool
	// SignUp, unless nil, makes a tenant for a person who is nobody's member yet,
	// and who becomes its admin. The address must be verified and trusted.
	SignUp func(ctx context.Context, p Person) (keywright.TenantID, error)
}
