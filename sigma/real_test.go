package sigma

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// realData is the folder with the published rules of the Sigma project and
// events for them. They are not part of this repository.
const realData = "../../shared/data/dev"

// needRealData skips the test if the data are missing.
func needRealData(t testing.TB) {
	t.Helper()
	if _, err := os.Stat(realData); err != nil {
		t.Skipf("the Sigma project's published rules are not at %s", realData)
	}
}

// realRules returns the published rules whose path contains a word. It fails if
// one of them is malformed.
func realRules(t *testing.T, word string) []*Rule {
	t.Helper()
	needRealData(t)
	files, err := Load(filepath.Join(realData, "sigma"))
	if err != nil {
		t.Fatal(err)
	}
	var rules []*Rule
	for _, f := range files {
		for _, err := range Errors(f.Err) {
			t.Error(err)
		}
		for _, r := range f.Rules {
			for _, n := range slices.Concat(r.Notes, r.Unused) {
				t.Log(n)
			}
		}
		if strings.Contains(f.Path, word) {
			rules = append(rules, f.Rules...)
		}
	}
	if len(rules) == 0 {
		t.Fatalf("no rule with %q in its path in %s", word, realData)
	}
	return rules
}

// TestPublishedRules checks that no published rule of the Sigma project is
// malformed, and that Load reports all files that it leaves out.
func TestPublishedRules(t *testing.T) {
	rules := realRules(t, "")
	files := 0
	err := filepath.WalkDir(filepath.Join(realData, "sigma"), func(path string, d fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".yml") {
			files++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(rules) != files {
		t.Errorf("%d rules from %d files of one rule each", len(rules), files)
	}
}

// allFields returns a definition with all fields that a rule reads, so that
// rules for any logsource can be compiled.
func allFields(r *Rule) *sensor.Definition {
	fields := map[string]bool{}
	for _, s := range r.Detection.Searches {
		for _, alternative := range s.Alternatives {
			for _, it := range alternative.Items {
				fields[it.Field] = true
				for _, v := range it.Values {
					if it.chain.kind == "fieldref" {
						fields[v.Value] = true
					}
				}
			}
		}
	}
	delete(fields, "")
	d := &sensor.Definition{Name: "all", Number: 1, Version: 1, Channel: 1, Logsources: []sensor.Logsource{r.Logsource.Sensor()}}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		d.Inputs = append(d.Inputs, sensor.Input{Name: name, Type: sensor.TypeString})
	}
	return d
}

// An exception is a published rule that is not in a channel file.
type exception struct{ id, path, reason string }

// exceptions returns the published rules that are in no channel file, sorted by
// path, with the first reason for each.
func exceptions(res *Result) []exception {
	reasons := map[string]string{} // by ID
	for _, e := range res.Unsupported {
		if reasons[e.ID] == "" {
			reasons[e.ID] = e.Reason
		}
	}
	for _, e := range res.UnknownFields {
		if reasons[e.ID] == "" {
			reasons[e.ID] = fmt.Sprintf("type `%s` has no field `%s`", e.Type, e.Field)
		}
	}
	var list []exception
	for _, r := range res.LeftOut {
		list = append(list, exception{r.ID.Value, r.Path, reasons[r.ID.Value]})
	}
	slices.SortFunc(list, func(a, b exception) int { return strings.Compare(a.path, b.path) })
	return list
}

// onlyUnknownFields fails the test if a build of published rules has an error
// other than an unknown field. Unknown fields are errors of the rules' authors.
func onlyUnknownFields(t testing.TB, err error) {
	t.Helper()
	for _, err := range Errors(err) {
		if _, ok := err.(*UnknownFieldError); !ok {
			t.Fatal(err)
		}
	}
}

// TestPublishedRulesCompile checks that at least 97 percent of the published
// rules compile for the built-in types. docs/sigma.md must list each of the
// others with its reason. With -update the test writes that table.
func TestPublishedRulesCompile(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling all published rules takes seconds; the full tests run it")
	}
	rules := realRules(t, "")
	budget := NewBudget(1)
	res, err := Build(rules, builtin.Definitions(), Options{Revision: 1, AllowUnsupported: true, Budget: budget})
	onlyUnknownFields(t, err)
	var spent cost // realRules parsed them with another budget
	for _, r := range rules {
		spent.add(r.spent)
	}
	t.Logf("the rules take %+v, of the budget %.1f percent", spent, 100*budget.share(spent))
	if 11*budget.share(spent) > 1 {
		t.Errorf("the rules and ten times as many take %.0f percent of the budget", 1100*budget.share(spent))
	}
	compiled := 0
	for _, out := range res.Outputs {
		f, err := channelfile.Parse(out.Data)
		if err != nil {
			t.Fatal(err)
		}
		if broken := f.Conformance(); broken != 0 {
			t.Errorf("%s is not in normal form: %v", out.Name, broken)
		}
		if f.Instances() != len(out.Rules) {
			t.Errorf("%s has %d instances of %d rules", out.Name, f.Instances(), len(out.Rules))
		}
		for i := range f.Instances() {
			r := res.Rule(f.Instance(i).ID)
			if o := f.Origin(i); o.Author != r.Author.Value || o.Author == "" || o.Line != r.Line {
				t.Errorf("%s: its origin is %+v: the licence of the rules wants the author named", r.Name, o)
			}
		}
		compiled += f.Instances()
	}
	missing := exceptions(res)
	if compiled+len(missing) != len(rules) {
		t.Errorf("%d rules compile and %d do not, of %d", compiled, len(missing), len(rules))
	}
	if 100*compiled < 97*len(rules) {
		t.Errorf("%d of %d rules compile; want 97 of 100", compiled, len(rules))
	}
	var want strings.Builder
	fmt.Fprintf(&want, "%d of %d rules compile.\n\n| rule | ID | reason |\n|---|---|---|\n", compiled, len(rules))
	for _, e := range missing {
		fmt.Fprintf(&want, "| `%s` | `%s` | %s |\n", e.path, e.id, strings.ReplaceAll(e.reason, "|", `\|`))
	}
	if got := section(t, "exceptions", want.String()); got != want.String() {
		t.Errorf("docs/sigma.md has\n%s\nwant\n%s", got, want.String())
	}
}

