package facts_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/facts"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
)

// TestSmall tests the promises about the checker: it is one file of at most 400 lines, it compiles
// with only facts.go, and it imports only the standard library.
func TestSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the standard library from source, which takes seconds; the full tests run it")
	}
	text := must(os.ReadFile("checker.go"))
	if n := bytes.Count(text, []byte("\n")); n > 400 || n < 100 {
		t.Errorf("checker.go has %d lines; at most 400 are promised", n)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range []string{"checker.go", "facts.go"} {
		f := must(parser.ParseFile(fset, name, nil, 0))
		files = append(files, f)
		for _, i := range f.Imports {
			if strings.Contains(i.Path.Value, ".") {
				t.Errorf("%s imports %s, which is not of the standard library", name, i.Path.Value)
			}
		}
	}
	// A test built with -trimpath does not know GOROOT.
	build.Default.GOROOT = strings.TrimSpace(string(must(exec.Command("go", "env", "GOROOT").Output())))
	conf := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	if _, err := conf.Check("facts", fset, files, nil); err != nil {
		t.Errorf("the checker does not compile alone: %v", err)
	}
	// The other functions in facts.go only write and look up facts.
	for _, d := range files[1].Decls {
		if f, ok := d.(*ast.FuncDecl); ok && !slices.Contains([]string{"Error", "JSON", "InputRead", "Steps"}, f.Name.Name) {
			t.Errorf("facts.go has the function %s; what checks belongs into checker.go", f.Name.Name)
		}
	}
}

// caseOf returns a case of the corpus by its name.
func caseOf(t testing.TB, name string) subject {
	t.Helper()
	all := subjects(t)
	i := slices.IndexFunc(all, func(s subject) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("there is no case %s", name)
	}
	return all[i]
}

// small returns a file that uses every feature, for a fleet with budgets.
func small(t testing.TB) (file, fleet []byte, claims *facts.Facts) {
	t.Helper()
	s := caseOf(t, "mixed-types")
	s.doc = bytes.ReplaceAll(s.doc, []byte(`"access": "positional",`),
		[]byte(`"access": "positional", "limits": {"instances": 100, "fileSize": 100000}, "budget": {"steps": 90000000000, "memory": 100000},`))
	s.fleet = must(sensor.ReadFleet("fleet", s.doc))
	d := s.defs.ByName("mixed", 1)
	const name, port, source, size, text = 0, 1, 2, 3, 4
	s.Data = testkit.Encode(t, testkit.HeaderOf(d),
		channelfile.And(channelfile.Equals(name, "a", "bc").Fold(), channelfile.Not(channelfile.Exists(port)), channelfile.IntegerRange(size, [2]int64{1, 9})),
		channelfile.Or(channelfile.Pattern(text, "a?b*c", `\\*?`), channelfile.And(channelfile.Contains(name, "x"), channelfile.Regexp(text, "a[b-d]+|e"))),
		channelfile.And(channelfile.AddressPrefix(source, netip.MustParsePrefix("10.0.0.0/8")), channelfile.EqualsInput(name, text), channelfile.Prefix(name, "z")),
		channelfile.IntegerEquals(port, 20, 21),
	)
	return s.Data, s.doc, s.claims()
}

