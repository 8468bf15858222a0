package rexprog_test

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/channelfile/internal/rexprog"
)

// programMatches is a slow and obvious interpreter: it walks the pairs of an
// instruction and a place, each once.
func programMatches(p channelfile.Program, text string) bool {
	var runes []rune
	for _, r := range text { // as the format reads strings: an invalid byte is U+FFFD
		runes = append(runes, r)
	}
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return -1
		}
		return runes[i]
	}
	word := func(r rune) bool { return r >= 0 && r < utf8.RuneSelf && rexprog.IsWordByte(byte(r)) }
	type state struct{ inst, place int }
	seen := map[state]bool{}
	var todo []state
	for i := range len(runes) + 1 {
		todo = append(todo, state{0, i})
	}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[s] {
			continue
		}
		seen[s] = true
		in := p.Inst(s.inst)
		before, after := at(s.place-1), at(s.place)
		boundary := word(before) != word(after)
		switch in.Op {
		case channelfile.InstMatch:
			return true
		case channelfile.InstSplit:
			todo = append(todo, state{int(in.Out), s.place}, state{int(in.Arg), s.place})
		case channelfile.InstRunes:
			if after >= 0 && p.Holds(in.Arg, after) {
				todo = append(todo, state{int(in.Out), s.place + 1})
			}
		case channelfile.InstAssert:
			if map[channelfile.Assertion]bool{
				channelfile.AssertBeginText: before < 0, channelfile.AssertEndText: after < 0,
				channelfile.AssertBeginLine: before < 0 || before == '\n', channelfile.AssertEndLine: after < 0 || after == '\n',
				channelfile.AssertBoundary: boundary, channelfile.AssertNoBoundary: !boundary,
			}[channelfile.Assertion(in.Arg)] {
				todo = append(todo, state{int(in.Out), s.place})
			}
		default:
			panic(fmt.Sprintf("instruction %d is %+v", s.inst, in))
		}
	}
	return false
}

// disassemble returns a program as text, an instruction a line.
func disassemble(p channelfile.Program) string {
	var b strings.Builder
	for i := range p.Len() {
		in := p.Inst(i)
		switch in.Op {
		case channelfile.InstMatch:
			fmt.Fprintf(&b, "%d match\n", i)
		case channelfile.InstSplit:
			fmt.Fprintf(&b, "%d split %d %d\n", i, in.Out, in.Arg)
		case channelfile.InstAssert:
			fmt.Fprintf(&b, "%d %v %d\n", i, channelfile.Assertion(in.Arg), in.Out)
		case channelfile.InstRunes:
			fmt.Fprintf(&b, "%d [", i)
			for k := range p.Ranges(in.Arg) {
				lo, hi := p.Range(in.Arg, k)
				if lo == hi {
					fmt.Fprintf(&b, "%c", lo)
				} else {
					fmt.Fprintf(&b, "%c-%c", lo, hi)
				}
			}
			fmt.Fprintf(&b, "] %d\n", in.Out)
		}
	}
	return b.String()
}

