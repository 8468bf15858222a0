package interp

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// An Interpreter evaluates the instances of one channel file against events, as FORMAT.md, section
// 8, defines. It checks every bound and charges every step (section 9). After the first few events
// it allocates almost nothing. Its results do not depend on earlier events. An Interpreter must be
// used by only one goroutine at a time.
type Interpreter struct {
	file     *channelfile.File
	access   sensor.Access
	budget   sensor.Budget
	constant uint64   // steps of any event
	perByte  []uint64 // by input, steps for each byte of the value
	memory   uint64   // memory for the file, in bytes

	truths  []bool // by criterion
	run     uint32
	ran     []uint32 // for RunInstance: by criterion, the last run that evaluated it
	matched []int
	steps   uint64
	work    uint64 // total work so far: roughly the bytes and positions visited
	limit   uint64 // work limit of a Synthesizer; 0 means no limit
	stack   []bool
	reached []uint64 // state of matchBytes
	machine machine
}

// A FaultKind is the kind of a fault in an evaluation.
type FaultKind uint8

// The kinds of faults. An interpreter that does not check would do harm instead of reporting a
// fault.
const (
	FaultInput  FaultKind = 1 + iota // a criterion reads an input that the array does not have
	FaultType                        // the operator does not accept the type of the value
	FaultSteps                       // the event costs more steps than the budget
	FaultMemory                      // the file needs more memory than the budget
)

// A Fault reports where an evaluation failed. The event then has no result.
type Fault struct {
	Kind      FaultKind
	Criterion int              // index of the criterion; -1 for faults of the whole file
	Input     int              // input that the criterion reads; -1 for faults of the whole file
	Supplied  int              // number of inputs of the event
	Type      sensor.InputType // type of the value, for FaultType
	Operator  channelfile.Operator
	Needed    uint64 // in steps or bytes
	Budget    uint64
}

func (f *Fault) Error() string {
	switch f.Kind {
	case FaultInput:
		return fmt.Sprintf("criterion %d reads %s; the event has %d inputs", f.Criterion, sensor.InputNumber(f.Input), f.Supplied)
	case FaultType:
		return fmt.Sprintf("criterion %d, %s, reads %s, whose value is of type %s", f.Criterion, f.Operator, sensor.InputNumber(f.Input), f.Type)
	case FaultSteps:
		if f.Needed == f.Budget {
			return fmt.Sprintf("the event costs more than %d steps, which exceeds every budget", f.Budget)
		}
		return fmt.Sprintf("the event costs %d steps; the budget is %d", f.Needed, f.Budget)
	case FaultMemory:
		return fmt.Sprintf("the file takes %d bytes; the budget is %d", f.Needed, f.Budget)
	}
	return fmt.Sprintf("no fault (%d)", f.Kind)
}

// New returns the interpreter of a file for a build with the given reader. It uses the access and
// the budget of the reader. A budget of 0 means no budget.
func New(f *channelfile.File, r *sensor.Reader) *Interpreter {
	return newInterpreter(f, sensor.NeedsOf(f, nil), r)
}

// newInterpreter is New for a file whose needs are known.
//
//mutation:equivalent: only the time of an allocation depends on it
func newInterpreter(f *channelfile.File, needs *sensor.Needs, r *sensor.Reader) *Interpreter {
	it := &Interpreter{
		file:    f,
		access:  r.Access,
		budget:  r.Budget,
		truths:  make([]bool, f.Criteria()),
		stack:   make([]bool, 0, channelfile.MaxStack),
		perByte: make([]uint64, f.Header.InputsDeclared),
	}
	it.constant, it.memory = needs.Constant, needs.Memory
	for i := range needs.Inputs {
		it.perByte[needs.Inputs[i].Index] = needs.Inputs[i].Coefficient
	}
	it.machine.size(int(needs.Sizes.ProgramInstructions))
	return it
}

// As changes the reader of the interpreter, for another build.
func (it *Interpreter) As(r *sensor.Reader) {
	it.access, it.budget = r.Access, r.Budget
	it.machine.program = 0 // the work for a build must not depend on the previous build
}

