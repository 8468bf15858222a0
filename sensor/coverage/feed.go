package coverage

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/logging"
)

// A State states how many of the events that satisfy an alternative the hosts record.
type State uint8

const (
	Dead   State = iota // nothing
	Open                // not known
	Luck                // those of which a filter of Sysmon matches another value
	Some                // some, under a condition that the contract states
	Wanted              // each that no exclude of Sysmon matches
	Sure                // each
	states
)

var stateNames = [states]string{"dead", "not known", "by luck", "in part", "wanted", "sure"}

func (s State) String() string { return stateNames[s] }

// A Reason is the cause of the state [Dead].
type Reason uint8

const (
	NoReason     Reason = iota
	NotRecorded         // the hosts record no event of the feed
	EventsOff           // the hosts record no event with an ID that the alternative selects
	NoEvent             // the feed has no event with an ID that the alternative selects
	NoInput             // the feed does not supply an input
	OtherValue          // an input has other values alone
	Excluded            // an exclude of Sysmon matches every such event
	NotIncluded         // no include of Sysmon matches such an event
	NothingKept         // the filters record no event with a selected ID
	NotInBuild          // the build of Sysmon does not have an event with a selected ID
	ReasonsCount        // number of reasons
)

var reasonNames = [ReasonsCount]string{"", "events not recorded", "event IDs not recorded", "no such event", "no input", "other values", "excluded", "not included", "nothing kept", "not in the build"}

// ByFilters reports whether the filters of Sysmon are the reason, or its version, which applies
// them.
func (r Reason) ByFilters() bool { return r >= Excluded && r <= NotInBuild }

// notRecorded reports whether the hosts record no event at all that could be such an event.
func (r Reason) notRecorded() bool {
	return r == NotRecorded || r == EventsOff || r == NothingKept || r == NotInBuild
}

func (r Reason) String() string { return reasonNames[r] }

// A Cause is the reason why an alternative is dead on a feed.
type Cause struct {
	Supply int // place in [Hosts.Supplies]
	Reason Reason
	Input  int      // index of the input for NoInput and OtherValue, or -1
	Events []uint32 // the events for EventsOff, NoEvent, Excluded and NotIncluded
	// the exclude that matches, as a place in the elements of the supply's filters, and the places
	// of its filters; -1 for the other reasons
	Element int
	Filters []int
}

// A feed answers for alternatives on the events of one feed. Contracts that state the same about
// the feed share it.
type feed struct {
	judge  *Judge
	of     *sensor.Feed // nil if the definition does not have the feed
	supply *sensor.Supply
	access sensor.Access
	build  *sysmon.Build // of Sysmon; nil if it is not known

	engine  *logging.Engine // nil if the contract has no filters
	unknown bool            // there are filters, but their effect is not known
	ids     []uint32        // of the events that may be recorded; only with an engine
	filters uint64          // number of filters and elements
	said    map[Part]*said
	scratch []*logging.Narrowing
	decided []logging.Decision
}

// said holds the conclusions from a part of an alternative for the events of a feed.
type said struct {
	reason Reason // why no event satisfies it; NoReason means that events can
	input  int
	open   bool // nothing is known about the alternative
	isID   bool
	events []uint32 // that it selects, if isID
	by     [][]*logging.Narrowing
}

func (j *Judge) newFeed(c *sensor.Contract, s *sensor.Supply) *feed {
	f := &feed{judge: j, supply: s, access: c.Reader.Access, of: j.definition.Feed(s.Feed), said: map[Part]*said{}}
	for i := range s.Filters.Elements {
		f.filters += 1 + uint64(len(s.Filters.Elements[i].Filters))
	}
	if len(s.Filters.Elements) == 0 {
		return f
	}
	if f.engine, f.build = Engine(c, s); f.engine == nil || f.of == nil {
		f.engine, f.unknown = nil, true
		return f
	}
	ids := f.of.Events
	if len(ids) == 0 {
		for _, e := range f.build.Manifest().Events {
			ids = append(ids, e.ID)
		}
		slices.Sort(ids)
	}
	for _, id := range ids {
		if !f.off(id) {
			f.ids = append(f.ids, id)
		}
	}
	return f
}

