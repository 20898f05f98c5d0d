// Package seal holds what stands outside the database: the peppers that make
// digests, the key that seals recoverable secrets, and the key that signs
// identity assertions. It never stores a credential, and it never writes over a
// secret that is there.
package seal
