package meaning_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	cf "github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/meaning"
)

// formula returns the formula of a condition.
func formula(t testing.TB, e cf.Expr) meaning.Formula {
	t.Helper()
	f, ok := meaning.NewInstances(testkit.File(t, testkit.IPC, e)).Formula(0)
	if !ok {
		t.Fatal("the condition has too many tests")
	}
	return f
}

func TestPossible(t *testing.T) {
	fold := func(e cf.Expr) cf.Expr { return e.Fold() }
	long := strings.Repeat("a", 300)
	// unlikely excludes the texts that the solver tries first.
	unlikely := func(e ...cf.Expr) cf.Expr {
		return cf.And(append(e, cf.Not(cf.Contains(0, "x")), cf.Not(cf.Contains(0, " ")))...)
	}
	for _, test := range []struct {
		name string
		e    cf.Expr
		want meaning.Answer
	}{
		{"two endings", fold(cf.Suffix(0, `\a.exe`, `\b.exe`).All()), meaning.No},
		{"an ending that ends with the other", fold(cf.Suffix(0, `\a.exe`, `a.exe`).All()), meaning.Yes},
		{"a value and an ending that it does not have", cf.And(fold(cf.Equals(0, `c:\x.exe`)), fold(cf.Suffix(0, `\y.exe`))), meaning.No},
		{"two values", cf.And(cf.Equals(0, "one"), cf.Equals(0, "two")), meaning.No},
		{"two values that differ in case", cf.And(fold(cf.Equals(0, "One")), fold(cf.Equals(0, "ONE"))), meaning.Yes},
		{"values in a case that the other test does not admit", cf.And(cf.Equals(0, "One"), cf.Equals(0, "ONE")), meaning.No},
		{"a criterion and its negation", cf.And(cf.Contains(0, "a"), cf.Not(cf.Contains(0, "a"))), meaning.No},
		{"a filter that covers the selection", cf.And(cf.Contains(0, "ab"), cf.Not(cf.Contains(0, "a"))), meaning.No},
		{"a filter that covers the selection by case", cf.And(cf.Contains(0, "AB"), cf.Not(fold(cf.Contains(0, "a")))), meaning.No},
		{"a filter that leaves the other case", cf.And(fold(cf.Contains(0, "AB")), cf.Not(cf.Contains(0, "a"))), meaning.Yes},
		{"a filter of each value of a list", cf.And(cf.Equals(0, "a", "b"), cf.Not(cf.Prefix(0, "a")), cf.Not(cf.Suffix(0, "b"))), meaning.No},
		{"absence and a value", cf.And(cf.Not(cf.Exists(0)), cf.Equals(0, "")), meaning.No},
		{"absence of another input", cf.And(cf.Not(cf.Exists(1)), cf.Equals(0, "")), meaning.Yes},
		{"an expression that a prefix excludes", cf.And(cf.Regexp(0, `^b`), cf.Prefix(0, "a")), meaning.No},
		{"an expression without a match", cf.Regexp(0, `a\bb`), meaning.No},
		{"an expression of a surrogate", cf.Regexp(0, `\x{D800}`), meaning.No},
		{"an expression of the last surrogate", cf.Regexp(0, `\x{DFFF}`), meaning.No},
		{"a letter outside of nearly all letters", cf.And(cf.Exists(0), cf.Not(cf.Regexp(0, `^[\x00-\x{3b1}\x{E000}-\x{10FFFF}]*$`))), meaning.Yes},
		{"a pattern with many letters, and its beginning", cf.And(cf.Pattern(0, long+"*b"), cf.Not(cf.Prefix(0, long))), meaning.No},
		{"a pattern with many letters, and not the shortest text", cf.And(cf.Pattern(0, long+"*b"), cf.Not(cf.Suffix(0, "ab"))), meaning.Yes},
		{"a pattern of many letters in the middle", cf.And(cf.Pattern(0, "*"+long+"*b"), cf.Not(cf.Contains(0, long))), meaning.No},
		{"an operand that is no UTF-8, and no replacement character", cf.And(cf.Prefix(0, "\xe2"),
			cf.Not(cf.Prefix(0, "\uFFFD")), cf.Not(cf.Equals(0, "\xe2")), cf.Not(cf.Contains(0, "x")), cf.Not(cf.Contains(0, " "))), meaning.Unknown},
		{"an address outside of a larger network", cf.And(cf.AddressPrefix(0, netip.MustParsePrefix("10.0.0.0/24")), cf.Not(cf.AddressPrefix(0, netip.MustParsePrefix("10.0.0.0/8")))), meaning.No},
		{"a value that is no UTF-8", cf.Equals(0, "\xff"), meaning.Yes},
		{"a byte that is no UTF-8, and is not there", cf.And(cf.Contains(0, "\xff"), cf.Not(cf.Contains(0, "\xff"))), meaning.No},
		{"a longer operand that is no UTF-8", cf.And(cf.Contains(0, "\xffa"), cf.Not(cf.Contains(0, "\xff"))), meaning.No},
		{"a pattern that is no UTF-8, and does not match", cf.And(cf.Pattern(0, "\xff*a"), cf.Not(cf.Pattern(0, "\xff*a"))), meaning.No},
		{"the first byte of a rune that folds", cf.And(cf.Prefix(0, "\xe2"), fold(cf.Prefix(0, "k"))), meaning.Unknown},
		{"a value in another case than the one that is excluded", cf.And(fold(cf.Equals(0, "ab")), fold(cf.Prefix(0, "ab")), cf.Not(cf.Equals(0, "ab"))), meaning.Yes},
		{"a value in neither of two cases", cf.And(fold(cf.Equals(0, "ab")), cf.Not(cf.Contains(0, "ab")), cf.Not(cf.Contains(0, "AB"))), meaning.Yes},
		{"a value in neither of two cases, by an expression", cf.And(fold(cf.Equals(0, "ab")), cf.Not(cf.Regexp(0, "ab")), cf.Not(cf.Regexp(0, "AB"))), meaning.Yes},
		{"a pattern, and no star in the text", unlikely(cf.Pattern(0, "a*b"), cf.Not(cf.Equals(0, "ab")), cf.Not(cf.Contains(0, "*"))), meaning.Yes},
		{"an input that equals another, and an unusual beginning", unlikely(cf.EqualsInput(0, 1), cf.Prefix(0, "a"), cf.Not(cf.Equals(0, "a"))), meaning.Unknown},
		{"an empty text that differs from another input", unlikely(cf.Equals(0, ""), cf.Not(cf.EqualsInput(0, 1))), meaning.Yes},
		{"a range up to 0, and not its least number", cf.And(cf.IntegerRange(0, [2]int64{-1, 0}), cf.Not(cf.Equals(0, "-1"))), meaning.Yes},
		{"a text that is the number which it must not be", cf.And(cf.Equals(0, "7"), cf.Not(cf.IntegerEquals(0, 7))), meaning.No},
		{"a text that is the negative number which it must not be", cf.And(cf.Equals(0, "-7"), cf.Not(cf.IntegerEquals(0, -7))), meaning.No},
		{"a number outside of a range", cf.And(cf.IntegerEquals(0, 4), cf.IntegerRange(0, [2]int64{5, 9})), meaning.No},
		{"a number that does not start with its digit", cf.And(cf.IntegerRange(0, [2]int64{10, 19}), cf.Not(cf.Prefix(0, "1"))), meaning.No},
		{"a number with a leading zero", cf.And(cf.IntegerRange(0, [2]int64{1, 99}), cf.Prefix(0, "0")), meaning.No},
		{"a number with a byte that is no UTF-8", cf.And(cf.IntegerEquals(0, 4), cf.Contains(0, "\xff")), meaning.No},
		{"a number with one of two bytes that are no UTF-8", cf.And(cf.IntegerEquals(0, 4), cf.Or(cf.Contains(0, "\xff"), cf.Prefix(0, "\xfe"))), meaning.No},
		{"a number with a byte that is no UTF-8 in a pattern", cf.And(cf.IntegerEquals(0, 4), cf.Pattern(0, "*\xff?")), meaning.No},
		{"a number with a star, beside bytes that are no UTF-8", cf.And(cf.IntegerEquals(0, 4), fold(cf.Pattern(0, `*\**`)), cf.Not(cf.Contains(0, "\xff"))), meaning.No},
		{"a number and a pattern of all its characters", unlikely(cf.IntegerRange(0, [2]int64{-99, 99}), cf.Pattern(0, "-?1*")), meaning.Yes},
		{"a number and a part of it, in both cases", unlikely(cf.IntegerRange(0, [2]int64{-99, 99}), fold(cf.Contains(0, "-9"))), meaning.Yes},
		{"an input that equals another, and does not", cf.And(cf.EqualsInput(0, 1), cf.Not(cf.EqualsInput(0, 1))), meaning.No},
		{"an input that equals another, with other values", cf.And(cf.EqualsInput(0, 1), cf.Equals(0, "a"), cf.Equals(1, "b")), meaning.Unknown},
		{"an operand that is too long", cf.Equals(0, strings.Repeat("a", meaning.MaxOperand+1)), meaning.Unknown},
	} {
		got, e := meaning.NewSolver(nil).Possible(formula(t, test.e))
		if got != test.want {
			t.Errorf("%s: possible %v %s, want %v", test.name, got, describe(e), test.want)
		}
	}
}

