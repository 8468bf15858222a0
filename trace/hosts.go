package trace

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/coverage"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sysmon/logging"
)

// A Recorded is a recorded event as an event of a template type.
type Recorded struct {
	Event  interp.Event // an input is absent if the record does not have it
	Feed   *sensor.Feed // of the definition
	ID     uint32
	Fields map[string]string // the data of the record, by name
}

// NewRecorded converts a record of a feed. The values do not depend on the record afterwards. It
// returns the errors of [events.Mapping.Event].
func NewRecorded(m *events.Mapping, r *events.Record) (*Recorded, error) {
	e, err := m.Event(nil, r)
	if err != nil {
		return nil, err
	}
	out := &Recorded{Event: slices.Clone(e), Feed: m.Feed, ID: r.EventID, Fields: map[string]string{}}
	for i := range out.Event {
		out.Event[i].Text = slices.Clone(out.Event[i].Text)
	}
	for i := range r.Fields {
		out.Fields[string(r.Fields[i].Name)] = string(r.Fields[i].Append(nil))
	}
	return out, nil
}

// A Verdict states the result of a rule for an event on the hosts of a build.
type Verdict uint8

const (
	NoSupply    Verdict = iota // the build does not hand over events of the feed
	NotRecorded                // the hosts do not record the event
	Unsafe                     // the rule reads memory that the build does not hand over
	NoMatch
	MayMatch // it depends on something that the contract does not state
	Match
	Verdicts // number of verdicts
)

var verdictNames = [Verdicts]string{"no supply", "not recorded", "unsafe", "no match", "may match", "match"}

func (v Verdict) String() string { return verdictNames[v] }

// A Difference is the way in which an input that a build hands over differs from the event.
type Difference uint8

const (
	NeverInFeed Difference = iota // the source of the events does not have the input
	NotSupplied                   // the build does not hand it over
	NotInEvent                    // the build hands it over, but this event does not have it
	Cut                           // the build cuts the value
	Constant                      // the build always hands over the same value
	Uncertain                     // the build may hand it over, or may hand over another value
	Differences                   // number of differences
)

var differenceNames = [Differences]string{"never in the feed", "not supplied", "not in the event", "cut", "constant", "uncertain"}

func (d Difference) String() string { return differenceNames[d] }

// An Input is an input of the rule that a build does not hand over as the event has it, or that
// the event lacks.
type Input struct {
	Index      int // in the definition
	Name       string
	Difference Difference
	Reason     string // for people, with the document of the contract
}

// A Hosts has the result on the hosts of the builds that behave alike.
type Hosts struct {
	Builds  []string
	Hosts   uint64
	Verdict Verdict
	// Reason explains the verdicts NoSupply, NotRecorded, Unsafe and MayMatch, with the document of
	// the contract. For the other verdicts it says why it is not known whether the hosts record
	// the event, or is "".
	Reason string
	Inputs []Input // that the rule reads, by index
	// Root is the tree on the inputs that the build hands over. It is nil for the verdicts
	// NoSupply, NotRecorded and Unsafe.
	Root *Node
}

// maxUncertain is the number of uncertain inputs of which all combinations are tried.
const maxUncertain = 6

// Hosts returns the results on the hosts of a fleet, for each set of builds that behave alike, in
// the order of the fleet.
func (r *Rule) Hosts(e *Recorded, fleet *sensor.Fleet) ([]Hosts, error) {
	judge := coverage.NewJudge(r.whole.file, r.Definition)
	var all []Hosts
	for _, members := range fleet.Distinct() {
		c := &fleet.Contracts[members[0]]
		h := Hosts{}
		if err := r.contract(&h, e, c, judge); err != nil {
			return nil, err
		}
		i := slices.IndexFunc(all, func(o Hosts) bool {
			return o.Verdict == h.Verdict && o.Reason == h.Reason && slices.Equal(o.Inputs, h.Inputs)
		})
		if i < 0 {
			i = len(all)
			all = append(all, h)
		}
		for _, k := range members {
			all[i].Builds = append(all[i].Builds, fleet.Contracts[k].Build)
			all[i].Hosts += min(fleet.Contracts[k].Hosts, ^uint64(0)-all[i].Hosts)
		}
	}
	return all, nil
}

