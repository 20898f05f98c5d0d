package consoletest_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/webtest"
)

// hand is what a script does beside its pages, as the rest of the world would: calling
// an API with a key, deciding as an operator, letting time pass. It answers on
// loopback, to Node.js and not to the pages.
func (w *world) hand() string {
	w.t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /call", func(rw http.ResponseWriter, r *http.Request) {
		var ask struct {
			Method, URL, Body string
			Header            map[string]string
		}
		if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		if ask.Method == "" {
			ask.Method = http.MethodGet
		}
		var header []string
		for name, value := range ask.Header {
			header = append(header, name, value)
		}
		status, body := w.call(ask.Method, ask.URL, ask.Body, header...)
		reply(rw, map[string]any{"status": status, "body": body}, nil)
	})
	mux.HandleFunc("POST /travel", func(rw http.ResponseWriter, r *http.Request) {
		status, body := w.call(http.MethodPost, w.own+"/demo/clock", `{"advance":"`+r.FormValue("by")+`"}`, "Authorization", "Bearer "+w.has.Management.Key, "Content-Type", "application/json")
		if status != http.StatusOK {
			reply(rw, nil, errors.New(body))
			return
		}
		reply(rw, map[string]any{}, nil)
	})
	mux.HandleFunc("POST /access", func(rw http.ResponseWriter, r *http.Request) {
		reply(rw, map[string]any{}, w.decide(r.FormValue("decline")))
	})
	s := httptest.NewServer(mux)
	w.t.Cleanup(s.Close)
	return s.URL
}

func reply(rw http.ResponseWriter, body any, err error) {
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(body) // whoever went away does not read it
}

// decide answers every open request for access, as an operator: with yes, or with the
// reason of a no.
func (w *world) decide(decline string) error {
	ops, err := client.New(w.has.Management.Base, keywright.NewCredential("", w.has.Management.Key), client.Options{})
	if err != nil {
		return err
	}
	open, err := ops.AccessRequests(w.t.Context(), "open")
	if err == nil && len(open) == 0 {
		err = errors.New("there is no open request")
	}
	for _, one := range open {
		if err == nil && decline != "" {
			_, err = ops.DeclineAccess(w.t.Context(), one.ID, decline)
		} else if err == nil {
			_, err = ops.GrantAccess(w.t.Context(), one.ID)
		}
	}
	return err
}

// steps runs a script that reports each of its steps by a requirement's number, and
// makes a subtest of each. What a script says beside that fails the test.
func (w *world) steps(t *testing.T, script string, args map[string]any, names []string, settings ...webtest.Setting) {
	t.Helper()
	var done map[string]string
	if err := json.Unmarshal(webtest.Run(t, script, args, settings...), &done); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			number, _, _ := strings.Cut(name, " ")
			said, reached := done[number]
			switch {
			case !reached:
				t.Errorf("the script has no step %s, or did not come to it", number)
			case said != "":
				t.Error(said)
			}
			delete(done, number)
		})
	}
	for number := range done {
		t.Errorf("the script has a step %s that no subtest stands for", number)
	}
}
