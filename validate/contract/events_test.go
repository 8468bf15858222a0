package contract_test

import (
	"fmt"
	"maps"
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

// The inputs of template type log.
const (
	lID = iota
	lProvider
	lA
	lB
	lC
)

// The definitions of these types state the fields of single events, or the event IDs of a feed.
// Each type has one feed, so that the outcome on the feed is the outcome on the host.
var (
	logFields = []sensor.FeedField{
		{Input: "EventID", Field: "System/EventID"}, {Input: "Provider", Field: "System/Provider"}, {Input: "A", Field: "a"}, {Input: "B"}, {Input: "C", Field: "Data"},
	}
	// every event has one provider, and all kinds are listed
	closedLog = logType(3100, "closed", sensor.Feed{Provider: "P", Complete: true, Kinds: []sensor.EventKind{
		{Events: []uint32{1, 2}, Fields: []string{"a"}}, {Events: []uint32{3}, Fields: []string{"a", "B"}}, {Events: []uint32{4}},
	}})
	// other programs may write into the log
	openLog = logType(3101, "open", sensor.Feed{Kinds: []sensor.EventKind{
		{Events: []uint32{1, 4}, Fields: []string{"a"}}, {Events: []uint32{2}, Provider: "P", Fields: []string{"a"}}, {Events: []uint32{2, 3}, Provider: "Q", Fields: []string{"B"}},
	}})
	// two programs write into the log
	sharedLog = logType(3102, "shared", sensor.Feed{Complete: true, Kinds: []sensor.EventKind{
		{Events: []uint32{2, 5}, Provider: "P", Fields: []string{"a"}}, {Events: []uint32{2}, Provider: "Q", Fields: []string{"a", "B"}},
	}})
	// the feed selects its events, and the fields of event 5 are not known
	someEvents = logType(3103, "some", sensor.Feed{Provider: "P", Events: []uint32{1, 5}, Kinds: []sensor.EventKind{{Events: []uint32{1}, Fields: []string{"a"}}}})
	// the feed selects its events, and no fields are known
	plainLog = logType(3104, "plain", sensor.Feed{Provider: "P", Events: []uint32{1}})
)

func logType(number uint32, name string, feed sensor.Feed) *sensor.Definition {
	d := &sensor.Definition{Name: name, Number: number, Version: 1, Channel: number, Source: "the manifest"}
	for _, input := range []string{"EventID", "Provider", "A", "B", "C"} {
		d.Inputs = append(d.Inputs, sensor.Input{Name: input, Type: sensor.TypeString, MaxLength: 20})
	}
	feed.Name, feed.Fields = "log", logFields
	d.Feeds = []sensor.Feed{feed}
	return d
}

// logEvents returns the events that the feed of a log type can have, with few values of each field.
// With every it returns events of all IDs, providers and fields.
func logEvents(d *sensor.Definition, every bool) []interp.Event {
	f := &d.Feeds[0]
	var list []interp.Event
	fields := func(id uint32, provider string, has func(string) bool) {
		e := interp.Event{interp.Text(fmt.Sprint(id)), interp.Text(provider), {}, {}, {}}
		for n := range 27 {
			e := slices.Clone(e)
			for i, name := range []string{"a", "B", "Data"} {
				e[lA+i] = []interp.Value{{}, interp.Text("v"), interp.Text("w")}[n%3]
				n /= 3
				if !has(name) {
					e[lA+i] = interp.Value{}
				}
			}
			list = append(list, e)
		}
	}
	for id := range uint32(8) {
		for _, provider := range []string{"P", "Q", "q", "R"} {
			kind := slices.IndexFunc(f.Kinds, func(k sensor.EventKind) bool {
				return slices.Contains(k.Events, id) && (k.Provider == "" || strings.EqualFold(k.Provider, provider))
			})
			switch {
			case every:
				fields(id, provider, func(string) bool { return true })
			case f.Provider != "" && f.Provider != provider, len(f.Events) > 0 && !slices.Contains(f.Events, id):
			case kind >= 0:
				fields(id, provider, func(name string) bool { return name == "Data" || slices.Contains(f.Kinds[kind].Fields, name) })
			case !f.Complete || slices.Contains(f.Events, id):
				fields(id, provider, func(string) bool { return true })
			}
		}
	}
	return list
}

// logRule draws a rule on a log type. If plain is true, its criteria on fields neither exclude nor
// imply each other, and it does not read the provider.
func logRule(t *rapid.T, plain bool) channelfile.Expr {
	var draw func(depth int) channelfile.Expr
	draw = func(depth int) channelfile.Expr {
		if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
			var e channelfile.Expr
			field := func() int { return rapid.IntRange(lA, lC).Draw(t, "field") }
			forms := 9
			if plain {
				forms = 6
			}
			switch rapid.IntRange(0, forms).Draw(t, "form") {
			case 0, 1, 2:
				e = channelfile.Equals(lID, fmt.Sprint(rapid.IntRange(0, 6).Draw(t, "id")))
			case 3:
				e = channelfile.Equals(lID, "1", "3", "5").Fold()
			case 4, 5, 6:
				e = channelfile.Equals(field(), "v")
			case 7:
				e = channelfile.Equals(lProvider, rapid.SampledFrom([]string{"P", "q", "R", "p"}).Draw(t, "provider"))
				if rapid.Bool().Draw(t, "fold") {
					e = e.Fold()
				}
			case 8:
				e = rapid.SampledFrom([]channelfile.Expr{channelfile.EqualsInput(lA, lB), channelfile.PrefixInput(lB, lA, lC), channelfile.EqualsInput(lID, lA),
					channelfile.Prefix(lID, "1"), channelfile.Equals(lID, "01"), channelfile.Equals(lProvider, "P", "q").Fold()}).Draw(t, "other")
			case 9:
				e = rapid.SampledFrom([]channelfile.Expr{channelfile.Exists(field()), channelfile.Equals(field(), "w"), channelfile.Exists(lID), channelfile.Equals(lID, "1", "2").All()}).Draw(t, "other")
			}
			if rapid.IntRange(0, 3).Draw(t, "negated") == 0 {
				e = channelfile.Not(e)
			}
			return e
		}
		var parts []channelfile.Expr
		for range rapid.IntRange(2, 3).Draw(t, "parts") {
			parts = append(parts, draw(depth-1))
		}
		if rapid.Bool().Draw(t, "or") {
			return channelfile.Or(parts...)
		}
		return channelfile.And(parts...)
	}
	// Most rules for a log select an event.
	if rapid.Bool().Draw(t, "selects") {
		return channelfile.And(channelfile.Equals(lID, fmt.Sprint(rapid.IntRange(0, 6).Draw(t, "id"))), draw(1), draw(2))
	}
	return channelfile.And(draw(1), draw(2))
}

