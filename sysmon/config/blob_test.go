package config

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// blobOf compiles a configuration.
func blobOf(t *testing.T, build, text string) ([]byte, error) {
	t.Helper()
	c, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c.Load(buildOf(t, build)).Blob()
}

// wordsAt reads words at offsets of a blob.
func wordsAt(b []byte, at ...int) []uint32 {
	var list []uint32
	for _, i := range at {
		list = append(list, binary.LittleEndian.Uint32(b[i:]))
	}
	return list
}

func equalWords(a, b []uint32) bool {
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// TestBlobLayout checks each word of a small blob. The real pairs do not have every one.
func TestBlobLayout(t *testing.T) {
	b, err := blobOf(t, "15.15", in("4.50", `<RuleGroup groupRelation="or" name="g"><ProcessCreate onmatch="exclude"><Rule name="`+strings.Repeat("n", 130)+`" groupRelation="and"><Image condition="end with">é😀</Image><User>b</User></Rule><Rule> </Rule><CommandLine name="own"></CommandLine></ProcessCreate></RuleGroup><FileCreate onmatch="include"/>`))
	if err != nil {
		t.Fatal(err)
	}
	// Header and event; the Rule at 48, its filters at 344 and 896; the empty Rule at 1440; the
	// filter at 1736; the second event at 2280.
	for _, row := range []struct {
		reason string
		at     int
		want   []uint32
	}{
		{"header: version, events, size, schema, first event, first Rule", 0, []uint32{18 << 16, 2, 24, 4<<16 | 50, 24, 48}},
		{"event: id, exclude, or, next, filters, first", 24, []uint32{1, 0, 0, 2280, 3, 344}},
		{"Rule: id, first filter, next Rule, filters, and", 48 + 264, []uint32{1, 344, 1440, 2, 1, 0, 0}},
		{"the gap behind a Rule is zero", 340, []uint32{0, 4}},
		{"filter: operator, next, bytes, id, Rule, data", 344 + 516, []uint32{10, 896, 8, 1, 48, 0xD83D_00E9, 0xDE00}},
		{"second filter: field", 896, []uint32{12, 'n' | 'n'<<16}},
		{"second filter", 896 + 516, []uint32{0, 1736, 4, 1, 48, 'b'}},
		{"empty Rule", 1440 + 264, []uint32{2, 0, 0, 0, 0}},
		{"own name", 1736 + 4, []uint32{'o' | 'w'<<16, 'n'}},
		{"third filter has an empty value and no Rule", 1736 + 516, []uint32{0, 0, 2, 0, 0, 0}},
		{"second event", 2280, []uint32{11, 1, 1, 0, 0, 0}},
	} {
		for i, want := range row.want {
			if got := wordsAt(b, row.at+4*i)[0]; got != want {
				t.Errorf("%s: word %d is %#x, want %#x", row.reason, i, got, want)
			}
		}
	}
	if len(b) != 2304 {
		t.Errorf("%d bytes", len(b))
	}
	if got := wordsAt(b, 48+2*126, 48+2*127); got[0] != 'n' || got[1] != 0 {
		t.Errorf("the name of a Rule is not cut at 127 units: %x", got)
	}
	if got := wordsAt(b, 348+2*128, 348+2*130); got[0] != 'n'|'n'<<16 || got[1] != 0 {
		t.Errorf("the name of a filter is cut: %x", got)
	}
}

// TestBlobUndo follows the loader where it takes an event back.
func TestBlobUndo(t *testing.T) {
	registry := `<RegistryEvent onmatch="include"><Rule><TargetObject>a</TargetObject></Rule><Rule><Details>b</Details></Rule></RegistryEvent>`
	b, err := blobOf(t, "15.15", in("4.50", registry))
	if err != nil {
		t.Fatal(err)
	}
	// Without an event before it, the memory is freed and the header written again, but the
	// place of the last Rule is kept: so no Rule is the first one of the header.
	if got := wordsAt(b, 4, 20, 24, 48+264, 48+272); !equalWords(got, []uint32{1, 0, 13, 3, 888}) {
		t.Errorf("freed: %d", got)
	}
	b, err = blobOf(t, "15.15", in("4.50", `<ProcessCreate onmatch="include"/>`+registry))
	if err != nil {
		t.Fatal(err)
	}
	// With an event before it the header keeps the place, where the same Rule is written again.
	if got := wordsAt(b, 4, 20, 24+12, 48, 72+264, 72+272); !equalWords(got, []uint32{2, 72, 48, 13, 3, 912}) {
		t.Errorf("undone: %d", got)
	}

	// An element that no event fits is gone, but the pointers to it stay. The next Rule
	// writes its own place into what stands there now.
	lost := func(n int) string {
		return `<RegistryEvent onmatch="include">` + strings.Repeat(`<Rule><TargetObject>a</TargetObject></Rule>`, n) + `<NewName/><Details/></RegistryEvent>`
	}
	b, err = blobOf(t, "15.15", in("4.50", `<ProcessCreate onmatch="include"/>`+lost(1)+`<PipeEvent onmatch="include"><Image>`+strings.Repeat("x", 200)+`</Image><Rule><Image>a</Image></Rule></PipeEvent>`))
	if err != nil {
		t.Fatal(err)
	}
	// The lost Rule was at 72. The event of pipes is at 48 now, its filter at 72.
	if got := wordsAt(b, 4, 20, 36, 48, 72+272); !equalWords(got, []uint32{2, 72, 48, 17, 1016}) {
		t.Errorf("lost: %d", got)
	}
	// Bytes of a lost filter stay in a gap: the text of 300 units reaches over the filter that
	// is written instead, which ends at 72 + 537 + 4 = 613.
	b, err = blobOf(t, "15.15", in("4.50", `<ProcessCreate onmatch="include"/><RegistryEvent onmatch="include"><TargetObject>`+strings.Repeat("x", 300)+`</TargetObject><NewName/><Details/></RegistryEvent><PipeEvent onmatch="include"><Image>a</Image></PipeEvent>`))
	if err != nil {
		t.Fatal(err)
	}
	if got := wordsAt(b, 612); len(b) != 616 || !equalWords(got, []uint32{0x00780000}) {
		t.Errorf("gap: %x in %d bytes", got, len(b))
	}
}

// TestDamage has configurations of which the loader writes a link over other data.
func TestDamage(t *testing.T) {
	rules := func(n int, last string) string {
		return `<RegistryEvent onmatch="include">` + strings.Repeat(`<Rule><TargetObject>a</TargetObject></Rule>`, n) + `<Rule>` + last + `</Rule></RegistryEvent>`
	}
	after := `<PipeEvent onmatch="include"><Rule><Image>a</Image></Rule></PipeEvent>`
	for _, row := range []struct {
		reason, elements string
		want             bool
	}{
		{"no event is undone", rules(9, "<TargetObject>a</TargetObject>"), false},
		{"the link is at the place of a Rule that is written again", rules(2, "<Details>a</Details>"), false},
		{"it is behind the memory, which was freed", rules(9, "<Details>a</Details>"), true},
		{"with an element before it the memory is kept", `<ProcessCreate onmatch="include"/>` + rules(9, "<Details>a</Details>"), false},
		{"the Rule with the field is the first", strings.Replace(rules(9, "<Image>a</Image>"), "<Rule>", "<Rule><Details>b</Details>", 1), false},
		{"the element is dropped, and its place taken", `<ProcessCreate onmatch="include"/>` + rules(0, "<NewName/><Details/>") + `<PipeEvent onmatch="include"><Image>a</Image><Rule><Image>a</Image></Rule></PipeEvent>`, true},
		{"its place is not taken yet", `<ProcessCreate onmatch="include"/>` + rules(0, "<NewName/><Details/>") + after, false},
		{"without a Rule in it", `<ProcessCreate onmatch="include"/><RegistryEvent onmatch="include"><NewName/><Details/></RegistryEvent>` + after, false},
	} {
		c, err := Parse([]byte(in("4.50", row.elements)))
		if err != nil {
			t.Fatal(err)
		}
		l := c.Load(buildOf(t, "15.15"))
		got := slices.ContainsFunc(l.Problems, func(p Problem) bool { return p.Reason == DamagedBlob })
		if got != row.want || l.Sure == row.want {
			t.Errorf("%s: damaged %v, sure %v", row.reason, got, l.Sure)
		}
		if _, err := l.Blob(); err != nil {
			t.Errorf("%s: %v", row.reason, err)
		}
	}
}

func TestBlobErrors(t *testing.T) {
	for _, row := range []struct{ reason, build, text, want string }{
		{"refused", "15.15", in("4.90", "<A/>"), "build 15.15 refuses the configuration: unknown element <A>"},
		{"the layout before names", "7.0", in("4.0", ""), "build 7.0: no rule blob of binary version 1.01 can be written"},
		{"an unknown layout", "10.42", in("4.0", ""), "no rule blob of binary version 9.20 can be written"},
		{"17 or 18", "14.1", in("4.0", ""), "its binary version is not known"},
	} {
		_, err := blobOf(t, row.build, row.text)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %s", row.reason, err, row.want)
		}
	}
	if b, err := blobOf(t, "15.15", in("4.90", "")); b != nil || err != nil {
		t.Errorf("without rules: %d bytes, %v", len(b), err)
	}
}
