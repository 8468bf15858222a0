package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/internal/scratch"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// interrupted names a variable of the environment. With it this program begins
// to write a file to the folder that it names, and never ends by itself.
const interrupted = "CFCHECK_TEST_INTERRUPTED"

func waitToBeInterrupted(folder string) {
	defer onSignal()()
	if _, err := scratch.CreateIn(folder, "report.txt", 0o666); err != nil {
		panic(err)
	}
	fmt.Println("ready")
	select {}
}

// After a fault of the gate, one subject has no verdict. The process goes on and judges
// the other subjects.
func TestRecover(t *testing.T) {
	faulty := &validate.Check{
		ID: "CF9999", Name: "faulty", Doc: "never\n\nNever.", Uses: validate.UsesBytes,
		Run: func(p *validate.Pass) { panic("index out of range") },
	}
	k := &checking{options: validate.Options{Checks: append(slices.Clone(suite.Checks), faulty)}}
	results := k.judge(validate.ChannelFile("C.cf", nil), "")
	if v := results[0].Verdict(); v != validate.Undecided {
		t.Errorf("%v, expected undecided", v)
	}
	var b strings.Builder
	if err := report.Text(&b, report.NewRun(results...)); err != nil {
		t.Fatal(err)
	}
	if want := "C.cf: undecided: internal error: index out of range; please report it with the file\nundecided: 0 errors, 0 warnings\n"; b.String() != want {
		t.Errorf("%q, expected %q", b.String(), want)
	}
}

// Lines are counted as package sigma counts them, which names them.
func TestLines(t *testing.T) {
	name := filepath.Join(t.TempDir(), "rule.yml")
	if err := os.WriteFile(name, []byte("\ufeffone\r\ntwo\rthree\n\nfive"), 0o644); err != nil {
		t.Fatal(err)
	}
	l := new(lines)
	for i, want := range []string{"one", "two", "three", "", "five"} {
		if have, ok := l.get(name, i+1); have != want || !ok {
			t.Errorf("line %d is %q, %v; expected %q", i+1, have, ok, want)
		}
	}
	for _, n := range []int{-1, 0, 6} {
		if have, ok := l.get(name, n); ok {
			t.Errorf("line %d is %q, expected none", n, have)
		}
	}
	for _, path := range []string{"", "missing.yml", t.TempDir(), os.DevNull} {
		if have, ok := l.get(path, 1); ok {
			t.Errorf("the first line of %q is %q, expected none", path, have)
		}
	}
}
