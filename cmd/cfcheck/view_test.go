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
		{"a configuration is a text", []string{"config.xml"}, statusUndecided, "sysmon compile"},
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
