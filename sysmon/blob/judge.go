package blob

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
)

// maxRecords is the number of event records of one tag at which the driver refuses a blob.
const maxRecords = 65_534

// For returns the faults of the blob for a build, beside those in Faults: the binary version that
// the build reads, and the requirements of [Blob.Against] for its newest schema. A build of
// another layout or major binary version has the fault of that alone.
func (b *Blob) For(build *sysmon.Build) []Fault {
	if b.Layout == sysmon.LayoutUnknown {
		return nil // Parse has a fault for it
	}
	binary := b.Header.Binary
	matches := func(v sysmon.Version) bool { return v.Major == binary.Major }
	known := make([]string, len(build.Binaries))
	for i, v := range build.Binaries {
		known[i] = v.String()
	}
	fault := Fault{
		Requirement: BinaryMajor, Length: 4, Effect: Refused,
		Found: fmt.Sprintf("binary version %s", binary), Want: fmt.Sprintf("%s, which Sysmon %s reads", strings.Join(known, " or "), build.Name),
	}
	switch {
	case !slices.ContainsFunc(build.Binaries, matches):
		return []Fault{fault}
	case len(build.Binaries) > 1:
		fault.Effect = Unknown
		fault.Want += ": it is not known which"
		return append([]Fault{fault}, b.Against(build.Manifest())...)
	}
	return b.Against(build.Manifest())
}

// Against returns the faults of the blob for builds whose newest schema is s: requirements on
// event IDs, fields, operators and the order of records. They are in reading order, at most
// [MaxFaults].
func (b *Blob) Against(s *sysmon.Schema) []Fault {
	j := judge{walker: walker{Blob: &Blob{data: b.data, Layout: b.Layout, Header: b.Header}}, blob: b, schema: s, tags: map[string]*tagState{}}
	for i := range s.Events {
		j.rank = append(j.rank, eventRank{s.Events[i].ID, i})
	}
	slices.SortFunc(j.rank, func(a, b eventRank) int { return int(a.id) - int(b.id) })
	for _, tag := range s.Tags() {
		j.tags[tag] = &tagState{events: s.Tagged(tag)}
	}
	for i := range b.Events {
		j.event(i)
	}
	j.sort()
	return j.Faults
}

// A judge compares a blob with a schema. Its walker collects the faults.
type judge struct {
	walker
	blob    *Blob
	schema  *sysmon.Schema
	rank    []eventRank // of the schema, by ID
	tags    map[string]*tagState
	last    int    // place in the manifest of the event before; its tag counts
	counted uint32 // aggregations that the compiler has counted
}

// A tagState has the events of a tag by ascending ID, and the number of their records.
type tagState struct {
	events  []*sysmon.Event
	records int
}

// An eventRank is the place of an event in the manifest.
type eventRank struct {
	id    uint32
	place int
}

// find returns the event of an ID and its place in the manifest, or nil.
func (j *judge) find(id uint32) (*sysmon.Event, int) {
	i, ok := slices.BinarySearchFunc(j.rank, id, func(r eventRank, id uint32) int {
		switch {
		case r.id < id:
			return -1
		case r.id > id:
			return +1
		}
		return 0
	})
	if !ok {
		return nil, 0
	}
	return &j.schema.Events[j.rank[i].place], j.rank[i].place
}

// event judges event record i and its filters.
func (j *judge) event(i int) {
	e := &j.blob.Events[i]
	event, place := j.find(e.ID)
	if event == nil || event.Tag == "" {
		j.eventID(i, event)
		j.count(i, nil)
		return
	}
	tag := j.tags[event.Tag]
	if tag.records++; tag.records == maxRecords {
		j.fault(Fault{
			Requirement: EventNumber, Offset: e.Offset, Length: eventSize, Part: EventPart, Index: i, Effect: Refused,
			Found: fmt.Sprintf("the event record %d of %s", maxRecords, event.Tag), Want: fmt.Sprintf("at most %d", maxRecords-1),
		})
	}
	// The events of one tag are neighbours in the manifest, and their elements mix.
	if place < j.last && j.schema.Events[j.last].Tag != event.Tag {
		j.wrongWord(EventOrder, EventPart, i, e.Offset, "an event that the manifest lists behind "+j.schema.Events[j.last].Tag, NoEffect)
	} else {
		j.last = place
	}
	for f := e.From; f < e.To; f++ {
		if field := j.blob.Filters[f].Field; uint64(field) >= uint64(len(event.Fields)) {
			j.wrongWord(FieldKnown, FilterPart, f, j.blob.Filters[f].Offset, fmt.Sprintf("at most %d: event %d has %d fields in schema %s", len(event.Fields)-1, e.ID, len(event.Fields), j.schema.Version), NeverMatches)
		}
		j.operator(f)
	}
	j.first(i, event, tag.events)
	j.count(i, tag.events)
}

