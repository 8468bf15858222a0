package sigma

import (
	"fmt"
	"strings"
)

// The words of a condition that are not names of searches.
const (
	wordAnd = "and"
	wordOr  = "or"
	wordNot = "not"
	wordOf  = "of"
	wordAll = "all"
	wordAny = "1"
	them    = "them"
)

// A token of a condition is a word, a parenthesis or a bar.
type token struct {
	text string
	at   int // offset in the condition
}

func (t token) String() string { return quote(t.text) }

// tokenize splits a condition. All characters except white space, parentheses and
// bars belong to words, because a name may contain any character. The last
// token is empty and stands for the end.
func tokenize(s string) []token {
	var tokens []token
	begin := -1
	flush := func(end int) {
		if begin >= 0 {
			tokens = append(tokens, token{s[begin:end], begin})
			begin = -1
		}
	}
	for i := range len(s) {
		switch c := s[i]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			flush(i)
		case strings.IndexByte("()|", c) >= 0:
			flush(i)
			tokens = append(tokens, token{s[i : i+1], i})
		case begin < 0:
			begin = i
		}
	}
	flush(len(s))
	return append(tokens, token{"", len(s)})
}

// A conditionParser parses a condition by recursive descent, at most
// MaxConditionDepth levels deep. It stops at the first error.
type conditionParser struct {
	detection *Detection
	tokens    []token
	depth     int
	place     func(offset int) Position
	err       *Error // without Name and Path
}

// parseCondition returns the tree of a condition, or an error. It stops at a
// bar, which begins an aggregation, and returns the offset of the bar. The
// offset is -1 if there is no bar.
func parseCondition(s string, d *Detection, place func(offset int) Position) (*Node, int, *Error) {
	p := &conditionParser{detection: d, tokens: tokenize(s), place: place}
	n := p.or()
	if p.err == nil {
		switch t := p.tokens[0]; {
		case t.text == "|":
			return n, t.at, nil
		case t.text == ")":
			p.fail(t, `parenthesis ")" has no "(" before it`, `remove it, or add the "("`)
		case t.text != "":
			p.unexpected(t, `"and", "or" or the end`, wordAnd, wordOr)
		}
	}
	if p.err != nil {
		return nil, -1, p.err
	}
	return n, -1, nil
}

func (p *conditionParser) fail(t token, found, want string) *Node {
	if p.err == nil {
		p.err = &Error{Position: p.place(t.at), Found: found, Want: want}
	}
	return nil
}

// unexpected fails at t, where one of the words was expected.
func (p *conditionParser) unexpected(t token, expected string, words ...string) *Node {
	want := "expected " + expected
	if n := nearest(t.text, words); n != "" && strings.EqualFold(n, t.text) {
		want = fmt.Sprintf("did you mean %s? Sigma's words are in lower case", quote(n))
	}
	return p.fail(t, fmt.Sprintf("condition has %s", t), want)
}

func (p *conditionParser) next() token {
	t := p.tokens[0]
	if t.text != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *conditionParser) or() *Node  { return p.list(wordOr, Or, p.and) }
func (p *conditionParser) and() *Node { return p.list(wordAnd, And, p.not) }

// list parses operands that are separated by a word. It returns a single
// operand without a list around it.
func (p *conditionParser) list(word string, op Op, operand func() *Node) *Node {
	n := operand()
	if p.err != nil || p.tokens[0].text != word {
		return n
	}
	all := &Node{Position: n.Position, Op: op, Args: []*Node{n}}
	for p.err == nil && p.tokens[0].text == word {
		p.next()
		all.Args = append(all.Args, operand())
	}
	return all
}

func (p *conditionParser) not() *Node {
	t := p.tokens[0]
	if t.text != wordNot {
		return p.operand()
	}
	if !p.deeper(t) {
		return nil
	}
	p.next()
	n := &Node{Position: p.place(t.at), Op: Not, Args: []*Node{p.not()}}
	p.depth--
	return n
}

