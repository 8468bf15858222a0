package rexprog

import (
	"math/bits"
	"strings"
	"unicode/utf8"
)

// escape reads an escape outside of brackets.
func (p *parser) escape() error {
	start := p.pos
	if start+1 < len(p.source) {
		switch c := p.source[start+1]; c {
		case 'A', 'z', 'b', 'B':
			p.pos += 2
			p.assert(escapedAssertion[c])
			return nil
		case 'Q':
			text, rest, _ := strings.Cut(p.source[start+2:], `\E`)
			for _, r := range text {
				p.literal(r)
			}
			p.pos = len(p.source) - len(rest)
			return nil
		}
	}
	name, s, err := p.escapedSet()
	if err != nil {
		return err
	}
	if s != nil {
		class, ok := p.named[name]
		if !ok {
			class = p.class(s)
			p.named[name] = class
		}
		p.push(node{kind: kindRunes, arg: class, size: 1, copies: 1})
		return nil
	}
	r, err := p.escapedRune(false)
	if err != nil {
		return err
	}
	p.literal(r)
	return nil
}

var escapedAssertion = map[byte]uint32{
	'A': AssertBeginText, 'z': AssertEndText, 'b': AssertBoundary, 'B': AssertNoBoundary,
}

// escapedSet reads an escape that names a set, such as \d or \pL. It returns
// nil and reads nothing if the next escape is not of this kind.
func (p *parser) escapedSet() (namedSet, runeSet, error) {
	rest := p.source[p.pos:]
	if len(rest) < 2 || rest[0] != '\\' {
		return namedSet{}, nil, nil
	}
	c := rest[1]
	if c == 'p' || c == 'P' {
		return p.unicodeSet()
	}
	lower := c | 0x20
	if _, ok := perlSets[lower]; !ok || !isWordByte(c) {
		return namedSet{}, nil, nil
	}
	p.pos += 2
	name := namedSet{kind: lower, negated: c != lower, fold: p.folds()}
	s, _ := name.set()
	return name, s, nil
}

// unicodeSet reads an escape such as \pL, \p{Greek} or \P{^Lu}.
func (p *parser) unicodeSet() (namedSet, runeSet, error) {
	start := p.pos
	rest := p.source[start:]
	_, n := utf8.DecodeRuneInString(rest[2:])
	text := rest[:2+n] // the whole escape
	name := rest[2 : 2+n]
	if name == "{" {
		inside, _, ok := strings.Cut(rest[3:], "}")
		if !ok {
			return namedSet{}, nil, p.malformed(start, "this %s has no }: write \\p{Name}", text)
		}
		text, name = rest[:3+len(inside)+1], inside
	}
	name, caret := strings.CutPrefix(name, "^")
	set := namedSet{kind: 'p', name: unicodeKey(name), negated: (rest[1] == 'P') != caret, fold: p.folds()}
	s, ok := set.set()
	if !ok {
		return namedSet{}, nil, p.notExpressible(start, "%.80s is not a category or script of Unicode %s: write one such as \\p{Lu} or \\p{Greek}", text, unicodeVersion)
	}
	p.pos = start + len(text)
	return set, s, nil
}

