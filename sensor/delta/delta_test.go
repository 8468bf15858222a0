package delta_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/delta"
)

// file makes a file of instances. Instance n has the ID testkit.ID(n).
func file(t testkit.T, conditions map[int]channelfile.Expr) *channelfile.File {
	t.Helper()
	b := channelfile.NewBuilder(testkit.IPC)
	for n, c := range conditions {
		if err := b.Add(testkit.ID(n), c, nil); err != nil {
			t.Fatal(err)
		}
	}
	data, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return testkit.Parse(t, data)
}

func TestBetween(t *testing.T) {
	one, two := channelfile.Equals(5, "one"), channelfile.Equals(5, "two")
	base := map[int]channelfile.Expr{1: one, 3: channelfile.And(two, channelfile.Exists(6))}
	with := func(n int, e channelfile.Expr) map[int]channelfile.Expr {
		return map[int]channelfile.Expr{1: one, 3: channelfile.And(two, channelfile.Exists(6)), n: e}
	}
	tests := []struct {
		name     string
		old, new map[int]channelfile.Expr
		want     delta.Instances
		why      string
	}{
		{"nothing", nil, nil, delta.Instances{}, "two empty files are the same"},
		{"same", base, base, delta.Instances{Same: 2}, "nothing changes"},
		{"first", nil, base, delta.Instances{Added: []int{0, 1}}, "all are new"},
		{"last", base, nil, delta.Instances{Removed: []int{0, 1}}, "all are gone"},
		{"added before", base, with(0, two), delta.Instances{Added: []int{0}, Same: 2}, "the criteria have other indices, and say the same"},
		{"added between", base, with(2, channelfile.Equals(5, "a", "zz")), delta.Instances{Added: []int{1}, Same: 2}, "the values have other indices, and are the same"},
		{"removed between", with(2, channelfile.Regexp(5, "x+")), base, delta.Instances{Removed: []int{1}, Same: 2}, "and so have the programs"},
		{"operand", base, with(1, channelfile.Equals(5, "onf")), delta.Instances{Changed: []delta.Pair{{Old: 0, New: 0}}, Same: 1}, "one letter"},
		{"more operands", base, with(1, channelfile.Equals(5, "one", "two")), delta.Instances{Changed: []delta.Pair{{Old: 0, New: 0}}, Same: 1}, "one alternative"},
		{"fewer words", base, with(3, two), delta.Instances{Changed: []delta.Pair{{Old: 1, New: 1}}, Same: 1}, "one condition less"},
		{"operator", base, with(1, channelfile.Prefix(5, "one")), delta.Instances{Changed: []delta.Pair{{Old: 0, New: 0}}, Same: 1}, "wider, by the same words"},
		{"input", base, with(1, channelfile.Equals(4, "one")), delta.Instances{Changed: []delta.Pair{{Old: 0, New: 0}}, Same: 1}, "another field"},
		{"fold", base, with(1, one.Fold()), delta.Instances{Changed: []delta.Pair{{Old: 0, New: 0}}, Same: 1}, "case does not matter any more"},
		{"negation", base, with(1, channelfile.Not(one)), delta.Instances{Changed: []delta.Pair{{Old: 0, New: 0}}, Same: 1}, "the opposite"},
		{"or", base, with(3, channelfile.Or(two, channelfile.Exists(6))), delta.Instances{Changed: []delta.Pair{{Old: 1, New: 1}}, Same: 1}, "an or of the same criteria"},
		{"expression", with(2, channelfile.Regexp(5, "x+")), with(2, channelfile.Regexp(5, "x*")), delta.Instances{Changed: []delta.Pair{{Old: 1, New: 1}}, Same: 2}, "another expression"},
		{"other input", with(2, channelfile.EqualsInput(5, 6)), with(2, channelfile.EqualsInput(5, 7)), delta.Instances{Changed: []delta.Pair{{Old: 1, New: 1}}, Same: 2}, "a comparison with another input"},
		{"same input", with(2, channelfile.EqualsInput(5, 6)), with(2, channelfile.EqualsInput(5, 6)), delta.Instances{Same: 3}, "inputs are no values"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := delta.Between(file(t, test.old), file(t, test.new), nil)
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.why, diff)
			}
		})
	}
}

