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
		t := newTally(len(partners))
		if p.Known.ByNumber(p.Previous.File.Header.Type, p.Previous.File.Header.TypeVersion) == p.Definition {
			countNew(p, partners, t)
		} else {
			countMore(p, partners, t)
		}
		for i, n := range t.counts {
			if n <= p.KnownGoodNew {
				continue
			}
			p.Report(func() validate.Finding {
				where, in := p.LocateInstance(i)
				return validate.Finding{
					Where: where, Instance: in, Extent: n, Event: t.first[i],
					Message: fmt.Sprintf("%s newly matches %s known to be good, compared with %v; the first is %s", rule(in), count(n, "event"), p.Previous, t.first[i]),
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

// countNew counts for each instance the events that it matches and its partner does not.
func countNew(p *validate.Pass, partners []int, t *tally) {
	event := 0
	last := make([]int, p.Previous.File.Instances()) // the last event that it matched
	compare(p, p.KnownGood, func(where func() string, before, now []int) {
		event++
		for _, k := range before {
			last[k] = event
		}
		for _, i := range now {
			if k := partners[i]; k < 0 || last[k] != event {
				t.add(i, where)
			}
		}
	})
}

// countMore counts for each instance how many more events it matches than its partner. The
// previous content has another version of the type, so each version has events of its own.
func countMore(p *validate.Pass, partners []int, t *tally) {
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
		t.counts[i], t.first[i] = n, at
	})
}
