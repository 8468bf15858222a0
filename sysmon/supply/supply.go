// Package supply turns facts about Sysmon on the hosts of a build into supplies of a contract: the
// schema of its version states which events and fields there are, and its configuration which of
// them are recorded.
//
// The statements are about the template types of definitions, such as the built-in ones. A feed of
// Sysmon's log belongs to one or several events. "never" is stated only where it follows from the
// rules of package sysmon for every event. The rest is left to the filters, which the supply keeps.
package supply

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/sysmon/logging"
)

// Provider is the provider of Sysmon's events on Windows.
const Provider = "Microsoft-Windows-Sysmon"

// A Sysmon is Sysmon as it runs on the hosts of a build.
type Sysmon struct {
	Schema *sysmon.Schema // events and fields of the build that runs
	Name   string         // name of the build for reasons, such as "Sysmon 15.15"
	// evidence for the statements about the schema
	Evidence sensor.Evidence
	// name of the source of the schema in the contract; "" means that no document states the schema
	SchemaSource string

	rules       *sysmon.Rules  // after loading; nil means that the configuration is not known
	rulesSource string         // name of the source of the rules in the contract
	optionLines map[string]int // lines of options in the configuration, by name of the element
	sure        bool           // it is certain which elements the build kept
	engine      *logging.Engine
}

// Configured returns Sysmon with the configuration that a build loaded. The source is the name of
// the configuration in the contract. Configured fails if the build refuses the configuration: then
// nothing is known about its rules.
func Configured(c *config.Config, l *config.Loading, source string) (*Sysmon, error) {
	if p := l.Refused; p != nil {
		return nil, fmt.Errorf("Sysmon %s does not load the configuration: line %d, column %d: %s; %s", l.Build.Name, p.Place.Line, p.Place.Column, p.Text, p.Fix)
	}
	y := &Sysmon{
		Schema: l.Build.Manifest(), Name: "Sysmon " + l.Build.Name, Evidence: sensor.EvidenceStated,
		rules: l.Rules, rulesSource: source, optionLines: map[string]int{},
	}
	for i := range c.Nodes {
		if n := &c.Nodes[i]; n.Parent == 0 {
			y.optionLines[n.Name] = n.Place.Line // the loader takes the last of several
		}
	}
	y.sure = keptForSure(l)
	y.engine = logging.New(l.Rules, l.Build, y.sure)
	return y, nil
}

// Compiled returns Sysmon with the rules of a blob that a build has, which must be
// [blob.Acceptable] for it. The places are offsets in the blob, without lines. The options are not
// known, because the registry holds them beside the blob. The source is the name of the blob in
// the contract.
func Compiled(b *blob.Blob, build *sysmon.Build, source string) (*Sysmon, error) {
	faults := b.Faults
	if blob.Acceptable(faults) {
		faults = b.For(build)
	}
	for i := range faults {
		if f := &faults[i]; !f.Requirement.Note() {
			return nil, fmt.Errorf("the blob is not certain to be read by Sysmon %s: byte 0x%X (%d): found %s; expected %s", build.Name, f.Offset, f.Offset, f.Found, f.Want)
		}
	}
	y := &Sysmon{
		Schema: build.Manifest(), Name: "Sysmon " + build.Name, Evidence: sensor.EvidenceStated,
		rules: b.Rules(build.Manifest()), rulesSource: source, sure: true,
	}
	y.engine = logging.New(y.rules, build, y.sure)
	return y, nil
}

// Logged decides about one event. It must not be called if the rules are not known.
func (y *Sysmon) Logged(e *logging.Event) logging.Result { return y.engine.Logged(e) }

// keptForSure reports whether it is certain which elements the build kept. Other bugs change the
// effect of elements, and the engine knows them.
func keptForSure(l *config.Loading) bool {
	if l.Sure {
		return true
	}
	return l.More == 0 && !slices.ContainsFunc(l.Problems, func(p config.Problem) bool {
		switch p.Reason {
		case config.SeveralElements, config.IncludeExclude, config.AfterComment, config.NotFirstInGroup:
			return true
		}
		return false
	})
}

