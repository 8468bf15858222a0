package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/outcome"
	"github.com/cfcheck/cfcheck/sigma"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// realProcessRules returns the published rules on the creation of processes,
// compiled, and their definition.
func realProcessRules(t *testing.T) (*channelfile.File, *sensor.Definition) {
	t.Helper()
	rules, err := filepath.Abs(filepath.FromSlash("../../../shared/data/dev/sigma"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(rules); err != nil {
		t.Skipf("the rules of the Sigma project are not there: %v", err)
	}
	set, err := loadRules([]string{rules}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	built, err := sigma.Build(set.rules, builtin.Definitions(), sigma.Options{AllowUnsupported: true})
	for _, out := range built.Outputs {
		if out.Definition.Name != "process_creation" {
			continue
		}
		f, err := channelfile.Parse(out.Data)
		if err != nil {
			t.Fatal(err)
		}
		return f, out.Definition
	}
	t.Fatalf("no rules on the creation of processes: %v", err)
	return nil, nil
}

// withoutInput returns a fleet of one build whose one feed has all inputs but
// some.
func withoutInput(d *sensor.Definition, names ...string) *sensor.Fleet {
	s := testkit.Supply(d)
	for i := range s.Inputs {
		if slices.Contains(names, s.Inputs[i].Name) {
			s.Inputs[i].State = sensor.StateNotSupplied
		}
	}
	return &sensor.Fleet{Name: "test", Contracts: []sensor.Contract{testkit.Contract("b", 1, sensor.AccessNamed, s)}}
}

// TestRealOutcomes removes an input from each published rule, and compares the outcome
// of the gate with a truth table of the rule's condition. In the table each criterion is
// a variable, the criteria on the missing input are false, and
//
//   - the rule is blind if it is true in no row,
//   - widened if it is true in a row in which it would be false for some values of
//     the missing criteria,
//   - weakened if it is false in a row in which it would be true for some.
//
// Each field must be named of which the table says the same if it alone is
// missing, and one if there is none.
func TestRealOutcomes(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and judges all published rules, too slow for -short; go test without -short runs it")
	}
	file, d := realProcessRules(t)
	tests := []struct {
		missing []string
		counted counts // zero: not held
		fields  map[string]counts
		why     string
	}{
		{missing: []string{"OriginalFileName"}, counted: counts{407, 19, 4, 384},
			why: "most rules have the name of the file as an alternative; the 407th has a keyword, which is looked for in every field"},
		{missing: []string{"ParentCommandLine"}, why: "event 4688 of the Security log does not have it"},
		{missing: []string{"Hashes"}, why: "nor this"},
		{missing: []string{"IntegrityLevel"}, why: "nor this"},
		{missing: []string{"User"}, why: "a field by which rules exclude"},
		{missing: []string{"CommandLine"}, why: "it is not recorded unless a policy says so"},
		{missing: []string{"Image", "OriginalFileName"}, why: "both of two alternatives"},
		{missing: []string{"FileVersion", "Description", "Product", "Company", "OriginalFileName", "Hashes", "CurrentDirectory", "IntegrityLevel", "ParentCommandLine", "ParentUser"},
			fields: map[string]counts{"OriginalFileName": {blind: 19, widened: 3, weakened: 364}, "Description": {blind: 11, weakened: 38}},
			why:    "all that an old source lacks; a rule is counted under each field that is enough"},
	}
	outcomes := map[string]outcome.Outcome{"CF3012": outcome.Blind, "CF3013": outcome.Widened, "CF3014": outcome.Weakened}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.missing), func(t *testing.T) {
			r := validate.Run(validate.Rules("rules", file.Data()), validate.Options{
				Checks: suite.Checks, Definitions: builtin.Definitions(), Fleet: withoutInput(d, tt.missing...), MaxFindings: 100_000,
			})
			said := map[int]outcome.Outcome{}
			blamed := map[int][]string{} // the fields that are named
			fields := map[string]counts{}
			for _, f := range r.Findings {
				o, ok := outcomes[f.Check.ID]
				if !ok {
					continue
				}
				i := f.Instance.Index
				said[i] = o
				blamed[i] = append(blamed[i], f.Input.Name)
				of := fields[f.Input.Name]
				of.add(o)
				fields[f.Input.Name] = of
				var at, word int
				if _, err := fmt.Sscanf(f.Where.Path, "instance[%d].word[%d]", &at, &word); err != nil {
					t.Fatalf("%s: %v", f.Where.Path, err)
				}
				if w := file.Word(file.Instance(i).First + word); !w.IsReference() || w.Negated() != (o == outcome.Widened) {
					t.Errorf("%q is %v, and the finding points at %s, which cannot be at fault", f.Instance.Title, o, f.Where.Path)
				}
			}
			gone := map[int]bool{}
			for _, name := range tt.missing {
				i, ok := d.Input(name)
				if !ok {
					t.Fatalf("type %s has no %s", d.Name, name)
				}
				gone[i] = true
			}
			var got counts
			table := map[int]outcome.Outcome{}
			for i := range file.Instances() {
				c := conditionOf(t, file, i, gone)
				if len(c.gone) == 0 {
					continue
				}
				got.read++
				o := c.outcome(t)
				if o == outcome.Unaffected {
					continue
				}
				table[i] = o
				got.add(o)
				// The fields that are enough by themselves.
				var alone []string
				for index := range gone {
					if c := conditionOf(t, file, i, map[int]bool{index: true}); len(c.gone) > 0 && c.outcome(t) == o {
						alone = append(alone, d.Inputs[index].Name)
					}
				}
				slices.Sort(alone)
				slices.Sort(blamed[i])
				if len(alone) == 0 && len(blamed[i]) != 1 || len(alone) > 0 && !slices.Equal(alone, blamed[i]) {
					t.Errorf("%s: %q: the gate names %v, by themselves %v are enough", tt.why, file.Origin(i).Title, blamed[i], alone)
				}
			}
			t.Logf("%+v of %d rules; of each field %+v", got, file.Instances(), fields)
			for name, want := range tt.fields {
				if fields[name] != want {
					t.Errorf("%s: of %s it is %+v, and was %+v", tt.why, name, fields[name], want)
				}
			}
			for i := range file.Instances() {
				if said[i] != table[i] {
					t.Errorf("%s: %q: the gate says %v, the truth table %v", tt.why, file.Origin(i).Title, said[i], table[i])
				}
			}
			if got.read == 0 || tt.counted != (counts{}) && got != tt.counted {
				t.Errorf("%s: the count is %+v, and was %+v", tt.why, got, tt.counted)
			}
		})
	}
}

