package blob

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sysmon"
)

// withoutPlaces removes the places of rules, and numbers the groups that have no ID.
func withoutPlaces(r *sysmon.Rules) *sysmon.Rules {
	c := *r
	c.Elements = slices.Clone(r.Elements)
	id := uint32(0)
	for i := range c.Elements {
		e := &c.Elements[i]
		e.Place = sysmon.Place{}
		e.Filters, e.Groups = slices.Clone(e.Filters), slices.Clone(e.Groups)
		for j := range e.Filters {
			e.Filters[j].Place, e.Filters[j].FieldName = sysmon.Place{}, ""
		}
		for j := range e.Groups {
			e.Groups[j].Place = sysmon.Place{}
			if id++; e.Groups[j].ID == 0 {
				e.Groups[j].ID = id
			}
			id = e.Groups[j].ID
		}
	}
	return &c
}

func TestRulesSurvive(t *testing.T) {
	want := sampleRules()
	data := encoded(t, want)
	b := parsed(t, data)
	if got := withoutPlaces(b.Rules(nil)); !reflect.DeepEqual(got, withoutPlaces(want)) {
		t.Errorf("the rules of the blob are\n%+v; want\n%+v", got, withoutPlaces(want))
	}
	got := b.Rules(newestBuild(t).Manifest())
	var names []string
	for _, e := range got.Elements {
		for _, f := range e.Filters {
			names = append(names, f.FieldName)
			if f.Place.Offset <= e.Place.Offset || f.Place.Line != 0 {
				t.Errorf("a filter at %+v in the element at %+v", f.Place, e.Place)
			}
		}
	}
	if text := strings.Join(names, " "); text != "Image Image CommandLine ParentImage CurrentDirectory TargetObject TargetObject Details" && text != "Image Image CommandLine ParentImage User TargetObject TargetObject Details" {
		t.Errorf("the fields are %s", text)
	}
	if again := encoded(t, got); !bytes.Equal(again, data) {
		t.Error("the rules of a blob give another blob")
	}
	// The header of 15 to 18 differs in the version alone.
	for major := uint16(15); major <= 18; major++ {
		other, err := Encode(want, sysmon.Version{Major: major})
		if err != nil || !bytes.Equal(other[4:], data[4:]) || parsed(t, other).Header.Binary.Major != major {
			t.Errorf("the blob of version %d: %v", major, err)
		}
	}
}

func TestEncodeErrors(t *testing.T) {
	v := sysmon.Version{Major: 18}
	for _, binary := range []sysmon.Version{{Major: 1, Minor: 1}, {Major: 14, Minor: 10}, {Major: 19}, {}} {
		if _, err := Encode(sampleRules(), binary); err == nil || !strings.Contains(err.Error(), "want 15.00 to 18.99") {
			t.Errorf("version %s: %v", binary, err)
		}
	}
	if data, err := Encode(&sysmon.Rules{}, v); err != nil || len(data) != 0 {
		t.Errorf("no element: %d bytes, %v; want an empty blob", len(data), err)
	}
	for _, c := range []struct {
		why    string
		change func(e *sysmon.Element)
		want   string
	}{
		{"a negative field", func(e *sysmon.Element) { e.Filters[0].Field = -1 }, "element 1 (event 1): filter 1: the field index is -1"},
		{"an unknown operator", func(e *sysmon.Element) { e.Filters[0].Op = 16 }, "element 1 (event 1): filter 1: unknown operator 16"},
		{"a long name", func(e *sysmon.Element) { e.Filters[0].Name = strings.Repeat("é", 128) }, "element 1 (event 1): filter 1: the name has 256 bytes"},
		{"a name that is not UTF-8", func(e *sysmon.Element) { e.Filters[0].Name = "\xFF" }, "element 1 (event 1): filter 1: the name of a filter: the text is not UTF-8"},
		{"a NUL", func(e *sysmon.Element) { e.Filters[0].Value = "a\x00" }, "element 1 (event 1): filter 1: the value of a filter: the text has the character U+0000 at byte 1"},
		{"a control character", func(e *sysmon.Element) { e.Groups[0].Name = "\x1B" }, "element 1 (event 1): the name of a Rule: the text has the character U+001B"},
		{"U+FFFE", func(e *sysmon.Element) { e.Filters[0].Value = "\uFFFE" }, "element 1 (event 1): filter 1: the value"},
		{"a group that is not there", func(e *sysmon.Element) { e.Filters[0].Group = 0 }, "element 1 (event 1): filter 1 belongs to group 1, which does not stand before it"},
		{"a group that has ended", func(e *sysmon.Element) { e.Filters[4].Group = 0 }, "element 1 (event 1): filter 5 belongs to group 1"},
		{"a group behind the filters", func(e *sysmon.Element) { e.Groups[1].First = 6 }, "element 1 (event 1): filter 4 belongs to group 2"},
		{"a group behind all filters", func(e *sysmon.Element) { e.Filters[3].Group = -1; e.Groups[1].First = 6 }, "element 1 (event 1): group 2 begins at filter 7 of 5"},
		{"groups in another order", func(e *sysmon.Element) { e.Groups[1].First = 0 }, "element 1 (event 1): group 2 begins at filter 1, before"},
		{"an ID twice", func(e *sysmon.Element) { e.Groups[0].ID, e.Groups[1].ID = 5, 5 }, "element 1 (event 1): group 2 has the ID 5 (want more than 5)"},
	} {
		r := sampleRules()
		c.change(&r.Elements[0])
		if data, err := Encode(r, v); err == nil || !strings.HasPrefix(err.Error(), c.want) || data != nil {
			t.Errorf("%s: %v; want %s", c.why, err, c.want)
		}
	}
}

