package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTargets checks that the list has every fuzz target of the repository.
func TestTargets(t *testing.T) {
	listed, names := map[string]bool{}, map[string]bool{}
	for _, target := range targets {
		listed[target.pkg+" "+target.function] = true
		if names[target.name()] {
			t.Errorf("two targets have the name %s", target.name())
		}
		names[target.name()] = true
	}
	there := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Fuzz[A-Za-z0-9]*)\(`)
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return filepath.SkipDir
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(name)
		for _, m := range function.FindAllSubmatch(text, -1) {
			there["./"+strings.TrimPrefix(path.Dir(filepath.ToSlash(name)), "../../")+" "+string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(there) < 12 {
		t.Errorf("found %d fuzz targets; want more", len(there))
	}
	if diff := cmp.Diff(there, listed); diff != "" {
		t.Errorf("fuzz targets (-in the repository +in the list):\n%s", diff)
	}
}

// TestDocs checks that docs/fuzzing.md has a line for each target, and the doc comment of
// package fuzz a sentence for each of its own.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/fuzzing.md")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../doc.go")
	if err != nil {
		t.Fatal(err)
	}
	there, listed := map[string]bool{}, map[string]bool{} // such as "./fuzz FuzzParse"
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\./[a-z/]*)` \\| `(Fuzz[A-Za-z0-9]*)` \\|").FindAllSubmatch(page, -1) {
		listed[string(m[1])+" "+string(m[2])] = true
	}
	for _, target := range targets {
		there[target.pkg+" "+target.function] = true
		if target.pkg == "./fuzz" && !strings.Contains(string(doc), "//   - "+target.function+": ") {
			t.Errorf("doc.go has no sentence for %s", target.function)
		}
	}
	if diff := cmp.Diff(there, listed); diff != "" {
		t.Errorf("fuzz targets (-in the repository +in docs/fuzzing.md):\n%s", diff)
	}
}

// TestPlan checks that every target that is built is found in its package.
func TestPlan(t *testing.T) {
	for i := range targets {
		tt := &targets[i]
		if tt.not != "" {
			continue
		}
		s, err := list("../../" + tt.pkg)
		if err != nil {
			t.Fatal(err)
		}
		p, err := tt.plan(s)
		if err != nil {
			t.Error(err)
			continue
		}
		if len(p.files) == 0 || !strings.Contains(string(p.program), "target."+tt.function) {
			t.Errorf("%s: %d files and the program\n%s", tt.name(), len(p.files), p.program)
		}
	}
	if _, err := (&target{pkg: "./fuzz", function: "FuzzNothing"}).plan(&sources{}); err == nil {
		t.Error("an unknown target has a plan")
	}
}

// TestRewrite checks that libfuzzer.F takes the place of testing.F.
func TestRewrite(t *testing.T) {
	const text = `// Package p is one.
package p

import "testing"

func @(f *testing.F) {}

func seeds(f *testing.F, t testing.TB) {}
`
	file := strings.Replace(text, "@", "FuzzA", 1) // so that TestTargets does not find a target here
	for _, tt := range []struct {
		function string
		found    bool
	}{{"FuzzA", true}, {"FuzzB", false}} {
		got, found := rewrite([]byte(file), tt.function)
		if found != tt.found || strings.Contains(string(got), "testing.F") || !strings.Contains(string(got), "seeds(f *libfuzzer.F, t testing.TB)") {
			t.Errorf("%s: %t and\n%s", tt.function, found, got)
		}
	}
}

func TestStatus(t *testing.T) {
	const output = "#3\tINITED cov: 4 ft: 5 corp: 1/1b exec/s: 0 rss: 64Mb\n#449\tDONE   cov: 2415 ft: 7186 corp: 320/170Kb lim: 4 exec/s: 0 rss: 64Mb\nDone 449 runs in 1 second(s)\n"
	got, ok := lastState([]byte(output))
	if want := (state{449, 2415, 7186}); !ok || got != want {
		t.Errorf("%v, %t; expected %v", got, ok, want)
	}
	if _, ok := lastState([]byte("Done 449 runs in 1 second(s)\n")); ok {
		t.Error("a state was found in output without one")
	}
}

// TestBuildScripts checks that both build scripts use this command.
func TestBuildScripts(t *testing.T) {
	for name, want := range map[string]string{
		".clusterfuzzlite/build.sh": `go run ./fuzz/libfuzzer -o "$OUT"`,
		"oss-fuzz/cfcheck/build.sh": ".clusterfuzzlite/build.sh",
	} {
		if text, err := os.ReadFile("../../" + name); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s has no %s: %v", name, want, err)
		}
	}
}
