package contract_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
)

// family are the checks of the package, and those that they require.
var family = gatetest.Family(3)

// The inputs of the built-in template type ipc that the tests read.
const (
	eventType   = 1
	processID   = 4
	pipeName    = 5
	image       = 6
	user        = 7
	clientImage = 20
	declared    = 21
)

// definitions has ipc alone, without what it says of its feeds.
var definitions = sync.OnceValue(func() *sensor.Definitions {
	d := *builtin.Definitions().ByName("ipc", 1)
	d.Feeds, d.Inputs = nil, slices.Clone(d.Inputs)
	for i := range d.Inputs {
		d.Inputs[i].Instead = ""
	}
	all := new(sensor.Definitions)
	if err := all.Add(&d); err != nil {
		panic(err)
	}
	return all
})

func ipc(t testing.TB) *sensor.Definition {
	t.Helper()
	return definitions().ByName("ipc", 1)
}

// inputs returns the first n inputs of ipc, as a build supplies them.
func inputs(t testing.TB, n int) []sensor.SuppliedInput {
	t.Helper()
	var list []sensor.SuppliedInput
	for i := range n {
		in := sensor.SuppliedInput{Name: fmt.Sprintf("More%d", i), Type: sensor.TypeString, State: sensor.StateSupplied, MaxLength: 100}
		if d := ipc(t); i < len(d.Inputs) {
			in.Name, in.Type = d.Inputs[i].Name, d.Inputs[i].Type
		}
		list = append(list, in)
	}
	return list
}

// A change makes a contract another.
type change func(*sensor.Contract)

// contract returns a contract of a build that reads by place and supplies the
// first n inputs of ipc, with changes.
func contract(t testing.TB, build string, hosts uint64, n int, changes ...change) sensor.Contract {
	t.Helper()
	c := testkit.Contract(build, hosts, sensor.AccessPositional,
		sensor.Supply{Type: "ipc", Version: 1, Evidence: sensor.EvidenceExtracted, Inputs: inputs(t, n)})
	for _, change := range changes {
		change(&c)
	}
	return c
}

func named(c *sensor.Contract) { c.Reader.Access = sensor.AccessNamed }

// state gives inputs of the first supply a state.
func state(s sensor.State, indices ...int) change {
	return func(c *sensor.Contract) {
		for _, i := range indices {
			c.Supplies[0].Inputs[i].State = s
		}
	}
}

// acknowledged is the day until which the last input may be missing.
func acknowledged(day string) change {
	return func(c *sensor.Contract) {
		until, err := sensor.ParseDate(day)
		if err != nil {
			panic(err)
		}
		c.Supplies[0].Acknowledged = []sensor.Shortfall{{Input: clientImage, Why: "the machines are replaced", Until: until}}
	}
}

// feed adds a feed of its own that supplies the first n inputs, and calls the
// one before by a name too.
func feed(t testing.TB, name string, n int) change {
	return func(c *sensor.Contract) {
		if c.Supplies[0].Feed == "" {
			c.Supplies[0].Feed = "kernel"
		}
		c.Supplies = append(c.Supplies, sensor.Supply{Type: "ipc", Version: 1, Feed: name, Evidence: sensor.EvidenceObserved, Inputs: inputs(t, n)})
	}
}

func fleet(contracts ...sensor.Contract) *sensor.Fleet {
	return testkit.Declare(&sensor.Fleet{Name: "test", Contracts: contracts})
}

// rules returns content of rules that stand below each other in a file.
func rules(t testing.TB, conditions ...channelfile.Expr) *validate.Subject {
	t.Helper()
	conditions = slices.Clone(conditions)
	for i, c := range conditions {
		conditions[i] = c.From(10*(i+1)+4, "the criteria")
	}
	return validate.ChannelFile("", testkit.EncodeFrom(t, testkit.IPC, testkit.Origins("pipes.yml"), conditions...))
}

func rename(c sensor.Contract, build string) sensor.Contract {
	c.Build = build
	return c
}

func integer(index int) change {
	return func(c *sensor.Contract) {
		c.Supplies[0].Inputs[index].Type, c.Supplies[0].Inputs[index].MaxLength = sensor.TypeInteger, 0
	}
}

func address(index int) change {
	return func(c *sensor.Contract) {
		c.Supplies[0].Inputs[index].Type, c.Supplies[0].Inputs[index].MaxLength = sensor.TypeAddress, 0
	}
}

// swapped exchanges two inputs.
func swapped(c *sensor.Contract) {
	in := c.Supplies[0].Inputs
	in[pipeName], in[image] = in[image], in[pipeName]
}

// without takes the type from the build; refuses has it refuse what it does
// not have.
func without(c *sensor.Contract) { c.Supplies = nil }
func refuses(c *sensor.Contract) { c.Reader.RefusesUnknownVersions = true }

func operators(list ...channelfile.Operator) change {
	return func(c *sensor.Contract) { c.Reader.Operators = list }
}
func formats(list ...string) change { return func(c *sensor.Contract) { c.Reader.Formats = list } }
func limits(l sensor.Limits) change { return func(c *sensor.Contract) { c.Reader.Limits = l } }
func budget(b sensor.Budget) change { return func(c *sensor.Contract) { c.Reader.Budget = b } }

// The criteria that the tests are made of.
var (
	onPipe   = channelfile.Prefix(pipeName, `\demo`)
	onImage  = channelfile.Suffix(image, `\demo.exe`)
	onUser   = channelfile.Equals(user, "demo")
	onEvent  = channelfile.Equals(eventType, "ConnectPipe")
	onClient = channelfile.Equals(clientImage, "demo")
)

func judge(t testing.TB, s *validate.Subject, f *sensor.Fleet, now time.Time) *validate.Report {
	t.Helper()
	return validate.Run(s, validate.Options{Checks: family, Definitions: definitions(), Fleet: f, Now: now})
}

