package contract

import (
	"encoding/binary"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/validate"
)

// hostOutcome returns the outcome of a rule on a host, for its outcomes on each feed of
// the host. The package comment defines it.
func hostOutcome(feeds []outcome.Outcome) outcome.Outcome {
	worst := outcome.Unaffected
	for _, o := range feeds {
		switch o {
		case outcome.Unaffected:
			return outcome.Unaffected
		case outcome.Blind:
		default:
			worst = max(worst, o)
		}
	}
	if worst == outcome.Unaffected {
		return outcome.Blind
	}
	return worst
}

// A lack is a set of feeds that lack the same inputs of those that the content reads,
// and that belong to one kind of host.
type lack struct {
	kind   int         // index in impacts.kinds
	inputs []int       // inputs that are not supplied to a named reader, ascending
	lacks  []bool      // by input
	unsure []int       // inputs whose supply is not certain, ascending
	events *eventFacts // nil if nothing is known about single events of the feeds
	forms  *formFacts  // nil if nothing is known about the forms of the values of the feeds
	values []int       // inputs for which forms counts, ascending
	formed []bool      // by input: whether it is in values
	stated *valueFacts // nil if the contract states nothing about values
	off    []uint32    // IDs of events that hosts do not record; only with events
	feeds  []feed
	// inputs and unsure, as sets
	mask, unsureMask uint64
	asked            question
}

// A question is about the inputs that are kept; nil means all inputs. Its functions are those of a
// lack. They are made once, since there is a question for each instance.
type question struct {
	file          *channelfile.File
	kept          func(input int) bool
	missing, lost func(index int) bool
}

func (l *lack) missing(index int) bool { return l.lacks[index] }

// complete reports whether the feeds are known to supply all inputs that the content reads.
//
//mutation:equivalent: only report texts depend on it
func (l *lack) complete() bool { return len(l.inputs)+len(l.unsure) == 0 }

// A hostKind is a set of hosts whose feeds have the same lacks. At least one feed lacks an
// input, has events that do, or has known values.
type hostKind struct {
	cohorts  []*validate.Cohort
	from, to int    // the lacks are impacts.lacks[from:to]
	mask     uint64 // inputs that some feed lacks, as a set
	forms    bool   // whether there are facts about the values of some feed
	events   bool   // whether there are facts about events of some feed
	listed   bool   // whether all events of some feed are known; see eventFacts.listed
	stated   bool   // whether the contract states something about the values of some feed
	// criteria that have the same result in all events of all feeds, with their results
	constants map[int]bool
}

// impacts are the effects on the content of the inputs that named builds do not supply.
type impacts struct {
	lacks []*lack
	kinds []hostKind
	facts map[*sensor.Feed]*eventFacts // of the definition's feeds

	formJudge *formJudge             // nil if there are no forms
	forms     map[formKey]*formFacts // nil if nothing is stated

	valueFacts map[string]*valueFacts // what contracts state about values, by key
	// by input: the criteria that compare it with operands; nil until needed
	readers [][]int
	reach   *sensor.Reach // nil until needed

	// The fields below are set only if the subject is a file and kinds is not empty.
	reads []uint64 // by criterion: the set of inputs that it reads and some feed lacks
	// by criterion: whether it names event IDs of some feed about whose events there are facts
	namesIDs []bool
	dead     []bool  // by criterion: whether it is dead on some feed, by the forms of values
	onValues []bool  // by criterion: whether a contract states something about its values
	checks   []asked // by instance
	spent    bool    // whether the budget ended before all instances were examined
}

// asked is a set of checks that report an instance: a bit for each outcome of a host. The
// bit of Unaffected is set if the outcome on a feed differs from the outcome on its host.
type asked uint8

func (a asked) has(o outcome.Outcome) bool { return a>>o&1 != 0 }

// A set of inputs that some feed lacks has 64 bits. The last bit stands for all inputs
// that have no bit of their own.
const othersBit = 1 << 63