// Engine returns the engine of Sysmon that filters the events of a supply, and the build of Sysmon.
// Both are nil if the contract states no filters, or no build that is known.
func Engine(c *sensor.Contract, s *sensor.Supply) (*logging.Engine, *sysmon.Build) {
	version, ok := c.Sensor(sensor.Sysmon)
	if !ok || len(s.Filters.Elements) == 0 {
		return nil, nil
	}
	b, _ := sysmon.BuildNamed(version)
	if b == nil {
		return nil, nil
	}
	return logging.New(&sysmon.Rules{Schema: b.Schema, Binary: b.Binary, Elements: s.Filters.Elements}, b, true), b
}

// same reports whether another supply gives the same answers.
func (f *feed) same(c *sensor.Contract, s *sensor.Supply) bool {
	a := f.supply
	if a.Feed != s.Feed || f.access != c.Reader.Access || a.Collected.Events != s.Collected.Events || a.Collected.Stated() != s.Collected.Stated() ||
		!slices.Equal(a.Collected.Off, s.Collected.Off) || len(a.Filters.Elements) != len(s.Filters.Elements) {
		return false
	}
	if a == s {
		return true
	}
	filtered := len(a.Filters.Elements) > 0
	for i := range f.judge.definition.Inputs {
		name := f.judge.definition.Inputs[i].Name
		x, y := a.Input(f.access, i, name), s.Input(f.access, i, name)
		if x.State != y.State || !slices.Equal(x.Values, y.Values) || !slices.Equal(x.Hashes, y.Hashes) ||
			(filtered || len(x.Hashes) > 0) && (f.fidelityOf(i, &x) != f.fidelityOf(i, &y)) {
			return false
		}
	}
	if !filtered {
		return true
	}
	var build *sysmon.Build
	if version, ok := c.Sensor(sensor.Sysmon); ok {
		build, _ = sysmon.BuildNamed(version)
	}
	if (build == nil) != (f.build == nil) || build != nil && !f.alike(build) {
		return false
	}
	return slices.EqualFunc(a.Filters.Elements, s.Filters.Elements, func(a, b sysmon.Element) bool {
		return a.Event == b.Event && a.Include == b.Include && a.All == b.All && a.Place == b.Place &&
			slices.Equal(a.Filters, b.Filters) && slices.Equal(a.Groups, b.Groups)
	})
}

// alike reports whether another build applies the filters in the same way to the same events.
func (f *feed) alike(b *sysmon.Build) bool {
	if !logging.Alike(f.build, b) {
		return false
	}
	x, y := f.build.Manifest(), b.Manifest()
	if x == y {
		return true
	}
	if len(f.of.Events) == 0 {
		return false
	}
	for _, id := range f.of.Events {
		p, q := x.Event(id), y.Event(id)
		if (p == nil) != (q == nil) || p != nil && (p.Tag != q.Tag || p.LoggedByDefault != q.LoggedByDefault || !slices.Equal(p.Fields, q.Fields)) {
			return false
		}
		// The elements of a tag belong to all of its events.
		if p == nil || p.Tag == "" {
			continue
		}
		if !slices.EqualFunc(x.Tagged(p.Tag), y.Tagged(p.Tag), func(p, q *sysmon.Event) bool { return p.ID == q.ID && slices.Equal(p.Fields, q.Fields) }) {
			return false
		}
	}
	return true
}

func (f *feed) off(id uint32) bool {
	_, ok := slices.BinarySearch(f.supply.Collected.Off, id)
	return ok
}

// input returns the statement of the supply about an input.
func (f *feed) input(index int) sensor.SuppliedInput {
	return f.supply.Input(f.access, index, f.judge.inputName(index))
}

// field returns the name of the field of an input in the events of the feed, or "".
func (f *feed) field(input int) string {
	if f.of == nil || input >= len(f.judge.definition.Inputs) {
		return ""
	}
	field := f.of.Field(f.judge.definition.Inputs[input].Name)
	switch {
	case field == nil:
		return ""
	case field.Field != "":
		return field.Field
	}
	return field.Input
}

// A fidelity states how the value that a reader gets relates to the value in the recorded event,
// which is the one that the filters of Sysmon compare.
type fidelity uint8

const (
	other fidelity = iota // nothing is known
	start                 // it is the recorded value or its start
	whole                 // it is the recorded value
)

