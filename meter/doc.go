// Package meter counts what the gate decides – by key, tenant, API, reason and
// hour – and who presents a key last, without slowing a request: it counts in
// memory and hands the sums to its store every few seconds. It never refuses a
// request, and it never keeps a path, a header or a credential.
package meter
