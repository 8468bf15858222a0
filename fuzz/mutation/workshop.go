package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/go/packages"

	"github.com/cfcheck/cfcheck/fuzz/internal/csensor"
	"github.com/cfcheck/cfcheck/fuzz/internal/mutant"
	"github.com/cfcheck/cfcheck/validate/suite"
)

const module = "github.com/cfcheck/cfcheck"

// A part is files that bugs are seeded in, as patterns.
type part struct {
	name  string
	files []string
}

// parts are the copies that have bugs. What is not there: what words findings
// and writes reports, and what folds a condition without its inputs, which have
// tests of their own; what reads JSON; the encoder and the compilers, which the
// gate does not trust.
var parts = []part{
	{"decoders", []string{
		"channelfile/conform.go", "channelfile/file.go", "channelfile/internal/casefold/fold.go", "channelfile/header.go", "channelfile/operand.go",
		"channelfile/parse.go", "channelfile/pattern.go", "channelfile/program.go", "channelfile/scan*.go",
		"fuzz/internal/reference/reader.go",
	}},
	{"gate", []string{
		"validate/run.go", "validate/pass.go", "validate/report.go", "validate/shared.go",
		"validate/structure/*.go", "validate/types/*.go", "validate/contract/*.go", "validate/behaviour/*.go", "validate/file/*.go",
		"sensor/needs.go", "fuzz/internal/reference/judge.go", "fuzz/internal/reference/needs.go", "fuzz/internal/reference/outcome.go",
	}},
	{"sensors", []string{
		"sensor/interp/interpreter.go", "sensor/interp/text.go", "sensor/interp/regexp.go", "sensor/interp/model.go", "sensor/interp/event.go",
		"fuzz/internal/rawsensor/rawsensor.go",
	}},
}

// partOf returns the part that a file belongs to, "" if to none.
func partOf(name string) string {
	for _, p := range parts {
		for _, pattern := range p.files {
			if ok, _ := filepath.Match(pattern, name); ok && !strings.HasSuffix(name, "_test.go") {
				return p.name
			}
		}
	}
	return ""
}

// A workshop makes programs with bugs.
type workshop struct {
	folder  string // of what it makes
	root    string // of the module
	bugs    []*Bug
	overlay map[string]string // files with bugs in them, by those that they stand for
	program string            // the hunt, with all bugs in it that have a number
	c       string            // the sensor in C; "" without gcc, and then there are no bugs in C
}

// newWorkshop finds the bugs that can be seeded.
func newWorkshop(ctx context.Context, folder string) (*workshop, error) {
	w := &workshop{folder: folder, overlay: map[string]string{}}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	w.root = strings.TrimSpace(string(root))
	list, err := packages.Load(&packages.Config{
		Context: ctx, Dir: w.root,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps,
	}, "./channelfile/...", "./sensor/...", "./facts/...", "./validate/...", "./fuzz/internal/reference", "./fuzz/internal/rawsensor")
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b *packages.Package) int { return strings.Compare(a.PkgPath, b.PkgPath) })
	s := &seeder{root: w.root, same: map[string]int{}}
	for _, p := range list {
		if len(p.Errors) > 0 {
			return nil, p.Errors[0]
		}
		for _, f := range p.Syntax {
			path := p.Fset.Position(f.Pos()).Filename
			name, err := filepath.Rel(w.root, path)
			if err != nil {
				return nil, err
			}
			name = filepath.ToSlash(name)
			in := partOf(name)
			if in == "" {
				continue
			}
			src, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			if seeded := s.file(p, f, in, name, src); seeded != nil {
				copied := filepath.Join(folder, strings.ReplaceAll(name, "/", "_"))
				if err := os.WriteFile(copied, seeded, 0o666); err != nil {
					return nil, err
				}
				w.overlay[path] = copied
			}
		}
	}
	for _, check := range suite.Checks {
		s.add(&Bug{Part: "gate", Kind: "check", Check: check.ID})
	}
	for i := range byPeople {
		s.add(byPeople[i].bug())
	}
	if _, err := exec.LookPath("gcc"); err == nil {
		if err := s.c(); err != nil {
			return nil, err
		}
	}
	w.bugs = s.bugs
	return w, nil
}

