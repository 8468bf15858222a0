package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// copyTree copies what newcheck reads and what its result is compiled from: all
// but the tests and the cases of the corpus.
func copyTree(t *testing.T) string {
	t.Helper()
	from, to := filepath.Join("..", ".."), t.TempDir()
	copied := func(name string) bool {
		return name == "go.mod" || name == "go.sum" || !strings.HasSuffix(name, "_test.go") &&
			(strings.HasPrefix(name, "channelfile/") || strings.HasPrefix(name, "facts/") || strings.HasPrefix(name, "sensor/") || strings.HasPrefix(name, "sysmon/") || strings.HasPrefix(name, "validate/") || strings.HasPrefix(name, "internal/"))
	}
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil || !d.Type().IsRegular() || !copied(filepath.ToSlash(name)) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o777); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), data, 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// vet is a program that vets the list of checks, and prints some of it.
const vet = `package main

import (
	"fmt"
	"os"

	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func main() {
	if err := validate.Vet(suite.Checks); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, id := range os.Args[1:] {
		fmt.Println(suite.ByID(id), suite.ByID(id).Severity)
	}
}
`

// TestNewCheck holds that new checks of each family, also of families that have no
// checks yet, compile and vet.
func TestNewCheck(t *testing.T) {
	root := copyTree(t)
	checks := []struct{ id, name, severity string }{
		{"CF0999", "size-odd", "note"},
		{"CF1999", "instance-id-even", "error"},
		{"CF2999", "type-odd", "error"},
		{"CF3999", "build-odd", "warning"},
		{"CF4999", "rule-named", "error"},
		{"CF6999", "release-differs", "warning"},
		{"CF5999", "never-odd", "error"},
		{"CF8999", "sysmon-loads", "error"},
	}
	args, want := []string{"run", "./internal/vet"}, ""
	for _, c := range checks {
		left, err := write(root, c.id, c.name, c.severity)
		if err != nil {
			t.Fatalf("%s: %v", c.id, err)
		}
		if !strings.Contains(left, c.id+" "+c.name) || !strings.Contains(left, "go test ./corpus -update") {
			t.Errorf("%s: the steps that are left: %s", c.id, left)
		}
		for _, name := range []string{c.name, c.name + "-near"} {
			text, err := os.ReadFile(filepath.Join(root, "corpus", "cases", name, "case.txt"))
			if err != nil || !strings.Contains(string(text), c.id) {
				t.Errorf("the case %s: %v\n%s", name, err, text)
			}
		}
		args, want = append(args, c.id), want+c.id+" "+c.name+" "+c.severity+"\n"
	}
	if err := os.Mkdir(filepath.Join(root, "internal", "vet"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "internal", "vet", "main.go"), []byte(vet), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"vet", "./validate/..."}, args} {
		cmd := exec.Command("go", args...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "GOFLAGS=-trimpath") // the build cache then serves any folder
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		if args[0] == "run" && string(out) != want {
			t.Errorf("the list has:\n%sexpected:\n%s", out, want)
		}
	}
}

// TestRefused holds what newcheck refuses, and that it writes nothing then.
func TestRefused(t *testing.T) {
	tests := []struct{ id, name, severity, want, why string }{
		{"CF301", "build-odd", "error", `ID "CF301"`, "an ID has four digits"},
		{"CF9001", "build-odd", "error", "no family", "CF9 is for importers"},
		{"CF3999", "Build", "error", `name "Build"`, "names are lower-case words"},
		{"CF3999", "range", "error", "is a word of Go", "the variable could not have the name"},
		{"CF3999", "build-odd", "fatal", `severity "fatal"`, "there are three"},
		{"CF3001", "build-odd", "error", "CF3001", "an ID is given once"},
		{"CF3999", "inputs-supplied", "error", "inputs_supplied.go exists", "a name is given once"},
	}
	root := copyTree(t)
	for _, tt := range tests {
		if _, err := write(root, tt.id, tt.name, tt.severity); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s: %v, expected %q: %s", tt.id, tt.name, err, tt.want, tt.why)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "corpus")); err == nil {
		t.Error("something was written")
	}
}
