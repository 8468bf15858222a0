// Package gatetest judges cases of the corpus for tests, and checks properties
// that hold for every report. It imports validate/suite, so tests inside the
// libraries cannot use it; package testkit builds files and fleets for them.
package gatetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/sensor/rollout"
	"github.com/cfcheck/cfcheck/validate"
)

// Case returns the case of the corpus with a name. Its bytes are a copy.
func Case(t testing.TB, name string) *corpus.Case {
	t.Helper()
	for _, c := range corpus.Cases() {
		if c.Name == name {
			c.Data = slices.Clone(c.Data)
			return &c
		}
	}
	t.Fatalf("the corpus has no case %s", name)
	return nil
}

// Definitions returns the built-in definitions together with the definitions of
// a document. Name is the document's name in errors; nil data means no document.
func Definitions(t testing.TB, name string, data []byte) *sensor.Definitions {
	t.Helper()
	d, err := readDefinitions(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Fleet returns the fleet of a document. If data is nil it returns the built-in
// fleet with the name, or nil for [corpus.NoFleet].
func Fleet(t testing.TB, name string, data []byte) *sensor.Fleet {
	t.Helper()
	f, err := readFleet(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Options returns the options for judging a case of the corpus with checks.
func Options(t testing.TB, c *corpus.Case, checks ...*validate.Check) validate.Options {
	t.Helper()
	opts, err := ReadOptions(c, checks...)
	if err != nil {
		t.Fatal(err)
	}
	return opts
}

// Judge judges a case of the corpus with checks.
func Judge(t testing.TB, c *corpus.Case, checks ...*validate.Check) *validate.Report {
	t.Helper()
	return validate.Run(validate.ChannelFile(c.FileName, c.Data), Options(t, c, checks...))
}

// Sysmon returns a case of Sysmon as a subject, and the options to judge it by.
func Sysmon(t testing.TB, c *corpus.SysmonCase, checks ...*validate.Check) (*validate.Subject, validate.Options) {
	t.Helper()
	s, opts, err := ReadSysmon(c, checks...)
	if err != nil {
		t.Fatal(err)
	}
	return s, opts
}

// ReadSysmon is like [Sysmon], but returns the error if the fleet of the case cannot be read.
func ReadSysmon(c *corpus.SysmonCase, checks ...*validate.Check) (*validate.Subject, validate.Options, error) {
	fleet, err := readFleet(c.Fleet, c.FleetData)
	opts := validate.Options{Checks: checks, Definitions: builtin.Definitions(), Fleet: fleet}
	if c.IsBlob() {
		return validate.SysmonBlob(c.FileName, c.Data), opts, err
	}
	return validate.SysmonSource(c.FileName, c.Data), opts, err
}

// ReadOptions returns the options of [Options] outside of tests.
func ReadOptions(c *corpus.Case, checks ...*validate.Check) (validate.Options, error) {
	defs, err := readDefinitions(c.Types, c.TypesData)
	if err != nil {
		return validate.Options{}, err
	}
	fleet, err := readFleet(c.Fleet, c.FleetData)
	if err != nil {
		return validate.Options{}, err
	}
	opts := validate.Options{Checks: checks, Definitions: defs, Fleet: fleet, Now: c.Now}
	if c.Previous != "" {
		opts.Previous = release(c)
	}
	if c.Ledger != "" {
		if opts.Ledger, err = cells.ReadLedger(c.Ledger+".ledger", c.LedgerData); err != nil {
			return validate.Options{}, err
		}
	}
	if c.Plan != "" {
		plan, err := rollout.ReadDocument(c.Plan+".json", c.PlanData)
		if err != nil {
			return validate.Options{}, err
		}
		opts.ExercisePlans = []*rollout.Document{plan}
	}
	return opts, nil
}

// release returns the release before a case: the file of another case.
func release(c *corpus.Case) *validate.Release {
	s := validate.ChannelFile(c.PreviousName, c.PreviousData)
	return &validate.Release{Name: c.Previous, Find: func(channel, _ uint32) (*validate.Subject, error) {
		if f, err := channelfile.Parse(s.Data); err == nil && f.Header.Channel != channel {
			return nil, nil
		}
		return s, nil
	}}
}

func readDefinitions(name string, data []byte) (*sensor.Definitions, error) {
	all := builtin.Definitions()
	if data == nil {
		return all, nil
	}
	more, err := sensor.ReadDefinitions(name, data)
	if err != nil {
		return nil, err
	}
	for d := range more.All() {
		if err := all.Add(d); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func readFleet(name string, data []byte) (*sensor.Fleet, error) {
	if name == corpus.NoFleet {
		return nil, nil
	}
	if data != nil {
		return sensor.ReadFleet(name, data)
	}
	f, ok := builtin.Fleet(name)
	if !ok {
		return nil, fmt.Errorf("there is no fleet %s", name)
	}
	return f, nil
}
