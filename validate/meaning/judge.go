package meaning

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/cores"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/meaning"
	"github.com/cfcheck/cfcheck/validate"
)

const uses = validate.UsesFile | validate.UsesNeeds | validate.UsesDefinition

// typed are the checks without which an operator does not fit the type of its input, or a program
// its expression.
var typed = []string{"CF2001", "CF2002", "CF2004", "CF2005", "CF2006", "CF2007", "CF2008", "CF2009"}

// A verdict is the result of the solver on one instance.
type verdict struct {
	instance int
	kind     verdictKind
	word     int   // for deadAlternatives: the word of the alternative
	operand  int   // and the number of its operand; -1 means a group of words
	assumed  []int // inputs without which the alternative can hold
	nearly   bool  // for matchesAnyValue: if its single characters are in the values
}

type verdictKind uint8

const (
	neverMatches verdictKind = iota
	alwaysMatches
	matchesAnyValue
	alternativeDead
)

// maxVerdicts is the number of verdicts of a file that are kept. Further ones are counted.
// Published sets of rules have very few.
const maxVerdicts = 10_000

// verdicts are the results of the solver on the instances of a file.
type verdicts struct {
	list []verdict
	rest int                      // instances that were not judged, because of workOf
	more [alternativeDead + 1]int // results beyond maxVerdicts, by kind

	// The fields below are by instance.
	usual  []bool // it is unremarkable
	fields []meaning.Fields
}

func (v *verdicts) add(r verdict) {
	if len(v.list) < maxVerdicts {
		v.list = append(v.list, r)
	} else {
		v.more[r.kind]++
	}
}

// stepsPerWork is the charge for a unit of the solver's work, in steps of the run's budget.
const stepsPerWork = 1

// workOf returns the limit of the solver's work on the single rules of a file, in its
// units, and the same again on pairs of rules. Without a limit, a file of expensive
// expressions would take four milliseconds for each question about each rule.
func workOf(p *validate.Pass) uint64 { return 50_000_000 + 400*uint64(len(p.Subject.Data)) }

// verdictsOf decides all questions about single instances.
var verdictsOf = validate.OfSubject(func(p *validate.Pass) *verdicts {
	v := new(verdicts)
	if p.Broken.Len() > 0 {
		return v // the content is rejected, and normal form is a part of its meaning
	}
	outlines := outlinesOf.Get(p)
	j := newJudge(p)
	v.usual, v.fields = unremarkable(p.File, outlines)
	owed := outlines.Work()
	var previous verdict // on the previous instance
	single := false      // whether it is its only one, and about the whole condition
	for i := range p.File.Instances() {
		before := j.solver.Work()
		// Without provenance, the verdicts depend only on the words. A file can repeat one
		// condition very often, and this saves the proofs.
		//mutation:equivalent: the slow path gives the same result
		if single && !p.File.HasProvenance() && compareWords(p.File, i, i-1) == 0 {
			previous.instance = i
			v.add(previous)
			continue
		}
		known := len(v.list)
		switch {
		case v.usual[i]:
		//mutation:missed: only files of very expensive expressions reach the limit
		case before > workOf(p) && !j.holdsForNothing(i):
			v.rest++
			single = false
			continue
		default:
			j.judge(i, v)
		}
		if single = len(v.list) == known+1 && v.list[known].kind != alternativeDead; single {
			previous = v.list[known]
		}
		owed += j.solver.Work() - before + uint64(32*p.File.Instance(i).Count)
		//mutation:missed: TestBudget or budget.txtar detects it
		if owed >= mostOwed && !p.Spend(owed*stepsPerWork) {
			return v
		} else if owed >= mostOwed {
			owed = 0
		}
	}
	p.Spend(owed * stepsPerWork)
	return v
})

// mostOwed is the work after which it is charged. A charge takes as long as a plain instance.
const mostOwed = 1 << 14

