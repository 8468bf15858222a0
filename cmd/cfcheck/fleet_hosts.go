package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor/inventory"
)

// A counting is one call of cfcheck fleet hosts.
type counting struct {
	fleetWriting
	options                    inventory.Options
	rename                     []string
	ignoreUnknown, dropMissing bool
}

func (c *command) fleetHosts() *cobra.Command {
	h := &counting{fleetWriting: fleetWriting{command: c}}
	cmd := &cobra.Command{
		Use:   "hosts [flags] --from fleet inventory.csv",
		Short: "write a fleet with the numbers of hosts of an inventory",
		Long: `fleet hosts reads an inventory of your hosts, and writes the fleet of --from with
its numbers. The inventory is a CSV file with commas, semicolons or tabs. Its
header names a column of builds, and a column with the number of hosts. An
inventory with one row for each host has a column with their names instead. A
file without a header has two columns: build and hosts.

A build of the inventory without a contract would be out of sight of the gate,
and a build of the fleet without hosts has no number. Both are errors, unless
you say otherwise. A build with 0 hosts is left out, and the report names it.`,
		Example: `  cfcheck fleet hosts --from contracts.json inventory.csv -o fleet.json
  cfcheck fleet hosts --from reference --rename 15.15=sysmon-15 hosts.csv --drop-missing -o fleet.json`,
		Args: exactlyOne("CSV file of an inventory"),
		RunE: func(_ *cobra.Command, args []string) error { return h.run(args[0]) },
	}
	f := cmd.Flags()
	h.addFrom(cmd)
	f.StringVar(&h.options.Build, "build-column", "", "take the builds from the column of this `name` (default: build, version and the like)")
	f.StringVar(&h.options.Hosts, "hosts-column", "", "take the numbers of hosts from the column of this `name` (default: hosts, count and the like)")
	f.BoolVar(&h.options.Sum, "sum", false, "add up the rows that name the same build")
	f.StringArrayVar(&h.rename, "rename", nil, "read a name of the inventory as the name of a `build`, such as 15.15=sysmon-15; repeat the flag for further names")
	f.BoolVar(&h.ignoreUnknown, "ignore-unknown", false, "leave out the builds of the inventory that have no contract; the note of the fleet counts their hosts")
	f.BoolVar(&h.dropMissing, "drop-missing", false, "leave out the builds of the fleet that are not in the inventory")
	h.add(cmd, "fleet")
	return cmd
}

// maxInventoryErrors is the maximum number of builds that a message lists, one on each line.
const maxInventoryErrors = 20

