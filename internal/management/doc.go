// Package management serves the management API over a keeper. It never holds a
// rule of a key's life, and no answer of it but the first holds a credential.
package management
