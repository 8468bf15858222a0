//go:build !linux

// Command faults runs the built command under load and with faults. It uses
// system calls, mounts and tools of Linux.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "faults: the trials run on Linux only")
	os.Exit(1)
}
