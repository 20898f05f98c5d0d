// Package demo runs the whole of Keywright in one process, with six example APIs
// behind it and customers that have keys, so that a newcomer can call them.
//
// It never listens on anything but the loopback, and it is never part of `serve`:
// its clock can be moved.
package demo