// unremarkable reports for each instance whether it is unremarkable, and returns its inputs.
// It uses all cores.
func unremarkable(f *channelfile.File, outlines *meaning.Outlines) (list []bool, fields []meaning.Fields) {
	n := f.Instances()
	list, fields = make([]bool, n), make([]meaning.Fields, n)
	inParts(n, func(first, end int) {
		own := outlines.Fork()
		for i := first; i < end; i++ {
			list[i], fields[i] = own.Unremarkable(i)
		}
	})
	return list, fields
}

// inParts calls do for parts of n entries, on as many cores as there are.
func inParts(n int, do func(first, end int)) {
	parts := min(runtime.GOMAXPROCS(0), 1+n/entriesPerCore)
	cores.Run(parts, func(k int) { do(k*n/parts, (k+1)*n/parts) })
}

// entriesPerCore is the number of entries for which a further core is used.
const entriesPerCore = 1 << 12

// outlinesOf reads the criteria of a file, to decide the usual instances without the solver.
var outlinesOf = validate.OfSubject(func(p *validate.Pass) *meaning.Outlines {
	j := newJudge(p)
	return meaning.NewOutlines(p.File, j.types, j.odd)
})

// each calls report for the verdicts of a kind, in the order of the instances.
func each(p *validate.Pass, kind verdictKind, report func(j *judge, v verdict) validate.Finding) {
	all := verdictsOf.Get(p)
	var j *judge
	for _, v := range all.list {
		if v.kind != kind {
			continue
		}
		p.Report(func() validate.Finding {
			if j == nil {
				j = newJudge(p)
			}
			f := report(j, v)
			j.hold(&f, v)
			return f
		})
	}
	p.ReportMore(all.more[kind])
}

// A judge asks the solver about the instances of one file.
type judge struct {
	pass      *validate.Pass
	types     []sensor.InputType
	solver    *meaning.Solver
	instances *meaning.Instances
	odd       interp.Event // has all inputs, with values that few tests hold for
	events    *interp.Synthesizer

	explained uint64 // work for details
	instance  int    // that dead was computed for
	under     int    // and the number of inputs that were assumed to be present
	found     []meaning.Alternative
}

func newJudge(p *validate.Pass) *judge {
	n := len(p.Definition.Inputs)
	j := &judge{pass: p, instance: -1, types: make([]sensor.InputType, 0, n), odd: make(interp.Event, 0, n)}
	for _, in := range p.Definition.Inputs {
		j.types = append(j.types, in.Type)
		v := oddText
		switch in.Type {
		case sensor.TypeInteger:
			v = interp.Number(-1<<63 + 0x6366)
		case sensor.TypeAddress:
			v = interp.Value{Type: sensor.TypeAddress, Address: [16]byte{0x20, 0x01, 0x0d, 0xb8, 15: 0x63}}
		}
		j.odd = append(j.odd, v)
	}
	j.solver, j.instances = meaning.NewSolver(j.types), meaning.NewInstances(p.File)
	return j
}

// oddText is a text for which few tests hold.
var oddText = interp.Text("\x01 cfcheck \x02")

// judge decides the questions about an instance.
func (j *judge) judge(i int, v *verdicts) {
	f, ok := j.instances.Formula(i)
	if !ok {
		return
	}
	switch answer, _ := j.solver.Possible(f); answer {
	case meaning.No:
		v.add(verdict{instance: i, kind: neverMatches})
		return
	case meaning.Unknown:
		return
	}
	if j.always(f) {
		v.add(verdict{instance: i, kind: alwaysMatches})
		return
	}
	if j.anyValue(f) {
		v.add(verdict{instance: i, kind: matchesAnyValue})
	} else if nearly, ok := f.Replace(singleCharacter); ok && j.anyValue(nearly) {
		v.add(verdict{instance: i, kind: matchesAnyValue, nearly: true})
	}
	j.dead(i, f, v)
}

// holdsForNothing reports whether an instance matches the event without a value. Only such
// an instance can match every event, which is an error, so it is judged beyond the limit.
func (j *judge) holdsForNothing(i int) bool {
	f, ok := j.instances.Formula(i)
	return ok && f.Holds(nil)
}

