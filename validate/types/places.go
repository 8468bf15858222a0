package types

import (
	"fmt"
	"iter"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// criteria yields the criteria of a file that are wanted, with their indices. It asks once for each
// group of criteria with the same input, operator and flags. A file has few of these groups, and
// possibly a million criteria.
func criteria(f *channelfile.File, wanted func(channelfile.Criterion) bool) iter.Seq2[int, channelfile.Criterion] {
	return func(yield func(int, channelfile.Criterion) bool) {
		for i := 0; i < f.Criteria(); {
			end := f.AlikeUntil(i)
			//mutation:equivalent condition: another check detects the same, on purpose
			if !wanted(f.Criterion(i)) {
				i = end
			}
			for ; i < end; i++ {
				if !yield(i, f.Criterion(i)) {
					return
				}
			}
		}
	}
}

// reportCriterion reports a criterion at the first rule that refers to it. It makes
// the message only if the report keeps the finding, because a file can have a million
// criteria.
func reportCriterion(p *validate.Pass, i, input int, fix string, message func() string) {
	p.Report(func() validate.Finding {
		where, instance := p.LocateCriterion(i, input)
		return validate.Finding{Where: where, Instance: instance, Input: p.InputAt(input), Fix: fix, Message: message()}
	})
}

// field returns the number, the index and the name of an input.
//
//mutation:equivalent: only report texts depend on it
func field(p *validate.Pass, index int) string {
	return fmt.Sprintf("input %d (index %d), %s", index+1, index, p.Definition.Inputs[index].Name)
}

// suits is the column "of an input of type" of FORMAT.md, section 5.
func suits(op channelfile.Operator, t sensor.InputType) bool {
	switch op {
	case channelfile.OpExists:
		return true
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		return t == sensor.TypeString || t == sensor.TypeInteger
	case channelfile.OpAddressRange:
		return t == sensor.TypeString || t == sensor.TypeAddress
	}
	return t == sensor.TypeString
}

// operatorsFor lists the operators that suit a type.
//
//mutation:equivalent: only report texts depend on it
func operatorsFor(t sensor.InputType) string {
	var names []string
	for _, op := range channelfile.Operators() {
		if suits(op, t) {
			names = append(names, op.String())
		}
	}
	return strings.Join(names, ", ")
}

// outOfReach reports whether the input cannot have operand n of a criterion, whose value is v.
func outOfReach(r *sensor.Reach, c channelfile.Criterion, def *sensor.Input, n int, v channelfile.Value) bool {
	switch c.Operator {
	case channelfile.OpIntegerEquals:
		return outside(def, v.Integer(), v.Integer())
	case channelfile.OpIntegerRange:
		least, greatest := v.IntegerRange()
		return outside(def, least, greatest)
	}
	return def.MaxLength > 0 && r.Exceeds(c, n, def.MaxLength)
}

// beyond returns the reason why the input cannot have value v of an operand.
func beyond(c channelfile.Criterion, def *sensor.Input, v channelfile.Value) string {
	switch c.Operator {
	case channelfile.OpIntegerEquals:
		return fmt.Sprintf("it is never %d: it goes from %s", v.Integer(), reach(def))
	case channelfile.OpIntegerRange:
		least, greatest := v.IntegerRange()
		return fmt.Sprintf("it is never from %d to %d: it goes from %s", least, greatest, reach(def))
	}
	return fmt.Sprintf("the operand has %d bytes, the value at most %d", len(v), def.MaxLength)
}

//mutation:equivalent: only report texts depend on it
func outside(def *sensor.Input, least, greatest int64) bool {
	return def.Least != nil && greatest < *def.Least || def.Greatest != nil && least > *def.Greatest
}

//mutation:equivalent: only report texts depend on it
func reach(def *sensor.Input) string {
	least, greatest := "the least integer", "the greatest integer"
	if def.Least != nil {
		least = fmt.Sprint(*def.Least)
	}
	if def.Greatest != nil {
		greatest = fmt.Sprint(*def.Greatest)
	}
	return least + " to " + greatest
}

// names lists the template types that the gate knows.
//
//mutation:equivalent: only report texts depend on it
func names(known *sensor.Definitions) string {
	var list []string
	seen := map[uint32]bool{}
	for d := range known.All() {
		if !seen[d.Number] {
			seen[d.Number] = true
			list = append(list, fmt.Sprintf("%d (%s)", d.Number, d.Name))
		}
	}
	const most = 12
	switch {
	case len(list) == 0:
		return "none"
	case len(list) > most:
		list = append(list[:most], fmt.Sprintf("and %d more", len(list)-most))
	}
	return strings.Join(list, ", ")
}

//mutation:equivalent: only report texts depend on it
func versions(vs []uint32) string {
	var list []string
	for _, v := range vs {
		list = append(list, fmt.Sprint(v))
	}
	noun := "version "
	if len(list) > 1 {
		noun = "versions "
	}
	return noun + strings.Join(list, ", ")
}
