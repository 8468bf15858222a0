package change_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/cells"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sensor/rollout"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// release makes a release of one subject, on channel 291.
func release(s *validate.Subject) *validate.Release {
	return &validate.Release{Name: "shipped", Find: func(channel, _ uint32) (*validate.Subject, error) {
		if channel != testkit.IPC.Channel {
			return nil, nil
		}
		return s, nil
	}}
}

// content makes a file of a revision with n rules. Each has a title.
func content(t testing.TB, revision uint32, n int) []byte {
	h := testkit.IPC
	h.Revision = revision
	var conditions []channelfile.Expr
	for i := range n {
		conditions = append(conditions, channelfile.Equals(5, fmt.Sprintf("pipe-%04d", i)))
	}
	return testkit.EncodeFrom(t, h, testkit.Origins("rules.yml"), conditions...)
}

// options judges by all checks for a fleet that supplies all.
func options(t testing.TB, previous *validate.Release) validate.Options {
	return validate.Options{Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: testkit.Fleet(t, "reference"), Previous: previous, Now: time.Unix(0, 0)}
}

// judge compares a file with the one that shipped, and returns the report.
func judge(t testing.TB, shipped, next []byte, change func(*validate.Options)) *validate.Report {
	t.Helper()
	opts := options(t, release(validate.ChannelFile("shipped.cf", shipped)))
	if change != nil {
		change(&opts)
	}
	r := validate.Run(validate.ChannelFile("", next), opts)
	gatetest.CheckReport(reporter{t}, opts, r)
	return r
}

// A reporter passes faults to a test.
type reporter struct{ testing.TB }

// found returns the IDs of the checks of family CF6 with findings.
func found(r *validate.Report) string {
	var ids []string
	for _, total := range r.Totals {
		if total.Check.Family() == 6 {
			ids = append(ids, total.Check.ID)
		}
	}
	return strings.Join(ids, " ")
}

// The ceilings are exact, and a single rule may always go.
func TestRemoval(t *testing.T) {
	tests := []struct {
		shipped, kept int
		ceiling       uint64
		want          string
		why           string
	}{
		{1, 1, 0, "", "nothing is removed"},
		{2, 1, 0, "CF6006", "one rule of two may go: it is a single one"},
		{3, 1, 0, "CF6003", "two rules of three are more than a fifth"},
		{9, 1, 0, "CF6003", "a ninth is left, which is more than a tenth"},
		{10, 1, 0, "CF6004", "a tenth is left"},
		{11, 1, 0, "CF6004", "less than a tenth is left"},
		{7, 2, 0, "CF6003", "two rules are left of seven"},
		{10, 8, 0, "CF6006", "two of ten are a fifth, and no more"},
		{14, 11, 0, "CF6003", "three of fourteen are more than a fifth"},
		{15, 12, 0, "CF6006", "three of fifteen are a fifth"},
		{10, 5, 50, "CF6006", "a ceiling that allows it"},
		{10, 4, 50, "CF6003", "a ceiling that does not"},
		{10, 8, 1, "CF6003", "a low ceiling"},
		{10, 1, 99, "CF6004", "the ceiling for a removal does not allow that almost nothing is left"},
		{10, 1, 100, "CF6006", "all may go"},
		{10, 1, math.MaxUint64, "CF6006", "all may go"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%d of %d, %d percent", test.kept, test.shipped, test.ceiling), func(t *testing.T) {
			r := judge(t, content(t, 1, test.shipped), content(t, 2, test.kept), func(o *validate.Options) { o.ChangeLimits.Removed = test.ceiling })
			if got := found(r); got != test.want {
				t.Errorf("%q, want %q: %s", got, test.want, test.why)
			}
		})
	}
}

// The errors of the family agree with a naive judge of sets of IDs, in percent as fractions.
func TestErrorsAgreeWithNaive(t *testing.T) {
	fleet := testkit.Fleet(t, "reference")
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		type side struct {
			revision uint32
			ids      map[int]bool
			data     []byte
		}
		draw := func(name string, least, most int) side {
			s := side{revision: uint32(rapid.IntRange(1, 3).Draw(t, name+" revision")), ids: map[int]bool{}}
			for _, id := range rapid.SliceOfN(rapid.IntRange(0, 29), least, most).Draw(t, name) {
				s.ids[id] = true
			}
			h := testkit.IPC
			h.Revision = s.revision
			b := channelfile.NewBuilder(h)
			for id := range s.ids {
				if err := b.Add(testkit.ID(id), channelfile.Equals(5, fmt.Sprint(id)), nil); err != nil {
					t.Fatal(err)
				}
			}
			var err error
			if s.data, err = b.Encode(); err != nil {
				t.Fatal(err)
			}
			return s
		}
		old := draw("old", rapid.SampledFrom([]int{0, 25}).Draw(t, "least"), 40)
		now := draw("now", 1, rapid.SampledFrom([]int{2, 40}).Draw(t, "most"))
		ceiling := uint64(rapid.SampledFrom([]int{1, 20, 33, 50, 99, 100, 250}).Draw(t, "ceiling"))

		var want []string
		if now.revision < old.revision {
			want = append(want, "CF6001")
		}
		if now.revision == old.revision && string(now.data) != string(old.data) {
			want = append(want, "CF6002")
		}
		gone := 0
		for id := range old.ids {
			if !now.ids[id] {
				gone++
			}
		}
		switch share := big.NewRat(int64(100*gone), int64(max(len(old.ids), 1))); {
		case len(old.ids) == 0:
		case ceiling < 100 && big.NewRat(int64(len(now.ids)), int64(len(old.ids))).Cmp(big.NewRat(1, 10)) <= 0:
			want = append(want, "CF6004")
		case gone >= 2 && share.Cmp(big.NewRat(int64(ceiling), 1)) > 0:
			want = append(want, "CF6003")
		}

		r := validate.Run(validate.ChannelFile("", now.data), validate.Options{
			Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: fleet, Previous: release(validate.ChannelFile("", old.data)),
			ChangeLimits: validate.ChangeLimits{Removed: ceiling},
		})
		var got []string
		for _, total := range r.Totals {
			if total.Check.Family() == 6 && total.Check.Severity == validate.Error {
				got = append(got, total.Check.ID)
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%v, want %v: %d rules of revision %d after %d of revision %d, %d gone, at most %d %%",
				got, want, len(now.ids), now.revision, len(old.ids), old.revision, gone, ceiling)
		}
		for _, id := range got {
			seen[id]++
		}
	})
	if testing.Short() {
		return // too few tries to see each check
	}
	for _, id := range []string{"CF6001", "CF6002", "CF6003", "CF6004"} {
		if seen[id] == 0 {
			t.Errorf("no release is rejected by %s", id)
		}
	}
}

