package repocheck

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	fenced      = regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```$")
	commandLine = regexp.MustCompile(`(?m)^(?:\$ |\s*- run: )?(?:go run \./cmd/)?cfcheck ([a-z][^\n#|>]*)`)
	flagName    = regexp.MustCompile(`(?:^|\s)(--?[a-z][a-z-]*)`)
)

// TestCommands checks that cfcheck has the commands and flags in the
// documentation.
func TestCommands(t *testing.T) {
	cfcheck := filepath.Join(t.TempDir(), "cfcheck.exe")
	goCommand(t, "build", "-o", cfcheck, "./cmd/cfcheck")
	help := make(map[string]string) // by subcommand
	n := 0
	for path, text := range markdownFiles(t) {
		var code strings.Builder
		for _, m := range fenced.FindAllStringSubmatch(text, -1) {
			code.WriteString(m[1])
		}
		for _, m := range commandLine.FindAllStringSubmatch(code.String(), -1) {
			n++
			args := strings.Fields(m[1])
			sub := args[:1]
			if slices.Contains([]string{"contract", "corpus", "fleet", "ledger", "sysmon"}, args[0]) && len(args) > 1 {
				sub = args[:2]
			}
			name := strings.Join(sub, " ")
			if help[name] == "" {
				out, err := exec.Command(cfcheck, append([]string{"help"}, sub...)...).CombinedOutput()
				if err != nil || !strings.Contains(string(out), "cfcheck "+name) {
					t.Errorf("%s: %q: there is no such subcommand:\n%s", path, m[0], out)
					continue
				}
				help[name] = string(out)
			}
			for _, f := range flagName.FindAllStringSubmatch(m[1], -1) {
				if !regexp.MustCompile(regexp.QuoteMeta(f[1]) + `\b`).MatchString(help[name]) {
					t.Errorf("%s: %q: cfcheck %s has no flag %s", path, m[0], name, f[1])
				}
			}
		}
	}
	if n < 5 {
		t.Errorf("found %d commands in the documentation; expected more, or this test no longer finds them", n)
	}
}