// always reports whether f holds for every event. Most formulas fail for the event without a value.
func (j *judge) always(f meaning.Formula) bool {
	if !f.Holds(nil) {
		return false
	}
	answer, _ := j.solver.Implies(meaning.Formula{}, f)
	return answer == meaning.Yes
}

// anyValue reports whether f holds for every event that has all inputs that f reads.
func (j *judge) anyValue(f meaning.Formula) bool {
	if !f.Holds(j.odd) {
		return false
	}
	answer, _ := j.solver.Implies(meaning.Present(inputs(f)...), f)
	return answer == meaning.Yes
}

// singleCharacter replaces a test for a single visible character of ASCII, or a space, anywhere in
// a text. Many texts have it.
func singleCharacter(t *meaning.Test) (meaning.Formula, bool) {
	if t.Operator == channelfile.OpContains && len(t.Operand) == 1 && ' ' <= t.Operand[0] && t.Operand[0] <= '~' {
		return meaning.Present(t.Field), true
	}
	return meaning.Formula{}, false
}

// inputs returns the inputs that a formula reads, each once.
func inputs(f meaning.Formula) []int {
	var list []int
	seen := map[int]bool{}
	add := func(input int) {
		if !seen[input] {
			seen[input] = true
			list = append(list, input)
		}
	}
	for t := range f.Tests {
		add(t.Field)
		if t.With > 0 {
			add(t.With - 1)
		}
	}
	return list
}

// dead finds the alternatives of f that can never make it hold. An alternative of which all tests
// are negated is a part of a filter and not an alternative of the rule, so it does not count.
func (j *judge) dead(i int, f meaning.Formula, v *verdicts) {
	found := map[*meaning.Test]bool{}
	look := func(under meaning.Formula, assumed []int) {
		j.solver.Dead(f, under, func(a meaning.Alternative) {
			first, n := firstTest(a)
			if first == nil || found[first] {
				return
			}
			found[first] = true
			d := verdict{instance: i, kind: alternativeDead, word: first.Word, operand: first.Number, assumed: assumed}
			if n > 1 {
				d.operand = -1
			}
			v.add(d)
		})
	}
	look(meaning.Formula{}, nil)
	if assumed := j.neverAbsent(f); len(assumed) > 0 {
		look(meaning.Present(assumed...), assumed)
	}
}

// firstTest returns the first test of an alternative that must hold, or nil, and the number of
// tests of the alternative.
func firstTest(a meaning.Alternative) (first *meaning.Test, n int) {
	for t, negated := range a.Formula.Tests {
		if n++; first == nil && negated == a.Negated && t.Operator != channelfile.OpExists {
			first = t
		}
	}
	return first, n
}

// neverAbsent returns the inputs of which f asks for absence only because a filter has an empty
// text among its values, as in "contains: ”". The format turns such a filter into exists. Its
// author did not mean that the rule is for events without the input.
func (j *judge) neverAbsent(f meaning.Formula) []int {
	var list []int
	for t, negated := range f.Tests {
		if t.Operator == channelfile.OpExists && negated && j.hasEmptyText(t.Word) {
			list = append(list, t.Field)
		}
	}
	return list
}

// hasEmptyText reports whether a reference to exists comes from values with an empty text, and not
// from null or a star. It reads only the start of a text, because many words can have it.
func (j *judge) hasEmptyText(word int) bool {
	_, text := j.pass.File.ShortUse(word, 1024)
	return strings.Contains(text, "''") && !strings.Contains(text, "null") && !strings.Contains(text, "*")
}

