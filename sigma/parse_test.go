package sigma

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// TestHostileFiles tests files that are not rules, or that exceed a limit.
// Parse must return the message, possibly among others.
func TestHostileFiles(t *testing.T) {
	const rule = "title: Case\nid: 929a690e-bef0-4204-a928-ef5e620d6fcc\nlogsource: {category: pipe_created, product: windows}\n"
	bomb := func() string {
		var b strings.Builder
		b.WriteString(rule + "detection:\n    s0: &a0 [{A: [" + strings.Repeat("x,", 9) + "x]}]\n")
		for i := range 9 {
			fmt.Fprintf(&b, "    s%d: &a%d [{A: *a%d}%s]\n", i+1, i+1, i, strings.Repeat(fmt.Sprintf(",{A: *a%d}", i), 9))
		}
		b.WriteString("    condition: s9\n")
		return b.String()
	}
	lists := func() string { // an alias may repeat a long list many times
		var b strings.Builder
		b.WriteString(rule + "detection:\n    s0: {A: &a [" + strings.Repeat("x, ", 1000) + "x]}\n    s1:\n")
		for i := range 200 {
			fmt.Fprintf(&b, "        A%d: *a\n", i)
		}
		b.WriteString("    condition: s1\n")
		return b.String()
	}
	for _, tt := range []struct {
		why, text, want string
	}{
		{"nothing", "", "f.yml:1:1: file has no rule in it"},
		{"comments alone", "# nothing\n\n", "f.yml:1:1: file has no rule in it"},
		{"a file that is too large", strings.Repeat("#", MaxFileSize+1), "f.yml:1:1: file is larger than 524,288 bytes; split it"},
		{"UTF-16, little-endian", "\xff\xfet\x00", "f.yml:1:1: file is UTF-16; save the file as UTF-8"},
		{"UTF-16, big-endian", "\xfe\xff\x00t", "f.yml:1:1: file is UTF-16; save the file as UTF-8"},
		{"Latin-1", "title: x\nauthor: Ren\xe9\n", "f.yml:2:12: byte 0xe9 (233) is not UTF-8; save the file as UTF-8"},
		{"a zero byte", "title: \x00", "f.yml:1:8: control character 0x00 (0); if you mean it, write it as an escape in double quotes"},
		{"an escape sequence for the terminal", "title: \x1b[31m", "f.yml:1:8: control character 0x1b (27); if you mean it, write it as an escape in double quotes"},
		{"a noncharacter that YAML refuses", "title: \ufffe\n", "f.yml:1:1: not YAML: control characters are not allowed (value: 65534)"},
		{"lists inside each other", strings.Repeat("[", 100), "f.yml:1:33: not YAML: collections are nested more than 32 deep; write it with fewer levels"},
		{"maps inside each other", strings.Repeat("? ", 100), "f.yml:1:65: not YAML: collections are nested more than 32 deep; write it with fewer levels"},
		{"a list in brackets that the YAML parser would hold as tokens", "[" + strings.Repeat("a,", MaxFlowMarks+1), "f.yml:1:1: file has 16,386 commas and opening brackets; the limit is 16,384; split it, or write its lists with one dash per line"},
		{"too many rules", strings.Repeat("--- {action: x}\n", MaxDocuments+1), "f.yml:257:5: file has more than 256 rules; split it"},
		{"an alias bomb that is no rule", bomb(), "f.yml:9:95: file has more than 131,072 values, counting those that its aliases repeat; split it"},
		{"aliases that repeat a list", lists(), "file has more than 131,072 values, counting those that its aliases repeat; split it"},
		{"an alias of itself", rule + "detection: &d\n    s: {A: *d}\n    condition: s\n", "f.yml:5:12: alias \"*d\" stands inside the collection that it names; write the values out"},
		{"a list that has itself in it", rule + "detection:\n    s: &s [*s]\n    condition: s\n", "f.yml:5:12: alias \"*s\" stands inside the collection that it names; write the values out"},
		{"a condition that is too long", rule + "detection: {s: {A: x}, condition: s" + strings.Repeat(" or s", 1000) + "}\n", "conditions are longer than 4,096 bytes; shorten them, or split the rule"},
		{"too many searches", rule + "detection:\n" + func() (s string) {
			for i := range MaxSearches + 1 {
				s += fmt.Sprintf("    s%d: {A: x}\n", i)
			}
			return s
		}() + "    condition: s1\n", "f.yml:5:5: detection: detection has 257 searches; the limit is 256; split the rule"},
		{"a name of a search that is too long", rule + "detection: {" + strings.Repeat("s", 129) + ": {A: x}, condition: 1 of them}\n", "f.yml:4:13: detection: name of a search has 129 bytes; expected 1 to 128"},
		{"a field name that is too long", rule + "detection: {s: {? " + strings.Repeat("A", 1025) + "\n : x}, condition: s}\n", "detection.s: field has 1,025 bytes with its modifiers; the limit is 1,024; shorten it"},
		{"windash that makes too much", rule + "detection: {s: {A|windash: '-a -b -c -d -e -f -g'}, condition: s}\n", "f.yml:4:28: detection.s: value \"-a -b -c -d -e -f -g\" has so many dashes that its windash variants have more than 1,048,576 bytes"},
		{"windash that makes too much of a long value", rule + "detection: {s: {A|windash: '-a -b " + strings.Repeat("x", 50_000) + "'}, condition: s}\n", "variants have more than 1,048,576 bytes"},
		{"windash that makes too many values of a list", rule + "detection: {s: {A|windash: [" + strings.Repeat("'-a -b -c -d -e', ", 43) + "]}, condition: s}\n", "f.yml:4:17: detection.s: file has more than 131,072 values, or more than 4,194,304 bytes of them, counting the values that aliases repeat and modifiers add; split it"},
		{"aliases that repeat a long value", rule + "detection:\n    s0: {A: &a " + strings.Repeat("x", 60_000) + "}\n    s: {B: [" + strings.Repeat("*a, ", 100) + "]}\n    condition: s\n", "f.yml:6:9: detection.s: file has more than 131,072 values, or more than 4,194,304 bytes of them"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			rules, err := Parse("f.yml", []byte(tt.text))
			if err == nil {
				t.Fatalf("accepted, with %d rules", len(rules))
			}
			found := false
			for _, e := range Errors(err) {
				found = found || strings.Contains(e.Error(), tt.want)
			}
			if !found {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestMemory checks the memory that MaxFileSize promises, with the files that
// cost the YAML parser most.
func TestMemory(t *testing.T) {
	fill := func(start, unit string) []byte {
		return []byte(start + strings.Repeat(unit, (MaxFileSize-len(start))/len(unit)))
	}
	for i, tt := range []struct {
		why  string
		data []byte
	}{
		{"entries of lists, each with a comment", fill("", "- #\n")},
		{"keys", fill("", "? a\n")},
		{"one key over and over", fill("", "a: b\n")},
		{"keys with comments", fill("", "#\na: b\n")},
		{"empty documents", fill("", "---\n")},
		{"a list in brackets, as long as may be", []byte("[" + strings.Repeat("[],", MaxFlowMarks/2-1) + "]")},
		{"maps in braces", []byte("[" + strings.Repeat("{a: b, c: d},", MaxFlowMarks/3-1) + "]")},
		{"one long line", fill("", "a")},
	} {
		if testing.Short() && i%4 != 0 {
			continue // a file as large as allowed takes half a second
		}
		t.Run(tt.why, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			Parse("f.yml", tt.data)
			runtime.ReadMemStats(&after)
			// TotalAlloc is the memory that was ever allocated. It is more than
			// was in use at any time.
			per := float64(after.TotalAlloc-before.TotalAlloc) / MaxFileSize
			t.Logf("%.0f bytes allocated a byte of the largest file", per)
			if per > 400 {
				t.Errorf("%.0f bytes allocated a byte of the largest file; want at most 400", per)
			}
		})
	}
}

// TestManyErrors checks that a file with many errors has a limited number of
// them reported, and the others counted.
func TestManyErrors(t *testing.T) {
	var b strings.Builder
	b.WriteString("title: x\nlogsource: {category: x}\ndetection:\n    s:\n")
	for i := range 60 {
		fmt.Fprintf(&b, "        A%d|nope: x\n", i)
	}
	b.WriteString("    condition: s\n")
	_, err := Parse("f.yml", []byte(b.String()))
	errs := Errors(err)
	if len(errs) != MaxErrors+1 {
		t.Fatalf("%d errors; want %d", len(errs), MaxErrors+1)
	}
	if got, want := errs[MaxErrors].Error(), "f.yml:1:1: 10 further errors in this file"; got != want {
		t.Errorf("the last is %q; want %q", got, want)
	}
}

// TestPositions checks that lines and columns are those of an editor,
// regardless of line ends and of the YAML parser's idea of line ends.
func TestPositions(t *testing.T) {
	for _, tt := range []struct {
		why, text    string
		line, column int // of the field "Nope"
	}{
		{"LF", "detection:\n    s:\n        Nope: x\n    condition: s\n", 3, 9},
		{"CR LF", "detection:\r\n    s:\r\n        Nope: x\r\n    condition: s\r\n", 3, 9},
		{"CR", "detection:\r    s:\r        Nope: x\r    condition: s\r", 3, 9},
		{"a byte order mark is not counted", "\ufeffdetection: {s: {Nope: x}, condition: s}\n", 1, 17},
		{"columns count bytes", "detection: {s: {PipeName: 'é€', Nope: x}, condition: s}\n", 1, 36},
		{"the line separator of YAML 1.1 is no line end for an editor", "author: 'a\u2028b'\ndetection: {s: {Nope: x}, condition: s}\n", 2, 17},
		{"the next line of YAML 1.1 neither", "author: 'a\u0085b'\ndetection: {s: {Nope: x}, condition: s}\n", 2, 17},
		{"far down a long line", "detection: {s: {PipeName: '" + strings.Repeat("é€x", 200) + "', Nope: x}, condition: s}\n", 1, 1231},
		{"after one on the same line", "detection: {s: {PipeName: 'a\u2028 b', Nope: x}, condition: s}\n", 1, 37},
	} {
		t.Run(tt.why, func(t *testing.T) {
			rules, err := Parse("f.yml", []byte(tt.text+"\ntitle: x\nid: 929a690e-bef0-4204-a928-ef5e620d6fcc\nlogsource: {category: pipe_created, product: windows}\n"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Compile(rules[0], ipc(t), nil)
			if err == nil {
				t.Fatal("no error")
			}
			e, ok := Errors(err)[0].(*UnknownFieldError)
			if !ok || e.Position != (Position{tt.line, tt.column}) {
				t.Errorf("got %v; want it at %d:%d", err, tt.line, tt.column)
			}
		})
	}
}

// TestUnfilled tests that an unknown field does not hide placeholders without values.
func TestUnfilled(t *testing.T) {
	given := Placeholders{"known": {"x"}}
	for _, tt := range []struct {
		why, field string
		want       []string
	}{
		{"two placeholders without values, one of them twice", "Nope|expand: ['%a%', '%known%', '%b%-%a%']", []string{"a", "b"}},
		{"all have values", "Nope|expand: '%known%'", nil},
		{"without the modifier a value is a text", "Nope: '%a%'", nil},
	} {
		rules, err := Parse("f.yml", []byte("title: x\nid: 929a690e-bef0-4204-a928-ef5e620d6fcc\nlogsource: {category: pipe_created, product: windows}\ndetection:\n    s:\n        "+tt.field+"\n    condition: s\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Compile(rules[0], ipc(t), given)
		if e, ok := errors.AsType[*UnknownFieldError](err); !ok || !slices.Equal(e.Unfilled, tt.want) {
			t.Errorf("%s: found %+v; expected the placeholders %q", tt.why, e, tt.want)
		}
	}
}

// TestUnfilledOfAll tests that the placeholders of all errors are listed, and not those of rules
// that compile.
func TestUnfilledOfAll(t *testing.T) {
	rule := func(n int, detection string) *Rule {
		rules, err := Parse("f.yml", fmt.Appendf(nil, "title: x\nid: 929a690e-bef0-4204-a928-ef5e620d6fc%d\nlogsource: {category: pipe_created, product: windows}\ndetection:\n    s:\n        %s\n    condition: s\n", n, detection))
		if err != nil {
			t.Fatal(err)
		}
		return rules[0]
	}
	res, err := Build([]*Rule{
		rule(1, "PipeName|expand: '%z%-%b%'"), // its error names only z
		rule(2, "Nope|expand: ['%a%', '%b%']"),
		rule(3, "PipeName|expand: '%known%'"),
		rule(4, "PipeName: '%text%'"),
	}, builtin.Definitions(), Options{Placeholders: Placeholders{"known": {"x"}}})
	if err == nil {
		t.Fatal("found no error; expected that two rules do not compile")
	}
	if have := res.Unfilled(Placeholders{"known": {"x"}}); !slices.Equal(have, []string{"a", "b", "z"}) {
		t.Errorf("found the placeholders %q; expected a, b and z", have)
	}
}

// TestDirectives tests which comments are statements to cfcheck, and their places.
func TestDirectives(t *testing.T) {
	rules, err := Parse("f.yml", []byte(`# cfcheck:waive A
# other comment
title: x # cfcheck:waive B
id: 929a690e-bef0-4204-a928-ef5e620d6fcc
logsource:
  # cfcheck:waive A
  category: c   #cfcheck:waive C
detection:
  s:
    - a # about cfcheck:waive no
    #   cfcheck:waive D
    - |
      text # cfcheck:waive no
      # cfcheck:waive no
    - "text # cfcheck:waive no"
    - {F: [x, # cfcheck:waive E
           y]}
  condition: s
# cfcheck:
---
# cfcheck:waive A
title: y
logsource: {category: c}
detection: {s: [a], condition: s}
`))
	if err != nil {
		t.Fatal(err)
	}
	text := func(value string, line, column int) Text { return Text{value, Position{line, column}} }
	want := [][]Text{
		{text("cfcheck:waive A", 1, 1), text("cfcheck:waive B", 3, 10), text("cfcheck:waive A", 6, 3), text("cfcheck:waive C", 7, 17),
			text("cfcheck:waive D", 11, 5), text("cfcheck:waive E", 16, 15), text("cfcheck:", 19, 1)},
		{text("cfcheck:waive A", 21, 1)},
	}
	for i, r := range rules {
		if diff := cmp.Diff(want[i], r.Directives); diff != "" {
			t.Errorf("directives of rule %d differ (-want +got):\n%s", i, diff)
		}
	}
}

// TestRule parses a rule with all elements.
func TestRule(t *testing.T) {
	rules, err := Parse("f.yml", []byte(`---
title: A title
id: 929a690e-bef0-4204-a928-ef5e620d6fcc
author: Jane
license: MIT
status: test
level: low
date: 2024-07-19
modified: 2024-07-20
logsource: {category: c, product: p, service: s}
detection:
    b: {F|contains|all: [x, 'y'], G: }
    a: [kw, {H: "z"}]
    condition:
        - b and not (a or b)
        - 1 of them
`))
	if err != nil {
		t.Fatal(err)
	}
	r := rules[0]
	text := func(value string, line, column int) Text { return Text{value, Position{line, column}} }
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"Name", r.Name, "f.yml"},
		{"Path", r.Path, "f.yml"},
		{"Position", r.Position, Position{2, 1}},
		{"Kind", r.Kind.String(), "detection rule"},
		{"Title", r.Title, text("A title", 2, 8)},
		{"ID", r.ID, text("929a690e-bef0-4204-a928-ef5e620d6fcc", 3, 5)},
		{"Author", r.Author, text("Jane", 4, 9)},
		{"Licence", r.Licence, text("MIT", 5, 10)},
		{"Status", r.Status, text("test", 6, 9)},
		{"Level", r.Level, text("low", 7, 8)},
		{"Date", r.Date, text("2024-07-19", 8, 7)},
		{"Modified", r.Modified, text("2024-07-20", 9, 11)},
		{"Logsource", r.Logsource, Logsource{Position{10, 12}, text("c", 10, 23), text("p", 10, 35), text("s", 10, 47)}},
		{"Logsource as text", r.Logsource.String(), "category c, product p, service s"},
		{"Detection", r.Detection.Position, Position{12, 5}},
		{"first search", r.Detection.Searches[0].Name, text("b", 12, 5)},
		{"second search", r.Detection.Searches[1].Name, text("a", 13, 5)},
		{"first item", r.Detection.Searches[0].Alternatives[0].Items[0].Modifiers, []Text{text("contains", 12, 11), text("all", 12, 20)}},
		{"its values", r.Detection.Searches[0].Alternatives[0].Items[0].Values[1].Text, text("y", 12, 29)},
		{"null", r.Detection.Searches[0].Alternatives[0].Items[1].Values[0].Null, true},
		{"keyword", r.Detection.Searches[1].Alternatives[0].Items[0].Values[0].Text, text("kw", 13, 9)},
		{"keyword's field", r.Detection.Searches[1].Alternatives[0].Items[0].Field, ""},
		{"path of an alternative", r.Detection.Searches[1].Alternatives[1].Items[0].Path, "detection.a[1]"},
		{"first condition", r.Detection.Conditions[0].Node.String(), "(b and not (a or b))"},
		{"place of a name in it", r.Detection.Conditions[0].Node.Args[1].Args[0].Position, Position{15, 22}},
		{"second condition", r.Detection.Conditions[1].Node.String(), "1 of them"},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.what, diff)
		}
	}
}

// TestConditions parses conditions.
func TestConditions(t *testing.T) {
	for _, tt := range []struct{ why, condition, want string }{
		{"a name", "a", "a"},
		{"not before and before or", "a or b and not c", "(a or (b and not c))"},
		{"operators of one kind are one list", "a and b and c", "(a and b and c)"},
		{"parentheses are kept apart", "a and (b and c)", "(a and (b and c))"},
		{"parentheses around a name change nothing", "((a))", "a"},
		{"spaces are not needed at parentheses", "not(a)and(b)or(c)", "((not a and b) or c)"},
		{"line ends are spaces", "a\n    and b", "(a and b)"},
		{"a quantity binds tighter than not", "not 1 of a* and all of them", "(not 1 of a* and all of them)"},
		{"not of not", "not not not a", "not not not a"},
		{"nots and parentheses beside each other are not deep", "a" + strings.Repeat(" or (not a)", 3*MaxConditionDepth), "(a" + strings.Repeat(" or not a", 3*MaxConditionDepth) + ")"},
		{"what begins like a word of the condition is a name", "android or notes", "(android or notes)"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			d := &Detection{}
			for _, name := range []string{"a", "b", "c", "android", "notes"} {
				d.Searches = append(d.Searches, &Search{Name: Text{Value: name}})
			}
			n, bar, err := parseCondition(tt.condition, d, func(int) Position { return Position{1, 1} })
			if err != nil {
				t.Fatal(err)
			}
			if n.String() != tt.want || bar >= 0 {
				t.Errorf("%q is %s, bar at %d; want %s", tt.condition, n, bar, tt.want)
			}
		})
	}
}

// TestMatching matches patterns with names.
func TestMatching(t *testing.T) {
	d := &Detection{}
	for _, name := range []string{"sel", "sel_a", "sel_b_x", "filter", "_sel", "SEL"} {
		d.Searches = append(d.Searches, &Search{Name: Text{Value: name}})
	}
	for _, tt := range []struct {
		pattern string
		want    []string
	}{
		{"them", []string{"sel", "sel_a", "sel_b_x", "filter", "SEL"}},
		{"*", []string{"sel", "sel_a", "sel_b_x", "filter", "SEL"}},
		{"sel", []string{"sel"}},
		{"sel*", []string{"sel", "sel_a", "sel_b_x"}},
		{"*_*", []string{"sel_a", "sel_b_x"}},
		{"s*l*_x", []string{"sel_b_x"}},
		{"**l**", []string{"sel", "sel_a", "sel_b_x", "filter"}},
		{"_sel", nil},
		{"", nil},
	} {
		var got []string
		for _, s := range d.Matching(tt.pattern) {
			got = append(got, s.Name.Value)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q: -want +got\n%s", tt.pattern, diff)
		}
	}
}

// TestModifiers checks that each modifier in the table can be written, and that
// Compile names each modifier with a reason as unsupported.
func TestModifiers(t *testing.T) {
	before := map[role]string{flagOf: "re|"}
	value := map[string]string{"exists": "true", "cidr": "10.0.0.0/8", "lt": "1", "lte": "1", "gt": "1", "gte": "1", "fieldref": "B", "all": "[x, y]",
		"utf16": "[x]"}
	for _, m := range modifiers {
		v := value[m.name]
		if v == "" {
			v = "xyz"
		}
		key := "A|" + before[m.role] + m.name
		if m.name == "utf16" {
			key += "|base64"
		}
		_, err := compileText(ruleOf("    s: {'"+key+"': "+v+"}\n    condition: s\n"), typed())
		if (err != nil) != (m.reason != "") {
			t.Errorf("%s: %v; its reason is %q", key, err, m.reason)
		}
		if err != nil && !strings.Contains(err.Error(), m.reason) {
			t.Errorf("%s: %v; want the reason %q", key, err, m.reason)
		}
	}
}
