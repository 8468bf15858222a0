package cost

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	cf "github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
)

func TestUse(t *testing.T) {
	for _, tt := range []struct {
		used, most uint64
		room       uint64
		percent    uint64
		scarce     bool
		why        string
	}{
		{187, 200, 13, 93, true, "less than a tenth is left"},
		{180, 200, 20, 90, false, "exactly a tenth is left"},
		{181, 200, 19, 90, true, "one less than a tenth is left"},
		{0, 200, 200, 0, false, "nothing is used"},
		{200, 200, 0, 100, true, "nothing is left"},
		{201, 200, 0, 100, true, "the limit is exceeded"},
		{1, 2, 1, 50, false, "a small limit has a half left"},
		{2, 2, 0, 100, true, "a small limit has nothing left"},
		{math.MaxUint64, math.MaxUint64, 0, 100, true, "the product with 100 needs more than 64 bits"},
		{math.MaxUint64 - math.MaxUint64/10, math.MaxUint64, math.MaxUint64 / 10, 90, true, "a tenth of 2^64 - 1 is no whole number"},
		{math.MaxUint64 - math.MaxUint64/10 - 1, math.MaxUint64, math.MaxUint64/10 + 1, 89, false, "one more than a tenth, rounded down"},
		{math.MaxUint64, 1, 0, 9_999, true, "the percentage has a maximum"},
		{99_999, 1_000, 0, 9_999, true, "just below the maximum"},
		{1 << 63, 50, 0, 9_999, true, "the percentage does not fit 64 bits, by one"},
	} {
		u := Use{Instances, tt.used, tt.most}
		if u.Room() != tt.room || u.Percent() != tt.percent || u.Scarce() != tt.scarce {
			t.Errorf("%d of %d: room %d, %d %%, scarce %v, expected %d, %d, %v, because %s",
				tt.used, tt.most, u.Room(), u.Percent(), u.Scarce(), tt.room, tt.percent, tt.scarce, tt.why)
		}
	}
}

func TestTighter(t *testing.T) {
	for _, tt := range []struct {
		a, b Use
		want int
		why  string
	}{
		{Use{Used: 1, Most: 2}, Use{Used: 2, Most: 4}, 0, "both are half used"},
		{Use{Used: 2, Most: 3}, Use{Used: 1, Most: 2}, 1, "two thirds are more than a half"},
		{Use{Used: 1, Most: 2}, Use{Used: 2, Most: 3}, -1, "and the other way round"},
		{Use{Used: 0, Most: 1}, Use{Used: 9}, 1, "a limit of 0 is no limit"},
		{Use{Used: 9}, Use{Used: 0, Most: 1}, -1, "on either side"},
		{Use{Used: 9}, Use{Used: 8}, 0, "or on both"},
		{Use{Used: math.MaxUint64 - 1, Most: math.MaxUint64}, Use{Used: math.MaxUint64 - 2, Most: math.MaxUint64 - 1}, 1, "the products need 128 bits"},
	} {
		if got := tt.a.Tighter(tt.b); got != tt.want {
			t.Errorf("%+v against %+v: %d, expected %d: %s", tt.a, tt.b, got, tt.want, tt.why)
		}
	}
}

// trendOf returns the trend of revisions with these numbers of instances, of which the last one
// is the content.
func trendOf(numbers ...uint64) Trend {
	if len(numbers) == 0 {
		return Trend{}
	}
	var list []*sensor.Needs
	for _, n := range numbers {
		list = append(list, &sensor.Needs{Sizes: sensor.Sizes{Instances: n}})
	}
	last := len(list) - 1
	return TrendOf(list[:last], list[last], Instances.Size)
}

