package reference

import (
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/outcome"
)

// maxVariables is the maximum number of variables of a truth table.
const maxVariables = 8

// Outcome returns the outcome of an instance on a feed, by the inputs that are missing and the
// criteria that are lost. It uses the truth table of the instance. Each comparison of an input
// with another input is a variable. A criterion that compares an input with values is one
// variable. Variables of missing inputs and of lost criteria are false.
//
// The instance is blind if no row is true. It is widened if it is true in a row in which it
// would be false with other values of the missing variables, and weakened in the opposite case.
//
// Outcome returns false if it does not know: the table is too long, no row is true with all
// inputs, or a criterion that reads a missing input or is lost occurs twice in the condition.
// In the last case the gate does not see that both occurrences have the same value.
func Outcome(f *channelfile.File, instance int, feed *Feed) (o outcome.Outcome, known bool) {
	t := newTable(f, instance, feed)
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

// A Feed is a feed of a host. Nil functions and maps mean that nothing is known.
type Feed struct {
	Missing func(input int) bool   // whether an input is absent in all events
	Cut     map[int]int            // by input: the length in bytes to which strings are cut
	Values  map[int][]interp.Value // by input: the values of a constant input
	Off     []uint32               // IDs of events that hosts do not record
	Blind   bool                   // result of BlindByEvents or BlindByValues
}

// gone reports whether a comparison of a criterion, with an operand counted from 0, fails
// because an input is missing or cut.
func (feed *Feed) gone(f *channelfile.File, criterion, operand int) bool {
	c := f.Criterion(criterion)
	switch {
	case feed.Missing != nil && feed.Missing(int(c.Input)):
		return true
	case c.Flags&channelfile.FlagInputs != 0:
		return feed.Missing != nil && feed.Missing(f.Operand(c.First+operand))
	case feed.Cut[int(c.Input)] > 0:
		return Lost(f, c, feed.Cut[int(c.Input)])
	}
	return false
}

// Lost reports whether a criterion holds for no string of at most length bytes.
func Lost(f *channelfile.File, c channelfile.Criterion, length int) bool {
	tooLong := 0
	for k := range c.Count {
		n, least := f.Operand(c.First+k), 0
		switch c.Operator {
		case channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains:
			if least = len(f.Value(n)); c.Flags&channelfile.FlagFold != 0 {
				least = len([]rune(string(f.Value(n))))
			}
		case channelfile.OpRegexp:
			least = shortest(f.Program(n))
		}
		if least > length {
			tooLong++
		}
	}
	if c.Flags&channelfile.FlagAll != 0 {
		return tooLong > 0
	}
	return tooLong > 0 && tooLong == c.Count
}

// BlindByValues reports whether an instance is true for no event of a feed, whatever the values
// of its constant inputs are, although it is true for some event of another feed. It tries each
// combination of their values. A criterion that compares a constant input with operands has its
// value for the tried value.
//
// BlindByValues returns false for known if it does not know: the table is too long, or there
// are too many combinations.
func BlindByValues(f *channelfile.File, instance int, feed *Feed) (blind, known bool) {
	t := newTable(f, instance, &Feed{})
	if t == nil {
		return false, false
	}
	var gone uint
	inputs, choices := []int(nil), 1
	for criterion, variable := range t.first {
		c := f.Criterion(criterion)
		for k := range t.width(criterion) {
			if feed.gone(f, criterion, k) {
				gone |= 1 << (variable + k)
			}
		}
		if n := len(feed.Values[int(c.Input)]); n > 0 && c.Flags&channelfile.FlagInputs == 0 && !slices.Contains(inputs, int(c.Input)) {
			inputs = append(inputs, int(c.Input))
			if choices *= n; choices > maxChoices {
				return false, false
			}
		}
	}
	some, real := false, false
	for choice := range choices {
		e := make(interp.Event, 1024)
		for _, input := range inputs {
			e[input] = feed.Values[input][choice%len(feed.Values[input])]
			choice /= len(feed.Values[input])
		}
		var on, off uint
		for criterion, variable := range t.first {
			c := f.Criterion(criterion)
			switch {
			case !slices.Contains(inputs, int(c.Input)) || c.Flags&channelfile.FlagInputs != 0:
			case holds(f, c, e):
				on |= 1 << variable
			default:
				off |= 1 << variable
			}
		}
		for row := range uint(1) << t.variables {
			some = some || t.holds(row)
			real = real || t.holds((row|on)&^off&^gone)
		}
	}
	return len(inputs) > 0 && some && !real, true
}

// maxChoices is the maximum number of combinations of values.
const maxChoices = 64

// WeakenedByValues reports whether an instance loses an alternative on a host because of
// criteria that have the same result in all events of all feeds: it is true in a row of the
// table, and false if these criteria have their results.
//
// WeakenedByValues returns false for known if it does not know: the table is too long, or such
// a criterion occurs twice.
func WeakenedByValues(f *channelfile.File, instance int, feeds []Feed) (weakened, known bool) {
	t := newTable(f, instance, &Feed{})
	if t == nil {
		return false, false
	}
	var on, off uint
	for criterion, variable := range t.first {
		c := f.Criterion(criterion)
		results := map[bool]bool{}
		for i := range feeds {
			values := feeds[i].Values[int(c.Input)]
			if len(values) == 0 || c.Flags&channelfile.FlagInputs != 0 {
				results[true], results[false] = true, true
			}
			for _, v := range values {
				e := make(interp.Event, 1024)
				e[c.Input] = v
				results[holds(f, c, e)] = true
			}
		}
		if len(results) != 1 {
			continue
		}
		if t.uses[criterion] > 1 {
			return false, false
		}
		if results[true] {
			on |= 1 << variable
		} else {
			off |= 1 << variable
		}
	}
	for row := range uint(1) << t.variables {
		if t.holds(row) && !t.holds((row|on)&^off) {
			return true, true
		}
	}
	return false, true
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
		if tables[i] = newTable(f, instance, &feeds[i]); tables[i] == nil {
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
	uses      map[int]int  // number of words that refer to each criterion
	lacks     map[int]bool // criteria that read a missing input, or are lost
	gone      uint         // variables of these criteria
	stack     []bool       // reused
}

// newTable returns the truth table of an instance, or nil if it is too long or a criterion that
// reads a missing input, or is lost, occurs twice.
func newTable(f *channelfile.File, instance int, feed *Feed) *table {
	t := &table{file: f, in: f.Instance(instance), first: map[int]int{}, uses: map[int]int{}, lacks: map[int]bool{}}
	//mutation:equivalent width: nothing makes the judge silent or omits the fleet
	for w := t.in.First; w < t.in.First+t.in.Count; w++ {
		if word := f.Word(w); word.IsReference() && !t.add(word.Criterion(), feed) {
			return nil
		}
	}
	return t
}

// add assigns variables to a criterion. It reports whether the table is still usable.
func (t *table) add(criterion int, feed *Feed) bool {
	t.uses[criterion]++
	if _, there := t.first[criterion]; there {
		return !t.lacks[criterion]
	}
	t.first[criterion] = t.variables
	for k := range t.width(criterion) {
		//mutation:equivalent: nothing makes the judge silent or omits the fleet
		if t.variables == maxVariables {
			return false
		}
		if feed.gone(t.file, criterion, k) {
			t.gone |= 1 << t.variables
			t.lacks[criterion] = true
		}
		t.variables++
	}
	return true
}

// width returns the number of variables of a criterion.
func (t *table) width(criterion int) int {
	if c := t.file.Criterion(criterion); c.Flags&channelfile.FlagInputs != 0 {
		return c.Count
	}
	return 1
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
