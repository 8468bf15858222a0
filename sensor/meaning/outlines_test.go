package meaning_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/meaning"
)

// sameOutlines compares Outlines with the solver, for each instance of a file. It returns how many
// instances are unremarkable.
func sameOutlines(t *testing.T, f *channelfile.File, types []sensor.InputType) (n int) {
	t.Helper()
	odd := make(interp.Event, len(types))
	for i, typ := range types {
		switch odd[i] = interp.Text("\x01odd"); typ {
		case sensor.TypeInteger:
			odd[i] = interp.Number(-1 << 62)
		case sensor.TypeAddress:
			odd[i] = interp.Value{Type: typ, Address: [16]byte{0x20, 1}}
		}
	}
	solver := meaning.NewSolver(types)
	outlines, instances := meaning.NewOutlines(f, types, odd), meaning.NewInstances(f)
	for i := range f.Instances() {
		formula, ok := instances.Formula(i)
		answer, _ := solver.Possible(formula)
		if outlines.Plain(i) && (!ok || answer != meaning.Yes) {
			t.Fatalf("instance %d is plain; the solver says %v", i, answer)
		}
		unremarkable, fields := outlines.Unremarkable(i)
		var want meaning.Fields
		for test, negated := range formula.Tests {
			bit := uint64(1) << (test.Field % 64)
			want.All |= bit
			if !negated {
				want.Positive |= bit
			}
		}
		want.Needed = fields.Needed
		if ok && fields != want || fields.Needed&^fields.Positive != 0 {
			t.Fatalf("instance %d reads the fields %b; want %b", i, fields, want)
		}
		if !unremarkable {
			continue
		}
		n++
		// Without a value for a needed field, the instance never holds.
		for field := range types {
			if n%8 != 1 { // one in eight, to save time
				break
			}
			absent := meaning.Not(meaning.Present(field))
			possible, _ := solver.Possible(meaning.And(formula, absent))
			if needed := fields.Needed>>(field%64)&1 != 0; len(types) <= 64 && needed != (possible == meaning.No) {
				t.Fatalf("instance %d needs field %d: %v; without it, the solver says %v", i, field, needed, possible)
			}
		}
		dead := 0
		solver.Dead(formula, meaning.Formula{}, func(meaning.Alternative) { dead++ })
		if !outlines.Plain(i) || formula.Holds(nil) || formula.Holds(odd) || dead > 0 {
			t.Fatalf("instance %d is unremarkable, and plain: %v; it holds for no value: %v, for odd ones: %v; it has %d dead alternatives",
				i, outlines.Plain(i), formula.Holds(nil), formula.Holds(odd), dead)
		}
	}
	return n
}

// samePairs compares the answers about pairs of instances of a file with the solver. It counts
// the answers.
func samePairs(t *testing.T, f *channelfile.File, types []sensor.InputType, answers map[meaning.Answer]int) {
	t.Helper()
	solver := meaning.NewSolver(types)
	outlines, instances := meaning.NewOutlines(f, types, make(interp.Event, len(types))), meaning.NewInstances(f)
	n := min(f.Instances(), 60)
	for i := range n {
		a, _ := instances.Formula(i)
		for k := range n {
			b, _ := instances.Formula(k)
			got := outlines.Implies(i, k, solver)
			answers[got]++
			if want, _ := solver.Implies(a, b); got != meaning.Unknown && want != got {
				t.Fatalf("instance %d implies %d: %v; the solver says %v", i, k, got, want)
			}
		}
	}
}

// TestOutlinesOfPairs compares the answers about pairs on random files, in which instances share
// criteria, and on the content of the benchmarks.
func TestOutlinesOfPairs(t *testing.T) {
	g := generate.New(19)
	answers := map[meaning.Answer]int{}
	for range 30 {
		d := g.Definition()
		samePairs(t, testkit.File(t, testkit.HeaderOf(d), pairs(g, d)...), d.Types(), answers)
	}
	if answers[meaning.Yes] < 1000 || answers[meaning.No] < 5000 {
		t.Errorf("answers %v; want thousands of proofs and of the rest", answers)
	}
	samePairs(t, testkit.Parse(t, workload.File(300, 4)), workload.Definition().Types(), answers)
}

// TestOutlinesOfAlikePairs compares the answers about pairs of all conditions on a field that ask
// for texts which are alike: in the same list, in another case, or one a part of the other.
func TestOutlinesOfAlikePairs(t *testing.T) {
	var list []channelfile.Expr
	for _, e := range []channelfile.Expr{
		channelfile.Equals(0, "a"), channelfile.Equals(0, "b"), channelfile.Equals(0, "A"), channelfile.Equals(0, "a", "b"), channelfile.Equals(0, "b", "c"),
		channelfile.Equals(0, "a").Fold(), channelfile.Equals(0, "a", "b").Fold(), channelfile.Equals(0, "b", "c").Fold(),
		channelfile.Prefix(0, "a"), channelfile.Prefix(0, "ab", "c"), channelfile.Contains(0, "ab", "c").All(), channelfile.Suffix(0, "ab").Fold(),
	} {
		other := channelfile.Equals(1, "x")
		list = append(list, e, channelfile.Not(e), channelfile.And(e, other), channelfile.Or(e, other), channelfile.And(e, channelfile.Not(other)))
	}
	answers := map[meaning.Answer]int{}
	samePairs(t, testkit.File(t, testkit.IPC, list...), make([]sensor.InputType, 2), answers)
	if answers[meaning.Yes] < 200 || answers[meaning.No] < 1000 {
		t.Errorf("answers %v; want hundreds of proofs and of the rest", answers)
	}
}

