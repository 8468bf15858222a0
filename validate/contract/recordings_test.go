package contract_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/validate"
)

// A filter is a filter of Sysmon for pipes: the field, the operator and the value.
type filter struct {
	field string
	op    sysmon.Operator
	value string
}

// pipes returns an element with filters of which one must match. Its line is that of its first
// filter minus one.
func pipes(t testing.TB, include bool, line int, filters ...filter) sysmon.Element {
	t.Helper()
	b, err := sysmon.BuildNamed("15.15")
	if err != nil {
		t.Fatal(err)
	}
	e := sysmon.Element{Event: 17, Include: include, Place: sysmon.Place{Line: line}}
	for i, f := range filters {
		e.Filters = append(e.Filters, sysmon.Filter{
			Field: b.Manifest().Event(17).Field(f.field), FieldName: f.field, Op: f.op, Value: f.value, Group: -1, Place: sysmon.Place{Line: line + 1 + i},
		})
	}
	return e
}

// ofSysmon returns a contract with a supply of pipes by Sysmon for each list of elements. A nil
// list stands for a feed of another source.
func ofSysmon(t testing.TB, build string, hosts uint64, change func(*sensor.Supply), feeds ...[]sysmon.Element) sensor.Contract {
	t.Helper()
	var supplies []sensor.Supply
	for i, elements := range feeds {
		s := sensor.Supply{Type: "ipc", Version: 1, Feed: "sysmon", Evidence: sensor.EvidenceStated, Inputs: inputs(t, declared)}
		if elements == nil {
			s.Feed = fmt.Sprint("other", i)
		} else {
			s.Filters = sensor.Filters{Source: "configuration", Elements: elements}
		}
		if change != nil {
			change(&s)
		}
		supplies = append(supplies, s)
	}
	c := testkit.Contract(build, hosts, sensor.AccessNamed, supplies...)
	c.Sensors = []sensor.SensorVersion{{Name: sensor.Sysmon, Version: "15.15"}}
	c.Sources = []sensor.Source{{Name: "configuration", Path: build + ".xml"}}
	return c
}

// recordingsOf returns the findings of CF3024 to CF3026, with their details, and the summaries.
func recordingsOf(t testing.TB, content *validate.Subject, contracts ...sensor.Contract) (texts []string) {
	t.Helper()
	r := validate.Run(content, validate.Options{Checks: family, Definitions: builtin.Definitions(), Fleet: fleet(contracts...)})
	if len(r.Undecided) > 0 {
		t.Errorf("undecided: %v", r.Undecided)
	}
	counts := func(c *validate.Check) bool { return slices.Contains([]string{"CF3024", "CF3025", "CF3026"}, c.ID) }
	for _, f := range r.Findings {
		if counts(f.Check) {
			texts = append(texts, f.Check.ID+": "+f.Message+"\n"+strings.Join(f.Details, "\n")+"\nfix: "+f.Fix)
		}
	}
	for _, s := range r.Summaries {
		if counts(s.Check) {
			texts = append(texts, fmt.Sprintf("%s, %d together: %s\n%s\nfix: %s", s.Check.ID, s.Found, s.Message, strings.Join(s.Details, "\n"), s.Fix))
		}
	}
	return texts
}

