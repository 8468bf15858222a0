package sigma

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Compiled rule has the arguments of [channelfile.Builder.Add].
type Compiled struct {
	ID        channelfile.ID
	Condition channelfile.Expr
	Origin    channelfile.Origin
	Notes     []Note // remarks, in addition to the notes of the rule
}

// Compile compiles a rule that [Parse] returned for a template type. Each
// criterion of the condition carries the line of its field and the source text
// at that place. The placeholders may be nil.
//
// A non-nil error joins all reasons why the rule cannot be compiled:
//   - an [*Error] if the rule has no UUID as its id, contains a malformed regular expression,
//     or makes a comparison that the type of a field does not allow
//   - an [*UnknownFieldError] for each use of a field that the type does not have
//   - an [*UnsupportedError] for each reason why cfcheck cannot express the rule
//
// Compile ignores searches that the condition does not use.
func Compile(rule *Rule, def *sensor.Definition, placeholders Placeholders) (Compiled, error) {
	c := newCompiler(rule, def, placeholders)
	c.shared = newShared()
	if !c.beyond() && !slices.Contains(def.Logsources, rule.Logsource.Sensor()) {
		c.unsupported(rule.Logsource.Position, "logsource",
			fmt.Sprintf("template type %s is not for rules of %s", def.Name, rule.Logsource))
	}
	if c.failed {
		return Compiled{}, c.errs.err(rule.Name)
	}
	out := c.compile()
	if !c.failed {
		c.try(out)
	}
	if c.failed {
		return Compiled{}, c.errs.err(rule.Name)
	}
	return out, nil
}

func newCompiler(rule *Rule, def *sensor.Definition, placeholders Placeholders) *compiler {
	id, ok := rule.UUID()
	return &compiler{rule: rule, def: def, placeholders: placeholders, id: id, identified: ok,
		searches: map[*Search]channelfile.Expr{}, reasons: map[string]bool{}}
}

// compile does the work of Compile for a rule for which beyond is false. If the
// rule failed, the result is meaningless.
func (c *compiler) compile() Compiled {
	rule := c.rule
	out := Compiled{Origin: channelfile.Origin{
		Rule: c.idText(), Title: rule.Title.Value, Author: rule.Author.Value,
		Licence: rule.Licence.Value, Path: rule.Path, Line: rule.Line,
	}}
	switch out.ID = c.id; {
	case c.identified:
	case rule.ID.Set():
		c.fail(rule.ID.Position, "id", fmt.Sprintf("id %s is not a UUID, by which a channel file names each rule", quote(rule.ID.Value)), newID)
	default:
		c.fail(rule.Position, "", "rule has no id, by which a channel file names each rule", newID)
	}
	uses := c.uses()
	if c.failed {
		return out
	}
	if uses > MaxUses {
		c.unsupported(rule.Detection.Position, "detection.condition",
			fmt.Sprintf("the conditions use searches so often that they compare more than %s fields and values in total", count(MaxUses)))
		return out
	}
	if !c.spend(cost{steps: uses}) {
		return out
	}
	var parts []channelfile.Expr
	for _, condition := range rule.Detection.Conditions {
		if condition.Aggregation.Set() {
			c.unsupported(condition.Aggregation.Position, "detection.condition",
				fmt.Sprintf("aggregation %s after \"|\": Sigma has replaced aggregations in conditions with correlation rules", quote(condition.Aggregation.Value)))
			continue
		}
		parts = append(parts, c.node(condition.Node))
	}
	out.Condition = channelfile.Or(parts...)
	out.Notes = c.notes
	return out
}

// A compiler compiles one rule for one template type.
type compiler struct {
	rule         *Rule
	def          *sensor.Definition
	placeholders Placeholders
	id           channelfile.ID
	identified   bool // id is the ID of the rule
	searches     map[*Search]channelfile.Expr
	reasons      map[string]bool // why the rule is unsupported, each reason once
	notes        []Note
	expanded     int // bytes of values after their placeholders are filled in
	regexpsUsed  []usedRegexp
	errs         errorList
	failed       bool

	budget *Budget
	shared *shared
}

