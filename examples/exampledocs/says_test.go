package exampledocs

import (
	"os"
	"strings"
	"testing"
)

// TestTheProvidersPagesSay holds the pages against what they are required to tell
// people. A snippet that is named here is run by TestEverySnippetWorks.
func TestTheProvidersPagesSay(t *testing.T) {
	for _, c := range []struct{ requirement, page, says string }{
		{"TFI-08", "trustifi/key-and-secret", "There is one pair for each user, never two"},
		{"TFI-13", "trustifi/key-and-secret", "Both are made in one act"},
		{"TFI-15", "trustifi/key-and-secret", `-H "x-trustifi-key: $TRUSTIFI_API_KEY"`},
		{"TFI-16", "trustifi/key-and-secret", `-H "x-trustifi-secret: $TRUSTIFI_API_SECRET"`},
		{"TFI-17", "trustifi/key-and-secret", "**Copy both**"},
		{"TFI-19", "trustifi/key-and-secret", "The key stays what it is"},
		{"TFI-20", "trustifi/key-and-secret", "there is no time in which both work"},
		{"TFI-21", "trustifi/key-and-secret", "**Existing requests will fail.**"},
		{"TFI-05", "trustifi/first-encrypted-mail", `"methods": {"encryptContent": true}`},
		{"TFI-06", "trustifi/quarantine", `"http://trustifi.localhost:8080/api/i/v1/quarantine?limit=10"`},
		{"TSP-07", "truestamp/how-stamping-works", "section: learn"},
		{"TSP-08", "truestamp/how-stamping-works", "The only prerequisites are:\n\n- an HTTPS client,\n- a way to make a SHA-256 hash.\n"},
		{"TSP-08", "truestamp/hashing-a-file", "sha256sum report.txt"},
		{"TSP-09", "truestamp/logins-and-keys", "A call over plain HTTP is refused, and not redirected"},
		{"TSP-18", "truestamp/logins-and-keys", "never show it"},
		{"TSP-22", "truestamp/logins-and-keys", "The same line carries a key or a JWT"},
		{"TSP-23", "truestamp/logins-and-keys", "You may choose when it **expires**"},
		{"TSP-24", "truestamp/logins-and-keys", "You can **revoke** it at any time"},
		{"TSP-25", "truestamp/logins-and-keys", "keywright keys create"},
		{"TSP-28", "truestamp/logins-and-keys", "There must be a space between `Bearer` and the value"},
		{"TSP-29", "truestamp/logins-and-keys", "no quotes around the value"},
		{"TRS-02", "trusset/two-key-systems", "Which key you need depends on what you call"},
		{"TRS-41", "trusset/two-key-systems", "Both are sent in the header `X-API-Key`"},
		{"TRS-42", "trusset/two-key-systems", `curl -H "X-API-Key: $TRUSSET_API_KEY" http://trusset.localhost:8080/customers/api/manage`},
		{"TRS-09", "trusset/instance-keys", "It is 81 characters long"},
		{"TRS-14", "trusset/instance-keys", "the old key is `PENDING_ROTATION`, and **both work**"},
		{"TRS-15", "trusset/instance-keys", "that is 7 days"},
		{"TRS-17", "trusset/instance-keys", "at most 10 active keys"},
		{"TRS-29", "trusset/register-keys", "[the registration](/mica-register)"},
		{"TRS-30", "trusset/register-keys", "You get two credentials"},
		{"TRS-32", "trusset/register-keys", `curl -X POST -H "Authorization: Bearer $TRUSSET_MICA_MANAGEMENT_KEY"`},
		{"TRS-33", "trusset/register-keys", "cannot be retrieved again"},
		{"TRS-34", "trusset/register-keys", "**Store both now.**"},
		{"DMT-11", "domaintrust/keys-and-environments", "Make as many keys of either kind as you need"},
		{"DMT-12", "domaintrust/production-access", "**Production** cannot be chosen"},
		{"DMT-13", "domaintrust/keys-and-environments", "The key alone decides the environment"},
		{"DMT-15", "domaintrust/keys-and-environments", "In Production nobody has heard of it"},
		{"DMT-16", "domaintrust/keys-and-environments", "all production users"},
		{"DMT-17", "domaintrust/keys-and-environments", "the members of your organization, and nobody else"},
		{"DMT-18", "domaintrust/creating-keys", "**Create Key**"},
		{"DMT-19", "domaintrust/creating-keys", "Say briefly what the key is for"},
		{"DMT-20", "domaintrust/creating-keys", "Choose the environment, Testing or Production"},
		{"DMT-21", "domaintrust/creating-keys", "Set the date and the time at which the key expires"},
		{"DMT-22", "domaintrust/creating-keys", "**The key is shown only once.**"},
		{"DMT-23", "domaintrust/creating-keys", "You can do so at any time"},
		{"DMT-24", "domaintrust/creating-keys", "**Delete** ends the key from the very next call"},
		{"DMT-25", "domaintrust/creating-keys", "full access"},
		{"DMT-26", "domaintrust/creating-keys", "Treat it like a password"},
		{"DMT-27", "domaintrust/creating-keys", "Do not share it publicly"},
		{"DMT-28", "domaintrust/creating-keys", "in a secrets manager or in an environment variable"},
		{"DMT-29", "domaintrust/creating-keys", "Rotate it regularly"},
		{"DMT-30", "domaintrust/creating-keys", "Revoke it at once if you suspect"},
		{"TSW-04", "trustswiftly/getting-a-key", "The name is mandatory"},
		{"TSW-06", "trustswiftly/getting-a-key", "**Keep your keys secure.**"},
		{"TSW-07", "trustswiftly/getting-a-key", "many privileges"},
		{"TSW-11", "trustswiftly/plans", "any paid plan | yes | yes"},
		{"TSW-18", "trustswiftly/getting-a-key", "displayed only once"},
		{"TSW-19", "trustswiftly/getting-a-key", "into a password manager"},
		{"TSW-20", "trustswiftly/getting-a-key", "it cannot be recovered: revoke it and make a new one"},
		{"TSW-21", "trustswiftly/getting-a-key", "it opens all of your account's data"},
		{"TSW-22", "trustswiftly/getting-a-key", "never share it"},
		{"TSW-23", "trustswiftly/getting-a-key", `export TRUST_SWIFTLY_API_KEY="`},
		{"TSW-24", "trustswiftly/getting-a-key", "Revocation works from the very next call"},
		{"TSW-25", "trustswiftly/quickstart", `curl "$MAGIC_LINK"`},
		{"TSW-26", "trustswiftly/users", `curl -X PATCH -H "Authorization: Bearer $TRUST_SWIFTLY_API_KEY"`},
	} {
		system, name, _ := strings.Cut(c.page, "/")
		text, err := os.ReadFile("../" + system + "/docs/" + name + ".md")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), c.says) {
			t.Errorf("%s: %s does not say %q", c.requirement, c.page, c.says)
		}
	}
}