// fidelityOf returns the fidelity of an input that the definition has.
func (f *feed) fidelityOf(index int, in *sensor.SuppliedInput) fidelity {
	d := &f.judge.definition.Inputs[index]
	switch {
	case in.Name != d.Name || in.Type != d.Type || in.OtherForm || in.State == sensor.StateConstant:
		return other
	case in.CutAt > 0:
		return start
	}
	return whole
}

// recorded returns conditions on the recorded value that follow from a condition on the value that
// a reader gets.
func (y fidelity) recorded(c condition) condition {
	if y == start {
		switch c.comparison {
		case logging.Equals:
			c.comparison = logging.Starts
		case logging.Ends:
			c.comparison = logging.Contains
		}
	}
	return c
}

// meetsHashes reports whether a list of hashes of some algorithms, such as "MD5=...,SHA256=...",
// may satisfy the condition. It looks only at names of letters and digits before an equals sign.
func (c *condition) meetsHashes(algorithms []string) bool {
	return slices.ContainsFunc(c.values, func(v string) bool {
		rest, first := v, true
		for {
			before, after, ok := strings.Cut(rest, "=")
			if !ok {
				return true
			}
			start := strings.LastIndexFunc(before, func(r rune) bool { return r == ',' }) + 1
			name := before[start:]
			// The start of a part of a text can be the end of a name.
			cut := first && start == 0 && c.comparison != logging.Equals && c.comparison != logging.Starts
			isName := name != "" && strings.IndexFunc(name, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) }) < 0
			if isName && !slices.ContainsFunc(algorithms, func(a string) bool {
				return strings.EqualFold(a, name) || cut && len(name) < len(a) && strings.EqualFold(a[len(a)-len(name):], name)
			}) {
				return false
			}
			rest, first = after, false
		}
	})
}

// eventIDField is the field of a feed with the ID of the event.
const eventIDField = "System/EventID"

// say returns the conclusions from a part for the events of the feed.
func (f *feed) say(p Part) *said {
	p.Word = 0
	if s := f.said[p]; s != nil {
		return s
	}
	s := &said{input: -1}
	f.judge.remember(1)
	f.said[p] = s
	c := f.judge.criterion(p.Criterion)
	if f.access == sensor.AccessPositional && (f.lacks(c.input) || slices.ContainsFunc(c.others, f.lacks)) {
		s.open = true // such a reader takes another value for the missing one
		return s
	}
	if f.lacks(c.input) {
		s.reason, s.input = NoInput, c.input
		return s
	}
	lost := 0
	for _, other := range c.others {
		if f.lacks(other) {
			if lost++; lost == 1 {
				s.input = other
			}
		}
	}
	if lost > 0 && (c.all || lost == len(c.others)) {
		s.reason = NoInput
		return s
	}
	values, conditions := c.values, c.whole
	if p.Operand >= 0 && p.Operand < len(c.operands) {
		values, conditions = c.values[p.Operand:p.Operand+1], c.operands[p.Operand]
	}
	if f.field(c.input) == eventIDField {
		if s.events, s.isID = eventIDs(values); s.isID {
			return s
		}
	}
	if in := f.input(c.input); in.State == sensor.StateConstant && len(values) > 0 && !slices.ContainsFunc(values, func(v string) bool { return v == "" || mayBe(in.Values, v) }) {
		s.reason, s.input = OtherValue, c.input
		return s
	}
	in := f.input(c.input)
	fidelity := f.fidelityOf(c.input, &in)
	if len(in.Hashes) > 0 && fidelity != other && slices.ContainsFunc(conditions, func(c condition) bool {
		c = fidelity.recorded(c)
		return !c.meetsHashes(in.Hashes)
	}) {
		s.reason, s.input = OtherValue, c.input
		return s
	}
	name := f.field(c.input)
	if f.engine == nil || name == "" || strings.HasPrefix(name, "System/") || len(conditions) == 0 {
		return s
	}
	if fidelity == other {
		return s
	}
	s.by = make([][]*logging.Narrowing, len(f.ids))
	for i, id := range f.ids {
		for k := range conditions {
			c := fidelity.recorded(conditions[k])
			s.by[i] = append(s.by[i], f.engine.Narrow(id, &logging.Atom{Field: name, Comparison: c.comparison, Values: c.values}))
			for _, v := range c.values {
				f.judge.work += f.filters * uint64(1+len(v)/16)
			}
		}
	}
	return s
}

// mayBe reports whether an input whose values are known may equal v.
func mayBe(values []string, v string) bool {
	return slices.ContainsFunc(values, func(known string) bool { return strings.EqualFold(known, v) })
}

