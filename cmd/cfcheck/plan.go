package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/rollout"
)

// A planning is one call of cfcheck plan.
type planning struct {
	*command
	judging
	governing
	expanding
	allowUnsupported bool
	previous         string
	format           string
	sizes            rollout.Options
}

// planFormats lists the output formats of plan, the default first.
var planFormats = []string{"text", "json"}

func (c *command) plan() *cobra.Command {
	p := &planning{command: c}
	cmd := &cobra.Command{
		Use:   "plan [flags] new",
		Short: "plan in which rings the hosts of a fleet get a release",
		Long: `plan computes the rings of a rollout. It compares a release with the one that
shipped before, and lists each cell that is changed or used for the first time.
A cell is a way in which content uses a sensor: a type version, an input, an
operator, and the classes of the values and their number.

The first ring has --hosts-per-cell hosts of each build that runs such a cell,
or all of its hosts if there are fewer. Each further ring has at most --factor
times as many hosts of each build. So each cell runs on enough hosts of each
build before more hosts get the release. A ring includes the rings before it.

plan follows the keys fleets, types, exclude and rings of the policy, unless a
flag overrides them.

plan gives no verdict: judge the release with check first. A deployer reads the
rings with --format json. The text ends with the SHA-256 of that document, which
names the plan in the record of a release, and for check --exercise-plan.`,
		Example: `  cfcheck plan --fleet fleet.json --previous shipped/ out/
  cfcheck plan --fleet fleet.json --previous shipped/ --format json out/ > plan.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("found %s (want one: the new release)", count(uint64(len(args)), "path"))
			}
			if err := p.follow(cmd.Flags()); err != nil {
				return err
			}
			return p.run(args[0])
		},
	}
	p.judging.addFleet(cmd)
	p.judging.addTypes(cmd)
	p.governing.add(cmd)
	p.expanding.add(cmd)
	f := cmd.Flags()
	f.BoolVar(&p.allowUnsupported, "allow-unsupported", false, allowUnsupportedUsage)
	f.StringVar(&p.previous, "previous", "", "compare with the release that shipped before: a `path` of channel files or rules (default: all cells are first uses)")
	f.Uint64Var(&p.sizes.HostsPerCell, "hosts-per-cell", rollout.DefaultHostsPerCell, fmt.Sprintf("let at least `N` hosts of each build run each changed cell in the first ring (default %d)", rollout.DefaultHostsPerCell))
	f.Uint64Var(&p.sizes.Factor, "factor", rollout.DefaultFactor, fmt.Sprintf("let a ring have at most `N` times the hosts of the ring before (default %d)", rollout.DefaultFactor))
	f.StringVar(&p.format, "format", planFormats[0], "write the plan in this `format`: "+alternatives(planFormats))
	return cmd
}

// follow reads the policy, and takes the keys that no flag overrides.
func (p *planning) follow(flags *pflag.FlagSet) error {
	if err := p.governing.load(p.command, p.outputs()); err != nil {
		return err
	}
	if p.policy == nil {
		return nil
	}
	t := &taking{governing: &p.governing, flags: flags}
	t.list("fleets", "fleet", p.policy.Fleets, &p.fleetNames, p.fleet)
	t.list("types", "types", p.policy.Types, &p.types, p.namedFile)
	t.list("exclude", "exclude", p.policy.Exclude, &p.excludes, asWritten)
	t.number("rings.hosts-per-cell", "hosts-per-cell", p.policy.Rings.HostsPerCell, &p.sizes.HostsPerCell)
	t.number("rings.factor", "factor", p.policy.Rings.Factor, &p.sizes.Factor)
	if t.failed != nil || len(p.about.Settings) == 0 {
		return t.failed
	}
	if p.fleetNames != nil && !flags.Changed("fleet") {
		p.fleetsFrom = p.from("fleets")
	}
	t.say(p.command)
	return nil
}

func (p *planning) run(name string) error {
	inputs := []string{name}
	if p.previous != "" {
		inputs = append(inputs, p.previous)
	}
	if p.policy != nil {
		inputs = append(inputs, p.policy.Name)
	}
	if err := p.toStandard(inputs...); err != nil {
		return err
	}
	switch err := oneOf("--format", "format", p.format, planFormats); {
	case err != nil:
		return err
	case p.sizes.HostsPerCell < 1:
		return errors.New("--hosts-per-cell: found 0 (want at least 1)")
	case p.sizes.Factor < 2:
		return fmt.Errorf("--factor: found %d (want at least 2)", p.sizes.Factor)
	}
	fleets, remark, err := p.loadFleets()
	if err != nil {
		return err
	}
	if remark != "" {
		p.say("remark: %s", remark)
	}
	if len(fleets) != 1 {
		return fmt.Errorf("found %s (want one: a plan is for the hosts of one fleet; name it with --fleet)", count(uint64(len(fleets)), "fleet"))
	}
	defs, err := p.definitions()
	if err != nil {
		return err
	}
	if err := fleets[0].groups.Undefined(defs); err != nil {
		return err
	}
	changes, err := p.changes(name, defs)
	if err != nil {
		return err
	}
	plan, err := rollout.New(fleets[0].Fleet, defs, changes, p.sizes)
	if err != nil {
		return err
	}
	out := report.Plan{Plan: plan}
	if p.format == "json" {
		return out.JSON(p.stdout)
	}
	return out.Text(p.stdout)
}

// changes returns the change of each channel of the new release. A part that cannot be read is an
// error, because its cells are unknown.
func (p *planning) changes(name string, defs *sensor.Definitions) ([]rollout.Change, error) {
	if _, err := p.expanding.budget(); err != nil {
		return nil, err
	}
	placeholders, err := p.values(p.command)
	if err != nil {
		return nil, err
	}
	c := compiling{&p.expanding, defs, placeholders, p.allowUnsupported}
	after, problems := c.readRelease("", name)
	before := &release{}
	if p.previous != "" {
		var more []string
		before, more = c.readRelease("--previous", p.previous)
		problems = append(problems, more...)
	}
	if len(problems) > 0 {
		for _, problem := range problems[1:] {
			p.say("cfcheck: %s", problem)
		}
		return nil, errors.New(problems[0])
	}
	var changes []rollout.Change
	for _, channel := range slices.Sorted(maps.Keys(after.content)) {
		for _, s := range after.content[channel] {
			newer, err := s.side()
			if err != nil {
				return nil, err
			}
			change := rollout.Change{New: newer.File}
			if old := before.best(channel, s.header.TypeVersion); old != nil {
				side, err := old.side()
				if err != nil {
					return nil, err
				}
				change.Old = side.File
			}
			changes = append(changes, change)
		}
	}
	for _, channel := range slices.Sorted(maps.Keys(before.content)) {
		if after.content[channel] == nil {
			p.say("remark: the new release has no content of channel %d; the plan does not cover its withdrawal", channel)
		}
	}
	return changes, nil
}
