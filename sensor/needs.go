package sensor

import (
	"iter"
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/internal/inputset"
)

// Needs is what a channel file requires of its reader. It comes from the
// content alone: from the criteria that are there, not from what a definition
// or the header says of them.
type Needs struct {
	Channel, Revision uint32
	Type, TypeVersion uint32
	TypeName          string // "" if no definition names the type
	Format            string // version of the format, such as "1.0"
	InputsDeclared    int    // by the type version, as the content states it
	InputsRead        int    // highest input that is read, plus one; 0 if none is

	Inputs    []InputNeed    // those that are read, by index
	Operators []OperatorNeed // those that occur, by number
	Sizes     Sizes

	// Constant is what an event costs in steps before the length of any input
	// comes to it: see [Needs.Steps].
	Constant uint64
	Memory   uint64 // bytes, at most, as FORMAT.md, section 9, has it
}

// MaxCauses is how many causes a need names. [Readers] finds all of an input.
const MaxCauses = 8

// MaxCauseText is how many characters of each text a cause repeats.
const MaxCauseText = 256

// maxCauseBytes are enough bytes for so many characters.
const maxCauseBytes = utf8.UTFMax * MaxCauseText

// An InputNeed is one input that is read.
type InputNeed struct {
	Index       int
	Name        string    // "" if no definition names it
	Type        InputType // by the definition; zero without TypeKnown
	TypeKnown   bool
	Instances   int     // how many read it; 0 if only criteria do that no instance refers to
	Criteria    int     // how many distinct criteria read it
	Coefficient uint64  // steps for each byte of its value
	First       []Cause // one an instance, in the order of the file
}

// An OperatorNeed is one operator that occurs.
type OperatorNeed struct {
	Operator  channelfile.Operator
	Instances int
	Criteria  int
	First     []Cause
}

// A Cause is an instance that makes a need. Its texts have no more than
// MaxCauseText characters each, and are UTF-8 whatever the file has.
type Cause struct {
	Instance int            // index in the file; -1 if the needs do not come from one
	ID       channelfile.ID // of the instance; zero if unknown
	Word     int            // index of the first word of the instance that makes the need; -1 if unknown
	Rule     string         // ID as the author wrote it
	Title    string
	Path     string // of the source
	Line     int    // of what the word comes from, or else of the rule; 0 if unknown
}

// Sizes are the sizes that a reader may limit.
type Sizes struct {
	FileSize             uint64 // bytes
	Instances            uint64
	Criteria             uint64 // distinct ones
	WordsPerInstance     uint64 // of the longest condition
	OperandsPerCriterion uint64 // of the longest list
	ValueLength          uint64 // bytes, of the longest value
	ProgramInstructions  uint64 // of the longest program of a regular expression
	Stack                uint64 // truths on the stack, at most
}

// Input returns the need of an input, nil if it is not read.
func (n *Needs) Input(index int) *InputNeed {
	for i := range n.Inputs {
		if n.Inputs[i].Index == index {
			return &n.Inputs[i]
		}
	}
	return nil
}

// Steps returns what an event costs at worst, if the value of each input has
// at most the length that maxLength gives for it, in bytes. Inputs whose
// length matters and for which maxLength gives none are returned as unknown;
// what they cost is not in steps. A cost beyond what steps can hold is the
// largest number that it can; see [Needs.Exceed].
func (n *Needs) Steps(maxLength func(input int) (length int, ok bool)) (steps uint64, unknown []int) {
	steps, unknown, _ = n.cost(maxLength)
	return steps, unknown
}

// Exceed reports whether an event can cost more than a budget of steps, by the
// lengths that Steps is given. A cost beyond 2^64 - 1 exceeds every budget.
func (n *Needs) Exceed(budget uint64, maxLength func(input int) (length int, ok bool)) bool {
	steps, _, beyond := n.cost(maxLength)
	return beyond || steps > budget
}

// cost is Steps, and whether the cost is beyond 2^64 - 1.
func (n *Needs) cost(maxLength func(input int) (length int, ok bool)) (steps uint64, unknown []int, beyond bool) {
	total := Charge{Steps: n.Constant}
	for _, in := range n.Inputs {
		if in.Coefficient == 0 {
			continue
		}
		length, ok := maxLength(in.Index)
		if !ok {
			unknown = append(unknown, in.Index)
			continue
		}
		total.Add(in.Coefficient, uint64(max(length, 0)))
	}
	return total.Steps, unknown, total.Beyond
}

// A charge is a sum of steps. One beyond 2^64 - 1 is kept as that number, and
// as beyond it.
type Charge struct {
	Steps  uint64
	Beyond bool
}

