package contract_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// conjunctions generates the conditions of a few rules, each as the parts that
// all must hold.
func conjunctions() *rapid.Generator[[][]channelfile.Expr] {
	criterion := rapid.Custom(func(t *rapid.T) channelfile.Expr {
		// Few inputs, so that rules and contracts meet.
		input := rapid.SampledFrom([]int{eventType, processID, pipeName, image, user, clientImage}).Draw(t, "input")
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			return channelfile.Exists(input)
		case 1:
			if other := rapid.SampledFrom([]int{0, image, user, clientImage}).Draw(t, "other"); other != input {
				return channelfile.EqualsInput(input, other)
			}
		case 2:
			return channelfile.Contains(input, "demo")
		}
		return channelfile.Equals(input, "demo")
	})
	part := rapid.Custom(func(t *rapid.T) channelfile.Expr {
		e := criterion.Draw(t, "criterion")
		switch rapid.IntRange(0, 3).Draw(t, "form") {
		case 0:
			e = channelfile.Not(e)
		case 1:
			e = channelfile.Or(e, criterion.Draw(t, "alternative"))
		case 2:
			e = channelfile.Not(channelfile.Or(e, channelfile.Not(criterion.Draw(t, "alternative"))))
		}
		return e
	})
	return rapid.SliceOfN(rapid.SliceOfN(part, 1, 4), 1, 4)
}

// content makes a channel file of rules.
func content(t *rapid.T, rules [][]channelfile.Expr) *validate.Subject {
	var conditions []channelfile.Expr
	for _, parts := range rules {
		conditions = append(conditions, channelfile.And(parts...))
	}
	return validate.ChannelFile("", testkit.Encode(t, testkit.IPC, conditions...))
}

// contracts generates contracts, most of which differ little from a good one.
func contracts(tb testing.TB) *rapid.Generator[[]sensor.Contract] {
	supply := rapid.Custom(func(t *rapid.T) sensor.Supply {
		n := rapid.SampledFrom([]int{21, 21, 21, 21, 21, 20, 20, 8, 7, 22}).Draw(t, "inputs")
		s := sensor.Supply{Type: "ipc", Version: 1, Evidence: sensor.EvidenceStated, Inputs: inputs(tb, n)}
		if rapid.IntRange(0, 9).Draw(t, "other version") == 0 {
			s.Version = 2
		}
		for range rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "states") {
			i := rapid.IntRange(0, n-1).Draw(t, "index")
			s.Inputs[i].State = rapid.SampledFrom([]sensor.State{sensor.StateNotSupplied, sensor.StateNotSupplied, sensor.StateUnknown}).Draw(t, "state")
		}
		if rapid.IntRange(0, 9).Draw(t, "type") == 0 {
			s.Inputs[rapid.IntRange(0, n-1).Draw(t, "index")].Type = sensor.TypeInteger
		}
		if rapid.IntRange(0, 3).Draw(t, "acknowledged") == 0 {
			s.Acknowledged = []sensor.Shortfall{{Input: clientImage, Why: "it is", Until: sensor.Date{Year: 2027, Month: 1, Day: 31}}}
		}
		return s
	})
	contract := rapid.Custom(func(t *rapid.T) sensor.Contract {
		c := sensor.Contract{Hosts: rapid.Uint64Range(1, 1000).Draw(t, "hosts"), Reader: sensor.Reader{
			Evidence: sensor.EvidenceStated, Access: rapid.SampledFrom([]sensor.Access{sensor.AccessPositional, sensor.AccessNamed}).Draw(t, "access"),
			Formats: []string{channelfile.Version}, Operators: channelfile.Operators(), RefusesUnknownVersions: rapid.Bool().Draw(t, "refuses"),
		}}
		if rapid.IntRange(0, 9).Draw(t, "budget") == 0 {
			c.Reader.Budget.Steps = 2000
		}
		for i := range rapid.SampledFrom([]int{1, 1, 1, 2, 0}).Draw(t, "feeds") {
			s := supply.Draw(t, "supply")
			s.Feed = []string{"kernel", "log"}[i]
			c.Supplies = append(c.Supplies, s)
		}
		return c
	})
	return rapid.Map(rapid.SliceOfN(contract, 1, 4), func(list []sensor.Contract) []sensor.Contract {
		for i := range list {
			list[i].Build = fmt.Sprintf("b%d", i)
		}
		return list
	})
}

var judgedOn = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func options(contracts ...sensor.Contract) validate.Options {
	return validate.Options{Checks: family, Definitions: definitions(), Fleet: fleet(contracts...), Now: judgedOn}
}

// A fault is what a finding says, but for its words.
type fault struct {
	check, path string
	input       int
	build       string
}

