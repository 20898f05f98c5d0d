// Package sdk writes client libraries: from an OpenAPI document and the scheme
// that its API reads, one TypeScript file without dependencies, with the scheme's
// authentication built in. What the document says is data to it: no text of it
// is ever written where the compiler would read it as code.
package sdk
