package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
)

// repeat judges the subject again in other ways, and compares the reports with each other and
// with the sensors.
func (o *Oracle) repeat(r *validate.Report, fleet *sensor.Fleet) *Problem {
	if p := o.byNeeds(r, fleet); p != nil || r.Verdict() != validate.Accepted {
		return p
	}
	return o.onRecorded(fleet)
}

// otherOptions judges the file again with options under which the verdict can be predicted.
// The limit of kept findings must not change the counts. The other runs have no fleet, have no
// definition, reject warnings, or only run the content. Then it counts the needs.
func (o *Oracle) otherOptions(r *validate.Report, fleet *sensor.Fleet) *Problem {
	var found [3]int // by severity: errors, warnings and notes
	for _, t := range r.Totals {
		found[t.Check.Severity] += t.Found
	}
	want := r.Verdict()
	options := o.options()
	options.Fleet, options.MaxFindings = fleet, 1
	few := validate.Run(validate.ChannelFile("", o.data), options)
	if got := [3]int{few.Errors(), few.Warnings(), few.Notes()}; got != found || few.Verdict() != want {
		return &Problem{Kind: Disagreement, What: fmt.Sprintf("%d errors, warnings and notes and verdict %v; with one kept finding, %d and %v", found, want, got, few.Verdict())}
	}
	if found != [3]int{} && (len(r.Findings) == 0 || len(few.Findings) == 0) {
		return &Problem{Kind: Disagreement, What: fmt.Sprintf("%d errors, warnings and notes; %d or %d of them are kept", found, len(r.Findings), len(few.Findings))}
	}
	for _, less := range []validate.Options{
		{Checks: o.checks, Definitions: o.defs, Now: Now},
		{Checks: o.checks, Fleet: fleet, Now: Now},
	} {
		if got := validate.Run(validate.ChannelFile("", o.data), less).Verdict(); got == validate.Accepted {
			return &Problem{Kind: Escape, What: "the file is accepted without a fleet, or without a definition"}
		}
	}
	options.FailOnWarnings = true
	if found[validate.Error]+found[validate.Warning] > 0 {
		want = validate.Rejected
	}
	if got := validate.Run(validate.ChannelFile("", o.data), options).Verdict(); got != want {
		return &Problem{Kind: Disagreement, What: fmt.Sprintf("%d errors, warnings and notes; the verdict is %v if warnings reject (want %v)", found, got, want)}
	}
	if o.file == nil {
		return nil
	}
	if what := o.counted(r.Needs); what != "" {
		return &Problem{Kind: Disagreement, What: what}
	}
	return o.byBehaviour(fleet)
}

// blind returns the checks of the gate without those that compare the content with the fleet,
// and the check that runs content. In this list that check does not wait for the others.
func blind(checks []*validate.Check) (list []*validate.Check, runs *validate.Check) {
	for _, c := range checks {
		switch {
		case c.Family() < 3:
			list = append(list, c)
		case c.ID == "CF5001": // runs-without-fault
			own := *c
			own.Requires = slices.DeleteFunc(slices.Clone(c.Requires), func(id string) bool { return strings.HasPrefix(id, "CF3") })
			runs = &own
			list = append(list, runs)
		}
	}
	return list, runs
}

// byBehaviour judges the file only by running it, without the checks that compare its needs
// with the fleet. The gate must find a read after the end of a build's array, and an input of
// a type that an operator does not take. If there is neither, there must be no fault.
func (o *Oracle) byBehaviour(fleet *sensor.Fleet) *Problem {
	if o.broken != 0 || o.file.Header.Type != o.def.Number || o.file.Header.TypeVersion != o.def.Version || o.runs == nil {
		return nil
	}
	short, mistyped := "", false
	read := int(o.file.Header.InputsRead)
	for _, c := range fleet.Contracts {
		for _, s := range c.Supplies {
			if s.Type != o.def.Name || s.Version != o.def.Version {
				continue
			}
			if c.Reader.Access == sensor.AccessPositional && len(s.Inputs) < read {
				short = c.Build
			}
			for i, declared := range o.def.Inputs {
				in := s.Input(c.Reader.Access, i, declared.Name)
				if in.State == sensor.StateNotSupplied || in.Type == declared.Type {
					continue
				}
				mistyped = true
				if in.State >= sensor.StateSupplied && o.refuses(i, in.Type) {
					short = c.Build
				}
			}
		}
	}
	if o.unseen == nil {
		options := o.options()
		options.Checks = o.blind
		o.unseen = validate.Prepare(validate.ChannelFile("", o.data), options)
	}
	r := o.unseen.Run(fleet, nil)
	if !slices.Contains(r.Ran, o.runs) {
		return nil // the file does not fit its type
	}
	faults := slices.ContainsFunc(r.Totals, func(t validate.Total) bool { return t.Check == o.runs })
	switch {
	case short != "" && !faults:
		return &Problem{Kind: Disagreement, What: "content that reads a missing input, or one of another type, runs without a fault", Build: short}
	case short == "" && !mistyped && faults:
		return &Problem{Kind: Disagreement, What: "content for which no build lacks anything has a fault when it runs: " + whyNot(r)}
	}
	return nil
}

// refuses reports whether a criterion of the file reads an input and its operator does not
// take values of type t.
func (o *Oracle) refuses(input int, t sensor.InputType) bool {
	for i := range o.file.Criteria() {
		c := o.file.Criterion(i)
		reads := int(c.Input) == input
		for other := range o.file.OperandInputs(c) {
			reads = reads || other == input
		}
		if !reads {
			continue
		}
		switch c.Operator {
		case channelfile.OpExists:
		case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
			if t == sensor.TypeAddress {
				return true
			}
		case channelfile.OpAddressRange:
			if t == sensor.TypeInteger {
				return true
			}
		default:
			if t != sensor.TypeString {
				return true
			}
		}
	}
	return false
}

