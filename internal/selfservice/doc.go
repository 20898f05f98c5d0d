// Package selfservice is what people and keys may do for themselves: the rules of
// who may do what to which key, under the REST operations and the pages alike. It
// never answers about another tenant than the caller's.
package selfservice
