package suite_test

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/odd"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A call is all that validate.Run is given.
type call struct {
	Subject *validate.Subject
	Options validate.Options
	Other   *sensor.Fleet // that a prepared subject is judged for afterwards
}

// july returns the subject of the file of July 2024.
func july(t testing.TB) *validate.Subject {
	t.Helper()
	c := gatetest.Case(t, "291-july-first-use")
	return validate.ChannelFile(c.FileName, c.Data)
}

// oddValues are more unusual values, and the types that are not looked into.
func oddValues(t testing.TB) odd.Values {
	harmless := func(c *validate.Check) *validate.Check {
		copied := *c
		copied.Run = func(*validate.Pass) {}
		return &copied
	}
	supplied := suite.ByID("CF3001")
	at := slices.Index(suite.Checks, supplied)
	replaced := slices.Clone(suite.Checks)
	replaced[at] = harmless(supplied)
	lists := []any{
		[]*validate.Check{}, []*validate.Check{nil}, []*validate.Check{{}}, []*validate.Check{harmless(supplied)}, replaced,
		append(slices.Clone(suite.Checks), suite.Checks[0]), append(slices.Clone(suite.Checks), nil),
		[]*validate.Check{suite.Checks[0]}, suite.Checks[:len(suite.Checks)/2], suite.Checks[len(suite.Checks)/2:],
		slices.DeleteFunc(slices.Clone(suite.Checks), func(c *validate.Check) bool { return c.Uses&validate.UsesFleet != 0 }),
		slices.DeleteFunc(slices.Clone(suite.Checks), func(c *validate.Check) bool { return c.Uses&validate.UsesFleet == 0 }),
		slices.DeleteFunc(slices.Clone(suite.Checks), func(c *validate.Check) bool { return c.Severity == validate.Error }),
	}
	for i := range suite.Checks {
		lists = append(lists, slices.Delete(slices.Clone(suite.Checks), i, i+1))
	}
	for _, f := range validate.Families {
		lists = append(lists, slices.DeleteFunc(slices.Clone(suite.Checks), func(c *validate.Check) bool { return c.Family() == f.Digit }))
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		shuffled := slices.Clone(suite.Checks)
		random.Shuffle(len(shuffled), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] })
		lists = append(lists, shuffled)
	}

	event := make(interp.Event, 21)
	recorded := func(all func(yield func(func() string, interp.Event) bool) error) *validate.Recorded {
		return &validate.Recorded{Events: func(_ *sensor.Definition, yield func(func() string, interp.Event) bool) error { return all(yield) }}
	}
	fleet, other := testkit.Fleet(t, "291"), testkit.Fleet(t, "reference")
	return odd.Values{
		reflect.TypeFor[[]*validate.Check]():   lists,
		reflect.TypeFor[*sensor.Definitions](): {new(sensor.Definitions)},
		reflect.TypeFor[*sensor.Cohorts]():     {new(sensor.Cohorts), fleet.Cohorts(), other.Cohorts()},
		reflect.TypeFor[time.Time]():           {time.Unix(1<<62, 0), time.Unix(-1<<62, 0)},
		reflect.TypeFor[channelfile.ID]():      {},
		reflect.TypeFor[*validate.Check]():     {suite.Checks[0], &validate.Check{}},
		reflect.TypeFor[interp.Witness]():      {},
		reflect.TypeFor[func(validate.Part) (validate.Position, bool)](): {
			func(validate.Part) (validate.Position, bool) {
				return validate.Position{Path: strings.Repeat("\xff", 70_000), Line: -1, Column: -1 << 62, Range: channelfile.Range{Start: -1, End: 1 << 40}}, true
			},
			func(validate.Part) (validate.Position, bool) { return validate.Position{}, false },
		},
		reflect.TypeFor[*validate.Recorded](): {
			&validate.Recorded{},
			recorded(func(func(func() string, interp.Event) bool) error { return nil }),
			recorded(func(func(func() string, interp.Event) bool) error { return errors.New("") }),
			recorded(func(yield func(func() string, interp.Event) bool) error {
				_ = yield(nil, event) && yield(nil, nil) && yield(nil, event[:3])
				return nil
			}),
			recorded(func(yield func(func() string, interp.Event) bool) error {
				for range 10 { // whatever yield returns
					yield(nil, event)
				}
				return nil
			}),
		},
		reflect.TypeFor[*validate.Budget](): {
			new(validate.Budget), &validate.Budget{MaxSteps: 1}, &validate.Budget{MaxSteps: math.MaxUint64},
		},
	}
}

