package scheme

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// dialect is a way of telling a client its limits.
type dialect uint8

const (
	noHeaders       dialect = iota
	xRateLimit              // X-RateLimit-Limit, -Remaining, -Reset: the tightest window
	xRateLimitNamed         // X-RateLimit-Limit-Minute, -Remaining-Minute and so on: every window
	rateLimit               // the same as the first, without the X-
	ietfRateLimit           // RateLimit-Policy and RateLimit
)

func dialectNames() []string {
	return []string{"none", "x-ratelimit", "x-ratelimit-named", "ratelimit", "ietf"}
}

const (
	hLimit      = "X-RateLimit-Limit"
	hRemaining  = "X-RateLimit-Remaining"
	hReset      = "X-RateLimit-Reset"
	hBareLimit  = "RateLimit-Limit"
	hBareRemain = "RateLimit-Remaining"
	hBareReset  = "RateLimit-Reset"
	hRetryAfter = "Retry-After"
	hIETF       = "RateLimit"
	hIETFPolicy = "RateLimit-Policy"
)

// compileLimits turns the page's windows into rules.
func (c *compiler) compileLimits() {
	for i := range c.page.limits {
		p := &c.page.limits[i]
		if i == keywright.MaxLimits {
			c.add(p.at, "a scheme has at most %d limits", keywright.MaxLimits)
			return
		}
		if !p.name.set || !p.count.set || !p.window.set {
			continue
		}
		c.limit(p)
	}
	for _, t := range c.page.limitHeaders {
		d := slices.Index(dialectNames(), t.v)
		switch {
		case d < 0:
			c.add(t.at, "limit_headers cannot be %q%s", t.v, didYouMean(t.v, dialectNames()))
		case d > 0 && len(c.s.limits) == 0:
			c.add(t.at, "there are no limits to tell of: leave limit_headers out")
		case d > 0:
			c.s.dialects = append(c.s.dialects, dialect(d))
		}
	}
	if c.s.speaks(ietfRateLimit) {
		c.s.policy = policyHeader(c.s.limits)
	}
}

func (c *compiler) limit(p *limitPage) {
	switch {
	case !isPlain(p.name.v):
		c.add(p.name.at, "a limit's name is letters, digits and '-', such as minute")
	case slices.ContainsFunc(c.s.limits, func(r keywright.LimitRule) bool { return r.Name == p.name.v }):
		c.add(p.name.at, "two limits are called %s", p.name.v)
	case p.window.v < time.Second || p.window.v%time.Second != 0:
		c.add(p.window.at, "a window is whole seconds, at least 1s")
	case p.window.v > 366*24*time.Hour:
		c.add(p.window.at, "a window is at most 366 days (8784h)")
	case p.fixed.v && p.window.v > 24*time.Hour:
		c.add(p.window.at, "a fixed window begins at multiples of its length since 1970 in UTC, and is at most a day (24h)")
	}
	rule := keywright.LimitRule{Name: p.name.v, Count: p.count.v, Window: p.window.v, Fixed: p.fixed.v, Quota: p.quota.v}
	if p.per.v == "address" {
		rule.Per = keywright.PerAddress
	}
	c.s.limits = append(c.s.limits, rule)
}

func (s *Scheme) speaks(d dialect) bool { return slices.Contains(s.dialects, d) }

func policyHeader(rules []keywright.LimitRule) string {
	parts := make([]string, len(rules))
	for i, r := range rules {
		parts[i] = `"` + r.Name + `";q=` + strconv.Itoa(r.Count) + ";w=" + strconv.Itoa(int(r.Window/time.Second))
	}
	return strings.Join(parts, ", ")
}

// Limits are the windows, at most keywright.MaxLimits.
func (s *Scheme) Limits() []keywright.LimitRule { return s.limits }

// WithLimits returns the same contract with other windows: a provider's own
// figures, or none at all.
func (s *Scheme) WithLimits(rules []keywright.LimitRule) (*Scheme, error) {
	if len(rules) > keywright.MaxLimits {
		return nil, &keywright.Error{Kind: keywright.Invalid, Field: "limits", Detail: "at most " + strconv.Itoa(keywright.MaxLimits)}
	}
	for _, r := range rules {
		if r.Count < 1 || r.Window < time.Second || !isPlain(r.Name) {
			return nil, &keywright.Error{Kind: keywright.Invalid, Field: "limits", Detail: "each needs a name, a count of at least 1 and a window of at least 1s"}
		}
	}
	other := *s
	other.limits = slices.Clone(rules)
	other.policy = ""
	if len(rules) == 0 {
		other.dialects = nil
	} else if s.speaks(ietfRateLimit) {
		other.policy = policyHeader(rules)
	}
	return &other, nil
}

