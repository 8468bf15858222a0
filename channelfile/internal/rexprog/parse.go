package rexprog

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"unicode/utf8"
)

type nodeKind uint8

const (
	kindEmpty     nodeKind = iota
	kindRunes              // one rune of class arg
	kindAssert             // assertion arg
	kindConcat             // the parts in sequence; at least two
	kindAlternate          // one of the parts; at least two
	kindRepeat             // the part, repeated least to most times
)

// A node is a part of an expression. The nodes are a tree, and refer to each
// other by their indices in the list of all nodes.
type node struct {
	kind         nodeKind
	arg          uint32
	least, most  int   // most is -1 if there is no maximum
	first, count int32 // range of the parts in the list of parts

	size   int // number of instructions, capped at MaxInstructions
	copies int // largest product of nested counts from here down; at most MaxRepetition
}

// A flagSet holds the flags that (?i) and similar groups set.
type flagSet uint8

const (
	flagFoldCase   flagSet = 1 << iota // i
	flagMultiLine                      // m
	flagDotNewline                     // s
	flagUngreedy                       // U, which does not change whether an expression matches
)

// A parser reads an expression from left to right. It reuses its memory from
// one expression to the next.
type parser struct {
	source string
	pos    int
	flags  flagSet
	groups []group
	root   int32 // root of the tree, after the expression was read

	nodes        []node  // the first is the empty expression
	parts        []int32 // parts of all nodes
	items        []int32 // nodes of the alternatives that are being read
	alternatives []int32 // finished alternatives of open groups

	// The distinct classes. Some may be unused in the end.
	ranges  runeSet           // ranges of all classes
	classes []span            // for each class, its ranges
	byHash  map[uint64]uint32 // for each hash, the last class with it
	sameAs  []uint32          // for each class, the previous one with its hash, or itself

	// Caches for sets and runes that may occur many times.
	named map[namedSet]uint32 // class of each set
	runes map[knownRune]uint32

	key        []byte
	set, other runeSet

	work uint64 // work of all expressions, in units of about 3 nanoseconds
}

// A span is the range of indices from start up to, but not including, end.
type span struct{ start, end int }

type knownRune struct {
	r    rune
	fold bool
}

// A group is the part of an expression between two parentheses, or the whole
// expression.
type group struct {
	start        int     // of its parenthesis
	flags        flagSet // flags to restore at its end
	items        int     // start of the items of its last alternative
	alternatives int     // start of its finished alternatives
}

// reset prepares the parser for another expression.
func (p *parser) reset(source string) {
	if p.byHash == nil {
		p.byHash, p.named, p.runes = make(map[uint64]uint32), make(map[namedSet]uint32), make(map[knownRune]uint32)
	}
	clear(p.byHash)
	clear(p.named)
	clear(p.runes)
	p.source, p.pos, p.flags = source, 0, 0
	p.groups = append(p.groups[:0], group{})
	p.nodes = append(p.nodes[:0], node{kind: kindEmpty, copies: 1})
	p.parts, p.items, p.alternatives = p.parts[:0], p.items[:0], p.alternatives[:0]
	p.ranges, p.classes, p.sameAs = p.ranges[:0], p.classes[:0], p.sameAs[:0]
}

func (p *parser) fail(at int, kind Kind, format string, args ...any) error {
	return &Error{Offset: at, Kind: kind, Detail: fmt.Sprintf(format, args...)}
}

func (p *parser) malformed(at int, format string, args ...any) error {
	return p.fail(at, Malformed, format, args...)
}

func (p *parser) notExpressible(at int, format string, args ...any) error {
	return p.fail(at, NotExpressible, format, args...)
}

