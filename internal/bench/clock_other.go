//go:build !unix

package main

import "time"

const clockName = "clock on the wall: let nothing else run"

var start = time.Now()

// processorTime returns the time since the start of the process.
func processorTime() time.Duration { return time.Since(start) }
