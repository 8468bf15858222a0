package main

import (
	"bytes"
	"context"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestMutants checks that every part has mutants of each kind, that the mutated files are Go,
// that each manual change finds its text, and that each directive covers a mutant.
func TestMutants(t *testing.T) {
	w, err := newBuilder(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	keys := map[string]bool{}
	for _, b := range w.mutants {
		counts[b.Part+" "+b.Kind]++
		if keys[b.Key()] {
			t.Errorf("two mutants have the name %s", b.Key())
		}
		keys[b.Key()] = true
		if b.manual == nil {
			continue
		}
		src, err := os.ReadFile(filepath.Join(w.root, filepath.FromSlash(b.File)))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(withoutDirectives(src)), b.manual.before); n != 1 {
			t.Errorf("%s: %s has the text %d times; want once:\n%s", b.manual.why, b.File, n, b.manual.before)
		}
	}
	for name, least := range map[string]int{
		"gate check": 80, "gate condition": 200, "gate comparison": 300, "gate width": 100, "gate manual": 5,
		"decoders condition": 100, "decoders comparison": 300, "decoders width": 300, "decoders manual": 3,
		"sensors condition": 100, "sensors comparison": 400, "sensors width": 300, "sensors manual": 3,
		"meaning condition": 200, "meaning comparison": 300, "meaning width": 50,
		"change condition": 100, "change comparison": 100, "change width": 30,
		"rollout condition": 100, "rollout comparison": 100,
	} {
		if counts[name] < least {
			t.Errorf("%d mutants of kind %q; want at least %d", counts[name], name, least)
		}
	}
	for path, copied := range w.overlay {
		if _, err := parser.ParseFile(token.NewFileSet(), copied, nil, 0); err != nil {
			t.Errorf("%s with mutants is not Go: %v", path, err)
		}
	}
	if _, err := exempt(w.directives, w.mutants); err != nil {
		t.Error(err)
	}
}

// TestRender checks that nested mutants are all built in.
func TestRender(t *testing.T) {
	src := []byte("if a+b < c && d {")
	wrap := func(name string) func(from, to int) func(func(from, to int) string) string {
		return func(from, to int) func(func(from, to int) string) string {
			return func(part func(from, to int) string) string { return name + "(" + part(from, to) + ")" }
		}
	}
	sites := []site{ // outer ones first
		{from: 3, to: 15, write: wrap("guard")(3, 15)},
		{from: 3, to: 10, write: wrap("compare")(3, 10)},
		{from: 3, to: 6, write: wrap("narrow")(3, 6)},
		{from: 9, to: 10, write: wrap("read")(9, 10)},
	}
	const want = "if guard(compare(narrow(a+b) < read(c)) && d) {"
	if got := render(src, sites, 0, len(src)); got != want {
		t.Errorf("got %s; want %s", got, want)
	}
}

// TestStatus checks the exit status and the message for some arguments.
func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		why    string
		args   []string
		status int
		says   string
	}{
		{"help is not an error", []string{"-h"}, exitFine, "-sample"},
		{"an argument", []string{"file.go"}, exitFailed, "want only flags"},
		{"no jobs", []string{"-jobs", "0"}, exitFailed, "at least 1"},
		{"no expression", []string{"-only", "("}, exitFailed, "missing closing"},
	} {
		var out, errs bytes.Buffer
		if status := run(context.Background(), tt.args, &out, &errs); status != tt.status || !strings.Contains(errs.String(), tt.says) {
			t.Errorf("%s: status %d, %q; want %d and %q", tt.why, status, errs.String(), tt.status, tt.says)
		}
	}
}

// TestParseDirective checks the form of directives.
func TestParseDirective(t *testing.T) {
	for _, tt := range []struct {
		why, comment string
		want         *directive
		err          string
	}{
		{"a comment", "// mutation: a word", nil, ""},
		{"all mutants", "//mutation:equivalent: fast path", &directive{Word: equivalent, Reason: "fast path"}, ""},
		{"kinds", "//mutation:missed width, condition#2: TestX: y", &directive{
			Word: missed, Reason: "TestX: y", selectors: []selector{{kind: kindWidth}, {kind: kindCondition, nth: 2}},
		}, ""},
		{"text with a comma and a colon", "//mutation:missed `f(a, b[:1]) < c`#1: why", &directive{
			Word: missed, Reason: "why", selectors: []selector{{text: "f(a, b[:1]) < c", nth: 1}},
		}, ""},
		{"another word", "//mutation:beyond: why", nil, "expected //mutation:equivalent"},
		{"no reason", "//mutation:missed width:", nil, "expected a reason"},
		{"no colon", "//mutation:missed width", nil, "expected a selector"},
		{"an unknown kind", "//mutation:missed widths: why", nil, "expected a selector"},
		{"one backquote", "//mutation:missed `a < b: why", nil, "second backquote"},
		{"no number", "//mutation:missed width#x: why", nil, "number from 1"},
		{"no comma", "//mutation:missed `a` width: why", nil, "a comma or a colon"},
	} {
		got, err := parseDirective(tt.comment)
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, %v; want %+v, %q", tt.why, got, err, tt.want, tt.err)
		}
	}
}

// TestExempt checks which mutants a directive covers, and that a directive without a mutant is
// an error.
func TestExempt(t *testing.T) {
	const src = `package p

// F is a function.
//
//mutation:equivalent width: in all of F
func F() {
	//mutation:missed: on the next line
	// A comment.
	g(1)
	g(2) //mutation:equivalent ` + "`if a`" + `: on this line
}
`
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	directives, err := directivesOf(fset, f, "p.go", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	mutants := []*Mutant{
		{File: "p.go", Line: 9, Kind: kindComparison, Before: "a < b"},
		{File: "p.go", Line: 10, Kind: kindCondition, Before: "if a"},
		{File: "p.go", Line: 10, Kind: kindWidth, Before: "a"},
		{File: "p.go", Line: 10, Kind: kindComparison, Before: "a < c"},
		{File: "q.go", Line: 9, Kind: kindWidth, Before: "a"},
	}
	exempted, err := exempt(directives, mutants)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"on the next line", "on this line", "in all of F", "", ""} {
		if got := exempted[mutants[i]]; (got == nil) != (want == "") || got != nil && got.Reason != want {
			t.Errorf("mutant %d has the directive %+v; want the reason %q", i, got, want)
		}
	}
	if _, err := exempt(directives, mutants[2:]); err == nil || !strings.Contains(err.Error(), "p.go:7: no mutant") {
		t.Errorf("a directive without a mutant gives the error %v", err)
	}
	if _, err := exempt(directives[:1], mutants[:2]); err == nil || !strings.Contains(err.Error(), "no mutant matches") {
		t.Errorf("a selector without a mutant gives the error %v", err)
	}
}
