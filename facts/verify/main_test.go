package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/facts/certify"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

func TestRun(t *testing.T) {
	folder := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var file, fleet, doc string
	for _, c := range corpus.Cases() {
		if c.Name != "minimal" {
			continue
		}
		f, err := channelfile.Parse(c.Data)
		if err != nil {
			t.Fatal(err)
		}
		builds, err := sensor.ReadFleet("fleet", c.FleetData)
		if err != nil {
			t.Fatal(err)
		}
		defs := builtin.Definitions()
		claims, err := certify.Facts(f, sensor.NeedsOf(f, defs), defs.ByName("ipc", 1), builds).JSON()
		if err != nil {
			t.Fatal(err)
		}
		file, fleet, doc = write("a.cf", c.Data), write("fleet.json", c.FleetData), write("facts.json", claims)
	}
	for _, tt := range []struct {
		why    string
		args   []string
		status int
		says   string
	}{
		{"all is well", []string{file, fleet, doc}, 0, "the facts hold\n"},
		{"another file", []string{doc, fleet, doc}, 1, "the facts do not hold: facts.file: found the SHA-256"},
		{"in another order", []string{file, doc, fleet}, 1, "the facts do not hold"},
		{"one is missing", []string{file, fleet}, 2, "expected three arguments"},
		{"one is not there", []string{file, fleet, filepath.Join(folder, "none")}, 2, "none"},
		{"a folder", []string{folder, fleet, doc}, 2, "not a regular file"},
	} {
		var stdout, stderr bytes.Buffer
		status := run(tt.args, &stdout, &stderr)
		if says := stdout.String() + stderr.String(); status != tt.status || !strings.Contains(says, tt.says) || (status == 0) != (stderr.Len() == 0) {
			t.Errorf("%s: exit status %d, %q; expected %d and %q", tt.why, status, says, tt.status, tt.says)
		}
	}
}
