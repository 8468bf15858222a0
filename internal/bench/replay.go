package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/internal/realdata"
	"github.com/cfcheck/cfcheck/replay"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// measureReplay compares a replay of the published rules for processes and pipes on packed events
// with zcat and wc on the same files. It measures processor time, on one core. The first row is
// the unit.
func measureReplay(w io.Writer, folder string, rounds int) error {
	runtime.GOMAXPROCS(1) // one core, so that the work of the garbage collector counts
	names, err := filepath.Glob(filepath.Join(folder, "events", "*.ndjson.gz"))
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("%s: no recorded events in the folder events", folder)
	}
	sets, err := realdata.Load(folder, filepath.Base(names[0]), "process_creation", "ipc")
	if err != nil {
		return err
	}
	var content []replay.Content
	rules := 0
	for _, s := range sets {
		content = append(content, replay.Content{File: s.File, Definition: s.Definition})
		rules += s.File.Instances()
	}
	var sources []replay.Source
	for _, name := range names {
		sources = append(sources, replay.Source{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(name) }})
	}
	sets = nil
	var result *replay.Result
	own := func(f func() error) func() (float64, error) {
		return func() (float64, error) {
			start := processorTime()
			err := f()
			return milliseconds(processorTime() - start), err
		}
	}
	tasks := []struct {
		name string
		run  func() (float64, error)
	}{
		{"zcat | wc -c", func() (float64, error) {
			t, _, err := processTime(append([]string{"sh", "-c", `zcat -- "$@" | wc -c`, "sh"}, names...))
			return milliseconds(t), err
		}},
		{"unpacking with compress/gzip", own(func() error { return unpack(names) })},
		{"reading the events", own(func() error { return readEvents(names) })},
		{"replay", own(func() (err error) {
			result, err = replay.Run(builtin.Definitions(), content, sources, replay.Options{Examples: 3, Workers: 1})
			return err
		})},
	}
	least := make([]float64, len(tasks))
	for round := range rounds {
		for i, task := range tasks {
			t, err := task.run()
			if err != nil {
				return fmt.Errorf("%s: %w", task.name, err)
			}
			if round == 0 || t < least[i] {
				least[i] = t
			}
		}
	}
	fmt.Fprintf(w, "%d rules on %d events in %d files: %d matches\n", rules, result.Events, len(names), result.Matches())
	for i, task := range tasks {
		fmt.Fprintf(w, "%-40s %9.0f ms %8.2f\n", task.name, least[i], least[i]/least[0])
	}
	return nil
}

func unpack(names []string) error {
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		z, err := gzip.NewReader(f)
		if err == nil {
			_, err = io.Copy(io.Discard, z)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

func readEvents(names []string) error {
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		r := events.NewReader(name, f)
		var record events.Record
		for err != io.EOF {
			if err = r.Read(&record); err != nil && err != io.EOF && !errors.As(err, new(*events.LineError)) {
				return err
			}
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