// contract sets the result on the hosts of a contract.
func (r *Rule) contract(h *Hosts, e *Recorded, c *sensor.Contract, judge *coverage.Judge) error {
	d := r.Definition
	hosts := judge.Hosts(c)
	supply := slices.IndexFunc(hosts.Supplies, func(s *sensor.Supply) bool { return s.Feed == e.Feed.Name || s.Feed == "" })
	switch lack := c.Lack(d.Name, d.Version); {
	case len(hosts.Supplies) == 0 && lack != nil:
		h.Reason = because(c, fmt.Sprintf("the build does not have type %s", d.Name), &lack.Basis)
		return nil
	case len(hosts.Supplies) == 0:
		h.Reason = fmt.Sprintf("the contract has no supply of type %s version %d", d.Name, d.Version)
		return nil
	case supply < 0:
		h.Reason = fmt.Sprintf("the contract has no supply of feed %s; its events of type %s come from %s", e.Feed.Name, d.Name, feedsOf(hosts.Supplies))
		return nil
	}
	s := hosts.Supplies[supply]
	recorded, cause := records(e, c, s)
	if cause != nil {
		cause.Supply = supply
		h.Verdict, h.Reason = NotRecorded, judge.Describe(hosts, cause)
		return nil
	}
	var open []int // uncertain inputs that the event has
	handed, free := r.handed(h, e, c, s, &open)
	if h.Verdict == Unsafe {
		return nil
	}
	if c.Reader.Access == sensor.AccessPositional {
		if _, err := r.whole.run(handed[:min(len(handed), len(s.Inputs))], &sensor.Reader{Access: sensor.AccessPositional}); err != nil {
			h.Verdict, h.Reason = Unsafe, err.Error()
			return nil
		}
	}
	var err error
	if h.Root, err = r.Tree(handed); err != nil {
		return err
	}
	certain := !free
	if certain {
		if certain, err = r.settled(handed, open, h.Root.Holds); err != nil {
			return err
		}
	}
	switch {
	case !certain:
		h.Verdict, h.Reason = MayMatch, "the result depends on an input that is uncertain"
	case h.Root.Holds:
		h.Verdict, h.Reason = Match, recorded
		if recorded != "" {
			h.Verdict = MayMatch
		}
	default:
		h.Verdict, h.Reason = NoMatch, recorded
	}
	return nil
}

// settled reports whether the rule has the same result whichever uncertain inputs are absent.
func (r *Rule) settled(e interp.Event, open []int, holds bool) (bool, error) {
	if len(open) > maxUncertain {
		return false, nil
	}
	for set := 1; set < 1<<len(open); set++ {
		trial := slices.Clone(e)
		for i, input := range open {
			if set>>i&1 != 0 {
				trial[input] = interp.Value{}
			}
		}
		if other, err := r.Matches(trial); err != nil || other != holds {
			return false, err
		}
	}
	return true, nil
}

// records returns the cause if the hosts certainly do not record the event, and otherwise why that
// is not certain, or "".
func records(e *Recorded, c *sensor.Contract, s *sensor.Supply) (doubt string, cause *coverage.Cause) {
	cause = &coverage.Cause{Input: -1, Element: -1, Events: []uint32{e.ID}}
	switch s.Collected.Records(e.ID) {
	case sensor.CollectedNone:
		cause.Reason = coverage.EventsOff
		if s.Collected.Events == sensor.CollectedNone {
			cause.Reason = coverage.NotRecorded
		}
		return "", cause
	case sensor.CollectedSome:
		doubt = because(c, "the hosts record some of the events", &s.Collected.Basis)
	}
	engine, _ := coverage.Engine(c, s)
	if engine == nil {
		if len(s.Filters.Elements) > 0 {
			doubt = "the filters of Sysmon are stated, and its version is not known"
		}
		return doubt, nil
	}
	switch result := engine.Logged(&logging.Event{ID: e.ID, Values: e.Fields}); result.Answer {
	case logging.Dropped:
		cause.Reason = coverage.NotIncluded
		if i := result.Element; i >= 0 && !s.Filters.Elements[i].Include {
			cause.Reason, cause.Element = coverage.Excluded, i
			if result.Filter >= 0 {
				cause.Filters = []int{result.Filter}
			}
		}
		return "", cause
	case logging.Unknown:
		doubt = "it is not known whether the filters of Sysmon record the event"
		if i := result.OpenElement; i >= 0 {
			doubt += ": that depends on " + coverage.FilterText(c, s, i, result.OpenFilter)
			field := s.Filters.Elements[i].Filters[result.OpenFilter].FieldName
			if _, ok := e.Fields[field]; !ok {
				doubt += ", and the event has no " + field
			}
		}
		return doubt, nil
	}
	// The filters decide about the events that the contract says are recorded in part.
	return "", nil
}