// add adds a coefficient times a length.
func (c *Charge) Add(coefficient, length uint64) {
	high, product := bits.Mul64(coefficient, length)
	sum, carry := bits.Add64(c.Steps, product, 0)
	if c.Steps = sum; c.Beyond || high+carry > 0 {
		c.Steps, c.Beyond = math.MaxUint64, true
	}
}

// NeedsOf computes the needs of f in one pass. Names and types of inputs are
// those of the definition that defs has for the file's type version, if any;
// nothing else is taken from it. Defs may be nil.
func NeedsOf(f *channelfile.File, defs *Definitions) *Needs {
	h := f.Header
	n := &Needs{
		Channel:        h.Channel,
		Revision:       h.Revision,
		Type:           h.Type,
		TypeVersion:    h.TypeVersion,
		TypeName:       defs.TypeName(h.Type),
		Format:         channelfile.Version,
		InputsDeclared: int(h.InputsDeclared),
		Sizes: Sizes{
			FileSize:  uint64(len(f.Data())),
			Instances: uint64(f.Instances()),
			Criteria:  uint64(f.Criteria()),
		},
		Constant: uint64(f.Words()) + uint64(f.Instances()),
	}
	t := &tally{f: f, needs: n, inputs: make([]count, h.InputsDeclared), originOf: -1}
	t.programs()
	n.Memory = n.Sizes.FileSize + n.Sizes.Criteria + channelfile.MaxStack + InstructionMemory*n.Sizes.ProgramInstructions
	t.criteria()
	t.instances()
	t.finish(defs.ByNumber(h.Type, h.TypeVersion))
	return n
}

// ChargesOf returns what FORMAT.md, section 9, charges for each criterion of a
// file: steps for an event, and steps for each byte of the criterion's input.
func ChargesOf(f *channelfile.File) (constant, perByte []uint64) {
	t := &tally{f: f, needs: new(Needs)}
	t.programs()
	constant, perByte = make([]uint64, f.Criteria()), make([]uint64, f.Criteria())
	for i := range constant {
		constant[i], perByte[i] = t.charge(f.Criterion(i))
	}
	return constant, perByte
}

// NeedsOfDefinition returns what a template type requires before there is any
// content for it: a reader that knows the version and expects the inputs that
// it declares. No input is read.
func NeedsOfDefinition(d *Definition) *Needs {
	return &Needs{
		Channel:        d.Channel,
		Type:           d.Number,
		TypeVersion:    d.Version,
		TypeName:       d.Name,
		Format:         channelfile.Version,
		InputsDeclared: len(d.Inputs),
	}
}

// A tally counts the needs of a file. Its counters are arrays by input and by
// operator, for a file has far more words than inputs.
type tally struct {
	f     *channelfile.File
	needs *Needs

	inputs    []count // as many as are declared
	operators [1 << (readSeveral - readOperator)]count
	reads     []read   // by criterion
	charges   []uint64 // by program, what it costs at each place of a value

	// The inputs of the criteria whose list of them is long, by criterion. Any
	// number of words may refer to one.
	sets map[int]*inputset.Set
	seen inputset.Set // of these, the inputs that the instance seen last has

	// What causes say of the instance seen last, which may be the cause of a
	// thousand needs.
	origin   channelfile.Origin
	originOf int
	texts    map[string]string // copies, so that the needs do not keep all texts of the file; each once
}

// A read is what the pass over the words must know of a criterion: its input,
// its operator, and whether its operands are inputs too. It is small because
// the words look them up in any order, and a file may have millions.
type read uint16

const (
	readOperator = 10 // bits of an input
	readSeveral  = 15
)

func readOf(c channelfile.Criterion) read {
	r := read(c.Operator)<<readOperator | read(c.Input)
	if c.Flags&channelfile.FlagInputs != 0 {
		r |= 1 << readSeveral
	}
	return r
}

func (r read) input() int    { return int(r % (1 << readOperator)) }
func (r read) operator() int { return int(r >> readOperator % (1 << (readSeveral - readOperator))) }
func (r read) several() bool { return r>>readSeveral != 0 }

// These compile only while inputs and operators fit.
const (
	_ = uint(1<<readOperator - channelfile.MaxInputs)
	_ = uint(1<<(readSeveral-readOperator) - 1 - channelfile.OpAddressRange)
)

// A count is what is known of one input or one operator.
type count struct {
	last        int // the instance, or while they are counted the criterion, seen last, plus one
	criteria    int
	instances   int
	coefficient uint64
	first       []Cause
}

// InstructionMemory is how many bytes an interpreter needs for each instruction
// of the longest program, as FORMAT.md, section 9, has it.
const InstructionMemory = 24

