package trace

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/sigma"
)

const header = "title: Demo\nid: 5a0c1d2e-0097-4000-8000-cfc0cfc0f2f2\nlogsource: {product: windows, category: process_creation}\ndetection:\n"

// built is a compiled rule, with its interpreter as a reference for the trees.
type built struct {
	rule       *sigma.Rule
	definition *sensor.Definition
	file       *channelfile.File
	instance   int
	reference  *interp.Interpreter
}

// build compiles rules, and returns those that compile.
func build(t testing.TB, rules []*sigma.Rule) (all []built) {
	t.Helper()
	res, _ := sigma.Build(rules, builtin.Definitions(), sigma.Options{AllowUnsupported: true, IDs: sigma.IDsOfNames})
	for _, out := range res.Outputs {
		f, err := channelfile.Parse(out.Data)
		if err != nil {
			t.Fatal(err)
		}
		reference := interp.New(f, &named)
		for i := range f.Instances() {
			all = append(all, built{res.Rule(f.Instance(i).ID), out.Definition, f, i, reference})
		}
	}
	return all
}

// compared is a rule in both forms, whose trees are compared with the interpreter.
type compared struct {
	built
	rules [2]*Rule // of the rule and of the instance
}

func newCompared(t testing.TB, b built) compared {
	t.Helper()
	of, err := OfRule(b.rule, b.definition, nil)
	if err != nil {
		t.Fatalf("%s: %v", b.rule.Name, err)
	}
	c := compared{b, [2]*Rule{of, OfInstance(b.file, b.instance, b.definition)}}
	if !slices.Equal(c.rules[0].Reads(), c.rules[1].Reads()) {
		t.Fatalf("%s: the rule reads inputs %v, and its instance %v", b.rule.Name, c.rules[0].Reads(), c.rules[1].Reads())
	}
	return c
}

func (c *compared) on(t testing.TB, e interp.Event) (matches bool) {
	t.Helper()
	want, err := c.reference.RunInstance(c.instance, e)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range c.rules {
		root, err := r.Tree(e)
		if err != nil {
			t.Fatalf("%s: %v", c.rule.Name, err)
		}
		if root.Holds != want {
			t.Fatalf("%s: the tree holds: %v; the interpreter: %v", c.rule.Name, root.Holds, want)
		}
		consistent(t, root)
		first, negated := root.First()
		if first == nil || (first.Holds != negated) != want {
			t.Fatalf("%s: result %v, and the first comparison that decides is %+v, negated %v", c.rule.Name, want, first, negated)
		}
		found := 0
		for n, negated := range root.Reasons() {
			if found++; found == 1 && n != first || (n.Holds != negated) != want {
				t.Fatalf("%s: result %v, and reason %d is %+v, negated %v", c.rule.Name, want, found, n, negated)
			}
		}
		if found == 0 {
			t.Fatalf("%s: the result %v has no reason", c.rule.Name, want)
		}
	}
	return want
}

// consistent tests that the truth of a node follows from that of its parts.
func consistent(t testing.TB, n *Node) {
	t.Helper()
	some, all, decides := false, true, 0
	for _, p := range n.Parts {
		consistent(t, p)
		some, all = some || p.Holds, all && p.Holds
		if p.Decides {
			decides++
		}
	}
	want := n.Holds
	switch {
	case n.Kind == And:
		want = all
	case n.Kind == Or:
		want = some
	case n.Kind == Not:
		want = !some
	case len(n.Parts) > 0 && some == all: // values that agree, whether any or all must hold
		want = some
	}
	if n.Holds != want || n.Decides != (decides > 0) && len(n.Parts) > 0 || n.Kind == Comparison && (n.Text == "" || len(n.Inputs) == 0) {
		t.Fatalf("inconsistent: %+v", n)
	}
}

