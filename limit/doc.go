// Package limit counts requests in windows, in memory: GCRA, and fixed windows
// where a vendor publishes one. It never refuses anything but by its rules, and
// it never grows past its bound.
//
// A GCRA window lets exactly Count requests through at once and then one every
// Window/Count, rounded down to a nanosecond; whoever sends fewer than Count in
// any Window is never refused. A fixed window begins at a multiple of Window
// since the epoch, in UTC.
//
// Keys and addresses have a pool each, so that a flood of addresses pushes no
// key's quota out. IPv6 addresses are counted by /64, which is what one
// subscriber holds.
package limit
