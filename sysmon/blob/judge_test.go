package blob

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sysmon"
)

func TestFor(t *testing.T) {
	r := sampleRules()
	for _, c := range []struct {
		binary sysmon.Version
		build  string
		want   string // start of each fault, separated by commas
		why    string
	}{
		{sysmon.Version{Major: 18}, "15.15", "", "its own"},
		{sysmon.Version{Major: 18}, "windows-kb5077241", "", "the same major version"},
		{sysmon.Version{Major: 16}, "13.30", "", "events and fields of schema 4.81"},
		{sysmon.Version{Major: 16}, "15.15", "BLOB-3@0 Refused", "after an upgrade"},
		{sysmon.Version{Major: 18}, "13.30", "BLOB-3@0 Refused", "before an upgrade"},
		{sysmon.Version{Major: 15}, "13.24", "", "all fields are there in schema 4.70"},
		{sysmon.Version{Major: 15}, "13.22", "BLOB-3@0 Refused", "the same schema, another layout"},
		{sysmon.Version{Major: 17}, "14.16", "BLOB-3@0 Unknown", "its version is not known"},
		{sysmon.Version{Major: 18}, "14.16", "BLOB-3@0 Unknown", "its version is not known"},
		{sysmon.Version{Major: 16}, "14.16", "BLOB-3@0 Refused", "in any case another version"},
	} {
		build, err := sysmon.BuildNamed(c.build)
		if err != nil {
			t.Fatal(err)
		}
		data, err := Encode(r, c.binary)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(allFaults(parsed(t, data), build), ","); got != c.want {
			t.Errorf("%s on %s: %s; want %s: %s", c.binary, c.build, got, c.want, c.why)
		}
	}
	if f := parsed(t, []byte{0, 0, 9, 0}).For(newestBuild(t)); f != nil {
		t.Errorf("a blob of an unknown layout has further faults: %v", f)
	}
}

// TestAgainstOldSchema shows that operators, fields and events of newer schemas are faults.
func TestAgainstOldSchema(t *testing.T) {
	r := sampleRules()
	e := &r.Elements[0]
	e.Filters[0].Op = sysmon.NotEndWith // from 4.70 on
	e.Filters[2].Field = 22             // ParentUser, from 4.80 on
	r.Elements = append(r.Elements, sysmon.Element{Event: 26})
	b := parsed(t, encoded(t, r))
	s, _ := sysmon.SchemaOf(sysmon.Version{Major: 4, Minor: 50})
	var got []string
	for _, f := range b.Against(s) {
		got = append(got, f.Requirement.String()+" "+effectNames[f.Effect])
	}
	if want := []string{"BLOB-24 LosesTheRest", "BLOB-30 NeverMatches", "BLOB-12 Refused"}; !slices.Equal(got, want) {
		t.Errorf("faults against 4.50: %q; want %q", got, want)
	}
}

// TestEventNumber shows the limit of records of one tag.
func TestEventNumber(t *testing.T) {
	w := newWriter(t)
	for range maxRecords - 1 {
		must(t, w.Element(12, false, false))
	}
	if got := allFaults(parsed(t, w.Bytes()), newestBuild(t)); len(got) != 0 {
		t.Errorf("%d records: %q", maxRecords-1, got)
	}
	at := len(w.Bytes())
	must(t, w.Element(12, false, false))
	must(t, w.Element(12, false, false))
	if got, want := allFaults(parsed(t, w.Bytes()), newestBuild(t)), fmt.Sprintf("BLOB-18@%d Refused", at); len(got) != 1 || got[0] != want {
		t.Errorf("%d records: %q; want %s", maxRecords+1, got, want)
	}
}

// TestManyFaults shows that the number of faults is bounded, and that such a blob is rejected.
func TestManyFaults(t *testing.T) {
	w := newWriter(t)
	for range 2 * MaxFaults {
		must(t, w.Element(1, false, false))
	}
	data := slices.Clone(w.Bytes())
	for at := headerSize; at < len(data); at += eventSize {
		binary.LittleEndian.PutUint32(data[at+8:], 7)
	}
	b := parsed(t, data)
	if len(b.Faults) != MaxFaults || Acceptable(b.Faults) {
		t.Errorf("%d faults; want %d", len(b.Faults), MaxFaults)
	}
}

// TestOutcome states which of several effects counts.
func TestOutcome(t *testing.T) {
	event := func(at int, e Effect) Fault {
		return Fault{Requirement: EventPlace, Part: EventPart, Offset: at, Effect: e}
	}
	filter := func(at int, e Effect) Fault {
		return Fault{Requirement: FilterPlace, Part: FilterPart, Offset: at, Effect: e}
	}
	for _, c := range []struct {
		why    string
		faults []Fault
		want   Effect
	}{
		{"no fault", nil, NoEffect},
		{"one", []Fault{filter(50, LosesTheRest)}, LosesTheRest},
		{"the graver of two filters", []Fault{filter(50, LosesTheRest), filter(60, WritesOutside)}, WritesOutside},
		{"a refusal comes before the filters", []Fault{filter(50, NeverEnds), event(90, Refused)}, Refused},
		{"the first of two events", []Fault{event(90, NullPointer), event(30, Refused)}, Refused},
		{"an event that only loses the rest", []Fault{event(30, LosesTheRest), filter(50, ReadsOutside)}, ReadsOutside},
		{"the first filter of an event", []Fault{{Requirement: FilterPlace, Part: EventPart, Offset: 30, Effect: NeverEnds}, event(90, Refused)}, Refused},
		{"something that is not known", []Fault{event(30, Refused), filter(50, Unknown)}, Unknown},
	} {
		if got := Outcome(c.faults); got != c.want {
			t.Errorf("%s: the driver %v; want: %v", c.why, got, c.want)
		}
	}
}

func TestMaxSize(t *testing.T) {
	if _, err := Parse(make([]byte, MaxSize+1)); err == nil || !strings.Contains(err.Error(), "want at most") {
		t.Errorf("a blob above the limit: %v", err)
	}
}

func TestRequirements(t *testing.T) {
	list := Requirements()
	if len(list) != int(requirementsEnd)-1 || list[0].String() != "BLOB-1" || list[11].Check() != "CF8012" {
		t.Errorf("requirements %v", list)
	}
	for _, r := range list {
		if r.Text() == "" {
			t.Errorf("%v has no text", r)
		}
	}
	if r := Requirement(200); r.Text() != "" || r.Note() {
		t.Error("requirement 200 has a text")
	}
	for e := WritesOutside; e <= Unknown; e++ {
		if strings.HasPrefix(e.String(), "effect ") {
			t.Errorf("effect %d has no text", e)
		}
	}
	if Effect(0).String() != "effect 0" || Effect(99).String() != "effect 99" {
		t.Error("unknown effects have a text")
	}
}