// TestClaims tests that Check refuses a claim tighter than the truth. It refuses a looser claim
// only if a build does not allow it.
func TestClaims(t *testing.T) {
	file, fleet, truth := small(t)
	if len(truth.Reads) < 3 || truth.Most.Instructions < 2 || truth.Most.Operands < 2 || truth.Most.Words < 2 {
		t.Fatalf("the case says too little: %+v", truth)
	}
	feed := func(f *facts.Facts) *facts.Feed { return &f.Contracts[0].Feeds[0] }
	for _, tt := range []struct {
		why  string
		edit func(f *facts.Facts)
		says string // part of the refusal; "" means that the facts hold
	}{
		{"the truth", func(f *facts.Facts) {}, ""},
		{"more words", func(f *facts.Facts) { f.Most.Words++ }, ""},
		{"more truths on the stack", func(f *facts.Facts) { f.Most.Stack++ }, ""},
		{"a higher constant", func(f *facts.Facts) { f.Constant++; feed(f).Steps++ }, ""},
		{"a higher cost of a byte", func(f *facts.Facts) { f.Reads[0].PerByte++; feed(f).Steps += 100_000 }, ""},
		{"longer values", func(f *facts.Facts) { feed(f).Lengths[0].Length++; feed(f).Steps += 1000 }, ""},
		{"more steps, up to the budget", func(f *facts.Facts) { feed(f).Steps = 90_000_000_000 }, ""},
		{"more memory, up to the budget", func(f *facts.Facts) { f.Contracts[0].Memory = 100_000 }, ""},

		{"fewer words", func(f *facts.Facts) { f.Most.Words-- }, "facts.most"},
		{"fewer truths on the stack", func(f *facts.Facts) { f.Most.Stack-- }, "facts.most"},
		{"more truths than any reader has room for", func(f *facts.Facts) { f.Most.Stack = 1025 }, "facts.most"},
		{"fewer operands", func(f *facts.Facts) { f.Most.Operands-- }, "facts.most"},
		{"shorter values", func(f *facts.Facts) { f.Most.ValueLength-- }, "facts.most"},
		{"fewer instructions", func(f *facts.Facts) { f.Most.Instructions-- }, "facts.most"},
		{"fewer inputs", func(f *facts.Facts) { f.Most.Inputs-- }, "facts.most"},
		{"more inputs than are declared", func(f *facts.Facts) { f.Most.Inputs = uint64(len(f.Type.Inputs)) + 1 }, "most.inputs"},
		{"a lower constant", func(f *facts.Facts) { f.Constant-- }, "constant"},
		{"a lower cost of a byte", func(f *facts.Facts) {
			i := slices.IndexFunc(f.Reads, func(r facts.Read) bool { return r.PerByte > 0 })
			f.Reads[i].PerByte--
		}, "perByte"},
		{"an input less", func(f *facts.Facts) { f.Reads = f.Reads[1:] }, "facts.reads: inputs are missing"},
		{"an input more, which is supplied", func(f *facts.Facts) {
			f.Most.Inputs++
			f.Reads = append(f.Reads, facts.Read{Input: f.Most.Inputs - 1})
		}, ""},
		{"an input more than are said to be named", func(f *facts.Facts) { f.Reads = append(f.Reads, facts.Read{Input: f.Most.Inputs}) }, "facts.reads[5].input"},
		{"an input more than there can be", func(f *facts.Facts) { f.Reads = append(f.Reads, facts.Read{Input: 1 << 40}) }, "facts.reads[5].input"},
		{"inputs out of order", func(f *facts.Facts) { slices.Reverse(f.Reads) }, "facts.reads[1]"},
		{"an input twice", func(f *facts.Facts) { f.Reads = append(f.Reads[:1:1], f.Reads...) }, "facts.reads[1]"},
		{"an operator less", func(f *facts.Facts) { f.Operators = f.Operators[1:] }, "operators"},
		{"an operator that no build has", func(f *facts.Facts) { f.Operators = append(f.Operators, "soundex") }, `operator "soundex" occurs`},
		{"a section less", func(f *facts.Facts) { f.Sections = f.Sections[1:] }, "sections"},
		{"the last section less", func(f *facts.Facts) { f.Sections = f.Sections[:len(f.Sections)-1] }, "sections"},
		{"a section more", func(f *facts.Facts) { f.Sections = append(f.Sections, f.Sections[0]) }, "sections"},
		{"a section elsewhere", func(f *facts.Facts) { f.Sections[2].Offset += 8 }, "facts.sections[2]"},
		{"another type", func(f *facts.Facts) { f.Type.Number++ }, "facts.type"},
		{"another version of the type", func(f *facts.Facts) { f.Type.Version++ }, "facts.type"},
		{"another name of the type", func(f *facts.Facts) { f.Type.Name = "ipc" }, "0 feeds of the type version"},
		{"an input less declared", func(f *facts.Facts) { f.Type.Inputs = f.Type.Inputs[1:] }, "facts.type"},
		{"another type of an input that is read", func(f *facts.Facts) {
			for i := range f.Type.Inputs {
				f.Type.Inputs[i].Type = "string"
			}
		}, "is read as string; found it supplied as"},
		{"inputs of no type", func(f *facts.Facts) {
			for i := range f.Type.Inputs {
				f.Type.Inputs[i].Type = ""
			}
		}, "criterion, operator"},
		{"inputs of all types", func(f *facts.Facts) {
			for i := range f.Type.Inputs {
				f.Type.Inputs[i].Type = "string integer"
			}
		}, "criterion, operator"},
		{"another file", func(f *facts.Facts) { f.File = digest(nil) }, "SHA-256"},
		{"another fleet", func(f *facts.Facts) { f.Fleet = digest(nil) }, "SHA-256"},
		{"another schema", func(f *facts.Facts) { f.Schema = "cfcheck.needs/v0" }, "schemas"},
		{"no builds", func(f *facts.Facts) { f.Contracts = nil }, "found 0 builds"},
		{"another build", func(f *facts.Facts) { f.Contracts[0].Builds[0] = "m2" }, `build "m1" of the fleet is missing`},
		{"a build twice", func(f *facts.Facts) { f.Contracts = append(f.Contracts, f.Contracts...) }, "again"},
		{"it refuses the file", func(f *facts.Facts) { f.Contracts[0].Refuses = true }, "refuses"},
		{"less memory", func(f *facts.Facts) { f.Contracts[0].Memory-- }, "memory"},
		{"more memory than the budget", func(f *facts.Facts) { f.Contracts[0].Memory = 100_001 }, "memory"},
		{"another budget of memory", func(f *facts.Facts) { f.Contracts[0].MemoryBudget++ }, "memory"},
		{"another budget of steps", func(f *facts.Facts) { f.Contracts[0].StepBudget = 0 }, "budgets"},
		{"no feed", func(f *facts.Facts) { f.Contracts[0].Feeds = nil }, "the claim has 0 feeds"},
		{"another feed", func(f *facts.Facts) { feed(f).Feed = "Security" }, `feed "Security"`},
		{"more inputs than are supplied", func(f *facts.Facts) { feed(f).Supplied++ }, "the contract has 6"},
		{"fewer inputs than are read", func(f *facts.Facts) { feed(f).Supplied = f.Most.Inputs - 1 }, "is read"},
		{"shorter values of an input", func(f *facts.Facts) { feed(f).Lengths[0].Length-- }, "the claim is at most"},
		{"no length of an input", func(f *facts.Facts) { feed(f).Lengths = feed(f).Lengths[1:] }, "the claim is"},
		{"a length of an input twice", func(f *facts.Facts) { feed(f).Lengths = append(feed(f).Lengths, feed(f).Lengths...) }, "unused lengths"},
		{"more operators than there are", func(f *facts.Facts) { f.Operators = append(f.Operators, f.Operators...) }, "operators"},
		{"fewer steps", func(f *facts.Facts) { feed(f).Steps-- }, "the claim is"},
		{"more steps than the budget", func(f *facts.Facts) { feed(f).Steps = 90_000_000_001 }, "the claim is"},
		{"no steps", func(f *facts.Facts) { feed(f).Steps = 0 }, "the claim is"},
		{"a cost that wraps", func(f *facts.Facts) { f.Reads[0].PerByte = 1 << 63; feed(f).Lengths[0].Length = 2 }, "the claim is at most"},
		{"a cost whose sum wraps", func(f *facts.Facts) { f.Constant = 1<<64 - 1 }, "the claim is"},
	} {
		f := facts.Facts{}
		if err := json.Unmarshal(must(truth.JSON()), &f); err != nil {
			t.Fatal(err)
		}
		tt.edit(&f)
		says := refusal(t, file, fleet, must(f.JSON()))
		if tt.says == "" && says != "" || tt.says != "" && !strings.Contains(says, tt.says) {
			t.Errorf("%s: found %q; expected %q", tt.why, says, tt.says)
		}
	}
}

