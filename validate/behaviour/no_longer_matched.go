package behaviour

import (
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
)

// noLongerMatched is CF5006.
var noLongerMatched = &validate.Check{
	ID:   "CF5006",
	Name: "no-longer-matched",
	Doc: `no event known to be bad loses its last match

A change that silences a false alarm can silence the alarm for a real attack
too. With --known-bad and a previous release, cfcheck runs both releases on
recorded events of attacks. An event that a previous rule matches, and that no
rule of the content matches, is a loss. It is reported for each previous rule
that matches it. If another rule still matches the event, it is no loss.

Compare the rule with its earlier form on the named event. Widen it again, or
remove the event from the known-bad ones if it is not an attack.`,
	Severity: validate.Warning,
	Uses:     validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition | validate.UsesKnownBad | validate.UsesPrevious,
	Requires: typed,
	Run: func(p *validate.Pass) {
		partners, d := partnersOf(p)
		if len(d.Changed)+len(d.Removed) == 0 { //mutation:equivalent: only the speed depends on it
			return
		}
		t := newTally(p.Previous.File.Instances())
		if p.Known.ByNumber(p.Previous.File.Header.Type, p.Previous.File.Header.TypeVersion) == p.Definition {
			countLost(p, t)
		} else {
			countLostByPlace(p, t)
		}
		// The instance of the subject for each previous one, or -1.
		here := make([]int, len(t.counts))
		for k := range here {
			here[k] = -1
		}
		for i, k := range partners {
			if k >= 0 {
				here[k] = i
			}
		}
		for k, n := range t.counts {
			if n == 0 {
				continue
			}
			p.Report(func() validate.Finding {
				where, in, event := p.Locate(channelfile.Range{}, "instances"), p.Previous.Instance(k), ""
				name, fix := in.String()+", which is gone,", "restore the rule, or let another one match this event"
				if here[k] >= 0 {
					where, in = p.LocateInstance(here[k])
					event = t.first[k]
					name, fix = rule(in), "compare the rule with its previous form on this event, and widen it"
				}
				return validate.Finding{
					Where: where, Instance: in, Extent: n, Event: event,
					Message: fmt.Sprintf("in %v, %s matched %s known to be bad that no rule matches now; the first is %s", p.Previous, name, count(n, "event"), t.first[k]),
					Fix:     fix,
				}
			})
		}
	},
}

// countLost counts for each instance of the previous content the events that it matches and no
// instance of the subject does.
func countLost(p *validate.Pass, t *tally) {
	compare(p, p.KnownBad, func(where func() string, before, now []int) {
		if len(now) > 0 {
			return
		}
		for _, k := range before {
			t.add(k, where)
		}
	})
}

// maxPlaces is the number of events that countLostByPlace can keep.
const maxPlaces = 1 << 20

// countLostByPlace is countLost if the previous content has another version of the type. Each
// version has events of its own, so the place of an event in its file tells which are the same.
func countLostByPlace(p *validate.Pass, t *tally) {
	d := p.Known.ByNumber(p.Previous.File.Header.Type, p.Previous.File.Header.TypeVersion)
	if d == nil {
		return
	}
	type kept struct {
		place   string
		matched []int
		lost    bool
	}
	var list []kept
	byPlace := map[string]int{}
	reader := &sensor.Reader{Access: sensor.AccessNamed}
	before, now := interp.New(p.Previous.File, reader), interp.New(p.File, reader)
	whole, full := true, false // whole: the budget suffices
	err := p.KnownBad.Events(d, func(where func() string, e interp.Event) bool {
		//mutation:missed: TestBudget or budget.txtar detects it
		if whole = p.Spend(before.Charge(e)); !whole {
			return false
		}
		matched := matching(before, nil, e)
		if len(matched) == 0 {
			return true
		}
		place := where()
		at, ok := byPlace[place] // the event belongs to several feeds of the type
		if !ok {
			at = len(list)
			//mutation:missed condition: no test has so many events
			if full = at == maxPlaces; full {
				return false
			}
			byPlace[place] = at
			list = append(list, kept{place: place, lost: true})
		}
		for _, k := range matched {
			if !slices.Contains(list[at].matched, k) {
				list[at].matched = append(list[at].matched, k)
			}
		}
		return true
	})
	//mutation:missed condition: no test has so many events
	if err == nil && full {
		err = fmt.Errorf("the previous content matches more than %d of the events of --known-bad; give fewer of them, or content of the same version of the type", maxPlaces)
	}
	c := costs{p: p, lengths: make([]uint64, len(p.Definition.Inputs))}
	if err == nil && whole {
		err = p.KnownBad.Events(p.Definition, func(where func() string, e interp.Event) bool {
			//mutation:missed: TestBudget or budget.txtar detects it
			if whole = p.Spend(c.of(now, e)); !whole {
				return false
			}
			if len(matching(now, nil, e)) > 0 {
				if at, ok := byPlace[where()]; ok {
					list[at].lost = false
				}
			}
			return true
		})
		c.name()
	}
	//mutation:missed condition: TestEventsThatCannotBeRead detects it
	if err != nil {
		p.Unfinished(err)
	}
	// Without all events, it is not known which are lost.
	if err != nil || !whole {
		return
	}
	for _, event := range list {
		if !event.lost {
			continue
		}
		for _, k := range event.matched {
			t.add(k, func() string { return event.place })
		}
	}
}