// shown returns all that a report says, for a person to compare.
func shown(r *validate.Report) string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Verdict())
	for _, u := range r.Undecided {
		fmt.Fprintln(&b, "undecided:", u)
	}
	for _, f := range r.Findings {
		place := f.Where.Path
		if s := f.Where.Source; s.Path != "" {
			place += fmt.Sprintf(" %s:%d", s.Path, s.Line)
		}
		if f.Input != nil {
			place += fmt.Sprintf(" <%d %s>", f.Input.Index, f.Input.Name)
		}
		fmt.Fprintf(&b, "%s %v %s\n\t%s\n", f.Check.ID, f.Severity(), place, f.Message)
		for _, d := range f.Details {
			fmt.Fprintf(&b, "\t%s\n", d)
		}
		fmt.Fprintf(&b, "\tfix: %s\n", f.Fix)
		var names []string
		for _, build := range f.Builds {
			names = append(names, build.Name)
		}
		fmt.Fprintf(&b, "\tof: %s\n", strings.Join(names, " "))
	}
	for _, s := range r.Summaries {
		fmt.Fprintf(&b, "%s together <%d %s> found %d\n\t%s\n", s.Check.ID, s.Input.Index, s.Input.Name, s.Found, s.Message)
		for _, d := range s.Details {
			fmt.Fprintf(&b, "\t%s\n", d)
		}
		fmt.Fprintf(&b, "\tfix: %s\n\tof: %d builds\n", s.Fix, len(s.Builds))
	}
	for _, build := range r.Builds {
		switch {
		case build.AtFault:
			fmt.Fprintln(&b, "at fault:", build.Name)
		case !build.Addressed:
			fmt.Fprintln(&b, "not addressed:", build.Name)
		}
	}
	return b.String()
}

// day is noon of a day.
func day(t testing.TB, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d.Add(12 * time.Hour)
}

