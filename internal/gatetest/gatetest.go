// Package gatetest judges the cases of the corpus, for the tests of the packages
// that have something to say of each, and says what is true of every report.
package gatetest

import (
	"testing"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// Definitions returns the built-in definitions and those of a document, if there
// is one; name is that of the document.
func Definitions(t testing.TB, name string, data []byte) *sensor.Definitions {
	t.Helper()
	all := sensor.BuiltinDefinitions()
	if data == nil {
		return all
	}
	more, err := sensor.ReadDefinitions(name, data)
	if err != nil {
		t.Fatal(err)
	}
	for d := range more.All() {
		if err := all.Add(d); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// Fleet returns the fleet of a document, or without one the built-in fleet of
// that name; nil for [corpus.NoFleet].
func Fleet(t testing.TB, name string, data []byte) *sensor.Fleet {
	t.Helper()
	if name == corpus.NoFleet {
		return nil
	}
	if data == nil {
		f, ok := sensor.BuiltinFleet(name)
		if !ok {
			t.Fatalf("there is no fleet %s", name)
		}
		return f
	}
	f, err := sensor.ReadFleet(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Options returns what a case of the corpus is judged by.
func Options(t testing.TB, c *corpus.Case, checks ...*validate.Check) validate.Options {
	t.Helper()
	return validate.Options{
		Checks:      checks,
		Definitions: Definitions(t, c.Types, c.TypesData),
		Fleet:       Fleet(t, c.Fleet, c.FleetData),
		Now:         c.Now,
	}
}

// Judge judges a case of the corpus.
func Judge(t testing.TB, c *corpus.Case, checks ...*validate.Check) *validate.Report {
	t.Helper()
	return validate.Run(validate.ChannelFile(c.FileName, c.Data), Options(t, c, checks...))
}
