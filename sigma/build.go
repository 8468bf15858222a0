package sigma

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// Options say how [Build] makes channel files.
type Options struct {
	// AllowUnsupported leaves out the rules that cfcheck cannot express, and
	// those that would match more without them: the rules that a filter
	// narrows, those of a correlation that does not generate them, and those
	// of a rule collection. They are listed in the Result all the same.
	// Without it such a rule is an error.
	AllowUnsupported bool

	Revision uint32            // of the channel's content
	Created  uint64            // seconds since 1970-01-01 00:00:00 UTC
	Versions map[string]uint32 // of a template type, by its name; the newest of the definitions for those not named

	Budget *Budget // of the run; nil means one of this build alone, NewBudget(1)

	Placeholders Placeholders // for the modifier expand; nil: rules with it are not supported
}

// A Result is what [Build] made.
type Result struct {
	Outputs []Output // by the name of the template type

	// Why rules are in none of them, in the order of the rules.
	Malformed     []*Error
	UnknownFields []*UnknownFieldError
	Unsupported   []*UnsupportedError
	Unresolved    []*UnresolvedError
	LeftOut       []*Rule // the rules that the above speak of, each once

	Notes []Note // on rules that are in the outputs, in their order: what is worth a look

	rules      map[channelfile.ID]*Rule
	logsources *known
	shared     *shared
	references *references
	dependents map[*Rule]string // rules that are left out with others, and why
}

// An Output is a channel file in memory.
type Output struct {
	Definition *sensor.Definition // of the template type
	Name       string             // by [channelfile.FileName]
	Data       []byte             // in normal form, with provenance
	Rules      []*Rule            // that are in it, in the order in which they were given
}

// Build makes one channel file of each template type that the rules are for.
// The same rules and options give the same bytes, in whatever order the rules
// come.
//
// The Result is never nil, and has every rule that could be compiled: for a
// report. If the error is not nil, nothing of it may ship: it joins all that is
// malformed, two rules with one ID among it, what reads an unknown field or
// refers to a rule that is not there, and what is unsupported unless the options
// allow that. No rule at all is an error too.
//
// If the budget is spent, the error is a [*BudgetError] alone, and the Result is
// empty.
//
// Give it all rules of a release at once: a filter in one file narrows rules in
// others.
func Build(rules []*Rule, defs *sensor.Definitions, opts Options) (*Result, error) {
	res := &Result{rules: map[channelfile.ID]*Rule{}, logsources: knownLogsources(defs), shared: newShared()}
	if opts.Budget == nil {
		opts.Budget = NewBudget(1)
	}
	if err := whole(rules); err != nil {
		return res, err
	}
	var blocking []error
	builders := map[string]*output{}
	res.references = referencesOf(rules)
	if opts.AllowUnsupported {
		res.dependents = res.references.dependents(rules)
	}
	for _, r := range rules {
		err := res.add(r, builders, defs, opts)
		if err := opts.Budget.Err(); err != nil {
			return new(Result), err
		}
		if err != nil {
			res.LeftOut = append(res.LeftOut, r)
		}
		for _, e := range Errors(err) {
			if !res.sort(e) || !opts.AllowUnsupported {
				blocking = append(blocking, e)
			}
		}
	}
	for _, out := range builders {
		data, err := out.builder.Encode()
		if err != nil {
			blocking = append(blocking, fmt.Errorf("encoding the channel file of type %s: %w", out.Definition.Name, err))
			continue
		}
		out.Data = data
		res.Outputs = append(res.Outputs, out.Output)
	}
	slices.SortFunc(res.Outputs, func(a, b Output) int { return strings.Compare(a.Definition.Name, b.Definition.Name) })
	if len(res.Outputs) == 0 && len(blocking) == 0 {
		blocking = append(blocking, fmt.Errorf("%w, of %s", ErrNoRule, plural(len(rules), "rule")))
	}
	return res, errors.Join(blocking...)
}

// ErrNoRule is the error of [Build] if no rule is left and there is no other error.
var ErrNoRule = errors.New("no rule to build a channel file from")

type output struct {
	Output
	builder *channelfile.Builder
}

func newOutput(def *sensor.Definition, opts Options) *output {
	h := channelfile.Header{
		Channel: def.Channel, Revision: opts.Revision, Type: def.Number, TypeVersion: def.Version,
		InputsDeclared: uint16(len(def.Inputs)), Created: opts.Created,
	}
	return &output{Output{Definition: def, Name: channelfile.FileName(h)}, channelfile.NewBuilder(h)}
}

