//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func processTrials() []trial {
	return []trial{
		{"L16", "a panic in each check", "another status than 0; the report names the subject, and judges the others", (*env).panics},
		{"L17", "24 hours as a service", "no growth", func(*env) (string, error) {
			return "", skip("cfcheck is no service: each run is a process of its own")
		}},
		{"L19", "a file system that cannot be written to, no home, no network, no environment", "judges as ever", (*env).alone},
		{"L20", "two builds in two folders with CGO_ENABLED=0 -trimpath -buildvcs=false", "the same SHA-256", (*env).reproducible},
	}
}

// faultySource is added to the command. It makes one check panic.
const faultySource = `package main

import (
	"os"

	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func init() {
	for _, c := range suite.Checks {
		if c.ID == os.Getenv("CFCHECK_FAULT") {
			c.Run = func(*validate.Pass) { panic("injected fault") }
		}
	}
}
`

// sysmonFiles returns the arguments of a run on a configuration and a rule blob of Sysmon.
func (e *env) sysmonFiles() ([]string, error) {
	fleet, source, blob := e.at("sysmon.json"), e.at("config.xml"), e.at("rules.bin")
	args := []string{"check", "--format", "json", "--fleet", fleet, "--", source, blob}
	for _, c := range corpus.Sysmon() {
		name := source
		switch c.Name {
		case "blob-whole":
			name = blob
		case "source-readable-near":
		default:
			continue
		}
		if err := errors.Join(os.WriteFile(name, c.Data, 0o644), os.WriteFile(fleet, c.FleetData, 0o644)); err != nil {
			return nil, err
		}
	}
	return args, nil
}

func (e *env) panics() (string, error) {
	source, overlay, gate := e.at("fault.go"), e.at("overlay.json"), e.at("faulty.exe")
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/cfcheck/cfcheck/cmd/cfcheck").Output()
	if err != nil {
		return "", err
	}
	target := filepath.Join(strings.TrimSpace(string(out)), "injected_fault.go")
	doc, err := json.Marshal(map[string]any{"Replace": map[string]string{target: source}})
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.WriteFile(source, []byte(faultySource), 0o644), os.WriteFile(overlay, doc, 0o644)); err != nil {
		return "", err
	}
	if err := buildGate(gate, []string{"-overlay", overlay}); err != nil {
		return "", err
	}
	faulty := *e
	faulty.gate = gate
	// Some checks apply only to rules, or only if there are events or ceilings.
	rules, recording, policy := e.at("rule.yml"), e.at("events.ndjson"), e.at("policy.yaml")
	err = errors.Join(
		os.WriteFile(rules, rule(1, 0), 0o644), os.WriteFile(recording, events(2), 0o644),
		os.WriteFile(policy, []byte("schema: cfcheck.policy/v0\nceilings: {instances: 1000000}\n"), 0o644),
	)
	if err != nil {
		return "", err
	}
	if _, err := e.expect(process{args: []string{"build", "-o", e.at("out"), rules}}, accepted); err != nil {
		return "", err
	}
	args := []string{"check", "--format", "json", "--fleet", "reference", "--never-match", recording, "--known-good", recording, "--policy", policy, "--", e.good, rules, e.at("out")}
	sysmon, err := e.sysmonFiles()
	if err != nil {
		return "", err
	}
	// The run has no previous release, no ledger, no exercise plan, no waivers and no
	// protected rules.
	const absent = validate.UsesPrevious | validate.UsesLedger | validate.UsesExercise | validate.UsesWaivers | validate.UsesProtected
	n := 0
	for i, c := range suite.Checks {
		if e.short && i%10 != 0 || c.Uses&absent != 0 {
			continue
		}
		args := args
		if c.Uses&(validate.UsesSysmonSource|validate.UsesSysmonBlob|validate.UsesSysmonRules) != 0 {
			args = sysmon
		}
		x, err := faulty.start(process{args: args, env: append(os.Environ(), "CFCHECK_FAULT="+c.ID)})
		if err != nil {
			return "", err
		}
		if x.status != undecided {
			return "", fmt.Errorf("a panic in %v: %v %s", c, x, x.stdout)
		}
		if !strings.Contains(x.stdout+x.stderr, "injected fault") && !strings.Contains(x.stdout, "the self-test of the gate failed") {
			return "", fmt.Errorf("a panic in %v is not told: %s%s", c, x.stdout, x.stderr)
		}
		n++
	}
	return fmt.Sprintf("%d checks, status 2 each", n), nil
}

func (e *env) alone() (string, error) {
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		return "", skip("there is no unshare")
	}
	script := `mount -o remount,bind,ro / 2>/dev/null || mount --bind / / && mount -o remount,bind,ro / && cd / && exec "$@"`
	wrapper := []string{unshare, "--mount", "--net", "sh", "-c", script, "sh"}
	if out, err := exec.Command(wrapper[0], append(wrapper[1:], "true")...).CombinedOutput(); err != nil {
		return "", skip(fmt.Sprintf("no file system can be made read-only here: %v %s", err, bytes.TrimSpace(out)))
	}
	for name, status := range map[string]int{e.good: accepted, e.bad: rejected} {
		if _, err := e.expect(process{args: e.check("--", name), wrapper: wrapper, env: []string{"PATH=" + os.Getenv("PATH")}}, status); err != nil {
			return "", err
		}
	}
	return "a good file is accepted and a bad one is rejected; no environment but PATH", nil
}

func (e *env) reproducible() (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", err
	}
	var digests []string
	for _, name := range []string{"here", "elsewhere/deeper"} {
		dir := e.at(name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		// Build a copy of the files, so that the sources are in another folder.
		copied := exec.Command("sh", "-c", `git -C "$0" ls-files -z | tar -C "$0" --null -T - -cf - 2>/dev/null | tar -C "$1" -xf -`, strings.TrimSpace(string(root)), dir)
		if out, err := copied.CombinedOutput(); err != nil {
			return "", fmt.Errorf("copying the sources: %w %s", err, out)
		}
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", "cfcheck.exe", "./cmd/cfcheck")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w %s", err, out)
		}
		data, err := os.ReadFile(filepath.Join(dir, "cfcheck.exe"))
		if err != nil {
			return "", err
		}
		digests = append(digests, digestOf(data))
	}
	if digests[0] != digests[1] {
		return "", fmt.Errorf("%s and %s", digests[0], digests[1])
	}
	return "equal: " + digests[0][:16] + "...", nil
}
