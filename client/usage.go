package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/keywright/keywright/api"
)

// Usage reports how much was used: everything, or what the query leaves. A query of
// nothing is the last 24 hours, by hour.
func (c *Client) Usage(ctx context.Context, q api.UsageQuery) (api.UsageReport, error) {
	var out api.UsageReport
	query := usageQuery(q)
	put(query, "key", q.Key)
	put(query, "tenant", q.Tenant)
	err := c.send(ctx, request{method: http.MethodGet, path: "/usage", query: query}, &out)
	return out, err
}

// Usage reports how much the tenant used, or, with a key in the query, that one.
// Whose is For's to say: the query's Tenant means nothing.
func (s *Self) Usage(ctx context.Context, q api.UsageQuery) (api.UsageReport, error) {
	path := "/me/usage"
	if q.Key != "" {
		path = ownKey(q.Key, "usage")
	}
	var out api.UsageReport
	err := s.about(ctx, request{method: http.MethodGet, path: path, query: usageQuery(q)}, &out)
	return out, err
}

func usageQuery(q api.UsageQuery) url.Values {
	query := url.Values{}
	put(query, "api", q.API)
	put(query, "step", q.Step)
	putTime(query, "since", q.Since)
	putTime(query, "until", q.Until)
	return query
}
