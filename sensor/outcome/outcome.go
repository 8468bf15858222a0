// Package outcome determines how a rule changes at a reader that never gets some of its inputs,
// or only a part of their values. A reader that finds its inputs by name treats a missing input
// as absent, so nothing breaks. But the rule may match fewer events, more events, or no event
// at all.
package outcome

import (
	"fmt"
	"math/bits"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/internal/inputset"
)

// An Outcome is the effect of missing inputs on a template instance, at a reader that finds inputs
// by name.
type Outcome uint8

// The outcomes. If several apply to an instance, its outcome is the first of Blind, Widened and
// Weakened that applies.
const (
	Unaffected Outcome = iota // the instance reads no missing input, or it matches the same events
	Weakened                  // the instance lost an alternative and matches fewer events
	Widened                   // the instance lost a restriction and matches unwanted events
	Blind                     // the instance can never match
)

func (o Outcome) String() string {
	switch o {
	case Unaffected:
		return "unaffected"
	case Weakened:
		return "weakened"
	case Widened:
		return "widened"
	case Blind:
		return "blind"
	}
	return fmt.Sprintf("no outcome (%d)", uint8(o))
}

// Known is what is known about the events that a reader gets. Nil functions stand for functions
// that always return false.
type Known struct {
	// Missing reports whether an input is absent. Each criterion that reads it fails.
	Missing func(input int) bool
	// Lost reports whether a criterion fails although its input is present, because the reader
	// gets only a part of the value. So it could hold for whole values.
	Lost func(criterion int) bool
	// If Reference returns ok for a word, its other result is the value of the reference, after
	// a negation, in each event that has the input. An example is a comparison with a value
	// that the source never writes. The effect is that of a missing input: a reference that
	// never holds loses an alternative, and one that always holds loses a restriction. If only
	// some references to one criterion are known, Fold does not know that all have one value.
	Reference func(word int) (holds, ok bool)
	// If Constant returns ok for a criterion, its other result is the value of the criterion in
	// all events. An example is a criterion on the event ID. Nothing is lost by such a value:
	// events for which the criterion has the other value do not exist. The other functions come
	// first.
	Constant func(criterion int) (holds, ok bool)
}

// set sets the question of the Folder.
func (w *Folder) set(k Known) {
	if w.known = k; k.Missing == nil {
		w.known.Missing = never
	}
	if k.Lost == nil {
		w.known.Lost = never
	}
	if k.Reference == nil {
		w.known.Reference = unknown
	}
	if k.Constant == nil {
		w.known.Constant = unknown
	}
}

func never(int) bool               { return false }
func unknown(int) (holds, ok bool) { return false, false }

// A Folder computes outcomes. The zero value is ready for use. A Folder reuses its memory for the
// next instance and must be used by only one goroutine at a time.
type Folder struct {
	stack []part
	only  int // index of the only word at which inputs are missing, plus one; 0 means all words

	// The sets below hold the operands of criteria that compare with many inputs, because many
	// words may refer to one criterion.
	file    *channelfile.File
	sets    map[int]*inputset.Set
	asked   inputset.Set // inputs for which this Fold has called missing
	missing inputset.Set // the inputs of asked that are missing

	known Known // the functions of the question, not nil

	repeated []int        // criteria of the instance that have several references
	held     map[int]part // the value that is tried for each criterion in repeated
	uses     map[int]int  // for each criterion of the instance, the number of its references
}

// maxRepeated is the maximum number of criteria with several references that are tried with both
// values, in all combinations. If there are more, each reference varies independently.
const maxRepeated = 10

// A part is the known value of a part of a condition.
type part uint8

// The bits of a part. A part without partFalse and partTrue depends on inputs that are present.
// Only such a part has marks.
const (
	partFalse    part = 1 << iota // the part never holds
	partTrue                      // the part always holds
	partWidened                   // mark: folding dropped a restriction that always holds
	partWeakened                  // mark: folding dropped an alternative that never holds
	// with partFalse or partTrue: the value follows from the tried values, or from constants,
	// and not from missing inputs
	partTried
)

