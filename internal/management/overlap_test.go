package management_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/internal/management/managementtest"
	"github.com/keywright/keywright/people"
)

func TestOverlapIsMovedAndEnded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tenant(t, `{"ref":"acme0001","services":["tokenization"]}`)
	id, key, _ := h.issue(t, `{"tenant":"acme0001","scheme":"trusset-instance","name":"CI"}`)
	lives := func() bool { return h.verify(t, "trusset-instance", "X-API-Key", key).at(t, "granted") == true }
	h.want(t, 409, "POST", "/v1/keys/"+id+"/overlap", `{}`)
	h.want(t, 201, "POST", "/v1/keys/"+id+"/rotate", "")
	t.Run("TRS-13 the overlap is extended, to at most thirty days", func(t *testing.T) {
		if a := h.want(t, 200, "POST", "/v1/keys/"+id+"/overlap", `{"ends_at":"2030-02-01T03:04:05Z"}`); a.str(t, "retires_at") != "2030-02-01T03:04:05Z" || a.str(t, "state") != "PENDING_ROTATION" {
			t.Error(string(a.body))
		}
		for _, wrong := range []string{`"2030-02-01T03:04:06Z"`, `"2030-01-01T00:00:00Z"`, `"0001-01-01T00:00:00Z"`, `"tomorrow"`} {
			if a := h.want(t, 422, "POST", "/v1/keys/"+id+"/overlap", `{"ends_at":`+wrong+`}`); !strings.Contains(string(a.body), "ends_at") {
				t.Errorf("%s: the answer does not name the field: %s", wrong, a.body)
			}
		}
		h.clock.Advance(29 * 24 * time.Hour)
		if !lives() {
			t.Error("the key does not live as long as it was given")
		}
	})
	t.Run("TRS-16 finished early, it stops at once", func(t *testing.T) {
		if a := h.want(t, 200, "POST", "/v1/keys/"+id+"/overlap", ""); a.str(t, "state") != "RETIRED" || lives() {
			t.Errorf("it goes on: %s", a.body)
		}
		h.want(t, 409, "POST", "/v1/keys/"+id+"/overlap", `{"ends_at":"2030-02-01T03:04:05Z"}`)
	})
	events := h.want(t, 200, "GET", "/v1/events?key="+id, "")
	if text := string(events.body); !strings.Contains(text, `"retires_at_before":"2030-01-09T03:04:05Z"`) || !strings.Contains(text, `"act":"key.finished"`) {
		t.Errorf("the trail does not say both: %s", text)
	}
}

// A key of another tenant's has no overlap to be moved.
func TestOverlapOfOnesOwnKeysOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t, on("trusset-instance"))
	one, other := s.Tenant("acme0001", nil), s.Tenant("acme0002", nil)
	mine := managementtest.Cookie(s.SignIn(one.ID, "ada@example.com", people.Admin))
	theirs := managementtest.Cookie(s.SignIn(other.ID, "eve@example.com", people.Admin))
	id := s.want(t, 201, "POST", "/v1/me/keys", `{"name":"CI"}`, mine...).str(t, "id")
	s.want(t, 201, "POST", "/v1/me/keys/"+id+"/rotate", "", mine...)
	s.want(t, 404, "POST", "/v1/me/keys/"+id+"/overlap", "", theirs...)
	if a := s.want(t, 200, "POST", "/v1/me/keys/"+id+"/overlap", `{"ends_at":"2030-01-12T00:00:00Z"}`, mine...); a.str(t, "retires_at") != "2030-01-12T00:00:00Z" {
		t.Error(string(a.body))
	}
	if a := s.want(t, 200, "POST", "/v1/me/keys/"+id+"/overlap", `{"ends_at":null}`, mine...); a.str(t, "state") != "RETIRED" {
		t.Error(string(a.body))
	}
}
