package api

import "time"

// CreateOwnKey asks for a key of one's own tenant. null is the same as absent.
type CreateOwnKey struct {
	Scheme      string            `json:"scheme,omitempty" nullable:"true" maxLength:"64" doc:"One of the site's; its first unless given." example:"truestamp"`
	Name        string            `json:"name,omitempty" nullable:"true" maxLength:"1024" doc:"What the key is for." example:"CI"`
	Environment string            `json:"environment,omitempty" nullable:"true" maxLength:"64" doc:"One of the scheme's, where it has any." example:"testing"`
	ExpiresAt   *time.Time        `json:"expires_at,omitempty" nullable:"true" doc:"When the key dies, RFC 3339; null or absent is never. Not together with ttl." example:"2030-01-01T00:00:00Z"`
	TTL         *int64            `json:"ttl,omitempty" nullable:"true" minimum:"0" maximum:"3155760000" doc:"Whole seconds that the key lives; 0 is for ever. Not together with expires_at." example:"3600"`
	Permissions []string          `json:"permissions,omitempty" maxItems:"64" doc:"What the key may do, where the scheme has permissions."`
	Addresses   []string          `json:"addresses,omitempty" maxItems:"64" doc:"Where it may be used from: addresses or CIDR prefixes." example:"[\"192.0.2.0/24\"]"`
	Metadata    map[string]string `json:"metadata,omitempty" nullable:"true" doc:"At most 32 short texts of your own."`
}

// Me is who is signed in.
type Me struct {
	Person  PersonBody   `json:"person" doc:"The person who calls."`
	Tenant  *Tenant      `json:"tenant,omitempty" doc:"The tenant that is meant; absent for a person who has none here."`
	Role    string       `json:"role" doc:"Of the person in that tenant; empty where there is none." example:"admin"`
	Rights  []string     `json:"rights" nullable:"false" doc:"What the role allows here." example:"[\"keys:read\",\"keys:write\"]"`
	Tenants []Membership `json:"tenants" nullable:"false" doc:"All that the person is a member of here."`
	// Switchable is what the tenant's admins may switch.
	Switchable []string `json:"switchable" nullable:"false" doc:"The services that the tenant's admins switch on and off themselves; empty is none." example:"[\"trading\"]"`
	Session    string   `json:"session,omitempty" doc:"The id of the session; absent where a token of an identity provider was presented."`
}

// AmendOwnTenant switches services.
type AmendOwnTenant struct {
	Services []string `json:"services" nullable:"false" maxItems:"64" doc:"Which of the switchable services are on; those that are not named are off. Services that are not switchable stay as they are." example:"[\"trading\"]"`
}

// PersonBody is a person as others of the tenant see them.
type PersonBody struct {
	ID    string `json:"id" example:"per_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
	Email string `json:"email" doc:"Under which the person signs in." example:"ada@example.com"`
	Name  string `json:"name" doc:"As the person gave it; may be empty." example:"Ada Lovelace"`
}

// Membership is one tenant of a person.
type Membership struct {
	Tenant string `json:"tenant" doc:"The tenant's id."`
	Ref    string `json:"ref" doc:"The tenant's short name, which ?tenant= takes too." example:"acme0001"`
	Name   string `json:"name" doc:"What people call it." example:"Acme Inc."`
	Role   string `json:"role" doc:"The person's, in this tenant." example:"member"`
}

// Member is one person of a tenant.
type Member struct {
	PersonBody
	Role  string    `json:"role" enum:"admin,member,trial,viewer" doc:"What the person may do here."`
	Since time.Time `json:"since" doc:"When the person became a member."`
}

// MemberPage is all of a tenant's members.
type MemberPage struct {
	Items []Member `json:"items" nullable:"false" doc:"All of them."`
}

// AmendMember changes a role.
type AmendMember struct {
	Role string `json:"role" enum:"admin,member,trial,viewer" doc:"The new role: admin or viewer for operators; admin, member or trial for others."`
}

// Invite asks for an invitation.
type Invite struct {
	Email string `json:"email" minLength:"3" maxLength:"254" doc:"Whom the invitation is meant for; it has to be accepted under this address." example:"grace@example.com"`
	Role  string `json:"role" enum:"admin,member,trial,viewer" doc:"admin and viewer for operators; admin, member and trial for others."`
	API   string `json:"api,omitempty" maxLength:"64" doc:"Management API only: the API whose site the link leads to; without it there is no link."`
}

// Invitation is an open invitation.
type Invitation struct {
	ID        string    `json:"id" example:"inv_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
	Email     string    `json:"email" doc:"Whom it is meant for." example:"grace@example.com"`
	Role      string    `json:"role" doc:"What the person will be." example:"member"`
	InvitedBy string    `json:"invited_by" doc:"The name of whoever made it." example:"Ada Lovelace"`
	CreatedAt time.Time `json:"created_at" doc:"When it was made."`
	ExpiresAt time.Time `json:"expires_at" doc:"From this instant on nobody can accept it."`
	Token     string    `json:"token,omitempty" doc:"Only in the first answer: it goes into the link, and accepts the invitation once."`
	Link      string    `json:"link,omitempty" doc:"Only in the first answer, where a site is known: the page that accepts it."`
}

