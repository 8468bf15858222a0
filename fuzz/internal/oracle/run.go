package oracle

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/facts"
	"github.com/cfcheck/cfcheck/fuzz/internal/csensor"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A fileRun is an accepted file that is loaded into the sensors.
type fileRun struct {
	o         *Oracle
	model     *interp.Model
	it        *interp.Interpreter
	single    *interp.Interpreter // nil until it is needed
	synthesis *interp.Synthesizer
	operators uint32 // operators of the file, as a bit set
	sizes     [9]uint64
	shapes    map[string]*result
	done      map[string]cost // costs of finished events, by the event as the build passes it
	origin    origin          // the origin of the event that is run
	key       []byte
}

// An origin is an event as a source records it, and what the build does with it. The zero
// origin means that the event was made in another way.
type origin struct {
	event  interp.Event
	access sensor.Access
	list   []slot
	turn   uint32
}

// A cost is the cost of an event. All sensors agree on it.
type cost struct{ steps, operations uint64 }

// sizeNames has the names of the limited sizes, in the order of sizes.
var sizeNames = [9]string{
	"bytes of a file", "instances", "criteria", "words of an instance", "operands of a criterion",
	"bytes of a value", "instructions of a program", "bytes of memory", "revisions",
}

// A result is the result of the sensors on all events of a build.
type result struct {
	problem    *Problem
	steps      uint64 // charged for the costliest event
	operations uint64 // maximum number of operations counted
	costliest  interp.Event
}

// newRun loads the file into the sensors. It returns a problem if a sensor faults while it
// locates the sections.
func (o *Oracle) newRun() (*fileRun, *Problem) {
	f := o.file
	r := &fileRun{o: o, shapes: map[string]*result{}, done: map[string]cost{}}
	r.sizes[0], r.sizes[1], r.sizes[2] = uint64(len(o.data)), uint64(f.Instances()), uint64(f.Criteria())
	for i := range f.Instances() {
		r.sizes[3] = max(r.sizes[3], uint64(f.Instance(i).Count))
	}
	for i := range f.Criteria() {
		c := f.Criterion(i)
		r.operators |= 1 << c.Operator
		r.sizes[4] = max(r.sizes[4], uint64(c.Count))
	}
	for i := range f.Values() {
		r.sizes[5] = max(r.sizes[5], uint64(len(f.Value(i))))
	}
	for i := range f.Programs() {
		r.sizes[6] = max(r.sizes[6], uint64(f.Program(i).Len()))
	}
	// See FORMAT.md, section 9.
	r.sizes[7] = r.sizes[0] + r.sizes[2] + 1024 + 24*r.sizes[6]
	r.sizes[8] = uint64(f.Header.Revision)

	if o.files++; o.Config.EncodeEvery > 0 && o.files%o.Config.EncodeEvery == 0 {
		if again, err := channelfile.Encode(f); err != nil || !bytes.Equal(again, o.data) {
			return nil, &Problem{Kind: Disagreement, What: fmt.Sprintf("the gate accepts a file that does not encode to itself: %v", err)}
		}
		if what := operands(f); what != "" {
			return nil, &Problem{Kind: Disagreement, What: what}
		}
	}
	var err error
	if r.model, err = interp.NewModel(o.data, o.types); err != nil {
		return nil, &Problem{Kind: Escape, What: "the model sensor, loading: " + err.Error()}
	}
	if err := o.raw.load(o.data, o.types); err != nil {
		return nil, &Problem{Kind: Escape, What: "the raw sensor, loading: " + err.Error()}
	}
	if o.Config.C != nil {
		if err := o.Config.C.Load(o.data, o.types); err != nil {
			return nil, &Problem{Kind: Escape, What: "the sensor in C, loading: " + err.Error()}
		}
	}
	// This interpreter is separate, because the synthesizer continues with its own between
	// events.
	r.it = interp.New(f, &sensor.Reader{})
	r.synthesis = interp.NewSynthesizer(f, o.needs, o.types)
	return r, nil
}