// withoutForms returns a definition that does not state how the feeds write their values, because a
// truth table does not know values.
func withoutForms(t *testing.T, d *sensor.Definition) *sensor.Definitions {
	t.Helper()
	c := *d
	c.Feeds = slices.Clone(d.Feeds)
	for i := range c.Feeds {
		c.Feeds[i].Fields = slices.Clone(c.Feeds[i].Fields)
		for k := range c.Feeds[i].Fields {
			field := &c.Feeds[i].Fields[k]
			field.Form, field.Example, field.Placeholders = sensor.FormAny, "", nil
		}
	}
	return testkit.Definitions(t, &c)
}

// TestRealForms counts the findings about values that feeds never write, on the published rules and
// the reference fleet. Each was reviewed by hand; docs/rules-and-fields.md lists them.
func TestRealForms(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and judges all published rules, too slow for -short; go test without -short runs it")
	}
	rules := filepath.FromSlash("../../../shared/data/dev/sigma")
	if _, err := os.Stat(rules); err != nil {
		t.Skipf("the rules of the Sigma project are not there: %v", err)
	}
	set, err := loadRules([]string{rules}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	fleet, _ := builtin.Fleet("reference")
	checks, err := suite.Select("CF3012", "CF3013", "CF3014", "CF3021", "CF4012")
	if err != nil {
		t.Fatal(err)
	}
	built, _ := sigma.Build(set.rules, builtin.Definitions(), sigma.Options{AllowUnsupported: true}) // fails for rules that are left out
	got := map[string]int{}
	for _, out := range built.Outputs {
		r := validate.Run(validate.Rules("rules", out.Data), validate.Options{
			Checks: checks, Definitions: builtin.Definitions(), MaxFindings: 100_000, Fleet: fleet,
		})
		for _, f := range r.Findings {
			if strings.HasPrefix(f.Identity.Path, "form of ") {
				got[f.Check.ID+" "+out.Definition.Name+", "+f.Identity.Path]++
			} else if f.Check.ID == "CF4012" {
				got[f.Check.ID]++
			}
		}
	}
	want := map[string]int{
		"CF3012 create_remote_thread, form of StartModule":  1,
		"CF3012 image_load, form of FileVersion":            1,
		"CF3012 network_connection, form of Image":          3,
		"CF3012 network_connection, form of Initiated":      22,
		"CF3012 process_creation, form of ParentUser":       1,
		"CF3012 process_creation, form of User":             1,
		"CF3014 process_creation, form of OriginalFileName": 2,
		"CF3021 network_connection, form of Image":          3,
		"CF3021 network_connection, form of Initiated":      22,
		"CF3021 process_creation, form of OriginalFileName": 2,
		"CF3021 process_creation, form of ParentUser":       1,
		"CF3021 process_creation, form of User":             1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the findings differ; review each new one (-want +got):\n%s", diff)
	}
}