// TestRecordings tests the results of rules on hosts with filters, and the texts.
func TestRecordings(t *testing.T) {
	exclude := func(line int, f ...filter) sysmon.Element { return pipes(t, false, line, f...) }
	include := func(line int, f ...filter) sysmon.Element { return pipes(t, true, line, f...) }
	name := func(op sysmon.Operator, value string) filter { return filter{"PipeName", op, value} }
	onDemo := channelfile.Equals(pipeName, `\demo`).Fold()
	const never = `rule "Rule 1" can never match on hosts of build a`
	for _, tt := range []struct {
		why    string
		rule   channelfile.Expr
		feeds  [][]sysmon.Element
		change func(*sensor.Supply)
		want   string // of the finding about one contract; "" means no finding
	}{
		{"an exclude matches the value", onDemo, [][]sysmon.Element{{exclude(3, name(sysmon.BeginWith, `\DE`))}}, nil,
			"CF3024: " + never + `: excluded by PipeName begin with "\DE" (a.xml:4)
the rule compares: PipeName equals "\demo"
10 of 10 hosts (fleet test)
fix: narrow the exclude, or hold the rule back from these hosts`},
		{"an exclude of another field may match", onDemo, [][]sysmon.Element{{exclude(3, filter{"Image", sysmon.BeginWith, `\DE`})}}, nil, ""},
		{"an include cannot match the value", onDemo, [][]sysmon.Element{{include(3, name(sysmon.BeginWith, `\x`))}}, nil,
			"CF3024: " + never + `: no include matches it (a.xml:3)
the rule compares: PipeName equals "\demo"
10 of 10 hosts (fleet test)
fix: add an include for the values, or hold the rule back from these hosts`},
		{"each alternative for a reason of its own", channelfile.Equals(pipeName, `\demo`, `\x`, `\y`), [][]sysmon.Element{{exclude(3, name(sysmon.Is, `\demo`), name(sysmon.Is, `\x`), name(sysmon.Is, `\y`))}}, nil,
			"CF3024: " + never + `
the rule compares: PipeName equals "\demo", PipeName equals "\x", PipeName equals "\y"
build a: excluded by PipeName is "\demo" (a.xml:4); excluded by PipeName is "\x" (a.xml:5); excluded by PipeName is "\y" (a.xml:6): 10 of 10 hosts (fleet test)
fix: narrow the exclude, or hold the rule back from these hosts`},
		{"another feed has the events", onDemo, [][]sysmon.Element{{exclude(3, name(sysmon.BeginWith, `\de`))}, nil}, nil, ""},
		{"one value of two", channelfile.Equals(pipeName, `\demo`, `\x`), [][]sysmon.Element{{exclude(3, name(sysmon.Is, `\x`))}}, nil,
			`CF3025: rule "Rule 1" matches only in part on hosts of build a: 1 of 2 alternatives can never match: excluded by PipeName is "\x" (a.xml:4)
the rule compares: PipeName equals "\x"
10 of 10 hosts (fleet test)
fix: narrow the exclude if the rule must match these events`},
		{"an include may match another field", onDemo, [][]sysmon.Element{{include(3, filter{"Image", sysmon.EndWith, `\a.exe`})}}, nil,
			`CF3026: rule "Rule 1" matches only by luck on hosts of build a: no include is known to match its values
10 of 10 hosts (fleet test)
fix: add an include for the values if the rule must not miss an event`},
		{"an include asks for it", onDemo, [][]sysmon.Element{{include(3, name(sysmon.Contains, "emo"))}}, nil, ""},
		{"a negated value is not looked for", channelfile.And(channelfile.Not(onDemo), onImage), [][]sysmon.Element{{exclude(3, name(sysmon.BeginWith, `\de`))}}, nil, ""},
		{"the build cuts the value, and the filter sees the whole", onDemo, [][]sysmon.Element{{exclude(3, name(sysmon.Is, `\demo`))}},
			func(s *sensor.Supply) { s.Inputs[pipeName].CutAt = 8 }, ""},
		{"the end of a cut value is not that of the whole one", channelfile.Suffix(pipeName, `demo`), [][]sysmon.Element{{exclude(3, name(sysmon.EndWith, "emo"))}},
			func(s *sensor.Supply) { s.Inputs[pipeName].CutAt = 8 }, ""},
		{"the build cuts the value behind the part", onDemo, [][]sysmon.Element{{exclude(3, name(sysmon.BeginWith, `\demo`))}},
			func(s *sensor.Supply) { s.Inputs[pipeName].CutAt = 8 },
			"CF3024: " + never + `: excluded by PipeName begin with "\demo" (a.xml:4)
the rule compares: PipeName equals "\demo"
10 of 10 hosts (fleet test)
fix: narrow the exclude, or hold the rule back from these hosts`},
		{"the build changes the value", onDemo, [][]sysmon.Element{{exclude(3, name(sysmon.BeginWith, `\de`))}},
			func(s *sensor.Supply) { s.Inputs[pipeName].OtherForm = true }, ""},
		{"no host records an event, so another check reports it", onDemo, [][]sysmon.Element{{exclude(3, name(sysmon.BeginWith, `\de`))}},
			func(s *sensor.Supply) { s.Collected.Events = sensor.CollectedNone }, ""},
		{"the build does not supply the field, so another check reports it", onDemo, [][]sysmon.Element{{exclude(3, name(sysmon.BeginWith, `\de`))}},
			func(s *sensor.Supply) { s.Inputs[pipeName].State = sensor.StateNotSupplied }, ""},
	} {
		got := strings.Join(recordingsOf(t, rules(t, tt.rule), ofSysmon(t, "a", 10, tt.change, tt.feeds...)), "\n")
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s:\n%s", tt.why, diff)
		}
	}

	// Several rules and builds.
	excluded := func(build string, hosts uint64, line int) sensor.Contract {
		return ofSysmon(t, build, hosts, nil, []sysmon.Element{exclude(line, name(sysmon.BeginWith, `\demo`))})
	}
	content := rules(t, channelfile.Equals(pipeName, `\demo1`), channelfile.Equals(pipeName, `\demo2`))
	want := []string{
		`CF3024: rule "Rule 1" can never match on hosts of builds a, b
the rule compares: PipeName equals "\demo1"
build a: excluded by PipeName begin with "\demo" (a.xml:4): 10 of 37 hosts (fleet test)
build b: excluded by PipeName begin with "\demo" (b.xml:8): 20 of 37 hosts (fleet test)
fix: narrow the exclude, or hold the rule back from these hosts`,
		`CF3024: rule "Rule 2" can never match on hosts of builds a, b
the rule compares: PipeName equals "\demo2"
build a: excluded by PipeName begin with "\demo" (a.xml:4): 10 of 37 hosts (fleet test)
build b: excluded by PipeName begin with "\demo" (b.xml:8): 20 of 37 hosts (fleet test)
fix: narrow the exclude, or hold the rule back from these hosts`,
		`CF3024, 2 together: 2 of 2 rules can never match on hosts of builds a, b
build a: excluded by PipeName begin with "\demo" (a.xml:4): 10 of 37 hosts (fleet test)
build b: excluded by PipeName begin with "\demo" (b.xml:8): 20 of 37 hosts (fleet test)
fix: narrow the exclude, or hold the rule back from these hosts`,
	}
	if diff := cmp.Diff(want, recordingsOf(t, content, excluded("a", 10, 3), excluded("b", 20, 7), ofSysmon(t, "c", 7, nil, nil))); diff != "" {
		t.Error(diff)
	}
}

