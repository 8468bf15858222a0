package channelfile

import (
	"testing"

	"pgregory.net/rapid"
)

var patternTests = []struct {
	name, why string
	in        string
	form      patternKind
	canonical string // "" as in
	literal   string
}{
	{"empty", "no wildcard: equals the empty string", ``, patternNoWildcard, "", ``},
	{"literals", "equals", `abc`, patternNoWildcard, "", `abc`},
	{"escaped star", "a literal is no wildcard", `a\*`, patternNoWildcard, "", `a*`},
	{"escaped question mark", "a literal is no wildcard", `\?`, patternNoWildcard, "", `?`},
	{"escaped backslash", "two backslashes are one", `c:\\x`, patternNoWildcard, "", `c:\x`},
	{"star at the end", "prefix", `abc*`, patternPrefix, "", `abc`},
	{"escaped backslash and star", "the star is not escaped: the backslash before it is", `\\*`, patternPrefix, "", `\`},
	{"escaped star and star", "prefix of a star", `\**`, patternPrefix, "", `*`},
	{"star at the start", "suffix", `*abc`, patternSuffix, "", `abc`},
	{"star and escaped star", "suffix of a star, not contains", `*\*`, patternSuffix, "", `*`},
	{"stars around", "contains", `*abc*`, patternContains, "", `abc`},
	{"star", "whatever is there", `*`, patternExists, "", ``},
	{"question mark", "one rune: only a pattern says this", `?`, patternProper, "", ``},
	{"star inside", "only a pattern says this", `a*b`, patternProper, "", `ab`},
	{"star at the start and inside", "only a pattern says this", `*a*b`, patternProper, "", `ab`},
	{"three stars", "only a pattern says this", `*a*b*`, patternProper, "", `ab`},
	{"question mark and star", "the canonical order", `?*`, patternProper, "", ``},
	{"question mark at the end", "a star at the start is not enough for suffix", `*a?`, patternProper, "", `a`},
	{"star and question mark", "at least one rune: the ? comes first", `*?`, patternRun, `?*`, ``},
	{"two stars", "as good as one", `**`, patternRun, `*`, ``},
	{"two stars at the end", "is a prefix once there is one star", `a**`, patternRun, `a*`, `a`},
	{"long run", "three runes or more", `a*?**?*?b`, patternRun, `a???*b`, `ab`},
	{"two runs", "each for itself", `**a*?`, patternRun, `*a?*`, `a`},
	{"backslash before a letter", "the format has no such escape", `\a`, patternMalformed, "", ``},
	{"backslash at the end", "nothing is escaped", `a\`, patternMalformed, "", ``},
	{"three backslashes", "the third escapes nothing", `\\\`, patternMalformed, "", ``},
	{"malformed after a run", "malformed comes first", `**\a`, patternMalformed, "", ``},
	{"backslash before a rune", "its first byte is not one of the three", `\é`, patternMalformed, "", ``},
	{"invalid bytes", "are literals", "\xff*", patternPrefix, "", "\xff"},
}

func TestPatternForm(t *testing.T) {
	for _, tt := range patternTests {
		t.Run(tt.name, func(t *testing.T) {
			form, ok := patternForm([]byte(tt.in))
			if form != tt.form || ok != (form != patternMalformed) {
				t.Fatalf("patternForm(%q) is %d, %v, want %d: %s", tt.in, form, ok, tt.form, tt.why)
			}
			if !ok {
				return
			}
			canonical := tt.canonical
			if canonical == "" {
				canonical = tt.in
			}
			if got := canonicalRuns(tt.in); got != canonical {
				t.Errorf("canonicalRuns(%q) is %q, want %q", tt.in, got, canonical)
			}
			if got := patternLiteral(tt.in); got != tt.literal {
				t.Errorf("patternLiteral(%q) is %q, want %q", tt.in, got, tt.literal)
			}
		})
	}
}

func genPattern() *rapid.Generator[string] { return rapid.StringMatching(`([*?aB]|\\[*?\\]){0,7}`) }

func TestCanonicalRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := genPattern().Draw(t, "pattern")
		c := canonicalRuns(p)
		if form, ok := patternForm([]byte(c)); !ok || form == patternRun {
			t.Errorf("the canonical form %q of %q is of form %d", c, p, form)
		}
		if form, _ := patternForm([]byte(p)); (form == patternRun) != (c != p) {
			t.Errorf("%q is of form %d, its canonical form is %q", p, form, c)
		}
		text := rapid.StringMatching(`[*?\\aB]{0,6}`).Draw(t, "text")
		if matches(p, text) != matches(c, text) {
			t.Errorf("%q and its canonical form %q disagree on %q", p, c, text)
		}
	})
}

// matches is the plainest interpreter of patterns, for ASCII.
func matches(p, text string) bool {
	switch {
	case p == "":
		return text == ""
	case p[0] == '*':
		return matches(p[1:], text) || text != "" && matches(p, text[1:])
	case text == "":
		return false
	case p[0] == '?':
		return matches(p[1:], text[1:])
	case p[0] == '\\':
		p = p[1:]
	}
	return p[0] == text[0] && matches(p[1:], text[1:])
}