// impactsOf computes the impacts of a fleet. Many builds lack the same inputs, and the
// outcome of a rule is computed once for all of them.
var impactsOf = validate.OfFleet(func(p *validate.Pass) *impacts {
	im := new(impacts)
	im.group(p)
	if len(im.kinds) == 0 || p.File == nil || im.spent {
		return im
	}
	im.mask(p)
	im.checks = make([]asked, p.File.Instances())
	//mutation:missed: TestBudget or budget.txtar detects it
	if !im.markDead(p) {
		im.spent = true
		return im
	}
	e := newEvaluator(p, im)
	for i := range im.checks {
		im.checks[i] = e.evaluate(i)
		//mutation:missed condition: TestBudget or budget.txtar detects it
		//mutation:equivalent comparison: only the message about a spent budget depends on it
		if e.work > 0 && !p.Spend(e.work) {
			im.spent = true
			break
		}
		e.work = 0
	}
	return im
})

// group computes the kinds of hosts and their lacks.
//
//mutation:equivalent `if ok`, `if !lacking`: the slow path gives the same result
//mutation:equivalent width: the value is always below 256
func (im *impacts) group(p *validate.Pass) {
	same := map[string]int{} // index in im.kinds, by the lacks
	for all := feeds(p); len(all) > 0; {
		n := 1
		for n < len(all) && all[n].cohort == all[0].cohort {
			n++
		}
		host := collected(all[:n])
		all = all[n:]
		if len(host) == 0 {
			continue // eventsCollected reports the host
		}
		lacks, lacking := im.lacksOf(p, host)
		if !lacking {
			continue
		}
		var key []byte
		for _, l := range lacks {
			key = l.appendKey(key)
		}
		k, ok := same[string(key)]
		if ok {
			for i, l := range im.lacks[im.kinds[k].from:im.kinds[k].to] {
				l.feeds = append(l.feeds, lacks[i].feeds...)
			}
		} else {
			k = len(im.kinds)
			same[string(key)] = k
			im.kinds = append(im.kinds, hostKind{from: len(im.lacks), to: len(im.lacks) + len(lacks)})
			for _, l := range lacks {
				l.kind = k
				im.kinds[k].events = im.kinds[k].events || l.events != nil
				im.kinds[k].listed = im.kinds[k].listed || l.listed()
				im.kinds[k].forms = im.kinds[k].forms || l.forms != nil
				im.kinds[k].stated = im.kinds[k].stated || l.stated != nil
			}
			im.kinds[k].constants = hostConstants(lacks)
			im.lacks = append(im.lacks, lacks...)
		}
		im.kinds[k].cohorts = append(im.kinds[k].cohorts, host[0].cohort)
	}
}

// collected returns the feeds of a host whose events the host may record.
func collected(host []feed) []feed {
	isNot := func(f feed) bool { return !f.collected() }
	//mutation:equivalent condition: the slow path gives the same result
	if !slices.ContainsFunc(host, isNot) {
		return host
	}
	return slices.DeleteFunc(slices.Clone(host), isNot)
}

// lacksOf returns the lacks of the feeds of a host. It reports whether some feed lacks an
// input, or whether there are facts about its events or values. A positional reader does not
// treat a missing input as absent, so other checks report it.
//
//mutation:equivalent `len(l.inputs) > 0`: the slow path gives the same result
//mutation:equivalent `if i >= 0`, `i >= 0`: the slow path gives the same result
//mutation:equivalent `if !state.Certain()`: only report texts depend on it
func (im *impacts) lacksOf(p *validate.Pass, host []feed) (lacks []*lack, lacking bool) {
	for _, f := range host {
		l := &lack{feeds: []feed{f}}
		for i := range p.Needs.Inputs {
			index := p.Needs.Inputs[i].Index
			switch state := f.input(p, index).State; {
			case f.positional():
			case state == sensor.StateNotSupplied:
				l.inputs = append(l.inputs, index)
			case !state.Certain():
				l.unsure = append(l.unsure, index)
			}
		}
		l.events, l.off = im.factsOf(p, f)
		l.forms, l.values = im.formsOf(p, f)
		l.stated = im.valuesOf(p, f)
		lacking = lacking || len(l.inputs) > 0 || l.events != nil || l.forms != nil || l.stated != nil
		i := slices.IndexFunc(lacks, func(o *lack) bool {
			return slices.Equal(o.inputs, l.inputs) && slices.Equal(o.unsure, l.unsure) && o.events == l.events && slices.Equal(o.off, l.off) &&
				o.forms == l.forms && slices.Equal(o.values, l.values) && o.stated == l.stated
		})
		if i >= 0 {
			lacks[i].feeds = append(lacks[i].feeds, f)
			continue
		}
		l.lacks = make([]bool, len(p.Definition.Inputs))
		for _, index := range l.inputs {
			l.lacks[index] = true
		}
		//mutation:missed: the tests of forms detect it
		if l.forms != nil {
			l.formed = make([]bool, len(p.Definition.Inputs))
			for _, index := range l.values {
				l.formed[index] = true
			}
		}
		lacks = append(lacks, l)
	}
	return lacks, lacking
}