// feedsOf lists the feeds of supplies.
func feedsOf(supplies []*sensor.Supply) string {
	var names []string
	for _, s := range supplies {
		if !slices.Contains(names, s.Feed) {
			names = append(names, s.Feed)
		}
	}
	return strings.Join(names, ", ")
}

// handed returns the event as a build hands it over, and sets the differences. It appends the
// uncertain inputs of the rule to open. free reports whether an input of the rule may have a value
// that is not known.
func (r *Rule) handed(h *Hosts, e *Recorded, c *sensor.Contract, s *sensor.Supply, open *[]int) (out interp.Event, free bool) {
	d := r.Definition
	out = slices.Clone(e.Event)
	for i := range out {
		in := s.Listed(c.Reader.Access, i, d.Inputs[i].Name)
		difference, reason := r.hand(&out[i], e, c, in, i)
		if difference == Differences {
			continue
		}
		if _, reads := slices.BinarySearch(r.reads, i); !reads {
			continue
		}
		h.Inputs = append(h.Inputs, Input{i, d.Inputs[i].Name, difference, reason})
		switch {
		case in != nil && in.State != sensor.StateNotSupplied && in.Type != d.Inputs[i].Type:
			h.Verdict = Unsafe
			h.Reason = fmt.Sprintf("the build hands over %s as %v, and the type declares %v", d.Inputs[i].Name, in.Type, d.Inputs[i].Type)
		case difference != Uncertain || !e.Event[i].Present():
		case in.State.Certain():
			free = true
		default:
			*open = append(*open, i)
		}
	}
	return out, free
}

// hand changes the value of an input to that which the build hands over. It returns Differences if
// nothing is to be said about it.
func (r *Rule) hand(v *interp.Value, e *Recorded, c *sensor.Contract, in *sensor.SuppliedInput, index int) (Difference, string) {
	name := r.Definition.Inputs[index].Name
	field := e.Feed.Field(name)
	had := v.Present()
	if in == nil || in.State == sensor.StateNotSupplied {
		*v = interp.Value{}
		if field == nil {
			return NeverInFeed, fmt.Sprintf("feed %s never has it", e.Feed.Name)
		}
		reason := "the build does not supply it"
		var basis *sensor.Basis
		if in != nil {
			basis = in.Basis
		}
		if field.Since != "" {
			reason += fmt.Sprintf("; %s is the first version that records it", field.Since)
		}
		return NotSupplied, because(c, reason, basis)
	}
	if in.Type != r.Definition.Inputs[index].Type {
		return Uncertain, "the build hands it over with another type"
	}
	switch in.State {
	case sensor.StateConstant:
		values := interp.Constants(in)
		if had && slices.ContainsFunc(values, func(k interp.Value) bool { return equal(&k, v) }) {
			return Differences, ""
		}
		if len(values) == 1 {
			*v = values[0]
			return Constant, because(c, "the build always hands over "+ValueText(v), in.Basis)
		}
		return Uncertain, because(c, "the build hands over one of "+strings.Join(in.Values, ", "), in.Basis)
	case sensor.StateUnknown:
		return Uncertain, because(c, "the contract does not state whether the build supplies it", in.Basis)
	case sensor.StateConditional:
		return Uncertain, because(c, "the build supplies it with some events only", in.Basis)
	}
	n := len(v.Text)
	switch {
	case !had && field == nil:
		return NeverInFeed, fmt.Sprintf("feed %s never has it", e.Feed.Name)
	case !had:
		return NotInEvent, "the build supplies it, and the recorded event does not have it"
	case in.OtherForm:
		return Uncertain, because(c, "the build may hand over its value in another form", in.Basis)
	case in.CutAt > 0 && n > in.CutAt:
		v.Text = v.Text[:in.CutAt]
		return Cut, because(c, fmt.Sprintf("the build cuts its %d bytes at %d", n, in.CutAt), in.Basis)
	case in.MaxLength > 0 && n > in.MaxLength:
		return Uncertain, because(c, fmt.Sprintf("it has %d bytes, and the contract states at most %d", n, in.MaxLength), in.Basis)
	}
	return Differences, ""
}

func equal(a, b *interp.Value) bool {
	return a.Type == b.Type && string(a.Text) == string(b.Text) && a.Integer == b.Integer && a.Address == b.Address
}

// because appends the basis of a statement to a text.
func because(c *sensor.Contract, text string, b *sensor.Basis) string {
	if b == nil {
		return text
	}
	if basis := coverage.BasisText(c, *b); basis != "" {
		text += " (" + basis + ")"
	}
	return text
}