// faults returns what the findings of a report say of each build.
func faults(r *validate.Report, only ...string) map[fault]bool {
	set := map[fault]bool{}
	for _, f := range r.Findings {
		if len(only) > 0 && !slices.Contains(only, f.Check.ID) {
			continue
		}
		input := -1
		if f.Input != nil {
			input = f.Input.Index
		}
		if slices.Contains(outcomes, f.Check.ID) {
			// One finding speaks of all builds, some of which may lack
			// another input than it names first.
			f.Where.Path, _, _ = strings.Cut(f.Where.Path, ".")
			input = -1
		}
		if len(f.Builds) == 0 {
			set[fault{f.Check.ID, f.Where.Path, input, ""}] = true
		}
		for _, b := range f.Builds {
			set[fault{f.Check.ID, f.Where.Path, input, b.Name}] = true
		}
	}
	return set
}

// added returns what is in one set and not in another.
func added(before, after map[fault]bool) []fault {
	var list []fault
	for f := range after {
		if !before[f] {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b fault) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return list
}

// TestOneBuildMoreIsNeverBetter: one more contract in a fleet never turns
// rejected content into accepted content, and never removes a finding on
// another build. There are two exceptions. With a contract that contradicts
// itself, Run compares nothing, and does not accept the content. And a check
// does not run if the new build breaks a check that it requires.
func TestOneBuildMoreIsNeverBetter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := content(rt, conjunctions().Draw(rt, "rules"))
		all := contracts(t).Draw(rt, "contracts")
		before := validate.Run(s, options(all[1:]...))
		after := validate.Run(s, options(all...))
		if err := after.Fleet.Undefined(definitions()); err != nil {
			// Two supplies of a version that has no definition disagree.
			if after.Verdict() == validate.Accepted {
				rt.Fatalf("accepted, though the fleet is at fault: %v", err)
			}
			return
		}
		if before.Verdict() == validate.Rejected && after.Verdict() != validate.Rejected {
			rt.Fatalf("%v on %d builds, %v with one more", before.Verdict(), len(all)-1, after.Verdict())
		}
		gone := slices.DeleteFunc(added(faults(after), faults(before)), func(f fault) bool {
			return after.Verdict() == validate.Rejected && slices.ContainsFunc(after.Skipped, func(s validate.Skip) bool { return s.Check.ID == f.check })
		})
		if len(gone) > 0 {
			rt.Fatalf("with one build more these are not found: %v", gone)
		}
	})
}

// TestOrderOfBuildsDoesNotMatter: the order of contracts in a fleet changes
// neither the verdict nor what is found of whom.
func TestOrderOfBuildsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := content(rt, conjunctions().Draw(rt, "rules"))
		all := contracts(t).Draw(rt, "contracts")
		other := rapid.Permutation(all).Draw(rt, "permuted")
		a, b := validate.Run(s, options(all...)), validate.Run(s, options(other...))
		if a.Verdict() != b.Verdict() {
			rt.Fatalf("%v, permuted %v", a.Verdict(), b.Verdict())
		}
		if diff := gocmp.Diff(faults(a), faults(b), gocmp.AllowUnexported(fault{})); diff != "" {
			rt.Fatalf("what is found:\n%s", diff)
		}
		if diff := gocmp.Diff(built(a), built(b)); diff != "" {
			rt.Fatalf("builds:\n%s", diff)
		}
	})
}

// built returns the builds of a report by name.
func built(r *validate.Report) []validate.BuildReport {
	return slices.SortedFunc(slices.Values(r.Builds), func(a, b validate.BuildReport) int { return cmp.Compare(a.Name, b.Name) })
}

// TestSupplyingMoreIsNeverWorse: a positional build that supplies one input
// more has no finding that it did not have.
func TestSupplyingMoreIsNeverWorse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := content(rt, conjunctions().Draw(rt, "rules"))
		n := rapid.IntRange(0, declared-1).Draw(rt, "supplied")
		less, more := contract(t, "b", 1, n), contract(t, "b", 1, n+1)
		before, after := validate.Run(s, options(less)), validate.Run(s, options(more))
		if worse := added(faults(before), faults(after)); len(worse) > 0 {
			rt.Fatalf("with %d inputs these are found, with %d they were not: %v", n+1, n, worse)
		}
		if before.Errors() < after.Errors() {
			rt.Fatalf("%d errors with %d inputs, %d with %d", after.Errors(), n+1, before.Errors(), n)
		}
	})
}

// outcomes are the checks of what becomes of a rule at a named reader.
var outcomes = []string{"CF3012", "CF3013", "CF3014"}

