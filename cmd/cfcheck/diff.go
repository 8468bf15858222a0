package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
)

// A diffing is one call of cfcheck diff.
type diffing struct {
	*command
	judging
	expanding
	allowUnsupported bool
	format           string
	diff             report.Diff
}

// diffFormats lists the output formats of diff, the default first.
var diffFormats = []string{"text", "markdown", "json"}

func (c *command) diff() *cobra.Command {
	d := &diffing{command: c}
	cmd := &cobra.Command{
		Use:   "diff [flags] old new",
		Short: "show the change from one release to the next, in words",
		Long: `diff compares two releases: channel files, rules, or folders of either. For each
channel it lists the rules that were removed, added and changed, the inputs and
operators that the content gained and lost, its sizes and its cost.

A changed rule matches more events than before (widened), fewer (narrowed),
others (shifted), or the same (reworded). diff states one of them only if it can
prove it, and otherwise that the direction is unclear (changed).

diff gives no verdict. check --previous judges the change. If a part of a release
cannot be read, diff writes nothing and exits with status 2.`,
		Example: `  cfcheck diff shipped/ out/
  cfcheck diff --format markdown shipped/ out/ > notes.md`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("found %s (want two: the old release and the new one)", count(uint64(len(args)), "path"))
			}
			return d.run(args[0], args[1])
		},
	}
	d.judging.addTypes(cmd)
	d.expanding.add(cmd)
	cmd.Flags().BoolVar(&d.allowUnsupported, "allow-unsupported", false, allowUnsupportedUsage)
	cmd.Flags().IntVar(&d.diff.Top, "top", 20, "list at most `N` rules for each kind of change in text; Markdown and JSON list all")
	cmd.Flags().StringVar(&d.format, "format", diffFormats[0], "write the change in this `format`: "+alternatives(diffFormats))
	return cmd
}

func (d *diffing) run(old, newer string) error {
	if err := d.toStandard(old, newer); err != nil {
		return err
	}
	if err := oneOf("--format", "format", d.format, diffFormats); err != nil {
		return err
	}
	if d.diff.Top < 1 {
		return fmt.Errorf("--top: found %d (want at least 1)", d.diff.Top)
	}
	defs, err := d.definitions()
	if err != nil {
		return err
	}
	if _, err := d.expanding.budget(); err != nil {
		return err
	}
	placeholders, err := d.values(d.command)
	if err != nil {
		return err
	}
	c := compiling{&d.expanding, defs, placeholders, d.allowUnsupported}
	before, problems := c.readRelease("", old)
	after, more := c.readRelease("", newer)
	if problems = append(problems, more...); len(problems) > 0 {
		for _, p := range problems[1:] {
			d.say("cfcheck: %s", p)
		}
		return errors.New(problems[0])
	}
	if err := d.compare(before, after, defs); err != nil {
		return err
	}
	switch d.format {
	case "markdown":
		return d.diff.Markdown(d.stdout)
	case "json":
		return d.diff.JSON(d.stdout)
	}
	return d.diff.Text(d.stdout)
}

// compare adds each channel of both releases to the diff.
func (d *diffing) compare(before, after *release, defs *sensor.Definitions) error {
	paired := map[*shipped]bool{}
	for _, channel := range slices.Sorted(maps.Keys(after.content)) {
		for _, s := range after.content[channel] {
			newer, err := s.side()
			if err != nil {
				return err
			}
			var old *report.DiffSide
			if p := before.best(channel, s.header.TypeVersion); p != nil {
				paired[p] = true
				if old, err = p.side(); err != nil {
					return err
				}
			}
			d.diff.Add(old, newer, defs)
		}
	}
	for _, channel := range slices.Sorted(maps.Keys(before.content)) {
		for _, s := range before.content[channel] {
			if paired[s] {
				continue
			}
			old, err := s.side()
			if err != nil {
				return err
			}
			d.diff.Add(old, nil, defs)
		}
	}
	return nil
}

// side returns the content as a side of a diff.
func (s *shipped) side() (*report.DiffSide, error) {
	subject, err := s.subject()
	if err != nil {
		return nil, err
	}
	f, err := channelfile.Parse(subject.Data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	if f.Conformance() != 0 {
		return nil, fmt.Errorf("%s: not in normal form, so its rules cannot be compared one by one; check lists the requirements that it breaks", s.name)
	}
	return &report.DiffSide{Name: s.name, File: f, Rules: s.rules()}, nil
}
