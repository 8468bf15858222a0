package interp

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// An Interpreter is the content interpreter: it evaluates the instances of one
// channel file against one event after the other, as FORMAT.md, section 8,
// says. It checks each bound and charges each step (section 9). It allocates
// nothing for an event once it has seen a few, and its results do not depend on
// the events before. An Interpreter serves one goroutine.
type Interpreter struct {
	file     *channelfile.File
	access   sensor.Access
	budget   sensor.Budget
	constant uint64   // steps of any event
	perByte  []uint64 // steps for each byte of an input's value
	memory   uint64   // bytes that the file takes

	truths  []bool // of the criteria
	run     uint32
	ran     []uint32 // by RunInstance: the run in which a criterion was evaluated
	matched []int
	steps   uint64
	work    uint64 // what evaluating really took, more or less: bytes and places looked at
	limit   uint64 // of work, for a Synthesizer; 0: none
	stack   []bool
	reached []uint64 // of a pattern with bytes that are not UTF-8
	machine machine
}

// A FaultKind says what went wrong in an evaluation.
type FaultKind uint8

// The kinds of faults. An interpreter that checks nothing does the harm that
// this one reports.
const (
	FaultInput  FaultKind = 1 + iota // a criterion reads an input that a positional reader was not handed
	FaultType                        // the value of an input is of a type that the operator does not read
	FaultSteps                       // the event costs more than the budget of steps
	FaultMemory                      // the file takes more than the budget of memory
)

// A Fault says where an evaluation went wrong. The event has no result then.
type Fault struct {
	Kind      FaultKind
	Criterion int              // that was evaluated; -1 if the fault is not that of one
	Input     int              // that it reads; -1 likewise
	Supplied  int              // how many inputs the event has
	Type      sensor.InputType // of the value, if that is the fault
	Operator  channelfile.Operator
	Needed    uint64 // steps or bytes
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

// NewInterpreter returns the interpreter of a file for a build that reads as r
// says: with its access to inputs and its budget. A budget of zero is none.
func New(f *channelfile.File, r *sensor.Reader) *Interpreter {
	return newInterpreter(f, sensor.NeedsOf(f, nil), r)
}

// newInterpreter is NewInterpreter of a file whose needs are known.
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

// As makes the interpreter that of another build.
func (it *Interpreter) As(r *sensor.Reader) {
	it.access, it.budget = r.Access, r.Budget
	it.machine.program = 0 // the work for a build does not depend on the one before
}

// Run evaluates an event: each criterion once, in the order of the file, and
// then each instance. Nothing is skipped, so what is read does not depend on
// what the values are. The error, if any, is a [*Fault].
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

// RunInstance evaluates one instance alone: the criteria that it refers to, each
// once, and its condition. The event is charged as by Run. The error, if any, is
// a [*Fault], or says that a [Synthesizer.Limit] was reached.
func (it *Interpreter) RunInstance(instance int, e Event) (matched bool, err error) {
	it.matched = it.matched[:0]
	if err := it.charge(e); err != nil {
		return false, err
	}
	if it.ran == nil {
		it.ran = make([]uint32, len(it.truths))
	}
	if it.run++; it.run == 0 { // all numbers of runs were used
		clear(it.ran)
		it.run = 1
	}
	f, in := it.file, it.file.Instance(instance)
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

// Matched returns the instances that the event of the last Run matches, in the
// order of the file. It is overwritten by the next.
func (it *Interpreter) Matched() []int { return it.matched }

// Steps returns what the event of the last Run was charged, at most 2^64 - 1.
func (it *Interpreter) Steps() uint64 { return it.steps }

// Charge returns what Run charges an event, without running it: at most
// 2^64 - 1 steps.
func (it *Interpreter) Charge(e Event) uint64 { return it.total(e).Steps }

func (it *Interpreter) total(e Event) sensor.Charge {
	total := sensor.Charge{Steps: it.constant}
	for i, n := range it.perByte {
		if n > 0 && i < len(e) && e[i].Type == sensor.TypeString {
			total.Add(n, uint64(len(e[i].Text)))
		}
	}
	return total
}

// charge charges the event before anything of it is looked at: the charge
// depends on the lengths of its values alone. A charge beyond 2^64 - 1 exceeds
// every budget.
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

// absent is the value of what a named reader does not find.
var absent Value

// value reads an input of the event for criterion i.
func (it *Interpreter) value(i int, c channelfile.Criterion, e Event, input int) (*Value, error) {
	if input < len(e) {
		v := &e[input]
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

// takes reports whether an operator takes values of a type.
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
		n, ok := v.integer()
		if !ok {
			return false, nil
		}
		it.work += uint64(c.Count)
		for k := c.First; k < c.First+c.Count; k++ {
			b := f.Value(f.Operand(k))
			least := channelfile.Integer(b, 0)
			greatest := least
			if c.Operator == channelfile.OpIntegerRange {
				greatest = channelfile.Integer(b, 1)
			}
			if (least <= n && n <= greatest) != all {
				return !all, nil
			}
		}
		return all, nil
	case channelfile.OpAddressRange:
		a, ok := v.address()
		if !ok {
			return false, nil
		}
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
		if it.work += 8; it.spent() {
			return false, errSpent
		}
		if holds != all {
			return !all, nil
		}
	}
	return all, nil
}

// errSpent ends an evaluation that took all the work that a Synthesizer may do.
var errSpent = errors.New("more work than is allowed")

func (it *Interpreter) spent() bool { return it.limit > 0 && it.work > it.limit }

// text compares a value with one operand.
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
	return false // Parse knows no other operator
}

// comparison evaluates criterion i, which compares its input with others. Each
// of these is read, whatever the first one is.
func (it *Interpreter) comparison(i int, c channelfile.Criterion, v *Value, e Event) (bool, error) {
	all := c.Flags&channelfile.FlagAll != 0
	result := all
	for k := c.First; k < c.First+c.Count; k++ {
		other, err := it.value(i, c, e, it.file.Operand(k))
		if err != nil {
			return false, err
		}
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
		a, ok := v.integer()
		b, also := other.integer()
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
