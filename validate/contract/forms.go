//mutation:missed: the tests of forms detect it; random definitions state no forms

package contract

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/meaning"
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/validate"
)

// formFacts are the statements of a definition about the values of the fields of a feed, for one
// file: the forms of values, the placeholders for a missing value, and the provider and the channel
// of the events.
//
// A criterion is dead on the feed if no value that the source writes satisfies it. The rule then
// changes as if the feed did not have the input. See [formFacts.value] for the exceptions.
type formFacts struct {
	judge    *formJudge
	feed     *sensor.Feed
	hashes   string      // the statements of a contract about hashes; see hashesOf
	fields   []formField // by input
	verdicts []formVerdict
}

// A formField is what a definition states about a field. The zero value states nothing.
type formField struct {
	text         string // the values, for a message; "" if nothing is stated about them
	example      string // one of the values; "" if text is the only one
	values       string // an expression that matches exactly the values
	header       bool   // whether the values are the provider or the channel of the feed
	hashes       bool   // whether a contract states the algorithms of hashes
	placeholders []string
}

// states reports whether anything is stated about the field.
func (f *formField) states() bool { return f.text != "" || len(f.placeholders) > 0 }

// A formVerdict is the answer to the question whether a criterion is dead on a feed.
type formVerdict uint8

const (
	formUnasked formVerdict = iota
	formLive                // some value satisfies the criterion, or nothing is known
	formDead                // no value satisfies the criterion
	// No value satisfies the criterion, and it looks only for signs of a missing value, or for
	// events of another provider or channel. If a rule excludes such events, it loses nothing.
	formDeadVoid
	// The criterion is exists, and each event has the input.
	formPresent
)

// newFormFacts returns the facts about a feed, or nil if nothing is stated about the values of
// inputs that the content reads. Hashes has what a contract states about hashes, by input.
func newFormFacts(p *validate.Pass, feed *sensor.Feed, judge *formJudge, hashes map[int][]string) *formFacts {
	x := &formFacts{judge: judge, feed: feed}
	for i := range p.Needs.Inputs {
		index := p.Needs.Inputs[i].Index
		in := &p.Definition.Inputs[index]
		field := feed.Field(in.Name)
		if field == nil || in.Type != sensor.TypeString {
			continue
		}
		of := newFormField(feed, field)
		if names := hashes[index]; len(names) > 0 && !of.header {
			of.text, of.example, of.values, of.hashes = "the hashes "+list(names, "hashes")+" alone", "", sensor.HashesExpression(names), true
		}
		if of.states() {
			if x.fields == nil {
				x.fields = make([]formField, len(p.Definition.Inputs))
				x.verdicts = make([]formVerdict, p.File.Criteria())
			}
			x.fields[index] = of
		}
	}
	if x.fields == nil {
		return nil
	}
	return x
}

func newFormField(feed *sensor.Feed, field *sensor.FeedField) formField {
	only := ""
	switch field.Field {
	case "System/Provider":
		only = feed.Provider
	case "System/Channel":
		only = feed.Channel
	}
	switch {
	case only != "":
		// Recorded names can differ in case.
		return formField{text: quoted(only), values: "(?i)^" + regexp.QuoteMeta(only) + "$", header: true}
	case field.Form != sensor.FormAny:
		return formField{text: field.Form.Text(), example: field.Value(), values: field.Form.Expression(), placeholders: field.Placeholders}
	}
	return formField{placeholders: field.Placeholders}
}

// A formJudge decides about criteria of one file, for all feeds.
type formJudge struct {
	file      *channelfile.File
	solver    *meaning.Solver
	instances *meaning.Instances
	values    map[string]values // by expression
	work      uint64            // of languages
	limit     uint64            // of all work; later criteria count as live
}

// values are the texts that an expression matches. The zero value stands for an expression that
// does not compile.
type values struct {
	program  *channelfile.Program
	language *meaning.Language // nil if it is too large
}

func newFormJudge(p *validate.Pass) *formJudge {
	return &formJudge{
		file: p.File, solver: meaning.NewSolver(p.Definition.Types()), instances: meaning.NewInstances(p.File),
		values: map[string]values{}, limit: 50_000_000 + 400*uint64(len(p.Subject.Data)),
	}
}

func (j *formJudge) valuesOf(expression string) values {
	v, known := j.values[expression]
	if !known {
		// Tests compile all expressions of forms.
		if program, err := channelfile.CompileRegexp(expression); err == nil {
			v = values{program, meaning.NewLanguage(program)}
		}
		j.values[expression] = v
	}
	return v
}

