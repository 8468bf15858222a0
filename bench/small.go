package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/turns"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// recordFile has the ratios that the short run compares with.
const recordFile = "ratios.json"

// runSmall measures the ratios to units that never change: the plain loop and SHA-256. It fails if
// one is less than half of the recorded ratio.
func runSmall(w io.Writer, data string, record bool) error {
	rows, err := smallRows(w, data)
	if err != nil {
		return err
	}
	printTable(w, rows)
	if record {
		return writeRatios(recordFile, rows)
	}
	file, err := os.ReadFile(recordFile)
	if err != nil {
		return err
	}
	recorded := map[string]float64{}
	if err := json.Unmarshal(file, &recorded); err != nil {
		return fmt.Errorf("%s: %w", recordFile, err)
	}
	return halved(rows, recorded)
}

// halved returns an error that names each ratio that is less than half of the recorded one, or that
// is not recorded.
func halved(rows []row, recorded map[string]float64) error {
	var errs []error
	for _, r := range rows {
		switch was, ok := recorded[r.key()]; {
		case !ok:
			errs = append(errs, fmt.Errorf("%s: not in %s; add it with -small -record", r.key(), recordFile))
		case r.ratio() < was/2:
			errs = append(errs, fmt.Errorf("%s: the ratio is %s; expected at least half of the recorded %s. Find the change that made cfcheck slower", r.key(), digits(r.ratio()), digits(was)))
		}
	}
	return errors.Join(errs...)
}

func writeRatios(name string, rows []row) error {
	ratios := map[string]json.Number{}
	for _, r := range rows {
		ratios[r.key()] = json.Number(fmt.Sprintf("%.3g", r.ratio()))
	}
	out, err := json.MarshalIndent(ratios, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Clean(name), append(out, '\n'), 0o644)
}

func smallRows(w io.Writer, data string) (rows []row, err error) {
	contents, err := realContents(data, "attack-sigma-regression.ndjson.gz", 40, "process_creation")
	if errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(w, "The published rules and recorded events are not measured: %v\n\n", err)
	} else if err != nil {
		return nil, err
	}
	for _, m := range mixes {
		c, err := m.content(1000)
		if err != nil {
			return nil, err
		}
		contents = append(contents, c)
	}
	b := budget{check: 300 * time.Millisecond, turn: 50 * time.Millisecond, rounds: 5}
	for _, c := range contents {
		list, err := contest(io.Discard, c, []*engine{ours, plain, exprLang}, b)
		if err != nil {
			return nil, err
		}
		rows = append(rows, matchingRows(c, list)[:1]...) // expr is only compared
	}
	hash, err := hashRows(10_000, 5)
	return append(rows, hash...), err
}

// hashRows measures reading and judging a file, beside its SHA-256.
func hashRows(instances, rounds int) ([]row, error) {
	file := workload.File(instances, 1)
	defs := new(sensor.Definitions)
	if err := defs.Add(workload.Definition()); err != nil {
		return nil, err
	}
	judge := func(families int) func() (time.Duration, error) {
		var checks []*validate.Check
		for _, c := range suite.Checks {
			if c.Family() <= families {
				checks = append(checks, c)
			}
		}
		opts := validate.Options{Checks: checks, Definitions: defs, Fleet: workload.Fleet(1, 1), Now: time.Now()}
		return timed(func() error {
			if r := validate.Run(validate.ChannelFile("", file), opts); r.Verdict() == validate.Rejected {
				return errors.New("the file is rejected")
			}
			return nil
		})
	}
	const repeat = 20 // so that the clock is fine enough
	tasks := []task{
		{"SHA-256", timed(func() error {
			for range repeat {
				sha256.Sum256(file)
			}
			return nil
		})},
		{"Parse, Conformance and ContentDigest", timed(func() error { return verify(file) })},
		{"checks CF0 to CF3", judge(3)},
		{"all checks", judge(9)},
	}
	times, err := inTurns(tasks, rounds)
	if err != nil {
		return nil, err
	}
	var rows []row
	for i, t := range tasks[1:] {
		rows = append(rows, row{work: fmt.Sprintf("%s, %d instances", t.name, instances), peer: "SHA-256 of the file", theirs: median(times[0]) / repeat, ours: median(times[i+1])})
	}
	return rows, nil
}

func verify(file []byte) error {
	f, err := channelfile.Parse(file)
	if err != nil {
		return err
	}
	if broken := f.Conformance(); broken != 0 {
		return fmt.Errorf("the file breaks requirements: %b", broken)
	}
	f.ContentDigest()
	return nil
}

// A task is one of the functions that run in turns. It returns its processor time.
type task struct {
	name string
	do   func() (time.Duration, error)
}

// timed returns a function that measures another one.
func timed(do func() error) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		start := turns.CPU()
		err := do()
		return turns.CPU() - start, err
	}
}

// inTurns runs the tasks in turns. It returns nanoseconds, by task and round.
func inTurns(tasks []task, rounds int) ([][]float64, error) {
	times := make([][]float64, len(tasks))
	for range rounds {
		for i, t := range tasks {
			runtime.GC() // so that each pays for its own garbage
			used, err := t.do()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
			times[i] = append(times[i], float64(used))
		}
	}
	return times, nil
}
