package sysmonreader

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/blob"
)

// realData has damaged blobs with the behaviour of the published engine. They are not part of the
// repository.
const realData = "../../../../shared/data/sysmon"

// engine returns the engine of a build. The model imports nothing that knows schemas; its test may.
func engine(t testing.TB, build string) *Engine {
	t.Helper()
	b, err := sysmon.BuildNamed(build)
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{Major: b.Binaries[0].Major}
	for _, event := range b.Manifest().Events {
		e.Types = append(e.Types, EventType{event.ID, event.Tag, event.LoggedByDefault, event.Fields})
	}
	return e
}

// valuesOf returns the values of an event by the names of its fields.
func valuesOf(t testing.TB, e *Engine, id uint32, fields map[string]string) []string {
	t.Helper()
	i := slices.IndexFunc(e.Types, func(t EventType) bool { return t.ID == id })
	values := make([]string, len(e.Types[i].Fields))
	for name, value := range fields {
		at := slices.Index(e.Types[i].Fields, name)
		if at < 0 {
			t.Fatalf("event %d has no field %s", id, name)
		}
		values[at] = value
	}
	return values
}

// The events of the table. It does not state them, so they follow from the names of the cases.
var (
	imageMatches   = map[string]string{"Image": "aaaa", "CommandLine": "x"}
	commandMatches = map[string]string{"Image": "x", "CommandLine": "a bbbb c"}
	bothMatch      = map[string]string{"Image": "aaaa", "CommandLine": "a bbbb c"}
	nothingMatches = map[string]string{"Image": "x", "CommandLine": "x"}
)

// TestMeasured compares the model with the measurements on the published engine.
func TestMeasured(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(filepath.FromSlash(realData), "blobs", "expected.tsv"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the damaged blobs are not here: there is no %s/blobs/expected.tsv", realData)
	}
	if err != nil {
		t.Fatal(err)
	}
	e := engine(t, "13.30") // binary version 16, as the engine of the table
	agree, decisions, cases := 0, 0, 0
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if i == 0 {
			continue
		}
		c := strings.Split(line, "\t")
		file, what, measured := c[0], c[1], c[2]
		data, err := os.ReadFile(filepath.Join(filepath.FromSlash(realData), "blobs", file))
		if err != nil {
			t.Fatal(err)
		}
		id, fields := uint32(1), imageMatches
		switch {
		case strings.HasPrefix(what, "valid, nothing matches"):
			fields = nothingMatches
		case strings.Contains(what, "both match"):
			fields = bothMatch
		case strings.Contains(what, "on filter 2, 1 not"), strings.HasPrefix(what, "filter NextOffset = size"):
			fields = commandMatches
		case strings.HasPrefix(what, "aggregation"), strings.HasPrefix(what, "agg "), strings.HasPrefix(what, "Aggregation"), strings.HasPrefix(what, "rootRule"):
			fields = bothMatch
		case strings.HasPrefix(what, "reg 13 Details"):
			id, fields = 13, map[string]string{"Details": "aaaa"}
		case strings.HasPrefix(what, "same on event 14"):
			id, fields = 14, map[string]string{"NewName": "aaaa"}
		}
		cases++
		got := ""
		l := e.Load(data)
		d := l.Decide(id, valuesOf(t, e, id, fields))
		switch {
		case d.Outcome == NeverEnds:
			got = "hang"
		case d.Outcome != Accepted:
			got = d.Outcome.String()
		default:
			got = "accepted, verdict=" + map[bool]string{true: "logged", false: "dropped"}[d.Logged] + " failures=" + map[bool]string{true: "1", false: "0"}[d.Failures]
			decisions++
		}
		if got == measured {
			agree++
			continue
		}
		t.Errorf("%s (%s): the model %s; measured: %s; %v", file, what, got, measured, l.Trouble)
	}
	t.Logf("%d of %d cases agree, %d of them with a decision", agree, cases, decisions)
}

func put(data []byte, at int, word uint32) { binary.LittleEndian.PutUint32(data[at:], word) }

