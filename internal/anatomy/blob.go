package anatomy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/cfcheck/cfcheck/internal/oneline"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
)

// The kinds of records of BLOB.md, sections 5 and 9. Filters of the two layouts differ, so a Map
// has only those of its own.
var (
	blobHeader = Kind{Name: "header", Group: "header", Size: 24, Single: true, Doc: "The start of the blob. The driver compares the major binary version and follows the offsets.", Fields: fields(
		Field{Name: "binary_version", Size: 4, Form: Version, Doc: "a build reads only its own major number"},
		Field{Name: "records", Size: 4, Form: Number, Doc: "number of event records"},
		Field{Name: "header_size", Size: 4, Form: Number, Doc: "24"},
		Field{Name: "schema_version", Size: 4, Form: Version, Doc: "declared by the configuration"},
		Field{Name: "first_event", Size: 4, Form: Offset, Doc: "offset of the first event record"},
		Field{Name: "first_aggregation", Size: 4, Form: Offset, Doc: "offset of the first Rule element"},
	)}
	blobEvent = Kind{Name: "event", Group: "event records", Size: 24, Doc: "An element of an event in the configuration.", Fields: fields(
		Field{Name: "id", Size: 4, Form: Enum, Enum: "event", Doc: "event of Sysmon"},
		Field{Name: "default", Size: 4, Form: Enum, Enum: "default", Doc: "fate of an event that no filter matches"},
		Field{Name: "combination", Size: 4, Form: Enum, Enum: "combination", Doc: "of its filters"},
		Field{Name: "next", Size: 4, Form: Offset, Doc: "offset of the next event record"},
		Field{Name: "filters", Size: 4, Form: Number, Doc: "number of its filters"},
		Field{Name: "first_filter", Size: 4, Form: Offset, Doc: "offset of its first filter"},
	)}
	blobAggregation = Kind{Name: "aggregation", Group: "aggregations", Size: 292, Doc: "A Rule element: filters that count as one.", Fields: fields(
		Field{Name: "name", Size: 256, Form: Units, Doc: "name of the Rule; the rest is zero"},
		Field{Name: "message_id", Size: 8, Form: Number, Doc: "0: the driver writes here"},
		Field{Name: "id", Size: 4, Form: Number, Doc: "counted over the whole blob"},
		Field{Name: "first_filter", Size: 4, Form: Offset, Doc: "offset of its first filter"},
		Field{Name: "next", Size: 4, Form: Offset, Doc: "offset of the next aggregation"},
		Field{Name: "filters", Size: 4, Form: Number, Doc: "number of its filters"},
		Field{Name: "combination", Size: 4, Form: Enum, Enum: "combination", Doc: "of its filters"},
		Field{Name: "checked", Size: 4, Form: Number, Doc: "0: the driver counts here"},
		Field{Name: "matched", Size: 4, Form: Number, Doc: "0: the driver counts here"},
	)}
	blobFilter = Kind{Name: "filter", Group: "filters", Doc: "A comparison of a field of the event with a value.", Fields: fields(
		Field{Name: "field", Size: 4, Form: Member, Doc: "place of the field in its event, in the newest schema of the build"},
		Field{Name: "name", Size: 512, Form: Units, Doc: "name of the filter, its Rule or its RuleGroup"},
		Field{Name: "operator", Size: 4, Form: Enum, Enum: "operator", Doc: "kind of comparison"},
		Field{Name: "next", Size: 4, Form: Offset, Doc: "offset of the next filter of the event"},
		Field{Name: "size", Size: 4, Form: Number, Doc: "bytes of the data, with the NUL at its end"},
		Field{Name: "aggregation_id", Size: 4, Form: Number, Doc: "0 outside of a Rule"},
		Field{Name: "aggregation", Size: 4, Form: Offset, Doc: "offset of its Rule"},
		Field{Name: "data", Form: Units, Doc: "the value as it was written"},
	)}
	blobHeader101 = Kind{Name: "header", Group: "header", Size: 16, Single: true, Doc: blobHeader.Doc, Fields: fields(
		blobHeader.Fields[0], blobHeader.Fields[1], blobHeader.Fields[4], blobHeader.Fields[3],
	)}
	blobEvent101 = Kind{Name: "event", Group: "event records", Size: 16, Doc: blobEvent.Doc, Fields: fields(
		blobEvent.Fields[0], blobEvent.Fields[1], blobEvent.Fields[3], blobEvent.Fields[4],
	)}
	blobFilter101 = Kind{Name: "filter", Group: "filters", Doc: blobFilter.Doc, Fields: fields(
		blobFilter.Fields[0], blobFilter.Fields[2], blobFilter.Fields[3], blobFilter.Fields[4], blobFilter.Fields[7],
	)}
	blobPadding   = single("padding", "padding", "Bytes up to the next multiple of 8. The driver does not read them.")
	blobUnreached = single("not reached", "not reached", "Bytes to which no chain of the blob leads, or that stand behind its first fault.")
)

