package lsp

import (
	"fmt"
	"strings"
	"testing"
)

// TestAbove lists the keys of a rule that is not finished, with the keys that enclose them.
func TestAbove(t *testing.T) {
	text := "\ufefftitle: a # b\nlogsource: {product: windows, category: 'process_creation' }\n" +
		"description: |\n  detection: none\n  of this\ndetection:\n  one:\n    - A|contains: x\n      B:\n      - 'y: z'\n" +
		"  two:\n  - C: 1\n    D: 2\n  - \"E\": 3\n  three: {F: [a, b], G: 'x, H: y'\n  condition: on\n---\nlevel:\n"
	d := newDocument(text, 0)
	rows := rowsOf(d)
	var got strings.Builder
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(&got, "%d %d %s %q=%q\n", r.document, r.line, strings.Join(above(rows, i), "."), r.key, value(d, r))
	}
	want := `0 0  "title"="a"
0 1  "logsource"="{product: windows, category: 'process_creation' }"
0 1 logsource "product"="windows"
0 1 logsource "category"="process_creation"
0 2  "description"="|"
0 5  "detection"=""
0 6 detection "one"=""
0 7 detection.one "A|contains"="x"
0 8 detection.one "B"=""
0 9 detection.one.B ""="y: z"
0 10 detection "two"=""
0 11 detection.two "C"="1"
0 12 detection.two "D"="2"
0 13 detection.two "E"="3"
0 14 detection "three"="{F: [a, b], G: 'x, H: y'"
0 14 detection.three "F"="[a, b]"
0 14 detection.three "G"="x, H: y"
0 15 detection "condition"="on"
1 17  "level"=""
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &got, want)
	}
}

// TestSymbols compares the outlines of each kind of document.
func TestSymbols(t *testing.T) {
	for _, c := range []struct {
		reason, text string
		of           func(*document, encoding) []*documentSymbol
		want         string
	}{
		{"two rules in a file", "title: a\nlevel: low\ndetection:\n  s:\n    A: 1\n  condition: s\n---\nlogsource:\n  product: x\n", ruleSymbols,
			"a low 0-6 (s 3-4, condition s 5-6), rule 7-9 (logsource 7-9)"},
		{"a text without keys", "a\n- b\n", ruleSymbols, ""},
		{"a policy", "schema: x\nceilings:\n  bytes: 1\n", keySymbols, "schema x 0-0, ceilings 1-3 (bytes 1 2-3)"},
		{"a fleet", "{\n\"builds\": [\n {\"build\": \"b1\", \"note\": \"build\"},\n {\"hosts\": 3, \"build\": \"b2\", \"supply\": [{\"build\": \"no\"}]}", fleetSymbols,
			"b1 2-2, b2 3-3"},
		{"JSON that breaks off", `{"builds": [{"build": "b1"`, fleetSymbols, "b1 0-0"},
		{"a configuration of Sysmon", "<Sysmon>\n<EventFiltering>\n<RuleGroup name=\"g\">\n<ProcessCreate onmatch=\"include\">\n</ProcessCreate>\n</RuleGroup>\n<DnsQuery onmatch=\"exclude\"/>", sysmonSymbols,
			"RuleGroup g 2-5 (ProcessCreate include 3-3), DnsQuery exclude 6-6"},
		{"XML that breaks off", "<Sysmon><RuleGroup name=", sysmonSymbols, ""},
	} {
		d := newDocument(c.text, 0)
		if got := outline(c.of(d, utf16)); got != c.want {
			t.Errorf("%s: %s (want %s)", c.reason, got, c.want)
		}
	}
}

// outline writes symbols on one line, with the lines that they span.
func outline(list []*documentSymbol) string {
	var parts []string
	for _, s := range list {
		text := s.Name
		if s.Detail != "" {
			text += " " + s.Detail
		}
		text += fmt.Sprintf(" %d-%d", s.Range.Start.Line, s.Range.End.Line)
		if len(s.Children) > 0 {
			text += " (" + outline(s.Children) + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}
