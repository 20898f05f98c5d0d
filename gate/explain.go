package gate

import (
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// Check is one step of Explain.
type Check struct {
	Check  string `json:"check"` // one of Checks()
	Passed bool   `json:"passed"`
	Detail string `json:"detail"`
}

// step is one check of the pipeline, with the reasons that it refuses for.
type step struct {
	name    string
	refuses []keywright.Reason
	passed  string
}

// steps are in the order in which Pass runs them.
func steps() []step {
	type reasons = []keywright.Reason
	return []step{
		{"transport", reasons{keywright.InsecureTransport}, "the transport is what the scheme asks for"},
		{"path", reasons{keywright.BadRequest}, "the path can be read in one way only"},
		{"route", reasons{keywright.NoSuchRoute, keywright.WrongMethod}, "a route takes this path and method"},
		{"presence", reasons{keywright.Missing, keywright.CompanionMissing}, "every part of a credential is there"},
		{"format", reasons{keywright.Foreign, keywright.Malformed}, "it is of the scheme's kind and well formed"},
		{"freshness", reasons{keywright.Failure}, "this node's view of the keys is fresh enough to answer"},
		{"lookup", reasons{keywright.Unknown}, "a key of this scheme has that credential"},
		{"state", reasons{keywright.Revoked, keywright.Retired, keywright.Expired, keywright.Paused}, "the key is alive"},
		{"tenant", reasons{keywright.TenantArchived}, "its tenant is not archived"},
		{"plan", reasons{keywright.PlanRequired}, "the tenant's plan includes it"},
		{"environment", reasons{keywright.EnvironmentNotGranted}, "the key's environment may be used here"},
		{"service", reasons{keywright.ServiceNotEnabled}, "the service that the route needs is on, or none is needed"},
		{"permission", reasons{keywright.PermissionMissing}, "the key has every permission that the route needs"},
		{"address", reasons{keywright.AddressRefused}, "the key may be used from this address"},
		{"limits", reasons{keywright.Limited, keywright.QuotaSpent}, "not counted: an explanation takes nothing from a window"},
		{"manners", reasons{keywright.NotAcceptable, keywright.UnsupportedMedia}, "Accept and Content-Type are what the scheme asks for"},
	}
}

// Checks lists the names of the checks in the order in which they are made.
func Checks() []string {
	var names []string
	for _, s := range steps() {
		names = append(names, s.name)
	}
	return names
}

// Explain runs the pipeline without counting, and says each check in order, up
// to the one that refuses. It never repeats a credential.
func (g *Gate) Explain(v *scheme.View, api string) (Verdict, []Check) {
	now := g.clock()
	out := Verdict{surface: g.find(v.Host, api)}
	if out.surface == nil {
		return misdirected(), []Check{{Check: "route", Detail: "no API has this host or name"}}
	}
	s := g.scratch.Get().(*scratch)
	p := g.judge(now, v, s, &out)
	g.scratch.Put(s)
	g.whole(&out)
	if p.Reason == keywright.Granted {
		p.Reason = manners(v, &out)
	}
	out.settle(p)
	return out, told(now, &out)
}

func told(now time.Time, v *Verdict) []Check {
	open := v.Route != nil && v.Route.Open
	var checks []Check
	ofToken := tokenPassed()
	for _, s := range steps() {
		refused := slices.Contains(s.refuses, v.Reason())
		switch {
		case refused:
			return append(checks, Check{Check: s.name, Detail: why(now, v)})
		case s.name == "presence" && open:
			checks = append(checks, Check{Check: s.name, Passed: true, Detail: "the route is open: no credential is read"})
		case open && credentialCheck(s.name):
		case v.token && ofToken[s.name] != "":
			checks = append(checks, Check{Check: s.name, Passed: true, Detail: ofToken[s.name]})
		default:
			checks = append(checks, Check{Check: s.name, Passed: true, Detail: s.passed})
		}
	}
	return checks
}

// tokenPassed says of a JWT what was checked of it in the place of a key's checks.
func tokenPassed() map[string]string {
	return map[string]string{
		"format":      "it has the form of a JWT, which this scheme takes",
		"freshness":   "the identity provider's keys are at hand, and this node's view of the tenants is fresh enough",
		"lookup":      "a configured identity provider signed it for this API, and its subject belongs to a tenant",
		"state":       "the token has not expired",
		"environment": "tokens may be used in this environment",
		"permission":  "the token gives every permission that the route needs",
		"address":     "tokens may be used from any address",
	}
}

// credentialCheck reports whether an open route goes without a check.
func credentialCheck(name string) bool {
	return !slices.Contains([]string{"transport", "path", "route", "limits", "manners"}, name)
}

// why says in a sentence what refused, with the instant where there is one.
func why(now time.Time, v *Verdict) string {
	d := &v.Decision
	if text := whyToken(v); text != "" {
		return text
	}
	switch d.Reason {
	case keywright.Retired:
		return "the key's overlap after a rotation ended at " + d.Retires.UTC().Format(time.RFC3339Nano) + ": use its successor"
	case keywright.Expired:
		return "the key expired at " + d.Dies.UTC().Format(time.RFC3339Nano) + "; it is now " + now.UTC().Format(time.RFC3339Nano)
	case keywright.TenantArchived:
		return "the tenant " + d.Tenant.Ref + " is archived: bring it back first"
	case keywright.PlanRequired:
		return "the tenant's plan (" + orNone(d.Tenant.Plan) + ") does not include API access"
	case keywright.EnvironmentNotGranted:
		return "the key's environment (" + orNone(d.Environment) + ") is not open to this tenant or route"
	case keywright.WrongMethod:
		return "the path takes " + v.allow
	}
	if text, ok := reasonsWhy()[d.Reason]; ok {
		return text
	}
	return d.Reason.String()
}

// whyToken is why for a JWT, and for a key where only a JWT is taken; "" leaves it to why.
func whyToken(v *Verdict) string {
	r := v.Reason()
	switch {
	case !v.token && r == keywright.PermissionMissing && v.Route != nil && v.Route.Takes == TokensOnly:
		return "the route takes the token of a login alone, and a key was presented"
	case !v.token:
		return ""
	case r == keywright.Unknown && v.API != nil && v.API.Tokens == nil:
		return "it has the form of a JWT, and the API has no identity provider"
	case r == keywright.Unknown && v.Route != nil && v.Route.Takes == KeysOnly:
		return "it has the form of a JWT, and the route takes keys alone"
	}
	return map[keywright.Reason]string{
		keywright.Unknown:               "no configured identity provider vouches for the token: look at its issuer, audience, kind (an access token?) and signature, and whether its subject belongs to a tenant",
		keywright.Failure:               "the identity provider's keys, or the tenant, could not be had in time",
		keywright.Expired:               "the token has expired: get another from the identity provider",
		keywright.EnvironmentNotGranted: "the environment of tokens (" + orNone(v.Decision.Environment) + ") is not open to this tenant or route",
		keywright.PermissionMissing:     "the token lacks a permission that the route needs",
	}[r]
}

func reasonsWhy() map[keywright.Reason]string {
	return map[keywright.Reason]string{
		keywright.InsecureTransport: "the request came over plain HTTP, and the scheme asks for TLS",
		keywright.BadRequest:        "the path could be read in more than one way, so it is not routed",
		keywright.NoSuchRoute:       "no route of the API has this path",
		keywright.Missing:           "the credential, or a part of it, is not there",
		keywright.CompanionMissing:  "a header that must stand beside the credential is not there",
		keywright.Foreign:           "what was presented is not of this scheme's kind",
		keywright.Malformed:         "it is of the scheme's kind, but not well formed: look for quotes, spaces, a cut end or a wrong checksum",
		keywright.Failure:           "this node's view of the keys is too old to answer, or it failed",
		keywright.Unknown:           "no key of this scheme and tenant has that credential",
		keywright.Revoked:           "the key was revoked",
		keywright.Paused:            "the key is paused: resume it, or wait for its pause to end",
		keywright.ServiceNotEnabled: "the tenant does not have the service on that the route needs",
		keywright.PermissionMissing: "the key lacks a permission that the route needs",
		keywright.AddressRefused:    "the key may not be used from this address",
		keywright.NotAcceptable:     "Accept does not allow what the API answers with",
		keywright.UnsupportedMedia:  "the body's Content-Type is not what the API takes",
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
