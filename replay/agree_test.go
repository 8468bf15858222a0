package replay_test

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
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

// A trio is the three ways to find the rules of a type that match an event. The interpreter and
// the model run each event once: two events that have the same values in the inputs that the rules
// read differ in nothing that these two look at. The index runs all.
type trio struct {
	matcher     *match.Matcher
	interpreter *interp.Interpreter
	model       *interp.Model
	reads       []int // the inputs that the rules read
	seen        map[[sha256.Size]byte][]int
	counts      []uint64 // by instance
	events      int
}

func newTrio(s realdata.Set) (*trio, error) {
	ix, err := match.New(s.File)
	if err != nil {
		return nil, err
	}
	model, err := interp.NewModel(s.File.Data(), s.Definition.Types())
	if err != nil {
		return nil, err
	}
	all := &trio{
		matcher: ix.Matcher(), interpreter: interp.New(s.File, &sensor.Reader{Access: sensor.AccessNamed}), model: model,
		seen: map[[sha256.Size]byte][]int{}, counts: make([]uint64, s.File.Instances()),
	}
	for i := range s.File.Criteria() {
		c := s.File.Criterion(i)
		all.reads = append(all.reads, int(c.Input))
		for input := range s.File.OperandInputs(c) {
			all.reads = append(all.reads, input)
		}
	}
	slices.Sort(all.reads)
	all.reads = slices.Compact(all.reads)
	return all, nil
}

// digest returns a digest of the values that the rules read.
func (all *trio) digest(e interp.Event) [sha256.Size]byte {
	var b []byte
	for _, i := range all.reads {
		if i < len(e) {
			v := &e[i]
			b = fmt.Appendf(b, "%d %d %v %d:%s;", v.Type, v.Integer, v.Address, len(v.Text), v.Text)
		}
	}
	return sha256.Sum256(b)
}

// TestAgree runs the published rules on recorded events, which are not part of the repository: in
// the index, in the interpreter and in the model sensor. All must find the same instances. With
// -stride 1 it runs all events, which takes a quarter of an hour of processor time, and also
// compares the counts with a replay.
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
	// Each part reads all events, and runs those whose digest is its own.
	parts := make([]agreement, runtime.GOMAXPROCS(0))
	var group sync.WaitGroup
	for k := range parts {
		group.Go(func() { parts[k].run(t, sets, names, k, len(parts)) })
	}
	group.Wait()
	run, distinct, matches := 0, 0, 0
	for k := range parts {
		run, distinct, matches = run+parts[k].events, distinct+parts[k].distinct, matches+parts[k].matches
	}
	t.Logf("%d events of %d types, %d distinct: %d matches", run, len(sets), distinct, matches)
	if run < 40 {
		t.Errorf("only %d events", run)
	}
	if *stride == 1 && !t.Failed() {
		compareCounts(t, sets, parts, names)
	}
}

// An agreement is a part of the events, and the answers for it.
type agreement struct {
	trios                     []*trio // by type
	events, distinct, matches int
}

// run runs the events of part k.
func (a *agreement) run(t *testing.T, sets []realdata.Set, names []string, k, parts int) {
	of := map[*sensor.Definition]*trio{}
	for _, s := range sets {
		all, err := newTrio(s)
		if err != nil {
			t.Error(err)
			return
		}
		a.trios, of[s.Definition] = append(a.trios, all), all
	}
	for _, name := range names {
		if err := a.read(t, of, name, k, parts); err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if testing.Verbose() {
			t.Logf("part %d: %d events, %d distinct, to the end of %s", k, a.events, a.distinct, filepath.Base(name))
		}
	}
}

// read runs the events of part k in a file.
func (a *agreement) read(t *testing.T, of map[*sensor.Definition]*trio, name string, k, parts int) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	reader, feeds := events.NewReader(name, file), events.NewMatcher(builtin.Definitions())
	defer reader.Close()
	var record events.Record
	var event interp.Event
	for {
		if err := reader.Read(&record); err == io.EOF {
			return nil
		} else if errors.As(err, new(*events.LineError)) {
			continue
		} else if err != nil {
			return err
		}
		mappings, err := feeds.Match(&record)
		if err != nil {
			continue // replay counts it as a bad line
		}
		for _, m := range mappings {
			all := of[m.Definition]
			if all == nil {
				continue
			}
			if all.events++; (all.events-1)%*stride != 0 {
				continue
			}
			if event, err = m.Event(event, &record); err != nil {
				return err
			}
			digest := all.digest(event)
			if int(digest[0])%parts != k {
				continue
			}
			if err := a.agree(all, event, digest); err != nil {
				t.Errorf("%s:%d: %v", name, reader.Line(), err)
			}
		}
	}
}

// agree runs an event in three ways.
func (a *agreement) agree(all *trio, e interp.Event, digest [sha256.Size]byte) error {
	a.events++
	byIndex, err := all.matcher.Match(e)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	want, ok := all.seen[digest]
	if !ok {
		a.distinct++
		if err := all.interpreter.Run(e); err != nil {
			return fmt.Errorf("interpreter: %w", err)
		}
		trace, err := all.model.Run(e)
		if err != nil {
			return fmt.Errorf("model: %w", err)
		}
		want = slices.Clone(trace.Matched)
		if !slices.Equal(want, all.interpreter.Matched()) {
			return fmt.Errorf("the interpreter finds %v, the model %v", all.interpreter.Matched(), want)
		}
		all.seen[digest] = want
	}
	if !slices.Equal(byIndex, want) {
		return fmt.Errorf("the index finds %v, the interpreter and the model %v", byIndex, want)
	}
	for _, i := range want {
		all.counts[i]++
	}
	a.matches += len(want)
	return nil
}

// compareCounts compares the counts of all events with those of a replay.
func compareCounts(t *testing.T, sets []realdata.Set, parts []agreement, names []string) {
	t.Helper()
	var content []replay.Content
	for _, s := range sets {
		content = append(content, replay.Content{File: s.File, Definition: s.Definition})
	}
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
		count := uint64(0)
		for k := range parts {
			count += parts[k].trios[rule.Content].counts[rule.Instance]
		}
		events := uint64(parts[0].trios[rule.Content].events) // each part counts all
		if rule.Matches != count || rule.Events != events {
			t.Errorf("rule %d of content %d: replay finds %d of %d, the others %d of %d",
				rule.Instance, rule.Content, rule.Matches, rule.Events, count, events)
		}
	}
}