// TestBlindByEventOfSupply tests that facts about events count only if the build passes the recorded
// event ID.
func TestBlindByEventOfSupply(t *testing.T) {
	rule := channelfile.And(channelfile.Equals(lID, "1"), channelfile.Equals(lProvider, "P"), channelfile.Equals(lA, "v"), channelfile.Equals(lB, "v"))
	conditional := func(index int) func(in []sensor.SuppliedInput) {
		return func(in []sensor.SuppliedInput) {
			in[index].State, in[index].Basis = sensor.StateConditional, &sensor.Basis{Reason: "some hosts"}
		}
	}
	for _, tt := range []struct {
		why    string
		change func(in []sensor.SuppliedInput)
		want   bool
	}{
		{"all is supplied", nil, true},
		{"the field is supplied sometimes", conditional(lB), true},
		{"nothing is known of the field", missing(sensor.StateUnknown, lB), true},
		{"the build sets the field", func(in []sensor.SuppliedInput) { in[lB].State, in[lB].Values = sensor.StateConstant, []string{"v"} }, false},
		{"the build sets another field", func(in []sensor.SuppliedInput) { in[lA].State, in[lA].Values = sensor.StateConstant, []string{"v"} }, false},
		{"the ID is supplied sometimes", conditional(lID), false},
		{"the ID is cut", func(in []sensor.SuppliedInput) { in[lID].CutAt = 3 }, false},
		{"the provider is cut", func(in []sensor.SuppliedInput) { in[lProvider].CutAt = 3 }, false},
	} {
		r := judgeLog(t, closedLog, tt.change, rule)
		if got := len(faults(r, "CF3012")) > 0; got != tt.want {
			t.Errorf("%s: called blind: %v; want %v: %v", tt.why, got, tt.want, r.Findings)
		}
	}
}

