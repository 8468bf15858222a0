// Package longtest has the flag -long of the tests that have a long form. Without the flag, they
// take a smaller sample.
//
// A test file that calls [Enabled] registers the flag. .ci/run finds the tests that call it, and
// runs them with -long.
package longtest

import "flag"

var long = flag.Bool("long", false, "run the tests in their long form")

// Enabled reports whether the test runs in its long form.
func Enabled() bool { return *long }
