package contract_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
)

// The inputs of template type shaped.
const (
	sID = iota
	sFlag
	sPath
	sName
	sProvider
	sLine
)

// shaped has two feeds that write the same fields in different forms.
var shaped = func() *sensor.Definition {
	d := &sensor.Definition{Name: "shaped", Number: 3200, Version: 1, Channel: 3200, Source: "the manifest"}
	for _, input := range []string{"Id", "Flag", "Path", "Name", "Provider", "Line"} {
		d.Inputs = append(d.Inputs, sensor.Input{Name: input, Type: sensor.TypeString, MaxLength: 200})
	}
	d.Feeds = []sensor.Feed{
		{Name: "new", Source: "the schema", Provider: "Agent", Channel: "Agent/Log", Fields: []sensor.FeedField{
			{Input: "Id", Form: sensor.FormDecimal, Example: "7"}, {Input: "Flag", Form: sensor.FormBoolean}, {Input: "Path"},
			{Input: "Name", Placeholders: []string{"-", "?"}}, {Input: "Provider", Field: "System/Provider"}, {Input: "Line"}}},
		{Name: "old", Source: "the manual", Fields: []sensor.FeedField{
			{Input: "Id", Form: sensor.FormHexadecimal}, {Input: "Flag", Form: sensor.FormMessage}, {Input: "Path", Form: sensor.FormDevicePath},
			{Input: "Name"}, {Input: "Provider", Field: "System/Provider"}, {Input: "Line"}}},
	}
	return d
}()

// shapedFrom returns a contract of a named build with feeds of the type shaped.
func shapedFrom(change func(in []sensor.SuppliedInput), feeds ...string) sensor.Contract {
	var supplies []sensor.Supply
	for _, feed := range feeds {
		s := testkit.Supply(shaped)
		s.Feed = feed
		if change != nil {
			change(s.Inputs)
		}
		supplies = append(supplies, s)
	}
	return host("with "+strings.Join(feeds, " and "), 60, sensor.AccessNamed, supplies...)
}

func judgeShaped(tb testing.TB, conditions []channelfile.Expr, contracts ...sensor.Contract) *validate.Report {
	tb.Helper()
	s := validate.ChannelFile("", testkit.EncodeFrom(tb, testkit.HeaderOf(shaped), testkit.Origins("shaped.yml"), conditions...))
	return validate.Run(s, validate.Options{Checks: family, Definitions: testkit.Definitions(tb, shaped), Fleet: fleet(contracts...)})
}

