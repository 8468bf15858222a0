package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/progress"
	"github.com/cfcheck/cfcheck/replay"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
)

// A replaying is one call of cfcheck replay.
type replaying struct {
	loading
	metering
	events      []string // files and patterns
	format      string
	examples    int
	maxBadLines uint64
	maxMatches  uint64
	previous    string
}

// replayFormats lists the output formats of replay, the default first.
var replayFormats = []string{"text", "html", "json", "csv", "csv-fields"}

func (c *command) replay() *cobra.Command {
	r := &replaying{loading: loading{command: c}}
	cmd := &cobra.Command{
		Use:   "replay [flags] --events file path...",
		Short: "show which rules match recorded events",
		Long: `replay runs content on recorded events. The content is channel files, or Sigma
rules, which it compiles. The events are event logs of Windows (.evtx),
JSON or XML, plain, gzip or zstd, in the forms that docs/observe.md lists.

For each rule that matches, it shows the number of matches, their share of the
events of its type, and the first matches with the fields that matched. It counts
the rules without a match, the events of types without content, and the lines
that are not events. It also shows the rules that cost most, the fields that events
have and no rule reads, and the reverse. --format csv-fields lists all fields.
--format html writes a page that shows why rules match: the condition with the
truth of each part on an event.

replay does not judge whether content may ship. check does, also with events:
--never-match, --known-good and --known-bad.

Exit status: 0 the result is complete; 1 more matches than --max-matches allows;
2 undecided: no event was tried, a rule or a file could not be read, or more
lines are not events than --max-bad-lines allows.`,
		Example: `  cfcheck replay --events 'events/*.ndjson.gz' out
  cfcheck replay --events 'events/*.ndjson.gz' --previous shipped/ out
  cfcheck replay --events events.ndjson --format csv rules/`,
		Args: atLeastOne("file or folder of rules or channel files"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.run(args, cmd.Flags().Changed("max-matches"))
		},
	}
	r.loading.add(cmd)
	r.metering.add(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&r.events, "events", nil, "replay the events of this `file`, or of the files that match a pattern such as 'events/*.ndjson.gz' (- for the standard input)")
	f.StringVar(&r.format, "format", replayFormats[0], "write the result in this `format`: "+alternatives(replayFormats))
	f.IntVar(&r.examples, "examples", 3, fmt.Sprintf("show at most `N` matches of each rule, up to %d", replay.MaxExamples))
	f.Uint64Var(&r.maxBadLines, "max-bad-lines", 0, "accept up to `N` lines that are not events")
	f.Uint64Var(&r.maxMatches, "max-matches", 0, "exit with status 1 if all rules together match more than `N` events, each counted once for each rule (default: any number)")
	f.StringVar(&r.previous, "previous", "", "show which events rules newly match and no longer match, compared with the release at this `path` of channel files or rules")
	return cmd
}

