package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

func (c *command) contract() *cobra.Command {
	return c.group("contract", "judge what sensor builds supply",
		c.contractCheck(), c.contractExtract(), c.contractHeader(), c.contractObserve(), c.contractTest())
}

func (c *command) contractCheck() *cobra.Command {
	k := &checking{command: c, failOn: "error", maxFindings: validate.DefaultMaxFindings}
	var only []string
	cmd := &cobra.Command{
		Use:   "check [flags]",
		Short: "judge template types against a fleet, without any content",
		Long: `contract check compares the definition of each template type with what the
builds of the fleet supply for it. It is the check to run when a template type
is released, before the first rule is written for it: a type that declares more
inputs than a build supplies is rejected while nothing can go wrong yet.`,
		Example: `  cfcheck contract check --fleet fleet.json --types types.json`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := k.begin(nil); err != nil {
				return err
			}
			if err := k.prepare(); err != nil {
				return err
			}
			run, err := k.judgeDefinitions(only)
			if err != nil {
				return err
			}
			defer run.Close()
			return k.write(run)
		},
	}
	k.judging.add(cmd)
	k.reporting.add(cmd)
	cmd.Flags().StringArrayVar(&only, "type", nil, "judge only the template type of this `name` (default all that are known)")
	return cmd
}

// judgeDefinitions judges each version of the template types that a build of
// the fleet has. A type that is named must be there.
func (k *checking) judgeDefinitions(only []string) (*report.Run, error) {
	run := newRun()
	found := map[string]bool{}
	for d := range k.options.Definitions.All() {
		if len(only) > 0 && !slices.Contains(only, d.Name) {
			continue
		}
		found[d.Name] = true
		if len(only) == 0 && k.options.Fleet != nil && !has(k.options.Fleet, d) {
			continue
		}
		s := validate.DefinitionSubject(d)
		s.Name = fmt.Sprintf("type %s version %d", d.Name, d.Version)
		run.Add(k.judge(s, ""))
	}
	for _, name := range only {
		if !found[name] {
			return nil, fmt.Errorf("--type: no template type %q is known; give its definition with --types", name)
		}
	}
	if run.Totals().Results == 0 {
		run.Problems = append(run.Problems, "nothing to check: no build of the fleet has a template type that is known; give definitions with --types")
	}
	return run, nil
}

func has(fleet *sensor.Fleet, d *sensor.Definition) bool {
	for i := range fleet.Contracts {
		for range fleet.Contracts[i].SuppliesOf(d.Name, d.Version) {
			return true
		}
	}
	return false
}