// idText returns the ID of the rule as its author wrote it, or as text if it is
// derived, or "".
func (c *compiler) idText() string {
	if _, written := c.rule.UUID(); written || !c.identified {
		return c.rule.ID.Value
	}
	return c.id.String()
}

// shared holds the state that all compilers of a build share.
type shared struct {
	regexps map[string]bool                 // regular expressions that were charged
	fields  map[*sensor.Definition][]string // names of the inputs
}

func newShared() *shared {
	return &shared{map[string]bool{}, map[*sensor.Definition][]string{}}
}

// spend charges the rule. It marks the rule as failed if the budget is spent.
func (c *compiler) spend(cost cost) bool {
	ok := c.budget.spend(c.rule, cost)
	c.failed = c.failed || !ok
	return ok
}

// add records an error.
func (c *compiler) add(err error) {
	c.failed = true
	c.spend(cost{values: errorValues})
	c.errs.add(err)
}

func (c *compiler) fail(at Position, path, found, want string) {
	c.add(&Error{Name: c.rule.Name, Position: at, Path: path, Found: found, Want: want})
}

func (c *compiler) unsupported(at Position, path, reason string) {
	c.failed = true
	if c.reasons[reason] {
		return
	}
	c.reasons[reason] = true
	c.add(&UnsupportedError{Name: c.rule.Name, Position: at, Path: path,
		ID: c.idText(), Title: c.rule.Title.Value, Author: c.rule.Author.Value, Reason: reason})
}

// beyond reports whether the compiler does not support the rule as a whole.
// Then it records the reason.
func (c *compiler) beyond() bool {
	r := c.rule
	switch {
	case r.Kind == Correlation:
		c.unsupported(r.extra.Position, "", "correlation rules relate several events; a channel file judges one event")
	case r.Kind == Filter:
		c.unsupported(r.extra.Position, "", "cfcheck does not apply filters; write the exclusion into the rules that the filter narrows")
	case r.Kind == Collection:
		c.unsupported(r.extra.Position, "", "rule collections (\"action\") are no longer part of Sigma; write each rule out")
	case r.SigmaVersion.Set() && newerThanOurs(r.SigmaVersion.Value):
		c.unsupported(r.SigmaVersion.Position, "sigma-version", fmt.Sprintf("the rule follows version %s of Sigma's specification; cfcheck follows %s", clip(r.SigmaVersion.Value), SpecVersion))
	case r.Taxonomy.Set() && r.Taxonomy.Value != sigmaTaxonomy:
		c.unsupported(r.Taxonomy.Position, "taxonomy", fmt.Sprintf("the rule uses the names of taxonomy %s, and cfcheck knows only the taxonomy of Sigma; convert the rule to that", quote(r.Taxonomy.Value)))
	case strings.EqualFold(r.Status.Value, unsupportedStatus):
		c.unsupported(r.Status.Position, "status", "its author gave it the status \"unsupported\"")
	}
	if t := r.Detection.Timeframe; !c.failed && t.Set() {
		c.unsupported(t.Position, "detection.timeframe", "a timeframe belongs to an aggregation; a channel file judges one event")
	}
	return c.failed
}

// try adds the rule to an empty channel file, which shows whether the rule
// exceeds a limit of the format.
func (c *compiler) try(out Compiled) {
	c.addTo(channelfile.NewBuilder(channelfile.Header{InputsDeclared: uint16(len(c.def.Inputs))}), out)
}

// addTo adds the rule to a channel file. If the rule exceeds a limit of the
// format, addTo records that it is unsupported.
func (c *compiler) addTo(b *channelfile.Builder, out Compiled) {
	if err := b.Add(out.ID, out.Condition, &out.Origin); err != nil {
		var regexp *channelfile.RegexpError
		if errors.As(err, &regexp) {
			c.badRegexps()
		}
		if c.failed {
			return
		}
		reason := err.Error()
		if inner := errors.Unwrap(err); inner != nil {
			reason = inner.Error() // without the ID
		}
		c.unsupported(c.rule.Detection.Position, "detection", reason)
	}
}