func TestAlways(t *testing.T) {
	for _, test := range []struct {
		name           string
		e              cf.Expr
		always, filled meaning.Answer // for all events, and for those that have the inputs
	}{
		{"a criterion or its negation", cf.Or(cf.Suffix(0, "a"), cf.Not(cf.Suffix(0, "a"))), meaning.Yes, meaning.Yes},
		{"an empty operand", cf.Contains(0, ""), meaning.No, meaning.Yes},
		{"an expression that matches the empty text", cf.Regexp(0, "(-enc)?"), meaning.No, meaning.Yes},
		{"an expression that matches only the empty text", cf.Regexp(0, "^(-enc)?$"), meaning.No, meaning.No},
		{"all numbers of a string", cf.IntegerRange(0, [2]int64{-1 << 63, 1<<63 - 1}), meaning.No, meaning.No},
		{"all lengths", cf.Or(cf.Equals(0, ""), cf.Pattern(0, "?*")), meaning.No, meaning.Yes},
		{"two filters that exclude each other", cf.Or(cf.Not(cf.Equals(0, "a")), cf.Not(cf.Equals(0, "b"))), meaning.Yes, meaning.Yes},
	} {
		f, s := formula(t, test.e), meaning.NewSolver(nil)
		if got, e := s.Implies(meaning.Formula{}, f); got != test.always {
			t.Errorf("%s: always %v, want %v; event %s", test.name, got, test.always, describe(e))
		}
		if got, e := s.Implies(meaning.Present(0), f); got != test.filled {
			t.Errorf("%s: always if the input is present %v, want %v; event %s", test.name, got, test.filled, describe(e))
		}
	}
}

