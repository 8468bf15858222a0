package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sysmon"
)

// covered has the rules of two types for builds that record different events of them.
func covered(t testing.TB) *Coverage {
	t.Helper()
	process := &sensor.Definition{Name: "process", Number: 3000, Version: 1, Channel: 3000, Inputs: testkit.Strings("Image", "CommandLine"),
		Feeds: []sensor.Feed{{Name: "sysmon", Events: []uint32{1}, Fields: []sensor.FeedField{{Input: "Image"}, {Input: "CommandLine"}}}}}
	dns := &sensor.Definition{Name: "dns", Number: 3001, Version: 1, Channel: 3001, Inputs: testkit.Strings("Query")}

	filtered := testkit.Supply(process)
	filtered.Feed = "sysmon"
	filtered.Filters = sensor.Filters{Source: "configuration", Elements: []sysmon.Element{{
		Event: 1, Filters: []sysmon.Filter{{Field: 4, FieldName: "Image", Op: sysmon.EndWith, Value: `\quiet.exe`, Group: -1, Place: sysmon.Place{Line: 12}}},
	}}}
	contract := func(build string, hosts uint64, supplies ...sensor.Supply) sensor.Contract {
		c := testkit.Contract(build, hosts, sensor.AccessNamed, supplies...)
		c.Sensors = []sensor.SensorVersion{{Name: sensor.Sysmon, Version: "15.15"}}
		c.Sources = []sensor.Source{{Name: "configuration", Path: "sysmon.xml"}}
		return c
	}
	off := testkit.Supply(dns)
	off.Collected = sensor.Collection{Events: sensor.CollectedNone, Basis: sensor.Basis{Reason: "the log is off"}}
	lacking := contract("lacking", 30, testkit.Supply(process))
	lacking.Lacks = []sensor.Lack{{Type: "dns", Basis: sensor.Basis{Reason: "the sensor reads no names"}}}
	fleet := &sensor.Fleet{Name: "test\x1b", Contracts: []sensor.Contract{
		contract("quiet", 100, filtered, off), contract("alike", 50, filtered, off), contract("all", 200, testkit.Supply(process)), lacking,
	}}
	c := new(Coverage)
	h := testkit.HeaderOf(process)
	c.Add(testkit.Parse(t, testkit.EncodeFrom(t, h, testkit.Origins("process.yml"),
		channelfile.Suffix(0, `\quiet.exe`).Fold(),
		channelfile.Suffix(0, `\quiet.exe`, `\loud.exe`),
		channelfile.Contains(1, "x"),
	)), process, fleet)
	c.Add(testkit.Parse(t, testkit.EncodeFrom(t, testkit.HeaderOf(dns), func(n int) *channelfile.Origin {
		return &channelfile.Origin{Rule: "r", Title: "=HYPERLINK(1)", Path: "dns.yml", Line: 4}
	}, channelfile.Contains(0, "evil"))), dns, fleet)
	return c
}

// TestCoverage compares the coverage of two files with golden files.
func TestCoverage(t *testing.T) {
	var text, table, data bytes.Buffer
	c := covered(t)
	if err := errors.Join(c.Text(&text), c.CSV(&table), c.JSON(&data)); err != nil {
		t.Fatal(err)
	}
	golden(t, "coverage.text", text.Bytes())
	golden(t, "coverage.csv", table.Bytes())
	golden(t, "coverage.json", data.Bytes())
	testSchema(t, "coverage.json", map[string]schemaCase{
		"the JSON of a run":  {data.String(), true},
		"no fleet":           {`{"schema": "cfcheck.coverage/v0", "fleets": []}`, true},
		"another schema":     {`{"schema": "cfcheck.cost/v0", "fleets": []}`, false},
		"an unknown key":     {`{"schema": "cfcheck.coverage/v0", "fleets": [], "more": 1}`, false},
		"an unknown verdict": {strings.Replace(data.String(), `"verdict": "never"`, `"verdict": "seldom"`, 1), false},
		"an unknown count":   {strings.Replace(data.String(), `"lacking"`, `"lacks"`, 1), false},
	})
}

// TestShare tests the bounds of shares.
func TestShare(t *testing.T) {
	for _, test := range []struct {
		reason     string
		share      Share
		millionths uint64
		enough     bool
		text       string
	}{
		{"exactly the part", Share{95, 100}, 950_000, true, "95.00 %"},
		{"one less", Share{94, 100}, 950_000, false, "94.00 %"},
		{"all", Share{3, 3}, 1_000_000, true, "100.00 %"},
		{"all but one of many is not all", Share{1<<60 - 1, 1 << 60}, 1_000_000, false, "99.99 %"},
		{"nothing of something", Share{0, 3}, 1, false, "0.00 %"},
		{"no pairs are no share", Share{0, 0}, 0, false, "0.00 %"},
		{"the greatest numbers", Share{1<<64 - 1, 1<<64 - 1}, 1_000_000, true, "100.00 %"},
	} {
		if enough := test.share.AtLeast(test.millionths); enough != test.enough || test.share.String() != test.text {
			t.Errorf("%s: %v is enough: %v", test.reason, test.share, enough)
		}
	}
}
