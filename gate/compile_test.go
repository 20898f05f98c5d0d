package gate

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
)

func TestNewNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	base := func() Options {
		return Options{Index: &held{}, Pepper: fakePepper{}, Clock: time.Now, APIs: []API{trusset(t)}}
	}
	for field, change := range map[string]func(*Options){
		"index":            func(o *Options) { o.Index = nil },
		"pepper":           func(o *Options) { o.Pepper = nil },
		"clock":            func(o *Options) { o.Clock = nil },
		"apis[0].name":     func(o *Options) { o.APIs[0].Name = "" },
		"apis[1].name":     func(o *Options) { o.APIs = append(o.APIs, API{Name: "trusset", Scheme: o.APIs[0].Scheme}) },
		"apis[0].scheme":   func(o *Options) { o.APIs[0].Scheme = nil },
		"apis[0].hosts[0]": func(o *Options) { o.APIs[0].Hosts = []string{"https://x"} },
		"apis[0].hosts[1]": func(o *Options) { o.APIs[0].Hosts = []string{"a", "A."} },
		"apis[1].hosts[0]": func(o *Options) {
			o.APIs = append(o.APIs, API{Name: "b", Scheme: o.APIs[0].Scheme, Hosts: []string{"trusset.localhost"}})
		},
		"apis[0].routes[0].path":     func(o *Options) { o.APIs[0].Routes[0].Path = "nope" },
		"apis[0].routes[1].methods":  func(o *Options) { o.APIs[0].Routes[1].Methods = []string{"get"} },
		"apis[0].routes[2].max_body": func(o *Options) { o.APIs[0].Routes[2].MaxBody = -1 },
	} {
		o := base()
		change(&o)
		_, err := New(o)
		var e *keywright.Error
		if !errors.As(err, &e) || e.Field != field || e.Kind != keywright.Invalid || !strings.Contains(e.Detail, " ") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestMergeOnlyNarrows(t *testing.T) {
	t.Parallel()
	own := keywright.Need{Scheme: "s", Granted: []string{"production"}, Plans: keywright.PlanRule{AnyOf: []string{"a", "b"}, Except: []string{"free"}}, Permissions: []string{"x"}}
	more := keywright.Need{Scheme: "ignored", Tenant: "ten_9", Service: "svc", Environments: []string{"live"}, Plans: keywright.PlanRule{AnyOf: []string{"b", "c"}}, Permissions: []string{"y", "x"}}
	got, err := merge(own, more)
	if err != nil {
		t.Fatal(err)
	}
	if got.Scheme != "s" || got.Tenant != "ten_9" || got.Service != "svc" || !slices.Equal(got.Plans.AnyOf, []string{"b"}) ||
		!slices.Equal(got.Plans.Except, []string{"free"}) || !slices.Equal(got.Permissions, []string{"x", "y"}) ||
		!slices.Equal(got.Granted, []string{"production"}) || !slices.Equal(got.Environments, []string{"live"}) {
		t.Errorf("%+v", got)
	}
	if _, err := merge(own, keywright.Need{Plans: keywright.PlanRule{AnyOf: []string{"z"}}}); err == nil {
		t.Error("a route that nobody could pass was compiled")
	}
	own.Environments = []string{"test"}
	if _, err := merge(own, more); err == nil {
		t.Error("a route without a possible environment was compiled")
	}
}
