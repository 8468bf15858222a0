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

// An outcomeReport says what a check has to say of rules that become one thing.
type outcomeReport struct {
	outcome outcome.Outcome
	// one and several say it of a rule and of several, given these, the
	// events that it is about and the input that they do not have.
	one, several string
	fix          string
	// absent says it of rules that ask for an input to be absent, if that is
	// something else.
	absent *outcomeReport
}

// run reports each instance that becomes what the outcome says on the events
// of some feed, because the named build never supplies an input that it reads:
// once for each input by which it does. A rule that several do the same to is
// thus found, and counted, with each of them.
func (o outcomeReport) run(p *validate.Pass) {
	lacks := lacksOf.Get(p)
	if len(lacks) == 0 {
		return
	}
	if p.File == nil {
		// Needs do not carry conditions, so what becomes of the rules
		// cannot be told. The worst is said, once.
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
		if r.work > 0 && !p.Spend(r.work) {
			return
		}
		r.work = 0
	}
}

// stepsPerWord is the number of steps of the run's budget that folding a condition
// is charged for each of its words.
const stepsPerWord = 4

// maxGrouped is how many findings are put into groups: more than any set of
// rules has. Of those beyond, which only a file that was made for it has, it is
// counted that they are there, and not found out whose fault they are.
const maxGrouped = 20_000

// An outcomeReporter is one check at work. What it finds out of an instance is
// kept from one to the next only as memory to be used again.
type outcomeReporter struct {
	outcomeReport
	pass   *validate.Pass
	lacks  []*lack
	folder outcome.Folder
	work   uint64 // steps for the instance

	reads  []uint64      // of each criterion: the inputs that it reads, of those that some feed lacks
	known  []folded      // of the instance
	alone  map[int]cause // likewise: of inputs that were missing alone; without a word, of those that do nothing
	faults []fault       // likewise
	list   []cause       // likewise: those that known has
	inputs missingInputs // of the instance and one lack
	kept   []int         // likewise: of these, those that are looked at together
	key    []byte
	groups map[string]*outcomeGroup
	who    map[string]*lackers // by lacks
}

// Which of the inputs that some feed lacks something reads is a set of 64. The
// last stands for all that have no place of their own.
const othersBit = 1 << 63

// A folded is what becomes of an instance without a set of inputs.
type folded struct {
	missing uint64
	bad     bool
	from    int // the causes are list[from:to]
	to      int
}

// A cause is an input by which an instance is bad.
type cause struct {
	input int
	word  int // that reads it
	// absent tells that the word asks for the input to be absent.
	absent bool
	// with are the inputs that are missing too, if this is not enough; more
	// tells that there are others yet.
	with []int
	more bool
}

// compare orders causes as their words stand.
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

// A fault is that an instance is bad for a lack.
type fault struct {
	lack int
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
	joint   int // how many of the findings have causes that are not enough
}

// mask gives each input that some feed lacks a place in the sets, and finds out
// which of them the criteria read.
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

// find finds the lacks for which an instance is bad, and whose fault it is.
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
	if reads == 0 {
		return
	}
	for k, l := range r.lacks {
		missing := reads & l.mask
		if missing == 0 {
			continue
		}
		// Feeds that lack the same of what the instance reads do the same
		// to it.
		i := slices.IndexFunc(r.known, func(k folded) bool { return k.missing == missing && missing&othersBit == 0 })
		if i < 0 {
			i = len(r.known)
			r.known = append(r.known, r.fold(instance, l, missing))
		}
		known := &r.known[i]
		for _, c := range r.list[known.from:known.to] {
			r.faults = append(r.faults, fault{k, c})
		}
		if known.bad && known.from == known.to {
			r.faults = append(r.faults, fault{lack: k}) // it is no more than counted
		}
	}
}

// becomes reports whether an instance becomes what the outcome says without some
// inputs.
func (r *outcomeReporter) becomes(instance int, missing func(int) bool) bool {
	r.work += stepsPerWord * uint64(r.pass.File.Instance(instance).Count)
	return r.folder.Fold(r.pass.File, instance, missing) == r.outcome
}

// fold finds out what becomes of an instance for a lack.
func (r *outcomeReporter) fold(instance int, l *lack, missing uint64) folded {
	k := folded{missing: missing, bad: r.becomes(instance, l.missing)}
	if k.bad && !r.counted() {
		k.from = len(r.list)
		r.addCauses(instance, l)
		k.to = len(r.list)
	}
	return k
}

// counted reports whether findings are no more than counted.
func (r *outcomeReporter) counted() bool { return r.pass.Full() && r.pass.Found() >= maxGrouped }

// report reports what was found of an instance, one finding for each input that
// is to blame.
func (r *outcomeReporter) report(instance int) {
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

// besides names the inputs that are missing besides that of a cause, if that
// is not enough.
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
	return fmt.Sprintf("; this alone would not do it: they do not have %s either", others)
}

