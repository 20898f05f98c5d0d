// Package feed carries committed changes from a store to its followers. It never
// invents an event, and it never says "complete" of a read that was not.
package feed
