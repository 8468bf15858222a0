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

// FuzzInterpreter runs any readable file, on any event, in the content interpreter and on the
// model of a sensor that checks nothing.
func FuzzInterpreter(f *testing.F) {
	runSeeds(f, func(data, spec []byte) { f.Add(data, spec) })
	f.Fuzz(func(t *testing.T, data, spec []byte) {
		file, types, e := runInput(data, spec)
		if file == nil {
			return // unreadable files never run, and long files show no more than short ones
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

// sameRuns runs an event twice and checks that the interpreter and the model have the same
// fault, or the same result. It returns the fault.
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
		t.Fatalf("%d operations, but %d steps charged", trace.Operations, it.Steps())
	}
	return fault
}

// runSeeds calls add with the seed files and generated files, each with events that reach its
// criteria.
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

// runInput returns the file, the types and the event that an input describes. The spec has a
// type for each declared input, then the values. The file is nil if it cannot be read, if it
// is long, or if it has more inputs than a spec supports.
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

// typesOf returns the possible types of each input, as a bit set: those that every operator on
// the input can read.
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
			reads = 1 << sensor.TypeString // otherwise both inputs would need the same type
		}
		can[c.Input] &= reads
		for other := range f.OperandInputs(c) {
			can[other] &= reads
		}
	}
	return can
}

// specOf is the inverse of runInput, except that a text has at most 254 bytes.
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

// bytes reads n bytes. Bytes after the end are zero.
func (r *specReader) bytes(n int) []byte {
	b := make([]byte, n)
	r.rest = r.rest[copy(b, r.rest):]
	return b
}

// text reads n bytes, or the remaining ones if there are fewer.
func (r *specReader) text(n int) []byte {
	b := slices.Clone(r.rest[:min(n, len(r.rest))])
	r.rest = r.rest[len(b):]
	return b
}

// TestRunSeeds checks that the seeds of FuzzInterpreter and FuzzSensors are useful: some
// events match, and some are too short.
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
		t.Errorf("%d runs, %d matches; want more", runs, matches)
	}
}