// conflict returns a part of a contradiction that is as small as possible: its first word, and the
// texts of its tests. The word is -1 if there is no contradiction within the budget.
func (j *judge) conflict(formulas []meaning.Formula) (word int, details []string) {
	word = -1
	if j.explained > maxExplained {
		return word, nil
	}
	before := j.solver.Work()
	defer func() { j.explained += j.solver.Work() - before }()
	said := map[string]bool{}
	conflict := j.solver.Conflict(formulas)
	for _, wanted := range []bool{false, true} { // the tests that must hold come first
		for _, part := range conflict {
			for t, negated := range part.Tests {
				if negated != wanted {
					continue
				}
				if word < 0 {
					word = t.Word
				}
				s := j.says(t, negated)
				if !said[s] && len(details) < maxDetails {
					details = append(details, s)
				}
				said[s] = true
			}
		}
	}
	return word, details
}

// maxExplained limits the work for the details of all findings of a check.
const maxExplained = 4 * meaning.MaxWork

// maxDetails is the number of tests that a finding lists.
const maxDetails = 8

// says describes a test for a reader.
func (j *judge) says(t *meaning.Test, negated bool) string {
	if negated {
		return "must fail: " + j.describe(t)
	}
	return "must hold: " + j.describe(t)
}

// describe names the input, the operator and the operand of a test.
func (j *judge) describe(t *meaning.Test) string {
	name := j.pass.Definition.InputName(t.Field)
	if t.With > 0 {
		return fmt.Sprintf("%s %v %s", name, t.Operator, j.pass.Definition.InputName(t.With-1))
	}
	switch t.Operator {
	case channelfile.OpExists:
		return name + " exists"
	case channelfile.OpRegexp:
		return fmt.Sprintf("%s %v `%.80s`", name, t.Operator, t.Program.Source())
	case channelfile.OpIntegerEquals:
		return fmt.Sprintf("%s %v %d", name, t.Operator, t.Operand.Integer())
	case channelfile.OpIntegerRange:
		least, greatest := t.Operand.IntegerRange()
		return fmt.Sprintf("%s %v %d to %d", name, t.Operator, least, greatest)
	case channelfile.OpAddressRange:
		first, last := t.Operand.AddressRange()
		return fmt.Sprintf("%s %v %v to %v", name, t.Operator, first, last)
	}
	return fmt.Sprintf("%s %v %.80q", name, t.Operator, []byte(t.Operand))
}

// hold holds the claim of a finding against the interpreter, on generated events of its rule. If
// they disagree, the gate is at fault.
func (j *judge) hold(f *validate.Finding, v verdict) {
	if v.kind == alternativeDead || v.nearly {
		return // the interpreter does not say by which test a rule matched
	}
	if j.events == nil {
		j.events = interp.NewSynthesizer(j.pass.File, j.pass.Needs, j.types)
	}
	j.events.Limit(maxWorkOfEvents)
	check := func(e interp.Event) bool {
		matched, err := j.events.Interpreter().RunInstance(v.instance, e)
		if err == nil && matched == (v.kind == neverMatches) {
			f.Fault = true
			f.Message = fmt.Sprintf("%s: please report this file: the interpreter says otherwise for a generated event", f.Message)
		}
		return err == nil && !f.Fault
	}
	n := int(j.pass.File.Header.InputsDeclared)
	if v.kind == alwaysMatches && !check(make(interp.Event, n)) {
		return
	}
	if v.kind == matchesAnyValue && !check(j.odd) {
		return
	}
	if v.kind != matchesAnyValue {
		j.events.Events(v.instance, n, check)
	}
}

// maxWorkOfEvents limits the events that hold generates for one finding.
const maxWorkOfEvents = 1 << 20

// rule names a rule at the start of a message.
func rule(in *validate.Instance) string {
	switch {
	case in.Title != "":
		return fmt.Sprintf("rule %q", in.Title)
	case in.Rule != "":
		return fmt.Sprintf("rule %q", in.Rule)
	}
	return "instance " + in.ID.String()
}

// names lists inputs for a message.
func (j *judge) names(list []int) string {
	var names []string
	for i, input := range list {
		if i == maxDetails {
			names = append(names, fmt.Sprintf("and %d more", len(list)-i))
			break
		}
		names = append(names, j.pass.Definition.InputName(input))
	}
	return strings.Join(names, "; ")
}
