//go:build !unix && !windows

package file

// nonblock is 0 because these systems do not have the flag.
const nonblock = 0
