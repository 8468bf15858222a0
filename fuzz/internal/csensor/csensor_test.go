package csensor

import (
	"regexp"
	"strconv"
	"testing"
	"unicode"

	"github.com/cfcheck/cfcheck/channelfile"
)

// TestFoldTable compares the folding table of the sensor in C with that of the format, rune by
// rune.
func TestFoldTable(t *testing.T) {
	text, err := source.ReadFile("src/fold.h")
	if err != nil {
		t.Fatal(err)
	}
	folds := map[rune]rune{}
	rows := regexp.MustCompile(`(?m)^\t\{(0x[0-9A-F]+), (0x[0-9A-F]+), ([0-9]+), (-?[0-9]+)\},$`).FindAllSubmatch(text, -1)
	for _, row := range rows {
		var n [4]int64
		for i := range n {
			if n[i], err = strconv.ParseInt(string(row[i+1]), 0, 32); err != nil || n[2] < 0 {
				t.Fatalf("%s: %v", row[0], err)
			}
		}
		for r := n[0]; r <= n[1]; r += max(n[2], 1) {
			folds[rune(r)] = rune(r + n[3])
		}
	}
	if len(rows) < 100 {
		t.Fatalf("found %d rows in fold.h; want more", len(rows))
	}
	for r := range rune(unicode.MaxRune + 1) {
		got, ok := folds[r]
		if !ok {
			got = r
		}
		if want := channelfile.Fold(r); got != want {
			t.Errorf("U+%04X folds to U+%04X in C; want U+%04X", r, got, want)
		}
	}
}