// accepts reports whether the file of July 2024 may be accepted: all checks are
// there, and each build that gets the file supplies its 21 inputs, or takes
// inputs by their names.
func accepts(c *call) bool {
	for _, check := range suite.Checks {
		if !slices.Contains(c.Options.Checks, check) {
			return false
		}
	}
	if c.Options.Fleet == nil || c.Options.Definitions == nil {
		return false
	}
	given := 0
	for _, build := range c.Options.Fleet.Contracts {
		has := false
		for _, s := range build.SuppliesOf("ipc", 1) {
			has = true
			if build.Reader.Access == sensor.AccessNamed {
				continue
			}
			if len(s.Inputs) < 21 {
				return false
			}
			for _, in := range s.Inputs[:21] {
				if in.State != sensor.StateSupplied && in.State != sensor.StateConstant {
					return false
				}
			}
		}
		if !has && !build.Reader.RefusesUnknownVersions {
			return false
		}
		if has {
			given++
		}
	}
	return given > 0
}

// judgeOdd calls the gate, and returns why it is not total, "" if it is.
func judgeOdd(c *call, mayAccept bool) string {
	r := validate.Run(c.Subject, c.Options)
	if r.Verdict() == validate.Accepted && !mayAccept {
		return "the file of July 2024 is accepted"
	}
	run := report.NewRun(report.Judged(r, ""))
	if run.Verdict() != r.Verdict() {
		return fmt.Sprintf("the run is %v, its only result %v", run.Verdict(), r.Verdict())
	}
	for _, format := range report.Formats {
		if err := format.Write(new(strings.Builder), run); err != nil {
			return fmt.Sprintf("%s: %v", format.Name, err)
		}
	}
	prepared := validate.Prepare(c.Subject, c.Options)
	prepared.Run(c.Other, c.Options.Cohorts)
	if again := prepared.Run(c.Options.Fleet, c.Options.Cohorts); again.Verdict() != r.Verdict() {
		return fmt.Sprintf("%v, after another fleet %v", r.Verdict(), again.Verdict())
	}
	return ""
}

// oddPairs is how many pairs of changes TestOddOptions tries for each base.
var oddPairs = flag.Int("odd-pairs", 100, "number of pairs of odd values to try for each base")

// TestOddOptions calls the gate with each unusual value in each exported field
// of what it is given, and with pairs of them. It must not panic, nor hang, nor
// accept the file of July 2024.
func TestOddOptions(t *testing.T) {
	more := oddValues(t)
	fleet, _ := builtin.Fleet("291")
	whole := odd.Copy(fleet, nil)
	whole.Contracts = slices.DeleteFunc(whole.Contracts, func(c sensor.Contract) bool { return c.Build != "7.16" })
	ipc := builtin.Definitions().ByName("ipc", 1)
	file, err := channelfile.Parse(july(t).Data)
	if err != nil {
		t.Fatal(err)
	}
	needs := validate.Needs("needs.json", sensor.NeedsOf(file, builtin.Definitions()))
	for _, base := range []struct {
		name string
		call call
	}{
		{"needs", call{needs, validate.Options{Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: whole, Now: time.Unix(0, 0)}, fleet}},
		{"a definition", call{validate.Definition(ipc), validate.Options{Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: whole, Now: time.Unix(0, 0)}, fleet}},
		{"a build lacks an input", call{july(t), validate.Options{Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: fleet, Now: time.Unix(0, 0)}, whole}},
		{"every build supplies all", call{july(t), validate.Options{Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: whole, Now: time.Unix(0, 0)}, fleet}},
	} {
		t.Run(base.name, func(t *testing.T) {
			if base.call.Options.Cohorts == nil {
				base.call.Options.Cohorts = base.call.Options.Fleet.Cohorts()
			}
			changes := odd.Changes(&base.call, more)
			try := func(changes ...odd.Change) {
				c := odd.Copy(&base.call, more)
				what := ""
				for i := range changes {
					if changes[i].Apply(c) {
						what += "; " + changes[i].What
					}
				}
				says := odd.Guard(func() string {
					return judgeOdd(c, accepts(c) || base.call.Subject.Kind != validate.KindChannelFile)
				})
				if says != "" {
					t.Errorf("%s: %s", strings.TrimPrefix(what, "; "), says)
				}
			}
			if c := odd.Copy(&base.call, more); accepts(c) != (base.name != "a build lacks an input") || (validate.Run(c.Subject, c.Options).Verdict() == validate.Accepted) != accepts(c) {
				t.Fatalf("%s: %v; the test expects otherwise", base.name, validate.Run(c.Subject, c.Options).Verdict())
			}
			for _, c := range odd.Sample(changes) {
				try(c)
			}
			random := rand.New(rand.NewPCG(2, 3))
			var shallow []odd.Change // of the options and the subject themselves
			for _, c := range changes {
				if strings.Count(c.Place, ".") == 1 && !strings.Contains(c.What, "Checks = odd value") {
					shallow = append(shallow, c)
				}
			}
			pairs := *oddPairs
			if testing.Short() {
				pairs = min(pairs, 50)
			}
			for i := range pairs {
				from := changes
				if i%2 == 0 {
					from = shallow
				}
				try(changes[random.IntN(len(changes))], from[random.IntN(len(from))])
			}
			t.Logf("%d changes, %d pairs of them", len(changes), pairs)
		})
	}
}
