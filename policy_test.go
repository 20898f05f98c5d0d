package keywright_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/schemes"
)

// policies are those of the schemes that ship: what is tested here is what is
// promised there.
func policies(t *testing.T) func(name string) keywright.Policy {
	t.Helper()
	shipped, err := schemes.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return func(name string) keywright.Policy {
		s, ok := shipped[name]
		if !ok {
			t.Fatalf("no scheme %s ships", name)
		}
		return s.Policy()
	}
}

func ptr[T any](v T) *T { return &v }

func tenant() *keywright.Tenant {
	return &keywright.Tenant{ID: "ten_a", Ref: "a1b2c3d4", Plan: "growth", Environments: []string{"production"}}
}

func refused(t *testing.T, err error, kind keywright.Kind, field string) {
	t.Helper()
	var e *keywright.Error
	if !errors.Is(err, kind) || !errors.As(err, &e) || e.Field != field || e.Detail == "" {
		t.Errorf("the error is %v; it should be %s of field %q, with the way out", err, kind, field)
	}
}

// accepted reports whether a key in this state lets requests pass.
func accepted(s keywright.State) bool {
	return s == keywright.Active || s == keywright.PendingRotation
}

func TestStateAtExactInstants(t *testing.T) {
	t.Parallel()
	at := func(h int) time.Time { return start.Add(time.Duration(h) * time.Hour) }
	for _, c := range []struct {
		name  string
		key   keywright.Key
		when  time.Time
		state keywright.State
	}{
		{"nothing set", keywright.Key{}, at(0), keywright.Active},
		{"a moment before its expiry", keywright.Key{Expires: at(1)}, at(1).Add(-1), keywright.Active},
		{"at its expiry", keywright.Key{Expires: at(1)}, at(1), keywright.StateExpired},
		{"TRS-15 a moment before the overlap's end", keywright.Key{Retires: at(1)}, at(1).Add(-1), keywright.PendingRotation},
		{"TRS-15 at the overlap's end", keywright.Key{Retires: at(1)}, at(1), keywright.StateRetired},
		{"TSW-24 at its revocation", keywright.Key{RevokedAt: at(1)}, at(1), keywright.StateRevoked},
		{"a moment before its revocation", keywright.Key{RevokedAt: at(1)}, at(1).Add(-1), keywright.Active},
		{"at its pause", keywright.Key{PausedAt: at(1)}, at(1), keywright.StatePaused},
		{"a pause without an end", keywright.Key{PausedAt: at(1)}, at(1e6), keywright.StatePaused},
		{"a moment before the pause's end", keywright.Key{PausedAt: at(1), PausedUntil: at(2)}, at(2).Add(-1), keywright.StatePaused},
		{"at the pause's end", keywright.Key{PausedAt: at(1), PausedUntil: at(2)}, at(2), keywright.Active},
		{"a pause that ends within an overlap", keywright.Key{PausedAt: at(1), PausedUntil: at(2), Retires: at(3)}, at(2), keywright.PendingRotation},
		{"an overlap that ends within a pause", keywright.Key{PausedAt: at(1), Retires: at(2)}, at(2), keywright.StateRetired},
		{"an expiry within a pause", keywright.Key{PausedAt: at(1), Expires: at(2)}, at(2), keywright.StateExpired},
		{"retired before expired", keywright.Key{Retires: at(1), Expires: at(1)}, at(1), keywright.StateRetired},
		{"revoked before retired", keywright.Key{Retires: at(1), RevokedAt: at(1)}, at(1), keywright.StateRevoked},
		{"another zone", keywright.Key{Expires: at(1).In(time.FixedZone("x", -7200))}, at(1), keywright.StateExpired},
	} {
		if got := c.key.StateAt(c.when); got != c.state {
			t.Errorf("%s: %s, and should be %s", c.name, got, c.state)
		}
		counts := c.state == keywright.Active || (c.state == keywright.StatePaused && c.key.Retires.IsZero())
		if c.key.CountsAt(c.when) != counts {
			t.Errorf("%s: counts against the cap: %v", c.name, !counts)
		}
	}
}

