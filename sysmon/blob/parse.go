package blob

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/sysmon"
)

// Parse reads a rule blob and collects its faults against all requirements of BLOB.md that do not
// depend on a build. It keeps data, which must not change afterwards. It fails only if data exceed
// [MaxSize]; contents of any kind give a Blob.
//
// The walk goes through the records once, from the start to the end: each must stand behind the
// one before it. So its time and its memory are proportional to the size of data.
func Parse(data []byte) (*Blob, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("the rule blob has %d bytes (want at most %d)", len(data), MaxSize)
	}
	b := &Blob{data: data}
	w := walker{Blob: b}
	if len(data) >= 4 {
		b.Header.Binary = sysmon.VersionOf(w.word(0))
		b.Layout = sysmon.LayoutOf(b.Header.Binary)
	}
	switch {
	case b.Layout == sysmon.Layout101:
		w.walk101()
	case b.Layout == sysmon.Layout15 || len(data) < 4:
		w.walk15()
	default:
		w.fault(Fault{
			Requirement: LayoutKnown, Length: 4, Effect: Unknown,
			Found: fmt.Sprintf("binary version %s", b.Header.Binary),
			Want:  "1.01, or 15.00 to 18.99: no other layout is known, so nobody can judge this blob",
		})
	}
	w.sort()
	return b, nil
}

// A walker reads the records of a blob in order.
type walker struct {
	*Blob
	cursor int  // end of the last record with its padding; the next one must start here
	loose  bool // the end is not known, because a length or an offset is wrong
	gaps   bool // a gap was reported

	// ignored says that the driver does not look at the rest of the chain of filters, because of
	// an earlier fault.
	ignored bool
}

func (w *walker) word(at int) uint32 { return binary.LittleEndian.Uint32(w.data[at:]) }

// fault records a fault unless there are too many. The readers of binary version 1.01 were never
// published, so nothing is said about them.
func (w *walker) fault(f Fault) {
	if w.Layout == sysmon.Layout101 {
		f.Effect = Unknown
	}
	if w.ignored && f.Effect.Harmful() && (f.Part == FilterPart || f.Part == AggregationPart) {
		f.Effect = LosesTheRest
	}
	if len(w.Faults) < MaxFaults {
		w.Faults = append(w.Faults, f)
	}
}

// sort puts the faults in reading order.
func (w *walker) sort() {
	slices.SortStableFunc(w.Faults, func(f, g Fault) int { return cmp.Compare(f.Offset, g.Offset) })
}

// full reports whether further faults are dropped, so that their texts need not be made.
func (w *walker) full() bool { return len(w.Faults) >= MaxFaults }

// wrongWord records a fault of the word at an offset.
func (w *walker) wrongWord(r Requirement, part Part, index, at int, want string, effect Effect) {
	if !w.full() {
		w.fault(Fault{Requirement: r, Offset: at, Length: 4, Part: part, Index: index, Found: hexadecimal(w.word(at)), Want: want, Effect: effect})
	}
}

// roundUp returns the next multiple of the alignment.
func roundUp(n int) int { return (n + alignment - 1) &^ (alignment - 1) }

func (w *walker) walk15() {
	if !w.header15() {
		return
	}
	if w.Header.Records == 0 && w.Header.FirstEvent == headerSize && len(w.data) == headerSize {
		return // a header alone has one fault: it counts no event record
	}
	w.cursor = headerSize
	w.events15()
	w.end15()
}

// header15 reads the header. It reports false if the walk cannot go on.
func (w *walker) header15() bool {
	size := len(w.data)
	if size < headerSize {
		effect := LosesTheRest
		switch {
		case size < 8:
			effect = Refused
		case size < 20:
			effect = ReadsOutside
		case int64(w.word(16)) < int64(size):
			effect = w.readingEvent(int(w.word(16)))
		}
		w.fault(Fault{Requirement: HeaderWhole, Offset: size, Effect: effect, Found: fmt.Sprintf("%d bytes", size), Want: "at least 24 bytes, the header"})
		return false
	}
	h := &w.Header
	h.Records, h.Size, h.Schema = w.word(4), w.word(8), sysmon.VersionOf(w.word(12))
	h.FirstEvent, h.FirstAggregation = w.word(16), w.word(20)
	if h.Binary.Minor != 0 {
		w.fault(Fault{Requirement: BinaryMinor, Length: 4, Found: h.Binary.String(), Want: fmt.Sprintf("%d.00", h.Binary.Major), Effect: NoEffect})
	}
	if h.Records == 0 {
		w.wrongWord(RecordsSome, HeaderPart, 0, 4, "the number of event records, at least 1", Refused)
	}
	if h.Size != headerSize {
		w.wrongWord(HeaderSize, HeaderPart, 0, 8, hexadecimal(headerSize), NoEffect)
	}
	if h.Schema.Major != 4 || h.Schema.Minor > 99 {
		w.fault(Fault{
			Requirement: SchemaVersion, Offset: 12, Length: 4, Effect: NoEffect,
			Found: fmt.Sprintf("schema version %s", h.Schema), Want: "4.00 to 4.99: builds of this binary version refuse any other configuration",
		})
	}
	return true
}

