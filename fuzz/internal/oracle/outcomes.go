package oracle

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"

	"github.com/cfcheck/cfcheck/fuzz/internal/reference"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/validate"
)

// outcomeOf is the outcome on a host that a check reports, by the ID of the check: rule-blind,
// rule-widened, rule-weakened. Check rule-on-each-feed reports the outcomes on feeds that differ
// from the outcome on their host.
var outcomeOf = map[string]outcome.Outcome{
	"CF3012": outcome.Blind, "CF3013": outcome.Widened, "CF3014": outcome.Weakened, "CF3021": outcome.Unaffected,
}

// uncollected compares the builds of which a report says that their hosts record no events, or only
// some, with those that the reference judge finds. It returns a difference, or "".
func (o *Oracle) uncollected(r *validate.Report, fleet *sensor.Fleet) string {
	want := reference.Uncollected(o.def, fleet)
	ran := 0
	for _, c := range r.Ran {
		if c.ID == "CF3022" || c.ID == "CF3023" { // events-collected, every-event-collected
			ran++
		}
	}
	if ran < 2 {
		return ""
	}
	got := map[string]sensor.Collected{}
	for i := range r.Findings {
		of := sensor.CollectedNone
		switch r.Findings[i].Check.ID {
		case "CF3022":
		case "CF3023":
			of = sensor.CollectedSome
		default:
			continue
		}
		for _, b := range r.Findings[i].Builds {
			got[b.Name] = of
		}
	}
	if !maps.Equal(got, want) {
		return fmt.Sprintf("by the report, hosts record %v of the events; by the reference judge %v", got, want)
	}
	return ""
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
		if c := ran[h.outcome]; c != nil && h.input != together && h.input != byEvent && h.input != byValue && !said[h] && unsaid[h.outcome] == 0 {
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("by its truth table, instance %d is %v without %v; %v does not report that", h.instance, h.kind(), h.inputs(), c)}
		}
	}
	for h := range said {
		lacked := slices.ContainsFunc(hosts, func(feeds []feed) bool { return lackedBy(feeds, h.input) || cutBy(feeds, h.input) })
		excused := lacked && want[harm{h.instance, h.outcome, together}] || want[harm{h.instance, h.outcome, byEvent}] || want[harm{h.instance, h.outcome, byValue}]
		if c := ran[h.outcome]; c != nil && !want[h] && !open[h.instance] && !excused {
			return &Problem{Kind: Disagreement, What: fmt.Sprintf("%v finds that instance %d is %v without %v; by its truth table it is not", c, h.instance, h.kind(), h.inputs())}
		}
	}
	lacking := 0
	for _, feeds := range hosts {
		for _, f := range feeds {
			if len(f.lacks) > 0 || f.events != nil {
				lacking++
			}
			if len(f.values)+len(f.cut) > 0 {
				lacking += 2 // each of several inputs may be found
			}
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
	byEvent              // inputs of single events, or the event ID
	byValue              // values of constant inputs
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

// A feed is a supply.
type feed struct {
	lacks  []int        // inputs of the definition that a named reader does not get
	events *sensor.Feed // what the definition states about its events; nil if it does not count
	formed []bool       // by input: whether the definition states the form of its values
	off    []uint32     // events that hosts do not record
	// by input: the length to which it is cut, and the values of a constant input
	cut    map[int]int
	values map[int][]interp.Value
}

// lackedBy reports whether some feed lacks an input.
func lackedBy(feeds []feed, input int) bool {
	return slices.ContainsFunc(feeds, func(f feed) bool { return slices.Contains(f.lacks, input) })
}

// cutBy reports whether some feed cuts an input.
func cutBy(feeds []feed, input int) bool {
	return slices.ContainsFunc(feeds, func(f feed) bool { return f.cut[input] > 0 })
}

// harms returns the harms of the instances of the loaded file on hosts, and the instances that
// have an unknown outcome on some feed.
func (o *Oracle) harms(hosts [][]feed) (want map[harm]bool, open map[int]bool) {
	want, open = map[harm]bool{}, map[int]bool{}
	for _, feeds := range hosts {
		for instance := range o.file.Instances() {
			o.harmed(instance, feeds, want, open)
		}
	}
	return want, open
}

// hosts returns the feeds of the type version of the builds of a fleet whose events are
// collected.
func (o *Oracle) hosts(fleet *sensor.Fleet) (hosts [][]feed) {
	for i := range fleet.Contracts {
		c := &fleet.Contracts[i]
		var feeds []feed
		for k := range c.Supplies {
			s := &c.Supplies[k]
			if s.Type != o.def.Name || s.Version != o.def.Version {
				continue
			}
			if s.Collected.Events == sensor.CollectedNone {
				continue // there are no events
			}
			named := c.Reader.Access == sensor.AccessNamed
			f := feed{cut: map[int]int{}, values: map[int][]interp.Value{}, off: s.Collected.Off, formed: o.formed(s.Feed)}
			f.events = o.def.Feed(s.Feed)
			for index, declared := range o.def.Inputs {
				in := s.Input(c.Reader.Access, index, declared.Name)
				if values := valuesOf(&in); in.Type != declared.Type || !o.reads(index) {
					// Nothing is said of the values of such an input.
				} else if len(values) > 0 {
					f.values[index] = values
				} else if in.CutAt > 0 {
					f.cut[index] = in.CutAt
				}
				if !named && o.reads(index) && (in.State == sensor.StateNotSupplied || in.Name != declared.Name) {
					f.events = nil // the reader takes another value for the input
				}
				if in.State == sensor.StateNotSupplied {
					if named {
						f.lacks = append(f.lacks, index)
					}
				} else if f.events != nil && o.reads(index) && !recorded(in, &declared, f.events) {
					f.events = nil
				}
			}
			feeds = append(feeds, f)
		}
		if len(feeds) > 0 {
			hosts = append(hosts, feeds)
		}
	}
	return hosts
}

// formed returns, by input, whether the definition states how a feed writes the values.
func (o *Oracle) formed(name string) []bool {
	formed := make([]bool, len(o.def.Inputs))
	if f := o.def.Feed(name); f != nil {
		for i := range formed {
			field := f.Field(o.def.Inputs[i].Name)
			formed[i] = field != nil && (field.Form != sensor.FormAny || len(field.Placeholders) > 0 ||
				field.Field == "System/Provider" && f.Provider != "" || field.Field == "System/Channel" && f.Channel != "")
		}
	}
	return formed
}

// readsAny reports whether an instance of the loaded file reads one of some inputs.
func (o *Oracle) readsAny(instance int, inputs []bool) bool {
	in := o.file.Instance(instance)
	for w := in.First; w < in.First+in.Count; w++ {
		if word := o.file.Word(w); word.IsReference() && inputs[o.file.Criterion(word.Criterion()).Input] {
			return true
		}
	}
	return false
}

// reads reports whether a criterion of the loaded file reads an input.
func (o *Oracle) reads(input int) bool {
	for i := range o.file.Criteria() {
		c := o.file.Criterion(i)
		if int(c.Input) == input {
			return true
		}
		for other := range o.file.OperandInputs(c) {
			if other == input {
				return true
			}
		}
	}
	return false
}

// recorded reports whether a supplied input can only have the value that the source of a feed
// records. Only the event ID and the provider must always have it.
func recorded(in sensor.SuppliedInput, declared *sensor.Input, f *sensor.Feed) bool {
	if in.State == sensor.StateConstant {
		return false
	}
	header := slices.ContainsFunc(f.Fields, func(field sensor.FeedField) bool {
		return field.Input == declared.Name && (field.Field == "System/EventID" || field.Field == "System/Provider")
	})
	return !header || in.State == sensor.StateSupplied && in.Type == declared.Type && in.CutAt == 0
}

// harmed adds the harms of an instance on a host with some feeds.
func (o *Oracle) harmed(instance int, feeds []feed, want map[harm]bool, open map[int]bool) {
	judged, byEvents := make([]reference.Feed, len(feeds)), make([]bool, len(feeds))
	for i, f := range feeds {
		// A truth table does not know which values a criterion can have.
		if o.readsAny(instance, f.formed) {
			open[instance] = true
			return
		}
		judged[i] = reference.Feed{Missing: func(input int) bool { return slices.Contains(f.lacks, input) }, Cut: f.cut, Values: f.values, Off: f.off}
		if f.events != nil {
			blind, known := reference.BlindByEvents(o.file, instance, o.def, f.events, &judged[i])
			if !known {
				open[instance] = true
				return
			}
			judged[i].Blind, byEvents[i] = blind, blind
		}
		blind, known := reference.BlindByValues(o.file, instance, &judged[i])
		if !known {
			open[instance] = true
			return
		}
		judged[i].Blind = judged[i].Blind || blind
	}
	host, known := reference.HostOutcome(o.file, instance, judged)
	if !known {
		open[instance] = true
		return
	}
	if host == outcome.Unaffected {
		weakened, known := reference.WeakenedByValues(o.file, instance, judged)
		if !known {
			open[instance] = true
			return
		}
		if weakened {
			host = outcome.Weakened
			want[harm{instance, host, anyInput}] = true
			want[harm{instance, host, byValue}] = true
		}
	}
	for i := range feeds {
		out, _ := reference.Outcome(o.file, instance, &judged[i])
		if judged[i].Blind && out != outcome.Blind {
			of := outcome.Blind
			if host != of {
				of = outcome.Unaffected
			}
			want[harm{instance, of, anyInput}] = true
			if byEvents[i] {
				want[harm{instance, of, byEvent}] = true
			} else {
				want[harm{instance, of, byValue}] = true
			}
			continue
		}
		if out == outcome.Unaffected {
			continue
		}
		of := out
		if out != host {
			of = outcome.Unaffected
		}
		want[harm{instance, of, anyInput}] = true
		alone := false
		for _, lack := range slices.Concat(feeds[i].lacks, slices.Collect(maps.Keys(feeds[i].cut))) {
			only := reference.Feed{Missing: func(input int) bool { return input == lack }}
			if n := feeds[i].cut[lack]; n > 0 {
				only = reference.Feed{Cut: map[int]int{lack: n}}
			}
			if by, _ := reference.Outcome(o.file, instance, &only); by == out {
				want[harm{instance, of, lack}] = true
				alone = true
			}
		}
		if !alone {
			want[harm{instance, of, together}] = true
		}
	}
}

// valuesOf returns the values of a constant input.
func valuesOf(in *sensor.SuppliedInput) (list []interp.Value) {
	for _, text := range in.Values {
		switch in.Type {
		case sensor.TypeInteger:
			n, _ := strconv.ParseInt(text, 10, 64)
			list = append(list, interp.Number(n))
		case sensor.TypeAddress:
			list = append(list, interp.IP(netip.MustParseAddr(text)))
		default:
			list = append(list, interp.Text(text))
		}
	}
	return list
}

// matching returns a problem if an accepted instance that is blind by the report matches an
// event that one of the builds can pass.
func (o *Oracle) matching(r *validate.Report, fleet *sensor.Fleet) *Problem {
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Check.ID != "CF3012" || f.Instance == nil {
			continue
		}
		for k := range fleet.Contracts {
			c := &fleet.Contracts[k]
			if !slices.ContainsFunc(f.Builds, func(b validate.Build) bool { return b.Name == c.Build }) {
				continue
			}
			for n := range c.Supplies {
				if s := &c.Supplies[n]; s.Type == o.def.Name && s.Version == o.def.Version && s.Collected.Events != sensor.CollectedNone && o.def.Feed(s.Feed) == nil {
					if e := o.run.matching(f.Instance.Index, c.Reader.Access, s.Inputs); e != nil {
						return &Problem{Kind: Disagreement, What: fmt.Sprintf("%v says that instance %d can never match, but it does: %s", f.Check, f.Instance.Index, f.Message), Build: c.Build, Feed: s.Feed, Event: e}
					}
				}
			}
		}
	}
	return nil
}
