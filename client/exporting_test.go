package client_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

func TestOnePageAtATime(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, _ := serve(t, nil)
	for i := range 5 {
		_, err := c.CreateTenant(ctx, api.CreateTenant{Ref: fmt.Sprint("acme000", i), Name: []string{"even", "odd"}[i%2], Plan: "free"})
		must(t, err)
		_, err = c.CreateKey(ctx, api.CreateKey{Tenant: "acme0000", Scheme: "keywright", Environment: "live", Name: fmt.Sprint("Key ", 9-i)})
		must(t, err)
	}
	var names []string
	for cursor := ""; ; {
		page, err := c.KeysPage(ctx, client.KeyFilter{Tenant: "acme0000", Search: "KEY", Environment: "live", Sort: "name", Page: 2}, cursor)
		must(t, err)
		for _, k := range page.Items {
			names = append(names, k.Name)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if !slices.Equal(names, []string{"Key 5", "Key 6", "Key 7", "Key 8", "Key 9"}) {
		t.Errorf("%q", names)
	}
	archived := false
	page, err := c.TenantsPage(ctx, client.TenantFilter{Search: "odd", Archived: &archived, Plan: "free", Sort: "ref", Order: "desc", Page: 1}, "")
	must(t, err)
	if len(page.Items) != 1 || page.Items[0].Ref != "acme0003" || page.NextCursor == "" {
		t.Errorf("%+v", page)
	}
	events, err := c.EventsPage(ctx, client.EventFilter{Act: "tenant.created", Page: 2}, "")
	must(t, err)
	if len(events.Items) != 2 || events.NextCursor == "" {
		t.Errorf("%+v", events)
	}
	n := 0
	for _, err := range c.TenantsWhere(ctx, client.TenantFilter{Plan: "free", Page: 2}) {
		must(t, err)
		n++
	}
	if n != 5 {
		t.Errorf("%d tenants", n)
	}
}

func TestExportsComeWhole(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, _ := serve(t, nil)
	for i := range 3 {
		_, err := c.CreateTenant(ctx, api.CreateTenant{Ref: fmt.Sprint("acme000", i)})
		must(t, err)
	}
	var file bytes.Buffer
	must(t, c.ExportTenants(ctx, client.TenantFilter{Sort: "ref", Search: "acme"}, client.ExportCSV, &file))
	table, err := csv.NewReader(&file).ReadAll()
	must(t, err)
	if len(table) != 4 || table[3][1] != "acme0002" {
		t.Errorf("%q", table)
	}
	file.Reset()
	must(t, c.ExportEvents(ctx, client.EventFilter{Act: "tenant.created"}, client.ExportLines, &file))
	if n := strings.Count(file.String(), "\n"); n != 4 { // the operators' own is one
		t.Errorf("%d lines", n)
	}
	must(t, c.ExportKeys(ctx, client.KeyFilter{}, client.ExportCSV, &file))
	if err := c.ExportKeys(ctx, client.KeyFilter{Sort: "colour"}, client.ExportCSV, &file); !errors.Is(err, keywright.Invalid) {
		t.Errorf("got %v", err)
	}
}

// A file that breaks off is an error, whatever has come of it.
func TestAnExportThatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/csv")
			_, _ = w.Write([]byte("id\nten_a\n"))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
	})
	var file bytes.Buffer
	if err := c.ExportTenants(t.Context(), client.TenantFilter{}, client.ExportCSV, &file); !errors.Is(err, keywright.Unavailable) {
		t.Errorf("got %v after %q", err, file.String())
	}
	full := writer(func([]byte) (int, error) { return 0, errors.New("no room") })
	whole, _ := serve(t, nil)
	if err := whole.ExportTenants(t.Context(), client.TenantFilter{}, client.ExportCSV, full); !errors.Is(err, keywright.Internal) || !strings.Contains(err.Error(), "no room") {
		t.Errorf("got %v", err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
