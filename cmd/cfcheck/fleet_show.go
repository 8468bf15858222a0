package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
)

// fleetFormats are the formats of fleet show.
var fleetFormats = []string{"text", "json", "csv", "markdown"}

func (c *command) fleetShow() *cobra.Command {
	var j judging
	var only []string
	var format, out string
	cmd := &cobra.Command{
		Use:   "show [flags] fleet",
		Short: "show the builds of a fleet, and the hosts that supply each input",
		Long: `fleet show prints a page about a fleet, a JSON file or a built-in example: its
builds with their hosts, and the template types that they supply. With --type it
counts, for each input of a type, the hosts that supply it:

  supplied      each feed of the host has the input in every event
  in part       some feeds or some events have it
  unknown       nobody knows whether a feed has it
  not supplied  no feed has it

The page does not judge. contract check does.`,
		Example: `  cfcheck fleet show fleet.json
  cfcheck fleet show reference --type process_creation`,
		Args: exactlyOne("fleet: a JSON file or a built-in example"),
		RunE: func(_ *cobra.Command, args []string) error {
			j.fleetNames, j.fleetsFrom = args, "the arguments"
			s := c.outputs()
			j.reads(s)
			written := c.orStandard(s, "the page", "-o", out)
			if err := s.Begin(); err != nil {
				return err
			}
			if err := oneOf("--format", "format", format, fleetFormats); err != nil {
				return err
			}
			defs, err := j.definitions()
			if err != nil {
				return err
			}
			fleets, _, err := j.loadFleets()
			if err != nil {
				return err
			}
			page := report.NewFleetPage(fleets[0].Fleet, defs, only)
			for _, name := range only {
				if !slices.Contains(page.Types(), name) {
					if defs.Newest(name) == nil {
						return unknownType(name, defs)
					}
					return fmt.Errorf("--type: no build of the fleet supplies type %s", name)
				}
			}
			write := map[string]func(io.Writer) error{"text": page.Text, "json": page.JSON, "csv": page.CSV, "markdown": page.Markdown}[format]
			written.Write(write)
			return s.Commit()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeFleet(cmd, args, start)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&only, "type", nil, "show the inputs of the template type of this `name`; repeat the flag for further types (default: count the inputs of all types)")
	f.StringVar(&format, "format", fleetFormats[0], "write the page in this `format`: "+alternatives(fleetFormats))
	f.StringVarP(&out, "out", "o", "", "write the page to a `file` (default: the standard output)")
	j.addTypes(cmd)
	return cmd
}
