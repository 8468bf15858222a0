package validate_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/file"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A release pipeline that publishes nothing without a verdict: it ships a
// channel file only if the gate, which first shows that it works, accepts the
// file for the fleet that will read it.
func Example() {
	ship := func(name, fleetFile string, now time.Time) error {
		if err := suite.SelfTest(suite.Checks); err != nil {
			return fmt.Errorf("the self-test of the gate failed: %w", err)
		}
		data, err := os.ReadFile(fleetFile)
		if err != nil {
			return err
		}
		fleet, err := sensor.ReadFleet(fleetFile, data)
		if err != nil {
			return err
		}
		subject, err := file.Read(name)
		if err != nil {
			return err
		}
		report := validate.Run(subject, validate.Options{
			Checks:      suite.Checks,
			Definitions: builtin.Definitions(),
			Fleet:       fleet,
			Now:         now,
		})
		for _, f := range report.Findings {
			fmt.Printf("%v %s %s:%d\n", f.Severity(), f.Check.ID, f.Where.Source.Path, f.Where.Source.Line)
			fmt.Printf("  %s\n  %s\n", f.Message, strings.Join(f.Details, "\n  "))
			fmt.Printf("  fix: %s\n", f.Fix)
		}
		switch report.Verdict() {
		case validate.Accepted:
			fmt.Println("ship", filepath.Base(name))
			return nil
		case validate.Rejected:
			return fmt.Errorf("not shipped: %d errors", report.Errors())
		default: // undecided blocks too
			return errors.New("not shipped: no verdict")
		}
	}

	const name = "../corpus/cases/291-july-on-21/C-00000291-00000001-00000032.cf"
	now := time.Date(2024, 7, 19, 4, 0, 0, 0, time.UTC)
	fmt.Println(ship(name, "../corpus/fleets/supplies-20.json", now))
	fmt.Println(ship(name, "../corpus/fleets/supplies-21.json", now))
	// Output:
	// error CF3001 rules/291/pipes.yml:61
	//   rule "Demo client at the other end of a pipe" reads input 21 (index 20) of type ipc
	//   declared 21, build 7.11 supplies 20: 1,000 of 1,000 hosts (fleet supplies-20)
	//   fix: drop the criterion on field "ClientImage", or hold the content back from build 7.11
	// not shipped: 1 errors
	// ship C-00000291-00000001-00000032.cf
	// <nil>
}

// A file goes to one ring of hosts after the other, and each has builds of its
// own. It is read once, and judged for each ring before the first gets it.
func ExamplePrepare() {
	subject, err := file.Read("../corpus/cases/291-july-on-21/C-00000291-00000001-00000032.cf")
	if err != nil {
		fmt.Println(err)
		return
	}
	prepared := validate.Prepare(subject, validate.Options{
		Checks:      suite.Checks,
		Definitions: builtin.Definitions(),
		Now:         time.Date(2024, 7, 19, 4, 0, 0, 0, time.UTC),
	})
	for _, ring := range []struct{ name, fleet string }{{"canary", "supplies-21"}, {"general", "supplies-20"}} {
		name := "../corpus/fleets/" + ring.fleet + ".json"
		data, err := os.ReadFile(name)
		if err != nil {
			fmt.Println(err)
			return
		}
		fleet, err := sensor.ReadFleet(name, data)
		if err != nil {
			fmt.Println(err)
			return
		}
		report := prepared.Run(fleet, nil)
		fmt.Println(ring.name, report.Verdict())
		for _, f := range report.Findings {
			fmt.Printf("  %s %s\n", f.Check.ID, f.Details[0])
		}
	}
	// Output:
	// canary accepted
	// general rejected
	//   CF3001 declared 21, build 7.11 supplies 20: 1,000 of 1,000 hosts (fleet supplies-20)
}

// A vendor's own compiler can say what its content needs, and have that judged
// without a channel file. The verdict then covers the contracts only.
func ExampleNeeds() {
	needs, err := sensor.ReadNeeds("needs.json", []byte(`{
		"schema": "cfcheck.needs/v0",
		"channel": 291, "revision": 32, "type": 1, "typeVersion": 1, "format": "1.0",
		"inputsDeclared": 21, "inputsRead": 21,
		"inputs": [
			{"index": 5, "name": "PipeName", "instances": 5, "criteria": 5, "coefficient": 0},
			{"index": 20, "name": "ClientImage", "instances": 1, "criteria": 1, "coefficient": 0,
			 "causes": [{"rule": "pipes/7", "title": "Client of a demo pipe", "path": "pipes.xml", "line": 210}]}
		],
		"operators": [{"operator": "suffix", "instances": 5, "criteria": 6}],
		"sizes": {"fileSize": 1200, "instances": 5, "criteria": 6, "wordsPerInstance": 2,
			"operandsPerCriterion": 1, "valueLength": 16, "stack": 2},
		"steps": {"constant": 120}, "memory": 2500
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fleet, _ := builtin.Fleet("291")
	report := validate.Run(validate.Needs("needs.json", needs), validate.Options{
		Checks:      suite.Checks,
		Definitions: builtin.Definitions(),
		Fleet:       fleet,
	})
	fmt.Println(report.Verdict())
	for _, f := range report.Findings {
		fmt.Printf("%s:%d: %s\n", f.Where.Source.Path, f.Where.Source.Line, f.Message)
	}
	for _, b := range report.Builds {
		fmt.Printf("build %s: at fault %v\n", b.Name, b.AtFault)
	}
	// Output:
	// rejected
	// pipes.xml:210: rule "Client of a demo pipe" reads input 21 (index 20) of type ipc
	// build 7.11: at fault true
	// build 7.16: at fault false
}

// A template type is best judged when it is released, before the first rule is
// written for it.
func ExampleDefinition() {
	fleet, _ := builtin.Fleet("291")
	types := builtin.Definitions()
	report := validate.Run(validate.Definition(types.ByName("ipc", 1)), validate.Options{
		Checks:      suite.Checks,
		Definitions: types,
		Fleet:       fleet,
	})
	fmt.Println(report.Verdict())
	for _, f := range report.Findings {
		fmt.Println(f.Message)
	}
	// Output:
	// rejected
	// input 21 (index 20), ClientImage, of type ipc is declared and not supplied; nothing reads it yet, but the first criterion on it would read memory outside the inputs
}

// A check is a value. What a company demands of its own content stands in the
// list with the others.
func ExampleCheck() {
	revision := &validate.Check{
		ID:   "CF9001",
		Name: "revision-even",
		Doc: `the revision is even

Odd revisions are for the test channel.

Count the revision up.`,
		Uses: validate.UsesNeeds,
		Run: func(p *validate.Pass) {
			if n := p.Needs.Revision; n%2 != 0 {
				p.Report(func() validate.Finding {
					return validate.Finding{Message: fmt.Sprintf("revision %d is odd", n), Fix: "count the revision up"}
				})
			}
		},
	}
	fleet, _ := builtin.Fleet("reference")
	subject, err := file.Read("../corpus/cases/minimal/C-00000291-00000001-00000001.cf")
	if err != nil {
		fmt.Println(err)
		return
	}
	report := validate.Run(subject, validate.Options{
		Checks:      append([]*validate.Check{revision}, suite.Checks...),
		Definitions: builtin.Definitions(),
		Fleet:       fleet,
	})
	fmt.Println(report.Verdict(), report.Findings[0].Message)
	// Output:
	// rejected revision 1 is odd
}