// operands returns a place where a file lists the operands of a criterion differently from one
// by one, or "".
func operands(f *channelfile.File) string {
	for i := range f.Criteria() {
		c := f.Criterion(i)
		n := 0
		next := func() int {
			n++
			return f.Operand(c.First + n - 1)
		}
		same := true
		for value := range f.OperandValues(c) {
			same = same && bytes.Equal(value, f.Value(next()))
		}
		for input := range f.OperandInputs(c) {
			same = same && input == next()
		}
		for program := range f.OperandPrograms(c) {
			same = same && program.Source() == f.Program(next()).Source()
		}
		if !same || n != c.Count {
			return fmt.Sprintf("criterion %d has %d operands; the list has %d, or other ones", i, c.Count, n)
		}
	}
	return ""
}

// interpreter returns the content interpreter for a kind of access.
func (r *fileRun) interpreter(a sensor.Access) *interp.Interpreter {
	r.it.As(&sensor.Reader{Access: a})
	return r.it
}

// alone returns an interpreter that runs instances separately.
func (r *fileRun) alone(a sensor.Access) *interp.Interpreter {
	if r.single == nil {
		r.single = interp.New(r.o.file, &sensor.Reader{})
	}
	r.single.As(&sensor.Reader{Access: a})
	return r.single
}

// A slot is one place in the array of inputs that a build passes.
type slot struct {
	typ    sensor.InputType // 0 means that nothing was written there
	most   int              // maximum length of a string in bytes
	values []interp.Value   // of a constant input
	absent bool             // whether events can lack a conditional or unknown input
}

// unknownLength is the maximum length of a string for which a contract states no length. Any
// value will do.
const unknownLength = 200

// slots returns the inputs that a build passes. For positional readers they are the places of
// an array. The array ends after the last supplied input, and unsupplied places before it were
// never written. An input that is unknown or only in some events is treated as the worse case.
// A named reader finds each declared input, or finds it absent.
func (r *fileRun) slots(access sensor.Access, inputs []sensor.SuppliedInput) []slot {
	of := func(in *sensor.SuppliedInput) slot {
		s := slot{typ: in.Type, most: in.MaxLength, values: valuesOf(in)}
		s.absent = in.State == sensor.StateConditional || in.State == sensor.StateUnknown
		if s.most == 0 {
			s.most = unknownLength
		}
		if in.CutAt > 0 {
			s.most = min(s.most, in.CutAt)
		}
		if len(s.values) > 0 {
			s.most = math.MaxInt32 // the values are those that the reader gets
		}
		return s
	}
	if access != sensor.AccessNamed {
		n := len(inputs)
		sure := func(i int) bool {
			return inputs[i].State == sensor.StateSupplied || inputs[i].State == sensor.StateConstant
		}
		for n > 0 && !sure(n-1) {
			n--
		}
		list := make([]slot, n)
		for i := range list {
			if sure(i) {
				list[i] = of(&inputs[i])
			}
		}
		return list
	}
	list := make([]slot, len(r.o.def.Inputs))
	for i := range list {
		for k := range inputs {
			if inputs[k].Name == r.o.def.Inputs[i].Name && inputs[k].State != sensor.StateNotSupplied {
				list[i] = of(&inputs[k])
				break
			}
		}
	}
	return list
}

// reached returns the slots up to the last that the file reads. Later slots do not matter to a
// correct sensor, and would hide that a wrong one reads too far.
func (r *fileRun) reached(access sensor.Access, inputs []sensor.SuppliedInput) []slot {
	list := r.slots(access, inputs)
	return list[:min(len(list), int(r.o.file.Header.InputsRead))]
}

// asserted runs the model sensor again on all events of a build. The model asserts the gate's
// claims about the file.
func (r *fileRun) asserted(claims *facts.Facts, steps uint64, access sensor.Access, inputs []sensor.SuppliedInput) (err error) {
	r.model.Assert(claims, steps)
	defer r.model.Assert(nil, 0)
	r.events(access, r.reached(access, inputs), false, func(e interp.Event) bool {
		_, err = r.model.Run(e)
		return err == nil
	})
	return err
}

