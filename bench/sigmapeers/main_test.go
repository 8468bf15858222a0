package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/realdata"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sigma"
)

// pipes returns rules for pipes, and events with the names of pipes. Each rule matches a name that
// contains its word.
func pipes(t *testing.T, words, names []string) *contest {
	t.Helper()
	folder := t.TempDir()
	for i, word := range words {
		rule := fmt.Sprintf(`title: %[2]s
id: 00000000-0000-4000-8000-%012[1]d
status: test
description: matches %[2]s
logsource: {product: windows, category: pipe_created}
detection:
  selection: {PipeName|contains: %[2]s}
  condition: selection
level: low
`, i, word)
		if err := os.WriteFile(filepath.Join(folder, word+".yml"), []byte(rule), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := sigma.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	var rules []*sigma.Rule
	for _, f := range files {
		rules = append(rules, f.Rules...)
	}
	built, err := sigma.Build(rules, builtin.Definitions(), sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := channelfile.Parse(built.Outputs[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	c := &contest{name: "pipes", set: realdata.Set{Definition: built.Outputs[0].Definition, File: f}}
	sources, err := sourcesOf(folder)
	if err != nil {
		t.Fatal(err)
	}
	for i := range f.Instances() {
		c.sources = append(c.sources, sources[f.Instance(i).ID])
	}
	input, ok := c.set.Definition.Input("PipeName")
	if !ok {
		t.Fatal("the definition has no PipeName")
	}
	for _, name := range names {
		e := make(interp.Event, len(c.set.Definition.Inputs))
		e[input] = interp.Text(name)
		c.set.Events = append(c.set.Events, e)
	}
	return c
}

func TestDifferences(t *testing.T) {
	defer func() { peers = nil }()
	// An engine that refuses "one", fails on "two", always matches "three", never "four", and reads
	// "five" as cfcheck does.
	peers = []peer{{name: "odd", start: func(events []map[string]string) func([]byte) (func(int) (bool, error), error) {
		return func(rule []byte) (func(int) (bool, error), error) {
			title, _, _ := strings.Cut(string(rule), "\n")
			switch word := strings.TrimPrefix(title, "title: "); word {
			case "one":
				return nil, errors.New("no such modifier")
			case "two":
				return func(int) (bool, error) { return true, errors.New("no such value") }, nil
			case "three":
				return func(int) (bool, error) { return true, nil }, nil
			case "four":
				return func(int) (bool, error) { return false, nil }, nil
			default:
				return func(i int) (bool, error) { return strings.Contains(events[i]["PipeName"], word), nil }, nil
			}
		}
	}}}
	c := pipes(t, []string{"one", "two", "three", "four", "five"}, []string{"one", "three", "four-five", "three-five", "none"})
	var out strings.Builder
	if err := c.run(&out, 10, 1); err != nil {
		t.Fatal(err)
	}
	const id = "00000000-0000-4000-8000-00000000000"
	for _, want := range []string{
		"pipes, 5 recorded events", "| cfcheck |  | 5 |", "| plain loop |  | 5 |", "| odd |  | 4 |",
		"\nplain loop: 5 of 5 events have the same answers of the rules that it reads.\n\nodd: 2 of 5 events have the same answers",
		"- refused: 1 rules\n  - " + id + "0: no such modifier\n",
		"- failed while running: 1 rules\n  - " + id + "1: no such value\n",
		"- matches more than cfcheck: 1 rules\n  - " + id + "2: 3 events\n",
		"- matches less than cfcheck: 1 rules\n  - " + id + "3: 1 events\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output does not say %q:\n%s", want, out.String())
		}
	}
}
