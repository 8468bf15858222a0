package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/go/packages"

	"github.com/cfcheck/cfcheck/fuzz/internal/csensor"
	"github.com/cfcheck/cfcheck/internal/mutant"
	"github.com/cfcheck/cfcheck/validate/suite"
)

const module = "github.com/cfcheck/cfcheck"

// A part names a group of files to mutate, as patterns.
type part struct {
	name  string
	files []string

	// judged is true if the oracle compares releases with the reference to detect its mutants.
	judged bool
	// tested is true if the tests of the package of a mutant may detect it.
	tested bool
}

// parts has the files that are mutated. Some code is left out because other tests cover it:
// the wording of findings, the writers of reports, the folding of conditions without their
// inputs, and the readers of JSON. The gate does not trust the encoder and the compilers, so
// they are left out too. So is the reference for small scopes: with fewer events it would still
// agree with the gate. The mutants of the gate that it detects show that it has enough.
var parts = []part{
	{"decoders", []string{
		"channelfile/conform.go", "channelfile/file.go", "channelfile/internal/casefold/fold.go", "channelfile/header.go", "channelfile/operand.go",
		"channelfile/parse.go", "channelfile/pattern.go", "channelfile/program.go", "channelfile/scan*.go",
		"fuzz/internal/reference/reader.go",
	}, false, false},
	// The oracle draws no forms of values and no filters.
	{"values", []string{"validate/contract/events.go"}, false, true},
	{"gate", []string{
		"validate/run.go", "validate/pass.go", "validate/report.go", "validate/shared.go", "validate/waiver.go",
		"validate/structure/*.go", "validate/types/*.go", "validate/contract/*.go", "validate/behaviour/*.go",
		"sensor/needs.go", "sensor/cost/limits.go", "fuzz/internal/reference/judge.go", "fuzz/internal/reference/needs.go", "fuzz/internal/reference/outcome.go",
	}, false, false},
	{"sensors", []string{
		"sensor/interp/interpreter.go", "sensor/interp/text.go", "sensor/interp/regexp.go", "sensor/interp/model.go", "sensor/interp/event.go",
		"fuzz/internal/rawsensor/rawsensor.go",
	}, false, false},
	{"meaning", []string{"sensor/meaning/*.go", "validate/meaning/*.go"}, true, true},
	{"change", []string{
		"sensor/cells/*.go", "sensor/delta/*.go", "validate/change/*.go", "validate/provenance/*.go",
		"fuzz/internal/reference/change.go", "fuzz/internal/reference/firstuse.go",
	}, true, true},
	{"rollout", []string{"sensor/rollout/*.go", "sensor/cost/*.go", "policy/*.go"}, false, true},
	{"file", []string{"validate/file/*.go"}, false, true},
}

// partOf returns the part that has a file, or nil if no part has it.
func partOf(name string) *part {
	for i := range parts {
		for _, pattern := range parts[i].files {
			if ok, _ := filepath.Match(pattern, name); ok && !strings.HasSuffix(name, "_test.go") {
				return &parts[i]
			}
		}
	}
	return nil
}

// A builder builds programs that contain mutants.
type builder struct {
	folder  string // for everything that the builder writes
	root    string // of the module
	mutants []*Mutant

	directives []*directive
	overlay    map[string]string // mutated copy of each file, by the original's path
	program    string            // detector with every generated mutant
	tests      tests
	c          string // the sensor in C; "" without gcc, and then C code has no mutants
}

// newBuilder finds all mutants.
func newBuilder(ctx context.Context, folder string) (*builder, error) {
	w := &builder{folder: folder, overlay: map[string]string{}}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	w.root = strings.TrimSpace(string(root))
	list, err := packages.Load(&packages.Config{
		Context: ctx, Dir: w.root,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps,
	}, "./channelfile/...", "./sensor/...", "./facts/...", "./validate/...", "./policy", "./fuzz/internal/reference", "./fuzz/internal/rawsensor")
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b *packages.Package) int { return strings.Compare(a.PkgPath, b.PkgPath) })
	s := &generator{root: w.root, same: map[string]int{}, checks: map[string]token.Position{}}
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
			s.definitions(p, f, name)
			in := partOf(name)
			if in == nil {
				continue
			}
			src, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			directives, err := directivesOf(p.Fset, f, name, src)
			if err != nil {
				return nil, err
			}
			s.directives = append(s.directives, directives...)
			if mutated := s.file(p, f, in.name, name, src); mutated != nil {
				copied := filepath.Join(folder, strings.ReplaceAll(name, "/", "_"))
				if err := os.WriteFile(copied, mutated, 0o666); err != nil {
					return nil, err
				}
				w.overlay[path] = copied
			}
		}
	}
	for _, check := range suite.Checks {
		at := s.checks[check.ID]
		s.add(&Mutant{Part: "gate", Kind: kindCheck, Check: check.ID, File: at.Filename, Line: at.Line})
	}
	for i := range manualChanges {
		s.add(manualChanges[i].mutant())
	}
	if _, err := exec.LookPath("gcc"); err == nil {
		if err := s.c(); err != nil {
			return nil, err
		}
	}
	w.mutants, w.directives = s.mutants, s.directives
	return w, nil
}

