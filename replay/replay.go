// Package replay runs content on recorded events, and counts the matches of each rule.
//
// [Run] reads files of events once, and keeps no event. It uses all cores, also for one file. Its
// results do not depend on their number. In the same pass it can compare the matches of the
// content with those of previous content.
package replay

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/match"
)

// A Content is a channel file whose rules run on events.
type Content struct {
	File       *channelfile.File
	Definition *sensor.Definition // of the type and version of the file
}

// A Source is a file of recorded events, as [events.NewReader] reads it.
type Source struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// Limits of Options and of a Result.
const (
	MaxExamples = 100 // examples of a rule
	MaxBadLines = 10  // lines that are shown; all are counted
	MaxValue    = 200 // bytes of a value in an example
)

// Options are the options of Run.
type Options struct {
	Examples int // examples of each rule, 0 to MaxExamples
	Workers  int // goroutines that match events; 0 means one for each core
	// Progress gets the counts while Run runs. It is optional.
	Progress *Progress
	// Previous is the content of an earlier release, with which Run compares the content. Nil
	// means no comparison.
	Previous []Content
}

// Progress has the counts of a Run so far. Goroutines can read it at any time.
type Progress struct{ Events, Matches atomic.Uint64 }

// A Result is the result of a replay.
type Result struct {
	// Events is the number of lines that are events. It is the sum of Tried, Untried and NoType.
	Events  uint64
	Tried   uint64  // events on which content ran
	Untried []Count // events that feed types without content, by the first of these types
	NoType  uint64  // events that feed no type

	Rules []Rule // in the order of the content and of its instances
	// Removed are the rules of the previous content that have no successor, in its order. Their
	// examples are in Rule.Change.
	Removed  []Rule
	Cost     Cost    // of the rules in Rules, without their own work
	Fields   []Field // by type and version, in the order of the content, and by input
	BadLines uint64  // lines that are not events, or whose names are misspelt or unclear
	// FirstBad has the first MaxBadLines of the bad lines, in the order of the files.
	FirstBad []*events.LineError
	// Problems are the reasons why the result is incomplete: files that cannot be read to their
	// end, and content that faults on an event.
	Problems []error
}

// A Count is a number of events of a type.
type Count struct {
	Type   string
	Events uint64
}

// A Rule is an instance of a channel file, and its matches.
type Rule struct {
	Content  int // index in the content; for a removed rule, in the previous content
	Instance int // in the file of the content
	Events   uint64
	Matches  uint64    // events of those that match
	Examples []Example // the first matches, in the order of the files
	Change   *Change   // nil without previous content
	// Work is the work for the condition of the rule, see [match.Work]. It does not depend on the
	// machine.
	Work uint64
}

// A Cost is the work of the index that is not the work of a single rule, see [match.Work].
type Cost struct {
	Search, Interpreter uint64 // in estimated nanoseconds
	Interpreted         uint64 // events
}

// A Field is an input of a type with content, in the events of the type and version.
type Field struct {
	Definition *sensor.Definition
	Input      int    // index in the definition
	Events     uint64 // events of the type and version that were tried
	Present    uint64 // events of those that have the field
	Rules      uint64 // rules that read it
}

// A Change compares the matches of a rule with those of its predecessor. That is the rule of the
// same ID in the previous content of the same template type, and of the same version if the
// previous content has that version. A record that belongs to several feeds counts once.
type Change struct {
	New    bool // the rule has no predecessor
	Gained Side // records that the rule matches, and its predecessor does not
	Lost   Side // records that the predecessor matches, and the rule does not
}

// A Side is a number of records, and the first of them, with the values that the matching rule
// reads.
type Side struct {
	Records  uint64
	Examples []Example
}

// An Example is an event that matches a rule.
type Example struct {
	File   string
	Line   int
	Values []Value // of the inputs whose criteria hold, in the order of the condition
}

// A Value is the value of an input in an event.
type Value struct {
	Input string
	Text  string // the first MaxValue bytes
	Bytes int    // length of the whole value; for a number or an address, of its text
}

// Matches returns the number of matches of all rules.
func (r *Result) Matches() (n uint64) {
	for i := range r.Rules {
		n += r.Rules[i].Matches
	}
	return n
}

// A group is the content of one type and version, with its index. Previous content has groups
// of its own.
type group struct {
	definition *sensor.Definition
	previous   bool
	number     int   // index in the groups
	content    []int // indices, by file
	files      []*channelfile.File
	index      *match.Index
	first      int      // number of rules in the groups before
	reads      []uint64 // by input of the definition: instances that read it
}

// A run is one call of Run.
type run struct {
	defs    *sensor.Definitions
	options Options
	sources []Source
	groups  []*group
	of      map[*sensor.Definition][]*group
	rules   int
	// pairs has for each rule the number of its successor or predecessor, or -1. It is nil
	// without previous content.
	pairs []int
}

