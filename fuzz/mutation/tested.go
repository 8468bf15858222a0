package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/cfcheck/cfcheck/internal/mutant"
)

// searchTested searches for a mutant in a package that the oracle reaches only by releases, or
// not at all. The tests of the package may detect it too. They run after a short search by the
// oracle, which is faster. A mutant that narrows an integer keeps 8 bits.
func (w *builder) searchTested(ctx context.Context, in *part, b *Mutant, h search) (*mutant.Detection, error) {
	limit := h.limit
	h.args, h.bits = []string{"-releases"}, 8
	if in.judged {
		h.limit = limit / 10
		if detected, err := h.start(ctx); detected != nil || err != nil {
			return detected, err
		}
	}
	if dir := path.Dir(b.File); dir != "fuzz/internal/reference" {
		if detected, err := w.test(ctx, dir, h); detected != nil || err != nil {
			return detected, err
		}
	}
	if !in.judged {
		return nil, nil
	}
	h.args, h.limit = append(h.args, "-seed", "2"), limit-limit/10
	return h.start(ctx)
}

// tests has the test programs of packages, with every generated mutant.
type tests struct {
	mu       sync.Mutex
	programs map[string]*testProgram // by folder
}

// A testProgram has the tests of a package.
type testProgram struct {
	once sync.Once
	name string
	err  error
}

// test runs the tests of a package with a mutant. It returns nil if they pass.
func (w *builder) test(ctx context.Context, dir string, h search) (*mutant.Detection, error) {
	w.tests.mu.Lock()
	p := w.tests.programs[dir]
	if p == nil {
		if w.tests.programs == nil {
			w.tests.programs = map[string]*testProgram{}
		}
		p = new(testProgram)
		w.tests.programs[dir] = p
	}
	w.tests.mu.Unlock()
	p.once.Do(func() {
		if p.err = w.buildTest(ctx, dir, p); p.err != nil {
			return
		}
		// If a test failed without a mutant, it would fail with every mutant.
		detected, err := p.run(ctx, w.root, dir, search{bits: 16, limit: h.limit})
		if detected != nil {
			err = fmt.Errorf("the tests of %s fail without a mutant: %s", dir, detected.What)
		}
		p.err = err
	})
	if p.err != nil {
		return nil, p.err
	}
	return p.run(ctx, w.root, dir, h)
}

// buildTest compiles the tests of a package with every generated mutant.
func (w *builder) buildTest(ctx context.Context, dir string, p *testProgram) error {
	overlay, err := json.Marshal(map[string]any{"Replace": w.overlay})
	if err != nil {
		return err
	}
	p.name = filepath.Join(w.folder, strings.ReplaceAll(dir, "/", "_")+".test.exe")
	config := p.name + ".json"
	if err := os.WriteFile(config, overlay, 0o666); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", config, "-o", p.name, "./"+dir)
	cmd.Dir = w.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the tests of %s: %w\n%s", dir, err, out)
	}
	return nil
}

// run runs the tests.
func (p *testProgram) run(ctx context.Context, root, dir string, h search) (*mutant.Detection, error) {
	within, stop := context.WithTimeout(ctx, testLimit)
	defer stop()
	args := []string{p.name, "-test.short", "-test.failfast"}
	if runtime.GOOS == "linux" { // a mutant may take all memory of the machine
		args = append([]string{"sh", "-c", fmt.Sprintf(`ulimit -v %d && exec "$0" "$@"`, testMemory>>10)}, args...)
	}
	cmd := exec.CommandContext(within, args[0], args[1:]...)
	cmd.Dir = filepath.Join(root, filepath.FromSlash(dir))
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", mutant.Variable, h.number), fmt.Sprintf("%s=%d", mutant.Bits, h.bits),
		"RAPID_NOFAILFILE=true", "RAPID_SEED=1") // a failure must leave no file in the source
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	detected := &mutant.Detection{By: "tests of " + dir}
	_, failed := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return nil, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case within.Err() != nil:
		detected.What = "the tests did not end"
	case !failed:
		return nil, err
	default:
		_, rest, _ := strings.Cut(string(out), "--- FAIL: ")
		detected.What, _, _ = strings.Cut(rest, "\n")
	}
	return detected, nil
}

// testLimit is the time after which tests count as hung. They take a few seconds.
const testLimit = 2 * time.Minute

// testMemory limits the address space of tests, in bytes.
const testMemory = 3 << 30
