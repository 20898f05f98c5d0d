package console_test

import (
	"net/http"
	"strings"
	"testing"
)

// A list that is all there is sorted by any of its columns.
func TestAnyColumnSorts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := func(query string) (truestamp, trusset int) {
		page := o.admin.get("/account/schemes"+query).want(t, http.StatusOK).Body
		return strings.Index(page, "/account/schemes/truestamp\""), strings.Index(page, "/account/schemes/trusset-mica\"")
	}
	if a, b := first("?sort=scheme"); a < 0 || b < 0 || a > b {
		t.Errorf("by name: %d, %d", a, b)
	}
	if a, b := first("?sort=scheme&order=desc"); a < b {
		t.Errorf("by name, backwards: %d, %d", a, b)
	}
	page := o.admin.get("/account/schemes?sort=credential").want(t, http.StatusOK).Body
	if !strings.Contains(page, `aria-sort="ascending"`) || !strings.Contains(page, "sort=read-from") || !strings.Contains(page, "format=csv") {
		t.Error("the columns lead to no order, or the list to no file")
	}
	if a := o.admin.get("/account/schemes?format=csv").want(t, http.StatusOK, "Scheme,Credential,Read from,APIs,Keys"); a.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Error("the list is no file")
	}
}
