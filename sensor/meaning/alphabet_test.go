package meaning

import (
	"testing"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

func TestFoldsTo(t *testing.T) {
	for r := rune(0); r <= utf8.MaxRune; r++ {
		f := channelfile.Fold(r)
		if f != r && (r > lastFolded || f > lastFolded) {
			t.Errorf("%U folds to %U, beyond the last folded rune %U", r, f, lastFolded)
		}
	}
	for f, want := range map[rune]string{'k': "Kk\u212a", 'a': "Aa", 'A': "", '1': "1", 'σ': "Σςσ"} {
		if got := string(foldsTo(f)); got != want {
			t.Errorf("runes that fold to %q: %q, want %q", f, got, want)
		}
	}
}
