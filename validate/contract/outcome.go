package contract

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/validate"
)

// An outcomeReport has the texts of a check that reports one outcome of rules.
type outcomeReport struct {
	outcome outcome.Outcome
	// Formats of the messages for one rule and for several. The arguments are the
	// rules, the events, and the input that the events do not have.
	one, several string
	fix          string
	// texts for rules that ask for an absent input; nil means the same texts
	absent *outcomeReport
}

// run reports each instance that has the outcome on the events of some feed because
// its named build never supplies an input that the instance reads. It makes one finding
// for each input that causes the outcome.
//
//mutation:equivalent `if len(lacks) == 0`, `len(r.faults) > 0`: the slow path gives the same result
func (o outcomeReport) run(p *validate.Pass) {
	lacks := lacksOf.Get(p)
	if len(lacks) == 0 {
		return
	}
	if p.File == nil {
		// Needs have no conditions, so the outcome of the rules is unknown.
		// Report the worst outcome, once.
		if o.outcome == outcome.Blind {
			reportLacking(p, lacks, o.fix)
		}
		return
	}
	r := &outcomeReporter{outcomeReport: o, pass: p, lacks: lacks, groups: map[string]*outcomeGroup{}, who: map[string]*lackers{}}
	r.mask()
	for i := range p.File.Instances() {
		if r.find(i); len(r.faults) > 0 {
			r.report(i)
		}
		//mutation:missed condition: TestBudget or budget.txtar detects it
		//mutation:equivalent comparison: only the message about a spent budget depends on it
		if r.work > 0 && !p.Spend(r.work) {
			return
		}
		r.work = 0
	}
}

// stepsPerWord is the charge for folding a condition, for each of its words, in steps
// of the run's budget.
const stepsPerWord = 4

// maxGrouped is the largest number of findings that are put into groups. Published sets
// of rules have fewer. More findings, which only hostile files have, are counted without
// a search for their causes.
const maxGrouped = 20_000

// An outcomeReporter runs one check. Its fields that are marked as "of the instance"
// are reset for each instance and reuse their memory.
type outcomeReporter struct {
	outcomeReport
	pass   *validate.Pass
	lacks  []*lack
	folder outcome.Folder
	work   uint64 // steps for the instance

	reads  []uint64      // by criterion: the set of inputs that it reads and some feed lacks
	known  []folded      // of the instance
	alone  map[int]cause // of the instance: by single missing input; word -1 means no effect
	faults []fault       // of the instance
	list   []cause       // of the instance: the causes of known
	inputs missingInputs // of the instance and one lack
	kept   []int         // of the instance and one lack: inputs that are examined together
	key    []byte
	groups map[string]*outcomeGroup
	who    map[string]*lackers // by key of lacks
}

// A set of inputs that some feed lacks has 64 bits. The last bit stands for all inputs
// that have no bit of their own.
const othersBit = 1 << 63

// A folded is the outcome of an instance without a set of inputs.
type folded struct {
	missing uint64 // set of inputs
	bad     bool   // whether the instance has the outcome of the check
	from    int    // the causes are list[from:to]
	to      int
}

// A cause is a missing input that gives an instance the outcome of the check.
type cause struct {
	input int
	word  int // reads the input
	// whether the word asks for the input to be absent
	absent bool
	// other missing inputs without which this one is not sufficient; more is true if
	// the list is not complete
	with []int
	more bool
}

// compare orders causes by their words.
//
//mutation:equivalent: only report texts depend on it
func (c *cause) compare(o *cause) int {
	more := 0
	switch {
	case c.more && !o.more:
		more = 1
	case !c.more && o.more:
		more = -1
	}
	return cmp.Or(cmp.Compare(c.word, o.word), cmp.Compare(c.input, o.input), slices.Compare(c.with, o.with), more)
}

// A fault is a cause for the feeds of a lack.
type fault struct {
	lack int // index in outcomeReporter.lacks
	cause
}

