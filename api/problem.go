package api

// Problem is the one shape of every refusal (RFC 9457). It never repeats a
// value that was sent.
type Problem struct {
	Type   string       `json:"type" doc:"about:blank, unless a program can do something about it." example:"about:blank"`
	Title  string       `json:"title" example:"Unprocessable Entity"`
	Status int          `json:"status" example:"422"`
	Detail string       `json:"detail" doc:"What is wrong, and the way out." example:"One field is wrong."`
	Errors []FieldError `json:"errors" nullable:"false" doc:"The fields that are wrong; empty when none is to blame."`
}

// FieldError names a field that is wrong.
type FieldError struct {
	Field  string `json:"field" example:"ttl"`
	Detail string `json:"detail" example:"must be a whole number"`
}

// Error implements error, so that a problem can be returned where it is found.
func (p *Problem) Error() string {
	if len(p.Errors) > 0 && p.Errors[0].Field != "" {
		return p.Errors[0].Field + ": " + p.Errors[0].Detail
	}
	return p.Detail
}

// ProofNeeded is the Type of a problem that a fresh proof of the person solves: sign
// in again, with the password or a passkey, and repeat the request.
const ProofNeeded = "urn:keywright:problem:proof-needed"

// ProblemType is the media type of a Problem.
const ProblemType = "application/problem+json"

// Setup asks for the first operator key. The token may stand here or in the
// Authorization header.
type Setup struct {
	Token string `json:"token,omitempty" maxLength:"256" doc:"What the set-up token's file holds."`
}
