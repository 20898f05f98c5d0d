// Package scheme reads a provider's wire contract written as data, and speaks
// it: where the credential stands, what it looks like, how long it lives, and
// what each refusal looks like, byte for byte. It never looks a key up.
package scheme