// TestRealHosts judges the published rules for hosts with two feeds, and compares the outcomes
// with truth tables. One feed is Sysmon of some version, the other event 4688. A host is unaffected
// if a feed has no effect on the rule, and blind if no row is true on any feed. Otherwise it is
// widened if the rule is widened on a feed, or else weakened.
func TestRealHosts(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and judges all published rules, too slow for -short; go test without -short runs it")
	}
	file, d := realProcessRules(t)
	security := d.Feed("security-4688")
	if security == nil {
		t.Fatal("process_creation has no feed security-4688")
	}
	var never []string // fields that event 4688 does not have
	for i := range d.Inputs {
		if name := d.Inputs[i].Name; security.Field(name) == nil {
			never = append(never, name)
		}
	}
	supply := func(feed string, gone []string) sensor.Supply {
		s := testkit.Supply(d)
		s.Feed = feed
		for i := range s.Inputs {
			if slices.Contains(gone, s.Inputs[i].Name) {
				s.Inputs[i].State = sensor.StateNotSupplied
			}
		}
		return s
	}
	ids := map[string]outcome.Outcome{"CF3012": outcome.Blind, "CF3013": outcome.Widened, "CF3014": outcome.Weakened}
	for _, tt := range []struct {
		sysmon []string // fields that Sysmon does not have
		why    string
	}{
		{nil, "Sysmon has all fields, so the host loses no match"},
		{[]string{"OriginalFileName"}, "an old Sysmon; both feeds lack the field"},
		{[]string{"ParentImage", "CommandLine"}, "the feeds lack different fields"},
	} {
		c := testkit.Contract("b", 1, sensor.AccessNamed, supply("sysmon", tt.sysmon), supply("security-4688", never))
		r := validate.Run(validate.Rules("rules", file.Data()), validate.Options{
			Checks: suite.Checks, Definitions: withoutForms(t, d), MaxFindings: 100_000,
			Fleet: &sensor.Fleet{Name: "test", Contracts: []sensor.Contract{c}},
		})
		said, noted := map[int]outcome.Outcome{}, map[int]bool{}
		for _, f := range r.Findings {
			if o, ok := ids[f.Check.ID]; ok {
				said[f.Instance.Index] = o
			} else if f.Check.ID == "CF3021" {
				noted[f.Instance.Index] = true
			}
		}
		var got counts
		notes := 0
		for i := range file.Instances() {
			var feeds []outcome.Outcome
			for _, lacks := range [][]string{tt.sysmon, never} {
				gone := map[int]bool{}
				for _, name := range lacks {
					index, ok := d.Input(name)
					if !ok {
						t.Fatalf("type %s has no %s", d.Name, name)
					}
					gone[index] = true
				}
				o := outcome.Unaffected
				if c := conditionOf(t, file, i, gone); len(c.gone) > 0 {
					o = c.outcome(t)
				}
				feeds = append(feeds, o)
			}
			slices.Sort(feeds)
			host := feeds[1]
			switch {
			case feeds[0] == outcome.Unaffected:
				host = outcome.Unaffected
			case feeds[1] == outcome.Blind: // the host has the matches of the other feed
				host = feeds[0]
			}
			got.add(host)
			note := feeds[1] != host || feeds[0] != host && feeds[0] != outcome.Unaffected
			if note {
				notes++
			}
			if said[i] != host || noted[i] != note {
				t.Errorf("%s: %q is %v on the feeds: the gate says %v, and notes a feed: %v (want %v, %v)",
					tt.why, file.Origin(i).Title, feeds, said[i], noted[i], host, note)
			}
		}
		t.Logf("Sysmon without %v: %+v and %d notes of %d rules", tt.sysmon, got, notes, file.Instances())
		if notes == 0 || (got == counts{}) != (tt.sysmon == nil) {
			t.Errorf("%s: %+v and %d notes", tt.why, got, notes)
		}
	}
}

