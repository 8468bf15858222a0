package contract

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/meaning"
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/validate"
)

// valueFacts are the statements of a supply about the values of inputs, for one file: the
// values of constant inputs, and the lengths to which strings are cut.
//
// A criterion is lost by a cut if it holds only for longer strings. On whole values it could
// hold, so a lost criterion is like one whose input is missing.
//
// A criterion on a constant input has a known result for each value. A rule is blind by values
// if it matches no event, whatever the constant inputs and all other inputs are. It is weakened
// by values if it loses an alternative which holds for no event of any feed of the host. Rules
// for several sources have alternatives for each of them, so one feed alone does not count.
type valueFacts struct {
	key       string // equal for equal statements
	constants []constantInput
	truths    map[int][]bool // by criterion on a constant input: its result for each value
	lost      map[int]bool   // criteria that are lost by a cut
}

// A constantInput is a constant input that the content reads.
type constantInput struct {
	index  int
	values []interp.Value
	texts  []string // the values, as the contract states them
}

// criterionOf returns whether the criteria of the facts hold in all events: a criterion that
// has the same result for each value. It is a function for [outcome.Known.Constant].
func (v *valueFacts) criterionOf(criterion int) (holds, ok bool) {
	truths := v.truths[criterion]
	if len(truths) == 0 || slices.Contains(truths, !truths[0]) {
		return false, false
	}
	return truths[0], true
}

// valuesOf returns the facts about the values of a feed, or nil. Feeds with equal statements
// share them.
func (im *impacts) valuesOf(p *validate.Pass, f feed) *valueFacts {
	if p.File == nil || im.spent {
		return nil
	}
	var key []byte
	for i := range p.Needs.Inputs {
		index := p.Needs.Inputs[i].Index
		in := f.input(p, index)
		constant := in.State == sensor.StateConstant && len(in.Values) > 0
		if in.Type != p.Definition.Inputs[index].Type || !constant && in.CutAt == 0 {
			continue // inputIdentity and inputType report another input
		}
		key = binary.AppendUvarint(key, uint64(index))
		key = binary.AppendUvarint(key, uint64(in.CutAt))
		key = binary.AppendUvarint(key, uint64(len(in.Values)))
		for _, text := range in.Values {
			key = binary.AppendUvarint(key, uint64(len(text)))
			key = append(key, text...)
		}
	}
	if len(key) == 0 {
		return nil
	}
	v, known := im.valueFacts[string(key)]
	if !known {
		v = im.newValueFacts(p, f, string(key))
		if im.valueFacts == nil {
			im.valueFacts = map[string]*valueFacts{}
		}
		im.valueFacts[string(key)] = v
	}
	return v
}

// newValueFacts returns the facts about the values of a feed, or nil if no criterion depends on
// them. It spends the budget of the pass.
func (im *impacts) newValueFacts(p *validate.Pass, f feed, key string) *valueFacts {
	if im.readers == nil {
		im.readers = make([][]int, len(p.Definition.Inputs))
		for i := range p.File.Criteria() {
			// A comparison with another input has no operands whose values are known.
			if c := p.File.Criterion(i); c.Flags&channelfile.FlagInputs == 0 {
				im.readers[c.Input] = append(im.readers[c.Input], i)
			}
		}
		im.reach = sensor.NewReach(p.File)
	}
	v := &valueFacts{key: key, truths: map[int][]bool{}, lost: map[int]bool{}}
	for i := range p.Needs.Inputs {
		index := p.Needs.Inputs[i].Index
		in := f.input(p, index)
		if in.Type != p.Definition.Inputs[index].Type {
			continue
		}
		constants := interp.Constants(in)
		if len(constants) > 0 && len(im.readers[index]) > 0 {
			v.constants = append(v.constants, constantInput{index, constants, in.Values})
		}
		for _, criterion := range im.readers[index] {
			c := p.File.Criterion(criterion)
			if !p.Spend(stepsPerValue * uint64(1+c.Count)) {
				im.spent = true
				return nil
			}
			switch {
			case len(constants) > 0:
				truths, work := truthsOf(p.File, c, constants)
				if v.truths[criterion] = truths; !p.Spend(work) {
					im.spent = true
					return nil
				}
			case in.CutAt > 0 && im.reach.Fails(c, in.CutAt):
				v.lost[criterion] = true
			}
		}
	}
	if len(v.truths)+len(v.lost) == 0 {
		return nil
	}
	return v
}

