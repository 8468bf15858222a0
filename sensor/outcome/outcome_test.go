package outcome

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	cf "github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor/internal/inputset"
)

// In these tables inputs 10 and up are missing. Present inputs are named a, b and c, missing
// inputs x, y and z.
var (
	a, b, c = cf.Equals(1, "v"), cf.Equals(2, "v"), cf.Equals(3, "v")
	x, y, z = cf.Equals(11, "v"), cf.Equals(12, "v"), cf.Equals(13, "v")
)

func from10(input int) bool { return input >= 10 }

func TestFold(t *testing.T) {
	and, or, not := cf.And, cf.Or, cf.Not
	for _, tt := range []struct {
		condition string
		expr      cf.Expr
		want      Outcome
		why       string
	}{
		{"a", a, Unaffected, "nothing is missing"},
		{"not a and (b or c)", and(not(a), or(b, c)), Unaffected, "nothing is missing"},

		{"x", x, Blind, "all that it looks at is missing"},
		{"a and x", and(a, x), Blind, "what must hold never does"},
		{"a and (x or y)", and(a, or(x, y)), Blind, "no alternative is left"},
		{"x or y", or(x, y), Blind, "no alternative is left"},
		{"a and b and (x or (y and c))", and(a, b, or(x, and(y, c))), Blind, "each alternative needs what is missing"},
		{"x and not y", and(x, not(y)), Blind, "a restriction less does not help"},
		{"(a or not x) and y", and(or(a, not(x)), y), Blind, "the rest never holds"},

		{"not x", not(x), Widened, "it holds of every event"},
		{"not x and not y", and(not(x), not(y)), Widened, "it holds of every event"},
		{"a or not x", or(a, not(x)), Widened, "it holds of every event"},
		{"a and not x", and(a, not(x)), Widened, "the exception is lost"},
		{"not (x or y) and a", and(not(or(x, y)), a), Widened, "both exceptions are lost"},
		{"a and (b or not x)", and(a, or(b, not(x))), Widened, "b need not hold any more"},
		{"a or (b and not x)", or(a, and(b, not(x))), Widened, "the exception of one alternative is lost"},
		{"(a or x) and not y", and(or(a, x), not(y)), Widened, "an exception is lost, which is worse than the alternative"},
		{"not (x and y)", not(and(x, y)), Widened, "it holds of every event"},
		{"not (a and x)", not(and(a, x)), Widened, "it holds of every event"},

		{"a or x", or(a, x), Weakened, "one alternative is lost"},
		{"a or (b and x)", or(a, and(b, x)), Weakened, "one alternative is lost, with what it restricts"},
		{"a and (b or x)", and(a, or(b, x)), Weakened, "one alternative of a part is lost"},
		{"a or (x and not y)", or(a, and(x, not(y))), Weakened, "the lost exception is part of a lost alternative"},
		{"not (a and not x)", not(and(a, not(x))), Weakened, "x was an alternative to not a"},

		{"a == b", cf.EqualsInput(1, 2), Unaffected, "both are there"},
		{"a == x", cf.EqualsInput(1, 11), Blind, "there is nothing to compare with"},
		{"x == a, as it is written", cf.EqualsInput(11, 1), Blind, "there is nothing to compare"},
		{"a == x, negated", not(cf.EqualsInput(1, 11)), Widened, "it holds of every event"},
		{"a starts with x", cf.PrefixInput(1, 11), Blind, "there is nothing to compare with"},
		{"x starts with a", cf.PrefixInput(11, 1), Blind, "there is nothing to compare"},
		{"a ends with b or x", cf.SuffixInput(1, 2, 11), Weakened, "one of several is lost"},
		{"a ends with b or x, negated", not(cf.SuffixInput(1, 2, 11)), Widened, "one of several exceptions is lost"},
		{"a ends with x or y", cf.SuffixInput(1, 11, 12), Blind, "all of several are lost"},
		{"a ends with b and x", cf.SuffixInput(1, 2, 11).All(), Blind, "each must hold"},
		{"a ends with b and x, negated", not(cf.SuffixInput(1, 2, 11).All()), Widened, "it holds of every event"},
		{"x exists not", not(cf.Exists(11)), Widened, "absence is what it asks for"},
		{"(a or x) and (not a or y)", and(or(a, x), or(not(a), y)), Blind, "a cannot hold and not hold"},
		{"(a or x) and (not a or b)", and(or(a, x), or(not(a), b)), Weakened, "with a it can, without it x was the way"},
		{"a or (not a and x)", or(a, and(not(a), x)), Weakened, "without a it was x"},
		{"(a and not x) or (not a and b)", or(and(a, not(x)), and(not(a), b)), Widened, "with a alone it holds now"},
		{"(a or not x) and (not a or not y)", and(or(a, not(x)), or(not(a), not(y))), Widened, "it holds of every event"},
		{"a and not a and x", and(a, not(a), x), Unaffected, "it never matched"},
	} {
		f := testkit.File(t, testkit.IPC, tt.expr)
		if got := new(Folder).Fold(f, 0, Known{Missing: from10}); got != tt.want {
			t.Errorf("%s: %s; want %s: %s", tt.condition, got, tt.want, tt.why)
		}
		// A criterion that never holds is like a missing input.
		compares := false
		known := func(word int) (holds, ok bool) {
			w := f.Word(word)
			c := f.Criterion(w.Criterion())
			compares = compares || c.Flags&cf.FlagInputs != 0
			return w.Negated(), from10(int(c.Input))
		}
		if got := new(Folder).Fold(f, 0, Known{Reference: known}); got != tt.want && !compares {
			t.Errorf("%s, by criteria that never hold: %s; want %s: %s", tt.condition, got, tt.want, tt.why)
		}
	}
}

