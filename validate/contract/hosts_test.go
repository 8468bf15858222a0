package contract_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// onHost has the outcome on a host for the outcomes on its two feeds, by the IDs of the checks
// that report them on hosts. "" means unaffected.
var onHost = map[[2]string]string{
	{"", ""}:             "",
	{"", "CF3012"}:       "", // the other feed has all matches
	{"", "CF3013"}:       "",
	{"", "CF3014"}:       "",
	{"CF3012", "CF3012"}: "CF3012",
	{"CF3012", "CF3013"}: "CF3013", // the matches of the host are those of the second feed
	{"CF3012", "CF3014"}: "CF3014",
	{"CF3013", "CF3013"}: "CF3013",
	{"CF3013", "CF3014"}: "CF3013", // the unwanted matches of the first feed remain
	{"CF3014", "CF3014"}: "CF3014",
}

// TestTwoFeeds compares the findings for hosts with two feeds with the findings for hosts that
// have only one of these feeds. The feeds lack each set of inputs.
func TestTwoFeeds(t *testing.T) {
	on := func(i int) channelfile.Expr { return channelfile.Equals(i, "a") }
	s := processRules(t,
		channelfile.And(on(pImage), on(pLine), on(pOriginal)),
		channelfile.Or(on(pImage), channelfile.And(on(pLine), channelfile.Not(on(pHashes)))),
		channelfile.And(channelfile.Or(on(pImage), on(pDesktop)), channelfile.Not(channelfile.Or(on(pLine), on(pHashes)))),
		channelfile.And(on(pImage), channelfile.Not(on(pLine)), channelfile.Or(on(pOriginal), on(pHashes))),
		channelfile.Not(channelfile.EqualsInput(pHashes, pDesktop, pOriginal)),
	)
	sets := 1 << len(process.Inputs)
	lacking := func(name string, set int) sensor.Supply {
		var gone []int
		for i := range process.Inputs {
			if set>>i&1 != 0 {
				gone = append(gone, i)
			}
		}
		return onFeed(name, missing(sensor.StateNotSupplied, gone...))
	}
	var alone, both []sensor.Contract
	for a := range sets {
		alone = append(alone, host(fmt.Sprint(a), 1, sensor.AccessNamed, lacking("sysmon", a)))
		for b := range sets {
			both = append(both, host(fmt.Sprintf("%d %d", a, b), 1, sensor.AccessNamed, lacking("sysmon", a), lacking("security", b)))
		}
	}
	type place struct{ rule, build string }
	found := func(contracts []sensor.Contract) map[place]string {
		list := map[place][]string{}
		for _, f := range judgeProcess(t, s, contracts...).Findings {
			for _, b := range f.Builds {
				at := place{f.Instance.Title, b.Name}
				list[at] = append(list[at], f.Check.ID)
			}
		}
		checks := map[place]string{}
		for at, ids := range list {
			slices.Sort(ids)
			checks[at] = strings.Join(slices.Compact(ids), " ")
		}
		return checks
	}
	byFeed, byHost := found(alone), found(both)
	seen := map[[2]string]int{}
	for rule := range 5 {
		title := fmt.Sprintf("Rule %d", rule+1)
		for a := range sets {
			for b := range sets {
				feeds := []string{byFeed[place{title, fmt.Sprint(a)}], byFeed[place{title, fmt.Sprint(b)}]}
				slices.Sort(feeds)
				seen[[2]string(feeds)]++
				want, ok := onHost[[2]string(feeds)]
				if !ok {
					t.Fatalf("%s: a feed has several outcomes: %q", title, feeds)
				}
				aside := slices.ContainsFunc(feeds, func(o string) bool { return o != "" && o != want })
				if aside {
					want = strings.TrimSpace(want + " CF3021")
				}
				at := place{title, fmt.Sprintf("%d %d", a, b)}
				if byHost[at] != want {
					t.Errorf("%v, with %q on its feeds: found %q (want %q)", at, feeds, byHost[at], want)
				}
			}
		}
	}
	for feeds := range onHost {
		if seen[feeds] == 0 {
			t.Errorf("no rule has the outcomes %q", feeds)
		}
	}
}

// TestOneFeedMoreIsNeverWorse checks that a host with one more feed is counted under no check of
// outcomes for a rule for which it was not counted. If the feed supplies all inputs, the host is
// counted for no rule.
func TestOneFeedMoreIsNeverWorse(t *testing.T) {
	harmed := func(r *validate.Report) map[fault]bool {
		set := map[fault]bool{}
		for f := range faults(r, outcomes...) {
			set[fault{path: f.path, build: f.build}] = true
		}
		return set
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := content(rt, conjunctions().Draw(rt, "rules"))
		lacks := rapid.SliceOfNDistinct(rapid.SampledFrom([]int{eventType, processID, pipeName, image, user, clientImage}), 0, 4, rapid.ID)
		build := func(sets ...[]int) sensor.Contract {
			var supplies []sensor.Supply
			for i, set := range sets {
				supply := testkit.Supply(definitions().ByNumber(testkit.IPC.Type, 1))
				supply.Feed = fmt.Sprintf("f%d", i)
				missing(sensor.StateNotSupplied, set...)(supply.Inputs)
				supplies = append(supplies, supply)
			}
			return host("b", 1, sensor.AccessNamed, supplies...)
		}
		first, second := lacks.Draw(rt, "first"), lacks.Draw(rt, "second")
		one, two := harmed(validate.Run(s, options(build(first)))), harmed(validate.Run(s, options(build(first, second))))
		if worse := added(one, two); len(worse) > 0 {
			rt.Fatalf("with a second feed these rules are affected: %v", worse)
		}
		if whole := harmed(validate.Run(s, options(build(first, second, nil)))); len(whole) > 0 {
			rt.Fatalf("with a feed that supplies all these rules are affected: %v", slices.Collect(maps.Keys(whole)))
		}
	})
}

// TestOutcomesShareABudget checks that no check of outcomes finishes if the budget ends while
// they are computed.
func TestOutcomesShareABudget(t *testing.T) {
	renamed := channelfile.Equals(pOriginal, "a.exe")
	s := processRules(t, slices.Repeat([]channelfile.Expr{renamed}, 20)...)
	r := validate.Run(s, validate.Options{
		Checks: family, Definitions: testkit.Definitions(t, process), Budget: &validate.Budget{MaxSteps: 50},
		Fleet: fleet(host("b", 1, sensor.AccessNamed, onFeed("sysmon", missing(sensor.StateNotSupplied, pOriginal)))),
	})
	if r.Verdict() != validate.Undecided || r.Warnings() > 0 {
		t.Errorf("%v with %d warnings (want undecided, and no finding of an unfinished check)", r.Verdict(), r.Warnings())
	}
	want := "CF3012 rule-blind, CF3013 rule-widened, CF3014 rule-weakened, CF3021 rule-on-each-feed did not finish: the run has used all of its 50 steps"
	if !slices.ContainsFunc(r.Undecided, func(why string) bool { return strings.HasPrefix(why, want) }) {
		t.Errorf("reasons (-expected +found):\n%s", cmp.Diff([]string{want + "..."}, r.Undecided))
	}
}
