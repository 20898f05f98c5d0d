// Package keywrighttest is a whole Keywright for the tests of programs that use
// one: in memory, on a port of its own, with a clock that the test moves. It
// keeps nothing on disk, and it is never to be reached by anybody else.
package keywrighttest