// deeper enters a level of nesting. It fails if there are too many levels.
func (p *conditionParser) deeper(t token) bool {
	p.depth++
	if p.depth > MaxConditionDepth {
		p.fail(t, fmt.Sprintf("condition is nested more than %d deep", MaxConditionDepth), "split it")
	}
	return p.err == nil
}

func (p *conditionParser) operand() *Node {
	t := p.next()
	switch {
	case t.text == "(":
		if !p.deeper(t) {
			return nil
		}
		n := p.or()
		p.depth--
		if p.err != nil {
			return nil
		}
		if end := p.next(); end.text != ")" {
			if end.text == "" || end.text == "|" {
				return p.fail(t, `parenthesis "(" is not closed`, `close it with ")"`)
			}
			return p.unexpected(end, `"and", "or" or ")"`, wordAnd, wordOr)
		}
		return n
	case p.tokens[0].text == wordOf:
		return p.quantified(t)
	case t.text == "":
		return p.fail(t, "condition ends too early", "expected the name of a search")
	case t.text == ")", t.text == "|", t.text == wordAnd, t.text == wordOr, t.text == wordOf:
		return p.fail(t, fmt.Sprintf("condition has %s", t), "expected the name of a search before it")
	}
	if strings.Contains(t.text, "*") {
		return p.fail(t, fmt.Sprintf("condition has the pattern %s alone", t),
			fmt.Sprintf(`write "1 of %s" or "all of %[1]s"`, clip(t.text)))
	}
	if p.detection.Search(t.text) == nil {
		want := didYouMean(t.text, p.searchNames())
		if word := nearest(t.text, []string{wordNot}); strings.EqualFold(word, t.text) {
			want = `did you mean "not"? Sigma's words are in lower case`
		}
		return p.fail(t, fmt.Sprintf("condition names search %s, which the detection does not have", t), want)
	}
	return &Node{Position: p.place(t.at), Op: Named, Name: t.text}
}

// quantified parses the rest after "1" or "all": "of" and a pattern.
func (p *conditionParser) quantified(quantity token) *Node {
	p.next()
	n := &Node{Position: p.place(quantity.at), Op: AnyOf}
	switch quantity.text {
	case wordAny:
	case wordAll:
		n.Op = AllOf
	case "any":
		return p.fail(quantity, `condition has "any of"`, `write "1 of", as Sigma's specification does`)
	default:
		return p.fail(quantity, fmt.Sprintf("condition has \"%s of\"", clip(quantity.text)), `expected "1 of" or "all of"`)
	}
	t := p.next()
	const expected = `expected "them" or a pattern such as "selection*"`
	if t.text == "" {
		return p.fail(t, fmt.Sprintf("condition ends after \"%s of\"", quantity.text), expected)
	}
	if strings.ContainsAny(t.text, "()|") {
		return p.fail(t, fmt.Sprintf("condition has %s after \"%s of\"", t, quantity.text), expected)
	}
	n.Name = t.text
	if len(p.detection.Matching(n.Name)) == 0 {
		want := "the detection has " + enumerate(p.searchNames())
		if n.Name == them || strings.HasPrefix(n.Name, "_") {
			want = "names that begin with an underscore are left out"
		}
		return p.fail(t, fmt.Sprintf("no search has a name that matches %s", t), want)
	}
	return n
}

func (p *conditionParser) searchNames() []string {
	var names []string
	for _, s := range p.detection.Searches {
		names = append(names, clip(s.Name.Value))
	}
	return names
}

// clip shortens a long word for a message and escapes its control characters.
func clip(s string) string {
	q := quote(s)
	if end := strings.LastIndexByte(q, '"'); len(q) > 2 && end == len(q)-1 {
		return q[1:end]
	}
	return q
}

// walk calls f for n and all nodes below it.
func (n *Node) walk(f func(*Node)) {
	f(n)
	for _, arg := range n.Args {
		arg.walk(f)
	}
}
