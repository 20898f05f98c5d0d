// Command mutate switches rules off, one at a time, and demands that a test
// notices. It never changes a file of the tree: the go command's overlay does.
package main
