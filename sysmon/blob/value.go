package blob

import (
	"bytes"

	"github.com/cfcheck/cfcheck/sysmon"
)

// headSize returns the size of a filter before its data.
func (b *Blob) headSize() int {
	if b.Layout == sysmon.Layout101 {
		return filterSize101
	}
	return filterSize
}

// dataOf returns the data of a filter without the NUL at the end, or the bytes up to the end of
// the blob.
func (b *Blob) dataOf(i int) []byte {
	f := &b.Filters[i]
	data := b.data[min(f.Offset+b.headSize(), len(b.data)):]
	data = data[:min(uint64(f.Size), uint64(len(data)))]
	return data[:2*units(data)]
}

// Value returns the data of filter i as text, up to the first NUL.
func (b *Blob) Value(i int) string { return decode(b.dataOf(i)) }

// Name returns the name of filter i, or "". The layout of 1.01 has no names.
func (b *Blob) Name(i int) string {
	if b.Layout != sysmon.Layout15 {
		return ""
	}
	return nameAt(b.data[b.Filters[i].Offset+4:], filterNameUnits)
}

// AggregationName returns the name of aggregation g, or "".
func (b *Blob) AggregationName(g int) string {
	return nameAt(b.data[b.Aggregations[g].Offset:], aggregationNameUnits)
}

func nameAt(b []byte, limit int) string {
	name := b[:2*limit]
	return decode(name[:2*units(name)])
}

// Rules returns the rules of the blob as the build of a schema has them after loading. The schema
// gives the names of the fields and, before binary version 14, of the operators; nil leaves the
// names out, and takes the schema of the blob's version for the operators. If a fault of the blob
// is no note, the rules can differ from those that a driver has.
func (b *Blob) Rules(s *sysmon.Schema) *sysmon.Rules {
	r := &sysmon.Rules{Schema: b.Header.Schema, Binary: b.Header.Binary, Elements: make([]sysmon.Element, 0, len(b.Events))}
	operators := b.operators(s)
	for i := range b.Events {
		e := &b.Events[i]
		element := sysmon.Element{
			Event: e.ID, Include: e.Default != 0, All: e.Combine != 0 && b.Layout == sysmon.Layout15,
			Place: sysmon.Place{Offset: int64(e.Offset)},
		}
		var event *sysmon.Event
		if s != nil {
			event = s.Event(e.ID)
		}
		for g := e.FromAggregation; g < e.ToAggregation; g++ {
			a := &b.Aggregations[g]
			element.Groups = append(element.Groups, sysmon.Group{
				ID: a.ID, Name: b.AggregationName(g), All: a.Combine != 0, First: a.First - e.From,
				Place: sysmon.Place{Offset: int64(a.Offset)},
			})
		}
		for j := e.From; j < e.To; j++ {
			f := &b.Filters[j]
			filter := sysmon.Filter{
				Field: int(f.Field), Op: operatorOf(f.Operator, operators), Value: b.Value(j), Name: b.Name(j), Group: -1,
				Place: sysmon.Place{Offset: int64(f.Offset)},
			}
			if event != nil && uint64(f.Field) < uint64(len(event.Fields)) {
				filter.FieldName = event.Fields[f.Field]
			}
			if f.Aggregation >= 0 {
				filter.Group = f.Aggregation - e.FromAggregation
			}
			element.Filters = append(element.Filters, filter)
		}
		r.Elements = append(r.Elements, element)
	}
	return r
}

// operators returns the operators by their numbers in the blob, or nil if the numbers are those
// of binary version 14 and later.
func (b *Blob) operators(s *sysmon.Schema) []sysmon.Operator {
	if b.Header.Binary.Major >= 14 {
		return nil
	}
	if s == nil {
		s = SchemaOf(b.Header.Binary)
	}
	if s == nil {
		return nil
	}
	return s.Operators
}

// operatorOf returns the operator of a number, which is a place in the list unless that is nil.
func operatorOf(number uint32, list []sysmon.Operator) sysmon.Operator {
	if list != nil && uint64(number) < uint64(len(list)) {
		return list[number]
	}
	return sysmon.Operator(number)
}

// SchemaOf returns the newest built-in schema whose builds read blobs of a binary version, or nil.
func SchemaOf(binary sysmon.Version) *sysmon.Schema {
	var newest *sysmon.Schema
	for _, s := range sysmon.Schemas() {
		if s.Binary.Major == binary.Major && s.Binary != (sysmon.Version{}) {
			newest = s
		}
	}
	return newest
}

// EventSize returns the size of an event record of the blob in bytes.
func (b *Blob) EventSize() int {
	if b.Layout == sysmon.Layout101 {
		return eventSize101
	}
	return eventSize
}

// FilterSize returns the size of filter i in bytes: its head and its data, without padding.
func (b *Blob) FilterSize(i int) int {
	return min(b.headSize()+int(min(b.Filters[i].Size, MaxSize)), len(b.data)-b.Filters[i].Offset)
}

// AggregationSize is the size of the record of a Rule in bytes.
const AggregationSize = aggregationSize

// Differs returns the offset of the first byte in which other bytes differ from the blob, or -1.
// Bytes between records do not count, see [Gap], and neither does padding behind the last one.
func (b *Blob) Differs(data []byte) int {
	gaps := b.Gaps
	if more := len(data) - len(b.data); 0 < more && more < alignment && len(bytes.Trim(data[len(b.data):], "\x00")) == 0 {
		data = data[:len(b.data)]
	}
	for i := range max(len(b.data), len(data)) {
		for len(gaps) > 0 && i >= gaps[0].Offset+gaps[0].Length {
			gaps = gaps[1:]
		}
		switch {
		case i >= len(b.data) || i >= len(data):
			return i
		case b.data[i] != data[i] && (len(gaps) == 0 || i < gaps[0].Offset):
			return i
		}
	}
	return -1
}
