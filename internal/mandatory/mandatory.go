// Package mandatory holds the checks without which nothing is accepted. It is a
// package of its own so that validate can ask for the checks without knowing
// them, and so that nobody outside this module can set them.
package mandatory

// Checks are the mandatory checks, each a *validate.Check. Package
// validate/suite sets them when it is initialised, to all of its own. As long as
// there are none, as in a program that does not import suite, nothing is
// accepted.
var Checks []any
