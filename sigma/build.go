package sigma

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// Options are the options of [Build].
type Options struct {
	// AllowUnsupported leaves out each document that a channel file cannot
	// express, such as a filter or a correlation. It also leaves out the rules
	// that must not ship alone:
	//   - rules that an omitted filter narrows: they would match more events
	//   - rules of an omitted correlation without "generate: true", which
	//     are not meant to match alone
	//   - rules in the file of an omitted rule collection
	//
	// The Result lists all of them. If AllowUnsupported is false, each document
	// that cannot be expressed is an error.
	AllowUnsupported bool

	Revision uint32 // revision of the channel's content
	Created  uint64 // seconds since 1970-01-01 00:00:00 UTC
	// Versions of template types by type name. For a type that is not listed,
	// Build uses the newest version. If that only appends inputs to older
	// versions, it uses the oldest of them that has all fields which the rules
	// of the type read. So content does not demand more of a build than it uses.
	Versions map[string]uint32

	Budget *Budget // budget of the run; nil means NewBudget(1), for this call alone

	// IDs of rules without an id.
	IDs IDs

	// Values for the modifier expand. nil means that rules with expand are
	// unsupported.
	Placeholders Placeholders
}

// A Result is the result of [Build].
type Result struct {
	Outputs []Output // sorted by the name of the template type

	// The reasons why rules are left out of all Outputs, in the order of the
	// rules.
	Malformed     []*Error
	UnknownFields []*UnknownFieldError
	Unsupported   []*UnsupportedError
	Unresolved    []*UnresolvedError
	LeftOut       []*Rule // the rules that these errors are about, each once

	// Remarks on the rules in Outputs, in the order of the rules.
	Notes []Note

	rules      map[channelfile.ID]*Rule
	logsources *known
	shared     *shared
	references *references
	dependents map[*Rule]string // reasons for rules that are left out because another rule is
}

// An Output is a channel file in memory.
type Output struct {
	Definition *sensor.Definition // of the template type
	Name       string             // file name, by [channelfile.FileName]
	Data       []byte             // encoded file in normal form, with provenance
	Rules      []*Rule            // rules in the file, in the order in which they were given
}

// Build makes one channel file for each template type that the rules use. The
// same rules and options give the same bytes, regardless of the order of the
// rules.
//
// The Result is never nil. For reports, it contains every rule that could be
// compiled. If the error is not nil, do not deploy any part of the Result. The
// error joins these:
//   - malformed rules, including rules that share an ID, and rules without one unless
//     opts.IDs derives it
//   - uses of unknown fields
//   - references to rules that are missing
//   - unsupported rules, unless opts.AllowUnsupported is set
//   - [ErrNoRule], if no rule is left and there is no other error
//
// If the budget is spent, the error is a [*BudgetError] alone, and the Result
// is empty. The budget bounds the time and memory that Build takes.
//
// Give Build all rules of a release at once, because a filter in one file
// narrows rules in other files.
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
	opts.Versions = versionsFor(rules, defs, opts.Versions)
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
		blocking = append(blocking, fmt.Errorf("%w (%s given)", ErrNoRule, plural(len(rules), "rule")))
	}
	return res, errors.Join(blocking...)
}

// ErrNoRule is the error of [Build] if no rule is left and there is no other
// error.
var ErrNoRule = errors.New("no rule to build a channel file from")

// versionsFor returns the versions of the types that the rules are compiled for:
// those given, and one for each other type that has several.
func versionsFor(rules []*Rule, defs *sensor.Definitions, given map[string]uint32) map[string]uint32 {
	versions := maps.Clone(given)
	candidates := map[string][]*sensor.Definition{} // by type; see appended
	for _, r := range rules {
		name, _ := typeOf(r.Logsource.Sensor(), defs)
		if _, ok := given[name]; ok || name == "" {
			continue
		}
		list, ok := candidates[name]
		if !ok {
			list = appended(defs, name)
			candidates[name] = list
		}
		if len(list) == 1 {
			continue
		}
		if versions == nil {
			versions = map[string]uint32{}
		}
		for _, d := range list {
			if d.Version >= versions[name] && hasFields(d, r, list[len(list)-1]) {
				versions[name] = d.Version
				break
			}
		}
	}
	return versions
}