// TestFoldReferences tests references that always hold, and those of which only some are known.
func TestFoldReferences(t *testing.T) {
	and, or, not := cf.And, cf.Or, cf.Not
	for _, tt := range []struct {
		condition string
		expr      cf.Expr
		words     map[int]bool // values of words
		missing   int
		want      Outcome
		why       string
	}{
		{"a", a, nil, 0, Unaffected, "nothing is known"},
		{"a", a, map[int]bool{0: true}, 0, Widened, "it holds of every event"},
		{"not a, which never holds", not(a), map[int]bool{0: false}, 0, Blind, "what must hold never does"},
		{"a and not b, which never holds", and(a, not(b)), map[int]bool{1: false}, 0, Blind, "what must hold never does"},
		{"a or not b, which never holds", or(a, not(b)), map[int]bool{1: false}, 0, Weakened, "an alternative is lost"},
		{"a and b, which always holds", and(a, b), map[int]bool{1: true}, 0, Widened, "a restriction is lost"},
		{"a and (b or x), without x", and(a, or(b, x)), map[int]bool{1: false}, 11, Blind, "neither alternative is left"},
		{"a missing input that is known to hold", and(a, x), map[int]bool{1: true}, 11, Blind, "without its input nothing is known of it"},
		{"a twice, known once", or(and(a, b), and(not(a), c)), map[int]bool{3: true}, 0, Widened, "the second alternative is c alone"},
	} {
		f := testkit.File(t, testkit.IPC, tt.expr)
		known := func(word int) (holds, ok bool) { holds, ok = tt.words[word]; return holds, ok }
		w := new(Folder)
		if got := w.Fold(f, 0, Known{Missing: func(input int) bool { return input == tt.missing }, Reference: known}); got != tt.want {
			t.Errorf("%s: %s; want %s: %s", tt.condition, got, tt.want, tt.why)
		}
		if got := w.Fold(f, 0, Known{}); got != Unaffected {
			t.Errorf("%s: %s when nothing is known any more; want %s", tt.condition, got, Unaffected)
		}
	}
}

// TestFolderAgain tests that the result for an instance does not depend on earlier instances.
func TestFolderAgain(t *testing.T) {
	f := testkit.File(t, testkit.IPC, cf.And(a, cf.Or(b, x)), x, a, cf.And(a, cf.Not(x)), cf.Or(a, cf.And(b, c, cf.Or(y, z))))
	want := []Outcome{Weakened, Blind, Unaffected, Widened, Weakened}
	var w Folder
	for range 2 {
		for i := range want {
			if got := w.Fold(f, i, Known{Missing: from10}); got != want[i] {
				t.Errorf("instance %d: %s; want %s", i, got, want[i])
			}
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		for i := range want {
			w.Fold(f, i, Known{Missing: from10})
		}
	}); n != 0 {
		t.Errorf("folding allocates %v times; want none once the Folder is warm", n)
	}
}

