package api

import "slices"

// The permissions of the management API. A key of the operators' tenant that
// holds "*" holds all of them.
const (
	KeysRead     = "keys:read"
	KeysWrite    = "keys:write"
	KeysVerify   = "keys:verify"
	TenantsRead  = "tenants:read"
	TenantsWrite = "tenants:write"
	EventsRead   = "events:read"
	PeopleRead   = "people:read"
	PeopleWrite  = "people:write"
)

// Permissions lists every permission of the management API.
func Permissions() []string {
	return []string{KeysRead, KeysWrite, KeysVerify, TenantsRead, TenantsWrite, EventsRead, PeopleRead, PeopleWrite, ConfigRead}
}

// Operation is one operation of the management API, or of self-service.
type Operation struct {
	ID         string // lower case with hyphens, as the command line spells it
	Method     string
	Path       string // {id} stands for one segment
	Permission string // of the key's; "" asks for no key. Self-service: the right of the person's role; "" asks for none
	Caller     Caller // who makes the request; only self-service says
	Success    int    // the status of success
	Tag        string
	Summary    string
	Detail     string
	MaxBody    int64 // bytes; 0 is DefaultMaxBody
	Export     bool  // answers a file, in one of several formats
}

// The bounds of a request's body.
const (
	DefaultMaxBody = 1 << 20
	SelfMaxBody    = 64 << 10
	ImportMaxBody  = 8 << 30
)

// The ids of the operations.
const (
	OpCreateKey     = "create-key"
	OpListKeys      = "list-keys"
	OpGetKey        = "get-key"
	OpAmendKey      = "amend-key"
	OpDeleteKey     = "delete-key"
	OpRotateKey     = "rotate-key"
	OpPauseKey      = "pause-key"
	OpResumeKey     = "resume-key"
	OpOverlapKey    = "overlap-key"
	OpRevokeKey     = "revoke-key"
	OpVerify        = "verify-key"
	OpExplain       = "explain-key"
	OpImport        = "import-keys"
	OpExportKeys    = "export-keys"
	OpListEvents    = "list-events"
	OpExportEvents  = "export-events"
	OpCreateTenant  = "create-tenant"
	OpListTenants   = "list-tenants"
	OpExportTenants = "export-tenants"
	OpGetTenant     = "get-tenant"
	OpAmendTenant   = "amend-tenant"
	OpSetup         = "setup"
	OpOpenAPI       = "openapi"

	OpListMembers        = "list-members"
	OpAmendMember        = "amend-member"
	OpRemoveMember       = "remove-member"
	OpListInvitations    = "list-invitations"
	OpInvite             = "invite"
	OpWithdrawInvitation = "withdraw-invitation"
	OpRegisterFor        = "register-for"
	OpRotateRegistration = "rotate-registration"
	OpRevokeRegistration = "revoke-registration"
)

// exported is what every export says of its answer.
const exported = "CSV with a header line, in which a cell that a spreadsheet would take for a formula begins with an apostrophe; or, with format=json, one JSON object a line. " +
	"It is sent as it is read: an answer that breaks off is not whole."

// Operations lists every operation. The order matters to whoever matches by
// the first that fits: literal segments come before {id}.
func Operations() []Operation {
	return slices.Concat(keyOperations(), tenantOperations(), peopleOperations(), configurationOperations(), accessOperations(), usageOperations(), otherOperations(), operatorsOwn())
}

// Find returns the operation with an id; it panics on an id that is not there,
// which is a fault of the program.
func Find(id string) Operation { return find(Operations(), id) }

func find(table []Operation, id string) Operation {
	for _, o := range table {
		if o.ID == id {
			return o
		}
	}
	panic("api: no operation " + id)
}

// operatorsOwn are what an operator does to their own account. The permission is one
// that every operator has; a key that has it is told that it is no person.
func operatorsOwn() []Operation {
	all := accountOperations()
	for i := range all {
		all[i].Tag, all[i].Permission, all[i].MaxBody = TagAccount, PeopleRead, SelfMaxBody
	}
	return all
}

