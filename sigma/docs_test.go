package sigma

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// rows returns the rows of the first table after some words of docs/sigma-values.md,
// or of docs/sigma.md, split into cells.
func rows(t *testing.T, after string) [][]string {
	t.Helper()
	values, err := os.ReadFile("../docs/sigma-values.md")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("../docs/sigma.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(values)+string(data), after)
	if !ok {
		t.Fatalf("neither page has %q", after)
	}
	var table [][]string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "|") {
			if len(table) > 0 {
				break
			}
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		table = append(table, cells)
	}
	if len(table) < 3 {
		t.Fatalf("there is no table after %q", after)
	}
	return table[2:]
}

// TestDocsModifiers checks that the documentation lists each modifier once, and
// that it marks the unsupported ones.
func TestDocsModifiers(t *testing.T) {
	var known []string
	for _, row := range rows(t, "## Modifiers") {
		for _, m := range regexp.MustCompile("`([a-z0-9]+)`").FindAllStringSubmatch(row[0], -1) {
			known = append(known, m[1])
			i := slices.IndexFunc(modifiers, func(k modifier) bool { return k.name == m[1] })
			if i < 0 {
				t.Errorf("the documentation has modifier %s, which there is not", m[1])
				continue
			}
			if unsupported := strings.HasPrefix(row[1], "not supported"); unsupported != (modifiers[i].reason != "") {
				t.Errorf("modifier %s: the documentation says not supported: %t", m[1], unsupported)
			}
		}
	}
	slices.Sort(known)
	want := modifierNames()
	slices.Sort(want)
	if !slices.Equal(known, want) {
		t.Errorf("the documentation has %v\nwant %v", known, want)
	}
}

// TestDocsEscaping checks the examples of escaping.
func TestDocsEscaping(t *testing.T) {
	code := func(cell string) string { return strings.Trim(cell, "`") }
	for _, row := range rows(t, "**Escaping**") {
		f, err := compileText(ruleOf("    s: {A: '"+code(row[0])+"'}\n    condition: s\n"), typed())
		if err != nil {
			t.Fatal(err)
		}
		if !matches(t, f, typed(), event{"A": code(row[1])}) || matches(t, f, typed(), event{"A": code(row[2])}) {
			t.Errorf("%v is not so", row)
		}
	}
}

// section returns the part of docs/sigma.md between two marks with the given
// name. With -update it first replaces that part with want.
func section(t *testing.T, name, want string) string {
	t.Helper()
	const file = "../docs/sigma.md"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	start, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->\n"
	before, rest, begun := strings.Cut(string(data), start)
	there, after, ended := strings.Cut(rest, end)
	if !begun || !ended {
		t.Fatalf("%s has no section between %q and %q", file, start, end)
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+start+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return want
	}
	return there
}

// TestDocsLogsources checks the table of template types in the documentation.
// With -update it writes the table.
func TestDocsLogsources(t *testing.T) {
	var want strings.Builder
	want.WriteString("| logsource | template type | keywords are searched in |\n|---|---|---|\n")
	defs := builtin.Definitions()
	for d := range defs.All() {
		if d != defs.Newest(d.Name) {
			continue
		}
		for _, l := range d.Logsources {
			in := ""
			for i, name := range d.Keywords {
				if i > 0 {
					in += ", "
				}
				in += "`" + name + "`"
			}
			fmt.Fprintf(&want, "| %s | `%s` | %s |\n", l, d.Name, in)
		}
	}
	if got := section(t, "logsources", want.String()); got != want.String() {
		t.Errorf("the documentation has\n%s\nwant\n%s", got, want.String())
	}
}

// TestDocsLimits compares the numbers in the documentation with the constants.
func TestDocsLimits(t *testing.T) {
	data, err := os.ReadFile("../docs/sigma.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "## Limits")
	for _, want := range []string{
		count(MaxFileSize) + " bytes", count(MaxDocuments) + " rules", count(MaxNodes) + " values",
		"collections " + count(MaxNesting) + " deep", count(MaxSearches) + " searches", count(MaxConditionLength) + " bytes of conditions",
		count(MaxValueBytes) + " bytes of values",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("section Limits does not say %q", want)
		}
	}
}