// uses returns the number of fields and values that the conditions compare. It
// counts a search each time that a condition uses it.
func (c *compiler) uses() int {
	d := &c.rule.Detection
	weight := func(searches ...*Search) (n int) {
		for _, s := range searches {
			for _, alternative := range s.Alternatives {
				for _, it := range alternative.Items {
					if n += c.weight(it); n > MaxUses {
						return n
					}
				}
			}
		}
		return n
	}
	total := 0
	for _, condition := range d.Conditions {
		condition.Node.walk(func(n *Node) {
			if total > MaxUses {
				return
			}
			switch n.Op {
			case Named:
				total += weight(d.Search(n.Name))
			case AnyOf, AllOf:
				total += weight(d.Matching(n.Name)...)
			}
		})
	}
	return total
}

// weight returns the number of fields and values that an item compares. It
// counts the values that modifiers and placeholders produce, and counts a
// keyword for each field in which it is looked for.
func (c *compiler) weight(it *Item) int {
	weight := 1 + it.weight
	if it.chain.expand {
		for _, v := range it.Values {
			combinations := 1
			for _, name := range parseTemplate(v.Value).placeholders() {
				combinations = min(combinations*len(c.placeholders[name]), MaxUses+1)
			}
			if weight += combinations; weight > MaxUses {
				c.unsupported(v.Position, it.Path, fmt.Sprintf("with its placeholders filled in, the field has more than %s values", count(MaxUses)))
				return MaxUses
			}
		}
	}
	if it.Field == "" {
		weight *= max(1, len(c.def.Keywords))
	}
	return weight
}

// node compiles a part of a condition. It does not recurse deeper than the
// parser of conditions.
func (c *compiler) node(n *Node) channelfile.Expr {
	switch n.Op {
	case Named:
		return c.search(c.rule.Detection.Search(n.Name))
	case Not:
		return channelfile.Not(c.node(n.Args[0]))
	}
	var parts []channelfile.Expr
	for _, arg := range n.Args {
		parts = append(parts, c.node(arg))
	}
	if n.Op == AnyOf || n.Op == AllOf {
		for _, s := range c.rule.Detection.Matching(n.Name) {
			parts = append(parts, c.search(s))
		}
	}
	if n.Op == And || n.Op == AllOf {
		return channelfile.And(parts...)
	}
	return channelfile.Or(parts...)
}

func (c *compiler) search(s *Search) channelfile.Expr {
	if done, ok := c.searches[s]; ok {
		return done
	}
	var parts []channelfile.Expr
	for _, alternative := range s.Alternatives {
		var all []channelfile.Expr
		for _, it := range alternative.Items {
			all = append(all, c.item(it))
		}
		parts = append(parts, channelfile.And(all...))
	}
	c.searches[s] = channelfile.Or(parts...)
	return c.searches[s]
}

// item compiles a field with its values. If the rule failed, the result is
// meaningless.
func (c *compiler) item(it *Item) channelfile.Expr {
	if it.chain.unsupported != "" {
		c.unsupported(it.chain.at, it.Path, fmt.Sprintf("modifier %s: %s", it.chain.unsupported, it.chain.reason))
	}
	var e channelfile.Expr
	if it.Field == "" {
		e = c.keywords(it)
	} else if input, ok := c.field(it.Field, it.Position, it.Path, it.unfilled(c.placeholders)...); ok && it.chain.unsupported == "" {
		e = c.values(it, input, it.Values)
	}
	if it.chain.negated {
		e = channelfile.Not(e)
	}
	return e.From(it.Line, it.source())
}