// small returns a blob for binary version 16 with one element of event 1, and the offsets of its
// filters.
func small(t testing.TB, e sysmon.Element) ([]byte, []blob.Filter) {
	t.Helper()
	r := &sysmon.Rules{Schema: sysmon.Version{Major: 4, Minor: 81}, Elements: []sysmon.Element{e}}
	data, err := blob.Encode(r, sysmon.Version{Major: 16})
	if err != nil {
		t.Fatal(err)
	}
	b, err := blob.Parse(data)
	if err != nil || len(b.Faults) > 0 {
		t.Fatal(err, b.Faults)
	}
	return data, b.Filters
}

func filter(field int, op sysmon.Operator, value, name string, group int) sysmon.Filter {
	return sysmon.Filter{Field: field, Op: op, Value: value, Name: name, Group: group}
}

// The places of fields in event 1.
const (
	imageField       = 4
	commandLineField = 10
)

// TestWrites shows that loading changes letters behind a blob whose data size is too long: the
// check of the engine forgets the head of the record.
func TestWrites(t *testing.T) {
	data, filters := small(t, sysmon.Element{Event: 1, Include: true, Filters: []sysmon.Filter{filter(imageField, sysmon.Is, "A", "", -1)}})
	e := engine(t, "13.30")
	e.After = []byte("F\x00O\x00R\x00E\x00I\x00G\x00N\x00\x00\x00")
	clean := e.Load(data)
	if clean.Outcome != Accepted || len(clean.Trouble) > 0 {
		t.Fatalf("the blob itself: %v %v", clean.Outcome, clean.Trouble)
	}
	put(data, filters[0].Offset+524, uint32(len(data)-filters[0].Offset-536+len(e.After)))
	l := e.Load(data)
	if l.Outcome != WritesOutside {
		t.Errorf("the outcome is %v; want %v", l.Outcome, WritesOutside)
	}
	if got := string(l.memory[l.size:]); got != "f\x00o\x00r\x00e\x00i\x00g\x00n\x00\x00\x00" {
		t.Errorf("the memory behind the blob is %q", got)
	}
	e.After = nil
	if l := e.Load(data); l.Outcome != ReadsOutside {
		t.Errorf("without memory there the outcome is %v; want %v", l.Outcome, ReadsOutside)
	}
}

// TestChains shows the chains that come back.
func TestChains(t *testing.T) {
	element := sysmon.Element{Event: 1, Include: true, Filters: []sysmon.Filter{filter(imageField, sysmon.Is, "a", "", -1), filter(imageField, sysmon.Is, "b", "", -1)}}
	clean, filters := small(t, element)
	for _, c := range []struct {
		why    string
		change func(data []byte)
		want   Outcome
	}{
		{"as it was", func([]byte) {}, Accepted},
		{"the second filter leads to the first", func(d []byte) { put(d, filters[1].Offset+520, uint32(filters[0].Offset)) }, NeverEnds},
		{"the event leads to itself", func(d []byte) { put(d, 24+12, 24) }, Refused},
		{"and has an ID that is not counted", func(d []byte) { put(d, 24+12, 24); put(d, 24, 1<<31) }, NeverEnds},
	} {
		data := slices.Clone(clean)
		c.change(data)
		if l := engine(t, "13.30").Load(data); l.Outcome != c.want {
			t.Errorf("%s: %v; want %v", c.why, l.Outcome, c.want)
		}
	}
}

// TestLinux shows that the build for Linux tests one byte of the last unit.
func TestLinux(t *testing.T) {
	data, filters := small(t, sysmon.Element{Event: 1, Include: true, Filters: []sysmon.Filter{filter(imageField, sysmon.Is, "abc", "", -1)}})
	put(data, filters[0].Offset+524, 6) // cuts the NUL
	e := engine(t, "13.30")
	if _, list := e.Load(data).Filters(); len(list) != 0 {
		t.Errorf("Windows has %d filters; want 0", len(list))
	}
	e.Linux = true
	if _, list := e.Load(data).Filters(); len(list) != 1 {
		t.Errorf("Linux has %d filters; want 1", len(list))
	}
}

