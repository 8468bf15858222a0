// Package realdata loads the published rules and recorded events that tests and benchmarks use
// where these data are beside the repository. They are not part of it.
package realdata

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sigma"
)

// A Set is the published rules of one template type, and recorded events of the type.
type Set struct {
	Definition *sensor.Definition
	File       *channelfile.File
	Events     []interp.Event // decoded, in the order of the files
}

// Load compiles the rules below the folder sigma of data, and reads the recorded events in the
// files of its folder events that match a pattern of [filepath.Match]. It returns a set for each
// of the named types, in this order; without names, for each type that has rules. The error wraps
// [os.ErrNotExist] if the data are not there.
func Load(data, pattern string, types ...string) ([]Set, error) {
	if _, err := os.Stat(data); err != nil {
		return nil, err
	}
	rules, err := loadRules(filepath.Join(data, "sigma"))
	if err != nil {
		return nil, err
	}
	defs := builtin.Definitions()
	// Build returns an error for the rules that read fields which their type does not have. It
	// leaves them out.
	built, err := sigma.Build(rules, defs, sigma.Options{AllowUnsupported: true})
	if len(built.Outputs) == 0 {
		return nil, err
	}
	var sets []Set
	for _, out := range built.Outputs {
		f, err := channelfile.Parse(out.Data)
		if err != nil {
			return nil, err
		}
		sets = append(sets, Set{Definition: out.Definition, File: f})
	}
	if len(types) > 0 {
		sets, err = named(sets, types)
		if err != nil {
			return nil, err
		}
	}
	return sets, addEvents(sets, defs, filepath.Join(data, "events", pattern))
}

func loadRules(folder string) ([]*sigma.Rule, error) {
	files, err := sigma.Load(folder)
	if err != nil {
		return nil, err
	}
	var rules []*sigma.Rule
	for _, f := range files {
		if f.Err != nil {
			return nil, f.Err
		}
		rules = append(rules, f.Rules...)
	}
	return rules, nil
}

// named returns the sets of the named types.
func named(sets []Set, types []string) ([]Set, error) {
	var list []Set
	for _, name := range types {
		i := slices.IndexFunc(sets, func(s Set) bool { return s.Definition.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("no rule is of type %s", name)
		}
		list = append(list, sets[i])
	}
	return list, nil
}

// addEvents adds to each set the events of its type. It skips lines that are not events of a
// type, because the recordings have some on purpose.
func addEvents(sets []Set, defs *sensor.Definitions, pattern string) (err error) {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("%s: %w", pattern, os.ErrNotExist)
	}
	rec := events.NewRecording(defs)
	defer func() { err = errors.Join(err, rec.Close()) }()
	for _, name := range names {
		if err := read(rec, name); err != nil {
			return err
		}
	}
	for i := range sets {
		err := rec.Events(sets[i].Definition, func(_ func() string, e interp.Event) bool {
			sets[i].Events = append(sets[i].Events, clone(e))
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func read(rec *events.Recording, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	r := events.NewReader(name, file)
	defer r.Close()
	return rec.Read(name, r, func(*events.LineError) {})
}

// clone copies an event with its texts, one behind the other.
func clone(e interp.Event) interp.Event {
	size := 0
	for i := range e {
		size += len(e[i].Text)
	}
	texts := make([]byte, 0, size)
	list := slices.Clone(e)
	for i := range list {
		if list[i].Text != nil {
			from := len(texts)
			texts = append(texts, list[i].Text...)
			list[i].Text = texts[from:len(texts):len(texts)]
		}
	}
	return list
}
