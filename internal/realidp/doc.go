// Package realidp runs a real, certified identity provider for tests: the npm
// package oidc-provider, under Node.js, with made-up users, forms that a program
// can fill in, JWT access tokens (RFC 9068) and the device flow. It reaches nothing
// outside this machine.
//
//	idp := realidp.Start(t, realidp.Options{Users: []realidp.User{{Subject: "ada", Email: "ada@example.com", Verified: true, Name: "Ada"}}})
//	idp.SetRedirects("http://docs.acme.localhost:8080/account/callback/real")
//	tokens, err := idp.Tokens(ctx, "ada@example.com") // tokens.Access is a JWT for idp.Resource
//	back, err := idp.Login(ctx, authorizeURL, "ada@example.com") // the callback's address, with its code
//	err = idp.Approve(ctx, verificationURIComplete, "ada@example.com") // the device flow
//	err = idp.Rotate(false) // other keys from now on
//
// It needs Node.js 20 and a folder with node_modules that holds oidc-provider 9:
// $KEYWRIGHT_TEST_NODE, or ~/.cache/keywright-tools/node.
package realidp
