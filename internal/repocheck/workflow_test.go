package repocheck

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// A workflow has the parts of a GitHub workflow that the test checks.
type workflow struct {
	Permissions map[string]string
	Jobs        map[string]struct {
		Permissions map[string]string
		Steps       []struct {
			Uses string
			Run  string
			With map[string]any
		}
	}
}

var (
	pinned    = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40}$`)
	ourAction = regexp.MustCompile(`^(\./|cfcheck/cfcheck@main)$`) // no tag exists yet
	usesLine  = regexp.MustCompile(`(?m)^.*\buses: .*$`)
	yamlFence = regexp.MustCompile("(?ms)^```yaml\n((?:name|on):.*?)^```$")
)

// jobPermissions are the permissions of jobs that write, by workflow and job. All other jobs only
// read the repository.
var jobPermissions = map[string]map[string]string{
	"release.yml playground": {"contents": "write"},
	"release.yml release":    {"contents": "write", "packages": "write", "id-token": "write", "attestations": "write"},
}

// TestWorkflows checks the workflows of this repository and those in the
// documentation. They may only read, unless jobPermissions lists more, and they pin the actions
// that they run.
func TestWorkflows(t *testing.T) {
	texts := make(map[string]string)
	paths, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(path)] = string(text)
	}
	for path, text := range markdownFiles(t) {
		for _, m := range yamlFence.FindAllStringSubmatch(text, -1) {
			texts[path] = m[1]
		}
	}
	for _, name := range []string{"ci.yml", "release.yml", "docs/ci.md"} {
		if texts[name] == "" {
			t.Errorf("%s has no workflow", name)
		}
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			var w workflow
			if err := yaml.Unmarshal([]byte(text), &w); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]string{"contents": "read"}, w.Permissions); diff != "" {
				t.Errorf("permissions (-want +got):\n%s", diff)
			}
			for job, j := range w.Jobs {
				if diff := cmp.Diff(jobPermissions[name+" "+job], j.Permissions); diff != "" {
					t.Errorf("permissions of job %s (-want +got):\n%s", job, diff)
				}
				for _, step := range j.Steps {
					if step.Uses != "" && !pinned.MatchString(step.Uses) && !ourAction.MatchString(step.Uses) {
						t.Errorf("job %s uses %s; expected a commit's 40 hex digits after the @", job, step.Uses)
					}
					if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != false {
						t.Errorf("job %s checks out without persist-credentials: false", job)
					}
				}
			}
			for _, line := range usesLine.FindAllString(text, -1) {
				if !regexp.MustCompile(`# v\d+\.\d+\.\d+$|cfcheck/cfcheck@main # from the first release on: @v0|uses: \./$`).MatchString(line) {
					t.Errorf("%q has no comment with the version at its end", line)
				}
			}
		})
	}
	if n := strings.Count(texts["docs/ci.md"], "\n"); n != 10 {
		t.Errorf("the workflow of docs/ci.md has %d lines; it is to be read at a glance, in 10", n)
	}
}
