package journey

import (
	"encoding/json"
	"testing"

	"github.com/keywright/keywright/internal/webtest"
)

// TestTSP31_ANewcomerInABrowser goes the whole road in a real browser, for each
// system; webtest sees to it that no request leaves this machine.
func TestTSP31_ANewcomerInABrowser(t *testing.T) {
	d := own(t)
	for system, more := range map[string]map[string]any{
		"acme":         {"fields": map[string]string{"Name": "By hand", "Permissions": "messages:read messages:write"}, "environment": "Test", "reference": "/reference/list-messages", "testKeys": true},
		"trustifi":     {"fields": map[string]string{}, "pair": true, "keyStays": true, "reference": "/reference/me"},
		"truestamp":    {"fields": map[string]string{"Name": "By hand"}, "reference": "/reference/create-item", "testKeys": true},
		"trusset":      {"fields": map[string]string{"Name": "By hand"}, "reference": "/reference/list-customers", "testKeys": true},
		"domaintrust":  {"fields": map[string]string{"Name": "By hand", "Date": "2035-01-01", "Time": "12:00"}, "environment": "Testing", "reference": "/reference/list-domains", "testKeys": true},
		"trustswiftly": {"fields": map[string]string{"Name": "By hand"}, "reference": "/reference/list-users"},
	} {
		t.Run(system, func(t *testing.T) {
			email := "newcomer@" + system + ".example"
			_, invitation := d.person(t, email)
			args := map[string]any{"site": d.Sites[system], "invitation": invitation, "email": email, "password": d.remember("four words of nobody else: " + system)}
			for name, value := range more {
				args[name] = value
			}
			var shown []string
			if err := json.Unmarshal(webtest.Run(t, "testdata/newcomer.mjs", args), &shown); err != nil {
				t.Fatal(err)
			}
			for _, secret := range shown {
				d.remember(secret)
			}
		})
	}
}
