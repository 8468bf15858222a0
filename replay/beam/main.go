// Beam runs the replay of cfcheck replay on more than one machine, as a pipeline of Apache Beam.
//
//	go run . -events 'events/*.ndjson.gz' out/*.cf
//	go run . -runner flink -endpoint host:8099 -result gs://bucket/result \
//	    -events 'gs://bucket/events/*.ndjson.gz' out/*.cf
//
// Without -runner it uses Prism, the runner in the Go SDK, on this machine. Its output is that of
// cfcheck replay, byte for byte. Its exit status is too. The arguments are channel files, which
// cfcheck build writes. Each file of events is read by one worker. Docs/scale.md has more.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"

	"github.com/cfcheck/cfcheck/replay"
	"github.com/cfcheck/cfcheck/report"
)

// formats are the output formats, the default first.
var formats = []string{"text", "json", "csv", "csv-fields"}

// A job is one replay.
type job struct {
	events, types []string // files; events may be patterns
	format        string
	examples      int
	maxBadLines   uint64
	maxMatches    *uint64
	result        string // file that the last step of the pipeline writes
	previous      string // folder of an earlier release, or ""
	staging       string // folder for content that is too large for the pipeline
}

func (j *job) addFlags(f *flag.FlagSet) {
	list := func(to *[]string) func(string) error {
		return func(s string) error {
			*to = append(*to, s)
			return nil
		}
	}
	f.Func("events", "replay the events of this `file`, or of the files that match a pattern; repeat the flag for more", list(&j.events))
	f.Func("types", "read definitions of template types from a JSON `file`, in addition to the built-in ones", list(&j.types))
	f.StringVar(&j.format, "format", formats[0], "write the result in this `format`: "+strings.Join(formats, ", "))
	f.IntVar(&j.examples, "examples", 3, fmt.Sprintf("show at most `N` matches of each rule, up to %d", replay.MaxExamples))
	f.Uint64Var(&j.maxBadLines, "max-bad-lines", 0, "accept up to `N` lines that are not events")
	f.Func("max-matches", "exit with status 1 if all rules together match more than `N` events (default: any number)", func(s string) error {
		j.maxMatches = new(uint64)
		_, err := fmt.Sscan(s, j.maxMatches)
		return err
	})
	f.StringVar(&j.result, "result", "", "`file` for the counts, which a worker writes and this command reads, such as gs://bucket/result (Prism: a temporary file)")
	f.StringVar(&j.previous, "previous", "", "compare the matches with those of the channel files in this `folder`")
	f.StringVar(&j.staging, "staging", "", "`folder` for the content if it is large, such as gs://bucket/staging")
}

func main() {
	var j job
	j.addFlags(flag.CommandLine)
	flag.Parse()
	beam.Init() // does not return on a worker
	slog.SetLogLoggerLevel(slog.LevelWarn)
	status, err := j.run(context.Background(), flag.Args(), os.Stdout)
	if err != nil {
		fmt.Fprintf(os.Stderr, "beam: %v\n", err)
	}
	os.Exit(status)
}

// run replays the events on channel files and writes the result to out. It returns the exit
// status.
func (j *job) run(ctx context.Context, files []string, out io.Writer) (int, error) {
	const undecided = 2
	switch {
	case len(files) == 0:
		return undecided, errors.New("missing argument: name a channel file; cfcheck build compiles rules to channel files")
	case len(j.events) == 0:
		return undecided, errors.New("missing events: name a file of recorded events with -events")
	case !slices.Contains(formats, j.format):
		return undecided, fmt.Errorf("-format: found %s; expected one of %s", j.format, strings.Join(formats, ", "))
	}
	if j.result == "" {
		if name := cmp.Or(*runners.Runner, "prism"); name != "prism" && name != "PrismRunner" && name != "direct" {
			return undecided, fmt.Errorf("missing -result: name a file that the workers of %s can write, such as gs://bucket/result", name)
		}
		temp, err := os.MkdirTemp("", "cfcheck-beam")
		if err != nil {
			return undecided, err
		}
		defer os.RemoveAll(temp)
		j.result = filepath.Join(temp, "result")
	}
	b, err := readBundle(ctx, files, j.types, j.examples)
	if err != nil {
		return undecided, err
	}
	if j.previous != "" {
		if err := b.readPrevious(ctx, j.previous); err != nil {
			return undecided, err
		}
	}
	content, err := b.open()
	if err != nil {
		return undecided, err
	}
	run, err := b.forWorkers(ctx, j.staging)
	if err != nil {
		return undecided, err
	}
	p, s := beam.NewPipelineWithRoot()
	build(s, j.events, run, j.result)
	if err := beamx.Run(ctx, p); err != nil {
		return undecided, err
	}
	data, err := readFile(ctx, j.result)
	if err != nil {
		return undecided, fmt.Errorf("the counts of the workers: %w", err)
	}
	part := new(replay.Part)
	if err := part.UnmarshalBinary(data); err != nil {
		return undecided, fmt.Errorf("%s: %w", j.result, err)
	}
	r := report.Replay{
		Content: content.content, Files: part.Sources(), Result: content.plan.Result(part), MaxBadLines: j.maxBadLines, MaxMatches: j.maxMatches,
		Previous: content.previous, PreviousName: j.previous,
	}
	write := map[string]func(io.Writer) error{"text": r.Text, "json": r.JSON, "csv": r.CSV, "csv-fields": r.FieldsCSV}[j.format]
	return report.ExitStatus(r.Verdict()), write(out)
}
