package report

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The schema of SARIF 2.1.0 is a constant of this module, which is in the public domain. The test
// reads its source and links none of it. The module cache verifies its digest.
const (
	schemaModule = "github.com/owenrumney/go-sarif/v3@v3.3.1"
	schemaFile   = "pkg/report/v210/sarif/schema.go"
)

// sarifSchema returns the published schema of SARIF 2.1.0. Without CI=true it skips the test if
// the module cannot be downloaded.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", schemaModule)
	cmd.Dir = t.TempDir() // outside of this module, whose go.sum lacks that one
	out, err := cmd.Output()
	var module struct{ Dir, Error string }
	if decodeErr := json.Unmarshal(out, &module); err == nil {
		err = decodeErr
	}
	if err != nil || module.Dir == "" {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s: %v %s", schemaModule, err, module.Error)
		}
		t.Skipf("%s cannot be downloaded: %v %s", schemaModule, err, module.Error)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(module.Dir, filepath.FromSlash(schemaFile)), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil && len(s) > len(text) {
				text = s
			}
		}
		return true
	})
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	const name = "https://example.com/sarif.json"
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// correctAll gives each finding of a run with a line two corrections, with a hostile text.
func correctAll(t *testing.T, run *Run, text string) {
	t.Helper()
	of := map[string][]Correction{}
	for e, err := range run.entries() {
		if err != nil {
			t.Fatal(err)
		}
		if p := &e.place; e.check != nil && p.path != "" && p.line > 0 {
			for i := range 2 {
				of[p.path] = append(of[p.path], Correction{
					Check: e.check.ID, Line: p.line, Column: p.column, Title: text, New: text, Safe: i == 0,
					StartLine: p.line, StartColumn: 1 + i, EndLine: p.line, EndColumn: 1 + i,
				})
			}
		}
	}
	run.Corrections = func(path string) []Correction { return of[path] }
}

// TestSARIFSchema holds SARIF logs of all hand-made runs, of the corpus and of hostile texts
// against the published schema.
func TestSARIFSchema(t *testing.T) {
	schema := sarifSchema(t)
	check := func(name string, log []byte) error {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(log))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return schema.Validate(doc)
	}
	of := map[string]*Run{"corpus": ofCorpus(t)}
	for _, tt := range runs(t) {
		of[tt.name] = tt.run
	}
	for _, s := range hostile {
		of[s] = hostileRun(s)
	}
	var log []byte
	for name, run := range of {
		correctAll(t, run, name)
		for _, form := range []string{"sarif", "sarif-github"} {
			var b bytes.Buffer
			if err := FormatOf(form).Write(&b, run); err != nil {
				t.Fatal(err)
			}
			if err := check(name, b.Bytes()); err != nil {
				t.Errorf("%q as %s: %v", name, form, err)
			}
			if name == "forms" && form == "sarif" {
				log = b.Bytes()
			}
		}
	}
	for _, tt := range []struct{ old, new string }{
		{`"version": "2.1.0"`, `"version": "2.1"`}, {`"level":"error"`, `"level":"fatal"`}, {`"startLine":`, `"startRow":`}, {`"kind":"external"`, `"kind":"internal"`},
		{`"artifactChanges":`, `"changes":`}, {`"deletedRegion":`, `"deleted":`},
	} {
		if !bytes.Contains(log, []byte(tt.old)) {
			t.Errorf("the log has no %s", tt.old)
		}
		if check(tt.new, bytes.Replace(log, []byte(tt.old), []byte(tt.new), 1)) == nil {
			t.Errorf("the schema accepts %s", tt.new)
		}
	}
}
