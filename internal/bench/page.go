package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// writePage judges generated rules for a fleet of named builds, each of which lacks other inputs,
// and writes the report as a page. It prints the size of the page, and the times.
func writePage(w io.Writer, path string, rules, builds int) error {
	data, err := titled(rules)
	if err != nil {
		return err
	}
	def := workload.Definition()
	defs := new(sensor.Definitions)
	if err := defs.Add(def); err != nil {
		return err
	}
	fleet := lackingFleet(builds)
	start := time.Now()
	rep := validate.Run(validate.ChannelFile("workload.cf", data), validate.Options{
		Checks: suite.Checks, Definitions: defs, Fleet: fleet, MaxOfGroup: 10_000, AllowEmpty: true,
	})
	judged := time.Since(start)
	run := &report.Run{Gate: report.Gate{Version: "bench", Checks: len(suite.Checks)}, Picture: &report.Picture{Definitions: defs}}
	defer run.Close()
	start = time.Now()
	run.Picture.Add(rep, "")
	pictured := time.Since(start)
	run.Add(report.Judged(rep, ""))
	start = time.Now()
	var page bytes.Buffer
	if err := report.HTML(&page, run); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d rules, %d builds: judged in %v, pictured in %v, written in %v, %.1f MB\n", rules, builds,
		judged.Round(time.Millisecond), pictured.Round(time.Millisecond), time.Since(start).Round(time.Millisecond), float64(page.Len())/1e6)
	return os.WriteFile(path, page.Bytes(), 0o644)
}

// titled returns a channel file of generated rules with titles and lines.
func titled(rules int) ([]byte, error) {
	b := channelfile.NewBuilder(workload.Header)
	n := 0
	for id, condition := range workload.Instances(rules, 1) {
		n++
		origin := &channelfile.Origin{Rule: id.String(), Title: fmt.Sprintf("Generated rule %d of a usual length", n), Author: "cfcheck project", Path: fmt.Sprintf("rules/windows/generated/rule_%d.yml", n), Line: 1}
		if err := b.Add(id, condition, origin); err != nil {
			return nil, err
		}
	}
	return b.Encode()
}

// lackingFleet returns a fleet of builds with different contracts: build i lacks the inputs whose
// bits are set in i.
func lackingFleet(builds int) *sensor.Fleet {
	f := workload.Fleet(builds, 1)
	for i := range f.Contracts {
		c := &f.Contracts[i]
		c.Hosts = uint64(1000 + 37*i)
		c.Reader.Access = sensor.AccessNamed
		for k := range c.Supplies[0].Inputs {
			if i>>k&1 != 0 {
				c.Supplies[0].Inputs[k].State, c.Supplies[0].Inputs[k].MaxLength = sensor.StateNotSupplied, 0
			}
		}
	}
	return f
}