// TestFoldLongLists tests long lists of inputs, whose sets are reused for other instances but not
// for other files.
func TestFoldLongLists(t *testing.T) {
	header := cf.Header{InputsDeclared: 200}
	list := func(from, n int) []int {
		var inputs []int
		for i := range n {
			inputs = append(inputs, from+i)
		}
		return inputs
	}
	file := func(from int) *cf.File {
		long := cf.PrefixInput(0, list(from, 2*inputset.LongList)...)
		return testkit.File(t, header, long, long.All(), cf.Not(long), cf.And(cf.Exists(0), long, cf.SuffixInput(1, list(from+5, 2*inputset.LongList)...)), cf.Exists(0))
	}
	low, high := file(2), file(100)
	var w Folder
	for _, tt := range []struct {
		file    *cf.File
		missing func(int) bool
		want    []Outcome
		why     string
	}{
		{low, func(n int) bool { return n >= 100 }, []Outcome{Unaffected, Unaffected, Unaffected, Unaffected, Unaffected}, "nothing is missing that is read"},
		{high, func(n int) bool { return n >= 100 }, []Outcome{Blind, Blind, Widened, Blind, Unaffected}, "all of each list is missing"},
		{high, func(n int) bool { return n == 110 }, []Outcome{Weakened, Blind, Widened, Weakened, Unaffected}, "one of each list is missing"},
		{low, func(n int) bool { return n == 2 }, []Outcome{Weakened, Blind, Widened, Weakened, Unaffected}, "one is missing, of the first list"},
		{low, func(n int) bool { return n == 0 }, []Outcome{Blind, Blind, Widened, Blind, Blind}, "what is compared is missing"},
	} {
		for i, want := range tt.want {
			if got := w.Fold(tt.file, i, Known{Missing: tt.missing}); got != want {
				t.Errorf("%s: instance %d is %s; want %s", tt.why, i, got, want)
			}
		}
	}
}

func TestOutcomeString(t *testing.T) {
	for o, want := range map[Outcome]string{
		Unaffected: "unaffected", Weakened: "weakened", Widened: "widened", Blind: "blind", 9: "no outcome (9)",
	} {
		if o.String() != want {
			t.Errorf("outcome %d is %q; want %q", o, o, want)
		}
	}
}

// A formula is a condition with a truth table: each of its leaves is a separate variable.
type formula struct {
	variable int // of a leaf
	or       bool
	negated  bool
	parts    []formula
}

func (f *formula) holds(truth uint) bool {
	value := truth>>f.variable&1 != 0
	if f.parts != nil {
		value = !f.or
		for i := range f.parts {
			if f.parts[i].holds(truth) == f.or {
				value = f.or
				break
			}
		}
	}
	return value != f.negated
}

// expr returns the formula as a condition. Variable i is true if input i is "v".
func (f *formula) expr() cf.Expr {
	e := cf.Equals(f.variable, "v")
	if f.parts != nil {
		var parts []cf.Expr
		for i := range f.parts {
			parts = append(parts, f.parts[i].expr())
		}
		if e = cf.And(parts...); f.or {
			e = cf.Or(parts...)
		}
	}
	if f.negated {
		return cf.Not(e)
	}
	return e
}

// drawFormula draws a formula. It calls variable for the variable of each leaf.
func drawFormula(t *rapid.T, depth int, variable func() int) formula {
	f := formula{negated: rapid.Bool().Draw(t, "negated")}
	if depth == 0 || rapid.IntRange(0, 2).Draw(t, "leaf") == 0 {
		f.variable = variable()
		return f
	}
	f.or = rapid.Bool().Draw(t, "or")
	for range rapid.IntRange(1, 3).Draw(t, "parts") {
		f.parts = append(f.parts, drawFormula(t, depth-1, variable))
	}
	return f
}