// Supplies returns the supplies of the types in definitions that get events from Sysmon's log.
func (y *Sysmon) Supplies(definitions *sensor.Definitions) []sensor.Supply {
	var supplies []sensor.Supply
	for d := range definitions.All() {
		for i := range d.Feeds {
			if f := &d.Feeds[i]; strings.EqualFold(f.Provider, Provider) {
				supplies = append(supplies, y.supply(d, f))
			}
		}
	}
	return supplies
}

// events returns the events of a feed that the schema has, and the IDs of the others.
func (y *Sysmon) events(f *sensor.Feed) (events []*sysmon.Event, missing []uint32) {
	if len(f.Events) == 0 {
		for i := range y.Schema.Events {
			events = append(events, &y.Schema.Events[i])
		}
		slices.SortFunc(events, func(a, b *sysmon.Event) int { return int(a.ID) - int(b.ID) })
		return events, nil
	}
	for _, id := range f.Events {
		if e := y.Schema.Event(id); e != nil {
			events = append(events, e)
		} else {
			missing = append(missing, id)
		}
	}
	return events, missing
}

func (y *Sysmon) supply(d *sensor.Definition, f *sensor.Feed) sensor.Supply {
	s, fields := d.Supply(f, y.Evidence)
	s.StateHeader(f)
	s.Place = y.schemaPlace()
	events, missing := y.events(f)
	recorded := make([]decision, len(events))
	for i, e := range events {
		recorded[i] = y.decide(e)
	}
	s.Collected = y.collection(events, missing, recorded)
	for i := range s.Inputs {
		if field := fields[i]; field != nil && !field.Header() {
			y.input(&s.Inputs[i], field, events, recorded)
		}
	}
	y.evidence(&s)
	if y.rules != nil && y.sure && s.Collected.Events != sensor.CollectedNone {
		if elements := y.elements(events); len(elements) > 0 {
			s.Filters = sensor.Filters{Source: y.rulesSource, Elements: elements}
		}
	}
	return s
}

// evidence marks the statements that rest on the configuration, if the others have better evidence.
// A person states which configuration the hosts have.
func (y *Sysmon) evidence(s *sensor.Supply) {
	if y.Evidence == sensor.EvidenceStated || y.rules == nil {
		return
	}
	mark := func(b *sensor.Basis) {
		if b != nil && b.Place.Source == y.rulesSource {
			b.Evidence = sensor.EvidenceStated
		}
	}
	if s.Collected.Stated() {
		mark(&s.Collected.Basis)
	}
	for i := range s.Inputs {
		mark(s.Inputs[i].Basis)
	}
}

func (y *Sysmon) schemaPlace() sensor.Place {
	return sensor.Place{Source: y.SchemaSource}
}

// input completes the statement about an input that the feed has a field for.
func (y *Sysmon) input(in *sensor.SuppliedInput, field *sensor.FeedField, events []*sysmon.Event, recorded []decision) {
	name := field.Field
	if name == "" {
		name = field.Input
	}
	var has, lost []uint32 // events with the field: those that are recorded, and those that are not
	var why decision
	for i, e := range events {
		if !hasField(e, name) {
			continue
		}
		if recorded[i].collected == sensor.CollectedNone {
			lost, why = append(lost, e.ID), recorded[i]
		} else {
			has = append(has, e.ID)
		}
	}
	switch {
	case len(has)+len(lost) == 0:
		in.State = sensor.StateNotSupplied
		in.Basis = &sensor.Basis{Reason: fmt.Sprintf("schema %v of %s does not have the field", y.Schema.Version, y.Name), Place: y.schemaPlace()}
	case len(has) == 0 && len(events) > 1 && slices.ContainsFunc(recorded, func(d decision) bool { return d.collected != sensor.CollectedNone }):
		in.State = sensor.StateNotSupplied
		in.Basis = &sensor.Basis{Reason: fmt.Sprintf("only %s the field, and %s", haveEvents(lost), why.reason), Place: why.place}
	default:
		y.option(in, name)
	}
}

