package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/internal/realdata"
	"github.com/cfcheck/cfcheck/replay"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/match"
)

// replaying runs the published rules on all recorded events from their files, decoding included.
// It compares this with unpacking the files, and with reading the events alone.
func (o options) replaying() (out results, err error) {
	const rounds = 3
	sets, err := realdata.Load(o.data, "*.ndjson.gz", "process_creation", "ipc")
	if errors.Is(err, os.ErrNotExist) {
		return results{missing: []string{fmt.Sprintf("Replaying was not measured: %v", err)}}, nil
	}
	if err != nil {
		return out, err
	}
	names, err := filepath.Glob(filepath.Join(o.data, "events", "*.ndjson.gz"))
	if err != nil {
		return out, err
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
	var result *replay.Result
	tasks := []task{
		{"zcat, piped into wc -c", func() (time.Duration, error) {
			cmd := exec.Command("sh", append([]string{"-c", `zcat "$@" | wc -c`, "zcat"}, names...)...)
			err := cmd.Run()
			return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), err
		}},
		{"compress/gzip, only unpacking", timed(func() error { return unpack(names) })},
		{"package events, only unpacking and reading", timed(func() error { return readEvents(names) })},
		{"replay", timed(func() (err error) {
			result, err = replay.Run(builtin.Definitions(), content, sources, replay.Options{Examples: 3, Workers: 1})
			return err
		})},
	}
	times, err := inTurns(tasks, rounds)
	if err != nil {
		return out, err
	}
	if err := compareReplay(sets, result); err != nil {
		return out, err
	}
	last := len(tasks) - 1
	for i, t := range tasks[:last] {
		out.rows = append(out.rows, row{
			work: fmt.Sprintf("replaying %d published rules, %d recorded events from gzip", rules, result.Events), peer: t.name,
			theirs: median(times[i]), ours: median(times[last]), note: fmt.Sprintf("%d events of these types", result.Tried),
		})
	}
	return out, nil
}

// compareReplay compares the number of matches of each rule with that of the index on the same
// events, decoded in advance.
func compareReplay(sets []realdata.Set, result *replay.Result) error {
	at := 0
	for _, s := range sets {
		ix, err := match.New(s.File)
		if err != nil {
			return err
		}
		m, counts := ix.Matcher(), make([]uint64, s.File.Instances())
		for _, e := range s.Events {
			matched, err := m.Match(e)
			if err != nil {
				return err
			}
			for _, i := range matched {
				counts[i]++
			}
		}
		for i, n := range counts {
			if got := result.Rules[at].Matches; got != n {
				return fmt.Errorf("%s: the rule %s matches %d events in the replay; expected %d", s.Definition.Name, s.File.Instance(i).ID, got, n)
			}
			at++
		}
	}
	return nil
}

// unpack unpacks the files.
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

// readEvents reads the events of the files, without the lines that are not events.
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
