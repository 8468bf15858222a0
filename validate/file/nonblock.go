//go:build unix || windows

package file

import "syscall"

// nonblock is the flag with which opening a FIFO does not wait for a writer.
const nonblock = syscall.O_NONBLOCK