// TestMessages holds what the family says, to the letter, and of whom.
func TestMessages(t *testing.T) {
	def := validate.Definition(ipc(t))
	needsOf := func(change func(*sensor.Needs), conditions ...channelfile.Expr) *validate.Subject {
		f, err := channelfile.Parse(rules(t, conditions...).Data)
		if err != nil {
			t.Fatal(err)
		}
		n := sensor.NeedsOf(f, definitions())
		if change != nil {
			change(n)
		}
		data, err := n.JSON() // as check --needs has it
		if err != nil {
			t.Fatal(err)
		}
		if n, err = sensor.ReadNeeds("n.json", data); err != nil {
			t.Fatal(err)
		}
		return validate.Needs("n.json", n)
	}
	// Thirty builds of 25 contracts that differ: those that read by place, and
	// lack more and more of the inputs that nothing reads, and the last.
	var many []sensor.Contract
	for i := range 30 {
		c := contract(t, fmt.Sprintf("9.%02d", i), 10, 21, state(sensor.StateNotSupplied, clientImage))
		for n := range i % 25 {
			c.Supplies[0].Inputs = append(c.Supplies[0].Inputs, inputs(t, 22+n)[21+n:]...)
		}
		many = append(many, c)
	}
	// Criteria on the first inputs, one on each.
	each := func(n int) []channelfile.Expr {
		var list []channelfile.Expr
		for i := range n {
			list = append(list, channelfile.Equals(i, "a"))
		}
		return list
	}
	tests := []struct {
		name    string
		subject *validate.Subject
		fleet   *sensor.Fleet
		now     string
		why     string
	}{
		// CF3001 inputs-supplied
		{"first-use", rules(t, onPipe, channelfile.And(onPipe, onClient)), fleet(contract(t, "7.11", 412, 20), contract(t, "7.16", 588, 21)), "",
			"July 2024: rule, line, input, both numbers, builds, hosts, and what to do; build 7.16 is not to blame"},
		{"first-use-example-fleet", rules(t, onClient), testkit.Fleet(t, "291"), "", "an example fleet is called one"},
		{"two-rules-read-it", rules(t, onClient, onPipe, channelfile.Not(onClient)), fleet(contract(t, "7.11", 1, 20)), "", "a finding for each rule, negated or not"},
		{"operand-input", rules(t, channelfile.EqualsInput(image, clientImage)), fleet(contract(t, "7.11", 1, 20)), "", "an input that another is compared with is read too"},
		{"same-contract", rules(t, onClient), fleet(contract(t, "7.10", 30, 20), contract(t, "7.16", 30, 21), contract(t, "7.11", 40, 20)), "", "builds that do the same stand together, and their hosts are added"},
		{"other-shortfalls", rules(t, onClient), fleet(contract(t, "7.10", 30, 19), contract(t, "7.11", 40, 20)), "", "a line for each number; that 7.10 lacks one input more, which nothing reads, is latent"},
		{"many-builds", rules(t, onClient), fleet(many[0], many[25], rename(many[0], "a"), rename(many[0], "b"), rename(many[0], "c"), rename(many[0], "d"), rename(many[0], "e")), "", "nobody reads more than a few names"},
		{"five-builds", rules(t, onClient), fleet(rename(many[0], "a"), rename(many[0], "b"), rename(many[0], "c"), rename(many[0], "d"), rename(many[0], "e")), "", "five are few enough"},
		{"many-contracts", rules(t, onClient), fleet(many...), "", "nor more than a few lines"},
		{"hole", rules(t, onUser), fleet(contract(t, "8.4", 1, 21, state(sensor.StateNotSupplied, user))), "", "the number alone would not show it"},
		{"no-access-stated", rules(t, onClient), fleet(contract(t, "7.11", 1, 20, func(c *sensor.Contract) { c.Reader.Access = 0 })), "", "who does not say how it reads is taken for the worse"},
		{"two-feeds", rules(t, onClient), fleet(contract(t, "8.0", 1, 21, feed(t, "log", 20))), "", "each feed is a way into the same interpreter"},
		{"acknowledged-and-read", rules(t, onClient), fleet(contract(t, "7.11", 1, 20, acknowledged("2027-01-31"))), "2026-01-01", "an acknowledgement is for content that does not read the input"},

		// CF3002 inputs-latent
		{"latent", rules(t, onPipe), fleet(contract(t, "7.11", 412, 20), contract(t, "7.16", 588, 21)), "", "March to July 2024"},
		{"latent-several", rules(t, onPipe), fleet(contract(t, "7.9", 1, 18)), "", "a finding for each input"},
		{"latent-hole", rules(t, onPipe), fleet(contract(t, "8.4", 1, 21, state(sensor.StateNotSupplied, user))), "", "a hole waits too"},
		{"latent-unknown", rules(t, onPipe), fleet(contract(t, "8.2", 1, 21, state(sensor.StateUnknown, clientImage))), "", "unsure means blocked; what to do is another thing"},
		{"latent-unknown-and-not", rules(t, onPipe), fleet(contract(t, "8.2", 1, 21, state(sensor.StateUnknown, clientImage)), contract(t, "7.11", 1, 20)), "", "the worse of the two is said"},
		{"release", def, fleet(contract(t, "7.11", 412, 20), contract(t, "7.16", 588, 21)), "", "February 2024: no content yet, so no bytes"},
		{"release-of-what-is-supplied", def, fleet(contract(t, "7.16", 588, 21), contract(t, "7.20", 1, 22)), "", "more than is declared is no harm"},
		{"release-on-named", def, fleet(contract(t, "7.11", 1, 20, named)), "", "who looks an input up misses it, and no more"},

		// CF3003 input-type and CF3018 input-identity
		{"type-read", rules(t, onPipe, channelfile.Equals(processID, "4")), fleet(contract(t, "8.1", 1, 21, integer(processID))), "", "a number would be taken for a pointer"},
		{"type-not-read", rules(t, onPipe), fleet(contract(t, "8.1", 1, 21, integer(processID))), "", "it waits to be read"},
		{"types-of-several", rules(t, onUser), fleet(contract(t, "8.1", 1, 21, integer(processID), integer(user), integer(clientImage))), "", "one that is read stands in the way of no other"},
		{"type-of-unknown", rules(t, onPipe), fleet(contract(t, "8.1", 1, 21, integer(processID), state(sensor.StateUnknown, processID))), "", "if it is supplied it is the wrong type"},
		{"type-of-not-supplied", rules(t, onPipe), fleet(contract(t, "s8", 1, 21, named, integer(processID), state(sensor.StateNotSupplied, processID))), "", "what is not supplied has no type"},
		{"type-at-named", rules(t, channelfile.Equals(processID, "4")), fleet(contract(t, "s8", 1, 21, named, integer(processID))), "", "a named reader takes a number for a pointer all the same"},
		{"type-at-release", def, fleet(contract(t, "8.1", 1, 21, integer(processID))), "", "before there is content"},
		{"swapped", rules(t, onPipe), fleet(contract(t, "8.4", 1, 21, swapped)), "", "by place, so two inputs are others"},
		{"swapped-otherwise", rules(t, onPipe), fleet(contract(t, "8.4", 1, 21, swapped), contract(t, "8.5", 2, 21, func(c *sensor.Contract) { c.Supplies[0].Inputs[pipeName].Name = "Pipe" })), "", "two builds have other inputs there, and the one has all the others right"},
		{"swapped-at-named", rules(t, onPipe), fleet(contract(t, "8.4", 1, 21, named, swapped)), "", "by name the order does not matter"},

		// CF3004 supply-known and CF3015 supply-unknown
		{"unknown-read", rules(t, onClient), fleet(contract(t, "8.2", 1, 21, state(sensor.StateUnknown, clientImage))), "", "unsure means blocked, and on what evidence"},
		{"unknown-read-at-named", rules(t, onClient, onPipe, channelfile.Not(onClient)), fleet(contract(t, "s6", 1, 21, named, state(sensor.StateUnknown, clientImage))), "", "a warning: nothing breaks"},

		// CF3005 type-version-supplied
		{"without-the-type", rules(t, onPipe), fleet(contract(t, "5.0", 50, 0, without), contract(t, "7.16", 100, 21)), "", "it may take the content for something else"},
		{"refuses", rules(t, onPipe), fleet(contract(t, "5.0", 50, 0, without, refuses), contract(t, "7.16", 100, 21)), "", "it is not addressed, and nobody else is to blame"},
		{"all-refuse", rules(t, onPipe), fleet(contract(t, "5.0", 50, 0, without, refuses)), "", "nothing was compared, so nothing is accepted"},
		{"release-without-the-type", def, fleet(contract(t, "5.0", 50, 0, without), contract(t, "7.16", 100, 21)), "", "without content there is nothing to misread"},

		// CF3006 operator-supported and CF3007 format-supported
		{"operator", rules(t, onPipe, onImage, channelfile.Not(onImage)), fleet(contract(t, "8.3", 1, 21, operators(channelfile.OpPrefix))), "", "the first rule that uses it, and how many do"},
		{"operator-of-the-second", rules(t, onPipe), fleet(contract(t, "8.2", 1, 21), contract(t, "8.3", 1, 21, operators(channelfile.OpExists))), "", "a build that has it stands in the way of no other"},
		{"format", rules(t, onPipe), fleet(contract(t, "8.5", 1, 21, formats("1.1", "2.0")), contract(t, "8.6", 1, 21, formats("1.1", channelfile.Version))), "", "which versions it reads"},
		{"format-at-release", def, fleet(contract(t, "8.5", 1, 21, formats("1.1"))), "", "there is no content, of any format"},

		// CF3008 reader-limits, CF3009 step-budget, CF3010 memory-budget, CF3011 length-known
		{"limits", rules(t, channelfile.And(channelfile.Equals(pipeName, "a", "b", "cc"), channelfile.Equals(image, "a")), onUser), fleet(contract(t, "6.0", 1, 21, limits(sensor.Limits{
			FileSize: 1, Instances: 1, Criteria: 2, WordsPerInstance: 1, OperandsPerCriterion: 2, ValueLength: 3,
		}))), "", "each by itself, with both numbers"},
		{"limits-of-the-second", rules(t, channelfile.Equals(pipeName, "aa", "bb"), channelfile.And(channelfile.Equals(image, "a", "b", "ccc"), onPipe)),
			fleet(contract(t, "5.0", 1, 0, without, refuses, limits(sensor.Limits{FileSize: 1})), contract(t, "6.0", 1, 21, limits(sensor.Limits{WordsPerInstance: 1, OperandsPerCriterion: 2, ValueLength: 2}))), "", "the first part that exceeds, not one that only reaches; and who is not addressed has no say"},
		{"limits-reached", rules(t, channelfile.And(channelfile.Equals(pipeName, "a", "b", "cc"), channelfile.Equals(image, "a")), onUser), fleet(contract(t, "6.0", 1, 21, limits(sensor.Limits{
			Instances: 2, Criteria: 3, WordsPerInstance: 2, OperandsPerCriterion: 3, ValueLength: 4,
		}))), "", "the limit is allowed"},
		{"steps", rules(t, onUser, channelfile.Contains(pipeName, "0123456789", "abcdefghij")), fleet(contract(t, "6.1", 1, 21, budget(sensor.Budget{Steps: 2000}))), "", "the rule that costs most, and by which input"},
		{"steps-by-the-first-input", rules(t, channelfile.Contains(pipeName, "0123456789", "abcdefghij"), channelfile.Contains(image, "0123456789")), fleet(contract(t, "6.1", 1, 21, budget(sensor.Budget{Steps: 2000}))), "", "the dearest input"},
		{"steps-by-the-second-input", rules(t, channelfile.Contains(image, "0123456789", "abcdefghij"), channelfile.Contains(pipeName, "0123456789")), fleet(contract(t, "6.1", 1, 21, budget(sensor.Budget{Steps: 2000}))), "", "wherever it stands"},
		{"steps-of-the-last", rules(t, channelfile.Contains(pipeName, "0123456789", "abcdefghij")), fleet(
			contract(t, "5.9", 1, 21), contract(t, "6.0", 1, 21, budget(sensor.Budget{Steps: 1 << 30})), contract(t, "6.1", 1, 21, budget(sensor.Budget{Steps: 2000}))), "", "builds that state no budget, or keep it, stand in the way of no other"},
		{"steps-of-many-rules", rules(t, onUser, channelfile.Prefix(pipeName, "a")), fleet(contract(t, "6.1", 1, 21, budget(sensor.Budget{Steps: 5}))), "", "no input is long, there are only too many criteria"},
		{"steps-reached", rules(t, channelfile.Exists(pipeName)), fleet(contract(t, "6.1", 1, 21, budget(sensor.Budget{Steps: 3}))), "", "the budget is allowed: one criterion, one word, one instance"},
		{"steps-of-needs", needsOf(func(n *sensor.Needs) { n.Inputs, n.InputsRead, n.Constant = nil, 0, 1000 }, onPipe), fleet(contract(t, "6.1", 1, 21, budget(sensor.Budget{Steps: 999}))), "", "needs may read nothing, and cost"},
		{"steps-beyond-all-numbers", needsOf(func(n *sensor.Needs) { n.Inputs[0].Coefficient = sensor.MaxInteger }, onPipe), fleet(contract(t, "6.1", 1, 21, budget(sensor.Budget{Steps: 999}), func(c *sensor.Contract) {
			c.Supplies[0].Inputs[pipeName].MaxLength = sensor.MaxLength
		})), "", "a product that does not fit is the largest number, not a small one"},
		{"length-unknown", rules(t, onUser, channelfile.Contains(pipeName, "abc")), fleet(contract(t, "6.1", 1, 21, budget(sensor.Budget{Steps: 1 << 40}), func(c *sensor.Contract) {
			c.Supplies[0].Inputs[pipeName].MaxLength, c.Supplies[0].Inputs[user].MaxLength = 0, 0
		})), "", "no length, no bound; the length of what is compared from its start does not matter"},
		{"length-unknown-of-the-second", rules(t, channelfile.Contains(pipeName, "abc")), fleet(contract(t, "6.0", 1, 21), contract(t, "6.1", 1, 21, budget(sensor.Budget{Steps: 1 << 40}), func(c *sensor.Contract) {
			c.Supplies[0].Inputs[pipeName].MaxLength = 0
		})), "", "a build without a budget stands in the way of no other"},
		{"length-of-what-is-no-string", rules(t, channelfile.Contains(pipeName, "abc")), fleet(contract(t, "6.1", 1, 21, budget(sensor.Budget{Steps: 1 << 40}), integer(pipeName)), contract(t, "6.2", 1, 21, budget(sensor.Budget{Steps: 1 << 40}), address(pipeName))), "", "a number has a fixed length; the type is at fault"},
		{"length-of-what-is-not-supplied", rules(t, channelfile.Contains(clientImage, "abc")), fleet(contract(t, "s6", 1, 20, named, budget(sensor.Budget{Steps: 100}))), "", "what is absent costs nothing for its length"},
		{"memory", rules(t, onPipe), fleet(contract(t, "6.2", 1, 21, budget(sensor.Budget{Memory: 1000}))), "", "both numbers"},

		// CF3012 to CF3014
		{"outcomes", rules(t, channelfile.And(onPipe, onUser), channelfile.And(onPipe, channelfile.Not(onUser)), channelfile.Or(onPipe, onUser), onPipe),
			fleet(contract(t, "s7", 20, 21, named, state(sensor.StateNotSupplied, user)), contract(t, "s8", 80, 21, named)), "", "blind, widened, weakened, and one that is not affected"},
		{"outcomes-by-other-inputs", rules(t, channelfile.And(onUser, onEvent)), fleet(
			contract(t, "s7", 20, 21, named, state(sensor.StateNotSupplied, user)), contract(t, "s6", 80, 21, named, state(sensor.StateNotSupplied, eventType))), "", "each build lacks another input, and is said to lack that"},
		{"outcome-by-the-second", rules(t, channelfile.And(channelfile.Or(onEvent, onPipe), onUser)), fleet(contract(t, "s6", 1, 21, named, state(sensor.StateNotSupplied, eventType, user))), "", "without the event it has lost an alternative; it is the user that blinds it"},
		{"outcome-by-each", rules(t, channelfile.Or(onEvent, onUser, onImage), channelfile.And(onPipe, channelfile.Not(onEvent), channelfile.Not(onUser)), channelfile.And(onEvent, onPipe, onUser), channelfile.EqualsInput(user, eventType)),
			fleet(contract(t, "s6", 1, 21, named, state(sensor.StateNotSupplied, eventType, user))), "", "a missing input in alternatives, filters and required parts: each of the two is enough, and a person who fixes one must learn of the other"},
		{"outcome-by-one-and-another", rules(t, channelfile.And(onPipe, channelfile.Or(onImage, onUser), channelfile.Not(onEvent))),
			fleet(contract(t, "s6", 1, 21, named, state(sensor.StateNotSupplied, eventType, user)), contract(t, "s7", 1, 21, named, state(sensor.StateNotSupplied, user))), "", "where both are missing the worse of the two is said, which the event does alone"},
		{"outcome-by-two-of-three", rules(t, channelfile.And(channelfile.Or(onPipe, onImage), channelfile.Or(onEvent, onUser))), fleet(contract(t, "s6", 1, 21, named, state(sensor.StateNotSupplied, eventType, user, image))), "", "without the image an alternative is lost; what blinds it is that both others are missing"},
		{"outcome-by-many", rules(t, channelfile.Or(each(20)...)), fleet(contract(t, "s6", 1, 0, named)), "", "of more than are tried the first are named"},
		{"outcome-by-two-of-many", rules(t, channelfile.And(channelfile.Or(each(20)[:2]...), channelfile.Or(each(20)[2:]...))), fleet(contract(t, "s6", 1, 0, named)), "", "if some that are tried are enough, those alone"},
		{"outcome-by-the-negated", rules(t, channelfile.Or(channelfile.And(onImage, channelfile.Equals(user, "d")), channelfile.And(onPipe, channelfile.Not(onUser)), channelfile.EqualsInput(clientImage, user))),
			fleet(contract(t, "s6", 1, 21, named, state(sensor.StateNotSupplied, user))), "", "three words read the user, and the one that is denied lets more in"},
		{"outcome-by-one-criterion", rules(t, channelfile.And(channelfile.Or(onPipe, onUser), channelfile.Or(onImage, channelfile.Not(onUser)))),
			fleet(contract(t, "s6", 1, 21, named, state(sensor.StateNotSupplied, user))), "", "of two words that refer to one criterion the denied one"},
		{"outcome-by-a-word-of-use", rules(t,
			channelfile.And(channelfile.Or(onPipe, channelfile.Not(onPipe), channelfile.Not(onUser)), onImage, channelfile.Not(channelfile.Equals(user, "z"))),
			channelfile.And(channelfile.Or(onPipe, channelfile.Not(onPipe), onUser), onImage, channelfile.Equals(user, "z")),
			channelfile.And(onImage, channelfile.Or(onPipe, channelfile.Not(onPipe), onUser), channelfile.Or(onEvent, channelfile.Equals(user, "z")))),
			fleet(contract(t, "s6", 1, 21, named, state(sensor.StateNotSupplied, user))), "", "what stands beside a part that always holds is not at fault; the next word is"},
		{"outcome-by-no-word-alone", rules(t, channelfile.And(onImage, channelfile.Or(onUser, channelfile.Equals(user, "z")))),
			fleet(contract(t, "s6", 1, 21, named, state(sensor.StateNotSupplied, user))), "", "two words together make it blind: the first of them"},
		{"outcome-of-absence", rules(t, channelfile.Not(channelfile.Exists(user)), channelfile.And(onPipe, channelfile.Not(channelfile.Exists(user))), channelfile.And(onPipe, channelfile.Not(onUser)), channelfile.And(onImage, channelfile.Not(onUser)), channelfile.And(onPipe, channelfile.Exists(user))),
			fleet(contract(t, "s6", 1, 21, named, state(sensor.StateNotSupplied, user))), "", "who asks that there be no user excludes nothing, and to require one would make the rule blind everywhere"},
		{"outcome-by-both", rules(t, channelfile.Or(onEvent, onUser)), fleet(contract(t, "s6", 1, 21, named, state(sensor.StateNotSupplied, eventType, user))), "", "neither is enough by itself, so the first is named, with the other"},
		{"outcome-of-a-comparison", rules(t, channelfile.EqualsInput(image, user)), fleet(contract(t, "s7", 1, 21, named, state(sensor.StateNotSupplied, user))), "", "what is compared with nothing is false"},
		{"outcome-by-a-later-word", rules(t, channelfile.Or(channelfile.And(onEvent, onPipe), channelfile.And(onImage, channelfile.Not(onUser)))), fleet(contract(t, "s6", 1, 21, named, state(sensor.StateNotSupplied, eventType, user))), "", "without the event an alternative is lost; it is the user that widens it"},
		{"outcome-of-one-word", rules(t, channelfile.EqualsInput(eventType, user)), fleet(contract(t, "s7", 1, 21, named, state(sensor.StateNotSupplied, user)), contract(t, "s6", 1, 21, named, state(sensor.StateNotSupplied, eventType))), "", "of two inputs of one word the first is named"},
		{"outcome-of-one-word-turned", rules(t, channelfile.EqualsInput(eventType, user)), fleet(contract(t, "s6", 1, 21, named, state(sensor.StateNotSupplied, eventType)), contract(t, "s7", 1, 21, named, state(sensor.StateNotSupplied, user))), "", "whatever the order of the builds"},
		{"outcome-of-two-words", rules(t, channelfile.And(onEvent, onUser)), fleet(contract(t, "s6", 1, 21, named, state(sensor.StateNotSupplied, eventType)), contract(t, "s7", 1, 21, named, state(sensor.StateNotSupplied, user))), "", "of two words the first"},
		{"outcome-many-lacks", rules(t, onUser, onEvent), fleet(
			contract(t, "s8", 1, 21, named), contract(t, "7.16", 1, 21),
			contract(t, "a7", 1, 21, named, state(sensor.StateNotSupplied, user)), contract(t, "b7", 1, 21, named, refuses, state(sensor.StateNotSupplied, user)),
			contract(t, "c6", 1, 21, named, state(sensor.StateNotSupplied, eventType))), "", "those that lack nothing, read by place, or lack the same, stand in the way of no other"},
		{"outcome-same-lack", rules(t, onUser), fleet(contract(t, "s7", 1, 21, named, state(sensor.StateNotSupplied, user)), contract(t, "t7", 2, 21, named, refuses, state(sensor.StateNotSupplied, user))), "", "two contracts that lack the same"},
		{"outcome-two-feeds", rules(t, onUser, onClient), fleet(contract(t, "s", 1, 21, named, feed(t, "a", 7), feed(t, "b", 20), feed(t, "c", 7))), "", "feeds of one build, of which two lack the same; the hosts are counted once"},

		// CF3016 shortfall-acknowledged and CF3017 acknowledgement-current
		{"acknowledged", rules(t, onPipe), fleet(contract(t, "7.11", 412, 20, acknowledged("2027-01-31")), contract(t, "7.16", 588, 21)), "2026-05-01", "a warning that stays"},
		{"acknowledged-last-day", rules(t, onPipe), fleet(contract(t, "7.11", 1, 20, acknowledged("2027-01-31"))), "2027-01-31", "the day itself counts"},
		{"expired", rules(t, onPipe), fleet(contract(t, "7.11", 1, 20, acknowledged("2027-01-31"))), "2027-02-01", "and the next does not"},
		{"acknowledged-without-a-time", rules(t, onPipe), fleet(contract(t, "7.11", 1, 20, acknowledged("2027-01-31"))), "", "who gives no time gets no grace"},
		{"acknowledged-and-not", rules(t, onPipe), fleet(contract(t, "7.11", 1, 20, acknowledged("2027-01-31")), contract(t, "7.10", 1, 20)), "2026-05-01", "the one does not excuse the other"},
		{"acknowledged-release", def, fleet(contract(t, "7.11", 1, 20, acknowledged("2027-01-31"))), "2026-05-01", "before there is content"},

		// needs
		{"needs", needsOf(nil, onPipe, channelfile.And(onPipe, onClient)), fleet(contract(t, "7.11", 412, 20), contract(t, "7.16", 588, 21)), "", "as of the file, but for the bytes"},
		{"needs-of-many", needsOf(nil, slices.Repeat([]channelfile.Expr{onClient}, 12)...), fleet(contract(t, "7.11", 1, 20)), "", "needs name eight rules"},
		{"needs-without-causes", needsOf(func(n *sensor.Needs) { n.Inputs[0].First = nil }, onClient), fleet(contract(t, "7.11", 1, 20)), "", "needs may name none"},
		{"needs-with-a-cause-of-nobody", needsOf(func(n *sensor.Needs) { n.Inputs[0].First = []sensor.Cause{{Instance: -1, Word: -1}} }, onClient), fleet(contract(t, "7.11", 1, 20)), "", "or one that has no name"},
		{"needs-with-an-index", needsOf(func(n *sensor.Needs) { n.Inputs[0].First = []sensor.Cause{{Instance: 3, Word: -1}} }, onClient), fleet(contract(t, "7.11", 1, 20)), "", "or only an index"},
		{"needs-with-the-first-index", needsOf(func(n *sensor.Needs) { n.Inputs[0].First = []sensor.Cause{{Instance: 0, Word: -1}} }, onClient), fleet(contract(t, "7.11", 1, 20)), "", "0 is an index"},
		{"needs-with-an-id", needsOf(func(n *sensor.Needs) {
			n.Inputs[0].First = []sensor.Cause{{Instance: -1, ID: channelfile.ID{15: 9}, Word: -1}}
		}, onClient), fleet(contract(t, "7.11", 1, 20)), "", "or only an ID"},
		{"needs-with-a-rule", needsOf(func(n *sensor.Needs) { n.Inputs[0].First = []sensor.Cause{{Instance: -1, Rule: "r-9", Word: -1}} }, onClient), fleet(contract(t, "7.11", 1, 20)), "", "or only a name"},
		{"needs-of-criteria-alone", needsOf(func(n *sensor.Needs) { n.Inputs[0].Instances, n.Inputs[0].First = 0, nil }, onClient), fleet(contract(t, "7.11", 1, 20)), "", "an interpreter that evaluates all criteria reads it too"},
		{"needs-on-named", needsOf(nil, onUser, channelfile.Not(onUser)), fleet(contract(t, "s7", 1, 21, named, state(sensor.StateNotSupplied, user))), "", "needs have no conditions, so what becomes of the rules is open"},
		{"needs-on-feeds", needsOf(nil, onUser, onEvent), fleet(
			contract(t, "s7", 1, 21, named, state(sensor.StateNotSupplied, user), feed(t, "b", 21)),
			contract(t, "s6", 10, 21, named, state(sensor.StateNotSupplied, user), feed(t, "b", 1))), "", "a build with a feed that has all loses nothing; a build with none may lose each rule"},
		{"needs-operator", needsOf(nil, onPipe), fleet(contract(t, "8.3", 1, 21, operators(channelfile.OpExists), formats("1.1"), limits(sensor.Limits{FileSize: 1}), budget(sensor.Budget{Memory: 1}))), "", "paths of the document"},
		{"needs-latent", needsOf(nil, onPipe), fleet(contract(t, "7.11", 1, 20), contract(t, "5.0", 1, 0, without)), "", "likewise"},
		{"needs-without-operator-causes", needsOf(func(n *sensor.Needs) { n.Operators[0].First = nil }, onPipe), fleet(contract(t, "8.3", 1, 21, operators(channelfile.OpExists))), "", "the content as a whole"},
	}
	var file strings.Builder
	want := messages(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var now time.Time
			if tt.now != "" {
				now = day(t, tt.now)
			}
			got := shown(judge(t, tt.subject, tt.fleet, now))
			fmt.Fprintf(&file, "== %s\n%s", tt.name, got)
			if diff := cmp.Diff(want[tt.name], got); diff != "" && !*update {
				t.Errorf("%s (-expected +found):\n%s", tt.why, diff)
			}
			delete(want, tt.name)
		})
	}
	if *update {
		if err := os.WriteFile(messagesFile, []byte(file.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name := range want {
		t.Errorf("%s has %s, which is no test", messagesFile, name)
	}
}

var update = flag.Bool("update", false, "write testdata/messages.txt")

const messagesFile = "testdata/messages.txt"

// messages returns what reports say, by the name of the test.
func messages(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(messagesFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	list := map[string]string{}
	for _, section := range strings.Split("\n"+string(data), "\n== ")[1:] {
		name, text, _ := strings.Cut(section, "\n")
		list[name] = strings.TrimSuffix(text, "\n") + "\n"
	}
	return list
}

// TestManyRules holds that of very many rules with one fault all are counted
// and some are kept.
func TestManyRules(t *testing.T) {
	const n = 5000
	s := validate.ChannelFile("", testkit.Encode(t, testkit.IPC, slices.Repeat([]channelfile.Expr{onClient}, n)...))
	for _, tt := range []struct {
		id     string
		fleet  *sensor.Fleet
		want   validate.Verdict
		errors int
	}{
		{"CF3001", fleet(contract(t, "7.11", 1, 20)), validate.Rejected, n},
		{"CF3004", fleet(contract(t, "8.2", 1, 21, state(sensor.StateUnknown, clientImage))), validate.Rejected, n},
		{"CF3012", fleet(contract(t, "s7", 1, 20, named)), validate.Accepted, 0},
	} {
		r := judge(t, s, tt.fleet, time.Time{})
		if len(r.Totals) != 1 || r.Totals[0].Check.ID != tt.id || r.Totals[0].Found != n || len(r.Findings) != validate.DefaultMaxFindings {
			t.Errorf("%s: totals %v, %d findings", tt.id, r.Totals, len(r.Findings))
		}
		if r.Verdict() != tt.want || r.Errors() != tt.errors {
			t.Errorf("%s: %v with %d errors, expected %v with %d", tt.id, r.Verdict(), r.Errors(), tt.want, tt.errors)
		}
	}
}

// TestCriterionOfNobody holds that an input is said to be read of which only
// criteria speak that no rule refers to: an interpreter that evaluates all
// criteria reads it.
func TestCriterionOfNobody(t *testing.T) {
	data := rules(t, onPipe, onClient).Data
	f, err := channelfile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	copy(data[f.WordRange(1).Start:][:4], data[f.WordRange(0).Start:])
	r := judge(t, validate.ChannelFile("", data), fleet(contract(t, "7.11", 1, 20)), time.Time{})
	i := slices.IndexFunc(r.Findings, func(f validate.Finding) bool { return f.Check.ID == "CF3001" })
	if i < 0 {
		t.Fatalf("it is not found:\n%s", shown(r))
	}
	if f := r.Findings[i]; f.Instance != nil || f.Where.Path != "header.inputs_read" || f.Message != "the content reads input 21 (index 20) of type ipc" {
		t.Errorf("%+v", f)
	}
}

// TestManyFeeds holds that a finding is as long as a person reads, however
// many builds there are, and speaks of all of them.
func TestManyFeeds(t *testing.T) {
	var list []sensor.Contract
	for i := range 1000 {
		c := contract(t, fmt.Sprintf("b%d", i), 1, 21, named, state(sensor.StateUnknown, clientImage))
		c.Supplies[0].Feed = fmt.Sprintf("f%d", i)
		list = append(list, c)
	}
	r := judge(t, rules(t, onClient), fleet(list...), time.Time{})
	if len(r.Findings) != 1 {
		t.Fatalf("%d findings", len(r.Findings))
	}
	f := r.Findings[0]
	if n := len(f.Details); n != 21 || f.Details[20] != "and 980 more such feeds" {
		t.Errorf("%d lines of details, the last %q", n, f.Details[n-1])
	}
	if len(f.Builds) != 1000 {
		t.Errorf("%d builds", len(f.Builds))
	}
	if r.Counts.Contracts != 1000 {
		t.Errorf("%d contracts differ", r.Counts.Contracts)
	}
}

// TestManyContracts holds that feeds of one name of which the same is to be said
// are one line, whatever else is different of their builds.
func TestManyContracts(t *testing.T) {
	var list []sensor.Contract
	for i := range 1000 {
		c := contract(t, fmt.Sprintf("b%d", i), 2, 20, named)
		c.Reader.Limits.Instances = uint64(1000 + i)
		list = append(list, c)
	}
	r := judge(t, rules(t, onClient), fleet(list...), time.Time{})
	const want = "builds b0, b1, b2, b3, b4 and 995 builds more do not supply ClientImage: 2,000 of 2,000 hosts (fleet test)"
	if len(r.Findings) != 1 || len(r.Findings[0].Details) != 1 || r.Findings[0].Details[0] != want {
		t.Errorf("%s\nexpected the line\n%s", shown(r), want)
	}
}

// TestHeadroom checks, for each limit of a whole file, the last number at which a tenth is left
// and the next one.
func TestHeadroom(t *testing.T) {
	subject := rules(t, channelfile.And(channelfile.Equals(pipeName, "a", "b", "cc"), channelfile.Contains(image, "abc")), onUser, channelfile.Not(onPipe))
	needs := sensor.NeedsOf(testkit.Parse(t, subject.Data), builtin.Definitions())
	full := contract(t, "6.0", 1, 21)
	steps, _ := needs.Steps(func(i int) (int, bool) { return full.Supplies[0].Inputs[i].Longest() })
	for unit, tt := range map[string]struct {
		used uint64
		set  func(c *sensor.Contract, most uint64)
	}{
		"bytes in the file":  {needs.Sizes.FileSize, func(c *sensor.Contract, n uint64) { c.Reader.Limits.FileSize = n }},
		"instances":          {needs.Sizes.Instances, func(c *sensor.Contract, n uint64) { c.Reader.Limits.Instances = n }},
		"distinct criteria":  {needs.Sizes.Criteria, func(c *sensor.Contract, n uint64) { c.Reader.Limits.Criteria = n }},
		"bytes of memory":    {needs.Memory, func(c *sensor.Contract, n uint64) { c.Reader.Budget.Memory = n }},
		"steps for an event": {steps, func(c *sensor.Contract, n uint64) { c.Reader.Budget.Steps = n }},
	} {
		enough := (10*tt.used + 8) / 9 // the smallest limit of which a tenth is left
		for most, want := range map[uint64]bool{enough: false, enough - 1: true, tt.used: true} {
			build := contract(t, "6.0", 1, 21)
			tt.set(&build, most)
			r := judge(t, subject, fleet(contract(t, "5.9", 1, 21), build), time.Time{})
			if r.Verdict() != validate.Accepted || (len(r.Findings) > 0) != want {
				t.Errorf("%d of %d %s: %v, %d findings", tt.used, most, unit, r.Verdict(), len(r.Findings))
			}
			for _, f := range r.Findings {
				room := fmt.Sprintf("%d of %d %s (%d %%), room for %d more", tt.used, most, unit, 100*tt.used/most, most-tt.used)
				room = strings.Replace(room, "room for 0 more", "no room is left", 1)
				if f.Check.ID != "CF3020" || strings.ReplaceAll(f.Message, ",", "") != strings.ReplaceAll(room, ",", "") || f.Builds[0].Name != "6.0" {
					t.Errorf("%v: %q, expected %q", f.Check, f.Message, room)
				}
			}
		}
		over := contract(t, "6.0", 1, 21)
		tt.set(&over, tt.used-1)
		if r := judge(t, subject, fleet(over), time.Time{}); r.Verdict() != validate.Rejected || slices.ContainsFunc(r.Findings, func(f validate.Finding) bool { return f.Check.ID == "CF3020" }) {
			t.Errorf("%s: a limit that is exceeded is an error, and no warning besides: %s", unit, shown(r))
		}
	}
}

// TestHeadroomSilent checks builds and limits that the warning is not about.
func TestHeadroomSilent(t *testing.T) {
	subject := rules(t, channelfile.Contains(pipeName, "a", "b"))
	for why, build := range map[string]sensor.Contract{
		"the limits of a single rule":       contract(t, "6.0", 1, 21, limits(sensor.Limits{WordsPerInstance: 1, OperandsPerCriterion: 2, ValueLength: 1, ProgramInstructions: 1})),
		"a build that refuses the file":     contract(t, "6.0", 1, 0, without, refuses, limits(sensor.Limits{Instances: 1}), budget(sensor.Budget{Memory: 1})),
		"no limits":                         contract(t, "6.0", 1, 21),
		"a length without a bound (CF3011)": contract(t, "6.0", 1, 21, budget(sensor.Budget{Steps: 20}), func(c *sensor.Contract) { c.Supplies[0].Inputs[pipeName].MaxLength = 0 }),
	} {
		r := judge(t, subject, fleet(contract(t, "5.9", 1, 21), build), time.Time{})
		if slices.ContainsFunc(r.Findings, func(f validate.Finding) bool { return f.Check.ID == "CF3020" }) {
			t.Errorf("%s: %s", why, shown(r))
		}
	}
}

// TestHeadroomTrend checks the warning about a limit that will soon be reached.
func TestHeadroomTrend(t *testing.T) {
	subject := rules(t, channelfile.Contains(pipeName, "abc"), onUser, onClient)
	needs := sensor.NeedsOf(testkit.Parse(t, subject.Data), builtin.Definitions())
	full := contract(t, "6.0", 1, 21)
	steps, _ := needs.Steps(func(i int) (int, bool) { return full.Supplies[0].Inputs[i].Longest() })
	earlier := func(change func(n *sensor.Needs)) []*sensor.Needs {
		n := *needs
		change(&n)
		return []*sensor.Needs{&n}
	}
	for why, tt := range map[string]struct {
		limits  sensor.Limits
		budget  sensor.Budget
		earlier []*sensor.Needs
		want    string // message; "" means no finding
	}{
		"a rule a release, two of which fit":       {limits: sensor.Limits{Instances: 5}, earlier: earlier(func(n *sensor.Needs) { n.Sizes.Instances-- }), want: "3 of 5 instances (60 %), room for 2 more; +1 a release, room for 2 more releases"},
		"a rule a release, three of which fit":     {limits: sensor.Limits{Instances: 6}, earlier: earlier(func(n *sensor.Needs) { n.Sizes.Instances-- })},
		"no growth":                                {limits: sensor.Limits{Instances: 4}, earlier: earlier(func(n *sensor.Needs) { n.Sizes.Instances++ })},
		"no earlier revision":                      {limits: sensor.Limits{Instances: 4}},
		"a full limit that does not grow":          {limits: sensor.Limits{Instances: 3}, earlier: earlier(func(*sensor.Needs) {}), want: "3 of 3 instances (100 %), no room is left; not growing"},
		"the longest list is no limit of the file": {limits: sensor.Limits{OperandsPerCriterion: 2}, earlier: earlier(func(n *sensor.Needs) { n.Sizes.OperandsPerCriterion = 0 })},
		"memory": {budget: sensor.Budget{Memory: needs.Memory + 200}, earlier: earlier(func(n *sensor.Needs) { n.Memory -= 100 }),
			want: fmt.Sprintf("%d of %d bytes of memory (%d %%), room for 200 more; +100 a release, room for 2 more releases", needs.Memory, needs.Memory+200, 100*needs.Memory/(needs.Memory+200))},
		"steps": {budget: sensor.Budget{Steps: steps + 300}, earlier: earlier(func(n *sensor.Needs) { n.Inputs = nil }),
			want: fmt.Sprintf("%d of %d steps for an event (%d %%), room for 300 more; +%d a release, no room for another release", steps, steps+300, 100*steps/(steps+300), steps-needs.Constant)},
	} {
		opts := validate.Options{Checks: family, Definitions: definitions(), Fleet: fleet(contract(t, "6.0", 1, 21, limits(tt.limits), budget(tt.budget)))}
		if tt.earlier != nil {
			opts.History = func(n *sensor.Needs) []*sensor.Needs {
				if n.Sizes != needs.Sizes {
					t.Errorf("%s: asked for other needs: %+v", why, n.Sizes)
				}
				return tt.earlier
			}
		}
		r := validate.Run(subject, opts)
		var got []string
		for _, f := range r.Findings {
			got = append(got, strings.ReplaceAll(f.Message, ",", ""))
		}
		if found := strings.Join(got, "\n"); found != strings.ReplaceAll(tt.want, ",", "") {
			t.Errorf("%s: %q, expected %q", why, found, tt.want)
		}
	}
}
