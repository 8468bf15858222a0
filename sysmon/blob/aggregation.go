package blob

import (
	"encoding/binary"
	"fmt"
)

// spacing is the size of an aggregation with its padding.
const spacing = (aggregationSize + alignment - 1) &^ (alignment - 1)

// aggregationOf judges the aggregation that filter i names, and returns its index or -1. The
// filter before belongs to aggregation group, which is -1 outside of a Rule.
func (w *walker) aggregationOf(i, group int) int {
	f := &w.Filters[i]
	at := int64(f.AggregationAt)
	switch {
	case f.AggregationID == 0 && at == 0:
		w.emptyAggregations(f.Offset, i)
		return -1
	case group >= 0 && at == int64(w.Aggregations[group].Offset) && f.AggregationID == w.Aggregations[group].ID:
		w.Aggregations[group].Filters++
		return group
	case at+spacing == int64(f.Offset) && at >= int64(w.cursor) && f.AggregationID != 0:
		// A new aggregation, directly before its first filter.
		w.emptyAggregations(int(at), i)
		g := w.aggregation(int(at))
		if id := w.Aggregations[g].ID; id != f.AggregationID {
			w.wrongWord(AggregationReference, FilterPart, i, f.Offset+528, fmt.Sprintf("%s, the ID of the aggregation at %s", hexadecimal(id), hexadecimal(int(at))), LosesTheRest)
		}
		w.Aggregations[g].First, w.Aggregations[g].Filters = i, 1
		return g
	}
	w.emptyAggregations(f.Offset, i)
	w.wrongReference(i, group)
	return -1
}

// wrongReference records the fault of a filter whose aggregation is neither that of the filter
// before nor directly before the filter.
func (w *walker) wrongReference(i, group int) {
	f := &w.Filters[i]
	at, want := f.Offset+532, "0, the aggregation of the filter before, or one directly before this filter"
	effect := Misread
	switch {
	case f.AggregationID == 0:
		// The driver looks at the ID alone: for it the filter stands outside of the Rule.
		at, want = f.Offset+528, "the ID of an aggregation, because the filter has the offset of one"
		if group < 0 {
			effect = NoEffect
		}
	case group >= 0 && f.AggregationID == w.Aggregations[group].ID:
		// The driver has the aggregation from the first filter of the Rule.
	case int64(f.AggregationAt)+268 <= int64(len(w.data)) && w.word(int(f.AggregationAt)+264) != f.AggregationID:
		effect = LosesTheRest // the Rule fails, and later filters are not looked at
	case int64(f.AggregationAt)+aggregationSize > int64(len(w.data)):
		effect = ReadsOutside
	}
	w.wrongWord(AggregationReference, FilterPart, i, at, want, effect)
}

// emptyAggregations reads the aggregations without filters that stand between the cursor and a
// record: the compiler writes one for a Rule that has only spaces or comments in it. The next
// filter has the index first.
func (w *walker) emptyAggregations(to, first int) {
	if w.loose {
		return
	}
	for to-w.cursor >= spacing && (to-w.cursor)%spacing == 0 {
		at := w.cursor
		if w.word(at+264) == 0 || w.word(at+268) != 0 || w.word(at+276) != 0 {
			return // these bytes are no such aggregation, so nothing uses them
		}
		g := w.aggregation(at)
		w.Aggregations[g].First = first
		if !w.full() {
			w.fault(Fault{
				Requirement: AggregationUsed, Offset: at, Length: aggregationSize, Part: AggregationPart, Index: g, Effect: NoEffect,
				Found: "an aggregation without a filter", Want: "a filter in each Rule",
			})
		}
	}
}

// lastAggregations reads the aggregations without filters that stand behind all filters of an
// event, before a record or the end of the blob.
func (w *walker) lastAggregations(to int) {
	if n := len(w.Events); n > 0 {
		w.emptyAggregations(to, len(w.Filters))
		w.Events[n-1].ToAggregation = len(w.Aggregations)
	}
}

// aggregation reads the aggregation at an offset, all of which lies inside the blob, and moves the
// cursor behind it. It returns its index.
func (w *walker) aggregation(at int) int {
	g := len(w.Aggregations)
	w.place(AggregationReference, AggregationPart, g, at)
	w.aggregationEnd()
	record := w.data[at : at+aggregationSize]
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(record[i:]) }
	a := Aggregation{
		Offset: at, MessageID: binary.LittleEndian.Uint64(record[256:]), ID: word(264), Root: word(268), Next: word(272),
		Count: word(276), Combine: word(280), Checked: word(284), Matched: word(288),
	}
	w.Aggregations = append(w.Aggregations, a)
	least := uint32(1)
	if g > 0 {
		least = w.Aggregations[g-1].ID + 1
		if next := w.Aggregations[g-1].Next; next != uint32(at) {
			w.wrongWord(AggregationNext, AggregationPart, g-1, w.Aggregations[g-1].Offset+272, hexadecimal(at), NoEffect)
		}
	}
	w.name(record[:256], at, AggregationPart, g)
	if a.ID < least || least == 0 {
		w.wrongWord(AggregationID, AggregationPart, g, at+264, fmt.Sprintf("at least %d: the IDs ascend", least), Misread)
	}
	if a.Combine > 1 {
		w.wrongWord(AggregationCombine, AggregationPart, g, at+280, "0 (or) or 1 (and)", NeverMatches)
	}
	for _, reserved := range []int{256, 260, 284, 288} {
		if word(reserved) != 0 {
			w.wrongWord(AggregationReserved, AggregationPart, g, at+reserved, "0: the driver counts there", Misread)
		}
	}
	w.padding(at+aggregationSize, at+spacing)
	return g
}

// aggregationEnd judges the last aggregation that was read, when its filters are known.
func (w *walker) aggregationEnd() {
	g := len(w.Aggregations) - 1
	if g < 0 {
		return
	}
	a := &w.Aggregations[g]
	root := uint32(0)
	if a.Filters > 0 {
		root = uint32(w.Filters[a.First].Offset)
	}
	if a.Root != root {
		w.wrongWord(AggregationRoot, AggregationPart, g, a.Offset+268, fmt.Sprintf("%s, the offset of its first filter", hexadecimal(root)), NoEffect)
	}
	if a.Count != uint32(a.Filters) {
		w.wrongWord(AggregationFilters, AggregationPart, g, a.Offset+276, fmt.Sprintf("%d, the number of its neighbouring filters", a.Filters), NoEffect)
	}
}

// aggregationChain judges both ends of the chain of aggregations, when all are known.
func (w *walker) aggregationChain() {
	want := uint32(0)
	if n := len(w.Aggregations); n > 0 {
		if !w.undoneFirst() {
			want = uint32(w.Aggregations[0].Offset)
		}
		if last := &w.Aggregations[n-1]; last.Next != 0 {
			w.wrongWord(AggregationNext, AggregationPart, n-1, last.Offset+272, "0: it is the last one", NoEffect)
		}
	}
	if w.Header.FirstAggregation != want {
		w.wrongWord(FirstAggregation, HeaderPart, 0, 20, hexadecimal(want), NoEffect)
	}
}

// undoneFirst reports whether the compiler has lost the place of the first aggregation. It began
// the blob with an event of a tag, found that the event lacks a field, and began again with
// another one. It then goes on counting the aggregations, but does not state the first one.
func (b *Blob) undoneFirst() bool {
	return b.Aggregations[0].ID != 1 && len(b.Events) > 0 && b.Events[0].ToAggregation > 0
}
