// Package delta compares two revisions of the content of a channel: the instances, by their IDs
// and conditions, and the needs.
//
// It compares the conditions as they are written. An instance whose condition has the same
// meaning in another form counts as changed.
package delta

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// Instances is the difference between the instances of two channel files.
type Instances struct {
	Added   []int  // indices in the new file, ascending: no instance of the old file has the ID
	Removed []int  // indices in the old file, ascending: no instance of the new file has the ID
	Changed []Pair // instances of both files whose conditions differ, in the order of their IDs
	Same    int    // number of instances of both files with the same condition
}

// A Pair is an instance of two files: its index in each of them.
type Pair struct{ Old, New int }

// Between compares the instances of two files. Inputs maps the index of an input in the old
// file to the index of the same input in the new file, or to -1 if the new file cannot read it.
// Nil means that the indices have the same meaning in both files.
//
// Both files must keep all requirements of FORMAT.md, see [channelfile.File.Conformance]. If
// one of them does not, instances can count as changed although they are the same, but not the
// reverse.
func Between(old, newer *channelfile.File, inputs func(int) int) *Instances {
	c := &comparison{old: old, newer: newer, inputs: inputs}
	c.matchCriteria()
	d := new(Instances)
	for i, k := 0, 0; i < old.Instances() || k < newer.Instances(); {
		switch order := c.compareIDs(i, k); {
		case order < 0:
			d.Removed = append(d.Removed, i)
			i++
		case order > 0:
			d.Added = append(d.Added, k)
			k++
		default:
			if c.sameCondition(i, k) {
				d.Same++
			} else {
				d.Changed = append(d.Changed, Pair{i, k})
			}
			i++
			k++
		}
	}
	return d
}

// A comparison matches the criteria of two files, so that conditions can be compared word by
// word.
type comparison struct {
	old, newer *channelfile.File
	inputs     func(int) int
	criteria   []int32 // by criterion of the old file: the same criterion of the new file, or -1
}

// compareIDs compares the IDs of instance i of the old file and instance k of the new file. An
// instance beyond the end of its file is greater than all others.
func (c *comparison) compareIDs(i, k int) int {
	switch {
	case i == c.old.Instances():
		return 1
	case k == c.newer.Instances():
		return -1
	}
	a, b := c.old.Instance(i).ID, c.newer.Instance(k).ID
	return bytes.Compare(a[:], b[:])
}

// sameCondition reports whether instance i of the old file and instance k of the new file have
// the same condition. Normal form orders words by their criteria, and criteria by their
// content, so the same condition has the same words in the same order, unless inputs moved.
func (c *comparison) sameCondition(i, k int) bool {
	a, b := c.old.Instance(i), c.newer.Instance(k)
	if c.inputs != nil {
		was, ok := unordered(c.old, a, func(criterion int) int { return int(c.criteria[criterion]) }, c.inputs)
		is, _ := unordered(c.newer, b, func(criterion int) int { return criterion }, func(input int) int { return input })
		return ok && was == is
	}
	if a.Count != b.Count {
		return false
	}
	for n := range a.Count {
		v, w := c.old.Word(a.First+n), c.newer.Word(b.First+n)
		switch {
		case !v.IsReference() || !w.IsReference():
			if v != w {
				return false
			}
		case v.Negated() != w.Negated() || int(c.criteria[v.Criterion()]) != w.Criterion():
			return false
		}
	}
	return true
}

// A part is a part of a condition, as a text for each of its own parts, of which all or one
// must hold.
type part struct {
	or    bool
	parts []string
}

