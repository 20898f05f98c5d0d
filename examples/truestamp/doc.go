// Package truestamp is an example upstream in the manner of Truestamp's API: it
// signs a timestamp over a hash, and verifies it whenever it is read. It commits
// to no ledger, and it is not affiliated with the vendor.
package truestamp
