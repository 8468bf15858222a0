package blob

import "github.com/cfcheck/cfcheck/sysmon"

// MaxSize is the maximum size of a blob in bytes. The largest known has 0.9 MB.
const MaxSize = 64 << 20

// The sizes of the records in bytes, without data and padding.
const (
	headerSize      = 24
	eventSize       = 24
	filterSize      = 536 // its head, before the data
	aggregationSize = 292
	alignment       = 8

	filterNameUnits      = 256
	aggregationNameUnits = 128
)

// A Blob is the contents of a rule blob. The records are those that the walk reached, in the order
// of their offsets. It keeps the bytes that were parsed.
type Blob struct {
	Layout       sysmon.Layout
	Header       Header
	Events       []Event
	Filters      []Filter
	Aggregations []Aggregation
	Faults       []Fault // in reading order, at most MaxFaults
	Gaps         []Gap

	data []byte
}

// A Header is the start of a blob. The fields that its layout does not have, or that lie behind
// the end, are 0.
type Header struct {
	Binary           sysmon.Version
	Records          uint32 // number of event records
	Size             uint32 // of the header
	Schema           sysmon.Version
	FirstEvent       uint32 // offset
	FirstAggregation uint32 // offset; 0 means that there is no aggregation
}

// An Event is an event record.
type Event struct {
	Offset      int
	ID          uint32
	Default     uint32 // 0 logs an event that no filter drops, 1 drops one that no filter logs
	Combine     uint32 // 0 combines the filters by or, 1 by and
	Next        uint32 // offset of the next event record; 0 for the last
	Count       uint32 // of the filters
	FirstFilter uint32 // offset

	From, To                       int // its filters: Blob.Filters[From:To]
	FromAggregation, ToAggregation int // its aggregations, in the same way
}

// A Filter is a filter record.
type Filter struct {
	Offset        int
	Field         uint32
	Operator      uint32
	Next          uint32 // offset of the next filter of the event; 0 for the last
	Size          uint32 // of the data in bytes
	AggregationID uint32
	AggregationAt uint32 // offset of the aggregation; 0 means that the filter has no aggregation
	Aggregation   int    // index in Blob.Aggregations; -1 means that it belongs to no aggregation
}

// An Aggregation is the record of a Rule element.
type Aggregation struct {
	Offset    int
	MessageID uint64
	ID        uint32
	Root      uint32 // offset of the first filter
	Next      uint32 // offset of the next aggregation; 0 for the last
	Count     uint32 // of the filters
	Combine   uint32 // 0 combines the filters by or, 1 by and
	Checked   uint32 // work counter
	Matched   uint32 // work counter

	First, Filters int // index in Blob.Filters of its first filter, and how many were reached
}

// A Gap is a range of bytes that align the next record, with one that is not zero. The compiler
// leaves such bytes when it undoes an event. The driver does not read them.
type Gap struct{ Offset, Length int }
