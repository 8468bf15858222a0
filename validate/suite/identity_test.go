package suite_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// halfSupplied is a fleet of a named and a positional build that supply the first 10 of the 21
// inputs of type ipc, so most rules have findings of several checks.
func halfSupplied(t testing.TB) *sensor.Fleet {
	ipc := builtin.Definitions().ByName("ipc", 1)
	supply := testkit.Supply(ipc)
	supply.Inputs = supply.Inputs[:10]
	f := &sensor.Fleet{Name: "half", Contracts: []sensor.Contract{
		testkit.Contract("named", 100, sensor.AccessNamed, supply),
		testkit.Contract("positional", 10, sensor.AccessPositional, supply),
	}}
	return f
}

// A placedRule is a rule with a random ID.
type placedRule struct {
	id        channelfile.ID
	condition channelfile.Expr
}

// placed generates rules with random IDs, so that the order of the instances is random.
func placed() *rapid.Generator[[]placedRule] {
	criterion := rapid.Custom(func(t *rapid.T) channelfile.Expr {
		input := rapid.IntRange(0, 20).Draw(t, "input")
		e := channelfile.Equals(input, rapid.StringMatching(`[a-c]{1,2}`).Draw(t, "operand"))
		if rapid.Bool().Draw(t, "exists") {
			e = channelfile.Exists(input)
		}
		if rapid.Bool().Draw(t, "not") {
			e = channelfile.Not(e)
		}
		return e
	})
	rule := rapid.Custom(func(t *rapid.T) placedRule {
		parts := rapid.SliceOfN(criterion, 1, 4).Draw(t, "parts")
		r := placedRule{condition: channelfile.And(parts...)}
		if rapid.Bool().Draw(t, "or") {
			r.condition = channelfile.Or(parts...)
		}
		binary.BigEndian.PutUint64(r.id[:], rapid.Uint64Range(1, 1<<40).Draw(t, "id"))
		return r
	})
	return rapid.SliceOfNDistinct(rule, 2, 8, func(r placedRule) channelfile.ID { return r.id })
}

// ofSeveralRules are the checks that compare the rules of a file with each other.
var ofSeveralRules = []string{"CF4006", "CF4007"}

// identities returns the identities of the findings on each rule, sorted, for the rules with these
// indices in a file of this revision.
func identities(t *rapid.T, fleet *sensor.Fleet, all []placedRule, which []int, revision uint32, from int) map[string][]string {
	h := testkit.IPC
	h.Revision = revision
	b := channelfile.NewBuilder(h)
	for k, i := range which {
		r := all[i]
		if err := b.Add(r.id, r.condition.From(from+20*k+3, "text"), &channelfile.Origin{Path: "rules.yml", Line: from + 20*k}); err != nil {
			t.Fatal(err)
		}
	}
	data, err := b.Encode()
	if err != nil {
		t.Skip("the builder refuses the condition:", err)
	}
	report := validate.Run(validate.ChannelFile(fmt.Sprintf("C-00000291-00000001-%08d.cf", revision), data), validate.Options{
		Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: fleet, MaxFindings: 1000,
	})
	if n := report.Errors() + report.Warnings() + report.Notes(); report.File == nil || n != len(report.Findings) {
		t.Fatalf("%d findings, the report keeps %d", n, len(report.Findings))
	}
	list := map[string][]string{}
	for _, f := range report.Findings {
		if slices.Contains(ofSeveralRules, f.Check.ID) {
			continue
		}
		list[f.Identity.Rule] = append(list[f.Identity.Rule], f.Identity.Fingerprint())
	}
	for _, ids := range list {
		slices.Sort(ids)
	}
	return list
}

// The identities of the findings on a rule depend on the rule alone: not on the other rules of the
// file, the order of the rules, their lines, or the revision and name of the file.
func TestIdentityDependsOnTheRule(t *testing.T) {
	fleet := halfSupplied(t)
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		rules := placed().Draw(t, "rules")
		indices := make([]int, len(rules))
		for i := range indices {
			indices[i] = i
		}
		all := identities(t, fleet, rules, indices, 1, 1)
		order := rapid.Permutation(indices).Draw(t, "order")
		if diff := cmp.Diff(all, identities(t, fleet, rules, order, 1, 1)); diff != "" {
			t.Fatalf("in another order (-before +after):\n%s", diff)
		}
		some := order[:rapid.IntRange(1, len(order)).Draw(t, "kept")]
		fewer := identities(t, fleet, rules, some, 2, rapid.IntRange(1, 500).Draw(t, "line"))
		for _, i := range some {
			id := rules[i].id.String()
			if diff := cmp.Diff(all[id], fewer[id]); diff != "" {
				t.Fatalf("rule %s with fewer other rules (-before +after):\n%s", id, diff)
			}
			found += len(all[id])
		}
	})
	if found == 0 {
		t.Error("no rule has a finding")
	}
}