// counts counts the rules that read a missing input, by outcome.
type counts struct{ read, blind, widened, weakened int }

func (c *counts) add(o outcome.Outcome) {
	switch o {
	case outcome.Blind:
		c.blind++
	case outcome.Widened:
		c.widened++
	case outcome.Weakened:
		c.weakened++
	}
}

// A truthTable is a condition of variables.
type truthTable struct {
	root *node
	// here are the criteria that can hold, and gone are the criteria on the
	// missing input.
	here, gone []int
}

// A node is a reference to a criterion, or an and or or of others.
type node struct {
	criterion int
	negated   bool
	or        bool
	operands  []*node // nil: a reference
}

// conditionOf reads the condition of an instance.
func conditionOf(t *testing.T, f *channelfile.File, instance int, gone map[int]bool) *truthTable {
	t.Helper()
	c := &truthTable{}
	seen := map[int]bool{}
	var stack []*node
	in := f.Instance(instance)
	for w := in.First; w < in.First+in.Count; w++ {
		word := f.Word(w)
		if !word.IsReference() {
			at := len(stack) - word.Operands()
			n := &node{or: word.IsOr(), operands: slices.Clone(stack[at:])}
			stack = append(stack[:at], n)
			continue
		}
		stack = append(stack, &node{criterion: word.Criterion(), negated: word.Negated()})
		if seen[word.Criterion()] {
			continue
		}
		seen[word.Criterion()] = true
		criterion := f.Criterion(word.Criterion())
		reads := gone[int(criterion.Input)]
		others := 0
		for other := range f.OperandInputs(criterion) {
			others++
			reads = reads || gone[other]
		}
		if others > 1 && reads {
			t.Fatalf("%q compares with several inputs; the truth table does not know what to do", f.Origin(instance).Title)
		}
		if reads {
			c.gone = append(c.gone, word.Criterion())
		} else {
			c.here = append(c.here, word.Criterion())
		}
	}
	c.root = &node{operands: stack}
	return c
}

// mostVariables is how many variables a truth table is written out for. A
// condition of more is searched.
const mostVariables = 16

// outcome returns the outcome by the truth table.
func (c *truthTable) outcome(t *testing.T) outcome.Outcome {
	t.Helper()
	o := c.search()
	if len(c.here)+len(c.gone) <= mostVariables {
		if rows := c.rows(); rows != o {
			t.Errorf("the rows say %v, the search %v: the test is wrong", rows, o)
		}
	}
	return o
}

