package reference

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Change is content and the content that shipped before it. Both keep all requirements of
// FORMAT.md, and fit their definitions.
type Change struct {
	Old, New       *channelfile.File
	OldDef, NewDef *sensor.Definition
	Removed        uint64 // percentage of rules that may be removed; 0 means the default
	Growth         uint64 // percentage by which content may grow; 0 means the default
	Protected      []channelfile.ID
}

// Rules compares the rules by their IDs, and the conditions of the rules that both have.
func (c *Change) Rules() (removed, added, changed []channelfile.ID) {
	old, now := conditionsOf(c.Old, c.oldInput), conditionsOf(c.New, c.newInput)
	for id, condition := range old {
		switch is, ok := now[id]; {
		case !ok:
			removed = append(removed, id)
		case is != condition:
			changed = append(changed, id)
		}
	}
	for id := range now {
		if _, ok := old[id]; !ok {
			added = append(added, id)
		}
	}
	return removed, added, changed
}

// An input of two type versions is the same if its name and its type are the same.
func (c *Change) oldInput(i int) string { return nameOf(c.OldDef.Inputs[i]) }

func (c *Change) newInput(i int) string { return nameOf(c.NewDef.Inputs[i]) }

func nameOf(in sensor.Input) string { return fmt.Sprintf("%v %s", in.Type, in.Name) }

// conditionsOf returns the conditions of a file by ID. Two conditions that differ only in the
// order of parts or operands are equal, or in the sides of a test for equality.
func conditionsOf(f *channelfile.File, input func(int) string) map[channelfile.ID]string {
	list := map[channelfile.ID]string{}
	for i := range f.Instances() {
		list[f.Instance(i).ID] = write(f, treeOf(f, i), input)
	}
	return list
}

// Condition returns a text of the condition of an instance of a file that fits a definition.
func Condition(f *channelfile.File, d *sensor.Definition, instance int) string {
	return write(f, treeOf(f, instance), func(i int) string { return d.Inputs[i].Name })
}

func write(f *channelfile.File, t *tree, input func(int) string) string {
	word, parts := joined(f, t, input)
	return word + "(" + strings.Join(parts, ", ") + ")"
}

// joined returns the parts of a condition of which all must hold, or one. An and within an and
// is dissolved, and so is an or within an or.
func joined(f *channelfile.File, t *tree, input func(int) string) (word string, parts []string) {
	word = "and"
	if t.parts == nil {
		return leafJoined(f, t, input)
	}
	if t.or {
		word = "or"
	}
	for _, part := range t.parts {
		switch inner, list := joined(f, part, input); {
		//mutation:missed condition: no generated rule compares an input with two others
		case inner == word || len(list) == 1:
			parts = append(parts, list...)
		default:
			parts = append(parts, inner+"("+strings.Join(list, ", ")+")")
		}
	}
	slices.Sort(parts)
	return word, slices.Compact(parts)
}

// leafJoined returns a criterion. A comparison with several inputs is one for each of them.
//
//mutation:missed condition, comparison, width: few releases compare inputs, and none has many
func leafJoined(f *channelfile.File, t *tree, input func(int) string) (word string, parts []string) {
	c := f.Criterion(t.criterion)
	word, not := "and", ""
	if t.negated {
		not = "not "
	}
	if c.Flags&channelfile.FlagInputs == 0 {
		var operands []string
		for v := range f.OperandValues(c) {
			operands = append(operands, fmt.Sprintf("%q", []byte(v)))
		}
		for p := range f.OperandPrograms(c) {
			operands = append(operands, fmt.Sprintf("%q", p.Source()))
		}
		slices.Sort(operands)
		return word, []string{fmt.Sprintf("%s%q %v flags %b %q", not, input(int(c.Input)), c.Operator, c.Flags, operands)}
	}
	if all := c.Flags&channelfile.FlagAll != 0; all == t.negated {
		word = "or"
	}
	for other := range f.OperandInputs(c) {
		sides := []string{input(int(c.Input)), input(other)}
		if c.Operator == channelfile.OpEquals || c.Operator == channelfile.OpIntegerEquals {
			slices.Sort(sides)
		}
		parts = append(parts, fmt.Sprintf("%s%q %v flags %b", not, sides, c.Operator, c.Flags&channelfile.FlagFold))
	}
	slices.Sort(parts)
	return word, slices.Compact(parts)
}

