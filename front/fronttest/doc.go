// Package fronttest holds every front to the same vectors: each request that any
// shipped scheme knows, over real sockets, at exact instants, with its answer
// compared whole. It never makes an exception for a front: a vector that asks
// for more than a front can see says so itself.
package fronttest
