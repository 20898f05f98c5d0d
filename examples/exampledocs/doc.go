// Package exampledocs holds the pages of the examples' providers against what is
// really there: every snippet is run against a demo, every link is followed, and
// every button that is named is looked for.
package exampledocs