// keywords compiles values that are looked for in each of the inputs that the
// type lists for keywords. With the modifier all, each keyword may be in
// another input.
func (c *compiler) keywords(it *Item) channelfile.Expr {
	if len(c.def.Keywords) == 0 {
		c.unsupported(it.Position, it.Path, fmt.Sprintf("a keyword is looked for in a whole message, and type %s lists no fields for keywords", c.def.Name))
		return channelfile.Expr{}
	}
	if it.chain.unsupported != "" {
		return channelfile.Expr{}
	}
	groups := [][]Value{it.Values}
	if it.chain.all {
		groups = slices.Collect(slices.Chunk(it.Values, 1))
	}
	var all []channelfile.Expr
	for _, values := range groups {
		var parts []channelfile.Expr
		for _, name := range c.def.Keywords {
			if input, ok := c.field(name, it.Position, it.Path); ok {
				parts = append(parts, c.values(it, input, values))
			}
		}
		all = append(all, channelfile.Or(parts...))
	}
	return channelfile.And(all...)
}

// values compiles the comparison of an input with values of an item. It records
// the errors in the values.
func (c *compiler) values(it *Item, input int, values []Value) channelfile.Expr {
	var e channelfile.Expr
	switch it.chain.kind {
	case "":
		e = c.strings(it, input, values)
	case "re":
		e = c.regexps(it, input, values)
	case "exists":
		e = channelfile.Exists(input)
		if !strings.EqualFold(it.Values[0].Value, "true") {
			e = channelfile.Not(e)
		}
	case "fieldref":
		e = c.fieldref(it, input)
	case "cidr":
		e = c.cidr(it, input)
	default:
		e = c.numbers(it, input)
	}
	return e
}

// field returns the input with a name. It accepts a name that differs only in
// case, and adds a note. Otherwise it records an [*UnknownFieldError], with the placeholders of the
// comparison that have no values.
func (c *compiler) field(name string, at Position, path string, unfilled ...string) (input int, ok bool) {
	if input, ok = c.def.Input(name); ok {
		return input, true
	}
	if input, ok = c.def.InputFold(name); ok {
		note := Note{c.rule.Name, at, path, fmt.Sprintf("field %s is read as %s, which is how type %s spells it", quote(name), quote(c.def.Inputs[input].Name), c.def.Name),
			corrects(CorrectsCase, name, c.def.Inputs[input].Name)}
		if !slices.ContainsFunc(c.notes, func(n Note) bool { return n.Message == note.Message }) {
			c.notes = append(c.notes, note)
		}
		return input, true
	}
	names := c.shared.fields[c.def]
	if names == nil {
		for _, in := range c.def.Inputs {
			names = append(names, in.Name)
		}
		c.shared.fields[c.def] = names
	}
	steps := len(names)
	for _, f := range c.def.Feeds {
		steps += len(f.Fields)
	}
	c.spend(cost{steps: steps})
	// Many authors use the name of the event for the name of the type.
	near, feed, raw := nearRaw(c.def, name)
	if near == "" || !strings.EqualFold(raw, name) {
		if other := nearestField(name, names); other != "" {
			near, feed, raw = other, "", ""
		}
	}
	c.add(&UnknownFieldError{Name: c.rule.Name, Position: at, Path: path, ID: c.idText(), Title: c.rule.Title.Value, Author: c.rule.Author.Value,
		Field: name, Type: c.def.Name, Version: c.def.Version, Nearest: near, Feed: feed, Raw: raw, Fields: names, Unfilled: unfilled})
	return 0, false
}

// nearRaw returns the input that the events of a feed call name, or almost so, with
// the name of the feed and its own name for the input. It returns "" if no feed has
// such a name.
func nearRaw(d *sensor.Definition, name string) (input, feed, raw string) {
	var names []string
	for _, f := range d.Feeds {
		for _, field := range f.Fields {
			switch {
			case field.Field == "":
			case strings.EqualFold(field.Field, name):
				return field.Input, f.Name, field.Field
			default:
				names = append(names, field.Field)
			}
		}
	}
	if near := nearestField(name, names); near != "" {
		return nearRaw(d, near)
	}
	return "", "", ""
}

