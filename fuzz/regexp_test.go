package fuzz

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
)

func FuzzRegexp(f *testing.F) {
	for _, s := range [][2]string{
		{`\\AppData\\Local\\Temp\\dat[0-9A-Z]{4}\.tmp`, `C:\Users\a\AppData\Local\Temp\dat12AB.tmp`},
		{`(?i)\$\{?e.?n.?v`, "${ENV:path}"},
		{`.{1000,}`, strings.Repeat("é", 1000)},
		{`^(?:\s|[^\x00-\x7f])+$`, " \u212a\xff"},
		{`(?m)^a*?$|\bk\B(?i:ſ)`, "b\na\nks"},
		{`\pL\P{Greek}[[:^alpha:]\d]\Q.*\E`, "aa1.*"},
		{`(a*)*(|b)+(?:c{2,3}){0,4}`, "aabcc"},
		{`(?s-i:.)(?U)x+?\x{10FFFF}\101`, "\nx\U0010FFFFA"},
		{`a++`, "a"}, {`(?=a)`, "a"}, {`(a)\1`, "aa"}, {`[z-a]`, "b"}, {"a\xffb", "a"}, {`(`, ""}, {`a{1001}`, ""}, {`\p{Old_Italic}`, "\U00010300"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, expression, text string) {
		p, err := channelfile.CompileRegexp(expression)
		theirs, theirErr := regexp.Compile(expression)
		if err != nil {
			checkRegexpError(t, expression, err)
			if theirErr == nil && !errors.Is(err, channelfile.ErrLimit) {
				t.Errorf("Go compiles %q, but we reject it, not for a limit: %v", expression, err)
			}
			return
		}
		if p.Source() != expression || p.Len() > channelfile.MaxInstructions {
			t.Errorf("%q became a program of %d instructions with the source %q", expression, p.Len(), p.Source())
		}
		if theirErr != nil {
			// Go 1.26 does not find scripts with names of several words.
			if !strings.Contains(strings.ToLower(expression), `\p`) {
				t.Errorf("%q compiles, and Go says: %v", expression, theirErr)
			}
			return
		}
		data := testkit.Encode(t, channelfile.Header{InputsDeclared: 1}, channelfile.Regexp(0, expression))
		file := conforming(t, data)
		checkAccessors(t, file)
		if unicode.Version != "15.0.0" || len(text) > 1000 && p.Len() > 2000 {
			return
		}
		if got, want := findByDefinition(file.Program(0), text), theirs.MatchString(text); got != want && !forgotten(expression, text) {
			t.Errorf("%q on %q is %v; for Go it is %v", expression, text, got, want)
		}
	})
}

// forgotten reports whether Go may miss that U+0345 folds to a letter, as it does in \p{LC}.
func forgotten(expression, text string) bool {
	return strings.Contains(text, "\u0345") && strings.Contains(strings.ToLower(expression), `\p`)
}

func checkRegexpError(t *testing.T, expression string, err error) {
	t.Helper()
	var e *channelfile.RegexpError
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v; want a *RegexpError", err, err)
	}
	if e.Expression != expression || e.Offset < 0 || e.Offset > len(expression) || e.Detail == "" {
		t.Errorf("%#v is not in %q", e, expression)
	}
	if errors.Is(err, channelfile.ErrRegexpMalformed) == errors.Is(err, channelfile.ErrRegexpNotExpressible) {
		t.Errorf("%v is both malformed and not expressible, or neither", err)
	}
	if utf8.ValidString(expression) && !utf8.ValidString(err.Error()) {
		t.Errorf("%q is not UTF-8", err)
	}
}

// findByDefinition reports whether a program finds a match in a text by FORMAT.md, section 8:
// position by position, with the set of instructions reached there.
func findByDefinition(p channelfile.Program, text string) bool {
	before, reached := rune(-1), map[uint32]bool{}
	for {
		after, size := rune(-1), 0
		if text != "" {
			after, size = utf8.DecodeRuneInString(text)
		}
		set, next := map[uint32]bool{}, map[uint32]bool{}
		var enter func(i uint32)
		enter = func(i uint32) {
			if set[i] {
				return
			}
			set[i] = true
			switch in := p.Inst(int(i)); in.Op {
			case channelfile.InstSplit:
				enter(in.Out)
				enter(in.Arg)
			case channelfile.InstAssert:
				if asserted(channelfile.Assertion(in.Arg), before, after) {
					enter(in.Out)
				}
			case channelfile.InstRunes:
				for k := range p.Ranges(in.Arg) {
					if lo, hi := p.Range(in.Arg, k); lo <= after && after <= hi {
						next[in.Out] = true
					}
				}
			}
		}
		enter(0)
		for i := range reached {
			enter(i)
		}
		for i := range set {
			if p.Inst(int(i)).Op == channelfile.InstMatch {
				return true
			}
		}
		if size == 0 {
			return false
		}
		before, reached, text = after, next, text[size:]
	}
}

func asserted(a channelfile.Assertion, before, after rune) bool {
	isWord := func(r rune) bool {
		return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || r == '_'
	}
	switch a {
	case 1:
		return before < 0
	case 2:
		return after < 0
	case 3:
		return before < 0 || before == '\n'
	case 4:
		return after < 0 || after == '\n'
	case 5:
		return isWord(before) != isWord(after)
	}
	return isWord(before) == isWord(after)
}
