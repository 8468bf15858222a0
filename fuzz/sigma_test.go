package fuzz

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// rulesName is the file name of the rules.
const rulesName = "rules.yml"

func FuzzSigma(f *testing.F) {
	for _, data := range ruleSeeds(f) {
		f.Add(data)
	}
	reference, _ := builtin.Fleet("reference")
	f.Fuzz(func(t *testing.T, data []byte) {
		rules, err := sigma.Parse(rulesName, data)
		for _, e := range sigma.Errors(err) {
			checkPlace(t, data, e)
		}
		if len(rules) == 0 {
			return
		}
		built, err := sigma.Build(rules, definitions(), sigma.Options{AllowUnsupported: true, Revision: 1})
		for _, e := range sigma.Errors(err) {
			checkPlace(t, data, e)
		}
		checkOrder(t, rules, built)
		for _, out := range built.Outputs {
			file := conforming(t, out.Data)
			if file.Instances() != len(out.Rules) || channelfile.FileName(file.Header) != out.Name {
				t.Errorf("%s has %d instances of %d rules", out.Name, file.Instances(), len(out.Rules))
			}
			for i := range file.Instances() {
				in := file.Instance(i)
				for w := in.First; w < in.First+in.Count; w++ {
					line, text := file.Use(w)
					name, at, ok := built.Locate(in.ID, line, text)
					if !ok || name != rulesName || !isPlace(data, at) {
						t.Fatalf("word %d of instance %d is at %s:%v, %v", w-in.First, i, name, at, ok)
					}
				}
			}
			s := validate.Rules(rulesName, out.Data)
			s.Origin = func(part validate.Part) (validate.Position, bool) {
				name, at, ok := built.Locate(part.ID, part.From.Line, part.From.Text)
				return validate.Position{Path: name, Line: at.Line, Column: at.Column, Text: part.From.Text}, ok
			}
			opts := validate.Options{Checks: suite.Checks, Definitions: definitions(), Fleet: reference, Now: now}
			r := validate.Run(s, opts)
			gatetest.CheckReport(t, opts, r)
			for i := range r.Findings {
				found := &r.Findings[i]
				switch c := found.Check; {
				case c.Family() == 1, c.Family() == 2 && c.ID != "CF2007":
					t.Errorf("a compiled file breaks %v: %s", c, found.Message)
				}
				if at := found.Where.Source; at.Line != 0 && !isPlace(data, sigma.Position{Line: at.Line, Column: at.Column}) {
					t.Errorf("a finding is at %d:%d, which is not in the text", at.Line, at.Column)
				}
			}
		}
	})
}

// ruleSeeds returns the rules of the tests of package sigma.
func ruleSeeds(t testing.TB) [][]byte {
	t.Helper()
	if worker() {
		return nil
	}
	names, err := filepath.Glob("../sigma/testdata/*/*.yml")
	if err != nil || len(names) < 10 {
		t.Fatalf("there are %d files of rules in ../sigma/testdata, %v; want dozens", len(names), err)
	}
	var list [][]byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) <= maxSeed || !fuzzing() {
			list = append(list, data)
		}
	}
	return list
}

// checkPlace checks that an error is one of package sigma's and points into the text.
func checkPlace(t *testing.T, data []byte, err error) {
	t.Helper()
	var at sigma.Position
	switch e := err.(type) {
	case *sigma.Error:
		at = e.Position
	case *sigma.UnsupportedError:
		at = e.Position
	case *sigma.UnknownFieldError:
		at = e.Position
	case *sigma.UnresolvedError:
		at = e.Position
	default:
		// This error has no position.
		if !strings.HasPrefix(err.Error(), "no rule to build") {
			t.Errorf("%T: %v; want an error with a position", err, err)
		}
		return
	}
	if !isPlace(data, at) {
		t.Errorf("%v: the text has no %d:%d", err, at.Line, at.Column)
	}
}

// isPlace reports whether a position is in the text, or just after one of its lines. Lines end
// with LF, CR LF or CR.
func isPlace(data []byte, at sigma.Position) bool {
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	for line := 1; ; line++ {
		end := bytes.IndexAny(data, "\r\n")
		next := end + 1
		if end < 0 {
			end = len(data)
		} else if bytes.HasPrefix(data[end:], []byte("\r\n")) {
			next++
		}
		if line == at.Line {
			return at.Column >= 1 && at.Column <= max(end, next)+1
		}
		if end == len(data) {
			return false
		}
		data = data[next:]
	}
}

// checkOrder checks that the order of rules does not change the result.
func checkOrder(t *testing.T, rules []*sigma.Rule, built *sigma.Result) {
	t.Helper()
	if len(rules) < 2 || len(built.Malformed) > 0 { // of two rules with the same ID, the first is used
		return
	}
	rules = slices.Clone(rules)
	slices.Reverse(rules)
	again, _ := sigma.Build(rules, definitions(), sigma.Options{AllowUnsupported: true, Revision: 1})
	if len(again.Outputs) != len(built.Outputs) {
		t.Fatalf("%d files of the rules, and %d of the same in another order", len(built.Outputs), len(again.Outputs))
	}
	for i := range built.Outputs {
		if !bytes.Equal(built.Outputs[i].Data, again.Outputs[i].Data) {
			t.Errorf("the rules in another order give another file")
		}
	}
}
