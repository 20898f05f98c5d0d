package console

import "net/http"

// Acts lists the forms of a site's pages, as its route table has them.
func Acts(h http.Handler) []Act {
	s, _ := h.(*site)
	return s.acts
}
