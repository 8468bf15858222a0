package vectors

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	cf "github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/fuzz/internal/csensor"
	"github.com/cfcheck/cfcheck/fuzz/internal/reference"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

var update = flag.Bool("update", false, "write the folder corpus/vectors")

// TestMain only writes the files if -update is given, because the vectors embedded in this
// program are outdated then.
func TestMain(m *testing.M) {
	flag.Parse()
	if *update {
		if err := flag.Set("test.run", "^TestWritten$"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// folder is the folder of the vectors.
var folder = filepath.Join("..", "..", "..", "corpus", "vectors")

var types = map[rune]sensor.InputType{'s': sensor.TypeString, 'i': sensor.TypeInteger, 'a': sensor.TypeAddress}

func id(rule int) cf.ID {
	return cf.ID{0: 0x6f, 0x0c, 0x1d, 0x2e, 0, 7, 0x40, 0, 0x80, 0, 0xcf, 0xc0, 0xcf, 0xc0, 0, byte(rule + 1)}
}

// encode returns the channel file of a set.
func encode(t *testing.T, s Set) []byte {
	t.Helper()
	b := cf.NewBuilder(cf.Header{Channel: 1, Revision: 1, Type: 1000, TypeVersion: 1, InputsDeclared: uint16(len(s.Inputs)), Created: 1_721_361_600})
	for i, e := range s.Rules {
		if err := b.Add(id(i), e, s.Origin); err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
	}
	data, err := b.Encode()
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	return data
}

func valueOf(v any) interp.Value {
	switch v := v.(type) {
	case string:
		return interp.Text(v)
	case int64:
		return interp.Number(v)
	case netip.Addr:
		return interp.IP(v)
	}
	return interp.Value{}
}

// write returns the JSON of a set, with a line for each event.
func write(t *testing.T, s Set, data []byte) []byte {
	t.Helper()
	f, err := cf.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	it := interp.New(f, &sensor.Reader{Access: sensor.AccessPositional})
	quote := func(v any) string {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSuffix(b.String(), "\n")
	}
	var inputs []string
	for _, c := range s.Inputs {
		inputs = append(inputs, types[c].String())
	}
	sum := sha256.Sum256(data)
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\n\"schema\": \"cfcheck.vectors/v0\",\n\"why\": %s,\n\"file\": %s,\n\"sha256\": %q,\n\"inputs\": %s,\n\"events\": [\n",
		quote(s.Why), quote(s.Name+".cf"), hex.EncodeToString(sum[:]), quote(inputs))
	for i, e := range s.Events {
		var values []string
		var event interp.Event
		for _, v := range e.Values {
			value := valueOf(v)
			event = append(event, value)
			switch value.Type {
			case sensor.TypeString:
				values = append(values, fmt.Sprintf(`{"string": "%x"}`, value.Text))
			case sensor.TypeInteger:
				values = append(values, fmt.Sprintf(`{"integer": "%d"}`, value.Integer))
			case sensor.TypeAddress:
				values = append(values, fmt.Sprintf(`{"address": "%x"}`, value.Address))
			default:
				values = append(values, "null")
			}
		}
		if err := it.Run(event); err != nil {
			t.Fatalf("%s, event %d: %v", s.Name, i, err)
		}
		ids := []string{}
		for _, rule := range e.Match {
			ids = append(ids, id(rule).String())
		}
		fmt.Fprintf(&out, `{"why": %s, "values": [%s], "matches": %s, "steps": %d}`, quote(e.Why), strings.Join(values, ", "), quote(ids), it.Steps())
		if i < len(s.Events)-1 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
	}
	out.WriteString("]\n}\n")
	return out.Bytes()
}

// TestWritten checks that the folder has exactly the files that the table makes.
func TestWritten(t *testing.T) {
	want := map[string][]byte{}
	for _, s := range Sets() {
		if want[s.Name+".cf"] != nil {
			t.Errorf("two sets are called %s", s.Name)
		}
		data := encode(t, s)
		want[s.Name+".cf"], want[s.Name+".json"] = data, write(t, s, data)
	}
	if *update {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, data := range want {
			if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	have, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(have) != len(want) {
		t.Errorf("%s has %d files; the table makes %d (go test ./fuzz/internal/vectors -update)", folder, len(have), len(want))
	}
	for name, data := range want {
		if got, err := os.ReadFile(filepath.Join(folder, name)); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s differs from the table (go test ./fuzz/internal/vectors -update): %v", name, err)
		}
	}
}

// A vector is a vector of the corpus with its parsed file.
type vector struct {
	set   corpus.VectorSet
	file  *cf.File
	types []sensor.InputType
	name  string
	event interp.Event
	corpus.Vector
}

// matched compares matching instances with the vector.
func (v *vector) matched(t *testing.T, by string, got []int) {
	t.Helper()
	ids := []string{}
	for _, i := range got {
		ids = append(ids, v.file.Instance(i).ID.String())
	}
	if !slices.Equal(ids, v.Matches) {
		t.Errorf("%s: %s matches %v, want %v: %s", v.name, by, ids, v.Matches, v.Why)
	}
}

// all returns the vectors of the corpus in order.
func all(t *testing.T) (list []vector) {
	t.Helper()
	for _, set := range corpus.Vectors() {
		f, err := cf.Parse(set.Data)
		if err != nil {
			t.Fatalf("%s: %v", set.Path, err)
		}
		if f.Conformance() != 0 {
			t.Errorf("%s breaks requirements of FORMAT.md", set.Path)
		}
		for i, differs := range f.DifferentPrograms() {
			t.Errorf("%s: program %d: %s", set.Path, i, differs)
		}
		var inputs []sensor.InputType
		for _, name := range set.Inputs {
			for _, typ := range types {
				if typ.String() == name {
					inputs = append(inputs, typ)
				}
			}
		}
		if len(inputs) != int(f.Header.InputsDeclared) {
			t.Fatalf("%s: the inputs are %v; the file declares %d", set.Path, set.Inputs, f.Header.InputsDeclared)
		}
		for i, x := range set.Events {
			v := vector{set: set, file: f, types: inputs, name: set.Name + ", event " + strconv.Itoa(i), Vector: x}
			for k, value := range x.Values {
				v.event = append(v.event, interp.Value{})
				if value.Type != "" {
					v.event[k] = interp.Value{Type: inputs[k], Text: value.Text, Integer: value.Integer, Address: value.Address}
				}
			}
			list = append(list, v)
		}
	}
	return list
}

// The content interpreter and the reference interpreter, which share no code for comparisons,
// agree with each vector. The model of a sensor agrees too; it counts operations, never more
// than the steps.
func TestVectors(t *testing.T) {
	for _, v := range all(t) {
		it := interp.New(v.file, &sensor.Reader{Access: sensor.AccessPositional})
		if err := it.Run(v.event); err != nil {
			t.Errorf("%s: %v", v.name, err)
			continue
		}
		v.matched(t, "the interpreter", it.Matched())
		got, steps := reference.Evaluate(v.file, v.event)
		v.matched(t, "the reference interpreter", got)
		if want := new(big.Int).SetUint64(v.Steps); it.Steps() != v.Steps || steps.Cmp(want) != 0 {
			t.Errorf("%s: the interpreter charges %d steps, the reference one %v; want %v", v.name, it.Steps(), steps, want)
		}
		model, err := interp.NewModel(v.set.Data, v.types)
		if err != nil {
			t.Fatal(err)
		}
		trace, err := model.Run(v.event)
		if err != nil {
			t.Errorf("%s: the model: %v", v.name, err)
			continue
		}
		v.matched(t, "the model", trace.Matched)
		if trace.Operations > v.Steps {
			t.Errorf("%s: %d operations, but %d steps charged", v.name, trace.Operations, v.Steps)
		}
	}
}

// The sensor in C agrees with each vector.
func TestVectorsInC(t *testing.T) {
	path, err := csensor.Build(t.TempDir())
	if errors.Is(err, csensor.ErrNoCompiler) {
		t.Skipf("the sensor in C is not compiled on this machine: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := csensor.Start(path)
	if err != nil {
		t.Fatal(err)
	}
	loaded := ""
	for _, v := range all(t) {
		if v.set.Name != loaded {
			loaded = v.set.Name
			if err := c.Load(v.set.Data, v.types); err != nil {
				t.Fatal(err)
			}
		}
		trace, err := c.Run(v.event)
		if err != nil {
			t.Fatalf("%s: %v", v.name, err)
		}
		v.matched(t, "the sensor in C", trace.Matched)
		if trace.Operations > v.Steps {
			t.Errorf("%s: %d operations in C, of %d steps that are charged", v.name, trace.Operations, v.Steps)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// The vectors cover the format: each operator with each possible set of flags, with one
// operand and with several, true and false; each instruction and each assertion; each word of
// a condition; absent, empty and invalid UTF-8 values; and invalid UTF-8 operands.
func TestCoverage(t *testing.T) {
	want := map[string]bool{}
	for _, op := range cf.Operators() {
		flags := map[cf.Operator]cf.Flags{
			cf.OpExists: 0, cf.OpEquals: cf.FlagFold | cf.FlagAll | cf.FlagInputs, cf.OpPrefix: cf.FlagFold | cf.FlagAll | cf.FlagInputs,
			cf.OpSuffix: cf.FlagFold | cf.FlagAll | cf.FlagInputs, cf.OpContains: cf.FlagFold | cf.FlagAll, cf.OpPattern: cf.FlagFold | cf.FlagAll,
			cf.OpRegexp: cf.FlagAll, cf.OpIntegerEquals: cf.FlagAll | cf.FlagInputs, cf.OpIntegerRange: cf.FlagAll, cf.OpAddressRange: cf.FlagAll,
		}[op]
		for f := range flags + 1 {
			if f&^flags != 0 {
				continue
			}
			for _, truth := range []bool{true, false} {
				if truth && (op == cf.OpEquals || op == cf.OpIntegerEquals) && f&cf.FlagAll != 0 && f&cf.FlagInputs == 0 {
					continue // a value never equals two different operands
				}
				want[fmt.Sprintf("%s with flags %d holds: %v", op, f, truth)] = true
			}
			if op != cf.OpExists && f&cf.FlagAll == 0 {
				want[fmt.Sprintf("%s with flags %d, several operands", op, f)] = true
			}
		}
	}
	for _, typ := range []sensor.InputType{sensor.TypeString, sensor.TypeInteger, sensor.TypeAddress} {
		want[fmt.Sprintf("%s present", typ)], want[fmt.Sprintf("%s absent", typ)] = true, true
	}
	for _, s := range []string{
		"an empty value", "a value that is not UTF-8", "an operand that is not UTF-8", "an empty operand", "runes of 2 bytes", "runes of 3 bytes", "runes of 4 bytes",
		"match", "split", "runes", "assert", "begin text", "end text", "begin line", "end line", "word boundary", "no word boundary",
		"a class of no ranges", "a class of many ranges", "and", "or", "not", "no match at all", "several matches", "provenance", "no provenance",
	} {
		want[s] = true
	}
	have := map[string]bool{}
	list := all(t)
	for _, v := range list {
		f := v.file
		have["provenance"], have["no provenance"] = have["provenance"] || f.HasProvenance(), have["no provenance"] || !f.HasProvenance()
		have["no match at all"] = have["no match at all"] || len(v.Matches) == 0
		have["several matches"] = have["several matches"] || len(v.Matches) > 1
		for i, value := range v.event {
			if !value.Present() {
				have[fmt.Sprintf("%s absent", v.types[i])] = true
				continue
			}
			have[fmt.Sprintf("%s present", v.types[i])] = true
			if v.types[i] == sensor.TypeString {
				have["an empty value"] = have["an empty value"] || len(value.Text) == 0
				have["a value that is not UTF-8"] = have["a value that is not UTF-8"] || !utf8.Valid(value.Text)
				for _, r := range string(value.Text) {
					have[fmt.Sprintf("runes of %d bytes", utf8.RuneLen(r))] = true
				}
			}
		}
		for i := range f.Words() {
			w := f.Word(i)
			have["and"], have["or"] = have["and"] || w.IsAnd(), have["or"] || w.IsOr()
			have["not"] = have["not"] || w.IsReference() && w.Negated()
		}
		for i := range f.Programs() {
			p := f.Program(i)
			for k := range p.Len() {
				in := p.Inst(k)
				have[in.Op.String()] = true
				if in.Op == cf.InstAssert {
					have[cf.Assertion(in.Arg).String()] = true
				}
				if in.Op == cf.InstRunes {
					have["a class of no ranges"] = have["a class of no ranges"] || p.Ranges(in.Arg) == 0
					have["a class of many ranges"] = have["a class of many ranges"] || p.Ranges(in.Arg) > 100
				}
			}
		}
		for i := range f.Criteria() {
			c := f.Criterion(i)
			if c.Count > 1 {
				have[fmt.Sprintf("%s with flags %d, several operands", c.Operator, c.Flags)] = true
			}
			if c.Operator == cf.OpEquals || c.Operator == cf.OpPattern {
				for o := range f.OperandValues(c) {
					have["an operand that is not UTF-8"] = have["an operand that is not UTF-8"] || !utf8.Valid(o)
					have["an empty operand"] = have["an empty operand"] || len(o) == 0
				}
			}
		}
		if f.Criteria() == 1 { // the first instance is the criterion
			c := f.Criterion(0)
			have[fmt.Sprintf("%s with flags %d holds: %v", c.Operator, c.Flags, slices.Contains(v.Matches, id(0).String()))] = true
		}
	}
	for s := range want {
		if !have[s] {
			t.Errorf("no vector has: %s", s)
		}
	}
	if len(list) < 500 {
		t.Errorf("%d vectors; want at least 500", len(list))
	}
	t.Logf("%d vectors of %d files", len(list), len(corpus.Vectors()))
}
