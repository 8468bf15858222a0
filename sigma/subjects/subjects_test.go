package subjects

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sigma"
)

const pipe = `title: Demo
id: 7d4b3f4e-0d0c-4a0e-9d2d-1f6f1a2b3c4d
logsource: {product: windows, category: pipe_created}
detection:
  selection: {PipeName: '\a'}
  condition: selection
`

// unsupported has a placeholder without values.
var unsupported = strings.Replace(pipe, `PipeName: '\a'`, `PipeName|expand: '%x%'`, 1)

// TestCompile compares the parts of a compilation for rules of each kind.
func TestCompile(t *testing.T) {
	for _, c := range []struct {
		reason, text     string
		allowUnsupported bool
		incomplete       bool
		want             string
	}{
		{"a good rule", pipe, false, false, "subjects 1 [] unjudged 0 left 0 waivers 0"},
		{"the finding of a field belongs to the subject of its type",
			strings.Replace(pipe, "PipeName", "PipeNam", 1), false, false, "subjects 1 [CF2005] unjudged 0 left 1 waivers 0"},
		{"a fault of YAML needs a subject too", "title: [", false, false, "subjects 1 [CF0007] unjudged 0 left 0 waivers 0"},
		{"an unsupported rule explains why no rule is left",
			unsupported, false, false, "subjects 0 [] unjudged 1 left 1 waivers 0"},
		{"the caller explains why no rule is left", "", false, true, "subjects 0 [] unjudged 0 left 0 waivers 0"},
		{"no rule and no reason", "", false, false, "subjects 1 [] unjudged 0 left 0 waivers 0"},
		{"the rule that is left out leaves no rule",
			unsupported, true, false, "subjects 1 [] unjudged 0 left 1 waivers 0"},
		{"a waiver of a rule that is in no subject",
			"# cfcheck:waive CF4001 until=2030-01-31 by=ann: reason\n" + unsupported, false, false,
			"subjects 0 [] unjudged 1 left 1 waivers 1"},
		{"a waiver that cannot be read", "# cfcheck:waive\n" + pipe, false, false, "subjects 1 [CF7001] unjudged 0 left 0 waivers 0"},
	} {
		var rules []*sigma.Rule
		var faults []*sigma.Error
		if c.text != "" {
			var err error
			rules, err = sigma.Parse("demo.yml", []byte(c.text))
			for _, err := range sigma.Errors(err) {
				faults = append(faults, err.(*sigma.Error))
			}
		}
		got, err := Compile("demo", rules, builtin.Definitions(), Options{
			Build:  sigma.Options{AllowUnsupported: c.allowUnsupported, IDs: sigma.IDsOfNames},
			Faults: faults, Incomplete: c.incomplete,
		})
		if err != nil {
			t.Errorf("%s: %v", c.reason, err)
			continue
		}
		var found []string
		for _, s := range got.Subjects {
			for _, f := range s.Source {
				found = append(found, f.Check.ID)
			}
		}
		if text := fmt.Sprint("subjects ", len(got.Subjects), " ", found, " unjudged ", len(got.Unjudged), " left ", len(got.Built.LeftOut), " waivers ", len(got.Waivers)); text != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.reason, text, c.want)
		}
	}
}

// TestOtherField tests the advice for a field without a near name.
func TestOtherField(t *testing.T) {
	for _, c := range []struct{ reason, field, want string }{
		{"other types have the field", "OriginalFileName",
			"type ipc has no field with a similar name: move the rule to a type that has it (process_creation, image_load, sysmon, codeintegrity-operational), or remove the condition if the rule is still right without it"},
		{"no type has it", "Qqqqqqqq", "type ipc has no field with a similar name: remove the condition if the rule is still right without it"},
		{"fields of the type are similar", "ImageBaseAddress",
			"the most similar fields of the type: Image; use one only if it means the same, or remove the condition if the rule is still right without it"},
	} {
		rules, err := sigma.Parse("demo.yml", []byte(strings.Replace(pipe, "PipeName", c.field, 1)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Compile("demo", rules, builtin.Definitions(), Options{Build: sigma.Options{IDs: sigma.IDsOfNames}})
		if err != nil || len(got.Subjects) != 1 || len(got.Subjects[0].Source) != 1 {
			t.Fatalf("%s: found %+v, %v; expected a subject with a finding", c.reason, got, err)
		}
		if have := got.Subjects[0].Source[0].Fix; have != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.reason, have, c.want)
		}
	}
}
