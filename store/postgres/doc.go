// Package postgres is the store for more than one machine: a PostgreSQL
// database, of which any number of processes may be clients. It never relies on
// the order of a sequence: writers are ordered by a lock, so that the log's
// cursors are in commit order.
package postgres
