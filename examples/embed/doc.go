// Command embed is a small API that checks its own keys: Keywright's store,
// keeper, feed, index and gate inside one Go program, as net/http middleware. It
// runs no proxy, and it never keeps a key.
//
//	go run ./examples/embed                 # keys in memory, gone at exit
//	go run ./examples/embed --data ./notes  # keys in SQLite, kept
package main
