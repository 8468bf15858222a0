package ruletest

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/trace"
)

// A Status is the result of a test.
type Status uint8

const (
	Passed    Status = iota
	Failed           // the rule or the test is wrong
	Undecided        // the test could not run
)

func (s Status) String() string { return [...]string{"passed", "failed", "undecided"}[s] }

// An Outcome is the result of one test.
type Outcome struct {
	Rule    *sigma.Rule // nil if there is no such rule
	Where   Place       // of the test
	Name    string      // of the test
	Match   bool        // whether the rule must match
	Status  Status
	Events  int    // events that were tried
	Message string // why the test did not pass
	Details []Detail
}

// A Detail is a place in an event or a rule that explains an Outcome.
type Detail struct {
	Place   Place
	Message string
}

// maxDetails is the maximum number of details of an outcome.
const maxDetails = 12

// Options are the options of [Set.Run].
type Options struct {
	Placeholders sigma.Placeholders
	Budget       *sigma.Budget // nil means the default
}

// Run compiles the rules, all of them together, and runs the tests. It returns the outcomes in the
// order of the rules, after the outcomes that have no rule. It returns an error if the budget is
// spent.
func (s *Set) Run(files []sigma.File, defs *sensor.Definitions, o Options) ([]Outcome, error) {
	if o.Budget == nil {
		o.Budget = sigma.NewBudget(1)
	}
	var all []*sigma.Rule
	for _, f := range files {
		all = append(all, f.Rules...)
	}
	r := &runner{
		set: s, defs: defs, matcher: events.NewMatcher(defs), options: o,
		of: map[*sigma.Rule]compiled{}, traces: map[*sigma.Rule]*trace.Rule{}, why: map[*sigma.Rule]Outcome{},
	}
	outcomes := slices.Clone(s.outcomes)
	if len(all) > 0 {
		if err := r.compile(all, o); err != nil {
			return nil, err
		}
	}
	order := map[*sigma.Rule]int{}
	for i, rule := range s.rules {
		order[rule] = i + 1
	}
	for i := range s.tests {
		outcomes = append(outcomes, r.run(&s.tests[i]))
	}
	slices.SortStableFunc(outcomes, func(a, b Outcome) int { return order[a.Rule] - order[b.Rule] })
	return outcomes, nil
}

// A runner runs the tests of one call of Run.
type runner struct {
	set     *Set
	defs    *sensor.Definitions
	matcher *events.Matcher
	built   *sigma.Result
	of      map[*sigma.Rule]compiled
	options Options
	traces  map[*sigma.Rule]*trace.Rule // of rules with a failed test
	why     map[*sigma.Rule]Outcome     // status and message for rules that do not compile

	recorded *recording // last file of recorded events, of this name
	from     string
	bytes    int64 // of recorded events read so far
}

// compiled is a compiled rule.
type compiled struct {
	rule        *sigma.Rule
	def         *sensor.Definition
	file        *channelfile.File
	interpreter *interp.Interpreter
	instance    int
}

// compile compiles the rules for the newest versions of their types, which have all feeds.
func (r *runner) compile(rules []*sigma.Rule, o Options) error {
	versions := map[string]uint32{}
	for d := range r.defs.All() {
		versions[d.Name] = r.defs.Newest(d.Name).Version
	}
	var err error
	r.built, err = sigma.Build(rules, r.defs, sigma.Options{
		AllowUnsupported: true, Versions: versions, Placeholders: o.Placeholders, Budget: o.Budget, IDs: sigma.IDsOfNames,
	})
	if err := o.Budget.Err(); err != nil {
		return err
	}
	for _, out := range r.built.Outputs {
		f, err := channelfile.Parse(out.Data)
		if err != nil {
			return fmt.Errorf("internal error: the compiled rules of type %s cannot be read: %w", out.Definition.Name, err)
		}
		interpreter := interp.New(f, &sensor.Reader{Access: sensor.AccessNamed})
		for i := range f.Instances() {
			if rule := r.built.Rule(f.Instance(i).ID); rule != nil {
				r.of[rule] = compiled{rule, out.Definition, f, interpreter, i}
			}
		}
	}
	for _, rule := range rules {
		if _, ok := r.of[rule]; !ok {
			r.why[rule] = r.reason(rule, rules, err)
		}
	}
	return nil
}

