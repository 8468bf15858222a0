package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRealRules does the main job on the named-pipe rules of the Sigma project,
// which are not part of the repository.
func TestRealRules(t *testing.T) {
	rules, err := filepath.Abs(filepath.FromSlash("../../../shared/data/dev/sigma/rules/windows/pipe_created"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(rules); err != nil {
		t.Skipf("the rules of the Sigma project are not there: %v", err)
	}
	t.Chdir(t.TempDir())
	const file = "out/C-00000291-00000001-00000001.cf"
	const left = "pipe_created_hktl_cobaltstrike_re.yml:26:20: detection.selection[0]: not supported: modifier re"

	for _, step := range []struct {
		why    string
		args   []string
		status int
		says   []string // on stdout and stderr
	}{
		{"one rule has a regular expression, so nothing is built", []string{"build", rules, "-o", "out"}, 2, []string{left, "nothing was written"}},
		{"it may be left out", []string{"build", "--allow-unsupported", rules, "-o", "out"}, 0, []string{"left out: ", left, file + "  6 rules"}},
		{"what was built is accepted, and the report says by what", []string{"check", "--fleet", "reference", "out"}, 0, []string{
			"accepted  " + file, "type ipc version 1, 6 instances", "0 errors, 0 warnings",
			"example fleet reference: 4 builds (4 distinct contracts), 100,000 hosts; evidence: observed, stated",
		}},
		{"needs names the rules that cause them", []string{"needs", file}, 0, []string{
			"input 6 (index 5) PipeName: 5 rules", "input 7 (index 6) Image: 2 rules",
			`"CobaltStrike Named Pipe Patterns"  pipe_created_hktl_cobaltstrike_susp_pipe_patterns.yml:55`,
		}},
		{"inspect names the rules, their authors and what they compare", []string{"inspect", file}, 0, []string{
			`"WMI Event Consumer Created Named Pipe"`, "by Florian Roth (Nextron Systems)", `Image suffix (any case) '\scrcons.exe'`,
		}},
		{"every byte has a label", []string{"inspect", "--hex", file}, 0, []string{"00000000  89 43 46 43 0d 0a 1a 0a", "textpool[35]"}},
		{"the rules can be judged as they are", []string{"check", "--fleet", "reference", "--allow-unsupported", rules}, 0, []string{left, "accepted  "}},
		{"without leave, a rule that cannot be expressed leaves no verdict", []string{"check", "--fleet", "reference", rules}, 2, []string{"undecided " + filepath.ToSlash(rules), left}},
		{"on the fleet of the story they wait for an input that nothing reads", []string{"check", "--fleet", "291", "out"}, 1, []string{"CF3002", "declared 21, build 7.11 supplies 20"}},
	} {
		var out strings.Builder
		if have := run(step.args, strings.NewReader(""), &out, &out); have != step.status {
			t.Errorf("%s: exit status %d, expected %d:\n%s", step.why, have, step.status, out.String())
		}
		for _, want := range step.says {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: it does not say %q:\n%s", step.why, want, out.String())
			}
		}
	}
}
