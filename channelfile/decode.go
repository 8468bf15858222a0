package channelfile

import (
	"fmt"
	"slices"
)

// Encode encodes the model of f in normal form. It omits unused entries, sorts
// the others, and computes the digests. If [File.Conformance] of f is empty and
// [File.CompareProgram] finds no difference, the result is equal to f.Data().
//
// It returns an error if no file in normal form has the model of f. The reason is
// one of these: an ID is all zero or occurs twice, a range ends before it starts,
// a text is not UTF-8, a program is not the one that its source compiles to, or a
// condition in normal form exceeds a limit.
func Encode(f *File) ([]byte, error) {
	d := newDecoder(f)
	b := d.builder()
	for i := range f.Instances() {
		if err := d.addTo(b, f.Instance(i), i); err != nil {
			return nil, err
		}
	}
	return b.Encode()
}

// Extract returns a channel file with instance i of f as its only instance, in
// normal form. The instance keeps its ID and its provenance, and matches the same
// events as in f. The header has the numbers of f's header, and 0 for Created.
//
// It returns an error where [Encode] would return one for the instance. It takes
// time and memory linear in the size of f.
func (f *File) Extract(i int) ([]byte, error) {
	d := newDecoder(f)
	b := d.builder()
	b.header.Created = 0
	if err := d.addTo(b, f.Instance(i), i); err != nil {
		return nil, err
	}
	return b.Encode()
}

// ExtractCriterion returns a channel file in normal form whose only instance has
// criterion i of f as its condition. The instance has the given ID and no
// provenance. The header has the numbers of f's header, and 0 for Created.
//
// It returns an error where [Encode] would return one for the criterion, and if
// the ID is all zero. It takes time linear in the size of the criterion with its
// operands, and of the programs that it runs.
func (f *File) ExtractCriterion(i int, id ID) ([]byte, error) {
	d := decoder{f: f}
	b := NewBuilder(f.Header)
	b.header.Created = 0
	if err := b.Add(id, d.newCriterion(i), nil); err != nil {
		return nil, err
	}
	return b.Encode()
}

// A decoder turns the conditions of a file into expressions.
type decoder struct {
	f        *File
	criteria []Expr    // the zero Expr if not decoded yet
	values   []*string // nil if not decoded yet; many criteria may refer to one
	folded   []*string // the same for operands of criteria with FlagFold
	sources  []*string // the same for the sources of programs
	comparer programComparer
	operands []int
	stack    []Expr
}

// newDecoder returns a decoder that decodes each entry of f at most once.
func newDecoder(f *File) *decoder {
	return &decoder{
		f: f, criteria: make([]Expr, f.Criteria()),
		values: make([]*string, f.Values()), folded: make([]*string, f.Values()), sources: make([]*string, f.Programs()),
	}
}

// builder returns a Builder for the instances of the file.
func (d *decoder) builder() *Builder {
	b := NewBuilder(d.f.Header)
	b.provenance = no
	if d.f.HasProvenance() {
		b.provenance = yes
	}
	return b
}

// addTo adds inst, which is instance i of the file, to b.
func (d *decoder) addTo(b *Builder, inst Instance, i int) error {
	var origin *Origin
	if d.f.HasProvenance() {
		o := d.f.Origin(i)
		origin = &o
	}
	return b.Add(inst.ID, d.condition(inst), origin)
}

// condition returns the condition of an instance. Parse has verified its stack.
func (d *decoder) condition(inst Instance) Expr {
	d.stack = d.stack[:0]
	for i := inst.First; i < inst.First+inst.Count; i++ {
		w := d.f.Word(i)
		if w.IsReference() {
			e := d.criterion(w.Criterion())
			if w.Negated() {
				e = Not(e)
			}
			if d.f.HasProvenance() {
				e = e.From(d.f.Use(i))
			}
			d.stack = append(d.stack, e)
			continue
		}
		base := len(d.stack) - w.Operands()
		e := And(d.stack[base:]...)
		if w.IsOr() {
			e = Or(d.stack[base:]...)
		}
		d.stack = append(d.stack[:base], e)
	}
	return And(d.stack...)
}

// criterion returns criterion i. It returns the same node each time.
func (d *decoder) criterion(i int) Expr {
	if d.criteria[i].node == nil {
		d.criteria[i] = d.newCriterion(i)
	}
	return d.criteria[i]
}

// newCriterion decodes criterion i.
func (d *decoder) newCriterion(i int) Expr {
	c := d.f.Criterion(i)
	n := &node{operator: c.Operator, flags: c.Flags, input: int(c.Input), shared: true}
	d.operands = d.operands[:0]
	for k := c.First; k < c.First+c.Count; k++ {
		d.operands = append(d.operands, d.f.Operand(k))
	}
	// A file that is not in normal form may repeat an operand.
	slices.Sort(d.operands)
	for _, o := range slices.Compact(d.operands) {
		switch {
		case c.Flags&FlagInputs != 0:
			n.inputs = append(n.inputs, o)
		case c.Operator == OpRegexp:
			source, err := d.source(o)
			if err != nil {
				n.err = err
			}
			n.values = append(n.values, source)
		default:
			n.values = append(n.values, d.value(o, c.Flags&FlagFold != 0))
		}
	}
	// The operands do not count towards the size. The Builder reads the operands of
	// a shared node once, and a condition may have more operands than the cap.
	n.depth, n.size = 1, 1
	return Expr{n}
}

// value returns value i, folded or not. If the decoder keeps values it returns the
// same string each time, because the operand lists of the criteria may be far
// longer than the pool.
func (d *decoder) value(i int, fold bool) string {
	kept := d.values
	if fold {
		kept = d.folded
	}
	if kept != nil && kept[i] != nil {
		return *kept[i]
	}
	v := string(d.f.Value(i))
	if fold {
		v = foldString(v)
	}
	if kept != nil {
		kept[i] = &v
	}
	return v
}

// source returns the source of program i. It returns an error if the source
// compiles to another program. To compile that one would change what a sensor
// does, and could take far more memory than the file.
func (d *decoder) source(i int) (string, error) {
	if d.sources != nil && d.sources[i] != nil {
		return *d.sources[i], nil
	}
	p := d.f.Program(i)
	if differs := d.comparer.compare(p); differs != "" {
		return "", fmt.Errorf("program %d does not match its source, %.80q: %s", i, p.source, differs)
	}
	s := p.Source()
	if d.sources != nil {
		d.sources[i] = &s
	}
	return s, nil
}