// eventID records the fault of an event record without filters in the schema. The event is nil
// if the schema does not have it.
func (j *judge) eventID(i int, event *sysmon.Event) {
	e := &j.blob.Events[i]
	highest := uint32(0)
	for k := range j.schema.Events {
		if id := j.schema.Events[k].ID; id != 255 {
			highest = max(highest, id)
		}
	}
	effect := Refused
	switch {
	case e.ID >= 1<<31, e.ID == 255:
		effect = LosesTheRest // the driver passes over the record
	case e.ID <= highest:
		effect = NullPointer
	}
	want := fmt.Sprintf("an event of schema %s that has filters", j.schema.Version)
	if event != nil {
		want += fmt.Sprintf(": event %d does not", e.ID)
	}
	j.wrongWord(EventID, EventPart, i, e.Offset, want, effect)
}

// operator records a fault if the schema lacks the operator of a filter.
func (j *judge) operator(i int) {
	f := &j.blob.Filters[i]
	o := sysmon.Operator(f.Operator)
	if j.blob.Header.Binary.Major < 14 {
		if uint64(f.Operator) >= uint64(len(j.schema.Operators)) && f.Operator <= 8 {
			j.wrongWord(OperatorKnown, FilterPart, i, f.Offset+4, fmt.Sprintf("at most %d: schema %s has %d operators", len(j.schema.Operators)-1, j.schema.Version, len(j.schema.Operators)), Unknown)
		}
		return
	}
	if o.Known() && !j.schema.HasOperator(o) {
		j.wrongWord(OperatorKnown, FilterPart, i, f.Offset+516, fmt.Sprintf("an operator of schema %s, which does not have %q", j.schema.Version, o), LosesTheRest)
	}
}

// lacks returns the index of the first filter of event record i whose field the event does not
// have, or -1. The names of the fields are those of the event of the record.
func (j *judge) lacks(i int, own, other *sysmon.Event) int {
	e := &j.blob.Events[i]
	for f := e.From; f < e.To; f++ {
		field := j.blob.Filters[f].Field
		if uint64(field) < uint64(len(own.Fields)) && other.Field(own.Fields[field]) < 0 {
			return f
		}
	}
	return -1
}

// first records a fault if an earlier event of the tag has all fields of the filters too: the
// compiler takes the first.
func (j *judge) first(i int, own *sysmon.Event, tagged []*sysmon.Event) {
	if j.blob.Layout != sysmon.Layout15 {
		return // the compilers of that time were not seen
	}
	for _, other := range tagged {
		if other.ID >= own.ID {
			return
		}
		if j.lacks(i, own, other) < 0 {
			j.wrongWord(EventFirstID, EventPart, i, j.blob.Events[i].Offset, fmt.Sprintf("%d, the first event of %s with these fields", other.ID, own.Tag), NoEffect)
			return
		}
	}
}

// count judges the IDs of the aggregations of event record i. The compiler tries one event of the
// tag after another, and counts the aggregations of each attempt up to the field that fails.
func (j *judge) count(i int, tagged []*sysmon.Event) {
	e := &j.blob.Events[i]
	if e.FromAggregation == e.ToAggregation {
		return
	}
	aggregations := j.blob.Aggregations[e.FromAggregation:e.ToAggregation]
	own, _ := j.find(e.ID)
	for _, other := range tagged {
		if other.ID >= e.ID {
			break
		}
		if failing := j.lacks(i, own, other); failing >= 0 {
			for _, a := range aggregations {
				if a.First > failing {
					break
				}
				j.counted++
			}
		}
	}
	for g := range aggregations {
		j.counted++
		a := &aggregations[g]
		if a.ID != j.counted {
			j.wrongWord(AggregationID, AggregationPart, e.FromAggregation+g, a.Offset+264, fmt.Sprintf("%d, as the compiler counts unless it dropped an element", j.counted), NoEffect)
		}
		j.counted = a.ID
	}
}
