package sigma

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Compiled rule is what [channelfile.Builder.Add] takes.
type Compiled struct {
	ID        channelfile.ID
	Condition channelfile.Expr
	Origin    channelfile.Origin
}

// Compile takes a rule that [Parse] returned to a template type. Each criterion
// of the condition carries the line of its field, and what its author wrote
// there.
//
// The error, if not nil, joins all reasons against it: an [*Error] if the rule
// has no id or asks of a field what its type cannot answer, an
// [*UnknownFieldError] for each use of a field that the type does not have, an
// [*UnsupportedError] for each kind of thing that cfcheck cannot express.
// Searches that the condition does not use are not looked at.
func Compile(rule *Rule, def *sensor.Definition) (Compiled, error) {
	c := &compiler{rule: rule, def: def, searches: map[*Search]channelfile.Expr{}, reasons: map[string]bool{}}
	if c.beyond() {
		return Compiled{}, c.errs.err(rule.Name)
	}
	out := Compiled{Origin: channelfile.Origin{
		Rule: rule.ID.Value, Title: rule.Title.Value, Author: rule.Author.Value,
		Licence: rule.Licence.Value, Path: rule.Path, Line: rule.Line,
	}}
	if rule.ID.Set() {
		out.ID, _ = channelfile.ParseID(rule.ID.Value) // Parse checked it
	} else {
		c.fail(rule.Position, "", "rule has no id", "a channel file names each rule by its UUID: add \"id: \" and a random one; uuidgen makes one")
	}
	if uses := c.uses(); uses > MaxUses {
		c.unsupported(rule.Detection.Position, "detection.condition",
			fmt.Sprintf("the conditions use searches so often that they come to %s fields and values; the limit is %s", count(uses), count(MaxUses)))
		return Compiled{}, c.errs.err(rule.Name)
	}
	var any []channelfile.Expr
	for _, condition := range rule.Detection.Conditions {
		if condition.Aggregation.Set() {
			c.unsupported(condition.Aggregation.Position, "detection.condition",
				fmt.Sprintf("aggregation %s: Sigma has replaced what follows \"|\" in a condition by correlation rules", quote(condition.Aggregation.Value)))
			continue
		}
		any = append(any, c.node(condition.Node))
	}
	if c.failed {
		return Compiled{}, c.errs.err(rule.Name)
	}
	out.Condition = channelfile.Or(any...)
	c.try(out)
	if c.failed {
		return Compiled{}, c.errs.err(rule.Name)
	}
	return out, nil
}

// A compiler takes one rule to one type.
type compiler struct {
	rule     *Rule
	def      *sensor.Definition
	searches map[*Search]channelfile.Expr
	reasons  map[string]bool // why the rule is not supported, each once
	errs     errorList
	failed   bool
}

func (c *compiler) fail(at Position, path, found, want string) {
	c.failed = true
	c.errs.add(&Error{Name: c.rule.Name, Position: at, Path: path, Found: found, Want: want})
}

func (c *compiler) unsupported(at Position, path, reason string) {
	c.failed = true
	if c.reasons[reason] {
		return
	}
	c.reasons[reason] = true
	c.errs.add(&UnsupportedError{Name: c.rule.Name, Position: at, Path: path,
		ID: c.rule.ID.Value, Title: c.rule.Title.Value, Reason: reason})
}

// beyond reports whether the rule as a whole is not for this compiler.
func (c *compiler) beyond() bool {
	r := c.rule
	switch {
	case r.Kind == Correlation:
		c.unsupported(r.extra.Position, "", "correlation rules relate several events; a channel file judges one event")
	case r.Kind == Filter:
		c.unsupported(r.extra.Position, "", "filters are not applied; write the exclusion into the rules that it is for")
	case r.Kind == Collection:
		c.unsupported(r.extra.Position, "", "rule collections (\"action\") are no longer part of Sigma; write each rule out")
	case r.Status.Value == "unsupported":
		c.unsupported(r.Status.Position, "status", "the rule's author says so: its status is unsupported")
	}
	if typeName, ok := TypeOf(r.Logsource); !c.failed && (!ok || typeName != c.def.Name) {
		reason := fmt.Sprintf("no template type for logsource %s yet", r.Logsource)
		if ok {
			reason = fmt.Sprintf("logsource %s is for template type %s, not %s", r.Logsource, typeName, c.def.Name)
		}
		c.unsupported(r.Logsource.Position, "logsource", reason)
	}
	if t := r.Detection.Timeframe; !c.failed && t.Set() {
		c.unsupported(t.Position, "detection.timeframe", "a timeframe belongs to an aggregation; a channel file judges one event")
	}
	return c.failed
}