// Run evaluates an event: first each criterion once, in the order of the file, then each instance.
// It skips nothing, so the set of inputs that it reads does not depend on their values. If Run
// fails, the error is a [*Fault].
func (it *Interpreter) Run(e Event) error {
	it.matched = it.matched[:0]
	if err := it.charge(e); err != nil {
		return err
	}
	f := it.file
	for i := range it.truths {
		c := f.Criterion(i)
		v, err := it.value(i, c, e, int(c.Input))
		if err != nil {
			return err
		}
		if it.truths[i], err = it.holds(i, c, v, e); err != nil {
			return err
		}
	}
	for i := range f.Instances() {
		in := f.Instance(i)
		if it.condition(in.First, in.Count) {
			it.matched = append(it.matched, i)
		}
	}
	return nil
}

// RunInstance evaluates only one instance: its condition, and once each criterion that it refers
// to. It charges the event as Run does. If it fails, the error is a [*Fault], or the limit of
// [Synthesizer.Limit] is reached.
func (it *Interpreter) RunInstance(instance int, e Event) (matched bool, err error) {
	it.matched = it.matched[:0]
	if err := it.charge(e); err != nil {
		return false, err
	}
	if it.ran == nil {
		it.ran = make([]uint32, len(it.truths))
	}
	//mutation:missed condition: it takes 2^32 runs of one interpreter
	//mutation:equivalent comparison: criteria are then run again, with the same result
	if it.run++; it.run == 0 { // the counter has wrapped
		clear(it.ran)
		it.run = 1
	}
	f, in := it.file, it.file.Instance(instance)
	//mutation:equivalent: generated files never reach this limit of work
	it.work += uint64(in.Count) * 8
	for w := in.First; w < in.First+in.Count; w++ {
		word := f.Word(w)
		if !word.IsReference() || it.ran[word.Criterion()] == it.run {
			continue
		}
		i := word.Criterion()
		it.ran[i] = it.run
		c := f.Criterion(i)
		v, err := it.value(i, c, e, int(c.Input))
		if err != nil {
			return false, err
		}
		if it.truths[i], err = it.holds(i, c, v, e); err != nil {
			return false, err
		}
	}
	return it.condition(in.First, in.Count), nil
}

// RunCriterion evaluates only one criterion. It charges nothing. If it fails, the error is a
// [*Fault], or the limit of [Synthesizer.Limit] is reached.
func (it *Interpreter) RunCriterion(criterion int, e Event) (bool, error) {
	c := it.file.Criterion(criterion)
	v, err := it.value(criterion, c, e, int(c.Input))
	if err != nil {
		return false, err
	}
	return it.holds(criterion, c, v, e)
}

// Matched returns the instances that matched the event of the last Run, in the order of the file.
// The next Run overwrites the result.
func (it *Interpreter) Matched() []int { return it.matched }

// Steps returns the charge for the event of the last Run, at most 2^64 - 1.
func (it *Interpreter) Steps() uint64 { return it.steps }

// Charge returns the steps that Run would charge for an event, at most 2^64 - 1. It does not run
// the event.
func (it *Interpreter) Charge(e Event) uint64 { return it.total(e).Steps }

func (it *Interpreter) total(e Event) sensor.Charge {
	total := sensor.Charge{Steps: it.constant}
	for i, n := range it.perByte {
		//mutation:equivalent `n > 0`: adding 0 changes nothing
		if n > 0 && i < len(e) && e[i].Type == sensor.TypeString {
			total.Add(n, uint64(len(e[i].Text)))
		}
	}
	return total
}

