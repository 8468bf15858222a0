package rexprog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile/internal/casefold"
)

// unicodeFolder is where Debian's package unicode-data puts its files.
const unicodeFolder = "/usr/share/unicode"

// TestUnicodeFiles compares the tables of this package with the files of
// Unicode that FORMAT.md names by digest. TestUnicodeRuns compares them with the
// tables of Go, as long as there is a Go of that version.
func TestUnicodeFiles(t *testing.T) {
	digests := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| ([A-Za-z]+[.]txt) \\| `([0-9a-f]{64})` \\|$").FindAllStringSubmatch(SyntaxOf(t), -1) {
		digests[m[1]] = m[2]
	}
	if len(digests) != 3 {
		t.Fatalf("FORMAT.md has the digests of %d files of Unicode; expected 3", len(digests))
	}
	files := map[string][][]string{}
	for name, want := range digests {
		path := filepath.Join(unicodeFolder, name)
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			t.Skipf("the tables are not compared: %s is not there; Debian 12 has it in the package unicode-data", path)
		}
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want {
			version, _, _ := strings.Cut(string(data), "\n")
			t.Skipf("the tables are not compared: %s is not that of Unicode %s, by its digest; its first line is %q", path, unicodeVersion, version)
		}
		if name != "UnicodeData.txt" && !strings.HasPrefix(string(data), "# "+strings.TrimSuffix(name, ".txt")+"-"+unicodeVersion+".txt\n") {
			t.Errorf("%s does not say that it is of Unicode %s", path, unicodeVersion)
		}
		for line := range strings.Lines(string(data)) {
			line, _, _ = strings.Cut(line, "#")
			if strings.TrimSpace(line) == "" {
				continue
			}
			fields := strings.Split(line, ";")
			for i := range fields {
				fields[i] = strings.TrimSpace(fields[i])
			}
			files[name] = append(files[name], fields)
		}
	}
	number := func(s string) rune {
		n, err := strconv.ParseUint(s, 16, 21)
		if err != nil {
			t.Fatal(err)
		}
		return rune(n)
	}

	categories, first := make([]string, utf8.MaxRune+1), rune(-1)
	for _, fields := range files["UnicodeData.txt"] {
		r := number(fields[0])
		if strings.HasSuffix(fields[1], ", First>") {
			first = r
			continue
		}
		if strings.HasSuffix(fields[1], ", Last>") {
			for ; first < r; first++ {
				categories[first] = fields[2]
			}
		}
		categories[r] = fields[2]
	}
	scripts := make([]string, utf8.MaxRune+1)
	for _, fields := range files["Scripts.txt"] {
		lo, hi, ok := strings.Cut(fields[0], "..")
		if !ok {
			hi = lo
		}
		for r := number(lo); r <= number(hi); r++ {
			scripts[r] = fields[1]
		}
	}
	folds := map[rune]rune{}
	for _, fields := range files["CaseFolding.txt"] {
		if fields[1] == "C" || fields[1] == "S" {
			folds[number(fields[0])] = number(fields[2])
		}
	}

	compare := func(what string, want []string, names []string, runs []unicodeRun) {
		r := 0
		for _, run := range runs {
			for range run.length {
				name := want[r]
				if name == "" {
					name = names[0]
				}
				if got := names[run.property]; got != name {
					t.Errorf("the %s of U+%04X is %q, in the file %q", what, r, got, name)
					return
				}
				r++
			}
		}
		if r != len(want) {
			t.Errorf("the runs of the %s end at U+%04X", what, r)
		}
		for i, name := range names {
			if i > 0 && !slices.Contains(want, name) {
				t.Errorf("the file has no %s %s", what, name)
			}
		}
	}
	compare("category", categories, unicodeCategories[:], unicodeCategoryRuns())
	compare("script", scripts, unicodeScripts[:], unicodeScriptRuns())
	for r := range rune(utf8.MaxRune + 1) {
		want, ok := folds[r]
		if !ok {
			want = r
		}
		if got := casefold.Fold(r); got != want {
			t.Errorf("U+%04X folds to U+%04X, in the file to U+%04X", r, got, want)
		}
	}
}