// TestBlindByEventNumbers tests a type in which the event ID is an integer.
func TestBlindByEventNumbers(t *testing.T) {
	d := *closedLog
	d.Inputs = slices.Clone(d.Inputs)
	d.Inputs[lID] = sensor.Input{Name: "EventID", Type: sensor.TypeInteger}
	is := func(ids ...int64) channelfile.Expr { return channelfile.IntegerEquals(lID, ids...) }
	b := channelfile.Equals(lB, "v")
	for _, tt := range []struct {
		why  string
		rule channelfile.Expr
		want bool
	}{
		{"an event without the field", channelfile.And(is(1), b), true},
		{"an event with the field", channelfile.And(is(3), b), false},
		{"two events", channelfile.And(is(1, 3), b), false},
		{"no event", is(7), true},
		{"an event that is not 3 in 32 bits", is(1<<32 + 3), false},
		{"the greatest ID", is(1<<32 - 1), true},
		{"ID 0", is(0), true},
		{"a negative number", is(-1), false},
		{"a range", channelfile.And(channelfile.IntegerRange(lID, [2]int64{1, 2}), b), false},
	} {
		if got := len(faults(judgeLog(t, &d, nil, tt.rule), "CF3012")) > 0; got != tt.want {
			t.Errorf("%s: called blind: %v; want %v", tt.why, got, tt.want)
		}
	}
}

// TestBlindByEventOfBuilds tests that facts about the events of one build do not count for a build
// that supplies the same inputs from a feed that the definition does not know.
func TestBlindByEventOfBuilds(t *testing.T) {
	known, other := testkit.Supply(closedLog), testkit.Supply(closedLog)
	known.Feed = "log"
	known.Inputs[lC].State, other.Inputs[lC].State = sensor.StateNotSupplied, sensor.StateNotSupplied
	rule := channelfile.And(channelfile.Equals(lID, "1"), channelfile.Equals(lB, "v"), channelfile.Or(channelfile.Equals(lA, "v"), channelfile.Equals(lC, "v")))
	s := validate.ChannelFile("", testkit.EncodeFrom(t, testkit.HeaderOf(closedLog), testkit.Origins("log.yml"), rule))
	for _, supplies := range [][]sensor.Supply{{known, other}, {other, known}} {
		f := &sensor.Fleet{Name: "test"}
		for _, supply := range supplies {
			f.Contracts = append(f.Contracts, host("build of "+supply.Feed+".", 1, sensor.AccessNamed, supply))
		}
		r := validate.Run(s, validate.Options{Checks: family, Definitions: testkit.Definitions(t, closedLog), Fleet: f})
		want := map[fault]bool{{"CF3012", "instance[0]", -1, "build of log."}: true}
		if got := faults(r, "CF3012"); !maps.Equal(got, want) {
			t.Errorf("findings are %v; want %v", got, want)
		}
	}
}

// judgeLog judges rules for a named build that supplies the inputs of the only feed of a type.
func judgeLog(tb testing.TB, d *sensor.Definition, change func(in []sensor.SuppliedInput), conditions ...channelfile.Expr) *validate.Report {
	tb.Helper()
	supply := testkit.Supply(d)
	supply.Feed = "log"
	if change != nil {
		change(supply.Inputs)
	}
	s := validate.ChannelFile("", testkit.EncodeFrom(tb, testkit.HeaderOf(d), testkit.Origins("log.yml"), conditions...))
	return validate.Run(s, validate.Options{Checks: family, Definitions: testkit.Definitions(tb, d), Fleet: fleet(host("s", 60, sensor.AccessNamed, supply))})
}

