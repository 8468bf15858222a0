//go:build !linux || !(amd64 || arm64)

package oracle

import (
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// rawSensors is empty, because the raw sensor needs Linux.
type rawSensors struct{}

func newRawSensors() (*rawSensors, error)                 { return nil, nil }
func (*rawSensors) close() error                          { return nil }
func (*rawSensors) load([]byte, []sensor.InputType) error { return nil }
func (*rawSensors) faults(interp.Event) bool              { return true }
func (*rawSensors) did(interp.Event) []string             { return nil }
func (*rawSensors) run(interp.Event, func(string, *interp.Trace) error) (int, error) {
	return 0, nil
}