// InvitationPage is all of a tenant's open invitations.
type InvitationPage struct {
	Items []Invitation `json:"items" nullable:"false" doc:"All that are open."`
}

// Session is one sign-in of a person.
type Session struct {
	ID        string    `json:"id" example:"ses_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
	Method    string    `json:"method" doc:"password, passkey, or the identity provider's name."`
	StartedAt time.Time `json:"started_at" doc:"When the person signed in."`
	LastSeen  time.Time `json:"last_seen" doc:"When it was last used; at most a minute late."`
	ExpiresAt time.Time `json:"expires_at" doc:"When it ends by itself."`
	Address   string    `json:"address" doc:"Where the person signed in from." example:"192.0.2.7"`
	Agent     string    `json:"user_agent" doc:"What the browser called itself."`
	Current   bool      `json:"current" doc:"This request was made with it."`
}

// SessionPage is all of a person's sessions.
type SessionPage struct {
	Items []Session `json:"items" nullable:"false" doc:"All that are in force, the newest first."`
}

// Register asks for a key without an account.
type Register struct {
	Email string `json:"email" minLength:"3" maxLength:"254" doc:"Checked for its form only; it is no identity." example:"ada@example.com"`
}

// Registered is what a registration yields. Neither half is ever shown again.
type Registered struct {
	APIKey          string `json:"api_key" doc:"For requests."`
	ManagementToken string `json:"management_token,omitempty" doc:"Rotates and revokes the key, and nothing else."`
	KeyID           string `json:"key_id" doc:"Names the key's record; opens nothing." example:"key_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
	Tenant          string `json:"tenant" doc:"The id of the registration's own tenant."`
	Notice          string `json:"notice" doc:"What to do with the two."`
}

// Discovery tells a command line how to log in: /.well-known/keywright.json of a site.
type Discovery struct {
	API       string             `json:"api" doc:"The API's name." example:"acme"`
	Title     string             `json:"title" doc:"What people call the API." example:"Acme API"`
	Base      string             `json:"self_service" doc:"The address of the self-service API."`
	APIBase   string             `json:"api_base" doc:"The address of the API itself."`
	Scheme    string             `json:"scheme" doc:"The wire contract of the API's keys." example:"keywright"`
	Variable  string             `json:"variable" doc:"The environment variable that the docs put the key in."`
	Providers []DiscoveredIssuer `json:"providers" nullable:"false" doc:"The identity providers that a command line may log in with; empty is none."`
}

// DiscoveredIssuer is one identity provider that a command line may log in with.
type DiscoveredIssuer struct {
	Name     string   `json:"name" doc:"What the configuration calls it."`
	Title    string   `json:"title" doc:"What people call it."`
	Issuer   string   `json:"issuer" doc:"Its issuer: discovery starts there." example:"https://id.example.com"`
	ClientID string   `json:"client_id" doc:"The public client of command lines."`
	Scopes   []string `json:"scopes" nullable:"false" doc:"What to ask for." example:"[\"openid\",\"email\"]"`
	Resource string   `json:"resource,omitempty" doc:"The resource to ask a token for (RFC 8707); absent asks for none."`
}
