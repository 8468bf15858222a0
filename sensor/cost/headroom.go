package cost

import (
	"cmp"
	"iter"
	"math/bits"

	"github.com/cfcheck/cfcheck/sensor"
)

// Total reports whether the limit bounds the file as a whole.
func (l Limit) Total() bool { return l <= Memory }

// A Use is the part of a limit that content uses. Used may exceed Most.
type Use struct {
	Limit      Limit
	Used, Most uint64
}

// MinRoom is the smallest unused part of a limit that is enough, in percent. [Use.Scarce] reports
// a smaller part.
const MinRoom = 10

// Room returns the unused part of the limit, or 0 if the content exceeds it.
func (u Use) Room() uint64 { return u.Most - min(u.Used, u.Most) }

// Scarce reports whether less than MinRoom percent of the limit is unused.
func (u Use) Scarce() bool {
	high, low := bits.Mul64(u.Room(), 100)
	mostHigh, mostLow := bits.Mul64(u.Most, MinRoom)
	return high < mostHigh || high == mostHigh && low < mostLow
}

// Percent returns the used part in whole percent, rounded down. A part beyond 9,999 percent is
// returned as that number.
func (u Use) Percent() uint64 {
	const most = 9_999
	high, low := bits.Mul64(u.Used, 100)
	if u.Most == 0 || high >= u.Most {
		return most
	}
	percent, _ := bits.Div64(high, low, u.Most)
	return min(percent, most)
}

// Tighter compares the used parts of two limits. The result is positive if u uses the greater part,
// negative if other does, and 0 if the parts are equal. A limit of 0 counts as no limit.
func (u Use) Tighter(other Use) int {
	if u.Most == 0 || other.Most == 0 {
		return cmp.Compare(min(u.Most, 1), min(other.Most, 1))
	}
	high, low := bits.Mul64(u.Used, other.Most)
	otherHigh, otherLow := bits.Mul64(other.Used, u.Most)
	return cmp.Or(cmp.Compare(high, otherHigh), cmp.Compare(low, otherLow))
}

// MemoryUse returns the use of the budget of memory. Most is 0 if the reader states no budget.
func MemoryUse(n *sensor.Needs, r *sensor.Reader) Use {
	return Use{Memory, n.Memory, r.Budget.Memory}
}

// An EventUse is the use of the budget of steps by the most expensive event of a feed. Most is 0 if
// the reader states no budget.
type EventUse struct {
	Use
	Supply *sensor.Supply
	// indices of the inputs whose length matters and has no bound; Used does not include their cost
	Unbounded []int

	lengths func(input int) (int, bool)
}

// Of returns the steps that other content would take for the same event.
func (u *EventUse) Of(n *sensor.Needs) uint64 {
	steps, _ := n.Steps(u.lengths)
	return steps
}

// StepsUse returns the most expensive feed among the given supplies, or false if there are no
// supplies. A feed with an input without a bound is more expensive than others. D is the definition
// of the type version, or nil if it is unknown.
func StepsUse(n *sensor.Needs, d *sensor.Definition, r *sensor.Reader, supplies iter.Seq[*sensor.Supply]) (worst EventUse, ok bool) {
	for s := range supplies {
		u := EventUse{Use: Use{Limit: Steps, Most: r.Budget.Steps}, Supply: s, lengths: Lengths(d, r.Access, s)}
		u.Used, u.Unbounded = n.Steps(u.lengths)
		if !ok || len(u.Unbounded) > len(worst.Unbounded) || len(u.Unbounded) == len(worst.Unbounded) && u.Used > worst.Used {
			worst, ok = u, true
		}
	}
	return worst, ok
}

// Lengths returns a function that returns the maximum length in bytes of an input's value in a
// supply, or false if the contract states no maximum. D is the definition of the type version, or
// nil if it is unknown.
func Lengths(d *sensor.Definition, access sensor.Access, s *sensor.Supply) func(input int) (int, bool) {
	return func(input int) (int, bool) {
		name := ""
		if d != nil && input < len(d.Inputs) {
			name = d.Inputs[input].Name
		}
		in := s.Input(access, input, name)
		return in.Longest()
	}
}