func (p *parser) parse(source string) error {
	p.reset(source)
	p.work += 8 * uint64(len(source))
	if len(source) > MaxExpressionLength {
		return p.fail(MaxExpressionLength, Limit, "it has %d bytes (limit %d, MaxExpressionLength); shorten it", len(source), MaxExpressionLength)
	}
	for i, r := range source {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(source[i:]); n == 1 {
				return p.malformed(i, "0x%02x is not UTF-8: write the rune, or \\x{...} with its number", source[i])
			}
		}
	}
	repeated := false // whether a repetition ends at pos
	for p.pos < len(source) {
		was := repeated
		repeated = false
		var err error
		switch c := source[p.pos]; c {
		case '(':
			err = p.open()
		case ')':
			err = p.close()
		case '|':
			p.pos++
			p.alternatives = append(p.alternatives, p.sequence())
		case '^', '$':
			p.pos++
			p.assert(lineuint32(c, p.flags))
		case '.':
			p.pos++
			p.runesOf(anyRune(p.flags))
		case '[':
			err = p.bracket()
		case '\\':
			err = p.escape()
		case '*', '+', '?', '{':
			var least, most, end int
			if least, most, end, err = p.repetition(); err != nil {
				break
			}
			if end == p.pos { // a literal brace
				p.pos++
				p.literal('{')
				break
			}
			repeated = true
			err = p.repeat(least, most, end, was)
		default:
			r, n := utf8.DecodeRuneInString(source[p.pos:])
			p.pos += n
			p.literal(r)
		}
		if err != nil {
			return err
		}
	}
	if len(p.groups) > 1 {
		return p.malformed(p.group().start, "this ( has no ): close it, or write \\( for the character")
	}
	p.root = p.whole()
	if p.nodes[p.root].size >= MaxInstructions {
		return p.fail(0, Limit, "its program would have more than %d instructions (MaxInstructions); a counted repetition copies its operand, so lower the counts, or split the expression", MaxInstructions)
	}
	return nil
}

func (p *parser) group() *group { return &p.groups[len(p.groups)-1] }

// push adds an item to the alternative that is being read.
func (p *parser) push(n node) {
	p.items = append(p.items, int32(len(p.nodes)))
	p.nodes = append(p.nodes, n)
}

// sequence removes the items of the alternative that is being read, and returns
// their concatenation.
func (p *parser) sequence() int32 {
	first := p.group().items
	items := p.items[first:]
	p.items = p.items[:first]
	switch len(items) {
	case 0:
		return 0
	case 1:
		return items[0]
	}
	return p.join(kindConcat, items, 0)
}

// whole removes the alternatives of the innermost group, and returns the node
// for the group.
func (p *parser) whole() int32 {
	last, first := p.sequence(), p.group().alternatives
	if len(p.alternatives) == first {
		return last
	}
	p.alternatives = append(p.alternatives, last)
	list := p.alternatives[first:]
	p.alternatives = p.alternatives[:first]
	return p.join(kindAlternate, list, len(list)-1)
}

// join returns a node with the given parts. The node adds size instructions to
// the instructions of the parts.
func (p *parser) join(kind nodeKind, parts []int32, size int) int32 {
	n := node{kind: kind, first: int32(len(p.parts)), count: int32(len(parts)), size: size, copies: 1}
	for _, part := range parts {
		n.size = min(n.size+p.nodes[part].size, MaxInstructions)
		n.copies = max(n.copies, p.nodes[part].copies)
	}
	n.size = min(n.size, MaxInstructions)
	p.parts = append(p.parts, parts...)
	p.nodes = append(p.nodes, n)
	return int32(len(p.nodes) - 1)
}

func (p *parser) assert(a uint32) {
	p.push(node{kind: kindAssert, arg: a, size: 1, copies: 1})
}

func lineuint32(c byte, flags flagSet) uint32 {
	switch {
	case c == '^' && flags&flagMultiLine != 0:
		return AssertBeginLine
	case c == '^':
		return AssertBeginText
	case flags&flagMultiLine != 0:
		return AssertEndLine
	}
	return AssertEndText
}

func anyRune(flags flagSet) runeSet {
	if flags&flagDotNewline != 0 {
		return runeSet{{0, utf8.MaxRune}}
	}
	return runeSet{{0, '\n' - 1}, {'\n' + 1, utf8.MaxRune}}
}

func (p *parser) folds() bool { return p.flags&flagFoldCase != 0 }

func (p *parser) literal(r rune) {
	key := knownRune{r, p.folds()}
	class, ok := p.runes[key]
	if !ok {
		p.set = append(p.set[:0], runeRange{r, r})
		if key.fold {
			p.set = p.set.fold()
		}
		class = p.class(p.set)
		p.runes[key] = class
	}
	p.push(node{kind: kindRunes, arg: class, size: 1, copies: 1})
}

// runesOf adds an item that matches one rune of the clean set s.
func (p *parser) runesOf(s runeSet) {
	p.push(node{kind: kindRunes, arg: p.class(s), size: 1, copies: 1})
}

var classSeed = maphash.MakeSeed()

