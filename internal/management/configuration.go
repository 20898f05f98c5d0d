package management

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/scheme"
)

// Configured is what operators may read of the configuration that is in force. No
// answer of it holds a secret, an upstream's address or a path of this machine.
type Configured interface {
	// SchemeText is the YAML of a scheme of Options.Schemes, and whether it shipped.
	SchemeText(name string) (text []byte, shipped bool)
	APIs() []api.API
	Providers() []api.IdentityProvider
	// CheckProvider asks a provider of Providers whether it answers, within seconds.
	CheckProvider(ctx context.Context, name string) api.ProviderCheck
	// Verifiers lists the nodes that verify keys, this one first.
	Verifiers(ctx context.Context) ([]api.Verifier, error)
}

// configurationRoutes binds the operations on what is configured.
func (s *server) configurationRoutes() {
	register(&s.desk, api.OpListSchemes, s.listSchemes)
	register(&s.desk, api.OpGetScheme, s.getScheme)
	register(&s.desk, api.OpLintScheme, s.lintScheme)
	register(&s.desk, api.OpTryScheme, s.tryScheme)
	register(&s.desk, api.OpListAPIs, s.listAPIs)
	register(&s.desk, api.OpListProviders, s.listProviders)
	register(&s.desk, api.OpCheckProvider, s.checkProvider)
	register(&s.desk, api.OpListVerifiers, s.listVerifiers)
}

func (s *server) listSchemes(_ context.Context, _ *call, _ *struct{}) (*listing[api.SchemePage], error) {
	page, apis := api.SchemePage{Items: []api.Scheme{}}, s.Configured.APIs()
	for _, name := range slices.Sorted(maps.Keys(s.Schemes)) {
		_, shipped := s.Configured.SchemeText(name)
		page.Items = append(page.Items, wire.Scheme(s.Schemes[name], shipped, uses(name, apis)))
	}
	return &listing[api.SchemePage]{Body: page}, nil
}

// uses lists the surfaces that read a scheme's credentials, this one included.
func uses(name string, apis []api.API) []string {
	var out []string
	for i := range apis {
		if slices.Contains(apis[i].Schemes, name) {
			out = append(out, apis[i].Name)
		}
	}
	if name == SchemeName {
		out = append(out, APIName)
	}
	return out
}

// NameIn is what an operation about something of the configuration takes.
type NameIn struct {
	Name string `path:"name" maxLength:"64" doc:"What the configuration calls it." example:"keywright"`
}

func (s *server) getScheme(_ context.Context, _ *call, in *NameIn) (*listing[api.Scheme], error) {
	found, ok := s.Schemes[in.Name]
	if !ok {
		return nil, noSuch("scheme")
	}
	text, shipped := s.Configured.SchemeText(in.Name)
	out := wire.Scheme(found, shipped, uses(in.Name, s.Configured.APIs()))
	out.Source, out.Answers = string(text), wire.Answers(found)
	return &listing[api.Scheme]{Body: out}, nil
}

type lintSchemeIn struct{ Body api.LintScheme }

func (s *server) lintScheme(_ context.Context, _ *call, in *lintSchemeIn) (*listing[api.SchemeFindings], error) {
	found, wrong, err := parseScheme(in.Body.Source)
	if err != nil {
		return nil, err
	}
	return &listing[api.SchemeFindings]{Body: wire.Findings(found, wrong)}, nil
}

// parseScheme reads a text that was sent: from memory alone, for a scheme's grammar
// names no file and no address that is opened.
func parseScheme(text string) (*scheme.Scheme, []scheme.Problem, error) {
	if len(text) > api.MaxSchemeSource {
		return nil, nil, invalidField("source", "at most 256 KiB")
	}
	found, err := scheme.Parse("source", []byte(text))
	var wrong *scheme.ParseError
	if errors.As(err, &wrong) {
		return nil, wrong.Problems, nil
	}
	return found, nil, err
}

type trySchemeIn struct{ Body api.TryScheme }

func (s *server) tryScheme(_ context.Context, _ *call, in *trySchemeIn) (*listing[api.Trial], error) {
	b := &in.Body
	of, err := s.tried(b)
	if err != nil {
		return nil, err
	}
	transport := "https"
	if b.TLS != nil && !*b.TLS {
		transport = "http"
	}
	view, err := readView(&api.Verify{Method: b.Method, Path: b.Path, Headers: b.Headers, Transport: transport})
	if err != nil {
		return nil, err
	}
	p := of.Present(&view)
	out := api.Trial{Reason: p.Reason.String(), Detail: trialDetail(&p), Presented: wire.Tried(of, &p)}
	if p.Reason != keywright.Granted {
		answer := wire.Answer(of.Answer(p))
		out.Answer = &answer
	}
	return &listing[api.Trial]{Body: out}, nil
}

// tried finds the scheme in force that is named, or reads the one that is sent.
func (s *server) tried(b *api.TryScheme) (*scheme.Scheme, error) {
	switch {
	case (b.Scheme == "") == (b.Source == ""):
		return nil, invalidField("scheme", "name a scheme or send the source of one, and not both")
	case b.Scheme != "":
		if found, ok := s.Schemes[b.Scheme]; ok {
			return found, nil
		}
		return nil, invalidField("scheme", "there is no scheme of this name here")
	}
	found, wrong, err := parseScheme(b.Source)
	if err == nil && len(wrong) > 0 {
		err = invalidField("source", "is not a scheme: lint it for what is wrong, and where")
	}
	return found, err
}

func trialDetail(p *scheme.Presented) string {
	switch {
	case p.Token:
		return "it has the form of an identity provider's token, which the scheme takes: the provider decides, not the scheme"
	case p.Wrapped:
		return "the value stands in quotes, or in a placeholder that was never filled in"
	}
	return map[keywright.Reason]string{
		keywright.Granted:           "a well-formed credential of this scheme: whether anybody has it, a verification would say",
		keywright.InsecureTransport: "the scheme asks for https, and the request came over http",
		keywright.Missing:           "no credential stands where the scheme reads it, or one part of it is not there",
		keywright.CompanionMissing:  "a header that must stand beside the credential is not there, or not as it must be",
		keywright.Foreign:           "what was presented is not of this scheme's kind: look at the word before it, and at how it begins",
		keywright.Malformed:         "it is of the scheme's kind, but not well formed: look for spaces, a cut end, a wrong checksum, or two credentials",
	}[p.Reason]
}

func (s *server) listAPIs(context.Context, *call, *struct{}) (*listing[api.SurfacePage], error) {
	return &listing[api.SurfacePage]{Body: api.SurfacePage{Items: s.Configured.APIs()}}, nil
}

func (s *server) listProviders(context.Context, *call, *struct{}) (*listing[api.IdentityProviderPage], error) {
	return &listing[api.IdentityProviderPage]{Body: api.IdentityProviderPage{Items: s.Configured.Providers()}}, nil
}

func (s *server) checkProvider(ctx context.Context, _ *call, in *NameIn) (*listing[api.ProviderCheck], error) {
	if !slices.ContainsFunc(s.Configured.Providers(), func(p api.IdentityProvider) bool { return p.Name == in.Name }) {
		return nil, noSuch("identity provider")
	}
	return &listing[api.ProviderCheck]{Body: s.Configured.CheckProvider(ctx, in.Name)}, nil
}

func (s *server) listVerifiers(ctx context.Context, _ *call, _ *struct{}) (*listing[api.VerifierPage], error) {
	all, err := s.Configured.Verifiers(ctx)
	if err != nil {
		return nil, err
	}
	return &listing[api.VerifierPage]{Body: api.VerifierPage{Items: all}}, nil
}