// add compiles a rule to the type of its logsource, sees that its ID is its
// own, and adds it to the output of the type.
func (res *Result) add(r *Rule, builders map[string]*output, defs *sensor.Definitions, opts Options) error {
	var errs []error
	if r.ID.Set() {
		id, _ := channelfile.ParseID(r.ID.Value)
		if first := res.rules[id]; first != nil {
			errs = append(errs, &Error{Name: r.Name, Position: r.ID.Position, Path: "id",
				Found: fmt.Sprintf("id %s is also that of the rule at %s:%d:%d", r.ID.Value, first.Name, first.ID.Line, first.ID.Column),
				Want:  "give one of them a new UUID, or remove the copy"})
		} else {
			res.rules[id] = r
		}
	}
	c := newCompiler(r, nil, opts.Placeholders)
	c.budget, c.shared = opts.Budget, res.shared
	var added Compiled
	c.resolve(res.references)
	if c.spelled(defs, res.logsources) && !c.beyond() {
		if c.def = c.definition(defs, opts.Versions); c.def != nil {
			added = c.compile()
		}
	}
	if reason := res.dependents[r]; reason != "" && !c.failed {
		c.try(added) // the author's errors count all the same
		if !c.failed {
			c.unsupported(r.Position, "", reason)
		}
	}
	if !c.failed && len(errs) == 0 {
		out := builders[c.def.Name]
		if out == nil {
			out = newOutput(c.def, opts)
		}
		c.addTo(out.builder, added)
		if !c.failed {
			builders[c.def.Name] = out
			out.Rules = append(out.Rules, r)
			res.Notes = append(res.Notes, r.Notes...)
			res.Notes = append(res.Notes, added.Notes...)
		}
	}
	return errors.Join(append(errs, Errors(c.errs.err(r.Name))...)...)
}

// spelled reports whether the logsource is spelled as its author meant it: a
// template type is for it, or no known one is near.
func (c *compiler) spelled(defs *sensor.Definitions, known *known) bool {
	l := c.rule.Logsource
	if defs.TypeOf(l.Sensor()) != "" {
		return true
	}
	ok := true
	for _, part := range []struct {
		key string
		Text
	}{{categoryKey, l.Category}, {productKey, l.Product}, {serviceKey, l.Service}} {
		if meant := known.misspelt(l.Product.Value, part.key, part.Value); meant != "" {
			c.fail(part.Position, "logsource."+part.key, fmt.Sprintf("%s %s is not in Sigma's taxonomy", part.key, quote(part.Value)), fmt.Sprintf("did you mean %s?", quote(meant)))
			ok = false
		}
	}
	return ok
}

// definition returns that of the type that the rule is for, nil if there is
// none.
func (c *compiler) definition(defs *sensor.Definitions, versions map[string]uint32) *sensor.Definition {
	l := c.rule.Logsource
	name := defs.TypeOf(l.Sensor())
	if name == "" {
		c.unsupported(l.Position, "logsource", noType(l, defs))
		return nil
	}
	version, ok := versions[name]
	if !ok {
		return defs.Newest(name)
	}
	def := defs.ByName(name, version)
	if def == nil {
		c.unsupported(l.Position, "logsource", fmt.Sprintf("the definitions do not have version %d of type %s, which was asked for", version, name))
	}
	return def
}

// sort puts an error where it belongs, and reports whether AllowUnsupported
// speaks of its kind.
func (res *Result) sort(err error) (may bool) {
	switch e := err.(type) {
	case *Error:
		res.Malformed = append(res.Malformed, e)
	case *UnknownFieldError:
		res.UnknownFields = append(res.UnknownFields, e)
	case *UnresolvedError:
		res.Unresolved = append(res.Unresolved, e)
	case *UnsupportedError:
		res.Unsupported = append(res.Unsupported, e)
		return true
	}
	return false
}

// Rule returns the rule that an instance was made of, or nil.
func (res *Result) Rule(id channelfile.ID) *Rule { return res.rules[id] }

// Locate returns the place in the rules that a word of a channel file comes
// from. The line and text are those that [channelfile.File.Use] gives for the
// word; with line 0, as of an and or an or, the place is that of the rule. It
// reports false if no rule has that ID.
func (res *Result) Locate(id channelfile.ID, line int, text string) (name string, at Position, ok bool) {
	r := res.rules[id]
	if r == nil {
		return "", Position{}, false
	}
	if line == 0 {
		return r.Name, r.Position, true
	}
	for _, s := range r.Detection.Searches {
		for _, alternative := range s.Alternatives {
			for _, it := range alternative.Items {
				if it.Line == line && it.source() == text {
					return r.Name, it.Position, true
				}
			}
		}
	}
	return r.Name, Position{line, 1}, true
}
