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

// Needs lists the requirements of a channel file on its reader. They come from the content alone:
// from the criteria in the file, not from a definition or from the claims of the header.
type Needs struct {
	Channel, Revision uint32
	Type, TypeVersion uint32
	TypeName          string // "" if no definition names the type
	Format            string // version of the format, such as "1.0"
	InputsDeclared    int    // number of inputs that the type version declares, by the header
	InputsRead        int    // highest index that is read, plus one; 0 if no input is read

	Inputs    []InputNeed    // inputs that are read, by index
	Operators []OperatorNeed // operators that occur, by number
	Sizes     Sizes

	// Constant is the cost of an event in steps, without the part that depends on the lengths of
	// the inputs; see [Needs.Steps].
	Constant uint64
	Memory   uint64 // upper bound in bytes, as FORMAT.md, section 9, computes it
}

// MaxCauses is the maximum number of causes that a need names. [Readers] finds all causes of an
// input.
const MaxCauses = 8

// MaxCauseText is the maximum number of characters of each text in a cause.
const MaxCauseText = 256

// maxCauseBytes is the maximum number of bytes of such a text.
const maxCauseBytes = utf8.UTFMax * MaxCauseText

// An InputNeed is one input that the file reads.
type InputNeed struct {
	Index     int
	Name      string    // "" if no definition names the input
	Type      InputType // type in the definition; 0 if TypeKnown is false
	TypeKnown bool
	// number of instances that read the input; 0 if only criteria without a reference read it
	Instances   int
	Criteria    int     // number of distinct criteria that read the input
	Coefficient uint64  // steps for each byte of its value
	First       []Cause // at most one for each instance, in the order of the file
}

// An OperatorNeed is one operator that occurs in the file.
type OperatorNeed struct {
	Operator  channelfile.Operator
	Instances int
	Criteria  int
	First     []Cause
}

// A Cause is an instance that causes a need. Each of its texts has at most MaxCauseText characters
// and is valid UTF-8, even if the text in the file is not.
type Cause struct {
	Instance int            // index in the file; -1 if the needs do not come from a file
	ID       channelfile.ID // ID of the instance; zero if unknown
	Word     int            // index of the first word that causes the need; -1 if unknown
	Rule     string         // rule ID as its author wrote it
	Title    string
	Path     string // path of the source
	// line in the source: the line that produced the word, or else the line of the rule; 0 if
	// unknown
	Line int
}

// Sizes are the sizes that a reader may limit.
type Sizes struct {
	FileSize             uint64 // in bytes
	Instances            uint64
	Criteria             uint64 // number of distinct criteria
	WordsPerInstance     uint64 // length of the longest condition
	OperandsPerCriterion uint64 // length of the longest list
	ValueLength          uint64 // length of the longest value, in bytes
	ProgramInstructions  uint64 // length of the longest program of a regular expression
	Stack                uint64 // maximum number of truth values on the stack
}

// Input returns the need of an input, or nil if the file does not read it.
func (n *Needs) Input(index int) *InputNeed {
	for i := range n.Inputs {
		if n.Inputs[i].Index == index {
			return &n.Inputs[i]
		}
	}
	return nil
}

// Steps returns the worst-case cost of an event. MaxLength returns the maximum length in bytes of
// the value of an input, or false if it has no bound. Steps returns as unknown the inputs whose
// length matters but has no bound. Their cost is not included in steps. A cost beyond 2^64 - 1 is
// returned as that number; see [Needs.Exceed].
func (n *Needs) Steps(maxLength func(input int) (length int, ok bool)) (steps uint64, unknown []int) {
	steps, unknown, _ = n.cost(maxLength)
	return steps, unknown
}

// Exceed reports whether an event can cost more than a budget of steps. MaxLength has the meaning
// that it has for [Needs.Steps]. A cost beyond 2^64 - 1 exceeds every budget.
func (n *Needs) Exceed(budget uint64, maxLength func(input int) (length int, ok bool)) bool {
	steps, _, beyond := n.cost(maxLength)
	return beyond || steps > budget
}

