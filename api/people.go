package api

// RegisterFor asks for a key on behalf of a stranger, whom a provider's own page or
// endpoint has before it.
type RegisterFor struct {
	API     string `json:"api" minLength:"1" maxLength:"64" doc:"The API whose site takes registrations." example:"trusset"`
	Email   string `json:"email" minLength:"3" maxLength:"254" doc:"Checked for its form only; it is no identity." example:"ada@example.com"`
	Address string `json:"address" minLength:"2" maxLength:"64" doc:"Where the stranger is: the throttles count by it." example:"192.0.2.7"`
}

// RotateRegistration replaces the key of a registration.
type RotateRegistration struct {
	API     string  `json:"api" minLength:"1" maxLength:"64" doc:"The API that was registered for." example:"trusset"`
	Overlap *string `json:"overlap,omitempty" maxLength:"32" doc:"How long both keys work; the scheme's own overlap unless given." example:"0s"`
	Finish  bool    `json:"finish,omitempty" doc:"Ends at once the overlap of the key before this one, if it still runs."`
}

// RevokeRegistration ends the key of a registration, and its management token.
type RevokeRegistration struct {
	API    string `json:"api" minLength:"1" maxLength:"64" doc:"The API that was registered for." example:"trusset"`
	Reason string `json:"reason,omitempty" enum:"compromised,abuse,superseded,unused,unspecified" doc:"Why. Absent is unspecified."`
}

// The tags of the operations that a server without people does not have.
const (
	TagPeople        = "People"
	TagRegistrations = "Registrations"
)

func peopleOperations() []Operation {
	const people, registrations = TagPeople, TagRegistrations
	return []Operation{
		{ID: OpListMembers, Method: "GET", Path: "/v1/tenants/{id}/members", Permission: PeopleRead, Success: 200, Tag: people, Summary: "List a tenant's members"},
		{ID: OpAmendMember, Method: "PATCH", Path: "/v1/tenants/{id}/members/{person}", Permission: PeopleWrite, Success: 200, Tag: people, Summary: "Change a member's role",
			Detail: "In force with the member's next request. The last admin stays one (409). Operators are given nothing that the caller does not hold."},
		{ID: OpRemoveMember, Method: "DELETE", Path: "/v1/tenants/{id}/members/{person}", Permission: PeopleWrite, Success: 204, Tag: people, Summary: "Remove a member",
			Detail: "Ends the membership at once. The tenant's keys stay. The last admin stays (409)."},
		{ID: OpListInvitations, Method: "GET", Path: "/v1/tenants/{id}/invitations", Permission: PeopleRead, Success: 200, Tag: people, Summary: "List a tenant's open invitations"},
		{ID: OpInvite, Method: "POST", Path: "/v1/tenants/{id}/invitations", Permission: PeopleWrite, Success: 201, Tag: people, Summary: "Invite a person",
			Detail: "The token is in this answer and in no other: send it to the person, or the link that holds it. It can be used once, by whoever has it."},
		{ID: OpWithdrawInvitation, Method: "DELETE", Path: "/v1/tenants/{id}/invitations/{invitation}", Permission: PeopleWrite, Success: 204, Tag: people, Summary: "Withdraw an invitation"},
		{ID: OpRegisterFor, Method: "POST", Path: "/v1/registrations", Permission: KeysWrite, Success: 201, Tag: registrations, Summary: "Register a stranger",
			Detail: "For a provider's own registration endpoint: makes a tenant of its own with a key and a management token, under the same throttles as the site's page, counted by the address that is given (429). Each request is a new registration."},
		{ID: OpRotateRegistration, Method: "POST", Path: "/v1/registrations/{id}/rotate", Permission: KeysWrite, Success: 201, Tag: registrations, Summary: "Rotate a registration's key",
			Detail: "For a provider's own endpoint that takes management tokens: id is the id of the management token that was presented there. With an Idempotency-Key a repeated request makes no second successor."},
		{ID: OpRevokeRegistration, Method: "POST", Path: "/v1/registrations/{id}/revoke", Permission: KeysWrite, Success: 200, Tag: registrations, Summary: "Revoke a registration's key",
			Detail: "Ends the key and the management token for good, at once; id is the id of either."},
	}
}
