package main

import "syscall"

// most is the memory limit in bytes. A mutant that needs more kills the process.
const most = 4 << 30

func limitMemory() error {
	return syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: most, Max: most})
}
