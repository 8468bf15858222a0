package contract

import (
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/outcome"
)

// eventFacts are the statements of a definition about single events of a feed, for one file.
//
// A rule is blind on the feed if it can match no event of the feed. The events are put into
// classes so that each criterion on the event ID, and each field, is known for a whole class.
// There is a class for each event ID that the rule names, and there are classes for all other
// events. The rule is blind if it can match no event of any class.
type eventFacts struct {
	file   *channelfile.File
	feed   *sensor.Feed
	inputs []int // by field of the feed: the index of its input
	// the event IDs that the feed can have, ascending; nil means that it can have any
	only []uint32
	// by input: whether the input is the event ID, or the provider
	isID, isProvider []bool
	byID             map[uint32][]int // indices in feed.Kinds
	lacks            [][]bool         // by kind and input; nil if no rule has needed it
	// by criterion on the event ID: the IDs that it names, ascending
	named map[int][]uint32
}

// maxNamed is the largest number of event IDs of a rule that are examined. About a rule that names
// more, nothing is said.
const maxNamed = 256

// newEventFacts returns the facts about a feed.
func newEventFacts(file *channelfile.File, d *sensor.Definition, feed *sensor.Feed) *eventFacts {
	x := &eventFacts{
		file: file, feed: feed, isID: make([]bool, len(d.Inputs)), isProvider: make([]bool, len(d.Inputs)),
		byID: map[uint32][]int{}, named: map[int][]uint32{}, inputs: make([]int, len(feed.Fields)), lacks: make([][]bool, len(feed.Kinds)),
	}
	index := make(map[string]int, len(d.Inputs))
	for i := range d.Inputs {
		index[d.Inputs[i].Name] = i
	}
	for i := range feed.Fields {
		x.inputs[i] = index[feed.Fields[i].Input]
		switch feed.Fields[i].Field {
		case "System/EventID":
			x.isID[x.inputs[i]] = true
		case "System/Provider":
			x.isProvider[x.inputs[i]] = true
		}
	}
	for i := range feed.Kinds {
		for _, id := range feed.Kinds[i].Events {
			x.byID[id] = append(x.byID[id], i)
		}
	}
	switch {
	case len(feed.Events) > 0:
		x.only = feed.Events
	case feed.Complete:
		for i := range feed.Kinds {
			x.only = append(x.only, feed.Kinds[i].Events...)
		}
		slices.Sort(x.only)
		x.only = slices.Compact(x.only)
	}
	for i := range file.Criteria() {
		if c := file.Criterion(i); x.isID[c.Input] {
			if ids := idsOf(file, c); ids != nil {
				x.named[i] = ids
			}
		}
	}
	return x
}

// lacksOf returns, by input, whether events of a kind never have the input that the feed has.
func (x *eventFacts) lacksOf(kind int) []bool {
	if x.lacks[kind] == nil {
		x.lacks[kind] = make([]bool, len(x.isID))
		for i := range x.feed.Fields {
			x.lacks[kind][x.inputs[i]] = !x.feed.Kinds[kind].Has(&x.feed.Fields[i])
		}
	}
	return x.lacks[kind]
}

