// Package record holds what every store agrees on about the records it keeps:
// their normal form, their copies, and the errors of the contract. It never
// reads or writes a store.
package record