// charge charges the event before the values are read, since the charge depends only on their
// lengths. A charge beyond 2^64 - 1 exceeds every budget.
func (it *Interpreter) charge(e Event) error {
	total := it.total(e)
	it.steps = total.Steps
	if it.budget.Steps > 0 && (total.Beyond || it.steps > it.budget.Steps) {
		return &Fault{Kind: FaultSteps, Criterion: -1, Input: -1, Supplied: len(e), Needed: it.steps, Budget: it.budget.Steps}
	}
	if it.budget.Memory > 0 && it.memory > it.budget.Memory {
		return &Fault{Kind: FaultMemory, Criterion: -1, Input: -1, Supplied: len(e), Needed: it.memory, Budget: it.budget.Memory}
	}
	return nil
}

// absent is the value that a named reader finds for an input that it did not get.
var absent Value

// value reads an input of the event for criterion i.
func (it *Interpreter) value(i int, c channelfile.Criterion, e Event, input int) (*Value, error) {
	if input < len(e) {
		v := &e[input]
		//mutation:missed: the tests of sensor detect it
		if v.Present() && !takes(c.Operator, v.Type) {
			return nil, &Fault{Kind: FaultType, Criterion: i, Input: input, Supplied: len(e), Type: v.Type, Operator: c.Operator}
		}
		return v, nil
	}
	if it.access == sensor.AccessNamed {
		return &absent, nil
	}
	return nil, &Fault{Kind: FaultInput, Criterion: i, Input: input, Supplied: len(e), Operator: c.Operator}
}

// takes reports whether an operator accepts values of a type.
func takes(op channelfile.Operator, t sensor.InputType) bool {
	switch op {
	case channelfile.OpExists:
		return true
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		return t == sensor.TypeString || t == sensor.TypeInteger
	case channelfile.OpAddressRange:
		return t == sensor.TypeString || t == sensor.TypeAddress
	}
	return t == sensor.TypeString
}

// condition evaluates the words of an instance.
func (it *Interpreter) condition(first, count int) bool {
	stack := it.stack[:0]
	for i := first; i < first+count; i++ {
		w := it.file.Word(i)
		if w.IsReference() {
			stack = append(stack, it.truths[w.Criterion()] != w.Negated())
			continue
		}
		at := len(stack) - w.Operands()
		truth := w.IsAnd()
		for _, operand := range stack[at:] {
			if w.IsAnd() {
				truth = truth && operand
			} else {
				truth = truth || operand
			}
		}
		stack = append(stack[:at], truth)
	}
	for _, truth := range stack {
		if !truth {
			return false
		}
	}
	return true
}

// holds evaluates criterion i on the value of its input.
func (it *Interpreter) holds(i int, c channelfile.Criterion, v *Value, e Event) (bool, error) {
	if c.Flags&channelfile.FlagInputs != 0 {
		return it.comparison(i, c, v, e)
	}
	if !v.Present() {
		return false, nil
	}
	all := c.Flags&channelfile.FlagAll != 0
	f := it.file
	it.work += 8
	switch c.Operator {
	case channelfile.OpExists:
		return true, nil
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		n, ok := v.AsInteger()
		if !ok {
			return false, nil
		}
		//mutation:equivalent: generated files never reach this limit of work
		it.work += uint64(c.Count)
		for k := c.First; k < c.First+c.Count; k++ {
			b := f.Value(f.Operand(k))
			least := b.Integer()
			greatest := least
			if c.Operator == channelfile.OpIntegerRange {
				_, greatest = b.IntegerRange()
			}
			if (least <= n && n <= greatest) != all {
				return !all, nil
			}
		}
		return all, nil
	case channelfile.OpAddressRange:
		a, ok := v.AsAddress()
		if !ok {
			return false, nil
		}
		//mutation:equivalent: generated files never reach this limit of work
		it.work += uint64(c.Count)
		for k := c.First; k < c.First+c.Count; k++ {
			b := f.Value(f.Operand(k))
			if (bytes.Compare(b[:16], a[:]) <= 0 && bytes.Compare(a[:], b[16:32]) <= 0) != all {
				return !all, nil
			}
		}
		return all, nil
	case channelfile.OpRegexp:
		for k := c.First; k < c.First+c.Count; k++ {
			before := it.machine.work
			found := it.machine.search(f.Program(f.Operand(k)), f.Operand(k), v.Text)
			//mutation:equivalent: generated files never reach this limit of work
			if it.work += it.machine.work - before; it.spent() {
				return false, errSpent
			}
			if found != all {
				return !all, nil
			}
		}
		return all, nil
	}
	folded := c.Flags&channelfile.FlagFold != 0
	for k := c.First; k < c.First+c.Count; k++ {
		holds := it.text(c.Operator, folded, v.Text, f.Value(f.Operand(k)))
		//mutation:equivalent: generated files never reach this limit of work
		if it.work += 8; it.spent() {
			return false, errSpent
		}
		if holds != all {
			return !all, nil
		}
	}
	return all, nil
}

