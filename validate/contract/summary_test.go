package contract_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// process is a template type of two feeds, one of which has less.
var process = &sensor.Definition{
	Name: "process", Number: 3000, Version: 1, Channel: 3000,
	Inputs: []sensor.Input{
		{Name: "Image", Type: sensor.TypeString, MaxLength: 100},
		{Name: "CommandLine", Type: sensor.TypeString, MaxLength: 100},
		{Name: "OriginalFileName", Type: sensor.TypeString, MaxLength: 100, Instead: "the end of Image, which a renamed program escapes"},
		{Name: "Hashes", Type: sensor.TypeString, MaxLength: 100},
		{Name: "Desktop", Type: sensor.TypeString, MaxLength: 100},
	},
	Feeds: []sensor.Feed{
		{Name: "sysmon", Fields: []sensor.FeedField{{Input: "Image"}, {Input: "CommandLine"}, {Input: "OriginalFileName", Since: "Sysmon 10.0"}, {Input: "Hashes"}}},
		{Name: "security", Fields: []sensor.FeedField{{Input: "Image", Field: "NewProcessName"}, {Input: "CommandLine"}}},
		{Name: "audit", Fields: []sensor.FeedField{{Input: "Image"}}},
	},
}

const (
	pImage = iota
	pLine
	pOriginal
	pHashes
	pDesktop
)

// onFeed is the supply of a feed of process, with changes of state.
func onFeed(name string, change func(in []sensor.SuppliedInput)) sensor.Supply {
	s := testkit.Supply(process)
	s.Feed = name
	if change != nil {
		change(s.Inputs)
	}
	return s
}

// without returns a change that inputs are not supplied.
func missing(state sensor.State, indices ...int) func([]sensor.SuppliedInput) {
	return func(in []sensor.SuppliedInput) {
		for _, i := range indices {
			in[i].State = state
		}
	}
}

// host is a short name for the tables.
var host = testkit.Contract

func processRules(t testing.TB, conditions ...channelfile.Expr) *validate.Subject {
	t.Helper()
	return validate.ChannelFile("", testkit.EncodeFrom(t, testkit.HeaderOf(process), testkit.Origins("process.yml"), conditions...))
}

func judgeProcess(t testing.TB, s *validate.Subject, contracts ...sensor.Contract) *validate.Report {
	t.Helper()
	return validate.Run(s, validate.Options{Checks: family, Definitions: testkit.Definitions(t, process), Fleet: fleet(contracts...)})
}

const summariesFile = "testdata/summaries.txt"