func TestTrend(t *testing.T) {
	for _, tt := range []struct {
		numbers []uint64
		room    uint64
		growth  uint64
		left    uint64
		ok      bool
		outlook string
		why     string
	}{
		{nil, 9, 0, 0, false, "", "there is no release"},
		{[]uint64{5}, 9, 0, 0, false, "", "one release has no trend"},
		{[]uint64{151, 163, 175, 187}, 13, 12, 1, true, "+12 a release, room for 1 more release", "13 are left, and each release takes 12"},
		{[]uint64{151, 163, 175, 187}, 11, 12, 0, true, "+12 a release, no room for another release", "one less than a release takes"},
		{[]uint64{151, 163, 175, 187}, 36, 12, 3, true, "+12 a release, room for 3 more releases", "three times 12"},
		{[]uint64{7, 7, 7}, 3, 0, 0, false, "not growing", "it stays the same"},
		{[]uint64{9, 5}, 3, 0, 0, false, "not growing", "it shrinks"},
		{[]uint64{10, 10, 11}, 3, 1, 6, true, "+1 a release, room for 6 more releases", "half a unit is rounded up; three units are six releases"},
		{[]uint64{10, 10, 10, 11}, 3, 0, 9, true, "less than +1 a release, room for 9 more releases", "a third is rounded down"},
		{[]uint64{0, 100, 101, 102, 103, 104, 105, 106}, 6, 1, 6, true, "+1 a release, room for 6 more releases", "the jump is seven releases ago"},
		{[]uint64{0, 1000}, 2000, 1000, 2, true, "+1,000 a release, room for 2 more releases", "a large growth"},
		{[]uint64{0, 1}, 999, 1, 999, true, "+1 a release, room for 999 more releases", "the last number that is counted"},
		{[]uint64{0, 1}, 1000, 1, 1000, true, "+1 a release, room for at least 1,000 more releases", "the first number that is not"},
		{[]uint64{0, 1}, 5000, 1, 5000, true, "+1 a release, room for at least 1,000 more releases", "so many that nobody counts them"},
		{[]uint64{0, 1}, math.MaxUint64, 1, math.MaxUint64, true, "+1 a release, room for at least 1,000 more releases", "the number does not wrap"},
		{[]uint64{0, 0, 1}, math.MaxUint64, 1, math.MaxUint64, true, "+1 a release, room for at least 1,000 more releases", "nor does twice the number"},
	} {
		trend := trendOf(tt.numbers...)
		left, ok := trend.Left(tt.room)
		if trend.Growth() != tt.growth || left != tt.left || ok != tt.ok {
			t.Errorf("%v: growth %d, left %d, %v, expected %d, %d, %v, because %s", tt.numbers, trend.Growth(), left, ok, tt.growth, tt.left, tt.ok, tt.why)
		}
		u := Use{Limit: Instances, Used: math.MaxUint64 - tt.room, Most: math.MaxUint64}
		if got := u.Outlook(trend); got != tt.outlook {
			t.Errorf("%v: %q, expected %q, because %s", tt.numbers, got, tt.outlook, tt.why)
		}
	}
	if got := (Use{Used: 3}).Outlook(trendOf(1, 3)); got != "+2 a release" {
		t.Errorf("without a limit: %q", got)
	}
}

func TestLimitNames(t *testing.T) {
	seen := map[string]bool{}
	for l := FileSize; l <= ProgramInstructions; l++ {
		if l.String() == "" || l.Unit() == "" || seen[l.String()] || seen[l.Unit()] {
			t.Errorf("limit %d: name %q and unit %q are empty or taken", l, l, l.Unit())
		}
		seen[l.String()], seen[l.Unit()] = true, true
	}
	if l := Revision + 1; l.String() != "unknown limit (10)" || l.Unit() != "units of an unknown limit (10)" {
		t.Errorf("%q, %q", l, l.Unit())
	}
}