func TestDead(t *testing.T) {
	selection := cf.Suffix(0, `\shell.exe`)
	images := cf.Suffix(1, `\htax.exe`, `\wmicx.exe`)
	for _, test := range []struct {
		name  string
		e     cf.Expr
		under meaning.Formula
		want  string
	}{
		{"a filter of one value of the list", cf.And(selection, images, cf.Not(cf.Suffix(1, "wmicx.exe"))), meaning.Formula{}, `\wmicx.exe`},
		{"a filter that needs another input, which may be absent",
			cf.And(selection, images, cf.Not(cf.And(cf.Suffix(1, `\wmicx.exe`), cf.Contains(2, "")))), meaning.Formula{}, ""},
		{"a filter that needs another input, which is present",
			cf.And(selection, images, cf.Not(cf.And(cf.Suffix(1, `\wmicx.exe`), cf.Contains(2, "")))), meaning.Present(0, 1, 2), `\wmicx.exe exists`},
		{"a value that the other search excludes", cf.And(cf.Prefix(0, `C:\`), cf.Or(cf.Equals(0, `D:\x`), cf.Equals(1, "y"))), meaning.Formula{}, `D:\x`},
		{"a dead part of an alternative is not listed again",
			cf.Or(cf.And(cf.Equals(0, "a"), cf.Suffix(0, "b"), cf.Or(cf.Equals(1, "c"), cf.Equals(2, "c"))), cf.Equals(3, "d")), meaning.Formula{}, "a"},
		{"all alternatives can hold", cf.And(selection, images), meaning.Formula{}, ""},
		{"the whole never holds", cf.And(cf.Equals(0, "a"), cf.Equals(0, "b"), images), meaning.Formula{}, ""},
		{"another input that is read twice", cf.And(cf.Prefix(0, `C:\`), cf.Exists(1), cf.Or(cf.Equals(0, `D:\x`), cf.Equals(1, "y"))), meaning.Formula{}, `D:\x`},
		{"an expression in a list", cf.Regexp(1, `a\bb`, "c"), meaning.Formula{}, `a\bb`},
	} {
		var got []string
		meaning.NewSolver(nil).Dead(formula(t, test.e), test.under, func(dead meaning.Alternative) {
			for test := range dead.Formula.Tests {
				switch {
				case test.Program != nil:
					got = append(got, test.Program.Source())
				case test.Operator == cf.OpExists:
					got = append(got, "exists")
				default:
					got = append(got, string(test.Operand))
				}
				break
			}
		})
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("%s: dead %q, want %q", test.name, s, test.want)
		}
	}
}

// Alternatives below a negation are negated.
func TestDeadNegated(t *testing.T) {
	a := meaning.Is(meaning.Test{Field: 0, Operator: cf.OpEquals, Operand: cf.Value("a")})
	b := meaning.Is(meaning.Test{Field: 1, Operator: cf.OpEquals, Operand: cf.Value("b")})
	var dead []meaning.Alternative
	meaning.NewSolver(nil).Dead(meaning.And(a, meaning.Not(meaning.And(a, b))), meaning.Formula{}, func(d meaning.Alternative) { dead = append(dead, d) })
	if len(dead) != 1 || !dead[0].Negated || dead[0].Formula != a {
		t.Errorf("dead %+v, want the negation of the first test", dead)
	}
	event := interp.Event{interp.Text("a")}
	for i, part := range meaning.Not(meaning.Or(a, b)).Parts() {
		if part.Holds(event) != (i == 1) {
			t.Errorf("part %d of a negated or is not a negated test", i)
		}
	}
}

// Replace returns whether a test was replaced.
func TestReplace(t *testing.T) {
	keep := func(*meaning.Test) (meaning.Formula, bool) { return meaning.Formula{}, false }
	for name, f := range map[string]meaning.Formula{"the zero formula": {}, "a formula": formula(t, cf.Or(cf.Exists(0), cf.Not(cf.Exists(1))))} {
		if _, ok := f.Replace(keep); ok {
			t.Errorf("%s: a test was replaced", name)
		}
	}
	f, ok := formula(t, cf.Or(cf.Equals(0, "a"), cf.Not(cf.Exists(1)))).Replace(func(t *meaning.Test) (meaning.Formula, bool) {
		return meaning.Present(t.Field), t.Operator == cf.OpEquals
	})
	if !ok || !f.Holds(interp.Event{interp.Text("b"), interp.Text("b")}) {
		t.Error("a test was not replaced")
	}
}

// A test that does not fit the type of its field has no answer.
func TestMistyped(t *testing.T) {
	for _, typ := range []sensor.InputType{sensor.TypeInteger, sensor.TypeAddress} {
		s := meaning.NewSolver([]sensor.InputType{typ})
		for _, e := range []cf.Expr{cf.Equals(0, "a"), cf.Pattern(0, "a*b"), cf.Regexp(0, "a+")} {
			if got, _ := s.Possible(formula(t, e)); got != meaning.Unknown {
				t.Errorf("a string in a field of type %v: %v, want unknown", typ, got)
			}
		}
		if got, _ := s.Possible(formula(t, cf.Exists(0))); got != meaning.Yes {
			t.Errorf("a field of type %v that exists: %v, want yes", typ, got)
		}
	}
}

func TestConflict(t *testing.T) {
	f := formula(t, cf.And(cf.Prefix(0, "a"), cf.Exists(1), cf.Suffix(0, "c"), cf.Not(cf.And(cf.Prefix(0, "a"), cf.Suffix(0, "c"))), cf.Contains(0, "b"), cf.Contains(2, "b")))
	s := meaning.NewSolver(nil)
	conflict := s.Conflict(f.Parts())
	var got []string
	for _, part := range conflict {
		for test, negated := range part.Tests {
			got = append(got, fmt.Sprintf("%v %v %q", negated, test.Operator, test.Operand))
		}
	}
	if want := `[false prefix "a" false suffix "c" true prefix "a" true suffix "c"]`; fmt.Sprint(got) != want {
		t.Errorf("conflict %v, want %s", got, want)
	}
	if c := s.Conflict(f.Parts()[:2]); c != nil {
		t.Errorf("%d formulas are in conflict; want no conflict", len(c))
	}
}

// TestContradictionAmongChoices has many choices that do not matter, before one that never works. A
// solver that tries the next part of each choice in between takes 30^20 steps.
func TestContradictionAmongChoices(t *testing.T) {
	var parts []cf.Expr
	for input := range 20 {
		var list []cf.Expr
		for k := range 30 {
			list = append(list, cf.And(cf.Prefix(input, fmt.Sprint(k)), cf.Suffix(input, "x")))
		}
		parts = append(parts, cf.Or(list...))
	}
	parts = append(parts, cf.Prefix(20, "a"), cf.Or(cf.And(cf.Prefix(20, "b"), cf.Suffix(20, "x")), cf.And(cf.Prefix(20, "c"), cf.Suffix(20, "x"))))
	s := meaning.NewSolver(nil)
	if got, _ := s.Possible(formula(t, cf.And(parts...))); got != meaning.No {
		t.Errorf("possible %v, want no", got)
	}
	if s.Work() > 1<<18 {
		t.Errorf("the answer took %d units of work, want at most %d", s.Work(), 1<<18)
	}
}

// TestWorkIsBounded asks a question that has very many cases: whether ten tests have ten different
// values of nine.
func TestWorkIsBounded(t *testing.T) {
	var parts []cf.Expr
	for i := range 10 {
		var list []cf.Expr
		for k := range 9 {
			list = append(list, cf.Contains(2*k, fmt.Sprintf("<%d>", i)))
		}
		parts = append(parts, cf.Or(list...))
	}
	for k := range 9 {
		for i := range 10 {
			for j := range i {
				parts = append(parts, cf.Not(cf.And(cf.Contains(2*k, fmt.Sprintf("<%d>", i)), cf.Contains(2*k, fmt.Sprintf("<%d>", j)))))
			}
		}
	}
	s := meaning.NewSolver(nil)
	if got, _ := s.Possible(formula(t, cf.And(parts...))); got == meaning.Yes {
		t.Error("possible yes: ten are in nine")
	}
	if most := uint64(2 * meaning.MaxWork); s.Work() > most {
		t.Errorf("the answer took %d units of work, want at most %d", s.Work(), most)
	}
}

func TestTooManyTests(t *testing.T) {
	var operands []string
	for i := range meaning.MaxTests + 1 {
		operands = append(operands, fmt.Sprint(i))
	}
	file := testkit.File(t, testkit.IPC, cf.Equals(0, operands...), cf.Equals(0, operands[1:]...))
	instances := meaning.NewInstances(file)
	for i, want := range []bool{false, true} {
		if _, ok := instances.Formula(i); ok != want {
			t.Errorf("instance %d with %d tests: ok %v, want %v", i, instances.Size(i), ok, want)
		}
	}
	for i := range file.Criteria() {
		want := file.Criterion(i).Count <= meaning.MaxTests
		f, ok := instances.Criterion(i)
		n := 0
		for range f.Tests {
			n++
		}
		if ok != want || ok && n != file.Criterion(i).Count {
			t.Errorf("criterion %d with %d operands: ok %v and %d tests, want %v", i, file.Criterion(i).Count, ok, n, want)
		}
	}
}

// BenchmarkInstances asks of each instance whether it can match, whether it always matches, and
// which of its alternatives are dead.
func BenchmarkInstances(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f, err := cf.Parse(workload.File(n, 1))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				s, instances := meaning.NewSolver(nil), meaning.NewInstances(f)
				for i := range f.Instances() {
					formula, _ := instances.Formula(i)
					s.Possible(formula)
					s.Implies(meaning.Formula{}, formula)
					s.Dead(formula, meaning.Formula{}, func(meaning.Alternative) {})
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/instance")
		})
	}
}