// idsOf returns the event IDs that a criterion on the event ID names, in ascending order. It
// returns nil if the criterion does not compare with event IDs, or with more than maxNamed.
//
//mutation:missed `c.Count > maxNamed`: TestBlindByEventLimits detects it
//mutation:missed `n > math.MaxUint32`, width: TestBlindByEventNumbers detects it
func idsOf(f *channelfile.File, c channelfile.Criterion) []uint32 {
	equals := c.Operator == channelfile.OpEquals || c.Operator == channelfile.OpIntegerEquals
	// All of one value is that value, in content that is not in normal form.
	all := c.Flags&channelfile.FlagAll != 0 && c.Count != 1
	if !equals || all || c.Flags&channelfile.FlagInputs != 0 || c.Count > maxNamed {
		return nil
	}
	ids := make([]uint32, 0, c.Count)
	for v := range f.OperandValues(c) {
		var id uint32
		if c.Operator == channelfile.OpIntegerEquals {
			n := v.Integer()
			if n < 0 || n > math.MaxUint32 {
				return nil
			}
			id = uint32(n)
		} else {
			n, err := strconv.ParseUint(string(v), 10, 32)
			id = uint32(n)
			if err != nil || strconv.FormatUint(n, 10) != string(v) {
				return nil // some source may record IDs in this form
			}
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// An eventClass is a set of events of a feed.
type eventClass struct {
	id    uint32 // event ID, if named is true
	named bool   // whether the rule names the ID; if not, it names no ID of the class
	kind  int    // index in the kinds of the feed; -1 means that the events can have every field
	// whether the events are from other providers than those of the kinds with their ID
	others bool
}

// An eventFolder decides whether rules are blind on feeds because of single events.
type eventFolder struct {
	folder *outcome.Folder
	work   *uint64 // steps, to which it adds

	// the question that is being answered
	facts    *eventFacts
	instance int
	class    eventClass
	lack     *lack // whose inputs no event of the feed has
	only     []int // inputs that the events lack; nil means those of their kind
	known    outcome.Known

	// of the instance, reusing memory
	ids     []uint32
	classes []eventClass
}

func newEventFolder(folder *outcome.Folder, work *uint64) *eventFolder {
	e := &eventFolder{folder: folder, work: work}
	// once, because each of these values is allocated
	e.known = outcome.Known{Missing: e.isMissing, Constant: e.value, Lost: e.isLost}
	return e
}

// blind reports whether an instance can match no event of a feed of a lack, although it could
// if the feed had all events, with all inputs that the lack has.
func (e *eventFolder) blind(x *eventFacts, instance int, l *lack) bool {
	if !e.begin(x, instance, l) {
		return false
	}
	for _, c := range e.classes {
		if !e.never(c, nil) {
			return false
		}
	}
	for range e.causes() {
		return true
	}
	return false
}

// begin computes the classes for an instance. It returns false if nothing is to be said about the
// instance.
//
//mutation:equivalent `if !word.IsReference()`: further event IDs give the same result
func (e *eventFolder) begin(x *eventFacts, instance int, l *lack) bool {
	e.facts, e.instance, e.lack = x, instance, l
	e.ids, e.classes = e.ids[:0], e.classes[:0]
	in := x.file.Instance(instance)
	for w := in.First; w < in.First+in.Count; w++ {
		word := x.file.Word(w)
		if !word.IsReference() {
			continue
		}
		for _, id := range x.named[word.Criterion()] {
			if i, there := slices.BinarySearch(e.ids, id); !there {
				e.ids = slices.Insert(e.ids, i, id)
			}
		}
		//mutation:missed: TestBlindByEventLimits detects it
		if len(e.ids) > maxNamed {
			return false
		}
	}
	//mutation:equivalent condition, `len(x.byID[id]) > 0`: the slow path gives the same result
	if x.only == nil && !slices.ContainsFunc(e.ids, func(id uint32) bool { return len(x.byID[id]) > 0 || e.isOff(id) }) {
		return false
	}
	// Other events than those that the rule names come first, because most rules that name no
	// event can match some of them.
	if x.only == nil {
		e.classes = append(e.classes, eventClass{kind: -1})
	} else {
		e.addOthers()
	}
	for _, id := range e.ids {
		if x.has(id) && !e.isOff(id) {
			e.addNamed(id)
		}
	}
	return true
}

// isOff reports whether hosts record no event of an ID.
func (e *eventFolder) isOff(id uint32) bool {
	_, off := slices.BinarySearch(e.lack.off, id)
	return off
}

// empty reports whether the definition says nothing about single events of the feed.
//
//mutation:missed width: no generated feed has 256 events and kinds
func (x *eventFacts) empty() bool { return len(x.feed.Events)+len(x.feed.Kinds) == 0 }

// listed reports whether the fields of all events of the feed can be known, so that the facts can
// matter to rules that name no event ID.
//
//mutation:equivalent `len(x.feed.Kinds) > 0`: the slow path gives the same result
func (x *eventFacts) listed() bool { return x.only != nil && len(x.feed.Kinds) > 0 }

// listed reports whether the facts about the events of the feeds can matter to rules that name
// no event ID: see [eventFacts.listed], or hosts record only some of the events of the feed.
func (l *lack) listed() bool {
	return l.events != nil && (l.events.listed() || l.events.only != nil && len(l.off) > 0)
}

// has reports whether the feed can have events of an ID.
func (x *eventFacts) has(id uint32) bool {
	if x.only == nil {
		return true
	}
	_, ok := slices.BinarySearch(x.only, id)
	return ok
}

// addOthers adds the classes of the events whose IDs the rule does not name and that hosts
// record, for a feed whose IDs are known.
func (e *eventFolder) addOthers() {
	x := e.facts
	named := func(id uint32) bool {
		_, ok := slices.BinarySearch(e.ids, id)
		return ok || e.isOff(id)
	}
	for i := range x.feed.Kinds {
		if slices.ContainsFunc(x.feed.Kinds[i].Events, func(id uint32) bool { return !named(id) }) {
			e.classes = append(e.classes, eventClass{kind: i})
		}
	}
	unknown := func(id uint32) bool { return !named(id) && (len(x.byID[id]) == 0 || x.hasOthers(id)) }
	if slices.ContainsFunc(x.only, unknown) {
		e.classes = append(e.classes, eventClass{kind: -1})
	}
}

// hasOthers reports whether events of an ID that has kinds can be of no kind: from a provider that
// has no kind for this ID.
//
//mutation:missed: TestBlindByEvent detects it
func (x *eventFacts) hasOthers(id uint32) bool {
	kinds := x.byID[id]
	return !x.feed.Complete && len(kinds) > 0 && x.feed.Kinds[kinds[0]].Provider != ""
}

// addNamed adds the classes of the events of an ID that the rule names.
func (e *eventFolder) addNamed(id uint32) {
	x := e.facts
	for _, k := range x.byID[id] {
		e.classes = append(e.classes, eventClass{id: id, named: true, kind: k})
	}
	if others := x.hasOthers(id); others || len(x.byID[id]) == 0 {
		e.classes = append(e.classes, eventClass{id: id, named: true, kind: -1, others: others})
	}
}

// never reports whether the instance can match no event of a class. Only are the inputs that the
// events lack, beside those that the whole feed lacks. Nil means those that their kind lacks.
func (e *eventFolder) never(c eventClass, only []int) bool {
	//mutation:missed: TestBlindByEventLimits detects it
	*e.work += stepsPerWord * uint64(e.facts.file.Instance(e.instance).Count)
	e.class, e.only = c, only
	return e.folder.Never(e.facts.file, e.instance, e.known)
}

// isLost reports whether a criterion is lost by a cut.
func (e *eventFolder) isLost(criterion int) bool { return e.lack.lost(criterion) }

// isMissing reports whether events of the class never have an input.
func (e *eventFolder) isMissing(input int) bool {
	switch {
	case e.lack.missing(input):
		return true
	case e.only != nil:
		return slices.Contains(e.only, input)
	}
	return e.class.kind >= 0 && e.facts.lacksOf(e.class.kind)[input]
}

// value returns the value of a criterion that is the same for all events of the class.
func (e *eventFolder) value(criterion int) (holds, ok bool) {
	x := e.facts
	if ids, ok := x.named[criterion]; ok {
		_, named := slices.BinarySearch(ids, e.class.id)
		return named && e.class.named, true
	}
	//mutation:missed: TestBlindByEvent detects it
	if c := x.file.Criterion(criterion); x.isProvider[c.Input] {
		return e.ofProvider(c)
	}
	return false, false
}

// ofProvider returns the value of a criterion on the provider that is the same for all events of
// the class.
//
//mutation:missed: TestBlindByEvent and TestBlindByEventMessages detect it
func (e *eventFolder) ofProvider(c channelfile.Criterion) (holds, ok bool) {
	x := e.facts
	if c.Operator != channelfile.OpEquals || c.Flags&(channelfile.FlagInputs|channelfile.FlagAll) != 0 {
		return false, false
	}
	switch {
	case e.class.others:
		// No provider of a kind writes these events.
		for name := range x.file.OperandValues(c) {
			if !slices.ContainsFunc(x.byID[e.class.id], func(k int) bool { return strings.EqualFold(x.feed.Kinds[k].Provider, string(name)) }) {
				return false, false
			}
		}
		return false, true
	case e.class.kind >= 0 && x.feed.Kinds[e.class.kind].Provider != "":
		for name := range x.file.OperandValues(c) {
			if strings.EqualFold(x.feed.Kinds[e.class.kind].Provider, string(name)) {
				// Recorded names can differ in case.
				return true, c.Flags&channelfile.FlagFold != 0
			}
		}
		return false, true
	}
	return false, false
}

// An eventCause is the reason why a rule that could match events of one class does not: the feed
// does not have them, or they lack inputs.
type eventCause struct {
	class  eventClass
	inputs []int // inputs that the events lack; nil means that the feed has no such events
	off    bool  // whether the feed has the events, and hosts do not record them
}

// causes returns the causes of the instance for which [eventFolder.blind] is true. There is one for
// each class whose events the rule could match if the feed had them, with all inputs. Events that
// the feed does not have, and that the rule does not name, are a cause only if there is no other.
func (e *eventFolder) causes() iter.Seq[eventCause] {
	return func(yield func(eventCause) bool) {
		found := false
		for _, id := range e.ids {
			has := e.facts.has(id)
			if c := (eventClass{id: id, named: true, kind: -1}); (!has || e.isOff(id)) && e.could(c) {
				found = true
				if !yield(eventCause{class: c, off: has}) {
					return
				}
			}
		}
		for _, c := range e.classes {
			if e.could(c) {
				found = true
				if !yield(eventCause{class: c, inputs: e.enough(c)}) {
					return
				}
			}
		}
		off := len(e.lack.off) > 0
		if c := (eventClass{kind: -1}); (!found || off) && e.facts.only != nil && e.could(c) {
			yield(eventCause{class: c, off: off})
		}
	}
}

// could reports whether the instance could match events of a class if they had every input that the
// feed has.
func (e *eventFolder) could(c eventClass) bool { return !e.never(c, []int{}) }

// enough returns inputs which the events of a class lack, and without which the rule does not match
// them: one input if possible.
func (e *eventFolder) enough(c eventClass) []int {
	x := e.facts
	var inputs []int
	in := x.file.Instance(e.instance)
	for w := in.First; w < in.First+in.Count; w++ {
		word := x.file.Word(w)
		if !word.IsReference() {
			continue
		}
		for input := range inputsOf(x.file, x.file.Criterion(word.Criterion())) {
			if x.lacksOf(c.kind)[input] && !slices.Contains(inputs, input) && len(inputs) < maxTried {
				inputs = append(inputs, input)
			}
		}
	}
	for _, input := range inputs {
		if e.never(c, []int{input}) {
			return []int{input}
		}
	}
	// Remove inputs that need not be missing, the last one first.
	for i := len(inputs) - 1; i >= 0; i-- {
		if fewer := slices.Delete(slices.Clone(inputs), i, i+1); e.never(c, fewer) {
			inputs = fewer
		}
	}
	return inputs
}
