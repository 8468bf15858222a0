package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/ruletest"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
)

// A ruleTesting is one call of cfcheck test.
type ruleTesting struct {
	*command
	judging
	expanding
	format             string
	mustMatch, mustNot int // least numbers of tests of each rule
}

// testFormats lists the output formats of test, the default first.
var testFormats = []string{"text", "json", "junit"}

func (c *command) test() *cobra.Command {
	t := &ruleTesting{command: c}
	cmd := &cobra.Command{
		Use:   "test [flags] path...",
		Short: "run rules on the events that they must match and must not match",
		Long: `test compiles Sigma rules and runs each on the events of its tests. The tests
of rules/a.yml are in rules/a.test.yml, which lists events under must_match and
must_not_match. A rule with the key regression_tests_path has the tests of the
file that the key names, in the form of the Sigma project. docs/tests.md
describes both.

For each test that fails, the report names the criteria of the rule that decide,
and the values of the event.

Exit status: 0 all tests passed; 1 a test failed; 2 a test could not run, or
there is no test.`,
		Example: `  cfcheck test rules/
  cfcheck test --min-match 1 --min-no-match 1 rules/`,
		Args: atLeastOne("file or folder of rules"),
		RunE: func(_ *cobra.Command, args []string) error { return t.run(args) },
	}
	t.addTypes(cmd)
	t.expanding.add(cmd)
	f := cmd.Flags()
	f.StringVar(&t.format, "format", testFormats[0], "write the results in this `format`: "+alternatives(testFormats))
	f.IntVar(&t.mustMatch, "min-match", 0, "fail if a rule has fewer than `N` tests with events that it must match")
	f.IntVar(&t.mustNot, "min-no-match", 0, "fail if a rule has fewer than `N` tests with events that it must not match")
	return cmd
}

func (t *ruleTesting) run(paths []string) error {
	if err := oneOf("--format", "format", t.format, testFormats); err != nil {
		return err
	}
	if t.mustMatch < 0 || t.mustNot < 0 {
		return fmt.Errorf("--min-match, --min-no-match: found a number below 0 (want 0 or more)")
	}
	defs, err := t.definitions()
	if err != nil {
		return err
	}
	placeholders, err := t.values(t.command)
	if err != nil {
		return err
	}
	budget, err := t.expanding.budget()
	if err != nil {
		return err
	}
	s := t.outputs()
	for _, path := range paths {
		s.ReadsFolder("the input "+path, path, isRules)
	}
	t.judging.reads(s)
	t.expanding.reads(s)
	out := s.Stream("the results on the standard output", t.stdout)
	if err := s.Begin(); err != nil {
		return err
	}
	defer limitMemory()()
	rules, err := loadRules(nil, paths, t.exclude, budget)
	if err != nil {
		return err
	}
	tests := ruletest.Load(rules.files, func(name string, limit int64) ([]byte, error) {
		return readRegular(filepath.FromSlash(name), "the file itself", limit)
	})
	outcomes, err := tests.Run(rules.files, defs, ruletest.Options{Placeholders: placeholders, Budget: budget})
	if err != nil {
		return err
	}
	results := &report.Tests{}
	for _, err := range rules.faults {
		results.Problems = append(results.Problems, err.Error())
	}
	for _, c := range tests.Coverage() {
		results.Rules++
		if c.Match+c.NoMatch == 0 {
			results.Untested++
		}
		outcomes = append(outcomes, c.Lacks(t.mustMatch, t.mustNot)...)
	}
	for i := range outcomes {
		results.Results = append(results.Results, ruleTest(&outcomes[i]))
	}
	switch t.format {
	case "json":
		out.Write(results.JSON)
	case "junit":
		out.Write(results.JUnit)
	default:
		out.Write(results.Text)
	}
	if err := s.Commit(); err != nil {
		return err
	}
	if status := report.ExitStatus(results.Verdict()); status != statusAccepted {
		return exitError(status)
	}
	return nil
}

// ruleTest converts an outcome for the report.
func ruleTest(o *ruletest.Outcome) report.RuleTest {
	at := func(name string, p sigma.Position) report.TestPlace {
		return report.TestPlace{File: name, Line: p.Line, Column: p.Column}
	}
	r := report.RuleTest{Name: o.Name, At: at(o.Where.File, o.Where.Position), Events: o.Events, Message: o.Message}
	switch o.Status {
	case ruletest.Passed:
		r.Verdict = validate.Accepted
	case ruletest.Failed:
		r.Verdict = validate.Rejected
	default:
		r.Verdict = validate.Undecided
	}
	if o.Rule != nil {
		r.Rule, r.ID, r.RuleAt = o.Rule.Title.Value, o.Rule.ID.Value, at(o.Rule.Name, o.Rule.Position)
	}
	for _, d := range o.Details {
		r.Details = append(r.Details, report.TestDetail{At: at(d.Place.File, d.Place.Position), Message: d.Message})
	}
	return r
}