func (h *counting) run(name string) error {
	if err := h.begin(name); err != nil {
		return err
	}
	from, err := h.contracts()
	if err != nil {
		return err
	}
	data, err := readRegular(name, "the CSV file itself", inventory.MaxSize)
	if err != nil {
		return err
	}
	list, err := inventory.Read(name, data, h.options)
	if err != nil {
		return err
	}
	builds := inventory.Builds(from)
	if err := h.renamed(name, list, builds); err != nil {
		return err
	}
	fleet, unknown, absent, empty := inventory.Take(from, list.Counts)
	var problems []string
	if !h.ignoreUnknown {
		for _, c := range unknown {
			problems = append(problems, fmt.Sprintf("%s:%d: %s of build %q have no contract in %s%s", name, c.Line, count(c.Hosts, "host"), c.Build, nameOfFleet(from), nearBuilds(c.Build, builds)))
		}
		if len(unknown) > 0 {
			problems = append(problems, "add their contracts to the fleet, map their names with --rename, or accept with --ignore-unknown that no contract speaks for these hosts")
		}
	}
	if len(absent) > 0 && !h.dropMissing {
		problems = append(problems, fmt.Sprintf("%s does not have %s of %s: %s; add rows for them, or leave the builds out with --drop-missing", name, count(uint64(len(absent)), "build"), nameOfFleet(from), someOf(absent)))
	}
	if len(problems) == 0 && len(fleet.Contracts) == 0 {
		problems = append(problems, fmt.Sprintf("%s has no host of any build of %s", name, nameOfFleet(from)))
	}
	if len(problems) > 0 {
		n := len(problems) - 1
		for i, p := range problems[:n] {
			if i == maxInventoryErrors {
				h.say("cfcheck: and %d more such messages", n-i)
				break
			}
			h.say("cfcheck: %s", p)
		}
		return errors.New(problems[n] + "; nothing was written")
	}
	fleet.Name = h.name
	fleet.Note = from.Note
	if from.Builtin {
		fleet.Note = fmt.Sprintf("Contracts of the fleet %s, with numbers of hosts from an inventory.", nameOfFleet(from))
	}
	var b strings.Builder
	writeBuilds(&b, fleet)
	counted := "one row for each build"
	if list.EachHost {
		counted = "one row for each host"
	}
	fmt.Fprintf(&b, "read %s, %s\n", count(uint64(list.Rows), "row"), counted)
	for _, left := range []struct {
		names []string
		why   string
	}{
		{empty, "with 0 hosts in the inventory"}, {absent, "that are not in the inventory"},
	} {
		if len(left.names) > 0 {
			fmt.Fprintf(&b, "left out %s %s: %s\n", count(uint64(len(left.names)), "build"), left.why, report.Clean(someOf(left.names)))
		}
	}
	if len(unknown) > 0 {
		var hosts uint64
		var names []string
		for _, c := range unknown {
			hosts += c.Hosts
			names = append(names, fmt.Sprintf("%s (line %d)", c.Build, c.Line))
		}
		fmt.Fprintf(&b, "no contract speaks for %s of %s: %s\n", count(hosts, "host"), count(uint64(len(unknown)), "build"), report.Clean(someOf(names)))
		note := fmt.Sprintf("No contract speaks for %s of the inventory.", count(hosts, "host"))
		fleet.Note = strings.TrimSpace(fleet.Note + " " + note)
	}
	return h.write(fleet, b.String())
}

// renamed applies --rename to the builds of the inventory.
func (h *counting) renamed(name string, list *inventory.List, builds []string) error {
	to := map[string]string{}
	for _, arg := range h.rename {
		i := strings.LastIndexByte(arg, '=')
		if i <= 0 {
			return fmt.Errorf("--rename: found %q; expected a name of the inventory and a build, such as 15.15=%s", arg, builds[0])
		}
		old, build := arg[:i], arg[i+1:]
		if !slices.Contains(builds, build) {
			return fmt.Errorf("--rename: the fleet has no build %q%s", build, nearBuilds(build, builds))
		}
		if _, ok := to[old]; ok {
			return fmt.Errorf("--rename: found the name %q twice; expected it once", old)
		}
		to[old] = build
	}
	used := map[string]bool{}
	at := map[string]int{}
	counts := list.Counts[:0]
	for _, c := range list.Counts {
		if build, ok := to[c.Build]; ok {
			used[c.Build] = true
			c.Build = build
		}
		i, again := at[c.Build]
		switch {
		case !again:
			at[c.Build] = len(counts)
			counts = append(counts, c)
		case h.options.Sum || list.EachHost:
			counts[i].Hosts += c.Hosts
		default:
			return fmt.Errorf("%s:%d: with --rename, line %d is of the build %q too; correct one of them, or ask for the sum of both (--sum)", name, c.Line, counts[i].Line, c.Build)
		}
	}
	list.Counts = counts
	for old := range to {
		if !used[old] {
			return fmt.Errorf("--rename: %s has no build %q", name, old)
		}
	}
	return nil
}

// exactlyOne requires one argument. The text says what to name.
func exactlyOne(kind string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return fmt.Errorf("found %d arguments; name one %s", len(args), kind)
		}
		return atLeastOne(kind)(cmd, args)
	}
}
