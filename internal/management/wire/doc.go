// Package wire spells records as the APIs send them, and reads what they are sent:
// for the management API and for self-service alike. It never decides anything.
package wire