// eventPointer judges the offset of an event record, which stands at the offset at. It reports
// whether the record can be read.
func (w *walker) eventPointer(to uint32, at, index int) bool {
	r, part := EventPlace, EventPart
	if at == 16 {
		r, part = FirstEvent, HeaderPart
	}
	want := hexadecimal(w.cursor)
	if index > 0 {
		want += ", the end of the record before, or 0 after the last event record"
	}
	short := int64(to)+eventSize > int64(len(w.data))
	switch {
	case int64(to) >= int64(len(w.data)):
		w.wrongWord(r, part, index, at, want, LosesTheRest)
		return false
	case short && (int(to) == w.cursor || w.loose):
		// The first byte is inside, which is all that the driver looks at.
		w.fault(Fault{
			Requirement: EventWhole, Offset: int(to), Length: len(w.data) - int(to), Part: EventPart, Index: len(w.Events), Effect: w.readingEvent(int(to)),
			Found: fmt.Sprintf("%d bytes", len(w.data)-int(to)), Want: "24 bytes, an event record",
		})
		return false
	case !short && int(to) >= w.cursor:
		return true
	}
	effect := w.readingEvent(int(to))
	for i := range w.Events {
		if w.Events[i].Offset == int(to) {
			effect = w.returning(i)
		}
	}
	w.wrongWord(r, part, index, at, want, effect)
	return false
}

// readingEvent returns the effect if the driver takes the bytes at an offset for an event record.
func (w *walker) readingEvent(at int) Effect {
	inside := len(w.data) - at
	if inside < 4 {
		return ReadsOutside
	}
	// No build has filters for events 0, 4 and 16, or knows an ID above 255. IDs with the highest
	// bit are passed over.
	switch id := w.word(at); {
	case id == 0 || id == 4 || id == 16:
		return NullPointer
	case id > 255 && id < 1<<31:
		return Refused
	case inside < 8:
		return ReadsOutside
	case w.word(at+4) > 1 && id < 1<<31:
		return Refused
	case inside < 20:
		return ReadsOutside
	case w.word(at+16) != 0 && inside < eventSize:
		return ReadsOutside
	case inside < eventSize:
		return NoEffect // it does not look at the first filter, because there is no filter
	}
	return Misread
}

// returning returns the effect of a chain that comes back to event record i. The driver counts the
// records of each event and stops at 65,534, but it does not count IDs with the highest bit.
func (w *walker) returning(i int) Effect {
	for _, e := range w.Events[i:] {
		if e.ID < 1<<31 {
			return Refused
		}
	}
	return NeverEnds
}

func (w *walker) events15() {
	// Nothing is allocated for a count: the bytes of the records must be there.
	w.Events = make([]Event, 0, min(int(w.Header.Records), len(w.data)/eventSize))
	w.Filters = make([]Filter, 0, len(w.data)/(filterSize+alignment))
	to := w.Header.FirstEvent
	if !w.eventPointer(to, 16, 0) {
		w.loose = true
		return
	}
	if to != headerSize {
		w.wrongWord(FirstEvent, HeaderPart, 0, 16, hexadecimal(headerSize), w.readingEvent(int(to)))
		w.loose = true
	}
	for {
		next := w.event15(int(to))
		i := len(w.Events) - 1
		if next == 0 {
			return
		}
		if !w.eventPointer(next, w.Events[i].Offset+12, i) {
			w.loose = true
			return
		}
		to = next
	}
}