// The comparison agrees with a naive one, which compares each instance as a file of its own.
func TestBetweenAgreesWithNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := generate.New(rapid.Uint64().Draw(t, "seed"))
		d := g.Definition()
		pool := make([]channelfile.Expr, 8)
		for i := range pool {
			pool[i] = g.Condition(d, 3)
		}
		draw := func(name string) *channelfile.File {
			b := channelfile.NewBuilder(testkit.HeaderOf(d))
			for n := range 5 {
				k := rapid.IntRange(-2, len(pool)-1).Draw(t, fmt.Sprint(name, n))
				if k >= 0 {
					_ = b.Add(testkit.ID(n), pool[k], nil) // a refused condition is missing in both comparisons
				}
			}
			data, err := b.Encode()
			if err != nil {
				t.Fatal(err)
			}
			return testkit.Parse(t, data)
		}
		old, newer := draw("old"), draw("new")
		want := naive(t, old, newer)
		if diff := cmp.Diff(want, delta.Between(old, newer, nil)); diff != "" {
			t.Fatalf("-naive +got:\n%s", diff)
		}
		if diff := cmp.Diff(want, delta.Between(old, newer, func(i int) int { return i })); diff != "" {
			t.Fatalf("with a map of inputs, -naive +got:\n%s", diff)
		}
	})
}

// naive compares the encodings of single instances.
func naive(t testkit.T, old, newer *channelfile.File) *delta.Instances {
	d := new(delta.Instances)
	find := func(f *channelfile.File, id channelfile.ID) int {
		for i := range f.Instances() {
			if f.Instance(i).ID == id {
				return i
			}
		}
		return -1
	}
	alone := func(f *channelfile.File, i int) string {
		data, err := f.Extract(i)
		if err != nil {
			t.Fatal(err)
		}
		content := testkit.Parse(t, data).ContentDigest()
		return string(content[:])
	}
	for i := range old.Instances() {
		switch k := find(newer, old.Instance(i).ID); {
		case k < 0:
			d.Removed = append(d.Removed, i)
		case alone(old, i) == alone(newer, k):
			d.Same++
		default:
			d.Changed = append(d.Changed, delta.Pair{Old: i, New: k})
		}
	}
	for k := range newer.Instances() {
		if find(old, newer.Instance(k).ID) < 0 {
			d.Added = append(d.Added, k)
		}
	}
	return d
}

// A new version of a type can move inputs.
func TestInputs(t *testing.T) {
	text := func(names ...string) *sensor.Definition {
		return &sensor.Definition{Name: "t", Inputs: testkit.Strings(names...)}
	}
	number := text("a", "b")
	number.Inputs[1].Type = sensor.TypeInteger
	tests := []struct {
		old, new *sensor.Definition
		want     []int // by index; nil means the same
		why      string
	}{
		{text("a", "b"), text("a", "b"), nil, "the same version"},
		{text("a", "b"), text("a", "b", "c"), nil, "a later version adds inputs"},
		{text("a", "b"), text("b", "a"), []int{1, 0}, "inputs are exchanged"},
		{text("a", "b"), text("a"), []int{0, -1}, "an input is gone"},
		{text("a", "b"), number, []int{0, -1}, "an input has another type"},
	}
	for _, test := range tests {
		to := delta.Inputs(test.old, test.new)
		if to == nil {
			if test.want != nil {
				t.Errorf("nil, want %v: %s", test.want, test.why)
			}
			continue
		}
		var got []int
		for i := range test.old.Inputs {
			got = append(got, to(i))
		}
		if !slices.Equal(got, test.want) || to(-1) != -1 || to(99) != -1 {
			t.Errorf("%v, want %v: %s", got, test.want, test.why)
		}
	}

	old := file(t, map[int]channelfile.Expr{1: channelfile.Equals(5, "x"), 2: channelfile.EqualsInput(5, 6)})
	moved := file(t, map[int]channelfile.Expr{1: channelfile.Equals(7, "x"), 2: channelfile.EqualsInput(6, 7)})
	to := func(i int) int {
		if i == 5 {
			return 7
		}
		return i
	}
	if got := delta.Between(old, moved, to); got.Same != 2 {
		t.Errorf("moved inputs: %+v; want both comparisons to be the same", got)
	}
	if to := delta.Inputs(text("a", "b"), text("b", "a")); to(2) != -1 {
		t.Errorf("the input after the last is %d, want -1", to(2))
	}
	h, other := testkit.IPC, testkit.IPC
	other.Type++
	if to := delta.InputsOf(h, h, nil); to != nil {
		t.Error("the inputs of one type version are not the same")
	}
	if to := delta.InputsOf(h, other, builtin.Definitions()); to == nil || to(5) != -1 {
		t.Error("the inputs of two types are the same")
	}
	if got := delta.Between(old, moved, func(int) int { return -1 }); got.Same != 0 || len(got.Changed) != 2 {
		t.Errorf("inputs that are gone: %+v; want two changes", got)
	}
}

