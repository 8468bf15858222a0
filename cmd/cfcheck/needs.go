package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate/file"
)

func (c *command) needs() *cobra.Command {
	var j judging
	var format string
	cmd := &cobra.Command{
		Use:   "needs [flags] file...",
		Short: "say what a channel file requires of a sensor, and which rule causes it",
		Long: `needs computes from the content alone what a channel file requires of the
sensor that reads it: the inputs that it reads, the operators, the sizes, the
cost. With --format json the output is what check --needs takes.`,
		Example: `  cfcheck needs out/C-00000291-00000001-00000001.cf`,
		Args:    atLeastOne("channel file"),
		RunE: func(_ *cobra.Command, args []string) error {
			defs, err := j.definitions()
			if err != nil {
				return err
			}
			if format != "text" && format != "json" {
				return fmt.Errorf("--format: %q is no form; it is text or json", format)
			}
			if format == "json" && len(args) > 1 {
				return fmt.Errorf("--format json takes one file, %d were named", len(args))
			}
			for _, name := range args {
				f, err := readFile(name)
				if err != nil {
					return err
				}
				needs := sensor.NeedsOf(f, defs)
				if format == "text" {
					err = report.Needs(c.stdout, name, needs)
				} else {
					err = writeNeeds(c.stdout, needs)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	j.addTypes(cmd)
	cmd.Flags().StringVar(&format, "format", "text", "the `form` of the output: text or json")
	return cmd
}

func writeNeeds(w io.Writer, needs *sensor.Needs) error {
	data, err := needs.JSON()
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// readFile reads and parses a channel file for the commands that show one. It
// need not be in normal form.
func readFile(name string) (*channelfile.File, error) {
	s, err := file.Read(name)
	switch {
	case err != nil:
		return nil, unread(name, err)
	case s.Refused:
		return nil, fmt.Errorf("%s: no regular file; name the channel file itself", name)
	case s.TooBig:
		return nil, fmt.Errorf("%s: %d bytes; a channel file has at most %d", name, s.Size, channelfile.MaxFileSize)
	}
	f, err := channelfile.Parse(s.Data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}