// reason returns the reason why a rule did not compile.
func (r *runner) reason(rule *sigma.Rule, rules []*sigma.Rule, err error) Outcome {
	end := sigma.Position{Line: 1 << 30} // where the next rule of the file begins
	for _, other := range rules {
		if other.Name == rule.Name && other.Line > rule.Line && other.Line < end.Line {
			end = other.Position
		}
	}
	for _, err := range sigma.Errors(err) {
		if name, at, ok := placeOf(err); ok && name == rule.Name && at.Line >= rule.Line && at.Line < end.Line {
			return Outcome{Status: Failed, Message: "the rule does not compile: " + err.Error()}
		}
	}
	for _, e := range r.built.Unsupported {
		if e.Name == rule.Name && e.Line >= rule.Line && e.Line < end.Line {
			return Outcome{Status: Undecided, Message: "the rule does not compile: " + e.Error()}
		}
	}
	return Outcome{Status: Undecided, Message: "the rule does not compile; see cfcheck check"}
}

func placeOf(err error) (name string, at sigma.Position, ok bool) {
	switch e := err.(type) {
	case *sigma.Error:
		return e.Name, e.Position, true
	case *sigma.UnknownFieldError:
		return e.Name, e.Position, true
	case *sigma.UnresolvedError:
		return e.Name, e.Position, true
	}
	return "", sigma.Position{}, false
}

// run runs one test.
func (r *runner) run(t *test) Outcome {
	o := Outcome{Rule: t.rule, Where: t.place(), Name: t.Name, Match: t.Match}
	if why, ok := r.why[t.rule]; ok {
		o.Status, o.Message = why.Status, why.Message
		return o
	}
	c := r.of[t.rule]
	if t.data != "" {
		r.runRecorded(t, &c, &o)
		return o
	}
	e, ok := inline(t, c.def, &o)
	if !ok {
		return o
	}
	matched, err := r.try(&c, e, &o)
	switch {
	case err != nil:
	case matched == t.Match:
	case t.Match:
		o.Status, o.Message = Failed, "the rule does not match the event"
		r.explain(&c, e, nil, &o)
	default:
		o.Status, o.Message = Failed, "the rule matches the event"
		r.explain(&c, e, nil, &o)
	}
	return o
}

// try runs a rule on an event.
func (r *runner) try(c *compiled, e interp.Event, o *Outcome) (matched bool, err error) {
	matched, err = c.interpreter.RunInstance(c.instance, e)
	o.Events++
	if err != nil {
		o.Status, o.Message = Undecided, "the rule cannot be run on the event: "+err.Error()
	}
	return matched, err
}

// inline returns the event that a test has. If a field is not one of the type, it returns false,
// and o has the reason.
func inline(t *test, def *sensor.Definition, o *Outcome) (interp.Event, bool) {
	e := make(interp.Event, len(def.Inputs))
	names := make([]string, len(def.Inputs))
	for i, in := range def.Inputs {
		names[i] = in.Name
	}
	first := map[int]string{}
	ok := true
	fail := func(at sigma.Position, format string, args ...any) {
		ok = false
		o.Status, o.Message = Failed, "the event is not one of type "+def.Name+", for which the rule is"
		o.detail(Place{t.file, at}, format, args...)
	}
	for _, f := range t.Event {
		name := f.Name.Value
		i, known := def.InputFold(name)
		if !known {
			fail(f.Name.Position, "type %s has no field %s%s", def.Name, strictjson.Quote(name), strictjson.Suggest(name, names))
			continue
		}
		if other, again := first[i]; again {
			fail(f.Name.Position, "the event has the field %s twice: %s and %s", names[i], strictjson.Quote(other), strictjson.Quote(name))
			continue
		}
		first[i] = name
		if f.Null {
			continue
		}
		v, fits := events.ValueOf(def.Inputs[i].Type, f.Value.Value)
		if !fits {
			fail(f.Value.Position, "%s has the value %s; the field is of type %s", names[i], strictjson.Quote(f.Value.Value), def.Inputs[i].Type)
			continue
		}
		e[i] = v
	}
	return e, ok
}

// detail adds a detail, unless there are enough.
func (o *Outcome) detail(at Place, format string, args ...any) {
	switch n := len(o.Details); {
	case n < maxDetails:
		o.Details = append(o.Details, Detail{at, fmt.Sprintf(format, args...)})
	case n == maxDetails:
		o.Details = append(o.Details, Detail{o.Where, "and more"})
	}
}

// open returns the recorded events of a test.
func (r *runner) open(t *test) (*recording, error) {
	name := t.data
	if t.also != "" {
		name = t.also
	}
	if r.from == name && r.recorded != nil {
		r.bytes += int64(len(r.recorded.data))
		return r.recorded, r.spent()
	}
	data, err := r.set.read(name, MaxRecorded)
	if t.also != "" && errors.Is(err, fs.ErrNotExist) {
		name = t.data
		data, err = r.set.read(name, MaxRecorded)
	}
	if err != nil {
		return nil, err
	}
	rec, err := readRecorded(name, data)
	if err != nil {
		return nil, err
	}
	r.recorded, r.from = rec, name
	r.bytes += int64(len(rec.data))
	return rec, r.spent()
}

