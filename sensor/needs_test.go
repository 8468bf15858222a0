package sensor_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	cf "github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/internal/inputset"
)

func TestNeedsOf(t *testing.T) {
	origin := func(n int) *cf.Origin {
		return &cf.Origin{Rule: fmt.Sprintf("rule-%d", n), Title: fmt.Sprintf("Title %d", n), Path: "rules/pipes.yml", Line: 10 * (n + 1)}
	}
	h := testkit.IPC
	h.Revision = 7
	data := testkit.EncodeFrom(t, h, origin,
		cf.And(cf.Suffix(6, `\a.exe`).From(12, "Image"), cf.Equals(5, `\pipe`, `\other`).From(13, "PipeName")),
		cf.Or(cf.Contains(20, "abc").From(22, "ClientImage"), cf.Not(cf.Suffix(6, `\a.exe`)).From(0, "")),
		cf.EqualsInput(5, 7),
	)
	f := testkit.Parse(t, data)
	cause := func(instance, word, line int) sensor.Cause {
		return sensor.Cause{Instance: instance, ID: testkit.ID(instance), Word: word, Rule: fmt.Sprintf("rule-%d", instance),
			Title: fmt.Sprintf("Title %d", instance), Path: "rules/pipes.yml", Line: line}
	}
	// Criteria: 0 PipeName equals, 1 PipeName equals User, 2 Image suffix,
	// 3 ClientImage contains. Words: 0 2 | 2' 3 or | 1.
	want := &sensor.Needs{
		Channel: 291, Revision: 7, Type: 1, TypeVersion: 1, TypeName: "ipc", Format: "1.0",
		InputsDeclared: 21, InputsRead: 21,
		Inputs: []sensor.InputNeed{
			{Index: 5, Name: "PipeName", Type: sensor.TypeString, TypeKnown: true, Instances: 2, Criteria: 2, Coefficient: 1,
				First: []sensor.Cause{cause(0, 0, 13), cause(2, 5, 30)}},
			{Index: 6, Name: "Image", Type: sensor.TypeString, TypeKnown: true, Instances: 2, Criteria: 1,
				First: []sensor.Cause{cause(0, 1, 12), cause(1, 2, 20)}},
			{Index: 7, Name: "User", Type: sensor.TypeString, TypeKnown: true, Instances: 1, Criteria: 1,
				First: []sensor.Cause{cause(2, 5, 30)}},
			{Index: 20, Name: "ClientImage", Type: sensor.TypeString, TypeKnown: true, Instances: 1, Criteria: 1, Coefficient: 4,
				First: []sensor.Cause{cause(1, 3, 22)}},
		},
		Operators: []sensor.OperatorNeed{
			{Operator: cf.OpEquals, Instances: 2, Criteria: 2, First: []sensor.Cause{cause(0, 0, 13), cause(2, 5, 30)}},
			{Operator: cf.OpSuffix, Instances: 2, Criteria: 1, First: []sensor.Cause{cause(0, 1, 12), cause(1, 2, 20)}},
			{Operator: cf.OpContains, Instances: 1, Criteria: 1, First: []sensor.Cause{cause(1, 3, 22)}},
		},
		Sizes: sensor.Sizes{FileSize: uint64(len(data)), Instances: 3, Criteria: 4, WordsPerInstance: 3, OperandsPerCriterion: 2, ValueLength: 6, Stack: 2},
		// 6 words, 3 instances, and the table of FORMAT.md, section 9.
		Constant: 6 + 3 + (1 + 2 + 5 + 2 + 6) + (1 + 2) + (1 + 2 + 6) + (1 + 4),
		Memory:   uint64(len(data)) + 4 + 1024,
	}
	got := sensor.NeedsOf(f, builtin.Definitions())
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("needs differ (-want +got):\n%s", diff)
	}
	if in := got.Input(7); in == nil || in.Name != "User" {
		t.Errorf("need of input 8 (index 7) is %+v; want User", in)
	}
	if in := got.Input(8); in != nil {
		t.Errorf("need of input 9 (index 8) is %+v; want none", in)
	}

	// Only names and types come from the definition.
	for i := range want.Inputs {
		want.Inputs[i].Name, want.Inputs[i].Type, want.Inputs[i].TypeKnown = "", 0, false
	}
	short := new(sensor.Definitions)
	if err := short.Add(&sensor.Definition{Name: "ipc", Number: 1, Version: 2, Inputs: []sensor.Input{{Name: "A", Type: sensor.TypeInteger}}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, sensor.NeedsOf(f, short)); diff != "" {
		t.Errorf("needs with a definition of another version differ (-want +got):\n%s", diff)
	}
	want.TypeName = ""
	if diff := cmp.Diff(want, sensor.NeedsOf(f, nil)); diff != "" {
		t.Errorf("needs without definitions differ (-want +got):\n%s", diff)
	}
	if err := short.Add(&sensor.Definition{Name: "ipc", Number: 1, Version: 1, Inputs: builtin.Definitions().ByName("ipc", 1).Inputs[:6]}); err != nil {
		t.Fatal(err)
	}
	got = sensor.NeedsOf(f, short)
	if !got.Inputs[0].TypeKnown || got.Inputs[1].TypeKnown || got.Inputs[1].Name != "" {
		t.Errorf("with 6 inputs defined, inputs 6 and 7 are %+v and %+v; want the first known alone", got.Inputs[0], got.Inputs[1])
	}
}

