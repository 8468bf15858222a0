package yamltext

import (
	"io"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

var limits = Limits{Size: 1 << 16, Marks: 100, Depth: 4}

// TestFaults tests the texts that are refused, and their positions.
func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		why, text string
		at        Position
		found     string
	}{
		{"too large", strings.Repeat("a", 1<<16+1), Position{1, 1}, "file is larger than 65,536 bytes"},
		{"UTF-16", "\xff\xfea\x00", Position{1, 1}, "file is UTF-16"},
		{"not UTF-8", "a: b\nc: \xe9", Position{2, 4}, "byte 0xe9 (233) is not UTF-8"},
		{"a zero byte", "a: \x00", Position{1, 4}, "control character 0x00 (0)"},
		{"too many brackets", "a: " + strings.Repeat("[", 101), Position{1, 1}, "file has 101 commas and opening brackets; the limit is 100"},
	} {
		_, fault := New([]byte(tt.text), limits)
		if fault == nil || fault.Position != tt.at || fault.Found != tt.found || fault.Want == "" {
			t.Errorf("%s: %+v; want %q at %v, with advice", tt.why, fault, tt.found, tt.at)
		}
	}
}

// TestExplain tests the faults of texts that are not YAML.
func TestExplain(t *testing.T) {
	for _, tt := range []struct {
		why, text string
		at        Position
		want      string // advice
	}{
		{"nested too deep", "a: [[[[[b]]]]]", Position{1, 8}, "write it with fewer levels"},
		{"a quote that is not closed", "a: b\nc: \"d", Position{2, 4}, "close it; a quote inside is written twice"},
		{"indented with a tab", "a:\n\tb: c\n", Position{2, 1}, "YAML is indented with spaces"},
		{"a colon in a value", "é: b: c", Position{1, 6}, "put the value in single quotes if it has \": \" in it, and check that the line above is complete"},
	} {
		src, fault := New([]byte(tt.text), limits)
		if fault != nil {
			t.Fatal(fault)
		}
		loader, err := src.Loader()
		if err != nil {
			t.Fatal(err)
		}
		var doc yaml.Node
		if err = loader.Load(&doc); err == nil || err == io.EOF {
			t.Errorf("%s: read without an error", tt.why)
			continue
		}
		if f := src.Explain(err); f.Position != tt.at || !strings.HasSuffix(f.Want, tt.want) {
			t.Errorf("%s: %+v; want %q at %v", tt.why, f, tt.want, tt.at)
		}
	}
}

// TestOffsets compares Offset with a simple implementation.
func TestOffsets(t *testing.T) {
	text := strings.Repeat("a", 127) + "\n" + strings.Repeat("é", 128) + "\r\n\n" + strings.Repeat("€b", 300) + "\u2028" + strings.Repeat("c", 129)
	src, fault := New([]byte(text), limits)
	if fault != nil {
		t.Fatal(fault)
	}
	line, character := 1, 1
	for i, r := range text {
		if got := src.Offset(line, character); got != i {
			t.Fatalf("line %d, character %d is at offset %d; want %d", line, character, got, i)
		}
		if got := src.Index(src.At(i)); got != i {
			t.Fatalf("Index(%v) is %d; want %d", src.At(i), got, i)
		}
		if character++; r == '\n' || r == '\u2028' {
			line, character = line+1, 1
		}
	}
	for _, outside := range []struct{ line, character, want int }{{0, 5, 0}, {99, 1, len(text)}, {5, 999, len(text)}} {
		if got := src.Offset(outside.line, outside.character); got != outside.want {
			t.Errorf("line %d, character %d is at offset %d; want %d", outside.line, outside.character, got, outside.want)
		}
	}
}