// spends returns an error in how the model sensor compares the steps of an event with a claim,
// or "".
func (r *fileRun) spends(claims *facts.Facts, e interp.Event) string {
	trace, err := r.model.Run(e)
	if err != nil || trace.Operations < 2 {
		return "" // other comparisons detect this error
	}
	defer r.model.Assert(nil, 0)
	n := trace.Operations
	r.model.Assert(claims, n)
	if _, err := r.model.Run(e); err != nil {
		return fmt.Sprintf("it takes %d steps, as claimed: %v", n, err)
	}
	r.model.Assert(claims, n-1)
	if _, err := r.model.Run(e); err == nil {
		return fmt.Sprintf("it does not notice that it takes %d steps with a claim of %d", n, n-1)
	}
	return ""
}

// shape runs the file on events for the inputs that a build passes. Builds that pass the same
// inputs share one result.
func (r *fileRun) shape(access sensor.Access, inputs []sensor.SuppliedInput) *result {
	list := r.reached(access, inputs)
	if len(list) == int(r.o.file.Header.InputsRead) && !slices.ContainsFunc(list, func(s slot) bool { return s.typ == 0 || s.absent }) {
		access = sensor.AccessPositional // named readers also find all inputs
	}
	r.key = append(r.key[:0], byte(access))
	for _, s := range list {
		r.key = append(r.key, byte(s.typ), byte(s.most), byte(s.most>>8), byte(s.most>>16), byte(len(s.values)))
		r.key = appendEvent(r.key, s.values)
		if s.absent {
			r.key = append(r.key, 1)
		}
	}
	if res := r.shapes[string(r.key)]; res != nil {
		return res
	}
	res := &result{}
	r.shapes[string(r.key)] = res
	r.o.shapes++
	odd := r.o.Config.OddEvery > 0 && r.o.shapes%r.o.Config.OddEvery == 0
	r.events(access, list, odd, func(e interp.Event) bool {
		res.problem = r.once(access, e, res)
		return res.problem == nil
	})
	if odd && res.problem == nil && res.costliest != nil {
		res.problem = r.budgets(access, res)
	}
	if res.operations > 0 {
		r.o.Counts.Charges[min((4*res.steps-1)/res.operations, chargeBuckets-1)]++
	}
	return res
}

// budgets checks that the interpreter finishes the costliest event with an exactly sufficient
// budget, and not with one step less.
func (r *fileRun) budgets(access sensor.Access, res *result) *Problem {
	defer r.it.As(&sensor.Reader{})
	for _, tt := range []struct {
		what   string
		budget sensor.Budget
		kind   interp.FaultKind // 0 means no fault
	}{
		{"exactly the steps of the event", sensor.Budget{Steps: res.steps}, 0},
		{"one step less than the event costs", sensor.Budget{Steps: res.steps - 1}, interp.FaultSteps},
		{"exactly the memory of the file", sensor.Budget{Memory: r.sizes[7]}, 0},
		{"one byte less than the file needs", sensor.Budget{Memory: r.sizes[7] - 1}, interp.FaultMemory},
	} {
		if tt.budget == (sensor.Budget{}) {
			continue // a budget of 0 means no budget
		}
		r.it.As(&sensor.Reader{Access: access, Budget: tt.budget})
		var kind interp.FaultKind
		err := r.it.Run(res.costliest)
		if fault, ok := errors.AsType[*interp.Fault](err); ok {
			kind = fault.Kind
		}
		if kind != tt.kind {
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("with a budget of %s the interpreter returns: %v", tt.what, err), Event: res.costliest}
		}
	}
	return nil
}

// instancesRun and eventsRun are the default limits of instances with events, and of events
// for each instance. Files of a campaign have fewer.
const (
	instancesRun = 16
	eventsRun    = 64
)