// unordered returns a text of the condition of an instance. It does not depend on the order of
// the parts of an and or an or, nor on the side of an input in a test for equality. Number
// returns the number of a criterion, and input the number of an input. Ok is false if one of
// them is negative.
func unordered(f *channelfile.File, in channelfile.Instance, number, input func(int) int) (text string, ok bool) {
	ok = true
	leaf := func(kind byte, negated bool, numbers ...int) string {
		text := []byte{kind, '+'}
		if negated {
			text[1] = '-'
		}
		for _, n := range numbers {
			ok = ok && n >= 0
			text = binary.AppendUvarint(text, uint64(n))
		}
		return string(text)
	}
	var stack []part
	join := func(n int, or bool) {
		all := part{or: or}
		for _, p := range stack[len(stack)-n:] {
			if p.or == or || len(p.parts) == 1 {
				all.parts = append(all.parts, p.parts...)
			} else {
				all.parts = append(all.parts, p.text())
			}
		}
		stack = append(stack[:len(stack)-n], all)
	}
	for i := in.First; i < in.First+in.Count; i++ {
		w := f.Word(i)
		if !w.IsReference() {
			join(w.Operands(), w.IsOr())
			continue
		}
		c := f.Criterion(w.Criterion())
		if c.Flags&channelfile.FlagInputs == 0 {
			stack = append(stack, part{parts: []string{leaf('c', w.Negated(), number(w.Criterion()))}})
			continue
		}
		// The format writes the side with the lower index first, and a list for each first side.
		p := part{or: (c.Flags&channelfile.FlagAll == 0) != w.Negated()}
		for other := range f.OperandInputs(c) {
			a, b := input(int(c.Input)), input(other)
			if c.Operator == channelfile.OpEquals || c.Operator == channelfile.OpIntegerEquals {
				a, b = min(a, b), max(a, b)
			}
			p.parts = append(p.parts, leaf('i', w.Negated(), int(c.Operator), int(c.Flags&channelfile.FlagFold), a, b))
		}
		stack = append(stack, p)
	}
	join(len(stack), false)
	return stack[0].text(), ok
}

func (p part) text() string {
	slices.Sort(p.parts)
	parts := slices.Compact(p.parts)
	word := byte('&')
	if p.or { //mutation:equivalent: the depth in the condition says the same
		word = '|'
	}
	//mutation:equivalent width: the parts differ too
	text := binary.AppendUvarint([]byte{word}, uint64(len(parts)))
	for _, part := range parts {
		text = append(text, part...)
	}
	return string(text)
}

// matchCriteria fills in c.criteria.
func (c *comparison) matchCriteria() {
	values := match(c.old.Values(), c.newer.Values(), func(i, k int) int { return bytes.Compare(c.old.Value(i), c.newer.Value(k)) })
	programs := match(c.old.Programs(), c.newer.Programs(), func(i, k int) int {
		return strings.Compare(c.old.Program(i).Source(), c.newer.Program(k).Source())
	})
	for i, k := range programs {
		//mutation:missed condition, comparison: no generated files have programs of two compilers
		if k >= 0 && !sameProgram(c.old.Program(i), c.newer.Program(int(k))) {
			programs[i] = -1
		}
	}
	index := make(map[string]int32, c.newer.Criteria())
	var key []byte
	for k := range c.newer.Criteria() {
		of := c.newer.Criterion(k)
		key = binary.AppendUvarint(append(key[:0], byte(of.Operator), byte(of.Flags)), uint64(of.Input))
		for n := of.First; n < of.First+of.Count; n++ {
			key = binary.AppendUvarint(key, uint64(c.newer.Operand(n)))
		}
		index[string(key)] = int32(k)
	}
	c.criteria = make([]int32, c.old.Criteria())
	for i := range c.criteria {
		of := c.old.Criterion(i)
		operand := func(o int) int { return int(values[o]) }
		switch {
		case of.Flags&channelfile.FlagInputs != 0:
			operand = c.input
		case of.Operator == channelfile.OpRegexp:
			operand = func(o int) int { return int(programs[o]) }
		}
		c.criteria[i] = -1
		known := true
		add := func(n int) {
			known = known && n >= 0
			key = binary.AppendUvarint(key, uint64(n))
		}
		key = append(key[:0], byte(of.Operator), byte(of.Flags))
		add(c.input(int(of.Input)))
		for n := of.First; n < of.First+of.Count && known; n++ {
			add(operand(c.old.Operand(n)))
		}
		if !known { //mutation:equivalent: no criterion has such an operand
			continue
		}
		if k, ok := index[string(key)]; ok {
			c.criteria[i] = k
		}
	}
}

// input returns the index in the new file of an input of the old file, or -1.
func (c *comparison) input(index int) int {
	if c.inputs == nil {
		return index
	}
	return c.inputs(index)
}

// match returns, for each entry of an ascending list of n entries, the index of the equal entry
// of an ascending list of m entries, or -1. Compare compares an entry of each list.
func match(n, m int, compare func(i, k int) int) []int32 {
	of := make([]int32, n)
	k := 0
	for i := range of {
		order := -1
		for ; k < m; k++ {
			if order = compare(i, k); order <= 0 {
				break
			}
		}
		//mutation:equivalent `k < m`: only an entry can be equal
		if of[i] = -1; k < m && order == 0 {
			of[i] = int32(k)
		}
	}
	return of
}

