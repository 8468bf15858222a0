package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/corpus"
)

// FuzzCommand runs the command with any arguments, on any channel file, fleet
// and rule in the folder that it stands in. Arguments that name something
// elsewhere are left out: a fuzzer must not write there.
func FuzzCommand(f *testing.F) {
	var file, fleet []byte
	for _, c := range corpus.Cases() {
		if c.FleetData != nil && len(c.Data) > 0 && len(c.Data) < 4096 {
			file, fleet = c.Data, c.FleetData
			break
		}
	}
	if file == nil {
		f.Fatal("the corpus has no case with a fleet")
	}
	const rule = "title: t\nid: 6f4c1bb2-35c4-4a0c-8a33-5a1d2a4d6c5e\nlogsource:\n  product: windows\n  category: pipe_created\ndetection:\n  s:\n    PipeName|contains: evil\n  condition: s\n"
	for _, args := range []string{
		"", "help", "version", "checks", "explain\nCF3001", "explain\nCF9999", "no such command",
		"check\n--fleet\nfleet.json\nfile.cf", "check\n--fleet\nreference\nfile.cf", "check\nfile.cf",
		"check\n--fleet\n291\n--format\njson\nfile.cf", "check\n--fleet\nreference\nrule.yml", "check\n--fleet\nfleet.json\n.",
		"check\n--fleet\nfleet.json\n--out\nreport.txt\n--fail-on\nwarning\n--now\n2026-06-30\nfile.cf",
		"build\nrule.yml\n-o\nout", "needs\nfile.cf", "needs\n--format\njson\nrule.yml", "inspect\nfile.cf", "inspect\n--hex\nfile.cf",
		"contract\nheader\n--type\nipc", "contract\nextract\nfile.cf", "check\n--fleet\nfleet.json\n-", "check\n--needs\nfleet.json",
	} {
		f.Add(args, file, fleet, rule)
	}
	f.Fuzz(func(t *testing.T, arguments string, file, fleet []byte, rule string) {
		var args []string
		if arguments != "" {
			args = strings.Split(arguments, "\n")
		}
		if slices.ContainsFunc(args, leavesFolder) || len(args) > 20 {
			t.Skip("arguments that lead out of the test's folder, or very many: fuzzing must not read or write elsewhere")
		}
		t.Chdir(t.TempDir())
		for name, data := range map[string][]byte{"file.cf": file, "fleet.json": fleet, "rule.yml": []byte(rule)} {
			if err := os.WriteFile(name, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var stdout, stderr bytes.Buffer
		status := run(args, bytes.NewReader(file), &stdout, &stderr)
		if status < statusAccepted || status > statusUndecided {
			t.Errorf("%q: the status is %d; expected 0, 1 or 2", args, status)
		}
		elsewhere := slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "-o") || strings.HasPrefix(a, "--o") })
		if status != statusAccepted && stdout.Len()+stderr.Len() == 0 && !elsewhere {
			t.Errorf("%q: the status is %d, and nothing is said", args, status)
		}
		for _, said := range []string{"please report", "runtime error", "internal error"} {
			if strings.Contains(stderr.String(), said) {
				t.Errorf("%q: %s", args, stderr.String())
			}
		}
		if strings.ContainsFunc(stderr.String(), func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7F }) {
			t.Errorf("%q: a control character on the standard error: %q", args, stderr.String())
		}
	})
}

// leavesFolder reports whether an argument may name something outside of the
// folder that the command stands in.
func leavesFolder(arg string) bool {
	return strings.ContainsAny(arg, "/\\:~") || strings.Contains(arg, "..")
}
