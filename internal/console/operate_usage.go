package console

import (
	"context"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// deskUse is how much something was used, as the operators' pages show it.
type deskUse struct {
	Title     string
	Report    api.UsageReport
	Series    series
	Refusals  []refusal
	Periods   []link
	Addresses table
	Key       bool // it is one key's
}

// refusal is how often something was refused for a reason.
type refusal struct {
	Words string
	Count int64
}

// period is a length of time that use is shown of.
type period struct {
	name, title, step string
	length            time.Duration
}

func periods() []period {
	day := 24 * time.Hour
	return []period{{"day", "24 hours", api.StepHour, day}, {"week", "7 days", api.StepHour, 7 * day}, {"month", "30 days", api.StepDay, 30 * day}, {"year", "A year", api.StepDay, 365 * day}}
}

// deskUsage reads use, of the time that the page's address chooses.
func (v *visit) deskUsage(q api.UsageQuery) (deskUse, error) {
	u := deskUse{Key: q.Key != ""}
	chosen := periods()[1]
	for _, p := range periods() {
		if p.name == v.r.FormValue("period") {
			chosen = p
		}
	}
	q.Until, q.Step = v.now(), chosen.step
	q.Since = q.Until.Add(-chosen.length)
	u.Title = chosen.title
	rest := v.filters()
	for _, p := range periods() {
		rest.Set("period", p.name)
		u.Periods = append(u.Periods, link{Name: p.title, Path: v.r.URL.Path + "?" + rest.Encode() + "#use", Current: p.name == chosen.name})
	}
	var err error
	if u.Report, err = v.usage(q); err != nil {
		return u, err
	}
	u.Series = seriesOf(u.Report)
	u.Refusals = refusals(u.Report)
	u.Addresses = addressTable(u.Report.Addresses)
	return u, nil
}

// usage asks for a report.
func (v *visit) usage(q api.UsageQuery) (api.UsageReport, error) {
	return ask(v, func(ctx context.Context, c *client.Client) (api.UsageReport, error) { return c.Usage(ctx, q) })
}

func seriesOf(r api.UsageReport) series {
	s := series{Step: r.Step}
	for _, p := range r.Points {
		s.Points = append(s.Points, point(p))
	}
	return s
}

func refusals(r api.UsageReport) []refusal {
	var out []refusal
	for _, one := range r.Refusals {
		out = append(out, refusal{whyRefused(one.Reason), one.Count})
	}
	return out
}

// Granted and the like are the report's sums, to be read.
func (u deskUse) Granted() string { return grouped(u.Report.Granted) }

// Refused is how many requests were refused.
func (u deskUse) Refused() string { return grouped(u.Report.Refused) }

// Says is the count of a refusal, to be read.
func (r refusal) Says() string { return grouped(r.Count) }

// MostRefused is the longest of the bars that refusals are drawn as.
func (u deskUse) MostRefused() int64 {
	most := int64(1)
	for _, r := range u.Refusals {
		most = max(most, r.Count)
	}
	return most
}
