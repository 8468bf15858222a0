package cost

import (
	"fmt"
	"iter"

	"github.com/cfcheck/cfcheck/sensor"
)

// A Limit is a hard limit or a budget that a contract can state.
type Limit uint8

// The limits. The first five bound the file as a whole, and each new rule uses more of them. The
// others bound one rule.
const (
	FileSize Limit = iota
	Instances
	Criteria
	Steps // of the most expensive event
	Memory
	WordsPerInstance
	OperandsPerCriterion
	ValueLength
	ProgramInstructions
	Revision
)

var limits = [...]struct{ name, unit string }{
	FileSize:             {"fileSize", "bytes in the file"},
	Instances:            {"instances", "instances"},
	Criteria:             {"criteria", "distinct criteria"},
	Steps:                {"steps", "steps for an event"},
	Memory:               {"memory", "bytes of memory"},
	WordsPerInstance:     {"wordsPerInstance", "words in the longest condition"},
	OperandsPerCriterion: {"operandsPerCriterion", "operands in the longest list"},
	ValueLength:          {"valueLength", "bytes in the longest value"},
	ProgramInstructions:  {"programInstructions", "instructions in the longest program"},
	Revision:             {"revision", "as the revision"},
}

// String returns the key of the limit in the document of a contract, such as "fileSize".
//
//mutation:equivalent: only report texts depend on it
func (l Limit) String() string {
	if int(l) < len(limits) {
		return limits[l].name
	}
	return fmt.Sprintf("unknown limit (%d)", uint8(l))
}

// Unit returns the unit of the limit, for a text such as "187 of 200 instances".
//
//mutation:equivalent: only report texts depend on it
func (l Limit) Unit() string {
	if int(l) < len(limits) {
		return limits[l].unit
	}
	return "units of an " + l.String()
}

// Size returns the number of the needs that the limit bounds. It returns 0 for Steps, which depend
// on a supply.
func (l Limit) Size(n *sensor.Needs) uint64 {
	switch l {
	case FileSize:
		return n.Sizes.FileSize
	case Instances:
		return n.Sizes.Instances
	case Criteria:
		return n.Sizes.Criteria
	case Memory:
		return n.Memory
	case WordsPerInstance:
		return n.Sizes.WordsPerInstance
	case OperandsPerCriterion:
		return n.Sizes.OperandsPerCriterion
	case ValueLength:
		return n.Sizes.ValueLength
	case ProgramInstructions:
		return n.Sizes.ProgramInstructions
	case Revision:
		return uint64(n.Revision)
	}
	return 0
}

// Sizes returns the use of each limit of size that a reader states, in the order of the limits. It
// leaves out the budgets, which are [Steps] and [Memory].
func Sizes(n *sensor.Needs, r *sensor.Reader) iter.Seq[Use] {
	return func(yield func(Use) bool) {
		for _, l := range [...]struct {
			limit Limit
			most  uint64
		}{
			{FileSize, r.Limits.FileSize},
			{Instances, r.Limits.Instances},
			{Criteria, r.Limits.Criteria},
			{WordsPerInstance, r.Limits.WordsPerInstance},
			{OperandsPerCriterion, r.Limits.OperandsPerCriterion},
			{ValueLength, r.Limits.ValueLength},
			{ProgramInstructions, r.Limits.ProgramInstructions},
			{Revision, r.Limits.Revision},
		} {
			if l.most == 0 {
				continue
			}
			//mutation:missed: the gate reads all limits; TestSizes detects it
			if !yield(Use{l.limit, l.limit.Size(n), l.most}) {
				return
			}
		}
	}
}
