package repocheck

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// lastFree is the last commit whose subject had no fixed form.
const lastFree = "6d720c18"

var (
	// subjectForm matches "package: verb object". Commas separate packages.
	subjectForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_./-]*(?:, [a-z0-9][a-z0-9_./-]*)*: ([A-Za-z]\S*) \S`)
	// notVerb matches first words that cannot be verbs.
	notVerb = regexp.MustCompile(`^(?i:what|which|where|how|the|an?|of|no|none|all|its?|more)$`)
)

const subjectLength = 72

// TestCommits holds the subjects of the commits after lastFree to their form.
func TestCommits(t *testing.T) {
	git := func(args ...string) (string, error) {
		cmd := exec.Command("git", args...)
		cmd.Dir = root
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	if _, err := git("merge-base", "--is-ancestor", lastFree, "HEAD"); err != nil {
		t.Skipf("git finds no commit %s below HEAD (%v): this is a shallow clone, or not a clone", lastFree, err)
	}
	log, err := git("log", "--no-merges", "--format=%h %s", lastFree+"..HEAD")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(log) {
		hash, subject, _ := strings.Cut(strings.TrimSpace(line), " ")
		if problem := subjectProblem(subject); problem != "" {
			t.Errorf("commit %s %q: %s; git rebase -i lets you reword it", hash, subject, problem)
		}
	}
}

// subjectProblem returns how a subject differs from its form, "" if it does not.
func subjectProblem(subject string) string {
	m := subjectForm.FindStringSubmatch(subject)
	switch n := utf8.RuneCountInString(subject); {
	case n > subjectLength:
		return "the subject is longer than 72 characters"
	case m == nil:
		return `expected "package: verb object"`
	case notVerb.MatchString(m[1]):
		return `expected "package: verb object", and "` + m[1] + `" is not a verb`
	}
	return ""
}

func TestSubjectProblem(t *testing.T) {
	tests := []struct {
		subject string
		good    bool
	}{
		{"sensor: split the interpreter from contracts", true},
		{"validate/structure, docs: name the entry in CF1003", true},
		{"alive: what was sorted", false},
		{"Fix the build", false},
		{"sensor: split", false},
		{"sensor: " + strings.Repeat("long ", 13), false},
	}
	for _, test := range tests {
		if problem := subjectProblem(test.subject); (problem == "") != test.good {
			t.Errorf("%q: got problem %q, want it to be good: %v", test.subject, problem, test.good)
		}
	}
}
