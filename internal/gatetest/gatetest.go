// Package gatetest judges the cases of the corpus, for the tests of the packages
// that have something to say of each, and says what is true of every report.
package gatetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
)

// Definitions returns the built-in definitions and those of a document, if there
// is one; name is that of the document.
func Definitions(t testing.TB, name string, data []byte) *sensor.Definitions {
	t.Helper()
	d, err := readDefinitions(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Fleet returns the fleet of a document, or without one the built-in fleet of
// that name; nil for [corpus.NoFleet].
func Fleet(t testing.TB, name string, data []byte) *sensor.Fleet {
	t.Helper()
	f, err := readFleet(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Options returns what a case of the corpus is judged by.
func Options(t testing.TB, c *corpus.Case, checks ...*validate.Check) validate.Options {
	t.Helper()
	opts, err := ReadOptions(c, checks...)
	if err != nil {
		t.Fatal(err)
	}
	return opts
}

// Judge judges a case of the corpus.
func Judge(t testing.TB, c *corpus.Case, checks ...*validate.Check) *validate.Report {
	t.Helper()
	return validate.Run(validate.ChannelFile(c.FileName, c.Data), Options(t, c, checks...))
}

// ReadOptions is Options for who is no test.
func ReadOptions(c *corpus.Case, checks ...*validate.Check) (validate.Options, error) {
	defs, err := readDefinitions(c.Types, c.TypesData)
	if err != nil {
		return validate.Options{}, err
	}
	fleet, err := readFleet(c.Fleet, c.FleetData)
	if err != nil {
		return validate.Options{}, err
	}
	return validate.Options{Checks: checks, Definitions: defs, Fleet: fleet, Now: c.Now}, nil
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

// Declare lets each build of a fleet declare all names that its supplies have: a
// fleet that was made up for a test is then no fault of its own.
func Declare(f *sensor.Fleet) *sensor.Fleet {
	for i := range f.Contracts {
		c := &f.Contracts[i]
		c.Declares = nil
		for k := range c.Supplies {
			declare(c, &c.Supplies[k])
		}
	}
	return f
}

func declare(c *sensor.Contract, s *sensor.Supply) {
	i := slices.IndexFunc(c.Declares, func(d sensor.Declaration) bool { return d.Type == s.Type && d.Version == s.Version })
	if i < 0 {
		i = len(c.Declares)
		c.Declares = append(c.Declares, sensor.Declaration{Type: s.Type, Version: s.Version})
	}
	d := &c.Declares[i]
	if s.Feed != "" {
		d.Feeds = append(d.Feeds, s.Feed)
	}
	for k := range s.Inputs {
		in := &s.Inputs[k]
		if !slices.ContainsFunc(d.Inputs, func(o sensor.DeclaredInput) bool { return o.Name == in.Name }) {
			d.Inputs = append(d.Inputs, sensor.DeclaredInput{Name: in.Name, Type: in.Type})
		}
	}
}
