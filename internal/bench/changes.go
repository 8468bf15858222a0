package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// measureChanges measures the checks of the meaning of rules, and the comparison with the release
// before, for files of some sizes. In the file one rule in 100 is gone, one is new and one has
// changed.
func measureChanges(w io.Writer, sizes []int, rounds int) error {
	return measureSizes(w, sizes, func(n int) (*results, error) {
		return measureChange(n, max(1, min(rounds, rounds*20_000/n)))
	})
}

func measureChange(instances, rounds int) (*results, error) {
	old, next := workload.File(instances, 1), workload.Release(instances, 1)
	defs := new(sensor.Definitions)
	if err := defs.Add(workload.Definition()); err != nil {
		return nil, err
	}
	opts := validate.Options{
		Definitions: defs, Fleet: workload.Fleet(1, 1), Now: time.Now(),
		Previous: &validate.Release{Name: "shipped", Find: func(uint32, uint32) (*validate.Subject, error) { return validate.ChannelFile("", old), nil }},
	}
	opts.Ledger = &cells.Ledger{Name: "shipped.ledger"}
	f, err := channelfile.Parse(next)
	if err != nil {
		return nil, err
	}
	for _, u := range cells.Of(f, workload.Definition()) {
		for _, c := range opts.Fleet.Contracts {
			opts.Ledger.Add(c.Build, u.Cell, sensor.Date{Year: 1970, Month: 1, Day: 1})
		}
	}
	r := &results{instances: instances, size: len(next), tasks: []task{
		{name: "SHA-256", do: func() error { sha256.Sum256(next); return nil }},
		{name: "Parse", do: func() error { _, err := channelfile.Parse(next); return err }},
		{name: "CF4", do: family(4, next, opts)},
		{name: "CF6, with a ledger", do: family(6, next, opts)},
		{name: "diff, as Markdown", do: func() error {
			var d report.Diff
			a, err := channelfile.Parse(old)
			if err != nil {
				return err
			}
			b, err := channelfile.Parse(next)
			if err != nil {
				return err
			}
			d.Add(&report.DiffSide{File: a}, &report.DiffSide{File: b}, defs)
			return d.Markdown(io.Discard)
		}},
	}}
	return r, r.measure(rounds)
}

// family returns a run of the checks of a family, and of those that they require.
func family(digit int, data []byte, opts validate.Options) func() error {
	var ids []string
	for _, c := range suite.Checks {
		if c.Family() == digit {
			ids = append(ids, c.ID)
		}
	}
	checks, err := suite.Select(ids...)
	opts.Checks = checks
	if digit == 4 {
		opts.Previous = nil
	}
	return func() error {
		if err != nil {
			return err
		}
		r := validate.Run(validate.ChannelFile("", data), opts)
		if r.Verdict() == validate.Rejected {
			return errors.New("the file is rejected")
		}
		if len(r.Skipped) > 0 {
			return fmt.Errorf("%v was skipped: %s", r.Skipped[0].Check, r.Skipped[0].Why)
		}
		return nil
	}
}
