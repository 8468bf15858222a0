package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/inventory"
)

func (c *command) fleetMerge() *cobra.Command {
	w := &fleetWriting{command: c}
	qualify := false
	cmd := &cobra.Command{
		Use:   "merge [flags] fleet...",
		Short: "write one fleet that has the builds of several",
		Long: `fleet merge writes a fleet with the builds of all named fleets. A build that
several fleets have with the same contract becomes one build, with the sum of
the hosts. If the contracts differ, that is a conflict: nothing is written, and
the message names the first difference. With --qualify such builds are renamed
to fleet/build, with the names of their fleets.`,
		Example: `  cfcheck fleet merge europe.json america.json --name all -o fleet.json`,
		Args:    onceEach(atLeastOne("fleet: a JSON file or a built-in example")),
		RunE:    func(_ *cobra.Command, args []string) error { return w.merge(args, qualify) },
	}
	w.add(cmd, "merged")
	cmd.Flags().BoolVar(&qualify, "qualify", false, "rename the builds whose contracts differ to fleet/build")
	return cmd
}

func (w *fleetWriting) merge(args []string, qualify bool) error {
	j := judging{fleetNames: args, fleetsFrom: "the arguments"}
	w.set = w.outputs()
	j.reads(w.set)
	w.fleet = w.orStandard(w.set, "the fleet", "-o", w.out)
	if w.out != "" {
		w.said = w.set.Stream("the report on the standard output", w.stdout)
	}
	if err := w.set.Begin(); err != nil {
		return err
	}
	given, _, err := j.loadFleets()
	if err != nil {
		return err
	}
	if len(given) < 2 {
		return fmt.Errorf("found one fleet; name at least two, or copy the file")
	}
	var fleets []*sensor.Fleet
	var origins []string
	for _, f := range given {
		fleets = append(fleets, f.Fleet)
		origins = append(origins, fmt.Sprintf("%s (%s, %s)", nameOfFleet(f.Fleet), count(uint64(len(f.Contracts)), "build"), count(f.Hosts(), "host")))
	}
	var rename func(int, string) string
	if qualify {
		rename = func(fleet int, build string) string { return fleets[fleet].Name + "/" + build }
	}
	merged, joined, conflicts, err := inventory.Merge(fleets, rename)
	if err != nil {
		return err
	}
	for i, k := range conflicts {
		if i == maxInventoryErrors {
			w.say("cfcheck: and %s", count(uint64(len(conflicts)-i), "more conflict"))
			break
		}
		w.say("cfcheck: build %q of %s and of %s: the contracts differ: %s", k.Build, given[k.First].name, given[k.Second].name, k.Differs)
	}
	if len(conflicts) > 0 {
		return fmt.Errorf("%s; rename the builds, or let --qualify do it; nothing was written", count(uint64(len(conflicts)), "conflict"))
	}
	merged.Name = w.name
	merged.Note = fmt.Sprintf("Merged from %s.", strings.Join(origins, ", "))
	if utf8.RuneCountInString(merged.Note) > sensor.MaxNote {
		merged.Note = fmt.Sprintf("Merged from %d fleets.", len(fleets))
	}
	var b strings.Builder
	writeBuilds(&b, merged)
	for _, k := range joined {
		var names []string
		for _, i := range k.Fleets {
			names = append(names, given[i].name)
		}
		fmt.Fprintf(&b, "build %s has the same contract in %s; its hosts were added up\n", report.Clean(k.Build), report.Clean(strings.Join(names, ", ")))
	}
	return w.write(merged, b.String())
}