// TestNeedsOfSteps tests the table of FORMAT.md, section 9, with one case for each row.
func TestNeedsOfSteps(t *testing.T) {
	addr := netip.MustParseAddr
	for _, tt := range []struct {
		why                   string
		condition             cf.Expr
		constant, coefficient uint64 // of the criterion
	}{
		{"exists", cf.Exists(5), 1, 0},
		{"equals", cf.Equals(5, "ab", "cde"), 1 + (2 + 2) + (2 + 3), 0},
		{"equals with an empty string", cf.Equals(5, ""), 1 + 2, 0},
		{"prefix", cf.Prefix(5, "ab"), 1 + (2 + 2), 0},
		{"suffix, folded", cf.Suffix(5, "AB").Fold(), 1 + (2 + 2), 0},
		{"equals with inputs", cf.EqualsInput(5, 6, 7), 1 + 2*2, 2},
		{"contains", cf.Contains(5, "ab", "cde"), 1 + 3 + 4, 3 + 4},
		{"contains, all", cf.Contains(5, "ab", "cde").All(), 1 + 3 + 4, 3 + 4},
		{"pattern", cf.Pattern(5, `a*b?c`), 1 + 6, 6},
		{"regexp", cf.Regexp(5, `^ab*$`), 1 + 3*6 + 2, 3*6 + 2},
		{"regexp, all", cf.Regexp(5, `.`, `[^\x{0}-\x{10FFFF}]`).All(), 1 + (3*2 + 2) + 3*2, (3*2 + 2) + 3*2},
		{"integer equals", cf.IntegerEquals(5, 1, 2, 3), 24 + 2*3, 0},
		{"integer equals with inputs", cf.IntegerEqualsInput(5, 6), 1 + 40, 0},
		{"integer range", cf.IntegerRange(5, [2]int64{1, 9}), 24 + 2, 0},
		{"address range", cf.AddressRange(5, [2]netip.Addr{addr("10.0.0.1"), addr("10.0.0.9")}), 64 + 4, 0},
	} {
		n := sensor.NeedsOf(testkit.File(t, testkit.IPC, tt.condition), nil)
		if want := 1 + 1 + tt.constant; n.Constant != want || n.Inputs[0].Coefficient != tt.coefficient {
			t.Errorf("%s: %d steps and %d a byte; want %d and %d", tt.why, n.Constant, n.Inputs[0].Coefficient, want, tt.coefficient)
		}
	}
}

// TestNeedsOfPrograms tests that the memory includes room for the longest program.
func TestNeedsOfPrograms(t *testing.T) {
	data := testkit.Encode(t, testkit.IPC, cf.Regexp(5, "a", "a{7}", "b+"), cf.Regexp(6, "a{7}"))
	n := sensor.NeedsOf(testkit.Parse(t, data), nil)
	if n.Sizes.ProgramInstructions != 8 || n.Sizes.ValueLength != 0 {
		t.Errorf("the longest program has %d instructions, the longest value %d bytes; want 8 and none", n.Sizes.ProgramInstructions, n.Sizes.ValueLength)
	}
	if want := uint64(len(data)) + 2 + 1024 + 24*8; n.Memory != want {
		t.Errorf("%d bytes of memory; want %d", n.Memory, want)
	}
	if len(n.Operators) != 1 || n.Operators[0].Operator != cf.OpRegexp || n.Operators[0].Criteria != 2 {
		t.Errorf("the operators are %+v; want regexp alone", n.Operators)
	}
}

