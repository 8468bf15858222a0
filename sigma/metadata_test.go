package sigma

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
)

const metadataRule = `title: Metadata
id: 929a690e-bef0-4204-a928-ef5e620d6fcc
logsource: {category: pipe_created, product: windows}
detection: {selection: {PipeName: '\x'}, condition: selection}
`

// TestMetadata tests the notes and warnings on metadata, which change no meaning.
func TestMetadata(t *testing.T) {
	for _, tt := range []struct {
		name, lines     string
		notes, warnings []string
	}{
		{"all of Sigma's", `status: experimental
level: high
falsepositives: [x]
tags: [attack.t1059, attack.t1059.001, attack.execution, attack.ds0009, car.2016-04-005, cve.2021-44228, d3fend.d3f-WindowsNtOpenFile, detection.dfir, stp.3k, tlp.amber-strict]
related: [{id: 929a690e-bef0-4204-a928-ef5e620d6fcd, type: obsolete}, {id: 929a690e-bef0-4204-a928-ef5e620d6fce, type: obsoletes}]
`, nil, nil},
		{"keys and tags of one's own", "simulation: x\nfamily: y\ntags: [ours.team-1, threat_group.x, attack.novel-tactic]\n", nil, nil},
		{"status in another case", "status: Experimental\n", nil, []string{`5:9 status: Sigma spells status "Experimental" in lower case; write "experimental"`}},
		{"level in another case", "level: HIGH\n", nil, []string{`5:8 level: Sigma spells level "HIGH" in lower case; write "high"`}},
		{"an unknown status and level", "status: tested\nlevel: 4\n", nil, []string{
			`5:9 status: status "tested" is not one of Sigma's; did you mean "test"?`,
			`6:8 level: level "4" is not one of Sigma's; expected informational, low, medium, high, critical`}},
		{"dates that are none", "date: 2018/25/08\nmodified: 2024-02-30\n", nil, []string{
			`5:7 date: "2018/25/08" is not a date; write year, month and day, such as 2024-07-19`,
			`6:11 modified: "2024-02-30" is not a date; write year, month and day, such as 2024-07-19`}},
		{"dates of both forms", "date: 2018/08/25\nmodified: 2024-02-28\n", nil, nil},
		{"several authors", "author: [Jane, ~, 'Joe']\nlicense: [DRL-1.1]\n", nil, []string{
			`5:9 author: author is a list; write one text, with commas`,
			`6:10 license: license is a list; write one text, with commas`}},
		{"text as a correlation and a filter", "correlation: see rule 2\nfilter:\n", nil, []string{
			`5:1 correlation: correlation is text, which is not one of Sigma's, so it has no effect; write it as a comment`,
			`6:1 filter: filter is text, which is not one of Sigma's, so it has no effect; write it as a comment`}},
		{"a misspelt key", "falsepostives: [x]\n", []string{`5:1 : key "falsepostives" is not one of Sigma's; did you mean "falsepositives"?`}, nil},
		{"two misspelt keys", "refrences: [x]\nDescription: y\n", []string{
			`5:1 : key "refrences" is not one of Sigma's; did you mean "references"?`,
			`6:1 : key "Description" is not one of Sigma's; did you mean "description"?`}, nil},
		{"a misspelt key of another kind of value", "Title: [x]\n", []string{`5:1 : key "Title" is not one of Sigma's; did you mean "title"?`}, nil},
		{"a tag without a namespace", "tags:\n  - sunburst\n", []string{`6:5 tags: tag "sunburst" is not a namespace and a name in lower case; expected one such as attack.t1059`}, nil},
		{"a tag in upper case", "tags: [attack.T1059]\n", []string{`5:8 tags: tag "attack.T1059" is not a namespace and a name in lower case; did you mean "attack.t1059"?`}, nil},
		{"a tag with a space", "tags: [Attack.Lateral Movement]\n", []string{`5:8 tags: tag "Attack.Lateral Movement" is not a namespace and a name in lower case; did you mean "attack.lateral-movement"?`}, nil},
		{"a misspelt namespace", "tags: [atack.t1059]\n", []string{`5:8 tags: tag "atack.t1059" has an unknown namespace; did you mean "attack.t1059"?`}, nil},
		{"a misspelt tactic", "tags: [attack.excution, attack.defense_evasion]\n", []string{
			`5:8 tags: tag "attack.excution" names an unknown tactic; did you mean "attack.execution"?`,
			`5:25 tags: tag "attack.defense_evasion" names an unknown tactic; did you mean "attack.defense-evasion"?`}, nil},
		{"an empty tag", "tags: ['', attack., .t1059]\n", []string{
			`5:8 tags: tag "" is not a namespace and a name in lower case; expected one such as attack.t1059`,
			`5:12 tags: tag "attack." is not a namespace and a name in lower case; expected one such as attack.t1059`,
			`5:21 tags: tag ".t1059" is not a namespace and a name in lower case; expected one such as attack.t1059`}, nil},
		{"tags that are not a list", "tags: attack\n", nil, nil},
		{"an unknown type of a related rule", "related:\n  - id: 929a690e-bef0-4204-a928-ef5e620d6fcd\n    type: deriived\n", []string{
			`7:11 related: type "deriived" is not one of Sigma's; did you mean "derived"?`}, nil},
		{"a type that is similar to none", "related: [{type: x}]\n", []string{
			`5:18 related: type "x" is not one of Sigma's; expected derived, obsolete, obsoletes, merged, renamed, similar`}, nil},
		{"related rules that are not maps", "related: [x, [y], {type: [z]}]\n", nil, nil},
	} {
		rules, err := Parse("r.yml", []byte(metadataRule+tt.lines))
		if err != nil || len(rules) != 1 {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		show := func(notes []Note) (list []string) {
			for _, n := range notes {
				list = append(list, fmt.Sprintf("%d:%d %s: %s", n.Line, n.Column, n.Path, n.Message))
			}
			return list
		}
		if diff := cmp.Diff(tt.notes, show(rules[0].Notes)); diff != "" {
			t.Errorf("%s: notes (-want +have):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.warnings, show(rules[0].Warnings)); diff != "" {
			t.Errorf("%s: warnings (-want +have):\n%s", tt.name, diff)
		}
	}
	long, err := Parse("r.yml", []byte(strings.Replace(metadataRule, "Metadata", strings.Repeat("é", MaxTitle+1), 1)))
	if err != nil || len(long[0].Warnings) != 1 || long[0].Warnings[0].Message != "title has 257 characters, and Sigma's limit is 256; shorten it" {
		t.Errorf("of a long title: %v, %v", err, long)
	}
	authors, err := Parse("r.yml", []byte(metadataRule+"author: [Jane, ~, 'Joe']\n"))
	if err != nil || authors[0].Author.Value != "Jane, Joe" {
		t.Errorf("of two authors: %v, %v", err, authors)
	}
	for _, tt := range []struct{ lines, want string }{
		{"status: unsuported\n", `r.yml:5:9: status: status "unsuported" is not one of Sigma's; did you mean "unsupported"?`},
		{"author: [{name: x}]\n", "r.yml:5:10: author: value is a map; expected text"},
		{"license: ['" + strings.Repeat("x", channelfile.MaxTextLength) + "', y]\n", "r.yml:5:10: license: list has 65,538 bytes; the limit is 65,535; shorten it"},
	} {
		if _, err := Parse("r.yml", []byte(metadataRule+tt.lines)); err == nil || err.Error() != tt.want {
			t.Errorf("%.40s: error %v; want %s", tt.lines, err, tt.want)
		}
	}
	rules, err := Parse("r.yml", []byte(metadataRule+"tags: ["+strings.Repeat("x, ", 10_000)+"x]\n"))
	if err != nil || len(rules[0].Notes) != maxNotes {
		t.Errorf("of 10,001 wrong tags: %v, %d notes; want %d", err, len(rules[0].Notes), maxNotes)
	}
}

// TestStrangeFiles checks that a file that is not a rule is one error, and a rule
// collection is one rule.
func TestStrangeFiles(t *testing.T) {
	strange := `f.yml:1:1: document is not a Sigma rule: it has neither logsource nor detection; move the file elsewhere, or leave it out with --exclude`
	for _, tt := range []struct {
		name, text, err string
		kinds           []Kind
	}{
		{"a workflow", "name: CI\non: [push]\njobs:\n  build: {runs-on: x, steps: []}\n", strange, nil},
		{"several documents", "apiVersion: v1\nkind: A\n---\napiVersion: v1\nkind: B\n---\n- x\n", strange, nil},
		{"keys twice, merged and with a tag", "a: 1\na: 2\n<<: {b: 1}\n!x c: 3\nd: !Ref e\n", strange, nil},
		{"metadata of a rule alone", "title: x\nid: y\nstatus: z\nlevel: 4\n", strange, nil},
		{"a key of Sigma that is misspelt", "title: x\ndetecton: {}\n", `f.yml:1:1: rule has no logsource; a rule needs it` + "\n" + `f.yml:2:1: key "detecton" is not one of Sigma's; did you mean "detection"?`, nil},
		{"beside a rule", metadataRule + "---\na: 1\n---\nb: 1\n", strings.Replace(strange, "1:1", "6:1", 1), []Kind{Detecting}},
		{"a collection", "action: global\ntitle: A\n---\ndetection: {}\n---\naction: repeat\nlogsource: []\n", "", []Kind{Collection}},
		{"a collection whose first document has no action", metadataRule + "---\naction: reset\n", "", []Kind{Collection}},
		{"a collection beside a filter", metadataRule + "---\naction: global\ntitle: x\n---\ntitle: F\nlogsource: {product: windows}\nfilter: {rules: any, s: {User: x}, condition: s}\n", "", []Kind{Detecting, Collection, Filter}},
		{"a collection that is not YAML", "action: global\n---\na: [\n", "f.yml:3:4: not YAML: ", nil},
	} {
		rules, err := Parse("f.yml", []byte(tt.text))
		have := ""
		if err != nil {
			have = err.Error()
		}
		if have != tt.err && !(strings.HasSuffix(tt.err, ": ") && strings.HasPrefix(have, tt.err[:6])) {
			t.Errorf("%s: error\n%s\nwant\n%s", tt.name, have, tt.err)
		}
		var kinds []Kind
		for _, r := range rules {
			kinds = append(kinds, r.Kind)
		}
		if diff := cmp.Diff(tt.kinds, kinds); diff != "" && !strings.Contains(tt.err, "not YAML") {
			t.Errorf("%s: kinds (-want +have):\n%s", tt.name, diff)
		}
	}
}