// event15 reads an event record and its filters. It returns the offset of the next event record,
// or 0.
func (w *walker) event15(at int) (next uint32) {
	i := len(w.Events)
	w.lastAggregations(at)
	w.place(EventPlace, EventPart, i, at)
	w.Events = append(w.Events, Event{
		Offset: at, ID: w.word(at), Default: w.word(at + 4), Combine: w.word(at + 8), Next: w.word(at + 12),
		Count: w.word(at + 16), FirstFilter: w.word(at + 20),
		From: len(w.Filters), FromAggregation: len(w.Aggregations),
	})
	e := &w.Events[i]
	w.cursor, w.loose = at+eventSize, false
	if e.Default > 1 {
		w.wrongWord(EventDefault, EventPart, i, at+4, "0 (log by default) or 1 (drop)", Refused)
	}
	if e.Combine > 1 {
		w.wrongWord(EventCombine, EventPart, i, at+8, "0 (or) or 1 (and)", NeverMatches)
	}
	w.ignored = e.Count == 0
	w.filters15(i)
	w.ignored = false
	e.To, e.ToAggregation = len(w.Filters), len(w.Aggregations)
	if n := uint32(e.To - e.From); n != e.Count && (e.FirstFilter != 0 || e.Count == 0) {
		effect := NoEffect
		if e.Count == 0 {
			effect = LosesTheRest // the driver does not look at the chain then
		}
		w.wrongWord(EventFilters, EventPart, i, at+16, fmt.Sprintf("%d, the number of filters in the chain", n), effect)
	}
	return e.Next
}

// place records a fault if a record does not start at the cursor, and moves the cursor there.
func (w *walker) place(r Requirement, part Part, index, at int) {
	if at > w.cursor && !w.loose && !w.full() {
		w.fault(Fault{
			Requirement: r, Offset: w.cursor, Length: at - w.cursor, Part: part, Index: index, Effect: LosesTheRest,
			Found: fmt.Sprintf("%d bytes that no record uses, before the record at %s", at-w.cursor, hexadecimal(at)),
			Want:  "the record directly behind the one before it",
		})
	}
	w.cursor = at
}

// filters15 reads the filters of event record i.
func (w *walker) filters15(i int) {
	e := &w.Events[i]
	if e.FirstFilter == 0 {
		if e.Count != 0 {
			w.wrongWord(EventFilters, EventPart, i, e.Offset+20, "the offset of the first filter, because the record counts some", LosesTheRest)
		}
		return
	}
	group := -1 // aggregation of the filter before
	to, from, part, index := e.FirstFilter, e.Offset+20, EventPart, i
	for to != 0 {
		if !w.filterPointer(to, from, part, index, e) {
			w.loose = true
			return
		}
		index = len(w.Filters)
		group = w.filter15(int(to), group)
		part, from = FilterPart, int(to)+520
		to = w.Filters[index].Next
	}
}

// filterPointer judges the offset of a filter, which stands at the offset at. It reports whether
// the head of the filter can be read.
func (w *walker) filterPointer(to uint32, at int, part Part, index int, e *Event) bool {
	size := int64(len(w.data))
	short := int64(to)+filterSize > size
	effect := LosesTheRest
	switch {
	case int64(to) >= size || w.ignored:
	case !short && int(to) >= w.cursor:
		return true
	default:
		if effect = w.readingFilter(int(to)); w.filterReturning(int(to), e) {
			effect = NeverEnds
		}
	}
	switch {
	case int64(to) < size && short && (int(to) == w.cursor || w.loose):
		w.fault(Fault{
			Requirement: FilterWhole, Offset: int(to), Length: int(size) - int(to), Part: FilterPart, Index: len(w.Filters), Effect: effect,
			Found: fmt.Sprintf("%d bytes", int(size)-int(to)), Want: "536 bytes, the head of a filter",
		})
	case !short && int(to) >= w.cursor:
		return true // a filter that the driver does not look at
	default:
		w.wrongWord(FilterPlace, part, index, at, "the offset of the filter behind, or 0 after the last one", effect)
	}
	return false
}

// readingFilter returns the effect if the driver takes the bytes at an offset for a filter.
func (w *walker) readingFilter(at int) Effect {
	size := int64(len(w.data))
	if int64(at)+528 > size {
		return ReadsOutside
	}
	data := int64(w.word(at + 524))
	switch last := int64(at) + filterSize + data - 2; {
	case data == 0 || data%2 != 0 || int64(at)+data >= size:
		return LosesTheRest
	case last+2 > size:
		return WritesOutside
	case unitAt(w.data[last:], 0) != 0:
		return LosesTheRest
	}
	return Misread
}

