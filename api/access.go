package api

import "time"

// TagAccess is the tag of the operations on requests for access.
const TagAccess = "Access requests"

// The ids of the operations on requests for access.
const (
	OpListAccessRequests    = "list-access-requests"
	OpGrantAccess           = "grant-access"
	OpDeclineAccess         = "decline-access"
	OpRequestAccess         = "request-access"
	OpListOwnAccessRequests = "list-my-access-requests"
)

// The states of a request for access.
const (
	AccessOpen     = "open"
	AccessGranted  = "granted"
	AccessDeclined = "declined"
)

// RequestAccess asks for an environment that a tenant has to be granted.
type RequestAccess struct {
	Environment string `json:"environment" minLength:"1" maxLength:"64" doc:"One of those that your keys cannot be made for yet." example:"production"`
	Reason      string `json:"reason,omitempty" nullable:"true" maxLength:"1000" doc:"What it is for: whoever decides reads it." example:"We go live in March."`
}

// DeclineAccess says no to a request.
type DeclineAccess struct {
	Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"Why, and what would change it: the tenant's people read it." example:"Finish the review first."`
}

// AccessRequest is a tenant's request for an environment.
type AccessRequest struct {
	ID          string     `json:"id" example:"acc_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
	Tenant      string     `json:"tenant" doc:"The tenant's id."`
	TenantName  string     `json:"tenant_name" doc:"What people call it." example:"Acme Inc."`
	Environment string     `json:"environment" example:"production"`
	Reason      string     `json:"reason" doc:"What it is for; may be empty."`
	State       string     `json:"state" enum:"open,granted,declined" doc:"Where it stands."`
	RequestedBy string     `json:"requested_by" doc:"The name of whoever asked." example:"Ada Lovelace"`
	CreatedAt   time.Time  `json:"created_at" doc:"When it was asked."`
	DecidedAt   *time.Time `json:"decided_at" doc:"null while it is open."`
	DecidedBy   string     `json:"decided_by" doc:"The name of whoever decided; empty while it is open, and to customers." example:"Grace Hopper"`
	Answer      string     `json:"answer" doc:"Why it was declined; empty otherwise."`
}

// AccessRequestPage is requests for access.
type AccessRequestPage struct {
	Items []AccessRequest `json:"items" nullable:"false" doc:"The newest first."`
}

func accessOperations() []Operation {
	const tag = TagAccess
	return []Operation{
		{ID: OpListAccessRequests, Method: "GET", Path: "/v1/access-requests", Permission: TenantsRead, Success: 200, Tag: tag, Summary: "List requests for access",
			Detail: "The newest first, and the newest thousand at most. Decided ones are kept for 90 days."},
		{ID: OpGrantAccess, Method: "POST", Path: "/v1/access-requests/{id}/grant", Permission: TenantsWrite, Success: 200, Tag: tag, Summary: "Grant a request",
			Detail: "Adds the environment to the tenant's. 409 for one that is decided."},
		{ID: OpDeclineAccess, Method: "POST", Path: "/v1/access-requests/{id}/decline", Permission: TenantsWrite, Success: 200, Tag: tag, Summary: "Decline a request",
			Detail: "The tenant may ask again. 409 for one that is decided."},
	}
}

func ownAccessOperations() []Operation {
	return of(PersonCaller, TagAccess, []Operation{
		{ID: OpListOwnAccessRequests, Method: "GET", Path: "/v1/me/access-requests", Permission: OwnKeysRead, Success: 200, Summary: "List your requests for access"},
		{ID: OpRequestAccess, Method: "POST", Path: "/v1/me/access-requests", Permission: OwnKeysWrite, Success: 201, Summary: "Ask for an environment",
			Detail: "Of the environments that a tenant has to be granted, such as production. The provider decides. One request may be open for an environment (409)."},
	})
}
