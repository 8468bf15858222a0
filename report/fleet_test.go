package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
)

// TestFleetPage compares the pages of a fleet with golden files: builds of both kinds of
// readers, names that deceive a terminal, a page or a spreadsheet, and a type without a
// definition.
func TestFleetPage(t *testing.T) {
	d := &sensor.Definition{Name: "process", Number: 3000, Version: 1, Channel: 3000, Inputs: testkit.Strings("Image", "CommandLine", "User")}
	defs := testkit.Definitions(t, d)
	short := testkit.Contract("1.0", 999_999, sensor.AccessPositional, testkit.Supply(d))
	short.Supplies[0].Inputs = short.Supplies[0].Inputs[:2]
	named := testkit.Contract("=cmd|'\x1b[2J", 1, sensor.AccessNamed, testkit.Supply(d), testkit.Supply(d))
	named.Note = "*a note* | with marks"
	named.Supplies[0].Feed, named.Supplies[1].Feed = "log", "trace"
	named.Supplies[1].Inputs[1].State = sensor.StateUnknown
	other := testkit.Contract("2.0", 500, sensor.AccessNamed, sensor.Supply{Type: "+other", Version: 4, Evidence: sensor.EvidenceObserved,
		Inputs: []sensor.SuppliedInput{{Name: "A", Type: sensor.TypeString, State: sensor.StateUnknown}}})
	fleet := &sensor.Fleet{Name: "test", Note: "For the test.", Contracts: []sensor.Contract{short, named, other}}

	var text, inputs, md, table, data bytes.Buffer
	whole, types := NewFleetPage(fleet, defs, nil), NewFleetPage(fleet, defs, []string{"process"})
	if err := errors.Join(whole.Text(&text), types.Text(&inputs), types.Markdown(&md), whole.CSV(&table), whole.JSON(&data)); err != nil {
		t.Fatal(err)
	}
	golden(t, "fleet.text", text.Bytes())
	golden(t, "fleet-inputs.text", inputs.Bytes())
	golden(t, "fleet.md", md.Bytes())
	golden(t, "fleet.csv", table.Bytes())
	golden(t, "fleet.json", data.Bytes())
	if all := text.String() + inputs.String() + md.String() + table.String(); strings.Contains(all, "\x1b") {
		t.Error("a name of a build reaches the terminal as it is")
	}
	testSchema(t, "fleet-page.json", map[string]schemaCase{
		"the JSON of a page": {data.String(), true},
		"another schema":     {strings.Replace(data.String(), "fleet-page", "fleet", 1), false},
		"an unknown key":     {strings.Replace(data.String(), `"hosts"`, `"machines"`, 1), false},
		"an unknown reader":  {strings.Replace(data.String(), `"positional"`, `"blind"`, 1), false},
	})
}

// TestFleetPageShares checks that a share never says nothing or everything of a part.
func TestFleetPageShares(t *testing.T) {
	for _, c := range []struct {
		hosts, all uint64
		want       string
	}{
		{0, 9, "0 %"}, {9, 9, "100 %"}, {1, 1_000_000, "0.1 %"}, {999_999, 1_000_000, "99.9 %"}, {1, 3, "33.3 %"}, {2, 3, "66.7 %"},
		{sensor.MaxInteger - 1, sensor.MaxInteger, "99.9 %"},
	} {
		p := &FleetPage{fleet: &sensor.Fleet{Contracts: []sensor.Contract{{Hosts: c.all}}}}
		if have := p.share(c.hosts); have != c.want {
			t.Errorf("%d of %d: %s, expected %s", c.hosts, c.all, have, c.want)
		}
	}
}