func TestSizes(t *testing.T) {
	n := &sensor.Needs{Revision: 8, Sizes: sensor.Sizes{FileSize: 1, Instances: 2, Criteria: 3, WordsPerInstance: 4, OperandsPerCriterion: 5, ValueLength: 6, ProgramInstructions: 7, Stack: 8}}
	all := &sensor.Reader{Limits: sensor.Limits{FileSize: 11, Instances: 12, Criteria: 13, WordsPerInstance: 14, OperandsPerCriterion: 15, ValueLength: 16, ProgramInstructions: 17, Revision: 18}}
	want := []Use{{FileSize, 1, 11}, {Instances, 2, 12}, {Criteria, 3, 13}, {WordsPerInstance, 4, 14}, {OperandsPerCriterion, 5, 15}, {ValueLength, 6, 16}, {ProgramInstructions, 7, 17}, {Revision, 8, 18}}
	if diff := cmp.Diff(want, slices.Collect(Sizes(n, all))); diff != "" {
		t.Errorf("all limits (-want +got):\n%s", diff)
	}
	if got := slices.Collect(Sizes(n, &sensor.Reader{Limits: sensor.Limits{Criteria: 9}})); len(got) != 1 || got[0] != (Use{Criteria, 3, 9}) {
		t.Errorf("one limit: %v", got)
	}
	for u := range Sizes(n, all) {
		if u.Limit == Instances {
			break // the iterator must stop here
		}
	}
	if n.Memory = 9; Memory.Size(n) != 9 || Steps.Size(n) != 0 {
		t.Errorf("memory %d, steps %d", Memory.Size(n), Steps.Size(n))
	}
	if !Memory.Total() || !Steps.Total() || WordsPerInstance.Total() {
		t.Error("memory and steps are for the file as a whole, and words are not")
	}
	for _, u := range want {
		if u.Limit.Total() != (u.Limit <= Criteria) {
			t.Errorf("%v: Total is %v", u.Limit, u.Limit.Total())
		}
	}
}

// strings returns a definition with these inputs, and a supply of a feed in which each
// of them has the given maximum length.
func strings(feed string, lengths map[string]int, names ...string) (*sensor.Definition, *sensor.Supply) {
	d := &sensor.Definition{Name: "demo", Number: 9, Version: 1, Channel: 9, Inputs: testkit.Strings(names...)}
	s := testkit.Supply(d)
	s.Feed = feed
	for i := range s.Inputs {
		s.Inputs[i].MaxLength = lengths[s.Inputs[i].Name]
	}
	return d, &s
}

func TestStepsUse(t *testing.T) {
	d, long := strings("long", map[string]int{"A": 100, "B": 10}, "A", "B")
	_, equal := strings("equal", map[string]int{"A": 100, "B": 10}, "A", "B")
	_, short := strings("short", map[string]int{"A": 10, "B": 10}, "A", "B")
	_, open := strings("open", map[string]int{"A": 10}, "A", "B")
	_, swapped := strings("swapped", map[string]int{"A": 100, "B": 10}, "B", "A")
	// A: 2 words and instances, 1 + 2 constant, and 2 a byte
	n := sensor.NeedsOf(testkit.File(t, testkit.HeaderOf(d), cf.Contains(0, "x")), nil)
	both := sensor.NeedsOf(testkit.File(t, testkit.HeaderOf(d), cf.Contains(0, "x"), cf.Contains(1, "y")), nil)
	named, positional := &sensor.Reader{Access: sensor.AccessNamed, Budget: sensor.Budget{Steps: 300}}, &sensor.Reader{Access: sensor.AccessPositional}
	for _, tt := range []struct {
		why       string
		n         *sensor.Needs
		r         *sensor.Reader
		d         *sensor.Definition
		supplies  []*sensor.Supply
		used      uint64
		feed      string
		unbounded []int
	}{
		{"the most expensive feed", n, named, d, []*sensor.Supply{short, long}, 5 + 200, "long", nil},
		{"wherever it stands", n, named, d, []*sensor.Supply{long, short}, 5 + 200, "long", nil},
		{"the first of equal feeds", n, named, d, []*sensor.Supply{long, equal}, 5 + 200, "long", nil},
		{"a length without a bound is more", both, named, d, []*sensor.Supply{long, open, short}, 10 + 20, "open", []int{1}},
		{"only if the content reads the input", n, named, d, []*sensor.Supply{long, open}, 5 + 200, "long", nil},
		{"a named reader looks for the name", n, named, d, []*sensor.Supply{swapped}, 5 + 200, "swapped", nil},
		{"a positional reader takes the place", n, positional, d, []*sensor.Supply{swapped}, 5 + 20, "swapped", nil},
		{"also without a definition", n, positional, nil, []*sensor.Supply{swapped}, 5 + 20, "swapped", nil},
		{"an unlisted input has no length", n, named, nil, []*sensor.Supply{long}, 5, "long", nil},
	} {
		u, ok := StepsUse(tt.n, tt.d, tt.r, slices.Values(tt.supplies))
		if len(u.Unbounded) == 0 && (u.Of(tt.n) != u.Used || u.Of(&sensor.Needs{Constant: 7}) != 7) {
			t.Errorf("%s: the same content costs %d, other content %d", tt.why, u.Of(tt.n), u.Of(&sensor.Needs{Constant: 7}))
		}
		if !ok || u.Limit != Steps || u.Used != tt.used || u.Most != tt.r.Budget.Steps || u.Supply.Feed != tt.feed || !slices.Equal(u.Unbounded, tt.unbounded) {
			t.Errorf("%s: %+v of feed %s, %v, expected %d of feed %s, unbounded %v", tt.why, u.Use, u.Supply.Feed, ok, tt.used, tt.feed, tt.unbounded)
		}
	}
	if length, ok := Lengths(d, sensor.AccessNamed, long)(len(d.Inputs)); length != 0 || !ok {
		t.Errorf("the input after the last has the length %d, %v", length, ok)
	}
	if _, ok := StepsUse(n, d, named, slices.Values([]*sensor.Supply(nil))); ok {
		t.Error("no supplies have a use")
	}
	if got := MemoryUse(&sensor.Needs{Memory: 7}, &sensor.Reader{Budget: sensor.Budget{Memory: 9}}); got != (Use{Memory, 7, 9}) {
		t.Errorf("memory: %+v", got)
	}
}