// An outcomeGroup is the findings about one input and the feeds that lack it.
type outcomeGroup struct {
	*validate.FindingGroup
	events  string
	details []string
	builds  []validate.Build
	fix     string
	says    *outcomeReport
	joint   int // number of findings whose cause is not sufficient alone
}

// mask gives each input that some feed lacks a bit in the sets, and computes the set of
// each criterion.
func (r *outcomeReporter) mask() {
	f, bits := r.pass.File, make([]uint64, len(r.pass.Definition.Inputs))
	n := 0
	for _, l := range r.lacks {
		for _, index := range l.inputs {
			if bits[index] == 0 {
				bits[index] = 1 << min(n, 63)
				n++
			}
			l.mask |= bits[index]
		}
	}
	r.reads = make([]uint64, f.Criteria())
	for i := range r.reads {
		for input := range inputsOf(f, f.Criterion(i)) {
			r.reads[i] |= bits[input]
		}
	}
}

// find computes the faults of an instance.
func (r *outcomeReporter) find(instance int) {
	r.known, r.faults = r.known[:0], r.faults[:0]
	r.list = r.list[:0]
	clear(r.alone)
	in := r.pass.File.Instance(instance)
	var reads uint64
	for w := in.First; w < in.First+in.Count; w++ {
		if word := r.pass.File.Word(w); word.IsReference() {
			reads |= r.reads[word.Criterion()]
		}
	}
	//mutation:equivalent condition: the slow path gives the same result
	if reads == 0 {
		return
	}
	for k, l := range r.lacks {
		missing := reads & l.mask
		//mutation:equivalent condition: the slow path gives the same result
		if missing == 0 {
			continue
		}
		// The outcome is the same for feeds that lack the same inputs of those
		// that the instance reads.
		//mutation:equivalent `missing&othersBit == 0`: the slow path gives the same result
		i := slices.IndexFunc(r.known, func(k folded) bool { return k.missing == missing && missing&othersBit == 0 })
		//mutation:equivalent comparison: the slow path gives the same result
		if i < 0 {
			i = len(r.known)
			r.known = append(r.known, r.fold(instance, l, missing))
		}
		known := &r.known[i]
		for _, c := range r.list[known.from:known.to] {
			r.faults = append(r.faults, fault{k, c})
		}
		//mutation:missed condition: the tests of contract detect it
		if known.bad && known.from == known.to {
			r.faults = append(r.faults, fault{lack: k}) // without a cause: it is only counted
		}
	}
}

// becomes reports whether an instance has the outcome without the missing inputs.
func (r *outcomeReporter) becomes(instance int, missing func(int) bool) bool {
	//mutation:missed: TestBudget or budget.txtar detects it
	r.work += stepsPerWord * uint64(r.pass.File.Instance(instance).Count)
	return r.folder.Fold(r.pass.File, instance, missing) == r.outcome
}

// fold computes the outcome of an instance for a lack, and its causes.
func (r *outcomeReporter) fold(instance int, l *lack, missing uint64) folded {
	k := folded{missing: missing, bad: r.becomes(instance, l.missing)}
	if k.bad && !r.counted() {
		k.from = len(r.list)
		r.addCauses(instance, l)
		k.to = len(r.list)
	}
	return k
}

// counted reports whether further findings are only counted.
//
//mutation:missed: the tests of contract detect it
func (r *outcomeReporter) counted() bool { return r.pass.Full() && r.pass.Found() >= maxGrouped }