// TestNeedsOfMany tests that a criterion of many instances is charged once and counts for each
// instance.
func TestNeedsOfMany(t *testing.T) {
	var conditions []cf.Expr
	for i := range 20 {
		conditions = append(conditions, cf.And(cf.Contains(5, "ab"), cf.Equals(6, fmt.Sprint(i))))
	}
	f := testkit.File(t, testkit.IPC, conditions...)
	n := sensor.NeedsOf(f, nil)
	if in := n.Inputs[0]; in.Instances != 20 || in.Criteria != 1 || in.Coefficient != 3 || len(in.First) != sensor.MaxCauses {
		t.Errorf("need of input 6 (index 5) is %+v; want 20 instances, 1 criterion, %d causes", in, sensor.MaxCauses)
	}
	if in := n.Inputs[1]; in.Instances != 20 || in.Criteria != 20 {
		t.Errorf("need of input 7 (index 6) is %+v; want 20 instances, 20 criteria", in)
	}
	all := slices.Collect(sensor.Readers(f, 5))
	if len(all) != 20 || cmp.Diff(n.Inputs[0].First, all[:sensor.MaxCauses]) != "" {
		t.Errorf("readers of input 6 (index 5) are %+v; want all 20, and the causes first", all)
	}
	contains := slices.Collect(sensor.Causes(f, func(c cf.Criterion) bool { return c.Operator == cf.OpContains }))
	if len(contains) != 20 || cmp.Diff(n.Operators[1].First, contains[:sensor.MaxCauses]) != "" {
		t.Errorf("instances with contains are %+v; want all 20, and the causes first", contains)
	}
	for c := range sensor.Readers(f, 6) {
		if c.Instance != 0 {
			t.Error("the loop went on after a break")
		}
		break
	}
	if all := slices.Collect(sensor.Readers(f, 20)); all != nil {
		t.Errorf("readers of input 21 (index 20) are %+v; want none", all)
	}
}

func TestNeedsOfNothing(t *testing.T) {
	n := sensor.NeedsOf(testkit.File(t, testkit.IPC), nil)
	if n.InputsRead != 0 || n.Inputs != nil || n.Operators != nil || n.Constant != 0 || n.InputsDeclared != 21 {
		t.Errorf("needs of a file without instances are %+v; want none", n)
	}
}

// TestNeedsOfUnusedCriterion tests that a criterion without a reference counts, since a reader may
// evaluate criteria first.
func TestNeedsOfUnusedCriterion(t *testing.T) {
	data := testkit.Encode(t, testkit.IPC, cf.Equals(5, "a"), cf.Equals(20, "b"))
	f := testkit.Parse(t, data)
	r := f.WordRange(1)
	binary.LittleEndian.PutUint32(data[r.Start:], 0) // criterion 0 in place of 1
	f = testkit.Parse(t, data)
	n := sensor.NeedsOf(f, nil)
	if in := n.Input(20); in == nil || in.Instances != 0 || in.Criteria != 1 || in.First != nil || n.InputsRead != 21 {
		t.Errorf("need of input 21 (index 20) is %+v; want one criterion and no instance", in)
	}
	if in := n.Input(5); in.Instances != 2 {
		t.Errorf("need of input 6 (index 5) is %+v; want two instances", in)
	}
}

// TestNeedsOfInputTwice tests that a criterion that names an input twice reads it once.
func TestNeedsOfInputTwice(t *testing.T) {
	data := testkit.Encode(t, testkit.IPC, cf.EqualsInput(5, 6, 7))
	f := testkit.Parse(t, data)
	binary.LittleEndian.PutUint32(data[f.OperandRange(0).Start:], 5)
	binary.LittleEndian.PutUint32(data[f.OperandRange(1).Start:], 5)
	n := sensor.NeedsOf(testkit.Parse(t, data), nil)
	if len(n.Inputs) != 1 || n.Inputs[0].Index != 5 || n.Inputs[0].Criteria != 1 || n.Inputs[0].Instances != 1 {
		t.Errorf("needs of inputs are %+v; want input 6 (index 5), 1 criterion, 1 instance", n.Inputs)
	}
}

