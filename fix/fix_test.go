package fix

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// whole is a rule; the words in braces are replaced by those of a case.
const whole = `title: Demo # kept
id: 5a0c1d2e-0097-4000-8000-cfc0cfc0f1f1
status: {status}
{key}: [none]
tags: {tags}
logsource: {logsource}
detection:
    selection:
        {field}: {value} # kept too
    condition: selection
level: high
`

// rule returns the rule with some of its words replaced.
func rule(words ...string) string {
	all := append(words, "status", "test", "key", "falsepositives", "tags", "[attack.execution]",
		"logsource", "{product: windows, category: process_creation}", "field", "Image|endswith", "value", `'\demo.exe'`)
	text := whole
	for i := 0; i < len(all); i += 2 {
		text = strings.Replace(text, "{"+all[i]+"}", all[i+1], 1)
	}
	return text
}

// TestKinds tests each kind of edit, and near misses. Nothing but the words changes.
func TestKinds(t *testing.T) {
	for _, tt := range []struct {
		why        string
		word       string // of the rule
		old, fixed string // fixed == old: there is no edit
		kind       Kind
		check      string
		safe       bool
	}{
		{"a key without an effect", "key", "falsepositve", "falsepositives", Key, "", true},
		{"a key of the author's own", "key", "reviewer", "reviewer", "", "", false},
		{"the case of a status", "status", "Experimental", "experimental", Status, "CF0014", true},
		{"a letter of a status, in quotes", "status", `"experimntal"`, `"experimental"`, Status, "CF0014", true},
		{"a status with an effect", "status", "unsuported", "unsupported", Status, "CF0007", false},
		{"no status at all", "status", "production", "production", "", "", false},
		{"a namespace", "tags", "[attck.execution]", "[attack.execution]", Tag, "", true},
		{"a tag in capitals", "tags", "[attack.T1059]", "[attack.t1059]", Tag, "", true},
		{"a repeated tag between brackets", "tags", "[a.b, c.d, a.b, e.f]", "[a.b, c.d, e.f]", DuplicateTag, "", true},
		{"a repeated tag in lines", "tags", "\n    - a.b\n    - 'a.b'\n    - c.d # x", "\n    - a.b\n    - c.d # x", DuplicateTag, "", true},
		{"a repeated tag with a comment, which would be lost", "tags", "\n    - a.b\n    - a.b # x", "\n    - a.b\n    - a.b # x", "", "", false},
		{"a value of a logsource", "logsource", "{product: windws, category: process_creation}", "{product: windows, category: process_creation}", Logsource, "CF0007", false},
		{"a key of a logsource", "logsource", "{product: windows, categry: process_creation}", "{product: windows, category: process_creation}", Logsource, "CF0007", false},
		{"a modifier", "field", "Image|endwith", "Image|endswith", Modifier, "CF0007", false},
		{"a modifier after another", "field", "'Image|cased|endwith'", "'Image|cased|endswith'", Modifier, "CF0007", false},
		{"the case of a field", "field", "image|endswith", "Image|endswith", FieldCase, "", true},
		{"the name of Security 4688", "field", "NewProcessName|endswith", "Image|endswith", RawField, "CF2005", false},
		{"a letter of a field", "field", "ParentImag|endswith", "ParentImage|endswith", Field, "CF2005", false},
		{"a field of nothing similar", "field", "Colour", "Colour", "", "", false},
		{"a star that is literal", "value", `'C:\Users\*\demo.exe'`, `'C:\Users\\*\demo.exe'`, EscapedStar, "CF4009", false},
		{"a star that is a wildcard", "value", `'C:\Users\\*\demo.exe'`, `'C:\Users\\*\demo.exe'`, "", "", false},
		{"a tab in a path", "value", `"C:\temp.exe"`, `'C:\temp.exe'`, PathQuotes, "CF4008", false},
		{"an author who knows of escapes", "value", `"C:\\x\temp.exe"`, `"C:\\x\temp.exe"`, "", "", false},
		{"a repeated value", "value", `['\a.exe', "b.exe", '\a.exe']`, `['\a.exe', "b.exe"]`, DuplicateValue, "", true},
		{"values that differ in case", "value", `[a, A]`, `[a, A]`, "", "", false},
		{"the word yes", "value", "yes", "'yes'", Quotes, "", true},
		{"an octal number", "value", "[010, 10]", "['010', 10]", Quotes, "", true},
		{"a plain text", "value", "yess", "yess", "", "", false},
		{"the word true", "value", "true", "true", "", "", false},
		{"a field that the map has too", "value", "x\n        image|endswith: y", "x\n        image|endswith: y", "", "", false},
		{"a text in quotes", "value", `"no"`, `"no"`, "", "", false},
	} {
		before, want := rule(tt.word, tt.old), rule(tt.word, tt.fixed)
		o := Options{Definitions: builtin.Definitions()}
		for _, end := range []string{"\n", "\r\n"} {
			for _, mark := range []string{"", "\ufeff"} {
				before, want := mark+strings.ReplaceAll(before, "\n", end), mark+strings.ReplaceAll(want, "\n", end)
				edits := File("a.yml", []byte(before), o)
				after, err := Apply([]byte(before), edits)
				if err != nil || string(after) != want {
					t.Errorf("%s: %v\n%s\nwant\n%s", tt.why, err, after, want)
					continue
				}
				if before == want {
					continue
				}
				if e := edits[0]; len(edits) != 1 || e.Kind != tt.kind || e.Check != tt.check || e.Safe != tt.safe || e.Title == "" || e.Line < 1 {
					t.Errorf("%s: %+v; want one %s of check %q, safe %v", tt.why, edits, tt.kind, tt.check, tt.safe)
				}
				if err := Compare("a.yml", []byte(before), after, o); (err == nil) != tt.safe {
					t.Errorf("%s: safe is %v, and the compiled content: %v", tt.why, tt.safe, err)
				}
				if again := File("a.yml", after, o); len(again) > 0 {
					t.Errorf("%s: edits of the corrected file: %+v", tt.why, again)
				}
			}
		}
	}
}