func TestIssueExpiry(t *testing.T) {
	t.Parallel()
	of := policies(t)
	for _, c := range []struct {
		name, scheme string
		d            keywright.Draft
		field        string // "" is accepted
		expires      time.Time
	}{
		{"TSP-23 none asked", "truestamp", keywright.Draft{}, "", time.Time{}},
		{"TSP-23 a ttl of 0 is never", "truestamp", keywright.Draft{TTL: ptr(time.Duration(0))}, "", time.Time{}},
		{"TSP-23 60 s", "truestamp", keywright.Draft{TTL: ptr(time.Minute)}, "", start.Add(time.Minute)},
		{"TSP-23 59 s", "truestamp", keywright.Draft{TTL: ptr(59 * time.Second)}, "ttl", time.Time{}},
		{"TSP-23 a moment less than 60 s", "truestamp", keywright.Draft{TTL: ptr(time.Minute - 1)}, "ttl", time.Time{}},
		{"TSP-23 below a second", "truestamp", keywright.Draft{TTL: ptr(time.Nanosecond)}, "ttl", time.Time{}},
		{"TSP-23 negative", "truestamp", keywright.Draft{TTL: ptr(-time.Hour)}, "ttl", time.Time{}},
		{"TSP-21 long-lived", "truestamp", keywright.Draft{TTL: ptr(87600 * time.Hour)}, "", start.Add(87600 * time.Hour)},
		{"TSP-23 both", "truestamp", keywright.Draft{TTL: ptr(time.Hour), Expires: start.Add(time.Hour)}, "ttl", time.Time{}},
		{"below a second where a second is the least", "trusset-instance", keywright.Draft{TTL: ptr(time.Second - 1)}, "ttl", time.Time{}},
		{"a second", "trusset-instance", keywright.Draft{TTL: ptr(time.Second)}, "", start.Add(time.Second)},
		{"an instant that is now", "trusset-instance", keywright.Draft{Expires: start}, "expires_at", time.Time{}},
		{"an instant just after", "trusset-instance", keywright.Draft{Expires: start.Add(1)}, "", start.Add(1)},
		{"DMT-21 none asked", "domain-trust", keywright.Draft{}, "expires_at", time.Time{}},
		{"DMT-21 never", "domain-trust", keywright.Draft{TTL: ptr(time.Duration(0))}, "ttl", time.Time{}},
		{"DMT-21 in the past", "domain-trust", keywright.Draft{Expires: start.Add(-time.Hour)}, "expires_at", time.Time{}},
		{"DMT-21 a date and time", "domain-trust", keywright.Draft{Expires: start.Add(90 * time.Minute)}, "", start.Add(90 * time.Minute)},
		{"TSW an expiry where there is none", "trust-swiftly", keywright.Draft{Expires: start.Add(time.Hour)}, "expires_at", time.Time{}},
		{"TSW a ttl where there is none", "trust-swiftly", keywright.Draft{TTL: ptr(time.Hour)}, "ttl", time.Time{}},
		{"TFI a ttl where there is none", "trustifi", keywright.Draft{TTL: ptr(time.Duration(0))}, "ttl", time.Time{}},
	} {
		p := of(c.scheme)
		if c.scheme == "domain-trust" {
			c.d.Name, c.d.Environment = "n", "testing"
		}
		if c.scheme == "trust-swiftly" {
			c.d.Name = "n"
		}
		k, err := p.Issue(start, tenant(), 0, c.d)
		t.Run(c.name, func(t *testing.T) {
			if c.field != "" {
				refused(t, err, keywright.Invalid, c.field)
			} else if err != nil || !k.Expires.Equal(c.expires) {
				t.Errorf("it expires at %s, %v", k.Expires, err)
			}
		})
	}
}