// Findings that differ in check, rule or path have different identities.
func TestIdentitiesDiffer(t *testing.T) {
	data := testkit.EncodeFrom(t, testkit.IPC, testkit.Origins("rules.yml"),
		channelfile.And(channelfile.Equals(20, "a"), channelfile.Equals(19, "a")), channelfile.Equals(20, "b"))
	report := validate.Run(validate.ChannelFile("", data), validate.Options{Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: halfSupplied(t)})
	seen := map[string]validate.Identity{}
	for _, f := range report.Findings {
		print := f.Identity.Fingerprint()
		if other, ok := seen[print]; ok && other != f.Identity {
			t.Errorf("%v and %v have the fingerprint %s", other, f.Identity, print)
		}
		seen[print] = f.Identity
	}
	var got []string
	for _, id := range slices.SortedFunc(maps.Values(seen), func(a, b validate.Identity) int {
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	}) {
		got = append(got, strings.Join([]string{id.Check, id.Subject, id.Rule, id.Path}, " | "))
	}
	const first, second = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
	ipc := builtin.Definitions().ByName("ipc", 1)
	a, b := ipc.Inputs[19].Name, ipc.Inputs[20].Name
	want := []string{}
	for _, part := range [][2]string{{first, a}, {first, b}, {second, b}} {
		want = append(want, "CF3001 | channel 291, type 1 | "+part[0]+" | "+part[1])
	}
	for i := 10; i < 19; i++ {
		want = append(want, "CF3002 | channel 291, type 1 |  | "+ipc.Inputs[i].Name)
	}
	for _, part := range [][2]string{{first, a}, {first, b}, {second, b}} {
		want = append(want, "CF3012 | channel 291, type 1 | "+part[0]+" | "+part[1])
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A fingerprint is permanent: reports, baselines and alerts of earlier versions have it.
func TestFingerprint(t *testing.T) {
	id := validate.Identity{Check: "CF3012", Subject: "channel 1002, type 4098", Rule: "00000000-0000-4000-8000-00000000000a", Path: "Image"}
	// printf '9:cfcheck/16:CF301223:channel 1002, type 409836:00000000-0000-4000-8000-00000000000a5:Image' | sha256sum | cut -c1-16
	if got, want := id.Fingerprint(), "88903c79946c8eaa"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	moved := validate.Identity{Check: "CF3012", Subject: "channel 1002, type 4098", Rule: "00000000-0000-4000-8000-00000000000aI", Path: "mage"}
	if moved.Fingerprint() == id.Fingerprint() {
		t.Error("a letter that moves from one field to the next changes nothing")
	}
}

// A rule has the same identities in a channel file and before it is compiled.
func TestIdentityOfRulesAndFile(t *testing.T) {
	list, err := sigma.Parse("rules.yml", []byte(pipeRule("ClientImage")))
	if err != nil {
		t.Fatal(err)
	}
	built, err := sigma.Build(list, builtin.Definitions(), sigma.Options{Revision: 7})
	if err != nil {
		t.Fatal(err)
	}
	opts := validate.Options{Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: halfSupplied(t), Now: time.Unix(0, 0)}
	file := validate.Run(validate.ChannelFile("a.cf", built.Outputs[0].Data), opts)
	rules := validate.Run(validate.Rules("rules", built.Outputs[0].Data), opts)
	of := func(r *validate.Report) (list []validate.Identity) {
		for _, f := range r.Findings {
			if f.Check.ID != "CF0006" { // the name of the file
				list = append(list, f.Identity)
			}
		}
		return list
	}
	if diff := cmp.Diff(of(file), of(rules)); diff != "" || len(of(file)) < 2 {
		t.Errorf("-file +rules, %d findings:\n%s", len(of(file)), diff)
	}
}

// The subject of content that cannot be read is its name without the revision.
func TestIdentityOfUnreadableContent(t *testing.T) {
	for _, test := range []struct{ name, want, why string }{
		{"out/C-00000291-00000001-00000032.cf", "channel 291", "the name states the channel"},
		{`C:\out\pipes.cf`, "pipes.cf", "the name states no channel"},
	} {
		r := validate.Run(validate.ChannelFile(test.name, []byte("text")), gatetest.Options(t, gatetest.Case(t, "minimal"), suite.Checks...))
		for _, f := range r.Findings {
			if f.Identity.Subject != test.want || f.Identity.Rule != "" {
				t.Errorf("%s: subject %q, rule %q, want %q and no rule: %s", f.Check.ID, f.Identity.Subject, f.Identity.Rule, test.want, test.why)
			}
		}
		if len(r.Findings) == 0 {
			t.Errorf("%s: no finding", test.name)
		}
	}
}
