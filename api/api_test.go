package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

func TestTheTableOfOperationsIsSound(t *testing.T) {
	t.Parallel()
	ids, routes := map[string]bool{}, map[string]bool{}
	for _, o := range api.Operations() {
		if ids[o.ID] || routes[o.Method+" "+o.Path] {
			t.Errorf("%s is there twice", o.ID)
		}
		ids[o.ID], routes[o.Method+" "+o.Path] = true, true
		if o.Permission != "" && !slices.Contains(api.Permissions(), o.Permission) {
			t.Errorf("%s asks for %s, which is no permission", o.ID, o.Permission)
		}
		if open := o.ID == api.OpSetup || o.ID == api.OpOpenAPI; open != (o.Permission == "") {
			t.Errorf("%s: only set-up and the document are open", o.ID)
		}
		asks := []string{api.OpVerify, api.OpExplain, api.OpLintScheme, api.OpTryScheme, api.OpCheckProvider} // with a body, and write nothing
		own := o.Tag == api.TagAccount                                                                        // whoever comes in by a session does what they like to their own
		if writes := !own && o.Method != "GET" && !slices.Contains(asks, o.ID) && o.ID != api.OpSetup; writes != strings.HasSuffix(o.Permission, ":write") {
			t.Errorf("%s asks for %q", o.ID, o.Permission)
		}
		if api.Find(o.ID).Path != o.Path || o.Summary == "" || o.Success == 0 {
			t.Errorf("%+v", o)
		}
		if !keywright.Permits([]string{"*"}, []string{o.Permission}) && o.Permission != "" {
			t.Errorf("%s is not covered by *", o.Permission)
		}
	}
}

func TestACredentialPrintsItselfInJSONOnly(t *testing.T) {
	t.Parallel()
	c := api.Credential{Key: "kw_live_secret", Secret: "half"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, one := range []any{c, &c, api.Key{Credential: &c}, []api.Credential{c}} {
			if got := fmt.Sprintf(verb, one); strings.Contains(got, "secret") || strings.Contains(got, "half") || strings.Contains(got, "6b775f") {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
	raw, err := json.Marshal(c)
	if err != nil || string(raw) != `{"key":"kw_live_secret","secret":"half"}` {
		t.Errorf("%s %v", raw, err)
	}
}