// stepsPerValue is the charge for a comparison of an operand with a value, and for each byte of
// the value, in steps of the run's budget.
const stepsPerValue = 4

// truthsOf returns the result of a criterion for each of the values, and the steps that it
// takes.
func truthsOf(f *channelfile.File, c channelfile.Criterion, values []interp.Value) (truths []bool, steps uint64) {
	truths = make([]bool, len(values))
	var tests []meaning.Formula
	of := func(t meaning.Test) {
		t.Operator, t.Fold = c.Operator, c.Flags&channelfile.FlagFold != 0
		tests = append(tests, meaning.Is(t))
	}
	length := uint64(1) // of the operands
	switch {
	case c.Count == 0:
		of(meaning.Test{})
	case c.Operator == channelfile.OpRegexp:
		for program := range f.OperandPrograms(c) {
			of(meaning.Test{Program: &program})
			length += uint64(program.Len())
		}
	default:
		for value := range f.OperandValues(c) {
			of(meaning.Test{Operand: value})
			length += uint64(len(value))
		}
	}
	holds := meaning.Or(tests...)
	if c.Flags&channelfile.FlagAll != 0 {
		holds = meaning.And(tests...)
	}
	for i := range values {
		truths[i] = holds.Holds(interp.Event{values[i]})
		cost := stepsPerValue * uint64(len(tests))
		if c.Operator == channelfile.OpContains || c.Operator == channelfile.OpPattern || c.Operator == channelfile.OpRegexp {
			cost += length * uint64(1+len(values[i].Text))
		}
		steps += min(cost, math.MaxUint64-steps)
	}
	return truths, steps
}

// A valueFolder decides whether rules are blind by values.
type valueFolder struct {
	folder *outcome.Folder
	work   *uint64 // steps, to which it adds
	file   *channelfile.File

	// the question that is being answered
	instance int
	lack     *lack
	kept     func(input int) bool // inputs of which the statements count

	// of the instance and the facts, reusing memory
	inputs  []int   // constant inputs that the instance compares
	classes [][]int // by input in inputs: values that stand for all; -1 is one of several
	choice  []int   // by input in inputs: the index of the class that is tried
	at      []int   // by input of the definition: index in inputs, plus one
}

// maxChoices is the largest number of combinations of values that are tried.
const maxChoices = 64

// begin prepares the folder for an instance at a lack with facts about values.
func (b *valueFolder) begin(instance int, l *lack) {
	b.instance, b.lack, b.kept = instance, l, nil
	b.inputs, b.classes = b.inputs[:0], b.classes[:0]
	clear(b.at)
	v := l.stated
	var criteria []int
	in := b.file.Instance(instance)
	for w := in.First; w < in.First+in.Count; w++ {
		if word := b.file.Word(w); word.IsReference() && v.truths[word.Criterion()] != nil && !slices.Contains(criteria, word.Criterion()) {
			//mutation:missed: TestBlindByValueLimits detects it
			if criteria = append(criteria, word.Criterion()); len(criteria) > maxCompared {
				return // nothing is said
			}
		}
	}
	choices := 1
	for i := range v.constants {
		c := &v.constants[i]
		own := slices.DeleteFunc(slices.Clone(criteria), func(n int) bool { return int(b.file.Criterion(n).Input) != c.index })
		if len(own) == 0 {
			continue
		}
		// Values for which each criterion has the same result are of one class.
		var classes []int
		for value := range c.values {
			same := func(other int) bool {
				return !slices.ContainsFunc(own, func(n int) bool { return v.truths[n][value] != v.truths[n][other] })
			}
			if !slices.ContainsFunc(classes, same) {
				classes = append(classes, value)
			}
		}
		if choices*len(classes) > maxChoices {
			classes = []int{-1}
		}
		choices *= len(classes)
		b.inputs, b.classes = append(b.inputs, c.index), append(b.classes, classes)
		b.at[c.index] = len(b.inputs)
	}
}