// events calls run with events that a build can pass, until it returns false. If odd is set,
// some have unusual values.
func (r *fileRun) events(access sensor.Access, list []slot, odd bool, run func(interp.Event) bool) {
	n := len(r.o.types)
	going := true
	var fitted interp.Event
	turn, absent := 0, slices.ContainsFunc(list, func(s slot) bool { return s.absent })
	try := func(e interp.Event) bool {
		for len(e) < len(list) {
			e = append(slices.Clip(e), interp.Text("x"))
		}
		// An event with an odd turn lacks the inputs that can be absent.
		for range 2 {
			fitted = fit(fitted, e, access, list, turn)
			r.origin = origin{e, access, list, uint32(turn)}
			going = going && run(fitted)
			r.origin = origin{}
			if turn++; !absent {
				break
			}
		}
		return going
	}
	if r.o.Config.Exhaustive {
		exhaust(r.o.types, n, try)
		return
	}
	instances := r.o.file.Instances()
	limit := min(instances, cmp.Or(r.o.Config.Instances, instancesRun))
	for k := range limit {
		i := k
		if limit > 1 { // of many instances use the first, the last, and some between
			i = k * (instances - 1) / (limit - 1)
		}
		left, first := cmp.Or(r.o.Config.Events, eventsRun), true
		r.synthesis.Events(i, n, func(e interp.Event) bool {
			going = try(e)
			if first && going { // with values of maximum length
				going = try(longest(e, list)) && (!odd || try(otherCase(e)))
			}
			first = false
			left--
			return going && left > 0
		})
		if !going {
			return
		}
	}
	going = try(r.synthesis.Filled(n)) && try(make(interp.Event, n)) && try(longest(r.synthesis.Filled(n), list))
	if r.o.Config.OddTexts {
		for _, text := range oddTexts {
			for _, behind := range []string{"", "a", "1", " ", "-", "\n", "Z", "_", text} {
				if going = going && try(interp.Event{interp.Text(text + behind)}) && try(interp.Event{interp.Text(behind + text)}); !going {
					return
				}
			}
		}
	}
	if odd {
		e := make(interp.Event, n)
		for range oddEvents {
			for i := range e {
				e[i] = r.oddValue(i)
			}
			if going = going && try(e); !going {
				return
			}
		}
	}
}

// otherCase returns a copy of an event in which lower and upper case are swapped.
func otherCase(e interp.Event) interp.Event {
	e = slices.Clone(e)
	for i := range e {
		e[i].Text = bytes.Map(func(r rune) rune {
			if upper := unicode.ToUpper(r); upper != r {
				return upper
			}
			return unicode.ToLower(r)
		}, e[i].Text)
	}
	return e
}

// oddEvents is the number of events with unusual values.
const oddEvents = 8

// oddTexts are texts that are easily misread as numbers or addresses, or misfolded.
var oddTexts = []string{
	"", "0", "-0", "+1", "007", "-", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
	"99999999999999999999", "1 ", " 1", "0x1", "1e3", "\u0661",
	"1.2.3.4", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.", "::", "::1", "1::", "1::2::3", "2001:db8::192.0.2.1", "::ffff:1.2.3.4",
	"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::", ":1", "1:", "12345::", "ABCD:EF::A", "1:2:3:4:5:6:7.8.9.0", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8::", "1111:2222:3333:4444:5555:6666:127.128.129.130", "fe80::1%eth0", "G::",
	"K", "\u212A", "\u017F", "\u00DF", "\u1E9E", "\u00C9", "\u00E9", "\u0130", "\u0131", "\U0001F600", "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\x9F\U0001F600", "\x9Fa*", "\x9Fa\\",
	"a\xFFb", "\x80", "\x00", "a\nb", "\n", "\r", "_", "a_b", "A", "Z", "aB", "a", "z", "9", "/", ":", "@", "[", "`", "{",
	"\u03A9", "\u044F", "\u05D0", "\u0E01", "\u10D0", "\u1F00", "\u3042", "\u31C8", "\u31C9", "\u4E2D", "\uAC00", "\uFB01", "\U00010400", "\U0001D49C", "\U00020000", "\u0660", "\u2028",
	// The first and the last rune of each length in UTF-8, and almost valid bytes.
	"\u0080", "\u07FF", "\u0800", "\uFFFF", "\U00010000", "\U0010FFFF", "\uD7FF", "\uE000", "\uFFFD",
	"\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
}

