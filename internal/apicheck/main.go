// Command apicheck compares the exported Go API of the module with the API of an
// earlier commit. It fails if an incompatible change is not named under
// Unreleased in CHANGELOG.md. It runs golang.org/x/exp/cmd/apidiff, a tool in
// go.mod, and evaluates its output, because apidiff always exits with 0.
//
// The flag -base names the earlier commit. The default is the first of these that
// exists: the merge base of HEAD and origin/main, the merge base of HEAD and main,
// the last tag before HEAD, the parent of HEAD. A clone of depth 1 has no such
// commit, and a commit that does not build cannot have been imported. In both
// cases there is no comparison: apicheck says so, and passes.
//
// The changelog names a change by its identifier in backquotes, as code of another
// package spells it: `channelfile.Parse`, `sensor.Fleet.Hosts`.
//
// Exit status: 0 if every incompatible change is named, 1 if one is not, 2 if the
// comparison failed.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	base := flag.String("base", "", "compare with this `commit` (empty or all zeros: choose one)")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "apicheck: unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	unnamed, err := run(os.Stdout, ".", *base)
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "apicheck: %v\n", err)
		os.Exit(2)
	case unnamed > 0:
		os.Exit(1)
	}
}

// run compares the module in the folder root with the commit base of its
// repository, writes the result to w, and returns the number of incompatible
// changes that the changelog does not name.
func run(w io.Writer, root, base string) (unnamed int, err error) {
	base, why := chooseBase(root, base)
	if base == "" {
		fmt.Fprintln(w, "no earlier commit to compare with")
		return 0, nil
	}
	commit, err := output(root, "git", "rev-parse", "--short", "--verify", base+"^{commit}")
	if err != nil {
		return 0, fmt.Errorf("the base %q: %w", base, err)
	}
	fmt.Fprintf(w, "compared with %s, %s\n", commit, why)

	module, err := output(root, "go", "list", "-m")
	if err != nil {
		return 0, err
	}
	report, err := compare(w, root, module, commit)
	if err != nil {
		return 0, err
	}
	changes, err := parseReport(report, module)
	if err != nil {
		return 0, err
	}
	changelog, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		return 0, err
	}
	named, err := namedIn(string(changelog))
	if err != nil {
		return 0, err
	}
	compatible := 0
	for _, c := range changes {
		switch {
		case c.compatible:
			compatible++
		case named[c.name]:
			fmt.Fprintf(w, "named      %s\n", c.message)
		default:
			fmt.Fprintf(w, "NOT NAMED  %s\n           fix: add a line under Unreleased in CHANGELOG.md that says so and names `%s`\n", c.message, c.name)
			unnamed++
		}
	}
	fmt.Fprintf(w, "%d incompatible changes, %d of them not named; %d compatible changes\n", len(changes)-compatible, unnamed, compatible)
	return unnamed, nil
}

// chooseBase returns the commit to compare with and the reason for it, or "" if
// there is no such commit.
func chooseBase(root, asked string) (base, why string) {
	if strings.Trim(asked, "0") != "" { // GitHub gives all zeros for a new branch
		return asked, "as asked"
	}
	head, err := output(root, "git", "rev-parse", "--verify", "HEAD")
	if err != nil {
		return "", ""
	}
	for _, branch := range []string{"origin/main", "main"} {
		base, err := output(root, "git", "merge-base", "HEAD", branch)
		if err == nil && base != head {
			return base, "where HEAD left " + branch
		}
	}
	if tag, err := output(root, "git", "describe", "--tags", "--abbrev=0", "HEAD^"); err == nil {
		return tag, "the last tag"
	}
	if parent, err := output(root, "git", "rev-parse", "--verify", "HEAD^"); err == nil {
		return parent, "the parent of HEAD"
	}
	return "", ""
}

// compare returns the output of apidiff on the module at a commit and in root, or
// nothing if the commit does not build.
func compare(w io.Writer, root, module, commit string) (report string, err error) {
	temp, err := os.MkdirTemp("", "apicheck")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	// Build the tool here, because the earlier commit may not have it. Windows
	// needs the suffix.
	apidiff := filepath.Join(temp, "apidiff.exe")
	if _, err := output(".", "go", "build", "-o", apidiff, "golang.org/x/exp/cmd/apidiff"); err != nil {
		return "", err
	}
	now, before := filepath.Join(temp, "now"), filepath.Join(temp, "before")
	if _, err := output(root, apidiff, "-m", "-w", now, module); err != nil {
		return "", err
	}
	tree := filepath.Join(temp, "tree")
	if err := checkOut(root, commit, tree); err != nil {
		return "", err
	}
	if _, err := output(tree, apidiff, "-m", "-w", before, module); err != nil {
		fmt.Fprintf(w, "that commit does not build, so no module could import it:\n%v\n", err)
		return "", nil
	}
	return output(root, apidiff, "-m", before, now)
}

// checkOut writes the files of a commit to a new folder. Unlike a worktree of git,
// it leaves no trace in the repository if the process is killed.
func checkOut(root, commit, folder string) error {
	if err := os.Mkdir(folder, 0o777); err != nil {
		return err
	}
	archive := folder + ".tar"
	if _, err := output(root, "git", "archive", "--output", archive, commit); err != nil {
		return err
	}
	_, err := output(folder, "tar", "-x", "-f", archive)
	return err
}

// output runs a command in a folder and returns its standard output without
// surrounding space. The error contains the standard error.
func output(folder, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = folder
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w", filepath.Base(name), strings.Join(args, " "), errors.Join(err, errors.New(strings.TrimSpace(stderr.String()))))
	}
	return strings.TrimSpace(stdout.String()), nil
}
