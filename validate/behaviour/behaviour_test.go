package behaviour_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// family are the checks of the package, and those that they require.
var family = gatetest.Family(5)

// alone returns a check that waits for no other.
func alone(c *validate.Check) *validate.Check {
	copied := *c
	copied.Requires = nil
	return &copied
}

// TestRunsFindWhatIsReckoned holds that running the content finds by itself
// what the contract checks reckon: each rule that reads more than a build
// supplies, and each input of another type that an operator does not read.
func TestRunsFindWhatIsReckoned(t *testing.T) {
	check := alone(suite.ByID("CF5001"))
	found, clean := 0, 0
	for i, c := range corpus.Cases() {
		if testing.Short() && i%4 != 0 {
			continue
		}
		all := gatetest.Judge(t, &c, suite.Checks...)
		byNeeds := map[string]bool{}
		for _, f := range all.Findings {
			byNeeds[f.Check.ID] = true
		}
		if all.File == nil || all.Definition == nil || len(all.Builds) == 0 {
			continue
		}
		run := gatetest.Judge(t, &c, check)
		switch {
		case byNeeds["CF3001"]:
			if run.Errors() == 0 && suppliesFewer(all) {
				t.Errorf("%s: CF3001 finds that inputs are not supplied, and running the content finds nothing", c.Name)
			}
			if run.Errors() > 0 {
				found++
			}
		case all.Verdict() == validate.Accepted:
			clean++
			if run.Errors() > 0 {
				t.Errorf("%s is accepted, and running it finds %v", c.Name, run.Findings)
			}
		}
	}
	if found < 5 && !testing.Short() || found < 1 || clean < 20 {
		t.Fatalf("only %d cases that fault when they are run, and %d that do not", found, clean)
	}
}

// suppliesFewer reports whether some build by position supplies fewer inputs
// than the content reads: an input in the middle that is not supplied cannot be
// told from one that is absent.
func suppliesFewer(r *validate.Report) bool {
	for i := range r.Fleet.Contracts {
		c := &r.Fleet.Contracts[i]
		if c.Reader.Access == sensor.AccessNamed {
			continue
		}
		for _, s := range c.SuppliesOf(r.Definition.Name, r.Definition.Version) {
			if len(s.Inputs) < r.Needs.InputsRead {
				return true
			}
		}
	}
	return false
}

// TestRunFault has what a finding says.
func TestRunFault(t *testing.T) {
	r := gatetest.Judge(t, gatetest.Case(t, "291-july-first-use"), alone(suite.ByID("CF5001")))
	if len(r.Findings) != 1 {
		t.Fatalf("%d findings: %v", len(r.Findings), r.Findings)
	}
	f := r.Findings[0]
	if want := "the instance faults when it runs: criterion "; !strings.HasPrefix(f.Message, want) || !strings.Contains(f.Message, "reads input 21 (index 20); the event has 20 inputs") {
		t.Errorf("message is %q", f.Message)
	}
	if f.Instance == nil || f.Input == nil || f.Input.Name != "ClientImage" || len(f.Builds) != 1 || f.Builds[0].Name != "7.11" {
		t.Errorf("finding is %+v", f)
	}
}

// recorded returns events with names of pipes.
func recorded(names ...string) *validate.Recorded {
	return &validate.Recorded{Name: "good.ndjson", Events: func(d *sensor.Definition, yield func(func() string, interp.Event) bool) error {
		if d.Name != "ipc" {
			return nil
		}
		e := make(interp.Event, len(d.Inputs))
		for i, name := range names {
			e[5] = interp.Text(name)
			if !yield(func() string { return "good.ndjson:" + string(rune('1'+i)) }, e) {
				break
			}
		}
		return nil
	}}
}

