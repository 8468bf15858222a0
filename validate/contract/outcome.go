package contract

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/validate"
)

// An outcomeReport is a check of the outcomes of rules on hosts, with its texts.
type outcomeReport struct {
	// The outcome on a host that the check reports. Unaffected means that the check reports
	// the outcomes on feeds that differ from the outcome on their host.
	outcome outcome.Outcome
	texts   textsOf
}

// textsOf has the texts for each outcome on a feed. Nil means that the check does not report
// the outcome.
type textsOf [outcome.Blind + 1]*outcomeTexts

// outcomeTexts are the texts about feeds on which rules have one outcome.
type outcomeTexts struct {
	// Formats of the messages for one rule and for several. The arguments are the
	// rules, the events, and the input that the events do not have.
	one, several string
	fix          string
	// texts for rules that ask for an absent input; nil means the same texts
	absent *outcomeTexts
	// Texts for an input that is cut, and for a constant input. Their formats have one more
	// argument, the statement about the values.
	cut, constant *outcomeTexts
}

// with returns the texts with another fix.
func (t *outcomeTexts) with(fix string) *outcomeTexts {
	c := *t
	c.fix = fix
	return &c
}

// reports reports whether the check reports a feed, for the outcomes on the feed and on its
// host.
func (o *outcomeReport) reports(feed, host outcome.Outcome) bool {
	if o.outcome == outcome.Unaffected {
		return feed != outcome.Unaffected && feed != host
	}
	return feed == o.outcome && feed == host
}