// class returns the number of the class for a clean set.
func (p *parser) class(s runeSet) uint32 {
	p.work += 2 * uint64(len(s))
	key := p.key[:0]
	for _, r := range s {
		key = le.AppendUint32(key, uint32(r.lo))
		key = le.AppendUint32(key, uint32(r.hi))
	}
	p.key = key
	hash := maphash.Bytes(classSeed, key)
	n := uint32(len(p.classes))
	last, ok := p.byHash[hash]
	for c := last; ok; c = p.sameAs[c] {
		if slices.Equal(p.rangesOf(c), s) {
			return c
		}
		ok = p.sameAs[c] != c
	}
	before := n
	if _, ok := p.byHash[hash]; ok {
		before = last
	}
	p.byHash[hash] = n
	p.sameAs = append(p.sameAs, before)
	p.classes = append(p.classes, span{len(p.ranges), len(p.ranges) + len(s)})
	p.ranges = append(p.ranges, s...)
	return n
}

// rangesOf returns the ranges of a class.
func (p *parser) rangesOf(class uint32) runeSet {
	r := p.classes[class]
	return p.ranges[r.start:r.end]
}

// open reads the start of a group, or flags.
func (p *parser) open() error {
	start := p.pos
	if !strings.HasPrefix(p.source[start:], "(?") {
		p.pos++
		return p.openGroup(start, p.flags)
	}
	rest := p.source[start+2:]
	if name, named := strings.CutPrefix(strings.TrimPrefix(rest, "P"), "<"); named && !strings.HasPrefix(rest, "<=") && !strings.HasPrefix(rest, "<!") {
		return p.openNamed(start, name)
	}
	for _, f := range foreignGroups {
		if strings.HasPrefix(rest, f.start) {
			return p.notExpressible(start, "(?%s starts %s, which RE2 does not have; %s", f.start, f.what, f.instead)
		}
	}
	if digits := strings.TrimLeft(rest, "+-"); len(rest)-len(digits) < 2 && digits != "" && isDigit(digits[0]) {
		return p.notExpressible(start, "(?%s starts a recursion, which RE2 does not have; %s", rest[:len(rest)-len(digits)+1], noRecursion)
	}
	set, cleared, negative, seen := p.flags, flagSet(0), false, false
	for i, c := range rest {
		flag, known := flagLetters[c]
		switch {
		case known:
			seen = true
			if negative {
				cleared |= flag
			} else {
				set |= flag
			}
		case c == '-' && !negative:
			negative, seen = true, false
		case (c == ':' || c == ')') && (seen || !negative):
			flags := p.flags
			p.pos = start + 2 + i + 1
			p.flags = set &^ cleared
			if c == ':' {
				return p.openGroup(start, flags)
			}
			return nil
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			return p.notExpressible(start+2+i, "there is no flag %c: the flags are i, m, s and U; write the expression without it", c)
		default:
			return p.malformed(start+2+i, "%q is not allowed in (?flags) or (?flags:...)", c)
		}
	}
	return p.malformed(start, "this (? has no end: write (?flags), (?flags:...) or (?:...)")
}

var flagLetters = map[rune]flagSet{'i': flagFoldCase, 'm': flagMultiLine, 's': flagDotNewline, 'U': flagUngreedy}

// foreignGroups are the groups that only other engines have, by the text after
// "(?".
var foreignGroups = []struct{ start, what, instead string }{
	{"=", "a look-ahead", noLookAround},
	{"!", "a negative look-ahead", noLookAround},
	{"<=", "a look-behind", noLookAround},
	{"<!", "a negative look-behind", noLookAround},
	{">", "an atomic group", "write (?:...), which matches the same or more"},
	{"(", "a condition", "write the two cases as alternatives"},
	{"|", "a branch reset group", "write (?:...|...)"},
	{"#", "a comment", "remove it"},
	{"'", "a group with a name", "write (...)"},
	{"P=", "a back reference", noReference},
	{"P>", "a recursion", noRecursion},
	{"R", "a recursion", noRecursion},
	{"&", "a recursion", noRecursion},
	{"C", "a call", "remove it"},
}

const (
	noLookAround = "write a criterion of its own for the text that must or must not be there, or let the expression match that text"
	noReference  = "write out the texts that may repeat"
	noRecursion  = "write out as many levels as you need"
)

