package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
)

func usageCommand(a *app) *cobra.Command {
	var q api.UsageQuery
	var since, until, last string
	c := &cobra.Command{
		Use: "usage", Short: "Show what was used: requests, refusals, and who uses a key", Args: exactly(),
		Long: `Show how many requests were let through and refused, as numbers and as bars: for
an operator those of everybody, or of what the flags leave; after keywright login
your tenant's. With --key also the addresses that presented the key, the latest
first: who still uses it.

Unless asked otherwise it is the last 24 hours, by hour. Counts are kept for 400
days, in hours of UTC; a report has at most 400 points.`,
		Example: "  keywright usage\n  keywright usage --key key_01… --last 14d --step day\n  keywright usage --tenant acme0001 --api trusset --since 2030-01-01T00:00:00Z --output json",
		RunE: a.callHand(func(ctx context.Context, cmd *cobra.Command, h hand, _ []string) error {
			back, err := readSpan(&q, since, until, last)
			if err != nil {
				return err
			}
			out, err := h.usageBack(ctx, a.tenant, q, back)
			if err != nil {
				return err
			}
			return a.print(cmd, out, func(w io.Writer) { a.usageCard(w, &out, q.Key != "") })
		}),
	}
	a.remote(c)
	f := c.Flags()
	f.StringVar(&a.tenant, "tenant", "", "only this tenant's: id or ref; yours, where you have several")
	f.StringVar(&q.Key, "key", "", "only this key's, by its id")
	f.StringVar(&q.API, "api", "", "only requests to this API")
	f.StringVar(&q.Step, "step", api.StepHour, "one point for each hour or day")
	f.StringVar(&last, "last", "", "so far back, such as 24h or 14d")
	f.StringVar(&since, "since", "", "from then on, RFC 3339")
	f.StringVar(&until, "until", "", "up to then, RFC 3339 (default now)")
	_ = c.RegisterFlagCompletionFunc("step", cobra.FixedCompletions([]string{api.StepHour, api.StepDay}, cobra.ShellCompDirectiveNoFileComp))
	a.outputFlag(c)
	return c
}

// readSpan reads the time that a report is about, and how far back from its end it
// begins; 0 is not said.
func readSpan(q *api.UsageQuery, since, until, last string) (back time.Duration, err error) {
	switch {
	case q.Step != api.StepHour && q.Step != api.StepDay:
		return 0, usage("--step is hour or day")
	case since != "" && last != "":
		return 0, usage("give --since or --last, not both")
	}
	if until != "" {
		if q.Until, err = readInstant("--until", until); err != nil {
			return 0, err
		}
	}
	if since != "" {
		q.Since, err = readInstant("--since", since)
		return 0, err
	}
	if last == "" {
		return 0, nil
	}
	if back, err = readLength("--last", last); err == nil && back <= 0 {
		err = usage("--last is a length of time, such as 24h or 14d")
	}
	return back, err
}

// usageBack is usage of a time that ends when the query says, or now by the clock of
// whoever answers: ours may be another.
func (h hand) usageBack(ctx context.Context, tenant string, q api.UsageQuery, back time.Duration) (api.UsageReport, error) {
	if back == 0 {
		return h.usage(ctx, tenant, q)
	}
	end := q.Until
	if end.IsZero() {
		now, err := h.usage(ctx, tenant, q)
		if err != nil {
			return now, err
		}
		end = now.Until
	}
	q.Since = end.Add(-back)
	return h.usage(ctx, tenant, q)
}

func (h hand) usage(ctx context.Context, tenant string, q api.UsageQuery) (api.UsageReport, error) {
	switch {
	case h.own != nil:
		return api.UsageReport{}, h.own.only("")
	case h.member != nil:
		return h.member.Usage(ctx, q) // which is for the tenant already
	}
	q.Tenant = tenant
	return h.operator.Usage(ctx, q)
}

// barWidth is how wide the longest bar is.
const barWidth = 40

func (a *app) usageCard(w io.Writer, r *api.UsageReport, oneKey bool) {
	fmt.Fprintf(w, "From\t%s\nTo\t%s\nGranted\t%d\nRefused\t%d\n", a.when(&r.Since), a.when(&r.Until), r.Granted, r.Refused)
	if oneKey {
		fmt.Fprintf(w, "Last used\t%s\nFrom address\t%s\n", never(a.when(r.LastUsedAt)), dash(r.LastUsedFrom))
	}
	most, format := int64(0), "2006-01-02 15:04Z"
	if r.Step == api.StepDay {
		format = "2006-01-02"
	}
	for _, p := range r.Points {
		most = max(most, p.Granted+p.Refused)
	}
	fmt.Fprintln(w, "\nAT\tGRANTED\tREFUSED\tgranted █ refused ░")
	for _, p := range r.Points {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", p.At.UTC().Format(format), p.Granted, p.Refused, bar(p, most))
	}
	if len(r.Refusals) > 0 {
		fmt.Fprintln(w, "\nREFUSED FOR\tTIMES")
		for _, one := range r.Refusals {
			fmt.Fprintf(w, "%s\t%d\n", clean(one.Reason), one.Count)
		}
	}
	if len(r.Addresses) > 0 {
		fmt.Fprintln(w, "\nADDRESS\tTIMES\tLAST USED")
		for i := range r.Addresses {
			one := &r.Addresses[i]
			fmt.Fprintf(w, "%s\t%d\t%s\n", clean(one.Address), one.Count, a.when(&one.LastUsedAt))
		}
	}
}

// bar draws a point as long as it is of the most. What is there at all is seen.
func bar(p api.UsagePoint, most int64) string {
	part := func(n int64) int {
		if n <= 0 || most <= 0 {
			return 0
		}
		return max(1, int(float64(n)/float64(most)*barWidth+0.5))
	}
	return strings.Repeat("█", part(p.Granted)) + strings.Repeat("░", part(p.Refused))
}