// maxCompared is the largest number of criteria of an instance on constant inputs that are
// examined.
const maxCompared = 256

// constant returns the result of a criterion for the values that are tried.
func (b *valueFolder) constant(criterion int) (holds, ok bool) {
	truths := b.lack.stated.truths[criterion]
	if truths == nil {
		return false, false
	}
	input := int(b.file.Criterion(criterion).Input)
	if b.at[input] == 0 || b.kept != nil && !b.kept(input) {
		return false, false
	}
	if value := b.classes[b.at[input]-1][b.choice[b.at[input]-1]]; value >= 0 {
		return truths[value], true
	}
	return b.lack.stated.criterionOf(criterion)
}

// never reports whether the instance matches no event, if only the statements about the kept
// inputs count; nil means all inputs.
func (b *valueFolder) never(kept func(input int) bool) bool {
	b.kept = kept
	b.choice = append(b.choice[:0], make([]int, len(b.inputs))...)
	known := b.lack.known(b.file, kept)
	known.Constant = b.constant
	for {
		*b.work += stepsPerWord * uint64(b.file.Instance(b.instance).Count)
		if !b.folder.Never(b.file, b.instance, known) {
			return false
		}
		i := 0
		for ; i < len(b.choice); i++ {
			if b.choice[i]++; b.choice[i] < len(b.classes[i]) {
				break
			}
			b.choice[i] = 0
		}
		if i == len(b.choice) {
			return true
		}
	}
}

// blind reports whether an instance matches no event at a lack because of the values of
// constant inputs, although it could match some event of another feed.
func (b *valueFolder) blind(instance int, l *lack) bool {
	b.begin(instance, l)
	return len(b.inputs) > 0 && b.never(nil) && !b.never(func(int) bool { return false })
}

// known returns what the supply states about the kept inputs, except for constants; nil means
// all inputs. The result is valid until the next call.
func (l *lack) known(f *channelfile.File, kept func(input int) bool) outcome.Known {
	q := &l.asked
	if q.missing == nil {
		q.missing = func(input int) bool { return l.missing(input) && (q.kept == nil || q.kept(input)) }
		q.lost = func(criterion int) bool {
			return l.lost(criterion) && (q.kept == nil || q.kept(int(q.file.Criterion(criterion).Input)))
		}
	}
	q.file, q.kept = f, kept
	known := outcome.Known{Missing: q.missing}
	if l.stated != nil && len(l.stated.lost) > 0 {
		known.Lost = q.lost
	}
	return known
}

// lost reports whether a criterion is lost by a cut.
func (l *lack) lost(criterion int) bool { return l.stated != nil && l.stated.lost[criterion] }

// hostConstants returns the criteria that have the same result in all events of all feeds of a
// host, with their results; nil if no criterion has.
func hostConstants(lacks []*lack) map[int]bool {
	results := map[int]bool{}
	for i, l := range lacks {
		if l.stated == nil {
			return nil
		}
		if i == 0 {
			for criterion := range l.stated.truths {
				if holds, ok := l.stated.criterionOf(criterion); ok {
					results[criterion] = holds
				}
			}
			continue
		}
		for criterion, result := range results {
			if holds, ok := l.stated.criterionOf(criterion); !ok || holds != result {
				delete(results, criterion)
			}
		}
	}
	if len(results) == 0 {
		return nil
	}
	return results
}

// cutAt returns the length to which the feeds of a lack cut an input, or 0.
//
//mutation:equivalent: only report texts depend on it
func (l *lack) cutAt(p *validate.Pass, input int) int {
	if l.missing(input) {
		return 0
	}
	return l.feeds[0].input(p, input).CutAt
}
