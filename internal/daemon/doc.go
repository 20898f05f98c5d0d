// Package daemon puts the parts together and runs them: store, feed, index,
// keeper, gate, fronts and listeners, from one configuration.
//
// It never holds a rule of a key's life, and it never decides about a request.
package daemon