// factsOf returns the facts about single events of a feed, or nil, and the events that hosts do
// not record. Facts are about the events that the source records. So they do not count if the
// build sets an input itself, or may pass another event ID or provider than the recorded one. A
// positional reader takes another value for an input that its array lacks or has in another place.
func (im *impacts) factsOf(p *validate.Pass, f feed) (x *eventFacts, off []uint32) {
	of := p.Definition.Feed(f.supply.Feed)
	if p.File == nil || of == nil {
		return nil, nil
	}
	x, known := im.facts[of]
	if !known {
		x = newEventFacts(p.File, p.Definition, of)
		if im.facts == nil {
			im.facts = map[*sensor.Feed]*eventFacts{}
		}
		im.facts[of] = x
	}
	if f.supply.Collected.Events == sensor.CollectedSome && (len(x.named) > 0 || x.only != nil) {
		off = f.supply.Collected.Off
	}
	//mutation:equivalent condition: the slow path gives the same result
	if x.empty() && len(off) == 0 {
		return nil, nil
	}
	for i := range p.Needs.Inputs {
		index := p.Needs.Inputs[i].Index
		in := f.input(p, index)
		if f.positional() && (in.State == sensor.StateNotSupplied || in.Name != p.Definition.Inputs[index].Name) {
			return nil, nil
		}
		recorded := in.State == sensor.StateNotSupplied || in.State == sensor.StateSupplied && in.Type == p.Definition.Inputs[index].Type && in.CutAt == 0
		if in.State == sensor.StateConstant || (x.isID[index] || x.isProvider[index]) && !recorded {
			return nil, nil
		}
	}
	return x, off
}

// appendKey appends the inputs of a lack to a key. Different lacks have different keys.
//
//mutation:equivalent: the value is always below 256
func (l *lack) appendKey(key []byte) []byte {
	for _, list := range [][]int{l.inputs, l.unsure, l.values} {
		key = binary.AppendUvarint(key, uint64(len(list)))
		for _, index := range list {
			key = binary.AppendUvarint(key, uint64(index))
		}
	}
	feed := "" // no feed of a definition has this name
	switch {
	case l.events != nil:
		feed = l.events.feed.Name
	case l.forms != nil:
		feed = l.forms.feed.Name
	}
	key = append(key, byte(boolCompare(l.events != nil, false)))
	key = binary.AppendUvarint(key, uint64(len(feed)))
	key = append(key, feed...)
	key = binary.AppendUvarint(key, uint64(len(l.off)))
	for _, id := range l.off {
		key = binary.AppendUvarint(key, uint64(id))
	}
	hashes := ""
	if l.forms != nil {
		hashes = l.forms.hashes
	}
	key = binary.AppendUvarint(key, uint64(len(hashes)))
	key = append(key, hashes...)
	stated := ""
	if l.stated != nil {
		stated = l.stated.key
	}
	key = binary.AppendUvarint(key, uint64(len(stated)))
	return append(key, stated...)
}

// mask gives each input that some feed lacks, or may lack, a bit in the sets, and computes
// the set of each criterion.
func (im *impacts) mask(p *validate.Pass) {
	bits := make([]uint64, len(p.Definition.Inputs))
	n := 0
	set := func(inputs []int) (mask uint64) {
		for _, index := range inputs {
			if bits[index] == 0 {
				bits[index] = 1 << min(n, 63)
				n++
			}
			mask |= bits[index]
		}
		return mask
	}
	for _, l := range im.lacks {
		l.mask = set(l.inputs)
		im.kinds[l.kind].mask |= l.mask
	}
	for _, l := range im.lacks {
		l.unsureMask = set(l.unsure)
	}
	im.reads = make([]uint64, p.File.Criteria())
	for i := range im.reads {
		for input := range inputsOf(p.File, p.File.Criterion(i)) {
			im.reads[i] |= bits[input]
		}
	}
	im.namesIDs, im.onValues = make([]bool, p.File.Criteria()), make([]bool, p.File.Criteria())
	for _, l := range im.lacks {
		if l.stated != nil {
			for i := range l.stated.truths {
				im.onValues[i] = true
			}
			for i := range l.stated.lost {
				im.onValues[i] = true
			}
		}
		if l.events != nil {
			for i := range l.events.named {
				im.namesIDs[i] = true
			}
		}
	}
}

