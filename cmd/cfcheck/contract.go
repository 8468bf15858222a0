package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

func (c *command) contract() *cobra.Command {
	return c.group("contract", "judge the inputs that sensor builds supply",
		c.contractCheck(), c.contractExtract(), c.contractHeader(), c.contractImport(), c.contractObserve(), c.contractTest(), c.contractTypes())
}

func (c *command) contractCheck() *cobra.Command {
	k := &checking{command: c, failOn: "error", maxFindings: validate.DefaultMaxFindings}
	var only []string
	cmd := &cobra.Command{
		Use:   "check [flags]",
		Short: "judge template types against a fleet, without any content",
		Long: `contract check compares the definition of each template type with the inputs
that the builds of the fleet supply for it. Run it when a template type is
released, before anybody writes a rule for it. It rejects a type that declares
more inputs than a build supplies, while nothing can go wrong yet.`,
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
			return k.finish(run)
		},
	}
	k.judging.add(cmd)
	k.reporting.add(cmd)
	cmd.Flags().StringArrayVar(&only, "type", nil, "judge only the template type of this `name` (default: all known types)")
	return cmd
}

// judgeDefinitions judges the template types for each fleet, or only the types named
// in only: all versions that a build of the fleet has. A named type must be known. If
// no build of the fleet has it, its newest version is judged.
func (k *checking) judgeDefinitions(only []string) (*report.Run, error) {
	run := newRun()
	found, judged := map[string]bool{}, map[string]bool{} // by the names of types and of fleets
	for d := range k.options.Definitions.All() {
		if len(only) > 0 && !slices.Contains(only, d.Name) {
			continue
		}
		found[d.Name] = true
		fleets := slices.DeleteFunc(slices.Clone(k.fleets), func(f givenFleet) bool {
			return !has(f.Fleet, d) && (len(only) == 0 || d != k.options.Definitions.Newest(d.Name) || k.hasVersion(f.Fleet, d))
		})
		if len(fleets) == 0 && len(k.fleets) > 0 {
			continue
		}
		for _, f := range fleets {
			judged[f.name] = true
		}
		s := validate.Definition(d)
		s.Name = fmt.Sprintf("type %s version %d", d.Name, d.Version)
		run.Add(k.judgeFor(s, func() string { return "" }, fleets)...)
	}
	for _, f := range k.fleets {
		for _, t := range f.DeclaredOnly(k.options.Definitions) {
			if len(only) == 0 || slices.Contains(only, t.Type) {
				found[t.Type], judged[f.name] = true, true
				run.Problems = append(run.Problems, declaredOnly(f.Fleet, &t))
			}
		}
	}
	for _, name := range only {
		if !found[name] {
			return nil, unknownType(name, k.options.Definitions)
		}
	}
	for _, f := range k.fleets {
		if !judged[f.name] {
			run.Problems = append(run.Problems, fmt.Sprintf("nothing to check: no build of fleet %s has a known template type; give definitions with --types", f.name))
		}
	}
	return run, nil
}

// hasVersion reports whether a build of a fleet has any known version of the type of d.
func (k *checking) hasVersion(fleet *sensor.Fleet, d *sensor.Definition) bool {
	return slices.ContainsFunc(k.options.Definitions.Versions(d.Number), func(version uint32) bool {
		return has(fleet, k.options.Definitions.ByNumber(d.Number, version))
	})
}

func has(fleet *sensor.Fleet, d *sensor.Definition) bool {
	for i := range fleet.Contracts {
		for range fleet.Contracts[i].SuppliesOf(d.Name, d.Version) {
			return true
		}
	}
	return false
}

// declaredOnly returns the message for a type that builds declare but that has no
// definition.
func declaredOnly(fleet *sensor.Fleet, t *sensor.DeclaredType) string {
	const listed = 5
	var names []string
	var hosts uint64
	for _, i := range t.Builds {
		c := &fleet.Contracts[i]
		hosts += min(c.Hosts, math.MaxUint64-hosts)
		if len(names) < listed {
			names = append(names, c.Build)
		}
	}
	if more := len(t.Builds) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("type %s version %d was not judged: %s (%s) declared it, but it has no definition; give the definition with --types, or name the types to judge with --type",
		t.Type, t.Version, strings.Join(names, ", "), count(hosts, "host"))
}
