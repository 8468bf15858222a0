package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// manyBuilds is the number of builds of the large fleet of measureFiles.
const manyBuilds = 500

// measureFiles judges n small files with the program of cfcheck, and prints the largest
// resident set of each process. It measures accepted files, files with two findings
// each, and a tenth of these for a large fleet, whose builds the report repeats for
// each file. The files are written to the folder.
func measureFiles(w io.Writer, dir, program string, n int) error {
	large := filepath.Join(dir, "large.json")
	good, bad, tenth := filepath.Join(dir, "good"), filepath.Join(dir, "bad"), filepath.Join(dir, "tenth")
	if err := errors.Join(workload.WriteSmall(good, n, 0), workload.WriteSmall(bad, n, 2), workload.WriteSmall(tenth, n/10, 2), writeFleet(large)); err != nil {
		return err
	}
	fmt.Fprintf(w, "in megabytes (1,000,000 bytes) and seconds\n%-50s %-6s %10s %10s %10s\n", "", "report", "memory", "size", "time")
	for _, row := range []struct {
		name, fleet, folder string
		status              int
	}{
		{fmt.Sprintf("%d files, accepted", n), "reference", good, 0},
		{fmt.Sprintf("%d files, two findings each", n), "291", bad, 1},
		{fmt.Sprintf("%d files, two findings each, %d builds", n/10, manyBuilds), large, tenth, 1},
	} {
		for _, format := range []string{"text", "json"} {
			report := filepath.Join(dir, "report")
			cmd := exec.Command(program, "check", "--fleet", row.fleet, "--format", format, "--out", report, row.folder)
			start := time.Now()
			out, err := cmd.CombinedOutput()
			if status := cmd.ProcessState.ExitCode(); status != row.status {
				return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
			}
			info, err := os.Stat(report)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%-50s %-6s %10.1f %10.1f %10.1f\n", row.name, format, float64(peak(cmd.ProcessState))/1e6, float64(info.Size())/1e6, time.Since(start).Seconds())
		}
	}
	return nil
}

// writeFleet writes the built-in fleet 291 with many builds instead of two.
func writeFleet(name string) error {
	builtin, _ := builtin.Fleet("291")
	two, fleet := builtin.Contracts, *builtin
	fleet.Builtin, fleet.Contracts = false, nil
	for i := range manyBuilds {
		c := two[i%len(two)]
		c.Build = fmt.Sprintf("%s.%d", c.Build, i)
		fleet.Contracts = append(fleet.Contracts, c)
	}
	data, err := fleet.JSON()
	if err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o600)
}