// escapedRune reads an escape for one rune.
func (p *parser) escapedRune(bracket bool) (rune, error) {
	start := p.pos
	rest := p.source[start+1:]
	if rest == "" {
		return 0, p.malformed(start, "a backslash at the end: write \\\\ for the character")
	}
	c := rest[0]
	p.pos = start + 2
	switch {
	case c == 'x':
		return p.hexadecimal(start)
	case '0' <= c && c <= '7':
		n := 1
		for n < 3 && n < len(rest) && '0' <= rest[n] && rest[n] <= '7' {
			n++
		}
		if n == 1 && c != '0' {
			break
		}
		var r rune
		for _, digit := range rest[:n] {
			r = 8*r + digit - '0'
		}
		p.pos = start + 1 + n
		return r, nil
	case c == '_' || c < utf8.RuneSelf && !isWordByte(c):
		return rune(c), nil
	}
	if r, ok := escapedRunes[c]; ok {
		return r, nil
	}
	if c == 'b' && bracket {
		return 0, p.notExpressible(start, "\\b in brackets means a backspace in other engines: write \\x08 for it")
	}
	for _, f := range foreignEscapes {
		if strings.IndexByte(f.letters, c) >= 0 {
			return 0, p.notExpressible(start, "\\%c is %s, which RE2 does not have%s", c, f.what, f.instead)
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return 0, p.malformed(start, "there is no escape \\%c: write %c for the character, or \\\\%c for a backslash before it", r, r, r)
}

var escapedRunes = map[byte]rune{'a': '\a', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// foreignEscapes are the escapes that only other engines have.
var foreignEscapes = []struct{ letters, what, instead string }{
	{"123456789", "a back reference", "; " + noReference},
	{"kg", "a reference to a group", "; " + noReference},
	{"Z", "the end of the text, or a newline at the end", "; write \\n?\\z"},
	{"C", "a single byte", "; write ."},
	{"G", "the end of the previous match", "; there is only one match"},
	{"K", "the start of the captured text", "; nothing is captured"},
	{"R", "any end of a line", "; write (?:\\r\\n|[\\n\\v\\f\\r\\x{85}\\x{2028}\\x{2029}])"},
	{"hH", "a blank", "; write [ \\t] or [^ \\t]"},
	{"VN", "any character except a line end", "; write [^\\n]"},
	{"X", "a character of several runes", "; write ."},
	{"c", "a control character", "; write \\x and its number"},
	{"e", "an escape character", "; write \\x1B"},
	{"uU", "a rune by its number", "; write \\x{...}"},
	{"EL", "a change of case", "; remove it"},
}

// hexadecimal reads the digits after \x.
func (p *parser) hexadecimal(start int) (rune, error) {
	rest := p.source[p.pos:]
	digits, end := "", 0
	if inside, ok := strings.CutPrefix(rest, "{"); ok {
		digits, _, ok = strings.Cut(inside, "}")
		if !ok {
			return 0, p.malformed(start, "this \\x{ has no }: write \\x{...} with hexadecimal digits")
		}
		end = len(digits) + 2
	} else {
		end = min(2, len(rest))
		digits = rest[:end]
		if len(digits) < 2 {
			digits = ""
		}
	}
	var r rune
	for i := range len(digits) {
		d := strings.IndexByte("0123456789abcdef", digits[i]|0x20)
		if d < 0 || digits[i] < '0' {
			return 0, p.malformed(start, "%q is not a hexadecimal digit: write \\x and two digits, or \\x{...}", digits[i])
		}
		if r = 16*r + rune(d); r > utf8.MaxRune {
			return 0, p.malformed(start, "\\x{%s} is beyond the last rune, \\x{10FFFF}", digits)
		}
	}
	if digits == "" {
		return 0, p.malformed(start, "\\x without its digits: write \\x and two hexadecimal digits, or \\x{...}")
	}
	p.pos += end
	return r, nil
}

// bracket reads a set between brackets.
func (p *parser) bracket() error {
	start := p.pos
	p.pos++
	negated := strings.HasPrefix(p.source[p.pos:], "^")
	if negated {
		p.pos++
	}
	b := bracketSet{parser: p, start: start, set: p.set[:0], named: p.other[:0]}
	for first := true; ; first = false {
		if p.pos == len(p.source) {
			return b.unclosed()
		}
		if p.source[p.pos] == ']' && !first {
			break
		}
		if err := b.item(); err != nil {
			return err
		}
	}
	p.pos++
	n := len(b.set)
	s := b.set.clean()
	if p.folds() {
		n += s.foldingWork()
		s = s.fold()
	}
	n += len(s) + len(b.named)
	p.work += 4 * uint64(n*bits.Len(uint(n))) // work of sorting
	// Named sets are folded already. A negated set must not be folded again.
	s = append(s, b.named...).clean()
	p.set, p.other = s, b.named
	if negated {
		p.other = s.appendNegated(p.other[:0])
		s = p.other
	}
	if len(s) > MaxRanges {
		return p.fail(start, Limit, "this class has %d ranges of runes (limit %d, MaxRanges); remove some", len(s), MaxRanges)
	}
	p.runesOf(s)
	return nil
}

// A bracketSet collects the items of a set between brackets.
type bracketSet struct {
	parser *parser
	start  int
	set    runeSet
	named  runeSet
	seen   map[namedSet]bool // named sets that were added
}

func (b *bracketSet) unclosed() error {
	return b.parser.malformed(b.start, "this [ has no ]: close it, or write \\[ for the character")
}

// item reads a named set, a rune or a range of runes.
func (b *bracketSet) item() error {
	p := b.parser
	start := p.pos
	if rest := p.source[start:]; strings.HasPrefix(rest, "[:") {
		if name, _, ok := strings.Cut(rest[2:], ":]"); ok {
			plain, negated := strings.CutPrefix(name, "^")
			set := namedSet{kind: ':', name: plain, negated: negated, fold: p.folds()}
			runes, known := set.set()
			if !known {
				return p.malformed(start, "[:%.40s:] is not the name of a set (want alnum, alpha, ascii, blank, cntrl, digit, graph, lower, print, punct, space, upper, word or xdigit)", name)
			}
			p.pos += len(name) + 4
			b.add(set, runes)
			return nil
		}
	}
	set, runes, err := p.escapedSet()
	if err != nil {
		return err
	}
	if runes != nil {
		b.add(set, runes)
		return nil
	}
	lo, err := b.rune()
	if err != nil {
		return err
	}
	hi := lo
	// A - before the closing bracket is literal.
	if rest := p.source[p.pos:]; len(rest) >= 2 && rest[0] == '-' && rest[1] != ']' {
		p.pos++
		if hi, err = b.rune(); err != nil {
			return err
		}
		if hi < lo {
			return p.malformed(start, "the range %s is backwards: write the smaller rune first, or \\- for the character", p.source[start:p.pos])
		}
	}
	b.set = append(b.set, runeRange{lo, hi})
	return nil
}

// add adds a named set, unless it was added before.
func (b *bracketSet) add(name namedSet, s runeSet) {
	if b.seen[name] {
		return
	}
	if b.seen == nil {
		b.seen = make(map[namedSet]bool)
	}
	b.seen[name] = true
	b.named = append(b.named, s...)
}

// rune reads one rune, which may be escaped.
func (b *bracketSet) rune() (rune, error) {
	p := b.parser
	if p.pos == len(p.source) {
		return 0, b.unclosed()
	}
	if p.source[p.pos] == '\\' {
		return p.escapedRune(true)
	}
	r, n := utf8.DecodeRuneInString(p.source[p.pos:])
	p.pos += n
	return r, nil
}
