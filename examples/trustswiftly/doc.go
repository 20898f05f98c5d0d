// Package trustswiftly is an example upstream in the manner of Trust Swiftly's
// API: it manages users and verifies them by a signed one-time link. It sends no
// mail, and it is not affiliated with the vendor.
package trustswiftly