// TestDocuments tests that Check refuses facts and fleets that can be read in two ways.
func TestDocuments(t *testing.T) {
	file, fleet, claims := small(t)
	doc := must(claims.JSON())
	for _, tt := range []struct {
		why, old, new string
		fleet         bool
		says          string // part of the refusal; "" means that the facts hold
	}{
		{"another order of spaces", "\n", " \n\t", false, ""},
		{"another order of spaces", "\n", " \n\t", true, ""},
		{"a key twice", `"constant":`, `"constant": 1, "constant":`, false, `repeated or unknown key "constant"`},
		{"a key twice, in another case", `"constant":`, `"Constant": 1, "constant":`, false, `repeated or unknown key "Constant"`},
		{"a key in another case", `"constant":`, `"CONSTANT":`, false, `repeated or unknown key "CONSTANT"`},
		{"a key that folds to one", `"most":`, `"mo` + "\u017F" + `t":`, false, "repeated or unknown key"},
		{"a key of the fleet twice", `"inputs":`, `"inputs": [], "inputs":`, true, `repeated or unknown key "inputs"`},
		{"a key of the fleet in another case", `"inputs":`, `"Inputs":`, true, `repeated or unknown key "Inputs"`},
		{"an unknown key", `"constant":`, `"trust": true, "constant":`, false, `unknown field "trust"`},
		{"an unknown key of the fleet", `"hosts":`, `"trust": true, "hosts":`, true, `unknown field "trust"`},
		{"another schema of the fleet", `"cfcheck.fleet/v0"`, `"cfcheck.fleet/v2"`, true, "schemas"},
		{"an unknown limit", `"instances": 100`, `"reads": 100`, true, "100 for reads"},
		{"a limit that is not kept", `"instances": 100`, `"instances": 1`, true, "1 for instances"},
		{"a limit of nothing", `"instances": 100`, `"instances": 0`, true, "0 for instances"},
		{"an unknown budget", `"memory": 100000`, `"files": 100000`, true, `key "files"`},
		{"a budget of nothing", `"steps": 90000000000`, `"steps": 0`, true, "steps:0"},
		{"a budget below zero", `"steps": 90000000000`, `"steps": -1`, true, "cannot unmarshal"},
		{"a budget with a point", `"steps": 90000000000`, `"steps": 90000000000.0`, true, "cannot unmarshal"},
		{"a budget that wraps", `"steps": 90000000000`, `"steps": 18446744073709551617`, true, "cannot unmarshal"},
		{"null", `"hosts": 1000`, `"hosts": null`, true, "null"},
		{"null for a list", `"operators": [`, `"operators": null, "x": [`, false, "unknown field"},
		{"half of a surrogate pair", `"build": "m1"`, `"build": "m\ud800"`, true, "U+FFFD"},
		{"broken UTF-8", `"build": "m1"`, "\"build\": \"m\xFF\"", true, "UTF-8"},
		{"a second document", "", "{}", true, "found text after"},
		{"a second document", "", "{}", false, "found text after"},
		{"half of a document", `"hosts":`, `"hosts"`, true, "invalid character"},
		{"no version of a supply", `"version": 1,`, ``, true, "without a version"},
		{"no access", `"access": "positional",`, ``, true, `access ""`},
		{"another access", `"access": "positional",`, `"access": "by name",`, true, `access "by name"`},
		{"another format", `"formats": ["1.0"]`, `"formats": ["1.1"]`, true, `formats ["1.1"]`},
		{"no operators", `"operators": [`, `"operators": [], "formats": [`, true, `repeated or unknown key "formats"`},
		{"an input that is not supplied", `"type": "string", "maxLength": 16}`, `"type": "string", "state": "not supplied", "maxLength": 16}`, true, "found it not supplied"},
		{"an input of which nothing is known", `"type": "string", "maxLength": 16}`, `"type": "string", "state": "unknown", "maxLength": 16}`, true, "found it unknown"},
		{"an input in a state of its own", `"type": "string", "maxLength": 16}`, `"type": "string", "state": "Supplied", "maxLength": 16}`, true, "found it Supplied"},
		{"an input of another type", `{"name": "Port", "type": "integer"}`, `{"name": "Port", "type": "string"}`, true, `supplied as "string"`},
		{"an input of no type", `{"name": "Port", "type": "integer"}`, `{"name": "Port"}`, true, `supplied as ""`},
		{"a longer input", `"maxLength": 16}`, `"maxLength": 17}`, true, "the claim is at most"},
		{"an input without a length", `, "maxLength": 16}`, `}`, true, "the claim is at most"},
		{"an input without a length, but with values", `, "maxLength": 16}`, `, "state": "constant", "values": ["", "sixteen bytes in"]}`, true, ""},
		{"a value that is longer", `, "maxLength": 16}`, `, "state": "constant", "values": ["", "seventeen bytes in"]}`, true, "the claim is at most"},
		{"a value that is no string", `, "maxLength": 16}`, `, "state": "constant", "values": [1]}`, true, "expected a string"},
		{"values of an input that is not constant", `, "maxLength": 16}`, `, "values": ["a"]}`, true, "the claim is at most"},
		{"an input with the hashes of a file", `, "maxLength": 16}`, `, "hashes": ["MD5"], "maxLength": 16}`, true, ""},
		{"an input in another form", `, "maxLength": 16}`, `, "otherForm": true, "maxLength": 16}`, true, ""},
		{"a cut input", `, "maxLength": 16}`, `, "cutAt": 16}`, true, ""},
		{"an input that is cut later", `, "maxLength": 16}`, `, "cutAt": 17}`, true, "the claim is at most"},
		{"an input of another name, which a reader by position does not see", `"name": "Port"`, `"name": "Door"`, true, ""},
	} {
		f, d := fleet, doc
		edit := func(b []byte) []byte {
			if tt.old == "" {
				return append(slices.Clone(b), tt.new...)
			}
			if !bytes.Contains(b, []byte(tt.old)) {
				t.Errorf("%s: there is no %s", tt.why, tt.old)
			}
			return bytes.ReplaceAll(b, []byte(tt.old), []byte(tt.new))
		}
		if tt.fleet {
			f = edit(f)
			d = bytes.Replace(d, []byte(digest(fleet)), []byte(digest(f)), 1)
		} else {
			d = edit(d)
		}
		says := refusal(t, file, f, d)
		if tt.says == "" && says != "" || tt.says != "" && !strings.Contains(says, tt.says) {
			t.Errorf("%s (fleet: %v): found %q; expected %q", tt.why, tt.fleet, says, tt.says)
		}
	}
	deep := bytes.Repeat([]byte("["), 1<<20)
	for n, says := range map[int]string{facts.MaxDocument: "", facts.MaxDocument + 1: "expected UTF-8 of at most"} {
		big := append(slices.Clone(fleet), bytes.Repeat([]byte(" "), n-len(fleet))...)
		if got := refusal(t, file, big, repaired(doc, file, big)); !strings.Contains(got, says) || (got == "") != (says == "") {
			t.Errorf("a fleet of %d bytes: found %q; expected %q", n, got, says)
		}
	}
	for why, args := range map[string][3][]byte{
		"nothing":            {nil, nil, nil},
		"no file":            {nil, fleet, doc},
		"no fleet":           {file, nil, doc},
		"no facts":           {file, fleet, nil},
		"a list for facts":   {file, fleet, []byte("[]")},
		"facts of no fields": {file, fleet, []byte("{}")},
		"much nesting":       {file, deep, doc},
	} {
		if refusal(t, args[0], args[1], args[2]) == "" {
			t.Errorf("%s: the checker takes it", why)
		}
	}
}

