//go:build unix || windows

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// endSignals are the signals that end the process, and that onSignal handles.
var endSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// ignoreBrokenPipe makes a write fail if the reader went away. Otherwise the signal
// would kill the process, and its temporary files would stay.
func ignoreBrokenPipe() { signal.Ignore(syscall.SIGPIPE) }
