package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sysmon/config"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// measureSysmon measures the checks of family CF8 on a configuration of Sysmon, for fleets of 1 and
// of 20 versions.
func measureSysmon(w io.Writer, data []byte, rounds int) error {
	runtime.GOMAXPROCS(1)
	builds := workload.SysmonBuilds(20)
	c, err := config.Parse(data)
	if err != nil {
		return err
	}
	r := &results{size: len(data), tasks: []task{
		{name: "SHA-256", do: func() error { sha256.Sum256(data); return nil }},
		{name: "config.Parse", do: func() error { _, err := config.Parse(data); return err }},
		{name: "Load, 20 versions", do: func() error {
			for _, b := range builds {
				c.Load(b)
			}
			return nil
		}},
	}}
	for _, n := range []int{1, 20} {
		opts := validate.Options{Checks: suite.Checks, Fleet: workload.SysmonFleet(builds[len(builds)-n:])}
		r.tasks = append(r.tasks, task{name: fmt.Sprintf("the gate, versions: %d", n), do: func() error {
			if r := validate.Run(validate.SysmonSource("config.xml", data), opts); len(r.Undecided) > 0 {
				return errors.New(r.Undecided[0])
			}
			return nil
		}})
	}
	if err := r.measure(rounds); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d bytes of configuration, %d rounds; SHA-256 takes %.2f ms, median %.2f; the last task takes %.1f ms, median %.1f\n",
		r.size, rounds, r.times[0].least(), r.times[0].median(), r.times[len(r.times)-1].least(), r.times[len(r.times)-1].median())
	r.printTasks(w)
	return nil
}