// Findings returns the number of findings of each check that compares the content with the
// previous one, by the ID of the check, as docs/change.md states their limits. It leaves out
// the checks that depend on a fleet.
func (c *Change) Findings() map[string]int {
	found := map[string]int{}
	removed, added, changed := c.Rules()
	old, now := uint64(c.Old.Instances()), uint64(c.New.Instances())
	mayRemove, mayGrow := c.Removed, c.Growth
	if mayRemove == 0 {
		mayRemove = 20
	}
	if mayGrow == 0 {
		mayGrow = 50
	}
	switch before, next := c.Old.Header.Revision, c.New.Header.Revision; {
	case next < before:
		found["CF6001"] = 1
	case next == before && !bytes.Equal(c.Old.Data(), c.New.Data()):
		found["CF6002"] = 1
	}
	gone := uint64(len(removed))
	switch {
	case old > 0 && now*10 <= old && mayRemove < 100:
		found["CF6004"] = 1
	case gone > 1 && exceeds(gone, mayRemove, old):
		found["CF6003"] = 1
	default:
		found["CF6006"] = len(removed)
	}
	for _, size := range []struct{ before, next, few uint64 }{
		{old, now, 8},
		{uint64(len(c.Old.Data())), uint64(len(c.New.Data())), 8192},
		{costOf(c.Old), costOf(c.New), 1_000_000},
	} {
		if grown := size.next - min(size.next, size.before); size.before > 0 && grown > size.few && exceeds(grown, mayGrow, size.before) {
			found["CF6005"]++
		}
	}
	found["CF6007"], found["CF6008"] = len(added), len(changed)
	for _, id := range slices.Concat(removed, changed) {
		if slices.Contains(c.Protected, id) {
			found["CF6010"]++
		}
	}
	return found
}

// exceeds reports whether n is more than a percentage of a number.
func exceeds(n, percent, of uint64) bool {
	share := new(big.Int).SetUint64(of)
	share.Mul(share, new(big.Int).SetUint64(percent))
	hundredfold := new(big.Int).SetUint64(n)
	return hundredfold.Mul(hundredfold, big.NewInt(100)).Cmp(share) > 0
}

// costOf returns the charge for an event whose strings have 1,024 bytes.
func costOf(f *channelfile.File) uint64 {
	//mutation:missed width: only texts of a thousand letters make the cost of a small scope jump
	sum := uint64(f.Words() + f.Instances())
	for i := range f.Criteria() {
		constant, each := charge(f, f.Criterion(i))
		//mutation:missed `uint64(constant)`: it is small beside the other part
		sum += uint64(constant) + 1024*uint64(each)
	}
	return sum
}

// RevisionsEnd returns the names of the builds whose integer for a revision ends before the
// next revision, sorted, and whether the format ends before it. Previous is the revision that
// shipped. A build that cannot hold this revision, or that never reads it, does not count.
func RevisionsEnd(f *channelfile.File, d *sensor.Definition, previous uint32, fleet *sensor.Fleet) (builds []string, format bool) {
	now := uint64(f.Header.Revision)
	next := now + 1
	if uint64(previous) < now {
		next = 2*now - uint64(previous)
	}
	for i := range fleet.Contracts {
		c := &fleet.Contracts[i]
		most := c.Reader.Limits.Revision
		has := slices.ContainsFunc(c.Supplies, func(s sensor.Supply) bool { return s.Type == d.Name && s.Version == d.Version })
		if most > 0 && now <= most && next > most && (has || !c.Reader.RefusesUnknownVersions) {
			builds = append(builds, c.Build)
		}
	}
	slices.Sort(builds)
	return builds, next > 99_999_999
}