// wants reports whether the input has one of the types that the item needs.
// Otherwise it records an error.
func (c *compiler) wants(it *Item, input int, what string, types ...sensor.InputType) bool {
	in := c.def.Inputs[input]
	if slices.Contains(types, in.Type) {
		return true
	}
	var names []string
	for _, t := range types {
		names = append(names, t.String())
	}
	c.fail(it.Position, it.Path, fmt.Sprintf("%s compares %s, and %s is of type %s", clip(it.Key), what, in.Name, in.Type),
		"expected a field of type "+strings.Join(names, " or "))
	return false
}

// link joins the expressions for the values of an item.
func link(all bool, parts []channelfile.Expr) channelfile.Expr {
	if all {
		return channelfile.And(parts...)
	}
	return channelfile.Or(parts...)
}

// strings compiles values that are compared as text: literals, wildcards and
// null.
func (c *compiler) strings(it *Item, input int, values []Value) channelfile.Expr {
	var parts []channelfile.Expr
	var choices []choice
	var literals []string // values that are literals without wildcards
	plain := plainly(it.chain.steps)
	if it.Field == "" || c.def.Inputs[input].Type != sensor.TypeString {
		plain = nil
	}
	for _, v := range values {
		if v.Null {
			parts = append(parts, channelfile.Not(channelfile.Exists(input)))
			continue
		}
		if plain != nil {
			if s, ok := parseGlob(v.Value).literal(); ok {
				literals = append(literals, s)
				continue
			}
		}
		made := c.choices(it, v)
		if it.chain.all && len(made) > 1 {
			// Each value must hold, and any of its variants is sufficient.
			parts = append(parts, c.compare(it, input, made))
			continue
		}
		choices = append(choices, made...)
	}
	if len(choices) > 0 {
		e := c.compare(it, input, choices)
		if it.chain.all {
			e = e.All()
		}
		parts = append(parts, e)
	}
	if len(literals) > 0 {
		e := plain(input, literals...)
		if it.chain.all {
			e = e.All()
		}
		parts = append(parts, e)
	}
	e := link(it.chain.all, parts)
	if !it.chain.cased {
		e = e.Fold()
	}
	return e
}

// plainly returns the comparison that the steps mean for values without
// wildcards, or nil if no operator has that meaning. Most values are of this kind, and plainly
// saves the detour through patterns for them.
func plainly(steps []modifier) func(int, ...string) channelfile.Expr {
	switch {
	case len(steps) == 0:
		return channelfile.Equals
	case len(steps) > 1:
	case steps[0].name == "contains":
		return channelfile.Contains
	case steps[0].name == "startswith":
		return channelfile.Prefix
	case steps[0].name == "endswith":
		return channelfile.Suffix
	}
	return nil
}

// A choice is a glob and the value that it was made from.
type choice struct {
	glob
	of *Value
}

// choices returns the globs that the modifiers make from a value. It returns
// nil if this fails the rule.
func (c *compiler) choices(it *Item, v Value) []choice {
	if it.chain.expand && !c.filled(it, v) {
		return nil
	}
	globs, problem := it.chain.strings(v.Value, c.placeholder, func(values, bytes int) bool { return c.spend(cost{values: values, bytes: bytes}) })
	if it.Field == "" {
		c.spend(cost{values: len(globs), bytes: len(v.Value)}) // for this field
	}
	if c.budget.Err() != nil {
		return nil
	}
	if problem != "" {
		c.fail(v.Position, it.Path, "value "+quote(v.Value)+" "+problem, "")
		return nil
	}
	choices := make([]choice, 0, len(globs))
	for _, g := range globs {
		if it.Field == "" {
			g = g.contains()
		}
		if !g.text() {
			c.unsupported(v.Position, it.Path, fmt.Sprintf("value %s in UTF-16 is not valid text, so no field can contain it; encode it with base64 or base64offset too", quote(v.Value)))
			return nil
		}
		choices = append(choices, choice{g, &v})
	}
	return choices
}