// pairs returns random conditions that share criteria: one has a part of the criteria of the other,
// and others.
func pairs(g *generate.Generator, d *sensor.Definition) (list []channelfile.Expr) {
	var criteria [][]channelfile.Expr // by input
	for input := range d.Inputs {
		criteria = append(criteria, []channelfile.Expr{criterion(g, d, input), criterion(g, d, input)})
	}
	for range 30 {
		var parts []channelfile.Expr
		for input := range criteria {
			if e := criteria[input][g.Intn(10)/9]; g.Intn(len(criteria)) < 4 {
				parts = append(parts, e)
			}
		}
		switch n := len(parts); {
		case n == 0:
			continue
		case n > 1 && g.Intn(2) == 0:
			parts[n-1] = channelfile.Not(parts[n-1])
		case g.Intn(3) == 0:
			parts = append(parts, channelfile.Not(channelfile.And(criterion(g, d, 0), criterion(g, d, 0))))
		case n > 2 && g.Intn(2) == 0:
			parts = append(parts[:n-2:n-2], channelfile.Or(parts[n-2:]...))
		case n > 2 && g.Intn(2) == 0:
			parts = append(parts[:n-2:n-2], channelfile.Or(channelfile.Not(parts[n-2]), channelfile.Not(parts[n-1])))
		}
		list = append(list, channelfile.And(parts...))
	}
	return append(list, criterion(g, d, 0))
}

// TestOutlines compares Outlines with the solver on random conditions of one criterion for each
// input, on random files, and on the content of the benchmarks.
func TestOutlines(t *testing.T) {
	g := generate.New(17)
	n := 0
	for range 100 {
		d := g.Definition()
		n += sameOutlines(t, testkit.Parse(t, g.File(d)), d.Types())
		n += sameOutlines(t, testkit.File(t, testkit.HeaderOf(d), plain(g, d)...), d.Types())
	}
	if n < 500 {
		t.Errorf("only %d random instances are unremarkable", n)
	}
	if n := sameOutlines(t, testkit.Parse(t, workload.File(3000, 3)), workload.Definition().Types()); n < 2900 {
		t.Errorf("only %d instances of the workload are unremarkable", n)
	}
}

// plain returns random conditions with one criterion for each of some inputs.
func plain(g *generate.Generator, d *sensor.Definition) (list []channelfile.Expr) {
	for range 20 {
		var parts []channelfile.Expr
		for input := range min(len(d.Inputs), 1+g.Intn(8)) {
			parts = append(parts, criterion(g, d, input))
		}
		for len(parts) > 1 {
			n := min(len(parts), 2+g.Intn(3))
			join := channelfile.And
			if g.Intn(2) == 0 {
				join = channelfile.Or
			}
			joined := join(parts[:n:n]...)
			if g.Intn(4) == 0 {
				joined = channelfile.Not(joined)
			}
			at := g.Intn(len(parts) - n + 1)
			parts = slices.Insert(slices.Clone(parts[n:]), at, joined)
		}
		list = append(list, parts[0])
	}
	return list
}

// criterion returns a random criterion on an input.
func criterion(g *generate.Generator, d *sensor.Definition, input int) (e channelfile.Expr) {
	n := g.Intn(1000)
	texts := []string{fmt.Sprint("ab", n), fmt.Sprint("cd", n), fmt.Sprint("e", n)}[:1+g.Intn(3)]
	switch typ := d.Inputs[input].Type; {
	case g.Intn(12) == 0:
		return channelfile.Exists(input)
	case typ == sensor.TypeInteger:
		return channelfile.IntegerEquals(input, int64(n), int64(n+g.Intn(3)))
	case typ == sensor.TypeAddress:
		return channelfile.AddressPrefix(input, netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/16", n%256)))
	}
	switch g.Intn(5) {
	case 0:
		e = channelfile.Equals(input, texts...)
	case 1:
		e = channelfile.Prefix(input, texts...)
	case 2:
		e = channelfile.Suffix(input, texts...)
	case 3:
		e = channelfile.Pattern(input, "a?b*"+texts[0])
	default:
		if e = channelfile.Contains(input, texts...); g.Intn(2) == 0 {
			e = e.All()
		}
	}
	if g.Intn(2) == 0 {
		e = e.Fold()
	}
	if g.Intn(4) == 0 {
		e = channelfile.Not(e)
	}
	return e
}