// report reports the faults of an instance, one finding for each input that causes
// them.
func (r *outcomeReporter) report(instance int) {
	//mutation:missed: the tests of contract detect it
	if r.counted() {
		r.pass.ReportMore(1)
		return
	}
	slices.SortStableFunc(r.faults, func(a, b fault) int {
		return a.compare(&b.cause)
	})
	for faults := r.faults; len(faults) > 0; {
		c := faults[0].cause
		n := 1
		for n < len(faults) && faults[n].compare(&c) == 0 {
			n++
		}
		g := r.group(faults[:n])
		//mutation:equivalent: only report texts depend on it
		if len(c.with) > 0 || c.more {
			g.joint++
		}
		g.Report(func() validate.Finding {
			where, in := r.pass.LocateWord(instance, c.word, c.input)
			return validate.Finding{
				Where: where, Instance: in, Input: r.pass.InputAt(c.input), Builds: g.builds,
				Message: fmt.Sprintf(g.says.one, rule(in), g.events, ofType(r.pass, c.input)) + r.besides(&c),
				Details: g.details, Fix: g.fix,
			}
		})
		faults = faults[n:]
	}
}

// besides returns the part of a message that names the other missing inputs of a cause,
// or "" if the cause is sufficient alone.
//
//mutation:equivalent: only report texts depend on it
func (r *outcomeReporter) besides(c *cause) string {
	var names []string
	for _, index := range c.with {
		names = append(names, r.pass.Definition.Inputs[index].Name)
	}
	others := list(names, "fields")
	switch {
	case c.more && len(names) > 0:
		others += ", and others,"
	case c.more:
		others = "others"
	case len(names) == 0:
		return ""
	}
	return fmt.Sprintf("; this alone is not the cause: they do not have %s either", others)
}

// Lackers are the feeds of some lacks. Many inputs have the same lackers.
type lackers struct {
	feeds  []feed
	events string
	builds []validate.Build
}

// lackersOf returns the feeds of the lacks of faults. Key encodes the lacks.
func (r *outcomeReporter) lackersOf(faults []fault, key []byte) *lackers {
	who := r.who[string(key)]
	if who == nil {
		who = new(lackers)
		for _, f := range faults {
			who.feeds = append(who.feeds, r.lacks[f.lack].feeds...)
		}
		who.events, who.builds = eventsOf(who.feeds), builds(cohortsOf(who.feeds))
		r.who[string(key)] = who
	}
	return who
}

// group returns the group of findings for the cause and the lacks of faults.
//
//mutation:equivalent: only report texts depend on it
func (r *outcomeReporter) group(faults []fault) *outcomeGroup {
	index, says, of := faults[0].input, &r.outcomeReport, ""
	r.key = append(r.key[:0], 0)
	if faults[0].absent && r.absent != nil {
		says, of = r.absent, "absent "
		r.key[0] = 1
	}
	r.key = binary.AppendUvarint(r.key, uint64(index))
	lacks := len(r.key)
	for _, f := range faults {
		r.key = binary.AppendUvarint(r.key, uint64(f.lack))
	}
	if g := r.groups[string(r.key)]; g != nil {
		return g
	}
	p, who := r.pass, r.lackersOf(faults, r.key[lacks:])
	g := &outcomeGroup{events: who.events, details: lacking(p, index, who.feeds), builds: who.builds, fix: says.fix, says: says}
	if of == "" {
		// A rule that asks for an absent input needs no other input.
		g.fix = instead(p, index, g.fix)
	}
	key := fmt.Sprintf("%s input %04d %s%s", p.Check.ID, index, of, strings.Join(g.details, "\n"))
	g.FindingGroup = p.FindingGroup(key, func(found int) validate.Summary {
		details := slices.Clone(g.details)
		if need := p.Needs.Input(index); need != nil && need.Instances > found {
			details = append(details, fmt.Sprintf("%s read it", rulesOf(p, need.Instances)))
		}
		if g.joint > 0 {
			details = append(details, fmt.Sprintf("%s have this outcome only because the events lack other fields too", rulesOf(p, g.joint)))
		}
		rules := rulesOf(p, found)
		if p.Found() > maxGrouped {
			rules = "at least " + rules
		}
		return validate.Summary{
			Input: p.InputAt(index), Builds: g.builds,
			Message: fmt.Sprintf(says.several, rules, g.events, ofType(p, index)),
			Details: details, Fix: g.fix,
		}
	})
	r.groups[string(r.key)] = g
	return g
}

