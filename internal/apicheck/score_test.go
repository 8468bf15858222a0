package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseReport(t *testing.T) {
	const report = `Incompatible changes:
- ./channelfile.(*Builder).Encode: changed from func() ([]byte, error) to func() []byte
- ./channelfile.Parse: removed
- ./cmd/cfcheck.Main: removed
- ./sensor.(*list).Len, method set of *Fleet: removed
- ./sensor.Fleet.Hosts: removed
- ./sensor.MaxJSONSize: value changed from 33554432 to 16777216
- ./sensor.Reader, comparable: old is comparable, new is not
- ./validate/suite.Checks, element type: changed from *./validate.Check to ./validate.Check
- package example.com/m/replay: removed
- package example.com/m/cmd/old: removed
Compatible changes:
- ./report.Text: added
- package example.com/m/sigma: added`
	changes, err := parseReport(report, "example.com/m")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range changes {
		if c.compatible {
			got = append(got, "compatible "+c.name)
		} else {
			got = append(got, c.name)
		}
	}
	want := []string{
		"channelfile.Builder.Encode",
		"channelfile.Parse",
		"sensor.Fleet.Len",
		"sensor.Fleet.Hosts",
		"sensor.MaxJSONSize",
		"sensor.Reader",
		"suite.Checks",
		"replay",
		"compatible report.Text",
		"compatible sigma",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names of changes (-want +got):\n%s", diff)
	}
}

func TestParseReportRefuses(t *testing.T) {
	tests := []struct{ why, report string }{
		{"a heading of another version of apidiff", "Breaking changes:\n- ./a.B: removed"},
		{"a change without a colon", "Incompatible changes:\n- ./a.B removed"},
		{"a change that goes on in the next line", "Incompatible changes:\n- ./a.B: changed from struct{\nA int} to int"},
		{"what apidiff says when it finds a change twice", "! second, different message for obj a.B, isNew false, part \"\""},
	}
	for _, test := range tests {
		if changes, err := parseReport(test.report, "example.com/m"); err == nil {
			t.Errorf("%s: accepted, with %d changes", test.why, len(changes))
		}
	}
}

func TestNamedIn(t *testing.T) {
	tests := []struct {
		why, changelog string
		want           []string
	}{
		{"names anywhere under Unreleased", "# C\n\n## [Unreleased]\n\n### API\n\n- Remove `a.B` and `a.C`.\n- Change\n  `a.D`.\n", []string{"a.B", "a.C", "a.D"}},
		{"the section ends at the next release", "## [Unreleased]\n- `a.B`\n## [v0.1.0] - 2027-01-31\n- `a.C`\n", []string{"a.B"}},
		{"what stands before it does not count", "As in `a.A`.\n## [Unreleased]\n- `a.B`\n", []string{"a.B"}},
		{"a name without backquotes does not count", "## [Unreleased]\n- Remove a.B\n", nil},
		{"nor do backquotes of two lines", "## [Unreleased]\n- `a\n.B` is\n", nil},
	}
	for _, test := range tests {
		names, err := namedIn(test.changelog)
		if err != nil {
			t.Errorf("%s: %v", test.why, err)
		}
		if diff := cmp.Diff(test.want, slices.Sorted(maps.Keys(names))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.why, diff)
		}
	}
	if _, err := namedIn("## [v0.1.0]\n"); err == nil || !strings.Contains(err.Error(), "Unreleased") {
		t.Errorf("a changelog without the section: got error %v, want one that names it", err)
	}
}
