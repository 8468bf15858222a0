package meaning

import "github.com/cfcheck/cfcheck/channelfile"

// Instances reads the conditions of the instances of a channel file as formulas. It must be used
// by only one goroutine at a time.
type Instances struct {
	file     *channelfile.File
	programs map[int]*channelfile.Program
	stack    []Formula
}

// MaxTests is the largest number of tests of a formula that [Instances] returns. A criterion has a
// test for each of its operands, and counts once for each reference to it.
const MaxTests = 1 << 14

// NewInstances returns the conditions of f.
func NewInstances(f *channelfile.File) *Instances {
	return &Instances{file: f, programs: map[int]*channelfile.Program{}}
}

// Formula returns the condition of an instance. Ok is false if it has more than [MaxTests] tests.
func (r *Instances) Formula(instance int) (f Formula, ok bool) {
	in := r.file.Instance(instance)
	if r.Size(instance) > MaxTests {
		return Formula{}, false
	}
	stack := r.stack[:0]
	for i := in.First; i < in.First+in.Count; i++ {
		w := r.file.Word(i)
		if w.IsReference() {
			f := r.criterion(w.Criterion(), i)
			if w.Negated() {
				f = Not(f)
			}
			stack = append(stack, f)
			continue
		}
		at := len(stack) - w.Operands()
		parts := append([]Formula(nil), stack[at:]...)
		if w.IsOr() {
			stack = append(stack[:at], Or(parts...))
		} else {
			stack = append(stack[:at], And(parts...))
		}
	}
	r.stack = stack[:0]
	return And(append([]Formula(nil), stack...)...), true
}

// Size returns the number of tests of an instance.
func (r *Instances) Size(instance int) int {
	in, n := r.file.Instance(instance), 0
	for i := in.First; i < in.First+in.Count; i++ {
		if w := r.file.Word(i); w.IsReference() {
			n += max(1, r.file.Criterion(w.Criterion()).Count)
		}
	}
	return n
}

// Criterion returns the formula of a criterion, without a reference to it. Ok is false if it has
// more than [MaxTests] tests.
func (r *Instances) Criterion(i int) (f Formula, ok bool) {
	if r.file.Criterion(i).Count > MaxTests {
		return Formula{}, false
	}
	return r.criterion(i, 0), true
}

// criterion returns the formula of a criterion to which a word refers.
func (r *Instances) criterion(i, word int) Formula {
	c := r.file.Criterion(i)
	parts := make([]Formula, max(1, c.Count))
	nodes := make([]node, len(parts))
	for k := range parts {
		t := Test{Field: int(c.Input), Operator: c.Operator, Fold: c.Flags&channelfile.FlagFold != 0, Word: word, Number: k}
		switch {
		case c.Count == 0:
		case c.Flags&channelfile.FlagInputs != 0:
			t.With = r.file.Operand(c.First+k) + 1
		case c.Operator == channelfile.OpRegexp:
			t.Program = r.program(r.file.Operand(c.First + k))
		default:
			t.Operand = r.file.Value(r.file.Operand(c.First + k))
		}
		nodes[k] = node{kind: kindTest, test: t}
		parts[k] = Formula{&nodes[k]}
	}
	switch {
	case len(parts) == 1:
		return parts[0]
	case c.Flags&channelfile.FlagAll != 0:
		return And(parts...)
	}
	return Or(parts...)
}

func (r *Instances) program(i int) *channelfile.Program {
	p := r.programs[i]
	if p == nil {
		program := r.file.Program(i)
		p = &program
		r.programs[i] = p
	}
	return p
}