// TestOperators states each operator by examples. The values are lower case or not.
func TestOperators(t *testing.T) {
	for _, c := range []struct {
		op           sysmon.Operator
		value, field string
		want         bool
		why          string
	}{
		{sysmon.Is, "Cmd", "cMD", true, "case does not count"},
		{sysmon.Is, "", "", true, "an empty value is an empty field"},
		{sysmon.Is, "", "x", false, "and no other"},
		{sysmon.IsNot, "a", "b", true, ""},
		{sysmon.IsNot, "a", "A", false, ""},
		{sysmon.Contains, "b", "ABC", true, ""},
		{sysmon.Contains, "", "x", true, "an empty value is in every field"},
		{sysmon.Contains, "", "", false, "but an empty one"},
		{sysmon.Excludes, "b", "abc", false, ""},
		{sysmon.Excludes, "", "", true, ""},
		{sysmon.ContainsAny, "x;b", "abc", true, ""},
		{sysmon.ContainsAny, "x; b", "abc", false, "a space belongs to the item"},
		{sysmon.ContainsAny, "x;", "abc", true, "an empty item at the end is in every field"},
		{sysmon.ContainsAny, "x;;b", "abc", true, "the item behind an empty one"},
		{sysmon.ContainsAny, "x;;y", "a;y", true, "an empty item is the rest with its semicolon"},
		{sysmon.ContainsAny, "x;;y", "abc", false, "so it is not in every field"},
		{sysmon.ContainsAll, "a;c", "abc", true, ""},
		{sysmon.ContainsAll, "a;d", "abc", false, ""},
		{sysmon.ExcludesAny, "x;y", "abc", true, "none of the items is in the field"},
		{sysmon.ExcludesAny, "x;b", "abc", false, ""},
		{sysmon.ExcludesAny, "x;", "abc", false, "the empty item at the end is"},
		{sysmon.ExcludesAll, "a;d", "abc", true, "not all of the items are in the field"},
		{sysmon.ExcludesAll, "a;b", "abc", false, ""},
		{sysmon.IsAny, "x;abc", "ABC", true, ""},
		{sysmon.IsAny, "x; abc", "abc", false, "a space belongs to the item"},
		{sysmon.IsAny, "x;;y", "", true, "an empty item is an empty field"},
		{sysmon.BeginWith, "ab", "ABC", true, ""},
		{sysmon.BeginWith, "ab;x", "abc", false, "no list"},
		{sysmon.NotBeginWith, "ab", "xab", true, ""},
		{sysmon.EndWith, "bc", "abc", true, ""},
		{sysmon.EndWith, "ab", "abc", false, ""},
		{sysmon.NotEndWith, "bc", "abc", false, ""},
		{sysmon.LessThan, "1024", "445", false, "text is compared"},
		{sysmon.LessThan, "9", "10", true, "text is compared"},
		{sysmon.MoreThan, "1024", "445", true, "text is compared"},
		{sysmon.MoreThan, "a", "a", false, ""},
		{sysmon.Image, "cmd.exe", `C:\Windows\CMD.exe`, true, "the last part"},
		{sysmon.Image, "cmd.exe", `C:\xcmd.exe`, false, "the whole last part"},
		{sysmon.Image, `c:\cmd.exe`, `C:\cmd.exe`, true, "a path"},
		{sysmon.Image, `\cmd.exe`, `C:\cmd.exe`, false, "a value with a backslash is a path"},
		{sysmon.Image, "cmd.exe", "cmd.exe", true, "a field without a path"},
	} {
		data, _ := small(t, sysmon.Element{Event: 1, Include: true, Filters: []sysmon.Filter{filter(commandLineField, c.op, c.value, "n", -1)}})
		e := engine(t, "13.30")
		d := e.Load(data).Decide(1, valuesOf(t, e, 1, map[string]string{"CommandLine": c.field}))
		if d.Logged != c.want || d.Outcome != Accepted || d.Failures || (d.RuleName == "n") != c.want {
			t.Errorf("%q %v %q: %+v; want %v: %s", c.field, c.op, c.value, d, c.want, c.why)
		}
	}
}

