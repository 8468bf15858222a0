package delta_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/delta"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/meaning"
)

func TestDirections(t *testing.T) {
	one := func(e channelfile.Expr) map[int]channelfile.Expr { return map[int]channelfile.Expr{1: e} }
	types := builtin.Definitions().ByName("ipc", 1).Types()
	var many []string
	for i := range meaning.MaxTests + 1 {
		many = append(many, fmt.Sprint(i))
	}
	tests := []struct {
		old, new channelfile.Expr
		want     delta.Direction
		why      string
	}{
		{channelfile.Equals(5, "a"), channelfile.Equals(5, "a", "b"), delta.Widened, "one alternative more"},
		{channelfile.Equals(5, "a", "b"), channelfile.Equals(5, "b"), delta.Narrowed, "one alternative less"},
		{channelfile.Equals(5, "a"), channelfile.Equals(5, "b"), delta.Shifted, "another value"},
		{channelfile.Equals(5, "a"), channelfile.Prefix(5, "a"), delta.Widened, "a value begins with itself"},
		{channelfile.Equals(5, "a"), channelfile.And(channelfile.Equals(5, "a"), channelfile.Not(channelfile.Equals(6, "b"))), delta.Narrowed, "a filter more"},
		{channelfile.Contains(5, "abc"), channelfile.Contains(5, "b"), delta.Widened, "a shorter text"},
		{channelfile.Equals(5, "a").Fold(), channelfile.Equals(5, "a"), delta.Narrowed, "case matters now"},
		{channelfile.Regexp(5, "^ab*$"), channelfile.Regexp(5, "^a(b|bb)*$"), delta.Reworded, "another expression of the same language"},
		{channelfile.Regexp(5, "^a+$"), channelfile.Regexp(5, "^a*$"), delta.Widened, "the empty text"},
		{channelfile.Or(channelfile.Equals(5, "a"), channelfile.Equals(5, "b")), channelfile.Equals(5, "a", "b"), delta.Reworded, "a list in place of an or"},
		{channelfile.Equals(5, many...), channelfile.Equals(5, "a"), delta.Unclear, "more values than are compared"},
		{channelfile.Equals(5, "a"), channelfile.Equals(5, many...), delta.Unclear, "more values than are compared now"},
		{channelfile.EqualsInput(5, 6), channelfile.And(channelfile.EqualsInput(5, 6), channelfile.PrefixInput(5, 7)), delta.Unclear, "a comparison more"},
		{channelfile.And(channelfile.EqualsInput(5, 6), channelfile.PrefixInput(5, 7)), channelfile.EqualsInput(5, 6), delta.Unclear, "a comparison less"},
		{channelfile.EqualsInput(5, 6), channelfile.EqualsInput(5, 7), delta.Unclear, "comparisons of inputs are outside of the fragment"},
	}
	for _, test := range tests {
		old, newer := file(t, one(test.old)), file(t, one(test.new))
		got := delta.NewDirections(old, newer, types, nil).Of(delta.Pair{})
		if got != test.want {
			t.Errorf("%v, want %v: %s", got, test.want, test.why)
		}
		if got := delta.NewDirections(old, newer, types, func(i int) int { return i }).Of(delta.Pair{}); got != delta.Unclear {
			t.Errorf("%v, want unclear: inputs have moved", got)
		}
		if got := delta.NewDirections(old, newer, nil, nil).Of(delta.Pair{}); got != delta.Unclear {
			t.Errorf("%v, want unclear: the types are not known", got)
		}
	}
}

// No event contradicts a direction.
func TestDirectionsHold(t *testing.T) {
	counts := map[delta.Direction]int{}
	rapid.Check(t, func(t *rapid.T) {
		g := generate.New(rapid.Uint64().Draw(t, "seed"))
		d := g.Definition()
		condition := g.Condition(d, 2)
		encode := func(e channelfile.Expr) *channelfile.File {
			b := channelfile.NewBuilder(testkit.HeaderOf(d))
			if b.Add(testkit.ID(0), e, nil) != nil {
				t.Skip("the builder refuses the condition")
			}
			data, err := b.Encode()
			if err != nil {
				t.Fatal(err)
			}
			return testkit.Parse(t, data)
		}
		other := g.Condition(d, 2)
		changes := []channelfile.Expr{other, channelfile.Or(condition, other), channelfile.And(condition, other), channelfile.And(condition, channelfile.Or(condition, other))}
		old, newer := encode(condition), encode(rapid.SampledFrom(changes).Draw(t, "change"))
		direction := delta.NewDirections(old, newer, d.Types(), nil).Of(delta.Pair{})
		counts[direction]++
		a := interp.New(old, &sensor.Reader{Access: sensor.AccessNamed})
		b := interp.New(newer, &sensor.Reader{Access: sensor.AccessNamed})
		for range 200 {
			e := g.Event(d, len(d.Inputs))
			if a.Run(e) != nil || b.Run(e) != nil {
				t.Fatal("an event of the type does not run")
			}
			before, now := len(a.Matched()) > 0, len(b.Matched()) > 0
			lost, gained := before && !now, now && !before
			if lost && (direction == delta.Reworded || direction == delta.Widened) || gained && (direction == delta.Reworded || direction == delta.Narrowed) {
				t.Fatalf("%v, but the rule matched an event: %v, and matches it now: %v: %+v", direction, before, now, e)
			}
		}
	})
	if testing.Short() {
		return // a few cases need not have each direction
	}
	if counts[delta.Reworded] == 0 || counts[delta.Widened] == 0 || counts[delta.Narrowed] == 0 || counts[delta.Shifted] == 0 {
		t.Errorf("directions that were never decided: %v", counts)
	}
}