// TestSummaries holds what is said of several rules that read one missing input,
// and of where that is to be had.
func TestSummaries(t *testing.T) {
	renamed := channelfile.Equals(pOriginal, "a.exe")
	image := channelfile.Suffix(pImage, `\a.exe`)
	line := channelfile.Contains(pLine, "-x")
	hashes := channelfile.Contains(pHashes, "md5")
	several := []channelfile.Expr{
		renamed, channelfile.And(line, renamed), // blind
		channelfile.And(line, channelfile.Not(renamed)), channelfile.And(image, channelfile.Not(renamed)), // widened
		channelfile.Or(image, renamed), channelfile.And(line, channelfile.Or(image, renamed)), // weakened
		line,
	}
	observed := func(s sensor.Supply, events uint64) sensor.Supply {
		s.Evidence, s.Events = sensor.EvidenceObserved, events
		for i := range s.Inputs {
			if s.Inputs[i].State == sensor.StateSupplied {
				s.Inputs[i].Seen = events
			}
		}
		return s
	}
	lacks := missing(sensor.StateNotSupplied, pOriginal, pHashes, pDesktop)
	tests := []struct {
		name      string
		rules     []channelfile.Expr
		contracts []sensor.Contract
		why       string
	}{
		{"two-feeds", several, []sensor.Contract{host("new", 60, sensor.AccessNamed, onFeed("sysmon", nil), onFeed("security", lacks)), host("bare", 40, sensor.AccessNamed, onFeed("sysmon", nil))},
			"a host that logs both is blind in one of its feeds; which never has the field, and since when the other has it"},
		{"two-feeds-and-one", several, []sensor.Contract{host("new", 60, sensor.AccessNamed, onFeed("sysmon", nil), onFeed("security", lacks)), host("logs", 40, sensor.AccessNamed, onFeed("security", lacks))},
			"of two builds with the same feed, the one with another feed loses nothing"},
		{"two-feeds-with-none", several, []sensor.Contract{host("old", 60, sensor.AccessNamed, onFeed("sysmon", lacks), onFeed("security", lacks))},
			"a host whose feeds both lack the field is counted"},
		{"feeds-differ", []channelfile.Expr{channelfile.And(hashes, channelfile.Not(renamed)), channelfile.And(line, hashes, channelfile.Not(renamed))}, []sensor.Contract{
			host("old", 60, sensor.AccessNamed, onFeed("sysmon", missing(sensor.StateNotSupplied, pOriginal)), onFeed("security", missing(sensor.StateNotSupplied, pHashes)))},
			"blind on one feed and widened on the other: the host is widened, and no host loses nothing"},
		{"other-feed-unknown", several[:2], []sensor.Contract{
			host("seen", 60, sensor.AccessNamed, onFeed("sysmon", missing(sensor.StateUnknown, pOriginal)), onFeed("security", lacks)),
			host("new", 1, sensor.AccessNamed, onFeed("sysmon", nil), onFeed("security", lacks))},
			"a host whose other feed may lack the field is not said to lose nothing"},
		{"other-feed-unknown-elsewhere", several[:2], []sensor.Contract{
			host("seen", 60, sensor.AccessNamed, onFeed("sysmon", missing(sensor.StateUnknown, pHashes)), onFeed("security", lacks))},
			"a field that no rule reads does not matter"},
		{"old-source", several, []sensor.Contract{host("old", 60, sensor.AccessNamed, onFeed("sysmon", missing(sensor.StateNotSupplied, pOriginal)))},
			"the feed has the field in a later version"},
		{"two-sources", several, []sensor.Contract{
			host("old", 60, sensor.AccessNamed, onFeed("sysmon", missing(sensor.StateNotSupplied, pOriginal))),
			host("older", 5, sensor.AccessNamed, onFeed("sysmon", missing(sensor.StateNotSupplied, pOriginal, pDesktop))),
			host("logs", 40, sensor.AccessNamed, onFeed("security", lacks))},
			"one paragraph for a field, whatever else the builds lack"},
		{"three-sides", several, []sensor.Contract{
			host("old", 60, sensor.AccessNamed, onFeed("sysmon", lacks)), host("logs", 40, sensor.AccessNamed, onFeed("security", lacks)), host("more", 7, sensor.AccessNamed, onFeed("audit", lacks))},
			"a message does not name what its details do"},
		{"two-fields", []channelfile.Expr{renamed, renamed, channelfile.And(line, hashes), hashes}, []sensor.Contract{host("logs", 40, sensor.AccessNamed, onFeed("security", lacks))},
			"one paragraph for each field"},
		{"two-fields-of-two", []channelfile.Expr{channelfile.And(hashes, renamed), channelfile.And(hashes, renamed)}, []sensor.Contract{
			host("old", 60, sensor.AccessNamed, onFeed("sysmon", missing(sensor.StateNotSupplied, pOriginal))), host("logs", 40, sensor.AccessNamed, onFeed("security", missing(sensor.StateNotSupplied, pHashes)))},
			"each feed is said to lack what it lacks, and the rule that lacks either is in both"},
		{"two-fields-of-one", []channelfile.Expr{renamed, channelfile.And(hashes, renamed), channelfile.Or(hashes, renamed), channelfile.Or(renamed, hashes, image), channelfile.Or(hashes, image), channelfile.Or(renamed, image)}, []sensor.Contract{host("logs", 40, sensor.AccessNamed, onFeed("security", lacks))},
			"a rule is counted under each field that is enough by itself; where it takes two, under the first, and that is said"},
		{"absence", []channelfile.Expr{channelfile.Not(channelfile.Exists(pOriginal)), channelfile.And(line, channelfile.Not(channelfile.Exists(pOriginal))), channelfile.And(line, channelfile.Not(renamed)), channelfile.And(image, channelfile.Not(renamed))}, []sensor.Contract{host("logs", 40, sensor.AccessNamed, onFeed("security", lacks))},
			"to exclude and to ask for absence are two things to mend, and there is nothing instead of what is absent"},
		{"no-feed-has-it", []channelfile.Expr{channelfile.Exists(pDesktop), channelfile.Exists(pDesktop)}, []sensor.Contract{host("old", 60, sensor.AccessNamed, onFeed("sysmon", lacks), onFeed("own", lacks))},
			"a feed of which the definition knows nothing stands beside one that it knows"},
		{"unknown", []channelfile.Expr{renamed, channelfile.Not(renamed)}, []sensor.Contract{host("seen", 60, sensor.AccessNamed, observed(onFeed("sysmon", missing(sensor.StateUnknown, pOriginal)), 1119)), host("seen-2", 1, sensor.AccessNamed, observed(onFeed("sysmon", missing(sensor.StateUnknown, pOriginal)), 3))},
			"how often the field was looked for, in all of the builds"},
		{"unknown-to-array", []channelfile.Expr{renamed, channelfile.Not(renamed)}, []sensor.Contract{host("7.1", 60, sensor.AccessPositional, observed(onFeed("sysmon", missing(sensor.StateUnknown, pOriginal)), 1119))},
			"the same, at a build that reads by place"},
		{"observed-not-supplied", []channelfile.Expr{renamed, renamed}, []sensor.Contract{host("seen", 60, sensor.AccessNamed, observed(onFeed("sysmon", lacks), 1119))},
			"what was observed and then looked up"},
		{"array", []channelfile.Expr{renamed, line, channelfile.And(line, renamed)}, []sensor.Contract{host("7.1", 60, sensor.AccessPositional, onFeed("sysmon", lacks))},
			"an array that lacks the field in its middle"},
		{"one-rule", []channelfile.Expr{renamed}, []sensor.Contract{host("logs", 40, sensor.AccessNamed, onFeed("security", lacks))},
			"one rule is no group"},
	}
	var file strings.Builder
	data, err := os.ReadFile(summariesFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := fmt.Sprintf("== %s\n%s", tt.name, shown(judgeProcess(t, processRules(t, tt.rules...), tt.contracts...)))
			file.WriteString(got)
			_, after, _ := strings.Cut(string(data), got[:strings.IndexByte(got, '\n')+1])
			want, _, _ := strings.Cut(after, "== ")
			_, have, _ := strings.Cut(got, "\n")
			if diff := cmp.Diff(want, have); diff != "" && !*update {
				t.Errorf("%s (-expected +found):\n%s", tt.why, diff)
			}
		})
	}
	if *update {
		if err := os.WriteFile(summariesFile, []byte(file.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if file.String() != string(data) {
		t.Errorf("%s has more than the tests, or in another order", summariesFile)
	}
}

// TestManyBlindRules holds that a field that many rules read does not hide one
// that few do, and that all are counted where they belong.
func TestManyBlindRules(t *testing.T) {
	var conditions []channelfile.Expr
	for range 400 {
		conditions = append(conditions, channelfile.Equals(pOriginal, "a.exe"))
	}
	for range 12 {
		conditions = append(conditions, channelfile.Equals(pHashes, "a"))
	}
	for _, tt := range []struct {
		id     string
		access sensor.Access
		state  sensor.State
	}{
		{"CF3012", sensor.AccessNamed, sensor.StateNotSupplied},
		{"CF3015", sensor.AccessNamed, sensor.StateUnknown},
		{"CF3001", sensor.AccessPositional, sensor.StateNotSupplied},
		{"CF3004", sensor.AccessPositional, sensor.StateUnknown},
	} {
		r := judgeProcess(t, processRules(t, conditions...), host("b", 1, tt.access, onFeed("f", missing(tt.state, pOriginal, pHashes))))
		found := map[string]int{}
		for _, s := range r.Summaries {
			if s.Check.ID == tt.id {
				found[s.Input.Name] = s.Found
			}
		}
		if diff := cmp.Diff(map[string]int{"OriginalFileName": 400, "Hashes": 12}, found); diff != "" {
			t.Errorf("%s: rules of each field (-expected +found):\n%s", tt.id, diff)
		}
		kept := map[string]int{}
		for _, f := range r.Findings {
			if f.Check.ID == tt.id {
				kept[f.Input.Name]++
			}
		}
		if diff := cmp.Diff(map[string]int{"OriginalFileName": validate.DefaultMaxFindings, "Hashes": validate.GroupFindings}, kept); diff != "" {
			t.Errorf("%s: findings kept of each field (-expected +found):\n%s", tt.id, diff)
		}
		i := slices.IndexFunc(r.Totals, func(total validate.Total) bool { return total.Check.ID == tt.id })
		if i < 0 || r.Totals[i].Found != 412 {
			t.Errorf("%s: totals %v", tt.id, r.Totals)
		}
	}
}

// TestVeryManyBlindRules holds that of more rules than anybody has it is not
// found out whose fault each is, and that the summary does not claim so.
func TestVeryManyBlindRules(t *testing.T) {
	const n = 20_500
	data := testkit.Encode(t, testkit.HeaderOf(process), slices.Repeat([]channelfile.Expr{channelfile.Exists(pOriginal)}, n)...)
	r := judgeProcess(t, validate.ChannelFile("", data), host("b", 1, sensor.AccessNamed, onFeed("f", missing(sensor.StateNotSupplied, pOriginal))))
	if len(r.Summaries) != 1 || r.Warnings() != n || len(r.Findings) != validate.DefaultMaxFindings {
		t.Fatalf("%d summaries, %d warnings, %d findings", len(r.Summaries), r.Warnings(), len(r.Findings))
	}
	if s := r.Summaries[0]; s.Found != 20_000 || !strings.HasPrefix(s.Message, "at least 20,000 of 20,500 rules can never match ") {
		t.Errorf("%d found: %s", s.Found, s.Message)
	}
}

// TestEachLackByItself compares what is said of a fleet with what is said of
// each of its builds alone: that feeds lack the same of what a rule reads, and
// are dealt with together, changes nothing.
func TestEachLackByItself(t *testing.T) {
	var contracts []sensor.Contract
	for set := range 1 << len(process.Inputs) {
		var gone []int
		for i := range process.Inputs {
			if set&(1<<i) != 0 {
				gone = append(gone, i)
			}
		}
		contracts = append(contracts, host(fmt.Sprintf("b%02d", set), 1, sensor.AccessNamed, onFeed("f", missing(sensor.StateNotSupplied, gone...))))
	}
	on := func(i int) channelfile.Expr { return channelfile.Equals(i, "a") }
	s := processRules(t,
		channelfile.And(on(pImage), on(pLine), on(pOriginal)),
		channelfile.Or(on(pImage), channelfile.And(on(pLine), channelfile.Not(on(pHashes)))),
		channelfile.And(channelfile.Or(on(pImage), on(pDesktop)), channelfile.Not(channelfile.Or(on(pLine), on(pHashes)))),
		channelfile.EqualsInput(pImage, pLine, pOriginal),
		channelfile.Not(channelfile.EqualsInput(pHashes, pDesktop, pOriginal)),
	)
	type said struct{ check, rule, build, input string }
	all := map[said]bool{}
	collect := func(r *validate.Report, into map[said]bool) {
		for _, f := range r.Findings {
			for _, b := range f.Builds {
				into[said{f.Check.ID, f.Instance.Title, b.Name, f.Input.Name}] = true
			}
		}
	}
	collect(judgeProcess(t, s, contracts...), all)
	each := map[said]bool{}
	for _, c := range contracts {
		collect(judgeProcess(t, s, c), each)
	}
	if diff := cmp.Diff(each, all, cmp.AllowUnexported(said{})); diff != "" {
		t.Errorf("what is said of each build (-alone +in the fleet):\n%s", diff)
	}
	if len(all) < 50 {
		t.Errorf("%d things are said: the rules are of no use", len(all))
	}
}

// TestMoreInputsThanASetHolds holds that of a hundred missing inputs each is
// told from the others.
func TestMoreInputsThanASetHolds(t *testing.T) {
	wide := &sensor.Definition{Name: "wide", Number: 3001, Version: 1, Channel: 3001}
	var conditions []channelfile.Expr
	for i := range 100 {
		wide.Inputs = append(wide.Inputs, testkit.Strings(fmt.Sprintf("In%d", i))...)
		conditions = append(conditions, channelfile.Exists(i))
	}
	data := testkit.Encode(t, testkit.HeaderOf(wide), conditions...)
	all, odd := testkit.Supply(wide), testkit.Supply(wide)
	all.Feed, odd.Feed = "a", "b"
	for i := range all.Inputs {
		all.Inputs[i].State = sensor.StateNotSupplied
		if i%2 == 1 {
			odd.Inputs[i].State = sensor.StateNotSupplied
		}
	}
	r := validate.Run(validate.ChannelFile("", data), validate.Options{
		Checks: family, Definitions: testkit.Definitions(t, wide), Fleet: fleet(host("s", 1, sensor.AccessNamed, all, odd)), Now: time.Time{}, MaxFindings: 1000,
	})
	if len(r.Findings) != 100 || len(r.Summaries) != 0 {
		t.Fatalf("%d findings, %d groups of several", len(r.Findings), len(r.Summaries))
	}
	for _, f := range r.Findings {
		want := "feeds a, b of build s do not supply In%d: 1 of 1 hosts (fleet test)"
		if f.Input.Index%2 == 0 {
			want = "feed a of build s does not supply In%d: 1 of 1 hosts (fleet test)"
		}
		if want = fmt.Sprintf(want, f.Input.Index); f.Details[0] != want {
			t.Errorf("input %d: %q, expected %q", f.Input.Index, f.Details[0], want)
		}
	}
}