// appended returns the newest version of a type, after the older versions that it
// only appends inputs to, in ascending order.
func appended(defs *sensor.Definitions, name string) []*sensor.Definition {
	newest := defs.Newest(name)
	list := []*sensor.Definition{newest}
	for _, version := range slices.Backward(defs.Versions(newest.Number)) {
		older := defs.ByName(name, version)
		n := len(older.Inputs)
		if older != newest && n <= len(list[0].Inputs) && slices.EqualFunc(older.Inputs, list[0].Inputs[:n], func(a, b sensor.Input) bool {
			return a.Name == b.Name && a.Type == b.Type
		}) {
			list = slices.Insert(list, 0, older)
		}
	}
	return list
}

// hasFields reports whether a definition has all fields of the newest version that
// a rule reads.
func hasFields(d *sensor.Definition, r *Rule, newest *sensor.Definition) bool {
	has := func(field string) bool {
		if _, ok := d.InputFold(field); ok {
			return true
		}
		_, ok := newest.InputFold(field)
		return !ok
	}
	for _, s := range r.Detection.Searches {
		for _, a := range s.Alternatives {
			for _, it := range a.Items {
				if !has(it.Field) {
					return false
				}
				// The values of fieldref are fields.
				if slices.ContainsFunc(it.Modifiers, func(m Text) bool { return m.Value == "fieldref" }) &&
					slices.ContainsFunc(it.Values, func(v Value) bool { return !has(v.Value) }) {
					return false
				}
			}
		}
	}
	return true
}

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

// add compiles a rule for the type of its logsource, checks that its ID is
// unique, and adds it to the output of that type.
func (res *Result) add(r *Rule, builders map[string]*output, defs *sensor.Definitions, opts Options) error {
	var errs []error
	id, identified, err := res.identify(r, opts.IDs)
	if err != nil {
		errs = append(errs, err)
	}
	c := newCompiler(r, nil, opts.Placeholders)
	c.id, c.identified = id, identified
	c.budget, c.shared = opts.Budget, res.shared
	var added Compiled
	c.resolve(res.references)
	if c.spelled(defs, res.logsources) && !c.beyond() {
		if c.def = c.definition(defs, opts.Versions); c.def != nil {
			added = c.compile()
		}
	}
	if reason := res.dependents[r]; reason != "" && !c.failed {
		c.try(added) // report the author's errors too
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

// spelled reports whether the spelling of the logsource is right: a template
// type uses it, or no known logsource is similar. Otherwise it records an
// error.
func (c *compiler) spelled(defs *sensor.Definitions, known *known) bool {
	l := c.rule.Logsource
	if name, _ := typeOf(l.Sensor(), defs); name != "" {
		return true
	}
	ok := true
	for _, part := range []struct {
		key string
		Text
	}{{categoryKey, l.Category}, {productKey, l.Product}, {serviceKey, l.Service}} {
		if meant := known.misspelt(l.Product.Value, part.key, part.Value); meant != "" {
			c.add(&Error{Name: c.rule.Name, Position: part.Position, Path: "logsource." + part.key, Found: fmt.Sprintf("%s %s is not in Sigma's taxonomy", part.key, quote(part.Value)),
				Want: fmt.Sprintf("did you mean %s?", quote(meant)), Correction: corrects(CorrectsLogsource, part.Value, meant)})
			ok = false
		}
	}
	return ok
}

// definition returns the definition of the template type for the rule's
// logsource. If no type is for it, definition records an error and returns nil.
func (c *compiler) definition(defs *sensor.Definitions, versions map[string]uint32) *sensor.Definition {
	l := c.rule.Logsource
	name, others := typeOf(l.Sensor(), defs)
	if len(others) > 0 {
		c.notes = append(c.notes, Note{c.rule.Name, l.Service.Position, "logsource.service",
			fmt.Sprintf("the category decides: the rule is for all events of type %s, also for those of feeds %s, which are not from service %s", name, enumerate(others), clip(l.Service.Value)), Correction{}})
	}
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
		c.unsupported(l.Position, "logsource", fmt.Sprintf("version %d of type %s was requested, and the definitions do not have it", version, name))
	}
	return def
}

// sort appends an error to the list for its kind. It reports whether
// AllowUnsupported applies to that kind.
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

// Rule returns the rule that an instance was compiled from, or nil.
func (res *Result) Rule(id channelfile.ID) *Rule { return res.rules[id] }

// Locate returns the place in the rules that a word of a channel file was
// compiled from. The line and text are those that [channelfile.File.Use]
// returns for the word. Line 0, as for an and or an or, means the place of the
// rule. ok is false if no rule has that ID.
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