// An empty file needs two permissions: that it is empty, and that all rules may go.
func TestEmptied(t *testing.T) {
	for _, test := range []struct {
		allowEmpty bool
		ceiling    uint64
		want       validate.Verdict
	}{
		{false, 0, validate.Rejected}, {true, 0, validate.Rejected}, {false, 100, validate.Undecided}, {true, 100, validate.Accepted},
	} {
		r := judge(t, content(t, 1, 3), content(t, 2, 0), func(o *validate.Options) {
			o.AllowEmpty, o.ChangeLimits.Removed = test.allowEmpty, test.ceiling
		})
		if got := r.Verdict(); got != test.want {
			t.Errorf("allow empty %v, ceiling %d: %v, want %v: %v", test.allowEmpty, test.ceiling, got, test.want, r.Undecided)
		}
	}
}

func TestGrowth(t *testing.T) {
	tests := []struct {
		shipped, next int
		ceiling       uint64
		want          []string // paths of the findings
		why           string
	}{
		{4, 12, 0, nil, "8 rules more are not many"},
		{4, 13, 0, []string{"instances"}, "9 rules more, and more than half as many again"},
		{18, 27, 0, nil, "half as many again, and no more"},
		{18, 28, 0, []string{"instances"}, "one more"},
		{18, 28, 60, nil, "a ceiling that allows it"},
		{18, 30, 60, []string{"instances"}, "and no more"},
		{100, 200, 0, []string{"file", "instances"}, "each entry is there twice"},
		{100, 200, 100, nil, "it was announced"},
		{200, 100, 100, nil, "less is no jump"},
		{100, 200, math.MaxUint64, nil, "no ceiling"},
	}
	for _, test := range tests {
		r := judge(t, content(t, 1, test.shipped), content(t, 2, test.next), func(o *validate.Options) {
			o.ChangeLimits = validate.ChangeLimits{Removed: 100, Growth: test.ceiling}
		})
		var got []string
		for _, f := range r.Findings {
			if f.Check.ID == "CF6005" {
				got = append(got, f.Identity.Path)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%d to %d, %d percent: %s (-want +got):\n%s", test.shipped, test.next, test.ceiling, test.why, diff)
		}
	}
}

// The cost can grow without more rules. One value with 1,000 bytes costs 1,026,025 steps.
func TestGrowthOfCost(t *testing.T) {
	h := testkit.IPC
	file := func(revision uint32, lengths ...int) []byte {
		h.Revision = revision
		var values []string
		for i, n := range lengths {
			values = append(values, strings.Repeat(string(rune('a'+i)), n))
		}
		return testkit.Encode(t, h, channelfile.Contains(5, values...))
	}
	for _, test := range []struct {
		old, now []int
		want     string
		why      string
	}{
		{[]int{10}, []int{10, 900}, "CF6008", "fewer than 1,000,000 steps more"},
		{[]int{10}, []int{10, 1000}, "CF6005 CF6008", "more than 1,000,000 steps more"},
		{[]int{1000, 1001}, []int{1000, 1001, 999}, "CF6008", "half as much again, and no more"},
		{[]int{990, 991}, []int{990, 991, 1000}, "CF6005 CF6008", "more than half as much again"},
	} {
		if got := found(judge(t, file(1, test.old...), file(2, test.now...), nil)); got != test.want {
			t.Errorf("%v to %v: %q, want %q: %s", test.old, test.now, got, test.want, test.why)
		}
	}
}

// Lists of rules name each rule that is gone, new or changed.
func TestRules(t *testing.T) {
	h := testkit.IPC
	encode := func(revision uint32, conditions map[int]channelfile.Expr) []byte {
		h.Revision = revision
		b := channelfile.NewBuilder(h)
		for n, c := range conditions {
			if err := b.Add(testkit.ID(n), c, testkit.Origins("rules.yml")(n)); err != nil {
				t.Fatal(err)
			}
		}
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	r := judge(t,
		encode(1, map[int]channelfile.Expr{0: channelfile.Exists(5), 1: channelfile.Equals(5, "a"), 2: channelfile.Equals(5, "b")}),
		encode(2, map[int]channelfile.Expr{1: channelfile.Equals(5, "a"), 2: channelfile.Equals(5, "c"), 3: channelfile.Exists(6)}), nil)
	var got []string
	for _, f := range r.Findings {
		if f.Check.Family() == 6 {
			got = append(got, fmt.Sprintf("%s %d %s | %s", f.Check.ID, f.Instance.Index, f.Identity.Rule, f.Message))
		}
	}
	want := []string{
		`CF6006 -1 00000000-0000-0000-0000-000000000001 | rule "Rule 1" of revision 1 in shipped is gone`,
		`CF6007 2 00000000-0000-0000-0000-000000000004 | rule "Rule 4" is new`,
		`CF6008 1 00000000-0000-0000-0000-000000000003 | rule "Rule 3" matches other events than before`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if r.Verdict() != validate.Accepted {
		t.Errorf("%v %v", r.Verdict(), r.Undecided)
	}
}

// Protected rules may neither go nor change. Without them the check does not apply.
func TestProtected(t *testing.T) {
	check := suite.ByID("CF6010")
	rules := func(revision uint32, conditions ...string) []byte {
		h := testkit.IPC
		h.Revision = revision
		b := channelfile.NewBuilder(h)
		for n, c := range conditions {
			if c == "" {
				continue
			}
			if err := b.Add(testkit.ID(n), channelfile.Equals(5, c), testkit.Origins("rules.yml")(n)); err != nil {
				t.Fatal(err)
			}
		}
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	shipped := rules(1, "a", "b", "c", "d", "e", "f")
	for _, tt := range []struct {
		why       string
		next      []byte
		protected []int
		want      []string
	}{
		{"nothing is protected", rules(2, "", "x", "c", "d", "e", "f"), nil, nil},
		{"others go and change", rules(2, "", "x", "c", "d", "e", "f"), []int{2, 3}, nil},
		{"it is gone", rules(2, "", "x", "c", "d", "e", "f"), []int{0, 2}, []string{`rule "Rule 1" of revision 1 in shipped is gone, and it is protected`}},
		{"it changed", rules(2, "", "x", "c", "d", "e", "f"), []int{2, 1}, []string{`rule "Rule 2" has another condition than in revision 1 in shipped, and it is protected`}},
		{"it is new", rules(2, "a", "b", "c", "d", "e", "f", "g"), []int{6}, nil},
		{"nobody has it", rules(2, "a", "b", "c", "d", "e", "f"), []int{99}, nil},
		{"both, and most rules are gone", rules(2, "", "x"), []int{0, 1}, []string{
			`rule "Rule 1" of revision 1 in shipped is gone, and it is protected`, `rule "Rule 2" has another condition than in revision 1 in shipped, and it is protected`,
		}},
	} {
		r := judge(t, shipped, tt.next, func(o *validate.Options) {
			for _, n := range tt.protected {
				o.Protected = append(o.Protected, testkit.ID(n))
			}
		})
		var got []string
		for _, f := range r.Findings {
			if f.Check == check {
				got = append(got, f.Message)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, diff)
		}
		if applies := !slices.Contains(r.NotApplicable, check); applies != (len(tt.protected) > 0) {
			t.Errorf("%s: the check applies: %v", tt.why, applies)
		}
		if rejected := r.Verdict() == validate.Rejected; rejected != (len(got) > 0) {
			t.Errorf("%s: %v %v", tt.why, r.Verdict(), r.Undecided)
		}
	}
}

// All rules are counted, also those that the report does not keep.
func TestManyRules(t *testing.T) {
	r := judge(t, content(t, 1, 500), content(t, 2, 0), func(o *validate.Options) { o.ChangeLimits.Removed, o.AllowEmpty = 100, true })
	if len(r.Totals) != 1 || r.Totals[0].Found != 500 || r.Summaries[0].Message != "500 rules of revision 1 in shipped are gone" {
		t.Errorf("%+v %+v", r.Totals, r.Summaries)
	}
	r = judge(t, content(t, 1, 1), content(t, 2, 500), func(o *validate.Options) { o.ChangeLimits.Growth = 1_000_000 })
	if len(r.Totals) != 1 || r.Totals[0].Found != 499 || r.Summaries[0].Message != "499 rules are new" {
		t.Errorf("%+v %+v", r.Totals, r.Summaries)
	}
}

// What cannot be compared is undecided.
func TestNotCompared(t *testing.T) {
	good := validate.ChannelFile("", content(t, 2, 2))
	shipped := content(t, 1, 2)
	needs := sensor.NeedsOf(testkit.Parse(t, good.Data), builtin.Definitions())
	tests := []struct {
		name    string
		subject *validate.Subject
		release validate.Release
		want    validate.Verdict
		says    string
	}{
		{"compared", good, validate.Release{Find: release(validate.ChannelFile("", shipped)).Find}, validate.Accepted, ""},
		{"no Find", good, validate.Release{}, validate.Undecided, "the release has no Find"},
		{"error", good, validate.Release{Find: func(uint32, uint32) (*validate.Subject, error) { return nil, errors.New("disk on fire") }}, validate.Undecided, "disk on fire"},
		{"no content", good, validate.Release{Find: func(uint32, uint32) (*validate.Subject, error) { return nil, nil }}, validate.Undecided, "it has no content of channel 291"},
		{"another channel was added", good, validate.Release{Find: func(uint32, uint32) (*validate.Subject, error) { return nil, nil }, Added: []uint32{292}}, validate.Undecided, "it has no content of channel 291"},
		{"added", good, validate.Release{Find: func(uint32, uint32) (*validate.Subject, error) { return nil, nil }, Added: []uint32{292, 291}}, validate.Accepted, ""},
		{"added and there", good, validate.Release{Find: release(validate.ChannelFile("", content(t, 3, 2))).Find, Added: []uint32{291}}, validate.Rejected, ""},
		{"damaged", good, validate.Release{Find: release(validate.ChannelFile("old.cf", shipped[:100])).Find}, validate.Undecided, "old.cf cannot be read"},
		{"empty", good, validate.Release{Find: release(validate.ChannelFile("old.cf", nil)).Find}, validate.Undecided, "old.cf cannot be read"},
		{"needs as release", good, validate.Release{Find: release(validate.Needs("n.json", needs)).Find}, validate.Undecided, "it has content of kind needs"},
		{"rules as release", good, validate.Release{Find: release(validate.Rules("rules", shipped)).Find}, validate.Undecided, "which have no revision"},
		{"rules with rules", validate.Rules("rules", good.Data), validate.Release{Find: release(validate.Rules("rules", shipped)).Find}, validate.Accepted, ""},
		{"rules with a file", validate.Rules("rules", good.Data), validate.Release{Find: release(validate.ChannelFile("", content(t, 99, 2))).Find}, validate.Accepted, ""},
		{"needs", validate.Needs("n.json", needs), validate.Release{Find: release(validate.ChannelFile("", shipped)).Find}, validate.Undecided, "it is of kind needs, which has no rules"},
		{"damage", validate.ChannelFile("", good.Data[:100]), validate.Release{Find: release(validate.ChannelFile("", shipped)).Find}, validate.Rejected, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := validate.Run(test.subject, options(t, &test.release))
			if r.Verdict() != test.want || !strings.Contains(strings.Join(r.Undecided, "\n"), test.says) {
				t.Errorf("%v %q %v, want %v %q", r.Verdict(), r.Undecided, r.Skipped, test.want, test.says)
			}
			if test.want == validate.Accepted && len(r.Undecided) > 0 {
				t.Errorf("accepted, with reasons why not: %q", r.Undecided)
			}
		})
	}
}

// The content of the same type version is compared, by the meaning of its inputs.
func TestTypeVersions(t *testing.T) {
	define := func(version uint32, names ...string) *sensor.Definition {
		return &sensor.Definition{Name: "pipes", Number: 9, Version: version, Channel: 290, Inputs: testkit.Strings(names...)}
	}
	one, two, three := define(1, "Image", "Pipe"), define(2, "Pipe", "Image", "User"), define(3, "User")
	defs := testkit.Definitions(t, one, two, three)
	file := func(d *sensor.Definition, revision uint32, conditions ...channelfile.Expr) *validate.Subject {
		h := testkit.HeaderOf(d)
		h.Revision = revision
		return validate.ChannelFile("", testkit.Encode(t, h, conditions...))
	}
	run := func(old, next *validate.Subject) string {
		opts := options(t, &validate.Release{Name: "shipped", Find: func(uint32, uint32) (*validate.Subject, error) { return old, nil }})
		opts.Definitions = defs
		opts.Fleet = nil
		return found(validate.Run(next, opts))
	}
	image, pipe := channelfile.Equals(0, "x"), channelfile.Equals(1, "x")
	for _, test := range []struct {
		old, next *validate.Subject
		want      string
		why       string
	}{
		{file(one, 1, image), file(one, 2, image), "", "the same"},
		{file(one, 1, image), file(two, 2, pipe), "", "Image moved from the first place to the second"},
		{file(one, 1, image), file(two, 2, image), "CF6008", "the first input is another one"},
		{file(one, 1, image), file(three, 2, image), "CF6008", "there is no Image any more"},
		{file(two, 1, channelfile.Equals(2, "x")), file(three, 2, image), "", "User moved to the front"},
	} {
		if got := run(test.old, test.next); got != test.want {
			t.Errorf("%q, want %q: %s", got, test.want, test.why)
		}
	}
	// A version that no definition describes is rejected, and nothing is the same.
	unknown := define(4, "Image")
	if got := run(file(unknown, 1, image), file(one, 2, image)); got != "CF6008" {
		t.Errorf("%q, want CF6008: nobody knows what the input was", got)
	}
	if got := run(file(unknown, 1, image), file(unknown, 2, image)); got != "" {
		t.Errorf("%q, want nothing: whatever the input is, it is the same", got)
	}
	other := &sensor.Definition{Name: "others", Number: 10, Version: 1, Channel: 290, Inputs: testkit.Strings("Image", "Pipe")}
	if got := run(file(other, 1, image), file(one, 2, image)); got != "CF6008" {
		t.Errorf("%q, want CF6008: another type has other inputs", got)
	}
}

func TestOneRevision(t *testing.T) {
	for _, test := range []struct {
		beside *validate.Neighbours
		want   string
	}{
		{nil, ""},
		{new(validate.Neighbours), ""},
		{&validate.Neighbours{Found: 1, Names: []string{"a.cf"}}, "a.cf is of channel 291 and type version 1 too, so it depends on the sensor which file it loads"},
		{&validate.Neighbours{Found: 5, Names: []string{"a.cf", "b.cf"}}, "a.cf, b.cf and 3 more are of channel 291 and type version 1 too, so it depends on the sensor which file it loads"},
	} {
		s := validate.ChannelFile("", content(t, 1, 1))
		s.Neighbours = test.beside
		r := validate.Run(s, options(t, nil))
		got := ""
		for _, f := range r.Findings {
			got += f.Message
		}
		if got != test.want || r.Verdict() != validate.Accepted {
			t.Errorf("%v %q, want %q", r.Verdict(), got, test.want)
		}
		if applies := !slices.Contains(r.NotApplicable, suite.ByID("CF6009")); applies != (test.beside != nil) {
			t.Errorf("CF6009 applies: %v, to a file with the neighbours %v", applies, test.beside)
		}
	}
}

// withoutUser is a fleet of a named build that does not supply input 8, User, of type ipc.
func withoutUser() *sensor.Fleet {
	supply := testkit.Supply(builtin.Definitions().ByName("ipc", 1))
	supply.Inputs[7].State = sensor.StateNotSupplied
	return &sensor.Fleet{Name: "without", Contracts: []sensor.Contract{testkit.Contract("named", 100, sensor.AccessNamed, supply)}}
}

// Warnings that stood at the previous release are old, each as often as it stood.
func TestOld(t *testing.T) {
	h := testkit.IPC
	file := func(revision uint32, conditions ...channelfile.Expr) []byte {
		h.Revision = revision
		return testkit.Encode(t, h, conditions...)
	}
	pipe := channelfile.Equals(5, "x")
	user := func(name string) channelfile.Expr { return channelfile.And(pipe, channelfile.Equals(7, name)) }
	run := func(old, next []byte, change func(*validate.Options)) *validate.Report {
		return judge(t, old, next, func(o *validate.Options) {
			o.Fleet, o.NewOnly, o.FailOnWarnings = withoutUser(), true, true
			if change != nil {
				change(o)
			}
		})
	}
	marks := func(r *validate.Report) string {
		var list []string
		for _, f := range r.Findings {
			if f.Check.ID == "CF3012" {
				list = append(list, fmt.Sprintf("%s:%v", f.Identity.Rule[35:], f.Old))
			}
		}
		return strings.Join(list, " ")
	}

	r := run(file(1, user("a")), file(2, user("b")), nil)
	if marks(r) != "1:true" || r.Verdict() != validate.Accepted || r.Old(validate.Warning) != 1 || r.Warnings() != 1 {
		t.Errorf("the rule stood, with another operand: %s, %v", marks(r), r.Verdict())
	}
	r = run(file(1, user("a")), file(2, user("a"), user("b")), nil)
	if marks(r) != "1:true 2:false" || r.Verdict() != validate.Rejected || r.Old(validate.Warning) != 1 || r.Warnings() != 2 {
		t.Errorf("a second rule is at fault: %s, %v", marks(r), r.Verdict())
	}
	r = run(file(1, pipe), file(2, user("a")), nil)
	if marks(r) != "1:false" || r.Verdict() != validate.Rejected {
		t.Errorf("the rule was right before: %s, %v", marks(r), r.Verdict())
	}
	r = run(file(1, user("a")), file(2, user("a")), func(o *validate.Options) { o.NewOnly = false })
	if marks(r) != "1:true" || r.Verdict() != validate.Rejected {
		t.Errorf("old findings count unless they are excluded: %s, %v", marks(r), r.Verdict())
	}
	// Two findings with one identity.
	unused := validate.Finding{Check: suite.ByID("CF0013"), Message: "unused", Identity: validate.Identity{Rule: "r", Path: "detection.filter"}}
	rules := func(n int) *validate.Subject {
		s := validate.Rules("rules", file(1, pipe))
		s.Source = slices.Repeat([]validate.Finding{unused}, n)
		return s
	}
	for _, n := range [][3]int{{1, 2, 1}, {2, 1, 1}, {2, 2, 2}, {0, 1, 0}} {
		opts := options(t, release(rules(n[0])))
		opts.NewOnly, opts.FailOnWarnings = true, true
		r := validate.Run(rules(n[1]), opts)
		if r.Old(validate.Warning) != n[2] || r.Verdict() == validate.Accepted != (n[1] == n[2]) {
			t.Errorf("%d findings after %d: %d are old, %v; want %d", n[1], n[0], r.Old(validate.Warning), r.Verdict(), n[2])
		}
	}

	// More findings than a report keeps by default.
	var many []channelfile.Expr
	for i := range 2000 {
		many = append(many, user(fmt.Sprint(i)))
	}
	r = run(file(1, many...), file(2, many...), nil)
	if r.Verdict() != validate.Accepted || r.Old(validate.Warning) != 2000 {
		t.Errorf("%v, %d of %d are old", r.Verdict(), r.Old(validate.Warning), r.Warnings())
	}
	r = run(file(1, many[:1999]...), file(2, many...), nil)
	if r.Verdict() != validate.Rejected || r.Old(validate.Warning) != 1999 {
		t.Errorf("%v, %d of %d are old", r.Verdict(), r.Old(validate.Warning), r.Warnings())
	}
}

// A finding is old only if it has at most the builds and the extent that it had.
func TestWorseThanBefore(t *testing.T) {
	h := testkit.IPC
	file := func(revision uint32, conditions ...channelfile.Expr) []byte {
		h.Revision = revision
		return testkit.Encode(t, h, conditions...)
	}
	pipe := func(name string) channelfile.Expr { return channelfile.Equals(5, name) }
	user := func(names ...string) (all channelfile.Expr) {
		all = pipe("x")
		for _, name := range names {
			all = channelfile.Or(all, channelfile.And(pipe(name), channelfile.Equals(7, name)))
		}
		return all
	}
	events := &validate.Recorded{Name: "events", Events: func(d *sensor.Definition, yield func(func() string, interp.Event) bool) error {
		for _, name := range []string{"a", "b", "b"} {
			e := make(interp.Event, len(d.Inputs))
			e[5] = interp.Text(name)
			if !yield(func() string { return "events:1" }, e) {
				break
			}
		}
		return nil
	}}
	never := func(o *validate.Options) { o.NeverMatch = events }
	good := func(o *validate.Options) { o.KnownGood = events }
	ceiling := func(c validate.Ceilings) func(*validate.Options) {
		return func(o *validate.Options) { o.Ceilings = c }
	}
	for _, tt := range []struct {
		why    string
		id     string
		old    []byte
		next   []byte
		change func(*validate.Options)
		isOld  bool
	}{
		{"as many alternatives", "CF3014", file(1, user("a")), file(2, user("b")), nil, true},
		{"fewer alternatives", "CF3014", file(1, user("a", "b")), file(2, user("b")), nil, true},
		{"one more alternative", "CF3014", file(1, user("a")), file(2, user("a", "b")), nil, false},
		{"as many events", "CF5002", file(1, pipe("a")), file(2, pipe("a")), never, true},
		{"fewer events", "CF5002", file(1, pipe("b")), file(2, pipe("a")), never, true},
		{"more events", "CF5002", file(1, pipe("a")), file(2, pipe("b")), never, false},
		{"fewer good events", "CF5003", file(1, pipe("b")), file(2, pipe("a")), good, true},
		{"more good events", "CF5003", file(1, pipe("a")), file(2, pipe("b")), good, false},
		{"the same ceiling", "CF5004", file(1, pipe("a"), pipe("b")), file(2, pipe("a"), pipe("c")), ceiling(validate.Ceilings{Instances: 1}), true},
		{"further above a ceiling", "CF5004", file(1, pipe("a"), pipe("b")), file(2, pipe("a"), pipe("b"), pipe("c")), ceiling(validate.Ceilings{Instances: 1}), false},
		{"another ceiling", "CF5004", file(1, pipe("long name of a pipe")), file(2, pipe("a"), pipe("b")), ceiling(validate.Ceilings{Bytes: uint64(len(file(1, pipe("long name of a pipe")))) - 1, Instances: 1}), false},
	} {
		r := judge(t, tt.old, tt.next, func(o *validate.Options) {
			o.Fleet, o.NewOnly, o.FailOnWarnings = withoutUser(), true, true
			o.ChangeLimits.Growth = 1000
			if tt.change != nil {
				tt.change(o)
			}
		})
		var marks []bool
		for _, f := range r.Findings {
			if f.Check.ID == tt.id {
				marks = append(marks, f.Old)
			}
		}
		if !slices.Contains(marks, tt.isOld) || slices.Contains(marks, !tt.isOld) {
			t.Errorf("%s: findings of %s are old: %v, want %v", tt.why, tt.id, marks, tt.isOld)
		}
	}

	// Without Image and User, the rule was blind on one of two builds. It then needs Image.
	fleet := withoutUser()
	fleet.Contracts[0].Supplies[0].Inputs[6].State = sensor.StateNotSupplied
	fleet.Contracts[0].Supplies[0].Inputs[7].State = sensor.StateSupplied
	both := fleet.Contracts[0]
	both.Build, both.Supplies = "both", slices.Clone(both.Supplies)
	both.Supplies[0].Inputs = slices.Clone(both.Supplies[0].Inputs)
	both.Supplies[0].Inputs[7].State = sensor.StateNotSupplied
	fleet.Contracts = append(fleet.Contracts, both)
	either := file(1, channelfile.And(pipe("x"), channelfile.Or(channelfile.Equals(7, "a"), channelfile.Equals(6, "a"))))
	needed := func(revision uint32) []byte {
		return file(revision, channelfile.And(pipe("x"), channelfile.Equals(6, "a")))
	}
	for _, tt := range []struct {
		old, next []byte
		builds    []int
		isOld     bool
	}{{either, needed(2), []int{1, 2}, false}, {needed(1), needed(2), []int{2, 2}, true}, {needed(0), either, []int{2, 1}, true}} {
		blind := func(r *validate.Report) *validate.Finding {
			i := slices.IndexFunc(r.Findings, func(f validate.Finding) bool { return f.Check.ID == "CF3012" })
			return &r.Findings[i]
		}
		opts := options(t, nil)
		opts.Fleet = fleet
		before := blind(validate.Run(validate.ChannelFile("", tt.old), opts))
		after := blind(judge(t, tt.old, tt.next, func(o *validate.Options) { o.Fleet = fleet }))
		if before.Identity != after.Identity || len(before.Builds) != tt.builds[0] || len(after.Builds) != tt.builds[1] || after.Old != tt.isOld {
			t.Errorf("%v on %d builds, then %v on %d: old is %v, want %v", before.Identity, len(before.Builds), after.Identity, len(after.Builds), after.Old, tt.isOld)
		}
	}
}

// Errors of families CF0 to CF3 are never old, and neither are findings on the change. Errors of
// later families can be.
func TestNeverOld(t *testing.T) {
	supply := testkit.Supply(builtin.Definitions().ByName("ipc", 1))
	supply.Inputs = supply.Inputs[:7]
	short := &sensor.Fleet{Name: "short", Contracts: []sensor.Contract{testkit.Contract("positional", 100, sensor.AccessPositional, supply)}}
	h := testkit.IPC
	data := func(revision uint32, input int) []byte {
		h.Revision = revision
		return testkit.Encode(t, h, channelfile.Equals(input, "x"))
	}
	r := judge(t, data(1, 7), data(2, 7), func(o *validate.Options) { o.Fleet, o.NewOnly = short, true })
	if r.Verdict() != validate.Rejected || r.Old(validate.Error) != 0 || r.Errors() == 0 {
		t.Errorf("%v, %d of %d errors are old; a read outside the inputs is as wrong as it was", r.Verdict(), r.Old(validate.Error), r.Errors())
	}
	never := &validate.Recorded{Name: "never", Events: func(d *sensor.Definition, yield func(func() string, interp.Event) bool) error {
		e := make(interp.Event, len(d.Inputs))
		e[5] = interp.Text("x")
		yield(func() string { return "never:1" }, e)
		return nil
	}}
	r = judge(t, data(1, 5), data(2, 5), func(o *validate.Options) { o.NeverMatch, o.NewOnly = never, true })
	if r.Verdict() != validate.Accepted || r.Old(validate.Error) != 1 {
		t.Errorf("%v, %d of %d errors are old; the rule matched before", r.Verdict(), r.Old(validate.Error), r.Errors())
	}
	r = judge(t, data(1, 5), data(0, 5), func(o *validate.Options) { o.NewOnly = true })
	if r.Verdict() != validate.Rejected || found(r) != "CF6001" {
		t.Errorf("%v %s, want a rejection by CF6001", r.Verdict(), found(r))
	}
}

// A run for several fleets compares with the previous content for each of them.
func TestOldForEachFleet(t *testing.T) {
	h := testkit.IPC
	file := func(revision uint32) []byte {
		h.Revision = revision
		return testkit.Encode(t, h, channelfile.Equals(7, "x"))
	}
	opts := options(t, release(validate.ChannelFile("", file(1))))
	prepared := validate.Prepare(validate.ChannelFile("", file(2)), opts)
	all := &sensor.Fleet{Name: "all", Contracts: []sensor.Contract{testkit.Contract("named", 100, sensor.AccessNamed, testkit.Supply(builtin.Definitions().ByName("ipc", 1)))}}
	for i, fleet := range []*sensor.Fleet{withoutUser(), all, nil, withoutUser()} {
		r := prepared.Run(fleet, nil)
		want := []int{1, 0, 0, 1}[i]
		if r.Old(validate.Warning) != want || r.Warnings() != want {
			t.Errorf("fleet %d: %d of %d warnings are old, want %d", i, r.Old(validate.Warning), r.Warnings(), want)
		}
	}
}

// BenchmarkChange judges a file of 100,000 rules by all checks of the family, against the file that
// shipped before. The time of reading the file is the measure of the machine.
func BenchmarkChange(b *testing.B) {
	const n = 100_000
	old, next := workload.File(n, 1), workload.Release(n, 1)
	run := func(b *testing.B, opts validate.Options, want string) {
		opts.Definitions = testkit.Definitions(b, workload.Definition())
		opts.Fleet = workload.Fleet(1, 1)
		for b.Loop() {
			if r := validate.Run(validate.ChannelFile("", next), opts); found(r) != want {
				b.Fatalf("%v %s %v", r.Verdict(), found(r), r.Undecided)
			}
		}
	}
	b.Run("read", func(b *testing.B) {
		opts := options(b, nil)
		opts.Checks = []*validate.Check{suite.ByID("CF0001")}
		run(b, opts, "")
	})
	b.Run("change", func(b *testing.B) {
		opts := options(b, nil)
		opts.Checks = gatetest.Family(6)
		opts.Previous = &validate.Release{Name: "shipped", Find: func(uint32, uint32) (*validate.Subject, error) { return validate.ChannelFile("", old), nil }}
		run(b, opts, "CF6006 CF6007 CF6008")
	})
	b.Run("change and first uses", func(b *testing.B) {
		opts := options(b, nil)
		opts.Checks = gatetest.Family(6)
		opts.Previous = &validate.Release{Name: "shipped", Find: func(uint32, uint32) (*validate.Subject, error) { return validate.ChannelFile("", old), nil }}
		opts.Ledger = &cells.Ledger{Name: "shipped.ledger"}
		for _, u := range cells.Of(testkit.Parse(b, next), workload.Definition()) {
			for _, c := range workload.Fleet(1, 1).Contracts {
				opts.Ledger.Add(c.Build, u.Cell, sensor.Date{Year: 1970, Month: 1, Day: 1})
			}
		}
		run(b, opts, "CF6006 CF6007 CF6008")
	})
}

// shipped makes a ledger of a file for some builds.
func shipped(t testing.TB, data []byte, builds ...string) *cells.Ledger {
	l := &cells.Ledger{Name: "shipped.ledger"}
	f := testkit.Parse(t, data)
	for _, b := range builds {
		for _, u := range cells.Of(f, builtin.Definitions().ByNumber(f.Header.Type, f.Header.TypeVersion)) {
			l.Add(b, u.Cell, sensor.Date{Year: 2026, Month: time.March, Day: 1})
		}
	}
	return l
}

// A first use is an error that names the builds without a record, and their hosts.
func TestFirstUse(t *testing.T) {
	ipc := builtin.Definitions().ByName("ipc", 1)
	refusing := testkit.Contract("d", 1000, sensor.AccessNamed)
	refusing.Reader.RefusesUnknownVersions = true
	fleet := &sensor.Fleet{Name: "four", Contracts: []sensor.Contract{
		testkit.Contract("a", 1, sensor.AccessNamed, testkit.Supply(ipc)), testkit.Contract("b", 10, sensor.AccessNamed, testkit.Supply(ipc)),
		testkit.Contract("c", 100, sensor.AccessNamed, testkit.Supply(ipc)), refusing,
	}}
	encode := func(e ...channelfile.Expr) []byte {
		return testkit.EncodeFrom(t, testkit.IPC, testkit.Origins("rules.yml"), e...)
	}
	first := encode(channelfile.Equals(5, "a"), channelfile.Exists(6))
	class := func() *cells.Ledger {
		l := shipped(t, first, "a", "b")
		for _, u := range cells.Of(testkit.Parse(t, encode(channelfile.Equals(5, "ä", "ö"), channelfile.Exists(6))), ipc) {
			l.Add("c", u.Cell, sensor.Date{Year: 2026, Month: time.March, Day: 1})
		}
		return l
	}
	for _, tt := range []struct {
		name   string
		ledger *cells.Ledger
		next   []byte
		day    int
		want   []string // findings: check, path, builds, hosts
	}{
		{"the same", shipped(t, first, "a", "b", "c"), first, 1, nil},
		{"the same on another value", shipped(t, first, "a", "b", "c"), encode(channelfile.Equals(5, "b"), channelfile.Exists(6)), 1, nil},
		{"a build without any record", shipped(t, first, "a", "c"), first, 1, []string{"CF6013 type version [b] 10"}},
		{"no build has a record", shipped(t, first), first, 1, []string{"CF6013 type version [a b c] 111"}},
		{"another input", shipped(t, first, "a", "b", "c"), encode(channelfile.Equals(7, "a"), channelfile.Exists(6)), 1,
			[]string{"CF6013 ipc/1 User equals short 1 [a b c] 111 rule \"Rule 1\" reads input User, for the first time on 3 builds"}},
		{"another operator", shipped(t, first, "a", "b", "c"), encode(channelfile.Exists(6), channelfile.Suffix(5, "a")), 1,
			[]string{"CF6013 ipc/1 PipeName suffix short 1 [a b c] 111 rule \"Rule 2\" compares input PipeName by suffix, for the first time on 3 builds"}},
		{"another class", shipped(t, first, "a", "b", "c"), encode(channelfile.Equals(5, "ä"), channelfile.Exists(6)), 1,
			[]string{"CF6013 ipc/1 PipeName equals short+non-ascii 1 [a b c] 111 rule \"Rule 1\" compares input PipeName by equals with a value of class short+non-ascii, for the first time on 3 builds"}},
		{"another class, and another size on the last build", class(), encode(channelfile.Equals(5, "ä"), channelfile.Exists(6)), 1,
			[]string{"CF6013 ipc/1 PipeName equals short+non-ascii 1 [a b c] 111 rule \"Rule 1\" compares input PipeName by equals with a value of class short+non-ascii, for the first time on 3 builds"}},
		{"another size", shipped(t, first, "a", "b", "c"), encode(channelfile.Equals(5, "a", "b"), channelfile.Exists(6)), 1,
			[]string{"CF6014 ipc/1 PipeName equals short 2 [a b c] 111 rule \"Rule 1\" compares input PipeName by equals with a list of 2 values, of class short, for the first time on 3 builds"}},
		{"more instances", shipped(t, first, "a", "b", "c"), encode(channelfile.Equals(5, "a"), channelfile.Exists(6), channelfile.Equals(5, "b")), 1,
			[]string{"CF6014 ipc/1 - instances - 3-4 [a b c] 111 the first content with 3-4 instances for 3 builds"}},
		{"on the day before", shipped(t, encode(channelfile.Exists(6)), "a", "b", "c"), encode(channelfile.Exists(6)), 0, []string{"CF6013 type version [a b c] 111"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := options(t, nil)
			opts.Fleet, opts.Ledger, opts.Now = fleet, tt.ledger, time.Date(2026, time.March, tt.day, 0, 0, 0, 0, time.UTC)
			r := validate.Run(validate.ChannelFile("", tt.next), opts)
			gatetest.CheckReport(reporter{t}, opts, r)
			var got []string
			var blamed []string
			for _, f := range r.Findings {
				if f.Check.Family() != 6 {
					continue
				}
				hosts, names := uint64(0), []string(nil)
				for _, b := range f.Builds {
					hosts, names = hosts+b.Hosts, append(names, b.Name)
				}
				text := fmt.Sprintf("%s %s %v %d", f.Check.ID, f.Identity.Path, names, hosts)
				if f.Identity.Path != "type version" {
					text += " " + f.Message
				}
				got = append(got, text)
				if want := fmt.Sprintf("%d of 1,111 hosts at risk: %s", hosts, strings.Join(names, ", ")); !slices.Contains(f.Details, want) {
					t.Errorf("details %q, want %q", f.Details, want)
				}
				blamed = names
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			want := validate.Rejected
			if tt.want == nil {
				want = validate.Accepted
			}
			if r.Verdict() != want {
				t.Errorf("%v, want %v: %v", r.Verdict(), want, r.Undecided)
			}
			for _, b := range r.Builds {
				if b.AtFault != slices.Contains(blamed, b.Name) {
					t.Errorf("build %s at fault: %v", b.Name, b.AtFault)
				}
			}
		})
	}
}

// An exercise plan turns the first uses that it covers into notes, build by build, and no other.
func TestExercisePlan(t *testing.T) {
	ipc := builtin.Definitions().ByName("ipc", 1)
	blind := testkit.Supply(ipc)
	blind.Inputs = slices.DeleteFunc(slices.Clone(blind.Inputs), func(in sensor.SuppliedInput) bool { return in.Name == "User" })
	fleet := &sensor.Fleet{Name: "four", Digest: [32]byte{1}, Contracts: []sensor.Contract{
		testkit.Contract("a", 100, sensor.AccessNamed, testkit.Supply(ipc)), testkit.Contract("b", 1000, sensor.AccessNamed, testkit.Supply(ipc)),
		testkit.Contract("c", 10_000, sensor.AccessNamed, blind),
	}}
	encode := func(e ...channelfile.Expr) []byte {
		return testkit.EncodeFrom(t, testkit.IPC, testkit.Origins("rules.yml"), e...)
	}
	first := encode(channelfile.Exists(6))
	next := encode(channelfile.Exists(6), channelfile.Equals(7, "a"))
	// plan makes the plan of a release in the form in which the gate reads it.
	plan := func(name string, old, new []byte, perCell uint64, fleet *sensor.Fleet) *rollout.Document {
		change := rollout.Change{New: testkit.Parse(t, new)}
		if old != nil {
			change.Old = testkit.Parse(t, old)
		}
		p, err := rollout.New(fleet, builtin.Definitions(), []rollout.Change{change}, rollout.Options{HostsPerCell: perCell})
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(p.Document())
		if err != nil {
			t.Fatal(err)
		}
		d, err := rollout.ReadDocument(name, data)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	other := *fleet
	other.Digest[0]++
	const user, instances = "ipc/1 User equals short 1", "ipc/1 - instances - 2"
	blocked := []string{"CF6013 " + user + " [a b c] 11,100 of 11,100 hosts at risk: a, b, c", "CF6014 " + instances + " [a b c] 11,100 of 11,100 hosts at risk: a, b, c"}
	with := func(lines ...string) []string {
		var list []string
		for _, text := range blocked {
			list = append(list, strings.Join(append([]string{text}, lines...), "; "))
		}
		return list
	}
	notes := func(name string, hosts ...string) []string {
		var list []string
		for _, cell := range []string{instances, user} {
			list = append(list, fmt.Sprintf("CF6015 %s %s exercise plan %s; ring 1: %s", cell, hosts[0], name, strings.Join(hosts[1:], ", ")))
		}
		return list
	}
	ten := plan("ten.json", first, next, 10, fleet)
	for _, tt := range []struct {
		name   string
		ledger *cells.Ledger
		plans  []*rollout.Document
		least  rollout.Options
		change func(*validate.Options)
		want   []string
		accept bool
	}{
		{"no plan", nil, nil, rollout.Options{}, nil, blocked, false},
		{"a plan for all builds", nil, []*rollout.Document{ten}, rollout.Options{}, nil,
			notes("ten.json", "[a b c]", "10 of 100 hosts of a", "10 of 1,000 hosts of b", "10 of 10,000 hosts of c"), true},
		{"a plan that keeps the demands", nil, []*rollout.Document{ten}, rollout.Options{HostsPerCell: 10, Factor: 10}, nil,
			notes("ten.json", "[a b c]", "10 of 100 hosts of a", "10 of 1,000 hosts of b", "10 of 10,000 hosts of c"), true},
		{"fewer hosts than demanded", nil, []*rollout.Document{ten}, rollout.Options{HostsPerCell: 11}, nil,
			with("not covered by ten.json: it has 10 hosts per cell; expected at least 11"), false},
		{"a plan for other content", nil, []*rollout.Document{plan("other.json", nil, first, 10, fleet)}, rollout.Options{}, nil,
			with(fmt.Sprintf("not covered by other.json: it is for other content; the judged content has the header digest %x", testkit.Parse(t, next).HeaderDigest())), false},
		{"a plan for another fleet", nil, []*rollout.Document{plan("other.json", nil, next, 10, &other)}, rollout.Options{}, nil,
			with(fmt.Sprintf("not covered by other.json: it is for the fleet four with the digest %x; the judged fleet four has %x", other.Digest, fleet.Digest)), false},
		{"a plan for other content beside the right one", nil, []*rollout.Document{plan("other.json", nil, first, 10, fleet), ten}, rollout.Options{}, nil,
			notes("ten.json", "[a b c]", "10 of 100 hosts of a", "10 of 1,000 hosts of b", "10 of 10,000 hosts of c"), true},
		{"a ring with all hosts of a build", nil, []*rollout.Document{plan("hundred.json", first, next, 100, fleet)}, rollout.Options{}, nil, append([]string{
			"CF6013 " + user + " [a] 100 of 11,100 hosts at risk: a; not covered by hundred.json: ring 1 has all hosts of the build, so no host would wait for the exercise: a",
			"CF6014 " + instances + " [a] 100 of 11,100 hosts at risk: a; not covered by hundred.json: ring 1 has all hosts of the build, so no host would wait for the exercise: a",
		}, notes("hundred.json", "[b c]", "100 of 1,000 hosts of b", "100 of 10,000 hosts of c")...), false},
		{"two plans that cover all builds together", nil, []*rollout.Document{plan("hundred.json", first, next, 100, fleet), ten}, rollout.Options{}, nil, []string{
			"CF6015 " + instances + " [b c] exercise plan hundred.json; ring 1: 100 of 1,000 hosts of b, 100 of 10,000 hosts of c",
			"CF6015 " + instances + " [a] exercise plan ten.json; ring 1: 10 of 100 hosts of a",
			"CF6015 " + user + " [b c] exercise plan hundred.json; ring 1: 100 of 1,000 hosts of b, 100 of 10,000 hosts of c",
			"CF6015 " + user + " [a] exercise plan ten.json; ring 1: 10 of 100 hosts of a",
		}, true},
		{"a cell that shipped before, and that the ledger lacks", shipped(t, encode(channelfile.Equals(7, "a"), channelfile.Exists(7)), "a", "b", "c"), []*rollout.Document{ten}, rollout.Options{}, nil, []string{
			"CF6013 ipc/1 Image exists - 0 [a b c] 11,100 of 11,100 hosts at risk: a, b, c; not covered by ten.json: it does not list the cell: a, b, c",
		}, false},
		{"a build without a record, and a plan of some cells", shipped(t, first, "b", "c"), []*rollout.Document{ten}, rollout.Options{}, nil, append([]string{
			"CF6013 type version [a] 100 of 11,100 hosts at risk: a; not covered by ten.json: it does not list the cell: a",
		}, notes("ten.json", "[b c]", "10 of 1,000 hosts of b", "10 of 10,000 hosts of c")...), false},
		{"a build without a record, and a plan of all cells", shipped(t, first, "b", "c"), []*rollout.Document{plan("all.json", nil, next, 10, fleet)}, rollout.Options{}, nil, append([]string{
			"CF6015 type version [a] exercise plan all.json; ring 1: 10 of 100 hosts of a",
		}, notes("all.json", "[b c]", "10 of 1,000 hosts of b", "10 of 10,000 hosts of c")...), true},
		{"a policy that makes the note an error", nil, []*rollout.Document{ten}, rollout.Options{}, func(o *validate.Options) {
			o.Checks = slices.Clone(o.Checks)
			for i, c := range o.Checks {
				if c.ID == "CF6015" {
					o.Checks[i], _ = c.WithSeverity(validate.Error)
				}
			}
		}, notes("ten.json", "[a b c]", "10 of 100 hosts of a", "10 of 1,000 hosts of b", "10 of 10,000 hosts of c"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := options(t, nil)
			opts.Fleet, opts.Now, opts.ExercisePlans, opts.ExerciseRings = fleet, time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC), tt.plans, tt.least
			if opts.Ledger = tt.ledger; opts.Ledger == nil {
				opts.Ledger = shipped(t, first, "a", "b", "c")
			}
			if tt.change != nil {
				tt.change(&opts)
			}
			r := validate.Run(validate.ChannelFile("", next), opts)
			gatetest.CheckReport(reporter{t}, opts, r)
			digests := map[string]rollout.Digest{}
			for _, d := range tt.plans {
				digests[d.Name] = d.Digest
			}
			var got []string
			blamed := map[string]bool{}
			for _, f := range r.Findings {
				if f.Check.Family() != 6 {
					continue
				}
				var names []string
				for _, b := range f.Builds {
					names = append(names, b.Name)
					blamed[b.Name] = blamed[b.Name] || f.Check.Severity == validate.Error
				}
				details := f.Details
				if f.Identity.Path != "type version" {
					details = details[1:] // the cell
				}
				for i, d := range details {
					if name, digest, ok := strings.Cut(strings.TrimPrefix(d, "exercise plan "), ", sha256 "); ok {
						if digest != digests[name].String() {
							t.Errorf("digest %s of %s", digest, name)
						}
						details[i] = "exercise plan " + name
					}
				}
				got = append(got, fmt.Sprintf("%s %s %v %s", f.Check.ID, f.Identity.Path, names, strings.Join(details, "; ")))
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if without := slices.ContainsFunc(r.NotApplicable, func(c *validate.Check) bool { return c.ID == "CF6015" }); without != (len(tt.plans) == 0) {
				t.Errorf("CF6015 does not apply: %v", without)
			}
			if (r.Verdict() == validate.Accepted) != tt.accept {
				t.Errorf("%v: %v", r.Verdict(), r.Undecided)
			}
			for _, b := range r.Builds {
				if b.AtFault != blamed[b.Name] {
					t.Errorf("build %s at fault: %v", b.Name, b.AtFault)
				}
			}
		})
	}

	opts := options(t, nil)
	opts.Ledger, opts.ExercisePlans = shipped(t, first), []*rollout.Document{nil}
	if r := validate.Run(validate.ChannelFile("", first), opts); !slices.Contains(r.Undecided, "ExercisePlans has a plan that is nil") {
		t.Errorf("a plan that is nil: %v", r.Undecided)
	}
}

// Without a ledger the checks of first uses do not apply, and the report says so.
func TestWithoutLedger(t *testing.T) {
	r := validate.Run(validate.ChannelFile("", content(t, 1, 1)), options(t, nil))
	for _, id := range []string{"CF6013", "CF6014", "CF6015"} {
		if !slices.Contains(r.NotApplicable, suite.ByID(id)) {
			t.Errorf("%s is not among the checks that do not apply", id)
		}
	}
}

// A waiver accepts a first use by the text of its cell.
func TestFirstUseWaived(t *testing.T) {
	opts := options(t, nil)
	before := testkit.Encode(t, testkit.IPC, channelfile.Equals(5, "a"))
	opts.Ledger = shipped(t, before)
	for i := range opts.Fleet.Contracts {
		b := opts.Fleet.Contracts[i].Build
		for _, u := range cells.Of(testkit.Parse(t, before), builtin.Definitions().ByName("ipc", 1)) {
			opts.Ledger.Add(b, u.Cell, sensor.Date{Year: 1970, Month: 1, Day: 1})
		}
	}
	next := testkit.Encode(t, testkit.IPC, channelfile.Suffix(5, "a"))
	for path, want := range map[string]validate.Verdict{
		"ipc/1 PipeName suffix short 1": validate.Accepted, "ipc/1 PipeName prefix short 1": validate.Rejected,
	} {
		opts.Waivers = []validate.Waiver{{
			Check: "CF6013", Subject: "channel 291, type 1", Path: path, Reason: "tried on the hosts of the lab", By: "ann",
			Until: sensor.Date{Year: 1970, Month: 2, Day: 1},
		}}
		if r := validate.Run(validate.ChannelFile("", next), opts); r.Verdict() != want {
			t.Errorf("waiver for %s: %v, want %v: %v %v", path, r.Verdict(), want, r.Findings, r.Undecided)
		}
	}
}