// run reports the feeds of named builds on which an instance has an outcome that the check
// reports, because the feed never supplies an input that the instance reads. It makes one
// finding for each input that causes the outcome.
//
//mutation:equivalent `if len(im.kinds) == 0`: the slow path gives the same result
func (o outcomeReport) run(p *validate.Pass) {
	im := impactsOf.Get(p)
	//mutation:missed: TestBudget or budget.txtar detects it
	if im.spent {
		p.Spend(1) // fails, so the check is unfinished
		return
	}
	if len(im.kinds) == 0 {
		return
	}
	if p.File == nil {
		o.runOnNeeds(p, im)
		return
	}
	var r *outcomeReporter
	for i, checks := range im.checks {
		//mutation:equivalent condition: the slow path gives the same result
		if !checks.has(o.outcome) {
			continue
		}
		if r == nil {
			r = &outcomeReporter{
				outcomeReport: o, evaluator: newEvaluator(p, im),
				alone: map[alone]int{}, groups: map[string]*outcomeGroup{}, who: map[string]*lackers{},
			}
		}
		//mutation:missed: the tests of contract detect it
		if p.Full() && p.Found() >= maxGrouped {
			p.ReportMore(1)
			continue
		}
		r.find(i)
		r.report(i)
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
	*evaluator

	causes []causes      // of the instance: by index in known
	alone  map[alone]int // of the instance: by single missing input, the index in single
	single []cause       // word -1 means no effect; a map of large values allocates each of them
	faults []fault       // of the instance
	list   []cause       // of the instance: the causes of known
	inputs missingInputs // of the instance and one lack
	kept   []int         // of the instance and one lack: inputs that are examined together
	lone   int           // see only
	isLone func(input int) bool
	key    []byte
	groups map[string]*outcomeGroup
	who    map[string]*lackers // by the part of a key about lacks
}

// causes are list[from:to] of an outcomeReporter; to 0 means that they are not computed.
type causes struct{ from, to int }

// An alone is the question whether a missing input alone gives an instance an outcome. If the
// input is cut, the values are those of its lack.
type alone struct {
	input   int
	outcome outcome.Outcome
	values  *valueFacts
}

// A cause is a missing input that gives an instance an outcome.
type cause struct {
	outcome outcome.Outcome
	input   int
	word    int // reads the input
	// whether the word asks for the input to be absent
	absent bool
	// other missing inputs without which this one is not sufficient; more is true if
	// the list is not complete
	with []int
	more bool
	// reasons why the instance matches no single event; nil if the feed lacks the inputs
	events *eventReasons
	form   formCause
	// statement about the values of the input, if it is not missing
	values valueReason
}

// A valueReason says why values of an input cause an outcome. The zero valueReason means that
// the input is missing.
type valueReason struct {
	cut      int    // length in bytes to which the input is cut
	constant string // statement about the values of a constant input
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
	return cmp.Or(cmp.Compare(c.word, o.word), cmp.Compare(c.input, o.input), -cmp.Compare(c.outcome, o.outcome), slices.Compare(c.with, o.with), more, c.events.compare(o.events), c.form.compare(&o.form),
		cmp.Compare(c.values.cut, o.values.cut), cmp.Compare(c.values.constant, o.values.constant))
}

// A fault is a cause for the feeds of a lack.
type fault struct {
	lack int // index in impacts.lacks
	cause
}

// An outcomeGroup is the findings about one input and the feeds that lack it.
type outcomeGroup struct {
	*validate.FindingGroup
	events  string
	details []string
	builds  []validate.Build
	fix     string
	says    *outcomeTexts
	joint   int    // number of findings whose cause is not sufficient alone
	reasons string // text of cause.events, with its events; "" if the feeds lack the input
	form    bool   // whether the feeds have the input in another form
}

// message returns the message of a finding.
//
//mutation:equivalent: only report texts depend on it
func (r *outcomeReporter) message(g *outcomeGroup, c *cause, in *validate.Instance) string {
	switch {
	case g.reasons != "":
		return rule(in) + g.reasons
	case g.form:
		return r.formMessage(g, c, in)
	}
	return g.says.say(g.says.one, rule(in), g.events, ofType(r.pass, c.input), c.values) + r.besides(c)
}

// say fills in a format of the texts.
//
//mutation:equivalent: only report texts depend on it
func (t *outcomeTexts) say(format, rules, events, input string, values valueReason) string {
	switch {
	case values.cut > 0:
		return fmt.Sprintf(format, rules, events, input, fmt.Sprintf("%s bytes", numeral.Thousands(uint64(values.cut))))
	case values.constant != "":
		return fmt.Sprintf(format, rules, events, input, values.constant)
	}
	return fmt.Sprintf(format, rules, events, input)
}

// find computes the faults of an instance.
func (r *outcomeReporter) find(instance int) {
	r.evaluate(instance)
	r.causes, r.list, r.faults = r.causes[:0], r.list[:0], r.faults[:0]
	for range r.known {
		r.causes = append(r.causes, causes{})
	}
	clear(r.alone)
	r.single = r.single[:0]
	for _, k := range r.affected {
		host := r.host(k)
		for i := r.kinds[k].from; i < r.kinds[k].to; i++ {
			if !r.reports(r.feeds[i], host) {
				continue
			}
			known := &r.causes[r.at[i]]
			if known.to == 0 {
				known.from = len(r.list)
				switch k := &r.known[r.at[i]]; {
				case k.byForm:
					r.addFormCauses(instance, r.lacks[i], r.feeds[i], k.every)
				case k.byEvent:
					r.addEventCause(instance, r.lacks[i])
				case k.byValue:
					r.addValueCauses(instance, r.lacks[i], k)
				default:
					r.addCauses(instance, r.lacks[i], r.feeds[i])
				}
				known.to = len(r.list)
			}
			for _, c := range r.list[known.from:known.to] {
				r.faults = append(r.faults, fault{i, c})
			}
		}
	}
}

// report reports the faults of an instance, one finding for each input that causes
// them.
func (r *outcomeReporter) report(instance int) {
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
				Message: r.message(g, &c, in), Identity: r.identity(&c, in),
				Details: g.details, Fix: g.fix, Extent: r.readers(instance, c.input),
			}
		})
		faults = faults[n:]
	}
}

