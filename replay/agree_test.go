package replay_test

import (
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/internal/realdata"
	"github.com/cfcheck/cfcheck/replay"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/match"
)

var stride = flag.Int("stride", 4000, "TestAgree runs each `N`th recorded event")

const realData = "../../shared/data/dev"

// published returns the published rules by type.
var published = sync.OnceValues(func() ([]realdata.Set, error) {
	return realdata.Load(realData, "attack-sigma-regression.ndjson.gz")
})

// A trio is the three ways to find the rules of a type that match an event.
type trio struct {
	matcher     *match.Matcher
	interpreter *interp.Interpreter
	model       *interp.Model
	counts      []uint64 // by instance
	events      int
}

// TestAgree runs the published rules on recorded events, which are not part of the repository: in
// the index, in the interpreter and in the model sensor. All must find the same instances. With
// -stride 1 it runs all events, which takes an hour, and also compares the counts with a replay.
func TestAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling the published rules takes seconds; the full tests do it")
	}
	sets, err := published()
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the published rules and recorded events are not there: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(realData + "/events/*.ndjson.gz")
	if err != nil || len(names) == 0 {
		t.Skipf("no recorded events: %v", err)
	}
	trios := map[*sensor.Definition]*trio{}
	var content []replay.Content
	for _, s := range sets {
		ix, err := match.New(s.File)
		if err != nil {
			t.Fatal(err)
		}
		model, err := interp.NewModel(s.File.Data(), s.Definition.Types())
		if err != nil {
			t.Fatal(err)
		}
		content = append(content, replay.Content{File: s.File, Definition: s.Definition})
		trios[s.Definition] = &trio{
			ix.Matcher(), interp.New(s.File, &sensor.Reader{Access: sensor.AccessNamed}), model, make([]uint64, s.File.Instances()), 0,
		}
	}
	run, matches := 0, 0
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		reader, feeds := events.NewReader(name, file), events.NewMatcher(builtin.Definitions())
		var record events.Record
		var event interp.Event
		for err != io.EOF {
			if err = reader.Read(&record); err != nil {
				if err != io.EOF && !errors.As(err, new(*events.LineError)) {
					t.Fatal(err)
				}
				continue
			}
			mappings, err := feeds.Match(&record)
			if err != nil {
				continue // replay counts it as a bad line
			}
			for _, m := range mappings {
				all := trios[m.Definition]
				if all == nil {
					continue
				}
				if all.events++; (all.events-1)%*stride != 0 {
					continue
				}
				if event, err = m.Event(event, &record); err != nil {
					t.Fatal(err)
				}
				run++
				matches += all.agree(t, name, reader.Line(), event)
			}
		}
		reader.Close()
		file.Close()
	}
	t.Logf("%d events of %d types: %d matches", run, len(trios), matches)
	if run < 40 {
		t.Errorf("only %d events", run)
	}
	if *stride == 1 {
		compareCounts(t, content, trios, names)
	}
}

// agree runs an event in three ways, and returns the number of instances that match.
func (all *trio) agree(t *testing.T, name string, line int, e interp.Event) int {
	t.Helper()
	byIndex, err := all.matcher.Match(e)
	if err != nil {
		t.Fatalf("%s:%d: index: %v", name, line, err)
	}
	if err := all.interpreter.Run(e); err != nil {
		t.Fatalf("%s:%d: interpreter: %v", name, line, err)
	}
	trace, err := all.model.Run(e)
	if err != nil {
		t.Fatalf("%s:%d: model: %v", name, line, err)
	}
	if !slices.Equal(byIndex, all.interpreter.Matched()) || !slices.Equal(byIndex, trace.Matched) {
		t.Errorf("%s:%d: the index finds %v, the interpreter %v, the model %v", name, line, byIndex, all.interpreter.Matched(), trace.Matched)
	}
	for _, i := range byIndex {
		all.counts[i]++
	}
	return len(byIndex)
}

// compareCounts compares the counts of all events with those of a replay.
func compareCounts(t *testing.T, content []replay.Content, trios map[*sensor.Definition]*trio, names []string) {
	t.Helper()
	var sources []replay.Source
	for _, name := range names {
		sources = append(sources, replay.Source{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(name) }})
	}
	r, err := replay.Run(builtin.Definitions(), content, sources, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Rules {
		rule := &r.Rules[i]
		all := trios[content[rule.Content].Definition]
		if rule.Matches != all.counts[rule.Instance] || rule.Events != uint64(all.events) {
			t.Errorf("rule %d of content %d: replay finds %d of %d, the others %d of %d",
				rule.Instance, rule.Content, rule.Matches, rule.Events, all.counts[rule.Instance], all.events)
		}
	}
}
