//go:build !unix && !windows

package main

import "os"

// endSignals are the signals that end the process, and that onSignal handles.
var endSignals = []os.Signal{os.Interrupt}

// ignoreBrokenPipe does nothing: these systems do not have the signal.
func ignoreBrokenPipe() {}
