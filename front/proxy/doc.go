// Package proxy is the front that stands in the request's way: it lets granted
// requests through to their upstream, and writes every refusal in the scheme's
// own style. It never passes a credential on, and it never normalizes a path.
package proxy