// cost returns the results of Steps, and reports whether the cost is beyond 2^64 - 1.
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

// A Charge is a sum of steps. If the sum exceeds 2^64 - 1, Steps has that value and Beyond is
// true.
type Charge struct {
	Steps  uint64
	Beyond bool
}

// Add adds coefficient * length.
func (c *Charge) Add(coefficient, length uint64) {
	high, product := bits.Mul64(coefficient, length)
	sum, carry := bits.Add64(c.Steps, product, 0)
	if c.Steps = sum; c.Beyond || high+carry > 0 {
		c.Steps, c.Beyond = math.MaxUint64, true
	}
}

// NeedsOf computes the needs of f in one pass. From defs it takes only the name of the type, and
// the names and types of the inputs in the definition of the type version. Defs may be nil.
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

// ChargesOf returns the charges of FORMAT.md, section 9, for each criterion of a file. These are
// the steps for each event, and the steps for each byte of the input of the criterion.
func ChargesOf(f *channelfile.File) (constant, perByte []uint64) {
	t := &tally{f: f, needs: new(Needs)}
	t.programs()
	constant, perByte = make([]uint64, f.Criteria()), make([]uint64, f.Criteria())
	for i := range constant {
		constant[i], perByte[i] = t.charge(f.Criterion(i), 1)
	}
	return constant, perByte
}

// NeedsOfDefinition returns the needs of a template type that has no content yet: a reader that
// knows the version and expects the declared inputs. No input is read.
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

// A tally counts the needs of a file. Its counters are arrays indexed by input and by operator,
// because a file has far more words than inputs.
type tally struct {
	f     *channelfile.File
	needs *Needs

	inputs    []count // one for each declared input
	operators [1 << (readSeveral - readOperator)]count
	reads     []read   // by criterion
	charges   []uint64 // by program, the cost at each position of a value

	// sets holds, by criterion, the inputs in long lists of operands. Many words may refer to one
	// criterion.
	sets map[int]*inputset.Set
	seen inputset.Set // the inputs in sets that the last instance has already read

	// The origin of the last instance. One instance may be the cause of a thousand needs.
	origin   channelfile.Origin
	originOf int
	// each text is copied once, so that the needs do not keep the file's texts in memory
	texts map[string]string
}

// A read packs the properties of a criterion that the pass over the words needs. These are its
// input, its operator, and whether its operands are inputs too. It is small because the words look
// it up in any order, and a file may have millions of criteria.
type read uint16

const (
	readOperator = 10 // number of bits of an input
	readSeveral  = 15
)

func readOf(c channelfile.Criterion) read {
	r := read(c.Operator)<<readOperator | read(c.Input)
	if c.Flags&channelfile.FlagInputs != 0 {
		r |= 1 << readSeveral
	}
	return r
}

func (r read) input() int { return int(r % (1 << readOperator)) }

//mutation:equivalent: the value is always below 256
func (r read) operator() int { return int(r >> readOperator % (1 << (readSeveral - readOperator))) }
func (r read) several() bool { return r>>readSeveral != 0 }

// These constants compile only if inputs and operators fit.
const (
	_ = uint(1<<readOperator - channelfile.MaxInputs)
	_ = uint(1<<(readSeveral-readOperator) - 1 - channelfile.OpAddressRange)
)

// A count holds the counters of one input or one operator.
type count struct {
	// the last instance that was counted, plus one; while criteria are counted, the last criterion
	// plus one
	last        int
	criteria    int
	instances   int
	coefficient uint64
	first       []Cause
}

// InstructionMemory is the memory in bytes that an interpreter needs for each instruction of the
// longest program, by FORMAT.md, section 9.
const InstructionMemory = 24

