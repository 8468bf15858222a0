package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/corpus"
)

// Each row is a call of view with --out, its status, and the text that it says or writes.
func TestView(t *testing.T) {
	folder := t.TempDir()
	var whole []byte
	for _, c := range corpus.Cases() {
		if c.Name == "every-operator" {
			whole = c.Data
		}
	}
	for name, data := range map[string][]byte{
		"C-00000291-00000001-00000001.cf": whole, "cut.cf": whole[:100], "empty.cf": nil, "config.xml": []byte("<Sysmon/>"), "rules.bin": make([]byte, 8),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		why    string
		args   []string
		status int
		want   string
	}{
		{"a whole file", []string{"C-00000291-00000001-00000001.cf"}, statusAccepted, `"state":"accepted"`},
		{"a damaged file is shown, and the status is no verdict", []string{"cut.cf"}, statusAccepted, `"state":"rejected"`},
		{"an empty file", []string{"empty.cf"}, statusAccepted, "the file is empty"},
		{"a blob of a layout that nobody knows", []string{"rules.bin"}, statusAccepted, `"check":"CF800`},
		{"two files", []string{"C-00000291-00000001-00000001.cf", "C-00000291-00000001-00000001.cf"}, statusAccepted, `"diff":{"rules":[]}`},
		{"three files do not fit side by side", []string{"cut.cf", "cut.cf", "cut.cf"}, statusUndecided, "3 were named"},
		{"a configuration is shown line by line", []string{"config.xml"}, statusAccepted, `"format":"Sysmon configuration"`},
		{"a folder", []string{"."}, statusUndecided, "not a regular file"},
		{"a file that does not exist", []string{"other.cf"}, statusUndecided, "cannot be read"},
	} {
		page := filepath.Join(folder, "page.html")
		os.Remove(page)
		args := []string{"view", "--fleet", "reference", "--out", page}
		for _, name := range c.args {
			args = append(args, filepath.Join(folder, name))
		}
		var out, messages bytes.Buffer
		if status := run(args, strings.NewReader(""), &out, &messages); status != c.status {
			t.Errorf("%s: status %d, expected %d: %s", c.why, status, c.status, messages.String())
		}
		text, err := os.ReadFile(page)
		if (err == nil) != (c.status == statusAccepted) {
			t.Errorf("%s: the page: %v", c.why, err)
		}
		if !strings.Contains(string(text)+messages.String(), c.want) {
			t.Errorf("%s: neither the page nor %q has %q", c.why, messages.String(), c.want)
		}
	}
	// The page never replaces the file that it shows.
	input := filepath.Join(folder, "cut.cf")
	var messages bytes.Buffer
	if status := run([]string{"view", "--out", input, input}, strings.NewReader(""), &messages, &messages); status != statusUndecided {
		t.Errorf("the page replaced its input: status %d", status)
	}
}

// With several fleets the page has the verdict for each. A policy names fleets, severities and
// waivers as for check.
func TestViewFleetsAndPolicy(t *testing.T) {
	t.Chdir(t.TempDir())
	var data []byte
	for _, c := range corpus.Cases() {
		if c.Name == "every-operator" {
			data = c.Data
		}
	}
	for name, text := range map[string]string{
		"a.cf": string(data), ".cfcheck.yaml": "schema: cfcheck.policy/v0\nfleets: [reference, 291]\nseverities: {CF4009: note}\nwaiver-files: [.cfcheck-waivers.yaml]\n",
		".cfcheck-waivers.yaml": "schema: cfcheck.waivers/v0\nwaivers:\n- {check: CF3012, rule: 5a0c1d2e-0001-4000-8000-cfc0cfc00001, reason: later, by: ann, until: 2027-01-31}\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		why, says string
		args      []string
		want, not string
	}{
		{"two fleets", "", []string{"--no-policy", "--fleet", "reference", "--fleet", "291"}, `"others":[{"fleet":"291","verdict":`, "nothing"},
		{"one fleet", "", []string{"--no-policy", "--fleet", "291"}, `"fleet":"291","verdict":`, `"others"`},
		{"the fleets of the policy", "remark: policy .cfcheck.yaml: fleets, ", nil, `"others":[{"fleet":"291"`, "nothing"},
		{"a flag overrides the policy", "remark: policy .cfcheck.yaml: severities", []string{"--fleet", "291"}, `"fleet":"291","verdict":`, `"others"`},
	} {
		var out, messages bytes.Buffer
		if status := run(append([]string{"view", "--out", "page.html", "a.cf"}, c.args...), strings.NewReader(""), &out, &messages); status != statusAccepted {
			t.Errorf("%s: status %d: %s", c.why, status, messages.String())
		}
		text, err := os.ReadFile("page.html")
		if err != nil || !strings.Contains(string(text), c.want) || strings.Contains(string(text), c.not+`:`) || !strings.Contains(messages.String(), c.says) {
			t.Errorf("%s: the page has %q: %v, has %q: %v; messages %q", c.why, c.want, strings.Contains(string(text), c.want), c.not, strings.Contains(string(text), c.not), messages.String())
		}
		os.Remove("page.html")
	}
	var out, messages bytes.Buffer
	if status := run([]string{"view", "--out", ".cfcheck.yaml", "a.cf"}, strings.NewReader(""), &out, &messages); status != statusUndecided {
		t.Errorf("the policy is an output: status %d: %s", status, messages.String())
	}
}
