package interp

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	cf "github.com/cfcheck/cfcheck/channelfile"
)

// finds runs the program of an expression. It returns false if the format cannot express it.
func finds(t testing.TB, expression string, text []byte) (found, ok bool) {
	t.Helper()
	p, err := cf.CompileRegexp(expression)
	if err != nil {
		return false, false
	}
	var m machine
	return m.search(*p, -1, text), true
}

// TestRegexp compares with Go's regexp, on texts that almost match.
func TestRegexp(t *testing.T) {
	for _, tt := range []struct {
		expression string
		yes, no    []string
	}{
		{``, []string{"", "x"}, nil},
		{`abc`, []string{"abc", "xabcx"}, []string{"", "ab", "aBc"}},
		{`^abc$`, []string{"abc"}, []string{"abc\n", "xabc", "abcx"}},
		{`(?i)STRAßE`, []string{"straße", "STRAẞE"}, []string{"strasse"}},
		{`(?i)k`, []string{"\u212A", "K"}, []string{"q"}},
		{`a.c`, []string{"abc", "aéc", "a\xFFc"}, []string{"a\nc", "ac"}},
		{`(?s)a.c`, []string{"a\nc"}, nil},
		{`(?m)^b$`, []string{"a\nb\nc"}, []string{"a\nbc"}},
		{`\bb\b`, []string{"a b c", "b"}, []string{"ab", "b_"}},
		{`a\Bb`, []string{"ab"}, []string{"a b"}},
		{`a{2,3}$`, []string{"aa", "aaa", "aaaa"}, []string{"a"}},
		{`^(a|b)*c`, []string{"c", "ababc"}, []string{"abdc"}},
		{`^(a*)*$`, []string{"", "aaa"}, []string{"b"}},
		{`^(|a)+$`, []string{"", "aaa"}, []string{"b"}},
		{`[^a-c]`, []string{"d", "\xFF"}, []string{"abc", ""}},
		{`[[:digit:]]{3}`, []string{"a123"}, []string{"12"}},
		{`\d+\.\w`, []string{"1.a"}, []string{"1.", ".a"}},
		{`.{1000,}`, []string{strings.Repeat("x", 1000)}, []string{strings.Repeat("x", 999)}},
		{`x*?y`, []string{"y", "xxy"}, []string{"xx"}},
	} {
		re := regexp.MustCompile(tt.expression)
		for i, text := range append(tt.yes, tt.no...) {
			want := i < len(tt.yes)
			if re.MatchString(text) != want {
				t.Fatalf("%s on %q: the table is wrong", tt.expression, text)
			}
			if got, ok := finds(t, tt.expression, []byte(text)); !ok || got != want {
				t.Errorf("%s on %q: found %v, want %v", tt.expression, text, got, want)
			}
		}
	}
}

// drawExpression draws an expression from a small grammar.
func drawExpression(t *rapid.T, depth int) string {
	atom := rapid.SampledFrom([]string{"a", "b", "é", ".", `\d`, `\W`, "[a-c]", "[^b]", "^", "$", `\b`, `\B`, `\A`, `\z`, "k", "ſ", "(?i:k)", "(?s:.)", "(?m:^)", "(?m:$)", `\x{FFFD}`, "[é-ü]"})
	if depth == 0 {
		return atom.Draw(t, "atom")
	}
	switch rapid.IntRange(0, 5).Draw(t, "form") {
	case 0:
		return atom.Draw(t, "atom")
	case 1:
		return "(" + drawExpression(t, depth-1) + "|" + drawExpression(t, depth-1) + ")"
	case 2:
		return "(?:" + drawExpression(t, depth-1) + ")" + rapid.SampledFrom([]string{"*", "+", "?", "*?", "{2}", "{0,2}", "{1,}"}).Draw(t, "repeat")
	case 3:
		return rapid.SampledFrom([]string{"(?i)", "(?s)", "(?m)", "(?U)"}).Draw(t, "flag") + drawExpression(t, depth-1)
	}
	return drawExpression(t, depth-1) + drawExpression(t, depth-1)
}

func drawSubject(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "K", "k", "\u212A", "s", "ſ", "é", "\n", " ", "1", "_", "\xFF", "\xC3"}), 0, 10).Draw(t, "text"), "")
}

// TestRegexpProperty compares the machine and the compiler with Go's regexp.
func TestRegexpProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		expression, text := drawExpression(t, 3), drawSubject(t)
		re, err := regexp.Compile(expression)
		if err != nil {
			t.Skipf("drawn again: Go's regexp, which is compared with, refuses %s: %v", expression, err)
		}
		p, err := cf.CompileRegexp(expression)
		if err != nil {
			t.Fatalf("%s: Go accepts what the format does not: %v", expression, err)
		}
		var m machine
		for range 2 { // the second run reuses the state of the first
			if got, want := m.search(*p, -1, []byte(text)), re.MatchString(text); got != want {
				t.Fatalf("%s on %q: found %v, want %v", expression, text, got, want)
			}
		}
	})
}

// FuzzRegexpSearch compares the machine and the compiler with Go's regexp, for any expression that
// both accept.
func FuzzRegexpSearch(f *testing.F) {
	f.Add(`^(a|b)*c$`, []byte("ababc"))
	f.Add(`(?i)\bk.{2,}ß`, []byte("\u212Ax\xFF\xFFSS"))
	f.Add(`(?m)^[^\n]*$`, []byte("\n\n"))
	f.Add(`\pL+\PN`, []byte("é1"))
	f.Fuzz(func(t *testing.T, expression string, text []byte) {
		if len(text) > 1000 {
			return
		}
		got, ok := finds(t, expression, text)
		if !ok {
			return
		}
		re, err := regexp.Compile(expression)
		if err != nil {
			return // a fuzz target of the compiler tests which expressions it accepts
		}
		if want := re.Match(text); got != want {
			t.Fatalf("%s on %q: found %v, want %v", expression, text, got, want)
		}
	})
}
