// Package journey drives the built program as a stranger would: over its real
// listeners, with the credentials that the demo writes. It never reaches inside.
package journey
