package sigma

import (
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
)

// TestNoType: what is said of rules for events that no type is for.
func TestNoType(t *testing.T) {
	defs := new(sensor.Definitions)
	for i, l := range []sensor.Logsource{
		{Product: "windows", Category: "process_creation"},
		{Product: "windows", Category: "pipe_created"},
		{Product: "windows", Service: "security"},
		{Product: "windows", Service: "system"},
		{Product: "linux", Category: "process_creation"},
	} {
		d := &sensor.Definition{Name: l.Product + " " + l.Category + l.Service, Number: uint32(i), Version: 1,
			Logsources: []sensor.Logsource{l}, Inputs: []sensor.Input{{Name: "A", Type: sensor.String}}}
		if err := defs.Add(d); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		why  string
		l    sensor.Logsource
		want string
	}{
		{"letters that are swapped", sensor.Logsource{Product: "windows", Category: "pipe_craeted"},
			"no template type is for rules of category pipe_craeted, product windows; the nearest that has one is category pipe_created, product windows"},
		{"another case", sensor.Logsource{Product: "Windows", Service: "security"},
			"no template type is for rules of product Windows, service security; the nearest that has one is product windows, service security"},
		{"no product", sensor.Logsource{Category: "process_creation"},
			"no template type is for rules of category process_creation; the nearest that have one are category process_creation, product windows / category process_creation, product linux"},
		{"a service besides", sensor.Logsource{Product: "windows", Category: "pipe_created", Service: "sysmon"},
			"no template type is for rules of category pipe_created, product windows, service sysmon; the nearest that has one is category pipe_created, product windows"},
		{"a product alone", sensor.Logsource{Product: "windows"},
			"no template type is for rules of product windows; the nearest that have one are category process_creation, product windows / category pipe_created, product windows / product windows, service security"},
		{"a service that no name is near, of a known product", sensor.Logsource{Product: "windows", Service: "vpn"},
			"no template type is for rules of product windows, service vpn; a file of --types can define one"},
		{"nothing like it", sensor.Logsource{Product: "aws", Service: "cloudtrail"},
			"no template type is for rules of product aws, service cloudtrail; a file of --types can define one"},
	} {
		text := func(s string) Text {
			if s == "" {
				return Text{}
			}
			return Text{s, Position{1, 1}}
		}
		l := Logsource{Product: text(tt.l.Product), Category: text(tt.l.Category), Service: text(tt.l.Service)}
		if got := noType(l, defs); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.why, got, tt.want)
		}
	}
}