// try adds the rule to a channel file of its own, so that what breaks a limit
// of the format is known here.
func (c *compiler) try(out Compiled) {
	b := channelfile.NewBuilder(channelfile.Header{InputsDeclared: uint16(len(c.def.Inputs))})
	if err := b.Add(out.ID, out.Condition, &out.Origin); err != nil {
		reason := err.Error()
		if inner := errors.Unwrap(err); inner != nil {
			reason = inner.Error() // without the ID
		}
		c.unsupported(c.rule.Detection.Position, "detection", reason)
	}
}

// uses returns how many fields and values the conditions come to, each time a
// search is used.
func (c *compiler) uses() int {
	d := &c.rule.Detection
	weight := func(searches ...*Search) (n int) {
		for _, s := range searches {
			for _, alternative := range s.Alternatives {
				for _, it := range alternative.Items {
					n += 1 + it.weight
				}
			}
		}
		return n
	}
	total := 0
	for _, condition := range d.Conditions {
		condition.Node.walk(func(n *Node) {
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

// node compiles a part of a condition. It recurses no deeper than the parser
// of conditions did.
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
	var any []channelfile.Expr
	for _, alternative := range s.Alternatives {
		var all []channelfile.Expr
		for _, it := range alternative.Items {
			all = append(all, c.item(it))
		}
		any = append(any, channelfile.And(all...))
	}
	c.searches[s] = channelfile.Or(any...)
	return c.searches[s]
}

// item compiles a field with its values. The result means nothing if the rule
// has failed.
func (c *compiler) item(it *Item) channelfile.Expr {
	none := channelfile.Expr{}
	if it.Field == "" {
		c.unsupported(it.Position, it.Path, fmt.Sprintf("keywords are looked for in a whole message, and type %s has no field for it", c.def.Name))
		return none
	}
	if it.chain.unsupported != "" {
		c.unsupported(it.chain.at, it.Path, fmt.Sprintf("modifier %s: %s", it.chain.unsupported, it.chain.reason))
	}
	input, ok := c.field(it.Field, it.Position, it.Path)
	if !ok || it.chain.unsupported != "" {
		return none
	}
	var e channelfile.Expr
	switch it.chain.kind {
	case "":
		e = c.strings(it, input)
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
	if it.chain.negated {
		e = channelfile.Not(e)
	}
	return e.From(it.Line, it.source())
}

// field returns the input of a name. Names are compared to the letter.
func (c *compiler) field(name string, at Position, path string) (input int, ok bool) {
	if input, ok = c.def.Input(name); ok {
		return input, true
	}
	var names []string
	for _, in := range c.def.Inputs {
		names = append(names, in.Name)
	}
	c.failed = true
	c.errs.add(&UnknownFieldError{Name: c.rule.Name, Position: at, Path: path, ID: c.rule.ID.Value, Title: c.rule.Title.Value,
		Field: name, Type: c.def.Name, Version: c.def.Version, Nearest: nearest(name, names), Fields: names})
	return 0, false
}

// wants checks that the input has one of the types that the item needs.
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

// link joins what the values of an item come to.
func link(all bool, parts []channelfile.Expr) channelfile.Expr {
	if all {
		return channelfile.And(parts...)
	}
	return channelfile.Or(parts...)
}

// strings compiles values that are compared as text: literals, wildcards and
// null.
func (c *compiler) strings(it *Item, input int) channelfile.Expr {
	var parts []channelfile.Expr
	var patterns []string
	var numbers []int64
	var addresses [][2]netip.Addr
	in := c.def.Inputs[input]
	for _, v := range it.Values {
		if v.Null {
			parts = append(parts, channelfile.Not(channelfile.Exists(input)))
			continue
		}
		globs, problem := it.chain.strings(v.Value)
		if problem != "" {
			c.fail(v.Position, it.Path, "value "+quote(v.Value)+" "+problem, "")
			return channelfile.Expr{}
		}
		switch in.Type {
		case sensor.Integer:
			n, ok := decimal(v.Value)
			if !ok || len(it.chain.steps) > 0 {
				c.fail(v.Position, it.Path, fmt.Sprintf("%s is of type integer, and its value is %s%s", in.Name, steps(it), quote(v.Value)), "expected a decimal number")
				continue
			}
			numbers = append(numbers, n)
			continue
		case sensor.Address:
			a, err := netip.ParseAddr(v.Value)
			if err != nil || a.Zone() != "" || len(it.chain.steps) > 0 {
				c.fail(v.Position, it.Path, fmt.Sprintf("%s is of type address, and its value is %s%s", in.Name, steps(it), quote(v.Value)), "expected an address, or cidr and a network")
				continue
			}
			addresses = append(addresses, [2]netip.Addr{a, a})
			continue
		}
		for _, g := range globs {
			if !g.text() {
				c.unsupported(v.Position, it.Path, fmt.Sprintf("value %s in UTF-16 is not text that a field could have; encode it by base64 or base64offset as well", quote(v.Value)))
				return channelfile.Expr{}
			}
		}
		if it.chain.all && len(globs) > 1 {
			// Each value must hold, and any variant of it will do.
			parts = append(parts, channelfile.Pattern(input, globStrings(globs)...))
			continue
		}
		patterns = append(patterns, globStrings(globs)...)
	}
	// A channel file writes a pattern by the simplest operator that says it:
	// equals, prefix, suffix, contains or exists.
	if len(patterns) > 0 {
		e := channelfile.Pattern(input, patterns...)
		if it.chain.all {
			e = e.All()
		}
		parts = append(parts, e)
	}
	if len(numbers) > 0 {
		e := channelfile.IntegerEquals(input, numbers...)
		if it.chain.all {
			e = e.All()
		}
		parts = append(parts, e)
	}
	if len(addresses) > 0 {
		e := channelfile.AddressRanges(input, addresses)
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

func globStrings(globs []glob) []string {
	var s []string
	for _, g := range globs {
		s = append(s, g.String())
	}
	return s
}

// steps names the modifiers of an item before its value in a message.
func steps(it *Item) string {
	if len(it.chain.steps) == 0 {
		return ""
	}
	return it.chain.steps[0].name + " "
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
			c.unsupported(it.Position, it.Path, "a channel file cannot look for the value of one field inside that of another")
			return channelfile.Expr{}
		}
	}
	switch c.def.Inputs[input].Type {
	case sensor.Address:
		c.unsupported(it.Position, it.Path, "a channel file cannot compare two fields of type address")
		return channelfile.Expr{}
	case sensor.Integer:
		if len(it.chain.steps) > 0 {
			c.wants(it, input, "strings", sensor.String)
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
	if !c.wants(it, input, "addresses", sensor.String, sensor.Address) {
		return channelfile.Expr{}
	}
	var networks []netip.Prefix
	for _, v := range it.Values {
		network, err := netip.ParsePrefix(v.Value)
		if err != nil {
			c.fail(v.Position, it.Path, "value of cidr is "+quote(v.Value), "expected a network") // Parse checked it
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
	if !c.wants(it, input, "numbers", sensor.String, sensor.Integer) {
		return channelfile.Expr{}
	}
	var ranges [][2]int64
	for _, v := range it.Values {
		n, ok := decimal(v.Value)
		if !ok {
			c.unsupported(v.Position, it.Path, fmt.Sprintf("a channel file compares integers in decimal, from %d to %d, and the value is %s", int64(minInt64), int64(maxInt64), quote(v.Value)))
			return channelfile.Expr{}
		}
		// Parse refuses lt the least and gt the greatest number.
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
	e := channelfile.IntegerRanges(input, ranges)
	if it.chain.all {
		e = e.All()
	}
	return e
}

// maxSource is how many bytes of values the provenance of a criterion repeats.
const maxSource = 4096

// source returns the item as its author wrote it, on one line: PipeName: '\a'
// or PipeName|contains: ['\a', '\b'].
func (it *Item) source() string {
	var b strings.Builder
	b.WriteString(it.Key)
	b.WriteString(": ")
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