// oddValue returns a random unusual value for input i.
func (r *fileRun) oddValue(i int) interp.Value {
	draw := r.o.odd
	typ := sensor.TypeString
	if i < len(r.o.types) {
		typ = r.o.types[i]
	}
	switch typ {
	case sensor.TypeInteger:
		return interp.Number([]int64{0, 1, -1, math.MaxInt64, math.MinInt64, int64(draw.Uint64())}[draw.IntN(6)])
	case sensor.TypeAddress:
		v := interp.Value{Type: sensor.TypeAddress}
		for i := range v.Address {
			v.Address[i] = byte(draw.IntN(3) - 1)
		}
		return v
	}
	text := []byte(oddTexts[draw.IntN(len(oddTexts))])
	if draw.IntN(3) == 0 {
		text = append(text, oddTexts[draw.IntN(len(oddTexts))]...)
	}
	return interp.Text(text)
}

// fit changes an event to one that a build can pass. It reuses the memory of fitted. A constant
// input keeps a value that it can have; otherwise turn selects one. If turn is odd, the inputs
// that can be absent are.
func fit(fitted, e interp.Event, access sensor.Access, list []slot, turn int) interp.Event {
	fitted = append(fitted[:0], e[:len(list)]...)
	for i, s := range list {
		v := &fitted[i]
		switch {
		case s.typ == 0 && access == sensor.AccessNamed, s.absent && turn%2 == 1:
			*v = interp.Value{}
		case s.typ == 0:
			*v = poison
		case len(s.values) > 0:
			if !slices.ContainsFunc(s.values, func(o interp.Value) bool { return equal(&o, v) }) {
				*v = s.values[(turn+i)%len(s.values)]
			}
		case !v.Present():
		case s.typ != v.Type:
			*v = as(s.typ)
		}
		if v.Type == sensor.TypeString && len(v.Text) > s.most {
			v.Text = v.Text[:s.most]
		}
	}
	return fitted
}

// equal reports whether two values are equal.
func equal(a, b *interp.Value) bool {
	return a.Type == b.Type && bytes.Equal(a.Text, b.Text) && a.Integer == b.Integer && a.Address == b.Address
}

// matching returns an event that a build can pass and that an instance matches, or nil if it
// finds no such event.
func (r *fileRun) matching(instance int, access sensor.Access, inputs []sensor.SuppliedInput) (found interp.Event) {
	list := r.reached(access, inputs)
	it := r.alone(access)
	var fitted interp.Event
	try := func(e interp.Event) bool {
		for turn := range 4 {
			fitted = fit(fitted, e, access, list, turn)
			if matched, err := it.RunInstance(instance, fitted); err == nil && matched {
				found = cloneEvent(fitted)
				return false
			}
		}
		return true
	}
	if r.o.Config.Exhaustive {
		exhaust(r.o.types, len(r.o.types), try)
		return found
	}
	r.synthesis.Events(instance, len(r.o.types), try)
	return found
}

// poison is the value at places that were never written.
var poison = interp.Number(-0x5555555555555556) // 0xAAAAAAAAAAAAAAAA

// as returns a value of a type.
func as(t sensor.InputType) interp.Value {
	switch t {
	case sensor.TypeInteger:
		return interp.Number(0x29100000)
	case sensor.TypeAddress:
		return interp.Value{Type: sensor.TypeAddress, Address: [16]byte{10: 0xFF, 11: 0xFF, 12: 10}}
	}
	return interp.Text("x")
}