// checksOf returns the checks of the outcomes with findings, in the order of their IDs.
func checksOf(r *validate.Report) string {
	var ids []string
	for _, f := range r.Findings {
		if (f.Check.ID == "CF3021" || slices.Contains(outcomes, f.Check.ID)) && !slices.Contains(ids, f.Check.ID) {
			ids = append(ids, f.Check.ID)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// TestForms tests which rules are blind, widened or weakened by the forms of values, on each feed
// alone.
func TestForms(t *testing.T) {
	and, or, not := channelfile.And, channelfile.Or, channelfile.Not
	is := func(input int, values ...string) channelfile.Expr { return channelfile.Equals(input, values...).Fold() }
	line := channelfile.Contains(sLine, "x")
	const blind, wide, weak = "CF3012", "CF3013", "CF3014"
	for _, tt := range []struct {
		why            string
		rule           channelfile.Expr
		onNew, onOld   string // checks that report the rule on a host with only this feed
		aboutBothFeeds string // on a host with both feeds
	}{
		{"a value in the form of one feed", is(sID, "420"), "", blind, "CF3021"},
		{"a value in the form of the other feed", is(sID, "0x1A4"), blind, "", "CF3021"},
		{"a value in no form", is(sID, "x"), blind, blind, blind},
		{"a list with both forms", is(sID, "420", "0x1a4"), "", "", ""},
		{"a list in which no value has the form", is(sID, "420", "8"), "", blind, "CF3021"},
		{"all of two values, of which one has another form", channelfile.Contains(sID, "4", "x").All(), blind, "", "CF3021"},
		{"an alternative for each form", or(is(sID, "420"), channelfile.Prefix(sID, "0x").Fold()), "", "", ""},
		{"alternatives for each form with more criteria", or(and(is(sID, "420"), line), and(is(sID, "0x1a4"), line)), "", "", ""},
		{"an exclusion for each form", and(line, not(is(sID, "420")), not(is(sID, "0x1a4"))), "", "", ""},
		{"two alternatives, both in the form of one feed", or(is(sID, "420"), channelfile.Suffix(sID, "7")), "", weak, "CF3021"},
		{"an alternative without the input", or(is(sID, "420"), line), "", weak, "CF3021"},
		{"an exclusion", and(line, not(is(sID, "420"))), "", wide, "CF3021"},
		{"an exclusion beside one that fits both forms", and(line, not(is(sID, "420")), not(channelfile.Suffix(sID, "7"))), "", wide, "CF3021"},
		{"a part of a value", channelfile.Contains(sID, "4"), "", "", ""},
		{"a part that only one form can have", channelfile.Contains(sID, "x"), blind, "", "CF3021"},
		{"a start", channelfile.Prefix(sID, "0x"), blind, "", "CF3021"},
		{"a pattern", channelfile.Pattern(sID, "0?1*4"), "", "", ""},
		{"a pattern of another form", channelfile.Pattern(sID, "0x*"), blind, "", "CF3021"},
		{"an expression", channelfile.Regexp(sID, "^0x|^7"), "", "", ""},
		{"an expression of another form", channelfile.Regexp(sID, "^0x[0-9a-f]+$"), blind, "", "CF3021"},
		{"an expression that no text has", and(channelfile.Regexp(sID, "a^b"), line), "", "", ""},
		{"a number, which the other form does not write", channelfile.IntegerEquals(sID, 420), "", blind, "CF3021"},
		{"a range of numbers", channelfile.IntegerRange(sID, [2]int64{0, 9}), "", blind, "CF3021"},
		{"a comparison of inputs", channelfile.EqualsInput(sID, sLine), "", "", ""},
		{"the presence of the input", channelfile.Exists(sID), "", "", ""},
		{"the absence of an input that is never absent", not(channelfile.Exists(sName)), blind, "", "CF3021"},
		{"the presence of an input that is never absent", channelfile.Exists(sName), "", "", ""},
		{"an exclusion of events without the input", and(line, not(and(not(channelfile.Exists(sName)), line))), "", "", ""},
		{"absence or a placeholder", or(not(channelfile.Exists(sName)), is(sName, "", "-")), "", "", ""},
		{"absence or another value", or(not(channelfile.Exists(sName)), is(sName, "a")), weak, "", "CF3021"},
		{"the provider of the feed, in any case", is(sProvider, "AGENT"), "", "", ""},
		{"another provider", is(sProvider, "Other"), blind, "", "CF3021"},
		{"an exclusion of another provider", and(line, not(is(sProvider, "Other"))), "", "", ""},
		{"an exclusion of signs of a missing value", and(line, not(is(sFlag, "", "-"))), "", "", ""},
		{"an exclusion of a sign and a value", and(line, not(is(sFlag, "-", "true"))), "", wide, "CF3021"},
		{"a sign of a missing value", and(line, is(sFlag, "-")), blind, blind, blind},
		{"a path with a drive", channelfile.Prefix(sPath, `c:\temp\`).Fold(), "", blind, "CF3021"},
		{"a part of a path with a drive", channelfile.Contains(sPath, `:\temp\`).Fold(), "", blind, "CF3021"},
		{"the end of a path", channelfile.Suffix(sPath, `\a.exe`).Fold(), "", "", ""},
		{"a keyword, looked for in several inputs", or(channelfile.Contains(sID, "temp"), channelfile.Contains(sLine, "temp")), "", "", ""},
		{"a value looked for in two inputs, dead in one or both", or(is(sID, "420"), is(sFlag, "420")), "", blind, "CF3021"},
		{"two dead criteria", and(is(sID, "420"), is(sFlag, "true")), "", blind, "CF3021"},
		{"dead twice, once negated", or(and(is(sID, "420"), line), and(not(is(sID, "420")), line)), "", wide, "CF3021"},
		{"dead only together", or(is(sID, "420"), is(sFlag, "false")), "", blind, "CF3021"},
	} {
		for _, on := range []struct {
			want  string
			feeds []string
		}{{tt.onNew, []string{"new"}}, {tt.onOld, []string{"old"}}, {tt.aboutBothFeeds, []string{"new", "old"}}} {
			r := judgeShaped(t, []channelfile.Expr{tt.rule}, shapedFrom(nil, on.feeds...))
			if got := checksOf(r); got != on.want {
				t.Errorf("%s, on feeds %v: found %q; want %q: %v", tt.why, on.feeds, got, on.want, r.Findings)
			}
		}
	}
}

// TestFormsOfSupply tests that forms count only if the build passes the recorded value.
func TestFormsOfSupply(t *testing.T) {
	rule := []channelfile.Expr{channelfile.And(channelfile.Equals(sID, "0x1a4"), channelfile.Contains(sLine, "x"))}
	for _, tt := range []struct {
		why    string
		change func(in []sensor.SuppliedInput)
		feed   string
		want   bool
	}{
		{"it is supplied", nil, "new", true},
		{"another input is cut", func(in []sensor.SuppliedInput) { in[sLine].CutAt = 3 }, "new", true},
		{"another input is not supplied", missing(sensor.StateNotSupplied, sName), "new", true},
		{"the build cuts it", func(in []sensor.SuppliedInput) { in[sID].CutAt = 30 }, "new", false},
		{"the build sets it", func(in []sensor.SuppliedInput) {
			in[sID].State, in[sID].Values = sensor.StateConstant, []string{"0x1a4"}
		}, "new", false},
		{"the build changes it", func(in []sensor.SuppliedInput) { in[sID].OtherForm = true }, "new", false},
		{"nothing is known about it", missing(sensor.StateUnknown, sID), "new", false},
		{"some hosts have it", func(in []sensor.SuppliedInput) {
			in[sID].State, in[sID].Basis = sensor.StateConditional, &sensor.Basis{Reason: "some hosts"}
		}, "new", false},
		{"the build has a feed of its own", nil, "own", false},
	} {
		r := judgeShaped(t, rule, shapedFrom(tt.change, tt.feed))
		if got := checksOf(r) == "CF3012"; got != tt.want {
			t.Errorf("%s: called blind: %v; want %v: %v", tt.why, got, tt.want, r.Findings)
		}
	}
}

// shapedValues has values of each input, by feed. The values of the feed new have its forms.
func shapedValues(feed string) [][]string {
	values := [][]string{sID: {"4", "420", "7"}, sFlag: {"true", "FALSE"}, sPath: {`C:\Temp\a.exe`, `\device\x\a.exe`}, sName: {"-", "?", "a"}, sProvider: {"Agent", "agent"}, sLine: {"", "x", "4"}}
	if feed == "old" {
		values[sID], values[sFlag], values[sPath] = []string{"0x4", "0X1a4", "0x7"}, []string{"%%1", "%%420"}, []string{`\device\x\temp\a.exe`, "System", ""}
		values[sProvider] = []string{"Agent", "Other", ""}
	}
	return values
}

// TestFormsAgainstEvents compares findings with events of the feed. A rule that is called blind
// matches no event. A rule that is neither blind nor weakened nor widened matches the same events
// as the rule in which each dead criterion was replaced by its value, which is not tested here; but
// some such rules must match events, or the generator is of no use.
func TestFormsAgainstEvents(t *testing.T) {
	blind, fine := 0, 0
	for _, feed := range []string{"new", "old"} {
		var events []interp.Event
		values := shapedValues(feed)
		var add func(e interp.Event)
		add = func(e interp.Event) {
			if len(e) == len(values) {
				events = append(events, slices.Clone(e))
				return
			}
			for _, v := range values[len(e)] {
				add(append(e, interp.Text(v)))
			}
			if i := len(e); i != sName || feed == "old" {
				add(append(e, interp.Value{}))
			}
		}
		add(interp.Event{})
		rapid.Check(t, func(rt *rapid.T) {
			leaf := func() channelfile.Expr {
				input := rapid.IntRange(sID, sLine).Draw(rt, "input")
				of := shapedValues(rapid.SampledFrom([]string{"new", "old"}).Draw(rt, "form"))[input]
				v := rapid.SampledFrom(append(of, "-", "")).Draw(rt, "value")
				var e channelfile.Expr
				switch n := rapid.IntRange(0, 5).Draw(rt, "operator"); {
				case n == 0 || v == "":
					e = channelfile.Exists(input)
				case n == 1:
					e = channelfile.Prefix(input, v[:1+len(v)/2])
				case n == 2:
					e = channelfile.Suffix(input, v[len(v)/2:])
				case n == 3:
					e = channelfile.Contains(input, v[len(v)/2:])
				default:
					e = channelfile.Equals(input, v)
				}
				if rapid.Bool().Draw(rt, "fold") {
					e = e.Fold()
				}
				if rapid.IntRange(0, 3).Draw(rt, "negated") == 0 {
					e = channelfile.Not(e)
				}
				return e
			}
			part := func() channelfile.Expr {
				if rapid.Bool().Draw(rt, "or") {
					return channelfile.Or(leaf(), leaf())
				}
				return leaf()
			}
			r := judgeShaped(t, []channelfile.Expr{channelfile.And(part(), part())}, shapedFrom(nil, feed))
			if r.File == nil {
				return // the rule is not in normal form, such as one with a criterion twice
			}
			it := interp.New(r.File, &fleet(shapedFrom(nil, feed)).Contracts[0].Reader)
			var matched interp.Event
			for _, e := range events {
				if ok, err := it.RunInstance(0, e); err != nil {
					rt.Fatal(err)
				} else if ok {
					matched = e
					break
				}
			}
			said := strings.Contains(checksOf(r), "CF3012")
			if said && matched != nil {
				rt.Fatalf("the rule is called blind on feed %s, and matches %v: %v", feed, matched, r.Findings)
			}
			if said {
				blind++
			} else if matched != nil {
				fine++
			}
		})
	}
	if !testing.Short() && (blind < 20 || fine < 20) {
		t.Errorf("%d blind rules and %d that match: the generator is of no use", blind, fine)
	}
}

// TestFormsCharged tests that the work of a decision is charged.
func TestFormsCharged(t *testing.T) {
	spent := func(values ...string) uint64 {
		b := new(validate.Budget)
		var rules []channelfile.Expr
		for _, v := range values {
			rules = append(rules, channelfile.Regexp(sID, v))
		}
		s := validate.ChannelFile("", testkit.Encode(t, testkit.HeaderOf(shaped), rules...))
		if r := validate.Run(s, validate.Options{Checks: family, Definitions: testkit.Definitions(t, shaped), Fleet: fleet(shapedFrom(nil, "new")), Budget: b}); r.File == nil {
			t.Fatalf("the file is not judged: %v", r.Findings)
		}
		return b.Spent()
	}
	if one, two := spent("^x{9}"), spent("^x{9}", "^y{200}$"); two < 2*one || one == 0 {
		t.Errorf("one rule costs %d steps, and two with a longer expression %d; want more than twice as many", one, two)
	}
}

const formsFile = "testdata/forms.txt"

// TestFormMessages tests the findings about forms.
func TestFormMessages(t *testing.T) {
	line := channelfile.Contains(sLine, "x")
	not, and, or := channelfile.Not, channelfile.And, channelfile.Or
	var text strings.Builder
	for _, tt := range []struct {
		why   string
		feeds []string
		rules []channelfile.Expr
	}{
		{"blind, on one of two builds", []string{"new", "old"}, []channelfile.Expr{channelfile.Equals(sID, "420", "7")}},
		{"several rules", []string{"old"}, []channelfile.Expr{channelfile.Equals(sID, "420"), and(channelfile.Equals(sID, "8"), line)}},
		{"widened", []string{"old"}, []channelfile.Expr{and(line, not(channelfile.Regexp(sID, "^[0-9]+$")))}},
		{"several widened rules", []string{"old"}, []channelfile.Expr{and(line, not(channelfile.IntegerEquals(sID, 1))), and(line, not(channelfile.IntegerRange(sID, [2]int64{1, 9})))}},
		{"weakened", []string{"old"}, []channelfile.Expr{or(line, channelfile.Prefix(sPath, `c:\`).Fold())}},
		{"absence", []string{"new"}, []channelfile.Expr{and(line, not(channelfile.Exists(sName)))}},
		{"the provider", []string{"new"}, []channelfile.Expr{channelfile.Equals(sProvider, "Other")}},
		{"only together", []string{"old"}, []channelfile.Expr{or(channelfile.Equals(sID, "420"), channelfile.Equals(sFlag, "true"))}},
	} {
		var contracts []sensor.Contract
		for _, feed := range tt.feeds {
			contracts = append(contracts, shapedFrom(nil, feed))
		}
		fmt.Fprintf(&text, "== %s\n%s", tt.why, shown(judgeShaped(t, tt.rules, contracts...)))
	}
	data, err := os.ReadFile(formsFile)
	switch {
	case *update:
		err = os.WriteFile(formsFile, []byte(text.String()), 0o644)
	case err == nil:
		if diff := cmp.Diff(string(data), text.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", formsFile, diff)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// TestFormIdentity tests that a finding about a form has another identity than one about the same
// input that is missing, so that no waiver accepts both.
func TestFormIdentity(t *testing.T) {
	rule := []channelfile.Expr{channelfile.Equals(sID, "420")}
	for _, tt := range []struct {
		path     string
		contract sensor.Contract
	}{
		{"form of Id", shapedFrom(nil, "old")},
		{"Id", shapedFrom(missing(sensor.StateNotSupplied, sID), "old")},
	} {
		r := judgeShaped(t, rule, tt.contract)
		if len(r.Findings) != 1 || r.Findings[0].Identity.Path != tt.path || r.Findings[0].Identity.Rule == "" {
			t.Errorf("findings are %v; want one of a rule with path %q", r.Findings, tt.path)
		}
	}
}

// TestHashes tests that a comparison with a hash of an algorithm that a contract does not state is
// dead.
func TestHashes(t *testing.T) {
	is, contains := channelfile.Equals, channelfile.Contains
	line := contains(sLine, "x")
	for _, tt := range []struct {
		why    string
		rule   channelfile.Expr
		hashes []string
		want   string
	}{
		{"another algorithm", channelfile.And(contains(sPath, "SHA1=AB"), line), []string{"MD5", "SHA256"}, "CF3012"},
		{"in any case", channelfile.And(contains(sPath, "sha1=ab").Fold(), line), []string{"MD5", "SHA256"}, "CF3012"},
		{"one of the algorithms", channelfile.And(contains(sPath, "sha256=ab").Fold(), line), []string{"MD5", "SHA256"}, ""},
		{"one of the values", channelfile.And(contains(sPath, "SHA1=AB", "MD5=AB"), line), []string{"MD5", "SHA256"}, ""},
		{"the end of a name", channelfile.And(contains(sPath, "256=AB"), line), []string{"MD5", "SHA256"}, ""},
		{"the digits alone", channelfile.And(contains(sPath, "AB"), line), []string{"MD5", "SHA256"}, ""},
		{"a list with another algorithm", channelfile.And(is(sPath, "MD5=AB,SHA1=AB"), line), []string{"MD5", "SHA256"}, "CF3012"},
		{"a list", channelfile.And(is(sPath, "MD5=AB,SHA256=AB"), line), []string{"MD5", "SHA256"}, ""},
		{"an expression", channelfile.And(channelfile.Regexp(sPath, "SHA1=[0-9A-F]+"), line), []string{"MD5", "SHA256"}, "CF3012"},
		{"an alternative", channelfile.Or(contains(sPath, "SHA1=AB"), line), []string{"MD5"}, "CF3014"},
		{"an exception", channelfile.And(channelfile.Not(contains(sPath, "SHA1=AB")), line), []string{"MD5"}, "CF3013"},
		{"nothing is stated", channelfile.And(contains(sPath, "SHA1=AB"), line), nil, ""},
	} {
		r := judgeShaped(t, []channelfile.Expr{tt.rule}, shapedFrom(func(in []sensor.SuppliedInput) { in[sPath].Hashes = tt.hashes }, "new"))
		if got := checksOf(r); got != tt.want {
			t.Errorf("%s: %q; want %q", tt.why, got, tt.want)
		}
	}
	// Two builds with different hashes, and the text.
	contract := func(build string, hashes ...string) sensor.Contract {
		return rename(shapedFrom(func(in []sensor.SuppliedInput) { in[sPath].Hashes = hashes }, "new"), build)
	}
	r := judgeShaped(t, []channelfile.Expr{channelfile.And(contains(sPath, "SHA1=AB"), line)}, contract("a", "MD5"), contract("b", "SHA1"), contract("c", "MD5", "SHA256"))
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Check.ID+": "+f.Message+"; "+f.Fix)
	}
	fix := "; compare with a hash that the events have too, or make the hosts compute this one"
	want := []string{
		`CF3012: rule "Rule 1" can never match events of feed new of build a: it compares input 3 (index 2), Path, of type shaped with "SHA1=AB", where the events have the hashes MD5 alone` + fix,
		`CF3012: rule "Rule 1" can never match events of feed new of build c: it compares input 3 (index 2), Path, of type shaped with "SHA1=AB", where the events have the hashes MD5, SHA256 alone` + fix,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
