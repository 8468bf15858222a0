package coverage

import (
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sysmon/logging"
)

// The bounds of the alternatives of a rule.
const (
	maxConjunctions = 256  // of one rule; beyond, nothing is known about it
	maxLiterals     = 4096 // of all conjunctions of one rule; as for maxConjunctions
	maxProduct      = 64   // combinations of the values of a conjunction; beyond, see alternatives
	maxAlternatives = 8192 // of one rule; beyond, a list of values counts as one
	maxValues       = 8192 // of a list that counts as one; beyond, nothing is known about it
)

// A Part is one comparison of an alternative.
type Part struct {
	Word      int // of the file: a reference to the criterion
	Criterion int
	Operand   int // number of the operand in the criterion, from 0; -1 means all of them
}

// An Alternative is a set of comparisons that an event must satisfy for the rule to match.
type Alternative []Part

// A conjunction is an alternative in the structure of a condition. Each of its groups has all
// events of the conjunction: the conjunction is dead if all alternatives of one group are.
type conjunction struct {
	groups [][]Alternative
}

// conjunctions returns the conjunctions of a condition, without negated references. It returns
// false if there are too many.
func (j *Judge) conjunctions(instance int) (list []conjunction, ok bool) {
	f := j.file
	in := f.Instance(instance)
	var stack [][]Alternative // of each operand: an "or" of conjunctions of criteria
	for w := in.First; w < in.First+in.Count; w++ {
		word := f.Word(w)
		if word.IsReference() {
			a := Alternative{}
			if !word.Negated() {
				a = Alternative{{Word: w, Criterion: word.Criterion(), Operand: -1}}
			}
			stack = append(stack, []Alternative{a})
			continue
		}
		at := len(stack) - word.Operands()
		joined, ok := join(stack[at:], word.IsOr())
		if !ok {
			return nil, false
		}
		stack = append(stack[:at], joined)
	}
	all, ok := join(stack, false)
	if !ok {
		return nil, false
	}
	units := 0
	for _, a := range all {
		c := j.expand(a, maxAlternatives-units)
		for _, g := range c.groups {
			units += len(g)
		}
		list = append(list, c)
	}
	return list, true
}

// join combines operands by "or" or by "and". It returns false if the result has too many parts.
func join(operands [][]Alternative, or bool) (list []Alternative, ok bool) {
	if or {
		literals := 0
		for _, o := range operands {
			list = append(list, o...)
			for _, a := range o {
				if len(a) == 0 {
					return []Alternative{{}}, true // it says nothing, so the others add nothing
				}
				literals += len(a)
			}
		}
		return list, len(list) <= maxConjunctions && literals <= maxLiterals
	}
	list = []Alternative{{}}
	for _, o := range operands {
		if len(list)*len(o) > maxConjunctions {
			return nil, false
		}
		var next []Alternative
		literals := 0
		for _, a := range list {
			for _, b := range o {
				literals += len(a) + len(b)
				if literals > maxLiterals {
					return nil, false
				}
				next = append(next, append(a[:len(a):len(a)], b...))
			}
		}
		list = next
	}
	return list, true
}

// expand splits a conjunction at the values of its criteria, into at most room alternatives: into
// all combinations if they are few, or else into a group for each criterion.
func (j *Judge) expand(whole Alternative, room int) conjunction {
	product, sum := 1, 0
	var lists []int // places of parts with several values
	for i, p := range whole {
		if n := j.criterion(p.Criterion).choices; n > 1 {
			lists = append(lists, i)
			product, sum = min(product*n, maxProduct+1), min(sum+n, maxAlternatives+1)
		}
	}
	with := func(a Alternative, place, operand int) Alternative {
		a = append(Alternative(nil), a...)
		a[place].Operand = operand
		return a
	}
	switch {
	case len(lists) == 0:
	case product <= min(maxProduct, room):
		group := []Alternative{whole}
		for _, place := range lists {
			var next []Alternative
			for _, a := range group {
				for k := range j.criterion(whole[place].Criterion).choices {
					next = append(next, with(a, place, k))
				}
			}
			group = next
		}
		return conjunction{[][]Alternative{group}}
	default:
		var c conjunction
		for _, place := range lists {
			n := j.criterion(whole[place].Criterion).choices
			if n > room {
				continue
			}
			room -= n
			var group []Alternative
			for k := range n {
				group = append(group, with(whole, place, k))
			}
			c.groups = append(c.groups, group)
		}
		if len(c.groups) > 0 {
			return c
		}
	}
	return conjunction{[][]Alternative{{whole}}}
}

// A criterion is a criterion of the file in the form in which it narrows events.
type criterion struct {
	input   int
	others  []int // inputs that it compares with
	all     bool  // it needs all of the others
	choices int   // number of operands of which one is enough; 0 if it needs all
	// by operand: conditions on the field that must all hold; empty if nothing is known
	operands [][]condition
	whole    []condition // for any of the operands
	// by operand: the one value that the input has, if the operand is one; "" if not
	values []string
	fold   bool
}

// A condition is an [logging.Atom] without its field.
type condition struct {
	comparison logging.Comparison
	values     []string
}

