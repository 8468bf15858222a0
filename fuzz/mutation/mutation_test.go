package main

import (
	"bytes"
	"context"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBugs holds that there are bugs of each kind in each part, that what has
// them is Go, that those of people stand for something, and that what is listed
// as equivalent is there.
func TestBugs(t *testing.T) {
	w, err := newWorkshop(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	keys := map[string]bool{}
	for _, b := range w.bugs {
		counts[b.Part+" "+b.Kind]++
		if keys[b.Key()] {
			t.Errorf("two bugs are called %s", b.Key())
		}
		keys[b.Key()] = true
		if b.person == nil {
			continue
		}
		src, err := os.ReadFile(filepath.Join(w.root, filepath.FromSlash(b.File)))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(src), b.person.before); n != 1 {
			t.Errorf("%s: %s has %d times what the bug stands for, expected once:\n%s", b.person.why, b.File, n, b.person.before)
		}
	}
	for name, least := range map[string]int{
		"gate check": 300, "gate comparison": 300, "gate width": 100, "gate person": 5,
		"decoders check": 100, "decoders comparison": 300, "decoders width": 300, "decoders person": 3,
		"sensors check": 100, "sensors comparison": 400, "sensors width": 300, "sensors person": 3,
	} {
		if counts[name] < least {
			t.Errorf("%d bugs of the kind %s; expected at least %d", counts[name], name, least)
		}
	}
	for path, copied := range w.overlay {
		if _, err := parser.ParseFile(token.NewFileSet(), copied, nil, 0); err != nil {
			t.Errorf("%s, with bugs in it: %v", path, err)
		}
	}
	if _, err := readListed(w.bugs); err != nil {
		t.Error(err)
	}
}

// TestRender holds that bugs in each other are all written down.
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
		t.Errorf("%s; expected %s", got, want)
	}
}

// TestStatus holds what the command makes of its arguments.
func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		why    string
		args   []string
		status int
		says   string
	}{
		{"help is no failure", []string{"-h"}, exitFine, "-sample"},
		{"an argument", []string{"file.go"}, exitFailed, "expected flags alone"},
		{"no jobs", []string{"-jobs", "0"}, exitFailed, "at least 1"},
		{"no expression", []string{"-only", "("}, exitFailed, "missing closing"},
	} {
		var out, errs bytes.Buffer
		if status := run(context.Background(), tt.args, &out, &errs); status != tt.status || !strings.Contains(errs.String(), tt.says) {
			t.Errorf("%s: status %d, %q; expected %d and %q", tt.why, status, errs.String(), tt.status, tt.says)
		}
	}
}
