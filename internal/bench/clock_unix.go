//go:build unix

package main

import (
	"syscall"
	"time"
)

const clockName = "processor time"

// processorTime returns how much time of processors the process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