// TestNamed tests readers by name: a missing input is absent, and of two inputs with the same name
// the longer value counts.
func TestNamed(t *testing.T) {
	file, fleet, claims := small(t)
	for _, tt := range []struct {
		why, old, new string
		says          string
	}{
		{"all there", "", "", ""},
		{"one is missing", `"name": "Port"`, `"name": "Door"`, ""},
		{"one of another type is missing", `{"name": "Port", "type": "integer"}`, `{"name": "Port", "type": "string", "state": "not supplied"}`, ""},
		{"one of another type may be there", `{"name": "Port", "type": "integer"}`, `{"name": "Port", "type": "string", "state": "unknown"}`, "supplied as"},
		{"one is there twice, once longer", `{"name": "Port", "type": "integer"}`, `{"name": "Port", "type": "integer"}, {"name": "Name", "type": "string", "maxLength": 17}`, "the claim is at most"},
		{"one is there twice, once of another type", `{"name": "Port", "type": "integer"}`, `{"name": "Port", "type": "integer"}, {"name": "Name", "type": "address"}`, "supplied as"},
	} {
		f := bytes.ReplaceAll(fleet, []byte(`"positional"`), []byte(`"named"`))
		f = bytes.ReplaceAll(f, []byte(tt.old), []byte(tt.new))
		d := bytes.Replace(must(claims.JSON()), []byte(digest(fleet)), []byte(digest(f)), 1)
		says := refusal(t, file, f, d)
		if tt.says == "" && says != "" || tt.says != "" && !strings.Contains(says, tt.says) {
			t.Errorf("%s: found %q; expected %q", tt.why, says, tt.says)
		}
	}
}

