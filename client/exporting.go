package client

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/keywright/keywright"
)

// ExportFormat is what an export is written in.
type ExportFormat string

// The formats.
const (
	ExportCSV   ExportFormat = "csv"  // a header line, and a line for each record
	ExportLines ExportFormat = "json" // a JSON object a line
)

// ExportKeys writes all keys that a filter selects to w, as they come. What has been
// written is whole only if there is no error.
func (c *Client) ExportKeys(ctx context.Context, f KeyFilter, format ExportFormat, w io.Writer) error {
	return c.export(ctx, "/exports/keys", f.query(), format, w)
}

// ExportTenants does for tenants what ExportKeys does for keys.
func (c *Client) ExportTenants(ctx context.Context, f TenantFilter, format ExportFormat, w io.Writer) error {
	return c.export(ctx, "/exports/tenants", f.query(), format, w)
}

// ExportEvents does for audit events, newest first, what ExportKeys does for keys.
func (c *Client) ExportEvents(ctx context.Context, f EventFilter, format ExportFormat, w io.Writer) error {
	return c.export(ctx, "/exports/events", f.query(), format, w)
}

// ExportKeys writes all of the tenant's keys that a filter selects to w, as
// Client.ExportKeys does; the filter's tenant is not looked at.
func (s *Self) ExportKeys(ctx context.Context, f KeyFilter, format ExportFormat, w io.Writer) error {
	token, err := s.token(ctx)
	if err != nil {
		return err
	}
	as := *s.c
	as.key = token
	f.Tenant = s.tenant
	return as.export(ctx, "/me/exports/keys", f.query(), format, w)
}

// export sends a request once: a part of the answer may be written when it breaks off.
func (c *Client) export(ctx context.Context, path string, query url.Values, format ExportFormat, w io.Writer) error {
	put(query, "format", string(format))
	req, err := c.request(ctx, request{method: http.MethodGet, path: path, query: query}, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/csv, application/x-ndjson, application/problem+json")
	res, err := c.o.HTTP.Do(req)
	if err != nil {
		return unreachable(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		raw, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		return readProblem(res, raw)
	}
	out := &destination{w: w}
	if _, err := io.Copy(out, res.Body); err != nil {
		if out.err != nil {
			return &keywright.Error{Kind: keywright.Internal, Detail: "the export cannot be written: " + out.err.Error(), Cause: out.err}
		}
		return unreachable(err)
	}
	return nil
}

// destination remembers that it was the writing which failed.
type destination struct {
	w   io.Writer
	err error
}

// Write implements io.Writer.
func (d *destination) Write(p []byte) (int, error) {
	n, err := d.w.Write(p)
	d.err = err
	return n, err
}
