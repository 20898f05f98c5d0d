//go:build !race

package sqlite_test

// How often the crash tests crash. The race detector makes a child process
// slow to start and finds nothing new in the hundredth.
const kills, cuts = 120, 45
