// Package exampleapi is the frame that the example upstreams share: it takes the
// verified identity of each request, reads bounded JSON, answers in the system's
// own style, and keeps records per tenant and environment. It never sees a
// credential, and it trusts nothing of a request but its identity.
package exampleapi
