package events

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSamples checks that the samples of all forms, which are the same event, give the same
// record, and that the page on forms names each sample.
func TestSamples(t *testing.T) {
	const want = `1 Microsoft-Windows-Sysmon Microsoft-Windows-Sysmon/Operational ws1.example.com
CommandLine="notepad \"a & b\" <é>"
Image="C:\\Windows\\System32\\notepad.exe"
ProcessId="2044"
User="EXAMPLE\\eva"
UtcTime="2026-03-02 08:15:00.125"`
	page, err := os.ReadFile("../docs/observe.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/forms/*")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d samples: %v", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			have, err := readAll(name, bytes.NewReader(data))
			if err != nil || len(have) != 1 {
				t.Fatalf("expected one event: %q, %v", have, err)
			}
			var rec Record
			if err := NewReader(name, bytes.NewReader(data)).Read(&rec); err != nil {
				t.Fatal(err)
			}
			fields := rec.Fields
			rec.Fields = nil
			rec.Level, rec.Keywords = nil, nil // few samples have them
			lines := []string{strings.TrimSuffix(show(&rec), ":")}
			for i := range fields {
				line := fields[i].String()
				if name == "wazuh.ndjson" { // which writes the first letter of a name in small
					line = strings.ToUpper(line[:1]) + line[1:]
				}
				lines = append(lines, line)
			}
			slices.Sort(lines[1:])
			if diff := cmp.Diff(want, strings.Join(lines, "\n")); diff != "" {
				t.Errorf("record (-want +have):\n%s", diff)
			}
			if !bytes.Contains(page, []byte("(../events/"+filepath.ToSlash(file)+")")) {
				t.Errorf("docs/observe.md does not name the sample %s", file)
			}
		})
	}
}
