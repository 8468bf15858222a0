package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/trace"
)

// An explaining is one call of cfcheck explain --event.
type explaining struct {
	loading
	event  string // a file, or "-"
	record int
	rule   string
	format string
}

// explainFormats lists the output formats of explain, the default first.
var explainFormats = []string{"text", "json"}

// maxExplained is the maximum number of rules that one call explains.
const maxExplained = 100

func (x *explaining) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&x.event, "event", "", "explain the rules for the event in this `file` (- for the standard input)")
	f.IntVar(&x.record, "record", 1, "explain event number `N` of the file, from 1")
	f.StringVar(&x.rule, "rule", "", "explain only the rule of this `name`: its ID or its title")
	f.StringVar(&x.format, "format", explainFormats[0], "write the explanation in this `format`: "+alternatives(explainFormats))
	x.addFleet(cmd)
	x.loading.add(cmd)
}

func (x *explaining) run(paths []string, numbered bool) error {
	if err := oneOf("--format", "format", x.format, explainFormats); err != nil {
		return err
	}
	if x.record < 1 {
		return fmt.Errorf("--record: found %d; expected 1 or more", x.record)
	}
	s := x.outputs()
	for _, path := range paths {
		s.ReadsFolder("the input "+path, path, isContent)
	}
	x.readsEvents(s, "--event", []string{x.event})
	x.judging.reads(s)
	x.expanding.reads(s)
	out := s.Stream("the explanation on the standard output", x.stdout)
	if err := s.Begin(); err != nil {
		return err
	}
	defs, err := x.definitions()
	if err != nil {
		return err
	}
	fleets, remark, err := x.loadFleets()
	if err != nil {
		return err
	}
	if remark != "" {
		x.say("remark: %s", remark)
	}
	for _, fleet := range fleets {
		if err := fleet.Undefined(defs); err != nil {
			return err
		}
	}
	result := &report.Explanation{}
	recorded, err := x.read(&result.Event, defs, numbered)
	if err != nil {
		return err
	}
	rules, err := x.rules(paths, defs)
	if err != nil {
		return err
	}
	for _, r := range rules {
		explained, err := explainRule(r, recorded, fleets)
		if err != nil {
			return err
		}
		result.Rules = append(result.Rules, explained)
	}
	write := result.Text
	if x.format == "json" {
		write = result.JSON
	}
	out.Write(write)
	if err := s.Commit(); err != nil {
		return err
	}
	return x.complete()
}

// read reads the event, and returns it as an event of each type that it feeds.
func (x *explaining) read(e *report.ExplainedEvent, defs *sensor.Definitions, numbered bool) (map[*sensor.Definition][]*trace.Recorded, error) {
	file, err := x.openEvents(x.event)
	if err != nil {
		return nil, fmt.Errorf("--event: %w", err)
	}
	defer file.Close()
	reader := events.NewReader(x.event, file)
	defer reader.Close()
	var record events.Record
	for n := 1; n <= x.record; n++ {
		switch err := reader.Read(&record); {
		case err == nil:
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("--event: %s has %s; event %d was asked for", x.event, count(uint64(n-1), "event"), x.record)
		case n == x.record:
			return nil, fmt.Errorf("--event: %w", err)
		default:
			if _, ok := errors.AsType[*events.LineError](err); !ok {
				return nil, fmt.Errorf("--event: %w", err)
			}
		}
	}
	matcher := events.NewMatcher(defs)
	feeds, err := matcher.Match(&record)
	if err != nil {
		return nil, fmt.Errorf("--event: %s:%d: %w", x.event, reader.Line(), err)
	}
	*e = report.ExplainedEvent{
		File: x.event, Line: reader.Line(), Record: x.record, ID: record.EventID, Provider: string(record.Provider), Channel: string(record.Channel),
	}
	of := map[*sensor.Definition][]*trace.Recorded{}
	for _, m := range feeds {
		r, err := trace.NewRecorded(m, &record)
		if err != nil {
			return nil, fmt.Errorf("--event: %s:%d: %w", x.event, reader.Line(), err)
		}
		of[m.Definition] = append(of[m.Definition], r)
		if name := fmt.Sprintf("%s (%s)", m.Definition.Name, m.Feed.Name); !slices.Contains(e.Feeds, name) {
			e.Feeds = append(e.Feeds, name)
		}
	}
	if !numbered {
		e.More = !errors.Is(reader.Read(&record), io.EOF)
	}
	return of, nil
}

// rules returns the rules to explain.
func (x *explaining) rules(paths []string, defs *sensor.Definitions) (all []*trace.Rule, err error) {
	sources, files, err := rulesAndFiles(paths)
	if err != nil {
		return nil, err
	}
	found := 0
	wanted := func(id, title string) bool {
		if x.rule != "" && !strings.EqualFold(x.rule, id) && x.rule != title {
			return false
		}
		found++
		return found <= maxExplained
	}
	err = x.compiled(files, defs, func(_ string, f *channelfile.File, d *sensor.Definition) {
		for i := range f.Instances() {
			origin := f.Origin(i)
			if wanted(f.Instance(i).ID.String(), origin.Title) {
				all = append(all, trace.OfInstance(f, i, d))
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if len(sources) > 0 {
		built, placeholders, err := x.build(sources, defs)
		if err != nil {
			return nil, err
		}
		for _, out := range built.Outputs {
			for _, rule := range out.Rules {
				if !wanted(rule.ID.Value, rule.Title.Value) {
					continue
				}
				r, err := trace.OfRule(rule, out.Definition, placeholders)
				if err != nil {
					return nil, err
				}
				all = append(all, r)
			}
		}
	}
	switch {
	case found > maxExplained:
		return nil, fmt.Errorf("found %s; explain at most %d at once: name fewer files, or one rule with --rule", count(uint64(found), "rule"), maxExplained)
	case found == 0 && x.rule != "":
		return nil, fmt.Errorf("--rule: no rule that compiles has the ID or title %q", x.rule)
	case found == 0:
		return nil, errors.New("nothing to explain: no rule could be compiled")
	}
	return all, nil
}

// explainRule explains a rule for an event. If the event belongs to several feeds of the rule's
// type, it takes the first on which the rule matches.
func explainRule(r *trace.Rule, recorded map[*sensor.Definition][]*trace.Recorded, fleets []givenFleet) (out report.ExplainedRule, err error) {
	out.Rule = r
	for _, e := range recorded[r.Definition] {
		root, err := r.Tree(e.Event)
		if err != nil {
			return out, err
		}
		if out.Root == nil || root.Holds && !out.Root.Holds {
			out.Event, out.Root = e, root
		}
	}
	if out.Root == nil {
		return out, nil
	}
	for _, fleet := range fleets {
		on := report.ExplainedFleet{Name: fleet.Name, Builds: uint64(len(fleet.Contracts)), Hosts: fleet.Hosts()}
		if fleet.Builtin {
			on.Name = "example " + on.Name
		}
		if on.Groups, err = r.Hosts(out.Event, fleet.Fleet); err != nil {
			return out, err
		}
		out.Fleets = append(out.Fleets, on)
	}
	return out, nil
}
