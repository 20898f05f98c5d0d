package console

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/scheme"
)

func itoa(n int) string { return strconv.Itoa(n) }

// value is one secret text of the page that shows it.
type value struct {
	Label    string
	Text     string
	Variable string
	Hint     string // what it is for, where that has to be said
}

// shownBody is the one page that a credential stands on. It is never stored, and its
// text goes nowhere but into this answer.
type shownBody struct {
	Values  []value
	Again   bool   // it can be shown again
	Curl    string // a call that works, with the variables
	Both    bool   // two credentials that are both needed
	Old     *row   // the key that this one replaces
	KeepKey bool   // only the secret is new
	Back    string // where "I have stored it" leads
	BackTo  string
	Token   bool       // the second value is a management token
	Manage  []managing // what can be done to the key with it
}

// Exports are the lines that put the values into the environment.
func (b shownBody) Exports() string {
	var out strings.Builder
	for i, one := range b.Values {
		if i > 0 {
			out.WriteByte('\n')
		}
		out.WriteString("export " + one.Variable + `="` + one.Text + `"`)
	}
	return out.String()
}

// All are the values alone, one a line, for the button that copies them all.
func (b shownBody) All() string {
	var all []string
	for _, one := range b.Values {
		all = append(all, one.Text)
	}
	return strings.Join(all, "\n")
}

// handOver answers a POST that made a credential: with the page that shows it, or,
// where the form was sent before, with one that says so.
func (v *visit) handOver(k *api.Key, title string) error {
	r := v.row(k.KeyBody)
	if k.Credential == nil {
		return v.show(http.StatusOK, "replayed", page{Title: "This was done already", Section: v.keysWord(), Narrow: true, Body: keyBody{Key: r}})
	}
	b := shownBody{Values: v.values(r.Of, *k.Credential), Back: v.link(keysPath + "/" + r.ID + "?done=stored"), KeepKey: r.Policy.Rotation.KeepsKey}
	if r.Of != nil {
		b.Again, b.Curl = r.Of.Recoverable(), v.curl(r.Of, b.Values)
	}
	if r.Of != nil && r.Of.Pair() && title == "Your new key" {
		title = "Your new key and secret"
	}
	if k.PredecessorKey != nil {
		old := v.row(*k.PredecessorKey)
		b.Old = &old
	}
	status := http.StatusCreated
	if title == "Your key and secret" {
		status = http.StatusOK
	}
	return v.show(status, "shown", page{Title: title, Section: v.keysWord(), Body: b})
}

// variable is the environment variable of the site's key.
func (v *visit) variable() string {
	if v.Variable != "" {
		return v.Variable
	}
	return "API_KEY"
}

func (v *visit) values(of *scheme.Scheme, c api.Credential) []value {
	name := v.variable()
	if c.Secret == "" {
		return []value{{Label: "API key", Text: c.Key, Variable: name}}
	}
	secret := strings.TrimSuffix(name, "_KEY") + "_SECRET"
	labels := [2]string{"Key", "Secret"}
	if of != nil {
		if h := of.CredentialHeaders(); len(h) > 1 {
			labels = [2]string{"Key (" + strings.ToLower(h[0]) + ")", "Secret (" + strings.ToLower(h[1]) + ")"}
		}
	}
	return []value{{Label: labels[0], Text: c.Key, Variable: name}, {Label: labels[1], Text: c.Secret, Variable: secret}}
}

// curl is a first call with the credential, which it takes from the environment.
func (v *visit) curl(of *scheme.Scheme, values []value) string {
	if v.Base == "" {
		return ""
	}
	if v.First != "" && len(v.Schemes) > 0 && of == v.Schemes[0] {
		return v.First
	}
	headers := of.CredentialHeaders()
	if len(headers) < len(values) {
		return ""
	}
	lines := []string{"curl"}
	if v.CA != "" {
		lines[0] += " --cacert " + quoted(v.CA)
	}
	for i, one := range values {
		word := ""
		header := headers[i]
		if len(values) > 1 {
			header = strings.ToLower(header) // as the pair's page names them
		}
		if strings.EqualFold(header, "Authorization") {
			word = "Bearer "
		}
		lines = append(lines, `  -H "`+header+": "+word+"$"+one.Variable+`"`)
	}
	try := v.Try
	if try == "" {
		try = "/"
	}
	return strings.Join(append(lines, "  "+quoted(strings.TrimSuffix(v.Base, "/")+try)), " \\\n")
}

// quoted makes a text safe for a shell, where it has to be.
func quoted(text string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("/:._-", c)
	}
	if strings.ContainsFunc(text, func(c rune) bool { return !plain(c) }) {
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	return text
}
