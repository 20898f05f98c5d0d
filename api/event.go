package api

import "time"

// Event is one entry of the audit trail. It holds no secret and no digest.
type Event struct {
	ID     string            `json:"id" doc:"Its place in the log." example:"42"`
	At     time.Time         `json:"at"`
	Act    string            `json:"act" doc:"What was done." example:"key.issued"`
	Actor  Actor             `json:"actor"`
	Key    string            `json:"key,omitempty" doc:"The id of the key it was done to."`
	Tenant string            `json:"tenant,omitempty" doc:"The id of the tenant it was done to."`
	Reason string            `json:"reason,omitempty" doc:"Why, in the actor's words."`
	Detail map[string]string `json:"detail" nullable:"false" doc:"What changed."`
}

// Actor is who did it, and from where.
type Actor struct {
	ID        string `json:"id" doc:"The id of the key or of the person, or \"system\"."`
	Name      string `json:"name,omitempty"`
	Address   string `json:"address,omitempty"`
	RequestID string `json:"request_id,omitempty"`
}

// EventPage is one page of events, newest first.
type EventPage struct {
	Items      []Event `json:"items" nullable:"false"`
	NextCursor string  `json:"next_cursor" doc:"Send it as cursor to get the next page; empty at the end."`
}
