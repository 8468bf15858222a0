//go:build !unix

package main

import "time"

const clockName = "clock on the wall: let nothing else run"

var start = time.Now()

// processorTime returns how much time has passed.
func processorTime() time.Duration { return time.Since(start) }
