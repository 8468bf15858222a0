package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sigma"
)

// A covering is one run of cfcheck coverage.
type covering struct {
	*command
	judging
	expanding
	format           string
	least            string
	allowUnsupported bool

	coverage report.Coverage
	leftOut  int // rules that were not compiled
}

func (c *command) coverage() *cobra.Command {
	v := &covering{command: c}
	cmd := &cobra.Command{
		Use:   "coverage [flags] path...",
		Short: "show which rules the hosts of a fleet can see",
		Long: `coverage shows for each rule which hosts of a fleet can see it. The rules are
Sigma rules, or channel files that were compiled from them. A host, over all of
its feeds, sees a rule, sees it in part, only by luck or never, does not collect
its events, or is not addressed. docs/coverage.md explains the words.

The table has the number of rules on an average host for each category. The
rules that no host sees follow, with the reason and its line in the document
that the contract rests on, such as the configuration of Sysmon. --format csv
and --format json have each rule.

With --min-coverage the exit status is 1 if less than this part of all pairs of
a rule and a host is covered. A rule that cannot be compiled leaves the result
undecided, status 2, unless --allow-unsupported leaves it out.`,
		Example: `  cfcheck coverage --fleet fleet.json rules/
  cfcheck coverage --fleet fleet.json --min-coverage 95% --format csv rules/`,
		Args: atLeastOne("file or folder of rules or channel files"),
		RunE: func(_ *cobra.Command, args []string) error { return v.run(args) },
	}
	f := cmd.Flags()
	v.addFleet(cmd)
	v.addTypes(cmd)
	v.expanding.add(cmd)
	f.StringVar(&v.format, "format", coverageFormats[0], "write the coverage in this `format`: "+alternatives(coverageFormats))
	f.StringVar(&v.least, "min-coverage", "", "exit with status 1 if less than this `part` of the pairs of a rule and a host is covered, such as 95%")
	f.BoolVar(&v.allowUnsupported, "allow-unsupported", false, allowUnsupportedUsage)
	return cmd
}

// coverageFormats lists the output formats of coverage, the default first.
var coverageFormats = []string{"text", "csv", "json"}

func (v *covering) run(args []string) error {
	if err := v.toStandard(args...); err != nil {
		return err
	}
	if err := oneOf("--format", "format", v.format, coverageFormats); err != nil {
		return err
	}
	least, err := millionths(v.least)
	if err != nil {
		return err
	}
	defs, err := v.definitions()
	if err != nil {
		return err
	}
	fleets, remark, err := v.loadFleets()
	if err != nil {
		return err
	}
	if len(fleets) == 0 {
		return errors.New("missing fleet: name one with --fleet; its contracts state which events the hosts record")
	}
	if remark != "" {
		v.say("remark: %s", remark)
	}
	for _, fleet := range fleets {
		if err := fleet.Undefined(defs); err != nil {
			return err
		}
	}
	var rules, files []string
	for _, name := range args {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return unread(name, err)
		case isRules(name) || info.IsDir() && readFolder(name, nil).files.n == 0:
			rules = append(rules, name)
		default:
			files = append(files, name)
		}
	}
	if err := v.compiled(files, defs, fleets); err != nil {
		return err
	}
	if err := v.compile(rules, defs, fleets); err != nil {
		return err
	}
	if v.coverage.Rules() == 0 {
		return errors.New("nothing to show: no rule could be compiled")
	}
	write := v.coverage.Text
	switch v.format {
	case "csv":
		write = v.coverage.CSV
	case "json":
		write = v.coverage.JSON
	}
	if err := write(v.stdout); err != nil {
		return err
	}
	return v.conclude(least)
}

