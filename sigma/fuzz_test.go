package sigma

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// addFiles adds seed files. A fuzzing worker is given its inputs and adds no
// files, because a libFuzzer program may run where the files are missing.
func addFiles(f *testing.F, pattern string) {
	f.Helper()
	if worker := flag.Lookup("test.fuzzworker"); worker != nil && worker.Value.String() == "true" {
		return
	}
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		f.Fatalf("%s: no seeds, %v", pattern, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 8<<10 { // long files slow the fuzzer down
			f.Add(data)
		}
	}
}

// FuzzParse checks that Parse and Compile return for any bytes. Each error is
// of this package and points into the file. A rule that compiles makes a
// channel file in normal form.
func FuzzParse(f *testing.F) {
	addFiles(f, "testdata/*/*.yml") // the second document of a case has its events, and is a malformed rule
	own := caseType(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		rules, err := Parse("f.yml", data)
		checkErrors(t, data, err)
		if len(rules) == 0 && err == nil {
			t.Error("no rule and no error")
		}
		for _, r := range rules {
			for _, n := range r.Notes {
				checkPosition(t, data, n.Position)
			}
			placeholders := allPlaceholders(r)
			for _, def := range []*sensor.Definition{ipc(t), typed(), allFields(r), own} {
				if len(def.Inputs) > channelfile.MaxInputs {
					continue
				}
				_, err := Compile(r, def, placeholders)
				checkErrors(t, data, err)
				if err != nil {
					continue
				}
				file, err := buildWith([]*Rule{r}, def, placeholders)
				if err != nil {
					t.Fatal(err)
				}
				if broken := file.Conformance(); broken != 0 {
					t.Errorf("not in normal form: %v", broken)
				}
			}
		}
	})
}

// allPlaceholders returns values for each placeholder of a rule.
func allPlaceholders(r *Rule) Placeholders {
	placeholders := Placeholders{}
	for _, s := range r.Detection.Searches {
		for _, alternative := range s.Alternatives {
			for _, it := range alternative.Items {
				for _, v := range it.Values {
					for _, name := range parseTemplate(v.Value).placeholders() {
						placeholders[name] = []string{"x*", `\\?-y`, "%" + name + "%"}
					}
				}
			}
		}
	}
	return placeholders
}

// FuzzPlaceholders checks that ReadPlaceholders returns for any bytes. Each
// error is of this package and points into the file. Without an error each
// placeholder has a name that a rule can contain, and a value.
func FuzzPlaceholders(f *testing.F) {
	addFiles(f, "testdata/cases/placeholders.yaml")
	f.Add([]byte("{\n\t\"A\": [\"C:\\\\x\", \"\\u00e9\"]\n}\n"))
	f.Add([]byte("A: &a [x, y]\nB: *a\n---\nC: 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		placeholders, err := ReadPlaceholders("p.yml", data)
		checkErrors(t, data, err)
		if (placeholders == nil) != (err != nil) {
			t.Errorf("%v and %v", placeholders, err)
		}
		for name, values := range placeholders {
			if got := parseTemplate("%" + name + "%").placeholders(); len(got) != 1 || got[0] != name || len(values) == 0 {
				t.Errorf("%%%s%% is %q, of %d values", name, got, len(values))
			}
		}
	})
}

func checkErrors(t *testing.T, data []byte, err error) {
	t.Helper()
	for _, e := range Errors(err) {
		switch e.(type) {
		case *Error, *UnsupportedError, *UnknownFieldError:
			checkPosition(t, data, place(e))
			if e.Error() == "" {
				t.Errorf("%#v says nothing", e)
			}
		default:
			t.Errorf("%T: %v; want one of the package's errors", e, e)
		}
	}
}

// checkPosition fails unless a position is in the file or at its end.
func checkPosition(t *testing.T, data []byte, at Position) {
	t.Helper()
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
	lines := bytes.Split(data, []byte("\n"))
	// CR LF has one more byte.
	if at.Line < 1 || at.Line > len(lines) || at.Column < 1 || at.Column > len(lines[at.Line-1])+2 {
		t.Errorf("%d:%d is not in the file", at.Line, at.Column)
	}
}
