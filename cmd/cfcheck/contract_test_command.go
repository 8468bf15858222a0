package main

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

func (c *command) contractTest() *cobra.Command {
	k := &checking{command: c, failOn: "error", maxFindings: validate.DefaultMaxFindings}
	var only []string
	cmd := &cobra.Command{
		Use:   "test [flags] --type name",
		Short: "judge content that reads every input of a template type",
		Long: `contract test writes content with one criterion on each input that a template
type declares, without any wildcard, and judges it for the fleet. This is the
test that was missing for the template type of July 2024. Exit status 0 means
that content may read any input of the type on every build. A build whose
contract does not mention the type leaves the verdict undecided, unless the
contract says that the build lacks the type.`,
		Example: `  cfcheck contract test --type ipc --fleet fleet.json`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := k.begin(nil); err != nil {
				return err
			}
			if len(only) == 0 {
				return errors.New("missing template type: name it with --type; see cfcheck contract test --help")
			}
			if err := k.prepare(); err != nil {
				return err
			}
			run := newRun()
			defer run.Close()
			for _, name := range only {
				d := k.options.Definitions.Newest(name)
				if d == nil {
					return unknownType(name, k.options.Definitions)
				}
				for _, version := range slices.Backward(k.options.Definitions.Versions(d.Number)) {
					older := k.options.Definitions.ByName(name, version)
					if slices.ContainsFunc(k.fleets, func(f givenFleet) bool { return has(f.Fleet, older) }) {
						d = older
						break
					}
				}
				run.Add(k.judgeEachInput(d)...)
			}
			return k.finish(run)
		},
	}
	k.judging.add(cmd)
	k.reporting.add(cmd)
	cmd.Flags().StringArrayVar(&only, "type", nil, "test the template type of this `name`, in the newest version that a build of the fleet has")
	return cmd
}

// judgeEachInput judges content that has one instance for each input of a type.
func (k *checking) judgeEachInput(d *sensor.Definition) []report.Result {
	name := fmt.Sprintf("type %s version %d, a criterion on each of %d inputs", d.Name, d.Version, len(d.Inputs))
	data, err := eachInput(d)
	if err != nil {
		return notJudged(name, err)
	}
	s := validate.ChannelFile("", data)
	s.Name = name
	k.everyBuild = true
	return k.judge(s, digestOf(data))
}

// untested makes a report undecided if a build was not tested and its contract does
// not say that it lacks the type.
func untested(r *validate.Report) {
	const listed = 5
	var names []string
	var hosts, builds uint64
	for _, b := range r.Builds {
		if b.Addressed || b.Lacks {
			continue
		}
		builds++
		hosts += min(b.Hosts, math.MaxUint64-hosts)
		if builds <= listed {
			names = append(names, b.Name)
		}
	}
	if builds == 0 || r.Definition == nil {
		return
	}
	if builds > listed {
		names = append(names, fmt.Sprintf("and %d more", builds-listed))
	}
	r.Undecided = append(r.Undecided, fmt.Sprintf("not tested: %s (%s): version %d of type %s is not in the contract; add the supply, or state that the build lacks the type (lacks)",
		strings.Join(names, ", "), count(hosts, "host"), r.Definition.Version, r.Definition.Name))
}

func eachInput(d *sensor.Definition) ([]byte, error) {
	b := channelfile.NewBuilder(channelfile.Header{
		Channel: d.Channel, Revision: 1, Type: d.Number, TypeVersion: d.Version, InputsDeclared: uint16(len(d.Inputs)),
	})
	for i, in := range d.Inputs {
		var e channelfile.Expr
		switch in.Type {
		case sensor.TypeInteger:
			e = channelfile.IntegerEquals(i, 1)
		case sensor.TypeAddress:
			e = channelfile.AddressPrefix(i, netip.MustParsePrefix("192.0.2.1/32"))
		default:
			e = channelfile.Equals(i, "a")
		}
		id := channelfile.ID{14: byte((i + 1) >> 8), 15: byte(i + 1)}
		if err := b.Add(id, e, &channelfile.Origin{Rule: id.String(), Title: "criterion on " + in.Name}); err != nil {
			return nil, err
		}
	}
	return b.Encode()
}