// The construction is normative: these are programs as FORMAT.md makes them,
// worked out by hand.
func TestPrograms(t *testing.T) {
	tests := []struct {
		expression, program, why string
	}{
		{"", "0 match\n", "the empty expression matches at once"},
		{"ab", "0 [a] 1\n1 [b] 2\n2 match\n", "what follows has the next number"},
		{"a|b", "0 split 1 3\n1 [a] 2\n2 match\n3 [b] 2\n", "the first alternative is the first way of the split"},
		{"a|b|c", "0 split 1 3\n1 [a] 2\n2 match\n3 split 4 5\n4 [b] 2\n5 [c] 2\n", "each split has one alternative, and the rest"},
		{"a|", "0 split 1 2\n1 [a] 2\n2 match\n", "an alternative may be empty"},
		{"a*", "0 split 1 2\n1 [a] 0\n2 match\n", "each turn comes back to the split"},
		{"a+", "0 [a] 1\n1 split 0 2\n2 match\n", "one is needed"},
		{"a?", "0 split 1 2\n1 [a] 2\n2 match\n", "or none"},
		{"a??b", "0 split 1 2\n1 [a] 2\n2 [b] 3\n3 match\n", "lazy or greedy, it is the same match"},
		{"a{3}", "0 [a] 1\n1 [a] 2\n2 [a] 3\n3 match\n", "a count is as many copies"},
		{"a{2,}", "0 [a] 1\n1 [a] 2\n2 split 1 3\n3 match\n", "the last copy repeats"},
		{"a{0,}", "0 split 1 2\n1 [a] 0\n2 match\n", "is a*"},
		{"a{1,3}", "0 [a] 1\n1 split 2 5\n2 [a] 3\n3 split 4 5\n4 [a] 5\n5 match\n", "who leaves out one leaves out the rest"},
		{"a{0}b", "0 [b] 1\n1 match\n", "no times is nothing"},
		{"()*b", "0 [b] 1\n1 match\n", "a repetition of nothing is nothing"},
		{"(a*)*", "0 split 1 3\n1 split 2 0\n2 [a] 1\n3 match\n", "a loop may be empty: a reader enters each instruction once a place"},
		{"[b-ca]", "0 [a-c] 1\n1 match\n", "ranges that touch are one"},
		{"[^\\x{0}-\\x{10FFFF}]", "0 [] 1\n1 match\n", "a class may be empty"},
		{"(?i)k", "0 [Kk\u212a] 1\n1 match\n", "U+212A, Kelvin, folds to k"},
		{"(?i)[^k]", "0 [\x00-JL-jl-\u2129\u212b-\U0010FFFF] 1\n1 match\n", "folded, then negated"},
		{"(?m)^$|\\A\\z", "0 split 1 4\n1 begin line 2\n2 end line 3\n3 match\n4 begin text 5\n5 end text 3\n", "with m the line's, else the text's"},
		{"\\bx\\B", "0 word boundary 1\n1 [x] 2\n2 no word boundary 3\n3 match\n", ""},
		{".(?s).", "0 [\x00-\t\v-\U0010FFFF] 1\n1 [\x00-\U0010FFFF] 2\n2 match\n", "with s a newline too"},
		{"(?i:a)a", "0 [Aa] 1\n1 [a] 2\n2 match\n", "flags end with their group"},
		{"(a(?i)b|c)d", "0 split 1 5\n1 [a] 2\n2 [Bb] 3\n3 [d] 4\n4 match\n5 [Cc] 3\n", "and go on over a bar"},
	}
	for _, tt := range tests {
		p, err := channelfile.CompileRegexp(tt.expression)
		if err != nil {
			t.Errorf("%q: %v", tt.expression, err)
			continue
		}
		if got := disassemble(*p); got != tt.program {
			t.Errorf("%q is\n%sexpected\n%s%s", tt.expression, got, tt.program, tt.why)
		}
		if p.Source() != tt.expression {
			t.Errorf("the source of %q is %q", tt.expression, p.Source())
		}
	}
}

