//go:build race

package keywrighttest_test

// raceEnabled says that everything takes several times as long.
const raceEnabled = true