// TestRefuses tests that a build is left out only if it does not have the type version and refuses
// such files.
func TestRefuses(t *testing.T) {
	file, fleet, truth := small(t)
	for _, tt := range []struct {
		why     string
		version string // version that the build supplies
		says    bool   // whether the build refuses unknown versions
		edit    func(c *facts.Contract)
		want    string
	}{
		{"it has the version", "1", true, func(*facts.Contract) {}, ""},
		{"it has the version, and is claimed to refuse it", "1", true, func(c *facts.Contract) { c.Refuses = true }, "refuses"},
		{"it does not, and is claimed to read it", "3", true, func(c *facts.Contract) { c.Feeds = nil }, "refuses"},
		{"it does not, and is claimed to have a feed", "3", true, func(*facts.Contract) {}, "refuses"},
		{"it does not, and refuses it, which leaves nobody", "3", true, func(c *facts.Contract) { c.Refuses, c.Feeds = true, nil }, "found no build with version 1"},
		{"it does not, and does not say that it refuses it", "3", false, func(c *facts.Contract) { c.Refuses, c.Feeds = true, nil }, "refuses"},
	} {
		of := bytes.Replace(fleet, []byte(`"version": 1,`), []byte(`"version": `+tt.version+`,`), 1)
		if tt.says {
			of = bytes.Replace(of, []byte(`"evidence": "stated",`), []byte(`"evidence": "stated", "refusesUnknownVersions": true,`), 1)
		}
		f := facts.Facts{}
		if err := json.Unmarshal(repaired(must(truth.JSON()), file, of), &f); err != nil {
			t.Fatal(err)
		}
		tt.edit(&f.Contracts[0])
		says := refusal(t, file, of, must(f.JSON()))
		if tt.want == "" && says != "" || tt.want != "" && !strings.Contains(says, tt.want) {
			t.Errorf("%s: found %q; expected %q", tt.why, says, tt.want)
		}
	}
}