// LimitHeaders calls set for each limit header of an answer, in the scheme's
// dialect; Retry-After only when refused. Names are fixed: see LimitHeaderNames.
// A window whose Limit is zero is not in force, and is not told.
func (s *Scheme) LimitHeaders(a *keywright.Allowances, refused bool, set func(name, value string)) {
	for _, d := range s.dialects {
		switch d {
		case xRateLimit:
			s.tightestHeaders(a, set, hLimit, hRemaining, hReset)
		case rateLimit:
			s.tightestHeaders(a, set, hBareLimit, hBareRemain, hBareReset)
		case xRateLimitNamed:
			s.namedHeaders(a, set)
		case ietfRateLimit:
			s.ietfHeaders(a, set)
		}
	}
	if refused {
		set(hRetryAfter, strconv.FormatInt(s.retryAfter(a), 10))
	}
}

// LimitHeaderNames lists the names that LimitHeaders may set, for CORS.
func (s *Scheme) LimitHeaderNames() []string {
	var names []string
	for _, d := range s.dialects {
		switch d {
		case xRateLimit:
			names = append(names, hLimit, hRemaining, hReset)
		case rateLimit:
			names = append(names, hBareLimit, hBareRemain, hBareReset)
		case xRateLimitNamed:
			for i := range s.limits {
				if s.named(i) {
					suffix := "-" + canonicalHeader(s.limits[i].Name)
					names = append(names, hLimit+suffix, hRemaining+suffix)
				}
			}
		case ietfRateLimit:
			names = append(names, hIETFPolicy, hIETF)
		}
	}
	if len(s.limits) > 0 {
		names = append(names, hRetryAfter)
	}
	return names
}

// tightest picks the window that a client with one header to read should see.
// A window that is whole was not counted for this request, and shows only if
// none was. Of those that were, one that is spent comes first: it refuses the
// next request. Then the longest, which a client plans by: a limit of a second
// says little. Of equals, the one with the least left.
func (s *Scheme) tightest(a *keywright.Allowances) int {
	best := -1
	for i := range s.limits {
		if a[i].Limit > 0 && (best < 0 || s.tighter(a, i, best)) {
			best = i
		}
	}
	return best
}

func (s *Scheme) tighter(a *keywright.Allowances, i, than int) bool {
	drawn := func(i int) bool { return a[i].Remaining < a[i].Limit }
	spent := func(i int) bool { return a[i].Remaining <= 0 }
	switch {
	case drawn(i) != drawn(than):
		return drawn(i)
	case spent(i) != spent(than):
		return spent(i)
	case spent(i):
		return a[i].RetryIn > a[than].RetryIn
	case s.limits[i].Window != s.limits[than].Window:
		return s.limits[i].Window > s.limits[than].Window
	}
	return a[i].Remaining < a[than].Remaining
}

func (s *Scheme) tightestHeaders(a *keywright.Allowances, set func(name, value string), limit, remaining, reset string) {
	i := s.tightest(a)
	if i < 0 {
		return
	}
	set(limit, strconv.Itoa(a[i].Limit))
	set(remaining, strconv.Itoa(max(a[i].Remaining, 0)))
	if at := a[i].Reset; !at.IsZero() {
		set(reset, strconv.FormatInt(wholeSecond(at), 10))
	}
}

// wholeSecond rounds up: at the second that is told, the window is whole.
func wholeSecond(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

// named reports whether a window is told by its name: those of the key are, and
// those of the address only where there is nothing else.
func (s *Scheme) named(i int) bool {
	if s.limits[i].Per == keywright.PerKey {
		return true
	}
	return !slices.ContainsFunc(s.limits, func(r keywright.LimitRule) bool { return r.Per == keywright.PerKey })
}

func (s *Scheme) namedHeaders(a *keywright.Allowances, set func(name, value string)) {
	for i := range s.limits {
		if a[i].Limit <= 0 || !s.named(i) {
			continue
		}
		suffix := "-" + canonicalHeader(s.limits[i].Name)
		set(hLimit+suffix, strconv.Itoa(a[i].Limit))
		set(hRemaining+suffix, strconv.Itoa(max(a[i].Remaining, 0)))
	}
}

// ietfHeaders tells t, the seconds to wait, only when refused: the rest of the
// time it may be left out, and a reset in a relative unit would need a clock.
func (s *Scheme) ietfHeaders(a *keywright.Allowances, set func(name, value string)) {
	i := s.tightest(a)
	if i < 0 {
		return
	}
	set(hIETFPolicy, s.policy)
	value := `"` + s.limits[i].Name + `";r=` + strconv.Itoa(max(a[i].Remaining, 0))
	if a[i].RetryIn > 0 {
		value += ";t=" + strconv.FormatInt(seconds(a[i].RetryIn), 10)
	}
	set(hIETF, value)
}

// retryAfter is the longest wait of any window: before it, one still refuses.
func (s *Scheme) retryAfter(a *keywright.Allowances) int64 {
	longest := time.Duration(0)
	for i := range s.limits {
		longest = max(longest, a[i].RetryIn)
	}
	return seconds(longest)
}

// seconds rounds up, to at least one.
func seconds(d time.Duration) int64 { return max(1, int64((d+time.Second-1)/time.Second)) }
