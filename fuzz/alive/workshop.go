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

	"github.com/cfcheck/cfcheck/fuzz/alive/mutant"
	"github.com/cfcheck/cfcheck/fuzz/csensor"
	"github.com/cfcheck/cfcheck/validate/suite"
)

const module = "github.com/cfcheck/cfcheck"

// A part is files that bugs are seeded in, as patterns.
type part struct {
	name  string
	files []string
}

// parts are the copies that have bugs. What is not there: what words findings
// and writes reports, which has tests of its own; what reads JSON; the encoder
// and the compilers, which the gate does not trust.
var parts = []part{
	{"decoders", []string{
		"channelfile/conform.go", "channelfile/file.go", "channelfile/fold.go", "channelfile/header.go", "channelfile/operand.go",
		"channelfile/parse.go", "channelfile/pattern.go", "channelfile/program.go", "channelfile/scan*.go",
		"fuzz/naive/naive.go",
	}},
	{"gate", []string{
		"validate/run.go", "validate/pass.go", "validate/report.go", "validate/shared.go",
		"validate/structure/*.go", "validate/types/*.go", "validate/contract/*.go", "validate/behaviour/*.go", "validate/file/*.go",
		"sensor/needs.go", "sensor/supply.go", "fuzz/naive/judge.go",
	}},
	{"sensors", []string{
		"sensor/interpreter.go", "sensor/text.go", "sensor/regexp.go", "sensor/model.go", "sensor/event.go",
		"fuzz/rawsensor/rawsensor.go",
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
	c       string            // the sensor in C; "" where it cannot be compiled
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
	}, "./channelfile", "./sensor", "./validate/...", "./fuzz/naive", "./fuzz/rawsensor")
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
	if err := s.c(); err != nil {
		return nil, err
	}
	w.bugs = s.bugs
	return w, nil
}

// build makes the hunt with all bugs that can be chosen when it runs.
func (w *workshop) build(ctx context.Context) (err error) {
	if w.program, err = w.hunter(ctx, "hunt", w.overlay); err != nil {
		return err
	}
	w.c, err = csensor.Build(w.folder)
	if errors.Is(err, csensor.ErrNoCompiler) {
		return nil // hunt says so of each bug in C
	}
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
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", path, "-o", program, "./fuzz/alive/hunt")
	cmd.Dir = w.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build, with bugs: %w\n%s", err, out)
	}
	return program, nil
}

// A Catch is how a bug was seen.
type Catch struct {
	By        string // the part of the oracle
	What      string
	Decisions uint64
}

// hunt looks for a bug; nil: for any. It returns nil if none was seen. A number
// that is kept in 16 bits where that is too few shows in long files. Where none
// sees it, for most numbers of the format are smaller, it is kept in 8.
func (w *workshop) hunt(ctx context.Context, b *Bug, limit time.Duration) (*Catch, error) {
	program, args, number := w.program, []string{"-time", limit.String()}, 0
	switch {
	case b == nil:
	case b.Check != "":
		args = append(args, "-without", b.Check)
	case b.person != nil:
		made, err := w.person(ctx, b)
		if err != nil {
			return nil, err
		}
		defer os.Remove(made)
		program = made
	case b.inC != nil:
		if w.c == "" {
			return nil, csensor.ErrNoCompiler
		}
		made, err := w.sensor(b)
		if err != nil {
			return nil, err
		}
		args = append(args, "-c", made)
	default:
		number = b.Number
	}
	if b == nil || b.Kind != "width" || b.inC != nil {
		return w.start(ctx, b, limit, 16, number, program, args)
	}
	caught, err := w.start(ctx, b, limit, 16, number, program, append(args, "-long"))
	if caught != nil || err != nil {
		return caught, err
	}
	if caught, err = w.start(ctx, b, limit, 8, number, program, args); caught != nil {
		caught.By += ", in 8 bits"
	}
	return caught, err
}

// start runs a hunt.
func (w *workshop) start(ctx context.Context, b *Bug, limit time.Duration, bits, number int, program string, args []string) (*Catch, error) {
	ctx, stop := context.WithTimeout(ctx, limit+time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", mutant.Variable, number), fmt.Sprintf("%s=%d", mutant.Bits, bits))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	exit, died := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return nil, nil
	case !died:
		return nil, err
	case exit.ExitCode() == 1:
		c := new(Catch)
		return c, json.Unmarshal(stdout.Bytes(), c)
	case b == nil:
		return nil, fmt.Errorf("the hunt, without a bug: %w: %s", err, &stderr)
	}
	what, _, _ := strings.Cut(stderr.String(), "\n")
	return &Catch{By: "death", What: exit.String() + ": " + what}, nil
}
