// Package introspect is the front for gateways that ask as OAuth has it: RFC 7662
// token introspection, RFC 7009 revocation, and the RFC 8414 metadata that says
// where they are. It never answers a caller that has not authenticated itself.
package introspect