// ruleSet has conditions that share criteria, or have none of their own, or refer to a
// criterion twice.
func ruleSet() []cf.Expr {
	a, b, c := cf.Contains(0, "abc", "defgh"), cf.Equals(1, "value"), cf.Suffix(0, `\x`)
	long := cf.Contains(1, "0123456789")
	return []cf.Expr{
		a,
		cf.And(a, b),
		cf.Or(cf.And(b, c), cf.And(b, cf.Not(a))),
		cf.And(c, long),
		cf.Exists(1),
		cf.Pattern(0, "a*b*c"),
		cf.Regexp(1, "x+y"),
		cf.EqualsInput(0, 1),
		b,
	}
}

// TestRules compares the cost of each rule with the needs of files: of a file with this
// rule alone, and of the file without it.
func TestRules(t *testing.T) {
	d, s := strings("", map[string]int{"A": 50, "B": 70}, "A", "B")
	lengths := Lengths(d, sensor.AccessNamed, s)
	set := ruleSet()
	steps := func(list []cf.Expr) uint64 {
		n, unknown := sensor.NeedsOf(testkit.File(t, testkit.HeaderOf(d), list...), nil).Steps(lengths)
		if len(unknown) > 0 {
			t.Fatalf("unknown lengths %v", unknown)
		}
		return n
	}
	f := testkit.File(t, testkit.HeaderOf(d), set...)
	rules := Rules(f, lengths, len(set))
	if len(rules) != len(set) {
		t.Fatalf("%d rules, expected %d", len(rules), len(set))
	}
	shared := 0
	for _, r := range rules {
		alone, without := steps(set[r.Instance:r.Instance+1]), steps(slices.Delete(slices.Clone(set), r.Instance, r.Instance+1))
		if r.Steps != alone || r.Own != steps(set)-without || r.PerByte != 0 {
			t.Errorf("rule %d: %+v, expected %d steps, %d its own", r.Instance, r, alone, steps(set)-without)
		}
		if r.Own < r.Steps {
			shared++
		}
		if in := f.Instance(r.Instance); in.Count == 1 && r.Most != r.Steps-2 {
			t.Errorf("rule %d: its only criterion costs %d of %d", r.Instance, r.Most, r.Steps)
		}
	}
	if shared < 3 {
		t.Errorf("%d rules share criteria, expected at least 3", shared)
	}
	if !slices.IsSortedFunc(rules, func(a, b Rule) int { return int(b.Steps) - int(a.Steps) }) {
		t.Errorf("not the most expensive first: %+v", rules)
	}
	for most := range len(set) + 3 {
		if diff := cmp.Diff(rules[:min(most, len(rules))], Rules(f, lengths, most), cmp.Comparer(func(a, b []Rule) bool { return slices.Equal(a, b) })); diff != "" {
			t.Errorf("at most %d:\n%s", most, diff)
		}
	}
}