// programs visits each program once, even if several criteria run it.
func (t *tally) programs() {
	f, sizes := t.f, &t.needs.Sizes
	//mutation:equivalent: without these sections the loop has no entries
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

// programCharge returns the charge of FORMAT.md, section 9, for a program at each position of a
// value. An instruction costs 3. An instruction that takes a rune also costs the comparisons of a
// binary search in its ranges.
func programCharge(p channelfile.Program) uint64 {
	c := 3 * uint64(p.Len())
	for i := range p.Len() {
		if in := p.Inst(i); in.Op == channelfile.InstRunes {
			//mutation:equivalent width#1: the value is always below 256
			c += uint64(bits.Len(uint(p.Ranges(in.Arg))))
		}
	}
	return c
}

// criteria visits each criterion once. A reader evaluates a criterion once for each event, even if
// many instances refer to it. Adjacent criteria with the same input, operator and flags are charged
// together.
func (t *tally) criteria() {
	f := t.f
	t.reads = make([]read, f.Criteria())
	for i := 0; i < len(t.reads); {
		group, first := f.Criterion(i), i
		group.Count = 0
		r := readOf(group)
		longest := 0
		for end := f.AlikeUntil(i); i < end; i++ {
			c := f.Criterion(i)
			t.reads[i] = r
			group.Count += c.Count
			longest = max(longest, c.Count)
			if r.several() {
				//mutation:missed: it takes two entries that are exactly 256 or 65,536 apart
				t.inputs[c.Input].last = i + 1
				t.compared(i, c)
			}
		}
		t.operators[group.Operator].criteria += i - first
		in := &t.inputs[group.Input]
		in.criteria += i - first
		constant, coefficient := t.charge(group, uint64(i-first))
		t.needs.Constant = addSat(t.needs.Constant, constant)
		in.coefficient = addSat(in.coefficient, coefficient)
		t.needs.Sizes.OperandsPerCriterion = max(t.needs.Sizes.OperandsPerCriterion, uint64(longest))
	}
	for i := range t.inputs {
		t.inputs[i].last = 0
	}
}

// compared counts the other inputs that c, the criterion with index i, compares with.
//
//mutation:missed width: it takes two entries that are exactly 256 or 65,536 apart
func (t *tally) compared(i int, c channelfile.Criterion) {
	for other := range t.f.OperandInputs(c) {
		if in := &t.inputs[other]; in.last != i+1 {
			in.last = i + 1
			in.criteria++
		}
	}
	//mutation:equivalent: the slow path gives the same result
	if c.Count >= inputset.LongList {
		if t.sets == nil {
			t.sets = make(map[int]*inputset.Set)
		}
		t.sets[i] = inputset.Others(t.f, c)
	}
}

// charge implements the table in FORMAT.md, section 9: the steps for some criteria, and the steps
// for each byte of their input. The criteria are adjacent and alike, and c has the operands of all.
func (t *tally) charge(c channelfile.Criterion, criteria uint64) (constant, coefficient uint64) {
	operands := uint64(c.Count)
	if c.Flags&channelfile.FlagInputs != 0 {
		if c.Operator == channelfile.OpIntegerEquals {
			return criteria + 40*operands, 0
		}
		return criteria + 2*operands, operands
	}
	if c.Operator == channelfile.OpRegexp {
		var charges uint64
		for k := c.First; k < c.First+c.Count; k++ {
			charges = addSat(charges, t.charges[t.f.Operand(k)])
		}
		return addSat(criteria, charges), charges
	}
	var lengths, longest uint64                  // of all operands
	for k := c.First; k < c.First+c.Count; k++ { // twice as fast as File.OperandValues
		n := uint64(len(t.f.Value(t.f.Operand(k))))
		lengths += n
		longest = max(longest, n)
	}
	t.needs.Sizes.ValueLength = max(t.needs.Sizes.ValueLength, longest)
	switch c.Operator {
	case channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix:
		return criteria + 2*operands + lengths, 0
	case channelfile.OpContains, channelfile.OpPattern:
		return criteria + lengths + operands, lengths + operands
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		return 24*criteria + 2*operands, 0
	case channelfile.OpAddressRange:
		return 64*criteria + 4*operands, 0
	}
	return criteria, 0 // exists
}

// instances visits the conditions. It counts an instance once for each input and operator, at the
// first word that needs it.
func (t *tally) instances() {
	f := t.f
	longest, deepest := 0, 0
	for i := range f.Instances() {
		in := f.Instance(i)
		longest = max(longest, in.Count)
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
			deepest = max(deepest, stack)
			r := t.reads[word.Criterion()]
			if c := &t.inputs[r.input()]; !c.see(i) {
				t.first(c, i, w)
			}
			if c := &t.operators[r.operator()]; !c.see(i) {
				t.first(c, i, w)
			}
			if r.several() {
				t.others(word.Criterion(), i, w)
			}
		}
	}
	t.needs.Sizes.WordsPerInstance, t.needs.Sizes.Stack = uint64(longest), uint64(deepest)
}