// TestGroupNames shows that the name of a Rule is cut where the compiler cuts it.
func TestGroupNames(t *testing.T) {
	r := sampleRules()
	r.Elements[0].Groups[0].Name = strings.Repeat("n", 200)
	b := parsed(t, encoded(t, r))
	if got := b.AggregationName(0); got != strings.Repeat("n", 127) {
		t.Errorf("the name has %d units; want 127", len(got))
	}
	if !Acceptable(append(b.Faults, b.For(newestBuild(t))...)) {
		t.Errorf("faults: %v", b.Faults)
	}
}

// TestEmptyGroup shows a Rule without filters: it is noted, and survives.
func TestEmptyGroup(t *testing.T) {
	for first := range 6 {
		r := sampleRules()
		e := &r.Elements[0]
		at := 0
		for at < len(e.Groups) && e.Groups[at].First < first {
			at++
		}
		if first == 2 {
			continue // within the group of two filters: no document has it
		}
		e.Groups = slices.Insert(e.Groups, at, sysmon.Group{Name: "empty", First: first})
		for i := range e.Filters {
			if e.Filters[i].Group >= at {
				e.Filters[i].Group++
			}
		}
		r.Elements[2].Groups[0].ID = 5
		data := encoded(t, r)
		b := parsed(t, data)
		if got := allFaults(b, newestBuild(t)); len(got) != 1 || !strings.HasPrefix(got[0], "BLOB-39@") {
			t.Errorf("before filter %d: faults %q; want BLOB-39", first+1, got)
		}
		if again := encoded(t, b.Rules(nil)); !bytes.Equal(again, data) {
			t.Errorf("before filter %d: the rules of the blob give another blob: %+v", first+1, b.Rules(nil).Elements[0].Groups)
		}
	}
}

// must stops the test at an error of a writer.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWriter(t *testing.T) *Writer {
	t.Helper()
	w, err := NewWriter(sysmon.Version{Major: 18}, sysmon.Version{Major: 4, Minor: 90})
	must(t, err)
	return w
}

