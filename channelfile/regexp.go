package channelfile

import (
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"unicode/utf8"
)

// These are the errors that [RegexpError.Err] can be, besides [ErrLimit].
var (
	// ErrRegexpMalformed says that the expression is no regular expression: a
	// parenthesis is missing, a range is backwards.
	ErrRegexpMalformed = errors.New("malformed")

	// ErrRegexpNotExpressible says that the expression asks for what a program
	// cannot say. Other engines may have it: look-around, back references,
	// possessive repetition, conditions, recursion. An expression that exceeds
	// a limit cannot be said either.
	ErrRegexpNotExpressible = errors.New("not expressible")
)

// A RegexpError says what is wrong with a regular expression, and where.
type RegexpError struct {
	Expression string
	Offset     int    // in bytes, of what is at fault; the length where something is missing at the end
	Err        error  // ErrRegexpMalformed, ErrRegexpNotExpressible or ErrLimit
	Detail     string // what was found and what to do
}

func (e *RegexpError) Error() string {
	return fmt.Sprintf("regular expression %s: at byte %d: %v: %s", quoteExpression(e.Expression), e.Offset, e.Err, e.Detail)
}

// Unwrap returns Err, and for a limit that is exceeded ErrRegexpNotExpressible
// too.
func (e *RegexpError) Unwrap() []error {
	if e.Err == ErrLimit {
		return []error{ErrLimit, ErrRegexpNotExpressible}
	}
	return []error{e.Err}
}

// quoteExpression shows an expression to a person as it was written, if it can
// be. Most have backslashes, which quoting doubles.
func quoteExpression(s string) string {
	const most = 200
	cut := ""
	if len(s) > most {
		n := most
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s, cut = s[:n], " ..."
	}
	for _, r := range s {
		if r < ' ' || r == 0x7F || r == utf8.RuneError || r == '`' {
			return fmt.Sprintf("%q", s) + cut
		}
	}
	return "`" + s + "`" + cut
}

// CompileRegexp compiles a regular expression. Its syntax is that of RE2 with
// the extensions of Perl that Go's package regexp takes; FORMAT.md, section 5,
// specifies it, and the program, which depends on the expression alone.
//
// Its error, if any, is a [*RegexpError]. It takes time and memory linear in the
// sizes of the expression and of the program, which have limits.
func CompileRegexp(expression string) (*Program, error) {
	var c regexpCompiler
	if err := c.parse(expression); err != nil {
		return nil, err
	}
	p := new(Program)
	c.compile(p)
	return p, nil
}

type regexpKind uint8

const (
	regexpEmpty     regexpKind = iota
	regexpRunes                // one rune of class arg
	regexpAssert               // assertion arg
	regexpConcat               // the parts, one after the other; at least two
	regexpAlternate            // one of the parts; at least two
	regexpRepeat               // the part, least to most times
)

// A regexpNode is a part of an expression, which is a tree. It names others by
// their places in the list of all.
type regexpNode struct {
	kind         regexpKind
	arg          uint32
	least, most  int   // most is -1 if there is no bound
	first, count int32 // parts

	size   int // instructions, no more than MaxInstructions
	copies int // the product of counts from here down, at its greatest; no more than MaxRepetition
}

// regexpFlags are what (?i) and its like switch on.
type regexpFlags uint8

const (
	flagFoldCase   regexpFlags = 1 << iota // i
	flagMultiLine                          // m
	flagDotNewline                         // s
	flagUngreedy                           // U, of no importance: it is the same match
)

// A regexpParser reads an expression from left to right. It may be used for one
// after another, and then allocates little.
type regexpParser struct {
	source string
	pos    int
	flags  regexpFlags
	groups []regexpGroup
	root   int32 // of the tree, once the expression was read

	nodes        []regexpNode // the first is the empty expression
	parts        []int32      // of the nodes
	items        []int32      // nodes of the alternatives that are being read
	alternatives []int32      // nodes of those that were read, of groups that are open

	// Each distinct class once; some may be for nothing in the end.
	ranges  runeSet           // of all classes
	classes []Range           // of each class its ranges
	byHash  map[uint64]uint32 // the last class of a hash
	sameAs  []uint32          // of each class the one before of the same hash, itself if there is none

	// What may be asked for again and again.
	named map[namedSet]uint32 // their classes
	runes map[knownRune]uint32

	key        []byte
	set, other runeSet

	work uint64 // of all expressions, in units of about 3 nanoseconds
}

type knownRune struct {
	r    rune
	fold bool
}

// A regexpGroup is what is between two parentheses, or the whole.
type regexpGroup struct {
	start        int         // of its parenthesis
	flags        regexpFlags // to which its end returns
	items        int         // where those of its last alternative start
	alternatives int         // where those before start
}

