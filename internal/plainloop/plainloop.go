// Package plainloop is the content interpreter of commit 882292d, frozen as a unit of time.
//
// It evaluates each criterion of a file on each event, and then each instance, without an index.
// Benchmarks report the speed of a matcher as a ratio to this loop in the same process. Such
// ratios can be compared between machines and versions, because nothing here is ever made faster.
// The package has its own copy of all comparisons. It shares only the types of events and files.
package plainloop

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A Loop evaluates the instances of one channel file against events, in a reader that finds
// inputs by name and has no budget. It must be used by only one goroutine at a time.
type Loop struct {
	file     *channelfile.File
	constant uint64   // steps of any event
	perByte  []uint64 // by input, steps for each byte of the value
	truths   []bool   // by criterion
	matched  []int
	steps    uint64
	work     uint64
	stack    []bool
	reached  []uint64 // state of matchBytes
	machine  machine
}

// New returns the loop of a file.
func New(f *channelfile.File) *Loop {
	l := &Loop{
		file:    f,
		truths:  make([]bool, f.Criteria()),
		stack:   make([]bool, 0, channelfile.MaxStack),
		perByte: make([]uint64, f.Header.InputsDeclared),
	}
	needs := sensor.NeedsOf(f, nil)
	l.constant = needs.Constant
	for i := range needs.Inputs {
		l.perByte[needs.Inputs[i].Index] = needs.Inputs[i].Coefficient
	}
	l.machine.size(int(needs.Sizes.ProgramInstructions))
	return l
}

// Run evaluates an event. It fails if the value of an input has a type that an operator does not
// accept.
func (l *Loop) Run(e interp.Event) error {
	l.matched = l.matched[:0]
	l.charge(e)
	f := l.file
	for i := range l.truths {
		c := f.Criterion(i)
		v, err := l.value(i, c, e, int(c.Input))
		if err != nil {
			return err
		}
		if l.truths[i], err = l.holds(i, c, v, e); err != nil {
			return err
		}
	}
	for i := range f.Instances() {
		in := f.Instance(i)
		if l.condition(in.First, in.Count) {
			l.matched = append(l.matched, i)
		}
	}
	return nil
}

// Matched returns the instances that matched the event of the last Run, in the order of the file.
// The next Run overwrites the result.
func (l *Loop) Matched() []int { return l.matched }

// charge charges the event, as FORMAT.md, section 9, defines.
func (l *Loop) charge(e interp.Event) {
	l.steps = l.constant
	for i, n := range l.perByte {
		if n > 0 && i < len(e) && e[i].Type == sensor.TypeString {
			l.steps = addSat(l.steps, mulSat(n, uint64(len(e[i].Text))))
		}
	}
}

func addSat(a, b uint64) uint64 { return a + min(b, math.MaxUint64-a) }

func mulSat(a, b uint64) uint64 {
	if hi, lo := bits.Mul64(a, b); hi == 0 {
		return lo
	}
	return math.MaxUint64
}

// absent is the value of an input that the event does not have.
var absent interp.Value

// value reads an input of the event for criterion i.
func (l *Loop) value(i int, c channelfile.Criterion, e interp.Event, input int) (*interp.Value, error) {
	if input >= len(e) {
		return &absent, nil
	}
	v := &e[input]
	if v.Present() && !takes(c.Operator, v.Type) {
		return nil, fmt.Errorf("criterion %d, %s, reads input %d, whose value is of type %s", i, c.Operator, input, v.Type)
	}
	return v, nil
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
func (l *Loop) condition(first, count int) bool {
	stack := l.stack[:0]
	for i := first; i < first+count; i++ {
		w := l.file.Word(i)
		if w.IsReference() {
			stack = append(stack, l.truths[w.Criterion()] != w.Negated())
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
func (l *Loop) holds(i int, c channelfile.Criterion, v *interp.Value, e interp.Event) (bool, error) {
	if c.Flags&channelfile.FlagInputs != 0 {
		return l.comparison(i, c, v, e)
	}
	if !v.Present() {
		return false, nil
	}
	all := c.Flags&channelfile.FlagAll != 0
	f := l.file
	l.work += 8
	switch c.Operator {
	case channelfile.OpExists:
		return true, nil
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		n, ok := integer(v)
		if !ok {
			return false, nil
		}
		l.work += uint64(c.Count)
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
		a, ok := address(v)
		if !ok {
			return false, nil
		}
		l.work += uint64(c.Count)
		for k := c.First; k < c.First+c.Count; k++ {
			b := f.Value(f.Operand(k))
			if (bytes.Compare(b[:16], a[:]) <= 0 && bytes.Compare(a[:], b[16:32]) <= 0) != all {
				return !all, nil
			}
		}
		return all, nil
	case channelfile.OpRegexp:
		for k := c.First; k < c.First+c.Count; k++ {
			before := l.machine.work
			found := l.machine.search(f.Program(f.Operand(k)), f.Operand(k), v.Text)
			l.work += l.machine.work - before
			if found != all {
				return !all, nil
			}
		}
		return all, nil
	}
	folded := c.Flags&channelfile.FlagFold != 0
	for k := c.First; k < c.First+c.Count; k++ {
		holds := l.text(c.Operator, folded, v.Text, f.Value(f.Operand(k)))
		l.work += 8
		if holds != all {
			return !all, nil
		}
	}
	return all, nil
}

// text compares a value with one operand.
func (l *Loop) text(op channelfile.Operator, folded bool, value, operand []byte) bool {
	l.work += uint64(min(len(value), len(operand)))
	switch {
	case op == channelfile.OpPattern && folded:
		matches, work := matchFold(value, operand)
		l.work += uint64(work)
		return matches
	case op == channelfile.OpPattern:
		matches, work := l.match(value, operand)
		l.work += uint64(work)
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
			l.work += uint64(work)
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
			l.work += uint64(len(value))
			return bytes.Contains(value, operand)
		}
	}
	return false // Parse accepts no other operator
}

// comparison evaluates criterion i, which compares its input with other inputs. It reads each of
// them, whatever the value of the first input.
func (l *Loop) comparison(i int, c channelfile.Criterion, v *interp.Value, e interp.Event) (bool, error) {
	all := c.Flags&channelfile.FlagAll != 0
	result := all
	for k := c.First; k < c.First+c.Count; k++ {
		other, err := l.value(i, c, e, l.file.Operand(k))
		if err != nil {
			return false, err
		}
		l.work += 8 + uint64(len(v.Text))
		if alike(c, v, other) != all {
			result = !all
		}
	}
	return result, nil
}

// alike compares the values of two inputs.
func alike(c channelfile.Criterion, v, other *interp.Value) bool {
	if !v.Present() || !other.Present() {
		return false
	}
	if c.Operator == channelfile.OpIntegerEquals {
		a, ok := integer(v)
		b, also := integer(other)
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
