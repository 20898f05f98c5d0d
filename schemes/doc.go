// Package schemes holds the contracts that ship, one YAML file each, with the
// test vectors beside it. It never decides anything.
package schemes
