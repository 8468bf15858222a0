package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A repository is a small module with a history.
type repository struct {
	t    *testing.T
	root string
}

func newRepository(t *testing.T) repository {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed, and this is about its history")
	}
	// The result must not depend on the user who runs the test.
	// A hook or git rebase --exec sets these variables, and git would then change the
	// repository that they name.
	for _, name := range []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"} {
		t.Setenv(name, "") // so that the value is restored
		os.Unsetenv(name)
	}
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		t.Setenv("GIT_"+who+"_NAME", "test")
		t.Setenv("GIT_"+who+"_EMAIL", "test@example.com")
	}
	r := repository{t, t.TempDir()}
	r.git("init", "-q", "-b", "main")
	r.write("go.mod", "module example.com/m\n\ngo 1.26\n")
	return r
}

func (r repository) git(args ...string) {
	r.t.Helper()
	if _, err := output(r.root, "git", args...); err != nil {
		r.t.Fatal(err)
	}
}

func (r repository) write(name, content string) {
	r.t.Helper()
	path := filepath.Join(r.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		r.t.Fatal(err)
	}
}

func (r repository) commit() {
	r.git("add", ".")
	r.git("commit", "-q", "--allow-empty", "-m", "a change")
}

func TestRun(t *testing.T) {
	// Each row runs apidiff three times. score_test.go has the finer cases.
	const before = "package a\n\nfunc Kept() {}\n\nfunc Gone() {}\n\ntype T struct{ F, G int }\n"
	tests := []struct {
		why, before, after, changelog string
		unnamed                       int
		says                          []string
	}{
		{
			"an addition, and a change behind the API, need no line",
			before, before + "func Added() {}\n\nfunc hidden() {}\n", "",
			0, []string{"0 incompatible changes, 0 of them not named; 1 compatible changes"},
		},
		{
			"one that is named, and two that are not: a line on another function, and one on the whole type",
			before, "package a\n\ntype T struct{ F bool }\n", "- Remove `a.Gone`, `a.Keptt`.\n- Change `a.T`, `a.T.G`.\n",
			2, []string{"named      ./a.Gone: removed", "names `a.Kept`", "named      ./a.T.G: removed", "names `a.T.F`"},
		},
		{
			"the earlier commit does not build",
			"package a\n\nfunc Gone() int {}\n", before, "",
			0, []string{"does not build", "missing return"},
		},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			r := newRepository(t)
			r.write("a/a.go", test.before)
			r.commit()
			r.write("a/a.go", test.after)
			r.write("CHANGELOG.md", "## [Unreleased]\n\n"+test.changelog)
			r.commit()
			var said strings.Builder
			unnamed, err := run(&said, r.root, "")
			if err != nil {
				t.Fatal(err)
			}
			if unnamed != test.unnamed {
				t.Errorf("%d changes are not named, want %d", unnamed, test.unnamed)
			}
			for _, want := range test.says {
				if !strings.Contains(said.String(), want) {
					t.Errorf("said %q, want %q in it", said.String(), want)
				}
			}
		})
	}
}

// TestRunCannot checks that a failed comparison is an error and does not pass.
func TestRunCannot(t *testing.T) {
	r := newRepository(t)
	r.write("a/a.go", "package a\n")
	r.commit()
	r.write("a/a.go", "package a\n\nfunc F() int {}\n")
	r.commit()
	if _, err := run(new(strings.Builder), r.root, "none-such"); err == nil || !strings.Contains(err.Error(), "none-such") {
		t.Errorf("a base that is not there: got error %v, want one that names it", err)
	}
	if _, err := run(new(strings.Builder), r.root, ""); err == nil || !strings.Contains(err.Error(), "missing return") {
		t.Errorf("a module that does not build: got error %v, want the compiler's", err)
	}
}

func TestChooseBase(t *testing.T) {
	tests := []struct {
		why, asked string
		history    func(repository)
		want       string
	}{
		{"no commit", "", func(r repository) {}, ""},
		{"one commit", "", func(r repository) { r.commit() }, ""},
		{"two commits on main", "", func(r repository) { r.commit(); r.commit() }, "the parent of HEAD"},
		{"a release before", "", func(r repository) { r.commit(); r.git("tag", "v0.1.0"); r.commit(); r.commit() }, "the last tag"},
		{"HEAD is a release", "", func(r repository) { r.commit(); r.commit(); r.git("tag", "v0.1.0") }, "the parent of HEAD"},
		{"a branch", "", func(r repository) { r.commit(); r.git("checkout", "-q", "-b", "work"); r.commit() }, "where HEAD left main"},
		{"main, ahead of its remote", "", func(r repository) {
			r.commit()
			r.git("update-ref", "refs/remotes/origin/main", "HEAD")
			r.commit()
		}, "where HEAD left origin/main"},
		{"all zeros, as of a new branch", strings.Repeat("0", 40), func(r repository) { r.commit(); r.commit() }, "the parent of HEAD"},
		{"one is asked for", "HEAD^", func(r repository) { r.commit(); r.commit() }, "as asked"},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			r := newRepository(t)
			test.history(r)
			base, why := chooseBase(r.root, test.asked)
			if why != test.want {
				t.Errorf("chose %q, %s; want %q", base, why, test.want)
			}
		})
	}
}
