package domaintrust

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/keywright/keywright/examples/exampleapi"
)

const submissions exampleapi.RecordKind = "submission"

const (
	maxDomains = 1000 // in one request
	maxText    = 64
	maxPage    = 1000
	// after sorts behind the separator of a record's id, and before whatever
	// else may follow a domain's name in another domain's.
	separator = " "
	after     = "!"
	last      = "\x7f"
)

// submission is what one organization says of one domain; saying it again
// replaces what it said before.
type submission struct {
	Domain         string `json:"domain"`
	Activity       string `json:"activity"`
	Classification string `json:"classification"`
	Source         string `json:"source"`
	Submitter      string `json:"submitter"` // never shown
	First          string `json:"first"`
	Last           string `json:"last"`
}

// rejection is why one domain of a request was not taken.
type rejection struct {
	Index   int    `json:"index"`
	Domain  string `json:"domain"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

// submit takes what it can: one bad domain does not stop the others.
func submit(c *exampleapi.Call) (exampleapi.Reply, error) {
	var body struct {
		Domains []json.RawMessage `json:"domains"`
	}
	if err := c.Read(&body); err != nil {
		return exampleapi.Reply{}, err
	}
	if n := len(body.Domains); n == 0 || n > maxDomains {
		return exampleapi.Reply{}, exampleapi.Wrong("domains", "must list 1 to "+strconv.Itoa(maxDomains)+" domains")
	}
	errs := []rejection{}
	err := c.Records(func(tx exampleapi.Tx) error {
		for i, raw := range body.Domains {
			s, bad := read(raw)
			if bad != nil {
				bad.Index = i
				errs = append(errs, *bad)
				continue
			}
			err := record(c, tx, s)
			var full exampleapi.Fault
			if errors.As(err, &full) {
				errs, err = append(errs, rejection{Index: i, Domain: s.Domain, Field: "domain", Message: full.Text}), nil
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return exampleapi.Reply{Status: http.StatusOK, Body: struct {
		Errors []rejection `json:"errors"`
	}{errs}}, err
}

// read checks one element of a request.
func read(raw json.RawMessage) (submission, *rejection) {
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return submission{}, &rejection{Field: "domains", Message: "each must be an object with a domain"}
	}
	name, isText := fields["domain"].(string)
	refuse := func(field, message string) (submission, *rejection) {
		return submission{}, &rejection{Domain: exampleapi.Shorten(name, maxText), Field: field, Message: message}
	}
	if fields["domain"] != nil && !isText {
		return refuse("domain", "must be a text")
	}
	domain, err := canonical(name)
	if err != nil {
		return refuse("domain", err.Error())
	}
	for _, field := range []string{"activity", "classification", "source"} {
		text, isText := fields[field].(string)
		if fields[field] != nil && (!isText || utf8.RuneCountInString(text) > maxText) {
			return refuse(field, "must be a text of at most "+strconv.Itoa(maxText)+" characters")
		}
	}
	text := func(field string) string { s, _ := fields[field].(string); return s }
	return submission{Domain: domain, Activity: text("activity"), Classification: text("classification"), Source: text("source")}, nil
}

// record keeps what the caller says of a domain.
func record(c *exampleapi.Call, tx exampleapi.Tx, s submission) error {
	where, id := scope(c), s.Domain+separator+c.Identity.Subject
	s.Submitter, s.First, s.Last = c.Identity.Subject, c.Stamp(), c.Stamp()
	var before submission
	found, err := tx.Get(where, submissions, id, &before)
	if err != nil {
		return err
	}
	if found {
		s.First = before.First
		_, err = tx.Set(where, submissions, id, s)
		return err
	}
	_, err = tx.Add(where, submissions, id, s)
	return err
}

// list answers one page of reputations, by name.
func list(c *exampleapi.Call) (exampleapi.Reply, error) {
	limit, err := c.Int("limit", 100, 1, maxPage)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	token, err := c.Query("pageToken")
	if err != nil {
		return exampleapi.Reply{}, err
	}
	low, err := open(token)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	var body struct {
		Domains       []reputation `json:"domains"`
		NextPageToken string       `json:"nextPageToken"`
	}
	err = c.Records(func(tx exampleapi.Tx) (err error) {
		body.Domains, err = reputations(tx, scope(c), low, limit+1)
		return err
	})
	if len(body.Domains) > limit {
		body.Domains = body.Domains[:limit]
		body.NextPageToken = base64.RawURLEncoding.EncodeToString([]byte(body.Domains[limit-1].Domain))
	}
	return exampleapi.Reply{Body: body}, err
}

// open returns where a page begins: behind every record of the token's domain.
func open(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	name, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err == nil {
		var same string
		if same, err = canonical(string(name)); err == nil && same == string(name) {
			return same + after, nil
		}
	}
	return "", exampleapi.Wrong("pageToken", "must be the nextPageToken of the page before")
}

func show(c *exampleapi.Call) (exampleapi.Reply, error) {
	name, err := canonical(c.PathValue("domain"))
	if err != nil {
		return exampleapi.Reply{}, exampleapi.NoSuch("domain")
	}
	var found []reputation
	err = c.Records(func(tx exampleapi.Tx) error {
		all, err := exampleapi.Range[submission](tx, scope(c), submissions, name+separator, name+after, maxSubmitters)
		found = aggregate(all)
		return err
	})
	if err == nil && len(found) == 0 {
		err = exampleapi.NoSuch("domain")
	}
	if err != nil {
		return exampleapi.Reply{}, err
	}
	return exampleapi.Reply{Body: found[0]}, nil
}
