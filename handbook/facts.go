package handbook

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// refusal is one row of a table of errors.
type refusal struct {
	When    string
	Status  int
	Headers string
	Body    string
}

// meaning says in words when a reason is given.
func meaning(r keywright.Reason) string {
	return map[keywright.Reason]string{
		keywright.Failure:               "The credential could not be checked; no fault of yours. Try again later.",
		keywright.InsecureTransport:     "The call came over plain HTTP.",
		keywright.Missing:               "No credential was sent.",
		keywright.CompanionMissing:      "A header that must stand beside the credential was not sent.",
		keywright.Foreign:               "The value is another kind of credential: not the expected prefix or word.",
		keywright.Malformed:             "The value has the right kind but not the right form, such as a cut-off or mistyped key.",
		keywright.Unknown:               "Nobody has this credential.",
		keywright.Revoked:               "The key was revoked.",
		keywright.Retired:               "The key was replaced, and its overlap has ended.",
		keywright.Expired:               "The key or token has expired.",
		keywright.Paused:                "The key is paused.",
		keywright.TenantArchived:        "The account that the key belongs to is archived.",
		keywright.PlanRequired:          "The account's plan does not include this.",
		keywright.EnvironmentNotGranted: "The key's environment may not be used here, or was not granted.",
		keywright.ServiceNotEnabled:     "The account lacks the service that the endpoint belongs to.",
		keywright.PermissionMissing:     "The key lacks a permission that the endpoint needs.",
		keywright.AddressRefused:        "The key may not be used from this address.",
		keywright.Limited:               "A rate limit's window is full.",
		keywright.QuotaSpent:            "The quota is spent.",
		keywright.BadRequest:            "The path is ambiguous, or a header is malformed or sent twice.",
		keywright.NoSuchRoute:           "There is no such endpoint.",
		keywright.WrongMethod:           "The endpoint does not take this method.",
		keywright.NotAcceptable:         "The Accept header allows no form that the API answers in.",
		keywright.UnsupportedMedia:      "The body's Content-Type is not one that the endpoint reads.",
		keywright.TooLarge:              "The body is too large.",
		keywright.NotAnObject:           "The body is not a JSON object.",
		keywright.UpstreamFailed:        "The service behind the gateway could not be reached in time.",
	}[r]
}

// ofRequest reports whether a reason is a fault of the request, not of the credential.
func ofRequest(r keywright.Reason) bool { return r >= keywright.BadRequest }

// refusals lists what a scheme refuses with, one row for each reason and variant.
func refusals(s *scheme.Scheme, of func(keywright.Reason) bool) []refusal {
	var out []refusal
	for _, r := range keywright.Refusals() {
		if !of(r) {
			continue
		}
		whole := s.Answer(scheme.Presented{Reason: r, Part: scheme.AllParts})
		out = append(out, row(meaning(r), whole))
		if s.Pair() && r == keywright.Missing {
			for i, name := range s.CredentialHeaders() {
				if a := s.Answer(scheme.Presented{Reason: r, Part: uint8(i)}); string(a.Body) != string(whole.Body) && i < 2 {
					out = append(out, row("Only one half was sent (part "+fmt.Sprint(i+1)+" of the pair, such as `"+name+"`, is missing).", a))
				}
			}
		}
		if a := s.Answer(scheme.Presented{Reason: r, Wrapped: true, Part: scheme.AllParts}); string(a.Body) != string(whole.Body) {
			out = append(out, row("As above, and the value was sent in quotes or braces.", a))
		}
	}
	return out
}

func row(when string, a *scheme.Answer) refusal {
	var headers []string
	for _, h := range a.Header {
		headers = append(headers, code(h.Name+": "+h.Value))
	}
	return refusal{when, a.Status, strings.Join(headers, " "), strings.TrimSpace(string(a.Body))}
}

// window is one row of a table of limits.
type window struct{ Name, Count, Window, Kind string }

func windows(s *scheme.Scheme) []window {
	var out []window
	for _, l := range s.Limits() {
		kind := "The allowance refills steadily."
		if l.Fixed {
			kind = "The window begins at a multiple of its length, in UTC."
		}
		if l.Quota {
			kind += " It is a quota."
		}
		out = append(out, window{l.Name, fmt.Sprint(l.Count), span(l.Window), kind})
	}
	return out
}

// span spells a duration in words.
func span(d time.Duration) string {
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d >= u.of && d%u.of == 0 {
			if n := int64(d / u.of); n != 1 {
				return fmt.Sprintf("%d %ss", n, u.name)
			}
			return "1 " + u.name
		}
	}
	return d.String()
}

// headerMeaning explains a header of limits by its name.
func headerMeaning(name string) string {
	low := strings.ToLower(name)
	switch {
	case low == "retry-after":
		return "After how many seconds to try again; only with a refusal."
	case strings.Contains(low, "remaining"):
		return "How many calls are left."
	case strings.Contains(low, "reset"):
		return "When the allowance is whole again."
	case strings.Contains(low, "policy"):
		return "The windows in force."
	default:
		return "The allowance."
	}
}

// lengths says how long each format's credential is, where it has one length.
func lengths(p *part) []string {
	var out []string
	c, err := p.Scheme.Mint(&steady{}, minting(p.Scheme))
	if err != nil {
		return nil
	}
	public, secret := c.Reveal()
	if p.Scheme.Pair() {
		return []string{fmt.Sprintf("the key is %d characters long, the secret %d", len(public), len(secret))}
	}
	out = append(out, fmt.Sprintf("a newly made key is %d characters long", len(secret)))
	return out
}

// states a key of the scheme can be in, with what they mean.
func states(p keywright.Policy) [][2]string {
	all := [][2]string{{"ACTIVE", "It works."}}
	if p.Rotation.Allowed && (p.Rotation.Overlap > 0 || p.Rotation.Settable) {
		all = append(all, [2]string{"PENDING_ROTATION", "It was rotated and still works, until its overlap ends."})
	}
	all = append(all, [2]string{"PAUSED", "It is suspended, and can be resumed."})
	if p.Rotation.Allowed {
		all = append(all, [2]string{"RETIRED", "It was rotated, and its overlap has ended. Final."})
	}
	if p.Expiry.Presence != keywright.Absent {
		words := "Its expiry has passed."
		if p.Expiry.Revivable {
			words += " A later expiry brings it back."
		}
		all = append(all, [2]string{"EXPIRED", words})
	}
	return slices.Clip(append(all, [2]string{"REVOKED", "It was revoked. Final."}))
}