// TestUndoFirst shows the traces of an undone event at the start: the IDs go on, and the header
// does not name the first aggregation. Blob and rules agree about it.
func TestUndoFirst(t *testing.T) {
	w := newWriter(t)
	write := func(event uint32) {
		must(t, w.Element(event, true, true))
		must(t, w.Group("", false))
		must(t, w.Filter(6, sysmon.Contains, "a", ""))
	}
	write(12)
	must(t, w.Undo())
	if err := w.Undo(); err == nil {
		t.Error("an element was undone twice")
	}
	if len(w.Bytes()) != 0 {
		t.Errorf("%d bytes are left", len(w.Bytes()))
	}
	write(13)
	must(t, w.Filter(7, sysmon.Is, "b", ""))
	data := slices.Clone(w.Bytes())
	b := parsed(t, data)
	// The attempt for event 12 counts the group, in which the field fails.
	if got := allFaults(b, newestBuild(t)); len(got) != 0 || b.Aggregations[0].ID != 2 || b.Header.FirstAggregation != 0 {
		t.Errorf("faults %q, ID %d, first aggregation %d; want no fault, 2 and 0", got, b.Aggregations[0].ID, b.Header.FirstAggregation)
	}
	if w.Damaged() {
		t.Error("the writer claims damage")
	}
	if again := encoded(t, b.Rules(nil)); !bytes.Equal(again, data) {
		t.Error("the rules of the blob give another blob")
	}
}

// TestUndoLater shows the traces of an undone event behind another one: old bytes in the padding,
// and an offset that leads behind the end if no element follows.
func TestUndoLater(t *testing.T) {
	w := newWriter(t)
	must(t, w.Element(1, true, false))
	must(t, w.Filter(4, sysmon.Is, "a", ""))
	must(t, w.Element(12, true, false))
	must(t, w.Filter(6, sysmon.Is, strings.Repeat("x", 80), "n"))
	must(t, w.Filter(6, sysmon.Is, strings.Repeat("y", 80), "n"))
	must(t, w.Undo())
	size := len(w.Bytes())
	b := parsed(t, w.Bytes())
	if got := allFaults(b, newestBuild(t)); len(got) != 1 || !strings.HasSuffix(got[0], "LosesTheRest") || b.Events[0].Next != uint32(size) {
		t.Errorf("faults %q, next event %d; want one fault of the next event %d", got, b.Events[0].Next, size)
	}
	must(t, w.Element(22, false, false))
	must(t, w.Filter(5, sysmon.Is, "q", ""))
	data := slices.Clone(w.Bytes())
	b = parsed(t, data)
	if got := allFaults(b, newestBuild(t)); len(got) != 1 || !strings.HasPrefix(got[0], "BLOB-42@") || len(b.Gaps) != 1 {
		t.Errorf("faults %q, gaps %v; want BLOB-42 for one gap", got, b.Gaps)
	}
	for _, g := range b.Gaps {
		clear(data[g.Offset : g.Offset+g.Length])
	}
	if again := encoded(t, b.Rules(nil)); !bytes.Equal(again, data) {
		t.Error("the rules of the blob give another blob, not only in the gaps")
	}
}

// TestUndoneLink shows that the compiler links an aggregation to one that it took back, and
// overwrites the record in its place.
func TestUndoneLink(t *testing.T) {
	w := newWriter(t)
	must(t, w.Element(1, true, false))
	must(t, w.Filter(4, sysmon.Is, "a", ""))
	must(t, w.Element(12, true, false))
	must(t, w.Group("", true))
	must(t, w.Filter(6, sysmon.Is, "x", ""))
	must(t, w.Undo())
	must(t, w.Element(22, false, false))
	must(t, w.Filter(5, sysmon.Is, "q", "a name"))
	if w.Damaged() {
		t.Error("the writer claims damage before there is any")
	}
	must(t, w.Group("", true))
	if !w.Damaged() {
		t.Error("the writer overwrote the name of a filter and does not say so")
	}
	must(t, w.Filter(5, sysmon.Is, "r", ""))
	if b := parsed(t, w.Bytes()); Acceptable(b.Faults) {
		t.Error("the blob is acceptable")
	}
}

func TestWriterOrder(t *testing.T) {
	w := newWriter(t)
	if err := w.Filter(4, sysmon.Is, "a", ""); err == nil {
		t.Error("a filter outside of an element was written")
	}
	if err := w.Group("", false); err == nil {
		t.Error("a group outside of an element was written")
	}
	if err := w.Undo(); err == nil {
		t.Error("nothing was undone")
	}
}
