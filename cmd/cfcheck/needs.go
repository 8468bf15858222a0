package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
)

func (c *command) needs() *cobra.Command {
	var j judging
	var format string
	cmd := &cobra.Command{
		Use:   "needs [flags] path...",
		Short: "show the requirements of channel files, and the rules that cause them",
		Long: `needs computes the requirements of a channel file from its content alone: the
inputs, operators, sizes and cost that the sensor must support. The output of
--format json is an input of check --needs.

For a folder or several files, needs shows how many rules depend on each input
of each template type, most rules first. It also shows the feeds that can supply
the input.`,
		Example: `  cfcheck needs out/C-00000291-00000001-00000001.cf
  cfcheck needs out`,
		Args: atLeastOne("channel file or a folder of channel files"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := c.toStandard(args...); err != nil {
				return err
			}
			defs, err := j.definitions()
			if err != nil {
				return err
			}
			if err := oneOf("--format", "format", format, needsFormats); err != nil {
				return err
			}
			files, several, err := channelFiles(args)
			if err != nil {
				return err
			}
			if !several {
				return c.needsOf(files[0], defs, format)
			}
			return c.needsOverview(files, defs, format)
		},
	}
	j.addTypes(cmd)
	cmd.Flags().StringVar(&format, "format", needsFormats[0], "write the needs in this `format`: "+alternatives(needsFormats))
	return cmd
}

// needsFormats lists the output formats of needs, the default first.
var needsFormats = []string{"text", "json"}

// channelFiles returns the channel files at the paths. several is false if paths is
// the name of a single file.
func channelFiles(paths []string) (files []string, several bool, err error) {
	several = len(paths) > 1
	var seen fileSet
	add := func(name string) { // does nothing if the file was added before
		if _, added := seen.add(name); added {
			files = append(files, name)
		}
	}
	for _, name := range paths {
		info, err := os.Stat(name)
		if err != nil {
			return nil, false, unread(name, err)
		}
		if !info.IsDir() {
			add(name)
			continue
		}
		several = true
		in := readFolder(name, nil)
		sets := in.sets()
		switch {
		case len(in.problems) > 0:
			return nil, false, errors.New(in.problems[0])
		case in.files.n == 0:
			return nil, false, fmt.Errorf("%s: the folder has no channel file (.cf); cfcheck build compiles rules to channel files", name)
		}
		for name := range in.files.all() {
			if _, judged := sets.listing(name); judged {
				add(name)
			}
		}
		for _, s := range sets {
			if missing := s.missing(); len(missing) > 0 {
				return nil, false, fmt.Errorf("%s: %w", missing[0], s.errMissing())
			}
		}
	}
	return files, several, nil
}

// needsOf writes the needs of one file.
func (c *command) needsOf(name string, defs *sensor.Definitions, format string) error {
	f, err := readFile(name)
	if err != nil {
		return err
	}
	needs := sensor.NeedsOf(f, defs)
	if format == "json" {
		return writeNeeds(c.stdout, needs)
	}
	return report.Needs(c.stdout, name, needs, defs.ByNumber(needs.Type, needs.TypeVersion))
}

// needsOverview writes an overview of the needs of several files. If one file cannot
// be read, it returns the error, because the overview would miss rules.
func (c *command) needsOverview(files []string, defs *sensor.Definitions, format string) error {
	var all report.Overview
	for _, name := range files {
		f, err := readFile(name)
		if err != nil {
			return err
		}
		all.Add(sensor.NeedsOf(f, defs), defs)
	}
	if format == "json" {
		return all.JSON(c.stdout)
	}
	return all.Text(c.stdout)
}

func writeNeeds(w io.Writer, needs *sensor.Needs) error {
	data, err := needs.JSON()
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// readFile reads and parses a channel file, which need not be in normal form.
func readFile(name string) (*channelfile.File, error) {
	data, err := readBytes(name)
	if err != nil {
		return nil, err
	}
	f, err := channelfile.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}