// Lackers are the feeds of some lacks, which are the same for many inputs.
type lackers struct {
	feeds  []feed
	events string
	builds []validate.Build
}

// lackersOf returns the feeds of the lacks of faults; key is these.
func (r *outcomeReporter) lackersOf(faults []fault, key []byte) *lackers {
	who := r.who[string(key)]
	if who == nil {
		who = new(lackers)
		for _, f := range faults {
			who.feeds = append(who.feeds, r.lacks[f.lack].feeds...)
		}
		who.events, who.builds = eventsOf(who.feeds), builds(groupsOf(who.feeds))
		r.who[string(key)] = who
	}
	return who
}

// group returns the group of findings for a cause and some lacks.
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
		g.fix = instead(p, index, g.fix) // there is nothing instead of what is absent
	}
	key := fmt.Sprintf("%s input %04d %s%s", p.Check.ID, index, of, strings.Join(g.details, "\n"))
	g.FindingGroup = p.FindingGroup(key, func(found int) validate.Summary {
		details := slices.Clone(g.details)
		if need := p.Needs.Input(index); need != nil && need.Instances > found {
			details = append(details, fmt.Sprintf("%s read it", rulesOf(p, need.Instances)))
		}
		if g.joint > 0 {
			details = append(details, fmt.Sprintf("%s would not be so for this field alone, but the events lack others too", rulesOf(p, g.joint)))
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

// A lack is the feeds of named builds that do not supply the same inputs of
// those that the content reads.
type lack struct {
	inputs []int // ascending
	lacks  []bool
	feeds  []feed
	mask   uint64 // the set of the inputs
}

func (l *lack) missing(index int) bool { return l.lacks[index] }

// lacksOf is what the feeds of named builds lack: many builds lack the same, and
// what becomes of a rule is found out once for all of them.
var lacksOf = validate.OfFleet(func(p *validate.Pass) []*lack {
	var list []*lack
	var same map[string]int // the lack of the same inputs
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

// maxTried is how many inputs are tried of a rule, so that a finding about one
// that reads a thousand is not a thousand times as dear, and maxWords how many
// of the words that read one of them.
const (
	maxTried = 16
	maxWords = 4
)

// missingInputs are those that an instance reads of what is missing: the first
// maxTried, as the words stand.
type missingInputs struct {
	inputs []int
	uses   map[int]uint16 // of criteria: which of the inputs they read
	more   bool           // it reads others
}

// read finds the missing inputs that an instance reads.
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
		// Many words may refer to a criterion that reads many inputs.
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

// addCauses adds the inputs by which an instance becomes what the outcome says
// to the list: each that is enough by itself, or else the first of some that are
// together.
func (r *outcomeReporter) addCauses(instance int, l *lack) {
	m, before := r.read(instance, l), len(r.list)
	for i, input := range m.inputs {
		c, known := r.alone[input]
		if !known {
			c = cause{input: input, word: -1}
			// The only one that is missing is known to be enough.
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

// together returns the first of missing inputs of which none is enough, with the
// others that it takes.
func (r *outcomeReporter) together(instance int, l *lack, m *missingInputs) cause {
	kept := append(r.kept[:0], m.inputs...)
	r.kept = kept
	enough := func() bool {
		return r.becomes(instance, func(n int) bool { return slices.Contains(kept, n) })
	}
	more := m.more && !enough()
	// What need not be missing is left out, the last first. If it takes inputs
	// that are not tried, nothing is.
	for i := len(kept) - 1; i >= 0 && !more; i-- {
		input := kept[i]
		if kept = slices.Delete(kept, i, i+1); !enough() {
			kept = slices.Insert(kept, i, input)
		}
	}
	c := cause{input: kept[0], with: slices.Clone(kept[1:]), more: more}
	r.point(instance, m, slices.Index(m.inputs, c.input), &c)
	return c
}

// point finds the word that a finding about input i of those that are missing
// points at: the first that does it alone, or else the first that could have a
// part in it. A rule is widened by words that are negated, and loses by those
// that are not.
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

// only returns what holds for one input.
func only(input int) func(int) bool { return func(n int) bool { return n == input } }

// inputsOf returns the inputs that a criterion reads.
func inputsOf(f *channelfile.File, c channelfile.Criterion) iter.Seq[int] {
	return func(yield func(int) bool) {
		if yield(int(c.Input)) {
			f.OperandInputs(c)(yield)
		}
	}
}

// reportLacking reports each input that is needed and that some feeds lack,
// where there are no conditions to fold.
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
				return fmt.Sprintf("%s %s %s, and may be blind, or match too much: needs do not say which", rules, read, ofType(p, need.Index))
			}, lacking(p, need.Index, bad), instead(p, need.Index, fix))
		}
	}
}