// Fold returns the outcome of an instance of f for the events of which k is known.
//
// A missing input is absent, so each criterion that reads it fails, and a negated reference to
// the criterion holds. A criterion that compares its input with a missing input fails too. One
// exception is a criterion that compares with any of several inputs: it is an or of them, and
// some may be present. A lost criterion fails in the same way.
//
// Fold folds the condition from the leaves up. An and is false if an operand is false;
// otherwise its true operands are dropped. An or is true if an operand is true; otherwise its
// false operands are dropped. An and without operands is true, and an or without operands is
// false. Then the instance is
//
//   - Blind, if the result is false,
//   - Widened, if the result is true, or if a true operand was dropped from an and that is part
//     of the result, including the implicit and at the top level of the condition,
//   - Weakened, if a false operand was dropped from an or that is part of the result,
//   - Unaffected otherwise.
//
// A constant criterion has its value, but an and that drops it, or its negation, does not make
// the instance widened: no event exists that it would restrict.
//
// If several references refer to one criterion, all have the same value. So Fold folds the
// condition once with the criterion true and once with it false, and returns the worst outcome.
// If very many criteria have several references, each reference varies independently.
//
// Fold does not notice that two criteria exclude or imply each other. If they do not, the
// outcomes mean the following. Blind: no event matches without the inputs. Widened: without the
// inputs some event matches that would not match with them, whatever their values. Weakened:
// some event would match with the inputs and does not match without them.
func (w *Folder) Fold(f *channelfile.File, instance int, k Known) Outcome {
	w.begin(f, k)
	in := f.Instance(instance)
	if !w.findRepeated(in) {
		w.repeated = w.repeated[:0] // nothing is known, so their values do not matter
	}
	matches, lost, outcome := false, false, Unaffected
	for tried := range 1 << len(w.repeated) {
		w.try(tried)
		whole := w.fold(in)
		matches = matches || whole&partFalse == 0
		switch {
		case whole&partTried != 0: // missing inputs do not matter here
		case whole&partFalse != 0:
			lost = true
		case whole&(partTrue|partWidened) != 0:
			outcome = Widened
		case whole&partWeakened != 0:
			outcome = max(outcome, Weakened)
		}
	}
	switch {
	case lost && !matches:
		return Blind
	case lost:
		return max(outcome, Weakened)
	}
	return outcome
}

// FoldWord is like [Folder.Fold], but k is known only at one word of the condition. It shows
// the contribution of this word to the outcome. At every other word nothing is known, even if
// the word refers to the same criterion.
func (w *Folder) FoldWord(f *channelfile.File, instance, word int, k Known) Outcome {
	w.only = word + 1
	defer func() { w.only = 0 }()
	return w.Fold(f, instance, k)
}

// Never reports whether an instance of f matches no event of a kind, where k is known of all
// events of the kind.
//
// Never folds the condition as [Folder.Fold] does. But Fold is about the difference that
// missing inputs make, and Never is only about the result: it is true for a condition such as
// "a and not a" too.
//
// If Never returns true, the instance matches no such event. If it returns false, and at most
// 10 criteria have several references, some values of the other criteria make the condition
// true. But Never does not notice that two criteria exclude or imply each other, so no event
// may have them.
func (w *Folder) Never(f *channelfile.File, instance int, k Known) bool {
	w.begin(f, k)
	in := f.Instance(instance)
	w.findRepeated(in)
	for tried := range 1 << len(w.repeated) {
		w.try(tried)
		if w.fold(in)&partFalse == 0 {
			return false
		}
	}
	return true
}

// begin prepares the Folder for an instance of f.
func (w *Folder) begin(f *channelfile.File, k Known) {
	w.set(k)
	if w.file != f {
		w.file, w.sets = f, nil
	}
	if w.sets != nil {
		w.asked, w.missing = inputset.Set{}, inputset.Set{}
	}
}

// try sets the values of the repeated criteria: bit i of the number is the value of the i-th.
func (w *Folder) try(values int) {
	for i, c := range w.repeated {
		w.held[c] = partFalse | partTried
		if values>>i&1 != 0 {
			w.held[c] = partTrue | partTried
		}
	}
}

// findRepeated finds the criteria of an instance that have several references. It finds nothing
// if there are too many such criteria. It skips criteria whose value is known. It reports
// whether there are any of the latter.
func (w *Folder) findRepeated(in channelfile.Instance) (lacks bool) {
	w.repeated = w.repeated[:0]
	if w.held == nil {
		w.held, w.uses = make(map[int]part), make(map[int]int)
	}
	clear(w.held)
	clear(w.uses)
	for i := in.First; i < in.First+in.Count; i++ {
		word := w.file.Word(i)
		if !word.IsReference() {
			continue
		}
		if w.only == i+1 {
			lacks = lacks || w.reference(i, word) != 0
			continue // independent of other references
		}
		c := word.Criterion()
		switch w.uses[c]++; w.uses[c] {
		case 1:
			lacks = lacks || w.reference(i, word) != 0
		case 2:
			if w.reference(i, word) == 0 {
				w.repeated = append(w.repeated, c)
			}
		}
	}
	if len(w.repeated) > maxRepeated {
		w.repeated = w.repeated[:0]
	}
	return lacks
}

