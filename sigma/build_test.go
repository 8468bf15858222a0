package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// mustParse parses texts, each as a separate file: a.yml, b.yml and so on.
func mustParse(t *testing.T, texts ...string) []*Rule {
	t.Helper()
	var rules []*Rule
	for i, text := range texts {
		r, err := Parse(string(rune('a'+i))+".yml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r...)
	}
	return rules
}

// withID returns a rule with an ID in line 2 and a detection.
func withID(id, detection string) string {
	return strings.Replace(ruleOf(detection), "929a690e-bef0-4204-a928-ef5e620d6fcc", id, 1)
}

const (
	idA = "aaaaaaaa-0000-4000-8000-000000000000"
	idB = "bbbbbbbb-0000-4000-8000-000000000000"
	idC = "cccccccc-0000-4000-8000-000000000000"

	sound       = "    s:\n        PipeName: x\n        Image|endswith: y\n    condition: s\n"
	unsupported = "    s: {UtcTime|hour: 5}\n    condition: s\n"
	unknown     = "    s: {Pipe: x}\n    condition: s\n"
)

func TestBuild(t *testing.T) {
	withoutID := strings.Replace(ruleOf(sound), "id:", "custom:", 1)
	correlation := "title: x\ncorrelation: {type: event_count, rules: [other]}\n"
	for _, tt := range []struct {
		why     string
		texts   []string
		allow   bool
		rules   int      // in the channel file
		leftOut int      // number of rules
		lists   [3]int   // malformed, unknown fields, unsupported
		errs    []string // nil means no error
	}{
		{why: "two rules", texts: []string{withID(idB, sound), withID(idA, sound)}, rules: 2},
		{why: "an unsupported rule blocks", texts: []string{withID(idA, sound), withID(idB, unsupported)}, rules: 1, leftOut: 1, lists: [3]int{0, 0, 1},
			errs: []string{"b.yml:8:17: detection.s: not supported: modifier hour: "}},
		{why: "an unsupported rule is left out where that is asked for", allow: true, texts: []string{withID(idA, sound), withID(idB, unsupported)}, rules: 1, leftOut: 1, lists: [3]int{0, 0, 1}},
		{why: "an unknown field blocks", texts: []string{withID(idA, sound), withID(idB, unknown)}, rules: 1, leftOut: 1, lists: [3]int{0, 1, 0},
			errs: []string{`b.yml:8:9: detection.s: field "Pipe" is not in type ipc version 1; `}},
		{why: "a rule with an unknown field blocks, and nothing allows it", allow: true, texts: []string{withID(idA, sound), withID(idB, unknown)}, rules: 1, leftOut: 1, lists: [3]int{0, 1, 0},
			errs: []string{`b.yml:8:9: detection.s: field "Pipe" is not in type ipc version 1; `}},
		{why: "another kind of document is unsupported, and so is the rule that it refers to", allow: true, texts: []string{withID(idA, sound), withID(idB, sound) + "---\n" + strings.Replace(correlation, "other", idA, 1)}, rules: 1, leftOut: 2, lists: [3]int{0, 0, 2}},
		{why: "a correlation of no rule here blocks, and nothing allows it", allow: true, texts: []string{withID(idA, sound), correlation}, rules: 1, leftOut: 1, lists: [3]int{0, 0, 1},
			errs: []string{`b.yml:2:42: correlation.rules: the correlation rule refers to rule "other", and no rule of this run has this id or name`}},
		{why: "an ID that is missing is malformed, and nothing allows it", allow: true, texts: []string{withID(idA, sound), withoutID}, rules: 1, leftOut: 1, lists: [3]int{1, 0, 0},
			errs: []string{"b.yml:1:1: rule has no id, by which a channel file names each rule; "}},
		{why: "an ID that occurs twice names both places", allow: true, texts: []string{withID(idA, sound), withID(idB, sound), withID(idA, sound)}, rules: 2, leftOut: 1, lists: [3]int{1, 0, 0},
			errs: []string{"c.yml:2:5: id: id " + idA + " is also the id of the rule at a.yml:2:5; "}},
		{why: "upper case makes no other ID", texts: []string{withID(idA, sound), withID(strings.ToUpper(idA), sound)}, rules: 1, leftOut: 1, lists: [3]int{1, 0, 0},
			errs: []string{"b.yml:2:5: id: id " + strings.ToUpper(idA) + " is also the id of the rule at a.yml:2:5; "}},
		{why: "an ID that occurs twice is found in rules that are left out", allow: true, texts: []string{withID(idA, unsupported), withID(idA, sound), withID(idB, sound)}, rules: 1, leftOut: 2, lists: [3]int{1, 0, 1},
			errs: []string{"b.yml:2:5: id: id " + idA + " is also the id of the rule at a.yml:2:5; "}},
		{why: "no rule is an error", rules: 0, errs: []string{"no rule to build a channel file from (0 rules given)"}},
		{why: "nothing but rules that are left out is an error", allow: true, texts: []string{withID(idA, unsupported)}, leftOut: 1, lists: [3]int{0, 0, 1}, errs: []string{"no rule to build a channel file from (1 rule given)"}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			res, err := Build(mustParse(t, tt.texts...), builtin.Definitions(), Options{Revision: 32, Created: 1_721_361_540, AllowUnsupported: tt.allow})
			errs := Errors(err)
			if len(errs) != len(tt.errs) {
				t.Errorf("errors %v; want %q", errs, tt.errs)
			}
			for i := range min(len(errs), len(tt.errs)) {
				if !strings.HasPrefix(errs[i].Error(), tt.errs[i]) {
					t.Errorf("error %q; want %q", errs[i], tt.errs[i])
				}
			}
			if got := [3]int{len(res.Malformed), len(res.UnknownFields), len(res.Unsupported)}; got != tt.lists || len(res.LeftOut) != tt.leftOut {
				t.Errorf("malformed, unknown, unsupported: %v, left out %d; want %v, %d", got, len(res.LeftOut), tt.lists, tt.leftOut)
			}
			if tt.rules == 0 {
				if len(res.Outputs) != 0 {
					t.Errorf("%d files; want none", len(res.Outputs))
				}
				return
			}
			out := res.Outputs[0]
			f, err := channelfile.Parse(out.Data)
			if err != nil {
				t.Fatal(err)
			}
			if f.Instances() != tt.rules || len(out.Rules) != tt.rules || len(res.Outputs) != 1 {
				t.Errorf("%d files, %d instances of %d rules; want %d in one", len(res.Outputs), f.Instances(), len(out.Rules), tt.rules)
			}
			if broken := f.Conformance(); broken != 0 {
				t.Errorf("the channel file is not in normal form: %v", broken)
			}
			h := f.Header
			if out.Name != "C-00000291-00000001-00000032.cf" || h.Channel != 291 || h.Revision != 32 || h.Type != 1 || h.TypeVersion != 1 || h.InputsDeclared != 21 || h.InputsRead != 7 || h.Created != 1_721_361_540 {
				t.Errorf("file %s has the header %+v", out.Name, h)
			}
		})
	}
}