// filterReturning reports whether an offset is that of a filter which the event has already.
func (w *walker) filterReturning(to int, e *Event) bool {
	_, ok := slices.BinarySearchFunc(w.Filters[e.From:], to, func(f Filter, to int) int { return cmp.Compare(f.Offset, to) })
	return ok
}

// zeros is long enough for the rest of a name.
var zeros [2 * filterNameUnits]byte

// filter15 reads a filter. It returns the aggregation that it belongs to, or -1.
func (w *walker) filter15(at, group int) int {
	i := len(w.Filters)
	head := w.data[at : at+filterSize]
	w.Filters = append(w.Filters, Filter{
		Offset: at, Field: binary.LittleEndian.Uint32(head), Operator: binary.LittleEndian.Uint32(head[516:]),
		Next: binary.LittleEndian.Uint32(head[520:]), Size: binary.LittleEndian.Uint32(head[524:]),
		AggregationID: binary.LittleEndian.Uint32(head[528:]), AggregationAt: binary.LittleEndian.Uint32(head[532:]),
	})
	f := &w.Filters[i]
	w.ignored = w.ignored || w.readingFilter(at) == LosesTheRest
	f.Aggregation = w.aggregationOf(i, group)
	w.place(FilterPlace, FilterPart, i, at)
	w.name(head[4:516], at+4, FilterPart, i)
	w.operator(i)
	w.cursor, w.loose = at+filterSize, true
	if w.dataSize(i) {
		w.text(i)
		end := at + filterSize + int(f.Size)
		w.padding(end, roundUp(end+1))
		w.loose = false
	}
	return f.Aggregation
}

// name judges the name of a filter or an aggregation.
func (w *walker) name(name []byte, at int, part Part, index int) {
	if bytes.Equal(name, zeros[:len(name)]) {
		return
	}
	ended, filled, text := NameEnded, NameFilled, NameText
	if part == AggregationPart {
		ended, filled, text = AggregationName, AggregationName, AggregationName
	}
	n := units(name)
	if 2*n == len(name) {
		w.fault(Fault{
			Requirement: ended, Offset: at, Length: len(name), Part: part, Index: index, Effect: Misread,
			Found: fmt.Sprintf("%d units without a NUL", n), Want: "a NUL at the end: the driver goes on with the fields behind",
		})
	} else if rest := name[2*n:]; !bytes.Equal(rest, zeros[:len(rest)]) {
		w.fault(Fault{
			Requirement: filled, Offset: at + 2*n, Length: len(rest), Part: part, Index: index, Effect: NoEffect,
			Found: fmt.Sprintf("other bytes than zero behind the NUL at unit %d", n), Want: fmt.Sprintf("%d zero bytes", len(rest)),
		})
	}
	if bad := badUnit(name[:2*n]); bad >= 0 {
		w.badText(text, part, index, at+2*bad, "the name")
	} else if length := utf8Length(name[:2*n]); 2*n < len(name) && length >= filterNameUnits && part == FilterPart {
		w.fault(Fault{
			Requirement: text, Offset: at, Length: 2 * n, Part: part, Index: index, Effect: NoEffect,
			Found: fmt.Sprintf("a name of %d bytes in UTF-8", length), Want: "at most 255 bytes: the compiler refuses a longer one",
		})
	}
}

func (w *walker) badText(r Requirement, part Part, index, at int, of string) {
	if !w.full() {
		w.fault(Fault{
			Requirement: r, Offset: at, Length: 2, Part: part, Index: index, Effect: NoEffect,
			Found: fmt.Sprintf("the unit 0x%04X in %s", unitAt(w.data[at:], 0), of),
			Want:  "characters of XML: a configuration cannot have other ones",
		})
	}
}

// The bits of an operator above its number.
const (
	operatorMask = 0xFFFF
	expandBit    = 1 << 30 // set in memory for a value with "%"
)

