package main

import (
	"bytes"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// faultKinds are rules with every kind of fault, with the files beside them. Each is a
// folder of its own.
var faultKinds = []struct{ why, text string }{
	{"sound", ruleOfCase(0, "pipe_created", "PipeName: a")},
	{"sound, of another type", "name: base\n" + ruleOfCase(1, "process_creation", "CommandLine: a")},
	{"malformed", ruleOfCase(2, "pipe_created", "PipeName|endwith: a")},
	{"a misspelt logsource", ruleOfCase(3, "pipe_craeted", "PipeName: a")},
	{"an unknown field", ruleOfCase(4, "pipe_created", "Colour: a")},
	{"not supported", ruleOfCase(5, "pipe_created", "PipeName|hour: 1")},
	{"an ID that is there twice", ruleOfCase(0, "pipe_created", "PipeName: b")},
	{"a filter", "title: F\nlogsource: {product: windows}\nfilter: {rules: [base], selection: {User: a}, condition: selection}\n"},
	{"a correlation", "title: C\ncorrelation: {type: event_count, rules: [" + idOfCase(0) + "], timespan: 5m}\n"},
	{"no rule", ""},
}

func idOfCase(n int) string { return fmt.Sprintf("5a0c1d2e-0007-4000-8000-cfc0cfc0000%d", n) }

func ruleOfCase(n int, category, selection string) string {
	return fmt.Sprintf("title: Rule %d\nid: %s\nlogsource: {product: windows, category: %s}\ndetection: {selection: {%s}, condition: selection}\n",
		n, idOfCase(n), category, selection)
}

// TestBuildAndCheckAlike: build writes channel files of exactly those sets of
// rules that check accepts, and both say whose fault it is if they do not.
func TestBuildAndCheckAlike(t *testing.T) {
	folder := t.TempDir()
	var paths []string
	for i, kind := range faultKinds {
		path := filepath.Join(folder, fmt.Sprint(i))
		paths = append(paths, path)
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if kind.text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(path, "r.yml"), []byte(kind.text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	most := 3
	switch {
	case *allEdits:
		most = len(faultKinds)
	case testing.Short():
		most = 2
	}
	statuses := map[int]int{}
	for set := 1; set < 1<<len(faultKinds); set++ {
		if bits.OnesCount(uint(set)) > most {
			continue
		}
		var args, names []string
		for i, kind := range faultKinds {
			if set>>i&1 == 1 {
				args, names = append(args, paths[i]), append(names, kind.why)
			}
		}
		for _, allow := range []string{"--allow-unsupported=false", "--allow-unsupported=true"} {
			var checked, built bytes.Buffer
			check := run(append([]string{"check", "--fleet", "reference", "--now", "2026-11-29", allow}, args...), strings.NewReader(""), &checked, &checked)
			build := run(append([]string{"build", "--replace", "-o", filepath.Join(folder, "out"), allow}, args...), strings.NewReader(""), &built, &built)
			if check != build {
				t.Errorf("%s, %s: check exits with %d, build with %d\n%s\n%s", strings.Join(names, "; "), allow, check, build, checked.String(), built.String())
			}
			statuses[build]++
		}
	}
	for status := range 3 {
		if statuses[status] == 0 {
			t.Errorf("nothing ended with status %d: the sets compare too little", status)
		}
	}
	t.Logf("statuses %v", statuses)
}
