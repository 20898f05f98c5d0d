package exampletest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/keywright/keywright/seal"
)

// Printed runs every request that the document prints, with its own examples,
// and wants a 2xx for each. Where the server chooses an id, ids puts the real one
// in the printed one's place; skip names operations that answer in streams.
func (c *Client) Printed(id *seal.Identity, ids map[string]string, skip ...string) {
	c.t.Helper()
	// What is made comes before what reads it, and removal last.
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodGet, http.MethodPatch, http.MethodDelete} {
		for _, path := range c.doc.Paths.InMatchingOrder() {
			op := c.doc.Paths.Value(path).GetOperation(method)
			if op == nil || slices.Contains(skip, op.OperationID) || !c.takesKeys(op) {
				continue
			}
			target := c.target(path, op, ids)
			for _, body := range c.bodies(op, ids) {
				if got := c.Do(id, method, target, body); got.Status/100 != 2 {
					c.t.Errorf("printed request %s %s answered %d\n%s", method, target, got.Status, got.Body)
				}
			}
		}
	}
}

// takesKeys reports whether an operation takes what the document's others take.
func (c *Client) takesKeys(op *openapi3.Operation) bool {
	if op.Security == nil {
		return true
	}
	for _, one := range *op.Security {
		for name := range one {
			if !slices.ContainsFunc(c.doc.Security, func(own openapi3.SecurityRequirement) bool { _, ok := own[name]; return ok }) {
				return false
			}
		}
	}
	return true
}

func (c *Client) target(path string, op *openapi3.Operation, ids map[string]string) string {
	query := url.Values{}
	for _, p := range op.Parameters {
		value, _ := p.Value.Example.(string)
		if n, isNumber := p.Value.Example.(float64); isNumber {
			value = strconv.FormatFloat(n, 'f', -1, 64)
		}
		if value == "" && p.Value.Required {
			c.t.Errorf("%s: the parameter %s has no example", op.OperationID, p.Value.Name)
		}
		switch p.Value.In {
		case openapi3.ParameterInPath:
			if chosen, ok := ids[value]; ok {
				value = chosen
			}
			path = strings.ReplaceAll(path, "{"+p.Value.Name+"}", url.PathEscape(value))
		case openapi3.ParameterInQuery:
			if value != "" {
				query.Set(p.Value.Name, value)
			}
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// bodies returns every printed body of an operation; one nil if it has none.
func (c *Client) bodies(op *openapi3.Operation, ids map[string]string) []any {
	if op.RequestBody == nil {
		return []any{nil}
	}
	media := op.RequestBody.Value.Content.Get("application/json")
	if media == nil || len(media.Examples) == 0 {
		c.t.Errorf("%s: the request's body has no example", op.OperationID)
		return nil
	}
	var all []any
	for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
		raw, err := json.Marshal(media.Examples[name].Value.Value)
		if err != nil {
			c.t.Fatal(err)
		}
		body := string(raw)
		for printed, real := range ids {
			body = strings.ReplaceAll(body, printed, real)
		}
		all = append(all, body)
	}
	return all
}