// rows writes out the table.
func (c *truthTable) rows() outcome.Outcome {
	truth := map[int]bool{}
	blind, widened, weakened := true, false, false
	for row := range 1 << len(c.here) {
		for i, v := range c.here {
			truth[v] = row&(1<<i) != 0
		}
		for _, v := range c.gone {
			truth[v] = false
		}
		without := c.root.holds(truth)
		if without {
			blind = false
		}
		for values := range 1 << len(c.gone) {
			for i, v := range c.gone {
				truth[v] = values&(1<<i) != 0
			}
			if with := c.root.holds(truth); with != without {
				widened, weakened = widened || without, weakened || with
			}
		}
	}
	switch {
	case blind:
		return outcome.Blind
	case widened:
		return outcome.Widened
	case weakened:
		return outcome.Weakened
	}
	return outcome.Unaffected
}

func (n *node) holds(truth map[int]bool) bool {
	if n.operands == nil {
		return truth[n.criterion] != n.negated
	}
	for _, o := range n.operands {
		if o.holds(truth) == n.or {
			return n.or
		}
	}
	return !n.or
}

// search finds rows of a table that is too long to be written out, by giving the
// variables values one after another and leaving off where the others no longer
// matter.
func (c *truthTable) search() outcome.Outcome {
	gone := map[int]bool{}
	for _, v := range c.gone {
		gone[v] = true
	}
	values := map[int]int8{} // 1 and -1; 0 is open
	var find func(open []int, wanted func() int8) bool
	find = func(open []int, wanted func() int8) bool {
		switch wanted() {
		case 1:
			return true
		case -1:
			return false
		}
		for _, v := range []int8{1, -1} {
			values[open[0]] = v
			if find(open[1:], wanted) {
				values[open[0]] = 0
				return true
			}
		}
		values[open[0]] = 0
		return false
	}
	with := func() int8 { return c.root.known(values, nil) }
	without := func() int8 { return c.root.known(values, gone) }
	both := func(a, b int8) int8 { return min(a, b) }
	all := slices.Concat(c.here, c.gone)
	switch {
	case !find(c.here, without):
		return outcome.Blind
	case find(all, func() int8 { return both(without(), -with()) }):
		return outcome.Widened
	case find(all, func() int8 { return both(with(), -without()) }):
		return outcome.Weakened
	}
	return outcome.Unaffected
}

// known returns 1 if a condition holds whatever the open variables are, -1 if it
// does not hold, 0 if they matter.
func (n *node) known(values map[int]int8, gone map[int]bool) int8 {
	if n.operands == nil {
		v := values[n.criterion]
		if gone[n.criterion] {
			v = -1
		}
		if n.negated {
			v = -v
		}
		return v
	}
	decides := int8(-1)
	if n.or {
		decides = 1
	}
	result := -decides
	for _, o := range n.operands {
		switch o.known(values, gone) {
		case decides:
			return decides
		case 0:
			result = 0
		}
	}
	return result
}

// TestTruthTable holds that the two ways in which the truth table is read agree,
// on conditions of few variables that no rule need have.
func TestTruthTable(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var make func(depth int) *node
	make = func(depth int) *node {
		if depth == 0 || random.IntN(4) == 0 {
			return &node{criterion: random.IntN(6), negated: random.IntN(2) == 0}
		}
		n := &node{or: random.IntN(2) == 0}
		for range 1 + random.IntN(3) {
			n.operands = append(n.operands, make(depth-1))
		}
		return n
	}
	of := map[outcome.Outcome]int{}
	for range 2000 {
		c := &truthTable{root: &node{operands: []*node{make(3)}}, here: []int{0, 1, 2}, gone: []int{3, 4, 5}}
		a, b := c.rows(), c.search()
		if a != b {
			t.Fatalf("the rows say %v, the search %v", a, b)
		}
		of[a]++
	}
	if len(of) != 4 {
		t.Errorf("%v: the conditions are of no use", of)
	}
}