// An evaluator computes the outcomes of one instance after the other.
type evaluator struct {
	pass *validate.Pass
	*impacts
	folder outcome.Folder
	events *eventFolder
	values *valueFolder
	work   uint64 // steps since the caller last set it to 0

	// Results for the instance. They reuse their memory.
	read     uint64            // inputs that it reads and some feed lacks, as a set
	names    bool              // whether it names event IDs of some feed
	formed   bool              // whether it has a criterion that is dead on some feed
	valued   bool              // whether statements about the values of some feed concern it
	affected []int             // kinds of hosts on which some feed can be affected
	feeds    []outcome.Outcome // by lack; valid only for the affected kinds
	known    []folded
	at       []int // by lack: index in known; -1 means that no input of read is missing
}

// A folded is the outcome of the instance without a set of inputs.
type folded struct {
	missing uint64      // set of inputs
	events  *eventFacts // nil if they do not matter to the instance
	off     []uint32    // events that hosts do not record
	forms   *formFacts  // nil if they do not matter to the instance
	values  []int       // inputs for which forms counts
	stated  *valueFacts // nil if they do not matter to the instance
	outcome outcome.Outcome
	byEvent bool // whether the instance is blind only because of the facts about events
	byForm  bool // whether the instance has the outcome only because of the forms of values
	every   bool // whether all dead words count; see foldForms
	byValue bool // whether it has the outcome only because of the values of constant inputs
	host    int  // index of the kind of hosts plus one if the outcome is for one kind only; else 0
}

// sameFacts reports whether two outcomes are for the same facts about the events of a feed.
func (k *folded) sameFacts(o *folded) bool {
	return k.events == o.events && slices.Equal(k.off, o.off) && k.forms == o.forms && slices.Equal(k.values, o.values) && k.stated == o.stated && k.host == o.host
}

func newEvaluator(p *validate.Pass, im *impacts) *evaluator {
	e := &evaluator{pass: p, impacts: im, feeds: make([]outcome.Outcome, len(im.lacks)), at: make([]int, len(im.lacks))}
	e.events = newEventFolder(&e.folder, &e.work)
	e.values = &valueFolder{folder: &e.folder, work: &e.work, file: p.File, at: make([]int, len(p.Definition.Inputs))}
	return e
}

// evaluate computes the outcomes of an instance, and returns the checks that report it.
func (e *evaluator) evaluate(instance int) (checks asked) {
	e.read, e.names, e.formed, e.valued, e.affected, e.known = 0, false, false, false, e.affected[:0], e.known[:0]
	in := e.pass.File.Instance(instance)
	for w := in.First; w < in.First+in.Count; w++ {
		if word := e.pass.File.Word(w); word.IsReference() {
			e.read |= e.reads[word.Criterion()]
			e.names = e.names || e.namesIDs[word.Criterion()]
			e.formed = e.formed || e.dead[word.Criterion()]
			e.valued = e.valued || e.onValues[word.Criterion()]
		}
	}
	for k := range e.kinds {
		kind := &e.kinds[k]
		//mutation:equivalent condition: the slow path gives the same result
		if e.read&kind.mask == 0 && !(kind.listed || kind.events && e.names || kind.forms && e.formed || kind.stated && e.valued) {
			continue
		}
		e.affected = append(e.affected, k)
		for i := kind.from; i < kind.to; i++ {
			e.evaluateAt(instance, i)
		}
		feeds := e.feeds[kind.from:kind.to]
		host := hostOutcome(feeds)
		if host == outcome.Unaffected && e.weakened(instance, k) {
			host = outcome.Weakened
		}
		for _, o := range feeds {
			switch {
			//mutation:equivalent condition: the slow path gives the same result
			case o == outcome.Unaffected:
			case o == host:
				checks |= 1 << o
			default:
				checks |= 1 << outcome.Unaffected
			}
		}
	}
	return checks
}