// TestNeedsOfLongLists compares the needs of long lists of inputs, which are counted as sets, with
// the results of Readers, which visits each word.
func TestNeedsOfLongLists(t *testing.T) {
	list := func(from, to int) []int {
		var inputs []int
		for i := from; i < to; i++ {
			inputs = append(inputs, i)
		}
		return inputs
	}
	long, longer, short := cf.EqualsInput(0, list(1, 1+inputset.LongList)...), cf.PrefixInput(3, list(10, 90)...), cf.SuffixInput(2, 95, 96)
	h := testkit.IPC
	h.InputsDeclared = 100
	data := testkit.Encode(t, h, []cf.Expr{long, cf.And(longer, short), cf.Or(long, longer), cf.Exists(50), cf.And(cf.Exists(20), cf.Not(long)), short}...)
	f := testkit.Parse(t, data)
	n := sensor.NeedsOf(f, nil)
	for input := range int(h.InputsDeclared) {
		causes := slices.Collect(sensor.Readers(f, input))
		need := n.Input(input)
		if need == nil {
			need = new(sensor.InputNeed)
		}
		if need.Instances != len(causes) {
			t.Errorf("%d instances need input %d; %d read it", need.Instances, input, len(causes))
		}
		if diff := cmp.Diff(causes, need.First, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("causes of input %d (-readers +needs):\n%s", input, diff)
		}
	}
}

// TestCauseTexts tests that the texts of causes are cut to MaxCauseText and valid UTF-8, whatever
// the texts of the file are.
func TestCauseTexts(t *testing.T) {
	long := strings.Repeat("é", sensor.MaxCauseText+1)
	data := testkit.EncodeFrom(t, testkit.IPC, testkit.From(&cf.Origin{Rule: "RULE", Title: long, Path: "a\nb", Line: 9}), cf.Equals(5, "a"))
	data = bytes.Replace(data, []byte("RULE"), []byte("R\xffLE"), 1)
	f := testkit.Parse(t, data)
	want := sensor.Cause{Instance: 0, ID: testkit.ID(0), Word: 0, Rule: "R\ufffdLE", Title: long[:2*sensor.MaxCauseText], Path: "a\nb", Line: 9}
	n := sensor.NeedsOf(f, nil)
	if diff := cmp.Diff([]sensor.Cause{want}, n.Inputs[0].First); diff != "" {
		t.Errorf("causes differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]sensor.Cause{want}, slices.Collect(sensor.Readers(f, 5))); diff != "" {
		t.Errorf("readers differ (-want +got):\n%s", diff)
	}
	checkNeedsRoundTrip(t, n)
}

// TestCauseLine tests that needs can be written for any line number of 32 bits.
func TestCauseLine(t *testing.T) {
	if math.MaxInt < math.MaxUint32 {
		t.Skip("an int has 32 bits here")
	}
	n := sensor.NeedsOf(testkit.Parse(t, testkit.EncodeFrom(t, testkit.IPC, testkit.From(&cf.Origin{Line: math.MaxUint32 & math.MaxInt}), cf.Equals(5, "a"))), nil)
	if got := uint64(n.Inputs[0].First[0].Line); got != math.MaxUint32 {
		t.Errorf("line is %d; want %d", got, uint64(math.MaxUint32))
	}
	checkNeedsRoundTrip(t, n)
}

func TestSteps(t *testing.T) {
	lengths := func(of ...int) func(int) (int, bool) {
		return func(input int) (int, bool) {
			if input < len(of) && of[input] >= 0 {
				return of[input], true
			}
			return 0, false
		}
	}
	two := &sensor.Needs{Constant: 100, Inputs: []sensor.InputNeed{{Index: 0, Coefficient: 3}, {Index: 1}, {Index: 2, Coefficient: 5}}}
	for _, tt := range []struct {
		why     string
		needs   *sensor.Needs
		length  func(int) (int, bool)
		steps   uint64
		unknown []int
	}{
		{"nothing is read", &sensor.Needs{Constant: 7}, lengths(), 7, nil},
		{"all is known", two, lengths(10, 1000, 20), 100 + 30 + 100, nil},
		{"length 0", two, lengths(0, 0, 0), 100, nil},
		{"a length that does not matter is unknown", two, lengths(10, -1, 20), 230, nil},
		{"a length that matters is unknown", two, lengths(10, 0), 130, []int{2}},
		{"nothing is known", two, lengths(), 100, []int{0, 2}},
		{"a product that would wrap", &sensor.Needs{Constant: 1, Inputs: []sensor.InputNeed{{Coefficient: 1 << 40}}}, lengths(1 << 30), math.MaxUint64, nil},
		{"a sum that would wrap", &sensor.Needs{Constant: math.MaxUint64, Inputs: []sensor.InputNeed{{Coefficient: 1}}}, lengths(1), math.MaxUint64, nil},
		{"a sum that just does not", &sensor.Needs{Constant: math.MaxUint64 - 1, Inputs: []sensor.InputNeed{{Coefficient: 1}}}, lengths(1), math.MaxUint64, nil},
		{"a length that is none", two, func(int) (int, bool) { return -5, true }, 100, nil},
	} {
		steps, unknown := tt.needs.Steps(tt.length)
		if steps != tt.steps || !slices.Equal(unknown, tt.unknown) {
			t.Errorf("%s: %d steps, unknown %v; want %d, %v", tt.why, steps, unknown, tt.steps, tt.unknown)
		}
	}
}

func TestNeedsOfDefinition(t *testing.T) {
	want := &sensor.Needs{Channel: 291, Type: 1, TypeVersion: 1, TypeName: "ipc", Format: "1.0", InputsDeclared: 21}
	got := sensor.NeedsOfDefinition(builtin.Definitions().ByName("ipc", 1))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("needs differ (-want +got):\n%s", diff)
	}
	checkNeedsRoundTrip(t, got)
}

