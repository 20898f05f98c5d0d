package people

import (
	"context"
	"io"
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

// Role is what a member may do.
type Role string

// The roles. Operators (members of keywright.OperatorTenant) are Admin or
// Viewer; members of every other tenant are Admin, RoleMember or Trial.
const (
	Admin      Role = "admin"  // everything, members and invitations included
	RoleMember Role = "member" // keys
	Trial      Role = "trial"  // keys in environments that nobody has to be granted
	Viewer     Role = "viewer" // reads
)

// Right is one thing that a role allows.
type Right string

// The rights.
const (
	ReadKeys    Right = "keys:read"
	WriteKeys   Right = "keys:write"      // in environments that nobody has to be granted
	GrantedKeys Right = "keys:production" // in those that a tenant must have been granted, and reveal
	ReadPeople  Right = "members:read"
	WritePeople Right = "members:write"
)

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
	// SignUp, unless nil, makes a tenant for a person who is nobody's member yet.
	SignUp func(ctx context.Context, p Person) (keywright.TenantID, error)
}

// Options of New.
type Options struct {
	Store Store
	Keys  keywright.Store  // for tenants that are named; only read
	Clock func() time.Time // nil is time.Now
	// Random is nil for crypto/rand.
	Random         io.Reader
	SessionIdle    time.Duration // 0 is 12 hours
	SessionLife    time.Duration // 0 is 30 days
	InvitationLife time.Duration // 0 is 7 days
	// Passwords off refuses every password: identity providers and passkeys only.
	NoPasswords bool
}

// Service is safe for concurrent use. Its errors are *keywright.Error. What a
// stranger could learn from (whether an address is known, which half was wrong)
// is answered alike, in words and in cost.
type Service struct{ o Options }

// ErrSignIn's Kind is what every refused sign-in has; Throttled is one that came too often.
const (
	ErrSignIn keywright.Kind = "sign-in refused"
	Throttled keywright.Kind = "too many attempts"
	// ProofNeeded asks for the person's proof again before a sensitive act.
	ProofNeeded keywright.Kind = "proof needed"
)

// New returns a service.
func New(o Options) *Service { return &Service{o: o} }

func notBuilt() error { return &keywright.Error{Kind: keywright.Internal, Detail: "not built yet"} }

// Rights lists what a role allows.
func (r Role) Rights() []Right { return nil }

// May reports whether a role allows something.
func (r Role) May(right Right) bool { return false }

// SignIn checks an e-mail address and a password, and starts a session. Errors:
// ErrSignIn for every fault alike, Throttled.
func (s *Service) SignIn(ctx context.Context, email string, password keywright.Credential, from From) (Signed, error) {
	return Signed{}, notBuilt()
}

// SignInWith starts a session for whom an identity provider vouched. Errors:
// ErrSignIn for one who is not known here and is not to be made known.
func (s *Service) SignInWith(ctx context.Context, e External, from From) (Signed, error) {
	return Signed{}, notBuilt()
}

// Known returns who a verified token of an identity provider speaks for, without a
// session: for JWTs beside keys. Errors: as SignInWith.
func (s *Service) Known(ctx context.Context, e External) (Person, []Member, error) {
	return Person{}, nil, notBuilt()
}

// Session returns the session that a cookie's token opens, and notes that it was
// seen. Errors: ErrSignIn.
func (s *Service) Session(ctx context.Context, token keywright.Credential, from From) (Signed, error) {
	return Signed{}, notBuilt()
}

// Prove takes a password again and renews the session's token. Errors: ErrSignIn, Throttled.
func (s *Service) Prove(ctx context.Context, token, password keywright.Credential, from From) (Signed, error) {
	return Signed{}, notBuilt()
}

// FreshProof returns a ProofNeeded error if a session was last proved longer ago
// than five minutes.
func (s *Service) FreshProof(session Session) error { return notBuilt() }