// lacks reports whether no event of the feed has an input.
func (f *feed) lacks(input int) bool { return f.input(input).State == sensor.StateNotSupplied }

// eventIDs returns event IDs as numbers. It returns false if a text is not one.
func eventIDs(values []string) (ids []uint32, ok bool) {
	for _, v := range values {
		n, err := strconv.ParseUint(v, 10, 32)
		if err != nil {
			return nil, false
		}
		ids = append(ids, uint32(n))
	}
	slices.Sort(ids)
	return slices.Compact(ids), len(ids) > 0
}

// decide answers for an alternative.
func (f *feed) decide(a Alternative) (State, Cause) {
	cause := Cause{Input: -1, Element: -1}
	if f.supply.Collected.Events == sensor.CollectedNone {
		cause.Reason = NotRecorded
		return Dead, cause
	}
	var selected []uint32
	selects, open := false, f.unknown
	for _, p := range a {
		s := f.say(p)
		open = open || s.open
		if s.reason != NoReason {
			cause.Reason, cause.Input = s.reason, s.input
			return Dead, cause
		}
		if s.isID {
			if !selects {
				selected, selects = s.events, true
			} else {
				selected = both(selected, s.events)
			}
		}
	}
	if selects {
		has := selected
		if f.of != nil && len(f.of.Events) > 0 {
			has = both(selected, f.of.Events)
		}
		left := slices.DeleteFunc(slices.Clone(has), f.off)
		if len(left) == 0 {
			cause.Reason, cause.Events = EventsOff, has
			if len(has) == 0 {
				cause.Reason, cause.Events = NoEvent, selected
			}
			return Dead, cause
		}
		selected = left
	}
	switch {
	case open:
		return Open, cause
	case f.engine != nil:
		return f.filtered(a, selected, selects)
	}
	c := &f.supply.Collected
	switch c.Events {
	case sensor.CollectedUnknown:
		if c.Stated() {
			return Open, cause
		}
	case sensor.CollectedSome:
		if len(c.Off) == 0 {
			return Some, cause
		}
	}
	return Sure, cause
}

// both returns the elements of a that are in b.
func both(a, b []uint32) []uint32 {
	return slices.DeleteFunc(slices.Clone(a), func(id uint32) bool { return !slices.Contains(b, id) })
}

// filtered answers by the filters of Sysmon.
func (f *feed) filtered(a Alternative, selected []uint32, selects bool) (State, Cause) {
	cause := Cause{Input: -1, Element: -1, Reason: NothingKept}
	f.decided = f.decided[:0]
	var exists, has bool // an event is in the build, and has all fields
	for i, id := range f.ids {
		if selects && !slices.Contains(selected, id) {
			continue
		}
		f.scratch = f.scratch[:0]
		for _, p := range a {
			if by := f.say(p).by; by != nil {
				f.scratch = append(f.scratch, by[i]...)
			}
		}
		f.judge.work += f.filters + uint64(len(a))
		d := f.engine.DecideNarrowed(id, f.scratch)
		f.decided = append(f.decided, d)
		exists = exists || d.Reason != logging.NoEvent
		has = has || d.Reason != logging.NoField
		switch d.Reason {
		case logging.Excluded:
			if cause.Reason != Excluded {
				cause.Reason, cause.Events, cause.Element, cause.Filters = Excluded, nil, d.Element, d.Filters
			}
			if d.Element == cause.Element {
				cause.Events = append(cause.Events, id)
			}
		case logging.NoInclude:
			if cause.Reason == NothingKept {
				cause.Reason = NotIncluded
			}
			if cause.Reason == NotIncluded {
				cause.Events = append(cause.Events, id)
			}
		}
	}
	switch {
	case !exists:
		return Dead, Cause{Input: -1, Element: -1, Reason: NotInBuild, Events: selected}
	case !has:
		return Open, cause // the contract states a field that no event of the build has
	}
	switch logging.Combine(f.decided...) {
	case logging.Closed:
		return Dead, Cause{Input: -1, Element: -1, Reason: NothingKept}
	case logging.Never:
		return Dead, cause
	case logging.Luck:
		return Luck, cause
	case logging.Wanted:
		return Wanted, cause
	case logging.Sure:
		return Sure, cause
	}
	return Open, cause
}