// reset makes ready for another expression.
func (p *regexpParser) reset(source string) {
	if p.byHash == nil {
		p.byHash, p.named, p.runes = make(map[uint64]uint32), make(map[namedSet]uint32), make(map[knownRune]uint32)
	}
	clear(p.byHash)
	clear(p.named)
	clear(p.runes)
	p.source, p.pos, p.flags = source, 0, 0
	p.groups = append(p.groups[:0], regexpGroup{})
	p.nodes = append(p.nodes[:0], regexpNode{kind: regexpEmpty, copies: 1})
	p.parts, p.items, p.alternatives = p.parts[:0], p.items[:0], p.alternatives[:0]
	p.ranges, p.classes, p.sameAs = p.ranges[:0], p.classes[:0], p.sameAs[:0]
}

func (p *regexpParser) fail(at int, err error, format string, args ...any) error {
	return &RegexpError{Expression: p.source, Offset: at, Err: err, Detail: fmt.Sprintf(format, args...)}
}

func (p *regexpParser) malformed(at int, format string, args ...any) error {
	return p.fail(at, ErrRegexpMalformed, format, args...)
}

func (p *regexpParser) notExpressible(at int, format string, args ...any) error {
	return p.fail(at, ErrRegexpNotExpressible, format, args...)
}

func (p *regexpParser) parse(source string) error {
	p.reset(source)
	p.work += 8 * uint64(len(source))
	if len(source) > MaxExpressionLength {
		return p.fail(MaxExpressionLength, ErrLimit, "it has %d bytes, at most %d (MaxExpressionLength); shorten it", len(source), MaxExpressionLength)
	}
	for i, r := range source {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(source[i:]); n == 1 {
				return p.malformed(i, "0x%02x is not UTF-8: write the rune, or \\x{...} with its number", source[i])
			}
		}
	}
	repeated := false // what is before pos is a repetition
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
			p.assert(lineAssertion(c, p.flags))
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
			if end == p.pos { // a brace that is none
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
		return p.fail(0, ErrLimit, "its program would have more than %d instructions (MaxInstructions); a counted repetition stands for as many copies: lower the counts, or split the expression", MaxInstructions)
	}
	return nil
}

// size returns how many instructions the program of the expression has.
func (p *regexpParser) size() int { return p.nodes[p.root].size + 1 }

func (p *regexpParser) group() *regexpGroup { return &p.groups[len(p.groups)-1] }

// push adds an item to the alternative that is being read.
func (p *regexpParser) push(n regexpNode) {
	p.items = append(p.items, int32(len(p.nodes)))
	p.nodes = append(p.nodes, n)
}

// sequence takes the items of the alternative that is being read, and returns
// what they are one after the other.
func (p *regexpParser) sequence() int32 {
	first := p.group().items
	items := p.items[first:]
	p.items = p.items[:first]
	switch len(items) {
	case 0:
		return 0
	case 1:
		return items[0]
	}
	return p.join(regexpConcat, items, 0)
}

// whole takes the alternatives of the innermost group, and returns what they
// are.
func (p *regexpParser) whole() int32 {
	last, first := p.sequence(), p.group().alternatives
	if len(p.alternatives) == first {
		return last
	}
	p.alternatives = append(p.alternatives, last)
	list := p.alternatives[first:]
	p.alternatives = p.alternatives[:first]
	return p.join(regexpAlternate, list, len(list)-1)
}

// join returns a node of parts, with size instructions besides theirs.
func (p *regexpParser) join(kind regexpKind, parts []int32, size int) int32 {
	n := regexpNode{kind: kind, first: int32(len(p.parts)), count: int32(len(parts)), size: size, copies: 1}
	for _, part := range parts {
		n.size = min(n.size+p.nodes[part].size, MaxInstructions)
		n.copies = max(n.copies, p.nodes[part].copies)
	}
	n.size = min(n.size, MaxInstructions)
	p.parts = append(p.parts, parts...)
	p.nodes = append(p.nodes, n)
	return int32(len(p.nodes) - 1)
}

func (p *regexpParser) assert(a Assertion) {
	p.push(regexpNode{kind: regexpAssert, arg: uint32(a), size: 1, copies: 1})
}

func lineAssertion(c byte, flags regexpFlags) Assertion {
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

func anyRune(flags regexpFlags) runeSet {
	if flags&flagDotNewline != 0 {
		return runeSet{{0, utf8.MaxRune}}
	}
	return runeSet{{0, '\n' - 1}, {'\n' + 1, utf8.MaxRune}}
}

func (p *regexpParser) folds() bool { return p.flags&flagFoldCase != 0 }

func (p *regexpParser) literal(r rune) {
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
	p.push(regexpNode{kind: regexpRunes, arg: class, size: 1, copies: 1})
}

// runesOf adds one rune of the clean set s.
func (p *regexpParser) runesOf(s runeSet) {
	p.push(regexpNode{kind: regexpRunes, arg: p.class(s), size: 1, copies: 1})
}

var classSeed = maphash.MakeSeed()

// class returns the number of a clean set.
func (p *regexpParser) class(s runeSet) uint32 {
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
	p.classes = append(p.classes, Range{len(p.ranges), len(p.ranges) + len(s)})
	p.ranges = append(p.ranges, s...)
	return n
}

// rangesOf returns the ranges of a class.
func (p *regexpParser) rangesOf(class uint32) runeSet {
	r := p.classes[class]
	return p.ranges[r.Start:r.End]
}

// open reads what starts with a parenthesis: a group, or flags.
func (p *regexpParser) open() error {
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
	set, cleared, negative, seen := p.flags, regexpFlags(0), false, false
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
			return p.malformed(start+2+i, "%q does not belong into (?flags) or (?flags:...)", c)
		}
	}
	return p.malformed(start, "this (? has no end: write (?flags), (?flags:...) or (?:...)")
}