// TestBlindByEvent compares CF3012 with all events of feeds whose definitions state their events or
// their fields. A rule that is called blind matches no event. If its criteria are independent, a
// rule that matches no event, and would match one if the feed had all, is called blind.
func TestBlindByEvent(t *testing.T) {
	blind, fine := 0, 0
	for _, d := range []*sensor.Definition{closedLog, openLog, sharedLog, someEvents, plainLog} {
		t.Run(d.Name, func(t *testing.T) {
			events, all := logEvents(d, false), logEvents(d, true)
			rapid.Check(t, func(rt *rapid.T) {
				plain := rapid.Bool().Draw(rt, "plain")
				rule := logRule(rt, plain)
				r := judgeLog(t, d, nil, rule)
				if r.File == nil {
					rt.Fatalf("the file is not judged: %v", r.Findings)
				}
				matches := func(list []interp.Event) (first interp.Event) {
					it := interp.New(r.File, &fleet(host("s", 1, sensor.AccessNamed, testkit.Supply(d))).Contracts[0].Reader)
					for _, e := range list {
						if matched, err := it.RunInstance(0, e); err != nil {
							rt.Fatal(err)
						} else if matched {
							return e
						}
					}
					return nil
				}
				said := len(faults(r, "CF3012")) > 0
				e := matches(events)
				if said && e != nil {
					rt.Fatalf("%v is called blind, and matches %v: %v", rule, e, r.Findings)
				}
				if plain && !said && e == nil && matches(all) != nil {
					rt.Fatalf("%v matches no event, and is not called blind", rule)
				}
				if said {
					blind++
				} else if e != nil {
					fine++
				}
			})
		})
	}
	if !testing.Short() && (blind < 20 || fine < 20) {
		t.Errorf("%d blind rules and %d that match: the generator is of no use", blind, fine)
	}
}

