package sigma

import (
	"bufio"
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
)

// realData is where the published rules of the Sigma project, and events for
// them, are if they are there. They are not part of this repository.
const realData = "../../shared/data/dev"

// needRealData skips the test where the data are not there.
func needRealData(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(realData); err != nil {
		t.Skipf("the Sigma project's published rules are not at %s", realData)
	}
}

// realRules returns the published rules, or those of them whose path has a
// word in it. None may be malformed.
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
			for _, n := range r.Notes {
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

// TestPublishedRules: no rule that the Sigma project publishes is malformed,
// and all that Load leaves out is said.
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

// TestPublishedPipeRules: all published rules for named pipes compile to the
// built-in type, but for the one that is regular expressions.
func TestPublishedPipeRules(t *testing.T) {
	var paths []string
	for _, r := range realRules(t, "pipe_created") {
		if _, ok := TypeOf(r.Logsource); !ok {
			t.Errorf("%s: no type for logsource %v", r.Name, r.Logsource)
		}
		paths = append(paths, filepath.Base(r.Path))
		f, err := buildFile([]*Rule{r}, ipc(t))
		if err != nil {
			unsupported, ok := Errors(err)[0].(*UnsupportedError)
			if filepath.Base(r.Path) != "pipe_created_hktl_cobaltstrike_re.yml" || !ok || !strings.Contains(unsupported.Reason, "re: ") {
				t.Error(err)
			}
			continue
		}
		if f.Origin(0).Author == "" {
			t.Errorf("%s: the author is lost, whom the licence of the rules wants named", r.Name)
		}

	}
	if len(paths) < 9 {
		t.Errorf("%d rules for pipes; expected the 9 that were there: %v", len(paths), paths)
	}
}

// asPipe makes a rule one for the type ipc, and returns a definition with all
// fields that it reads. So rules of every category can be compiled.
func asPipe(r *Rule) *sensor.Definition {
	r.Logsource = Logsource{r.Logsource.Position, Text{"pipe_created", r.Logsource.Position}, Text{"windows", r.Logsource.Position}, Text{}}
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
	d := &sensor.Definition{Name: "ipc", Number: 1, Version: 1, Channel: 291}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		d.Inputs = append(d.Inputs, sensor.Input{Name: name, Type: sensor.String})
	}
	return d
}

// TestPublishedRulesOfAllCategories: with a type that has their fields, all
// published rules compile, but for those with what is known to be unsupported.
func TestPublishedRulesOfAllCategories(t *testing.T) {
	reasons := map[string]int{}
	rules := realRules(t, "")
	for _, r := range rules {
		_, err := Compile(r, asPipe(r))
		for _, e := range Errors(err) {
			u, ok := e.(*UnsupportedError)
			if !ok {
				t.Error(e)
				continue
			}
			reason, _, _ := strings.Cut(u.Reason, ":")
			reason, _, _ = strings.Cut(reason, ",")
			reasons[reason]++
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		t.Logf("%4d of %d: %s", reasons[reason], len(rules), reason)
		if !slices.Contains([]string{"modifier re", "modifier expand", "keywords are looked for in a whole message"}, reason) {
			t.Errorf("new reason: %s", reason)
		}
	}
}

// TestPublishedPositiveTests: the Sigma project publishes events that must make
// a rule match. Each rule that compiles matches at least one of its own.
func TestPublishedPositiveTests(t *testing.T) {
	rules := map[string]*Rule{}
	for _, r := range realRules(t, "") {
		rules[r.ID.Value] = r
	}
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
	events := readEvents(t, filepath.Join(realData, "events/attack-sigma-regression.ndjson.gz"))
	fired, unsupported := 0, 0
	for src, e := range expect {
		for _, id := range e.RuleIDs {
			r := rules[id]
			if r == nil {
				continue // not among the rules that are here
			}
			def := asPipe(r)
			f, err := buildFile([]*Rule{r}, def)
			if err != nil {
				unsupported++
				t.Logf("left out: %v", err)
				continue
			}
			if !slices.ContainsFunc(events[src], func(e event) bool { return matches(f, def, e) }) {
				t.Errorf("%s: %s does not match any of its %d events\n%s", src, r.Name, len(events[src]), dump(f, def))
				continue
			}
			fired++
		}
	}
	t.Logf("%d rules match their events; %d are not supported", fired, unsupported)
	if fired == 0 {
		t.Error("no rule was tried")
	}
}

func readEvents(t *testing.T, name string) map[string][]event {
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
	events := map[string][]event{}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e map[string]any
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		flat := event{}
		for key, v := range e {
			if data, ok := v.(map[string]any); ok {
				for key, v := range data {
					flat[key] = fmt.Sprint(v)
				}
				continue
			}
			flat[key] = fmt.Sprint(v)
		}
		flat["Provider_Name"] = flat["Provider"]
		src := flat["Src"]
		events[src] = append(events[src], flat)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return events
}

// TestPublishedPipeRulesBuild makes the channel file of them.
func TestPublishedPipeRulesBuild(t *testing.T) {
	rules := realRules(t, "pipe_created")
	res, err := Build(rules, sensor.BuiltinDefinitions(), Options{Revision: 1, AllowUnsupported: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Outputs) != 1 || len(res.Unsupported) != 1 || len(res.LeftOut) != 1 {
		t.Fatalf("%d files, %v unsupported, %d left out; want one each", len(res.Outputs), res.Unsupported, len(res.LeftOut))
	}
	f, err := channelfile.Parse(res.Outputs[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	if f.Instances() != len(rules)-1 {
		t.Errorf("%d instances from %d rules", f.Instances(), len(rules))
	}
	if _, err := Build(rules, sensor.BuiltinDefinitions(), Options{Revision: 1}); err == nil {
		t.Error("a rule that is not supported is left out, and nobody asked for that")
	}
}