// identity returns the identity of a finding about values or their form. A waiver of the
// missing input does not accept it. The result is empty for other findings, whose identity is
// the input.
func (r *outcomeReporter) identity(c *cause, in *validate.Instance) (id validate.Identity) {
	what := ""
	switch {
	case c.form.text != "":
		what = "form of "
	case c.values != valueReason{}:
		what = "values of "
	}
	if what != "" && in != nil && in.ID != (channelfile.ID{}) {
		id.Rule, id.Path = in.ID.String(), what+r.pass.Definition.Inputs[c.input].Name
	}
	return id
}

// readers returns the number of words of an instance that read an input. A rule that loses one
// alternative, and then another one, has the same finding with a greater extent.
func (r *outcomeReporter) readers(instance, input int) (n uint64) {
	f := r.pass.File
	in := f.Instance(instance)
	for w := in.First; w < in.First+in.Count; w++ {
		if word := f.Word(w); word.IsReference() {
			for read := range inputsOf(f, f.Criterion(word.Criterion())) {
				if read == input {
					n++
					break
				}
			}
		}
	}
	return n
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
	if c.values != (valueReason{}) {
		if c.more {
			others += " and others"
		}
		if len(names) == 0 {
			return ""
		}
		return fmt.Sprintf("; this alone is not the cause: %s %s part in it", others, verb(names, "has", "have"))
	}
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
	spared string // statement about hosts of the feeds that lose no match
}

// lackersOf returns the feeds of the lacks of faults. Key encodes the result of appendLacks.
//
//mutation:equivalent `if r.outcome == outcome.Unaffected`: only report texts depend on it
//mutation:equivalent `r.outcome == outcome.Unaffected`: only report texts depend on it
func (r *outcomeReporter) lackersOf(faults []fault, key []byte) *lackers {
	who := r.who[string(key)]
	if who == nil {
		who = new(lackers)
		for _, f := range faults {
			who.feeds = append(who.feeds, r.lacks[f.lack].feeds...)
		}
		who.events, who.builds = eventsOf(who.feeds), builds(cohortsOf(who.feeds))
		if r.outcome == outcome.Unaffected {
			who.spared = spared(r.impacts, faults, r.harmless)
		}
		r.who[string(key)] = who
	}
	return who
}

// appendLacks appends the lacks of faults to a key. If the check reports feeds whose hosts
// can be unaffected, it also appends the lacks of these hosts at which the instance is
// unaffected.
//
//mutation:equivalent condition, width: only report texts depend on it
//mutation:equivalent `r.outcome != outcome.Unaffected`: only report texts depend on it
func (r *outcomeReporter) appendLacks(key []byte, faults []fault) []byte {
	for _, f := range faults {
		key = binary.AppendUvarint(key, uint64(f.lack))
		if r.outcome != outcome.Unaffected {
			continue
		}
		kind := &r.kinds[r.lacks[f.lack].kind]
		for i := kind.from; i < kind.to; i++ {
			if r.harmless(i) {
				key = binary.AppendUvarint(key, uint64(i))
			}
		}
		key = binary.AppendUvarint(key, uint64(f.lack)) // ends the list: the lack is not harmless
	}
	return key
}

