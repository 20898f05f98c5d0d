// Package handbook renders a scheme and an OpenAPI document as the customer's
// documentation: pages, their Markdown twins, llms.txt, search, samples and the
// interactive reference. It never sees a key, and it asks nobody for anything.
//
// Each operation's page, /reference/{operation-id in small letters with dashes}, has a
// form that calls the API from the reader's browser. Its elements, for tests:
// #try-key and #try-secret (or #try-key alone), #try-test-key (fills them with a
// one-hour test key of the reader who is signed in) and #try-test-note,
// #try-param-NAME, #try-body, #try-send, #try-status, #try-headers, #try-answer.
package handbook
