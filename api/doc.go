// Package api is the management API as data: its wire types, its table of
// operations and the permissions that they ask for. It never serves, calls or
// decides anything.
package api