// longest returns a copy of an event in which every string is repeated up to its maximum
// length.
func longest(e interp.Event, list []slot) interp.Event {
	e = slices.Clone(e)
	for i := range min(len(e), len(list)) {
		for _, v := range list[i].values {
			if len(v.Text) >= len(e[i].Text) || e[i].Type != v.Type {
				e[i] = v
			}
		}
		if v, most := &e[i], list[i].most; list[i].typ == sensor.TypeString && len(list[i].values) == 0 {
			text := v.Text
			if len(text) == 0 {
				text = []byte("a")
			}
			*v = interp.Text(bytes.Repeat(text, most/len(text)+1)[:most])
		}
	}
	return e
}

// The values of an exhaustive run.
var (
	allTexts = func() (list []interp.Value) {
		list = []interp.Value{{}}
		for _, s := range []string{"", "a", "b", "aa", "ab", "ba", "bb"} {
			list = append(list, interp.Text(s))
		}
		return list
	}()
	allNumbers   = []interp.Value{{}, interp.Number(-1), interp.Number(0), interp.Number(1)}
	allAddresses = []interp.Value{{}, as(sensor.TypeAddress), {Type: sensor.TypeAddress}}
)

// exhaust calls run with every event of n inputs over the small alphabet.
func exhaust(types []sensor.InputType, n int, run func(interp.Event) bool) {
	values := make([][]interp.Value, n)
	for i := range values {
		values[i] = allTexts
		if i < len(types) && types[i] == sensor.TypeInteger {
			values[i] = allNumbers
		}
		if i < len(types) && types[i] == sensor.TypeAddress {
			values[i] = allAddresses
		}
		if i >= len(types) {
			values[i] = allTexts[:2] // nothing reads this input
		}
	}
	at := make([]int, n)
	e := make(interp.Event, n)
	for {
		for i, k := range at {
			e[i] = values[i][k]
		}
		if !run(e) {
			return
		}
		i := 0
		for ; i < n; i++ {
			if at[i]++; at[i] < len(values[i]) {
				break
			}
			at[i] = 0
		}
		if i == n {
			return
		}
	}
}

// once runs an event on every sensor, unless it ran before. The inputs of two builds often
// differ only in their longest values.
func (r *fileRun) once(access sensor.Access, e interp.Event, res *result) *Problem {
	r.key = appendEvent(append(r.key[:0], byte(access)), e)
	done, ok := r.done[string(r.key)]
	if !ok || r.o.repeatRuns {
		var p *Problem
		if done, p = r.compare(access, e); p != nil {
			return p
		}
		if !ok {
			r.done[string(r.key)] = done
		}
	}
	if done.steps > res.steps {
		res.steps, res.costliest = done.steps, cloneEvent(e)
	}
	res.operations = max(res.operations, done.operations)
	return nil
}

// appendEvent appends an event to a key. Different events give different keys.
func appendEvent(key []byte, e interp.Event) []byte {
	for i := range e {
		v := &e[i]
		key = append(key, byte(v.Type))
		switch v.Type {
		case sensor.TypeString:
			key = append(binary.AppendUvarint(key, uint64(len(v.Text))), v.Text...)
		case sensor.TypeInteger:
			key = binary.LittleEndian.AppendUint64(key, uint64(v.Integer))
		case sensor.TypeAddress:
			key = append(key, v.Address[:]...)
		}
	}
	return key
}

