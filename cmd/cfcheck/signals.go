//go:build unix || windows

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// endSignals are the signals that end the process, and that onSignal handles.
var endSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// ignoreBrokenPipe lets a write to a reader that went away fail. The signal
// would kill the process, and its temporary files would stay.
func ignoreBrokenPipe() { signal.Ignore(syscall.SIGPIPE) }
