// Package memory is a store that lives as long as its process: for tests, for
// trying Keywright out, and as the model that the durable stores are compared
// with. It never writes anything to disk.
package memory