// openNamed reads the start of a group with a name, (?P<name> or (?<name>. rest
// is the text after the <. The name has no effect, because a program captures
// nothing.
func (p *parser) openNamed(start int, rest string) error {
	name, _, ok := strings.Cut(rest, ">")
	at := len(p.source) - len(rest)
	if !ok {
		return p.malformed(start, "the name of this group has no >: write (?P<name>...), or (...) without a name")
	}
	for i := range len(name) {
		if c := name[i]; !isWordByte(c) {
			return p.malformed(at+i, "the name of a group may only have letters, digits and underscores: write (?P<name>...), or (...) without a name")
		}
	}
	if name == "" {
		return p.malformed(at, "the name of this group is empty: write (?P<name>...), or (...) without a name")
	}
	p.pos = at + len(name) + 1
	return p.openGroup(start, p.flags)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWordByte(c byte) bool {
	return c == '_' || isDigit(c) || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

func (p *parser) openGroup(start int, flags flagSet) error {
	if len(p.groups) > MaxNesting {
		return p.fail(start, Limit, "groups are nested more than %d deep (MaxNesting); remove groups that are not needed", MaxNesting)
	}
	p.groups = append(p.groups, group{start: start, flags: flags, items: len(p.items), alternatives: len(p.alternatives)})
	return nil
}

func (p *parser) close() error {
	if len(p.groups) == 1 {
		return p.malformed(p.pos, "this ) has no (: open it, or write \\) for the character")
	}
	n := p.whole()
	p.flags = p.group().flags
	p.groups = p.groups[:len(p.groups)-1]
	p.items = append(p.items, n)
	p.pos++
	return nil
}

// repetition reads the counts of a *, +, ? or braces at pos. It returns end
// equal to pos if the brace is literal.
func (p *parser) repetition() (least, most, end int, err error) {
	switch p.source[p.pos] {
	case '*':
		return 0, -1, p.pos + 1, nil
	case '+':
		return 1, -1, p.pos + 1, nil
	case '?':
		return 0, 1, p.pos + 1, nil
	}
	body, _, ok := strings.Cut(p.source[p.pos+1:], "}")
	first, second, comma := strings.Cut(body, ",")
	if !ok || !isCount(first) || comma && second != "" && !isCount(second) {
		return 0, 0, p.pos, nil
	}
	least = count(first)
	switch {
	case !comma:
		most = least
	case second == "":
		most = -1
	default:
		most = count(second)
	}
	switch {
	case least > MaxRepetition || most > MaxRepetition:
		return 0, 0, 0, p.fail(p.pos, Limit, "{%s} repeats more than %d times, the limit of a counted repetition; lower the count", body, MaxRepetition)
	case most >= 0 && least > most:
		return 0, 0, 0, p.malformed(p.pos, "{%s} repeats at least %d and at most %d times: put the smaller number first", body, least, most)
	}
	return least, most, p.pos + 1 + len(body) + 1, nil
}

// isCount reports whether s is a valid count between braces. With any other
// text the braces are literal.
func isCount(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s == "0" || s != "" && s[0] != '0'
}

func count(s string) int {
	n := 0
	for i := range len(s) {
		n = min(10*n+int(s[i]-'0'), MaxRepetition+1)
	}
	return n
}

// repeat applies the repetition from pos to end to the item before it. repeated
// tells whether that item is a repetition itself.
func (p *parser) repeat(least, most, end int, repeated bool) error {
	start := p.pos
	text := p.source[start:end]
	switch {
	case repeated && text == "+":
		return p.notExpressible(start, "a + after a repetition makes it possessive, which RE2 does not have; remove the +, which matches the same or more")
	case repeated:
		return p.malformed(start, "%s repeats a repetition: remove it, or put the repetition into (?:...)", text)
	case len(p.items) == p.group().items:
		return p.malformed(start, "%s has nothing before it to repeat: put an item before it, or write \\%s for the character", text, text[:1])
	}
	p.pos = end
	if end < len(p.source) && p.source[end] == '?' {
		p.pos++ // a lazy repetition, which matches the same texts
	}
	last := &p.items[len(p.items)-1]
	n, err := p.repeatOf(*last, least, most, start, text)
	*last = n
	return err
}

func (p *parser) repeatOf(part int32, least, most, start int, text string) (int32, error) {
	body := &p.nodes[part]
	n := node{kind: kindRepeat, least: least, most: most, first: int32(len(p.parts)), count: 1, copies: body.copies}
	if most == 0 {
		return 0, nil
	}
	if times := max(least, most); times > 1 {
		n.copies *= times
	}
	switch {
	case n.copies > MaxRepetition:
		return 0, p.fail(start, Limit, "%s repeats a counted repetition, together more than %d times, the limit; lower the counts", text, MaxRepetition)
	case body.size == 0: // the empty expression, repeated any number of times
		n.kind, n.count = kindEmpty, 0
	case most < 0:
		n.size = max(least, 1)*body.size + 1
	default:
		n.size = least*body.size + (most-least)*(body.size+1)
	}
	n.size = min(n.size, MaxInstructions)
	if n.count > 0 {
		p.parts = append(p.parts, part)
	}
	p.nodes = append(p.nodes, n)
	return int32(len(p.nodes) - 1), nil
}
