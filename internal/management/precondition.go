package management

import (
	"slices"
	"strconv"
	"strings"

	"github.com/keywright/keywright"
)

// etag spells a version.
func etag(version uint64) string { return `"v` + strconv.FormatUint(version, 10) + `"` }

// match turns If-Match into the version that the keeper must find: none without
// the header, or the current one if the header lists it. The keeper checks it
// again in its transaction.
func match(header string, current uint64) (uint64, error) {
	header = strings.TrimSpace(header)
	if header == "" || header == "*" {
		return 0, nil
	}
	tags := strings.Split(header, ",")
	for i := range tags {
		tags[i] = strings.TrimSpace(tags[i])
	}
	if slices.Contains(tags, etag(current)) {
		return current, nil
	}
	return 0, &keywright.Error{Kind: keywright.Precondition, Field: "If-Match",
		Detail: "the record has changed since: read it again, and send the ETag of that answer"}
}
