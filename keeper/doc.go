// Package keeper applies the rules inside the store's transactions: it issues,
// rotates, amends, pauses, resumes, revokes, deletes and imports keys, and looks
// after their tenants. It never writes without an event that says who did what,
// and it never answers before this node's own index has applied the write.
package keeper