// TestBlindByEventMessages tests the findings about single events.
func TestBlindByEventMessages(t *testing.T) {
	is := func(ids ...string) channelfile.Expr { return channelfile.Equals(lID, ids...) }
	a, b, c := channelfile.Equals(lA, "v"), channelfile.Equals(lB, "v"), channelfile.Equals(lC, "v")
	of := func(provider string) channelfile.Expr { return channelfile.Equals(lProvider, provider).Fold() }
	and, or, not := channelfile.And, channelfile.Or, channelfile.Not
	for _, tt := range []struct {
		why  string
		d    *sensor.Definition
		rule channelfile.Expr
		want string // "" means no finding
	}{
		{"a field of another event", closedLog, and(is("1"), b), "event 1 has no B (events with it: 3)"},
		{"two events without it", closedLog, and(is("1", "4"), b), "events 1, 4 have no B (events with it: 3)"},
		{"one of two events has it", closedLog, and(is("1", "3"), b), ""},
		{"a field of no event", closedLog, and(is("4"), or(a, b)), "event 4 has no A and no B"},
		{"each event lacks another field", closedLog, or(and(is("1"), b), and(is("4"), a)), "event 1 has no B (events with it: 3); event 4 has no A (events with it: 1, 2, 3)"},
		{"the exception names it", closedLog, and(is("1"), not(b)), ""},
		{"the exception is an event", closedLog, and(not(is("3")), b), "events 1, 2, 4 have no B (events with it: 3)"},
		{"Data", closedLog, and(is("4"), c), ""},
		{"no such event", closedLog, is("7"), "closed has no event 7"},
		{"no such events", closedLog, is("7", "8"), "closed has no events 7, 8"},
		{"one of two events is there", closedLog, is("1", "7"), ""},
		{"no event has both", closedLog, and(not(is("3")), a, b), "events 1, 2 have no B (events with it: 3); event 4 has no A (events with it: 1, 2, 3)"},
		{"no other event", plainLog, not(is("1")), "plain has only event 1"},
		{"an event that the feed selects", plainLog, and(is("1"), b), ""},
		{"an event that the feed does not select", plainLog, and(is("2"), b), "plain has no event 2"},
		{"an event without known fields", someEvents, and(is("5"), b), ""},
		{"any event", someEvents, b, ""},
		{"an event of all providers", openLog, and(is("4"), b), "event 4 has no B (events with it: 2, 3)"},
		{"an event of several providers", openLog, and(is("2"), a, b), ""},
		{"an event of a named provider", openLog, and(is("2"), of("p"), b), "event 2 of P has no B (events with it: 2, 3)"},
		{"an event of a provider without a kind", openLog, and(is("2"), of("R"), b), ""},
		{"an event that is not known", openLog, and(is("9"), a, b), ""},
		{"all providers are known", sharedLog, and(is("5"), b), "event 5 of P has no B (events with it: 2)"},
		{"a provider whose name can have another case", sharedLog, and(is("2"), b, not(channelfile.Equals(lProvider, "Q"))), ""},
		{"a provider in any case", sharedLog, and(is("2"), b, not(of("Q"))), "event 2 of P has no B (events with it: 2)"},
		{"a contradiction", closedLog, and(is("1"), is("2")), ""},
		{"a contradiction within", closedLog, and(is("1"), b, not(b)), ""},
		{"no event has two IDs", closedLog, and(a, not(is("1", "2").All())), ""},
		{"a number in another form", closedLog, and(is("01"), b), ""},
	} {
		r := judgeLog(t, tt.d, nil, tt.rule)
		var got []string
		for _, f := range r.Findings {
			if f.Check.ID == "CF3012" {
				_, text, _ := strings.Cut(f.Message, " can never match: ")
				got = append(got, text)
			}
		}
		if tt.want == "" && len(got) > 0 || tt.want != "" && !slices.Equal(got, []string{tt.want}) {
			t.Errorf("%s: findings are %q; want %q", tt.why, got, tt.want)
		}
	}
}

const eventsFile = "testdata/events.txt"