// ofType names an input and its type.
func ofType(p *validate.Pass, index int) string {
	return fmt.Sprintf("%s, of type %s", field(p, index), p.Definition.Name)
}

// A lack is a set of feeds of named builds that lack the same inputs of those that the
// content reads.
type lack struct {
	inputs []int  // ascending
	lacks  []bool // by input
	feeds  []feed
	mask   uint64 // inputs, as a set
}

func (l *lack) missing(index int) bool { return l.lacks[index] }

// lacksOf computes the lacks of a fleet. Many builds lack the same inputs, and the
// outcome of a rule is computed once for all of them.
//
//mutation:equivalent `if len(inputs) == 0`, `if ok`: the slow path gives the same result
var lacksOf = validate.OfFleet(func(p *validate.Pass) []*lack {
	var list []*lack
	var same map[string]int // index in list, by inputs
	for _, f := range feeds(p) {
		if f.positional() {
			continue
		}
		var inputs []int
		for i := range p.Needs.Inputs {
			if index := p.Needs.Inputs[i].Index; f.input(p, index).State == sensor.StateNotSupplied {
				inputs = append(inputs, index)
			}
		}
		if len(inputs) == 0 {
			continue
		}
		key := fmt.Sprint(inputs)
		if i, ok := same[key]; ok {
			list[i].feeds = append(list[i].feeds, f)
			continue
		}
		if same == nil {
			same = map[string]int{}
		}
		same[key] = len(list)
		l := &lack{inputs: inputs, lacks: make([]bool, len(p.Definition.Inputs)), feeds: []feed{f}}
		for _, index := range inputs {
			l.lacks[index] = true
		}
		list = append(list, l)
	}
	return list
})

// The search for the causes of a finding is limited, so that a rule which reads a
// thousand inputs does not cost a thousand times as much.
const (
	maxTried = 16 // inputs of a rule that are examined
	maxWords = 4  // words that read one of these inputs
)

// missingInputs are the missing inputs that an instance reads: the first maxTried, in
// the order of the words.
type missingInputs struct {
	inputs []int
	uses   map[int]uint16 // by criterion: the set of inputs that it reads
	more   bool           // whether the instance reads further missing inputs
}

// read computes the missing inputs that an instance reads.
//
//mutation:equivalent `if known`, `i < 0`: the slow path gives the same result
func (r *outcomeReporter) read(instance int, l *lack) *missingInputs {
	f := r.pass.File
	m := &r.inputs
	if m.uses == nil {
		m.uses = map[int]uint16{}
	}
	clear(m.uses)
	m.inputs, m.more = m.inputs[:0], false
	in := f.Instance(instance)
	for w := in.First; w < in.First+in.Count; w++ {
		word := f.Word(w)
		if !word.IsReference() || r.reads[word.Criterion()]&l.mask == 0 {
			continue
		}
		// Many words can refer to a criterion that reads many inputs, so look at it once.
		if _, known := m.uses[word.Criterion()]; known {
			continue
		}
		var uses uint16
		for input := range inputsOf(f, f.Criterion(word.Criterion())) {
			if !l.missing(input) {
				continue
			}
			i := slices.Index(m.inputs, input)
			switch {
			//mutation:missed condition: no generated rule reads more than 16 missing inputs
			case i < 0 && len(m.inputs) == maxTried:
				m.more = true
				continue
			case i < 0:
				i = len(m.inputs)
				m.inputs = append(m.inputs, input)
			}
			uses |= 1 << i
		}
		m.uses[word.Criterion()] = uses
	}
	return m
}

