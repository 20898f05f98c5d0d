// Package config reads the one YAML file that `keywright serve` runs from:
// strictly, with errors that show file, line, column and what would be right,
// and with the environment's and the flags' overrides on top.
//
// It never opens a socket or a store, and it never holds a secret: a database's
// address is named by its variable or file, and read when it is needed.
package config
