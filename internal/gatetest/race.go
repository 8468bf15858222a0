//go:build race

package gatetest

// RaceDetector reports whether the race detector is on. It multiplies time,
// memory and allocations.
const RaceDetector = true
