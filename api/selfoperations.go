package api

import "slices"

// Caller is who makes a request to the self-service API.
type Caller string

// The callers.
const (
	AnyCaller    Caller = ""       // nobody is asked
	PersonCaller Caller = "person" // a session, or an access token of an identity provider
	KeyCaller    Caller = "key"    // a key of the API, or a management token, as its scheme reads it
)

// The rights of a person's role that self-service asks for; they are package
// people's, spelled for the wire.
const (
	OwnKeysRead    = "keys:read"
	OwnKeysWrite   = "keys:write"
	OwnMembersRead = "members:read"
	OwnMembers     = "members:write"
	OwnServices    = "services:write"
)

// The ids of the self-service operations.
const (
	OpListOwnKeys     = "list-my-keys"
	OpExportOwnKeys   = "export-my-keys"
	OpCreateOwnKey    = "create-my-key"
	OpCreateTestKey   = "create-test-key"
	OpGetOwnKey       = "get-my-key"
	OpAmendOwnKey     = "amend-my-key"
	OpDeleteOwnKey    = "delete-my-key"
	OpRotateOwnKey    = "rotate-my-key"
	OpOverlapOwnKey   = "overlap-my-key"
	OpPauseOwnKey     = "pause-my-key"
	OpResumeOwnKey    = "resume-my-key"
	OpRevokeOwnKey    = "revoke-my-key"
	OpRevealOwnKey    = "reveal-my-key"
	OpListOwnMembers  = "list-my-members"
	OpAmendOwnMember  = "amend-my-member"
	OpRemoveOwnMember = "remove-my-member"
	OpListOwnInvites  = "list-my-invitations"
	OpInviteOwn       = "invite-my-member"
	OpWithdrawOwn     = "withdraw-my-invitation"
	OpRegister        = "register"
	OpGetHeldKey      = "show-this-key"
	OpRotateHeldKey   = "rotate-this-key"
	OpRevokeHeldKey   = "revoke-this-key"
	OpAmendOwnTenant  = "amend-my-tenant"
	OpDiscovery       = "discovery"
	OpSelfOpenAPI     = "self-openapi"
)

// SelfOperations lists every operation of the self-service API of a site.
func SelfOperations() []Operation {
	all := slices.Concat(ownKeyOperations(), of(PersonCaller, TagAccount, accountOperations()), ownPeopleOperations(), ownAccessOperations(), ownUsageOperations(), strangerOperations())
	for i := range all {
		all[i].MaxBody = SelfMaxBody
	}
	return all
}

// FindSelf is Find among the self-service operations.
func FindSelf(id string) Operation { return find(SelfOperations(), id) }

func ownKeyOperations() []Operation {
	const tag = "Keys"
	all := []Operation{
		{ID: OpListOwnKeys, Method: "GET", Path: "/v1/me/keys", Permission: OwnKeysRead, Success: 200, Summary: "List your keys",
			Detail: "The newest first, and the newest thousand at most."},
		{ID: OpExportOwnKeys, Method: "GET", Path: "/v1/me/exports/keys", Permission: OwnKeysRead, Success: 200, Export: true, Summary: "Export your keys",
			Detail: "All of the tenant's keys, or those that the filters leave, as one file. " + exported},
		{ID: OpCreateOwnKey, Method: "POST", Path: "/v1/me/keys", Permission: OwnKeysWrite, Success: 201, Summary: "Create a key",
			Detail: "The credential is in this answer and in no other. With an Idempotency-Key a repeated request makes no second key: it answers 200 with the id, without the credential."},
		{ID: OpCreateTestKey, Method: "POST", Path: "/v1/me/keys/test", Permission: OwnKeysWrite, Success: 201, Summary: "Create a test key for an hour",
			Detail: "For trying the documentation out. You have at most five; another ends the oldest. 409 where the API's keys do not expire."},
		{ID: OpGetOwnKey, Method: "GET", Path: "/v1/me/keys/{id}", Permission: OwnKeysRead, Success: 200, Summary: "Show a key"},
		{ID: OpAmendOwnKey, Method: "PATCH", Path: "/v1/me/keys/{id}", Permission: OwnKeysWrite, Success: 200, Summary: "Amend a key",
			Detail: "Changes what is named and nothing else. If-Match with the ETag of what you saw guards against overwriting another's change (412)."},
		{ID: OpDeleteOwnKey, Method: "DELETE", Path: "/v1/me/keys/{id}", Permission: OwnKeysWrite, Success: 204, Summary: "Delete a key",
			Detail: "The key stops at once and its record goes."},
		{ID: OpRotateOwnKey, Method: "POST", Path: "/v1/me/keys/{id}/rotate", Permission: OwnKeysWrite, Success: 201, Summary: "Rotate a key",
			Detail: "Makes a successor, whose credential is in this answer and in no other; the old key goes on for the overlap. With an Idempotency-Key a repeated request makes no second successor."},
		{ID: OpOverlapOwnKey, Method: "POST", Path: "/v1/me/keys/{id}/overlap", Permission: OwnKeysWrite, Success: 200, Summary: "Move the end of an overlap",
			Detail: "Of a key that is PENDING_ROTATION: ends its overlap now, or moves the end to an instant, sooner or later."},
		{ID: OpPauseOwnKey, Method: "POST", Path: "/v1/me/keys/{id}/pause", Permission: OwnKeysWrite, Success: 200, Summary: "Pause a key"},
		{ID: OpResumeOwnKey, Method: "POST", Path: "/v1/me/keys/{id}/resume", Permission: OwnKeysWrite, Success: 200, Summary: "Resume a paused key"},
		{ID: OpRevokeOwnKey, Method: "POST", Path: "/v1/me/keys/{id}/revoke", Permission: OwnKeysWrite, Success: 200, Summary: "Revoke a key",
			Detail: "Ends the key for good, at once; a repeated revocation is harmless."},
		{ID: OpRevealOwnKey, Method: "POST", Path: "/v1/me/keys/{id}/reveal", Permission: OwnKeysRead, Success: 200, Summary: "Show a key's secret again",
			Detail: "Only where the API keeps its secrets sealed (409 otherwise), only in a session, and only within five minutes of a proof of who you are: 403 with the type " + ProofNeeded + " asks for one. It is noted."},
	}
	return of(PersonCaller, tag, all)
}

