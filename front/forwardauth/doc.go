// Package forwardauth is the front for proxies that ask before they let through:
// nginx auth_request, Caddy and Traefik forward_auth, HAProxy, Apache. It answers
// with the identity or the refusal, and it never sees a body.
//
// The proxy hands over the client's own headers, and five more, each exactly
// once: X-Forwarded-Method, -Proto, -Host, -Uri, and -For, whose last address is
// the client's. A question in which one is missing, repeated or not to be read
// is refused: the proxy must set them, and must not let a client's through.
//
// A 2xx answer carries Keywright-Identity, which the proxy puts in the place of
// whatever the client sent under that name, and the limit headers, which it adds
// to the answer. Taking the credential off the request is the proxy's part; the
// configurations in testdata do it, and a test looks.
//
// nginx can carry nothing but 2xx, 401 and 403 out of auth_request, and no body.
// Asked with nginx=1 in the query, a refusal is therefore 403 with the real
// status in Keywright-Status and the whole answer, encoded, in
// Keywright-Refusal; nginx hands the latter back to the same address with
// render=1, and passes on what comes out of it.
package forwardauth
