package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sigma"
)

// withoutUnknownFields copies the rules in a folder, except rules that read a field which
// their type does not have. It returns the folder of the copies.
func withoutUnknownFields(t *testing.T, all string) string {
	t.Helper()
	files, err := sigma.Load(all)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "rules")
	for _, f := range files {
		built, _ := sigma.Build(f.Rules, builtin.Definitions(), sigma.Options{})
		if len(built.UnknownFields) > 0 {
			continue
		}
		data, err := os.ReadFile(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(to, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// TestRealRules does the main job on the named-pipe rules of the Sigma project,
// which are not part of the repository.
func TestRealRules(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and judges all published rules, too slow for -short; go test without -short runs it")
	}
	all, err := filepath.Abs(filepath.FromSlash("../../../shared/data/dev/sigma"))
	if err != nil {
		t.Fatal(err)
	}
	rules := filepath.Join(all, "rules", "windows", "pipe_created")
	if _, err := os.Stat(rules); err != nil {
		t.Skipf("the rules of the Sigma project are not there: %v", err)
	}
	t.Chdir(t.TempDir())
	const file = "out/C-00000291-00000001-00000001.cf"
	const left = "detection.filter_main_valid_account: not supported: placeholder %Admins_Workstations% has no values"
	if err := os.WriteFile("values.yml", []byte("Admins_Workstations: 'wks-*'\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	sound := withoutUnknownFields(t, all)
	admins := filepath.Join(all, "rules-placeholder", "windows", "builtin", "security", "win_security_admin_logon.yml")

	for _, step := range []struct {
		why    string
		args   []string
		status int
		says   []string // on stdout and stderr
	}{
		{"the rules for pipes are built, regular expressions included", []string{"build", rules, "-o", "out"}, 0, []string{file + "  7 rules"}},
		{"what was built is accepted, and the report says by what", []string{"check", "--fleet", "reference", "out"}, 0, []string{
			"accepted  " + file, ": 7 instances, ", "0 errors, 0 warnings", "example reference: ", "evidence: observed, stated",
		}},
		{"needs names the rules that cause them", []string{"needs", file}, 0, []string{
			"input 6 (index 5) PipeName: 6 rules", "operator regexp: 1 rule", "input 7 (index 6) Image: 2 rules",
			`"CobaltStrike Named Pipe Patterns"  pipe_created_hktl_cobaltstrike_susp_pipe_patterns.yml:55`,
		}},
		{"inspect names the rules, their authors and what they compare", []string{"inspect", file}, 0, []string{
			`"WMI Event Consumer Created Named Pipe"`, "by Florian Roth (Nextron Systems)", `Image suffix (any case) '\scrcons.exe'`,
		}},
		{"every byte has a label", []string{"inspect", "--hex", file}, 0, []string{"00000000  89 43 46 43 0d 0a 1a 0a", "textpool[35]"}},
		{"the rules can be judged as they are", []string{"check", "--fleet", "reference", rules}, 0, []string{"accepted  "}},
		{"a rule that lacks the values of a placeholder is not built", []string{"build", admins, "-o", "other"}, 2, []string{left, "nothing was written"}},
		{"nor judged", []string{"check", "--fleet", "reference", admins}, 2, []string{": undecided: ", left}},
		{"with the values it is", []string{"build", "--placeholders", "values.yml", admins, "-o", "other"}, 0, []string{"  1 rule, "}},
		{"rules that read fields which their types do not have stop a build", []string{"build", "--allow-unsupported", all, "-o", "every"}, 1, []string{`field "GrandParentImage" is not in type process_creation`, "nothing was written"}},
		{"and are rejected", []string{"check", "--allow-unsupported", "--fleet", "reference", all}, 1, []string{": left out: ", "CF2005"}},
		{"all others are built, one file a type, and what is left out is listed", []string{"build", "--allow-unsupported", sound, "-o", "every"}, 0, []string{"left out: ", left, "every/C-00000291-00000001-00000001.cf  9 rules"}},
		{"no file of them is rejected", []string{"check", "--fleet", "reference", "every"}, 0, []string{" 0 rejected, 0 undecided"}},
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
