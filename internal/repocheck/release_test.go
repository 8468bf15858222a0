package repocheck

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/cfcheck/cfcheck/internal/longtest"
)

// A releaser has the parts of .goreleaser.yaml that the tests check.
type releaser struct {
	Builds []struct {
		Env, Flags, Ldflags, Goos, Goarch []string
	}
	Archives []struct {
		Files []struct{ Src string }
	}
}

func readReleaser(t *testing.T) *releaser {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, ".goreleaser.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	r := new(releaser)
	if err := yaml.Unmarshal(data, r); err != nil {
		t.Fatal(err)
	}
	if len(r.Builds) != 1 || len(r.Archives) != 1 {
		t.Fatalf("%d builds and %d archives; expected one of each", len(r.Builds), len(r.Archives))
	}
	return r
}

// buildOf returns the arguments of go build and the environment of a release.
func (r *releaser) buildOf() (args, env []string) {
	b := r.Builds[0]
	args = append([]string{"build"}, b.Flags...)
	return append(args, "-ldflags", strings.Join(b.Ldflags, " ")), b.Env
}

// TestRelease checks that the files which describe a release agree with each other.
func TestRelease(t *testing.T) {
	r := readReleaser(t)
	args, env := r.buildOf()
	script, err := os.ReadFile(filepath.Join(root, ".ci", "rebuild"))
	if err != nil {
		t.Fatal(err)
	}
	last := len(args) - 1
	command := strings.Join(env, " ") + " GOOS=$os GOARCH=$arch go " + strings.Join(args[:last], " ") + ` "` + args[last] + `"`
	if !strings.Contains(string(script), command) {
		t.Errorf(".ci/rebuild does not build as .goreleaser.yaml does; expected the line %s", command)
	}
	for _, list := range []string{strings.Join(r.Builds[0].Goos, " "), strings.Join(r.Builds[0].Goarch, " ")} {
		if !strings.Contains(string(script), " in "+list+"; do") {
			t.Errorf(".ci/rebuild has no loop over %s", list)
		}
	}
	var files []string
	for _, f := range r.Archives[0].Files {
		files = append(files, f.Src)
	}
	const want = "LICENSE CHANGELOG.md README.md .release/man/* .release/completions/*"
	if got := strings.Join(files, " "); got != want {
		t.Errorf("the archives have the files %s; expected %s", got, want)
	}
	docker, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^FROM \S+@sha256:[0-9a-f]{64}$`).Match(docker) {
		t.Error("the Dockerfile does not name its base by digest")
	}
}

var ownCaches = flag.Bool("own-caches", false, "let TestReproducible compile everything twice")

// TestReproducible clones the repository into two folders, and builds both as for a release. With
// -own-caches the two share no cache, so that no folder can get the objects of the other. Without
// it, only the links are made twice.
func TestReproducible(t *testing.T) {
	if !longtest.Enabled() {
		t.Skip("it links the program twice; -long runs it")
	}
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		t.Skip("no Git repository, so there is no commit to build")
	}
	args, env := readReleaser(t).buildOf()
	env = append(env, "GOFLAGS=")
	build := func(folder string) []byte {
		env := slices.Clip(env)
		if *ownCaches {
			env = append(env, "GOCACHE="+t.TempDir())
		}
		clone := filepath.Join(t.TempDir(), folder)
		for _, command := range [][]string{
			{"git", "clone", "-q", root, clone},
			append(append([]string{"go"}, args...), "-o", "program", "./cmd/cfcheck"),
		} {
			cmd := exec.Command(command[0], command[1:]...)
			cmd.Env = append(os.Environ(), env...)
			if command[0] == "go" {
				cmd.Dir = clone
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
			}
		}
		data, err := os.ReadFile(filepath.Join(clone, "program"))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	one, two := build("one"), build(filepath.Join("in", "a", "deeper", "folder"))
	if len(one) == 0 || !bytes.Equal(one, two) {
		t.Errorf("two builds of one commit differ: %d and %d bytes", len(one), len(two))
	}
}