// TestMethods tests the methods for the use of facts at run time.
func TestMethods(t *testing.T) {
	_, _, f := small(t)
	if !f.InputRead(int(f.Reads[0].Input)) || f.InputRead(1000) {
		t.Error("InputRead does not say what Reads does")
	}
	if steps, ok := f.Steps("m1", ""); !ok || steps != f.Contracts[0].Feeds[0].Steps {
		t.Errorf("an event costs m1 %d steps (%v)", steps, ok)
	}
	for _, names := range [][2]string{{"m2", ""}, {"m1", "Security"}} {
		if steps, ok := f.Steps(names[0], names[1]); ok || steps != 0 {
			t.Errorf("build %q with feed %q, which is not there, takes %d steps", names[0], names[1], steps)
		}
	}
}

// TestEdges tests faults that the corpus has only in combination. It changes one number in the
// smallest file, with the loosest facts about it.
func TestEdges(t *testing.T) {
	least := testkit.Encode(t, channelfile.Header{Channel: 1, Revision: 1, Type: 1, TypeVersion: 1, InputsDeclared: 3}, channelfile.Exists(2))
	const (
		record  = 48 // section record: type, offset, length, count
		offset  = 4
		length  = 8
		count   = 12
		instant = 80 + 6*48 // after the section records: one instance, one word, one criterion
	)
	put := func(data []byte, at int, n uint32) { binary.LittleEndian.PutUint32(data[at:], n) }
	for _, tt := range []struct {
		why  string
		edit func(data []byte)
		says string // part of the refusal; "" means that the facts hold
	}{
		{"as it is", func([]byte) {}, ""},
		{"an empty section in the header", func(data []byte) { put(data, record*4+offset, 8) }, "section 3"},
		{"an empty section at the end of the table", func(data []byte) { put(data, record*4+offset, 80+6*48-8) }, "section 3"},
		{"an empty section at the end of the file", func(data []byte) { put(data, record*4+offset, uint32(len(data))) }, ""},
		{"an empty section behind the file", func(data []byte) { put(data, record*4+offset, uint32(len(data))+8) }, "section 3"},
		{"an empty section at an odd place", func(data []byte) { put(data, record*4+offset, instant+4) }, "section 3"},
		{"an instance without words", func(data []byte) {
			put(data, instant+20, 0)
			put(data, record*2+length, 0)
			put(data, record*2+count, 0)
		}, "instance without words"},
		{"a criterion beyond", func(data []byte) { put(data, instant+24, 1<<1) }, "word, criterion"},
		{"an operator on one truth", func(data []byte) { put(data, instant+24, 1<<31|1) }, "operands of its operator"},
		{"the last input", func(data []byte) { data[instant+34] = 2 }, ""},
		{"an input beyond", func(data []byte) { data[instant+34] = 3 }, "criterion, operator"},
		{"more sections than there is room for", func(data []byte) { put(data, 0x2C, 15) }, "sections"},
	} {
		file := slices.Clone(least)
		tt.edit(file)
		fleet, doc := loosest(file, nil)
		says := refusal(t, file, fleet, doc)
		if tt.says == "" && says != "" || tt.says != "" && !strings.Contains(says, tt.says) {
			t.Errorf("%s: found %q; expected %q", tt.why, says, tt.says)
		}
	}
}