// SignOut ends the session of a token; one that is not there is no error.
func (s *Service) SignOut(ctx context.Context, token keywright.Credential, from From) error {
	return notBuilt()
}

// Sessions lists a person's sessions that are in force, the newest first.
func (s *Service) Sessions(ctx context.Context, who PersonID) ([]Session, error) {
	return nil, notBuilt()
}

// EndSession ends one session of a person. Errors: NotFound.
func (s *Service) EndSession(ctx context.Context, by keywright.Actor, who PersonID, id string) error {
	return notBuilt()
}

// EndOtherSessions ends all sessions of a person but one.
func (s *Service) EndOtherSessions(ctx context.Context, by keywright.Actor, who PersonID, but string) error {
	return notBuilt()
}

// Invite makes an invitation; its token goes into the link, and is shown once.
// Errors: Invalid (email, role), NotFound (tenant), Conflict (a member already, too many open).
func (s *Service) Invite(ctx context.Context, by keywright.Actor, tenant, email string, role Role) (Invitation, keywright.Credential, error) {
	return Invitation{}, keywright.Credential{}, notBuilt()
}

// Invitations lists a tenant's invitations that are open.
func (s *Service) Invitations(ctx context.Context, tenant keywright.TenantID) ([]Invitation, error) {
	return nil, notBuilt()
}

// Withdraw ends an invitation. Errors: NotFound.
func (s *Service) Withdraw(ctx context.Context, by keywright.Actor, tenant keywright.TenantID, id string) error {
	return notBuilt()
}

// Invitation returns what a link's token stands for. Errors: NotFound for one
// that is unknown, used, withdrawn or expired, alike.
func (s *Service) Invitation(ctx context.Context, token keywright.Credential) (Invitation, error) {
	return Invitation{}, notBuilt()
}

// Accept takes an invitation with a password of one's own, and signs in. A person
// who is known already must give their own password. Errors: NotFound, Invalid
// (name, password), ErrSignIn, Throttled.
func (s *Service) Accept(ctx context.Context, token keywright.Credential, name string, password keywright.Credential, from From) (Signed, error) {
	return Signed{}, notBuilt()
}

// AcceptWith takes an invitation as whom an identity provider vouched for, whose
// verified address must be the invitation's, and signs in.
func (s *Service) AcceptWith(ctx context.Context, token keywright.Credential, e External, from From) (Signed, error) {
	return Signed{}, notBuilt()
}

// AcceptAs takes an invitation for a person who is signed in under its address.
func (s *Service) AcceptAs(ctx context.Context, token keywright.Credential, who PersonID, from From) ([]Member, error) {
	return nil, notBuilt()
}

// Members lists a tenant's members.
func (s *Service) Members(ctx context.Context, tenant keywright.TenantID) ([]Member, error) {
	return nil, notBuilt()
}

// AmendMember changes a role. Errors: NotFound, Invalid (role), Conflict (the last admin).
func (s *Service) AmendMember(ctx context.Context, by keywright.Actor, tenant keywright.TenantID, who PersonID, role Role) (Member, error) {
	return Member{}, notBuilt()
}

// RemoveMember ends a membership, and the sessions of a person who has no other.
// Errors: NotFound, Conflict (the last admin).
func (s *Service) RemoveMember(ctx context.Context, by keywright.Actor, tenant keywright.TenantID, who PersonID) error {
	return notBuilt()
}

// Enrol makes a person, or finds them by their address, and makes them a member,
// without an invitation: for seeds and for the first operator. password may be zero.
func (s *Service) Enrol(ctx context.Context, by keywright.Actor, tenant keywright.TenantID, email, name string, role Role, password keywright.Credential) (Person, error) {
	return Person{}, notBuilt()
}

// SetPassword changes a person's password and ends their other sessions. Errors: Invalid (password).
func (s *Service) SetPassword(ctx context.Context, by keywright.Actor, who PersonID, password keywright.Credential, keepSession string) error {
	return notBuilt()
}