// fold folds the condition of an instance.
func (w *Folder) fold(in channelfile.Instance) part {
	f := w.file
	stack := w.stack[:0]
	for i := in.First; i < in.First+in.Count; i++ {
		word := f.Word(i)
		if word.IsReference() {
			stack = append(stack, w.reference(i, word))
			continue
		}
		at := len(stack) - word.Operands()
		stack[at] = join(stack[at:], word.IsOr())
		stack = stack[:at+1]
	}
	w.stack = stack
	return join(stack, false)
}

// reference returns the part for word i, which is a reference.
func (w *Folder) reference(i int, word channelfile.Word) part {
	c := w.file.Criterion(word.Criterion())
	known := w.held[word.Criterion()]
	if w.only == i+1 {
		known = 0 // this reference is independent of the value that is tried for the others
	} else if w.only != 0 && known == 0 {
		return 0
	}
	if known != 0 {
		if word.Negated() {
			known ^= partFalse | partTrue
		}
		return known
	}
	if w.known.Missing(int(c.Input)) || w.known.Lost(word.Criterion()) {
		known = partFalse
	} else if holds, ok := w.known.Reference(i); ok {
		if holds {
			return partTrue
		}
		return partFalse
	} else if holds, ok := w.known.Constant(word.Criterion()); ok {
		if holds == word.Negated() {
			return partFalse
		}
		return partTrue | partTried // an and that drops it loses no restriction
	} else if c.Flags&channelfile.FlagInputs != 0 {
		known = w.comparison(word.Criterion(), c)
	}
	if !word.Negated() {
		return known
	}
	switch known {
	case partFalse:
		return partTrue
	case partTrue:
		return partFalse
	case partWeakened: // if the criterion holds less often, its negation holds more often
		return partWidened
	}
	return known
}

// comparison returns the part for criterion i, whose input is present, and which compares it with
// other inputs.
func (w *Folder) comparison(i int, c channelfile.Criterion) part {
	lost, all := 0, c.Count
	if all >= inputset.LongList {
		lost, all = w.lost(i, c)
	} else {
		for other := range w.file.OperandInputs(c) {
			if w.known.Missing(other) {
				lost++
			}
		}
	}
	switch {
	case lost == 0:
		return 0
	case lost == all || c.Flags&channelfile.FlagAll != 0:
		return partFalse
	}
	return partWeakened
}

// lost returns the number of missing inputs, and the number of all inputs, that criterion i
// compares with. It counts each input once.
func (w *Folder) lost(i int, c channelfile.Criterion) (lost, all int) {
	if w.sets == nil {
		w.sets = make(map[int]*inputset.Set)
		w.asked, w.missing = inputset.Set{}, inputset.Set{}
	}
	set := w.sets[i]
	if set == nil {
		set = inputset.Others(w.file, c)
		w.sets[i] = set
	}
	for k, inputs := range set {
		for unasked := inputs &^ w.asked[k]; unasked != 0; unasked &= unasked - 1 {
			if bit := bits.TrailingZeros64(unasked); w.known.Missing(64*k + bit) {
				w.missing[k] |= 1 << bit
			}
		}
		w.asked[k] |= inputs
		lost += bits.OnesCount64(inputs & w.missing[k])
		all += bits.OnesCount64(inputs)
	}
	return lost, all
}

// join folds the operands of an and, or of an or.
func join(operands []part, or bool) part {
	decides, drops, mark := partFalse, partTrue, partWidened
	if or {
		decides, drops, mark = partTrue, partFalse, partWeakened
	}
	var marks, decided part
	live := false
	for _, p := range operands {
		switch {
		case p&decides != 0:
			decided |= p // not tried if at least one such operand is not
		case p&drops != 0:
			if p&partTried == 0 {
				marks |= mark
			}
		default:
			live = true
			marks |= p
		}
	}
	switch {
	case decided != 0:
		return decided
	case live:
		return marks
	case marks != 0:
		return drops
	}
	return drops | partTried
}