// group returns the group of findings for the cause and the lacks of faults.
//
//mutation:equivalent: only report texts depend on it
func (r *outcomeReporter) group(faults []fault) *outcomeGroup {
	index, says, of, why := faults[0].input, r.texts[faults[0].outcome], "", faults[0].values
	if r.outcome == outcome.Unaffected {
		of = faults[0].outcome.String() + " "
	}
	r.key = append(r.key[:0], byte(faults[0].outcome))
	instead := instead
	if why != (valueReason{}) {
		if says = says.cut; why.constant != "" {
			says = r.texts[faults[0].outcome].constant
		}
		of += fmt.Sprintf("%d %s ", why.cut, why.constant)
		r.key[0] |= 1 << 6
		instead = func(_ *validate.Pass, _ int, fix string) string { return fix }
	}
	if faults[0].absent && says.absent != nil {
		says, of = says.absent, of+"absent "
		r.key[0] |= 1 << 7
		// A rule that asks for an absent input needs no other input.
		instead = func(_ *validate.Pass, _ int, fix string) string { return fix }
	}
	r.key = binary.AppendUvarint(r.key, uint64(index))
	lacks := len(r.key)
	r.key = r.appendLacks(r.key, faults)
	end := len(r.key)
	if why != (valueReason{}) {
		r.key = append(binary.AppendUvarint(r.key, uint64(why.cut)), why.constant...)
	}
	if faults[0].events != nil {
		r.key = append(r.key, faults[0].events.key()...)
	}
	if faults[0].form.text != "" {
		r.key = append(append(r.key, byte(faults[0].form.kind)), faults[0].form.text+faults[0].form.example...)
	}
	if g := r.groups[string(r.key)]; g != nil {
		return g
	}
	p, who := r.pass, r.lackersOf(faults, r.key[lacks:end])
	if faults[0].events != nil {
		g := r.eventGroup(&faults[0].cause, who)
		r.groups[string(r.key)] = g
		return g
	}
	if faults[0].form.text != "" {
		g := r.formGroup(&faults[0].cause, who)
		r.groups[string(r.key)] = g
		return g
	}
	g := &outcomeGroup{events: who.events, details: lacking(p, index, who.feeds), builds: who.builds, fix: instead(p, index, says.fix), says: says}
	if why != (valueReason{}) {
		g.details = stating(p, index, who.feeds)
	}
	if who.spared != "" {
		g.details = append(g.details, who.spared)
	}
	key := fmt.Sprintf("%s input %04d %s%s", p.Check.ID, index, of, strings.Join(g.details, "\n"))
	g.FindingGroup = p.FindingGroup(key, func(found int) validate.Summary {
		details := slices.Clone(g.details)
		if need := p.Needs.Input(index); need != nil && need.Instances > found {
			details = append(details, fmt.Sprintf("%s read it", rulesOf(p, need.Instances)))
		}
		if g.joint > 0 && why == (valueReason{}) {
			details = append(details, fmt.Sprintf("%s have this outcome only because the events lack other fields too", rulesOf(p, g.joint)))
		}
		rules := rulesOf(p, found)
		if p.Found() > maxGrouped {
			rules = "at least " + rules
		}
		return validate.Summary{
			Input: p.InputAt(index), Builds: g.builds,
			Message: says.say(says.several, rules, g.events, ofType(p, index), why),
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

// The search for the causes of a finding is limited, so that a rule which reads a
// thousand inputs does not cost a thousand times as much.
const (
	maxTried = 16 // inputs of a rule that are examined
	maxWords = 4  // words that read one of these inputs
)

// missingInputs are the inputs that an instance reads and that are missing, or cut so that a
// criterion is lost: the first maxTried, in the order of the words.
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
		if !word.IsReference() || r.reads[word.Criterion()]&l.mask == 0 && !l.lost(word.Criterion()) {
			continue
		}
		// Many words can refer to a criterion that reads many inputs, so look at it once.
		if _, known := m.uses[word.Criterion()]; known {
			continue
		}
		var uses uint16
		for input := range inputsOf(f, f.Criterion(word.Criterion())) {
			if !l.missing(input) && !l.lost(word.Criterion()) {
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

// becomes reports whether an instance has an outcome at a lack, if only the kept inputs are
// missing or cut.
func (r *outcomeReporter) becomes(o outcome.Outcome, instance int, l *lack, kept func(int) bool) bool {
	return r.fold(instance, l.known(r.pass.File, kept)) == o
}

// addCauses adds to the list each missing input that is sufficient to give the instance
// its outcome o at a lack. If no input is sufficient, it adds the first one of several that
// are sufficient together.
func (r *outcomeReporter) addCauses(instance int, l *lack, o outcome.Outcome) {
	m, before := r.read(instance, l), len(r.list)
	for i, input := range m.inputs {
		question := alone{input: input, outcome: o}
		//mutation:equivalent condition: only report texts depend on it
		if !l.missing(input) {
			question.values = l.stated
		}
		at, known := r.alone[question]
		if !known {
			c := cause{outcome: o, input: input, word: -1, values: valueReason{cut: l.cutAt(r.pass, input)}}
			// A single missing input is known to be sufficient.
			if len(m.inputs) == 1 && !m.more || r.becomes(o, instance, l, r.only(input)) {
				r.point(instance, l, m, i, &c)
			}
			at = len(r.single)
			r.alone[question], r.single = at, append(r.single, c)
		}
		if c := r.single[at]; c.word >= 0 {
			r.list = append(r.list, c)
		}
	}
	if len(r.list) == before {
		r.list = append(r.list, r.together(instance, l, o, m))
	}
}

// together returns the first of the missing inputs that are sufficient only together,
// with the others.
func (r *outcomeReporter) together(instance int, l *lack, o outcome.Outcome, m *missingInputs) cause {
	kept := append(r.kept[:0], m.inputs...)
	r.kept = kept
	enough := func() bool {
		return r.becomes(o, instance, l, func(n int) bool { return slices.Contains(kept, n) })
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
	c := cause{outcome: o, input: kept[0], with: slices.Clone(kept[1:]), more: more, values: valueReason{cut: l.cutAt(r.pass, kept[0])}}
	r.point(instance, l, m, slices.Index(m.inputs, c.input), &c)
	return c
}

// point sets the word of a cause for missing input i: the first word that is sufficient
// alone, or else the first word that can contribute. Negated words widen a rule. Other
// words make it blind or weaken it.
//
//mutation:equivalent: only report texts depend on it
func (r *outcomeReporter) point(instance int, l *lack, m *missingInputs, i int, c *cause) {
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
		if word.Negated() != (c.outcome == outcome.Widened) {
			continue
		}
		if able < 0 {
			able = w
		}
		tried++
		r.work += stepsPerWord * uint64(in.Count)
		if r.folder.FoldWord(f, instance, w, l.known(f, r.only(c.input))) == c.outcome {
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

// only returns a function that is true for one input, until the next call.
func (r *outcomeReporter) only(input int) func(int) bool {
	if r.isLone == nil {
		r.isLone = func(n int) bool { return n == r.lone }
	}
	r.lone = input
	return r.isLone
}

// inputsOf returns the inputs that a criterion reads.
func inputsOf(f *channelfile.File, c channelfile.Criterion) iter.Seq[int] {
	return func(yield func(int) bool) {
		//mutation:missed width: no generated named reader lacks an input after the 256th
		if yield(int(c.Input)) {
			f.OperandInputs(c)(yield)
		}
	}
}

// runOnNeeds reports each needed input that some feeds lack. Needs have no conditions, so the
// outcome of a rule is unknown, except at a feed that lacks no needed input. The check of the
// worst outcome therefore reports hosts without such a feed, and the check of single feeds
// reports the others.
func (o *outcomeReport) runOnNeeds(p *validate.Pass, im *impacts) {
	whole := make([]bool, len(im.kinds))
	for _, l := range im.lacks {
		if len(l.inputs) == 0 {
			whole[l.kind] = true
		}
	}
	var says *outcomeTexts
	switch o.outcome {
	case outcome.Blind, outcome.Unaffected:
		says = o.texts[outcome.Blind]
	default:
		return
	}
	for i := range p.Needs.Inputs {
		need := &p.Needs.Inputs[i]
		var bad []feed
		var faults []fault
		for k, l := range im.lacks {
			if l.missing(need.Index) && whole[l.kind] == (o.outcome == outcome.Unaffected) {
				bad = append(bad, l.feeds...)
				faults = append(faults, fault{lack: k})
			}
		}
		if len(bad) == 0 {
			continue
		}
		details := lacking(p, need.Index, bad)
		//mutation:equivalent: only report texts depend on it
		if o.outcome == outcome.Unaffected {
			details = append(details, spared(im, faults, func(i int) bool { return im.lacks[i].complete() }))
		}
		reportInput(p, need, bad, func(rules, read string) string {
			return fmt.Sprintf("%s %s %s, and may be blind or match too much; the needs do not say which", rules, read, ofType(p, need.Index))
		}, details, instead(p, need.Index, says.fix))
	}
}
