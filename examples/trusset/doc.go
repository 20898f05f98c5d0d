// Package trusset is an example upstream in the manner of Trusset's APIs: the
// customers, tokens, orders, markets and wallets of an instance, over books that
// add up, and a made-up register of issuers. It moves no real money, and it is
// not affiliated with the vendor.
package trusset