var flagLetters = map[rune]regexpFlags{'i': flagFoldCase, 'm': flagMultiLine, 's': flagDotNewline, 'U': flagUngreedy}

// foreignGroups are what other engines have after (?, by how it starts.
var foreignGroups = []struct{ start, what, instead string }{
	{"=", "a look-ahead", noLookAround},
	{"!", "a negative look-ahead", noLookAround},
	{"<=", "a look-behind", noLookAround},
	{"<!", "a negative look-behind", noLookAround},
	{">", "an atomic group", "write (?:...), which matches the same or more"},
	{"(", "a condition", "write the two cases as alternatives"},
	{"|", "alternatives that share their groups", "write (?:...|...)"},
	{"#", "a comment", "leave it out"},
	{"'", "a group with a name", "write (...)"},
	{"P=", "a back reference", noReference},
	{"P>", "a recursion", noRecursion},
	{"R", "a recursion", noRecursion},
	{"&", "a recursion", noRecursion},
	{"C", "a call", "leave it out"},
}

const (
	noLookAround = "say what must be there, or must not, by a criterion of its own, or let the expression take what is looked at"
	noReference  = "spell out what may be repeated"
	noRecursion  = "spell out as many levels as are needed"
)

// openNamed reads (?P<name> or (?<name>, of which it is given what follows <.
// A program captures nothing, so the name is of no importance.
func (p *regexpParser) openNamed(start int, rest string) error {
	name, _, ok := strings.Cut(rest, ">")
	at := len(p.source) - len(rest)
	if !ok {
		return p.malformed(start, "the name of this group has no >: write (?P<name>...), or (...) without a name")
	}
	for i := range len(name) {
		if c := name[i]; !isWordByte(c) {
			return p.malformed(at+i, "the name of a group is letters, digits and underscores: write (?P<name>...), or (...) without a name")
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

func (p *regexpParser) openGroup(start int, flags regexpFlags) error {
	if len(p.groups) > MaxNesting {
		return p.fail(start, ErrLimit, "groups are nested more than %d deep (MaxNesting); leave out those that are not needed", MaxNesting)
	}
	p.groups = append(p.groups, regexpGroup{start: start, flags: flags, items: len(p.items), alternatives: len(p.alternatives)})
	return nil
}

func (p *regexpParser) close() error {
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

// repetition reads the counts of *, +, ? or braces at pos. It returns pos as
// end if it is a brace that stands for itself.
func (p *regexpParser) repetition() (least, most, end int, err error) {
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
		return 0, 0, 0, p.fail(p.pos, ErrLimit, "{%s} repeats more than %d times, as often as a counted repetition may; lower the count", body, MaxRepetition)
	case most >= 0 && least > most:
		return 0, 0, 0, p.malformed(p.pos, "{%s} is at least %d and at most %d times: put the smaller number first", body, least, most)
	}
	return least, most, p.pos + 1 + len(body) + 1, nil
}

// isCount reports whether s is a number as braces have it. Anything else makes
// them stand for themselves.
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

// repeat applies a repetition, which stands from pos to end, to the item before
// it.
func (p *regexpParser) repeat(least, most, end int, repeated bool) error {
	start := p.pos
	text := p.source[start:end]
	switch {
	case repeated && text == "+":
		return p.notExpressible(start, "a + after a repetition makes it possessive, which RE2 does not have; leave out the +, which matches the same or more")
	case repeated:
		return p.malformed(start, "%s repeats what is a repetition already: leave it out, or put what is before it into (?:...)", text)
	case len(p.items) == p.group().items:
		return p.malformed(start, "%s has nothing before it to repeat: put something there, or write \\%s for the character", text, text[:1])
	}
	p.pos = end
	if end < len(p.source) && p.source[end] == '?' {
		p.pos++ // as few as possible: it is the same match
	}
	last := &p.items[len(p.items)-1]
	n, err := p.repeatOf(*last, least, most, start, text)
	*last = n
	return err
}

func (p *regexpParser) repeatOf(part int32, least, most, start int, text string) (int32, error) {
	body := &p.nodes[part]
	n := regexpNode{kind: regexpRepeat, least: least, most: most, first: int32(len(p.parts)), count: 1, copies: body.copies}
	if most == 0 {
		return 0, nil
	}
	if times := max(least, most); times > 1 {
		n.copies *= times
	}
	switch {
	case n.copies > MaxRepetition:
		return 0, p.fail(start, ErrLimit, "%s repeats what is repeated: together more than %d times, as often as counted repetitions may; lower the counts", text, MaxRepetition)
	case body.size == 0: // however often
		n.kind, n.count = regexpEmpty, 0
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