// drawCondition draws a condition on a few inputs.
func drawCondition(t *rapid.T, depth int) cf.Expr {
	input := rapid.IntRange(0, 20)
	texts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "bc", "d\\*e"}), 1, 3)
	kinds := 6
	if depth > 0 {
		kinds = 9
	}
	in := input.Draw(t, "input")
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 0:
		return cf.Exists(in)
	case 1:
		return cf.Contains(in, texts.Draw(t, "texts")...)
	case 2:
		return cf.Equals(in, texts.Draw(t, "texts")...).Fold()
	case 3:
		return cf.IntegerRange(in, [2]int64{1, rapid.Int64Range(2, 9).Draw(t, "greatest")})
	case 4:
		return cf.Suffix(in, texts.Draw(t, "texts")...).All()
	case 5:
		return cf.EqualsInput(in, (in+1)%21, (in+2)%21)
	case 6:
		return cf.Not(cf.Prefix(in, texts.Draw(t, "texts")...))
	case 7:
		return cf.Not(drawCondition(t, depth-1))
	case 8:
		return cf.And(drawCondition(t, depth-1), drawCondition(t, depth-1))
	}
	return cf.Or(drawCondition(t, depth-1), drawCondition(t, depth-1), drawCondition(t, depth-1))
}

// TestNeedsOfCounts compares the needs of any file with a slow and simple count.
func TestNeedsOfCounts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var conditions []cf.Expr
		for range rapid.IntRange(0, 12).Draw(rt, "instances") {
			conditions = append(conditions, drawCondition(rt, 3))
		}
		f := testkit.Parse(t, testkit.EncodeFrom(t, testkit.IPC, testkit.From(&cf.Origin{Rule: "r", Line: 3}), conditions...))
		n := sensor.NeedsOf(f, builtin.Definitions())

		type set map[int]bool
		instances, criteria := map[int]set{}, map[int]set{}
		opInstances := map[cf.Operator]set{}
		add := func(m map[int]set, key, value int) {
			if m[key] == nil {
				m[key] = set{}
			}
			m[key][value] = true
		}
		inputsOf := func(i int) []int {
			c := f.Criterion(i)
			return append(slices.Collect(f.OperandInputs(c)), int(c.Input))
		}
		for i := range f.Criteria() {
			for _, in := range inputsOf(i) {
				add(criteria, in, i)
			}
		}
		highest := 0
		for i := range f.Instances() {
			truths := []int{}
			for w := range f.Instance(i).Count {
				word := f.Word(f.Instance(i).First + w)
				if !word.IsReference() {
					truths = append(truths[:len(truths)-word.Operands()], w)
					continue
				}
				truths = append(truths, w)
				highest = max(highest, len(truths))
				for _, in := range inputsOf(word.Criterion()) {
					add(instances, in, i)
				}
				op := f.Criterion(word.Criterion()).Operator
				if opInstances[op] == nil {
					opInstances[op] = set{}
				}
				opInstances[op][i] = true
			}
		}
		if len(n.Inputs) != len(criteria) {
			rt.Errorf("%d inputs are read; want %d", len(n.Inputs), len(criteria))
		}
		for _, in := range n.Inputs {
			if in.Instances != len(instances[in.Index]) || in.Criteria != len(criteria[in.Index]) || len(in.First) != min(in.Instances, sensor.MaxCauses) {
				rt.Errorf("need of %s is %+v; want %d instances and %d criteria", sensor.InputNumber(in.Index), in, len(instances[in.Index]), len(criteria[in.Index]))
			}
			all := slices.Collect(sensor.Readers(f, in.Index))
			if len(all) != in.Instances || cmp.Diff(all[:len(in.First)], in.First) != "" {
				rt.Errorf("readers of %s are %+v; want the causes %+v first", sensor.InputNumber(in.Index), all, in.First)
			}
		}
		for _, op := range n.Operators {
			if op.Instances != len(opInstances[op.Operator]) {
				rt.Errorf("operator %s has %d instances; want %d", op.Operator, op.Instances, len(opInstances[op.Operator]))
			}
			if all := slices.Collect(sensor.Causes(f, func(c cf.Criterion) bool { return c.Operator == op.Operator })); len(all) != op.Instances {
				rt.Errorf("operator %s has %d readers; want %d", op.Operator, len(all), op.Instances)
			}
		}
		if n.Sizes.Stack != uint64(highest) {
			rt.Errorf("the stack is %d deep; want %d", n.Sizes.Stack, highest)
		}
		if n.InputsRead != int(f.Header.InputsRead) {
			rt.Errorf("inputs read are %d; the header of a built file has %d", n.InputsRead, f.Header.InputsRead)
		}
		checkNeedsRoundTrip(rt, n)
	})
}

