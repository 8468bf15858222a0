//go:build !linux || !(amd64 || arm64)

package oracle

import "github.com/cfcheck/cfcheck/sensor"

// rawSensors are none here: the raw sensor wants Linux.
type rawSensors struct{}

func newRawSensors() (*rawSensors, error)                 { return nil, nil }
func (*rawSensors) close() error                          { return nil }
func (*rawSensors) load([]byte, []sensor.InputType) error { return nil }
func (*rawSensors) faults(sensor.Event) bool              { return true }
func (*rawSensors) did(sensor.Event) []string             { return nil }
func (*rawSensors) run(sensor.Event, func(string, *sensor.Trace) error) (int, error) {
	return 0, nil
}