// spent returns the work so far, in steps of the budget of the run.
func (j *formJudge) spent() uint64 { return j.work + j.solver.Work() }

// possible decides whether one of the values satisfies a criterion that compares with operands.
func (j *formJudge) possible(v values, criterion int, c channelfile.Criterion) meaning.Answer {
	all := c.Flags&channelfile.FlagAll != 0
	answer := meaning.Yes
	if !all {
		answer = meaning.No
	}
	for k := 0; v.language != nil && k < c.Count; k++ {
		t := meaning.Test{Operator: c.Operator, Fold: c.Flags&channelfile.FlagFold != 0}
		if literal(c.Operator) {
			t.Operand = j.file.Value(j.file.Operand(c.First + k))
		}
		of, work := v.language.Meets(&t)
		j.work += work
		switch {
		case of == meaning.Unknown:
			answer = meaning.Unknown
		case all == (of == meaning.No):
			return of // decides by itself
		}
		if answer == meaning.Unknown {
			break
		}
	}
	// Each of several operands is possible, and they may still exclude each other.
	if v.language != nil && answer != meaning.Unknown && !(all && c.Count > 1) {
		return answer
	}
	f, ok := j.instances.Criterion(criterion)
	if v.program == nil || !ok {
		return meaning.Unknown
	}
	value := meaning.Is(meaning.Test{Field: int(c.Input), Operator: channelfile.OpRegexp, Program: v.program})
	answer, _ = j.solver.Possible(meaning.And(value, f))
	if answer != meaning.No {
		return answer
	}
	// The form is not the reason if no text at all satisfies the criterion.
	if alone, _ := j.solver.Possible(f); alone != meaning.Yes {
		return meaning.Unknown
	}
	return meaning.No
}

// literal reports whether the operands of an operator are texts.
func literal(op channelfile.Operator) bool {
	switch op {
	case channelfile.OpEquals, channelfile.OpPrefix, channelfile.OpSuffix, channelfile.OpContains, channelfile.OpPattern:
		return true
	}
	return false
}

// verdict decides about a criterion, once.
func (x *formFacts) verdict(criterion int) formVerdict {
	if x.verdicts[criterion] == formUnasked {
		x.verdicts[criterion] = x.decide(criterion)
	}
	return x.verdicts[criterion]
}

func (x *formFacts) decide(criterion int) formVerdict {
	j := x.judge
	c := j.file.Criterion(criterion)
	field := &x.fields[c.Input]
	switch {
	case c.Flags&channelfile.FlagInputs != 0:
		return formLive
	case c.Operator == channelfile.OpExists && len(field.placeholders) > 0:
		return formPresent
	case c.Operator == channelfile.OpExists || field.text == "" || j.spent() > j.limit:
		return formLive
	case j.possible(j.valuesOf(field.values), criterion, c) != meaning.No:
		return formLive
	}
	if field.header || x.looksForNothing(c) {
		return formDeadVoid
	}
	return formDead
}

// looksForNothing reports whether a criterion looks only for texts that stand for a missing value.
func (x *formFacts) looksForNothing(c channelfile.Criterion) bool {
	if c.Operator != channelfile.OpEquals {
		return false
	}
	for v := range x.judge.file.OperandValues(c) {
		switch strings.ToLower(string(v)) {
		case "", "-", "?", "null", "none", "n/a", "unknown":
		default:
			return false
		}
	}
	return true
}

// value returns the value of a reference to a criterion, after its negation, if it is the same for
// all events of the feed with the input.
//
// If a rule excludes events by a sign of a missing value, or by another provider, nothing is wrong:
// such rules are written for many sources. So the negation of formDeadVoid has no known value.
// Neither has a positive formPresent.
func (x *formFacts) value(w channelfile.Word) (holds, ok bool) {
	if !x.fields[x.judge.file.Criterion(w.Criterion()).Input].states() {
		return false, false
	}
	switch v := x.verdict(w.Criterion()); {
	case v == formDead, v == formDeadVoid && !w.Negated():
		return w.Negated(), true
	case v == formPresent && w.Negated():
		return false, true
	}
	return false, false
}

