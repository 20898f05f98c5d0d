// Package handbook renders a scheme and an OpenAPI document as the customer's
// documentation: pages, their Markdown twins, llms.txt, search, samples and the
// interactive reference. It never sees a key, and it asks nobody for anything.
package handbook