// programs looks at each program once, however many criteria run it.
func (t *tally) programs() {
	f, sizes := t.f, &t.needs.Sizes
	if !f.HasPrograms() {
		return
	}
	t.charges = make([]uint64, f.Programs())
	for i := range t.charges {
		p := f.Program(i)
		sizes.ProgramInstructions = max(sizes.ProgramInstructions, uint64(p.Len()))
		t.charges[i] = programCharge(p)
	}
}

// programCharge is what FORMAT.md, section 9, charges for a program at each
// place of a value: 3 for each instruction, and the tests of a bisection of the
// ranges where a rune is taken.
func programCharge(p channelfile.Program) uint64 {
	c := 3 * uint64(p.Len())
	for i := range p.Len() {
		if in := p.Inst(i); in.Op == channelfile.InstRunes {
			c += uint64(bits.Len(uint(p.Ranges(in.Arg))))
		}
	}
	return c
}

// criteria looks at each criterion once: a reader evaluates it once an event,
// however many instances refer to it.
func (t *tally) criteria() {
	f, sizes := t.f, &t.needs.Sizes
	t.reads = make([]read, f.Criteria())
	for i := range t.reads {
		c := f.Criterion(i)
		t.reads[i] = readOf(c)
		sizes.OperandsPerCriterion = max(sizes.OperandsPerCriterion, uint64(c.Count))
		t.operators[c.Operator].criteria++
		t.inputs[c.Input].last = i + 1
		t.inputs[c.Input].criteria++
		if t.reads[i].several() {
			t.compared(i, c)
		}
		constant, coefficient := t.charge(c)
		t.needs.Constant = addSat(t.needs.Constant, constant)
		t.inputs[c.Input].coefficient = addSat(t.inputs[c.Input].coefficient, coefficient)
	}
	for i := range t.inputs {
		t.inputs[i].last = 0
	}
}

// compared looks at the other inputs that criterion i, c, compares with.
func (t *tally) compared(i int, c channelfile.Criterion) {
	for other := range t.f.OperandInputs(c) {
		if in := &t.inputs[other]; in.last != i+1 {
			in.last = i + 1
			in.criteria++
		}
	}
	if c.Count >= inputset.LongList {
		if t.sets == nil {
			t.sets = make(map[int]*inputset.Set)
		}
		t.sets[i] = inputset.Others(t.f, c)
	}
}

// charge is the table of FORMAT.md, section 9: what c costs, and what it costs
// for each byte of its input.
func (t *tally) charge(c channelfile.Criterion) (constant, coefficient uint64) {
	operands := uint64(c.Count)
	if c.Flags&channelfile.FlagInputs != 0 {
		if c.Operator == channelfile.OpIntegerEquals {
			return 1 + 40*operands, 0
		}
		return 1 + 2*operands, operands
	}
	if c.Operator == channelfile.OpRegexp {
		var charges uint64
		for k := c.First; k < c.First+c.Count; k++ {
			charges = addSat(charges, t.charges[t.f.Operand(k)])
		}
		return addSat(1, charges), charges
	}
	var lengths uint64                           // of all operands
	for k := c.First; k < c.First+c.Count; k++ { // OperandValues would do, and takes twice the time
		n := uint64(len(t.f.Value(t.f.Operand(k))))
		lengths += n
		t.needs.Sizes.ValueLength = max(t.needs.Sizes.ValueLength, n)
	}
	switch c.Operator {
	case channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix:
		return 1 + 2*operands + lengths, 0
	case channelfile.OpContains, channelfile.OpPattern:
		return 1 + lengths + operands, lengths + operands
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		return 24 + 2*operands, 0
	case channelfile.OpAddressRange:
		return 64 + 4*operands, 0
	}
	return 1, 0 // exists
}

// instances goes through the conditions. An instance counts once for each
// input and operator, at the first word that needs it.
func (t *tally) instances() {
	f, sizes := t.f, &t.needs.Sizes
	for i := range f.Instances() {
		in := f.Instance(i)
		sizes.WordsPerInstance = max(sizes.WordsPerInstance, uint64(in.Count))
		stack := 0
		if t.sets != nil {
			t.seen = inputset.Set{}
		}
		for w := in.First; w < in.First+in.Count; w++ {
			word := f.Word(w)
			if !word.IsReference() {
				stack -= word.Operands() - 1
				continue
			}
			stack++
			sizes.Stack = max(sizes.Stack, uint64(stack))
			r := t.reads[word.Criterion()]
			t.see(&t.inputs[r.input()], i, w)
			t.see(&t.operators[r.operator()], i, w)
			if r.several() {
				t.others(word.Criterion(), i, w)
			}
		}
	}
}

