package sigma

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the .want files")

// TestCases compiles the rules in testdata and compares the results. Each file
// begins with a comment that states its purpose. X.want contains the expected
// result for X.yml: conditions in the folder compile, and exact errors in the
// other folders.
func TestCases(t *testing.T) {
	for _, tt := range []struct {
		folder string
		check  func(*testing.T, error) // check of each error
	}{
		{"compile", func(t *testing.T, err error) { t.Error(err) }},
		{"malformed", func(t *testing.T, err error) {
			if _, ok := err.(*Error); !ok {
				t.Errorf("%T: %v; want an *Error", err, err)
			}
		}},
		{"unsupported", func(t *testing.T, err error) {
			if _, ok := err.(*UnsupportedError); !ok {
				t.Errorf("%T: %v; want an *UnsupportedError", err, err)
			}
		}},
		{"unknown", func(t *testing.T, err error) {
			if _, ok := err.(*UnknownFieldError); !ok {
				t.Errorf("%T: %v; want an *UnknownFieldError", err, err)
			}
		}},
	} {
		def := *ipc(t)
		def.Keywords = nil // so that keywords are unsupported
		files, err := filepath.Glob("testdata/" + tt.folder + "/*.yml")
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Errorf("testdata/%s has no cases", tt.folder)
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".yml")
			t.Run(tt.folder+"/"+name, func(t *testing.T) {
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.HasPrefix(strings.TrimPrefix(string(data), "\ufeff"), "# ") {
					t.Error("the case does not begin with a comment that says why it is there")
				}
				var got strings.Builder
				rules, err := Parse(name+".yml", data)
				errs := Errors(err)
				for _, r := range rules {
					compiled, err := Compile(r, &def, nil)
					for _, note := range slices.Concat(r.Notes, r.Unused, compiled.Notes) {
						got.WriteString("note: " + note.String() + "\n")
					}
					errs = append(errs, Errors(err)...)
				}
				for _, err := range errs {
					tt.check(t, err)
					got.WriteString(err.Error() + "\n")
				}
				if tt.folder != "compile" && len(errs) == 0 {
					t.Error("nothing was found wrong")
				}
				if len(errs) == 0 {
					f, err := buildFile(rules, &def)
					if err != nil {
						t.Fatal(err)
					}
					got.WriteString(dump(f, &def))
				}
				golden := strings.TrimSuffix(file, ".yml") + ".want"
				if *update {
					if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if got.String() != string(want) {
					t.Errorf("got\n%s\nwant\n%s", got.String(), want)
				}
			})
		}
	}
}
