package logging

import (
	"strings"

	"github.com/cfcheck/cfcheck/sysmon"
)

// A set holds the possible results of a filter, a Rule or an element.
type set uint8

const (
	match  set = 1 << iota
	miss       // no match
	failed     // the engine gives up the element
)

// setOf returns the results of a statement.
func setOf(t truth) set {
	switch t {
	case yes:
		return match
	case no:
		return miss
	}
	return match | miss
}

// A filter is a filter in the form in which the engine compares it.
type filter struct {
	field int // place in the event of the element's record
	op    sysmon.Operator
	not   bool   // op is the positive operator, and the filter its negation
	name  string // RuleName after a match
	value text
	items []text // for operators on lists
	path  bool   // the value has a backslash, for the operator image
	fixed bool   // the results are always, whatever the field has
	ascii bool   // the system folds A to Z alone

	always set // possible results for a field of which nothing is known
	more   set // results that are possible besides those of the comparison
}

// newFilter prepares a filter.
func (e *Engine) newFilter(f *sysmon.Filter) filter {
	r := filter{field: f.Field, name: f.Name, ascii: e.linux, value: folded(f.Value, e.linux), path: strings.Contains(f.Value, `\`), always: match | miss}
	r.op, r.not = negated(f.Op)
	switch {
	case !f.Op.Known():
		r.fixed, r.always = true, failed
	case !e.linux && strings.Contains(f.Value, "%"):
		// Windows expands variables, per session. The kernel does not, and fails.
		r.fixed, r.always = true, match|miss|failed
	case e.capitals && r.value.lower != f.Value:
		r.more = setOf(truthOf(r.not)) // the comparison may be false
	case f.Value == "" && (r.op == sysmon.BeginWith || r.op == sysmon.EndWith):
		r.fixed, r.always = true, setOf(truthOf(!r.not))
	}
	switch r.op {
	case sysmon.IsAny:
		for item := range strings.SplitSeq(f.Value, ";") {
			r.items = append(r.items, folded(item, e.linux))
		}
	case sysmon.ContainsAny, sysmon.ContainsAll:
		for rest := f.Value; ; {
			item, after, more := strings.Cut(rest, ";")
			if item == "" {
				// The engine searches for an empty item up to the end of the whole list.
				item = rest
			}
			r.items = append(r.items, folded(item, e.linux))
			if !more {
				break
			}
			rest = after
		}
	}
	return r
}

// negated reports whether an operator is the negation of another one.
func negated(op sysmon.Operator) (sysmon.Operator, bool) {
	switch op {
	case sysmon.IsNot:
		return sysmon.Is, true
	case sysmon.Excludes:
		return sysmon.Contains, true
	case sysmon.ExcludesAny:
		return sysmon.ContainsAny, true
	case sysmon.ExcludesAll:
		return sysmon.ContainsAll, true
	case sysmon.NotBeginWith:
		return sysmon.BeginWith, true
	case sysmon.NotEndWith:
		return sysmon.EndWith, true
	}
	return op, false
}

// eval returns the possible results for a value of the field.
func (f *filter) eval(v text) set { return f.result(f.equals, v) }

// result evaluates a statement about the positive operator, and negates it if need be.
func (f *filter) result(statement func(op sysmon.Operator, v text) truth, v text) set {
	if f.fixed {
		return f.always
	}
	t := statement(f.op, v)
	if f.not {
		t = t.not()
	}
	return setOf(t) | f.more
}

// anyItem and allItems combine a statement over the items.
func (f *filter) anyItem(statement func(item text) truth) truth {
	t := no
	for _, item := range f.items {
		if t = t.or(statement(item)); t == yes {
			return yes
		}
	}
	return t
}

func (f *filter) allItems(statement func(item text) truth) truth {
	t := yes
	for _, item := range f.items {
		if t = t.and(statement(item)); t == no {
			return no
		}
	}
	return t
}

// equals is the statement about a field that is v.
func (f *filter) equals(op sysmon.Operator, v text) truth {
	switch op {
	case sysmon.Is:
		return equal(v, f.value)
	case sysmon.IsAny:
		return f.anyItem(func(item text) truth { return equal(v, item) })
	case sysmon.Contains:
		return contains(v, f.value)
	case sysmon.ContainsAny:
		return f.anyItem(func(item text) truth { return contains(v, item) })
	case sysmon.ContainsAll:
		return f.allItems(func(item text) truth { return contains(v, item) })
	case sysmon.BeginWith:
		return begins(v, f.value)
	case sysmon.EndWith:
		return ends(v, f.value)
	case sysmon.LessThan:
		return less(v, f.value, f.ascii)
	case sysmon.MoreThan:
		return less(f.value, v, f.ascii)
	case sysmon.Image:
		if !f.path {
			v = lastPart(v)
		}
		return equal(v, f.value)
	}
	return unknown
}

// lastPart returns the part of a path behind the last backslash.
func lastPart(v text) text {
	cut := func(s string) string { return s[strings.LastIndexByte(s, '\\')+1:] }
	return text{cut(v.lower), cut(v.loose)}
}

// A Comparison is the condition of an [Atom].
type Comparison uint8

const (
	Equals   Comparison = iota // the field is the value
	Starts                     // the field begins with it
	Ends                       // the field ends with it
	Contains                   // the field contains it
)

// under returns the possible results for all values of the field that satisfy a comparison
// with v.
func (f *filter) under(c Comparison, v text) set {
	switch c {
	case Equals:
		return f.eval(v)
	case Starts:
		return f.result(f.starts, v)
	case Ends:
		return f.result(f.finishes, v)
	}
	return f.result(f.includes, v)
}

// starts is the statement about all fields that begin with v.
func (f *filter) starts(op sysmon.Operator, v text) truth {
	switch op {
	case sysmon.BeginWith:
		return overlap(begins, v, f.value)
	case sysmon.Image:
		if !f.path {
			return unknown
		}
	}
	return f.part(op, v, begins)
}

// finishes is the statement about all fields that end with v.
func (f *filter) finishes(op sysmon.Operator, v text) truth {
	switch op {
	case sysmon.EndWith:
		return overlap(ends, v, f.value)
	case sysmon.Image:
		if f.path {
			break
		}
		if strings.Contains(v.lower, `\`) {
			return equal(lastPart(v), f.value)
		}
		// The last part of the field ends with v.
		return orUnknown(ends(f.value, v), no)
	}
	return f.part(op, v, ends)
}

// includes is the statement about all fields that contain v.
func (f *filter) includes(op sysmon.Operator, v text) truth {
	if op == sysmon.Image && !f.path {
		return unknown
	}
	return f.part(op, v, contains)
}

// overlap compares two texts that begin, or end, the same field: the longer one decides.
func overlap(relation func(a, b text) truth, v, value text) truth {
	if relation(v, value) == yes {
		return yes
	}
	return orUnknown(relation(v, value).or(relation(value, v)), no)
}

// orUnknown returns t if it is want, else unknown.
func orUnknown(t, want truth) truth {
	if t == want {
		return t
	}
	return unknown
}

// part is the statement about all fields of which v is a part in a relation, for operators
// that do not depend on the place of the part. A field that equals a text u has v as such a
// part only if u has.
func (f *filter) part(op sysmon.Operator, v text, relation func(a, b text) truth) truth {
	if v.lower == "" {
		return unknown
	}
	switch op {
	case sysmon.Is, sysmon.Image:
		return orUnknown(relation(f.value, v), no)
	case sysmon.IsAny:
		return orUnknown(f.anyItem(func(item text) truth { return relation(item, v) }), no)
	case sysmon.Contains:
		return orUnknown(contains(v, f.value), yes)
	case sysmon.ContainsAny:
		return orUnknown(f.anyItem(func(item text) truth { return contains(v, item) }), yes)
	case sysmon.ContainsAll:
		return orUnknown(f.allItems(func(item text) truth { return contains(v, item) }), yes)
	}
	return unknown
}
