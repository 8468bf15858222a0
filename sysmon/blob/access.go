package blob

import "fmt"

// An Access is the step by which the published reader harms the host, because of one fault of a
// blob: an access outside, a null pointer, or a chain that comes back.
type Access struct {
	Effect  Effect // ReadsOutside, WritesOutside, NullPointer or NeverEnds
	Offset  int64  // of the first byte of the access; of the record for the other effects
	Size    int    // of the access in bytes; 0 for the other effects
	OnEvent bool   // not on loading, but when an event reaches the filter

	end int // of the blob
}

// String describes the access, such as "read of 4 bytes at 0x1C (28) of 0x18 (24) on loading".
func (a Access) String() string {
	when := " on loading"
	if a.OnEvent {
		when = " when an event reaches the filter"
	}
	switch a.Effect {
	case NeverEnds:
		return "the chain comes back to the record at " + hexadecimal(int(a.Offset)) + when
	case NullPointer:
		return "null pointer for the event record at " + hexadecimal(int(a.Offset)) + when
	}
	where := fmt.Sprintf(" of %d bytes at 0x%X (%d) of %s", a.Size, a.Offset, a.Offset, hexadecimal(a.end))
	if a.Effect == WritesOutside && !a.OnEvent {
		return "read" + where + when + "; if they are zero, letters between the two offsets change"
	}
	if a.Effect == WritesOutside {
		return "write" + where + when
	}
	return "read" + where + when
}

// Access returns the access by which the reader for Windows harms the host with a fault of this
// blob, or of the blob for a build, if it comes so far. It returns false for a fault whose effect
// is not harmful. A fault of [WritesOutside] begins with a read: the reader tests the last unit of
// the data, and writes only if that is zero.
func (b *Blob) Access(f *Fault) (Access, bool) {
	a := Access{Effect: f.Effect, end: len(b.data)}
	if !f.Effect.Harmful() {
		return a, false
	}
	record := int64(f.Offset)
	switch f.Requirement {
	case HeaderWhole:
		if len(b.data) < 20 {
			a.Offset, a.Size = 16, 4 // the offset of the first event record
			return a, true
		}
		record = int64(b.wordAt(16))
	case FirstEvent, EventPlace, FilterPlace, AggregationReference: // the fault is in an offset
		if f.Offset+4 > len(b.data) {
			return a, false
		}
		record = int64(b.wordAt(int64(f.Offset)))
	}
	a.Offset = record
	if f.Effect == NullPointer || f.Effect == NeverEnds {
		return a, true
	}
	outside := func(at int64, size int) bool {
		a.Offset, a.Size = at, size
		return at+int64(size) > int64(len(b.data))
	}
	switch f.Requirement {
	case HeaderWhole, FirstEvent, EventPlace, EventWhole:
		// Of an ID with the highest bit the default is not read.
		return a, outside(record, 4) || b.wordAt(record) < 1<<31 && outside(record+4, 4) ||
			outside(record+12, 4) || outside(record+16, 4) ||
			b.wordAt(record+16) != 0 && outside(record+20, 4)
	case FilterPlace, FilterWhole:
		return a, outside(record+524, 4) || outside(record+filterSize+int64(b.wordAt(record+524))-2, 2)
	case DataInside:
		record = int64(b.Filters[f.Index].Offset)
		return a, outside(record+filterSize+int64(b.wordAt(record+524))-2, 2)
	case AggregationReference:
		a.OnEvent = true
		if outside(record+264, 4) || outside(record+280, 4) {
			return a, true
		}
		a.Effect = WritesOutside // of the work counters
		return a, outside(record+284, 4) || outside(record+288, 4)
	}
	return a, false
}

// wordAt returns the word at an offset, all of which lies inside the blob.
func (b *Blob) wordAt(at int64) uint32 {
	w := walker{Blob: b}
	return w.word(int(at))
}
