package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/internal/lspclient"
)

// startLSP starts cfcheck lsp and the conversation for a folder.
func startLSP(t *testing.T, root string, options any, args ...string) *lspclient.Client {
	t.Helper()
	return startLSPFolders(t, []string{root}, options, args...)
}

// startLSPFolders does so for several folders.
func startLSPFolders(t *testing.T, roots []string, options any, args ...string) *lspclient.Client {
	t.Helper()
	t.Chdir(roots[0]) // the command changes its working folder, and the test restores it
	c := lspclient.Start(func(in io.Reader, out io.Writer) error {
		var stderr bytes.Buffer
		if status := run(append([]string{"lsp"}, args...), in, out, &stderr); status != 0 || stderr.Len() > 0 {
			return fmt.Errorf("status %d: %s", status, &stderr)
		}
		return nil
	})
	t.Cleanup(func() { c.Vanish() })
	c.Folders = roots
	if err := c.Initialize(roots[0], options, "utf-8"); err != nil {
		t.Fatal(err)
	}
	return c
}

// findingsOfCheck returns the findings that cfcheck check places in files, one line each. The
// column counts bytes.
func findingsOfCheck(t *testing.T, args ...string) (list []string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	run(append([]string{"check", "--format", "json", "--max-findings", "10000"}, args...), strings.NewReader(""), &stdout, &stderr)
	type source struct {
		Path         string
		Line, Column int
	}
	var doc struct {
		Results []struct {
			Name     string
			Error    string
			Source   *source
			Findings []struct {
				Check   string
				Message string
				Source  *source
			}
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &doc); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	for _, r := range doc.Results {
		if r.Error != "" {
			at := source{r.Name, 1, 0}
			if r.Source != nil {
				at = *r.Source
			}
			if isRules(at.Path) || isSysmon(at.Path) {
				list = append(list, fmt.Sprintf("%s:%d:%d: %s [not-judged]", at.Path, at.Line, max(at.Column, 1), strings.TrimPrefix(r.Error, r.Name+": ")))
			}
		}
		for _, f := range r.Findings {
			if f.Source != nil && f.Source.Path != "" {
				list = append(list, fmt.Sprintf("%s:%d:%d: %s [%s]", f.Source.Path, f.Source.Line, max(f.Source.Column, 1), f.Message, f.Check))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// shownBy returns the findings that a client shows, in the form of findingsOfCheck.
func shownBy(v *lspclient.View, root string) (list []string) {
	for uri, p := range v.Published {
		for _, d := range p.Diagnostics {
			message, _, _ := strings.Cut(d.Message, "\n")
			name := strings.TrimPrefix(uri, lspclient.URI(root)+"/")
			list = append(list, fmt.Sprintf("%s:%d:%d: %s [%s]", name, d.Range.Start.Line+1, d.Range.Start.Character+1, message, d.Code))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// wait is more than a judgement of the published rules takes on a busy machine.
const wait = 30 * time.Second

// expectShown waits until a client shows certain findings, and knows those of a document unless uri
// is "".
func expectShown(t *testing.T, c *lspclient.Client, root, uri, reason string, want []string) {
	t.Helper()
	if err := c.Wait(wait, func(v *lspclient.View) bool {
		_, ok := v.Published[uri]
		return (ok || uri == "") && slices.Equal(shownBy(v, root), want)
	}); err != nil {
		v := c.View()
		t.Fatalf("%s (-cfcheck check +editor):\n%s\nlog: %q", reason, cmp.Diff(want, shownBy(&v, root)), v.Logged)
	}
}

// copyRules copies files of rules to a folder.
func copyRules(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// TestLSPLikeCheck compares the findings in an editor with those of cfcheck check: for the rules
// in the tests of package sigma, and for published rules, as a folder and file by file.
func TestLSPLikeCheck(t *testing.T) {
	root := t.TempDir()
	copyRules(t, "../../sigma/testdata", filepath.Join(root, "rules"))
	real := "../../../shared/data/dev/sigma"
	if _, err := os.Stat(real); err != nil {
		t.Logf("the rules of the Sigma project are not there: %v", err)
	} else if !longtest.Enabled() {
		copyRules(t, real+"/rules/windows/pipe_created", filepath.Join(root, "real"))
	} else {
		copyRules(t, real, filepath.Join(root, "real"))
	}
	files, err := filepath.Glob(filepath.Join(root, "rules", "*", "*.yml"))
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	c := startLSP(t, root, map[string]any{"fleets": []string{"reference"}, "paths": []string{"."}})
	want := findingsOfCheck(t, "--fleet", "reference", ".")
	if len(want) < 100 {
		t.Fatalf("cfcheck check has %d findings", len(want))
	}
	expectShown(t, c, root, "", "the folder", want)
	if err := c.End(); err != nil {
		t.Error(err)
	}

	// A file outside the paths is judged alone.
	empty := filepath.Join(root, "empty")
	if err := os.Mkdir(empty, 0o777); err != nil {
		t.Fatal(err)
	}
	c = startLSP(t, root, map[string]any{"fleets": []string{"reference"}, "paths": []string{"empty"}})
	for i, name := range files {
		if i%16 > 0 && !longtest.Enabled() {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		uri := lspclient.URI(name)
		if err := c.Open(uri, string(text)); err != nil {
			t.Fatal(err)
		}
		short, _ := filepath.Rel(root, name)
		expectShown(t, c, root, uri, short, findingsOfCheck(t, "--fleet", "reference", short))
		c.Notify("textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": uri}})
	}
}

// demo is a rule whose findings the tests know.
const demo = `title: Demo
id: 7d4b3f4e-0d0c-4a0e-9d2d-1f6f1a2b3c4d
logsource: {product: windows, category: pipe_created}
detection:
  selection:
    PipeName: 'one'
  condition: selection
`

// write writes files below a folder.
func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLSPFolders edits rules in two folders of a workspace, which have policies of their own, and
// compares the findings with those of cfcheck check in each folder.
func TestLSPFolders(t *testing.T) {
	text := strings.NewReplacer("pipe_created", "process_creation", "PipeName", "OriginalFileName").Replace(demo) // Sysmon has the field
	misspelt := strings.Replace(text, "File", "Fil", 1)
	policies := []string{"schema: cfcheck.policy/v0\nfleets: [reference]\n", "schema: cfcheck.policy/v0\nfleets: [own.json]\n"}
	var roots []string
	var want [][]string
	for _, policy := range policies {
		root := t.TempDir()
		write(t, root, map[string]string{"rules/a.yml": text, ".cfcheck.yaml": policy})
		t.Chdir(root)
		if status := run([]string{"fleet", "init", "--from", "reference", "security-log=10", "-o", "own.json"}, strings.NewReader(""), io.Discard, io.Discard); status != 0 {
			t.Fatalf("fleet init: status %d", status)
		}
		roots, want = append(roots, root), append(want, findingsOfCheck(t, "rules"))
	}
	if cmp.Equal(want[0], want[1]) {
		t.Fatal("the two policies have the same findings")
	}
	both := slices.Clone(want[0])
	for _, f := range want[1] {
		both = append(both, lspclient.URI(roots[1])+"/"+f)
	}
	slices.Sort(both)
	c := startLSPFolders(t, roots, map[string]any{"paths": []string{"rules"}})
	for n, now := range []string{text, misspelt, text} {
		for _, root := range roots {
			uri := lspclient.URI(filepath.Join(root, "rules", "a.yml"))
			if n == 0 {
				c.Open(uri, now)
			} else {
				c.Replace(uri, n+1, now)
			}
		}
		if now == text {
			expectShown(t, c, roots[0], "", fmt.Sprintf("text %d", n), both)
		}
	}
	if err := c.End(); err != nil {
		t.Error(err)
	}
}

// TestLSPTyping edits documents, and compares the findings with those of cfcheck check on files
// with the same texts.
func TestLSPTyping(t *testing.T) {
	root, same := t.TempDir(), t.TempDir()
	other := strings.Replace(strings.Replace(demo, "3c4d", "3c4e", 1), `'one'`, `'two'`, 1)
	files := map[string]string{"rules/a.yml": demo, "rules/b.yml": other, ".cfcheck.yaml": "schema: cfcheck.policy/v0\nfleets: [reference]\n"}
	write(t, root, files)
	write(t, same, files)
	steps := []struct {
		reason, text string
		want         []string
	}{
		{reason: "the text of the file", text: demo},
		{reason: "a misspelt field", text: strings.Replace(demo, "PipeName", "PipeNam", 1)},
		{reason: "no YAML, as while typing", text: strings.Replace(demo, "'one'", "'", 1)},
		{reason: "an empty text"},
		{reason: "the same as another rule, which the file alone does not show", text: strings.Replace(demo, `'one'`, `'two'`, 1)},
		{reason: "lines before that rule", text: "# one\n# two\n" + strings.Replace(demo, `'one'`, `'two'`, 1)},
		{reason: "correct again", text: demo},
	}
	// The command runs first, because the server changes the working folder of the process.
	t.Chdir(same)
	for i := range steps {
		write(t, same, map[string]string{"rules/a.yml": steps[i].text})
		steps[i].want = findingsOfCheck(t, "rules")
	}
	saved := steps[len(steps)-1].want
	c := startLSP(t, root, map[string]any{"paths": []string{"rules"}})
	uri := lspclient.URI(filepath.Join(root, "rules", "a.yml"))
	if err := c.Open(uri, demo); err != nil {
		t.Fatal(err)
	}
	for i, step := range steps {
		if err := c.Replace(uri, i+2, step.text); err != nil {
			t.Fatal(err)
		}
		expectShown(t, c, root, uri, step.reason, step.want)
	}

	// Closed without saving: the file counts, which has not changed.
	c.Replace(uri, 99, strings.Replace(demo, "PipeName", "PipeNam", 1))
	c.Notify("textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": uri}})
	expectShown(t, c, root, "", "closed without saving", saved)

	// A change of the policy on the disk. The client tells that a file was saved. The findings of the
	// last policy stay.
	write(t, root, map[string]string{".cfcheck.yaml": "schema: cfcheck.policy/v0\nfleet: [reference]\n"})
	c.Notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{}})
	expectShown(t, c, root, "", "a policy with a fault", append([]string{`.cfcheck.yaml:2:1: unknown key "fleet" [not-judged]`}, saved...))
	// A fleet on the disk with a fault.
	write(t, root, map[string]string{".cfcheck.yaml": "schema: cfcheck.policy/v0\nfleets: [own.json]\n", "own.json": "{\n\"schem\": 1}"})
	c.Notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{}})
	expectShown(t, c, root, "", "a fleet with a fault", append(slices.Clone(saved), `own.json:2:1: unknown key "schem"; did you mean "schema"? [not-judged]`))
	if err := c.End(); err != nil {
		t.Error(err)
	}
}

// TestLSPSuggestions takes the quick fixes for misspelt words in policies, waivers and fleets.
func TestLSPSuggestions(t *testing.T) {
	root := t.TempDir()
	c := startLSP(t, root, map[string]any{"fleets": []string{"reference"}, "noPolicy": true})
	const fleet = `{"schema": "cfcheck.fleet/v1", "name": "a", "builds": [{"build": "b", "hosts": 1, "reader": {"evidence": "stated",
		"access": "named", "formats": ["1.0"], "operators": ["equals"]}, "supply": []}]}`
	for _, s := range []struct{ reason, name, text, right, wrong string }{
		{"a key of a policy", ".cfcheck.yaml", "schema: cfcheck.policy/v0\nfleets: [reference]\n", "fleets", "fleet"},
		{"a key in braces", ".cfcheck.yaml", "schema: cfcheck.policy/v0\nceilings: {bytes: 1}\n", "bytes", "byte"},
		{"a value with a comment behind it", ".cfcheck.yaml", "schema: cfcheck.policy/v0\nfail-on: warning # always\n", "warning", "warnings"},
		{"a value in quotes", ".cfcheck.yaml", "schema: cfcheck.policy/v0\nfail-on: 'warning'\n", "warning", "warnings"},
		{"a check", ".cfcheck.yaml", "schema: cfcheck.policy/v0\nseverities: {known-good: note}\n", "known-good", "known-god"},
		{"a check of a waiver", ".cfcheck-old.yaml", "schema: cfcheck.waivers/v0\nwaivers: [{check: rule-blind, rule: a, reason: b, by: c, until: 2030-01-31}]\n", "rule-blind", "rule-blnid"},
		{"a key of a fleet", "fleet.json", fleet, `"access"`, `"acess"`},
		{"a type", "fleet.json", strings.Replace(fleet, `"supply": []`, `"supply": [{"type": "process_creation", "version": 1, "evidence": "stated", "inputs": []}]`, 1), "process_creation", "proces_creation"},
	} {
		uri := lspclient.URI(filepath.Join(root, s.name))
		text := strings.Replace(s.text, s.right, s.wrong, 1)
		c.Open(uri, text)
		if err := c.Wait(wait, func(v *lspclient.View) bool { return len(v.Published[uri].Diagnostics) == 1 }); err != nil {
			v := c.View()
			t.Fatalf("%s: %+v", s.reason, v.Published[uri])
		}
		v := c.View()
		var actions []struct {
			Title string
			Edit  struct {
				Changes map[string][]struct {
					Range   struct{ Start, End struct{ Line, Character int } }
					NewText string
				}
			}
		}
		at := v.Published[uri].Diagnostics[0].Range
		if err := c.Call("textDocument/codeAction", map[string]any{
			"textDocument": map[string]any{"uri": uri}, "range": at, "context": map[string]any{"diagnostics": []any{}},
		}, &actions); err != nil || len(actions) != 1 {
			t.Errorf("%s: %+v, %v", s.reason, actions, err)
			continue
		}
		edit := actions[0].Edit.Changes[uri][0]
		lines := strings.Split(text, "\n")
		line := &lines[edit.Range.Start.Line]
		*line = (*line)[:edit.Range.Start.Character] + edit.NewText + (*line)[edit.Range.End.Character:]
		if got := strings.Join(lines, "\n"); got != s.text {
			t.Errorf("%s: %q makes %s", s.reason, actions[0].Title, got)
		}
		c.Notify("textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": uri}})
		c.Wait(wait, func(v *lspclient.View) bool { return len(v.Published[uri].Diagnostics) == 0 })
	}
}
