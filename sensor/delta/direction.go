package delta

import (
	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/meaning"
)

// A Direction is the effect of a changed condition on the events that an instance matches.
type Direction uint8

// The directions. Each except Unclear is proven for all events; see package meaning.
const (
	Unclear  Direction = iota // not decided; the zero value
	Reworded                  // it matches the same events
	Widened                   // it matches all previous events, and more
	Narrowed                  // it matches some of the previous events, and no others
	Shifted                   // it matches new events, and not all previous ones
)

func (d Direction) String() string {
	switch d {
	case Reworded:
		return "reworded"
	case Widened:
		return "widened"
	case Narrowed:
		return "narrowed"
	case Shifted:
		return "shifted"
	}
	return "unclear"
}

// Says returns the direction as a predicate for one rule, such as "matches more events".
func (d Direction) Says() string {
	switch d {
	case Reworded:
		return "matches the same events as before, in other words"
	case Widened:
		return "matches more events than before"
	case Narrowed:
		return "matches fewer events than before"
	case Shifted:
		return "matches other events than before"
	}
	return "changed; whether it matches more or fewer events is unclear"
}

// Directions decides the directions of changed instances. It must be used by only one goroutine
// at a time.
type Directions struct {
	old, newer *meaning.Instances
	solver     *meaning.Solver // nil means that each direction is Unclear
}

// MaxWork is the largest work for all questions to one Directions, in units of about two
// nanoseconds. Later directions are Unclear.
const MaxWork = 1 << 27

// NewDirections returns the directions for two files with inputs of the given types. Inputs has
// the meaning that it has for [Between]. If it is not nil, or if types is nil because they are
// unknown, each direction is Unclear.
func NewDirections(old, newer *channelfile.File, types []sensor.InputType, inputs func(int) int) *Directions {
	d := new(Directions)
	if inputs == nil && types != nil {
		d.old, d.newer, d.solver = meaning.NewInstances(old), meaning.NewInstances(newer), meaning.NewSolver(types)
	}
	return d
}

// Of returns the direction of a pair of instances.
func (d *Directions) Of(p Pair) Direction {
	//mutation:equivalent comparison#2: a unit of work
	if d.solver == nil || d.solver.Work() > MaxWork {
		return Unclear
	}
	old, ok := d.old.Formula(p.Old)
	newer, ok2 := d.newer.Formula(p.New)
	if !ok || !ok2 {
		return Unclear
	}
	kept, _ := d.solver.Implies(old, newer)
	if kept == meaning.Unknown {
		return Unclear
	}
	nothingMore, _ := d.solver.Implies(newer, old)
	switch {
	case nothingMore == meaning.Unknown:
		return Unclear
	case kept == meaning.Yes && nothingMore == meaning.Yes:
		return Reworded
	case kept == meaning.Yes:
		return Widened
	case nothingMore == meaning.Yes:
		return Narrowed
	}
	return Shifted
}

// Work returns the work of all questions so far, in units of about two nanoseconds.
func (d *Directions) Work() uint64 {
	if d.solver == nil {
		return 0
	}
	return d.solver.Work()
}
