package acme

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/examples/exampleapi"
	"github.com/keywright/keywright/examples/exampletest"
	"github.com/keywright/keywright/seal"
)

var (
	live = exampletest.Someone("road-runner", "live")
	play = exampletest.Someone("road-runner", "test")
	wile = exampletest.Someone("coyote", "live")
)

func example(t *testing.T) *exampletest.Client {
	t.Helper()
	at := time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC)
	h, err := New(Options{Identify: exampletest.Identify, Clock: func() time.Time { at = at.Add(time.Hour); return at }})
	if err != nil {
		t.Fatal(err)
	}
	return exampletest.New(t, h, OpenAPI(), Table())
}

func send(c *exampletest.Client, id *seal.Identity, text string) string {
	return "/v1/messages/" + c.Want(201, id, "POST", "/v1/messages", map[string]any{"text": text})["id"].(string)
}

func texts(c *exampletest.Client, id *seal.Identity) []string {
	var all []string
	for cursor := ""; ; {
		page := c.Want(200, id, "GET", "/v1/messages?limit=2&cursor="+cursor, nil)
		for _, m := range page["items"].([]any) {
			all = append(all, m.(map[string]any)["text"].(string))
		}
		if cursor = page["next_cursor"].(string); cursor == "" {
			return all
		}
	}
}

func TestTheTableUsesEveryFeature(t *testing.T) {
	t.Parallel()
	var open, service, permission, environment bool
	for _, r := range Table() {
		open = open || r.Open
		service = service || r.Service == "reports"
		permission = permission || slices.Equal(r.Permissions, []string{"messages:write"})
		environment = environment || slices.Equal(r.Environments, []string{"test"})
		if r.Open && (r.Service != "" || len(r.Permissions) > 0) {
			t.Errorf("%s %s is open, and needs something", r.Method, r.Path)
		}
	}
	if !open || !service || !permission || !environment {
		t.Errorf("open %v, service %v, permission %v, environment %v", open, service, permission, environment)
	}
}

func TestMessagesAreKeptApartByTenantAndEnvironment(t *testing.T) {
	t.Parallel()
	c := example(t)
	one := send(c, &live, "one")
	for _, text := range []string{"two", "three", "four", "five"} {
		send(c, &live, text)
	}
	send(c, &play, "rehearsal")
	if got := texts(c, &live); !slices.Equal(got, []string{"one", "two", "three", "four", "five"}) {
		t.Errorf("live has %v", got)
	}
	if got := texts(c, &play); !slices.Equal(got, []string{"rehearsal"}) {
		t.Errorf("test has %v", got)
	}
	if got := texts(c, &wile); len(got) != 0 {
		t.Errorf("another tenant has %v", got)
	}
	const unknown = "/v1/messages/msg_01JQ6M3Z5N7P9R1T3V5X7Z9B2F"
	for _, method := range []string{"GET", "DELETE"} {
		c.Alike(&wile, method, one, unknown, nil)
		c.Alike(&play, method, one, unknown, nil)
	}
	c.Want(204, &live, "DELETE", one, nil)
	c.Want(404, &live, "GET", one, nil)
}

func TestOnlyTestCanBeCleared(t *testing.T) {
	t.Parallel()
	c := example(t)
	send(c, &live, "keep")
	send(c, &play, "throw away")
	c.Want(204, &play, "DELETE", "/v1/messages", nil)
	if got := texts(c, &play); len(got) != 0 {
		t.Errorf("test has %v", got)
	}
	c.Want(401, &live, "DELETE", "/v1/messages", nil) // the gateway refuses it before, with 403
	if got := texts(c, &live); len(got) != 1 {
		t.Errorf("live has %v", got)
	}
}

func TestReportsCountByDay(t *testing.T) {
	t.Parallel()
	c := example(t) // each request is an hour after the one before, from 23:00
	for range 3 {
		send(c, &live, "x")
	}
	days := c.Want(200, &live, "GET", "/v1/reports/daily", nil)["days"].([]any)
	if got := fmt.Sprint(days); got != "[map[date:2026-03-31 messages:1] map[date:2026-04-01 messages:2]]" {
		t.Errorf("got %s", got)
	}
}

func TestMeSaysWhatTheGatewayTells(t *testing.T) {
	t.Parallel()
	c := example(t)
	who := live
	who.Permissions = []string{"messages:*"}
	got := c.Want(200, &who, "GET", "/v1/me", nil)
	if got["environment"] != "live" || got["key_id"] != "key_road-runner" || fmt.Sprint(got["permissions"]) != "[messages:*]" {
		t.Errorf("got %v", got)
	}
	c.Want(200, &wile, "GET", "/v1/me", nil) // no permissions are [], not null
}

