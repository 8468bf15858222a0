package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
)

func (c *command) cost() *cobra.Command {
	var j judging
	var format, folder string
	costs := report.Costs{}
	cmd := &cobra.Command{
		Use:   "cost [flags] path...",
		Short: "show the use of each limit and budget of a fleet, and the costliest rules",
		Long: `cost compares channel files with the hard limits and the budgets of each build
of a fleet, and shows the used part of each, the greatest part first. A step is
a unit of cost that FORMAT.md, section 9, defines. The steps are those of the
most expensive event of the build's most expensive feed.

Then it lists the costliest rules of each file, for the build with the least
room. A criterion that several rules share is charged once for an event. Its
steps count for each of these rules, but they are not its own: removing one of
the rules does not save them.

With --history it shows the mean growth over up to 6 earlier releases, and how
many further releases fit if the growth continues.`,
		Example: `  cfcheck cost --fleet fleet.json out
  cfcheck cost --fleet fleet.json --history releases out`,
		Args: atLeastOne("channel file or a folder of channel files"),
		RunE: func(_ *cobra.Command, args []string) error {
			inputs := args
			if folder != "" {
				inputs = append(slices.Clone(args), folder)
			}
			if err := c.toStandard(inputs...); err != nil {
				return err
			}
			if err := oneOf("--format", "format", format, needsFormats); err != nil {
				return err
			}
			defs, err := j.definitions()
			if err != nil {
				return err
			}
			fleets, remark, err := j.loadFleets()
			if err != nil {
				return err
			}
			if len(fleets) == 0 {
				return errors.New("missing fleet: name one with --fleet; its contracts have the limits, the budgets and the lengths of inputs")
			}
			if remark != "" {
				c.say("remark: %s", remark)
			}
			files, _, err := channelFiles(args)
			if err != nil {
				return err
			}
			var h history
			if folder != "" {
				if h, err = readHistory(folder, defs); err != nil {
					return err
				}
			}
			for _, name := range files {
				f, err := readFile(name)
				if err != nil {
					return err
				}
				for _, fleet := range fleets {
					costs.Add(name, f, defs, fleet.Fleet, h.before(sensor.NeedsOf(f, defs)))
				}
			}
			if format == "json" {
				return costs.JSON(c.stdout)
			}
			return costs.Text(c.stdout)
		},
	}
	j.addFleet(cmd)
	j.addTypes(cmd)
	cmd.Flags().StringVar(&folder, "history", "", historyUsage)
	cmd.Flags().IntVar(&costs.Top, "top", 10, "list at most `N` rules of each file")
	cmd.Flags().StringVar(&format, "format", needsFormats[0], "write the costs in this `format`: "+alternatives(needsFormats))
	return cmd
}

// historyUsage is the help of the flag in check and in cost.
const historyUsage = "show the growth since the earlier revisions in this `folder`"

// A history has the needs of the revisions of each channel and type version, the lowest
// revision first.
type history map[series][]*sensor.Needs

// A series names the files that are revisions of each other.
type series struct{ channel, typ, typeVersion uint32 }

// readHistory reads all channel files of a folder, also those that a manifest does not
// name. Two files of one series with the same revision are an error, because the order
// of the releases is then unknown.
func readHistory(root string, defs *sensor.Definitions) (history, error) {
	in := readFolder(root, nil)
	switch {
	case len(in.problems) > 0:
		return nil, fmt.Errorf("--history: %s", in.problems[0])
	case in.files.n == 0:
		return nil, fmt.Errorf("--history: %s: the folder has no channel file (.cf)", root)
	}
	h := history{}
	type revision struct {
		series
		number uint32
	}
	names := map[revision]string{}
	for name := range in.files.all() {
		f, err := readFile(name)
		if err != nil {
			return nil, fmt.Errorf("--history: %w", err)
		}
		n := sensor.NeedsOf(f, defs)
		s := series{n.Channel, n.Type, n.TypeVersion}
		if other, ok := names[revision{s, n.Revision}]; ok {
			return nil, fmt.Errorf("--history: %s and %s are both revision %d of channel %d; keep one of them in the folder", other, name, n.Revision, n.Channel)
		}
		names[revision{s, n.Revision}] = name
		h[s] = append(h[s], n)
	}
	for _, list := range h {
		slices.SortFunc(list, func(a, b *sensor.Needs) int { return cmp.Compare(a.Revision, b.Revision) })
	}
	return h, nil
}

// before returns the needs of the lower revisions of content. Rules have no revision yet,
// so all revisions are lower.
func (h history) before(n *sensor.Needs) []*sensor.Needs {
	list := h[series{n.Channel, n.Type, n.TypeVersion}]
	if n.Revision == 0 {
		return list
	}
	i, _ := slices.BinarySearchFunc(list, n.Revision, func(n *sensor.Needs, revision uint32) int { return cmp.Compare(n.Revision, revision) })
	return list[:i]
}