// formsOf returns the facts about the values of a feed, and the inputs for which they hold,
// ascending. The facts are nil if nothing is known. Facts are about the values that the source
// records. So they do not count for an input that the build sets itself, cuts, or changes.
func (im *impacts) formsOf(p *validate.Pass, f feed) (x *formFacts, inputs []int) {
	of := p.Definition.Feed(f.supply.Feed)
	if p.File == nil || of == nil || f.positional() {
		return nil, nil
	}
	if x = im.formFacts(p, of, hashesOf(p, f)); x == nil {
		return nil, nil
	}
	for i := range p.Needs.Inputs {
		index := p.Needs.Inputs[i].Index
		if !x.fields[index].states() {
			continue
		}
		in := f.input(p, index)
		if in.State == sensor.StateSupplied && in.Type == sensor.TypeString && in.CutAt == 0 && !in.OtherForm {
			inputs = append(inputs, index)
		}
	}
	if inputs == nil {
		return nil, nil
	}
	return x, inputs
}

// hashesOf returns the hashes that a contract states, by input that the content reads.
func hashesOf(p *validate.Pass, f feed) (hashes map[int][]string) {
	for i := range p.Needs.Inputs {
		index := p.Needs.Inputs[i].Index
		if in := f.input(p, index); len(in.Hashes) > 0 {
			if hashes == nil {
				hashes = map[int][]string{}
			}
			hashes[index] = in.Hashes
		}
	}
	return hashes
}

// A formKey is the feed of a definition, and what a contract states about its hashes.
type formKey struct {
	feed   *sensor.Feed
	hashes string
}

// formFacts returns the facts about a feed of the definition, or nil. Hashes is the result of
// hashesOf.
func (im *impacts) formFacts(p *validate.Pass, of *sensor.Feed, hashes map[int][]string) *formFacts {
	key := formKey{feed: of}
	if len(hashes) > 0 {
		key.hashes = fmt.Sprint(hashes) // maps are printed in the order of their keys
	}
	x, known := im.forms[key]
	if !known {
		if im.formJudge == nil {
			im.formJudge = newFormJudge(p)
			im.forms = map[formKey]*formFacts{}
		}
		if x = newFormFacts(p, of, im.formJudge, hashes); x != nil {
			x.hashes = key.hashes
		}
		im.forms[key] = x
	}
	return x
}

// markDead decides about all criteria on inputs whose values are stated. It returns false if the
// budget of the run is spent.
func (im *impacts) markDead(p *validate.Pass) bool {
	im.dead = make([]bool, p.File.Criteria())
	var facts []*formFacts
	for _, l := range im.lacks {
		if l.forms != nil && !slices.Contains(facts, l.forms) {
			facts = append(facts, l.forms)
		}
	}
	for i := range im.dead {
		before := uint64(0)
		if im.formJudge != nil {
			before = im.formJudge.spent()
		}
		for _, x := range facts {
			if x.fields[p.File.Criterion(i).Input].states() {
				im.dead[i] = x.verdict(i) != formLive || im.dead[i]
			}
		}
		if im.formJudge != nil {
			if work := im.formJudge.spent() - before; work > 0 && !p.Spend(work) {
				return false
			}
		}
	}
	return true
}

// known returns the value of word w that follows from the forms of a lack. If every is false, it
// leaves out a word whose alternative in the form of the feed the rule has elsewhere.
func (e *evaluator) formValue(instance int, l *lack, every bool, w int) (holds, ok bool) {
	word := e.pass.File.Word(w)
	c := word.Criterion()
	if !e.dead[c] || !l.formed[e.pass.File.Criterion(c).Input] {
		return false, false
	}
	holds, ok = l.forms.value(word)
	if ok && !every && e.otherForm(instance, l, w) {
		return false, false
	}
	return holds, ok
}

// foldForms returns the outcome of an instance at a lack with forms.
//
// Rules for several sources have an alternative for each form. So an alternative, or an exclusion,
// in the form of another feed is not lost if the rule has one in the form of this feed. This does
// not matter for a rule that is blind all the same.
func (e *evaluator) foldForms(instance int, l *lack) (o outcome.Outcome, every bool) {
	for _, every := range []bool{true, false} {
		e.work += stepsPerWord * uint64(e.pass.File.Instance(instance).Count)
		known := l.known(e.pass.File, nil)
		known.Reference = func(w int) (holds, ok bool) { return e.formValue(instance, l, every, w) }
		o = e.folder.Fold(e.pass.File, instance, known)
		if every && (o == outcome.Blind || o == outcome.Unaffected) {
			return o, true
		}
	}
	return o, false
}