// haveEvents is the subject and verb of a sentence about events.
func haveEvents(ids []uint32) string {
	if len(ids) == 1 {
		return fmt.Sprintf("event %d has", ids[0])
	}
	return "events " + list(ids) + " have"
}

func list(ids []uint32) string {
	var names []string
	for _, id := range ids {
		names = append(names, strconv.FormatUint(uint64(id), 10))
	}
	return strings.Join(names, ", ")
}

// hasField reports whether an event has a field. Names in recorded events compare without regard to
// case.
func hasField(e *sysmon.Event, name string) bool {
	return slices.ContainsFunc(e.Fields, func(f string) bool { return strings.EqualFold(f, name) })
}

// lookedUp are the fields of event 3 that stay empty without DnsLookup.
var lookedUp = []string{"SourceHostname", "DestinationHostname", "SourcePortName", "DestinationPortName"}

// option applies the options of the configuration to an input.
func (y *Sysmon) option(in *sensor.SuppliedInput, name string) {
	if y.rules == nil {
		return
	}
	o := &y.rules.Options
	is := func(n string) bool { return strings.EqualFold(n, name) }
	basis := func(element, format string, args ...any) *sensor.Basis {
		return &sensor.Basis{Reason: fmt.Sprintf(format, args...), Place: sensor.Place{Source: y.rulesSource, Line: y.optionLines[element]}}
	}
	if o.DnsLookup == sysmon.Off && slices.ContainsFunc(lookedUp, is) {
		in.State, in.Basis = sensor.StateNotSupplied, basis("DnsLookup", "DnsLookup is False")
		return
	}
	if (is("Hashes") || is("Hash")) && len(o.HashAlgorithms) > 0 {
		in.Hashes = slices.Clone(o.HashAlgorithms)
		in.Basis = basis("HashAlgorithms", "only the hashes %s", strings.Join(o.HashAlgorithms, ", "))
	}
	i := slices.IndexFunc(o.FieldSizes, func(s sysmon.FieldSize) bool { return is(s.Field) })
	if i < 0 || in.Type != sensor.TypeString || o.FieldSizes[i].Units <= 0 || o.FieldSizes[i].Units > sensor.MaxLength/bytesPerUnit {
		return
	}
	in.CutAt = bytesPerUnit * o.FieldSizes[i].Units
	in.Basis = basis("FieldSizes", "FieldSizes cuts the field at %d characters", o.FieldSizes[i].Units)
}

// bytesPerUnit is the greatest length in UTF-8 of a character that has one unit in UTF-16. A
// character of two units has four bytes.
const bytesPerUnit = 3

// A decision states how many of the events of one ID Sysmon records.
type decision struct {
	collected sensor.Collected
	reason    string
	place     sensor.Place
}

// decide applies the rules to an event whose fields are not known. The zero decision means that the
// rules are not known.
func (y *Sysmon) decide(e *sysmon.Event) decision {
	if y.rules == nil {
		return decision{}
	}
	elements := y.elements([]*sysmon.Event{e})
	line, has := 0, "the configuration has no rule for "+e.Tag
	switch {
	case e.Tag == "":
		has = "no rule concerns the event"
	case len(elements) == 1:
		line, has = elements[0].Place.Line, "the configuration has one element of "+e.Tag
		if len(elements[0].Filters) == 0 {
			has = "the configuration has only an empty " + onmatch(&elements[0]) + " element of " + e.Tag
		}
	case len(elements) > 1:
		line, has = elements[0].Place.Line, fmt.Sprintf("the configuration has %d elements of %s", len(elements), e.Tag)
	}
	d := y.engine.Decide(e.ID, nil)
	result := decision{place: y.rulesPlace(line)}
	switch d.Verdict {
	case logging.Closed:
		result.collected, result.reason = sensor.CollectedNone, has+", so no event is recorded"
	case logging.Sure:
		result.collected, result.reason = sensor.CollectedAll, has+", so every event is recorded"
	case logging.Open:
		result.collected, result.reason = sensor.CollectedSome, "a known bug of the build may lose elements of "+e.Tag
	default:
		result.collected, result.reason = sensor.CollectedSome, has+", so only some events are recorded"
	}
	return result
}

