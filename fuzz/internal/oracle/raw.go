//go:build linux && (amd64 || arm64)

package oracle

import (
	"errors"
	"fmt"

	"github.com/cfcheck/cfcheck/fuzz/internal/rawsensor"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// rawSensors are two raw sensors, with their objects at the right and at the left end of their
// memory.
type rawSensors struct{ sensors [2]*rawsensor.Sensor }

var placements = [2]rawsensor.Placement{rawsensor.Right, rawsensor.Left}

func newRawSensors() (*rawSensors, error) {
	r := new(rawSensors)
	for i := range r.sensors {
		s, err := rawsensor.New()
		if err != nil {
			return nil, errors.Join(err, r.close())
		}
		r.sensors[i] = s
	}
	return r, nil
}

func (r *rawSensors) close() error {
	var errs []error
	for _, s := range r.sensors {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(errs...)
}

func (r *rawSensors) load(data []byte, types []sensor.InputType) error {
	for i, s := range r.sensors {
		if err := s.Load(data, types, placements[i]); err != nil {
			return fmt.Errorf("%v placement: %w", placements[i], err)
		}
	}
	return nil
}

// run runs an event and calls see with the trace of each sensor.
func (r *rawSensors) run(e interp.Event, see func(where string, t *interp.Trace) error) (runs int, err error) {
	for i, s := range r.sensors {
		t, err := s.Run(e, placements[i])
		if err != nil {
			return i + 1, fmt.Errorf("the raw sensor: %w", err)
		}
		if err := see(placements[i].String(), t); err != nil {
			return i + 1, err
		}
	}
	return len(r.sensors), nil
}

// faults reports whether an event makes the sensor with objects at the right end fault.
func (r *rawSensors) faults(e interp.Event) bool {
	_, err := r.sensors[0].Run(e, placements[0])
	return err != nil
}

// did returns the actions of each sensor on an event.
func (r *rawSensors) did(e interp.Event) (lines []string) {
	for i, s := range r.sensors {
		t, err := s.Run(e, placements[i])
		if err != nil {
			lines = append(lines, fmt.Sprintf("%v: %v", placements[i], err))
			continue
		}
		lines = append(lines, fmt.Sprintf("%v: reads %v, matches %v, %d operations", placements[i], t.Reads, t.Matched, t.Operations))
	}
	return lines
}
