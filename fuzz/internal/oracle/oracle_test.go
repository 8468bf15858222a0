package oracle

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/facts/certify"
	"github.com/cfcheck/cfcheck/internal/generate"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func newOracle(t *testing.T) *Oracle {
	t.Helper()
	o, err := New(suite.Checks, Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

// search judges a stream until it finds a problem or reaches a number of decisions.
func search(o *Oracle, seed uint64, most uint64) *Problem {
	s := generate.NewStream(seed)
	for o.Counts.Decisions < most {
		b := s.Next()
		for _, f := range b.Files {
			if p := o.Load(b.Definitions, b.Definition, f.Data); p != nil {
				return p
			}
			for _, fleet := range b.Fleets {
				if _, p := o.Decide(fleet.Fleet, fleet.Cohorts, fleet.Whole && f.Kind == generate.Valid); p != nil {
					return p
				}
			}
		}
	}
	return nil
}

// TestOracle checks that the gate has no escape, and that the stream is useful.
func TestOracle(t *testing.T) {
	o := newOracle(t)
	o.Config.FactsEvery, o.Config.JudgeEvery = 16, 1
	if p := search(o, 1, 8_000); p != nil {
		t.Fatalf("%v, after %d decisions\n%v\n%s", p, o.Counts.Decisions, p.Event, strings.Join(p.Did, "\n"))
	}
	c := &o.Counts
	if rate := c.Accepted(); rate < 0.2 || rate > 0.6 {
		t.Errorf("%.3f of the decisions accept; want 0.2 to 0.6", rate)
	}
	if c.Matches < c.Events/4 || c.SensorRuns < 2*c.Events {
		t.Errorf("%d events, %d matches and %d runs of sensors; want more", c.Events, c.Matches, c.SensorRuns)
	}
	if c.Facts < 100 {
		t.Errorf("%d documents of facts were checked; want one in 16 acceptances", c.Facts)
	}
	if c.Judged != c.Decisions {
		t.Errorf("%d of %d decisions were compared with the reference judge (want all)", c.Judged, c.Decisions)
	}
	if charge := c.Charge(); charge < 1 || charge > 4 {
		t.Errorf("the median charge for an operation is %.2f steps; want 1 to 4", charge)
	}
	hit, all := 0, 0
	for _, check := range suite.Checks {
		switch check.Family() {
		case 0, 6, 7, 8:
			continue // about files, previous releases, policies and other sensors, which the oracle does not have
		}
		if all++; c.Hits[check] > 0 {
			hit++
		}
	}
	if hit < all*3/5 {
		t.Errorf("%d of %d checks found something; want most", hit, all)
	}
}

// without disables some checks for the duration of a test.
func without(t *testing.T, ids ...string) {
	t.Helper()
	for _, id := range ids {
		c := suite.ByID(id)
		if c == nil {
			t.Fatalf("unknown check %s", id)
		}
		run := c.Run
		t.Cleanup(func() { c.Run = run })
		c.Run = func(*validate.Pass) {}
	}
}

// TestWrongGates checks that the oracle detects a gate that lacks a check. CF5001, which runs
// the content, is disabled too, because it detects the same faults as the others.
func TestWrongGates(t *testing.T) {
	for i, tt := range []struct {
		why  string
		ids  []string
		says string // part of the problem
	}{
		{"it uses the declared inputs, as in July 2024", []string{"CF3001", "CF3002"}, "inputs"},
		{"it does not see reads of an acknowledged shortfall", []string{"CF3001"}, "inputs"},
		{"it treats a number as a pointer", []string{"CF3003"}, ""},
		{"it treats an unknown input as supplied", []string{"CF3004"}, "input"},
		{"it sends content to builds of another type version", []string{"CF3005"}, "inputs"},
		{"it does not know which operators a build has", []string{"CF3006"}, "operators"},
		{"it does not know which versions of the format a build reads", []string{"CF3007"}, "versions"},
		{"it does not know the limits of a build", []string{"CF3008"}, "room for"},
		{"it counts no steps", []string{"CF3009"}, "steps"},
		{"it counts no bytes", []string{"CF3010"}, "bytes of memory"},
		{"it treats an unknown length as zero", []string{"CF3011"}, "steps"},
		{"it allows any operator for any type", []string{"CF2006"}, ""},
		{"it compares a number with a string", []string{"CF2008"}, ""},
		{"it does not hash the header", []string{"CF1030"}, "requirements"},
		{"it does not hash the sections", []string{"CF1031"}, "requirements"},
		{"it trusts the header's list of inputs", []string{"CF1034"}, "requirements"},
		{"it allows criteria in any order", []string{"CF1040"}, "requirements"},
		{"it allows operands that are not folded", []string{"CF1045"}, "requirements"},
	} {
		if testing.Short() && i%3 != 0 {
			continue // a hunt takes up to 50,000 decisions
		}
		t.Run(strings.Join(tt.ids, "+"), func(t *testing.T) {
			without(t, append(tt.ids, "CF5001")...)
			o := newOracle(t)
			const most = 50_000
			p := search(o, 7, most)
			if p == nil {
				t.Fatalf("%s: no escape in %d decisions", tt.why, most)
			}
			if p.Kind != Escape || !strings.Contains(p.What, tt.says) {
				t.Errorf("%s: %v; want an escape with %q", tt.why, p, tt.says)
			}
			t.Logf("%s: after %d decisions, %v", tt.why, o.Counts.Decisions, p)
		})
	}
}

// one returns a type of two strings, a file with one condition, and a build that supplies a
// number of inputs.
func one(t *testing.T, e channelfile.Expr, supplied int) (*sensor.Definitions, *sensor.Definition, []byte, *sensor.Fleet) {
	t.Helper()
	d := &sensor.Definition{Name: "t", Number: 7, Version: 3, Channel: 291, Inputs: testkit.Strings("A", "B")}
	for i := range d.Inputs {
		d.Inputs[i].MaxLength = 64
	}
	s := testkit.Supply(d)
	s.Inputs = s.Inputs[:supplied]
	return testkit.Definitions(t, d), d, testkit.Encode(t, testkit.HeaderOf(d), e), &sensor.Fleet{Name: "f", Contracts: []sensor.Contract{testkit.Contract("b", 1, sensor.AccessPositional, s)}}
}

// TestEscape checks the text of an escape, and that its event is minimised.
func TestEscape(t *testing.T) {
	without(t, "CF3001", "CF3002", "CF5001")
	o := newOracle(t)
	defs, def, data, fleet := one(t, channelfile.And(channelfile.Equals(0, "abc"), channelfile.Equals(1, "def")), 1)
	if p := o.Load(defs, def, data); p != nil {
		t.Fatal(p)
	}
	verdict, p := o.Decide(fleet, nil, false)
	if verdict != validate.Accepted || p == nil || p.Kind != Escape || p.Build != "b" {
		t.Fatalf("%v, %v; want an escape on build b", verdict, p)
	}
	did := strings.Join(p.Did, "\n")
	for _, want := range []string{"model sensor: read of 16 bytes at inputs+16 of 16"} {
		if !strings.Contains(did, want) {
			t.Errorf("the sensors did\n%s\nwant %q", did, want)
		}
	}
	small := o.Shrink(p, &fleet.Contracts[0])
	if len(small.Event) != 1 || small.Event[0].Present() {
		t.Errorf("the event is %v; want one absent input", small.Event)
	}
}

// TestEventsOnce checks that skipping events that were run before changes no result.
func TestEventsOnce(t *testing.T) {
	counts := func(repeat bool) Counts {
		o := newOracle(t)
		o.repeatRuns, o.Config.FactsEvery = repeat, 16
		if p := search(o, 3, 4_000); p != nil {
			t.Fatal(p)
		}
		return o.Counts
	}
	once, each := counts(false), counts(true)
	if once.Events > each.Events*4/5 || once.SensorRuns >= each.SensorRuns {
		t.Errorf("%d events were run instead of %d; want fewer", once.Events, each.Events)
	}
	once.Events, once.SensorRuns, once.Matches = each.Events, each.SensorRuns, each.Matches
	if !reflect.DeepEqual(once, each) {
		t.Errorf("with each event once\n%+v\nwith all\n%+v", once, each)
	}
}

// TestFreshGate checks that the oracle detects a gate whose report depends on earlier fleets.
func TestFreshGate(t *testing.T) {
	judged := validate.OfSubject(func(*validate.Pass) *int { return new(int) })
	forgetful := *suite.ByID("CF3001")
	forgetful.Requires, forgetful.Run = nil, func(p *validate.Pass) {
		if n := judged.Get(p); *n == 0 {
			*n++
			p.Report(func() validate.Finding { return validate.Finding{Message: "it was not judged before"} })
		}
	}
	o, err := New([]*validate.Check{&forgetful}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	defs, def, data, fleet := one(t, channelfile.Equals(0, "a"), 2)
	if p := o.Load(defs, def, data); p != nil {
		t.Fatal(p)
	}
	for i := range 2 * freshEvery {
		if _, p := o.Decide(fleet, nil, false); p != nil {
			if p.Kind != Disagreement || !strings.Contains(p.What, "for other fleets") || i+1 != freshEvery {
				t.Errorf("%v, after %d decisions", p, i+1)
			}
			return
		}
	}
	t.Error("the oracle detected nothing")
}

// TestFalseRejection checks that the oracle detects a false rejection.
func TestFalseRejection(t *testing.T) {
	o := newOracle(t)
	defs, def, data, fleet := one(t, channelfile.Equals(1, "a"), 1)
	if p := o.Load(defs, def, data); p != nil {
		t.Fatal(p)
	}
	verdict, p := o.Decide(fleet, nil, true)
	if verdict != validate.Rejected || p == nil || p.Kind != FalseRejection || !strings.Contains(p.What, "CF3001") {
		t.Errorf("%v, %v; want a false rejection by CF3001", verdict, p)
	}
}

// TestReferenceJudge checks that the oracle detects wrong gates that do no harm: a gate that
// rejects without a reason, accepts a forbidden file, or finds a fault only in a later check.
func TestReferenceJudge(t *testing.T) {
	for _, tt := range []struct {
		why  string
		id   string
		run  func(*validate.Pass)
		says string // part of the problem
	}{
		{"a check reports a fault that is not there", "CF3008", func(p *validate.Pass) {
			p.Report(func() validate.Finding { return validate.Finding{Message: "of nothing"} })
		}, "finds nothing: CF3008: of nothing"},
		{"a check overlooks a breach among others", "CF1031", func(*validate.Pass) {}, "requirements broken"},
		{"a check overlooks a value that the input cannot have", "CF2007", func(*validate.Pass) {}, "of the input"},
		{"a check overlooks a rule that can never match", "CF3012", func(*validate.Pass) {}, "is blind without"},
		{"a check overlooks a feed on which a rule does not work", "CF3021", func(*validate.Pass) {}, "is affected on a feed without"},
		{"a check overlooks hosts that record no events", "CF3022", func(*validate.Pass) {}, "hosts record"},
		{"a check overlooks hosts that record only some events", "CF3023", func(*validate.Pass) {}, "hosts record"},
		{"a check finds that each rule matches too much", "CF3013", func(p *validate.Pass) {
			p.Report(func() validate.Finding {
				where, in := p.LocateInstance(0)
				return validate.Finding{Where: where, Instance: in, Input: p.InputAt(0)}
			})
		}, "is widened without"},
		{"a fault in the needs is only found when the content runs", "CF3001", func(*validate.Pass) {}, "overlooked"},
	} {
		t.Run(tt.id, func(t *testing.T) {
			c := suite.ByID(tt.id)
			run := c.Run
			t.Cleanup(func() { c.Run = run })
			c.Run = tt.run
			o := newOracle(t)
			o.Config.JudgeEvery = 1
			p := search(o, 7, 50_000)
			if p == nil || p.Kind != Disagreement || !strings.Contains(p.What, tt.says) {
				t.Errorf("%s: %v; want a disagreement with %q", tt.why, p, tt.says)
			}
		})
	}
}

// TestWrongStates checks that the oracle detects a gate that misunderstands the states of
// inputs and feeds. Such a gate judges other supplies than those of the fleet.
func TestWrongStates(t *testing.T) {
	constant := func(change func(in *sensor.SuppliedInput)) func(s *sensor.Supply) {
		return func(s *sensor.Supply) {
			for i := range s.Inputs {
				if s.Inputs[i].State == sensor.StateConstant {
					change(&s.Inputs[i])
				}
			}
		}
	}
	cut := func(change func(in *sensor.SuppliedInput)) func(s *sensor.Supply) {
		return func(s *sensor.Supply) {
			for i := range s.Inputs {
				if s.Inputs[i].CutAt > 0 {
					change(&s.Inputs[i])
				}
			}
		}
	}
	for i, tt := range []struct {
		why    string
		change func(*sensor.Supply)
		says   string // part of the problem
	}{
		{"it takes a constant input for any", constant(func(in *sensor.SuppliedInput) { in.State, in.Values = sensor.StateSupplied, nil }), "does not report that"},
		{"it knows only the first of several values", constant(func(in *sensor.SuppliedInput) { in.Values = in.Values[:1] }), "by its truth table it is not"},
		{"it takes a constant input for a missing one", constant(func(in *sensor.SuppliedInput) { in.State, in.Values = sensor.StateNotSupplied, nil }), ""},
		{"it takes a conditional input for a supplied one", func(s *sensor.Supply) {
			for i := range s.Inputs {
				if s.Inputs[i].State == sensor.StateConditional {
					s.Inputs[i].State = sensor.StateSupplied
				}
			}
		}, "may not be supplied"},
		{"it ignores cuts", cut(func(in *sensor.SuppliedInput) { in.MaxLength, in.CutAt = in.Room(), 0 }), "does not report that"},
		{"it takes a cut for a shorter one", cut(func(in *sensor.SuppliedInput) { in.CutAt = (in.CutAt + 1) / 2 }), ""},
		{"it takes an event that is off for a recorded one", func(s *sensor.Supply) { s.Collected.Off = nil }, "does not report that"},
		{"it takes every feed for a collected one", func(s *sensor.Supply) { s.Collected = sensor.Collection{} }, "hosts record"},
		{"it takes a feed with some events for one without", func(s *sensor.Supply) {
			if s.Collected.Events == sensor.CollectedSome {
				s.Collected.Events = sensor.CollectedNone
			}
		}, "hosts record"},
	} {
		if testing.Short() && i%3 != 0 {
			continue
		}
		t.Run(tt.why, func(t *testing.T) {
			c := suite.ByID("CF3001") // the first check of the fleet
			run := c.Run
			t.Cleanup(func() { c.Run = run })
			c.Run = func(p *validate.Pass) {
				for i := range p.Cohorts {
					g := &p.Cohorts[i]
					g.Supplies = slices.Clone(g.Supplies)
					for k, s := range g.Supplies {
						other := *s
						other.Inputs = slices.Clone(s.Inputs)
						tt.change(&other)
						g.Supplies[k] = &other
					}
				}
				run(p)
			}
			o := newOracle(t)
			o.Config.JudgeEvery = 1
			const most = 50_000
			p := search(o, 7, most)
			if p == nil {
				t.Fatalf("%s: no problem in %d decisions", tt.why, most)
			}
			if !strings.Contains(p.What, tt.says) {
				t.Errorf("%s: %v; want a problem with %q", tt.why, p, tt.says)
			}
			t.Logf("%s: after %d decisions, %v", tt.why, o.Counts.Decisions, p)
		})
	}
}

// TestJudgedAgain checks that the oracle detects errors of the gate that the verdict on a file
// does not show: errors in the needs, in running content, in recorded events, or behind the
// finding of another check.
func TestJudgedAgain(t *testing.T) {
	finds := func(p *validate.Pass) {
		p.Report(func() validate.Finding { return validate.Finding{Message: "of nothing"} })
	}
	run := func(id string, run func(*validate.Pass)) func(*testing.T, *Oracle) {
		return func(t *testing.T, _ *Oracle) {
			c := suite.ByID(id)
			old := c.Run
			t.Cleanup(func() { c.Run = old })
			c.Run = run
		}
	}
	missing := suite.ByID("CF3001").Run
	for _, tt := range []struct {
		why   string
		wrong func(*testing.T, *Oracle)
		says  string // part of the problem
	}{
		{"content reads a missing input when it runs, and CF5001 does not see it", func(_ *testing.T, o *Oracle) {
			o.runs.Run = func(*validate.Pass) {}
		}, "runs without a fault"},
		{"CF5001 finds a fault that CF3001 does not find", func(_ *testing.T, o *Oracle) {
			o.runs.Run = finds
		}, "has a fault when it runs: CF5001: of nothing"},
		{"CF3001 finds nothing in needs that were published", run("CF3001", func(p *validate.Pass) {
			if p.File != nil {
				missing(p)
			}
		}), "nothing in its needs"},
		{"CF5002 does not see which instances match", run("CF5002", func(*validate.Pass) {}), "than CF5002"},
		{"CF5003 does not see how often instances match", run("CF5003", func(*validate.Pass) {}), "more than CF5003"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			o := newOracle(t)
			o.Config.RepeatEvery, o.Config.OptionsEvery = 1, 1
			tt.wrong(t, o)
			p := search(o, 7, 5_000)
			if p == nil || p.Kind != Disagreement || !strings.Contains(p.What, tt.says) {
				t.Errorf("%v, after %d decisions; want a disagreement with %q", p, o.Counts.Decisions, tt.says)
			}
		})
	}
}

// TestCounted checks that each number of the needs is compared with the second count.
func TestCounted(t *testing.T) {
	o := newOracle(t)
	defs, def, data, fleet := one(t, channelfile.And(channelfile.Equals(0, "a"), channelfile.Contains(1, "b")), 2)
	if p := o.Load(defs, def, data); p != nil {
		t.Fatal(p)
	}
	if _, p := o.Decide(fleet, nil, true); p != nil {
		t.Fatal(p)
	}
	for _, tt := range []struct {
		why    string
		change func(*sensor.Needs)
		says   string // "" means no difference
	}{
		{"as the gate counts", func(*sensor.Needs) {}, ""},
		{"an input is missing", func(n *sensor.Needs) { n.Inputs = n.Inputs[:1] }, "1 inputs and 2 operators"},
		{"an operator is missing", func(n *sensor.Needs) { n.Operators = n.Operators[1:] }, "2 inputs and 1 operators"},
		{"another input", func(n *sensor.Needs) { n.Inputs[1].Index = 2 }, "input 2 is needed"},
		{"one more criterion reads an input", func(n *sensor.Needs) { n.Inputs[1].Criteria++ }, "input 1 is needed"},
		{"one more instance reads an input", func(n *sensor.Needs) { n.Inputs[0].Instances++ }, "input 0 is needed"},
		{"one more criterion has an operator", func(n *sensor.Needs) { n.Operators[0].Criteria++ }, "operator"},
		{"one instance fewer has an operator", func(n *sensor.Needs) { n.Operators[1].Instances-- }, "operator"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			needs := *o.needs
			needs.Inputs, needs.Operators = slices.Clone(needs.Inputs), slices.Clone(needs.Operators)
			tt.change(&needs)
			if got := o.counted(&needs); (got == "") != (tt.says == "") || !strings.Contains(got, tt.says) {
				t.Errorf("got %q; expected %q", got, tt.says)
			}
		})
	}
	if o.counted(nil) == "" {
		t.Error("missing needs are not reported")
	}
}

// TestLies checks that each claim of the facts is falsified, and that the model sensor
// notices. A claim that no sensor asserts would not show a gate that claims too little.
func TestLies(t *testing.T) {
	o := newOracle(t)
	defs, def, data, fleet := one(t, channelfile.And(channelfile.Equals(0, "abc", "abd"), channelfile.Regexp(1, "x+y")), 2)
	if p := o.Load(defs, def, data); p != nil {
		t.Fatal(p)
	}
	if _, p := o.Decide(fleet, nil, true); p != nil {
		t.Fatal(p)
	}
	claims := certify.Facts(o.file, o.needs, o.def, fleet)
	c := &fleet.Contracts[0]
	access, inputs := c.Reader.Access, c.Supplies[0].Inputs
	if err := o.run.asserted(claims, 0, access, inputs); err != nil {
		t.Fatalf("true claims are rejected: %v", err)
	}
	all := falseClaims(claims)
	// The claims of Most, of each section, of inputs and of operators.
	if want := 6 + 3*len(claims.Sections) + 2; len(all) != want {
		t.Errorf("%d lies; expected %d", len(all), want)
	}
	for _, falseClaim := range all {
		falsified := *claims
		falseClaim.tell(&falsified)
		if o.run.asserted(&falsified, 0, access, inputs) == nil {
			t.Errorf("no sensor notices a claim that is too low: %s", falseClaim.what)
		}
	}
	if err := o.run.asserted(claims, 0, access, inputs); err != nil {
		t.Errorf("a false claim changed the true ones: %v", err)
	}
}

// TestExplain checks that the oracle asks for the witness of each finding of a rejected file,
// and reports one that is missing.
func TestExplain(t *testing.T) {
	o := newOracle(t)
	o.Config.WitnessEvery = 1
	defs, def, data, fleet := one(t, channelfile.Equals(1, "a"), 1)
	if p := o.Load(defs, def, data); p != nil {
		t.Fatal(p)
	}
	if _, p := o.Decide(fleet, nil, false); p != nil {
		t.Fatal(p)
	}
	if o.Counts.Findings[Witnessed] != 1 || o.Counts.Findings[Unexplained] != 0 {
		t.Errorf("counted %v and %v; want one witness", o.Counts.Findings, o.Counts.Reasons)
	}
	c := suite.ByID("CF3001")
	run := c.Run
	t.Cleanup(func() { c.Run = run })
	c.Run = func(p *validate.Pass) { // reports content that does no harm
		p.Report(func() validate.Finding {
			return validate.Finding{Input: p.InputAt(1), Builds: p.Cohorts[0].Builds, Message: "of nothing"}
		})
	}
	_, _, data, fleet = one(t, channelfile.Equals(0, "a"), 1)
	if p := o.Load(defs, def, data); p != nil {
		t.Fatal(p)
	}
	if _, p := o.Decide(fleet, nil, false); p == nil || p.Kind != Disagreement || !strings.Contains(p.What, "of nothing") {
		t.Errorf("%v; want a disagreement on a finding without a witness", p)
	}
}

// TestReadersAreCompared checks that the oracle asks both readers about files that only one of
// them might misread.
func TestReadersAreCompared(t *testing.T) {
	o := newOracle(t)
	defs, def, data, _ := one(t, channelfile.Equals(1, "a"), 2)
	damaged := bytes.Clone(data)
	damaged[len(damaged)-1] ^= 1
	for _, data := range [][]byte{data, damaged, nil} {
		if p := o.Load(defs, def, data); p != nil {
			t.Error(p)
		}
	}
	if o.Counts.Files != 3 || o.Counts.Readable != 2 {
		t.Errorf("%d files, %d of them readable; want 3 and 2", o.Counts.Files, o.Counts.Readable)
	}
}

// TestExhaustive checks that every event of the small alphabet is generated.
func TestExhaustive(t *testing.T) {
	seen := map[string]bool{}
	types := []sensor.InputType{sensor.TypeString, sensor.TypeInteger}
	exhaust(types, 3, func(e interp.Event) bool {
		var key strings.Builder
		for _, v := range e {
			key.WriteByte(byte('0' + v.Type))
			key.Write(v.Text)
			key.WriteByte(byte('5' + v.Integer))
		}
		seen[key.String()] = true
		return true
	})
	if want := len(allTexts) * len(allNumbers) * 2; len(seen) != want {
		t.Errorf("%d events; expected %d", len(seen), want)
	}
}

func TestUnfolded(t *testing.T) {
	if p := Unfolded(); p != nil {
		t.Error(p)
	}
}