func onmatch(e *sysmon.Element) string {
	if e.Include {
		return "include"
	}
	return "exclude"
}

func (y *Sysmon) rulesPlace(line int) sensor.Place {
	return sensor.Place{Source: y.rulesSource, Line: line}
}

// elements returns the elements of the rules that decide on the events: those of the tags of the
// events, in their order. An element of a tag stands for all events of the tag.
func (y *Sysmon) elements(events []*sysmon.Event) []sysmon.Element {
	var elements []sysmon.Element
	for _, l := range y.rules.Elements {
		first := y.Schema.Event(l.Event)
		if first != nil && slices.ContainsFunc(events, func(e *sysmon.Event) bool { return e.Tag != "" && e.Tag == first.Tag }) {
			elements = append(elements, l)
		}
	}
	return elements
}

// collection states the collection of the events of a feed.
func (y *Sysmon) collection(events []*sysmon.Event, missing []uint32, recorded []decision) sensor.Collection {
	if len(events) == 0 {
		return sensor.Collection{Events: sensor.CollectedNone, Basis: sensor.Basis{
			Reason: fmt.Sprintf("schema %v of %s does not have event %s", y.Schema.Version, y.Name, list(missing)), Place: y.schemaPlace()}}
	}
	if y.rules == nil {
		return sensor.Collection{}
	}
	if len(events) == 1 && len(missing) == 0 {
		return sensor.Collection{Events: recorded[0].collected, Basis: sensor.Basis{Reason: recorded[0].reason, Place: recorded[0].place}}
	}
	off := slices.Clone(missing)
	var reasons []string
	all := len(missing) == 0
	for i, d := range recorded {
		all = all && d.collected == sensor.CollectedAll
		if d.collected == sensor.CollectedNone {
			off = append(off, events[i].ID)
		}
		if r := d.reason; d.collected != sensor.CollectedAll && !slices.Contains(reasons, r) {
			reasons = append(reasons, r)
		}
	}
	slices.Sort(off)
	differ := slices.ContainsFunc(recorded, func(d decision) bool { return d != recorded[0] })
	c := sensor.Collection{Basis: sensor.Basis{Place: y.rulesPlace(0)}}
	if !differ {
		c.Basis.Place = recorded[0].place
	}
	if len(missing) > 0 {
		reasons = append(reasons, fmt.Sprintf("schema %v of %s does not have event %s", y.Schema.Version, y.Name, list(missing)))
	}
	switch {
	case all:
		c.Events, c.Basis.Reason = sensor.CollectedAll, recorded[0].reason
		if differ {
			c.Basis.Reason = "the configuration leaves out no event"
		}
		return c
	case len(off) == len(events)+len(missing):
		c.Events = sensor.CollectedNone
	default:
		c.Events, c.Off = sensor.CollectedSome, off
		if len(off) > 0 {
			reasons = append([]string{"not recorded: events " + list(off)}, reasons...)
		}
	}
	c.Basis.Reason = clip(strings.Join(reasons, "; "))
	return c
}

// clip keeps a reason below the longest text of a contract.
func clip(s string) string {
	const most = sensor.MaxNote - 4
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + " ..."
	}
	return s
}
