// Package storetest is the one suite that every store passes, without
// exceptions. It never looks behind keywright.Store and people.Store, both of
// which one store implements, over one log.
package storetest
