package console

import (
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
)

// row is one key as a list or its own page shows it.
type row struct {
	api.KeyBody
	Kind   string // the scheme's title
	Of     *scheme.Scheme
	Policy keywright.Policy
	May    bool // write it
	now    time.Time
}

// Called is what people know the key by.
func (r row) Called() string {
	switch {
	case r.Name != "":
		return r.Name
	case r.Of != nil && r.Of.Pair():
		return "Key and secret"
	default:
		return "API key"
	}
}

// StateWords says a state as people would.
func (r row) StateWords() string {
	switch keywright.State(r.State) {
	case keywright.Active:
		return "Active"
	case keywright.PendingRotation:
		return "Being replaced"
	case keywright.StatePaused:
		return "Paused"
	case keywright.StateRetired:
		return "Replaced"
	case keywright.StateExpired:
		return "Expired"
	case keywright.StateRevoked:
		return "Revoked"
	}
	return r.State
}

// Works reports whether the key opens anything now.
func (r row) Works() bool {
	return r.State == string(keywright.Active) || r.State == string(keywright.PendingRotation)
}

// Over reports whether the key can never work again.
func (r row) Over() bool { return keywright.State(r.State).Final() }

// Paused reports whether it is; Pauses, Rotates and so on say what can be done with it.
func (r row) Paused() bool { return r.State == string(keywright.StatePaused) }

// Pauses reports whether it can be paused.
func (r row) Pauses() bool { return r.Works() }

// Rotates reports whether it can be replaced by another.
func (r row) Rotates() bool {
	return r.Policy.Rotation.Allowed && r.State == string(keywright.Active)
}

// Reveals reports whether its secret can be shown again.
func (r row) Reveals() bool { return r.Of != nil && r.Of.Recoverable() && !r.Over() }

// Amends reports whether its name or expiry can be changed.
func (r row) Amends() bool {
	if r.Over() || (r.State == string(keywright.StateExpired) && !r.Policy.Expiry.Revivable) {
		return false
	}
	return r.Names() || r.Expires()
}

// Names reports whether such keys have names.
func (r row) Names() bool { return r.Policy.Name.Presence != keywright.Absent }

// MustName reports whether they have to have one.
func (r row) MustName() bool { return r.Policy.Name.Presence == keywright.Required }

// Expires reports whether such keys may expire.
func (r row) Expires() bool { return r.Policy.Expiry.Presence != keywright.Absent }

// Soon reports whether it expires within two weeks.
func (r row) Soon() bool {
	return r.ExpiresAt != nil && r.Works() && r.ExpiresAt.Sub(r.now) < 14*24*time.Hour
}

func (v *visit) row(k api.KeyBody) row {
	of := v.scheme(k.Scheme)
	r := row{KeyBody: k, Of: of, now: v.now(), Kind: k.Scheme}
	if of != nil {
		r.Kind, r.Policy = of.Title(), of.Policy()
	}
	r.May = v.mayWrite(r.Policy, k.Environment)
	return r
}

func (v *visit) scheme(name string) *scheme.Scheme {
	at := slices.IndexFunc(v.Schemes, func(s *scheme.Scheme) bool { return s.Name() == name })
	if at < 0 {
		return nil
	}
	return v.Schemes[at]
}

// mayWrite mirrors self-service's rule, so that nobody is offered what they will be
// refused. That rule is what holds.
func (v *visit) mayWrite(p keywright.Policy, environment string) bool {
	for _, e := range p.Environments {
		if e.Name == environment && e.Granted {
			return v.who.May(people.GrantedKeys)
		}
	}
	return v.who.May(people.WriteKeys)
}

// Word is what has to be typed before the key is ended: its name, or, where it has
// none, the last characters that may be shown of it.
func (r row) Word() string {
	if r.Name != "" {
		return r.Name
	}
	return strings.TrimLeft(r.Hint, "….*")
}

// Ask says what that word is.
func (r row) Ask() string {
	if r.Name != "" {
		return "type the name"
	}
	return "type the key's last characters"
}

// Place is the environment as people write it.
func (r row) Place() string { return capital(r.Environment) }

// Pending reports whether it still works beside the key that replaces it.
func (r row) Pending() bool { return r.State == string(keywright.PendingRotation) }