// criterion returns a criterion of the file.
func (j *Judge) criterion(i int) *criterion {
	if c := j.criteria[i]; c != nil {
		return c
	}
	c := newCriterion(j.file, i)
	j.work += uint64(1 + len(c.operands))
	j.remember(1 + len(c.operands))
	j.criteria[i] = c
	return c
}

func newCriterion(f *channelfile.File, i int) *criterion {
	c := f.Criterion(i)
	r := &criterion{input: int(c.Input), all: c.Flags&channelfile.FlagAll != 0, fold: c.Flags&channelfile.FlagFold != 0}
	if !r.all {
		r.choices = c.Count
	}
	if c.Flags&channelfile.FlagInputs != 0 {
		for k := range f.OperandInputs(c) {
			r.others = append(r.others, k)
		}
		r.choices = 0 // the fields are examined together
		return r
	}
	comparison, text := logging.Equals, true
	switch c.Operator {
	case channelfile.OpEquals, channelfile.OpIntegerEquals, channelfile.OpPattern:
	case channelfile.OpPrefix:
		comparison = logging.Starts
	case channelfile.OpSuffix:
		comparison = logging.Ends
	case channelfile.OpContains:
		comparison = logging.Contains
	default:
		text = false
	}
	if !text || !r.all && c.Count > maxValues {
		r.choices = min(r.choices, 1) // operands of which nothing is known need no alternatives
		return r
	}
	for v := range f.OperandValues(c) {
		if len(r.operands) == maxValues { // the first ones of those that are all needed are enough
			break
		}
		var list []condition
		value := ""
		switch c.Operator {
		case channelfile.OpPattern:
			list = conditionsOf(string(v))
		case channelfile.OpIntegerEquals:
			value = strconv.FormatInt(v.Integer(), 10)
			list = []condition{{logging.Equals, []string{value}}}
		default:
			if comparison == logging.Equals {
				value = string(v)
			}
			list = []condition{{comparison, []string{string(v)}}}
		}
		for k := 0; k < len(list); k++ {
			// Sysmon shows an empty field as "-".
			if s := list[k].values[0]; s == "" || s == "-" {
				list = append(list[:k], list[k+1:]...)
				k--
			}
		}
		r.operands, r.values = append(r.operands, list), append(r.values, value)
	}
	if r.all || len(r.operands) == 1 {
		for _, list := range r.operands {
			r.whole = append(r.whole, list...)
		}
	} else {
		r.whole = anyOf(r.operands)
	}
	return r
}

// anyOf returns a condition that holds if those of one operand do, if there is a simple one.
func anyOf(operands [][]condition) []condition {
	any := condition{}
	for i, list := range operands {
		if len(list) != 1 || i > 0 && list[0].comparison != any.comparison {
			return nil
		}
		any.comparison = list[0].comparison
		any.values = append(any.values, list[0].values...)
	}
	if len(any.values) == 0 {
		return nil
	}
	return []condition{any}
}

// conditionsOf returns the conditions that a wildcard pattern implies.
func conditionsOf(pattern string) []condition {
	var list []condition
	var part []byte
	first := true
	end := func(last bool) {
		if len(part) > 0 {
			c := logging.Contains
			switch {
			case first && last:
				c = logging.Equals
			case first:
				c = logging.Starts
			case last:
				c = logging.Ends
			}
			list = append(list, condition{c, []string{string(part)}})
		}
		part = part[:0]
	}
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '*' || c == '?':
			end(false)
			first = false
		case c == '\\' && i+1 < len(pattern):
			i++
			part = append(part, pattern[i])
		default:
			part = append(part, c)
		}
	}
	end(true)
	return list
}

// Example returns texts for the fields of the events of a supply that satisfy the conditions of a
// dead alternative, as far as they are known, by the names of the feed. It returns nil if two
// conditions on a field cannot be joined simply.
func (j *Judge) Example(h *Hosts, d *DeadAlternative, supply int) map[string]string {
	f := h.class.feeds[supply]
	type parts struct{ whole, start, middle, end string }
	texts := map[string]*parts{}
	for _, p := range d.Alternative {
		c := j.criterion(p.Criterion)
		name := f.field(c.input)
		if name == "" || strings.HasPrefix(name, "System/") {
			continue
		}
		conditions := c.whole
		if p.Operand >= 0 && p.Operand < len(c.operands) {
			conditions = c.operands[p.Operand]
		}
		t := texts[name]
		if t == nil {
			t = new(parts)
			texts[name] = t
		}
		for _, k := range conditions {
			at := map[logging.Comparison]*string{logging.Equals: &t.whole, logging.Starts: &t.start, logging.Ends: &t.end}[k.comparison]
			switch {
			case at == nil:
				t.middle += k.values[0]
			case *at != "":
				return nil
			default:
				*at = k.values[0]
			}
		}
	}
	values := map[string]string{}
	for name, t := range texts {
		rest := t.start + t.middle + t.end
		if t.whole != "" && rest != "" {
			return nil
		}
		values[name] = t.whole + rest
	}
	return values
}
