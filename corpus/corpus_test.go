package corpus

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the assembled files and index.json")

// TestMain updates the files before the tests run. The files embedded in the
// test binary are older than the updated ones.
func TestMain(m *testing.M) {
	flag.Parse()
	if *update {
		if err := flag.Set("test.run", "^TestAssembled"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// assembled returns the cases as assembled from their texts.
func assembled(t *testing.T) []Case {
	t.Helper()
	made, err := Assemble(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// TestAssembled compares the committed files with those assembled from their
// texts.
func TestAssembled(t *testing.T) {
	made := assembled(t)
	for _, c := range made {
		if *update {
			writeCase(t, c)
		}
		have, err := filepath.Glob(filepath.Join("cases", c.Name, "*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(have) != 2 {
			t.Errorf("case %s: the folder holds %q; it holds case.txt and %s", c.Name, have, c.FileName)
		}
		got, err := os.ReadFile(filepath.FromSlash(c.Path()))
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(got, c.Data) {
			t.Errorf("%s is not what its text makes (go test ./corpus -update)", c.Path())
		}
	}
	want := index(t, made)
	if *update {
		if err := os.WriteFile("index.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("index.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("index.json is not up to date (go test ./corpus -update); -want +got:\n%s", diff)
	}
}

// TestAssembledSysmon compares the committed blobs of Sysmon with those assembled from their texts.
func TestAssembledSysmon(t *testing.T) {
	made, err := loadSysmon(os.DirFS("."), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range made {
		name := filepath.FromSlash(c.Path())
		if *update && c.IsBlob() {
			if err := os.WriteFile(name, c.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := filepath.Glob(filepath.Join("sysmon", c.Name, "*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(have) != 2 {
			t.Errorf("case %s: the folder holds %q; it holds case.txt and %s", c.Name, have, c.FileName)
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(got, c.Data) {
			t.Errorf("%s is not what its text makes (go test ./corpus -update)", c.Path())
		}
	}
}

// writeCase writes the file of a case and removes a file with an older name.
func writeCase(t *testing.T, c Case) {
	t.Helper()
	old, err := filepath.Glob(filepath.Join("cases", c.Name, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range old {
		if filepath.Base(f) != "case.txt" {
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.FromSlash(c.Path()), c.Data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// index returns index.json, which has one line per case, for users of the
// corpus in another language.
func index(t *testing.T, cases []Case) []byte {
	t.Helper()
	type location struct {
		Check string `json:"check"`
		Start int    `json:"start"`
		End   int    `json:"end"`
	}
	type entry struct {
		Name      string     `json:"name"`
		File      string     `json:"file"`
		Size      int        `json:"size"`
		SHA256    string     `json:"sha256"`
		Expect    Verdict    `json:"expect"`
		Checks    []string   `json:"checks"`
		Near      []string   `json:"near,omitempty"`
		At        []location `json:"at,omitempty"`
		Fleet     string     `json:"fleet"`
		FleetFile string     `json:"fleetFile,omitempty"`
		TypesFile string     `json:"typesFile,omitempty"`
		Previous  string     `json:"previousFile,omitempty"`
		Ledger    string     `json:"ledgerFile,omitempty"`
		Plan      string     `json:"planFile,omitempty"`
		Now       string     `json:"now,omitempty"`
		Why       string     `json:"why"`
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\"schema\": \"cfcheck.corpus/v0\", \"cases\": [\n")
	for i, c := range cases {
		sum := sha256.Sum256(c.Data)
		e := entry{
			Name: c.Name, File: c.Path(), Size: len(c.Data), SHA256: hex.EncodeToString(sum[:]),
			Expect: c.Expect, Checks: c.Checks, Near: c.Near, Fleet: c.Fleet, Why: c.Why,
		}
		if e.Checks == nil {
			e.Checks = []string{}
		}
		for _, at := range c.At {
			e.At = append(e.At, location(at))
		}
		if c.FleetData != nil {
			e.FleetFile = path.Join("fleets", c.Fleet+".json")
		}
		if c.TypesData != nil {
			e.TypesFile = path.Join("types", c.Types+".json")
		}
		if c.Previous != "" {
			e.Previous = path.Join("cases", c.Previous, c.PreviousName)
		}
		if c.LedgerData != nil {
			e.Ledger = path.Join("ledgers", c.Ledger+".ledger")
		}
		if c.PlanData != nil {
			e.Plan = path.Join("plans", c.Plan+".json")
		}
		if !c.Now.IsZero() {
			e.Now = c.Now.Format(time.RFC3339)
		}
		line := new(bytes.Buffer)
		enc := json.NewEncoder(line)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
		out.Write(bytes.TrimSuffix(line.Bytes(), []byte("\n")))
		if i < len(cases)-1 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
	}
	out.WriteString("]}\n")
	if !json.Valid(out.Bytes()) {
		t.Fatal("index.json is not JSON")
	}
	return out.Bytes()
}

func TestCases(t *testing.T) {
	all := Cases()
	if len(all) < 400 {
		t.Errorf("%d cases; there were 420 once", len(all))
	}
	if !slices.IsSortedFunc(all, func(a, b Case) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the cases are not sorted by name")
	}
	whys := map[string]string{}
	for _, c := range all {
		if other, ok := whys[c.Why]; ok {
			t.Errorf("cases %s and %s have the same why: what is the difference?", other, c.Name)
		}
		whys[c.Why] = c.Name
	}
}

// TestFilesUsed finds fleets, types, ledgers, plans and layouts that no case uses.
func TestFilesUsed(t *testing.T) {
	used := map[string]bool{"layouts/format.txt": true}
	texts, err := readTexts(os.DirFS("."), "cases")
	if err != nil {
		t.Fatal(err)
	}
	ofSysmon, err := readTexts(os.DirFS("."), "sysmon")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range append(texts, ofSysmon...) {
		used["layouts/"+x.keys["layout"]+".txt"] = true
	}
	for _, c := range assembled(t) {
		used["fleets/"+c.Fleet+".json"] = true
		used["types/"+c.Types+".json"] = true
		used["ledgers/"+c.Ledger+".ledger"] = true
		used["plans/"+c.Plan+".json"] = true
	}
	for _, c := range Sysmon() {
		used["fleets/"+c.Fleet+".json"] = true
	}
	for _, r := range Releases() {
		used["fleets/"+r.Fleet+".json"] = true
		used["types/"+r.Types+".json"] = true
	}
	for _, folder := range []string{"layouts", "fleets", "types", "ledgers", "plans"} {
		files, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Errorf("%s is empty", folder)
		}
		for _, f := range files {
			p := folder + "/" + f.Name()
			if !used[p] {
				t.Errorf("no case uses %s", p)
			}
			if strings.HasSuffix(p, ".json") {
				data, err := os.ReadFile(p)
				if err != nil {
					t.Fatal(err)
				}
				if !json.Valid(data) {
					t.Errorf("%s is not JSON", p)
				}
			}
		}
	}
}

func TestLoadErrors(t *testing.T) {
	const good = "expect: accepted\nwhy: it is good\n\nblock all:\n  u8 1\n"
	tests := []struct {
		name  string
		files map[string]string // in addition to the fleet and the names of the format
		want  string            // part of the error
		why   string
	}{
		{"empty corpus", nil, "no cases", "a corpus that was lost must not look like one that passes"},
		{"unknown key", one("expect: accepted\nwhy: x\nexpext: rejected\n"), `cases/a/case.txt:3: unknown key "expext"`, "a misspelt key would be an expectation that nobody checks"},
		{"no why", one("expect: accepted\n"), "the key why is missing", "a case without a reason cannot be judged by those who come later"},
		{"no expect", one("why: x\n"), "the key expect is missing", "a case without an expectation tests nothing"},
		{"unknown verdict", one("expect: good\nwhy: x\n"), "it is accepted, rejected or undecided", "three verdicts, no more"},
		{"key twice", one("expect: accepted\nexpect: rejected\nwhy: x\n"), "expect: a second time", "which one counts?"},
		{"empty value", one("expect: accepted\nwhy:\n"), "why: has no value", "an empty why is none"},
		{"not a key", one("expect: accepted\nwhy: x\nblock a:\n  u8 1\n"), "block a: has no value", "the blank line is missing"},
		{"continued check", one("expect: rejected\nchecks: CF1002,\n CF1003\nwhy: x\n"), "only why: goes on", "lists are short"},
		{"rejected by nothing", one("expect: rejected\nwhy: x\n"), "does not say by which", "rejected by anything is no expectation"},
		{"malformed ID", one("expect: rejected\nchecks: CF12\nwhy: x\n"), `"CF12" is not the ID`, "IDs have four digits"},
		{"descending IDs", one("expect: rejected\nchecks: CF1003, CF1002\nwhy: x\n"), "the IDs ascend", "one order"},
		{"ID twice", one("expect: rejected\nchecks: CF1002, CF1002\nwhy: x\n"), "the IDs ascend", "a set"},
		{"near of a rejected case", one("expect: rejected\nchecks: CF1002\nnear: CF1003\nwhy: x\n"), "near: is for accepted cases", "a near miss passes"},
		{"unknown fleet", one("expect: accepted\nwhy: x\nfleet: nobody\n"), "fleets/nobody.json", "an expectation against nothing"},
		{"unknown types", one("expect: accepted\nwhy: x\ntypes: nobody\n"), "types/nobody.json", "an expectation against nothing"},
		{"malformed time", one("expect: accepted\nwhy: x\nnow: yesterday\n"), "now:", "time is an input"},
		{"unknown base", one("expect: accepted\nwhy: x\nbase: b\n"), "there is no case b", "the base was renamed"},
		{"unknown layout", one("expect: accepted\nwhy: x\nlayout: b\n"), "layouts/b.txt", "the layout was renamed"},
		{"base and layout", map[string]string{"cases/a/case.txt": "expect: accepted\nwhy: x\nbase: b\nlayout: format\n", "cases/b/case.txt": good}, "has a base and a layout", "two starts"},
		{"circle", one("expect: accepted\nwhy: x\nbase: a\n"), "more than 8 bases", "a case that is its own base"},
		{"location without a check", one("expect: accepted\nwhy: x\nat: 0\n\nblock all:\n  u8 1\n"), "must start with one of the IDs", "whose location?"},
		{"location of another check", one("expect: rejected\nchecks: CF1002\nwhy: x\nat: CF1003 0\n\nblock all:\n  u8 1\n"), "must start with one of the IDs", "a check that the case does not expect"},
		{"location nowhere", one("expect: rejected\nchecks: CF1002\nwhy: x\nat: nowhere\n\nblock all:\n  u8 1\n"), `unknown name "nowhere"`, "the part was renamed"},
		{"location outside", one("expect: rejected\nchecks: CF1002\nwhy: x\nat: 1\n\nblock all:\n  u8 1\n"), "the file has 1 bytes", "nothing can be found there"},
		{"assembly", one("expect: accepted\nwhy: x\n\nblock all:\n  u8 256\n"), "cases/a/case.txt:5: 256 does not fit", "errors of the assembler have a line"},
		{"assembly after a long head", one("# x\n\nexpect: accepted\nwhy: x\n  and y\n# z\n\n\nblock all:\n  u8 256\n"), "cases/a/case.txt:10: 256 does not fit", "the line counts from the start of the file"},
		{"folder name", map[string]string{"cases/A_b/case.txt": good}, "lower-case words with hyphens", "names are the same on every file system"},
		{"no text", map[string]string{"cases/a/other.txt": good}, "cases/a/case.txt", "a folder without a case"},
		{"file with a path", one("expect: accepted\nwhy: x\nfile: ../b.cf\n\nblock all:\n  u8 1\n"), "not a base name", "files stay in their folder"},
		{"no file", one(good), "assemble it with", "the text was added, the file was not"},
	}
	for _, tt := range tests {
		if tt.why == "" {
			t.Fatalf("%s: no why", tt.name)
		}
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"cases":                   {Mode: fs.ModeDir | 0o755},
				"fleets/supplies-21.json": {Data: []byte("{}")},
				"layouts/format.txt":      {},
			}
			for p, s := range tt.files {
				fsys[p] = &fstest.MapFile{Data: []byte(s)}
			}
			_, err := Load(fsys)
			if err == nil {
				t.Fatalf("no error, but %s", tt.why)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q does not say %q", err, tt.want)
			}
		})
	}

	fsys := fstest.MapFS{
		"fleets/supplies-21.json":                 {Data: []byte("{}")},
		"layouts/format.txt":                      {},
		"cases/a/case.txt":                        {Data: []byte(good)},
		"cases/a/C-00000291-00000001-00000001.cf": {Data: []byte{1}},
	}
	if _, err := Load(fsys); err != nil {
		t.Errorf("the corpus that the others break does not load: %v", err)
	}
}

// TestVectors checks that the embedded vectors can be read.
func TestVectors(t *testing.T) {
	sets, events := Vectors(), 0
	for _, s := range sets {
		events += len(s.Events)
	}
	if len(sets) < 150 || events < 900 {
		t.Errorf("%d vectors in %d sets; there were 923 in 161 once", events, len(sets))
	}
	files, err := fs.Glob(VectorsFS, "vectors/*")
	if err != nil || len(files) != 2*len(sets) {
		t.Errorf("the folder vectors has %d files for %d sets, %v; a set has a JSON and a channel file", len(files), len(sets), err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	line := `{"why": "the operand itself", "values": [{"string": "616263"}], "matches": ["6f0c1d2e-0007-4000-8000-cfc0cfc00001"], "steps": 10},` + "\n"
	equals, err := VectorsFS.ReadFile("vectors/equals.json")
	if err != nil || !bytes.Contains(equals, []byte(line)) || !bytes.Contains(readme, []byte(line)) {
		t.Errorf("README.md and vectors/equals.json do not both have the line %s%v", line, err)
	}
}

func TestVectorErrors(t *testing.T) {
	const good = `{"schema": "cfcheck.vectors/v0", "why": "w", "file": "a.cf", "sha256": "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a",
		"inputs": ["string", "integer", "address"],
		"events": [{"why": "w", "values": [{"string": "ff00"}, {"integer": "-9223372036854775808"}, {"address": "00000000000000000000ffff0a000001"}], "matches": [], "steps": 0}, {"why": "w", "values": [null, null, null], "matches": ["x"], "steps": 18446744073709551615}]}`
	load := func(text string) ([]VectorSet, error) {
		return LoadVectors(fstest.MapFS{"vectors/a.json": {Data: []byte(text)}, "vectors/a.cf": {Data: []byte{1}}})
	}
	want := []VectorSet{{Name: "a", Why: "w", Path: "vectors/a.cf", Data: []byte{1}, Inputs: []string{"string", "integer", "address"}, Events: []Vector{
		{Why: "w", Values: []VectorValue{{Type: "string", Text: []byte{0xFF, 0}}, {Type: "integer", Integer: -1 << 63}, {Type: "address", Address: [16]byte{10: 0xFF, 11: 0xFF, 12: 10, 15: 1}}}, Matches: []string{}},
		{Why: "w", Values: make([]VectorValue, 3), Matches: []string{"x"}, Steps: 1<<64 - 1},
	}}}
	if got, err := load(good); err != nil {
		t.Fatal(err)
	} else if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the vectors differ (-want +got):\n%s", diff)
	}
	if _, err := LoadVectors(fstest.MapFS{"vectors/a.cf": {Data: []byte{1}}}); err == nil || !strings.Contains(err.Error(), "has no set of vectors") {
		t.Errorf("a folder without a set: %v", err)
	}
	for _, tt := range []struct{ old, new, want, why string }{
		{`"schema"`, `"schemas"`, `unknown field "schemas"`, "a misspelt key would be an expectation that nobody checks"},
		{`vectors/v0`, `vectors/v1`, `want schema "cfcheck.vectors/v0"`, "another form"},
		{`4bf5`, `4bf6`, "vectors/a.cf has the SHA-256 4bf5", "another channel file"},
		{`a.cf`, `b.cf`, "vectors/b.cf", "no channel file"},
		{`"inputs": ["string", "integer", "address"]`, `"inputs": []`, "0 inputs", "nothing is handed over"},
		{`"string", "integer", "address"]`, `"string", "number", "address"]`, "want one key, number", "a type that there is not"},
		{`[null, null, null]`, `[null, null]`, "want why, matches, steps and 3 values, and found 2 values", "an event that is too short"},
		{`"matches": []`, `"matches": null`, "want why, matches", "nothing is expected"},
		{`, "steps": 0`, ``, "want why, matches, steps", "no charge"},
		{`"steps": 0`, `"steps": -1`, "cannot unmarshal", "a charge below zero"},
		{`{"string": "ff00"}`, `{"integer": "1"}`, "want one key, string", "a value of another type"},
		{`{"string": "ff00"}`, `{"string": "ff00", "integer": "1"}`, "want one key, string", "a value of two types"},
		{`"ff00"`, `"f"`, "odd length", "half a byte"},
		{`"-9223372036854775808"`, `"9223372036854775808"`, "value out of range", "a number beyond 64 bits"},
		{`"00000000000000000000ffff0a000001"`, `"0a000001"`, "an address has 16 bytes, not 4", "an address that is not mapped"},
	} {
		text := strings.Replace(good, tt.old, tt.new, 1)
		if _, err := load(text); text == good || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error is %v; want %s", tt.why, err, tt.want)
		}
	}
}

func one(text string) map[string]string { return map[string]string{"cases/a/case.txt": text} }

func TestVariants(t *testing.T) {
	i := slices.IndexFunc(Cases(), func(c Case) bool { return c.Name == "minimal" })
	if i < 0 {
		t.Fatal("there is no case minimal")
	}
	c := Cases()[i]
	before := bytes.Clone(c.Data)
	names, n := map[string]bool{}, 0
	for v := range Variants(c) {
		n++
		if names[v.Name] {
			t.Errorf("two variants are called %s", v.Name)
		}
		names[v.Name] = true
		if bytes.Equal(v.Data, c.Data) {
			t.Errorf("%s is the file itself", v.Name)
		}
	}
	if least := len(c.Data) * (1 + 8 + 1); n < least {
		t.Errorf("%d variants; there is a cut, eight flips and an insertion for each of %d bytes", n, len(c.Data))
	}
	if !bytes.Equal(before, c.Data) {
		t.Error("the case itself was changed")
	}
	for range Variants(c) {
		break // must stop in each of the three
	}
}

func TestSpecials(t *testing.T) {
	for _, s := range Specials {
		t.Run(s.Name, func(t *testing.T) {
			if s.Why == "" || s.How == "" {
				t.Error("no why or no how")
			}
			p, err := s.Make(t.TempDir())
			if errors.Is(err, errors.ErrUnsupported) {
				t.Skipf("this system cannot make it: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(p)
			if (err != nil) != (s.Expect == Undecided) {
				t.Fatalf("%s: %v", s.Expect, err)
			}
			if err == nil && info.Mode().IsRegular() != !slices.Equal(s.Checks, []string{"CF0001"}) {
				t.Errorf("mode %v, but expected %v", info.Mode(), s.Checks)
			}
		})
	}
}

func TestReleases(t *testing.T) {
	names := map[string]bool{}
	warns := []string{"CF3016", "CF3019"} // checks whose findings do not reject
	for _, r := range Releases() {
		if r.Why == "" || names[r.Name] {
			t.Errorf("%s has no why, or is there twice", r.Name)
		}
		names[r.Name] = true
		if r.FleetData == nil && !slices.Contains(builtinFleets, r.Fleet) {
			t.Errorf("%s: there is no fleet %s", r.Name, r.Fleet)
		}
		if r.TypesData == nil && r.Types != "" {
			t.Errorf("%s: there are no types %s", r.Name, r.Types)
		}
		if (r.Expect == Rejected) != (len(r.Checks) > 0 && !slices.Contains(warns, r.Checks[0])) {
			t.Errorf("%s: %s by %v", r.Name, r.Expect, r.Checks)
		}
	}
}

// TestImports checks that the corpus shares no code with the packages that it
// tests.
func TestImports(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("asm/*.go")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 || len(more) == 0 {
		t.Fatal("no files")
	}
	for _, name := range append(files, more...) {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			p := strings.Trim(imp.Path.Value, `"`)
			const ours = "github.com/cfcheck/cfcheck/"
			if strings.HasPrefix(p, ours) && p != ours+"corpus/asm" {
				t.Errorf("%s imports %s", name, p)
			}
			if strings.Contains(p, ".") && !strings.HasSuffix(name, "_test.go") && p != ours+"corpus/asm" {
				t.Errorf("%s imports %s, which is not in the standard library", name, p)
			}
		}
	}
}

// TestReadme checks that the keys are documented and that links are alive.
func TestReadme(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range append(append([]string{"at"}, requiredKeys...), optionalKeys...) {
		if !bytes.Contains(data, []byte("\n| `"+key+"` |")) {
			t.Errorf("README.md does not explain the key %s", key)
		}
	}
	links := regexp.MustCompile(`\]\(([^)]+)\)`).FindAllSubmatch(data, -1)
	if len(links) == 0 {
		t.Error("README.md has no links")
	}
	for _, l := range links {
		if _, err := os.Stat(filepath.FromSlash(string(l[1]))); err != nil {
			t.Errorf("README.md links to %s: %v", l[1], err)
		}
	}
	example, err := os.ReadFile("cases/inputs-read-understated/case.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, append([]byte("```\n"), append(example, "```\n"...)...)) {
		t.Error("the example in README.md is not the case inputs-read-understated")
	}
}