func TestAMessageHasAnETag(t *testing.T) {
	t.Parallel()
	c := example(t)
	one := send(c, &live, "one")
	tag := c.Do(&live, "GET", one, nil).Header.Get("ETag")
	c.Want(304, &live, "GET", one, nil, "If-None-Match", tag)
}

func TestBadRequestsAreProblems(t *testing.T) {
	t.Parallel()
	c := example(t)
	long := strings.Repeat("é", 2001)
	for name, tt := range map[string]struct {
		method, target string
		body           any
		status         int
		field          string
	}{
		"no text":       {"POST", "/v1/messages", map[string]any{}, 422, "text"},
		"long text":     {"POST", "/v1/messages", map[string]any{"text": long}, 422, "text"},
		"unknown field": {"POST", "/v1/messages", map[string]any{"text": "x", "to": "y"}, 422, "to"},
		"limit":         {"GET", "/v1/messages?limit=101", nil, 422, "limit"},
		"cursor":        {"GET", "/v1/messages?cursor=x", nil, 422, "cursor"},
		"rows":          {"GET", "/v1/export?rows=1000001", nil, 422, "rows"},
		"pause":         {"GET", "/v1/export?pause_ms=1001", nil, 422, "pause_ms"},
		"query":         {"GET", "/v1/messages?limit=%zz", nil, 400, ""},
		"method":        {"PUT", "/v1/messages", nil, 405, ""},
		"HEAD":          {"HEAD", "/v1/events", nil, 405, ""},
		"path":          {"GET", "/v1/nothing", nil, 404, ""},
		"dots":          {"GET", "/v1/../v1/me", nil, 404, ""},
		"no upgrade":    {"GET", "/v1/socket", nil, 426, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.Do(&live, tt.method, tt.target, tt.body)
			body := c.JSON(got)
			if got.Status != tt.status || body["status"] != float64(tt.status) || got.Header.Get("Content-Type") != "application/problem+json" {
				t.Fatalf("%d %s", got.Status, got.Body)
			}
			if errs := body["errors"].([]any); (len(errs) == 0) != (tt.field == "") || (tt.field != "" && errs[0].(map[string]any)["field"] != tt.field) {
				t.Errorf("got %s, want the field %q", got.Body, tt.field)
			}
		})
	}
	c.Garbage(&live, "POST", "/v1/messages", maxBody)
	c.Want(415, &live, "POST", "/v1/messages", map[string]any{"text": "x"}, "Content-Type", "text/plain")
	c.Want(406, &live, "GET", "/v1/messages", nil, "Accept", "text/html")
}

func TestWithoutAnIdentityItIs401(t *testing.T) {
	t.Parallel()
	example(t).Unidentified(Table(), `{"type":"about:blank","title":"Unauthorized","status":401,"detail":"This API is called through its gateway, which says who is asking.","errors":[]}`)
}

func TestEveryPrintedRequestRuns(t *testing.T) {
	t.Parallel()
	c := example(t)
	id := strings.TrimPrefix(send(c, &play, "one"), "/v1/messages/")
	// The streams have tests of their own; clearing comes last, or there is nothing to read.
	c.Printed(&play, map[string]string{"msg_01JQ6M3Z5N7P9R1T3V5X7Z9B2F": id}, "events", "socket", "clearMessages")
	c.Want(http.StatusNoContent, &play, "DELETE", "/v1/messages", nil)
}

func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	h, err := New(Options{Identify: exampletest.Identify})
	if err != nil {
		t.Fatal(err)
	}
	c := exampletest.New(t, h, OpenAPI(), Table())
	err = h.(*exampleapi.Service).Records(t.Context(), func(tx exampleapi.Tx) (err error) {
		for i := 0; i < exampleapi.DefaultBound && err == nil; i++ {
			_, err = tx.Add(exampleapi.Scope{Tenant: live.Subject, Environment: live.Environment}, messages, strconv.Itoa(i), message{})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Want(409, &live, "POST", "/v1/messages", map[string]any{"text": "one more"})
	send(c, &play, "another environment has its own bound")
	send(c, &wile, "and so has another tenant")
}

func FuzzMessages(f *testing.F) {
	h, err := New(Options{Identify: exampletest.Identify})
	if err != nil {
		f.Fatal(err)
	}
	exampletest.Bodies(f, h, live, "POST", "/v1/messages", `{"text":"hello"}`)
}
