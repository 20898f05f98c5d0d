//go:build race

package seal_test

// raced: the race detector empties pools at random, so allocations are not counted.
const raced = true
