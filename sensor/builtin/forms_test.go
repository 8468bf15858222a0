package builtin

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sensor"
)

// TestForms tests that each line of the forms has a known form, examples of it, and fields that a
// feed has.
func TestForms(t *testing.T) {
	used := map[[2]string]bool{} // by channel, and field in lower case
	for d := range Definitions().All() {
		for _, f := range d.Feeds {
			for _, field := range f.Fields {
				if field.Form != sensor.FormAny || field.Placeholders != nil {
					used[[2]string{f.Channel, strings.ToLower(cmp.Or(field.Field, field.Input))}] = true
				}
				if field.Example != "" && !field.Form.Has(field.Example) {
					t.Errorf("type %s, field %s: the example %q is not %s", d.Name, field.Input, field.Example, field.Form.Text())
				}
			}
		}
	}
	for _, s := range sourceForms {
		for _, line := range s.lines {
			words := strings.Fields(line)
			if _, ok := strings.CutPrefix(words[0], "absent:"); !ok && !slices.Contains(sensor.FormNames()[1:], words[0]) {
				t.Errorf("%s: the line %q has an unknown form", s.channel, line)
			}
			for _, word := range words[1:] {
				name, _, _ := strings.Cut(word, "=")
				if !used[[2]string{s.channel, strings.ToLower(name)}] {
					t.Errorf("%s: no feed has the field %s of the line %q", s.channel, name, line)
				}
			}
		}
	}
}

// TestFormsOfFeeds tests that feeds of the same type have their own forms.
func TestFormsOfFeeds(t *testing.T) {
	for _, tt := range []struct {
		typ, feed, input string
		form             sensor.Form
		value            string
		placeholders     string
		why              string
	}{
		{"process_creation", "sysmon", "ProcessId", sensor.FormDecimal, "420", "", "Sysmon writes identifiers of processes in decimal"},
		{"process_creation", "security-4688", "ProcessId", sensor.FormHexadecimal, "0x1a4", "", "the Security log writes NewProcessId as a pointer"},
		{"process_creation", "security-4688", "ParentProcessId", sensor.FormHexadecimal, "0x1a4", "", "it is the field ProcessId of event 4688"},
		{"process_creation", "sysmon", "IntegrityLevel", sensor.FormWord, "High", "", "a word"},
		{"process_creation", "security-4688", "IntegrityLevel", sensor.FormAccount, "S-1-16-12288", "", "the identifier of the label"},
		{"process_creation", "sysmon", "OriginalFileName", sensor.FormAny, "", "- ?", "a file can have no description of its version"},
		{"process_creation", "sysmon", "Description", sensor.FormAny, "", "", "recordings have an empty one, which exporters drop"},
		{"process_creation", "security-4688", "CommandLine", sensor.FormAny, "", "", "any text"},
		{"network_connection", "security-5156", "Image", sensor.FormDevicePath, sensor.FormDevicePath.Example(), "", "the field Application"},
		{"network_connection", "sysmon", "Image", sensor.FormAny, "", "", "Sysmon writes paths of several forms"},
		{"network_connection", "security-5156", "Initiated", sensor.FormMessage, "%%14592", "", "the field Direction"},
		{"process_termination", "security-4689", "ProcessId", sensor.FormHexadecimal, "0x1a4", "", "as in event 4688"},
		{"security", "security", "ProcessId", sensor.FormAny, "", "", "hexadecimal in most events, decimal in 5156"},
		{"security", "security", "LogonType", sensor.FormDecimal, "3", "", "UInt32 in all events"},
		{"sysmon", "sysmon", "OriginalFileName", sensor.FormAny, "", "", "most events of the whole log do not have it"},
		{"ipc", "sysmon", "ProcessId", sensor.FormDecimal, "420", "", "as in the other events of Sysmon"},
	} {
		f := Definitions().Newest(tt.typ).Feed(tt.feed).Field(tt.input)
		if got := strings.Join(f.Placeholders, " "); f.Form != tt.form || f.Value() != tt.value || got != tt.placeholders {
			t.Errorf("%s %s %s is %v, as in %q, with placeholders %q; want %v, %q, %q: %s", tt.typ, tt.feed, tt.input, f.Form, f.Value(), got, tt.form, tt.value, tt.placeholders, tt.why)
		}
	}
}