// others counts, for a word of an instance, the inputs that a criterion compares with.
func (t *tally) others(criterion, instance, word int) {
	//mutation:equivalent condition: the slow path gives the same result
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

// see counts an instance, unless it is the last instance that c counted.
func (t *tally) see(c *count, instance, word int) {
	if !c.see(instance) {
		t.first(c, instance, word)
	}
}

// see counts an instance, unless it is the last instance that c counted. It returns false without
// counting if the instance may become a cause.
func (c *count) see(instance int) bool {
	if len(c.first) < MaxCauses {
		return false
	}
	// Without a branch, which would often be mispredicted.
	//mutation:missed width#1: it takes two entries that are exactly 256 or 65,536 apart
	differs := uint64(c.last ^ (instance + 1))
	//mutation:equivalent: the value is always below 256
	c.instances += int((differs | -differs) >> 63)
	c.last = instance + 1
	return true
}

// first is see for the first MaxCauses instances, which become causes.
//
//mutation:equivalent: only report texts depend on it
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

// finish stores the counts in the needs.
func (t *tally) finish(d *Definition) {
	n := t.needs
	for i := range t.inputs {
		c := &t.inputs[i]
		if c.criteria == 0 {
			continue
		}
		in := InputNeed{Index: i, Instances: c.instances, Criteria: c.criteria, Coefficient: c.coefficient, First: c.first}
		//mutation:equivalent condition: only report texts depend on it
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

// text returns a copy of s. Equal texts share one copy.
//
//mutation:equivalent: only report texts depend on it
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

// originOf returns the origin of an instance, with each text cut to the size in a cause.
func originOf(f *channelfile.File, instance int) channelfile.Origin {
	o := f.ShortOrigin(instance, maxCauseBytes)
	o.Rule, o.Title, o.Path = causeText(o.Rule), causeText(o.Title), causeText(o.Path)
	return o
}

// causeText cuts a text of a file to the size in a cause.
//
//mutation:equivalent: only report texts depend on it
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

//mutation:equivalent: only report texts depend on it
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

// Readers returns the instances of f that read an input, in the order of the file. Each has the
// index of its first word that reads the input.
func Readers(f *channelfile.File, input int) iter.Seq[Cause] {
	return causes(f, func(c channelfile.Criterion) bool { return reads(f, c, input) })
}

// reads reports whether a criterion reads an input.
func reads(f *channelfile.File, c channelfile.Criterion, input int) bool {
	//mutation:equivalent width: only report texts depend on it
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

// causes returns the instances that refer to a criterion for which wanted returns true.
//
//mutation:equivalent: only report texts depend on it
func causes(f *channelfile.File, wanted func(channelfile.Criterion) bool) iter.Seq[Cause] {
	return func(yield func(Cause) bool) {
		is := make([]bool, f.Criteria()) // computed once a criterion; there are far more references
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
