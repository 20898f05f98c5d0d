package console

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// use is how much one key was used, as its pages say it.
type use struct {
	Known     bool // it could be found out
	Last      *time.Time
	From      string
	Granted   int64
	Refused   int64
	Series    series
	Refusals  table
	Addresses table
	Periods   []option  // of the key's own page: links to the others
	Since     string    // since when the counts are, in words
	Begin     time.Time // since when they are: they are kept by the hour
	Idle      bool      // of an old key: nothing was let through with it since the rotation
}

// LetThrough is how many requests were, in words.
func (u use) LetThrough() string { return grouped(u.Granted) }

// TurnedAway is how many were refused.
func (u use) TurnedAway() string { return grouped(u.Refused) }

// usePeriod is one length of time that a key's use is shown for.
type usePeriod struct {
	name, text, step string
	long             time.Duration
}

func usePeriods() []usePeriod {
	return []usePeriod{
		{"", "24 hours", api.StepHour, 24 * time.Hour}, {"week", "7 days", api.StepHour, 7 * 24 * time.Hour}, {"month", "30 days", api.StepDay, 30 * 24 * time.Hour},
		{"year", "a year", api.StepDay, 365 * 24 * time.Hour},
	}
}

// keyUse reports a key's use for the page of the key.
func (v *visit) keyUse(r row) use { return v.chosenUse(r, keysPath+"/"+r.ID) }

// chosenUse reports the use of a key, or of the whole tenant where the row is of none,
// for a page at an address, on which the length of time is chosen.
func (v *visit) chosenUse(r row, home string) use {
	chosen := usePeriods()[0]
	for _, p := range usePeriods() {
		if p.name == v.r.FormValue("use") {
			chosen = p
		}
	}
	u := v.useOf(r, v.now().Add(-chosen.long), chosen.step)
	u.Since = "the last " + strings.TrimPrefix(chosen.text, "a ")
	for _, p := range usePeriods() {
		at := home
		if p.name != "" {
			at += "?use=" + p.name
		}
		u.Periods = append(u.Periods, option{v.link(at), p.text, p.name == chosen.name})
	}
	return u
}

// sinceRotation reports how much a key was used since it is one of two.
func (v *visit) sinceRotation(r row, rotated time.Time) use {
	step := api.StepHour
	if v.now().Sub(rotated) > 14*24*time.Hour {
		step = api.StepDay
	}
	u := v.useOf(r, rotated, step)
	u.Addresses.Rows = slices.DeleteFunc(u.Addresses.Rows, func(line []cell) bool { return line[len(line)-1].Time.Before(rotated) })
	u.Idle = u.Known && (u.Last == nil || u.Last.Before(rotated))
	return u
}

// useOf asks for a report. A page shows without it, and says so.
func (v *visit) useOf(r row, since time.Time, step string) use {
	report, err := v.Self.Usage(v.ctx(), *v.who, api.UsageQuery{Key: r.ID, Since: since, Until: v.now().Add(time.Second), Step: step})
	if err != nil {
		if keywright.KindOf(err) != keywright.NotFound {
			v.Log.WarnContext(v.ctx(), "console: a key's use is not known", slog.String("error", err.Error()))
		}
		return use{}
	}
	u := use{Known: true, Last: report.LastUsedAt, From: report.LastUsedFrom, Granted: report.Granted, Refused: report.Refused, Begin: report.Since, Series: series{Step: report.Step}}
	for _, p := range report.Points {
		u.Series.Points = append(u.Series.Points, point(p))
	}
	u.Refusals, u.Addresses = refusalTable(report.Refusals), addressTable(report.Addresses)
	return u
}

func refusalTable(all []api.UsageReason) table {
	t := table{Name: "Refusals by reason", Empty: "Nothing was refused.", Columns: []column{{Title: "Why it was refused"}, {Title: "Requests", Number: true}}}
	for _, r := range all {
		t.Rows = append(t.Rows, []cell{{Text: refusedWhy(r.Reason)}, {Text: grouped(r.Count)}})
	}
	return t
}

func addressTable(all []api.UsageAddress) table {
	t := table{Name: "Addresses", Empty: "No address is known yet.", Columns: []column{{Title: "From"}, {Title: "Requests", Number: true}, {Title: "Last"}}}
	for i := range all {
		t.Rows = append(t.Rows, []cell{{Text: all[i].Address, Code: true}, {Text: grouped(all[i].Count)}, {Time: &all[i].LastUsedAt}})
	}
	return t
}

// whyRefused says a reason as people would.
func whyRefused(name string) string { return capital(strings.ReplaceAll(name, "_", " ")) }

// grouped spells a number with its thousands apart.
func grouped(n int64) string {
	text := number(float64(n))
	text = strings.TrimSuffix(text, ".0")
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// refusedWhy says a reason to a customer, whose key was refused for it.
func refusedWhy(name string) string {
	said, known := map[string]string{
		"revoked": "The key is revoked", "retired": "The key, or its secret, was replaced", "expired": "The key has expired", "paused": "The key is paused",
		"tenant_archived": "The account is archived", "plan_required": "The plan does not include it", "environment_not_granted": "The environment has not been granted",
		"service_not_enabled": "The service is switched off", "permission_missing": "The key lacks the permission", "address_refused": "The key does not allow the address",
		"limited": "Too many requests in a short time", "quota_spent": "The quota is used up", "companion_missing": "A header was missing beside the key",
		"insecure_transport": "Not sent over TLS", "upstream_failed": "The API did not answer", "failure": "The key could not be checked",
	}[name]
	if !known {
		return whyRefused(name)
	}
	return said
}