// TestTree tests trees as people read them.
func TestTree(t *testing.T) {
	const rule = header + `    selection:
        Image|endswith: ['\a.exe', '\b.exe']
        CommandLine|contains|all: [x, y]
    filter_one: {User: admin}
    filter_two:
        - Company: null
        - ParentImage|re: 'q+'
    condition: selection and not 1 of filter_*
`
	for _, tt := range []struct {
		why           string
		event         map[string]string
		matches       bool
		first         string
		negated       bool
		line, decides int
	}{
		{"the first part fails", map[string]string{"Image": `\c.exe`, "CommandLine": "x y"}, false, `Image|endswith: ['\a.exe', '\b.exe']`, false, 6, 4},
		{"the second comparison fails", map[string]string{"Image": `\b.exe`, "CommandLine": "y"}, false, `CommandLine|contains|all: [x, y]`, false, 7, 4},
		{"a filter holds", map[string]string{"Image": `\b.exe`, "CommandLine": "xy", "User": "admin"}, false, "User: admin", true, 8, 5},
		{"an absent field is null", map[string]string{"Image": `\b.exe`, "CommandLine": "xy", "User": "you"}, false, "Company: null", true, 10, 5},
		{"all holds", map[string]string{"Image": `\b.exe`, "CommandLine": "xy", "Company": "z"}, true, `Image|endswith: ['\a.exe', '\b.exe']`, false, 6, 13},
	} {
		rules, err := sigma.Parse("a.yml", []byte(rule))
		if err != nil {
			t.Fatal(err)
		}
		c := newCompared(t, build(t, rules)[0])
		e := make(interp.Event, len(c.definition.Inputs))
		for name, text := range tt.event {
			i, ok := c.definition.Input(name)
			if !ok {
				t.Fatal(name)
			}
			e[i] = interp.Text(text)
		}
		if c.on(t, e) != tt.matches {
			t.Errorf("%s: want matches %v", tt.why, tt.matches)
		}
		root, err := c.rules[0].Tree(e)
		if err != nil {
			t.Fatal(err)
		}
		first, negated := root.First()
		decides := 0
		var count func(n *Node)
		count = func(n *Node) {
			if n.Decides {
				decides++
			}
			for _, p := range n.Parts {
				count(p)
			}
		}
		count(root)
		if first.Text != tt.first || negated != tt.negated || first.Place.Line != tt.line || first.Place.File != "a.yml" || decides != tt.decides {
			t.Errorf("%s: %q, negated %v, in line %v, %d parts decide; want %q, %v, %d, %d", tt.why, first.Text, negated, first.Place, decides, tt.first, tt.negated, tt.line, tt.decides)
		}
	}
}

// TestGenerated compares the trees of drawn rules with the interpreter, on events that reach each
// criterion.
func TestGenerated(t *testing.T) {
	r := rand.New(rand.NewPCG(16, 3))
	n := 60
	if longtest.Enabled() {
		n = 1000
	}
	items := []string{
		`Image|endswith: ['\a.exe', '\b.exe']`, `Image|startswith: 'C:\'`, `CommandLine|contains|all: [x, 'y?z', '*']`, `CommandLine|re: 'a+b'`,
		`CommandLine|contains|windash: ' -q'`, `User|neq: [a, b]`, `User|neq|contains|all: [a, b]`, `Company: null`, `Company|neq: null`, `ParentImage|exists: true`,
		`ParentImage|exists: false`, `ParentImage|fieldref: Image`, `CommandLine|base64offset|contains: demo`, `ProcessId|gt: 20`, `Image|cased: ['A', 'a']`, `User: ''`,
		`Hashes|contains|all: ['MD5=x', 'SHA1=y']`, `LogonId|lt: -4`,
	}
	conditions := []string{
		"s0", "s0 and s1", "s0 or not s1", "not (s0 and s1) or s2", "1 of s*", "all of s*", "not 1 of s*", "s0 and not all of s*", "(s0 or s1) and (s0 or s2)",
		"s0 and s0", "not not s1", "[s0, s1 and not s2]",
	}
	matches, runs := 0, 0
	for i := range n {
		condition := conditions[r.IntN(len(conditions))]
		text := header
		for s := range 3 {
			if !strings.Contains(condition, "*") && !strings.Contains(condition, fmt.Sprint("s", s)) {
				continue
			}
			text += fmt.Sprintf("    s%d:\n", s)
			dash := r.IntN(2) == 0
			used := map[string]bool{}
			for range 1 + r.IntN(3) {
				it := items[r.IntN(len(items))]
				if key, _, _ := strings.Cut(it, ":"); !dash && used[key] {
					continue
				} else {
					used[key] = true
				}
				if dash {
					text += "        - " + it + "\n"
				} else {
					text += "        " + it + "\n"
				}
			}
		}
		rules, err := sigma.Parse(fmt.Sprintf("%d.yml", i), []byte(text+"    condition: "+condition+"\n"))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, b := range build(t, rules) {
			c := newCompared(t, b)
			s := interp.NewSynthesizer(b.file, nil, b.definition.Types())
			s.Events(b.instance, len(b.definition.Inputs), func(e interp.Event) bool {
				runs++
				if c.on(t, e) {
					matches++
				}
				return true
			})
			c.on(t, make(interp.Event, len(b.definition.Inputs)))
		}
	}
	t.Logf("%d of %d events match", matches, runs)
	if matches == 0 || matches == runs {
		t.Errorf("%d of %d events match", matches, runs)
	}
}

