package main

import (
	"os"
	"syscall"
)

// peak returns the largest resident set of a process that has ended, in bytes.
// The kernel never reports less than the resident set of this process, its parent.
func peak(p *os.ProcessState) int64 {
	if u, ok := p.SysUsage().(*syscall.Rusage); ok {
		return int64(u.Maxrss) << 10
	}
	return 0
}
