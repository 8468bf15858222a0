package oracle

import (
	"fmt"
	"maps"
	"slices"

	"github.com/cfcheck/cfcheck/fuzz/internal/reference"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/validate"
)

// outcomeOf is the outcome that a check reports, by the ID of the check: rule-blind,
// rule-widened, rule-weakened.
var outcomeOf = map[string]outcome.Outcome{
	"CF3012": outcome.Blind, "CF3013": outcome.Widened, "CF3014": outcome.Weakened,
}

// outcomes compares a report on rules at named readers with the truth table of each rule.
// There must be a finding for each input whose absence alone changes the rule. There must be
// one for each rule that only several absent inputs change together. There must be no other
// finding.
func (o *Oracle) outcomes(r *validate.Report, fleet *sensor.Fleet) *Problem {
	ran := map[outcome.Outcome]*validate.Check{}
	for _, c := range r.Ran {
		if out, ok := outcomeOf[c.ID]; ok {
			ran[out] = c
		}
	}
	if len(ran) == 0 {
		return nil
	}
	found := map[outcome.Outcome]int{}
	for _, t := range r.Totals {
		if out, ok := outcomeOf[t.Check.ID]; ok {
			found[out] = t.Found
		}
	}
	// said has the findings of the report. unsaid counts the findings that it did not keep.
	said, unsaid := map[harm]bool{}, maps.Clone(found)
	for i := range r.Findings {
		f := &r.Findings[i]
		if out, ok := outcomeOf[f.Check.ID]; ok {
			unsaid[out]--
			said[harm{f.Instance.Index, out, f.Input.Index}] = true
			said[harm{f.Instance.Index, out, anyInput}] = true
		}
	}
	lacks := o.lacks(fleet)
	want, open := o.harms(lacks)
	count := map[outcome.Outcome]int{}
	for h := range want {
		if h.input != anyInput {
			count[h.outcome]++
		}
		if c := ran[h.outcome]; c != nil && h.input != together && !said[h] && unsaid[h.outcome] == 0 {
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("by its truth table, instance %d is %v without %v; %v does not report that", h.instance, h.outcome, h.inputs(), c)}
		}
	}
	for h := range said {
		lacked := slices.ContainsFunc(lacks, func(list []int) bool { return slices.Contains(list, h.input) })
		if c := ran[h.outcome]; c != nil && !want[h] && !open[h.instance] && !(lacked && want[harm{h.instance, h.outcome, together}]) {
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("%v finds that instance %d is %v without %v; by its truth table it is not", c, h.instance, h.outcome, h.inputs())}
		}
	}
	if len(lacks) > 1 || len(open) > 0 { // the inputs that two feeds lack may be found together
		return nil
	}
	for out, c := range ran {
		if found[out] != count[out] {
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("%v counts %d (want %d by the truth tables)", c, found[out], count[out])}
		}
	}
	return nil
}

// A harm is the outcome of an instance without an input.
type harm struct {
	instance int
	outcome  outcome.Outcome
	input    int
}

// Special values in place of an input.
const (
	anyInput = -1 - iota // any one input
	together             // several inputs that have an effect only together
)

func (h harm) inputs() string {
	if h.input < 0 {
		return "some inputs"
	}
	return fmt.Sprintf("input index %d", h.input)
}

// harms returns the outcomes of the instances of the loaded file without the inputs that feeds
// lack, and the instances with an unknown outcome.
func (o *Oracle) harms(lacks [][]int) (want map[harm]bool, open map[int]bool) {
	want, open = map[harm]bool{}, map[int]bool{}
	for _, list := range lacks {
		for instance := range o.file.Instances() {
			o.harmed(instance, list, want, open)
		}
	}
	return want, open
}

// lacks returns the missing inputs of the definition for each feed of a named reader that
// lacks some.
func (o *Oracle) lacks(fleet *sensor.Fleet) (list [][]int) {
	for i := range fleet.Contracts {
		c := &fleet.Contracts[i]
		for k := range c.Supplies {
			s := &c.Supplies[k]
			if c.Reader.Access != sensor.AccessNamed || s.Type != o.def.Name || s.Version != o.def.Version {
				continue
			}
			var lacks []int
			for index, declared := range o.def.Inputs {
				if s.Input(sensor.AccessNamed, index, declared.Name).State == sensor.StateNotSupplied {
					lacks = append(lacks, index)
				}
			}
			if len(lacks) > 0 {
				list = append(list, lacks)
			}
		}
	}
	return list
}

// harmed adds the outcomes of an instance without some inputs.
func (o *Oracle) harmed(instance int, lacks []int, want map[harm]bool, open map[int]bool) {
	out, known := reference.Outcome(o.file, instance, func(input int) bool { return slices.Contains(lacks, input) })
	if !known {
		open[instance] = true
	}
	if !known || out == outcome.Unaffected {
		return
	}
	want[harm{instance, out, anyInput}] = true
	alone := false
	for _, lack := range lacks {
		if by, _ := reference.Outcome(o.file, instance, func(input int) bool { return input == lack }); by == out {
			want[harm{instance, out, lack}] = true
			alone = true
		}
	}
	if !alone {
		want[harm{instance, out, together}] = true
	}
}
