// Package journey calls the demo's systems with the TypeScript clients that are
// kept in sdk/typescript. It has tests only, and it never reaches further than
// this machine.
package journey