// TestRecorded has the cases of the checks that run content on recorded events.
func TestRecorded(t *testing.T) {
	fleet := testkit.Fleet(t, "reference")
	narrow, wide := channelfile.Equals(5, `\evil`), channelfile.Prefix(5, `\`)
	events := recorded(`\lsass`, `\wkssvc`, `\lsass`)
	for _, tt := range []struct {
		why     string
		options validate.Options
		rules   []channelfile.Expr
		checks  []string
		says    string
	}{
		{"nothing matches", validate.Options{NeverMatch: events, KnownGood: events}, []channelfile.Expr{narrow}, nil, ""},
		{"nothing was given to match", validate.Options{}, []channelfile.Expr{wide}, nil, ""},
		{"one rule of two matches what must never match", validate.Options{NeverMatch: events}, []channelfile.Expr{narrow, wide}, []string{"CF5002"},
			"instance 1 matches 3 events that must never match; the first is good.ndjson:1"},
		{"one event of three", validate.Options{NeverMatch: events}, []channelfile.Expr{channelfile.Contains(5, "wks")}, []string{"CF5002"},
			"instance 0 matches 1 event that must never match; the first is good.ndjson:2"},
		{"more good events than may match", validate.Options{KnownGood: events, KnownGoodMatches: 2}, []channelfile.Expr{wide}, []string{"CF5003"},
			"instance 0 matches 3 events known to be good; the first is good.ndjson:1"},
		{"as many as may match", validate.Options{KnownGood: events, KnownGoodMatches: 3}, []channelfile.Expr{wide}, nil, ""},
		{"both", validate.Options{KnownGood: events, NeverMatch: events}, []channelfile.Expr{wide}, []string{"CF5002", "CF5003"}, ""},
		{"an input that nobody recorded is absent", validate.Options{NeverMatch: events}, []channelfile.Expr{channelfile.Not(channelfile.Exists(6))}, []string{"CF5002"},
			"instance 0 matches 3 events that must never match; the first is good.ndjson:1"},
	} {
		opts := tt.options
		opts.Checks, opts.Definitions, opts.Fleet, opts.Now = family, builtin.Definitions(), fleet, time.Unix(0, 0)
		r := validate.Run(validate.ChannelFile("", testkit.Encode(t, testkit.IPC, tt.rules...)), opts)
		var got []string
		for _, total := range r.Totals {
			if total.Check.Severity == validate.Error {
				got = append(got, total.Check.ID)
			}
		}
		if strings.Join(got, " ") != strings.Join(tt.checks, " ") {
			t.Errorf("%s: found by %v, want %v", tt.why, got, tt.checks)
		}
		if tt.says != "" && len(r.Findings) > 0 && r.Findings[0].Message != tt.says {
			t.Errorf("%s: %q, want %q", tt.why, r.Findings[0].Message, tt.says)
		}
		for i := range r.Findings {
			namesItsEvent(t, &r.Findings[i])
		}
		if (r.Verdict() == validate.Rejected) != (len(tt.checks) > 0) {
			t.Errorf("%s: %v", tt.why, r.Verdict())
		}
	}
}

// TestManyEvents checks that the counts and the first event are the same on so many
// events that they are matched by an index, and that an index charges the same.
func TestManyEvents(t *testing.T) {
	var names []string
	for range 20 {
		names = append(names, `\lsass`, `\wkssvc`)
	}
	var rules []channelfile.Expr
	for i := range 40 {
		rules = append(rules, channelfile.Equals(5, fmt.Sprintf(`\pipe%d`, i)).Fold())
	}
	rules = append(rules, channelfile.Contains(5, "KSSV").Fold(), channelfile.And(channelfile.Prefix(5, `\l`), channelfile.Not(channelfile.Exists(6))))
	data := testkit.Encode(t, testkit.IPC, rules...)
	var spent []uint64
	for _, n := range []int{10, 20, 40} {
		b := new(validate.Budget)
		opts := validate.Options{
			Checks: family, Definitions: builtin.Definitions(), Fleet: testkit.Fleet(t, "reference"), Now: time.Unix(0, 0),
			NeverMatch: recorded(names[:n]...), Budget: b,
		}
		r := validate.Run(validate.ChannelFile("", data), opts)
		want := []string{
			fmt.Sprintf("instance 40 matches %d events that must never match; the first is good.ndjson:2", n/2),
			fmt.Sprintf("instance 41 matches %d events that must never match; the first is good.ndjson:1", n/2),
		}
		var says []string
		for _, f := range r.Findings {
			says = append(says, f.Message)
		}
		if !slices.Equal(says, want) {
			t.Errorf("%d events: %q, want %q", n, says, want)
		}
		spent = append(spent, b.Spent())
	}
	if spent[2]-spent[1] != 2*(spent[1]-spent[0]) {
		t.Errorf("10, 20 and 40 events are charged %d steps", spent)
	}
}

// TestCeilings has the cases of CF5004.
func TestCeilings(t *testing.T) {
	withinCeilings := suite.ByID("CF5004")
	two := testkit.Encode(t, testkit.IPC, channelfile.Equals(5, `\a`), channelfile.Equals(5, `\b`))
	needs := sensor.NeedsOf(testkit.Parse(t, two), builtin.Definitions())
	size := uint64(len(two))
	for _, tt := range []struct {
		why      string
		ceilings validate.Ceilings
		says     []string
	}{
		{"no ceiling", validate.Ceilings{}, nil},
		{"each at its ceiling", validate.Ceilings{Bytes: size, Instances: 2, Memory: needs.Memory}, nil},
		{"one byte more", validate.Ceilings{Bytes: size - 1}, []string{fmt.Sprintf("the content has %d bytes, its owner allows %d", size, size-1)}},
		{"one instance more", validate.Ceilings{Bytes: size, Instances: 1}, []string{"the content has 2 instances, its owner allows 1"}},
		{"one byte of memory more, and one of the file", validate.Ceilings{Bytes: 1, Memory: needs.Memory - 1},
			[]string{fmt.Sprintf("the content has %d bytes, its owner allows 1", size), fmt.Sprintf("the content needs %s bytes of memory, its owner allows %s", numeral.Thousands(needs.Memory), numeral.Thousands(needs.Memory-1))}},
	} {
		opts := validate.Options{Checks: family, Definitions: builtin.Definitions(), Fleet: testkit.Fleet(t, "reference"), Ceilings: tt.ceilings}
		for _, subject := range []*validate.Subject{validate.ChannelFile("", two), validate.Needs("", needs)} {
			r := validate.Run(subject, opts)
			var says []string
			for _, f := range r.Findings {
				if f.Check == withinCeilings {
					says = append(says, f.Message)
				}
			}
			if !slices.Equal(says, tt.says) {
				t.Errorf("%s, %v: %q, want %q", tt.why, subject.Kind, says, tt.says)
			}
			if (r.Verdict() == validate.Rejected) != (len(tt.says) > 0) {
				t.Errorf("%s, %v: %v %v", tt.why, subject.Kind, r.Verdict(), r.Undecided)
			}
			if slices.Contains(r.NotApplicable, withinCeilings) != (tt.ceilings == validate.Ceilings{}) {
				t.Errorf("%s, %v: not applicable are %v", tt.why, subject.Kind, r.NotApplicable)
			}
		}
	}
}

// namesItsEvent tests that the event of a finding is the one in its message, unless its rule is gone.
func namesItsEvent(t *testing.T, f *validate.Finding) {
	t.Helper()
	_, want, _ := strings.Cut(f.Message, "; the first is ")
	if strings.Contains(f.Message, "which is gone") {
		want = ""
	}
	if f.Event != want {
		t.Errorf("%s: found the event %q; expected %q", f.Message, f.Event, want)
	}
}

// TestLimitIsOfAFleet holds that a fleet is judged as if it were the only one,
// also where what is run for it comes to the end of the work that is allowed:
// runs that need not be made again count.
func TestLimitIsOfAFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("spending the limit of steps takes seconds; the full tests run it")
	}
	d := &sensor.Definition{Name: "t", Number: 7, Version: 3, Channel: 291, Inputs: testkit.Strings("A", "B")}
	defs := testkit.Definitions(t, d)
	// Each of 950 criteria is run on 1,900 events, and for three builds that is
	// more than is allowed.
	parts := []channelfile.Expr{channelfile.Exists(1)}
	for i := range 950 {
		parts = append(parts, channelfile.Contains(0, strings.Repeat(string(rune('a'+i%26)), 12)+string(rune('A'+i/26))))
	}
	data := testkit.Encode(t, testkit.HeaderOf(d), channelfile.And(parts...))
	build := func(name string, second ...sensor.InputType) sensor.Contract {
		r := sensor.OwnReader()
		r.Access = sensor.AccessPositional
		s := sensor.Supply{Type: "t", Version: 3, Evidence: sensor.EvidenceExtracted, Inputs: []sensor.SuppliedInput{{Name: "A", Type: sensor.TypeString, State: sensor.StateSupplied}}}
		for _, typ := range second {
			s.Inputs = append(s.Inputs, sensor.SuppliedInput{Name: "B", Type: typ, State: sensor.StateSupplied})
		}
		return sensor.Contract{Build: name, Hosts: 1, Reader: r, Supplies: []sensor.Supply{s}}
	}
	one, two, three, short := build("1", sensor.TypeString), build("2", sensor.TypeInteger), build("3", sensor.TypeAddress), build("4")
	// What differs from these in lengths, or in what is absent, takes less.
	tiny, named, absent := build("5", sensor.TypeString), build("6", sensor.TypeString), build("7", sensor.TypeString)
	tiny.Supplies[0].Inputs[0].MaxLength = 1
	for _, c := range []*sensor.Contract{&named, &absent} {
		c.Reader.Access = sensor.AccessNamed
		c.Supplies[0].Inputs[1].State = sensor.StateNotSupplied
	}
	absent.Supplies[0].Inputs[0].State = sensor.StateNotSupplied
	opts := validate.Options{Checks: []*validate.Check{alone(suite.ByID("CF5001"))}, Definitions: defs}
	s := validate.ChannelFile("", data)
	j := validate.Prepare(s, opts)
	found := map[int]int{}
	for _, builds := range [][]sensor.Contract{
		{tiny}, {absent}, {one}, {two}, {three}, {short}, {one, two, three, short}, {short, one, two, three}, {one, short},
		{three, two, one, short}, {named, two, three, short}, {tiny, two, three, short}, {absent, two, three, short},
	} {
		opts.Fleet = &sensor.Fleet{Name: "f", Contracts: builds}
		got, want := j.Run(opts.Fleet, nil), validate.Run(s, opts)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%d builds, the first %s: %d faults, and %d if nothing was judged before", len(builds), builds[0].Build, got.Errors(), want.Errors())
		}
		found[got.Errors()]++
	}
	if found[0] != 8 || found[1] != 5 {
		t.Errorf("faults: %v; expected that the limit hides that of the last of four builds, and of none else", found)
	}
}

// compared judges content with a previous release for the reference fleet, and returns the messages
// of the findings of a check.
func compared(t *testing.T, id string, old, newer []byte, o validate.Options) (says []string) {
	t.Helper()
	o.Checks, o.Definitions, o.Fleet, o.Now = family, builtin.Definitions(), testkit.Fleet(t, "reference"), time.Unix(0, 0)
	o.Previous = &validate.Release{Name: "shipped", Find: func(uint32, uint32) (*validate.Subject, error) {
		return validate.ChannelFile("shipped", old), nil
	}}
	for _, f := range validate.Run(validate.ChannelFile("", newer), o).Findings {
		if f.Check.ID == id {
			says = append(says, f.Message)
			namesItsEvent(t, &f)
		}
	}
	return says
}

// TestNewlyMatched has the cases of CF5005: the matches on known-good events of two releases.
func TestNewlyMatched(t *testing.T) {
	names := slices.Repeat([]string{`\lsass`, `\wkssvc`, `\lsass`}, 10)
	is := func(name string) channelfile.Expr { return channelfile.Equals(5, name) }
	later := testkit.HeaderOf(builtin.Definitions().ByNumber(testkit.IPC.Type, 2))
	for _, tt := range []struct {
		why        string
		events     []string
		header     channelfile.Header // of the previous release
		old, newer []channelfile.Expr
		ceiling    uint64
		says       string
	}{
		{"other events, as many", names[:2], testkit.IPC, []channelfile.Expr{is(`\lsass`)}, []channelfile.Expr{is(`\wkssvc`)}, 0,
			"instance 0 newly matches 1 event known to be good, compared with revision 1 in shipped; the first is good.ndjson:2"},
		{"as many as may be new", names[:2], testkit.IPC, []channelfile.Expr{is(`\lsass`)}, []channelfile.Expr{is(`\wkssvc`)}, 1, ""},
		{"more events, by an index", names, testkit.IPC, []channelfile.Expr{is(`\lsass`)}, []channelfile.Expr{channelfile.Prefix(5, `\`)}, 9,
			"instance 0 newly matches 10 events known to be good, compared with revision 1 in shipped; the first is good.ndjson:2"},
		{"fewer events", names, testkit.IPC, []channelfile.Expr{channelfile.Prefix(5, `\`)}, []channelfile.Expr{is(`\lsass`)}, 0, ""},
		{"the same events", names, testkit.IPC, []channelfile.Expr{is(`\lsass`)}, []channelfile.Expr{is(`\lsass`)}, 0, ""},
		{"a new rule", names[:2], testkit.IPC, []channelfile.Expr{is(`\lsass`)}, []channelfile.Expr{is(`\lsass`), is(`\wkssvc`)}, 0,
			"instance 1 newly matches 1 event known to be good, compared with revision 1 in shipped; the first is good.ndjson:2"},
		{"another version, as many events", names[:2], later, []channelfile.Expr{is(`\lsass`)}, []channelfile.Expr{is(`\wkssvc`)}, 0, ""},
		{"another version, more events", names[:3], later, []channelfile.Expr{is(`\wkssvc`)}, []channelfile.Expr{is(`\lsass`)}, 0,
			"instance 0 newly matches 1 event known to be good, compared with revision 1 in shipped; the first is good.ndjson:1"},
	} {
		says := compared(t, "CF5005", testkit.Encode(t, tt.header, tt.old...), testkit.Encode(t, testkit.IPC, tt.newer...), validate.Options{
			KnownGood: recorded(tt.events...), KnownGoodMatches: 100, KnownGoodNew: tt.ceiling,
		})
		if strings.Join(says, "\n") != tt.says {
			t.Errorf("%s: %q, want %q", tt.why, says, tt.says)
		}
	}
}

// TestNoLongerMatched has the cases of CF5006: the matches on known-bad events of two releases.
func TestNoLongerMatched(t *testing.T) {
	fleet := testkit.Fleet(t, "reference")
	names := slices.Repeat([]string{`\lsass`, `\wkssvc`, `\lsass`}, 10)
	is := func(name string) channelfile.Expr { return channelfile.Equals(5, name) }
	any := channelfile.Prefix(5, `\`)
	later := testkit.HeaderOf(builtin.Definitions().ByNumber(testkit.IPC.Type, 2))
	for _, tt := range []struct {
		why        string
		events     []string
		header     channelfile.Header // of the previous release
		old, newer []channelfile.Expr
		says       string
	}{
		{"another event, as many", names[:2], testkit.IPC, []channelfile.Expr{is(`\lsass`)}, []channelfile.Expr{is(`\wkssvc`)},
			"in revision 1 in shipped, instance 0 matched 1 event known to be bad that no rule matches now; the first is good.ndjson:1"},
		{"fewer events, by an index", names, testkit.IPC, []channelfile.Expr{any}, []channelfile.Expr{is(`\lsass`)},
			"in revision 1 in shipped, instance 0 matched 10 events known to be bad that no rule matches now; the first is good.ndjson:2"},
		{"more events", names, testkit.IPC, []channelfile.Expr{is(`\lsass`)}, []channelfile.Expr{any}, ""},
		{"the same rules", names, testkit.IPC, []channelfile.Expr{is(`\lsass`)}, []channelfile.Expr{is(`\lsass`)}, ""},
		{"a new rule matches the event", names, testkit.IPC, []channelfile.Expr{is(`\lsass`)}, []channelfile.Expr{is(`\x`), is(`\lsass`)}, ""},
		{"a rule that is gone", names[:2], testkit.IPC, []channelfile.Expr{is(`\lsass`), is(`\wkssvc`)}, []channelfile.Expr{is(`\lsass`)},
			"in revision 1 in shipped, instance 00000000-0000-0000-0000-000000000002, which is gone, matched 1 event known to be bad that no rule matches now; the first is good.ndjson:2"},
		{"a rule that is gone, and another matches its events", names, testkit.IPC, []channelfile.Expr{any, is(`\wkssvc`)}, []channelfile.Expr{any}, ""},
		{"both rules that matched it", names[:1], testkit.IPC, []channelfile.Expr{any, is(`\lsass`)}, []channelfile.Expr{is(`\x`), is(`\y`)},
			"in revision 1 in shipped, instance 0 matched 1 event known to be bad that no rule matches now; the first is good.ndjson:1\n" +
				"in revision 1 in shipped, instance 1 matched 1 event known to be bad that no rule matches now; the first is good.ndjson:1"},
		{"another version, the same events", names, later, []channelfile.Expr{any}, []channelfile.Expr{any}, ""},
		{"another version, another event", names[:2], later, []channelfile.Expr{is(`\wkssvc`)}, []channelfile.Expr{is(`\lsass`)},
			"in revision 1 in shipped, instance 0 matched 1 event known to be bad that no rule matches now; the first is good.ndjson:2"},
	} {
		says := compared(t, "CF5006", testkit.Encode(t, tt.header, tt.old...), testkit.Encode(t, testkit.IPC, tt.newer...), validate.Options{
			KnownBad: recorded(tt.events...),
		})
		if strings.Join(says, "\n") != tt.says {
			t.Errorf("%s: %q, want %q", tt.why, says, tt.says)
		}
	}
	// Without all events it is not known which of them another version lost.
	for _, header := range []channelfile.Header{testkit.IPC, later} {
		old := validate.ChannelFile("shipped", testkit.Encode(t, header, is(`\lsass`)))
		run := func(events *validate.Recorded, b *validate.Budget) *validate.Report {
			return validate.Run(validate.ChannelFile("", testkit.Encode(t, testkit.IPC, any)), validate.Options{
				Checks: family, Definitions: builtin.Definitions(), Fleet: fleet, Now: time.Unix(0, 0), KnownBad: events, Budget: b,
				Previous: &validate.Release{Name: "shipped", Find: func(uint32, uint32) (*validate.Subject, error) { return old, nil }},
			})
		}
		bad := *recorded(names...)
		all := bad.Events
		bad.Events = func(d *sensor.Definition, yield func(func() string, interp.Event) bool) error {
			all(d, yield)
			return errors.New("cut off")
		}
		whole := new(validate.Budget)
		if r := run(recorded(names...), whole); r.Verdict() != validate.Accepted || len(r.Findings) > 0 {
			t.Errorf("version %d: %v, %v", header.TypeVersion, r.Verdict(), r.Findings)
		}
		for why, r := range map[string]*validate.Report{"cut off": run(&bad, nil), "a step less": run(recorded(names...), &validate.Budget{MaxSteps: whole.Spent() - 1})} {
			if len(r.Undecided) == 0 || len(r.Findings) > 0 {
				t.Errorf("version %d, %s: undecided %q, findings %v", header.TypeVersion, why, r.Undecided, r.Findings)
			}
		}
	}
}