// evaluateAt computes the outcome of an instance at lack i.
func (e *evaluator) evaluateAt(instance, i int) {
	l := e.lacks[i]
	missing, events := e.read&l.mask, l.events
	//mutation:equivalent condition: the slow path gives the same result
	if events != nil && !e.names && !l.listed() {
		events = nil
	}
	forms, values := l.forms, l.values
	//mutation:equivalent condition: the slow path gives the same result
	if !e.formed {
		forms, values = nil, nil
	}
	e.feeds[i], e.at[i] = outcome.Unaffected, -1
	stated := l.stated
	//mutation:equivalent condition: the slow path gives the same result
	if !e.valued {
		stated = nil
	}
	//mutation:equivalent condition: the slow path gives the same result
	if missing == 0 && events == nil && forms == nil && stated == nil {
		return
	}
	// The outcome is the same for feeds that lack the same inputs of those that the
	// instance reads.
	of := folded{missing: missing, events: events, off: l.off, forms: forms, values: values, stated: stated}
	k := slices.IndexFunc(e.known, func(k folded) bool {
		//mutation:equivalent `missing&othersBit == 0`: the slow path gives the same result
		return k.missing == missing && missing&othersBit == 0 && k.sameFacts(&of)
	})
	//mutation:equivalent comparison: the slow path gives the same result
	if k < 0 {
		k = len(e.known)
		e.known = append(e.known, e.outcomeAt(instance, l, of))
	}
	e.feeds[i], e.at[i] = e.known[k].outcome, k
}

// outcomeAt computes the outcome of an instance at a lack.
func (e *evaluator) outcomeAt(instance int, l *lack, k folded) folded {
	//mutation:equivalent condition: the slow path gives the same result
	if k.missing != 0 || k.stated != nil && len(k.stated.lost) > 0 {
		k.outcome = e.fold(instance, l.known(e.pass.File, nil))
	}
	if k.events != nil && k.outcome != outcome.Blind && e.events.blind(k.events, instance, l) {
		k.outcome, k.byEvent = outcome.Blind, true
	}
	if k.stated != nil && k.outcome != outcome.Blind && e.values.blind(instance, l) {
		k.outcome, k.byValue = outcome.Blind, true
	}
	//mutation:missed: the tests of forms detect it
	if k.forms != nil && k.outcome != outcome.Blind {
		if o, every := e.foldForms(instance, l); o > k.outcome {
			k.outcome, k.byForm, k.every = o, true, every
		}
	}
	return k
}

// fold returns the outcome of an instance for events of which k is known.
func (e *evaluator) fold(instance int, k outcome.Known) outcome.Outcome {
	//mutation:missed: TestBudget or budget.txtar detects it
	e.work += stepsPerWord * uint64(e.pass.File.Instance(instance).Count)
	return e.folder.Fold(e.pass.File, instance, k)
}

// weakened reports whether an instance loses an alternative on a kind of hosts because of
// constant inputs of all feeds. If so, the feeds on which the instance is unaffected are
// weakened too.
func (e *evaluator) weakened(instance, kind int) bool {
	k := &e.kinds[kind]
	if k.constants == nil || !e.valued || e.fold(instance, outcome.Known{Constant: k.constant(nil)}) != outcome.Weakened {
		return false
	}
	for i := k.from; i < k.to; i++ {
		if e.feeds[i] == outcome.Unaffected {
			e.feeds[i], e.at[i] = outcome.Weakened, len(e.known)
			e.known = append(e.known, folded{outcome: outcome.Weakened, byValue: true, host: kind + 1})
		}
	}
	return true
}

// constant returns a function for [outcome.Known.Constant]: the results of criteria that are
// the same in all events of the hosts. Only criteria for which kept is true count; nil means
// all.
func (k *hostKind) constant(kept func(criterion int) bool) func(criterion int) (holds, ok bool) {
	return func(criterion int) (holds, ok bool) {
		if holds, ok = k.constants[criterion]; ok && kept != nil {
			ok = kept(criterion)
		}
		return holds, ok
	}
}

// host returns the outcome of the instance on an affected kind of host.
func (e *evaluator) host(kind int) outcome.Outcome {
	return hostOutcome(e.feeds[e.kinds[kind].from:e.kinds[kind].to])
}

// harmless reports whether the instance is known to be unaffected at lack i of an affected
// kind. It is not known if the instance reads an input whose supply is not certain.
//
//mutation:equivalent: only report texts depend on it
func (e *evaluator) harmless(i int) bool {
	return e.feeds[i] == outcome.Unaffected && e.read&e.lacks[i].unsureMask == 0
}