// TestCompare tests changes that Compare must see.
func TestCompare(t *testing.T) {
	o := Options{Definitions: builtin.Definitions()}
	for _, tt := range []struct{ why, old, new string }{
		{"a value", "demo.exe", "other.exe"},
		{"the title", "Demo", "Other"},
		{"the modifier", "endswith", "contains"},
		{"an error", "process_creation", "process_creatoin"},
		{"a type", "process_creation", "pipe_created"},
	} {
		if err := Compare("a.yml", []byte(rule()), []byte(strings.Replace(rule(), tt.old, tt.new, 1)), o); err == nil {
			t.Errorf("%s: no difference", tt.why)
		}
	}
	if err := Compare("a.yml", []byte(rule()), []byte("# a comment\n"+rule()), o); err != nil {
		t.Errorf("a comment: %v", err)
	}
}

// TestApply tests edits that do not fit.
func TestApply(t *testing.T) {
	for _, edits := range [][]Edit{{{Offset: 4}}, {{Offset: 2, Length: 2}}, {{Length: -1}}, {{Offset: 1, Length: 1}, {Offset: 1}}, {{Offset: -1}}} {
		if got, err := Apply([]byte("abc"), edits); err == nil {
			t.Errorf("%+v: %q; want an error", edits, got)
		}
	}
}

// TestRegions tests the places of edits in UTF-16.
func TestRegions(t *testing.T) {
	text := "\ufeffaé\U0001F600b\r\nc\rd\ne"
	at := func(s string) int { return strings.Index(text, s) }
	got := Regions([]byte(text), []Edit{{Offset: at("b"), Length: 1}, {Offset: at("c"), Length: 2}, {Offset: at("e"), Length: 1}})
	want := []Region{{1, 5, 1, 6}, {2, 1, 3, 1}, {4, 1, 4, 2}}
	if !slices.Equal(got, want) {
		t.Errorf("%v; want %v", got, want)
	}
}

