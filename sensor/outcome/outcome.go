// Package outcome tells how a rule changes at a reader that finds its inputs by name and never
// gets some of them. Such a reader takes a missing input for absent, so nothing breaks. But the
// rule may match fewer events, more events, or no event at all.
package outcome

import (
	"fmt"
	"math/bits"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/internal/inputset"
)

// An Outcome is what becomes of a template instance at a named reader that
// never gets some of the inputs which it reads.
type Outcome uint8

// The outcomes. Those of an instance of which several hold: it is the first of
// Blind, Widened, Weakened.
const (
	Unaffected Outcome = iota // it reads none of them, or the same events match
	Weakened                  // it has lost an alternative: fewer events match
	Widened                   // it has lost a restriction: events match that should not
	Blind                     // it can never match
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

// A Folder finds outcomes. It keeps its working memory from one instance to
// the next; the zero value is ready for use. A Folder serves one goroutine.
type Folder struct {
	stack []part
	only  int // the word, and one, at which alone inputs are missing; 0: at all

	// Of criteria that compare with many inputs these are kept as sets, for
	// any number of words may refer to one.
	file    *channelfile.File
	sets    map[int]*inputset.Set
	asked   inputset.Set // inputs of which missing was asked, in this Fold
	missing inputset.Set // of these, those that are

	repeated []int        // criteria of the instance that several references are to
	held     map[int]part // of these, what is tried
	uses     map[int]int  // of the criteria of the instance, how many references are to it
}

// maxRepeated is how many criteria that are referred to more than once are
// tried both ways, all with all; more are taken to vary by themselves at each
// reference.
const maxRepeated = 10

// A part is what is known of a part of a condition.
type part uint8

// The value of a part: without either bit, it depends on inputs that are
// there. The marks hold for such a part alone.
const (
	partFalse    part = 1 << iota // it never holds
	partTrue                      // it always holds
	partWidened                   // mark: a restriction that always holds was dropped in it
	partWeakened                  // mark: an alternative that never holds was dropped in it
	partTried                     // with partFalse or partTrue: by what is tried alone, not by what is missing
)

// Fold returns the outcome of an instance of f without the inputs for which
// missing holds.
//
// A missing input is absent, so each criterion that reads one fails, also if
// it compares another input with it; a negated reference to it holds. (A
// criterion that compares with any of several inputs, of which some are there,
// is an or of them.) What follows is folded from the leaves up. An and is false if an
// operand is, and else drops those that are true; an or is true if an operand
// is, and else drops those that are false; with nothing left they are true and
// false.
//
//   - The instance is Blind if false is left,
//   - Widened if true is left, or if an operand that is true was dropped from
//     an and (the unwritten one too) which is itself part of what is left,
//   - Weakened if likewise an operand that is false was dropped from an or,
//   - Unaffected otherwise.
//
// A criterion that several references are to is the same at all of them: the
// condition is folded once with it true and once with it false, and the worst
// that comes out is returned. (Where very many are referred to several times
// they are taken to vary at each reference.) That two criteria exclude or imply
// one another is not seen. If they do not, Blind means that no event matches
// without the inputs, Widened that one does which would not match with them,
// whatever their values, and Weakened that one would match with them and does
// not without.
func (w *Folder) Fold(f *channelfile.File, instance int, missing func(input int) bool) Outcome {
	if w.file != f {
		w.file, w.sets = f, nil
	}
	if w.sets != nil {
		w.asked, w.missing = inputset.Set{}, inputset.Set{}
	}
	in := f.Instance(instance)
	w.findRepeated(in, missing)
	matches, lost, outcome := false, false, Unaffected
	for tried := range 1 << len(w.repeated) {
		for i, c := range w.repeated {
			w.held[c] = partFalse | partTried
			if tried>>i&1 != 0 {
				w.held[c] = partTrue | partTried
			}
		}
		whole := w.fold(in, missing)
		matches = matches || whole&partFalse == 0
		switch {
		case whole&partTried != 0: // whatever is missing
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

// FoldWord is [Folder.Fold] for inputs that are missing at one word of the
// condition alone: what that word has to do with the outcome. Elsewhere, also
// where another word refers to the same criterion, they are there.
func (w *Folder) FoldWord(f *channelfile.File, instance, word int, missing func(input int) bool) Outcome {
	w.only = word + 1
	defer func() { w.only = 0 }()
	return w.Fold(f, instance, missing)
}

// findRepeated finds the criteria of an instance that several references are
// to, if some input of it is missing and they are not too many. What reads a
// missing input itself is not tried: it is known.
func (w *Folder) findRepeated(in channelfile.Instance, missing func(input int) bool) {
	w.repeated = w.repeated[:0]
	if w.held == nil {
		w.held, w.uses = make(map[int]part), make(map[int]int)
	}
	clear(w.held)
	clear(w.uses)
	lacks := false
	for i := in.First; i < in.First+in.Count; i++ {
		word := w.file.Word(i)
		if !word.IsReference() {
			continue
		}
		if w.only == i+1 {
			lacks = lacks || w.reference(i, word, missing) != 0
			continue // it has nothing to do with the others
		}
		c := word.Criterion()
		switch w.uses[c]++; w.uses[c] {
		case 1:
			lacks = lacks || w.reference(i, word, missing) != 0
		case 2:
			if w.reference(i, word, missing) == 0 {
				w.repeated = append(w.repeated, c)
			}
		}
	}
	if !lacks || len(w.repeated) > maxRepeated {
		w.repeated = w.repeated[:0]
	}
}

// fold folds the condition of an instance.
func (w *Folder) fold(in channelfile.Instance, missing func(input int) bool) part {
	f := w.file
	stack := w.stack[:0]
	for i := in.First; i < in.First+in.Count; i++ {
		word := f.Word(i)
		if word.IsReference() {
			stack = append(stack, w.reference(i, word, missing))
			continue
		}
		at := len(stack) - word.Operands()
		stack[at] = join(stack[at:], word.IsOr())
		stack = stack[:at+1]
	}
	w.stack = stack
	return join(stack, false)
}

// reference returns what is known of a reference, which is word i.
func (w *Folder) reference(i int, word channelfile.Word, missing func(input int) bool) part {
	c := w.file.Criterion(word.Criterion())
	known := w.held[word.Criterion()]
	if w.only == i+1 {
		known = 0 // others to the criterion are tried, not this
	} else if w.only != 0 && known == 0 {
		return 0
	}
	if known != 0 {
		if word.Negated() {
			known ^= partFalse | partTrue
		}
		return known
	}
	if missing(int(c.Input)) {
		known = partFalse
	} else if c.Flags&channelfile.FlagInputs != 0 {
		known = w.comparison(word.Criterion(), c, missing)
	}
	if !word.Negated() {
		return known
	}
	switch known {
	case partFalse:
		return partTrue
	case partWeakened: // what holds less often is denied more often
		return partWidened
	}
	return known
}

// comparison returns what is known of criterion i, which compares its input,
// which is there, with other inputs.
func (w *Folder) comparison(i int, c channelfile.Criterion, missing func(input int) bool) part {
	lost, all := 0, c.Count
	if all >= inputset.LongList {
		lost, all = w.lost(i, c, missing)
	} else {
		for other := range w.file.OperandInputs(c) {
			if missing(other) {
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

// lost returns how many of the inputs that criterion i compares with are
// missing, and how many they are, each counted once.
func (w *Folder) lost(i int, c channelfile.Criterion, missing func(input int) bool) (lost, all int) {
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
			if bit := bits.TrailingZeros64(unasked); missing(64*k + bit) {
				w.missing[k] |= 1 << bit
			}
		}
		w.asked[k] |= inputs
		lost += bits.OnesCount64(inputs & w.missing[k])
		all += bits.OnesCount64(inputs)
	}
	return lost, all
}

// join folds the operands of an and or or.
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
			decided |= p // if any is so whatever is missing, all is
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
