// Command requirements writes docs/requirements.md: each requirement of the five
// systems beside the tests that carry its number. It never judges whether a test
// is a good one.
package main