// TestBuildOrder checks that the bytes do not depend on the order of the rules.
func TestBuildOrder(t *testing.T) {
	rules := mustParse(t, withID(idC, sound), withID(idA, "    s: [{PipeName|contains: [b, a]}, {Image: null}]\n    condition: not s\n"), withID(idB, sound))
	first, err := Build(rules, builtin.Definitions(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(rules)
	second, err := Build(rules, builtin.Definitions(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Outputs[0].Data, second.Outputs[0].Data) {
		t.Error("the reverse order gives other bytes")
	}
}

// TestBuildVersions checks the version of a type that Build uses: the oldest that
// has the fields of all rules, if the newest only appends inputs to it.
func TestBuildVersions(t *testing.T) {
	defs := builtin.Definitions() // versions 1 and 2 of ipc
	three := *defs.ByName("ipc", 2)
	three.Version = 3
	three.Inputs = append(slices.Clone(three.Inputs), sensor.Input{Name: "Pipe", Type: sensor.TypeString, Source: "cfcheck: a test"})
	swapped := three
	swapped.Version = 4
	swapped.Inputs = slices.Clone(three.Inputs)
	swapped.Inputs[0], swapped.Inputs[1] = swapped.Inputs[1], swapped.Inputs[0]
	retyped := *defs.ByName("ipc", 2)
	retyped.Version = 0
	retyped.Inputs = slices.Clone(retyped.Inputs[:3])
	retyped.Inputs[2].Type, retyped.Inputs[2].MaxLength = sensor.TypeInteger, 0
	retyped.Keywords, retyped.Feeds = nil, nil
	if err := errors.Join(defs.Add(&three), defs.Add(&retyped)); err != nil {
		t.Fatal(err)
	}
	withSwapped := defs.Clone()
	if err := withSwapped.Add(&swapped); err != nil {
		t.Fatal(err)
	}
	detection := func(criteria string) string {
		return fmt.Sprintf("    s: %s\n    condition: s\n", criteria)
	}
	for _, tt := range []struct {
		why     string
		defs    *sensor.Definitions
		given   map[string]uint32
		rules   []string // detections
		version uint32
	}{
		{"the fields of version 1", defs, nil, []string{detection(`{PipeName: x}`)}, 1},
		{"in another case", defs, nil, []string{detection(`{pipename: x}`)}, 1},
		{"a field of version 2", defs, nil, []string{detection(`{EventID: 17}`)}, 2},
		{"a field of version 3", defs, nil, []string{detection(`{Pipe: x}`)}, 3},
		{"the first rule decides", defs, nil, []string{detection(`{EventID: 17}`), detection(`{PipeName: x}`)}, 2},
		{"the last rule decides", defs, nil, []string{detection(`{PipeName: x}`), detection(`{EventID: 17}`)}, 2},
		{"an alternative", defs, nil, []string{detection(`[{PipeName: x}, {Level: 2}]`)}, 2},
		{"the field of a fieldref", defs, nil, []string{detection(`{PipeName|fieldref: Computer}`)}, 2},
		{"a value of this name", defs, nil, []string{detection(`{PipeName: Computer}`)}, 1},
		{"a choice", defs, map[string]uint32{"ipc": 3}, []string{detection(`{PipeName: x}`)}, 3},
		{"a choice for another type", defs, map[string]uint32{"system": 1}, []string{detection(`{PipeName: x}`)}, 1},
		{"the newest version has another order", withSwapped, nil, []string{detection(`{PipeName: x}`)}, 4},
	} {
		var texts []string
		for i, d := range tt.rules {
			texts = append(texts, withID([]string{idA, idB}[i], d))
		}
		res, err := Build(mustParse(t, texts...), tt.defs, Options{Versions: tt.given})
		if err != nil || len(res.Outputs) != 1 || res.Outputs[0].Definition.Version != tt.version ||
			res.Outputs[0].Name != fmt.Sprintf("C-00000291-%08d-00000000.cf", tt.version) {
			t.Errorf("%s: outputs %v, %v; want one of version %d", tt.why, res.Outputs, err, tt.version)
		}
	}
	rules := mustParse(t, withID(idA, detection(`{Pipe: x}`)))
	_, err := Build(rules, defs, Options{Versions: map[string]uint32{"ipc": 1}})
	if _, ok := Errors(err)[0].(*UnknownFieldError); !ok {
		t.Errorf("version 1: %v; want that it has no such field", err)
	}
	_, err = Build(rules, defs, Options{Versions: map[string]uint32{"ipc": 5}})
	if err == nil || !strings.Contains(err.Error(), "version 5 of type ipc was requested, and the definitions do not have it") {
		t.Errorf("version 5: %v; want that there is none", err)
	}
	_, err = Build(rules, &sensor.Definitions{}, Options{})
	if err == nil || !strings.Contains(err.Error(), "no template type is for rules of category pipe_created, product windows; define one in a file for --types") {
		t.Errorf("no definitions: %v; want that there is none", err)
	}
}

// TestLocate locates each word of a channel file in its rule.
func TestLocate(t *testing.T) {
	rules := mustParse(t, withID(idA, sound), withID(idB, "    s: [{PipeName: x}, {PipeName|contains: [b, a], Image: null}]\n    condition: not s\n"))
	res, err := Build(rules, builtin.Definitions(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := channelfile.Parse(res.Outputs[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range f.Instances() {
		in := f.Instance(i)
		if r := res.Rule(in.ID); r == nil || r.ID.Value != in.ID.String() {
			t.Errorf("instance %v is of rule %v", in.ID, r)
		}
		for w := in.First; w < in.First+in.Count; w++ {
			line, text := f.Use(w)
			name, at, ok := res.Locate(in.ID, line, text)
			if !ok {
				t.Errorf("word %d is not found", w)
			}
			got = append(got, message(name, at, "", text, ""))
		}
	}
	slices.Sort(got)
	want := []string{
		"a.yml:10:9: Image|endswith: y",
		"a.yml:9:9: PipeName: x",
		"b.yml:1:1: ", // the or
		"b.yml:8:10: PipeName: x",
		"b.yml:8:25: PipeName|contains: [b, a]",
		"b.yml:8:52: Image: null",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if _, _, ok := res.Locate(channelfile.ID{1}, 1, "x"); ok {
		t.Error("an ID of no rule is found")
	}
	if _, at, ok := res.Locate(f.Instance(0).ID, 77, "not there"); !ok || at != (Position{77, 1}) {
		t.Errorf("what is not there is found at %v, %t; want the line alone", at, ok)
	}
}

// TestLocateKeywords does the same for keywords. They have no field, and become
// a criterion for each field in which they are looked for.
func TestLocateKeywords(t *testing.T) {
	defs := testkit.Definitions(t, caseType(t))
	rules := mustParse(t, "title: Keywords\nid: "+idA+"\nlogsource: {product: cfcheck, category: case}\ndetection:\n"+
		"    kw: [one, 'two']\n    all:\n        '|all': [a, b]\n    condition: kw and all\n")
	res, err := Build(rules, defs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := channelfile.Parse(res.Outputs[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for w := range f.Words() {
		if f.Word(w).IsReference() {
			line, text := f.Use(w)
			name, at, ok := res.Locate(f.Instance(0).ID, line, text)
			found[fmt.Sprintf("%s:%d:%d %s %t", name, at.Line, at.Column, text, ok)]++
		}
	}
	want := map[string]int{"a.yml:5:10 one true": 2, "a.yml:5:15 'two' true": 2, "a.yml:7:9 |all: [a, b] true": 4}
	if !maps.Equal(found, want) {
		t.Errorf("%v; want %v", found, want)
	}
}