type failer interface {
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// checkNeedsRoundTrip writes and reads needs.
func checkNeedsRoundTrip(t failer, want *sensor.Needs) {
	data, err := want.JSON()
	if err != nil {
		t.Fatalf("%v", err)
	}
	got, err := sensor.ReadNeeds("n", data)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("needs differ after writing and reading (-want +got):\n%s", diff)
	}
	if err := schemas()["needs"].Validate(parsed(data)); err != nil {
		t.Errorf("the schema refuses what was written: %v\n%s", err, data)
	}
}

func readNeedsOnly(name string, data []byte) error {
	_, err := sensor.ReadNeeds(name, data)
	return err
}

// needsDoc has every key at least once.
const needsDoc = `{
  "schema": "cfcheck.needs/v0",
  "channel": 291, "revision": 7, "type": 1, "typeName": "ipc", "typeVersion": 1, "format": "1.0",
  "inputsDeclared": 21, "inputsRead": 21,
  "inputs": [
    {"index": 5, "instances": 0, "criteria": 1, "coefficient": 0},
    {"index": 20, "name": "ClientImage", "type": "string", "instances": 2, "criteria": 1, "coefficient": 4, "causes": [
      {"instance": 0, "id": "01234567-89ab-cdef-0123-456789abcdef", "word": 3, "rule": "r", "title": "T", "path": "p", "line": 9},
      {}
    ]}
  ],
  "operators": [
    {"operator": "equals", "instances": 1, "criteria": 1, "causes": [{}]},
    {"operator": "contains", "instances": 1, "criteria": 1}
  ],
  "sizes": {"fileSize": 1, "instances": 2, "criteria": 3, "wordsPerInstance": 4, "operandsPerCriterion": 5, "valueLength": 6, "programInstructions": 8, "stack": 7},
  "steps": {"constant": 8},
  "memory": 9
}
`

func TestReadNeeds(t *testing.T) {
	got, err := sensor.ReadNeeds("n.json", []byte(needsDoc))
	if err != nil {
		t.Fatal(err)
	}
	unknown := sensor.Cause{Instance: -1, Word: -1}
	want := &sensor.Needs{
		Channel: 291, Revision: 7, Type: 1, TypeName: "ipc", TypeVersion: 1, Format: "1.0", InputsDeclared: 21, InputsRead: 21,
		Inputs: []sensor.InputNeed{
			{Index: 5, Criteria: 1},
			{Index: 20, Name: "ClientImage", Type: sensor.TypeString, TypeKnown: true, Instances: 2, Criteria: 1, Coefficient: 4, First: []sensor.Cause{
				{0, cf.ID{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}, 3, "r", "T", "p", 9},
				unknown,
			}},
		},
		Operators: []sensor.OperatorNeed{{cf.OpEquals, 1, 1, []sensor.Cause{unknown}}, {cf.OpContains, 1, 1, nil}},
		Sizes:     sensor.Sizes{1, 2, 3, 4, 5, 6, 8, 7},
		Constant:  8, Memory: 9,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("needs differ (-want +got):\n%s", diff)
	}
	checkNeedsRoundTrip(t, got)
}

