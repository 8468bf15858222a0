package blob

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sysmon"
)

// sampleRules has every kind of record: an element with a named and an unnamed group, two
// elements of one tag, one of them with the second event of the tag, and an element without
// filters.
func sampleRules() *sysmon.Rules {
	filter := func(field int, op sysmon.Operator, value, name string, group int) sysmon.Filter {
		return sysmon.Filter{Field: field, Op: op, Value: value, Name: name, Group: group}
	}
	return &sysmon.Rules{
		Schema: sysmon.Version{Major: 4, Minor: 90}, Binary: sysmon.Version{Major: 18},
		Elements: []sysmon.Element{
			{
				Event: 1, Include: true,
				Groups: []sysmon.Group{{Name: "shell", All: true, First: 1}, {First: 3}},
				Filters: []sysmon.Filter{
					filter(4, sysmon.Image, "cmd.exe", "", -1),
					filter(4, sysmon.EndWith, `\powershell.exe`, "shell", 0),
					filter(10, sysmon.ContainsAny, "-enc;-nop", "shell", 0),
					filter(20, sysmon.BeginWith, `%SystemRoot%\`, "other", 1),
					filter(12, sysmon.IsNot, "Zoë \U0001F600", "", -1),
				},
			},
			{
				Event: 12, Include: true, All: true,
				Filters: []sysmon.Filter{filter(6, sysmon.Contains, `\Run\`, "run", -1)},
			},
			{
				Event: 13, All: true,
				// The compiler tries event 12 first and counts the group there.
				Groups:  []sysmon.Group{{ID: 4, First: 0}},
				Filters: []sysmon.Filter{filter(6, sysmon.Contains, `\A\`, "", 0), filter(7, sysmon.Is, "", "", 0)},
			},
			{Event: 22},
		},
	}
}

func encoded(t testing.TB, r *sysmon.Rules) []byte {
	t.Helper()
	data, err := Encode(r, r.Binary)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func parsed(t testing.TB, data []byte) *Blob {
	t.Helper()
	b, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newestBuild(t testing.TB) *sysmon.Build {
	t.Helper()
	b, err := sysmon.BuildNamed("15.15")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// allFaults returns the faults of a blob and of it for a build, in reading order, as texts such as
// "BLOB-25@1234 LosesTheRest".
func allFaults(b *Blob, build *sysmon.Build) []string {
	var list []string
	for _, f := range append(slices.Clone(b.Faults), b.For(build)...) {
		list = append(list, fmt.Sprintf("%v@%d %s", f.Requirement, f.Offset, effectNames[f.Effect]))
	}
	return list
}

var effectNames = map[Effect]string{
	WritesOutside: "WritesOutside", ReadsOutside: "ReadsOutside", NullPointer: "NullPointer", NeverEnds: "NeverEnds", Refused: "Refused",
	LosesTheRest: "LosesTheRest", NeverMatches: "NeverMatches", Misread: "Misread", NoEffect: "NoEffect", Unknown: "Unknown",
}

// TestFaults makes one change of the sample for each fault, and names all faults that follow.
func TestFaults(t *testing.T) {
	clean := encoded(t, sampleRules())
	b := parsed(t, clean)
	if faults := allFaults(b, newestBuild(t)); len(faults) > 0 {
		t.Fatalf("the sample has faults: %s", strings.Join(faults, ", "))
	}
	size := len(clean)
	e, f, a := b.Events, b.Filters, b.Aggregations
	if len(e) != 4 || len(f) != 8 || len(a) != 3 {
		t.Fatalf("the sample has %d events, %d filters and %d aggregations", len(e), len(f), len(a))
	}
	last := f[7]
	word := func(at int, value uint32) func([]byte) []byte {
		return func(b []byte) []byte {
			binary.LittleEndian.PutUint32(b[at:], value)
			return b
		}
	}
	bytesAt := func(at int, value ...byte) func([]byte) []byte {
		return func(b []byte) []byte { copy(b[at:], value); return b }
	}
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:n] } }
	all := func(changes ...func([]byte) []byte) func([]byte) []byte {
		return func(b []byte) []byte {
			for _, c := range changes {
				b = c(b)
			}
			return b
		}
	}
	at := fmt.Sprintf
	data := func(i int) int { return f[i].Offset + filterSize }
	for _, c := range []struct {
		why    string
		change func([]byte) []byte
		want   string // with names of offsets: the format has an argument for each
	}{
		// Header.
		{"empty", cut(0), "BLOB-1@0 Refused"},
		{"no version", cut(3), "BLOB-1@3 Refused"},
		{"below the size that the driver checks", cut(7), "BLOB-1@7 Refused"},
		{"the driver reads the header all the same", cut(8), "BLOB-1@8 ReadsOutside"},
		{"the last word that the driver reads is cut", cut(19), "BLOB-1@19 ReadsOutside"},
		{"the driver reads no further", cut(20), "BLOB-1@20 LosesTheRest"},
		{"a byte short", cut(23), "BLOB-1@23 LosesTheRest"},
		{"a layout between 1.01 and 15", word(0, 14<<16|10), "BLOB-2@0 Unknown"},
		{"a layout after 18", word(0, 19<<16), "BLOB-2@0 Unknown"},
		{"another minor number of 1", word(0, 1<<16|2), "BLOB-2@0 Unknown"},
		{"a version of the same layout, which the build does not read", word(0, 17<<16), "BLOB-3@0 Refused"},
		{"a minor version, which the driver does not compare", word(0, 18<<16|99), "BLOB-4@0 NoEffect"},
		{"no record counted", word(4, 0), "BLOB-5@4 Refused"},
		{"too many records counted", word(4, 99), "BLOB-40@4 NoEffect"},
		{"a record too few counted", word(4, 3), "BLOB-40@4 NoEffect"},
		{"another header size", word(8, 16), "BLOB-6@8 NoEffect"},
		{"a schema of another major number", word(12, 3<<16|40), "BLOB-7@12 NoEffect"},
		{"a schema with three decimals", word(12, 4<<16|100), "BLOB-7@12 NoEffect"},
		{"the first event is the header", word(16, 0), "BLOB-8@16 Refused,BLOB-9@20 NoEffect,BLOB-40@4 NoEffect"},
		{"the first event is behind the end", word(16, uint32(size)), "BLOB-8@16 LosesTheRest,BLOB-9@20 NoEffect,BLOB-40@4 NoEffect"},
		{"the first event is the last byte", word(16, uint32(size-1)), "BLOB-8@16 ReadsOutside,BLOB-9@20 NoEffect,BLOB-40@4 NoEffect"},
		{"the first event is the second record", word(16, uint32(e[1].Offset)), at("BLOB-8@16 Misread,BLOB-9@20 NoEffect,BLOB-40@4 NoEffect,BLOB-32@%d NoEffect", a[2].Offset+264)},
		{"the first event lies in the header", word(16, 8), "BLOB-8@16 Refused,BLOB-9@20 NoEffect,BLOB-40@4 NoEffect"},
		{"no first aggregation", word(20, 0), "BLOB-9@20 NoEffect"},
		{"the second aggregation", word(20, uint32(a[1].Offset)), "BLOB-9@20 NoEffect"},

		// Event records.
		{"the next event is behind the end", word(e[2].Offset+12, uint32(size)), at("BLOB-11@%d LosesTheRest,BLOB-40@4 NoEffect", e[2].Offset+12)},
		{"the next event is far behind the end", word(e[2].Offset+12, 0xFFFF_FFF0), at("BLOB-11@%d LosesTheRest,BLOB-40@4 NoEffect", e[2].Offset+12)},
		{"the next event is the last byte", word(e[2].Offset+12, uint32(size-1)), at("BLOB-11@%d ReadsOutside,BLOB-40@4 NoEffect", e[2].Offset+12)},
		{"the next event is the record itself", word(e[2].Offset+12, uint32(e[2].Offset)), at("BLOB-11@%d Refused,BLOB-40@4 NoEffect", e[2].Offset+12)},
		{"the next event is the first one", word(e[3].Offset+12, uint32(e[0].Offset)), at("BLOB-11@%d Refused", e[3].Offset+12)},
		{"the same with an ID that the driver does not count", all(word(e[3].Offset+12, uint32(e[3].Offset)), word(e[3].Offset, 1<<31|22)), at("BLOB-11@%d NeverEnds,BLOB-12@%d LosesTheRest", e[3].Offset+12, e[3].Offset)},
		{"the next event is a filter, whose field is 4", word(e[3].Offset+12, uint32(f[0].Offset)), at("BLOB-11@%d NullPointer", e[3].Offset+12)},
		{"the chain of events ends early", word(e[2].Offset+12, 0), at("BLOB-40@4 NoEffect,BLOB-41@%d LosesTheRest", e[3].Offset)},
		{"an event is passed over", word(e[0].Offset+12, uint32(e[2].Offset)), at("BLOB-11@%d LosesTheRest,BLOB-40@4 NoEffect", e[1].Offset)},
		{"the last event, which has no filter, is cut", cut(size - 4), at("BLOB-10@%d NoEffect,BLOB-40@4 NoEffect", e[3].Offset)},
		{"the last event is cut before that shows", cut(size - 5), at("BLOB-10@%d ReadsOutside,BLOB-40@4 NoEffect", e[3].Offset)},
		{"the last event is cut off", cut(size - 24), at("BLOB-11@%d LosesTheRest,BLOB-40@4 NoEffect", e[2].Offset+12)},
		{"the event of errors", word(e[3].Offset, 255), at("BLOB-12@%d LosesTheRest", e[3].Offset)},
		{"an event without a tag", word(e[3].Offset, 16), at("BLOB-12@%d NullPointer", e[3].Offset)},
		{"event 0", word(e[3].Offset, 0), at("BLOB-12@%d NullPointer", e[3].Offset)},
		{"an event that the build does not know", word(e[3].Offset, 30), at("BLOB-12@%d Refused", e[3].Offset)},
		{"an internal event", word(e[3].Offset, 61442), at("BLOB-12@%d Refused", e[3].Offset)},
		{"the highest ID", word(e[3].Offset, 29), ""},
		{"an ID with the highest bit", word(e[3].Offset, 1<<31|22), at("BLOB-12@%d LosesTheRest", e[3].Offset)},
		{"the third event of a tag, whose fields the first has", word(e[1].Offset, 14), at("BLOB-13@%d NoEffect", e[1].Offset)},
		{"an event of a later tag", word(e[0].Offset, 22), at("BLOB-14@%d NoEffect,BLOB-14@%d NoEffect,BLOB-30@%d NeverMatches,BLOB-30@%d NeverMatches,BLOB-30@%d NeverMatches", e[1].Offset, e[2].Offset, f[2].Offset, f[3].Offset, f[4].Offset)},
		{"a default of 2", word(e[3].Offset+4, 2), at("BLOB-15@%d Refused", e[3].Offset+4)},
		{"a default of 1", word(e[3].Offset+4, 1), ""},
		{"a combination of 2", word(e[1].Offset+8, 2), at("BLOB-16@%d NeverMatches", e[1].Offset+8)},
		{"a combination of 0", word(e[1].Offset+8, 0), ""},
		{"no filter counted", word(e[1].Offset+16, 0), at("BLOB-17@%d LosesTheRest", e[1].Offset+16)},
		{"too many filters counted", word(e[1].Offset+16, 99), at("BLOB-17@%d NoEffect", e[1].Offset+16)},
		{"a filter too few counted", word(e[0].Offset+16, 4), at("BLOB-17@%d NoEffect", e[0].Offset+16)},
		{"no first filter", word(e[1].Offset+20, 0), at("BLOB-17@%d LosesTheRest,BLOB-11@%d LosesTheRest", e[1].Offset+20, f[5].Offset)},
		{"a filter counted where there is not one", word(e[3].Offset+16, 1), at("BLOB-17@%d LosesTheRest", e[3].Offset+20)},

		// Filters.
		{"the first filter is the event", word(e[0].Offset+20, uint32(e[0].Offset)), at("BLOB-20@%d LosesTheRest,BLOB-17@%d NoEffect,BLOB-9@20 NoEffect,BLOB-32@%d NoEffect", e[0].Offset+20, e[0].Offset+16, a[2].Offset+264)},
		{"the first filter is behind the end", word(e[1].Offset+20, uint32(size)), at("BLOB-20@%d LosesTheRest,BLOB-17@%d NoEffect", e[1].Offset+20, e[1].Offset+16)},
		{"the first filter is the last byte", word(e[1].Offset+20, uint32(size-1)), at("BLOB-20@%d ReadsOutside,BLOB-17@%d NoEffect", e[1].Offset+20, e[1].Offset+16)},
		{"the next filter is the filter itself", word(f[5].Offset+520, uint32(f[5].Offset)), at("BLOB-20@%d NeverEnds", f[5].Offset+520)},
		{"the next filter is the one before", word(f[4].Offset+520, uint32(f[2].Offset)), at("BLOB-20@%d NeverEnds", f[4].Offset+520)},
		{"the next event is a filter, whose field is 10", word(e[3].Offset+12, uint32(f[2].Offset)), at("BLOB-11@%d Refused", e[3].Offset+12)},
		{"the next filter is one of another event", word(f[5].Offset+520, uint32(f[0].Offset)), at("BLOB-20@%d Misread", f[5].Offset+520)},
		{"the next filter lies in the filter", word(f[5].Offset+520, uint32(f[5].Offset+8)), at("BLOB-20@%d LosesTheRest", f[5].Offset+520)},
		{"the next filter is behind the end", word(f[5].Offset+520, uint32(size+8)), at("BLOB-20@%d LosesTheRest", f[5].Offset+520)},
		{"the next filter is the last bytes", word(f[5].Offset+520, uint32(size-8)), at("BLOB-20@%d ReadsOutside", f[5].Offset+520)},
		{"the chain of filters ends early", word(f[3].Offset+520, 0), at("BLOB-17@%d NoEffect,BLOB-11@%d LosesTheRest", e[0].Offset+16, f[4].Offset)},
		{"the last filter is cut in its head", all(cut(last.Offset+100), word(e[2].Offset+12, 0), word(4, 3)), at("BLOB-19@%d ReadsOutside,BLOB-17@%d NoEffect,BLOB-35@%d NoEffect,BLOB-13@%d NoEffect,BLOB-32@%d NoEffect", last.Offset, e[2].Offset+16, a[2].Offset+276, e[2].Offset, a[2].Offset+264)},
		{"the last filter is cut in its data", all(cut(data(7)+1), word(e[2].Offset+12, 0), word(4, 3)), at("BLOB-26@%d WritesOutside", last.Offset+524)},
		{"the padding of the last filter is cut", all(cut(data(7)+2), word(e[2].Offset+12, 0), word(4, 3)), at("BLOB-43@%d NoEffect", data(7)+2)},
		{"a name without NUL", bytesAt(f[0].Offset+4, []byte(strings.Repeat("N\x00", 256))...), at("BLOB-21@%d Misread", f[0].Offset+4)},
		{"a name of 255 units", bytesAt(f[0].Offset+4, []byte(strings.Repeat("N\x00", 255))...), ""},
		{"a name of 255 units and 256 bytes", bytesAt(f[0].Offset+4, []byte("\xE9\x00"+strings.Repeat("N\x00", 254))...), at("BLOB-23@%d NoEffect", f[0].Offset+4)},
		{"a byte behind the name", bytesAt(f[1].Offset+4+510, 1), at("BLOB-22@%d NoEffect", f[1].Offset+4+10)},
		{"a byte behind no name", bytesAt(f[0].Offset+4+2, 1), at("BLOB-22@%d NoEffect", f[0].Offset+4)},
		{"a name with half a pair", bytesAt(f[1].Offset+4, 0, 0xD8), at("BLOB-23@%d NoEffect", f[1].Offset+4)},
		{"a name with a control character", bytesAt(f[1].Offset+6, 1, 0), at("BLOB-23@%d NoEffect", f[1].Offset+6)},
		{"operator 16", word(f[0].Offset+516, 16), at("BLOB-24@%d LosesTheRest", f[0].Offset+516)},
		{"operator 15", word(f[0].Offset+516, 15), ""},
		{"an operator with a bit that is ignored", word(f[0].Offset+516, 1<<16|13), at("BLOB-24@%d NoEffect", f[0].Offset+516)},
		{"an operator with the bit of a variable", word(f[0].Offset+516, 1<<30|13), at("BLOB-24@%d Misread", f[0].Offset+516)},
		{"no data", word(f[6].Offset+524, 0), at("BLOB-25@%d LosesTheRest", f[6].Offset+524)},
		{"an odd size", word(f[6].Offset+524, 7), at("BLOB-25@%d LosesTheRest", f[6].Offset+524)},
		{"the NUL is not part of the data", word(f[6].Offset+524, 6), at("BLOB-27@%d LosesTheRest,BLOB-20@%d LosesTheRest", data(6)+4, f[7].Offset-8)},
		{"two bytes too many", word(f[6].Offset+524, 10), at("BLOB-28@%d Misread", data(6)+6)},
		{"data up to the end", word(last.Offset+524, uint32(size-data(7))), at("BLOB-28@%d Misread,BLOB-11@%d Misread,BLOB-40@4 NoEffect", data(7), e[2].Offset+12)},
		{"data beyond the end", word(last.Offset+524, uint32(size-data(7)+2)), at("BLOB-26@%d WritesOutside", last.Offset+524)},
		{"as far beyond the end as the driver permits", word(last.Offset+524, uint32(size-last.Offset-2)), at("BLOB-26@%d WritesOutside", last.Offset+524)},
		{"farther", word(last.Offset+524, uint32(size-last.Offset)), at("BLOB-26@%d LosesTheRest", last.Offset+524)},
		{"as far as it can be", word(last.Offset+524, 0xFFFF_FFFE), at("BLOB-26@%d LosesTheRest", last.Offset+524)},
		{"the last unit is not NUL", bytesAt(data(6)+6, 'x'), at("BLOB-27@%d LosesTheRest", data(6)+6)},
		{"a NUL within", bytesAt(data(6)+2, 0, 0), at("BLOB-28@%d Misread", data(6)+2)},
		{"half a pair", bytesAt(data(6)+2, 0, 0xDC), at("BLOB-29@%d NoEffect", data(6)+2)},
		{"a control character", bytesAt(data(6)+2, 0x1F, 0), at("BLOB-29@%d NoEffect", data(6)+2)},
		{"a tab", bytesAt(data(6)+2, '\t', 0), ""},
		{"a character that is not one", bytesAt(data(6)+2, 0xFE, 0xFF), at("BLOB-29@%d NoEffect", data(6)+2)},
		{"a field that the event lacks", word(f[0].Offset, 23), at("BLOB-30@%d NeverMatches", f[0].Offset)},
		{"the last field", word(f[0].Offset, 22), ""},
		{"a negative field", word(f[0].Offset, 0xFFFF_FFFF), at("BLOB-30@%d NeverMatches", f[0].Offset)},
		{"a field that the first event of the tag has too", word(f[7].Offset, 6), at("BLOB-13@%d NoEffect,BLOB-32@%d NoEffect", e[2].Offset, a[2].Offset+264)},

		// Aggregations.
		{"the offset of an aggregation without its ID", word(f[2].Offset+528, 0), at("BLOB-31@%d Misread,BLOB-35@%d NoEffect", f[2].Offset+528, a[0].Offset+276)},
		{"the same outside of a group", all(word(f[0].Offset+532, uint32(a[0].Offset))), at("BLOB-31@%d NoEffect", f[0].Offset+528)},
		{"the ID of an aggregation without its offset", word(f[1].Offset+532, 0), at("BLOB-31@%d LosesTheRest,BLOB-31@%d Misread,BLOB-20@%d LosesTheRest,BLOB-9@20 NoEffect,BLOB-32@%d NoEffect", f[1].Offset+532, f[2].Offset+532, a[0].Offset, a[1].Offset+264)},
		{"the same behind the first filter, where the driver has the offset", word(f[2].Offset+532, 0), at("BLOB-31@%d Misread,BLOB-35@%d NoEffect", f[2].Offset+532, a[0].Offset+276)},
		{"an aggregation behind the end", word(f[3].Offset+532, uint32(size+64)), at("BLOB-31@%d ReadsOutside,BLOB-20@%d LosesTheRest,BLOB-37@%d NoEffect,BLOB-32@%d NoEffect", f[3].Offset+532, a[1].Offset, a[0].Offset+272, a[2].Offset+264)},
		{"an aggregation that is cut before its ID", word(f[3].Offset+532, uint32(size-264)), at("BLOB-31@%d ReadsOutside,BLOB-20@%d LosesTheRest,BLOB-37@%d NoEffect,BLOB-32@%d NoEffect", f[3].Offset+532, a[1].Offset, a[0].Offset+272, a[2].Offset+264)},
		{"an aggregation that is cut, with another ID", word(f[3].Offset+532, uint32(size-291)), at("BLOB-31@%d LosesTheRest,BLOB-20@%d LosesTheRest,BLOB-37@%d NoEffect,BLOB-32@%d NoEffect", f[3].Offset+532, a[1].Offset, a[0].Offset+272, a[2].Offset+264)},
		{"another ID than the aggregation", word(f[2].Offset+528, 7), at("BLOB-31@%d LosesTheRest,BLOB-35@%d NoEffect", f[2].Offset+532, a[0].Offset+276)},
		{"a filter of the next group in a group", all(word(f[2].Offset+528, 2), word(f[2].Offset+532, uint32(a[1].Offset))), at("BLOB-31@%d Misread,BLOB-35@%d NoEffect", f[2].Offset+532, a[0].Offset+276)},
		{"a filter of no group in a group", all(word(f[2].Offset+528, 0), word(f[2].Offset+532, 0)), at("BLOB-35@%d NoEffect", a[0].Offset+276)},
		{"another ID than the filters", word(a[1].Offset+264, 3), at("BLOB-31@%d LosesTheRest,BLOB-32@%d NoEffect,BLOB-32@%d NoEffect", f[3].Offset+528, a[1].Offset+264, a[2].Offset+264)},
		{"the ID of the group before", all(word(a[1].Offset+264, 1), word(f[3].Offset+528, 1)), at("BLOB-32@%d Misread,BLOB-32@%d NoEffect,BLOB-32@%d NoEffect", a[1].Offset+264, a[1].Offset+264, a[2].Offset+264)},
		{"an ID that the compiler does not get to", all(word(a[2].Offset+264, 9), word(f[6].Offset+528, 9), word(f[7].Offset+528, 9)), at("BLOB-32@%d NoEffect", a[2].Offset+264)},
		{"the ID without the attempt that failed", all(word(a[2].Offset+264, 3), word(f[6].Offset+528, 3), word(f[7].Offset+528, 3)), at("BLOB-32@%d NoEffect", a[2].Offset+264)},
		{"the first group has ID 2", all(word(a[0].Offset+264, 2), word(f[1].Offset+528, 2), word(f[2].Offset+528, 2)), at("BLOB-9@20 NoEffect,BLOB-32@%d NoEffect,BLOB-32@%d Misread,BLOB-32@%d NoEffect", a[0].Offset+264, a[1].Offset+264, a[1].Offset+264)},
		{"the name of a group without NUL", bytesAt(a[0].Offset, []byte(strings.Repeat("N\x00", 128))...), at("BLOB-33@%d Misread", a[0].Offset)},
		{"a byte behind the name of a group", bytesAt(a[0].Offset+255, 1), at("BLOB-33@%d NoEffect", a[0].Offset+10)},
		{"a control character in the name of a group", bytesAt(a[0].Offset, 2), at("BLOB-33@%d NoEffect", a[0].Offset)},
		{"another first filter of a group", word(a[0].Offset+268, uint32(f[0].Offset)), at("BLOB-34@%d NoEffect", a[0].Offset+268)},
		{"another number of filters of a group", word(a[0].Offset+276, 99), at("BLOB-35@%d NoEffect", a[0].Offset+276)},
		{"a combination of a group of 2", word(a[0].Offset+280, 2), at("BLOB-36@%d NeverMatches", a[0].Offset+280)},
		{"the next group is the group itself", word(a[0].Offset+272, uint32(a[0].Offset)), at("BLOB-37@%d NoEffect", a[0].Offset+272)},
		{"a group behind the last", word(a[2].Offset+272, uint32(size)), at("BLOB-37@%d NoEffect", a[2].Offset+272)},
		{"a message ID", word(a[0].Offset+256, 1), at("BLOB-38@%d Misread", a[0].Offset+256)},
		{"a high message ID", word(a[0].Offset+260, 1), at("BLOB-38@%d Misread", a[0].Offset+260)},
		{"a work counter", word(a[0].Offset+284, 1), at("BLOB-38@%d Misread", a[0].Offset+284)},
		{"the other work counter", word(a[0].Offset+288, 1), at("BLOB-38@%d Misread", a[0].Offset+288)},

		// The whole.
		{"eight bytes more", func(b []byte) []byte { return append(b, make([]byte, 8)...) }, at("BLOB-41@%d LosesTheRest", size)},
		{"a byte more", func(b []byte) []byte { return append(b, 0) }, at("BLOB-41@%d LosesTheRest", size)},
		{"padding of a filter", bytesAt(e[1].Offset-1, 1), at("BLOB-42@%d NoEffect", e[1].Offset-2)},
		{"padding of a group", bytesAt(f[1].Offset-1, 1), at("BLOB-42@%d NoEffect", f[1].Offset-4)},
	} {
		check(t, c.why, clean, c.change, c.want)
	}
}

func check(t *testing.T, why string, clean []byte, change func([]byte) []byte, want string) {
	t.Helper()
	b := parsed(t, change(slices.Clone(clean)))
	got := allFaults(b, newestBuild(t))
	wanted := strings.Split(want, ",")
	if want == "" {
		wanted = nil
	}
	slices.Sort(got)
	slices.Sort(wanted)
	if !slices.Equal(got, wanted) {
		t.Errorf("%s: %s; want %s", why, strings.Join(got, ","), want)
	}
}