// millionths reads a number of percent with up to four decimals.
func millionths(s string) (uint64, error) {
	text, ok := strings.CutSuffix(strings.TrimSpace(s), "%")
	if s == "" {
		return 0, nil
	}
	whole, rest, _ := strings.Cut(strings.TrimSpace(text), ".")
	n, err := strconv.ParseUint(whole, 10, 8)
	part, partErr := uint64(0), error(nil)
	if rest != "" && len(rest) <= 4 {
		part, partErr = strconv.ParseUint(rest+strings.Repeat("0", 4-len(rest)), 10, 16)
	}
	if total := 10_000*n + part; ok && err == nil && partErr == nil && len(rest) <= 4 && total <= 1_000_000 {
		return total, nil
	}
	return 0, fmt.Errorf("--min-coverage: found %q (want a percentage of at most 100%% with up to four decimals, such as 95%% or 99.5%%)", s)
}

// compiled adds the rules of channel files.
func (v *covering) compiled(names []string, defs *sensor.Definitions, fleets []givenFleet) error {
	if len(names) == 0 {
		return nil
	}
	files, _, err := channelFiles(names)
	if err != nil {
		return err
	}
	for _, name := range files {
		f, err := readFile(name)
		if err != nil {
			return err
		}
		d := defs.ByNumber(f.Header.Type, f.Header.TypeVersion)
		if d == nil {
			return fmt.Errorf("%s: no definition has template type %d version %d; name a file that has it with --types", name, f.Header.Type, f.Header.TypeVersion)
		}
		for _, fleet := range fleets {
			v.coverage.Add(f, d, fleet.Fleet)
		}
	}
	return nil
}

// compile compiles rules and adds them.
func (v *covering) compile(paths []string, defs *sensor.Definitions, fleets []givenFleet) error {
	if len(paths) == 0 {
		return nil
	}
	placeholders, err := v.values(v.command)
	if err != nil {
		return err
	}
	budget, err := v.budget()
	if err != nil {
		return err
	}
	defer limitMemory()()
	set, err := loadRules(paths, v.exclude, budget)
	if err != nil {
		return err
	}
	for _, text := range set.again {
		v.say("remark: %s", text)
	}
	built, err := sigma.Build(set.rules, defs, sigma.Options{AllowUnsupported: v.allowUnsupported, Placeholders: placeholders, Budget: budget, IDs: sigma.IDsOfNames})
	if err := budget.Err(); err != nil {
		return err
	}
	faults := slices.Clone(set.faults)
	for _, err := range sigma.Errors(err) {
		// The faults explain why no rule is left.
		if !errors.Is(err, sigma.ErrNoRule) {
			faults = append(faults, err)
		}
	}
	for _, err := range faults {
		v.say("cfcheck: %v", err)
	}
	v.leftOut = len(faults)
	if v.allowUnsupported {
		for _, e := range built.Unsupported {
			v.say("left out: %v", e)
		}
	}
	for i := range built.Outputs {
		out := &built.Outputs[i]
		f, err := channelfile.Parse(out.Data)
		if err != nil {
			return err
		}
		for _, fleet := range fleets {
			v.coverage.Add(f, out.Definition, fleet.Fleet)
		}
	}
	return nil
}

// conclude returns the exit status.
func (v *covering) conclude(least uint64) error {
	below := false
	names, shares := v.coverage.Shares()
	for i, s := range shares {
		switch {
		case v.least == "":
		case s.Pairs == 0:
			v.say("cfcheck: --min-coverage: fleet %s states that no host has the types of the rules, so there is nothing to count", names[i])
			return exitError(statusUndecided)
		case !s.AtLeast(least):
			v.say("cfcheck: fleet %s covers %v of the pairs of a rule and a host, less than %s", names[i], s, v.least)
			below = true
		}
	}
	switch {
	case below:
		return exitError(statusRejected)
	case v.leftOut > 0:
		v.say("cfcheck: %s not in the result; correct the rules, or leave out those that cannot be expressed with --allow-unsupported", counted(v.leftOut, "fault: a rule is", "faults: their rules are"))
		return exitError(statusUndecided)
	}
	return nil
}
