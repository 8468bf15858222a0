package coverage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Verdict states whether hosts can see a rule.
type Verdict uint8

const (
	NotAddressed Verdict = iota // the contract has no supply of the type version
	NotCollected                // the hosts record no event that the rule asks for
	Never                       // no event that the hosts record satisfies the rule
	NotKnown                    // nothing is certain
	ByLuck                      // filters match each alternative only by another value of the event
	InPart                      // an alternative is dead, or hosts record some of the events
	Sees                        // no alternative is dead, and filters want at least one
	Verdicts                    // number of verdicts
)

var verdictNames = [Verdicts]string{"not addressed", "not collected", "never", "not known", "only by luck", "in part", "sees"}

func (v Verdict) String() string {
	if v < Verdicts {
		return verdictNames[v]
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// Blind reports whether the hosts get the type, and can certainly see nothing of the rule.
func (v Verdict) Blind() bool { return v == Never || v == NotCollected }

// A Judge answers for the instances of one file. It must be used by one goroutine at a time.
type Judge struct {
	file       *channelfile.File
	definition *sensor.Definition
	rules      map[int]*rule
	criteria   map[int]*criterion
	feeds      []*feed
	classes    []*class
	remembered int
	work       uint64
}

// maxRemembered is the largest number of conclusions about single comparisons that a judge keeps.
const maxRemembered = 1 << 18

// remember makes room for n more conclusions.
func (j *Judge) remember(n int) {
	if j.remembered += n; j.remembered <= maxRemembered {
		return
	}
	j.remembered = n
	clear(j.criteria)
	for _, f := range j.feeds {
		clear(f.said)
	}
}

// Work returns the number of comparisons of filters that the judge has made so far. The time that a
// judge takes is proportional to it.
func (j *Judge) Work() uint64 { return j.work }

// Forget frees the memory for an instance. The next call of [Judge.Result] decides it again.
func (j *Judge) Forget(instance int) {
	delete(j.rules, instance)
	for _, k := range j.classes {
		delete(k.results, instance)
	}
}

// A rule has the alternatives of an instance.
type rule struct {
	tooMany      bool
	conjunctions []conjunction
}

// NewJudge returns a judge for a file of a type version with a definition.
func NewJudge(f *channelfile.File, d *sensor.Definition) *Judge {
	return &Judge{file: f, definition: d, rules: map[int]*rule{}, criteria: map[int]*criterion{}}
}

// inputName returns the name of an input, or "" if the definition does not have it.
func (j *Judge) inputName(index int) string {
	if index >= len(j.definition.Inputs) {
		return ""
	}
	return j.definition.Inputs[index].Name
}

func (j *Judge) rule(instance int) *rule {
	r := j.rules[instance]
	if r == nil {
		list, ok := j.conjunctions(instance)
		r = &rule{conjunctions: list, tooMany: !ok}
		j.rules[instance] = r
		j.work += uint64(j.file.Instance(instance).Count)
	}
	return r
}

// Hosts are the hosts of one contract.
type Hosts struct {
	Contract *sensor.Contract
	Supplies []*sensor.Supply // of the type version, in the order of the contract
	class    *class
}

// A class has the results for all hosts whose contracts say the same about the feeds of the type.
type class struct {
	feeds   []*feed         // by place in Hosts.Supplies
	results map[int]*Result // by instance
}

// Hosts returns the hosts of a contract. Contracts that say the same about the feeds of the type
// share their results, so each rule is decided once for all of them. The contract must not change
// while the judge is in use.
func (j *Judge) Hosts(c *sensor.Contract) *Hosts {
	h := &Hosts{Contract: c}
	var feeds []*feed
	for _, s := range c.SuppliesOf(j.definition.Name, j.definition.Version) {
		h.Supplies = append(h.Supplies, s)
		i := slices.IndexFunc(j.feeds, func(f *feed) bool { return f.same(c, s) })
		if i < 0 {
			i = len(j.feeds)
			j.feeds = append(j.feeds, j.newFeed(c, s))
		}
		feeds = append(feeds, j.feeds[i])
	}
	i := slices.IndexFunc(j.classes, func(k *class) bool { return slices.Equal(k.feeds, feeds) })
	if i < 0 {
		i = len(j.classes)
		j.classes = append(j.classes, &class{feeds, map[int]*Result{}})
	}
	h.class = j.classes[i]
	return h
}

// Same reports whether the results for other hosts of the same judge are the same.
func (h *Hosts) Same(o *Hosts) bool { return h.class == o.class }

// SameDocuments reports whether the contracts of two hosts rest on the same documents. If the
// results are the same too, so are their places.
func (h *Hosts) SameDocuments(o *Hosts) bool {
	return slices.EqualFunc(h.Contract.Sources, o.Contract.Sources, func(a, b sensor.Source) bool { return a.Name == b.Name && a.Path == b.Path })
}

// MaxDead is the largest number of dead alternatives that a result describes.
const MaxDead = 16

// A Result is the answer for one rule. It is shared and must not be changed.
type Result struct {
	Verdict Verdict
	States  [states]int // number of alternatives in each state
	// number of dead alternatives for which the filters of Sysmon, or its version, are a reason
	ByFilters int
	// dead alternatives in the order of the condition, at most MaxDead
	Dead []DeadAlternative
}

// A DeadAlternative matches no event that the hosts record.
type DeadAlternative struct {
	Alternative Alternative
	Causes      []Cause // for each supply
}

// Result returns the answer for an instance on hosts. The first call for an instance decides it.
func (j *Judge) Result(h *Hosts, instance int) *Result {
	k := h.class
	r := k.results[instance]
	if r == nil {
		r = k.decide(j.rule(instance))
		k.results[instance] = r
	}
	return r
}

// decide answers for a rule.
func (k *class) decide(r *rule) *Result {
	res := new(Result)
	if len(k.feeds) == 0 {
		return res
	}
	collected := func(f *feed) bool { return f.supply.Collected.Events != sensor.CollectedNone }
	if !slices.ContainsFunc(k.feeds, collected) {
		res.Verdict = NotCollected
		return res
	}
	if r.tooMany {
		res.Verdict = NotKnown
		return res
	}
	dead := 0              // conjunctions
	onlyCollection := true // each dead alternative is dead because its events are not recorded
	var by [states]int     // conjunctions by state
	for i := range r.conjunctions {
		best := k.conjunction(res, &r.conjunctions[i], &onlyCollection)
		if best == Dead {
			dead++
		}
		by[best]++
	}
	anyDead := res.States[Dead] > 0
	switch {
	case dead == len(r.conjunctions) && onlyCollection:
		res.Verdict = NotCollected
	case dead == len(r.conjunctions):
		res.Verdict = Never
	case by[Luck]+by[Some]+by[Wanted]+by[Sure] == 0:
		res.Verdict = NotKnown
	case anyDead:
		res.Verdict = InPart
	case by[Wanted]+by[Sure] > 0:
		res.Verdict = Sees
	case by[Some] > 0:
		res.Verdict = InPart
	case by[Open] > 0:
		res.Verdict = NotKnown
	default:
		res.Verdict = ByLuck
	}
	return res
}

// conjunction adds the alternatives of a conjunction to a result, and returns its state.
func (k *class) conjunction(res *Result, c *conjunction, onlyCollection *bool) State {
	before, best := *res, Dead
	before.Dead = slices.Clip(before.Dead)
	var causes []Cause
	for _, group := range c.groups {
		of := Dead
		mine, collection := before, true
		for _, a := range group {
			var s State
			s, causes = k.of(a, causes[:0])
			mine.States[s]++
			of = max(of, s)
			if s != Dead {
				continue
			}
			for n := range causes {
				collection = collection && causes[n].Reason.notRecorded()
			}
			if slices.ContainsFunc(causes, func(c Cause) bool { return c.Reason.ByFilters() }) {
				mine.ByFilters++
			}
			if len(mine.Dead) < MaxDead {
				mine.Dead = append(mine.Dead, DeadAlternative{a, slices.Clone(causes)})
			}
		}
		if of == Dead { // the group has all events of the conjunction
			*res = mine
			*onlyCollection = *onlyCollection && collection
			return Dead
		}
		best = max(best, of)
		for s := range mine.States {
			res.States[s] += mine.States[s] - before.States[s]
		}
		res.ByFilters += mine.ByFilters - before.ByFilters
		room := MaxDead - len(res.Dead)
		found := mine.Dead[len(before.Dead):]
		res.Dead = append(res.Dead, found[:min(room, len(found))]...)
	}
	return best
}

// of returns the state of an alternative over all feeds, and the causes if it is dead.
func (k *class) of(a Alternative, causes []Cause) (State, []Cause) {
	best := Dead
	for i, f := range k.feeds {
		s, cause := f.decide(a)
		cause.Supply = i
		causes = append(causes, cause)
		best = max(best, s)
	}
	return best, causes
}

// FilterText describes a filter of Sysmon in the supply of a contract, with its place.
func FilterText(c *sensor.Contract, s *sensor.Supply, element, filter int) string {
	f := &s.Filters.Elements[element].Filters[filter]
	text := fmt.Sprintf("%s %s \"%s\"", f.FieldName, f.Op, f.Value)
	if basis := BasisText(c, sensor.Basis{Place: s.Filters.Place(f.Place)}); basis != "" {
		text += " (" + basis + ")"
	}
	return text
}

// Describe returns the reason why an alternative is dead on a feed, with the place in the document
// that the contract rests on.
func (j *Judge) Describe(h *Hosts, c *Cause) string {
	s := h.Supplies[c.Supply]
	at := func(text string, b sensor.Basis) string {
		if basis := BasisText(h.Contract, b); basis != "" {
			text += " (" + basis + ")"
		}
		return text
	}
	text := ""
	switch c.Reason {
	case NotRecorded:
		text = at("its events are not recorded", s.Collected.Basis)
	case EventsOff:
		text = at(events(c.Events)+" not recorded", s.Collected.Basis)
	case NoEvent:
		text = "it does not have " + strings.TrimSuffix(strings.TrimSuffix(events(c.Events), " is"), " are")
	case NoInput, OtherValue:
		name := j.inputName(c.Input)
		text = name + " is not supplied"
		if c.Reason == OtherValue {
			text = name + " never has such a value"
		}
		if in := s.Input(h.Contract.Reader.Access, c.Input, name); in.Basis != nil {
			text = at(text, *in.Basis)
		}
	case Excluded:
		text = "excluded"
		e := &s.Filters.Elements[c.Element]
		if len(c.Filters) > 0 {
			text += " by " + FilterText(h.Contract, s, c.Element, c.Filters[0])
			break
		}
		text = at(text, sensor.Basis{Place: s.Filters.Place(e.Place)})
	case NotInBuild:
		text = "the version of Sysmon does not have its events"
		if len(c.Events) > 0 {
			text = "the version of Sysmon does not have " + strings.TrimSuffix(strings.TrimSuffix(events(c.Events), " is"), " are")
		}
	case NothingKept:
		text = at("the filters record no such event", sensor.Basis{Place: s.Filters.Place(s.Filters.Elements[0].Place)})
	case NotIncluded:
		text = "no include matches it"
		for i := range s.Filters.Elements {
			if e := &s.Filters.Elements[i]; e.Include {
				text = at(text, sensor.Basis{Place: s.Filters.Place(e.Place)})
				break
			}
		}
	}
	if s.Feed != "" && len(h.Supplies) > 1 {
		text = "feed " + s.Feed + ": " + text
	}
	return text
}

func events(ids []uint32) string {
	const most = 5
	var names []string
	for _, id := range ids[:min(len(ids), most)] {
		names = append(names, fmt.Sprint(id))
	}
	list := strings.Join(names, ", ")
	if len(ids) > most {
		list += fmt.Sprintf(" and %d more", len(ids)-most)
	}
	if len(ids) == 1 {
		return "event " + list + " is"
	}
	return "events " + list + " are"
}

// BasisText returns the reason for a statement of a contract, and the path and the line of the
// document that it rests on. It returns "" if neither is known.
func BasisText(c *sensor.Contract, b sensor.Basis) string {
	var parts []string
	if b.Reason != "" {
		parts = append(parts, b.Reason)
	}
	if place := placeText(c, b.Place); place != "" {
		parts = append(parts, place)
	}
	return strings.Join(parts, "; ")
}

// placeText returns the path of the document that a place is in, with the line, or "".
func placeText(c *sensor.Contract, p sensor.Place) string {
	i := slices.IndexFunc(c.Sources, func(s sensor.Source) bool { return s.Name == p.Source })
	switch {
	case i < 0:
		return ""
	case p.Line == 0:
		return c.Sources[i].Path
	}
	return fmt.Sprintf("%s:%d", c.Sources[i].Path, p.Line)
}

// Decides returns the part of a dead alternative that cause i is about: the one that reads the
// input of the cause, or the one that is dead by itself for the same reason. If there is no such
// part, it returns the first one. The alternative must have parts.
func (j *Judge) Decides(h *Hosts, d *DeadAlternative, i int) Part {
	c := &d.Causes[i]
	f := h.class.feeds[c.Supply]
	for _, p := range d.Alternative {
		k := j.criterion(p.Criterion)
		switch c.Reason {
		case NoInput, OtherValue:
			if k.input == c.Input || slices.Contains(k.others, c.Input) {
				return p
			}
		case EventsOff, NoEvent, NotInBuild:
			if f.field(k.input) == eventIDField {
				return p
			}
		case Excluded, NotIncluded:
			if s, cause := f.decide(Alternative{p}); s == Dead && cause.Reason == c.Reason && cause.Element == c.Element {
				return p
			}
		}
	}
	return d.Alternative[0]
}