func ownPeopleOperations() []Operation {
	const tag = "People"
	return of(PersonCaller, tag, []Operation{
		{ID: OpAmendOwnTenant, Method: "PATCH", Path: "/v1/me/tenant", Permission: OwnServices, Success: 200, Summary: "Switch services on and off",
			Detail: "Those that the provider leaves to its customers, as `switchable` of GET /v1/me lists them. Requests of a service that is off are refused from the very next one."},
		{ID: OpListOwnMembers, Method: "GET", Path: "/v1/me/members", Permission: OwnMembersRead, Success: 200, Summary: "List your tenant's members"},
		{ID: OpAmendOwnMember, Method: "PATCH", Path: "/v1/me/members/{person}", Permission: OwnMembers, Success: 200, Summary: "Change a member's role",
			Detail: "In force with the member's next request. The last admin stays one (409)."},
		{ID: OpRemoveOwnMember, Method: "DELETE", Path: "/v1/me/members/{person}", Success: 204, Summary: "Remove a member",
			Detail: "Needs the right `members:write`, but for yourself. The tenant's keys stay. The last admin stays (409)."},
		{ID: OpListOwnInvites, Method: "GET", Path: "/v1/me/invitations", Permission: OwnMembers, Success: 200, Summary: "List open invitations"},
		{ID: OpInviteOwn, Method: "POST", Path: "/v1/me/invitations", Permission: OwnMembers, Success: 201, Summary: "Invite a person",
			Detail: "The token and its link are in this answer and in no other: send the link to the person. It can be used once, by whoever has it."},
		{ID: OpWithdrawOwn, Method: "DELETE", Path: "/v1/me/invitations/{invitation}", Permission: OwnMembers, Success: 204, Summary: "Withdraw an invitation"},
	})
}

func strangerOperations() []Operation {
	held := of(KeyCaller, "This key", []Operation{
		{ID: OpGetHeldKey, Method: "GET", Path: "/v1/key", Success: 200, Summary: "Show the key that you call with",
			Detail: "With a management token: the key that it manages."},
		{ID: OpRotateHeldKey, Method: "POST", Path: "/v1/key/rotate", Success: 201, Summary: "Rotate the key that you call with",
			Detail: "With a management token: the key that it manages. Where the API rotates its keys (409 otherwise); a key that has a management token leaves it to that one (403), and no key asks for a longer overlap than the scheme's. With an Idempotency-Key a repeated request makes no second successor."},
		{ID: OpRevokeHeldKey, Method: "POST", Path: "/v1/key/revoke", Success: 200, Summary: "Revoke the key that you call with",
			Detail: "For good, at once. With a management token: the key that it manages. Either way its management token ends too."},
	})
	open := of(AnyCaller, "Registration", []Operation{
		{ID: OpRegister, Method: "POST", Path: "/v1/register", Success: 201, Summary: "Register for a key",
			Detail: "Yields an API key and a management token, each shown this once. The e-mail address is checked for its form only; each request is a new registration. Throttled by address (429)."},
		{ID: OpDiscovery, Method: "GET", Path: "/.well-known/keywright.json", Success: 200, Summary: "What a command line needs to log in"},
		{ID: OpSelfOpenAPI, Method: "GET", Path: "/v1/openapi.json", Success: 200, Summary: "This description"},
	})
	return slices.Concat(held, open)
}

// of sets what operations have in common.
func of(caller Caller, tag string, all []Operation) []Operation {
	for i := range all {
		all[i].Caller, all[i].Tag = caller, tag
	}
	return all
}