// sameProgram reports whether two programs have the same instructions. Programs with the same
// source differ if different compilers made them.
//
//mutation:missed condition: no generated files have programs of two compilers
func sameProgram(a, b channelfile.Program) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i := range a.Len() {
		p, q := a.Inst(i), b.Inst(i)
		if p.Op != q.Op || p.Out != q.Out {
			return false
		}
		if p.Op != channelfile.InstRunes {
			if p.Arg != q.Arg {
				return false
			}
			continue
		}
		if a.Ranges(p.Arg) != b.Ranges(q.Arg) {
			return false
		}
		for n := range a.Ranges(p.Arg) {
			aLo, aHi := a.Range(p.Arg, n)
			bLo, bHi := b.Range(q.Arg, n)
			if aLo != bLo || aHi != bHi {
				return false
			}
		}
	}
	return true
}

// Needs is the difference between the needs of two files.
type Needs struct {
	GainedInputs, LostInputs       []sensor.InputNeed    // by index
	GainedOperators, LostOperators []sensor.OperatorNeed // by number
}

// BetweenNeeds compares needs. Inputs has the meaning that it has for [Between].
func BetweenNeeds(old, newer *sensor.Needs, inputs func(int) int) *Needs {
	d := new(Needs)
	kept := map[int]bool{} // inputs of newer that old reads
	for _, in := range old.Inputs {
		index := in.Index
		if inputs != nil {
			index = inputs(index)
		}
		if index < 0 || newer.Input(index) == nil {
			d.LostInputs = append(d.LostInputs, in)
			continue
		}
		kept[index] = true
	}
	for _, in := range newer.Inputs {
		if !kept[in.Index] {
			d.GainedInputs = append(d.GainedInputs, in)
		}
	}
	d.LostOperators = lacking(old.Operators, newer.Operators)
	d.GainedOperators = lacking(newer.Operators, old.Operators)
	return d
}

// CostLength is the length in bytes of each string in the event by which [Cost] compares
// content.
const CostLength = 1024

// Cost returns the cost of an event whose strings have CostLength bytes, in steps. It depends
// on the content alone, so it can be compared between releases. A cost beyond 2^64 - 1 is
// returned as that number.
func Cost(n *sensor.Needs) uint64 {
	total, _ := n.Steps(func(int) (length int, ok bool) { return CostLength, true })
	return total
}

// lacking returns the entries of a whose operators b lacks.
func lacking(a, b []sensor.OperatorNeed) (list []sensor.OperatorNeed) {
	for _, op := range a {
		if !slices.ContainsFunc(b, func(o sensor.OperatorNeed) bool { return o.Operator == op.Operator }) {
			list = append(list, op)
		}
	}
	return list
}

// InputsOf returns the function inputs of [Between] for files with two headers. If the meaning
// of the inputs is not known, no input is the same.
func InputsOf(old, newer channelfile.Header, defs *sensor.Definitions) func(int) int {
	if old.Type == newer.Type && old.TypeVersion == newer.TypeVersion {
		return nil
	}
	a, b := defs.ByNumber(old.Type, old.TypeVersion), defs.ByNumber(newer.Type, newer.TypeVersion)
	if old.Type == newer.Type && a != nil && b != nil {
		return Inputs(a, b)
	}
	return func(int) int { return -1 }
}

// Inputs returns the function inputs of [Between] for two definitions of one template type: an
// input is the same if it has the same name and type. It returns nil if each input of old has
// the same index in newer.
func Inputs(old, newer *sensor.Definition) func(int) int {
	same := len(old.Inputs) <= len(newer.Inputs)
	byName := map[string]int{}
	for i := range newer.Inputs {
		byName[newer.Inputs[i].Name] = i
	}
	to := make([]int, len(old.Inputs))
	for i := range old.Inputs {
		k, ok := byName[old.Inputs[i].Name]
		if !ok || newer.Inputs[k].Type != old.Inputs[i].Type {
			k = -1
		}
		same = same && k == i
		to[i] = k
	}
	if same {
		return nil
	}
	return func(index int) int {
		if index < 0 || index >= len(to) {
			return -1
		}
		return to[index]
	}
}
