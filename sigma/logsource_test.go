package sigma

import (
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// TestNoType tests the message for rules of events that have no type.
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
			Logsources: []sensor.Logsource{l}, Inputs: []sensor.Input{{Name: "A", Type: sensor.TypeString}}}
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
			"no template type is for rules of category pipe_craeted, product windows; the most similar logsource with a type is category pipe_created, product windows"},
		{"another case", sensor.Logsource{Product: "Windows", Service: "security"},
			"no template type is for rules of product Windows, service security; the most similar logsource with a type is product windows, service security"},
		{"no product", sensor.Logsource{Category: "process_creation"},
			"no template type is for rules of category process_creation; the most similar logsources with a type are category process_creation, product windows / category process_creation, product linux"},
		{"a service besides", sensor.Logsource{Product: "windows", Category: "pipe_created", Service: "sysmon"},
			"no template type is for rules of category pipe_created, product windows, service sysmon; the most similar logsource with a type is category pipe_created, product windows"},
		{"a product alone", sensor.Logsource{Product: "windows"},
			"no template type is for rules of product windows; the most similar logsources with a type are category process_creation, product windows / category pipe_created, product windows / product windows, service security"},
		{"a service that no name is near, of a known product", sensor.Logsource{Product: "windows", Service: "vpn"},
			"no template type is for rules of product windows, service vpn; define one in a file for --types"},
		{"a category as a service", sensor.Logsource{Product: "windows", Service: "pipe_created"},
			"no template type is for rules of product windows, service pipe_created; pipe_created is a category, not a service"},
		{"a service as a category", sensor.Logsource{Product: "windows", Category: "security"},
			"no template type is for rules of category security, product windows; security is a service, not a category"},
		{"nothing like it", sensor.Logsource{Product: "aws", Service: "cloudtrail"},
			"no template type is for rules of product aws, service cloudtrail; define one in a file for --types"},
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

// TestMisspelt checks which values of a logsource are misspellings, and the
// suggested values. The known values are those in Sigma's taxonomy and in
// definitions.
func TestMisspelt(t *testing.T) {
	defs := new(sensor.Definitions)
	own := &sensor.Definition{Name: "own", Number: 900, Version: 1, Inputs: []sensor.Input{{Name: "A", Type: sensor.TypeString}},
		Logsources: []sensor.Logsource{{Product: "acme", Service: "gateway"}}}
	if err := defs.Add(own); err != nil {
		t.Fatal(err)
	}
	known := knownLogsources(defs)
	for _, tt := range []struct {
		why, product, key, value, want string
	}{
		{"a letter less", "windows", categoryKey, "proces_creation", "process_creation"},
		{"two letters swapped", "windows", categoryKey, "pipe_craeted", "pipe_created"},
		{"two letters too many", "windows", serviceKey, "securityyy", "security"},
		{"another character between words", "windows", serviceKey, "powershell_classic", "powershell-classic"},
		{"a blank between words", "windows", categoryKey, "process creation", "process_creation"},
		{"another case", "windows", categoryKey, "Process_Creation", "process_creation"},
		{"no underscore and another case", "windows", categoryKey, "ProcessCreation", "process_creation"},
		{"a product", "", productKey, "windws", "windows"},
		{"a product in another case", "", productKey, "Windows", "windows"},
		{"a category of a misspelt product", "windws", categoryKey, "proces_creation", "process_creation"},
		{"a category of no product", "", categoryKey, "webservr", "webserver"},
		{"a category of a product that is not known", "fortress", categoryKey, "proces_creation", "process_creation"},
		{"a category of no product, beside a product", "windows", categoryKey, "antivirs", "antivirus"},
		{"a service of a definition", "acme", serviceKey, "gatway", "gateway"},
		{"a product of a definition", "", productKey, "acne", "acme"},
		{"three letters less", "windows", categoryKey, "process_creat", ""},
		{"in the taxonomy, and near another one", "windows", categoryKey, "raw_access_read", ""},
		{"in the taxonomy, of another product", "windows", serviceKey, "sshd", ""},
		{"near a service of another product alone", "windows", serviceKey, "activitylog", ""},
		{"half of a short word is no typo", "linux", serviceKey, "smtp", ""},
		{"nor is half of a shorter one", "zeek", serviceKey, "nfs", ""},
		{"nothing like it", "windows", serviceKey, "vpn-gate", ""},
		{"a long one", "windows", serviceKey, strings.Repeat("a", 5000), ""},
		{"nothing at all", "windows", serviceKey, "", ""},
	} {
		if got := known.misspelt(tt.product, tt.key, tt.value); got != tt.want {
			t.Errorf("%s: %s %q of product %q is taken for %q; want %q", tt.why, tt.key, tt.value, tt.product, got, tt.want)
		}
	}
}

// TestTaxonomy checks that the taxonomy has the logsources of all built-in
// types.
func TestTaxonomy(t *testing.T) {
	known := knownLogsources(new(sensor.Definitions))
	for d := range builtin.Definitions().All() {
		for _, l := range d.Logsources {
			of := known.ofProduct[l.Product]
			if l.Category != "" && !slices.Contains(of[categoryKey], l.Category) || l.Service != "" && !slices.Contains(of[serviceKey], l.Service) {
				t.Errorf("type %s is for %v, which the taxonomy does not have", d.Name, l)
			}
		}
	}
}