// Run runs content on the events of all sources. An event that belongs to several feeds of a type
// is an event of each. An error means that content cannot be indexed. The errors of sources are in
// Result.Problems. Memory depends on the content and on the examples, not on the number of events.
func Run(defs *sensor.Definitions, content []Content, sources []Source, o Options) (*Result, error) {
	r, err := prepare(defs, content, o)
	if err != nil {
		return nil, err
	}
	r.sources = sources
	out, faults := r.replay()
	out.Problems = append(out.Problems, faults.problems()...)
	return out, nil
}

// prepare indexes content.
func prepare(defs *sensor.Definitions, content []Content, o Options) (*run, error) {
	if o.Examples < 0 || o.Examples > MaxExamples {
		return nil, fmt.Errorf("found %d examples; expected 0 to %d", o.Examples, MaxExamples)
	}
	r := &run{defs: defs, options: o, of: map[*sensor.Definition][]*group{}}
	r.add(content, false)
	r.add(o.Previous, true)
	for _, g := range r.groups {
		var err error
		if g.index, err = match.New(g.files...); err != nil {
			return nil, err
		}
		g.first, g.reads = r.rules, make([]uint64, len(g.definition.Inputs))
		for _, f := range g.files {
			for _, in := range sensor.NeedsOf(f, defs).Inputs {
				if in.Index < len(g.reads) {
					g.reads[in.Index] += uint64(in.Instances)
				}
			}
		}
		r.rules += g.index.Instances()
	}
	if o.Previous != nil {
		r.pair()
	}
	return r, nil
}

// add adds content to the groups.
func (r *run) add(content []Content, previous bool) {
	for i, c := range content {
		list := r.of[c.Definition]
		k := slices.IndexFunc(list, func(g *group) bool { return g.previous == previous })
		if k < 0 {
			g := &group{definition: c.Definition, previous: previous, number: len(r.groups)}
			r.groups = append(r.groups, g)
			k, list = len(list), append(list, g)
			r.of[c.Definition] = list
		}
		g := list[k]
		g.content, g.files = append(g.content, i), append(g.files, c.File)
	}
}

// faults are the events on which content faults.
type faults struct {
	n     uint64
	first error // with its place; nil if n is 0
}

// problems returns the faults as at most one problem.
func (f faults) problems() []error {
	if f.n == 0 {
		return nil
	}
	return []error{fmt.Errorf("%w; %d events were not tried for such a reason; judge the content with cfcheck check", f.first, f.n)}
}

// join makes the result of a score.
func (r *run) join(s *score, problems []error) (*Result, faults) {
	out := &Result{
		Events: s.events, Tried: s.tried, Untried: counts(s.untried), NoType: s.noType, BadLines: s.bad,
		Rules: make([]Rule, 0, r.rules), Problems: problems,
	}
	for _, b := range s.firstBad {
		out.FirstBad = append(out.FirstBad, b.err)
	}
	all := faults{n: s.faults}
	if f := s.fault; f != nil {
		all.first = fmt.Errorf("%s:%d: content of type %s faults on this event: %w", r.sources[f.source].Name, f.line, f.typ, f.err)
	}
	for k, g := range r.groups {
		for i := range g.index.Instances() {
			switch {
			case !g.previous:
				out.Rules = append(out.Rules, r.joinRule(s, k, i))
			case r.pairs[g.first+i] < 0:
				out.Removed = append(out.Removed, r.joinRule(s, k, i))
			}
		}
		if !g.previous {
			out.Cost.add(&s.groups[k].work)
		}
	}
	out.Fields = r.joinFields(s)
	for _, rules := range [][]Rule{out.Rules, out.Removed} {
		slices.SortFunc(rules, func(a, b Rule) int {
			return cmp.Or(cmp.Compare(a.Content, b.Content), cmp.Compare(a.Instance, b.Instance))
		})
	}
	return out, all
}

// joinRule returns instance i of group k.
func (r *run) joinRule(s *score, k, i int) Rule {
	g := r.groups[k]
	file, instance := g.index.Locate(i)
	rule := Rule{
		Content: g.content[file], Instance: instance, Events: s.groups[k].events, Matches: s.matches.n[g.first+i],
		Examples: r.examples(s.examples.byRule[g.first+i]),
	}
	if !g.previous {
		rule.Work = s.groups[k].work.Instances[i]
	}
	if r.pairs != nil {
		rule.Change = r.joinChange(s, g, g.first+i)
	}
	return rule
}

func (r *run) examples(found []example) (list []Example) {
	for _, e := range found {
		list = append(list, Example{File: r.sources[e.source].Name, Line: e.line, Values: e.values})
	}
	return list
}
