package exampleapi

import "net/http"

// Kind is what sort of fault a request has; its value is the usual status.
type Kind int

// The kinds of faults.
const (
	Unauthenticated  Kind = http.StatusUnauthorized
	BadRequest       Kind = http.StatusBadRequest
	Unknown          Kind = http.StatusNotFound
	WrongMethod      Kind = http.StatusMethodNotAllowed
	NotAcceptable    Kind = http.StatusNotAcceptable
	Forbidden        Kind = http.StatusForbidden
	Full             Kind = http.StatusConflict
	Used             Kind = http.StatusGone
	TooLarge         Kind = http.StatusRequestEntityTooLarge
	UnsupportedMedia Kind = http.StatusUnsupportedMediaType
	WrongField       Kind = http.StatusUnprocessableEntity
	UpgradeRequired  Kind = http.StatusUpgradeRequired
	Crowded          Kind = http.StatusTooManyRequests
	Failure          Kind = http.StatusInternalServerError
	Away             Kind = http.StatusServiceUnavailable
)

// Fault is why a request cannot be answered as asked. It is an error.
type Fault struct {
	Kind  Kind
	Field string // the field or parameter that is wrong, if one is
	Text  string // a sentence for the caller, with the way out
}

// Error implements error.
func (f Fault) Error() string { return f.Sentence() }

// Sentence is the text with the field that it speaks of.
func (f Fault) Sentence() string {
	if f.Field == "" {
		return f.Text
	}
	return f.Field + ": " + f.Text
}

// Wrong is the fault of a field or parameter.
func Wrong(field, text string) error { return Fault{Kind: WrongField, Field: field, Text: text} }

// NoSuch is the fault of an unknown id. Another tenant's id is unknown too, and
// the text never repeats the id, so that both answers are the same bytes.
func NoSuch(what string) error {
	return Fault{Kind: Unknown, Text: "There is no such " + what + "."}
}

func fault(k Kind) Fault {
	return Fault{Kind: k, Text: map[Kind]string{
		Unauthenticated:  "This API is called through its gateway, which says who is asking.",
		Unknown:          "There is nothing at this path: look at the path again.",
		WrongMethod:      "This path does not take that method: the Allow header lists those it takes.",
		NotAcceptable:    "The answer is JSON: send Accept: application/json or */*.",
		UnsupportedMedia: "The body must be JSON: send Content-Type: application/json.",
		TooLarge:         "The body is larger than this endpoint takes.",
		Away:             "The keys cannot be managed just now: try again in a moment.",
		Failure:          "Something went wrong on our side: try again later.",
	}[k]}
}

// Must turns "was there one?" into a fault when there was none:
//
//	return Must(tx.Get(scope, kind, id, &v))("mail")
func Must(found bool, err error) func(what string) error {
	return func(what string) error {
		if err == nil && !found {
			return NoSuch(what)
		}
		return err
	}
}

// Known is Must for a record that a field of the request names.
func Known(found bool, err error) func(field, text string) error {
	return func(field, text string) error {
		if err == nil && !found {
			return Wrong(field, text)
		}
		return err
	}
}