// build compiles the detector with every generated mutant.
func (w *builder) build(ctx context.Context) (err error) {
	if w.program, err = w.buildDetector(ctx, "hunt", w.overlay); err != nil {
		return err
	}
	if !slices.ContainsFunc(w.mutants, func(b *Mutant) bool { return b.inC != nil }) {
		return nil
	}
	w.c, err = csensor.Build(w.folder)
	return err
}

// buildDetector compiles the detector with some files replaced.
func (w *builder) buildDetector(ctx context.Context, name string, files map[string]string) (program string, err error) {
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
		return "", fmt.Errorf("building the mutants: %w\n%s", err, out)
	}
	return program, nil
}

// search lets the oracle search for a mutant; nil means any. It returns nil if the oracle
// detects nothing. For a mutant that narrows an integer it first tries 8 bits, which shows in
// files of a few hundred entries. If that is not detected, it tries 16 bits in long files,
// except in the sensor in C, which is too slow for them.
func (w *builder) search(ctx context.Context, b *Mutant, limit time.Duration) (*mutant.Detection, error) {
	h := search{program: w.program, limit: limit, bits: 16}
	switch {
	case b.Check != "":
		h.args = []string{"-without", b.Check}
	case b.manual != nil:
		made, err := w.buildManual(ctx, b)
		if err != nil {
			return nil, err
		}
		defer os.Remove(made)
		h.program = made
		if in := partOf(b.File); in != nil && in.judged {
			h.args = []string{"-releases"}
		}
	case b.inC != nil:
		made, err := w.buildSensor(b)
		if err != nil {
			return nil, err
		}
		h.args = []string{"-c", made}
	default:
		h.number = b.Number
		if in := partOf(b.File); in.tested {
			return w.searchTested(ctx, in, b, h)
		}
	}
	if b.Kind != kindWidth {
		return h.start(ctx)
	}
	h.args, h.bits = append(h.args, "-medium"), 8
	detected, err := h.start(ctx)
	if detected != nil || err != nil || b.inC != nil {
		return detected, err
	}
	h.args, h.bits = []string{"-long"}, 16
	if detected, err = h.start(ctx); detected != nil {
		detected.By += ", in 16 bits"
	}
	return detected, err
}

// baseline returns an error if the oracle detects something although no mutant is active. It
// tries each way in which search calls the oracle.
func (w *builder) baseline(ctx context.Context, limit time.Duration) error {
	ways := [][]string{{"-medium"}, {"-long"}, {"-releases"}}
	if w.c != "" {
		ways = append(ways, []string{"-medium", "-c", w.c})
	}
	for _, args := range ways {
		h := search{program: w.program, args: args, limit: limit, bits: 16}
		detected, err := h.start(ctx)
		if err != nil {
			return err
		}
		if detected != nil {
			return fmt.Errorf("the oracle detects something without a mutant, with %q: by %s: %s", args, detected.By, detected.What)
		}
	}
	return nil
}

// A search describes one run of the detector.
type search struct {
	program string
	args    []string
	number  int // of the active mutant
	bits    int // that a width mutant keeps
	limit   time.Duration
}

// The exit statuses of the detector.
const (
	exitDetected     = 1
	exitSearchFailed = 3
)

// start runs the detector to its end.
func (h *search) start(ctx context.Context) (*mutant.Detection, error) {
	within, stop := context.WithTimeout(ctx, h.limit+time.Minute)
	defer stop()
	cmd := exec.CommandContext(within, h.program, append([]string{"-time", h.limit.String()}, h.args...)...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", mutant.Variable, h.number), fmt.Sprintf("%s=%d", mutant.Bits, h.bits))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second // a sensor in C may still hold the pipes
	err := cmd.Run()
	exit, died := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return nil, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case within.Err() != nil:
		return &mutant.Detection{By: "time", What: "the hunt did not end"}, nil
	case !died:
		return nil, err
	case exit.ExitCode() == exitDetected:
		c := new(mutant.Detection)
		return c, json.Unmarshal(stdout.Bytes(), c)
	case exit.ExitCode() == exitSearchFailed && h.number == 0:
		return nil, fmt.Errorf("the detector failed: %w: %s", err, &stderr)
	}
	what, _, _ := strings.Cut(stderr.String(), "\n")
	return &mutant.Detection{By: "death", What: exit.String() + ": " + what}, nil
}