// TestDiff compares diffs with those of diff(1), which were written down.
func TestDiff(t *testing.T) {
	text := "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18"
	at := func(s string) int { return strings.Index(text, s) }
	for _, tt := range []struct {
		why   string
		edits []Edit
		want  string
	}{
		{"no edit", nil, ""},
		{"a word", []Edit{{Offset: at("2"), Length: 1, New: "two"}}, "@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n"},
		{"a line is removed", []Edit{{Offset: at("2"), Length: 2}}, "@@ -1,5 +1,4 @@\n 1\n-2\n 3\n 4\n 5\n"},
		{"the last line is removed", []Edit{{Offset: at("\n18"), Length: 3}},
			"@@ -14,5 +14,4 @@\n 14\n 15\n 16\n-17\n-18\n\\ No newline at end of file\n+17\n\\ No newline at end of file\n"},
		{"two hunks", []Edit{{Offset: at("2"), Length: 2}, {Offset: at("15"), Length: 2, New: "x"}},
			"@@ -1,5 +1,4 @@\n 1\n-2\n 3\n 4\n 5\n@@ -12,7 +11,7 @@\n 12\n 13\n 14\n-15\n+x\n 16\n 17\n 18\n\\ No newline at end of file\n"},
		{"neighbours, and two in a line", []Edit{{Offset: 0, Length: 1, New: "one"}, {Offset: at("8"), Length: 1, New: "a"}, {Offset: at("8") + 1, New: "b"}},
			"@@ -1,11 +1,11 @@\n-1\n+one\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+ab\n 9\n 10\n 11\n"},
	} {
		var b strings.Builder
		if err := Diff(&b, "f", []byte(text), tt.edits); err != nil {
			t.Fatal(err)
		}
		want := tt.want
		if want != "" {
			want = "--- a/f\n+++ b/f\n" + want
		}
		if b.String() != want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.why, &b, want)
		}
	}
}

// TestSafeReal spoils published rules as authors do, and corrects them. The safe edits do not
// change the compiled content, and give the text of the author back.
func TestSafeReal(t *testing.T) {
	root := "../../shared/data/dev/sigma"
	if _, err := os.Stat(root); err != nil {
		t.Skip("the rules of the Sigma project are not there")
	}
	every := 1
	if !longtest.Enabled() {
		every = 9
	}
	o := Options{Definitions: builtin.Definitions()}
	files, edited := 0, map[Kind]int{}
	safe := func(path string, data []byte) (after []byte) {
		edits := slices.DeleteFunc(File(path, data, o), func(e Edit) bool { return !e.Safe })
		for _, e := range edits {
			edited[e.Kind]++
		}
		after, err := Apply(data, edits)
		if err == nil {
			err = Compare(path, data, after, o)
		}
		if err != nil {
			t.Error(err)
		}
		return after
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".yml") || d.IsDir() {
			return err
		}
		if files++; files%every != 0 {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want := safe(path, data)
		spoilt := regexp.MustCompile(`(?m)^status: test`).ReplaceAll(want, []byte("status: Test"))
		spoilt = regexp.MustCompile(`(?m)^(    - attack\.t[^#\n]*\n)`).ReplaceAll(spoilt, []byte("$1$1"))
		spoilt = regexp.MustCompile(`(?m)^( +Image\|endswith:\n +- .*\n)( +- [^ \n]*\n)`).ReplaceAll(spoilt, []byte("$1$2$2"))
		if bytes.Contains(data, []byte("category: process_creation")) { // whose type has the field
			spoilt = regexp.MustCompile(`(?m)^( +)CommandLine\|contains:`).ReplaceAll(spoilt, []byte("${1}commandline|contains:"))
		}
		if got := safe(path, spoilt); !bytes.Equal(got, want) {
			t.Errorf("%s: corrected to\n%s", path, got)
		}
		return nil
	})
	t.Logf("%d files: %v", files, edited)
	if err != nil || files == 0 || edited[DuplicateTag]*edited[DuplicateValue]*edited[Status]*edited[FieldCase] == 0 {
		t.Errorf("%d files, edits %v, %v", files, edited, err)
	}
}

// FuzzFile edits any text. The safe edits do not change the compiled content.
func FuzzFile(f *testing.F) {
	f.Add([]byte(rule()))
	f.Add([]byte(rule("key", "falsepositve", "tags", "[a.b, a.b]")))
	f.Add([]byte(rule("value", "\n          - no\n          - no\n          - 010", "field", "image")))
	f.Add([]byte(rule("value", "'C:\\*\\a'", "status", "Test", "logsource", "{product: windws}")))
	o := Options{Definitions: builtin.Definitions()}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<14 {
			t.Skip("a larger input takes so long that the fuzzer would try few of them")
		}
		edits := File("a.yml", data, o)
		if _, err := Apply(data, edits); err != nil {
			t.Error(err)
		}
		after, err := Apply(data, slices.DeleteFunc(edits, func(e Edit) bool { return !e.Safe }))
		if err == nil {
			err = Compare("a.yml", data, after, o)
		}
		if err != nil {
			t.Errorf("%v\n%s", err, after)
		}
	})
}
