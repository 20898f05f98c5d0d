package api

import "time"

// Event is one entry of the audit trail. It holds no secret and no digest.
type Event struct {
	ID     string            `json:"id" doc:"Its place in the log." example:"42"`
	At     time.Time         `json:"at" doc:"When it was done."`
	Act    string            `json:"act" doc:"What was done." example:"key.issued"`
	Actor  Actor             `json:"actor" doc:"Who did it, and from where."`
	Key    string            `json:"key,omitempty" doc:"The id of the key it was done to."`
	Tenant string            `json:"tenant,omitempty" doc:"The id of the tenant it was done to."`
	Reason string            `json:"reason,omitempty" doc:"Why, in the actor's words."`
	Detail map[string]string `json:"detail" nullable:"false" doc:"What changed."`
}

// Actor is who did it, and from where.
type Actor struct {
	ID        string `json:"id" doc:"The id of the key or of the person, or \"system\"."`
	Name      string `json:"name,omitempty" doc:"What the key or the person is called."`
	Address   string `json:"address,omitempty" doc:"Where the request came from." example:"192.0.2.7"`
	RequestID string `json:"request_id,omitempty" doc:"The X-Request-Id of the answer that was given."`
}

// EventPage is one page of events, newest first.
type EventPage struct {
	Items      []Event `json:"items" nullable:"false" doc:"The events of this page."`
	NextCursor string  `json:"next_cursor" doc:"Send it as cursor to get the next page; empty at the end."`
}