func TestRegexpErrors(t *testing.T) {
	tests := []struct {
		expression string
		offset     int
		err        error
		detail     string // a part
	}{
		{"a(b", 1, channelfile.ErrRegexpMalformed, "this ( has no )"},
		{"ab)", 2, channelfile.ErrRegexpMalformed, "this ) has no ("},
		{"a[b", 1, channelfile.ErrRegexpMalformed, "this [ has no ]"},
		{"[a-", 0, channelfile.ErrRegexpMalformed, "this [ has no ]"},
		{"[]", 0, channelfile.ErrRegexpMalformed, "this [ has no ]"},
		{"x[z-a]", 2, channelfile.ErrRegexpMalformed, "the range z-a is backwards"},
		{"[[:foo:]]", 1, channelfile.ErrRegexpMalformed, "[:foo:] is not the name of a set"},
		{"a**", 2, channelfile.ErrRegexpMalformed, "* repeats a repetition"},
		{"a{2}{3}", 4, channelfile.ErrRegexpMalformed, "{3} repeats"},
		{"*a", 0, channelfile.ErrRegexpMalformed, "nothing before it to repeat"},
		{"(|{2})", 2, channelfile.ErrRegexpMalformed, "nothing before it to repeat"},
		{"a{3,2}", 1, channelfile.ErrRegexpMalformed, "put the smaller number first"},
		{`ab\`, 2, channelfile.ErrRegexpMalformed, "a backslash at the end"},
		{`\y`, 0, channelfile.ErrRegexpMalformed, "no escape"},
		{`\é`, 0, channelfile.ErrRegexpMalformed, "no escape"},
		{`\x4`, 0, channelfile.ErrRegexpMalformed, "without its digits"},
		{`\xzz`, 0, channelfile.ErrRegexpMalformed, "not a hexadecimal digit"},
		{`\x{}`, 0, channelfile.ErrRegexpMalformed, "without its digits"},
		{`\x{41`, 0, channelfile.ErrRegexpMalformed, "has no }"},
		{`\x{110000}`, 0, channelfile.ErrRegexpMalformed, "beyond the last rune"},
		{`\p{Lu`, 0, channelfile.ErrRegexpMalformed, "has no }"},
		{"(?i", 0, channelfile.ErrRegexpMalformed, "has no end"},
		{"(?i-)", 4, channelfile.ErrRegexpMalformed, "is not allowed"},
		{"(?P<a", 0, channelfile.ErrRegexpMalformed, "has no >"},
		{"(?P<>a)", 4, channelfile.ErrRegexpMalformed, "is empty"},
		{"(?<a b>c)", 4, channelfile.ErrRegexpMalformed, "letters, digits and underscores"},
		{"a\xffb", 1, channelfile.ErrRegexpMalformed, "not UTF-8"},
		{"a(?=b)", 1, channelfile.ErrRegexpNotExpressible, "look-ahead"},
		{"(?!b)", 0, channelfile.ErrRegexpNotExpressible, "negative look-ahead"},
		{"(?<=b)", 0, channelfile.ErrRegexpNotExpressible, "look-behind"},
		{"(?<!b)", 0, channelfile.ErrRegexpNotExpressible, "negative look-behind"},
		{"(?>b)", 0, channelfile.ErrRegexpNotExpressible, "atomic"},
		{"(?(1)b)", 0, channelfile.ErrRegexpNotExpressible, "condition"},
		{"(a)(?1)", 3, channelfile.ErrRegexpNotExpressible, "recursion"},
		{"(a)(?-1)", 3, channelfile.ErrRegexpNotExpressible, "recursion"},
		{"(?R)", 0, channelfile.ErrRegexpNotExpressible, "recursion"},
		{"(?#b)", 0, channelfile.ErrRegexpNotExpressible, "comment"},
		{"(?x)b", 2, channelfile.ErrRegexpNotExpressible, "no flag x"},
		{"(?P=a)", 0, channelfile.ErrRegexpNotExpressible, "back reference"},
		{"a++", 2, channelfile.ErrRegexpNotExpressible, "possessive"},
		{"a{2}+", 4, channelfile.ErrRegexpNotExpressible, "possessive"},
		{`(a)\1`, 3, channelfile.ErrRegexpNotExpressible, "back reference"},
		{`\Z`, 0, channelfile.ErrRegexpNotExpressible, "the end of the text, or a newline"},
		{`[\b]`, 1, channelfile.ErrRegexpNotExpressible, "backspace"},
		{`\p{Klingon}`, 0, channelfile.ErrRegexpNotExpressible, "Unicode 15.0.0"},
		{"a{1001}", 1, channelfile.ErrLimit, "more than 1000 times"},
		{"a{99999999999999999999}", 1, channelfile.ErrLimit, "more than 1000 times"},
		{"(a{1000}){1000}", 9, channelfile.ErrLimit, "together more than 1000 times"},
		{strings.Repeat("(", 251) + strings.Repeat(")", 251), 250, channelfile.ErrLimit, "250 deep"},
		{strings.Repeat("a{1000}", 9), 0, channelfile.ErrLimit, "8192 instructions"},
		{strings.Repeat("a", 16385), 16384, channelfile.ErrLimit, "16384"},
	}
	for _, tt := range tests {
		_, err := channelfile.CompileRegexp(tt.expression)
		var e *channelfile.RegexpError
		if !errors.As(err, &e) {
			t.Errorf("%.40q: error %v, expected a RegexpError", tt.expression, err)
			continue
		}
		if e.Offset != tt.offset || e.Err != tt.err || !strings.Contains(e.Detail, tt.detail) {
			t.Errorf("%.40q: %v\nexpected at byte %d: %v: ...%s...", tt.expression, err, tt.offset, tt.err, tt.detail)
		}
		if errors.Is(err, channelfile.ErrRegexpMalformed) == errors.Is(err, channelfile.ErrRegexpNotExpressible) {
			t.Errorf("%.40q: %v is both malformed and not expressible, or neither", tt.expression, err)
		}
	}
}

// The table of FORMAT.md is what a stranger tries first: each expression has as
// many instructions as it says, and the program of the other, or fails so.
func TestSyntaxTable(t *testing.T) {
	_, table, ok := strings.Cut(rexprog.SyntaxOf(t), "\n| expression | size | same |\n|---|---|---|\n")
	if !ok {
		t.Fatal("FORMAT.md has no table of expressions")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	expression := func(cell string) string {
		if cell == "" {
			return ""
		}
		if len(cell) < 3 || cell[0] != '`' || cell[len(cell)-1] != '`' {
			t.Errorf("%s is not in backquotes", cell)
			return ""
		}
		return strings.ReplaceAll(cell[1:len(cell)-1], `\|`, "|")
	}
	failures := map[string]error{"malformed": channelfile.ErrRegexpMalformed, "not expressible": channelfile.ErrRegexpNotExpressible, "limit": channelfile.ErrLimit}
	sizes := 0
	found := make(map[error]int)
	for _, row := range strings.Split(table, "\n") {
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(row, "| "), "|"), " | ")
		if len(cells) != 3 {
			t.Errorf("row %s has %d cells, expected 3", row, len(cells))
			continue
		}
		text, what, other := expression(cells[0]), cells[1], expression(strings.TrimSpace(cells[2]))
		p, err := channelfile.CompileRegexp(text)
		if want, fails := failures[what]; fails {
			var e *channelfile.RegexpError
			if !errors.As(err, &e) || e.Err != want {
				t.Errorf("%s: error %v, FORMAT.md says %s", text, err, what)
			}
			if other != "" {
				t.Errorf("%s is %s, and nothing is the same", text, what)
			}
			found[want]++
			continue
		}
		size, numberErr := strconv.Atoi(strings.ReplaceAll(what, ",", ""))
		if numberErr != nil || err != nil {
			t.Errorf("%s: error %v, FORMAT.md says %s", text, err, what)
			continue
		}
		sizes++
		if p.Len() != size {
			t.Errorf("%s has %d instructions, FORMAT.md says %d", text, p.Len(), size)
		}
		if other == "" {
			continue
		}
		if other == text {
			t.Errorf("%s is the same as itself: write it in another way", text)
		}
		q, err := channelfile.CompileRegexp(other)
		if err != nil {
			t.Errorf("what is said to be the same as %s: %v", text, err)
			continue
		}
		if got, want := disassemble(*p), disassemble(*q); got != want {
			t.Errorf("%s is\n%sand %s, which is said to be the same,\n%s", text, got, other, want)
		}
	}
	if sizes < 30 || len(found) != len(failures) {
		t.Errorf("the table has %d programs, and failures of %d kinds; expected at least 30, and %d", sizes, len(found), len(failures))
	}
}

// The names of sets in FORMAT.md are those that are looked up, both ways, and
// mean what it says.
func TestSyntaxSets(t *testing.T) {
	syntax := rexprog.SyntaxOf(t)
	line := func(start string) string {
		_, after, ok := strings.Cut(syntax, "\n"+start)
		if !ok {
			t.Fatalf("FORMAT.md has no line that starts with %q", start)
		}
		text, _, _ := strings.Cut(after, "\n")
		return text
	}
	same := func(a, b string) {
		t.Helper()
		p, err := channelfile.CompileRegexp(a)
		q, otherErr := channelfile.CompileRegexp(b)
		if err != nil || otherErr != nil {
			t.Error(err, otherErr)
			return
		}
		if disassemble(*p) != disassemble(*q) {
			t.Errorf("%s is not %s", a, b)
		}
	}
	posix, _, _ := strings.Cut(line("*Sets.* "), " Names after ")
	named := regexp.MustCompile("[*]([a-z]+)[*] `([^`]+)`").FindAllStringSubmatch(posix, -1)
	for _, m := range named {
		same("[[:"+m[1]+":]]", m[2])
	}
	if len(named) != len(rexprog.PosixSets) {
		t.Errorf("FORMAT.md has %d names between [: and :], there are %d", len(named), len(rexprog.PosixSets))
	}
	n := 0
	for _, m := range regexp.MustCompile("`([A-Z][A-Za-z]?)` [*]([A-Za-z_]+)[*](?: or [*]([A-Za-z_]+)[*])?").FindAllStringSubmatch(line("- their long names: "), -1) {
		for _, long := range m[2:] {
			if long == "" {
				continue
			}
			n++
			if got := rexprog.UnicodeAliases[rexprog.UnicodeKey(long)]; got != rexprog.UnicodeKey(m[1]) {
				t.Errorf("%s is %q, FORMAT.md says %s", long, got, m[1])
			}
			same(`\p{`+long+"}", `\p{`+m[1]+"}")
		}
	}
	if n != len(rexprog.UnicodeAliases) {
		t.Errorf("FORMAT.md has %d long names of categories, there are %d", n, len(rexprog.UnicodeAliases))
	}
}

// What FORMAT.md lists as not expressible is all that is, letter by letter.
func TestSyntaxNotExpressible(t *testing.T) {
	_, list, ok := strings.Cut(rexprog.SyntaxOf(t), "or before one of `")
	if !ok {
		t.Fatal("FORMAT.md has no list of escapes that are not expressible")
	}
	list, _, _ = strings.Cut(list, "`")
	_, groups, _ := strings.Cut(rexprog.SyntaxOf(t), "\n- after `(?` one of ")
	groups, _, ok = strings.Cut(groups, ", or a digit")
	if !ok {
		t.Fatal("FORMAT.md has no list of groups that are not expressible")
	}
	var starts []string
	for _, f := range rexprog.ForeignGroups() {
		starts = append(starts, "`"+f+"`")
	}
	if want := strings.Join(starts, ", "); groups != want {
		t.Errorf("FORMAT.md has the groups %s, there are %s", groups, want)
	}
	letters := "123456789" + strings.ReplaceAll(list, " ", "")
	for c := byte(1); c < utf8.RuneSelf; c++ {
		if c == 'p' || c == 'P' {
			continue // with a name
		}
		_, err := channelfile.CompileRegexp(`\` + string(rune(c)))
		if got, want := errors.Is(err, channelfile.ErrRegexpNotExpressible), strings.IndexByte(letters, c) >= 0; got != want {
			t.Errorf("\\%c: %v; that it is not expressible is %v in FORMAT.md", c, err, want)
		}
	}
}

func TestMatches(t *testing.T) {
	tests := []struct {
		expression, text string
		want             bool
		why              string
	}{
		{"", "", true, "nothing is anywhere"},
		{"a.c", "xxabcxx", true, "the match may be anywhere"},
		{"^a.c$", "xxabcxx", false, "unless it is anchored"},
		{"a$", "a\n", false, "$ is the end, not the newline before it"},
		{"(?m)a$", "a\nb", true, "unless lines count"},
		{".", "\n", false, "a newline is not any rune"},
		{"^.$", "\xff", true, "an invalid byte is one rune"},
		{"^\\x{FFFD}{2}$", "\xe2\x82", true, "U+FFFD, and of a truncated rune each byte is one"},
		{".{1000,}", strings.Repeat("x", 999), false, "of Sigma's rules"},
		{".{1000,}", strings.Repeat("x", 1000), true, "of Sigma's rules"},
		{"(?i)STRASSE", "ſtrasse", true, "the long s folds to s"},
		{"(?i)straße", "STRASSE", false, "folding is simple: no length changes"},
		{`\bfoo\b`, "xfoo", false, ""},
		{`\bfoo\b`, "-foo-", true, ""},
		{`\bü`, "aü", true, "words are ASCII"},
		{`\Qa.b\E+`, "a.bb", true, "after \\E the last rune repeats"},
		{`\p{Greek}+\P{Greek}`, "αβx", true, ""},
		{`[[:alpha:]\d-]+$`, "a1-", true, ""},
		{"(a*)*b", strings.Repeat("a", 2000), false, "the time is linear"},
	}
	for _, tt := range tests {
		p, err := channelfile.CompileRegexp(tt.expression)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := programMatches(*p, tt.text); got != tt.want {
			t.Errorf("%q on %.40q is %v: %s", tt.expression, tt.text, got, tt.why)
		}
		if g := regexp.MustCompile(tt.expression).MatchString(tt.text); g != tt.want {
			t.Errorf("%q on %.40q is %v for Go's package regexp", tt.expression, tt.text, g)
		}
	}
}

// Expressions are as Go's package regexp reads them, but for what is listed.
func checkAgainstGo(t interface{ Errorf(string, ...any) }, expression string, texts ...string) {
	p, err := channelfile.CompileRegexp(expression)
	g, goErr := regexp.Compile(expression)
	switch {
	case err == nil && goErr == nil:
	case err != nil && goErr != nil:
		return
	case err == nil:
		// Go 1.26 knows no script whose name is of several words.
		if !strings.Contains(expression, `\p`) && !strings.Contains(expression, `\P`) {
			t.Errorf("%q compiles, Go says: %v", expression, goErr)
		}
		return
	default:
		// A limit of the format.
		if !errors.Is(err, channelfile.ErrLimit) {
			t.Errorf("Go compiles %q, which fails: %v", expression, err)
		}
		return
	}
	for _, text := range texts {
		if got, want := programMatches(*p, text), g.MatchString(text); got != want {
			t.Errorf("%q on %q is %v, for Go %v", expression, text, got, want)
		}
	}
}

// genExpression draws expressions, most of them well formed.
func genExpression() *rapid.Generator[string] {
	atom := rapid.SampledFrom([]string{
		"a", "b", "k", "s", "ß", "Σ", "ς", "-", "]", "}", "{", ",", ".", "^", "$", `\b`, `\B`, `\A`, `\z`, `\d`, `\W`, `\s`, `\S`, `\pL`, `\P{Lu}`,
		`\p{^Greek}`, `\P{Any}`, `[^\PN]`, `(?i)\p{^Lu}`, `\x41`, `\x{3A3}`, `\101`, `\n`, `\.`, `\\`, `\Qa|b\E`, `\Q\E`, "[a-c]", "[^a]", "[]a-]", "[^]-]", `[\d-z]`, "[[:alpha:]_]", "[[:^word:]]",
		`[\pL\d]`, `[^\x{0}-\x{10FFFF}]`, "(?i)", "(?s)", "(?m)", "(?U)", "(?-i)", "(?)", "(?i-s)", "\xff", "(", ")", "[", "|", "*", `\`, "(?", "(?=a)", "a{2", "{1}", `\8`, "\ufffd",
	})
	return rapid.Custom(func(t *rapid.T) string {
		var build func(depth int) string
		build = func(depth int) string {
			var s string
			switch k := rapid.IntRange(0, 9).Draw(t, "kind"); {
			case depth == 0 || k < 4:
				s = atom.Draw(t, "atom")
			case k < 6:
				s = build(depth-1) + build(depth-1)
			case k < 7:
				s = build(depth-1) + "|" + build(depth-1)
			case k < 8:
				s = rapid.SampledFrom([]string{"(", "(?:", "(?i:", "(?P<n>", "(?s-i:"}).Draw(t, "open") + build(depth-1) + ")"
			default:
				s = build(depth-1) + rapid.SampledFrom([]string{"*", "+", "?", "*?", "{2}", "{0,2}", "{1,}", "{0}", "{,2}", "{02}", "{1,1}?", "++"}).Draw(t, "repetition")
			}
			return s
		}
		return build(rapid.IntRange(0, 5).Draw(t, "depth"))
	})
}

func genText() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{"a", "b", "A", "K", "\u212a", "s", "ſ", "S", "ß", "ẞ", "Σ", "σ", "ς", "ü", "1", "_", "-", "]", "{", ",", ".", "\\", "|", "\n", " ", "\xff", "\xe2\x82", "\ufffd", "α"})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), "")
	})
}

func TestRegexpAgreesWithGo(t *testing.T) {
	if unicode.Version != rexprog.UnicodeVersion {
		t.Skipf("the format pins Unicode %s, this Go has %s", rexprog.UnicodeVersion, unicode.Version)
	}
	rapid.Check(t, func(t *rapid.T) {
		e := genExpression().Draw(t, "expression")
		texts := rapid.SliceOfN(genText(), 1, 8).Draw(t, "texts")
		checkAgainstGo(t, e, texts...)
	})
}
