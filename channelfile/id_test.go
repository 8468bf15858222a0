package channelfile

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseID(t *testing.T) {
	const text = "01234567-89ab-cdef-0123-456789abcdef"
	want := ID{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}
	for _, tt := range []struct {
		name, why, in string
		ok            bool
	}{
		{"lower case", "the form of String", text, true},
		{"upper case", "Sigma rules have it", strings.ToUpper(text), true},
		{"empty", "is no ID", "", false},
		{"without dashes", "one form is enough", strings.ReplaceAll(text, "-", ""), false},
		{"braces", "one form is enough", "{" + text + "}", false},
		{"space before", "nothing is trimmed", " " + text, false},
		{"a letter that is no digit", "g is none", "g" + text[1:], false},
		{"a dash for a digit", "dashes stand at their places only", "-" + text[1:], false},
		{"a digit for a dash", "dashes stand at their places", text[:8] + "0" + text[9:], false},
		{"not ASCII", "bytes count, not runes", "é" + text[2:], false},
		{"long", "nothing may follow", text + "0", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseID(tt.in)
			if (err == nil) != tt.ok {
				t.Fatalf("ParseID(%q): %v, want ok %v: %s", tt.in, err, tt.ok, tt.why)
			}
			if tt.ok && got != want {
				t.Errorf("ParseID(%q) is %v", tt.in, got)
			}
			if !tt.ok && got != (ID{}) {
				t.Errorf("ParseID(%q) is %v with an error", tt.in, got)
			}
		})
	}
}

func TestIDText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		got, err := ParseID(id.String())
		if err != nil || got != id {
			t.Errorf("%v is read as %v, %v", id, got, err)
		}
	})
}
