// Package acme is what a new provider copies: a small API of its own on the
// keywright scheme, with environments, a service, permissions, JSON, server-sent
// events, a WebSocket and a long download. It never sees a key: the gateway has
// checked it, and hands over who is asking.
//
// To make it yours: write your routes and what each needs in operations, write a
// handler for each, and use Call.Scope wherever you read or write a customer's
// data. Nothing else keeps customers, or test and live, apart.
package acme
