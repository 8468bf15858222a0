package main

import (
	"fmt"
	"math"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/ruletest"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
)

// A ruleTesting is one call of cfcheck test.
type ruleTesting struct {
	*command
	judging
	governing
	expanding
	format             string
	out                []string // values of --out: FILE or FORM=FILE
	mustMatch, mustNot uint64   // least numbers of tests of each rule
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

A policy can demand a number of tests of each rule (tests.must-match and
tests.must-not-match), and has the keys types and exclude.

For each test that fails, the report names the criteria of the rule that decide,
and the values of the event.

Exit status: 0 all tests passed; 1 a test failed; 2 a test could not run, or
there is no test.`,
		Example: `  cfcheck test rules/
  cfcheck test --min-match 1 --min-no-match 1 rules/`,
		Args: atLeastOne("file or folder of rules"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := t.follow(cmd.Flags()); err != nil {
				return err
			}
			return t.run(args)
		},
	}
	t.addTypes(cmd)
	t.governing.add(cmd)
	t.expanding.add(cmd)
	f := cmd.Flags()
	f.StringVar(&t.format, "format", testFormats[0], "write the results in this `format`: "+alternatives(testFormats))
	f.StringArrayVar(&t.out, "out", nil, "write the results to a `file` (default: the standard output); form=file, repeated, writes them in another format beside it, such as junit=tests.xml")
	f.Uint64Var(&t.mustMatch, "min-match", 0, "fail if a rule has fewer than `N` tests with events that it must match")
	f.Uint64Var(&t.mustNot, "min-no-match", 0, "fail if a rule has fewer than `N` tests with events that it must not match")
	return cmd
}

// follow reads the policy, and takes the keys that no flag overrides.
func (t *ruleTesting) follow(flags *pflag.FlagSet) error {
	if err := t.governing.load(t.command, t.outputs()); err != nil || t.policy == nil {
		return err
	}
	keys := &taking{governing: &t.governing, flags: flags}
	keys.list("types", "types", t.policy.Types, &t.types, t.namedFile)
	keys.list("exclude", "exclude", t.policy.Exclude, &t.excludes, asWritten)
	keys.number("tests.must-match", "min-match", t.policy.Tests.MustMatch, &t.mustMatch)
	keys.number("tests.must-not-match", "min-no-match", t.policy.Tests.MustNotMatch, &t.mustNot)
	if keys.failed == nil {
		keys.say(t.command)
	}
	return keys.failed
}

// writes adds the outputs: those of --out with a form, and at last the one in the form of --format.
// It returns a function that writes the results to them.
func (t *ruleTesting) writes(s *output.Set) (write func(*report.Tests), err error) {
	type written struct {
		form string
		to   *output.Output
	}
	var list []written
	file := ""
	for _, value := range t.out {
		form, name, err := formOf(value, testFormats)
		switch {
		case err != nil:
			return nil, err
		case form != "":
			list = append(list, written{form, s.File("--out", name)})
		case file != "":
			return nil, fmt.Errorf("--out: two files without a form, %q and %q, would have the same results; name one, or write form=file (form: %s)", file, name, alternatives(testFormats))
		default:
			file = name
		}
	}
	list = append(list, written{t.format, t.orStandard(s, "the results", "--out", file)})
	return func(results *report.Tests) {
		for _, w := range list {
			switch w.form {
			case "json":
				w.to.Write(results.JSON)
			case "junit":
				w.to.Write(results.JUnit)
			default:
				w.to.Write(results.Text)
			}
		}
	}, nil
}

func (t *ruleTesting) run(paths []string) error {
	if err := oneOf("--format", "format", t.format, testFormats); err != nil {
		return err
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
	if t.policy != nil {
		s.Reads("the policy", t.policy.Name)
	}
	write, err := t.writes(s)
	if err != nil {
		return err
	}
	if err := s.Begin(); err != nil {
		return err
	}
	defer limitMemory()()
	rules, err := loadRules(paths, t.exclude, budget)
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
		outcomes = append(outcomes, c.Lacks(int(min(t.mustMatch, math.MaxInt32)), int(min(t.mustNot, math.MaxInt32)))...)
	}
	for i := range outcomes {
		results.Results = append(results.Results, ruleTest(&outcomes[i]))
	}
	write(results)
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
