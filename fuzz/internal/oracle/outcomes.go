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

// outcomeOf is the outcome on a host that a check reports, by the ID of the check: rule-blind,
// rule-widened, rule-weakened. Check rule-on-each-feed reports the outcomes on feeds that differ
// from the outcome on their host.
var outcomeOf = map[string]outcome.Outcome{
	"CF3012": outcome.Blind, "CF3013": outcome.Widened, "CF3014": outcome.Weakened, "CF3021": outcome.Unaffected,
}

// outcomes compares a report on rules at named readers with the truth table of each rule.
// There must be a finding for each input whose absence alone changes the rule on a feed. There
// must be one for each rule that only several absent inputs change together. The check depends
// on the outcome on the host. There must be no other finding.
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
	hosts := o.hosts(fleet)
	want, open := o.harms(hosts)
	count := map[outcome.Outcome]int{}
	for h := range want {
		if h.input != anyInput {
			count[h.outcome]++
		}
		if c := ran[h.outcome]; c != nil && h.input != together && !said[h] && unsaid[h.outcome] == 0 {
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("by its truth table, instance %d is %v without %v; %v does not report that", h.instance, h.kind(), h.inputs(), c)}
		}
	}
	for h := range said {
		lacked := slices.ContainsFunc(hosts, func(feeds [][]int) bool { return lackedBy(feeds, h.input) })
		if c := ran[h.outcome]; c != nil && !want[h] && !open[h.instance] && !(lacked && want[harm{h.instance, h.outcome, together}]) {
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("%v finds that instance %d is %v without %v; by its truth table it is not", c, h.instance, h.kind(), h.inputs())}
		}
	}
	lacking := 0
	for _, feeds := range hosts {
		for _, lacks := range feeds {
			lacking += min(len(lacks), 1)
		}
	}
	if lacking > 1 || len(open) > 0 { // the inputs that two feeds lack may be found together
		return nil
	}
	for out, c := range ran {
		if found[out] != count[out] {
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("%v counts %d (want %d by the truth tables)", c, found[out], count[out])}
		}
	}
	return nil
}

// A harm is the outcome of an instance without an input, on the hosts that some feeds belong to.
// Unaffected means that the instance is affected on a feed, and that the outcome on its host is
// another one.
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

// kind names the outcome.
func (h harm) kind() string {
	if h.outcome == outcome.Unaffected {
		return "affected on a feed"
	}
	return h.outcome.String()
}

func (h harm) inputs() string {
	if h.input < 0 {
		return "some inputs"
	}
	return fmt.Sprintf("input index %d", h.input)
}

// lackedBy reports whether some feed lacks an input.
func lackedBy(feeds [][]int, input int) bool {
	return slices.ContainsFunc(feeds, func(lacks []int) bool { return slices.Contains(lacks, input) })
}

// harms returns the harms of the instances of the loaded file on hosts, and the instances that
// have an unknown outcome on some feed.
func (o *Oracle) harms(hosts [][][]int) (want map[harm]bool, open map[int]bool) {
	want, open = map[harm]bool{}, map[int]bool{}
	for _, feeds := range hosts {
		for instance := range o.file.Instances() {
			o.harmed(instance, feeds, want, open)
		}
	}
	return want, open
}

// hosts returns the named readers of a fleet with feeds of the type version. For each feed it
// has the inputs of the definition that the feed lacks.
func (o *Oracle) hosts(fleet *sensor.Fleet) (hosts [][][]int) {
	for i := range fleet.Contracts {
		c := &fleet.Contracts[i]
		var feeds [][]int
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
			feeds = append(feeds, lacks)
		}
		if len(feeds) > 0 {
			hosts = append(hosts, feeds)
		}
	}
	return hosts
}

// harmed adds the harms of an instance on a host. Feeds has the inputs that each of its feeds
// lacks.
func (o *Oracle) harmed(instance int, feeds [][]int, want map[harm]bool, open map[int]bool) {
	missing := make([]func(int) bool, len(feeds))
	for i, lacks := range feeds {
		missing[i] = func(input int) bool { return slices.Contains(lacks, input) }
	}
	host, known := reference.HostOutcome(o.file, instance, missing)
	if !known {
		open[instance] = true
		return
	}
	for i := range feeds {
		out, _ := reference.Outcome(o.file, instance, missing[i])
		if out == outcome.Unaffected {
			continue
		}
		of := out
		if out != host {
			of = outcome.Unaffected
		}
		want[harm{instance, of, anyInput}] = true
		alone := false
		for _, lack := range feeds[i] {
			if by, _ := reference.Outcome(o.file, instance, func(input int) bool { return input == lack }); by == out {
				want[harm{instance, of, lack}] = true
				alone = true
			}
		}
		if !alone {
			want[harm{instance, of, together}] = true
		}
	}
}
