// Package verify answers from memory alone whether a request may pass. It never
// does I/O, never allocates on the hot path, and refuses when its view of the
// keys is older than its bound.
//
// # How it is laid out
//
// A record is 128 bytes without a pointer, in chunks that the garbage collector
// does not look into. 256 shards of open addressing lead from a digest's first
// bytes to a record. What many records share (tenants, schemes, environments,
// permission sets, address lists) stands once in side tables.
//
// # Why readers need no lock
//
// A published record is never written. A change writes a new record, swings one
// slot to it, and only then ends the old one by making its generation odd. A
// reader takes the generation, copies what it needs, looks again at slot and
// generation, and starts over if either moved: it never waits for a writer.
package verify
