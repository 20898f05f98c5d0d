package api

import "time"

// The ids of the operations on use.
const (
	OpGetUsage    = "get-usage"
	OpOwnUsage    = "get-my-usage"
	OpOwnKeyUsage = "get-my-key-usage"
)

// The steps of a report on use.
const (
	StepHour = "hour"
	StepDay  = "day"
)

// UsageQuery says which use a report is about. What is empty asks nothing.
type UsageQuery struct {
	Key    string    // the id of a key
	API    string    // an API's name
	Tenant string    // an id or a ref
	Since  time.Time // zero: 24 steps before Until
	Until  time.Time // zero: now
	Step   string    // StepHour or StepDay; "" is StepHour
}

// UsageReport is how much something was used.
type UsageReport struct {
	Since        time.Time      `json:"since" doc:"Where the first step begins; steps begin at whole hours or days of UTC." example:"2030-01-01T12:00:00Z"`
	Until        time.Time      `json:"until" doc:"Where the last step ends; it may still run." example:"2030-01-02T12:00:00Z"`
	Step         string         `json:"step" enum:"hour,day" doc:"How long one point is."`
	Granted      int64          `json:"granted" doc:"Requests that were let through." example:"1024"`
	Refused      int64          `json:"refused" doc:"Requests that were refused, for whatever reason." example:"7"`
	Refusals     []UsageReason  `json:"refusals" nullable:"false" doc:"The refused ones by reason, the most frequent first."`
	Points       []UsagePoint   `json:"points" nullable:"false" doc:"Every step, those without a request too."`
	LastUsedAt   *time.Time     `json:"last_used_at" doc:"Of one key: when it was last presented, let through or not, within or outside the time of the report; null is never, or not of one key."`
	LastUsedFrom string         `json:"last_used_from" doc:"Of one key: the address that presented it last; may be empty." example:"2001:db8::7"`
	Addresses    []UsageAddress `json:"addresses" nullable:"false" doc:"Of one key: the addresses that presented it, the latest first, and the latest 20 at most."`
}

// UsageReason is how often something was refused for one reason.
type UsageReason struct {
	Reason string `json:"reason" doc:"Why." example:"expired"`
	Count  int64  `json:"count" example:"7"`
}

// UsagePoint is one step of a report.
type UsagePoint struct {
	At      time.Time `json:"at" doc:"Where the step begins." example:"2030-01-01T12:00:00Z"`
	Granted int64     `json:"granted" example:"42"`
	Refused int64     `json:"refused" example:"1"`
}

// UsageAddress is an address that a key was presented from.
type UsageAddress struct {
	Address    string    `json:"address" doc:"IPv4, or IPv6 as RFC 5952 writes it." example:"2001:db8::7"`
	Count      int64     `json:"count" doc:"How often, since it was first among the latest 20."`
	LastUsedAt time.Time `json:"last_used_at" doc:"When last."`
}

const usageTold = "By hour for the last 24 hours, unless asked otherwise; at most 400 points. Counts are kept for 400 days, in hours of UTC. " +
	"A request is counted once, when its key has been verified and its limits counted. What this node has counted is in the answer; what others that share the store have, within ten seconds."

func usageOperations() []Operation {
	return []Operation{
		{ID: OpGetUsage, Method: "GET", Path: "/v1/usage", Permission: KeysRead, Success: 200, Tag: "Usage", Summary: "Show use",
			Detail: "Of everything, or of what the filters leave. " + usageTold},
	}
}

func ownUsageOperations() []Operation {
	return of(PersonCaller, "Usage", []Operation{
		{ID: OpOwnUsage, Method: "GET", Path: "/v1/me/usage", Permission: OwnKeysRead, Success: 200, Summary: "Show your use",
			Detail: "Of all keys of the tenant, and of its people's tokens. " + usageTold},
		{ID: OpOwnKeyUsage, Method: "GET", Path: "/v1/me/keys/{id}/usage", Permission: OwnKeysRead, Success: 200, Summary: "Show a key's use",
			Detail: "With the addresses that it was presented from: who still uses it. " + usageTold},
	})
}
