// Package domaintrust is an example upstream in the manner of Domain Trust's API:
// it aggregates what distinct submitters say of domains. Production is shared by
// all production users, testing is private to an organization, and nothing
// crosses. It looks at no domain itself, and it is not affiliated with the vendor.
package domaintrust
