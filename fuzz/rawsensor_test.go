//go:build linux && (amd64 || arm64)

package fuzz

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/fuzz/internal/rawsensor"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

func rawSensor(t *testing.T) *rawsensor.Sensor {
	t.Helper()
	raw, err := rawsensor.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := raw.Close(); err != nil {
			t.Error(err)
		}
	})
	return raw
}

// TestRawSensorAgrees compares the raw sensor with the model. With all inputs both have the
// same result. With fewer inputs than the file reads, the raw sensor faults where the model
// reports a violation.
func TestRawSensorAgrees(t *testing.T) {
	raw := rawSensor(t)
	g := generate.New(3)
	var last []byte
	var model *interp.Model
	var err error
	events, faults := 0, 0
	place := rawsensor.Right
	for range 200 {
		drawnCases(g, func(c sensorCase, f *channelfile.File, e interp.Event) bool {
			if !bytes.Equal(last, c.data) {
				last = c.data
				place = 1 - place
				if model, err = interp.NewModel(c.data, c.types); err != nil {
					t.Fatal(err)
				}
				if err := raw.Load(c.data, c.types, place); err != nil {
					t.Fatal(err)
				}
			}
			events++
			want, err := model.Run(e)
			if err != nil {
				t.Fatal(err)
			}
			got, err := raw.Run(e, place)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(want.Reads, got.Reads) || !slices.Equal(want.Matched, got.Matched) || want.Operations != got.Operations {
				t.Fatalf("the model: %+v, the raw sensor: %+v, on %v", want, got, e)
			}
			fewer := e[:len(e)-1]
			_, modelErr := model.Run(fewer)
			_, rawErr := raw.Run(fewer, rawsensor.Right)
			violation, bad := errors.AsType[*interp.Violation](modelErr)
			fault, faulted := errors.AsType[*rawsensor.Fault](rawErr)
			if bad != faulted {
				t.Fatalf("with one input fewer: %v, and %v", modelErr, rawErr)
			}
			if bad {
				faults++
				if violation.Object != "inputs" || !strings.Contains(fault.Where, "the inputs") {
					t.Fatalf("with one input fewer: %v, and %v", violation, fault)
				}
			}
			return true
		})
	}
	if events < 1000 || faults < events/4 {
		t.Fatalf("%d faults of %d events", faults, events)
	}
}

// TestRawSensorFaults checks that the raw sensor detects forbidden reads. A sensor that never
// faults would agree with any gate.
func TestRawSensorFaults(t *testing.T) {
	raw := rawSensor(t)
	d := &sensor.Definition{Name: "t", Number: 7, Version: 3, Channel: 291, Inputs: testkit.Strings("A", "B")}
	types := d.Types()
	build := func(e channelfile.Expr) []byte {
		return testkit.Encode(t, testkit.HeaderOf(d), e)
	}
	good := build(channelfile.And(channelfile.Equals(0, "abc"), channelfile.Regexp(1, "a+b")))
	f := testkit.Parse(t, good)
	both := interp.Event{interp.Text("abc"), interp.Text("aab")}
	edit := func(at int, to ...byte) []byte {
		data := bytes.Clone(good)
		copy(data[at:], to)
		return data
	}
	far := []byte{0xFF, 0xFF, 0xFF, 0x7F}
	for _, tt := range []struct {
		why   string
		data  []byte
		event interp.Event
		says  string // fault with objects at the right end; "-" means no fault is needed
	}{
		{"an input that is not supplied", good, both[:1], "16 bytes after the start of the inputs, which has 16"},
		{"a number for a string", good, interp.Event{interp.Number(0x1234), both[1]}, ""},
		{"an operand far away", edit(f.OperandRange(0).Start, far...), both, "the file"},
		{"a value far away", edit(f.ValueRange(0).Start, far...), both, "the file"},
		{"a value that is too long", edit(f.ValueRange(0).Start+4, far...), interp.Event{interp.Text("abc" + strings.Repeat("\x00", 100_000)), both[1]}, "-"},
		{"an instruction far away", edit(f.ProgramRange(0).Start+8, far...), both, "the file"},
		{"a class far away", edit(f.InstructionRange(0).Start+4, far...), both, "the file"},
		{"a word far away", edit(f.InstanceRange(0).Start+16, far...), both, "the file"},
	} {
		faults := 0
		for _, place := range []rawsensor.Placement{rawsensor.Right, rawsensor.Left} {
			err := raw.Load(tt.data, types, place)
			if err == nil {
				_, err = raw.Run(tt.event, place)
			}
			if fault, ok := errors.AsType[*rawsensor.Fault](err); ok {
				faults++
				if place == rawsensor.Right && !strings.Contains(fault.Error(), tt.says) {
					t.Errorf("%s: %v, want %s", tt.why, fault, tt.says)
				}
			}
		}
		if faults == 0 && tt.says != "-" {
			t.Errorf("%s: no fault", tt.why)
		}
		model, err := interp.NewModel(tt.data, types)
		if err == nil {
			_, err = model.Run(tt.event)
		}
		if _, ok := errors.AsType[*interp.Violation](err); !ok {
			t.Errorf("%s: the model reports no violation: %v", tt.why, err)
		}
	}
}

// FuzzSensors runs any readable file, on any event, on the model of a sensor that checks
// nothing and on the raw sensor.
func FuzzSensors(f *testing.F) {
	runSeeds(f, func(data, spec []byte) { f.Add(data, spec) })
	raw, err := rawsensor.New()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := raw.Close(); err != nil {
			f.Error(err)
		}
	})
	f.Fuzz(func(t *testing.T, data, spec []byte) {
		file, types, e := runInput(data, spec)
		if file == nil {
			return // unreadable files never run, and long files show no more than short ones
		}
		model, err := interp.NewModel(file.Data(), types)
		if err != nil {
			t.Fatalf("the model does not find the sections: %v", err)
		}
		for _, e := range []interp.Event{e, e[:len(e)/2]} {
			trace, err := model.Run(e)
			_, bad := errors.AsType[*interp.Violation](err)
			for _, place := range []rawsensor.Placement{rawsensor.Right, rawsensor.Left} {
				if err := raw.Load(file.Data(), types, place); err != nil {
					t.Fatal(err)
				}
				got, err := raw.Run(e, place)
				if fault, faulted := errors.AsType[*rawsensor.Fault](err); place == rawsensor.Right && faulted != bad || faulted && !bad {
					t.Fatalf("the raw sensor, %v: %v; the model: %v", place, fault, bad)
				}
				if bad || err != nil {
					continue // with objects at the left end there is memory after them
				}
				if !slices.Equal(trace.Reads, got.Reads) || !slices.Equal(trace.Matched, got.Matched) || trace.Operations != got.Operations {
					t.Fatalf("the model: %+v, the raw sensor, %v: %+v, on %v", trace, place, got, e)
				}
			}
		}
	})
}