// others sees the inputs that a criterion compares with, for a word of an
// instance.
func (t *tally) others(criterion, instance, word int) {
	if set := t.sets[criterion]; set != nil {
		for k, inputs := range set {
			for unseen := inputs &^ t.seen[k]; unseen != 0; unseen &= unseen - 1 {
				t.see(&t.inputs[64*k+bits.TrailingZeros64(unseen)], instance, word)
			}
			t.seen[k] |= inputs
		}
		return
	}
	for other := range t.f.OperandInputs(t.f.Criterion(criterion)) {
		t.see(&t.inputs[other], instance, word)
	}
}

// see counts an instance, unless it is the one that c has seen last.
func (t *tally) see(c *count, instance, word int) {
	if len(c.first) < MaxCauses {
		t.first(c, instance, word)
		return
	}
	// A branch on whether it is the same would often be mispredicted.
	differs := uint64(c.last ^ (instance + 1))
	c.instances += int((differs | -differs) >> 63)
	c.last = instance + 1
}

// first is see as long as instances are named.
func (t *tally) first(c *count, instance, word int) {
	if c.last == instance+1 {
		return
	}
	c.last = instance + 1
	c.instances++
	if t.originOf != instance {
		t.originOf, t.origin = instance, originOf(t.f, instance)
		for _, s := range []*string{&t.origin.Rule, &t.origin.Title, &t.origin.Path} {
			*s = t.text(*s)
		}
	}
	c.first = append(c.first, causeOf(t.f, instance, word, t.origin))
}

// finish puts what was counted into the needs.
func (t *tally) finish(d *Definition) {
	n := t.needs
	for i := range t.inputs {
		c := &t.inputs[i]
		if c.criteria == 0 {
			continue
		}
		in := InputNeed{Index: i, Instances: c.instances, Criteria: c.criteria, Coefficient: c.coefficient, First: c.first}
		if d != nil && i < len(d.Inputs) {
			in.Name, in.Type, in.TypeKnown = d.Inputs[i].Name, d.Inputs[i].Type, true
		}
		n.Inputs = append(n.Inputs, in)
		n.InputsRead = i + 1
	}
	for i := range t.operators {
		if c := &t.operators[i]; c.criteria > 0 {
			n.Operators = append(n.Operators,
				OperatorNeed{Operator: channelfile.Operator(i), Instances: c.instances, Criteria: c.criteria, First: c.first})
		}
	}
}

// text returns a copy of a text, the same one for the same text.
func (t *tally) text(s string) string {
	kept, ok := t.texts[s]
	if !ok {
		if t.texts == nil {
			t.texts = map[string]string{}
		}
		kept = strings.Clone(s)
		t.texts[kept] = kept
	}
	return kept
}

// originOf returns what causes say of an instance.
func originOf(f *channelfile.File, instance int) channelfile.Origin {
	o := f.ShortOrigin(instance, maxCauseBytes)
	o.Rule, o.Title, o.Path = causeText(o.Rule), causeText(o.Title), causeText(o.Path)
	return o
}

// causeText cuts a text of a file to what a cause repeats of it.
func causeText(s string) string {
	n := 0
	for i := range s {
		if n++; n > MaxCauseText {
			s = s[:i]
			break
		}
	}
	return strings.ToValidUTF8(s, string(utf8.RuneError))
}

func causeOf(f *channelfile.File, instance, word int, o channelfile.Origin) Cause {
	line, _ := f.ShortUse(word, 0)
	if line == 0 {
		line = o.Line
	}
	return Cause{
		Instance: instance, ID: f.Instance(instance).ID, Word: word,
		Rule: o.Rule, Title: o.Title, Path: o.Path, Line: line,
	}
}

// Readers returns each instance of f that reads an input, in the order of the
// file, with the first word of it that does.
func Readers(f *channelfile.File, input int) iter.Seq[Cause] {
	return causes(f, func(c channelfile.Criterion) bool { return reads(f, c, input) })
}

// reads reports whether a criterion reads an input.
func reads(f *channelfile.File, c channelfile.Criterion, input int) bool {
	if int(c.Input) == input {
		return true
	}
	for other := range f.OperandInputs(c) {
		if other == input {
			return true
		}
	}
	return false
}

// causes returns the instances that refer to a criterion of the kind wanted.
func causes(f *channelfile.File, wanted func(channelfile.Criterion) bool) iter.Seq[Cause] {
	return func(yield func(Cause) bool) {
		is := make([]bool, f.Criteria()) // far fewer than references to them
		for i := range is {
			is[i] = wanted(f.Criterion(i))
		}
		for i := range f.Instances() {
			in := f.Instance(i)
			for w := in.First; w < in.First+in.Count; w++ {
				if word := f.Word(w); word.IsReference() && is[word.Criterion()] {
					if !yield(causeOf(f, i, w, originOf(f, i))) {
						return
					}
					break
				}
			}
		}
	}
}
