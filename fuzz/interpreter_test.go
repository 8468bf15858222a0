package fuzz

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// FuzzInterpreter runs any file that can be read, on any event, in the content
// interpreter and on the model of a sensor that checks nothing.
func FuzzInterpreter(f *testing.F) {
	runSeeds(f, func(data, spec []byte) { f.Add(data, spec) })
	f.Fuzz(func(t *testing.T, data, spec []byte) {
		file, types, e := runInput(data, spec)
		if file == nil {
			return // what cannot be read is never run, and a long file says no more than a short one
		}
		model, err := interp.NewModel(file.Data(), types)
		if err != nil {
			t.Fatalf("the model does not find the sections: %v", err)
		}
		it := interp.New(file, &sensor.Reader{Access: sensor.AccessPositional})
		whole := sameRuns(t, model, it, e)
		if fault, ok := errors.AsType[*interp.Fault](whole); ok && fault.Kind != interp.FaultInput {
			t.Fatalf("%v, on an event of the declared types", fault)
		}
		sameRuns(t, model, it, e[:len(e)/2])
	})
}

// sameRuns runs an event twice, and holds that interpreter and model fault alike
// or do the same. It returns the fault.
func sameRuns(t *testing.T, model *interp.Model, it *interp.Interpreter, e interp.Event) error {
	t.Helper()
	trace, err := model.Run(e)
	fault := it.Run(e)
	violation, bad := errors.AsType[*interp.Violation](err)
	switch {
	case (fault != nil) != bad:
		t.Fatalf("the interpreter: %v; the model: %v", fault, err)
	case bad && violation.Object != "inputs":
		t.Fatalf("the model reads outside of the file: %v", violation)
	case bad:
	case !slices.Equal(it.Matched(), trace.Matched):
		t.Fatalf("the interpreter matches %v, the model %v, on %v", it.Matched(), trace.Matched, e)
	case trace.Operations > it.Steps():
		t.Fatalf("%d operations, of %d steps that are charged", trace.Operations, it.Steps())
	}
	return fault
}

// runSeeds calls add with the files to start from, and files of the generator,
// each with events that reach its criteria.
func runSeeds(t testing.TB, add func(data, spec []byte)) {
	t.Helper()
	if worker() {
		return
	}
	for _, data := range seeds(t) {
		add(data, nil)
	}
	g := generate.New(11)
	for range 100 {
		drawnCases(g, func(c sensorCase, _ *channelfile.File, e interp.Event) bool {
			add(c.data, specOf(c.types, e))
			return !t.Failed() && g.Intn(4) > 0
		})
	}
}

// runInput makes a file, its types and an event of an input: the spec has a type
// for each input that is declared, and then the values. Without a file that can
// be read, with one that is long, or with more inputs than a spec is for, the
// file is nil.
func runInput(data, spec []byte) (*channelfile.File, []sensor.InputType, interp.Event) {
	if len(data) > maxSeed || len(spec) > maxSeed {
		return nil, nil, nil
	}
	f, err := channelfile.Parse(data)
	if err != nil || f.Header.InputsDeclared > 64 {
		return nil, nil, nil
	}
	r := &specReader{spec}
	can := typesOf(f)
	types := make([]sensor.InputType, f.Header.InputsDeclared)
	for i := range types {
		types[i] = sensor.TypeString
		if want := sensor.InputType(r.byte() % 4); can[i]&(1<<want) != 0 {
			types[i] = want
		}
	}
	e := make(interp.Event, len(types))
	for i, typ := range types {
		how := r.byte()
		switch {
		case how == 0:
		case typ == sensor.TypeInteger:
			e[i] = interp.Number(int64(binary.LittleEndian.Uint64(r.bytes(8))))
		case typ == sensor.TypeAddress:
			e[i] = interp.IP(netip.AddrFrom16([16]byte(r.bytes(16))))
		default:
			e[i] = interp.Text(r.text(int(how) - 1))
		}
	}
	return f, types, e
}

// typesOf returns the types that each input can be of, as bits: those that all
// operators on it read.
func typesOf(f *channelfile.File) []uint8 {
	const all = 1<<sensor.TypeString | 1<<sensor.TypeInteger | 1<<sensor.TypeAddress
	can := slices.Repeat([]uint8{all}, int(f.Header.InputsDeclared))
	for i := range f.Criteria() {
		c := f.Criterion(i)
		reads := uint8(1 << sensor.TypeString)
		switch c.Operator {
		case channelfile.OpExists:
			reads = all
		case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
			reads |= 1 << sensor.TypeInteger
		case channelfile.OpAddressRange:
			reads |= 1 << sensor.TypeAddress
		}
		if c.Flags&channelfile.FlagInputs != 0 {
			reads = 1 << sensor.TypeString // or else both would have to be the same
		}
		can[c.Input] &= reads
		for other := range f.OperandInputs(c) {
			can[other] &= reads
		}
	}
	return can
}

// specOf is the reverse of runInput, but that a text has at most 254 bytes.
func specOf(types []sensor.InputType, e interp.Event) (spec []byte) {
	for _, typ := range types {
		spec = append(spec, byte(typ))
	}
	for _, v := range e {
		switch v.Type {
		case 0:
			spec = append(spec, 0)
		case sensor.TypeInteger:
			spec = binary.LittleEndian.AppendUint64(append(spec, 1), uint64(v.Integer))
		case sensor.TypeAddress:
			spec = append(append(spec, 1), v.Address[:]...)
		default:
			text := v.Text[:min(len(v.Text), 254)]
			spec = append(append(spec, byte(len(text)+1)), text...)
		}
	}
	return spec
}

// bytes takes n bytes, of which those beyond the end are zero.
func (r *specReader) bytes(n int) []byte {
	b := make([]byte, n)
	r.rest = r.rest[copy(b, r.rest):]
	return b
}

// text takes n bytes, or as many as there are.
func (r *specReader) text(n int) []byte {
	b := slices.Clone(r.rest[:min(n, len(r.rest))])
	r.rest = r.rest[len(b):]
	return b
}

// TestRunSeeds holds that the seeds of FuzzInterpreter and FuzzSensors do
// something: that events match, and that some are too short.
func TestRunSeeds(t *testing.T) {
	runs, matches := 0, 0
	runSeeds(t, func(data, spec []byte) {
		f, _, e := runInput(data, spec)
		if f == nil {
			return
		}
		it := interp.New(f, &sensor.Reader{Access: sensor.AccessPositional})
		if err := it.Run(e); err != nil {
			t.Errorf("%v", err)
		}
		runs++
		matches += len(it.Matched())
	})
	if runs < 300 || matches < 100 {
		t.Errorf("%d runs, %d matches; expected more", runs, matches)
	}
}