// build makes the hunt with all bugs that can be chosen when it runs.
func (w *workshop) build(ctx context.Context) (err error) {
	if w.program, err = w.hunter(ctx, "hunt", w.overlay); err != nil {
		return err
	}
	if !slices.ContainsFunc(w.bugs, func(b *Bug) bool { return b.inC != nil }) {
		return nil
	}
	w.c, err = csensor.Build(w.folder)
	return err
}

// hunter builds the hunt with some files in place of others.
func (w *workshop) hunter(ctx context.Context, name string, files map[string]string) (program string, err error) {
	overlay, err := json.Marshal(map[string]any{"Replace": files})
	if err != nil {
		return "", err
	}
	path := filepath.Join(w.folder, name+".json")
	if err := os.WriteFile(path, overlay, 0o666); err != nil {
		return "", err
	}
	program = filepath.Join(w.folder, name+".exe")
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", path, "-o", program, "./fuzz/internal/detector")
	cmd.Dir = w.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build, with bugs: %w\n%s", err, out)
	}
	return program, nil
}

// hunt looks for a bug; nil: for any. It returns nil if none was seen. A number
// that is kept in 8 bits where that is too few shows in files of a few hundred
// entries. Where none of them shows it, it is kept in 16 bits, and looked for in
// long files; not in the sensor in C, which is too slow for those.
func (w *workshop) hunt(ctx context.Context, b *Bug, limit time.Duration) (*mutant.Catch, error) {
	h := hunt{program: w.program, limit: limit, bits: 16}
	switch {
	case b.Check != "":
		h.args = []string{"-without", b.Check}
	case b.person != nil:
		made, err := w.person(ctx, b)
		if err != nil {
			return nil, err
		}
		defer os.Remove(made)
		h.program = made
	case b.inC != nil:
		made, err := w.sensor(b)
		if err != nil {
			return nil, err
		}
		h.args = []string{"-c", made}
	default:
		h.number = b.Number
	}
	if b.Kind != "width" {
		return h.start(ctx)
	}
	h.args, h.bits = append(h.args, "-medium"), 8
	caught, err := h.start(ctx)
	if caught != nil || err != nil || b.inC != nil {
		return caught, err
	}
	h.args, h.bits = []string{"-long"}, 16
	if caught, err = h.start(ctx); caught != nil {
		caught.By += ", in 16 bits"
	}
	return caught, err
}

// healthy returns an error if the oracle sees a bug where there is none, in any
// of the ways in which it looks for one.
func (w *workshop) healthy(ctx context.Context, limit time.Duration) error {
	ways := [][]string{{"-medium"}, {"-long"}}
	if w.c != "" {
		ways = append(ways, []string{"-medium", "-c", w.c})
	}
	for _, args := range ways {
		h := hunt{program: w.program, args: args, limit: limit, bits: 16}
		caught, err := h.start(ctx)
		if err != nil {
			return err
		}
		if caught != nil {
			return fmt.Errorf("without a bug the oracle sees one, with %q: by the %s: %s", args, caught.By, caught.What)
		}
	}
	return nil
}

// A hunt is one that is to be started.
type hunt struct {
	program string
	args    []string
	number  int // of the bug that the program is to have
	bits    int // that are left by one of width
	limit   time.Duration
}

// The exit statuses of a hunt: see its package.
const (
	huntCaught = 1
	huntFailed = 3
)

// start runs a hunt to its end.
func (h *hunt) start(ctx context.Context) (*mutant.Catch, error) {
	within, stop := context.WithTimeout(ctx, h.limit+time.Minute)
	defer stop()
	cmd := exec.CommandContext(within, h.program, append([]string{"-time", h.limit.String()}, h.args...)...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", mutant.Variable, h.number), fmt.Sprintf("%s=%d", mutant.Bits, h.bits))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second // a sensor in C may still hold them
	err := cmd.Run()
	exit, died := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return nil, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case within.Err() != nil:
		return &mutant.Catch{By: "time", What: "the hunt did not end"}, nil
	case !died:
		return nil, err
	case exit.ExitCode() == huntCaught:
		c := new(mutant.Catch)
		return c, json.Unmarshal(stdout.Bytes(), c)
	case exit.ExitCode() == huntFailed && h.number == 0:
		return nil, fmt.Errorf("the hunt: %w: %s", err, &stderr)
	}
	what, _, _ := strings.Cut(stderr.String(), "\n")
	return &mutant.Catch{By: "death", What: exit.String() + ": " + what}, nil
}
