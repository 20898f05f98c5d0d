// Package consoletest holds the tests that drive the demo's console in a real browser
// as people would: by clicks and keys. What a page made is then tried on the demo's
// API. It is tests alone.
package consoletest
