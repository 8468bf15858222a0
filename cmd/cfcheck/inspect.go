package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/report"
)

func (c *command) inspect() *cobra.Command {
	var j judging
	var hex bool
	cmd := &cobra.Command{
		Use:   "inspect [flags] file",
		Short: "show the content of a channel file",
		Long: `inspect shows the header of a channel file, its sections, and each instance
with its condition. With --hex it shows every byte of the file, labelled with
the names of FORMAT.md.`,
		Example: `  cfcheck inspect out/C-00000291-00000001-00000001.cf
  cfcheck inspect --hex out/C-00000291-00000001-00000001.cf`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("inspect shows one channel file, but %d were named", len(args))
			}
			return atLeastOne("channel file")(cmd, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := c.toStandard(args...); err != nil {
				return err
			}
			defs, err := j.definitions()
			if err != nil {
				return err
			}
			f, err := readFile(args[0])
			if err != nil {
				return err
			}
			if hex {
				err = report.Hex(c.stdout, f)
			} else {
				err = report.Inspect(c.stdout, f, defs)
			}
			if err != nil {
				return fmt.Errorf("writing: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&hex, "hex", false, "show every byte with its label")
	j.addTypes(cmd)
	return cmd
}
