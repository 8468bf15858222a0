package sigma

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// A role is the function of a modifier, which decides where it may stand.
type role uint8

const (
	kindOf   role = iota // sets the kind of the value: comes first
	datePart             // extracts a number from a date: comes first
	flagOf               // changes a regular expression: comes after re
	encode               // encodes a string, before an affix
	vary                 // makes variants of a string, before or after an affix
	fillIn               // replaces placeholders by values, before the encodings
	affix                // adds wildcards at the ends
	free                 // may stand anywhere
)

// A modifier is one of Sigma's value modifiers.
type modifier struct {
	name   string
	role   role
	flag   string // flag of a regular expression that the modifier sets
	reason string // why a channel file cannot express it; "" if it can
	// apply makes strings from a string, or returns a message if it cannot.
	// Note that a modifier with the role fillIn has no apply.
	apply func(glob) ([]glob, string)
}

// The reasons why modifiers are unsupported.
const (
	noDates        = "a channel file cannot compare parts of a date"
	noExpandRegexp = "Sigma does not say whether the value of a placeholder inside a regular expression is text or an expression; write the values out"
	noAffixRegexp  = "a regular expression is found anywhere in the value; anchor it with ^ or $ instead"
	noAffixKeyword = "a keyword is looked for anywhere in an event, which has neither start nor end"
)

var tooManyDashes = fmt.Sprintf("has so many dashes that its windash variants have more than %s bytes", count(MaxVariantBytes))

// modifiers are the modifiers of Sigma's specification, appendix "Sigma
// Modifiers", version 2.1.0, and the long names of i, m and s that pySigma
// adds.
var modifiers = []modifier{
	{name: "all", role: free},
	{name: "startswith", role: affix, apply: always(glob.startsWith)},
	{name: "endswith", role: affix, apply: always(glob.endsWith)},
	{name: "contains", role: affix, apply: always(glob.contains)},
	{name: "exists", role: kindOf},
	{name: "cased", role: free},
	{name: "neq", role: free},
	{name: "windash", role: vary, apply: func(g glob) ([]glob, string) {
		variants := g.windash()
		if variants == nil {
			return nil, tooManyDashes
		}
		return variants, ""
	}},
	{name: "re", role: kindOf},
	{name: "i", role: flagOf, flag: "i"},
	{name: "m", role: flagOf, flag: "m"},
	{name: "s", role: flagOf, flag: "s"},
	{name: "ignorecase", role: flagOf, flag: "i"},
	{name: "multiline", role: flagOf, flag: "m"},
	{name: "dotall", role: flagOf, flag: "s"},
	{name: "base64", role: encode, apply: func(g glob) ([]glob, string) {
		s, problem := encodable(g)
		if problem != "" {
			return nil, problem
		}
		return []glob{{{literal: base64.StdEncoding.EncodeToString([]byte(s))}}}, ""
	}},
	{name: "base64offset", role: encode, apply: func(g glob) ([]glob, string) {
		s, problem := encodable(g)
		if problem != "" {
			return nil, problem
		}
		if len(s) == 1 {
			return nil, "is one byte, which at one of the three offsets determines no base64 character, so any text would match; use a longer value"
		}
		return base64Offset(s), ""
	}},
	{name: "utf16le", role: vary, apply: always(func(g glob) glob { return g.utf16("", false) })},
	{name: "wide", role: vary, apply: always(func(g glob) glob { return g.utf16("", false) })},
	{name: "utf16be", role: vary, apply: always(func(g glob) glob { return g.utf16("", true) })},
	{name: "utf16", role: vary, apply: always(func(g glob) glob { return g.utf16("\xff\xfe", false) })},
	{name: "lt", role: kindOf},
	{name: "lte", role: kindOf},
	{name: "gt", role: kindOf},
	{name: "gte", role: kindOf},
	{name: "minute", role: datePart, reason: noDates},
	{name: "hour", role: datePart, reason: noDates},
	{name: "day", role: datePart, reason: noDates},
	{name: "week", role: datePart, reason: noDates},
	{name: "month", role: datePart, reason: noDates},
	{name: "year", role: datePart, reason: noDates},
	{name: "cidr", role: kindOf},
	{name: "expand", role: fillIn}, // a step without apply, because its values come later
	{name: "fieldref", role: kindOf},
}

// always returns an apply function for a function that cannot fail.
func always(f func(glob) glob) func(glob) ([]glob, string) {
	return func(g glob) ([]glob, string) { return []glob{f(g)}, "" }
}

// encodable returns the string to encode in base64, or the reason why g has no
// encoding.
func encodable(g glob) (string, string) {
	s, ok := g.literal()
	switch {
	case !ok:
		return "", "has a wildcard, which has no base64 encoding"
	case s == "":
		return "", "is empty, and so is its base64 encoding"
	}
	return s, ""
}

func modifierNames() []string {
	var names []string
	for _, m := range modifiers {
		names = append(names, m.name)
	}
	return names
}

