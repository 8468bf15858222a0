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
		"check\n--help", "check\n--fleet\nreference\n--help\nfile.cf", "check\n--fleet\nreference\n--\nfile.cf", "check\n-test.v\n--fleet\nreference\nfile.cf",
		"--help\ncheck\nfile.cf", "-h", "help\ncheck", "help\nfile.cf", "completion\nbash", "__complete\ncheck\n", "check\n--fleet\nreference\n--fleet\nfleet.json\nfile.cf",
		"check\n--fleet=\nfile.cf", "check\n--out\n--fleet\nreference\nfile.cf", "check\n-vh\nfile.cf", "contract\ntest\n--type\nipc\n--fleet\nreference", "contract\n-v\ncheck\n--fleet\nreference",
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
		if status == statusAccepted && !elsewhere && !acceptedFor(args, stdout.String()) {
			t.Errorf("%q: the status is 0, and no verdict was reached: %s", args, stdout.String())
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

// acceptedFor reports whether the output justifies status 0: it has a verdict, or the
// result of a command that reaches no verdict.
func acceptedFor(args []string, said string) bool {
	if strings.HasPrefix(said, "accepted") || strings.Contains(said, "\naccepted  ") || strings.Contains(said, `"verdict": "accepted"`) {
		return true
	}
	// A flag may stand before the name of the command.
	judges := slices.ContainsFunc(args, func(a string) bool { return a == "check" || a == "test" || a == "build" })
	usage := strings.Contains(said, "Usage:\n")
	switch args[0] {
	case "help", "completion", "__complete", "__completeNoDesc":
		return true
	case "--help", "-h", "--help=true":
		return len(args) == 1
	case "facts":
		return strings.Contains(said, "the facts hold")
	}
	return !judges && !usage
}

// leavesFolder reports whether an argument may name something outside of the
// folder that the command stands in.
func leavesFolder(arg string) bool {
	return strings.ContainsAny(arg, "/\\:~") || strings.Contains(arg, "..")
}
