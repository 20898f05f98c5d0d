package wire

import (
	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/scheme"
)

// Scheme spells a contract, without its YAML and its answers.
func Scheme(s *scheme.Scheme, shipped bool, apis []string) api.Scheme {
	return api.Scheme{
		Name: s.Name(), Title: s.Title(), Page: s.Source(), Shipped: shipped, Formats: listed(s.Formats()), Headers: listed(s.CredentialHeaders()),
		APIs: listed(apis), Policy: policy(s), Warnings: listed(s.Warnings()),
	}
}

func policy(s *scheme.Scheme) api.SchemePolicy {
	p := s.Policy()
	out := api.SchemePolicy{
		Pair: s.Pair(), Recoverable: s.Recoverable(), Tokens: s.TakesTokens(), Permissions: p.Scoped, Name: presence(p.Name.Presence),
		Expiry: presence(p.Expiry.Presence), Revivable: p.Expiry.Revivable, Rotates: p.Rotation.Allowed, Settable: p.Rotation.Settable,
		MaxActive: p.MaxActive, Environments: []api.SchemeEnvironment{}, Plans: listed(p.Plans.AnyOf), ExceptPlans: listed(p.Plans.Except),
		Limits: []api.SchemeLimit{},
	}
	if p.Rotation.Allowed {
		out.Overlap = p.Rotation.Overlap.String()
	}
	for _, e := range p.Environments {
		out.Environments = append(out.Environments, api.SchemeEnvironment{Name: e.Name, Granted: e.Granted})
	}
	for _, l := range s.Limits() {
		per := "key"
		if l.Per == keywright.PerAddress {
			per = "address"
		}
		out.Limits = append(out.Limits, api.SchemeLimit{Count: int64(l.Count), Window: l.Window.String(), Per: per})
	}
	return out
}

func presence(p keywright.Presence) string {
	switch p {
	case keywright.Required:
		return "required"
	case keywright.Optional:
		return "optional"
	default:
		return "absent"
	}
}

// Answer spells a refusal.
func Answer(a *scheme.Answer) api.SchemeAnswer {
	out := api.SchemeAnswer{Reason: a.Reason.String(), Status: a.Status, Headers: []api.HeaderLine{}, Body: string(a.Body)}
	for _, h := range a.Header {
		out.Headers = append(out.Headers, api.HeaderLine{Name: h.Name, Value: h.Value})
	}
	return out
}

// Answers spells every refusal of a scheme, in the order in which reasons are checked.
func Answers(s *scheme.Scheme) []api.SchemeAnswer {
	var out []api.SchemeAnswer
	for _, r := range keywright.Refusals() {
		one := Answer(s.Answer(scheme.Presented{Reason: r}))
		one.Reason = r.String()
		out = append(out, one)
	}
	return out
}

// Findings spells what Parse said of a scheme's text.
func Findings(s *scheme.Scheme, wrong []scheme.Problem) api.SchemeFindings {
	out := api.SchemeFindings{Valid: s != nil, Problems: []api.SchemeProblem{}, Warnings: []string{}}
	if s != nil {
		out.Name, out.Warnings = s.Name(), listed(s.Warnings())
	}
	for _, p := range wrong[:min(len(wrong), maxFindings)] {
		out.Problems = append(out.Problems, api.SchemeProblem{Line: p.Line, Column: p.Column, Detail: p.Detail})
	}
	return out
}

// maxFindings bounds what is said of one text: the rest is likely to follow from it.
const maxFindings = 100

// Tried spells what was read off a request: never the credential.
func Tried(s *scheme.Scheme, p *scheme.Presented) *api.TriedCredential {
	switch {
	case p.Token:
		return &api.TriedCredential{Token: true, Hint: "…"}
	case p.Reason != keywright.Granted:
		return nil
	}
	out := &api.TriedCredential{Hint: s.Hint(p.Credential), Environment: s.EnvironmentOf(p.Credential)}
	if classes := s.Classes(); int(p.Class) < len(classes) {
		out.Class = classes[p.Class]
	}
	return out
}
