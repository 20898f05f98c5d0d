// Package storetest is the one suite that every store passes, without
// exceptions. It never looks behind keywright.Store.
package storetest