// unfilled returns the placeholders of the values of an item that have no values, each once.
func (it *Item) unfilled(given Placeholders) (names []string) {
	if !it.chain.expand {
		return nil
	}
	for _, v := range it.Values {
		for _, name := range parseTemplate(v.Value).placeholders() {
			if _, ok := given[name]; !ok && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// filled reports whether the placeholders of a value can be filled in.
// Otherwise it records the reason.
func (c *compiler) filled(it *Item, v Value) bool {
	template := parseTemplate(v.Value)
	combinations, size := 1, template.size()
	for _, name := range template.placeholders() {
		values, ok := c.placeholders[name]
		switch {
		case c.placeholders == nil:
			c.unsupported(v.Position, it.Path, fmt.Sprintf("placeholder %%%s%% has no values: give them in a file (--placeholders)", name))
			return false
		case !ok:
			reason := fmt.Sprintf("placeholder %%%s%% is not among the given placeholders", name)
			if near := nearest(name, c.placeholders.names()); near != "" {
				reason += fmt.Sprintf("; did you mean %%%s%%?", near)
			}
			c.unsupported(v.Position, it.Path, reason)
			return false
		}
		longest := 0
		for _, value := range values {
			longest = max(longest, len(value))
		}
		combinations *= len(values) // at most MaxUses, as weight checked
		size += longest
	}
	if c.expanded += combinations * size; c.expanded > MaxValueBytes {
		c.unsupported(v.Position, it.Path, fmt.Sprintf("with its placeholders filled in, the rule has more than %s bytes of values", count(MaxValueBytes)))
		return false
	}
	return c.spend(cost{values: combinations - 1, bytes: combinations * size})
}

// placeholder returns the values of a placeholder.
func (c *compiler) placeholder(name string) []glob {
	var globs []glob
	for _, value := range c.placeholders[name] {
		globs = append(globs, parseGlob(value))
	}
	return globs
}

// compare compiles a comparison that holds if the input equals any of the
// globs.
func (c *compiler) compare(it *Item, input int, choices []choice) channelfile.Expr {
	in := c.def.Inputs[input]
	var patterns []string
	var numbers []int64
	var addresses [][2]netip.Addr
	for _, g := range choices {
		if in.Type == sensor.TypeString {
			patterns = append(patterns, g.String())
			continue
		}
		literal, ok := g.literal()
		ok = ok && !slices.ContainsFunc(it.chain.steps, func(m modifier) bool { return m.role != fillIn })
		want := "expected a decimal number"
		if in.Type == sensor.TypeInteger {
			n, number := decimal(literal)
			ok = ok && number
			numbers = append(numbers, n)
		} else {
			want = "expected an address, or cidr and a network"
			a, err := netip.ParseAddr(literal)
			ok = ok && err == nil && a.Zone() == ""
			addresses = append(addresses, [2]netip.Addr{a, a})
		}
		if !ok {
			shown := g.of.Value
			if it.chain.expand {
				shown = g.String()
			}
			c.fail(g.of.Position, it.Path, fmt.Sprintf("%s is of type %s, and its value is %s%s", in.Name, in.Type, steps(it), quote(shown)), want)
		}
	}
	switch in.Type {
	case sensor.TypeInteger:
		return channelfile.IntegerEquals(input, numbers...)
	case sensor.TypeAddress:
		return channelfile.AddressRange(input, addresses...)
	}
	// channelfile.Pattern uses the simplest operator that is equivalent to the
	// pattern: equals, prefix, suffix, contains or exists.
	return channelfile.Pattern(input, patterns...)
}

// steps returns the first modifier of an item and a space, for a message that
// shows a value. It returns "" if the item has no such modifier.
func steps(it *Item) string {
	if len(it.chain.steps) == 0 {
		return ""
	}
	return it.chain.steps[0].name + " "
}

// regexps compiles regular expressions.
func (c *compiler) regexps(it *Item, input int, values []Value) channelfile.Expr {
	if !c.wants(it, input, "strings", sensor.TypeString) {
		return channelfile.Expr{}
	}
	prefix := ""
	if it.chain.flags != "" {
		prefix = "(?" + it.chain.flags + ")"
	}
	var expressions []string
	for _, v := range values { // Parse checked that no value is null
		expression := prefix + v.Value
		if !c.spendRegexp(expression) {
			return channelfile.Expr{}
		}
		expressions = append(expressions, expression)
		c.regexpsUsed = append(c.regexpsUsed, usedRegexp{it, v, len(prefix), expression})
	}
	e := channelfile.Regexp(input, expressions...)
	if it.chain.all {
		e = e.All()
	}
	return e
}

// spendRegexp charges a regular expression for its program, once in a build. It
// compiles the expression before the Builder does, because only then its size
// is known. It ignores errors, because the Builder reports them.
func (c *compiler) spendRegexp(expression string) bool {
	if c.shared.regexps[expression] {
		return c.spend(cost{steps: 1})
	}
	c.shared.regexps[expression] = true
	steps, bytes := len(expression), len(expression)
	if p, err := channelfile.CompileRegexp(expression); err == nil {
		steps, bytes = p.Size()
	}
	return c.spend(cost{bytes: bytes, steps: steps})
}

// A usedRegexp is a regular expression of a rule: the flags and a value of an
// item.
type usedRegexp struct {
	*Item
	value      Value
	flags      int // length of the prefix with the flags, in bytes
	expression string
}

// badRegexps records the errors in the regular expressions of the rule. The
// compiler calls it after a Builder rejected a regular expression.
func (c *compiler) badRegexps() {
	seen := map[string]bool{}
	for _, r := range c.regexpsUsed {
		_, err := channelfile.CompileRegexp(r.expression)
		var bad *channelfile.RegexpError
		if !errors.As(err, &bad) || seen[r.expression] {
			continue
		}
		seen[r.expression] = true
		at := r.value.Position
		if r.value.inside != (Position{}) && bad.Offset >= r.flags {
			at = Position{r.value.inside.Line, r.value.inside.Column + bad.Offset - r.flags}
		}
		found := "regular expression " + quoteRegexp(r.value.Value)
		if errors.Is(bad, channelfile.ErrRegexpMalformed) {
			c.fail(at, r.Path, found+": "+bad.Detail, "")
		} else {
			c.unsupported(at, r.Path, found+": "+bad.Detail)
		}
	}
}

// quoteRegexp returns a regular expression as it was written, between
// backquotes, if possible. Most expressions contain backslashes, which quote
// would double.
func quoteRegexp(s string) string {
	if len(s) <= maxShown && !strings.ContainsFunc(s, func(r rune) bool { return r == '`' || unicode.IsControl(r) }) {
		return "`" + s + "`"
	}
	return quote(s)
}

// fieldref compiles comparisons with other fields of the same event.
func (c *compiler) fieldref(it *Item, input int) channelfile.Expr {
	var others []int
	sound := true
	for _, v := range it.Values {
		name, _ := parseGlob(v.Value).literal() // Parse checked it
		other, ok := c.field(name, v.Position, it.Path)
		if !ok {
			sound = false
			continue
		}
		if a, b := c.def.Inputs[input], c.def.Inputs[other]; a.Type != b.Type {
			sound = false
			c.fail(v.Position, it.Path, fmt.Sprintf("%s is of type %s, and %s of type %s", a.Name, a.Type, b.Name, b.Type), "expected fields of the same type")
			continue
		}
		if other == input {
			sound = false
			c.fail(v.Position, it.Path, fmt.Sprintf("field %s is compared with itself", name), "expected another field")
			continue
		}
		others = append(others, other)
	}
	if !sound {
		return channelfile.Expr{}
	}
	compare := channelfile.EqualsInput
	for _, step := range it.chain.steps {
		switch step.name {
		case "startswith":
			compare = channelfile.PrefixInput
		case "endswith":
			compare = channelfile.SuffixInput
		default:
			c.unsupported(it.Position, it.Path, "a channel file cannot look for the value of one field inside another field")
			return channelfile.Expr{}
		}
	}
	switch c.def.Inputs[input].Type {
	case sensor.TypeAddress:
		c.unsupported(it.Position, it.Path, "a channel file cannot compare two fields of type address")
		return channelfile.Expr{}
	case sensor.TypeInteger:
		if len(it.chain.steps) > 0 {
			c.wants(it, input, "strings", sensor.TypeString)
			return channelfile.Expr{}
		}
		compare = channelfile.IntegerEqualsInput
	}
	e := compare(input, others...)
	if it.chain.all {
		e = e.All()
	}
	if !it.chain.cased {
		e = e.Fold()
	}
	return e
}

// cidr compiles comparisons with networks.
func (c *compiler) cidr(it *Item, input int) channelfile.Expr {
	if !c.wants(it, input, "addresses", sensor.TypeString, sensor.TypeAddress) {
		return channelfile.Expr{}
	}
	var networks []netip.Prefix
	for _, v := range it.Values {
		network, err := netip.ParsePrefix(v.Value)
		if err != nil {
			// Parse checked the value, so this is unreachable for rules from Parse.
			c.fail(v.Position, it.Path, "value of cidr is "+quote(v.Value), "expected a network")
			return channelfile.Expr{}
		}
		networks = append(networks, network)
	}
	e := channelfile.AddressPrefix(input, networks...)
	if it.chain.all {
		e = e.All()
	}
	return e
}

// numbers compiles lt, lte, gt and gte.
func (c *compiler) numbers(it *Item, input int) channelfile.Expr {
	if !c.wants(it, input, "numbers", sensor.TypeString, sensor.TypeInteger) {
		return channelfile.Expr{}
	}
	var ranges [][2]int64
	for _, v := range it.Values {
		n, ok := decimal(v.Value)
		if !ok {
			c.unsupported(v.Position, it.Path, fmt.Sprintf("a channel file compares integers in decimal, from %d to %d, and the value is %s", int64(minInt64), int64(maxInt64), quote(v.Value)))
			return channelfile.Expr{}
		}
		// Parse rejects lt with the smallest number and gt with the largest, so
		// that n-1 and n+1 cannot overflow.
		switch it.chain.kind {
		case "lt":
			ranges = append(ranges, [2]int64{math.MinInt64, n - 1})
		case "lte":
			ranges = append(ranges, [2]int64{math.MinInt64, n})
		case "gt":
			ranges = append(ranges, [2]int64{n + 1, math.MaxInt64})
		case "gte":
			ranges = append(ranges, [2]int64{n, math.MaxInt64})
		}
	}
	e := channelfile.IntegerRange(input, ranges...)
	if it.chain.all {
		e = e.All()
	}
	return e
}

// maxSource is the maximum number of bytes of values that the provenance of a
// criterion repeats.
const maxSource = 4096

// source returns the item on one line, as its author wrote it: PipeName: '\a',
// or PipeName|contains: ['\a', '\b']. A keyword is returned unchanged.
func (it *Item) source() string {
	var b strings.Builder
	if it.Key != "" {
		b.WriteString(it.Key)
		b.WriteString(": ")
	}
	if it.List {
		b.WriteByte('[')
	}
	for i, v := range it.Values {
		s := v.source()
		if b.Len()+len(s) > maxSource {
			fmt.Fprintf(&b, "... %s more", plural(len(it.Values)-i, "value"))
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(s)
	}
	if it.List {
		b.WriteByte(']')
	}
	return b.String()
}