// A chain is the combined meaning of the modifiers of one field.
type chain struct {
	kind        string     // re, exists, cidr, fieldref, lt, lte, gt, gte; "" means strings
	steps       []modifier // modifiers that make strings from strings, in order
	all         bool       // all values must hold
	cased       bool
	negated     bool
	expand      bool   // the chain replaces placeholders by values
	flags       string // flags of a regular expression: letters of "ims", each once
	unsupported string // the first modifier that a channel file cannot express, or ""
	reason      string // why it is unsupported
	at          Position
}

// newChain combines the modifiers of a field. If they are wrong, it returns the
// message and the position: found, want and at. Otherwise found is "".
func newChain(words []Text) (c chain, found, want string, at Position) {
	var before []modifier
	for _, word := range words {
		if word.Value == "" {
			return c, `a "|" has no modifier after it`, "remove it, or write one of " + enumerate(modifierNames()), word.Position
		}
		i := slices.IndexFunc(modifiers, func(m modifier) bool { return m.name == word.Value })
		if i < 0 {
			return c, fmt.Sprintf("modifier %s is not one of Sigma's", quote(word.Value)),
				didYouMean(word.Value, modifierNames()), word.Position
		}
		m := modifiers[i]
		if found, want = misplaced(m, before); found != "" {
			return c, found, want, word.Position
		}
		before = append(before, m)
		switch {
		case m.name == "all":
			c.all = true
		case m.name == "cased":
			c.cased = true
		case m.name == "neq":
			c.negated = true
		case m.role == flagOf:
			if !strings.Contains(c.flags, m.flag) {
				c.flags += m.flag
			}
		case m.role == kindOf:
			if c.kind == "" {
				c.kind = m.name
			}
		}
		reason := m.reason
		switch {
		case m.role == fillIn:
			c.expand = true
			if c.kind == "re" {
				reason = noExpandRegexp
			}
		case m.role == affix && c.kind == "re" && m.name != "contains":
			reason = noAffixRegexp
		}
		if m.apply != nil || m.role == fillIn {
			c.steps = append(c.steps, m)
		}
		if reason != "" && c.unsupported == "" {
			c.unsupported, c.reason, c.at = m.name, reason, word.Position
		}
	}
	return c, "", "", Position{}
}

// forKeywords checks the chain of keywords, which have no field. If it is
// wrong, it returns the message and the position. Otherwise found is "". If it
// is correct and a channel file cannot express it, the chain becomes
// unsupported.
func (c *chain) forKeywords(words []Text) (found, want string, at Position) {
	for _, word := range words {
		m := modifiers[slices.IndexFunc(modifiers, func(m modifier) bool { return m.name == word.Value })]
		switch {
		case m.role == kindOf && m.name != "re", m.role == datePart:
			return fmt.Sprintf("modifier %s needs a field", m.name), "write the name of a field before the first \"|\"", word.Position
		case m.role == affix && m.name != "contains" && c.unsupported == "":
			c.unsupported, c.reason, c.at = m.name, noAffixKeyword, word.Position
		}
	}
	return "", "", Position{}
}

// misplaced checks m after the modifiers before it. If m may not stand there,
// it returns the message. Otherwise found is "".
func misplaced(m modifier, all []modifier) (found, want string) {
	if slices.ContainsFunc(all, func(b modifier) bool { return b.name == m.name }) {
		return fmt.Sprintf("modifier %s occurs twice", m.name), "write it once"
	}
	// These two may stand anywhere, and do not change the places of others.
	before := slices.DeleteFunc(slices.Clone(all), func(b modifier) bool { return b.name == "cased" || b.name == "neq" })
	has := func(name string) bool {
		return slices.ContainsFunc(all, func(b modifier) bool { return b.name == name })
	}
	first := func(match func(modifier) bool) string {
		if i := slices.IndexFunc(before, match); i >= 0 {
			return before[i].name
		}
		return ""
	}
	of := func(roles ...role) string {
		return first(func(b modifier) bool { return slices.Contains(roles, b.role) })
	}
	// other is a modifier before m that excludes wildcards and cased: a part of
	// a date, or a kind other than re and fieldref. kind is any modifier before
	// m that sets the kind of the value.
	other := first(noCase)
	kind := of(kindOf, datePart)
	transformed := first(func(b modifier) bool { return b.role == encode || isUTF16(b.name) })
	last := modifier{}
	if len(before) > 0 {
		last = before[len(before)-1]
	}
	after := func(name, want string) (string, string) {
		return fmt.Sprintf("modifier %s stands after %s", m.name, name), want
	}
	noString := m.name + " changes strings, and the value of " + kind + " is not a string"
	switch {
	case compares(m.name) && len(before) == 1 && last.role == datePart:
		return "", "" // hour|gte
	case (m.role == kindOf || m.role == datePart) && len(before) > 0:
		return after(last.name, m.name+" sets the kind of the value and comes first")
	case has("cased") && noCase(m):
		return after("cased", "cased changes strings, and the value of "+m.name+" is not a string")
	case m.name == "cased" && first(ignoresCase) != "", ignoresCase(m) && has("cased"):
		return fmt.Sprintf("modifiers cased and %s exclude each other", cmp.Or(first(ignoresCase), m.name)), "choose one of them"
	case m.role == fillIn && transformed != "":
		return after(transformed, "placeholders are filled in first: |expand|"+transformed)
	case m.role == flagOf && last.name != "re" && last.role != flagOf:
		return fmt.Sprintf("modifier %s does not stand after re", m.name), "it changes a regular expression: |re|" + m.name
	case m.role == encode && of(affix) != "":
		return after(of(affix), fmt.Sprintf("a string with wildcards has no encoding: |%s|%s", m.name, of(affix)))
	case (m.role == encode || m.role == vary) && kind != "", m.role == fillIn && kind != "" && kind != "re":
		return after(kind, noString)
	case m.role == affix && of(affix) != "":
		return fmt.Sprintf("modifiers %s and %s exclude each other", of(affix), m.name), "choose one of them"
	case (m.role == affix || m.name == "cased") && other != "":
		return after(other, noString)
	case m.name == "all" && other == "exists":
		return after(other, "exists has one value")
	}
	return "", ""
}

