package report

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
)

// overview has the needs of five files: two of one type version, one of another
// version of it, one of a type that has no feeds and one that nobody knows.
func overview(t testing.TB) *Overview {
	t.Helper()
	defs := testkit.Definitions(t, []*sensor.Definition{
		{Name: "process", Number: 3000, Version: 2, Channel: 3000, Inputs: testkit.Strings("Image", "OriginalFileName", "Desktop", "CommandLine"), Feeds: []sensor.Feed{
			{Name: "sysmon", Fields: []sensor.FeedField{{Input: "Image"}, {Input: "OriginalFileName", Since: "Sysmon 10.0"}, {Input: "CommandLine", Field: "Line", Since: "Sysmon 2"}}},
			{Name: "security", Fields: []sensor.FeedField{{Input: "Image", Field: "NewProcessName"}, {Input: "CommandLine"}}},
		}},
		{Name: "process", Number: 3000, Version: 1, Channel: 3000, Inputs: testkit.Strings("Image")},
	}...)
	o := new(Overview)
	add := func(typ, version uint32, declared uint16, from int, conditions ...channelfile.Expr) {
		b := channelfile.NewBuilder(channelfile.Header{Channel: 3000, Revision: 1, Type: typ, TypeVersion: version, InputsDeclared: declared})
		for i, c := range conditions {
			n := from + i
			origin := &channelfile.Origin{Rule: fmt.Sprintf("r-%d", n), Title: fmt.Sprintf("Rule %d", n), Path: "process.yml", Line: n}
			if from == 60 {
				origin = nil
			}
			if err := b.Add(channelfile.ID{15: byte(n)}, c, origin); err != nil {
				t.Fatal(err)
			}
		}
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		f := testkit.Parse(t, data)
		o.Add(sensor.NeedsOf(f, defs), defs)
	}
	on := func(i int) channelfile.Expr { return channelfile.Equals(i, "a") }
	add(3000, 2, 4, 1, on(0), channelfile.And(on(0), on(1)), channelfile.And(on(1), channelfile.Not(on(0))), on(2), channelfile.And(on(1), on(3)))
	add(3000, 1, 1, 20, on(0))
	add(3000, 2, 4, 40, on(1), on(1), on(1), channelfile.Or(on(1), channelfile.Equals(1, "b")), on(1), on(1), on(1))
	add(9, 1, 2, 60, on(1))
	return o
}

// TestOverview compares the overview of several files with golden files.
func TestOverview(t *testing.T) {
	var text, data bytes.Buffer
	if err := errors.Join(overview(t).Text(&text), overview(t).JSON(&data)); err != nil {
		t.Fatal(err)
	}
	golden(t, "overview.text", text.Bytes())
	golden(t, "overview.json", data.Bytes())

	testSchema(t, "overview.json", map[string]schemaCase{
		"what is written":   {data.String(), true},
		"nothing":           {`{"schema": "cfcheck.overview/v0", "files": 0, "types": []}`, true},
		"another schema":    {`{"schema": "cfcheck.needs/v0", "files": 0, "types": []}`, false},
		"a key that is not": {`{"schema": "cfcheck.overview/v0", "files": 0, "types": [], "more": 1}`, false},
	})
}

// An empty overview is one.
func TestOverviewOfNothing(t *testing.T) {
	var o Overview
	var text, data bytes.Buffer
	if err := errors.Join(o.Text(&text), o.JSON(&data)); err != nil || text.Len() != 0 || !strings.Contains(data.String(), `"types": []`) {
		t.Errorf("%v: %q, %s", err, text.String(), data.String())
	}
}