// TestSupplyingMoreHarmsFewerRules: at a named build that supplies one input
// more no rule is harmed that was not. How it is harmed may change: a rule that
// was blind may now have lost an alternative only.
func TestSupplyingMoreHarmsFewerRules(t *testing.T) {
	harmed := func(r *validate.Report) map[fault]bool {
		set := map[fault]bool{}
		for f := range faults(r, outcomes...) {
			set[fault{path: f.path, build: f.build}] = true
		}
		return set
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := content(rt, conjunctions().Draw(rt, "rules"))
		missing := rapid.SliceOfNDistinct(rapid.SampledFrom([]int{eventType, processID, pipeName, image, user, clientImage}), 1, 4, rapid.ID).Draw(rt, "missing")
		less := contract(t, "b", 1, declared, named, state(sensor.StateNotSupplied, missing...))
		more := contract(t, "b", 1, declared, named, state(sensor.StateNotSupplied, missing[1:]...))
		before, after := validate.Run(s, options(less)), validate.Run(s, options(more))
		if worse := added(harmed(before), harmed(after)); len(worse) > 0 {
			rt.Fatalf("with input %d these are harmed, without they were not: %v", missing[0], worse)
		}
		if before.Verdict() != validate.Accepted || after.Verdict() != validate.Accepted {
			rt.Fatalf("%v and %v; what a named reader misses breaks nothing", before.Verdict(), after.Verdict())
		}
	})
}

// TestWildcardIsNeverWorse: a rule that loses a criterion reads no input that
// it did not read.
func TestWildcardIsNeverWorse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rules := conjunctions().Draw(rt, "rules")
		all := contracts(t).Draw(rt, "contracts")
		i := rapid.IntRange(0, len(rules)-1).Draw(rt, "rule")
		if len(rules[i]) < 2 {
			rt.Skip("a rule has a criterion")
		}
		k := rapid.IntRange(0, len(rules[i])-1).Draw(rt, "criterion")
		fewer := slices.Clone(rules)
		fewer[i] = slices.Delete(slices.Clone(rules[i]), k, k+1)
		// Words move when one goes, so compare by rule.
		byRule := func(r *validate.Report) map[fault]bool {
			set := map[fault]bool{}
			for f := range faults(r, "CF3001") {
				f.path, _, _ = strings.Cut(f.path, ".")
				set[f] = true
			}
			return set
		}
		before, after := validate.Run(content(rt, rules), options(all...)), validate.Run(content(rt, fewer), options(all...))
		if worse := added(byRule(before), byRule(after)); len(worse) > 0 {
			rt.Fatalf("without a criterion of rule %d these are found, with it they were not: %v", i+1, worse)
		}
	})
}

// TestSameAgain: a report depends on nothing but what it is of.
func TestSameAgain(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := content(rt, conjunctions().Draw(rt, "rules"))
		o := options(contracts(t).Draw(rt, "contracts")...)
		if diff := gocmp.Diff(shown(validate.Run(s, o)), shown(validate.Run(s, o))); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// TestAcceptedIsSupplied is the promise, by another way than the checks take:
// where the verdict is accepted, every input that any criterion reads is one
// that each positional build hands over, with the declared type.
func TestAcceptedIsSupplied(t *testing.T) {
	accepted, rejected := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		s := content(rt, conjunctions().Draw(rt, "rules"))
		all := contracts(t).Draw(rt, "contracts")
		r := validate.Run(s, options(all...))
		switch r.Verdict() {
		case validate.Undecided:
			return
		case validate.Rejected:
			rejected++
			return
		}
		accepted++
		read := map[int]bool{}
		for i := range r.File.Criteria() {
			c := r.File.Criterion(i)
			read[int(c.Input)] = true
			for other := range r.File.OperandInputs(c) {
				read[other] = true
			}
		}
		for _, c := range all {
			has := 0
			for _, supply := range c.Supplies {
				if supply.Version != 1 {
					continue
				}
				has++
				if c.Reader.Access != sensor.AccessPositional {
					continue
				}
				for _, i := range slices.Sorted(maps.Keys(read)) {
					if i >= len(supply.Inputs) || supply.Inputs[i].State != sensor.StateSupplied || supply.Inputs[i].Type != sensor.TypeString {
						rt.Fatalf("build %s, feed %s: input %d is read, and not handed over", c.Build, supply.Feed, i)
					}
				}
			}
			if has == 0 && !c.Reader.RefusesUnknownVersions {
				rt.Fatalf("build %s has not the version and may take the file for another", c.Build)
			}
		}
	})
	if !testing.Short() && (accepted < 10 || rejected < 10) {
		t.Errorf("%d accepted and %d rejected: the generators are of no use", accepted, rejected)
	}
}

// TestVerdictsOfWarnings: to fail on warnings accepts less, and rejects what
// was rejected.
func TestVerdictsOfWarnings(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := content(rt, conjunctions().Draw(rt, "rules"))
		o := options(contracts(t).Draw(rt, "contracts")...)
		r := validate.Run(s, o)
		o.FailOnWarnings = true
		strict := validate.Run(s, o)
		want := r.Verdict()
		if r.Warnings() > 0 {
			want = validate.Rejected
		}
		if strict.Verdict() != want {
			rt.Fatalf("%v with %d errors and %d warnings; on failing by warnings %v", r.Verdict(), r.Errors(), r.Warnings(), strict.Verdict())
		}
	})
}