// spent returns an error if the tests of the run have read too many recorded events.
func (r *runner) spent() error {
	if r.bytes > MaxRecordedRun {
		return fmt.Errorf("the tests read more than %d bytes of recorded events; test fewer rules in a run", MaxRecordedRun)
	}
	return nil
}

// runRecorded runs a test on a file of recorded events.
func (r *runner) runRecorded(t *test, c *compiled, o *Outcome) {
	rec, err := r.open(t)
	if err != nil {
		o.Status, o.Message = Undecided, err.Error()
		return
	}
	var scratch interp.Event
	var matches, wrong, others, bad int
	var other string                  // what the first event of another type is
	silent := Outcome{Where: o.Where} // why the first event did not match
	total, err := rec.each(func(at sigma.Position, record *events.Record, err error) {
		place := Place{rec.name, at}
		var feeds []*events.Mapping
		if err == nil {
			feeds, err = r.matcher.Match(record)
		}
		if err != nil {
			bad++
			o.detail(place, "%v", err)
			return
		}
		tried, matched := false, false
		var feed *sensor.Feed // of the event in scratch
		for _, m := range feeds {
			if m.Definition != c.def {
				continue
			}
			e, err := m.Event(scratch, record)
			if err == nil {
				var again bool
				again, err = c.interpreter.RunInstance(c.instance, e)
				matched = matched || again
			}
			scratch, feed, tried = e, m.Feed, true
			if err != nil {
				bad++
				o.detail(place, "%v", err)
				return
			}
		}
		switch {
		case !tried:
			others++
			if other == "" {
				other = describe(record, feeds)
			}
			if t.Count == 0 {
				o.detail(place, "the event is not of type %s, for which the rule is: it is %s", c.def.Name, describe(record, feeds))
			}
			return
		case matched:
			matches++
		}
		o.Events++
		switch {
		case matched == t.Match:
		case t.Count > 0:
			if silent.Details == nil {
				silent.detail(place, "the rule does not match this event")
				r.explain(c, scratch, feed, &silent)
			}
		default:
			wrong++
			if t.Match {
				o.detail(place, "the rule does not match this event")
			} else {
				o.detail(place, "the rule matches this event")
			}
			if wrong == 1 {
				r.explain(c, scratch, feed, o)
			}
		}
	})
	switch {
	case err != nil:
		o.Status, o.Message = Undecided, err.Error()
	case bad > 0:
		o.Status, o.Message = Undecided, fmt.Sprintf("%d of %d events in %s cannot be tried", bad, total, rec.name)
	case o.Events == 0:
		o.Status, o.Message = Failed, fmt.Sprintf("no event in %s is of type %s, for which the rule is; the first is %s", rec.name, c.def.Name, other)
	case t.Count == 0 && others > 0:
		o.Status, o.Message = Failed, fmt.Sprintf("%d of %d events in %s are not of type %s", others, total, rec.name, c.def.Name)
	case t.Count == 0 && wrong > 0 && t.Match:
		o.Status, o.Message = Failed, fmt.Sprintf("the rule does not match %d of %d events in %s", wrong, total, rec.name)
	case t.Count == 0 && wrong > 0:
		o.Status, o.Message = Failed, fmt.Sprintf("the rule matches %d of %d events in %s", wrong, total, rec.name)
	case t.Count > 0 && (matches < t.Count || matches > t.Count && !t.Least):
		least := ""
		if t.Least {
			least = "at least "
		}
		o.Status, o.Message = Failed, fmt.Sprintf("the rule matches %d of the %d events of its type in %s; the test demands %s%d", matches, o.Events, rec.name, least, t.Count)
		if matches < t.Count {
			o.Details = silent.Details
		}
	}
}

// describe names a record in a message.
func describe(record *events.Record, feeds []*events.Mapping) string {
	text := fmt.Sprintf("event %d of channel %s", record.EventID, strictjson.Quote(string(record.Channel)))
	if record.Unnumbered {
		text = fmt.Sprintf("event of %s, channel %s", record.Provider, strictjson.Quote(string(record.Channel)))
	}
	var types []string
	for _, m := range feeds {
		if name := m.Definition.Name; !slices.Contains(types, name) {
			types = append(types, name)
		}
	}
	if len(types) == 0 {
		return text + ", which feeds no type"
	}
	return text + ", of type " + strings.Join(types, " and ")
}