// positiveTests returns the published positive tests: the IDs of the rules that
// must match each recording.
func positiveTests(t *testing.T) map[string][]string {
	t.Helper()
	var expect map[string]struct {
		RuleIDs []string `json:"rule_ids"`
	}
	data, err := os.ReadFile(filepath.Join(realData, "events/attack-sigma-regression.expect.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &expect); err != nil {
		t.Fatal(err)
	}
	tests := map[string][]string{}
	for src, e := range expect {
		tests[src] = e.RuleIDs
	}
	return tests
}

// silent lists, by rule ID, the published positive tests whose rule does not
// match, with the reason. docs/sigma.md explains each.
var silent = map[string]string{}

// TestPublishedPositiveTests runs rules on the events that the Sigma project
// publishes for them. Each rule that compiles must match at least one of its
// events, as the feeds of its type supply it.
func TestPublishedPositiveTests(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling the published rules takes seconds; the full tests run it")
	}
	rules := realRules(t, "")
	defs := builtin.Definitions()
	res, err := Build(rules, defs, Options{AllowUnsupported: true})
	onlyUnknownFields(t, err)
	events := readEvents(t, filepath.Join(realData, "events/attack-sigma-regression.ndjson.gz"))
	byID := map[string]*Rule{}
	for _, r := range rules {
		byID[r.ID.Value] = r
	}
	tried, fired, leftOut := 0, 0, 0
	for src, ids := range positiveTests(t) {
		for _, id := range ids {
			r := byID[id]
			switch {
			case r == nil:
				continue // a rule that is missing here
			case slices.Contains(res.LeftOut, r):
				leftOut++
				continue
			}
			tried++
			def := defs.Newest(defs.TypeOf(r.Logsource.Sensor()))
			f, err := buildFile([]*Rule{r}, def)
			if err != nil {
				t.Fatal(err)
			}
			matched := slices.ContainsFunc(events[src], func(e recorded) bool {
				return slices.ContainsFunc(e.feed(def), func(e event) bool { return matches(t, f, def, e) })
			})
			if matched {
				fired++
			}
			if _, known := silent[id]; matched == known {
				t.Errorf("%s: %s: matches %t, on %d events\n%s", src, r.Name, matched, len(events[src]), dump(f, def))
			}
		}
	}
	t.Logf("of %d rules that compile and have a published positive test, %d match it; %d have a test and do not compile", tried, fired, leftOut)
	if tried == 0 || 100*fired < 98*tried {
		t.Errorf("%d of %d rules match their test; want 98 of 100", fired, tried)
	}
	data, err := os.ReadFile("../docs/sigma.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%d of %d", fired, tried); !strings.Contains(string(data), want) {
		t.Errorf("docs/sigma.md does not say that %s match", want)
	}
	for id := range silent {
		if !strings.Contains(string(data), id) {
			t.Errorf("docs/sigma.md does not explain %s", id)
		}
	}
}

// A recorded is an event in a line of a recording.
type recorded struct {
	EventID                          uint32
	Channel, Provider, Computer, Src string
	EventData                        map[string]any
}

// feed returns one event for each feed of a type that accepts the recorded
// event.
func (r *recorded) feed(def *sensor.Definition) []event {
	system := map[string]string{"System/EventID": fmt.Sprint(r.EventID), "System/Channel": r.Channel, "System/Provider": r.Provider, "System/Computer": r.Computer}
	var fed []event
	for _, f := range def.Feeds {
		if f.Provider != "" && f.Provider != r.Provider || f.Channel != "" && f.Channel != r.Channel ||
			len(f.Events) > 0 && !slices.Contains(f.Events, r.EventID) {
			continue
		}
		e := event{}
		for _, field := range f.Fields {
			name := cmp.Or(field.Field, field.Input)
			if v, ok := system[name]; ok {
				e[field.Input] = v
			} else if v, ok := r.EventData[name]; ok {
				e[field.Input] = fmt.Sprint(v)
			}
		}
		fed = append(fed, e)
	}
	return fed
}

// readEvents reads a recording and groups its events by source.
func readEvents(t *testing.T, name string) map[string][]recorded {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	events := map[string][]recorded{}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var r recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		events[r.Src] = append(events[r.Src], r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return events
}
