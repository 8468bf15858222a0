package replay

import (
	"bytes"
	"cmp"
	"encoding/gob"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Plan is content that is ready to run, for a replay in parts: several processes each run the
// same content on some of the sources. Goroutines can share it.
type Plan struct {
	run  *run
	none *Result // of no source
}

// NewPlan indexes content. It ignores Options.Workers.
func NewPlan(defs *sensor.Definitions, content []Content, o Options) (*Plan, error) {
	o.Workers = 1
	r, err := prepare(defs, content, o)
	if err != nil {
		return nil, err
	}
	none, _ := r.replay()
	return &Plan{r, none}, nil
}

// A Part is the result of some of the sources. The zero Part has no source. Parts merge in any
// order and grouping to the same result. Its size depends on the rules that match, not on the
// number of events.
type Part struct{ sums sums }

// sums has exported names for gob.
type sums struct {
	Sources, Events, Tried, NoType, BadLines, Faults uint64
	Limit                                            int // examples of each rule

	Untried    map[string]uint64 // by name of the type
	Tries      map[int]uint64    // events that a content was tried on, by the key of the content
	Rules      map[int]ruleSums  // of the rules that match, by their key
	Work       map[int]uint64    // by rule
	Cost       Cost
	Present    map[int]uint64    // by field
	OfType     map[int]uint64    // events of the type of a field, by field
	FirstBad   []placed[badText] // the first MaxBadLines
	Problems   []placed[string]  // without faults
	FirstFault []placed[string]  // at most one
}

// key returns the key of a rule or content: its index if it is not of the previous content.
func key(index int, previous bool) int {
	if previous {
		return -1 - index
	}
	return index
}

type ruleSums struct {
	Matches      uint64
	Examples     []placed[Example]
	Gained, Lost sideSums
}

type sideSums struct {
	Records  uint64
	Examples []placed[Example]
}

// A placed is an item of a source, by the number of the source. Those of one source are in order.
type placed[T any] struct {
	Source int
	Item   T
}

// badText is an events.LineError as text.
type badText struct {
	Name         string
	Line, Column int
	Text         string
}

// Run runs the content on a source. The number is the place of the source in the order of all
// sources. No other source has the same.
func (p *Plan) Run(number int, s Source) *Part {
	r := *p.run
	r.sources = []Source{s}
	result, faults := r.replay()
	n := sums{
		Sources: 1, Limit: p.run.options.Examples, Events: result.Events, Tried: result.Tried, NoType: result.NoType, BadLines: result.BadLines, Faults: faults.n,
		Untried: map[string]uint64{}, Tries: map[int]uint64{}, Rules: map[int]ruleSums{},
	}
	for _, t := range result.Untried {
		n.Untried[t.Type] = t.Events
	}
	n.Cost, n.Work, n.Present, n.OfType = result.Cost, map[int]uint64{}, map[int]uint64{}, map[int]uint64{}
	for i := range result.Rules {
		if work := result.Rules[i].Work; work > 0 {
			n.Work[i] = work
		}
	}
	for i := range result.Fields {
		if f := &result.Fields[i]; f.Events > 0 {
			n.OfType[i], n.Present[i] = f.Events, f.Present
		}
	}
	n.add(number, result.Rules, false)
	n.add(number, result.Removed, true)
	for _, e := range result.FirstBad {
		n.FirstBad = append(n.FirstBad, placed[badText]{number, badText{e.Name, e.Line, e.Column, e.Err.Error()}})
	}
	for _, err := range result.Problems {
		n.Problems = append(n.Problems, placed[string]{number, err.Error()})
	}
	if faults.n > 0 {
		n.FirstFault = []placed[string]{{number, faults.first.Error()}}
	}
	return &Part{n}
}

// add adds the rules of a source.
func (n *sums) add(source int, rules []Rule, previous bool) {
	side := func(s *Side) sideSums { return sideSums{s.Records, placeAll(source, s.Examples)} }
	for i := range rules {
		rule := &rules[i]
		if rule.Events > 0 {
			n.Tries[key(rule.Content, previous)] = rule.Events
		}
		r := ruleSums{Matches: rule.Matches, Examples: placeAll(source, rule.Examples)}
		if rule.Change != nil {
			r.Gained, r.Lost = side(&rule.Change.Gained), side(&rule.Change.Lost)
		}
		if r.Matches > 0 || r.Lost.Records > 0 {
			n.Rules[key(i, previous)] = r
		}
	}
}

func placeAll[T any](source int, items []T) (list []placed[T]) {
	for _, item := range items {
		list = append(list, placed[T]{source, item})
	}
	return list
}

// Merge adds the part o to q. It is of other sources and of the same content and options, and must
// not be used after that.
func (q *Part) Merge(o *Part) {
	a, b := &q.sums, &o.sums
	a.Limit = max(a.Limit, b.Limit)
	a.Sources += b.Sources
	a.Events += b.Events
	a.Tried += b.Tried
	a.NoType += b.NoType
	a.BadLines += b.BadLines
	a.Faults += b.Faults
	a.Untried = add(a.Untried, b.Untried)
	a.Tries = add(a.Tries, b.Tries)
	a.Work, a.Present, a.OfType = add(a.Work, b.Work), add(a.Present, b.Present), add(a.OfType, b.OfType)
	a.Cost = Cost{a.Cost.Search + b.Cost.Search, a.Cost.Interpreter + b.Cost.Interpreter, a.Cost.Interpreted + b.Cost.Interpreted}
	if a.Rules == nil {
		a.Rules = b.Rules
	} else {
		for i, r := range b.Rules {
			a.Rules[i] = a.merge(a.Rules[i], r)
		}
	}
	a.FirstBad = firsts(a.FirstBad, b.FirstBad, MaxBadLines)
	a.Problems = firsts(a.Problems, b.Problems, len(a.Problems)+len(b.Problems))
	a.FirstFault = firsts(a.FirstFault, b.FirstFault, 1)
}

func (n *sums) merge(a, b ruleSums) ruleSums {
	examples := func(a, b []placed[Example]) []placed[Example] { return firsts(a, b, n.Limit) }
	side := func(a, b sideSums) sideSums { return sideSums{a.Records + b.Records, examples(a.Examples, b.Examples)} }
	return ruleSums{a.Matches + b.Matches, examples(a.Examples, b.Examples), side(a.Gained, b.Gained), side(a.Lost, b.Lost)}
}

// add adds the numbers of b to those of a.
func add[K comparable](a, b map[K]uint64) map[K]uint64 {
	if a == nil {
		return b
	}
	for k, n := range b {
		a[k] += n
	}
	return a
}

// firsts returns the first n items of two lists, which are of different sources.
func firsts[T any](a, b []placed[T], n int) []placed[T] {
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, func(x, y placed[T]) int { return cmp.Compare(x.Source, y.Source) })
	return all[:min(n, len(all))]
}

