package blob

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sysmon"
)

// old returns a blob of binary version 1.01 with two events and three filters, written here word
// by word.
func old() []byte {
	var b []byte
	words := func(list ...uint32) {
		for _, w := range list {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
	}
	text := func(s string) {
		b = appendText(b, s, len(s))
		b = append(b, 0, 0)
	}
	words(1<<16|1, 2, 16, 3<<16|40) // 0: header
	words(1, 1, 96, 2)              // 16: event
	words(3, 8, 64, 16)             // 32: filter: Image image cmd.exe
	text("cmd.exe")                 // 48
	words(4, 2, 0, 12)              // 64: filter: CommandLine contains /c
	text("/c x;")                   // 80
	words(0)                        // 92: padding
	words(5, 0, 0, 1)               // 96: event
	words(3, 4, 0, 4)               // 112: filter: Image begin with C
	text("C")                       // 128
	return b
}

func TestParse101(t *testing.T) {
	b := parsed(t, old())
	build, err := sysmon.BuildNamed("6.20")
	if err != nil {
		t.Fatal(err)
	}
	if got := allFaults(b, build); len(got) > 0 {
		t.Fatalf("faults %q", got)
	}
	var got []string
	for _, e := range b.Rules(build.Manifest()).Elements {
		got = append(got, fmt.Sprintf("%d %v %v", e.Event, e.Include, e.All))
		for _, f := range e.Filters {
			got = append(got, fmt.Sprintf("%s %v %q %d", f.FieldName, f.Op, f.Value, f.Group))
		}
	}
	want := []string{"1 true false", `Image image "cmd.exe" -1`, `CommandLine contains "/c x;" -1`, "5 false false", `Image begin with "C" -1`}
	if !slices.Equal(got, want) {
		t.Errorf("the rules are %q; want %q", got, want)
	}
	if s := SchemaOf(b.Header.Binary); s.Version != (sysmon.Version{Major: 4}) {
		t.Errorf("the newest schema of 1.01 is %s; want 4.00", s.Version)
	}
	if _, err := Encode(b.Rules(nil), b.Header.Binary); err == nil {
		t.Error("a blob of 1.01 was written")
	}
}

func TestFaults101(t *testing.T) {
	build, err := sysmon.BuildNamed("6.20")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why   string
		at    int
		value uint32
		want  string
	}{
		{"no record", 4, 0, "BLOB-5@4"},
		{"too many records", 4, 3, "BLOB-40@4"},
		{"the first event is not behind the header", 8, 32, "BLOB-8@8"},
		{"the first event is behind the end", 8, 200, "BLOB-8@8"},
		{"another schema", 12, 5 << 16, "BLOB-7@12"},
		{"an event without a tag", 16, 4, "BLOB-12@16"},
		{"an event that the build does not know", 96, 22, "BLOB-12@96"},
		{"a default of 2", 20, 2, "BLOB-15@20"},
		{"the next event is the record itself", 24, 16, "BLOB-11@24"},
		{"the chain of events ends early", 24, 0, "BLOB-40@4 BLOB-41@92"},
		{"a filter more than there are", 28, 3, "BLOB-17@72"},
		{"a filter fewer", 28, 1, "BLOB-17@40"},
		{"the next filter is farther behind", 40, 72, "BLOB-20@40"},
		{"the next filter is the filter itself", 40, 32, "BLOB-20@40"},
		{"a field that the event lacks", 32, 16, "BLOB-30@32"},
		{"an operator that the build does not know", 36, 9, "BLOB-24@36"},
		{"no data", 44, 0, "BLOB-25@44"},
		{"an odd size", 44, 15, "BLOB-25@44"},
		{"a size behind the end", 44, 0xFFFF_FFFE, "BLOB-26@44"},
		{"a size that cuts the NUL", 124, 2, "BLOB-27@128 BLOB-41@130"},
		{"a NUL within the text", 52, 0, "BLOB-28@52"},
		{"a byte between records", 92, 1 << 16, "BLOB-42@92"},
	} {
		data := old()
		binary.LittleEndian.PutUint32(data[c.at:], c.value)
		b := parsed(t, data)
		var got []string
		for _, f := range append(b.Faults, b.For(build)...) {
			got = append(got, fmt.Sprintf("%v@%d", f.Requirement, f.Offset))
			if f.Effect != Unknown {
				t.Errorf("%s: %v claims that the driver %v; its reader was never published", c.why, f.Requirement, f.Effect)
			}
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s; want %s", c.why, text, c.want)
		}
	}
	for n := range len(old()) {
		if b := parsed(t, old()[:n]); Acceptable(b.Faults) {
			t.Errorf("a blob of %d bytes is acceptable", n)
		}
	}
}
