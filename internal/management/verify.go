package management

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/scheme"
)

type verifyIn struct{ Body api.Verify }

func (s *server) verify(ctx context.Context, _ *call, in *verifyIn) (*listing[api.Verdict], error) {
	verdict, _, err := s.judge(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	out, err := s.spell(ctx, &verdict)
	return &listing[api.Verdict]{Body: out}, err
}

func (s *server) explain(ctx context.Context, _ *call, in *verifyIn) (*listing[api.Explanation], error) {
	if in.Body.Count {
		return nil, invalidField("count", "an explanation counts nothing: verify can")
	}
	verdict, checks, err := s.judge(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	out, err := s.spell(ctx, &verdict)
	if err != nil {
		return nil, err
	}
	body := api.Explanation{Verdict: out, Checks: make([]api.Check, len(checks))}
	for i, one := range checks {
		body.Checks[i] = api.Check{Check: one.Check, Passed: one.Passed, Detail: one.Detail}
	}
	return &listing[api.Explanation]{Body: body}, nil
}

// judge asks the gate that is in force where an api and a path are named, and
// otherwise a gate made for this one question, so that the pipeline is the same.
func (s *server) judge(ctx context.Context, b *api.Verify) (gate.Verdict, []gate.Check, error) {
	view, err := readView(b)
	if err != nil {
		return gate.Verdict{}, nil, err
	}
	if (b.API == "") == (b.Scheme == "") {
		return gate.Verdict{}, nil, invalidField("api", "name an api or a scheme, and not both")
	}
	live := b.API != "" && b.Path != "" && b.Need == nil
	switch {
	case b.Count && !live:
		return gate.Verdict{}, nil, invalidField("count", "limits are an api's: name api and path, without need")
	case live && !s.knows(b.API):
		return gate.Verdict{}, nil, noSuchAPI()
	case live && b.Count:
		return s.Gate().Pass(&view, b.API), nil, nil
	case live:
		verdict, checks := s.Gate().Explain(&view, b.API)
		return verdict, checks, nil
	}
	contract, err := s.contract(b)
	if err != nil {
		return gate.Verdict{}, nil, err
	}
	need, err := s.need(ctx, b.Need)
	if err != nil {
		return gate.Verdict{}, nil, err
	}
	if s.Index == nil || s.Pepper == nil {
		return gate.Verdict{}, nil, errors.New("management: verify by scheme needs Options.Index and Options.Pepper")
	}
	const question = "question"
	view.Path = "/"
	asked, err := gate.New(gate.Options{
		APIs:  []gate.API{{Name: question, Scheme: contract, Routes: []gate.Route{{Path: "/", Need: need}}}},
		Index: s.Index, Pepper: s.Pepper, Clock: s.Clock,
	})
	if err != nil {
		return gate.Verdict{}, nil, err
	}
	verdict, checks := asked.Explain(&view, question)
	return verdict, checks, nil
}

func noSuchAPI() error { return invalidField("api", "there is no api of this name here") }

// knows reports whether an api is there; without a table only its own name is sure.
func (s *server) knows(name string) bool {
	if s.APIs == nil {
		return true
	}
	_, ok := s.APIs(name)
	return ok
}

// contract finds the scheme that is named, or that the named api reads.
func (s *server) contract(b *api.Verify) (*scheme.Scheme, error) {
	if b.Scheme != "" {
		if found, ok := s.Schemes[b.Scheme]; ok {
			return found, nil
		}
		return nil, invalidField("scheme", "there is no scheme of this name here")
	}
	if s.APIs != nil {
		if found, ok := s.APIs(b.API); ok && found.Scheme != nil {
			return found.Scheme, nil
		}
	}
	return nil, noSuchAPI()
}

func (s *server) need(ctx context.Context, n *api.Need) (keywright.Need, error) {
	if n == nil {
		return keywright.Need{}, nil
	}
	need := keywright.Need{Environments: n.Environments, Service: n.Service, Permissions: n.Permissions, Plans: keywright.PlanRule{AnyOf: n.Plans}}
	if n.Environment != "" {
		if len(n.Environments) > 0 {
			return need, invalidField("need.environment", "give environment or environments, not both")
		}
		need.Environments = []string{n.Environment}
	}
	if n.Tenant != "" {
		t, err := s.tenant(ctx, n.Tenant)
		if errors.Is(err, keywright.NotFound) {
			return need, invalidField("need.tenant", "there is no tenant with this id or ref")
		}
		if err != nil {
			return need, err
		}
		need.Tenant = t.ID
	}
	return need, nil
}

const maxHeaders = 64

// readView makes the view that a front would have of such a request.
func readView(b *api.Verify) (scheme.View, error) {
	v := scheme.View{Method: b.Method, Path: b.Path, TLS: b.Transport != "http", Header: map[string][]string{}}
	if v.Method == "" {
		v.Method = http.MethodGet
	}
	v.Path, v.RawQuery, _ = strings.Cut(v.Path, "?")
	if b.Path != "" && !strings.HasPrefix(b.Path, "/") {
		return v, invalidField("path", "begins with a slash")
	}
	if b.Address != "" {
		a, err := netip.ParseAddr(b.Address)
		if err != nil {
			return v, invalidField("address", "an IP address, such as 192.0.2.7")
		}
		v.Address = a.Unmap()
	}
	if len(b.Headers) > maxHeaders {
		return v, invalidField("headers", "at most 64")
	}
	for name, value := range b.Headers {
		lines, err := headerLines(value)
		if err != nil {
			return v, err
		}
		canonical := http.CanonicalHeaderKey(name)
		v.Header[canonical] = append(v.Header[canonical], lines...)
	}
	return v, nil
}

// headerLines takes a header's value as JSON has it: a text, or a list of texts.
func headerLines(value any) ([]string, error) {
	bad := invalidField("headers", "each header is a text, or a list of texts")
	switch value := value.(type) {
	case string:
		return []string{value}, nil
	case []any:
		lines := make([]string, 0, len(value))
		for _, one := range value {
			line, ok := one.(string)
			if !ok || len(lines) >= maxHeaders {
				return nil, bad
			}
			lines = append(lines, line)
		}
		return lines, nil
	}
	return nil, bad
}

// spell adds the records of the key and its tenant to a verdict.
func (s *server) spell(ctx context.Context, v *gate.Verdict) (api.Verdict, error) {
	out := api.Verdict{Granted: v.Decision.Granted() && v.Answer == nil, Reason: v.Decision.Reason.String()}
	if v.Answer != nil {
		out.Reason = v.Answer.Reason.String()
	}
	if v.Decision.Tenant != nil {
		t := wire.Tenant(v.Decision.Tenant)
		out.Tenant = &t
	}
	if v.Decision.Key.IsZero() {
		return out, nil
	}
	k, err := s.key(ctx, v.Decision.Key)
	if errors.Is(err, keywright.NotFound) {
		return out, nil // deleted since the decision
	}
	if err != nil {
		return out, err
	}
	body := wire.Key(&k, s.Clock())
	wire.Used(ctx, s.Meter, &body)
	out.Key = &body
	return out, nil
}