// otherForm reports whether the instance makes up for word w, which is dead on the feed, by another
// word of the same sign:
//
//   - It reads the same input, and is written for the form of this feed: it is alive here, and dead
//     on a feed on which w is alive. For a sign of a missing value it is any other such sign.
//   - It looks for the same value in another input, as a keyword does, which Sigma looks for in
//     many inputs.
func (e *evaluator) otherForm(instance int, l *lack, w int) bool {
	f := e.pass.File
	word := f.Word(w)
	c := f.Criterion(word.Criterion())
	verdict := l.forms.verdict(word.Criterion())
	in := f.Instance(instance)
	for i := in.First; i < in.First+in.Count; i++ {
		other := f.Word(i)
		if !other.IsReference() || other.Criterion() == word.Criterion() {
			continue
		}
		e.work += stepsPerWord
		o := f.Criterion(other.Criterion())
		switch {
		case o.Input != c.Input:
			if !word.Negated() && !other.Negated() && sameOperands(f, c, o) {
				return true
			}
		case l.forms.verdict(other.Criterion()) != formLive:
		case verdict == formPresent:
			if !other.Negated() && l.forms.looksForNothing(o) {
				return true
			}
		case other.Negated() == word.Negated() && e.writtenFor(c.Input, other.Criterion(), word.Criterion()):
			return true
		}
	}
	return false
}

// sameOperands reports whether two criteria differ only in their input.
func sameOperands(f *channelfile.File, a, b channelfile.Criterion) bool {
	if a.Operator != b.Operator || a.Flags != b.Flags || a.Count != b.Count || a.Count == 0 {
		return false
	}
	for i := range a.Count {
		if f.Operand(a.First+i) != f.Operand(b.First+i) {
			return false
		}
	}
	return true
}

// writtenFor reports whether a feed of the type has a form in which criterion a is dead and
// criterion b is not.
func (e *evaluator) writtenFor(input uint16, a, b int) bool {
	for i := range e.pass.Definition.Feeds {
		x := e.formFacts(e.pass, &e.pass.Definition.Feeds[i], nil)
		if x != nil && x.fields[input].states() && x.verdict(a) != formLive && x.verdict(b) == formLive {
			return true
		}
	}
	return false
}

// A formCause is the reason why a word is dead.
type formCause struct {
	text    string // the values of the events; "" if the cause is not a form
	example string // one of them; "" if text is the only value
	joint   bool   // whether the word alone is not sufficient
	hashes  bool   // whether the values are hashes of algorithms that a contract states
	kind    formVerdict
}

func (c *formCause) compare(o *formCause) int {
	return cmp.Or(strings.Compare(c.text, o.text), strings.Compare(c.example, o.example), cmp.Compare(c.kind, o.kind), boolCompare(c.joint, o.joint))
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// maxDeadWords is the number of dead words of a rule that are examined.
const maxDeadWords = 16

// addFormCauses adds to the list each input whose form is sufficient to give an instance its
// outcome o at a lack. If no input is sufficient, it adds the first one.
func (r *outcomeReporter) addFormCauses(instance int, l *lack, o outcome.Outcome, every bool) {
	f, before := r.pass.File, len(r.list)
	in := f.Instance(instance)
	first, tried := -1, 0
	for w := in.First; w < in.First+in.Count && tried < maxDeadWords; w++ {
		if !f.Word(w).IsReference() {
			continue
		}
		holds, ok := r.formValue(instance, l, every, w)
		if !ok {
			continue
		}
		if first < 0 {
			first = w
		}
		input := int(f.Criterion(f.Word(w).Criterion()).Input)
		if slices.ContainsFunc(r.list[before:], func(c cause) bool { return c.input == input }) {
			continue
		}
		tried++
		r.work += stepsPerWord * uint64(in.Count)
		known := outcome.Known{Reference: func(word int) (bool, bool) { return holds, word == w }}
		if r.folder.Fold(f, instance, known) == o {
			r.list = append(r.list, r.formCause(l, w, o, false))
		}
	}
	if len(r.list) == before {
		r.list = append(r.list, r.formCause(l, first, o, true))
	}
}

// formCause returns the cause for a dead word of a lack.
func (r *outcomeReporter) formCause(l *lack, w int, o outcome.Outcome, joint bool) cause {
	word := r.pass.File.Word(w)
	input := int(r.pass.File.Criterion(word.Criterion()).Input)
	field := &l.forms.fields[input]
	c := cause{outcome: o, input: input, word: w, form: formCause{field.text, field.example, joint, field.hashes, l.forms.verdict(word.Criterion())}}
	if c.form.kind == formPresent {
		c.form.text, c.form.example = orList(field.placeholders), ""
	}
	return c
}