// TestBlindByEventOnFeeds tests the texts about single events of a type with two feeds, and of
// several rules.
func TestBlindByEventOnFeeds(t *testing.T) {
	const id, imageOf, hashesOf = 0, 1, 2
	fields := []sensor.FeedField{{Input: "EventID", Field: "System/EventID"}, {Input: "Image"}, {Input: "Hashes"}}
	start := &sensor.Definition{
		Name: "start", Number: 3110, Version: 1, Channel: 3110, Source: "two manifests", Inputs: testkit.Strings("EventID", "Image", "Hashes"),
		Feeds: []sensor.Feed{
			{Name: "sysmon", Provider: "Sysmon", Events: []uint32{1, 2}, Fields: fields, Kinds: []sensor.EventKind{{Events: []uint32{1}, Fields: []string{"Image", "Hashes"}}, {Events: []uint32{2}, Fields: []string{"Image"}}}},
			{Name: "security", Source: "the page of event 4688", Channel: "Security", Events: []uint32{4688}, Fields: fields[:2]},
		},
	}
	connection := &sensor.Definition{
		Name: "connection", Number: 3111, Version: 1, Channel: 3111, Inputs: testkit.Strings("Image"),
		Feeds: []sensor.Feed{{Name: "sysmon", Provider: "Sysmon", Events: []uint32{3}, Fields: fields[1:2]}},
	}
	on := func(feed string) sensor.Supply {
		s := testkit.Supply(start)
		s.Feed = feed
		if feed == "security" {
			s.Inputs[hashesOf].State = sensor.StateNotSupplied
		}
		return s
	}
	contracts := []sensor.Contract{
		host("both", 60, sensor.AccessNamed, on("sysmon"), on("security")),
		host("sysmon", 30, sensor.AccessNamed, on("sysmon")),
		host("security", 10, sensor.AccessNamed, on("security")),
	}
	is := func(ids ...string) channelfile.Expr { return channelfile.Equals(id, ids...) }
	image, hashes := channelfile.Suffix(imageOf, `\a.exe`), channelfile.Contains(hashesOf, "md5")
	var text strings.Builder
	for _, tt := range []struct {
		why   string
		rules []channelfile.Expr
	}{
		{"an event of another type", []channelfile.Expr{is("3")}},
		{"several rules on an event of another type", []channelfile.Expr{channelfile.And(is("3"), image), is("3"), image}},
		{"an event of another type, and one feed lacks the field", []channelfile.Expr{channelfile.And(is("3"), hashes)}},
		{"an event of one feed, and the other feed lacks the field", []channelfile.Expr{channelfile.And(is("2"), hashes)}},
		{"an event of one feed", []channelfile.Expr{channelfile.And(is("1"), image)}},
		{"an event of each feed", []channelfile.Expr{channelfile.And(is("1", "4688"), image)}},
		{"events of no type, and of others", []channelfile.Expr{is("3", "5", "6")}},
		{"all events but those of one feed", []channelfile.Expr{channelfile.And(channelfile.Not(is("1", "2")), image)}},
	} {
		s := validate.ChannelFile("", testkit.EncodeFrom(t, testkit.HeaderOf(start), testkit.Origins("start.yml"), tt.rules...))
		r := validate.Run(s, validate.Options{Checks: family, Definitions: testkit.Definitions(t, start, connection), Fleet: fleet(contracts...)})
		fmt.Fprintf(&text, "== %s\n%s", tt.why, shown(r))
	}
	data, err := os.ReadFile(eventsFile)
	switch {
	case *update:
		err = os.WriteFile(eventsFile, []byte(text.String()), 0o644)
	case err == nil:
		if diff := cmp.Diff(string(data), text.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", eventsFile, diff)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// TestBlindByEventLimits tests that the work for single events is charged, and that nothing is said
// about rules that name very many events.
func TestBlindByEventLimits(t *testing.T) {
	ids := func(from, n int) channelfile.Expr {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprint(from+i))
		}
		return channelfile.Equals(lID, list...)
	}
	for _, tt := range []struct {
		why  string
		rule channelfile.Expr
		want bool
	}{
		{"256 events", ids(1000, 256), true},
		{"257 events", ids(1000, 257), false},
		{"256 events by two criteria", channelfile.Or(ids(1000, 200), ids(1100, 156)), true},
		{"257 events by two criteria", channelfile.Or(ids(1000, 200), ids(1100, 157)), false},
	} {
		if got := len(faults(judgeLog(t, closedLog, nil, tt.rule), "CF3012")) > 0; got != tt.want {
			t.Errorf("%s: called blind: %v; want %v", tt.why, got, tt.want)
		}
	}

	spent := func(d *sensor.Definition) uint64 {
		b := new(validate.Budget)
		supply := testkit.Supply(d)
		supply.Feed = "log"
		s := validate.ChannelFile("", testkit.Encode(t, testkit.HeaderOf(d), ids(1000, 100)))
		if r := validate.Run(s, validate.Options{Checks: family, Definitions: testkit.Definitions(t, d), Fleet: fleet(host("s", 60, sensor.AccessNamed, supply)), Budget: b}); r.File == nil {
			t.Fatalf("the file is not judged: %v", r.Findings)
		}
		return b.Spent()
	}
	without := *closedLog
	without.Feeds = []sensor.Feed{{Name: "log", Fields: logFields}}
	// One fold for each of the three kinds, and one for each event that is named: to find the
	// first that the rule could match, and to report all of them.
	if with, without := spent(closedLog), spent(&without); with < without+4*(3+1+100) {
		t.Errorf("the rule costs %d steps with facts about events, and %d without; want at least 416 more", with, without)
	}
}