func TestReadNeedsRefuses(t *testing.T) {
	refuses(t, "needs", needsDoc, []edit{
		{"another document", `cfcheck.needs/v0`, `cfcheck.fleet/v0`, sensor.ErrJSONValue,
			`x.json:2:13: schema: found the string "cfcheck.fleet/v0"; expected "cfcheck.needs/v0"`, true},
		{"no steps", `"steps": {"constant": 8},`, ``, sensor.ErrJSONMissingKey, `x.json:1:1: key "steps" is missing`, true},
		{"no constant", `"constant": 8`, ``, sensor.ErrJSONMissingKey, `x.json:17:12: steps: key "constant" is missing`, true},
		{"a negative cost", `"constant": 8`, `"constant": -8`, sensor.ErrJSONRange,
			`x.json:17:25: steps.constant: found the number -8; expected an integer from 0 to 9007199254740991`, true},
		{"a cost that JSON cannot carry", `"coefficient": 4`, `"coefficient": 9007199254740992`, sensor.ErrJSONRange,
			`x.json:7:106: inputs[1].coefficient: found the number 9007199254740992; expected an integer from 0 to 9007199254740991`, true},
		{"no memory", "\"memory\": 9\n", "\"memory\": null\n", sensor.ErrJSONType, `x.json:18:13: memory: found null; expected an integer`, true},
		{"a size left out", `"stack": 7`, `"fileSize": 7`, sensor.ErrJSONDuplicateKey, `x.json:16:153: sizes: key "fileSize" occurs twice; expected it once`, true},
		{"revision that fits no file name", `"revision": 7`, `"revision": 100000000`, sensor.ErrJSONRange,
			`x.json:3:31: revision: found the number 100000000; expected an integer from 0 to 99999999`, true},
		{"a format that is no version", `"1.0"`, `"v1"`, sensor.ErrJSONValue,
			`x.json:3:92: format: found the string "v1"; expected major and minor version of a format, such as "1.0"`, true},
		{"more inputs than there can be", `"inputsDeclared": 21`, `"inputsDeclared": 1025`, sensor.ErrJSONRange,
			`x.json:4:21: inputsDeclared: found the number 1025; expected an integer from 0 to 1024`, true},
		{"read but not declared", `"inputsDeclared": 21`, `"inputsDeclared": 20`, sensor.ErrJSONValue,
			`x.json:7:15: inputs[1].index: found input 21 (index 20); expected an index less than inputsDeclared, 20`, false},
		{"inputs read that are not", `"inputsRead": 21`, `"inputsRead": 20`, sensor.ErrJSONValue,
			`x.json:1:1: inputsRead: inputsRead is 20; expected the highest index of inputs plus one, 21`, false},
		{"inputs out of order", `"index": 5`, `"index": 20`, sensor.ErrJSONValue,
			`x.json:7:15: inputs[1].index: found input 21 (index 20) after input 21 (index 20); expected inputs to ascend`, false},
		{"an index that no file has", `"index": 20`, `"index": 1024`, sensor.ErrJSONRange,
			`x.json:7:15: inputs[1].index: found the number 1024; expected an integer from 0 to 1023`, true},
		{"an input that no criterion reads", `"criteria": 1, "coefficient": 0`, `"criteria": 0, "coefficient": 0`, sensor.ErrJSONRange,
			`x.json:6:46: inputs[0].criteria: found the number 0; expected an integer from 1 to 2147483647`, true},
		{"a type that there is not", `"type": "string"`, `"type": "float"`, sensor.ErrJSONValue,
			`x.json:7:50: inputs[1].type: found the string "float"; expected "string", "integer" or "address"`, true},
		{"operators out of order", `"contains"`, `"exists"`, sensor.ErrJSONValue,
			`x.json:14:5: operators[1].operator: found "exists" after "equals"; expected operators to ascend as in FORMAT.md`, false},
		{"an operator that there is not", `"contains"`, `"like"`, sensor.ErrJSONValue,
			`x.json:14:18: operators[1].operator: found the string "like"; expected "exists", "equals", "prefix", "suffix", "contains", "pattern", "regexp", "integer equals", "integer range" or "address range"`, true},
		{"more causes than instances", `"instances": 2, "criteria": 1,`, `"instances": 1, "criteria": 1,`, sensor.ErrJSONValue,
			`x.json:7:5: inputs[1].causes: found 2 causes for 1 instances; expected no more causes than instances`, false},
		{"more causes of an operator than instances", `[{}]`, `[{}, {}]`, sensor.ErrJSONValue,
			`x.json:13:5: operators[0].causes: found 2 causes for 1 instances; expected no more causes than instances`, false},
		{"more causes than are ever named", `[{}]`, `[{}, {}, {}, {}, {}, {}, {}, {}, {}]`, sensor.ErrJSONValue,
			`x.json:13:102: operators[0].causes[8]: there are more than 8 causes; expected at most 8`, true},
		{"an ID that is none", `01234567-89ab-cdef-0123-456789abcdef`, `0123456789abcdef0123456789abcdef`, sensor.ErrJSONValue,
			`x.json:8:29: inputs[1].causes[0].id: found the string "0123456789abcdef0123456789abcdef"; expected a UUID in lower case, such as "01234567-89ab-cdef-0123-456789abcdef"`, true},
		{"an ID in upper case", `01234567-89ab-cdef-0123-456789abcdef`, `01234567-89AB-CDEF-0123-456789ABCDEF`, sensor.ErrJSONValue,
			`x.json:8:29: inputs[1].causes[0].id: found the string "01234567-89AB-CDEF-0123-456789ABCDEF"; expected a UUID in lower case, such as "01234567-89ab-cdef-0123-456789abcdef"`, true},
		{"a title of any length", `"T"`, `"` + strings.Repeat("T", sensor.MaxCauseText+1) + `"`, sensor.ErrJSONValue,
			`x.json:8:102: inputs[1].causes[0].title: found a text of 257 characters; expected at most 256`, true},
		{"half a line", `"line": 9`, `"line": 9.5`, sensor.ErrJSONType,
			`x.json:8:128: inputs[1].causes[0].line: found 9.5; expected an integer in digits alone, without fraction or exponent`, true},
		{"a word that is none", `"word": 3`, `"word": -1`, sensor.ErrJSONRange,
			`x.json:8:77: inputs[1].causes[0].word: found the number -1; expected an integer from 0 to 2147483647`, true},
	}, readNeedsOnly)
}

