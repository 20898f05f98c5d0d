// Package api is the management API and the self-service API as data: their wire
// types, their tables of operations and the permissions that they ask for. It never
// serves, calls or decides anything.
package api