// TestStepsBeyond tests that steps beyond 64 bits cannot be claimed.
func TestStepsBeyond(t *testing.T) {
	s := caseOf(t, "steps-reached")
	s.doc = bytes.ReplaceAll(s.doc, []byte("14353"), []byte("9007199254740991"))
	s.fleet = must(sensor.ReadFleet("fleet", s.doc))
	if says := refusal(t, s.Data, s.doc, must(s.claims().JSON())); says != "" {
		t.Error(says)
	}
	s.doc = regexp.MustCompile(`,\s*"budget": \{[^}]*\}`).ReplaceAll(s.doc, nil)
	s.fleet = must(sensor.ReadFleet("fleet", s.doc))
	for _, tt := range []struct {
		perByte, length, steps uint64
		says                   string
	}{
		{1 << 20, 1 << 30, 1<<50 + 100, ""},
		{1 << 20, 1 << 30, 1 << 50, "the claim is"},
		{1 << 30, 1 << 30, 1<<60 + 100, "the claim is"}, // too large for some readers of JSON
		{1 << 40, 1 << 40, 1<<64 - 1, "the claim is"},   // the product overflows
		{1 << 32, 1<<32 - 1, 1<<64 - 1, "the claim is"}, // the product does not overflow, but the sum could
		{14, (1<<64 - 1) / 14, 16, "the claim is"},      // the sum overflows
	} {
		f := s.claims()
		f.Reads[0].PerByte = tt.perByte
		feed := &f.Contracts[0].Feeds[0]
		feed.Lengths[0].Length, feed.Steps = tt.length, tt.steps
		says := refusal(t, s.Data, s.doc, must(f.JSON()))
		if tt.says == "" && says != "" || tt.says != "" && !strings.Contains(says, tt.says) {
			t.Errorf("%+v: found %q", tt, says)
		}
	}
}

// TestLinear tests that a long pattern is checked once, even if many criteria refer to it.
func TestLinear(t *testing.T) {
	const inputs = 1000
	var parts []channelfile.Expr
	for i := range inputs {
		parts = append(parts, channelfile.Pattern(i, "*?"+strings.Repeat("a", 65_000)))
	}
	file := testkit.Encode(t, channelfile.Header{Channel: 1, Revision: 1, Type: 1, TypeVersion: 1, InputsDeclared: inputs}, channelfile.And(parts...))
	fleet, doc := loosest(file, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	says := refusal(t, file, fleet, doc)
	runtime.ReadMemStats(&after)
	if says != "" {
		t.Error(says)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
		t.Errorf("checking %d criteria with one pattern allocates %d bytes", inputs, n)
	}
}

// Each key of a fleet is one that the checker knows, so it refuses no fleet that the gate reads.
func TestKeysOfFleets(t *testing.T) {
	text, err := os.ReadFile("facts.go")
	if err != nil {
		t.Fatal(err)
	}
	_, known, _ := strings.Cut(string(text), "\nconst keys = ")
	known, _, _ = strings.Cut(known, "\n\n")
	schema, err := sensor.Schemas.ReadFile("schema/fleet.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := json.Unmarshal(schema, &doc); err != nil {
		t.Fatal(err)
	}
	seen := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, v := range v {
				walk(v)
			}
		case map[string]any:
			if properties, ok := v["properties"].(map[string]any); ok {
				for key := range properties {
					seen++
					if !strings.Contains(known, " "+key+" ") && !strings.Contains(known, `"`+key+" ") {
						t.Errorf("the checker does not know the key %q of a fleet", key)
					}
				}
			}
			for _, v := range v {
				walk(v)
			}
		}
	}
	walk(doc)
	if seen < 40 {
		t.Errorf("the schema has %d keys; expected at least 40", seen)
	}
}