// ofBlob returns the anatomy of a rule blob: the records that the walk of the driver reaches.
func ofBlob(data []byte) *Map {
	m := &Map{Format: RuleBlob, Enums: map[string]map[string]string{
		"default":     {"0": "log (exclude)", "1": "drop (include)"},
		"combination": {"0": "or", "1": "and"},
		"event":       {}, "operator": {},
	}, data: data}
	b, err := blob.Parse(data)
	if err != nil {
		m.Format, m.Kinds = Unknown, []Kind{unknownKind}
		m.add(Region{End: len(data), Owner: -1})
		m.note(0, len(data), "%v", err)
		return m
	}
	m.Kinds = []Kind{blobHeader, blobEvent, blobAggregation, blobFilter, blobPadding, blobUnreached}
	if b.Layout == sysmon.Layout101 {
		m.Kinds = []Kind{blobHeader101, blobEvent101, blobAggregation, blobFilter101, blobPadding, blobUnreached}
	}
	schema := blob.SchemaOf(b.Header.Binary)
	m.blobEnums(b, schema)
	m.tileBlob(m.blobRecords(b))
	if len(b.Faults) > 0 {
		f := &b.Faults[0]
		m.note(f.Offset, min(f.Offset+f.Length, len(data)), "%v; the driver %v", f, f.Effect)
	}
	return m
}

// blobEnums names the events, the fields of the events, and the operators.
func (m *Map) blobEnums(b *blob.Blob, schema *sysmon.Schema) {
	if schema == nil {
		return
	}
	if b.Layout == sysmon.Layout101 {
		for i, op := range schema.Operators {
			m.Enums["operator"][strconv.Itoa(i)] = op.String()
		}
	} else {
		for op := sysmon.Operator(0); op.Known(); op++ {
			m.Enums["operator"][strconv.Itoa(int(op))] = op.String()
		}
	}
	for i := range b.Events {
		e := schema.Event(b.Events[i].ID)
		if e == nil {
			continue
		}
		id := strconv.FormatUint(uint64(e.ID), 10)
		m.Enums["event"][id] = id + " " + e.Tag
		names := map[string]string{}
		for n, name := range e.Fields {
			names[strconv.Itoa(n)] = name
		}
		m.Enums[memberPrefix+id] = names
	}
}

// memberPrefix begins the keys of the names of the fields of an event.
const memberPrefix = "field of "

// member returns the key of the names of the fields for a filter.
func (m *Map) member(r *Region) string {
	if r.Owner < 0 {
		return ""
	}
	return memberPrefix + strconv.Itoa(m.u32(m.Regions[r.Owner].Start))
}

// A record is a record of a blob, whose event is the one of that index.
type record struct {
	Region
	event int // index in Blob.Events; -1 means that it belongs to no event
}

// blobRecords returns the records of a blob in the order of their offsets.
func (m *Map) blobRecords(b *blob.Blob) []record {
	size := len(m.data)
	var list []record
	add := func(kind, at, length, first, event int) {
		list = append(list, record{Region{Kind: kind, Start: at, End: min(at+length, size), First: first, Owner: -1, State: state(at+length > size)}, event})
	}
	add(0, 0, m.Kinds[0].Size, 0, -1)
	for i := range b.Events {
		e := &b.Events[i]
		add(1, e.Offset, b.EventSize(), i, i)
		for g := e.FromAggregation; g < e.ToAggregation; g++ {
			add(2, b.Aggregations[g].Offset, blob.AggregationSize, g, i)
		}
		for j := e.From; j < e.To; j++ {
			add(3, b.Filters[j].Offset, b.FilterSize(j), j, i)
		}
	}
	slices.SortStableFunc(list, func(x, y record) int { return cmp.Compare(x.Start, y.Start) })
	return list
}

// tileBlob adds the records, and the bytes between them.
func (m *Map) tileBlob(list []record) {
	events := make(map[int]int) // the region of each event
	end := 0
	for _, r := range list {
		m.space(end, r.Start)
		if owner, ok := events[r.event]; ok && r.Kind != 1 {
			r.Owner = owner
		}
		if r.Start >= r.End {
			continue
		}
		at := m.add(r.Region)
		if r.Kind == 1 {
			events[r.event] = at
		}
		m.Regions[at].Label = m.blobLabel(&m.Regions[at])
		end = max(end, r.End)
	}
	m.space(end, len(m.data))
}

// space adds the bytes between two records.
func (m *Map) space(start, end int) {
	if start >= end {
		return
	}
	kind := 5
	if end-start <= alignment {
		kind = 4
	}
	m.add(Region{Kind: kind, Start: start, End: end, Owner: -1})
}

// blobLabel returns the content of a record in a few words.
func (m *Map) blobLabel(r *Region) string {
	k := &m.Kinds[r.Kind]
	said := func(name string) string {
		for i := range k.Fields {
			f := &k.Fields[i]
			if f.Name != name {
				continue
			}
			at, end := r.Start+f.At, r.Start+f.At+f.Size
			if f.Size == 0 {
				end = r.End
			}
			if end > r.End {
				return "?"
			}
			return m.says(f, r, r.First, at, end)
		}
		return ""
	}
	switch k.Name {
	case "event":
		return fmt.Sprintf("%s, else %s", said("id"), said("default"))
	case "aggregation":
		return fmt.Sprintf("Rule %s %s", said("id"), said("name"))
	case "filter":
		return oneline.Clean(fmt.Sprintf("%s %s %s", said("field"), said("operator"), said("data")))
	}
	return ""
}
