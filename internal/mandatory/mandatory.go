// Package mandatory holds the checks that every accepting list must contain. It is
// a separate package, so that validate can require the checks without importing
// them, and so that only this module can set them.
package mandatory

// Checks are the mandatory checks, each a *validate.Check. The initialisation of
// package validate/suite stores all of its checks here. While the list is empty, as
// in a program that does not import suite, nothing is accepted.
var Checks []any
