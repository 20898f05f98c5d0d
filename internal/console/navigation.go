package console

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/keywright/keywright/people"
)

// link is one way to go on: an entry of the navigation, a tab, or what a search found.
type link struct {
	Name, Path string
	Text       string // what is there, in a few words
	Current    bool
	words      string // what else people call it, for the search
}

// places are all pages that the person who is there can open, the navigation's first.
func (v *visit) places() (entries, tabs []link) {
	switch {
	case v.who == nil || v.provesFirst():
		return nil, nil
	case v.Self != nil:
		return v.portalPlaces(), v.settings()
	case v.Desk != nil && v.who.Tenant.ID != "":
		return deskPlaces(), v.settings()
	}
	return []link{{Name: "Home", Path: root, Text: "Where to begin"}}, v.settings()
}

// portalPlaces are a customer's.
func (v *visit) portalPlaces() []link {
	all := []link{
		{Name: "Home", Path: root, Text: "Where to begin"},
		{Name: v.keysWord(), Path: keysPath, Text: "Make, rotate and end the keys that your programs use", words: "api keys key token tokens secret credentials generate create"},
		{Name: "Developer", Path: root + "/developer", Text: "Keys, documentation and what your programs do", words: "api usage docs documentation sdk curl token"},
	}
	if len(v.Self.Services()) > 0 && v.who.Tenant.ID != "" {
		all = append(all, link{Name: "Services", Path: servicesPath, Text: "What the keys of this account open: switch it on and off", words: "service enable disable"})
	}
	return all
}

// settings are the tabs of the account's settings.
func (v *visit) settings() []link {
	tabs := []link{{Name: "Profile", Path: root + "/settings", Text: "Your name and where you are a member", words: "account settings name e-mail email"}}
	if v.Self != nil {
		tabs = append(tabs, link{Name: "API", Path: root + "/settings/api", Text: "The keys of this account", words: "api keys key secret token settings credentials"})
	}
	if v.who.May(people.ReadPeople) {
		tabs = append(tabs, link{Name: "Members", Path: root + "/members", Text: "Who else is here, and who is invited", words: "people team invite invitation colleague role"})
	}
	tabs = append(tabs,
		link{Name: "Sessions", Path: root + "/sessions", Text: "Where you are signed in", words: "sign out log out devices browser"},
		link{Name: "Passkeys", Path: root + "/passkeys", Text: "Sign in without a password", words: "security webauthn login"})
	if !v.NoPass {
		tabs = append(tabs, link{Name: "Password", Path: root + "/password", Text: "Set or change it", words: "security login"})
	}
	return tabs
}

func (v *visit) keysWord() string {
	if v.Words.Keys != "" {
		return v.Words.Keys
	}
	return "API keys"
}

// Navigation lists where a person who is signed in can go.
func (p *page) Navigation() []link {
	entries, _ := p.v.places()
	if entries == nil {
		return nil
	}
	entries = append(entries, link{Name: "Settings", Path: root + "/settings"})
	section := p.Section
	if p.Tab != "" {
		section = "Settings"
	}
	return p.marked(entries, section)
}

// Tabs lists the settings' own pages, on one of them.
func (p *page) Tabs() []link {
	if p.Tab == "" {
		return nil
	}
	_, tabs := p.v.places()
	return p.marked(tabs, p.Tab)
}

// Menu is what the profile opens.
func (p *page) Menu() []link {
	_, tabs := p.v.places()
	for i := range tabs {
		tabs[i].Path = p.v.link(tabs[i].Path)
	}
	return tabs
}

func (p *page) marked(links []link, current string) []link {
	for i := range links {
		links[i].Current = links[i].Name == current
		links[i].Path = p.v.link(links[i].Path)
	}
	return links
}

// Initial stands for the person who is there where there is no room for a name.
func (p *page) Initial() string {
	for _, name := range []string{p.Person().Name, p.Person().Email} {
		if first, _ := utf8.DecodeRuneInString(strings.TrimSpace(name)); first != utf8.RuneError {
			return strings.ToUpper(string(first))
		}
	}
	return "?"
}

// deskPlaces are the operators'.
func deskPlaces() []link {
	return slices.Clone([]link{
		{Name: "Overview", Path: root, Text: "Traffic, refusals, what needs attention"},
		{Name: "Tenants", Path: root + "/tenants", Text: "Who your customers are", words: "customers accounts instances organizations plans services environments archive"},
		{Name: "Keys", Path: root + "/keys", Text: "All keys of all tenants", words: "api key tokens revoke rotate"},
		{Name: "Requests", Path: root + "/requests", Text: "Who asks for production access", words: "access production environment grant decline"},
		{Name: "Explain", Path: root + "/explain", Text: "Why a request was refused", words: "why refused verify debug 401 403"},
		{Name: "Schemes", Path: root + "/schemes", Text: "The wire contracts: read, lint and try them", words: "yaml contract format lint try"},
		{Name: "APIs", Path: root + "/apis", Text: "What is protected, and its documentation", words: "routes docs documentation hosts upstream"},
		{Name: "Audit", Path: root + "/audit", Text: "Who did what, from where and why", words: "events log trail export history"},
		{Name: "Sign-in", Path: root + "/providers", Text: "The identity providers that people sign in with", words: "oidc login sso identity provider"},
	})
}
