package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/internal/progress"
)

// A metering holds the flag for the progress that a command shows.
type metering struct {
	when string // one of colors
}

func (m *metering) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&m.when, "progress", colors[0], "say `when` to show the progress on the standard error: "+alternatives(colors)+"; auto means on a terminal, and only after 0.8 seconds")
}

// check returns an error if the flag has an unknown value.
func (m *metering) check() error { return oneOf("--progress", "value", m.when, colors) }

// meter makes c show its progress. Call the returned function before the report is written.
func (m *metering) meter(c *command) (end func()) {
	terminal := isTerminal(c.stderr)
	if m.when == colorAlways || m.when == colorAuto && terminal && os.Getenv("TERM") != "dumb" {
		c.meter = progress.NewMeter(c.stderr, terminal)
	}
	return c.meter.End
}

// sizes returns the sum of the sizes of files, or 0 if one of them is unknown.
func sizes(names []string) (sum int64) {
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			return 0
		}
		sum += info.Size()
	}
	return sum
}
