// Package sqltext is the one SQL text of the SQLite and the PostgreSQL store,
// and the mapping between its rows and records. It never opens a connection,
// and it never decides: rules live in the keeper.
//
// Parameters are written $1, $2, … and appear for the first time in that
// order, because SQLite numbers them by appearance.
package sqltext
