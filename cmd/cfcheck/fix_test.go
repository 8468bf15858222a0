package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFixChanged changes a file after it was read. Then no file is written.
func TestFixChanged(t *testing.T) {
	folder := t.TempDir()
	var names []string
	for _, name := range []string{"a.yml", "b.yml"} {
		name = filepath.Join(folder, name)
		if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	var out bytes.Buffer
	x := &fixing{command: &command{stdin: strings.NewReader(""), stdout: &out, stderr: &out}}
	for i, before := range []string{"old", "older"} {
		x.files = append(x.files, correctedFile{name: names[i], before: []byte(before), after: []byte("new")})
	}
	if err := x.write(); err == nil || !strings.Contains(err.Error(), "b.yml: changed since cfcheck read it") {
		t.Errorf("error %v", err)
	}
	for _, name := range names {
		if data, err := os.ReadFile(name); err != nil || string(data) != "old" {
			t.Errorf("%s: %q, %v; want the old text", name, data, err)
		}
	}
	x.files[1].before = []byte("old")
	if err := x.write(); err != nil {
		t.Error(err)
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v; want that of the old file", name, info, err)
		}
		if data, err := os.ReadFile(name); err != nil || string(data) != "new" {
			t.Errorf("%s: %q, %v; want the new text", name, data, err)
		}
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 2 {
		t.Errorf("entries %v, %v; want no temporary file", entries, err)
	}
}
