package behaviour

import (
	"bytes"
	"fmt"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/delta"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/match"
	"github.com/cfcheck/cfcheck/validate"
)

// newlyMatched is CF5005.
var newlyMatched = &validate.Check{
	ID:   "CF5005",
	Name: "newly-matched",
	Doc: `no rule newly matches more events known to be good than allowed

A change can let a rule match other ordinary events than before, and the
number of its matches can stay the same. Each new match is a false alarm that
nobody has seen yet. With --known-good and a previous release, cfcheck
compares the matches of both releases, event by event. One rule may newly
match as many events as --known-good-new says, and no event without that
flag.

Compare the rule with its earlier form on the named event, and narrow it.`,
	Severity: validate.Warning,
	Uses:     validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition | validate.UsesKnownGood | validate.UsesPrevious,
	Requires: typed,
	Run: func(p *validate.Pass) {
		partners, d := partnersOf(p)
		if len(d.Added)+len(d.Changed) == 0 { //mutation:equivalent: only the speed depends on it
			return
		}
		counts := make([]uint64, len(partners))
		first := make([]string, len(partners))
		if p.Known.ByNumber(p.Previous.File.Header.Type, p.Previous.File.Header.TypeVersion) == p.Definition {
			countNew(p, partners, counts, first)
		} else {
			countMore(p, partners, counts, first)
		}
		for i, n := range counts {
			if n <= p.KnownGoodNew {
				continue
			}
			p.Report(func() validate.Finding {
				where, in := p.LocateInstance(i)
				return validate.Finding{
					Where: where, Instance: in, Extent: n, Event: first[i],
					Message: fmt.Sprintf("%s newly matches %s known to be good, compared with %v; the first is %s", rule(in), count(n, "event"), p.Previous, first[i]),
					Details: []string{fmt.Sprintf("%s may be newly matched", count(p.KnownGoodNew, "event"))},
					Fix:     "compare the rule with its previous form on this event, and narrow it",
				}
			})
		}
	},
}

// partnersOf returns for each instance the instance of the same ID in the previous content, or
// -1, and the difference of the two contents.
func partnersOf(p *validate.Pass) (partners []int, d *delta.Instances) {
	old, newer := p.Previous.File, p.File
	d = delta.Between(old, newer, delta.InputsOf(old.Header, newer.Header, p.Known))
	partners = make([]int, newer.Instances())
	k := 0
	for i := range partners {
		partners[i] = -1
		id := newer.Instance(i).ID
		for ; k < old.Instances(); k++ {
			other := old.Instance(k).ID
			order := bytes.Compare(other[:], id[:])
			if order == 0 {
				partners[i] = k
			}
			if order >= 0 {
				break
			}
		}
	}
	return partners, d
}

// previousMatcherOf is matcherOf for the previous content.
//
//mutation:equivalent: only the speed depends on it
var previousMatcherOf = validate.OfSubject(func(p *validate.Pass) *match.Matcher {
	ix, err := match.New(p.Previous.File)
	if err != nil {
		return nil
	}
	return ix.Matcher()
})

// countNew counts for each instance the events that it matches and its partner does not. First
// has the place of the first one.
func countNew(p *validate.Pass, partners []int, counts []uint64, first []string) {
	reader := &sensor.Reader{Access: sensor.AccessNamed}
	now, before := interp.New(p.File, reader), interp.New(p.Previous.File, reader)
	var m, previous *match.Matcher
	c := costs{p: p, lengths: make([]uint64, len(p.Definition.Inputs))}
	event := uint64(0)
	last := make([]uint64, p.Previous.File.Instances()) // the last event that it matched
	err := p.KnownGood.Events(p.Definition, func(where func() string, e interp.Event) bool {
		//mutation:missed: TestBudget or budget.txtar detects it
		if !p.Spend(c.of(now, e)) || !p.Spend(before.Charge(e)) {
			return false
		}
		event++
		if m == nil && event > fewEvents {
			m, previous = matcherOf.Get(p), previousMatcherOf.Get(p)
		}
		for _, i := range matching(before, previous, e) {
			last[i] = event
		}
		for _, i := range matching(now, m, e) {
			if k := partners[i]; k >= 0 && last[k] == event {
				continue
			}
			//mutation:equivalent: only report texts depend on it
			if counts[i]++; counts[i] == 1 {
				first[i] = where()
			}
		}
		return true
	})
	//mutation:missed condition: TestEventsThatCannotBeRead detects it
	if err != nil {
		p.Unfinished(err)
	}
	c.name()
}

// countMore counts for each instance how many more events it matches than its partner. The
// previous content has another version of the type, so each version has events of its own.
func countMore(p *validate.Pass, partners []int, counts []uint64, first []string) {
	before := make([]uint64, p.Previous.File.Instances())
	if d := p.Known.ByNumber(p.Previous.File.Header.Type, p.Previous.File.Header.TypeVersion); d != nil {
		it := interp.New(p.Previous.File, &sensor.Reader{Access: sensor.AccessNamed})
		err := p.KnownGood.Events(d, func(_ func() string, e interp.Event) bool {
			//mutation:missed: TestBudget or budget.txtar detects it
			if !p.Spend(it.Charge(e)) {
				return false
			}
			for _, i := range matching(it, nil, e) {
				before[i]++
			}
			return true
		})
		if err != nil {
			p.Unfinished(err)
		}
	}
	matches(p, p.KnownGood, func(i int, n uint64, at string) {
		if k := partners[i]; k >= 0 {
			n -= min(n, before[k])
		}
		counts[i], first[i] = n, at
	})
}