// TestNeedsJSONRefuses tests that JSON refuses needs that no document can express.
func TestNeedsJSONRefuses(t *testing.T) {
	n := sensor.NeedsOfDefinition(builtin.Definitions().ByName("ipc", 1))
	n.InputsRead = 3
	if _, err := n.JSON(); err == nil || err.Error() != `needs cannot be written: needs:1:1: inputsRead: inputsRead is 3; expected the highest index of inputs plus one, 0` {
		t.Errorf("error is %v; want one about inputsRead", err)
	}
}

// FuzzReadNeeds tests the properties of FuzzReadFleet for needs.
func FuzzReadNeeds(f *testing.F) {
	f.Add([]byte(needsDoc))
	data, _ := sensor.NeedsOf(testkit.Parse(f, testkit.EncodeFrom(f, testkit.IPC, testkit.From(&cf.Origin{Rule: "r", Title: "t\n", Line: 1}), cf.Contains(20, "abc"))), builtin.Definitions()).JSON()
	f.Add(data)
	f.Add([]byte(strings.Replace(needsDoc, `"inputsRead": 21`, `"inputsRead": 5`, 1)))
	f.Add([]byte(strings.Replace(needsDoc, `"T"`, `"\u0000\ud83d\ude00"`, 1)))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := sensor.ReadNeeds("n", data)
		if err != nil {
			checkJSONError(t, data, err, n == nil)
			return
		}
		checkNeedsRoundTrip(t, n)
		if err := schemaError(t, "needs", data); err != nil {
			t.Errorf("the reader accepts what the schema refuses: %v", err)
		}
		n.Steps(func(int) (int, bool) { return math.MaxInt, true })
	})
}

func BenchmarkNeedsOf(b *testing.B) {
	f := testkit.Large(b)
	defs := builtin.Definitions()
	b.ReportAllocs()
	for b.Loop() {
		sensor.NeedsOf(f, defs)
	}
	b.ReportMetric(float64(f.Words()), "words")
}
