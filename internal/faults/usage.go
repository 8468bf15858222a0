//go:build linux

package main

import (
	"os"
	"syscall"
)

// statusOf returns the exit status as a shell reports it.
func statusOf(s *os.ProcessState) int {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return s.ExitCode()
}

// memoryOf returns the largest resident set of a process, in bytes.
func memoryOf(s *os.ProcessState) int64 {
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		return u.Maxrss << 10
	}
	return 0
}
