package blob

import (
	"bytes"
	"testing"

	"github.com/cfcheck/cfcheck/sysmon"
)

// FuzzParse shows that any bytes give a blob whose records and faults lie in them. A blob without
// faults is the one that Encode makes of its rules, but for the gaps.
func FuzzParse(f *testing.F) {
	f.Add(encoded(f, sampleRules()))
	small := &sysmon.Rules{Schema: sysmon.Version{Major: 4, Minor: 50}, Binary: sysmon.Version{Major: 15}}
	for event := range uint32(26) {
		small.Elements = []sysmon.Element{{Event: event, Include: true}}
		f.Add(encoded(f, small))
	}
	f.Add(old())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		s := SchemaOf(b.Header.Binary)
		if b.Layout == sysmon.LayoutUnknown {
			if Acceptable(b.Faults) {
				t.Fatal("a blob of an unknown layout is acceptable")
			}
			s = sysmon.Schemas()[0]
		}
		faults := append(b.Faults[:len(b.Faults):len(b.Faults)], b.Against(s)...)
		for _, f := range faults {
			if f.Offset < 0 || f.Length < 0 || f.Offset+f.Length > len(data) || f.Found == "" || f.Want == "" || f.Effect == 0 {
				t.Fatalf("fault %+v of %d bytes", f, len(data))
			}
		}
		for _, g := range b.Gaps {
			if g.Length < 1 || g.Length > alignment || g.Offset+g.Length > len(data) {
				t.Fatalf("gap %+v", g)
			}
		}
		r := b.Rules(s)
		if len(r.Elements) != len(b.Events) {
			t.Fatalf("%d elements of %d event records", len(r.Elements), len(b.Events))
		}
		if b.Layout != sysmon.Layout15 || !Acceptable(faults) {
			return
		}
		again, err := Encode(r, b.Header.Binary)
		if err != nil {
			t.Fatalf("the rules of an acceptable blob cannot be written: %v", err)
		}
		want := bytes.Clone(data)
		for _, g := range b.Gaps {
			clear(want[g.Offset : g.Offset+g.Length])
		}
		if missing := len(again) - len(want); 0 < missing && missing <= alignment {
			want = append(want, make([]byte, missing)...) // the padding of the last record
		}
		if !bytes.Equal(again, want) {
			t.Fatalf("the rules of an acceptable blob of %d bytes give another blob of %d", len(want), len(again))
		}
	})
}