// errSpent ends an evaluation that reached the work limit of a Synthesizer.
var errSpent = errors.New("the work limit is reached")

//mutation:equivalent: generated files never reach this limit of work
func (it *Interpreter) spent() bool { return it.limit > 0 && it.work > it.limit }

// text compares a value with one operand.
//
//mutation:equivalent width: generated files never reach this limit of work
func (it *Interpreter) text(op channelfile.Operator, folded bool, value, operand []byte) bool {
	it.work += uint64(min(len(value), len(operand)))
	switch {
	case op == channelfile.OpPattern && folded:
		matches, work := matchFold(value, operand)
		it.work += uint64(work)
		return matches
	case op == channelfile.OpPattern:
		matches, work := it.match(value, operand)
		it.work += uint64(work)
		return matches
	case folded:
		switch op {
		case channelfile.OpEquals:
			n, ok := prefixFold(value, operand)
			return ok && n == len(value)
		case channelfile.OpPrefix:
			_, ok := prefixFold(value, operand)
			return ok
		case channelfile.OpSuffix:
			return suffixFold(value, operand)
		case channelfile.OpContains:
			found, work := containsFold(value, operand)
			it.work += uint64(work)
			return found
		}
	default:
		switch op {
		case channelfile.OpEquals:
			return bytes.Equal(value, operand)
		case channelfile.OpPrefix:
			return bytes.HasPrefix(value, operand)
		case channelfile.OpSuffix:
			return bytes.HasSuffix(value, operand)
		case channelfile.OpContains:
			it.work += uint64(len(value))
			return bytes.Contains(value, operand)
		}
	}
	return false // Parse accepts no other operator
}

// comparison evaluates criterion i, which compares its input with other inputs. It reads each of
// them, whatever the value of the first input.
func (it *Interpreter) comparison(i int, c channelfile.Criterion, v *Value, e Event) (bool, error) {
	all := c.Flags&channelfile.FlagAll != 0
	result := all
	for k := c.First; k < c.First+c.Count; k++ {
		other, err := it.value(i, c, e, it.file.Operand(k))
		if err != nil {
			return false, err
		}
		//mutation:equivalent: generated files never reach this limit of work
		if it.work += 8 + uint64(len(v.Text)); it.spent() {
			return false, errSpent
		}
		if alike(c, v, other) != all {
			result = !all
		}
	}
	return result, nil
}

// alike compares the values of two inputs.
func alike(c channelfile.Criterion, v, other *Value) bool {
	if !v.Present() || !other.Present() {
		return false
	}
	if c.Operator == channelfile.OpIntegerEquals {
		a, ok := v.AsInteger()
		b, also := other.AsInteger()
		return ok && also && a == b
	}
	if c.Flags&channelfile.FlagFold == 0 {
		switch c.Operator {
		case channelfile.OpEquals:
			return bytes.Equal(v.Text, other.Text)
		case channelfile.OpPrefix:
			return bytes.HasPrefix(v.Text, other.Text)
		}
		return bytes.HasSuffix(v.Text, other.Text)
	}
	switch c.Operator {
	case channelfile.OpEquals:
		n, ok := prefixFold(v.Text, other.Text)
		return ok && n == len(v.Text)
	case channelfile.OpPrefix:
		_, ok := prefixFold(v.Text, other.Text)
		return ok
	}
	return suffixFold(v.Text, other.Text)
}