// Sources returns the number of sources of the part.
func (q *Part) Sources() int { return int(q.sums.Sources) }

// MarshalBinary returns the part in a form that [Part.UnmarshalBinary] of the same version of
// this package reads.
func (q *Part) MarshalBinary() ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(&q.sums)
	return b.Bytes(), err
}

// UnmarshalBinary replaces q by the part that MarshalBinary returned.
func (q *Part) UnmarshalBinary(data []byte) error {
	q.sums = sums{}
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&q.sums); err != nil {
		return fmt.Errorf("found bytes that are no part of a replay: %w", err)
	}
	return nil
}

// Result returns the result that [Run] returns for the sources of q, in the order of their numbers.
// Its errors have the same texts.
func (p *Plan) Result(q *Part) *Result {
	n := &q.sums
	out := &Result{Events: n.Events, Tried: n.Tried, NoType: n.NoType, BadLines: n.BadLines, Untried: counts(n.Untried)}
	out.Rules = n.rules(p.none.Rules, false)
	for i := range out.Rules {
		out.Rules[i].Work = n.Work[i]
	}
	out.Cost, out.Fields = n.Cost, slices.Clone(p.none.Fields)
	for i := range out.Fields {
		out.Fields[i].Events, out.Fields[i].Present = n.OfType[i], n.Present[i]
	}
	out.Removed = n.rules(p.none.Removed, true)
	for _, b := range n.FirstBad {
		out.FirstBad = append(out.FirstBad, &events.LineError{Name: b.Item.Name, Line: b.Item.Line, Column: b.Item.Column, Err: errors.New(b.Item.Text)})
	}
	for _, e := range n.Problems {
		out.Problems = append(out.Problems, errors.New(e.Item))
	}
	if len(n.FirstFault) > 0 {
		out.Problems = append(out.Problems, faults{n.Faults, errors.New(n.FirstFault[0].Item)}.problems()...)
	}
	return out
}

// rules returns the given rules with their counts.
func (n *sums) rules(without []Rule, previous bool) []Rule {
	side := func(s sideSums) Side { return Side{s.Records, items(s.Examples)} }
	list := slices.Clone(without)
	for i := range list {
		rule, r := &list[i], n.Rules[key(i, previous)]
		rule.Events = n.Tries[key(rule.Content, previous)]
		rule.Matches, rule.Examples = r.Matches, items(r.Examples)
		if rule.Change != nil {
			rule.Change = &Change{New: rule.Change.New, Gained: side(r.Gained), Lost: side(r.Lost)}
		}
	}
	return list
}

func items[T any](placed []placed[T]) (list []T) {
	for _, p := range placed {
		list = append(list, p.Item)
	}
	return list
}

// counts returns numbers of events by type, the largest first.
func counts(byType map[string]uint64) (list []Count) {
	for _, name := range slices.Sorted(maps.Keys(byType)) {
		list = append(list, Count{name, byType[name]})
	}
	slices.SortStableFunc(list, func(a, b Count) int { return cmp.Compare(b.Events, a.Events) })
	return list
}