// noCase reports whether the value of a modifier is not a string, which could have
// wildcards and case.
func noCase(m modifier) bool {
	return m.role == datePart || m.role == kindOf && m.name != "re" && m.name != "fieldref"
}

func isUTF16(name string) bool { return name == "wide" || strings.HasPrefix(name, "utf16") }

func ignoresCase(m modifier) bool { return m.flag == "i" }

// compares reports whether the modifier compares numbers.
func compares(name string) bool {
	return name == "lt" || name == "lte" || name == "gt" || name == "gte"
}

// strings applies the chain to a string. It returns one glob, or several
// alternatives. The second result is the problem with the value, or "". Only a
// chain with expand needs the values of placeholders. Before strings makes
// globs, it calls spend with their number and bytes. If spend returns false,
// strings returns nothing.
func (c *chain) strings(value string, values func(name string) []glob, spend func(values, bytes int) bool) ([]glob, string) {
	if len(c.steps) == 0 {
		return []glob{parseGlob(value)}, ""
	}
	globs := []glob{c.template(value)}
	size := 0
	for _, step := range c.steps {
		var next []glob
		if step.role == fillIn {
			for _, g := range globs {
				next = append(next, g.fill(values)...)
			}
			globs = next
			continue
		}
		for _, g := range globs {
			made, bytes := step.makes(g, 1, g.size())
			if !spend(made-1, bytes) {
				return nil, ""
			}
			some, problem := step.apply(g)
			if problem != "" {
				return nil, problem
			}
			next = append(next, some...)
			for _, g := range some {
				size += g.size()
			}
			if c.expand && size > MaxValueBytes { // without expand, Parse checks the size
				return nil, fmt.Sprintf("has more than %s bytes with its placeholders filled in", count(MaxValueBytes))
			}
		}
		globs = next
	}
	return globs, ""
}

// makes returns how many globs the modifier makes from each of some globs that
// are as long as g. It also returns the bytes of all results, if the given
// globs have the given bytes together.
func (m modifier) makes(g glob, globs, bytes int) (each, together int) {
	switch {
	case m.name == "windash":
		_, variants, bytes := g.dashed()
		return max(1, variants), globs * bytes
	case m.name == "base64offset":
		return 3, 4*bytes + 12*globs
	case m.role == encode:
		return 1, 4*bytes/3 + 4*globs
	case isUTF16(m.name):
		return 1, 2*bytes + 2*globs
	}
	return 1, bytes
}

// measure returns how many globs a chain without expand makes from a string,
// and their bytes. It does not make all of them, but applies each step only to
// the longest glob. The third result is the problem with the value, or "".
func (c *chain) measure(value string) (made, bytes int, problem string) {
	g := parseGlob(value)
	made, bytes = 1, g.size()
	for _, step := range c.steps {
		var each int
		each, bytes = step.makes(g, made, bytes)
		if made *= each; made > MaxValues || bytes > MaxValueBytes {
			return made, bytes, ""
		}
		if step.name == "windash" {
			parts, variants, _ := g.dashed()
			if variants == 0 {
				return made, bytes, tooManyDashes
			}
			g = parts.withDashes(0, dashes[len(dashes)-1:])
			continue
		}
		some, problem := step.apply(g)
		if problem != "" {
			return made, bytes, problem
		}
		g = some[0]
	}
	return made, bytes, ""
}

// multiplies reports whether the chain may make several strings from one, may
// make longer ones, or may fail.
func (c *chain) multiplies() bool {
	return slices.ContainsFunc(c.steps, func(m modifier) bool { return m.role != affix })
}

// template returns a string before the first step.
func (c *chain) template(value string) glob {
	if c.expand {
		return parseTemplate(value)
	}
	return parseGlob(value)
}