// byNeeds judges only the needs of the file. The checks of contracts must find errors if they
// found some in the file. Warnings differ, because needs do not contain the rules: each input
// that a named reader lacks must be found as if every rule that reads it were blind.
func (o *Oracle) byNeeds(r *validate.Report, fleet *sensor.Fleet) *Problem {
	if r.Needs == nil || r.Definition == nil {
		return nil
	}
	text, err := r.Needs.JSON()
	if err != nil {
		return &Problem{Kind: Disagreement, What: "the needs cannot be encoded: " + err.Error()}
	}
	needs, err := sensor.ReadNeeds("needs", text)
	if err != nil {
		return &Problem{Kind: Disagreement, What: "the encoded needs cannot be read: " + err.Error()}
	}
	other := validate.Run(validate.Needs("", needs), validate.Options{
		Checks: o.checks, Definitions: o.defs, Fleet: fleet, Now: Now,
	})
	ran := map[*validate.Check]bool{}
	for _, c := range other.Ran {
		ran[c] = true
	}
	found := map[*validate.Check]int{}
	for _, t := range r.Totals {
		if t.Check.Family() == 3 && t.Check.Severity == validate.Error && ran[t.Check] {
			found[t.Check]++
		}
	}
	for _, t := range other.Totals {
		if t.Check.Family() == 3 && t.Check.Severity == validate.Error {
			found[t.Check]--
		}
	}
	for _, c := range r.Ran {
		if c.Family() == 3 && !ran[c] && !slices.Contains(other.NotApplicable, c) {
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("%v ran on a file, but not on its needs", c)}
		}
	}
	for c, n := range found {
		if n != 0 && slices.Contains(r.Ran, c) {
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("%v finds something in a file and nothing in its needs, or the reverse", c)}
		}
	}
	// CF3012 is rule-blind.
	if !slices.ContainsFunc(other.Ran, func(c *validate.Check) bool { return c.ID == "CF3012" }) {
		return nil
	}
	// Without conditions, only a feed that lacks no needed input is known to be unaffected. These
	// are the inputs that feeds lack. Hosts with such a feed are spared.
	var affected, spared []feed
	for _, feeds := range o.hosts(fleet) {
		whole := func(f feed) bool {
			return !slices.ContainsFunc(needs.Inputs, func(in sensor.InputNeed) bool { return slices.Contains(f.lacks, in.Index) })
		}
		if slices.ContainsFunc(feeds, whole) {
			spared = append(spared, feeds...)
		} else {
			affected = append(affected, feeds...)
		}
	}
	said, aside := map[int]bool{}, map[int]bool{}
	for i := range other.Findings {
		switch f := &other.Findings[i]; f.Check.ID {
		case "CF3012": // rule-blind
			said[f.Input.Index] = true
		case "CF3021": // rule-on-each-feed
			aside[f.Input.Index] = true
		case "CF3013", "CF3014": // rule-widened, rule-weakened
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("%v finds something in needs, which have no rules", f.Check)}
		}
	}
	for _, in := range needs.Inputs {
		if lacking := lackedBy(affected, in.Index); lacking != said[in.Index] {
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("a named reader lacks input index %d: %v; found in the needs: %v", in.Index, lacking, !lacking)}
		}
		if lacking := lackedBy(spared, in.Index); lacking != aside[in.Index] {
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("one feed of a named reader lacks input index %d: %v; found in the needs: %v", in.Index, lacking, !lacking)}
		}
	}
	return nil
}

// onRecorded judges an accepted file with generated events in place of recorded ones. A rule
// must be found if the model sensor matches it.
func (o *Oracle) onRecorded(fleet *sensor.Fleet) *Problem {
	if o.run == nil {
		return nil
	}
	var events []interp.Event
	matches := make([]uint64, o.file.Instances())
	for i := range min(len(matches), instancesRun) {
		o.run.synthesis.Events(i, len(o.types), func(e interp.Event) bool {
			if trace, err := o.run.model.Run(e); err == nil {
				events = append(events, cloneEvent(e))
				for _, m := range trace.Matched {
					matches[m]++
				}
			}
			return len(events) < 4*(i+1)
		})
	}
	recorded := &validate.Recorded{Name: "recorded", Events: func(_ *sensor.Definition, yield func(func() string, interp.Event) bool) error {
		for _, e := range events {
			if !yield(func() string { return "there" }, e) {
				break
			}
		}
		return nil
	}}
	const ceiling = 1
	r := validate.Run(validate.ChannelFile("", o.data), validate.Options{
		Checks: o.checks, Definitions: o.defs, Fleet: fleet, Now: Now, MaxFindings: len(matches),
		NeverMatch: recorded, KnownGood: recorded, KnownGoodMatches: ceiling,
	})
	var never, good int
	for _, n := range matches {
		if n > 0 {
			never++
		}
		if n > ceiling {
			good++
		}
	}
	for _, t := range r.Totals {
		switch t.Check.ID {
		case "CF5002": // never-match
			never -= t.Found
		case "CF5003": // known-good
			good -= t.Found
		}
	}
	if never != 0 || good != 0 {
		return &Problem{Kind: Disagreement, What: fmt.Sprintf("on recorded events the sensor matches %d instances more than CF5002 finds, and %d more than CF5003", never, good)}
	}
	return nil
}
