package repocheck

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest   = regexp.MustCompile("`(Test[A-Z]\\w*)`")              // in a page
	detecting   = regexp.MustCompile(`//mutation:.*?\b(Test[A-Z]\w*)`) // in a directive
	declaration = regexp.MustCompile(`(?m)^func (Test[A-Z]\w*)\(`)
)

// TestNamedTests checks that each test is there that a page or a directive of mutation testing
// names. docs/soundness.md states the test that fails without a mitigation.
func TestNamedTests(t *testing.T) {
	declared := map[string]bool{}
	named := map[string]string{} // a file that names the test
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "testdata") {
			if err == nil {
				err = filepath.SkipDir
			}
			return err
		}
		find := detecting
		switch filepath.Ext(path) {
		case ".md":
			find = namedTest
		case ".go":
		default:
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, "_test.go") {
			for _, m := range declaration.FindAllSubmatch(text, -1) {
				declared[string(m[1])] = true
			}
			return nil
		}
		for _, m := range find.FindAllSubmatch(text, -1) {
			named[string(m[1])] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	delete(named, "TestName")    // the example of a directive
	delete(named, "TestSigning") // an option of Windows
	if len(named) < 10 {
		t.Errorf("%d tests are named, want more", len(named))
	}
	for name, path := range named {
		if !declared[name] {
			t.Errorf("%s names %s, which no file declares", path, name)
		}
	}
}