func TestIssueFields(t *testing.T) {
	t.Parallel()
	of := policies(t)
	long := func(n int) string { return strings.Repeat("ä", n) }
	many := map[string]string{}
	for i := range 33 {
		many[fmt.Sprint(i)] = ""
	}
	for _, c := range []struct {
		name, scheme string
		d            keywright.Draft
		field        string
	}{
		{"TSW-04 a name is mandatory", "trust-swiftly", keywright.Draft{}, "name"},
		{"TSW-05 200 characters", "trust-swiftly", keywright.Draft{Name: long(200)}, ""},
		{"TSW-05 201 characters", "trust-swiftly", keywright.Draft{Name: long(201)}, "name"},
		{"DMT-19 a description is required", "domain-trust", keywright.Draft{Environment: "testing", Expires: start.Add(1)}, "name"},
		{"TSP 256 characters", "truestamp", keywright.Draft{Name: long(256)}, ""},
		{"TSP 257 characters", "truestamp", keywright.Draft{Name: long(257)}, "name"},
		{"TFI no name", "trustifi", keywright.Draft{Name: "n"}, "name"},
		{"a control character", "trust-swiftly", keywright.Draft{Name: "a\x1fb"}, "name"},
		{"a line break", "trust-swiftly", keywright.Draft{Name: "a\nb"}, "name"},
		{"DEL", "trust-swiftly", keywright.Draft{Name: "a\x7f"}, "name"},
		{"broken UTF-8", "trust-swiftly", keywright.Draft{Name: "a\xff"}, "name"},
		{"DMT-20 no environment", "domain-trust", keywright.Draft{Name: "n", Expires: start.Add(1)}, "environment"},
		{"DMT-20 another environment", "domain-trust", keywright.Draft{Name: "n", Environment: "staging", Expires: start.Add(1)}, "environment"},
		{"an environment where there is none", "trust-swiftly", keywright.Draft{Name: "n", Environment: "testing"}, "environment"},
		{"DMT-25 full access", "domain-trust", keywright.Draft{Name: "n", Environment: "testing", Expires: start.Add(1), Permissions: []string{"a"}}, "permissions"},
		{"an empty permission", "keywright", keywright.Draft{Environment: "test", Permissions: []string{""}}, "permissions"},
		{"a permission too long", "keywright", keywright.Draft{Environment: "test", Permissions: []string{strings.Repeat("p", 129)}}, "permissions"},
		{"too many permissions", "keywright", keywright.Draft{Environment: "test", Permissions: make([]string, 65)}, "permissions"},
		{"too many addresses", "keywright", keywright.Draft{Environment: "test", Addresses: make([]netip.Prefix, 65)}, "addresses"},
		{"too much metadata", "trusset-instance", keywright.Draft{Metadata: many}, "metadata"},
		{"metadata without a name", "trusset-instance", keywright.Draft{Metadata: map[string]string{"": "x"}}, "metadata"},
		{"metadata of 512 bytes", "trusset-instance", keywright.Draft{Metadata: map[string]string{"a": strings.Repeat("x", 512)}}, ""},
		{"metadata of 513 bytes", "trusset-instance", keywright.Draft{Metadata: map[string]string{"a": strings.Repeat("x", 513)}}, "metadata"},
	} {
		_, err := of(c.scheme).Issue(start, tenant(), 0, c.d)
		t.Run(c.name, func(t *testing.T) {
			if c.field != "" {
				refused(t, err, keywright.Invalid, c.field)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestIssueAccess(t *testing.T) {
	t.Parallel()
	of := policies(t)
	full, err := of("domain-trust").Issue(start, tenant(), 1000, keywright.Draft{Name: "n", Environment: "production", Expires: start.Add(1)})
	t.Run("DMT-11 as many as needed", func(t *testing.T) {
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("DMT-25 TSW-21 full access", func(t *testing.T) {
		if !keywright.Permits(full.Permissions, []string{"anything:at:all"}) {
			t.Errorf("it holds %q", full.Permissions)
		}
	})
	scoped, err := of("keywright").Issue(start, tenant(), 0, keywright.Draft{Environment: "test"})
	if err != nil || keywright.Permits(scoped.Permissions, []string{"a"}) {
		t.Errorf("a scoped key without permissions holds %q, %v", scoped.Permissions, err)
	}
	none := tenant()
	none.Environments, none.Plan = nil, "free"
	_, err = of("domain-trust").Issue(start, none, 0, keywright.Draft{Name: "n", Environment: "production", Expires: start.Add(1)})
	t.Run("DMT-12 production is granted", func(t *testing.T) { refused(t, err, keywright.Forbidden, "environment") })
	if _, err := of("domain-trust").Issue(start, none, 0, keywright.Draft{Name: "n", Environment: "testing", Expires: start.Add(1)}); err != nil {
		t.Errorf("DMT-07: testing is for everybody: %v", err)
	}
	_, err = of("trust-swiftly").Issue(start, none, 0, keywright.Draft{Name: "n"})
	t.Run("TSW-11 paid plans only", func(t *testing.T) { refused(t, err, keywright.Forbidden, "plan") })
	archived := tenant()
	archived.Archived = true
	_, err = of("trusset-instance").Issue(start, archived, 0, keywright.Draft{})
	refused(t, err, keywright.Conflict, "")
}

func TestCaps(t *testing.T) {
	t.Parallel()
	of := policies(t)
	for _, c := range []struct {
		name, scheme string
		active       int
		ok           bool
	}{
		{"TRS-17 nine", "trusset-instance", 9, true}, {"TRS-17 ten", "trusset-instance", 10, false}, {"TRS-17 more than ten", "trusset-instance", 11, false},
		{"TFI-08 none", "trustifi", 0, true}, {"TFI-08 one", "trustifi", 1, false}, {"TRS-26 MiCA: one", "trusset-mica", 1, false}, {"TSP-20 many", "truestamp", 1 << 20, true},
	} {
		if _, err := of(c.scheme).Issue(start, tenant(), c.active, keywright.Draft{}); (err == nil) != c.ok || (err != nil && !errors.Is(err, keywright.Conflict)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestOrphaned: a key on its way out counts against the cap once nobody follows it.
func TestOrphaned(t *testing.T) {
	t.Parallel()
	pending := keywright.Key{Created: start, Retires: start.Add(time.Hour)}
	paused := pending
	paused.PausedAt = start
	alive := keywright.Key{Created: start}
	revoked, expired, retired := alive, alive, alive
	revoked.RevokedAt, expired.Expires, retired.Retires = start, start, start
	for _, c := range []struct {
		name      string
		key       keywright.Key
		successor *keywright.Key
		at        time.Time
		want      bool
	}{
		{"its successor lives", pending, &alive, start, false},
		{"its successor was deleted", pending, nil, start, true},
		{"its successor was revoked", pending, &revoked, start, true},
		{"its successor has expired", pending, &expired, start, true},
		{"its successor has retired", pending, &retired, start, true},
		{"paused, and its successor was revoked", paused, &revoked, start, true},
		{"its overlap has ended", pending, nil, start.Add(time.Hour), false},
		{"never rotated", alive, nil, start, false},
	} {
		if got := c.key.Orphaned(c.successor, c.at); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestRotate(t *testing.T) {
	t.Parallel()
	of := policies(t)
	day := 24 * time.Hour
	old := func(expires time.Duration) keywright.Key {
		k := keywright.Key{ID: keywright.KeyID{1}, Tenant: "ten_a", Scheme: "s", Name: "n", Permissions: []string{"*"}, Metadata: map[string]string{"a": "b"}, Created: start, Version: 3}
		if expires > 0 {
			k.Expires = start.Add(expires)
		}
		return k
	}
	for _, c := range []struct {
		name, scheme string
		expires      time.Duration
		overlap      *time.Duration
		retires      time.Duration
		field        string
	}{
		{"TRS-15 seven days", "trusset-instance", 0, nil, 7 * day, ""},
		{"TRS-13 configurable", "trusset-instance", 0, ptr(time.Hour), time.Hour, ""},
		{"TRS-13 at once", "trusset-instance", 0, ptr(time.Duration(0)), 0, ""},
		{"TRS-13 thirty days", "trusset-instance", 0, ptr(30 * day), 30 * day, ""},
		{"TRS-13 a moment more", "trusset-instance", 0, ptr(30*day + 1), 0, "overlap"},
		{"TRS-13 negative", "trusset-instance", 0, ptr(-time.Nanosecond), 0, "overlap"},
		{"never past its own expiry", "trusset-instance", day, nil, day, ""},
		{"up to its own expiry", "trusset-instance", 7 * day, nil, 7 * day, ""},
		{"TFI-20 no overlap", "trustifi", 0, nil, 0, ""},
		{"TFI-20 nor one that is asked for", "trustifi", 0, ptr(time.Second), 0, "overlap"},
		{"DMT-06 none by default", "domain-trust", day, nil, 0, ""},
		{"DMT-06 settable", "domain-trust", day, ptr(time.Hour), time.Hour, ""},
	} {
		was := old(c.expires)
		if c.scheme == "domain-trust" {
			was.Environment = "testing"
		}
		retiring, successor, finished, err := of(c.scheme).Rotate(start, tenant(), was, nil, c.overlap, false)
		if c.field != "" {
			t.Run(c.name, func(t *testing.T) { refused(t, err, keywright.Invalid, c.field) })
			continue
		}
		if err != nil || finished != nil || !retiring.Retires.Equal(start.Add(c.retires)) || retiring.Version != 4 || retiring.ID != was.ID {
			t.Errorf("%s: retires %s after, %v", c.name, retiring.Retires.Sub(start), err)
		}
		if got := retiring.StateAt(start); (c.retires == 0) != (got == keywright.StateRetired) || (c.retires > 0) != (got == keywright.PendingRotation) {
			t.Errorf("%s: the retiring key is %s", c.name, got)
		}
		if successor.Name != "n" || successor.Environment != was.Environment || !successor.Expires.Equal(was.Expires) || successor.Predecessor != was.ID || successor.Version != 1 || successor.StateAt(start) != keywright.Active {
			t.Errorf("%s: the successor is %+v", c.name, successor)
		}
		successor.Permissions[0], successor.Metadata["a"] = "changed", "changed"
		if was.Permissions[0] != "*" || was.Metadata["a"] != "b" {
			t.Errorf("%s: key and successor share what can be changed", c.name)
		}
	}
}

func TestRotateOnlyWhatIsActive(t *testing.T) {
	t.Parallel()
	p := policies(t)("trusset-instance")
	hour := start.Add(time.Hour)
	for state, k := range map[keywright.State]keywright.Key{
		keywright.PendingRotation: {Retires: hour}, keywright.StatePaused: {PausedAt: start}, keywright.StateRetired: {Retires: start},
		keywright.StateExpired: {Expires: start}, keywright.StateRevoked: {RevokedAt: start},
	} {
		_, _, _, err := p.Rotate(start, tenant(), k, nil, nil, true)
		if !errors.Is(err, keywright.Conflict) || !strings.Contains(err.Error(), string(state)) {
			t.Errorf("a key that is %s: %v", state, err)
		}
	}
	for name, scheme := range map[string]string{"TSP": "truestamp", "TSW-20": "trust-swiftly"} {
		_, _, _, err := policies(t)(scheme).Rotate(start, tenant(), keywright.Key{}, nil, nil, false)
		t.Run(name+" revoke and create", func(t *testing.T) { refused(t, err, keywright.Conflict, "") })
	}
	t.Run("TRS-17 no way round the cap", func(t *testing.T) {
		for name, c := range map[string]struct {
			before  keywright.Key
			pending bool
		}{
			"pending": {keywright.Key{Retires: hour, Version: 1}, true}, "pending and paused": {keywright.Key{Retires: hour, PausedAt: start, Version: 1}, true},
			"retired": {keywright.Key{Retires: start}, false}, "revoked": {keywright.Key{Retires: hour, RevokedAt: start}, false},
		} {
			_, _, _, err := p.Rotate(start, tenant(), keywright.Key{}, &c.before, nil, false)
			if (err != nil) != c.pending {
				t.Errorf("%s: %v", name, err)
			}
			_, _, finished, err := p.Rotate(start, tenant(), keywright.Key{}, &c.before, nil, true)
			if err != nil || (finished != nil) != c.pending {
				t.Errorf("%s, finished: %v", name, err)
			}
			if finished != nil && (finished.StateAt(start) != keywright.StateRetired || finished.Version != 2 || c.before.Version != 1) {
				t.Errorf("%s: the predecessor is %+v", name, finished)
			}
		}
	})
}