// compare runs an event on every sensor.
func (r *fileRun) compare(access sensor.Access, e interp.Event) (cost, *Problem) {
	c := &r.o.Counts
	c.Events++
	c.SensorRuns += 2
	fail := func(kind Kind, format string, args ...any) (cost, *Problem) {
		p := &Problem{Kind: kind, What: fmt.Sprintf(format, args...), Event: cloneEvent(e)}
		p.Did = r.did(access, e)
		return cost{}, p
	}
	trace, err := r.model.Run(e)
	if err != nil {
		return fail(Escape, "the model sensor: %v", err)
	}
	it := r.interpreter(access)
	if err := it.Run(e); err != nil {
		return fail(Escape, "the interpreter: %v", err)
	}
	if !slices.Equal(it.Matched(), trace.Matched) {
		return fail(Disagreement, "the interpreter matches the instances %v, the model sensor %v", it.Matched(), trace.Matched)
	}
	c.Matches += uint64(len(trace.Matched))
	if r.o.Config.EachInstance {
		n := r.o.file.Instances()
		for i := range n {
			if i >= instancesRun && i < n-1 {
				continue
			}
			matched, err := r.alone(access).RunInstance(i, e)
			if err != nil || matched != slices.Contains(trace.Matched, i) {
				return fail(Disagreement, "instance %d alone: %v, %v; the model sensor matches %v", i, matched, err, trace.Matched)
			}
		}
	}
	if trace.Operations > it.Steps() {
		return fail(Disagreement, "%d elementary operations, but only %d steps are charged", trace.Operations, it.Steps())
	}
	runs, err := r.o.raw.run(e, func(where string, got *interp.Trace) error { return differ("the raw sensor, "+where, trace, got) })
	c.SensorRuns += uint64(runs)
	if err != nil {
		return fail(kindOf(err), "%v", err)
	}
	if r.o.Config.C != nil {
		c.SensorRuns++
		got, err := r.o.Config.C.Run(e)
		if err != nil {
			return fail(Escape, "the sensor in C: %v", err)
		}
		if err := differ("the sensor in C", trace, got); err != nil {
			return fail(Disagreement, "%v", err)
		}
		if r.origin.event != nil {
			// This sensor makes the event by itself from the recorded one.
			r.o.Config.C.Supply(r.origin.slots())
			if got, err = r.o.Config.C.RunRecorded(r.origin.event, r.origin.turn); err != nil {
				return fail(Escape, "the sensor in C, on a recorded event: %v", err)
			}
			if err := differ("the sensor in C, on a recorded event,", trace, got); err != nil {
				return fail(Disagreement, "%v", err)
			}
		}
	}
	return cost{it.Steps(), trace.Operations}, nil
}

// slots returns what the build passes, for the sensor in C.
func (r *origin) slots() []csensor.Slot {
	list := make([]csensor.Slot, len(r.list))
	for i, s := range r.list {
		list[i] = csensor.Slot{Type: s.typ, Absent: r.access == sensor.AccessNamed, Drops: s.absent, Most: s.most, Values: s.values}
		if s.typ != 0 {
			list[i].Other = as(s.typ)
		}
	}
	return list
}

// A difference describes how two traces differ.
type difference struct{ what string }

func (d *difference) Error() string { return d.what }

// differ returns an error if the trace of another sensor differs from the trace of the model.
func differ(who string, model, got *interp.Trace) error {
	if slices.Equal(model.Reads, got.Reads) && slices.Equal(model.Matched, got.Matched) && model.Operations == got.Operations {
		return nil
	}
	return &difference{fmt.Sprintf("%s has the trace %+v; the model sensor has %+v", who, *got, *model)}
}

func kindOf(err error) Kind {
	if _, ok := errors.AsType[*difference](err); ok {
		return Disagreement
	}
	return Escape
}

// did runs an event again and returns the actions of each sensor.
func (r *fileRun) did(access sensor.Access, e interp.Event) (lines []string) {
	say := func(who string, trace *interp.Trace, err error) {
		if err != nil {
			lines = append(lines, who+": "+err.Error())
			return
		}
		lines = append(lines, fmt.Sprintf("%s: reads %v, matches %v, %d operations", who, trace.Reads, trace.Matched, trace.Operations))
	}
	it := r.interpreter(access)
	err := it.Run(e)
	say("interpreter", &interp.Trace{Matched: it.Matched(), Operations: it.Steps()}, err)
	trace, err := r.model.Run(e)
	say("model sensor", trace, err)
	for _, line := range r.o.raw.did(e) {
		lines = append(lines, "raw sensor, "+line)
	}
	return lines
}

func cloneEvent(e interp.Event) interp.Event {
	e = slices.Clone(e)
	for i := range e {
		e[i].Text = slices.Clone(e[i].Text)
	}
	return e
}