// TestRecordingsCharged tests that the checks of filters spend the budget of the run.
func TestRecordingsCharged(t *testing.T) {
	var list []filter
	for i := range 1000 {
		list = append(list, filter{"PipeName", sysmon.Is, fmt.Sprint("x", i)})
	}
	c := ofSysmon(t, "a", 10, nil, []sysmon.Element{pipes(t, false, 1, list...)})
	content := rules(t, channelfile.Equals(pipeName, `\demo`))
	opts := validate.Options{Checks: family, Definitions: builtin.Definitions(), Fleet: fleet(c), Budget: new(validate.Budget)}
	whole := validate.Run(content, opts)
	if len(whole.Undecided) > 0 || opts.Budget.Spent() < 1000 {
		t.Errorf("%d steps, undecided: %q", opts.Budget.Spent(), whole.Undecided)
	}
	opts.Budget = &validate.Budget{MaxSteps: opts.Budget.Spent() - 1000}
	r := validate.Run(content, opts)
	const want = "CF3024 rule-recorded, CF3025 alternative-recorded, CF3026 rule-wanted did not finish"
	if !slices.ContainsFunc(r.Undecided, func(why string) bool { return strings.HasPrefix(why, want) }) {
		t.Errorf("undecided: %q; want %q", r.Undecided, want)
	}
}
