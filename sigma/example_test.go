package sigma_test

import (
	"fmt"
	"testing/fstest"
	"time"

	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// rule reads a field that only some builds supply.
const rule = `title: Demo client at the other end of a pipe
id: 6d3d1b80-2b27-4d55-8b9a-5f1e6a2f7c01
logsource:
    product: windows
    category: pipe_created
detection:
    selection:
        PipeName|startswith: '\demo-'
        ClientImage|endswith: '\demo-client.exe'
    condition: selection
`

// Load the rules of a release, build a channel file of each template type, and
// judge it for the fleet that will read it.
func Example() {
	folder := fstest.MapFS{"pipes/client.yml": {Data: []byte(rule)}}
	files, err := sigma.LoadFS(folder, ".")
	if err != nil {
		fmt.Println(err)
		return
	}
	var rules []*sigma.Rule
	for _, f := range files {
		if f.Err != nil {
			fmt.Println(f.Err)
			return
		}
		rules = append(rules, f.Rules...)
	}

	definitions := builtin.Definitions()
	built, err := sigma.Build(rules, definitions, sigma.Options{Revision: 32})
	if err != nil {
		fmt.Println(err)
		return
	}

	if err := suite.SelfTest(suite.Checks); err != nil {
		fmt.Println("the gate does not judge as it should:", err)
		return
	}
	fleet, _ := builtin.Fleet("291")
	for _, out := range built.Outputs {
		report := validate.Run(validate.ChannelFile(out.Name, out.Data), validate.Options{
			Checks:      suite.Checks,
			Definitions: definitions,
			Fleet:       fleet,
			Now:         time.Date(2024, 7, 19, 4, 0, 0, 0, time.UTC),
		})
		fmt.Println(out.Name, report.Verdict())
		for _, f := range report.Findings {
			fmt.Printf("%s %s:%d: %s\n", f.Check.ID, f.Where.Source.Path, f.Where.Source.Line, f.Message)
		}
	}
	// Output:
	// C-00000291-00000001-00000032.cf rejected
	// CF3001 pipes/client.yml:9: rule "Demo client at the other end of a pipe" reads input 21 (index 20) of type ipc
}

// A file has the well-formed rules, and an error for each thing that is
// malformed.
func ExampleLoadFS() {
	folder := fstest.MapFS{
		"client.yml": {Data: []byte(rule)},
		"broken.yml": {Data: []byte("title: A rule without a detection\nlogsource:\n    category: pipe_created\n    product: windows\n")},
		"README.md":  {Data: []byte("not a rule")},
	}
	files, err := sigma.LoadFS(folder, ".")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range files {
		for _, r := range f.Rules {
			fmt.Printf("%s:%d: %s\n", f.Name, r.Line, r.Title.Value)
		}
		for _, err := range sigma.Errors(f.Err) {
			fmt.Println(err)
		}
	}
	// Output:
	// broken.yml:1:1: rule has no detection; a rule needs it
	// client.yml:1: Demo client at the other end of a pipe
}

// A rule that reads an unknown field is its author's error. [Errors] takes the
// error apart, and each part has a position.
func ExampleBuild() {
	rules, err := sigma.Parse("client.yml", []byte(`title: Demo pipe
id: 6d3d1b80-2b27-4d55-8b9a-5f1e6a2f7c02
logsource:
    product: windows
    category: pipe_created
detection:
    selection:
        PipName: '\demo'
    condition: selection
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = sigma.Build(rules, builtin.Definitions(), sigma.Options{})
	for _, err := range sigma.Errors(err) {
		fmt.Println(err)
	}
	// Output:
	// client.yml:8:9: detection.selection: field "PipName" is not in type ipc version 1; did you mean "PipeName"?
}

// A finding about compiled rules leads back to the line of a rule.
func ExampleResult_Locate() {
	rules, err := sigma.Parse("client.yml", []byte(rule))
	if err != nil {
		fmt.Println(err)
		return
	}
	built, err := sigma.Build(rules, builtin.Definitions(), sigma.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	subject := validate.Rules("client.yml", built.Outputs[0].Data)
	subject.Origin = func(part validate.Part) (validate.Position, bool) {
		name, at, ok := built.Locate(part.ID, part.From.Line, part.From.Text)
		return validate.Position{Path: name, Line: at.Line, Column: at.Column, Text: part.From.Text}, ok
	}
	fleet, _ := builtin.Fleet("291")
	report := validate.Run(subject, validate.Options{
		Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: fleet, Now: time.Now(),
	})
	for _, f := range report.Findings {
		at := f.Where.Source
		fmt.Printf("%s:%d:%d: %s\n", at.Path, at.Line, at.Column, f.Check.ID)
	}
	// Output:
	// client.yml:9:9: CF3001
}
