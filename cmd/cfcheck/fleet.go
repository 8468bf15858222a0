package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/internal/output"
	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/inventory"
)

func (c *command) fleetGroup() *cobra.Command {
	return c.group("fleet", "write and show the document of a fleet", c.fleetInit(), c.fleetHosts(), c.fleetMerge(), c.fleetShow())
}

// A fleetWriting has the flags of the commands that write a fleet.
type fleetWriting struct {
	*command
	from, out, name string

	set   *output.Set
	fleet *output.Output
	said  *output.Output // the report; nil means stderr
}

func (w *fleetWriting) add(cmd *cobra.Command, name string) {
	f := cmd.Flags()
	f.StringVar(&w.name, "name", name, "give the fleet this `name`")
	f.StringVarP(&w.out, "out", "o", "", "write the fleet to a `file` (default: the standard output, with the report on the standard error)")
}

func (w *fleetWriting) addFrom(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.from, "from", "", "take the contracts of this `fleet`: a JSON file or a built-in example ("+strings.Join(builtin.Fleets(), ", ")+")")
}

// begin registers the files that the run reads and writes. The report goes to the standard
// output, or to the standard error if the fleet goes to the standard output.
func (w *fleetWriting) begin(inputs ...string) error {
	w.set = w.outputs()
	for _, name := range inputs {
		w.set.Reads("the input "+name, name)
	}
	if w.from != "" {
		(&judging{fleetNames: []string{w.from}, fleetsFrom: "--from"}).reads(w.set)
	}
	w.fleet = w.orStandard(w.set, "the fleet", "-o", w.out)
	if w.out != "" {
		w.said = w.set.Stream("the report on the standard output", w.stdout)
	}
	return w.set.Begin()
}

// contracts returns the fleet that --from names.
func (w *fleetWriting) contracts() (*sensor.Fleet, error) {
	if w.from == "" {
		return nil, fmt.Errorf("missing contracts: name a fleet with --from, a JSON file or a built-in example (%s)", alternatives(builtin.Fleets()))
	}
	return loadFleet("--from", w.from, readDocument)
}

// write writes the fleet, and the report to the other output.
func (w *fleetWriting) write(f *sensor.Fleet, said string) error {
	data, err := f.JSON()
	if err != nil {
		return err
	}
	w.fleet.WriteBytes(data)
	if w.said != nil {
		w.said.WriteBytes([]byte(said))
	} else {
		fmt.Fprint(w.stderr, said)
	}
	return w.set.Commit()
}

func (c *command) fleetInit() *cobra.Command {
	w := &fleetWriting{command: c}
	cmd := &cobra.Command{
		Use:   "init [flags] --from fleet build=hosts...",
		Short: "write a fleet from ready contracts and your numbers of hosts",
		Long: `fleet init takes the contracts of the named builds from a fleet, and writes a
fleet that has them with your numbers of hosts. The builds that you do not name
are left out, and the report lists them. Without builds, the message lists all.

A ready contract describes a kind of host, not your hosts. Compare it with them:
contract observe reads recorded events, and contract import reads the settings.`,
		Example: `  cfcheck fleet init --from reference sysmon-15=40000 security-log=9000 -o fleet.json`,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := w.begin(); err != nil {
				return err
			}
			from, err := w.contracts()
			if err != nil {
				return err
			}
			counts, err := countsOf(args, from)
			if err != nil {
				return err
			}
			fleet, _, absent, _ := inventory.Take(from, counts)
			fleet.Name = w.name
			fleet.Note = fmt.Sprintf("Contracts of the fleet %s, with own numbers of hosts.", nameOfFleet(from))
			var b strings.Builder
			writeBuilds(&b, fleet)
			if len(absent) > 0 {
				fmt.Fprintf(&b, "left out %s of %s: %s\n", count(uint64(len(absent)), "build"), nameOfFleet(from), someOf(absent))
			}
			return w.write(fleet, b.String())
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, start string) (names []string, _ cobra.ShellCompDirective) {
			from, err := w.contracts()
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			for i := range from.Contracts {
				c := &from.Contracts[i]
				named := slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, c.Build+"=") })
				if !named && strings.HasPrefix(c.Build, start) {
					names = append(names, c.Build+"=\t"+c.Note)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		},
	}
	w.addFrom(cmd)
	w.add(cmd, "fleet")
	return cmd
}

// countsOf reads arguments such as sysmon-15=40000. Each build must be in the fleet.
func countsOf(args []string, from *sensor.Fleet) ([]inventory.Count, error) {
	builds := inventory.Builds(from)
	if len(args) == 0 {
		return nil, fmt.Errorf("missing builds: name at least one with its number of hosts, such as %s=1000; %s has %s", builds[0], nameOfFleet(from), someOf(builds))
	}
	var counts []inventory.Count
	for _, arg := range args {
		i := strings.LastIndexByte(arg, '=')
		if i < 0 {
			return nil, fmt.Errorf("found the argument %q; expected a build with its number of hosts, such as %s=1000", arg, builds[0])
		}
		build := arg[:i]
		if !slices.Contains(builds, build) {
			return nil, fmt.Errorf("%s has no build %q%s", nameOfFleet(from), build, nearBuilds(build, builds))
		}
		if slices.ContainsFunc(counts, func(c inventory.Count) bool { return c.Build == build }) {
			return nil, fmt.Errorf("found the build %q twice; expected it once", build)
		}
		hosts, err := inventory.ParseHosts(arg[i+1:])
		if err == nil && hosts == 0 {
			err = errors.New("found 0 hosts; expected at least 1, or leave the build out")
		}
		if err != nil {
			return nil, fmt.Errorf("build %s: %w", build, err)
		}
		counts = append(counts, inventory.Count{Build: build, Hosts: hosts})
	}
	return counts, nil
}

// nearBuilds returns the end of a message about an unknown build: the names that contain it,
// the nearest name, or else some of the names.
func nearBuilds(build string, builds []string) string {
	var alike []string
	for _, b := range builds {
		if build != "" && strings.Contains(strings.ToLower(b), strings.ToLower(build)) {
			alike = append(alike, b)
		}
	}
	if len(alike) > 0 {
		return "; did you mean " + alternatives(alike[:min(len(alike), maxListedBuilds)]) + "?"
	}
	return cmp.Or(strictjson.Suggest(build, builds), "; it has "+someOf(builds))
}

// maxListedBuilds is the maximum number of builds in one line.
const maxListedBuilds = 10

// someOf lists the first names.
func someOf(names []string) string {
	n := len(names) - maxListedBuilds
	if n <= 1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListedBuilds], ", "), n)
}

func nameOfFleet(f *sensor.Fleet) string {
	if f.Builtin {
		return f.Name + " (a built-in example)"
	}
	return f.Name
}

// writeBuilds lists the builds of a fleet with their hosts.
func writeBuilds(w io.Writer, f *sensor.Fleet) {
	fmt.Fprintf(w, "fleet %s: %s, %s\n", report.Clean(f.Name), count(uint64(len(f.Contracts)), "build"), count(f.Hosts(), "host"))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for i := range f.Contracts {
		fmt.Fprintf(t, "%s\t  %s\n", numeral.Thousands(f.Contracts[i].Hosts), report.Clean(f.Contracts[i].Build))
	}
	t.Flush()
}
