package blob

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sysmon"
)

// The sizes of the records in the layout of binary version 1.01, in bytes. A filter is followed by
// its data.
const (
	headerSize101 = 16
	eventSize101  = 16
	filterSize101 = 16
)

// walk101 reads the layout of binary version 1.01. The readers of that time were never published,
// so the effect of a fault is not known, and nor is the alignment: up to seven zero bytes may lie
// between two records.
func (w *walker) walk101() {
	size := len(w.data)
	if size < headerSize101 {
		w.fault(Fault{Requirement: HeaderWhole, Offset: size, Effect: Unknown, Found: fmt.Sprintf("%d bytes", size), Want: "at least 16 bytes, the header"})
		return
	}
	h := &w.Header
	h.Records, h.FirstEvent, h.Schema = w.word(4), w.word(8), sysmon.VersionOf(w.word(12))
	if h.Records == 0 {
		w.wrongWord(RecordsSome, HeaderPart, 0, 4, "the number of event records, at least 1", Unknown)
	}
	if h.Schema.Major < 2 || h.Schema.Major > 4 || h.Schema.Minor > 99 {
		w.fault(Fault{
			Requirement: SchemaVersion, Offset: 12, Length: 4, Effect: Unknown,
			Found: fmt.Sprintf("schema version %s", h.Schema), Want: "2.00 to 4.99",
		})
	}
	w.cursor = headerSize101
	w.Events = make([]Event, 0, min(int(h.Records), size/eventSize101))
	if !w.next101(FirstEvent, HeaderPart, 0, 8, h.FirstEvent) {
		return
	}
	for to := h.FirstEvent; to != 0; {
		if int(to)+eventSize101 > size {
			w.short101(EventWhole, EventPart, len(w.Events), int(to), eventSize101)
			return
		}
		i := w.event101(int(to))
		if i < 0 {
			return
		}
		to = w.Events[i].Next
		if to != 0 && !w.next101(EventPlace, EventPart, i, w.Events[i].Offset+8, to) {
			return
		}
	}
	if n := uint32(len(w.Events)); n != h.Records && h.Records != 0 {
		w.wrongWord(RecordCount, HeaderPart, 0, 4, fmt.Sprintf("%d, the number of event records in the chain", n), Unknown)
	}
	if w.cursor < size {
		w.fault(Fault{
			Requirement: NoUnusedBytes, Offset: w.cursor, Length: size - w.cursor, Part: SpacePart, Effect: Unknown,
			Found: fmt.Sprintf("%d bytes behind the last record", size-w.cursor), Want: "the end of the blob",
		})
	}
}

// next101 judges the offset of a record, which stands at the offset at, and moves the cursor over
// the zero bytes before the record. It reports whether the walk can go on.
func (w *walker) next101(r Requirement, part Part, index, at int, to uint32) bool {
	if int64(to) < int64(w.cursor) || int64(to) >= int64(w.cursor)+alignment || int64(to) >= int64(len(w.data)) {
		w.wrongWord(r, part, index, at, fmt.Sprintf("%s, the end of the record before, or up to 7 more", hexadecimal(w.cursor)), Unknown)
		return false
	}
	w.padding(w.cursor, int(to))
	return true
}

// short101 records the fault of a record that reaches beyond the end.
func (w *walker) short101(r Requirement, part Part, index, at, want int) {
	w.fault(Fault{
		Requirement: r, Offset: at, Length: len(w.data) - at, Part: part, Index: index, Effect: Unknown,
		Found: fmt.Sprintf("%d bytes", len(w.data)-at), Want: fmt.Sprintf("%d bytes", want),
	})
}

// event101 reads an event record and the filters behind it. It returns its index, or -1 if the
// walk cannot go on.
func (w *walker) event101(at int) int {
	i := len(w.Events)
	w.Events = append(w.Events, Event{Offset: at, ID: w.word(at), Default: w.word(at + 4), Next: w.word(at + 8), Count: w.word(at + 12), From: len(w.Filters)})
	e := &w.Events[i]
	w.cursor = at + eventSize101
	if e.Default > 1 {
		w.wrongWord(EventDefault, EventPart, i, at+4, "0 (log by default) or 1 (drop)", Unknown)
	}
	if e.Count > 0 {
		e.FirstFilter = uint32(w.cursor)
	}
	for n := uint32(0); n < e.Count; n++ {
		if !w.filter101(n+1 == e.Count) {
			e.To = len(w.Filters)
			return -1
		}
	}
	e.To = len(w.Filters)
	return i
}

// filter101 reads the filter at the cursor, and moves the cursor behind it or, unless it is the
// last one of its event, to the next one. It reports whether the walk can go on.
func (w *walker) filter101(last bool) bool {
	at, i, size := w.cursor, len(w.Filters), len(w.data)
	if at+filterSize101 > size {
		w.short101(FilterWhole, FilterPart, i, at, filterSize101)
		return false
	}
	w.Filters = append(w.Filters, Filter{
		Offset: at, Field: w.word(at), Operator: w.word(at + 4), Next: w.word(at + 8), Size: w.word(at + 12), Aggregation: -1,
	})
	f := &w.Filters[i]
	// Before binary version 14 the number is the place in the list of the build, which has nine.
	if f.Operator > 8 {
		w.wrongWord(OperatorKnown, FilterPart, i, at+4, "the number of an operator, 0 to 8", Unknown)
	}
	if f.Size == 0 || f.Size%2 != 0 {
		w.wrongWord(DataSize, FilterPart, i, at+12, "an even number of bytes, at least 2", Unknown)
		return false
	}
	end := int64(at) + filterSize101 + int64(f.Size)
	if end > int64(size) {
		w.wrongWord(DataInside, FilterPart, i, at+12, fmt.Sprintf("at most %d: the blob ends there", size-at-filterSize101), Unknown)
		return false
	}
	w.text(i)
	w.cursor = int(end)
	if last != (f.Next == 0) {
		w.wrongWord(EventFilters, FilterPart, i, at+8, "the offset of the next filter, or 0 after as many as the event record counts", Unknown)
		return false
	}
	return last || w.next101(FilterPlace, FilterPart, i, at+8, f.Next)
}