// TestCriterion checks which criterion of a rule is the most expensive one.
func TestCriterion(t *testing.T) {
	d, s := strings("", map[string]int{"A": 50, "B": 70}, "A", "B")
	for _, tt := range []struct {
		why  string
		e    cf.Expr
		want int // input of the criterion
	}{
		{"the first is more expensive", cf.And(cf.Contains(0, "a long text"), cf.Exists(1)), 0},
		{"the last is more expensive", cf.And(cf.Exists(0), cf.Contains(1, "a long text")), 1},
		{"both cost the same", cf.And(cf.Exists(0), cf.Exists(1)), 0},
	} {
		f := testkit.File(t, testkit.HeaderOf(d), tt.e)
		r := Rules(f, Lengths(d, sensor.AccessNamed, s), 1)
		if got := int(f.Criterion(r[0].Criterion).Input); got != tt.want {
			t.Errorf("%s: input %d, want %d", tt.why, got, tt.want)
		}
	}
}

// TestManyRules compares rules, words and inputs beyond the 256th with a sum of their own.
func TestManyRules(t *testing.T) {
	const n = 300
	length := func(input int) (int, bool) { return input, true }
	h := testkit.HeaderOf(&sensor.Definition{Name: "many", Number: 9, Version: 1, Channel: 9})
	h.InputsDeclared = n
	var list, all []cf.Expr
	for i := range n {
		list = append(list, cf.Contains(i, "x"))
	}
	for i := range n {
		all = append(all, cf.Or(list[i], cf.Exists((i+1)%n)))
	}
	list = append(list, cf.And(all...))
	f := testkit.File(t, h, list...)
	sum := uint64(f.Instance(n).Count) + 1
	for i := range n {
		sum += 1 + 2 + 2*uint64(i) + 1
	}
	for _, r := range Rules(f, length, n+1) {
		want, own := 2+1+2+2*uint64(r.Instance), uint64(2)
		if r.Instance == n {
			want, own = sum, uint64(f.Instance(n).Count)+1+n
		}
		if r.Steps != want || r.Own != own {
			t.Errorf("rule %d: %d steps, %d its own; want %d, %d", r.Instance, r.Steps, r.Own, want, own)
		}
	}
}

// TestRulesUnbounded checks that a rule that pays for each byte of an input without a
// bound comes before all others.
func TestRulesUnbounded(t *testing.T) {
	d, s := strings("", map[string]int{"A": 1000}, "A", "B")
	f := testkit.File(t, testkit.HeaderOf(d),
		cf.Contains(0, "a long text"),
		cf.And(cf.Contains(0, "a long text"), cf.Contains(1, "b"), cf.Contains(1, "cc", "dd")),
		cf.Equals(1, "b"),
	)
	var got []Rule
	for _, r := range Rules(f, Lengths(d, sensor.AccessNamed, s), 3) {
		if r.Criterion < 0 || int(f.Criterion(r.Criterion).Count) < 1 {
			t.Errorf("%+v names no criterion", r)
		}
		r.Own = 0
		got = append(got, r)
	}
	const long = 1 + 12 + 12*1000
	if len(got) != 3 || got[0].Instance != 1 || got[0].PerByte != 2+6 || got[0].Steps != long+3+7+4 ||
		f.Criterion(got[0].Criterion).Count != 2 || got[0].Most != 7 || got[1].Instance != 0 || got[2].Instance != 2 || got[2].PerByte != 0 {
		t.Errorf("%+v", got)
	}
}
