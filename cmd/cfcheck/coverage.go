package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
)

// A covering is one run of cfcheck coverage.
type covering struct {
	loading
	format string
	least  string

	coverage report.Coverage
}

func (c *command) coverage() *cobra.Command {
	v := &covering{loading: loading{command: c}}
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
	v.loading.add(cmd)
	f.StringVar(&v.format, "format", coverageFormats[0], "write the coverage in this `format`: "+alternatives(coverageFormats))
	f.StringVar(&v.least, "min-coverage", "", "exit with status 1 if less than this `part` of the pairs of a rule and a host is covered, such as 95%")
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
	err = v.load(args, defs, func(_ string, f *channelfile.File, d *sensor.Definition) {
		for _, fleet := range fleets {
			v.coverage.Add(f, d, fleet.Fleet)
		}
	})
	if err != nil {
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
	}
	return v.complete()
}
