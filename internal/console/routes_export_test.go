package console

import (
	"net/http"
	"slices"
)

// Routes lists the pages and forms of a site, as its route table has them.
func Routes(h http.Handler) []string {
	s, _ := h.(*site)
	return slices.Clone(s.patterns)
}