func (w *walker) operator(i int) {
	f := &w.Filters[i]
	if sysmon.Operator(f.Operator).Known() {
		return
	}
	want, effect := "the number of an operator, 0 to 15, without further bits", NoEffect
	switch {
	case !sysmon.Operator(f.Operator & operatorMask).Known():
		effect = LosesTheRest // the group fails, and later filters are not looked at
	case f.Operator&expandBit != 0:
		want, effect = "an operator without bit 30: the driver sets it in memory for a value with a percent sign", Misread
	}
	w.wrongWord(OperatorKnown, FilterPart, i, f.Offset+516, want, effect)
}

// dataSize judges the data size of a filter. It reports whether the end of the record is known
// then: the size can be right, and the data lie inside the blob.
func (w *walker) dataSize(i int) bool {
	f := &w.Filters[i]
	size, at := int64(len(w.data)), f.Offset+524
	end := int64(f.Offset) + filterSize + int64(f.Size)
	if f.Size == 0 || f.Size%2 != 0 {
		w.wrongWord(DataSize, FilterPart, i, at, "an even number of bytes, at least 2", LosesTheRest)
		return false
	}
	if end > size {
		effect := WritesOutside
		if int64(f.Offset)+int64(f.Size) >= size {
			effect = LosesTheRest // the driver checks this, and forgets the 536 bytes of the head
		}
		w.wrongWord(DataInside, FilterPart, i, at, fmt.Sprintf("at most %d: the blob ends there", size-int64(f.Offset)-filterSize), effect)
	}
	return end <= size
}

// text judges the data of a filter, which lie inside the blob.
func (w *walker) text(i int) {
	f := &w.Filters[i]
	at := f.Offset + w.headSize()
	data := w.data[at : at+int(f.Size)]
	last := len(data) - 2
	if unitAt(data[last:], 0) != 0 {
		w.fault(Fault{
			Requirement: DataEnded, Offset: at + last, Length: 2, Part: FilterPart, Index: i, Effect: LosesTheRest,
			Found: fmt.Sprintf("the unit 0x%04X", unitAt(data[last:], 0)), Want: "NUL as the last unit of the data",
		})
		last += 2
	}
	if n := units(data[:last]); 2*n < last {
		w.fault(Fault{
			Requirement: DataOneNUL, Offset: at + 2*n, Length: 2, Part: FilterPart, Index: i, Effect: Misread,
			Found: fmt.Sprintf("NUL at unit %d of %d", n, len(data)/2), Want: "no NUL before the last unit: the driver compares with the text before it",
		})
		last = 2 * n
	}
	if bad := badUnit(data[:last]); bad >= 0 {
		w.badText(DataText, FilterPart, i, at+2*bad, "the data")
	}
}

// padding moves the cursor to the end of the padding behind a record, and notes a gap.
func (w *walker) padding(from, to int) {
	w.cursor = to
	have := w.data[from:min(to, len(w.data))]
	if bytes.Equal(have, zeros[:len(have)]) {
		return
	}
	w.Gaps = append(w.Gaps, Gap{from, len(have)})
	if !w.gaps {
		w.gaps = true
		w.fault(Fault{
			Requirement: PaddingZero, Offset: from, Length: len(have), Part: SpacePart, Effect: NoEffect,
			Found: "other bytes than zero between two records", Want: "zero bytes, unless the compiler undid an event there",
		})
	}
}

// end15 judges the whole when all records are known.
func (w *walker) end15() {
	size := len(w.data)
	w.lastAggregations(size)
	w.aggregationEnd()
	w.aggregationChain()
	if n := uint32(len(w.Events)); n != w.Header.Records && w.Header.Records != 0 {
		w.wrongWord(RecordCount, HeaderPart, 0, 4, fmt.Sprintf("%d, the number of event records in the chain", n), NoEffect)
	}
	switch {
	case w.loose:
	case w.cursor > size:
		w.fault(Fault{
			Requirement: PaddingWhole, Offset: size, Part: SpacePart, Effect: NoEffect,
			Found: fmt.Sprintf("the end of the blob at %s", hexadecimal(size)), Want: fmt.Sprintf("padding to %s", hexadecimal(w.cursor)),
		})
	case w.cursor < size:
		w.fault(Fault{
			Requirement: NoUnusedBytes, Offset: w.cursor, Length: size - w.cursor, Part: SpacePart, Effect: LosesTheRest,
			Found: fmt.Sprintf("%d bytes behind the last record", size-w.cursor), Want: "the end of the blob: the driver does not reach them",
		})
	}
}
