// Package trustifi is an example upstream in the manner of Trustifi's API: it
// encrypts mail to its recipients' keys and keeps a quarantine. It delivers
// nothing, and it is not affiliated with the vendor.
package trustifi