// TestFoldTruthTables compares outcomes with truth tables, for conditions in which each criterion
// occurs once.
func TestFoldTruthTables(t *testing.T) {
	seen := map[Outcome]int{}
	rapid.Check(t, func(rt *rapid.T) {
		variables := 0
		formula := drawFormula(rt, 3, func() int {
			variables++
			return variables - 1
		})
		if variables > 10 {
			rt.Skip("the truth table is too long")
		}
		missing := uint(rapid.IntRange(0, 1<<variables-1).Draw(rt, "missing"))
		file := testkit.File(t, testkit.IPC, formula.expr())
		got := new(Folder).Fold(file, 0, Known{Missing: func(input int) bool { return missing>>input&1 != 0 }})

		can, more, fewer := false, false, false
		for truth := range uint(1 << variables) {
			with, without := formula.holds(truth), formula.holds(truth&^missing)
			can = can || without
			more = more || without && !with
			fewer = fewer || with && !without
		}
		want := Unaffected
		switch {
		case !can:
			want = Blind
		case more:
			want = Widened
		case fewer:
			want = Weakened
		}
		if got != want {
			rt.Errorf("%+v without %b: %s; truth tables say %s", formula, missing, got, want)
		}
		seen[want]++
	})
	for o := Unaffected; o <= Blind; o++ {
		if seen[o] == 0 && !testing.Short() { // a short test tries few formulas
			t.Errorf("no formula was %s; the property was not tested: %v", o, seen)
		}
	}
}

func TestNever(t *testing.T) {
	and, or, not := cf.And, cf.Or, cf.Not
	// Criteria on input 0 are constant: it has the value "4".
	is4, is5 := cf.Equals(0, "4"), cf.Equals(0, "5")
	constant := func(f *cf.File) func(int) (bool, bool) {
		return func(criterion int) (holds, ok bool) {
			c := f.Criterion(criterion)
			if c.Input != 0 {
				return false, false
			}
			return string(f.Value(f.Operand(c.First))) == "4", true
		}
	}
	many := func() []cf.Expr { // more criteria with two references than are tried
		list := []cf.Expr{a, not(a)}
		for i := range maxRepeated {
			list = append(list, or(cf.Equals(4, fmt.Sprint(i)), b), or(cf.Equals(4, fmt.Sprint(i)), c))
		}
		return list
	}
	for _, tt := range []struct {
		condition string
		expr      cf.Expr
		want      bool
		why       string
	}{
		{"a", a, false, "nothing is known of it"},
		{"4", is4, false, "it always holds"},
		{"5", is5, true, "it never holds"},
		{"not 4", not(is4), true, "it never holds"},
		{"not 5", not(is5), false, "it always holds"},
		{"4 and x", and(is4, x), true, "events 4 do not have x"},
		{"4 and a", and(is4, a), false, "events 4 have a"},
		{"4 and not x", and(is4, not(x)), false, "events 4 do not have x"},
		{"5 or x", or(is5, x), true, "no alternative is left"},
		{"5 or a", or(is5, a), false, "a is left"},
		{"(4 and x) or (5 and a)", or(and(is4, x), and(is5, a)), true, "4 has no x, and 5 is another event"},
		{"a and not a", and(a, not(a)), true, "a cannot hold and not hold"},
		{"(4 or a) and (5 or not a)", and(or(is4, a), or(is5, not(a))), false, "without a it can"},
		{"(5 or a) and (5 or not a)", and(or(is5, a), or(is5, not(a))), true, "a cannot hold and not hold"},
		{"a == x", cf.EqualsInput(1, 11), true, "there is nothing to compare with"},
		{"a and not a, in many", and(many()...), false, "too many to try: each reference varies independently"},
	} {
		f := testkit.File(t, testkit.IPC, tt.expr)
		if got := new(Folder).Never(f, 0, Known{Missing: from10, Constant: constant(f)}); got != tt.want {
			t.Errorf("%s: never is %v; want %v: %s", tt.condition, got, tt.want, tt.why)
		}
	}

	f := testkit.File(t, testkit.IPC, and(is4, or(a, b), or(not(a), x)))
	var w Folder
	value := constant(f)
	if w.Never(f, 0, Known{Missing: from10, Constant: value}); testing.AllocsPerRun(100, func() { w.Never(f, 0, Known{Missing: from10, Constant: value}) }) != 0 {
		t.Error("Never allocates once the Folder is warm")
	}
	if got := w.Fold(f, 0, Known{Missing: from10}); got != Weakened {
		t.Errorf("Fold after Never is %s; want weakened: constants are forgotten", got)
	}
}

