package reference

import (
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/outcome"
)

// maxVariables is the maximum number of variables of a truth table.
const maxVariables = 8

// Outcome returns the outcome of an instance if the inputs for which missing returns true are
// absent. It uses the truth table of the instance. Each comparison of an input with another
// input is a variable. A criterion that compares an input with values is one variable.
// Variables of missing inputs are false.
//
// The instance is blind if no row is true. It is widened if it is true in a row in which it
// would be false with other values of the missing variables, and weakened in the opposite
// case.
//
// Outcome returns false if it does not know: the table is too long, no row is true with all
// inputs, or a criterion that reads a missing input occurs twice in the condition. In the last
// case the gate does not see that both occurrences have the same value.
func Outcome(f *channelfile.File, instance int, missing func(input int) bool) (o outcome.Outcome, known bool) {
	t := newTable(f, instance, missing)
	if t == nil {
		return 0, false
	}
	var matches, still, more, fewer bool
	for row := range uint(1) << t.variables {
		with, without := t.holds(row), t.holds(row&^t.gone)
		matches = matches || with
		still = still || without
		more = more || without && !with
		fewer = fewer || with && !without
	}
	switch {
	case !matches:
		return 0, false
	case !still:
		return outcome.Blind, true
	case more:
		return outcome.Widened, true
	case fewer:
		return outcome.Weakened, true
	}
	return outcome.Unaffected, true
}

// A Feed is a feed of a host.
type Feed struct {
	Missing func(input int) bool // whether an input is absent in all events
	Blind   bool                 // result of BlindByEvents
}

// HostOutcome returns the outcome of an instance on a host with some feeds. An activity is a row of
// the truth table. It leaves an event in each feed, and the host detects it if the instance matches
// one of these events.
//
// The host is unaffected if the instance matches the same rows on some feed as with all inputs.
// Otherwise the host is blind if it detects no row. It is widened if it detects a row that is
// false with all inputs, and else weakened.
//
// HostOutcome returns false if it does not know, as [Outcome] does for one of the feeds.
func HostOutcome(f *channelfile.File, instance int, feeds []Feed) (o outcome.Outcome, known bool) {
	tables := make([]*table, len(feeds))
	for i := range feeds {
		if tables[i] = newTable(f, instance, feeds[i].Missing); tables[i] == nil {
			return 0, false
		}
	}
	changed := make([]bool, len(feeds))
	var matches, detected, more bool
	for row := range uint(1) << tables[0].variables {
		with := tables[0].holds(row)
		matches = matches || with
		for i, t := range tables {
			without := !feeds[i].Blind && t.holds(row&^t.gone)
			changed[i] = changed[i] || without != with
			detected = detected || without
			more = more || without && !with
		}
	}
	switch {
	case !matches:
		return 0, false
	case slices.Contains(changed, false):
		return outcome.Unaffected, true
	case !detected:
		return outcome.Blind, true
	case more:
		return outcome.Widened, true
	}
	return outcome.Weakened, true
}

// A table is the truth table of an instance. A row has a bit for each variable.
type table struct {
	file      *channelfile.File
	in        channelfile.Instance
	variables int
	first     map[int]int  // first variable of each criterion; its other operands follow
	lacks     map[int]bool // criteria that read a missing input
	gone      uint         // variables of these criteria
	stack     []bool       // reused
}

// newTable returns the truth table of an instance, or nil if it is too long or a criterion that
// reads a missing input occurs twice.
func newTable(f *channelfile.File, instance int, missing func(input int) bool) *table {
	t := &table{file: f, in: f.Instance(instance), first: map[int]int{}, lacks: map[int]bool{}}
	//mutation:equivalent width: nothing makes the judge silent or omits the fleet
	for w := t.in.First; w < t.in.First+t.in.Count; w++ {
		if word := f.Word(w); word.IsReference() && !t.add(word.Criterion(), missing) {
			return nil
		}
	}
	return t
}

// add assigns variables to a criterion. It reports whether the table is still usable.
func (t *table) add(criterion int, missing func(input int) bool) bool {
	if _, there := t.first[criterion]; there {
		return !t.lacks[criterion]
	}
	t.first[criterion] = t.variables
	c := t.file.Criterion(criterion)
	operands := 1
	if c.Flags&channelfile.FlagInputs != 0 {
		operands = c.Count
	}
	for k := range operands {
		//mutation:equivalent: nothing makes the judge silent or omits the fleet
		if t.variables == maxVariables {
			return false
		}
		//mutation:missed width: no generated rule has inputs or operands after the 256th
		if missing(int(c.Input)) || c.Flags&channelfile.FlagInputs != 0 && missing(t.file.Operand(c.First+k)) {
			t.gone |= 1 << t.variables
			t.lacks[criterion] = true
		}
		t.variables++
	}
	return true
}

// holds evaluates the condition in a row.
//
//mutation:equivalent `from+1`, `variable+k`: the value is always below 256
func (t *table) holds(row uint) bool {
	stack := t.stack[:0]
	join := func(from int, or bool) {
		for _, truth := range stack[from+1:] {
			if or {
				stack[from] = stack[from] || truth
			} else {
				stack[from] = stack[from] && truth
			}
		}
		stack = stack[:from+1]
	}
	for w := t.in.First; w < t.in.First+t.in.Count; w++ {
		word := t.file.Word(w)
		if !word.IsReference() {
			join(len(stack)-word.Operands(), word.IsOr())
			continue
		}
		c, variable := t.file.Criterion(word.Criterion()), t.first[word.Criterion()]
		truth := row>>variable&1 != 0
		if c.Flags&channelfile.FlagInputs != 0 {
			for k := 1; k < c.Count; k++ {
				if other := row>>(variable+k)&1 != 0; c.Flags&channelfile.FlagAll != 0 {
					truth = truth && other
				} else {
					truth = truth || other
				}
			}
		}
		stack = append(stack, truth != word.Negated())
	}
	join(0, false)
	t.stack = stack
	return stack[0]
}
