package console_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// events counts what was ever done.
func (p *place) events(t *testing.T) int {
	t.Helper()
	n := 0
	err := p.Store.View(t.Context(), func(r keywright.Reader) error {
		all, err := r.Events(t.Context(), keywright.EventQuery{Limit: 1000})
		n = len(all)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The operators' forms, each sent by an operator who only looks.
func TestAViewerOfTheOperatorsChangesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	// What reads, though it is sent as a form.
	reads := []string{api.OpExplain, api.OpTryScheme, api.OpLintScheme, api.OpCheckProvider}
	b := o.browser().signIn(viewer)
	before, refused := o.events(t), 0
	for _, act := range o.acts {
		if act.Operation == "" || ownAct(act.Pattern) || slices.Contains(reads, act.Operation) {
			continue
		}
		path := addresses(o.filled(act.Pattern), o.key.String())[0]
		a := b.send(http.MethodPost, path, map[string][]string{
			"confirm": {"Crawler"}, "name": {"Taken over"}, "ref": {"taken001"}, "tenant": {string(o.tenant)}, "scheme": {"domain-trust"}, "environment": {"production"},
			"role": {"admin"}, "email": {"eve@example.com"}, "reason": {"unused"}, "until": {"1h"}, "once": {"once-" + act.Operation},
			"person": {"per_01JZ8Q6V7N3F5T9X2B4C6D8E0G"}, "id": {"inv_01JZ8Q6V7N3F5T9X2B4C6D8E0G"}, "expires_date": {"2031-01-01"}, "expires_time": {"12:30"},
		})
		// What there is not, or is not that way, may be said first: a viewer sees it anyway.
		if a.Status < 400 || a.Status >= 500 {
			t.Errorf("POST %s answered a viewer %d", path, a.Status)
		}
		if o.events(t) != before {
			t.Fatalf("POST %s did something for a viewer", path)
		}
		if a.Status == http.StatusForbidden {
			refused++
		}
	}
	if refused < 12 {
		t.Fatalf("only %d acts were refused: the table is broken", refused)
	}
}

// Nor does a customer, who has no business here.
func TestACustomerIsNoOperator(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.enrol(o.tenant, "customer@example.com", "admin")
	b := o.browser().signIn("customer@example.com")
	before := o.events(t)
	for _, act := range o.acts {
		if act.Operation == "" || ownAct(act.Pattern) {
			continue
		}
		path := addresses(o.filled(act.Pattern), o.key.String())[0]
		if a := b.send(http.MethodPost, path, map[string][]string{"confirm": {"Crawler"}}); a.Status != http.StatusForbidden || o.events(t) != before {
			t.Errorf("POST %s answered a customer %d", path, a.Status)
		}
	}
	for _, path := range o.pages() {
		if a := b.get(path); a.Status == http.StatusOK && (containsAny(a.Body, o.key.String(), "Acme acme0001", "Crawler")) {
			t.Errorf("%s shows a customer what is the operators'", path)
		}
	}
}

func containsAny(text string, some ...string) bool {
	return slices.ContainsFunc(some, func(one string) bool { return strings.Contains(text, one) })
}

// A form that holds nothing is an answer to read, never a fault of ours.
func TestNoEmptyFormOfTheOperatorsFails(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, act := range o.acts {
		if act.Operation == "" || ownAct(act.Pattern) {
			continue
		}
		path := addresses(o.filled(act.Pattern), o.key.String())[0]
		if a := o.admin.send(http.MethodPost, path, map[string][]string{}); a.Status >= http.StatusInternalServerError {
			t.Errorf("POST %s with nothing in it answered %d", path, a.Status)
		}
	}
}
