package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the output to docs/vendor-format.md")

const page = "../../vendor-format.md"

// TestPage checks that the page shows the rules and the report of the command. With -update it
// writes the report.
func TestPage(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile("rules.acme")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "```\n"+string(rules)+"```\n") {
		t.Errorf("%s does not show rules.acme", page)
	}
	var out, messages bytes.Buffer
	if status := run([]string{"../types.json", "fleet.json", "rules.acme"}, &out, &messages); status != 1 || messages.Len() > 0 {
		t.Errorf("status %d, expected 1: %s", status, messages.String())
	}
	const begin, end = "$ go run . ../types.json fleet.json rules.acme\n", "exit status 1\n```\n"
	before, rest, _ := strings.Cut(string(data), begin)
	have, after, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatalf("%s has no output between %q and %q", page, begin, end)
	}
	if have != out.String() && *update {
		if err := os.WriteFile(page, []byte(before+begin+out.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if have != out.String() {
		t.Errorf("the page has\n%s\nwant, from go test ./docs/examples/vendor -update,\n%s", have, out.String())
	}
}

func TestVerdicts(t *testing.T) {
	const start = "acme-dns 1\nrevision 7\n"
	const rule = start + "rule 4c1d0000-0000-4000-8000-000000000001 Title\n"
	tests := []struct {
		rules, fleet string
		status       int
		says         string
		why          string
	}{
		{rule + "QueryName ends-with .example\n", "fleet.json", 0, "accepted", "both builds supply the name"},
		{rule + "QueryName ends-with .example", "fleet.json", 0, "accepted", "the last line has no end"},
		{rule + "Answer in 203.0.113.0/24\n", "fleet.json", 1, "CF3001", "build 6.1 hands over no answer"},
		{rule + "Answer in 203.0.113.0\n", "fleet.json", 2, `4: \"203.0.113.0\" is not a network`, "an address without a length"},
		{rule + "Answr in 203.0.113.0/24\n", "fleet.json", 2, `no field \"Answr\"`, "a misspelt field"},
		{rule + "QueryType is 1x\n", "fleet.json", 2, "not a number", "no number"},
		{rule + "QueryName like a\n", "fleet.json", 2, `unknown operator \"like\"`, "Acme has no such operator"},
		{rule + "QueryName\n", "fleet.json", 2, "expected a field", "half a criterion"},
		{rule + "QueryType starts-with a\n", "fleet.json", 1, "CF2006", "a number has no prefix"},
		{rule, "fleet.json", 2, "3: ", "a rule without a criterion"},
		{start + "rule 1 Title\nQueryType is 1\n", "fleet.json", 2, "3: ", "no UUID"},
		{rule + "QueryType is 1\nrule 4c1d0000-0000-4000-8000-000000000001 Other\nQueryType is 2\n", "fleet.json", 2, "vendor:", "two rules with one ID"},
		{start, "fleet.json", 2, "undecided", "nothing to judge"},
		{start + "QueryType is 1\n", "fleet.json", 2, "3: a criterion before the first rule", "no rule"},
		{"acme-dns 2\nrevision 7\n", "fleet.json", 2, "1: expected", "another version of the format"},
		{"acme-dns 1\nrevision x\n", "fleet.json", 2, "2: expected", "no revision"},
		{"", "fleet.json", 2, "1: expected", "an empty file"},
		{strings.Repeat("x", maxSize+1), "fleet.json", 2, "1: the file has more", "too large"},
		{rule + "QueryType is 1\n", "missing.json", 2, "missing.json", "no fleet"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "rules.acme")
			if err := os.WriteFile(name, []byte(tt.rules), 0o644); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if status := run([]string{"../types.json", tt.fleet, name}, &out, &out); status != tt.status || !strings.Contains(out.String(), tt.says) {
				t.Errorf("status %d, expected %d and %q:\n%s", status, tt.status, tt.says, out.String())
			}
		})
	}
	var out bytes.Buffer
	if status := run(nil, &out, &out); status != 2 || !strings.HasPrefix(out.String(), "usage:") {
		t.Errorf("without arguments: status %d, %q", status, out.String())
	}
}