// TestElements states how filters, groups and elements combine.
func TestElements(t *testing.T) {
	a, b := filter(imageField, sysmon.Is, "aaaa", "a", -1), filter(commandLineField, sysmon.Contains, "bbbb", "b", -1)
	other := filter(imageField, sysmon.Is, "other", "", -1)
	grouped := func(all bool, filters ...sysmon.Filter) sysmon.Element {
		e := sysmon.Element{Event: 1, Include: true, Groups: []sysmon.Group{{All: all}}}
		for _, f := range filters {
			f.Group = 0
			e.Filters = append(e.Filters, f)
		}
		return e
	}
	element := func(include, all bool, filters ...sysmon.Filter) sysmon.Element {
		return sysmon.Element{Event: 1, Include: include, All: all, Filters: filters}
	}
	with := func(e sysmon.Element, all bool, filters ...sysmon.Filter) sysmon.Element {
		e.All, e.Filters = all, append(e.Filters, filters...)
		return e
	}
	for _, c := range []struct {
		why      string
		elements []sysmon.Element
		fields   map[string]string
		want     bool
	}{
		{"no element: event 1 is logged", nil, nothingMatches, true},
		{"an empty include logs nothing", []sysmon.Element{element(true, true)}, bothMatch, false},
		{"an empty exclude logs everything", []sysmon.Element{element(false, true)}, bothMatch, true},
		{"or: the first", []sysmon.Element{element(true, false, a, b)}, imageMatches, true},
		{"or: the second", []sysmon.Element{element(true, false, a, b)}, commandMatches, true},
		{"and: one of two fields", []sysmon.Element{element(true, true, a, b)}, imageMatches, false},
		{"and: both fields", []sysmon.Element{element(true, true, a, b)}, bothMatch, true},
		{"and: two values of a field are alternatives", []sysmon.Element{element(true, true, other, a, b)}, bothMatch, true},
		{"exclude", []sysmon.Element{element(false, false, a)}, imageMatches, false},
		{"exclude, without a match", []sysmon.Element{element(false, false, a)}, commandMatches, true},
		{"a Rule with and: one", []sysmon.Element{grouped(true, a, b)}, imageMatches, false},
		{"a Rule with and: both", []sysmon.Element{grouped(true, a, b)}, bothMatch, true},
		{"a Rule with and: two values of a field", []sysmon.Element{grouped(true, a, other)}, imageMatches, false},
		{"a Rule with or", []sysmon.Element{grouped(false, a, other)}, imageMatches, true},
		{"a Rule counts as one of the filters", []sysmon.Element{with(grouped(true, a, b), true, filter(imageField, sysmon.Is, "other", "", -1))}, bothMatch, false},
		{"a Rule or a filter", []sysmon.Element{with(grouped(true, a, other), false, b)}, bothMatch, true},
		{"an exclude goes before an include", []sysmon.Element{element(true, false, a), element(false, false, b)}, bothMatch, false},
		{"the include decides then", []sysmon.Element{element(true, false, a), element(false, false, b)}, imageMatches, true},
		{"two elements and no match", []sysmon.Element{element(false, false, a), element(false, false, b)}, nothingMatches, false},
		{"an empty exclude beside an include", []sysmon.Element{element(false, false), element(true, false, a)}, nothingMatches, false},
	} {
		e := engine(t, "13.30")
		var data []byte
		if c.elements != nil {
			var err error
			if data, err = blob.Encode(&sysmon.Rules{Schema: sysmon.Version{Major: 4, Minor: 81}, Elements: c.elements}, sysmon.Version{Major: 16}); err != nil {
				t.Fatal(err)
			}
		} else {
			data, _ = small(t, sysmon.Element{Event: 3})
		}
		if d := e.Load(data).Decide(1, valuesOf(t, e, 1, c.fields)); d.Logged != c.want || d.Outcome != Accepted {
			t.Errorf("%s: %+v; want logged %v", c.why, d, c.want)
		}
	}
}
