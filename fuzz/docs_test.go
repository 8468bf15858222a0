package fuzz

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocs holds that docs/fuzzing.md lists the targets that there are, and
// doc.go those of this package.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../docs/fuzzing.md")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{} // such as "./fuzz FuzzParse"
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\./[a-z/]*)` \\| `(Fuzz[A-Za-z0-9]*)` \\|").FindAllSubmatch(page, -1) {
		listed[string(m[1])+" "+string(m[2])] = true
	}
	n := 0
	for _, target := range targets(t) {
		n++
		if !listed[target] {
			t.Errorf("docs/fuzzing.md has no line for %s", target)
		}
		delete(listed, target)
		if name, ours := strings.CutPrefix(target, "./fuzz "); ours && !strings.Contains(string(doc), "//   - "+name+": ") {
			t.Errorf("doc.go has no sentence for %s", name)
		}
	}
	for target := range listed {
		t.Errorf("docs/fuzzing.md lists %s, which is not there", target)
	}
	if n < 12 {
		t.Errorf("found %d fuzz targets; expected more, or this test no longer finds them", n)
	}
}

// targets returns the fuzz targets of the repository, with their packages.
func targets(t *testing.T) (list []string) {
	t.Helper()
	target := regexp.MustCompile(`(?m)^func (Fuzz[A-Za-z0-9]*)\(`)
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return filepath.SkipDir
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(name)
		for _, m := range target.FindAllSubmatch(text, -1) {
			folder := strings.TrimPrefix(path.Dir(filepath.ToSlash(name)), "../")
			list = append(list, "./"+folder+" "+string(m[1]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
