// Package floors holds the import policy of the house as a table, and a test
// that parses every file's imports. It never runs anything else.
package floors
