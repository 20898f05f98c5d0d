// Package exampletest holds what the tests of the example upstreams share: a
// stand-in for the gateway's identities, and a client that holds every answer
// against the example's OpenAPI document. It is never part of a program.
package exampletest
