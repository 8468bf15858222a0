package interp

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	cf "github.com/cfcheck/cfcheck/channelfile"
)

// TestAutomaton checks that a machine has the same results and does the same work with and
// without an automaton, also when a text is not ASCII and when there are too many states.
func TestAutomaton(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		expression := rapid.OneOf(rapid.Custom(func(t *rapid.T) string { return drawExpression(t, 3) }),
			rapid.SampledFrom([]string{`(a|b)*(a|b){0,90}c`, `^a.{3,}$`, `\bé+\b`, `(?m)^b$`, `(a|é|\n)*x`, `.{40,}`})).Draw(t, "expression")
		p, err := cf.CompileRegexp(expression)
		if err != nil {
			t.Skip()
		}
		var with, without machine
		without.automata = []automaton{{off: true}}
		with.automata = []automaton{{searched: fewSearched}}
		for _, text := range rapid.SliceOfN(rapid.Custom(drawSubject), 1, 20).Draw(t, "texts") {
			text += strings.Repeat("ab", rapid.IntRange(0, 60).Draw(t, "more"))
			got, want := with.search(*p, 0, []byte(text)), without.search(*p, 0, []byte(text))
			if got != want || with.work != without.work {
				t.Fatalf("%q on %q: %v after %d with an automaton, %v after %d without", expression, text, got, with.work, want, without.work)
			}
		}
	})
}

// TestAutomatonLimits checks that a machine keeps no more states than the limits say.
func TestAutomatonLimits(t *testing.T) {
	p, err := cf.CompileRegexp(`(a|b)*a(a|b){14}c`)
	if err != nil {
		t.Fatal(err)
	}
	var m machine
	text := make([]byte, 1<<17)
	for i, x := 0, uint32(1); i < len(text); i++ {
		x = x*1664525 + 1013904223
		text[i] = 'a' + byte(x>>31)
	}
	for range 3 {
		if m.search(*p, 0, text) {
			t.Error("a text without c matches")
		}
	}
	if !m.automata[0].off || len(m.automata[0].list) != mostStates {
		t.Errorf("%d states, off: %v", len(m.automata[0].list), m.automata[0].off)
	}
}