// otherEvents makes TestReal longer. With -long and 100, it takes 20 seconds of a core.
var otherEvents = flag.Int("other-events", 0, "compare also every `N`-th event of the other recordings with all rules; 0 means no event")

// TestReal compares the trees of the published rules with the interpreter, on the recorded events
// of the rules' own tests.
func TestReal(t *testing.T) {
	const data = "../../shared/data/dev"
	const own = data + "/events/attack-sigma-regression.ndjson.gz"
	if _, err := os.Stat(own); err != nil {
		t.Skip("the recorded events are not there")
	}
	recordings := []string{own}
	if *otherEvents > 0 {
		recordings, _ = filepath.Glob(data + "/events/*.ndjson.gz")
	}
	files, err := sigma.Load(data + "/sigma/rules")
	if err != nil {
		t.Fatal(err)
	}
	every := 1
	if !longtest.Enabled() {
		every = 60
	}
	var rules []*sigma.Rule
	for i, f := range files {
		if i%every == 0 {
			rules = append(rules, f.Rules...)
		}
	}
	of := map[*sensor.Definition][]compared{}
	for _, b := range build(t, rules) {
		of[b.definition] = append(of[b.definition], newCompared(t, b))
	}
	pairs, matches := 0, 0
	for _, name := range recordings {
		step := 1
		if name != own {
			step = *otherEvents
		}
		p, m := onRecording(t, name, step, of)
		pairs, matches = pairs+p, matches+m
	}
	t.Logf("%d rules, %d pairs of a rule and an event, %d match", len(rules), pairs, matches)
	if pairs == 0 || matches == 0 {
		t.Error("nothing was compared")
	}
}

// onRecording compares rules on one event in step of a recording.
func onRecording(t *testing.T, name string, step int, of map[*sensor.Definition][]compared) (pairs, matches int) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	matcher := events.NewMatcher(builtin.Definitions())
	reader := events.NewReader(name, file)
	defer reader.Close()
	for n := 0; ; n++ {
		var record events.Record
		err := reader.Read(&record)
		if err == io.EOF {
			return pairs, matches
		}
		if line := (*events.LineError)(nil); errors.As(err, &line) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		feeds, err := matcher.Match(&record)
		if err != nil || n%step != 0 {
			continue
		}
		for _, m := range feeds {
			for i := range of[m.Definition] {
				e, err := m.Event(nil, &record)
				if err != nil {
					t.Fatal(err)
				}
				pairs++
				if of[m.Definition][i].on(t, e) {
					matches++
				}
			}
		}
	}
}

// FuzzTree compares the trees of any rules with the interpreter, on events that reach each
// criterion.
func FuzzTree(f *testing.F) {
	for _, body := range []string{
		"    s: {Image: x}\n    condition: s\n",
		"    a:\n        - Image|endswith|all: [x, y]\n        - 'keyword'\n    b: {User|neq: [p, q]}\n    condition: [a, not 1 of b*]\n",
		"    a: {CommandLine|re: 'x+', ProcessId|gte: 7}\n    b: {User: null, Image|cidr: 10.0.0.0/8}\n    condition: a or all of them\n",
	} {
		f.Add([]byte(header + body))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<12 {
			t.Skip("a larger input takes so long that the fuzzer would try few of them")
		}
		rules, _ := sigma.Parse("a.yml", data)
		if len(rules) == 0 {
			return
		}
		for _, b := range build(t, rules) {
			c := newCompared(t, b)
			s := interp.NewSynthesizer(b.file, nil, b.definition.Types())
			s.Limit(1 << 20)
			s.Events(b.instance, len(b.definition.Inputs), func(e interp.Event) bool {
				c.on(t, e)
				return true
			})
			c.on(t, make(interp.Event, len(b.definition.Inputs)))
		}
	})
}