// Inputs that are exchanged change the order of criteria, words and operands, and no condition.
func TestBetweenExchanged(t *testing.T) {
	exchanged := []int{5: 7, 6: 6, 7: 5}
	conditions := func(five, six, seven int) map[int]channelfile.Expr {
		x, y, z := channelfile.Equals(five, "x"), channelfile.Prefix(six, "y"), channelfile.Not(channelfile.Exists(seven))
		return map[int]channelfile.Expr{
			1: channelfile.And(x, y, z),
			2: channelfile.Or(channelfile.And(x, z), channelfile.And(y, channelfile.Or(x, z))),
			3: channelfile.EqualsInput(six, five, seven),
			6: channelfile.Or(channelfile.EqualsInput(six, five, seven), x, channelfile.Not(channelfile.IntegerEqualsInput(seven, five, six).All())),
			7: channelfile.And(channelfile.Not(channelfile.EqualsInput(five, six, seven).Fold()), channelfile.PrefixInput(five, seven)),
			4: channelfile.And(x, channelfile.Not(channelfile.Contains(seven, "x"))),
			5: channelfile.Or(x, z),
		}
	}
	old, newer := conditions(5, 6, 7), conditions(7, 6, 5)
	got := delta.Between(file(t, old), file(t, newer), func(i int) int { return exchanged[i] })
	if diff := cmp.Diff(&delta.Instances{Same: len(old)}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	newer[4] = channelfile.And(channelfile.Equals(5, "x"), channelfile.Not(channelfile.Contains(7, "x"))) // the inputs stay
	newer[5] = channelfile.And(channelfile.Equals(7, "x"), channelfile.Not(channelfile.Exists(5)))        // an and
	newer[7] = channelfile.And(channelfile.Not(channelfile.EqualsInput(7, 6, 5).Fold()), channelfile.PrefixInput(5, 7))
	got = delta.Between(file(t, old), file(t, newer), func(i int) int { return exchanged[i] })
	if diff := cmp.Diff(&delta.Instances{Same: 4, Changed: []delta.Pair{{Old: 3, New: 3}, {Old: 4, New: 4}, {Old: 6, New: 6}}}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Nothing wraps in a file with more than 256 inputs, criteria, values, programs and words.
func TestBetweenMany(t *testing.T) {
	const n = 300
	h := testkit.IPC
	h.InputsDeclared = n
	conditions := func() (list []channelfile.Expr) {
		var all, programs []channelfile.Expr
		for i := range n {
			all = append(all, channelfile.Equals(i, fmt.Sprint("v", i)))
			programs = append(programs, channelfile.Regexp(5, fmt.Sprint("e", i)))
		}
		list = append(append(all, programs...), channelfile.And(all...))
		return append(list, channelfile.EqualsInput(10, 290), channelfile.EqualsInput(20, 290))
	}
	same := func(i int) int { return i }
	for _, inputs := range []func(int) int{nil, same} {
		f := testkit.File(t, h, conditions()...)
		if got := delta.Between(f, f, inputs); got.Same != 2*n+3 || len(got.Changed) != 0 {
			t.Errorf("a file and itself: %d are the same, %d changed", got.Same, len(got.Changed))
		}
		changed := conditions()
		changed[10] = channelfile.Equals(266, "v266")
		changed[20] = channelfile.Equals(20, "v276")
		changed[n+10] = channelfile.Regexp(5, "e266")
		changed[2*n] = channelfile.And(append(conditions()[:n-1], channelfile.Equals(n-1, "other"))...)
		changed[2*n+1] = channelfile.EqualsInput(266, 290)
		got := delta.Between(f, testkit.File(t, h, changed...), inputs)
		if got.Same != 2*n+3-5 || len(got.Changed) != 5 {
			t.Errorf("five changed conditions: %d are the same, %v changed", got.Same, got.Changed)
		}
	}
	reversed := conditions()
	for i := range n {
		reversed[i] = channelfile.Equals(n-1-i, fmt.Sprint("v", i))
	}
	got := delta.Between(testkit.File(t, h, conditions()[:n]...), testkit.File(t, h, reversed[:n]...), func(i int) int { return n - 1 - i })
	if got.Same != n {
		t.Errorf("inputs in the reverse order: %d of %d are the same", got.Same, n)
	}
}

func TestBetweenNeeds(t *testing.T) {
	needs := func(conditions ...channelfile.Expr) *sensor.Needs {
		return sensor.NeedsOf(testkit.File(t, testkit.IPC, conditions...), builtin.Definitions())
	}
	d := delta.BetweenNeeds(
		needs(channelfile.Equals(5, "x"), channelfile.Prefix(6, "y")),
		needs(channelfile.Equals(5, "x"), channelfile.Regexp(20, "y")), nil)
	inputs := func(list []sensor.InputNeed) (indices []int) {
		for _, in := range list {
			indices = append(indices, in.Index)
		}
		return indices
	}
	operators := func(list []sensor.OperatorNeed) (names []string) {
		for _, op := range list {
			names = append(names, op.Operator.String())
		}
		return names
	}
	if got := fmt.Sprint(inputs(d.GainedInputs), inputs(d.LostInputs), operators(d.GainedOperators), operators(d.LostOperators)); got != "[20] [6] [regexp] [prefix]" {
		t.Error(got)
	}
	moved := delta.BetweenNeeds(needs(channelfile.Equals(5, "x")), needs(channelfile.Equals(7, "x")), func(int) int { return 7 })
	if len(moved.GainedInputs)+len(moved.LostInputs) != 0 {
		t.Errorf("an input that moved is not gained: %+v", moved)
	}
	first := delta.BetweenNeeds(needs(channelfile.Equals(5, "x")), needs(channelfile.Equals(0, "x")), func(int) int { return 0 })
	if len(first.GainedInputs)+len(first.LostInputs) != 0 {
		t.Errorf("an input that moved to the front is not gained: %+v", first)
	}
	gone := delta.BetweenNeeds(needs(channelfile.Equals(5, "x")), needs(channelfile.Equals(5, "x")), func(int) int { return -1 })
	if len(gone.GainedInputs) != 1 || len(gone.LostInputs) != 1 {
		t.Errorf("an input of another meaning is gained and lost: %+v", gone)
	}
}

// BenchmarkBetween compares two files of 100,000 instances. The time of one parse is the measure
// of the machine.
func BenchmarkBetween(b *testing.B) {
	const n = 100_000
	data := workload.File(n, 1)
	old, newer := testkit.Parse(b, data), testkit.Parse(b, workload.Release(n, 1))
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			testkit.Parse(b, data)
		}
	})
	b.Run("between", func(b *testing.B) {
		for b.Loop() {
			if d := delta.Between(old, newer, nil); len(d.Removed) != n/100 || len(d.Added) != n/100 || len(d.Changed) != n/100 {
				b.Fatalf("%d removed, %d added, %d changed", len(d.Removed), len(d.Added), len(d.Changed))
			}
		}
	})
}