func (r *replaying) run(paths []string, ceiling bool) error {
	if err := oneOf("--format", "format", r.format, replayFormats); err != nil {
		return err
	}
	if r.examples < 0 || r.examples > replay.MaxExamples {
		return fmt.Errorf("--examples: found %d; expected 0 to %d", r.examples, replay.MaxExamples)
	}
	if err := r.metering.check(); err != nil {
		return err
	}
	names, err := eventFiles(r.events)
	if err != nil {
		return err
	}
	s := r.outputs()
	for _, path := range paths {
		s.ReadsFolder("the input "+path, path, isContent)
	}
	if r.previous != "" {
		s.ReadsFolder("--previous", r.previous, isContent)
	}
	r.readsEvents(s, "--events", names)
	r.judging.reads(s)
	r.expanding.reads(s)
	out := s.Stream("the result on the standard output", r.stdout)
	if err := s.Begin(); err != nil {
		return err
	}
	defs, err := r.definitions()
	if err != nil {
		return err
	}
	// Loading the rules takes part of the second in which the first result is due.
	defer r.metering.meter(r.command)()
	r.command.meter.Begin("loading the rules", "", 0)
	result := &report.Replay{Files: len(names), MaxBadLines: r.maxBadLines}
	if ceiling {
		result.MaxMatches = &r.maxMatches
	}
	err = r.load(paths, defs, func(_ string, f *channelfile.File, d *sensor.Definition) {
		result.Content = append(result.Content, replay.Content{File: f, Definition: d})
	})
	if err != nil {
		return err
	}
	if len(result.Content) == 0 {
		return errors.New("nothing to replay: no rule could be compiled")
	}
	result.LeftOut = r.leftOut
	if err := r.readPrevious(result, defs, paths); err != nil {
		return err
	}
	var sources []replay.Source
	for _, name := range names {
		sources = append(sources, replay.Source{Name: name, Open: func() (io.ReadCloser, error) { return r.openEvents(name) }})
	}
	r.command.meter.Begin("replaying events", progress.Bytes, sizes(names))
	var counts replay.Progress
	r.command.meter.Note(func() string {
		return fmt.Sprintf("%s, %s so far", count(counts.Events.Load(), "event"), counted(int(counts.Matches.Load()), "match", "matches"))
	})
	if result.Result, err = replay.Run(defs, result.Content, sources, replay.Options{Examples: r.examples, Previous: result.Previous, Progress: &counts}); err != nil {
		return err
	}
	r.command.meter.End()
	switch r.format {
	case "json":
		out.Write(result.JSON)
	case "html":
		// The standard input can be read once.
		result.Explain(defs, slices.DeleteFunc(sources, func(s replay.Source) bool { return s.Name == "-" }))
		out.Write(result.HTML)
	case "csv":
		out.Write(result.CSV)
	case "csv-fields":
		out.Write(result.FieldsCSV)
	default:
		out.Write(result.Text)
	}
	if err := s.Commit(); err != nil {
		return err
	}
	if status := report.ExitStatus(result.Verdict()); status != statusAccepted {
		return exitError(status)
	}
	return nil
}

// readPrevious reads the content of --previous.
func (r *replaying) readPrevious(result *report.Replay, defs *sensor.Definitions, paths []string) error {
	if r.previous == "" {
		return nil
	}
	if err := notInside(r.previous, paths); err != nil {
		return err
	}
	placeholders, err := r.values(r.command)
	if err != nil {
		return err
	}
	c := compiling{&r.expanding, defs, placeholders, r.allowUnsupported}
	release, problems := c.readRelease("--previous", r.previous)
	result.Previous, result.PreviousName, result.PreviousProblems = []replay.Content{}, r.previous, problems
	for _, channel := range slices.Sorted(maps.Keys(release.content)) {
		for _, s := range release.content[channel] {
			side, err := s.side()
			if err != nil {
				return fmt.Errorf("--previous: %w", err)
			}
			d := defs.ByNumber(s.header.Type, s.header.TypeVersion)
			if d == nil {
				return fmt.Errorf("--previous: %s: no definition has template type %d version %d; name a file that has it with --types", s.name, s.header.Type, s.header.TypeVersion)
			}
			result.Previous = append(result.Previous, replay.Content{File: side.File, Definition: d})
		}
	}
	return nil
}

// eventFiles returns the files that --events names. A name that is no file is a pattern.
func eventFiles(list []string) (names []string, err error) {
	if len(list) == 0 {
		return nil, errors.New("missing events: name a file of recorded events with --events")
	}
	var seen fileSet
	for _, name := range list {
		found := []string{name}
		if _, err := os.Lstat(name); err != nil && strings.ContainsAny(name, "*?[") {
			if found, err = filepath.Glob(name); err != nil {
				return nil, fmt.Errorf("--events: %s is not a file, and not a pattern either: %w", name, err)
			}
			if len(found) == 0 {
				return nil, fmt.Errorf("--events: no file matches the pattern %s", name)
			}
			slices.Sort(found)
		}
		for _, name := range found {
			if _, added := seen.add(name); added {
				names = append(names, name)
			}
		}
	}
	return names, nil
}
