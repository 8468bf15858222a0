package meaning_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	cf "github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/meaning"
)

// TestLanguage compares the answers of a language with those of the solver, for random operands of
// all forms and of some further expressions.
func TestLanguage(t *testing.T) {
	expressions := []string{`^$`, `x`, `^a*b$`, `^(?i:straße|Kelvin)$`, `^\x{FFFD}$`, `^[^a-z]{2}$`, `\bfoo\b`, `(?m)^a$`, `^.$`, `a^b`}
	for i := range sensor.FormNames() {
		expressions = append(expressions, sensor.Form(i).Expression())
	}
	pieces := []string{"", "a", "b", "x", "A", "0", "0x", "7", `\`, ":", `c:\`, `\device\`, `\vbox`, "%%", "{", "-", "S-1-5", ".", "ß", "K", "k", "\u212A", "é", "\uFFFD", "foo", "\n", "true", "MD5=", ",", " "}
	operators := []cf.Operator{cf.OpEquals, cf.OpPrefix, cf.OpSuffix, cf.OpContains, cf.OpPattern}
	r := rand.New(rand.NewPCG(1, 2))
	counts, unknown := map[meaning.Answer]int{}, 0
	for n := range 4_000 {
		expression := expressions[n%len(expressions)]
		program, err := cf.CompileRegexp(expression)
		if err != nil {
			t.Fatal(err)
		}
		language := meaning.NewLanguage(program)
		if language == nil {
			t.Fatalf("%s has no language", expression)
		}
		test := meaning.Test{Operator: operators[r.IntN(len(operators))], Fold: r.IntN(2) == 0}
		var operand strings.Builder
		for range 1 + r.IntN(4) {
			operand.WriteString(pieces[r.IntN(len(pieces))])
			if test.Operator == cf.OpPattern {
				operand.WriteString([]string{"*", "?", "", `\*`}[r.IntN(4)])
			}
		}
		text := operand.String()
		if test.Operator == cf.OpPattern {
			text = strings.ReplaceAll(strings.ReplaceAll(text, "**", "*"), `\`, `\\`)
		}
		if test.Operand = cf.Value(text); test.Fold {
			test.Operand = cf.AppendFold(nil, []byte(text))
		}
		got, work := language.Meets(&test)
		want, e := meaning.NewSolver(nil).Possible(meaning.And(meaning.Is(meaning.Test{Operator: cf.OpRegexp, Program: program}), meaning.Is(test)))
		if want == meaning.Unknown {
			unknown++ // such as a pattern that is not in normal form
			continue
		}
		counts[want]++
		if got != want || work == 0 {
			t.Errorf("%s and %v %q, fold %v: the language says %v after %d units of work; the solver says %v by %s", expression, test.Operator, text, test.Fold, got, work, want, describe(e))
		}
	}
	if counts[meaning.Yes] < 500 || counts[meaning.No] < 500 || unknown > 1000 {
		t.Errorf("%d operands satisfy an expression, %d do not, %d are unknown: the sample is of no use", counts[meaning.Yes], counts[meaning.No], unknown)
	}
}

// TestLanguageLimits tests what a language does not decide.
func TestLanguageLimits(t *testing.T) {
	program := func(expression string) *cf.Program {
		p, err := cf.CompileRegexp(expression)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if l := meaning.NewLanguage(program("^a{200}$")); l != nil {
		t.Errorf("an expression with 200 states has a language")
	}
	if l := meaning.NewLanguage(program("^(a|b)*a(a|b){12}$")); l != nil {
		t.Errorf("an expression of which the automaton has 4,096 states has a language")
	}
	l := meaning.NewLanguage(program("^[0-9]+$"))
	for _, tt := range []struct {
		why  string
		test meaning.Test
		want meaning.Answer
	}{
		{"a literal", meaning.Test{Operator: cf.OpEquals, Operand: cf.Value("7")}, meaning.Yes},
		{"an expression", meaning.Test{Operator: cf.OpRegexp, Program: program("7")}, meaning.Unknown},
		{"exists", meaning.Test{Operator: cf.OpExists}, meaning.Unknown},
		{"another field", meaning.Test{Operator: cf.OpEquals, With: 1}, meaning.Unknown},
		{"no UTF-8", meaning.Test{Operator: cf.OpEquals, Operand: cf.Value("\xff")}, meaning.Unknown},
		{"a long operand", meaning.Test{Operator: cf.OpEquals, Operand: cf.Value(strings.Repeat("7", meaning.MaxOperand+1))}, meaning.Unknown},
		{"the longest operand", meaning.Test{Operator: cf.OpEquals, Operand: cf.Value(strings.Repeat("7", meaning.MaxOperand))}, meaning.Yes},
	} {
		if got, _ := l.Meets(&tt.test); got != tt.want {
			t.Errorf("%s: %v; want %v", tt.why, got, tt.want)
		}
	}
}
