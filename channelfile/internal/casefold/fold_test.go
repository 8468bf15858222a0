package casefold

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// The appendix of FORMAT.md is what a stranger implements.
func TestFoldTableIsTheAppendix(t *testing.T) {
	text, err := os.ReadFile("../../FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, appendix, ok := strings.Cut(string(text), "\n## Appendix: case folding\n")
	if !ok {
		t.Fatal("FORMAT.md has no appendix on case folding")
	}
	_, block, _ := strings.Cut(appendix, "\n```\n")
	block, _, ok = strings.Cut(block, "```")
	if !ok {
		t.Fatal("the appendix has no block of code")
	}
	var got []Range
	for lines := bufio.NewScanner(strings.NewReader(block)); lines.Scan(); {
		var r Range
		if _, err := fmt.Sscanf(lines.Text(), "%x %x %d %d", &r.Lo, &r.Hi, &r.Step, &r.Delta); err != nil {
			t.Fatalf("line %q: %v", lines.Text(), err)
		}
		got = append(got, r)
	}
	if len(got) != len(Table) {
		t.Fatalf("the appendix has %d lines, Table %d", len(got), len(Table))
	}
	for i, r := range got {
		if r != Table[i] {
			t.Errorf("line %d of the appendix is %+v, of Table %+v", i, r, Table[i])
		}
	}
}

// Fold searches, so the table must be sorted and its lines must not overlap.
func TestFoldTableAscends(t *testing.T) {
	before := rune(-1)
	for i, r := range Table {
		if r.Lo <= before || r.Hi < r.Lo || r.Step < 1 || (r.Hi-r.Lo)%r.Step != 0 || r.Delta == 0 {
			t.Errorf("line %d: %+v after one that ends at %05X", i, r, before)
		}
		before = r.Hi
	}
}

func TestFoldAgreesWithUnicode(t *testing.T) {
	if unicode.Version != "15.0.0" {
		t.Skipf("the format pins Unicode 15.0.0, this Go has %s", unicode.Version)
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		// The runes that SimpleFold goes round are those with one fold.
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			if Fold(next) != Fold(r) {
				t.Errorf("U+%04X folds to U+%04X, U+%04X of the same orbit to U+%04X", r, Fold(r), next, Fold(next))
			}
		}
		if f := Fold(r); f != r {
			in := false
			for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
				in = in || next == f
			}
			if !in {
				t.Errorf("U+%04X folds to U+%04X, which is not in its orbit", r, f)
			}
		}
	}
}

func TestFoldTwice(t *testing.T) {
	for r := rune(-1); r <= unicode.MaxRune+1; r++ {
		if f := Fold(r); Fold(f) != f {
			t.Errorf("U+%04X folds to U+%04X, and that to U+%04X", r, f, Fold(f))
		}
	}
}

func TestAppendFold(t *testing.T) {
	for _, tt := range []struct{ name, why, in, want string }{
		{"empty", "nothing comes of nothing", "", ""},
		{"ASCII", "only the letters change", `C:\WINDOWS\[Z]@`, `c:\windows\[z]@`},
		{"sharp s", "simple folding keeps it one rune, and the small one as it is", "\u1e9eß", "ßß"},
		{"dotted I", "its fold is not simple, so it has none", "İI", "İi"},
		{"kelvin", "a fold may be shorter", "\u212a", "k"},
		{"A with stroke", "a fold may be longer", "\u023a", "\u2c65"},
		{"sigma", "three runes have one fold", "Σσς", "σσσ"},
		{"invalid byte", "one rune U+FFFD for each byte", "a\xff\xfeB", "a\ufffd\ufffdb"},
		{"truncated rune", "its bytes are two that are not UTF-8", "\xe2\x84", "\ufffd\ufffd"},
		{"surrogate", "UTF-8 has none: three bytes", "\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
		{"replacement rune", "is valid, and itself", "\ufffd", "\ufffd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(AppendFold(nil, []byte(tt.in))); got != tt.want {
				t.Errorf("%q folds to %q, want %q: %s", tt.in, got, tt.want, tt.why)
			}
		})
	}
}

func TestAppendFoldAppends(t *testing.T) {
	if got := string(AppendFold([]byte("A"), []byte("B"))); got != "Ab" {
		t.Errorf("got %q, want %q: what is there stays", got, "Ab")
	}
}

// genBytes draws text with what is special to folding: case, runes whose folds
// differ in length, invalid bytes; long enough for eight bytes at a time.
func genBytes() *rapid.Generator[string] {
	parts := rapid.OneOf(
		rapid.StringMatching(`[a-zA-Z0-9@\[\x60{\\*?]{0,12}`),
		rapid.SampledFrom([]string{"\u023a", "\u212a", "ß", "\u1e9e", "é", "É", "\ufffd", "\xff", "\xe2\x84", "𐐀"}),
	)
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(parts, 0, 6).Draw(t, "parts"), "")
	})
}

func TestAppendFoldProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := []byte(genBytes().Draw(t, "in"))
		folded := AppendFold(nil, in)
		if !utf8.Valid(folded) {
			t.Errorf("%q folds to %q, which is not UTF-8", in, folded)
		}
		if utf8.RuneCount(folded) != utf8.RuneCount(in) {
			t.Errorf("%q folds to %q: runes were lost or added", in, folded)
		}
		if twice := AppendFold(nil, folded); !bytes.Equal(twice, folded) {
			t.Errorf("%q folds to %q, and that to %q", in, folded, twice)
		}
		if IsFolded(in) != bytes.Equal(in, folded) {
			t.Errorf("IsFolded(%q) is %v, but it folds to %q", in, IsFolded(in), folded)
		}
		if !IsFolded(folded) {
			t.Errorf("%q is a fold, IsFolded says that it is not", folded)
		}
	})
}

// Each byte, at each place of values of several lengths.
func TestIsFoldedBytes(t *testing.T) {
	for n := 1; n <= 20; n++ {
		for at := range n {
			for c := range 256 {
				s := bytes.Repeat([]byte{'a'}, n)
				s[at] = byte(c)
				if want := bytes.Equal(AppendFold(nil, s), s); IsFolded(s) != want {
					t.Fatalf("IsFolded(%q) is %v", s, !want)
				}
			}
		}
	}
}