// TestNeverTruthTables compares Never with truth tables, for conditions in which criteria occur
// several times, and for events with missing inputs and constants.
func TestNeverTruthTables(t *testing.T) {
	const variables = 6
	seen := map[bool]int{}
	rapid.Check(t, func(rt *rapid.T) {
		formula := drawFormula(rt, 3, func() int { return rapid.IntRange(0, variables-1).Draw(rt, "variable") })
		set := func(label string) uint { return uint(rapid.IntRange(0, 1<<variables-1).Draw(rt, label)) }
		missing, constant, value := set("missing"), set("constant"), set("value")
		file := testkit.File(t, testkit.IPC, formula.expr())
		lost := set("lost")
		got := new(Folder).Never(file, 0, known(file, missing, lost, constant, value))
		want := true
		for truth := range uint(1 << variables) {
			if formula.holds((truth&^constant | value&constant) &^ (missing | lost)) {
				want = false
			}
		}
		if got != want {
			rt.Errorf("%+v without %b and %b, and with constants %b of %b: never is %v; truth tables say %v", formula, missing, lost, value, constant, got, want)
		}
		seen[want]++
	})
	if len(seen) < 2 && !testing.Short() {
		t.Errorf("all formulas gave the same answer; the property was not tested: %v", seen)
	}
}

// known returns what is known of the variables of a formula. Each set has a bit for each
// variable.
func known(f *cf.File, missing, lost, constant, value uint) Known {
	of := func(set uint, criterion int) bool { return set>>f.Criterion(criterion).Input&1 != 0 }
	return Known{
		Missing:  func(input int) bool { return missing>>input&1 != 0 },
		Lost:     func(criterion int) bool { return of(lost, criterion) },
		Constant: func(criterion int) (holds, ok bool) { return of(value, criterion), of(constant, criterion) },
	}
}

// TestFoldKnownTruthTables compares outcomes with truth tables as TestFoldTruthTables does, for
// events with missing inputs, lost criteria and constants.
func TestFoldKnownTruthTables(t *testing.T) {
	seen := map[Outcome]int{}
	rapid.Check(t, func(rt *rapid.T) {
		variables := 0
		formula := drawFormula(rt, 3, func() int {
			variables++
			return variables - 1
		})
		if variables > 10 {
			rt.Skip("the truth table is too long")
		}
		set := func(label string) uint { return uint(rapid.IntRange(0, 1<<variables-1).Draw(rt, label)) }
		missing, lost, constant, value := set("missing"), set("lost"), set("constant"), set("value")
		if rapid.Bool().Draw(rt, "constants only") {
			missing, lost = 0, 0
		}
		constant &^= missing | lost // a constant input is there as a whole
		file := testkit.File(t, testkit.IPC, formula.expr())
		got := new(Folder).Fold(file, 0, known(file, missing, lost, constant, value))

		can, more, fewer := false, false, false
		for truth := range uint(1 << variables) {
			exists := truth&^constant | value&constant
			without := formula.holds(exists &^ (missing | lost))
			can = can || without
			more = more || without && !formula.holds(exists)
			fewer = fewer || formula.holds(truth) && !without
		}
		want := Unaffected
		switch {
		case !can:
			want = Blind
		case more:
			want = Widened
		case fewer:
			want = Weakened
		}
		if got != want {
			rt.Errorf("%+v without %b and %b, and with constants %b of %b: %s; truth tables say %s", formula, missing, lost, value, constant, got, want)
		}
		seen[want]++
	})
	for o := Unaffected; o <= Blind; o++ {
		if seen[o] == 0 && !testing.Short() {
			t.Errorf("no formula was %s; the property was not tested: %v", o, seen)
		}
	}
}

func BenchmarkFold(b *testing.B) {
	f := testkit.Large(b)
	var w Folder
	b.ReportAllocs()
	for b.Loop() {
		for i := range f.Instances() {
			w.Fold(f, i, Known{Missing: func(input int) bool { return input == 7 }})
		}
	}
}
