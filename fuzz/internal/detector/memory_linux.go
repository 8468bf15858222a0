package main

import "syscall"

// most is how much memory a hunt may take: a bug that takes more dies of it.
const most = 4 << 30

func limitMemory() error {
	return syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: most, Max: most})
}