func keyOperations() []Operation {
	const tag = "Keys"
	return []Operation{
		{ID: OpVerify, Method: "POST", Path: "/v1/keys/verify", Permission: KeysVerify, Success: 200, Tag: tag, Summary: "Verify a request's key",
			Detail: "Says whether a request with these headers would be granted, and why not. Nothing is counted against the key's limits unless count is true."},
		{ID: OpExplain, Method: "POST", Path: "/v1/keys/explain", Permission: KeysVerify, Success: 200, Tag: tag, Summary: "Explain a verification",
			Detail: "The same as verify, with each check in order."},
		{ID: OpImport, Method: "POST", Path: "/v1/keys/import", Permission: KeysWrite, Success: 200, Tag: tag, MaxBody: ImportMaxBody, Summary: "Import existing keys",
			Detail: "Takes CSV (text/csv) or JSON lines (application/x-ndjson), raw keys or their SHA-256 digests, and reads them as they come. A line that is refused does not stop the others. " +
				"Answers a summary, or, with Accept: application/x-ndjson, one line for each row as it is done and the summary last. Sending a file again is harmless: what is there is skipped."},
		{ID: OpCreateKey, Method: "POST", Path: "/v1/keys", Permission: KeysWrite, Success: 201, Tag: tag, Summary: "Create a key",
			Detail: "The credential is in this answer and in no other. With an Idempotency-Key a repeated request makes no second key: it answers 200 with the id, without the credential."},
		{ID: OpListKeys, Method: "GET", Path: "/v1/keys", Permission: KeysRead, Success: 200, Tag: tag, Summary: "List keys",
			Detail: "In the order of their creation, unless sort says otherwise. A page may hold fewer than limit, even none; only an empty next_cursor is the end. A cursor is good for the order that it came from."},
		{ID: OpExportKeys, Method: "GET", Path: "/v1/exports/keys", Permission: KeysRead, Success: 200, Tag: tag, Export: true, Summary: "Export keys",
			Detail: "All that the list of keys would show under these filters, as one file. " + exported},
		{ID: OpGetKey, Method: "GET", Path: "/v1/keys/{id}", Permission: KeysRead, Success: 200, Tag: tag, Summary: "Show a key"},
		{ID: OpAmendKey, Method: "PATCH", Path: "/v1/keys/{id}", Permission: KeysWrite, Success: 200, Tag: tag, Summary: "Amend a key",
			Detail: "Changes what is named and nothing else. If-Match with the ETag of what you saw guards against overwriting another's change (412)."},
		{ID: OpDeleteKey, Method: "DELETE", Path: "/v1/keys/{id}", Permission: KeysWrite, Success: 204, Tag: tag, Summary: "Delete a key",
			Detail: "The key stops at once and its record goes; what happened to it stays in the audit trail. The key that you are calling with cannot delete itself: revoke it."},
		{ID: OpRotateKey, Method: "POST", Path: "/v1/keys/{id}/rotate", Permission: KeysWrite, Success: 201, Tag: tag, Summary: "Rotate a key",
			Detail: "Makes a successor, whose credential is in this answer and in no other; the old key goes on for the overlap. With an Idempotency-Key a repeated request makes no second successor."},
		{ID: OpOverlapKey, Method: "POST", Path: "/v1/keys/{id}/overlap", Permission: KeysWrite, Success: 200, Tag: tag, Summary: "Move the end of an overlap",
			Detail: "Of a key that is PENDING_ROTATION: ends its overlap now, or moves the end to an instant, sooner or later."},
		{ID: OpPauseKey, Method: "POST", Path: "/v1/keys/{id}/pause", Permission: KeysWrite, Success: 200, Tag: tag, Summary: "Pause a key"},
		{ID: OpResumeKey, Method: "POST", Path: "/v1/keys/{id}/resume", Permission: KeysWrite, Success: 200, Tag: tag, Summary: "Resume a paused key"},
		{ID: OpRevokeKey, Method: "POST", Path: "/v1/keys/{id}/revoke", Permission: KeysWrite, Success: 200, Tag: tag, Summary: "Revoke a key",
			Detail: "Ends the key for good, at once; a repeated revocation is harmless."},
	}
}

func tenantOperations() []Operation {
	const tag = "Tenants"
	return []Operation{
		{ID: OpCreateTenant, Method: "POST", Path: "/v1/tenants", Permission: TenantsWrite, Success: 201, Tag: tag, Summary: "Create a tenant"},
		{ID: OpListTenants, Method: "GET", Path: "/v1/tenants", Permission: TenantsRead, Success: 200, Tag: tag, Summary: "List tenants",
			Detail: "In the order of their ids, which is that of their creation, unless sort says otherwise. A page may hold fewer than limit, even none; only an empty next_cursor is the end. A cursor is good for the order that it came from."},
		{ID: OpExportTenants, Method: "GET", Path: "/v1/exports/tenants", Permission: TenantsRead, Success: 200, Tag: tag, Export: true, Summary: "Export tenants",
			Detail: "All that the list of tenants would show under these filters, as one file. " + exported},
		{ID: OpGetTenant, Method: "GET", Path: "/v1/tenants/{id}", Permission: TenantsRead, Success: 200, Tag: tag, Summary: "Show a tenant",
			Detail: "By its id or its ref."},
		{ID: OpAmendTenant, Method: "PATCH", Path: "/v1/tenants/{id}", Permission: TenantsWrite, Success: 200, Tag: tag, Summary: "Amend a tenant",
			Detail: "Changes what is named and nothing else; archived refuses all its keys from the very next request. If-Match guards against overwriting another's change (412)."},
	}
}

func otherOperations() []Operation {
	return []Operation{
		{ID: OpListEvents, Method: "GET", Path: "/v1/events", Permission: EventsRead, Success: 200, Tag: "Events", Summary: "List audit events",
			Detail: "Newest first: who did what, to which key, from where and why."},
		{ID: OpExportEvents, Method: "GET", Path: "/v1/exports/events", Permission: EventsRead, Success: 200, Tag: "Events", Export: true, Summary: "Export audit events",
			Detail: "All that the list of events would show under these filters, as one file. " + exported},
		{ID: OpSetup, Method: "POST", Path: "/v1/setup", Success: 201, Tag: "Setup", Summary: "Create the first operator key",
			Detail: "Takes the one-use set-up token, from the Authorization header or the body. The token is in a file of the secrets folder, valid for 15 minutes and only until used."},
		{ID: OpOpenAPI, Method: "GET", Path: "/openapi.json", Success: 200, Tag: "Setup", Summary: "This description"},
	}
}