// addCauses adds to the list each missing input that is sufficient to give the instance
// the outcome. If no input is sufficient, it adds the first one of several that are
// sufficient together.
func (r *outcomeReporter) addCauses(instance int, l *lack) {
	m, before := r.read(instance, l), len(r.list)
	for i, input := range m.inputs {
		c, known := r.alone[input]
		if !known {
			c = cause{input: input, word: -1}
			// A single missing input is known to be sufficient.
			if len(m.inputs) == 1 && !m.more || r.becomes(instance, only(input)) {
				r.point(instance, m, i, &c)
			}
			if r.alone == nil {
				r.alone = map[int]cause{}
			}
			r.alone[input] = c
		}
		if c.word >= 0 {
			r.list = append(r.list, c)
		}
	}
	if len(r.list) == before {
		r.list = append(r.list, r.together(instance, l, m))
	}
}

// together returns the first of the missing inputs that are sufficient only together,
// with the others.
func (r *outcomeReporter) together(instance int, l *lack, m *missingInputs) cause {
	kept := append(r.kept[:0], m.inputs...)
	r.kept = kept
	enough := func() bool {
		return r.becomes(instance, func(n int) bool { return slices.Contains(kept, n) })
	}
	more := m.more && !enough()
	// Remove inputs that need not be missing, the last one first. Keep all of them if
	// they are not sufficient without inputs that are not examined.
	//mutation:equivalent: only report texts depend on it
	for i := len(kept) - 1; i >= 0 && !more; i-- {
		input := kept[i]
		//mutation:equivalent width: the value is always below 256
		if kept = slices.Delete(kept, i, i+1); !enough() {
			kept = slices.Insert(kept, i, input)
		}
	}
	c := cause{input: kept[0], with: slices.Clone(kept[1:]), more: more}
	r.point(instance, m, slices.Index(m.inputs, c.input), &c)
	return c
}

// point sets the word of a cause for missing input i: the first word that is sufficient
// alone, or else the first word that can contribute. Negated words widen a rule. Other
// words make it blind or weaken it.
//
//mutation:equivalent: only report texts depend on it
func (r *outcomeReporter) point(instance int, m *missingInputs, i int, c *cause) {
	f, in := r.pass.File, r.pass.File.Instance(instance)
	c.word = -1
	able, tried := -1, 0
	for w := in.First; w < in.First+in.Count && tried < maxWords; w++ {
		word := f.Word(w)
		if !word.IsReference() || m.uses[word.Criterion()]>>i&1 == 0 {
			continue
		}
		if c.word < 0 {
			c.word = w
		}
		if word.Negated() != (r.outcome == outcome.Widened) {
			continue
		}
		if able < 0 {
			able = w
		}
		tried++
		r.work += stepsPerWord * uint64(in.Count)
		if r.folder.FoldWord(f, instance, w, only(c.input)) == r.outcome {
			able = w
			break
		}
	}
	if able >= 0 {
		c.word = able
	}
	word := f.Word(c.word)
	c.absent = word.Negated() && f.Criterion(word.Criterion()).Operator == channelfile.OpExists
}

// only returns a function that is true for one input.
func only(input int) func(int) bool { return func(n int) bool { return n == input } }

// inputsOf returns the inputs that a criterion reads.
func inputsOf(f *channelfile.File, c channelfile.Criterion) iter.Seq[int] {
	return func(yield func(int) bool) {
		//mutation:missed width: no generated named reader lacks an input after the 256th
		if yield(int(c.Input)) {
			f.OperandInputs(c)(yield)
		}
	}
}

// reportLacking reports each input that is needed and that some feeds lack. It is for
// needs, which have no conditions.
func reportLacking(p *validate.Pass, lacks []*lack, fix string) {
	for i := range p.Needs.Inputs {
		need := &p.Needs.Inputs[i]
		var bad []feed
		for _, l := range lacks {
			if l.missing(need.Index) {
				bad = append(bad, l.feeds...)
			}
		}
		if len(bad) > 0 {
			reportInput(p, need, bad, func(rules, read string) string {
				return fmt.Sprintf("%s %s %s, and may be blind or match too much; the needs do not say which", rules, read, ofType(p, need.Index))
			}, lacking(p, need.Index, bad), instead(p, need.Index, fix))
		}
	}
}
