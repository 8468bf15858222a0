// Command libfuzzer builds the fuzz targets of the repository with libFuzzer, and their seeds.
//
//	go run ./fuzz/libfuzzer -list
//	go run ./fuzz/libfuzzer -o FOLDER [-smoke 10s] [NAME...]
//
// The first form lists the targets, a line each: package, function, and name of the program.
// The second form builds the named targets, or all. It writes the program NAME, the archive
// NAME_seed_corpus.zip with an entry for each seed, and, for the targets of ./fuzz, the
// dictionary NAME.dict. With -smoke it runs each program without seeds, on its seeds, and then
// for the given time.
//
// The command needs clang with libFuzzer and installs nothing. The variables CC, CXX, CXXFLAGS
// and LIB_FUZZING_ENGINE of OSS-Fuzz choose the tools; the default is clang++
// -fsanitize=address,fuzzer.
package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/internal/libfuzzer"
)

const module = "github.com/cfcheck/cfcheck"

// A target is a fuzz target of the repository.
type target struct {
	pkg, function string
	not           string // reason why it is not built with libFuzzer; "" means that it is
}

// name returns the name of the program, such as fuzz_parse_fuzz for FuzzParse in ./fuzz.
func (t *target) name() string {
	var b strings.Builder
	for i, r := range strings.TrimPrefix(t.function, "Fuzz") {
		if i > 0 && 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return "fuzz_" + b.String() + "_" + path.Base(t.pkg)
}

var targets = []target{
	{pkg: "./cmd/cfcheck", function: "FuzzBlockedRun", not: "it changes the working directory, where libFuzzer writes"},
	{pkg: "./cmd/cfcheck", function: "FuzzCommand", not: "it changes the working directory, where libFuzzer writes"},
	{pkg: "./corpus/asm", function: "FuzzAssemble"},
	{pkg: "./events", function: "FuzzReader"},
	{pkg: "./events/evtx", function: "FuzzReader"},
	{pkg: "./facts", function: "FuzzFacts"},
	{pkg: "./fuzz", function: "FuzzDocuments"},
	{pkg: "./fuzz", function: "FuzzEncode"},
	{pkg: "./fuzz", function: "FuzzGate"},
	{pkg: "./fuzz", function: "FuzzInterpreter"},
	{pkg: "./fuzz", function: "FuzzParse"},
	{pkg: "./fuzz", function: "FuzzReadersAgree"},
	{pkg: "./fuzz", function: "FuzzRegexp"},
	{pkg: "./fuzz", function: "FuzzReport"},
	{pkg: "./fuzz", function: "FuzzSensors"},
	{pkg: "./fuzz", function: "FuzzSigma"},
	{pkg: "./fuzz", function: "FuzzStructured"},
	{pkg: "./internal/strictjson", function: "FuzzFind"},
	{pkg: "./internal/strictjson", function: "FuzzString"},
	{pkg: "./lsp", function: "FuzzDocuments", not: "it talks to a server in other goroutines"},
	{pkg: "./lsp/jsonrpc", function: "FuzzRead"},
	{pkg: "./policy", function: "FuzzRead"},
	{pkg: "./report", function: "FuzzClean"},
	{pkg: "./fix", function: "FuzzFile"},
	{pkg: "./ruletest", function: "FuzzParse"},
	{pkg: "./ruletest", function: "FuzzRecorded"},
	{pkg: "./trace", function: "FuzzTree"},
	{pkg: "./sysmon/config", function: "FuzzDecompile"},
	{pkg: "./sysmon/config", function: "FuzzLoad"},
	{pkg: "./sysmon/config", function: "FuzzParse"},
	{pkg: "./sysmon/registry", function: "FuzzRules"},
	{pkg: "./sysmon/supply", function: "FuzzConfiguration"},
	{pkg: "./sensor/embedded", function: "FuzzExtractContract"},
	{pkg: "./sensor/interp", function: "FuzzInterpreterText"},
	{pkg: "./sensor", function: "FuzzReadDefinitions"},
	{pkg: "./sensor", function: "FuzzReadFleet"},
	{pkg: "./sensor", function: "FuzzReadNeeds"},
	{pkg: "./sensor/audit", function: "FuzzRead"},
	{pkg: "./sensor/inventory", function: "FuzzRead"},
	{pkg: "./sensor/cells", function: "FuzzReadLedger"},
	{pkg: "./sensor/rollout", function: "FuzzReadDocument"},
	{pkg: "./sensor/interp", function: "FuzzRegexpSearch"},
	{pkg: "./sensor/match", function: "FuzzMatch"},
	{pkg: "./sensor/rustinel", function: "FuzzRead"},
	{pkg: "./sigma", function: "FuzzParse"},
	{pkg: "./sigma", function: "FuzzPlaceholders"},
	{pkg: "./sysmon", function: "FuzzParseManifest"},
	{pkg: "./sysmon/blob", function: "FuzzParse"},
	{pkg: "./internal/anatomy", function: "FuzzOf"},
}

// dictionary has words of the format, for the targets that read channel files.
//
//go:embed channelfile.dict
var dictionary []byte

// writeList writes a line for each target that is built.
func writeList(w io.Writer) error {
	var errs []error
	for i := range targets {
		if t := &targets[i]; t.not == "" {
			_, err := fmt.Fprintf(w, "%s %s %s\n", t.pkg, t.function, t.name())
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// A sources is a package with fuzz targets, as printed by 'go list'.
type sources struct {
	Dir          string
	ImportPath   string
	TestGoFiles  []string
	XTestGoFiles []string
}

// list runs 'go list' for a package.
func list(pkg string) (*sources, error) {
	text, err := exec.Command("go", "list", "-json=Dir,ImportPath,TestGoFiles,XTestGoFiles", pkg).Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %v", pkg, err)
	}
	s := new(sources)
	return s, json.Unmarshal(text, s)
}

// suffix ends the names of test files in the build, where they are part of their
// package.
const suffix = "_libfuzzer.go"

// libraryPath is the import path of the package that runs targets.
const libraryPath = module + "/internal/libfuzzer"

// A plan has the files of a build that differ from the repository.
type plan struct {
	files   map[string][]byte // contents, by path
	program []byte            // the main package
	folder  string            // of the main package
}

// plan returns the build of a target. The test files of its package become part of the
// package, because the target is in one of them. External tests become a package below.
// In each, libfuzzer.F takes the place of testing.F.
func (t *target) plan(s *sources) (*plan, error) {
	p := &plan{files: map[string][]byte{}, folder: filepath.Join(s.Dir, "libfuzzer_program")}
	add := func(names []string, to string) (found bool, err error) {
		for _, name := range names {
			from := filepath.Join(s.Dir, name)
			text, err := os.ReadFile(from)
			if err != nil {
				return false, err
			}
			text, has := rewrite(text, t.function)
			p.files[filepath.Join(to, strings.TrimSuffix(name, "_test.go")+suffix)] = text
			found = found || has
		}
		return found, nil
	}
	importPath := s.ImportPath
	found, err := add(s.TestGoFiles, s.Dir)
	if err == nil && !found {
		importPath += "/libfuzzer_tests"
		found, err = add(s.XTestGoFiles, filepath.Join(s.Dir, "libfuzzer_tests"))
	}
	if err == nil && !found {
		err = fmt.Errorf("%s has no %s", t.pkg, t.function)
	}
	if err != nil {
		return nil, err
	}
	p.program = fmt.Appendf(nil, "package main\n\nimport (\n\t%q\n\ttarget %q\n)\n\n"+
		"func init() {\n\tlibfuzzer.Target = func() { libfuzzer.Start(%q, target.%s) }\n}\n\nfunc main() {}\n",
		libraryPath, importPath, t.function, t.function)
	return p, nil
}

var (
	parameter     = regexp.MustCompile(`\*testing\.F\b`)
	packageClause = regexp.MustCompile(`(?m)^package \w+$`)
)

// rewrite returns a test file in which libfuzzer.F takes the place of testing.F, and
// whether the file has the target.
func rewrite(text []byte, function string) (out []byte, found bool) {
	if !parameter.Match(text) {
		return text, false
	}
	at := packageClause.FindIndex(text)
	if at == nil {
		return text, false
	}
	var b bytes.Buffer
	b.Write(text[:at[1]])
	fmt.Fprintf(&b, "; import libfuzzer %q", libraryPath)
	b.Write(parameter.ReplaceAll(text[at[1]:], []byte("*libfuzzer.F")))
	if !bytes.Contains(parameter.ReplaceAll(text, nil), []byte("testing.")) {
		b.WriteString("\nvar _ testing.TB\n")
	}
	return b.Bytes(), bytes.Contains(text, []byte("\nfunc "+function+"(f *testing.F)"))
}

// instrumented has the packages whose coverage guides libFuzzer: all packages of this module, and
// the YAML reader. Instrumenting the standard library too would make the search much slower and
// less focused.
var instrumented = []string{module + "/...", "go.yaml.in/..."}

// A builder builds programs.
type builder struct {
	out, temp string
	cxx       []string // linker command
}

// newBuilder returns a builder that writes to a folder.
func newBuilder(out, temp string) *builder {
	cxx := []string{cmp.Or(os.Getenv("CXX"), "clang++")}
	cxx = append(cxx, strings.Fields(cmp.Or(os.Getenv("CXXFLAGS"), "-fsanitize=address"))...)
	cxx = append(cxx, strings.Fields(cmp.Or(os.Getenv("LIB_FUZZING_ENGINE"), "-fsanitize=fuzzer"))...)
	return &builder{out: out, temp: temp, cxx: cxx}
}

// run runs a command. If the command fails, its output is part of the error.
func run(folder string, env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), env...)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %v\n%s", filepath.Base(name), err, output)
	}
	return nil
}

// build builds the program of a target, its seeds and its dictionary.
func (b *builder) build(t *target) error {
	s, err := list(t.pkg)
	if err != nil {
		return err
	}
	p, err := t.plan(s)
	if err != nil {
		return err
	}
	name := t.name()
	p.files[filepath.Join(p.folder, "main.go")] = p.program
	replace := map[string]string{}
	for path, text := range p.files {
		copied := filepath.Join(b.temp, fmt.Sprintf("%s_%d.go", name, len(replace)))
		if err := os.WriteFile(copied, text, 0o644); err != nil {
			return err
		}
		replace[path] = copied
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	overlayFile, archive := filepath.Join(b.temp, name+".json"), filepath.Join(b.temp, name+".a")
	if err := os.WriteFile(overlayFile, overlay, 0o644); err != nil {
		return err
	}
	args := []string{"build", "-buildmode=c-archive", "-tags=libfuzzer", "-trimpath", "-buildvcs=false", "-overlay", overlayFile}
	for _, pkg := range instrumented {
		args = append(args, "-gcflags="+pkg+"=-d=libfuzzer")
	}
	args = append(args, "-gcflags="+libraryPath+"=")
	env := []string{"CGO_ENABLED=1", "CC=" + cmp.Or(os.Getenv("CC"), "clang")}
	if err := run("", env, "go", append(args, "-o", archive, p.folder)...); err != nil {
		return err
	}
	binary := filepath.Join(b.out, name)
	if err := run("", nil, b.cxx[0], append(b.cxx[1:], archive, "-o", binary)...); err != nil {
		return err
	}
	if err := os.Remove(archive); err != nil {
		return err
	}
	// Some targets find the files of their seeds relative to their own folder.
	seeds := binary + "_seed_corpus.zip"
	if err := run(s.Dir, []string{libfuzzer.SeedsVariable + "=" + seeds}, binary); err != nil {
		return fmt.Errorf("the seeds: %v", err)
	}
	if t.pkg == "./fuzz" {
		return os.WriteFile(binary+".dict", dictionary, 0o644)
	}
	return nil
}

// A state is the progress that libFuzzer prints.
type state struct{ runs, edges, features int }

// status matches a line of libFuzzer, such as "#2 INITED cov: 5 ft: 6 corp: 1/1b".
var status = regexp.MustCompile(`(?m)^#(\d+)\s+[A-Za-z]+ +cov: (\d+) ft: (\d+) `)

// fuzz runs a program on a folder of inputs and returns its last state.
func (b *builder) fuzz(name, folder string, args ...string) (state, error) {
	artifacts := filepath.Join(b.temp, "artifacts") + string(filepath.Separator)
	if err := os.MkdirAll(artifacts, 0o755); err != nil {
		return state{}, err
	}
	cmd := exec.Command(filepath.Join(b.out, name), append(args, "-artifact_prefix="+artifacts, folder)...)
	cmd.Dir = b.temp // the files of the repository must not be needed
	output, err := cmd.CombinedOutput()
	if err != nil {
		return state{}, fmt.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, output)
	}
	reached, ok := lastState(output)
	if !ok {
		return state{}, fmt.Errorf("%s prints no coverage:\n%s", name, output)
	}
	return reached, nil
}

// lastState returns the last state in the output of libFuzzer.
func lastState(output []byte) (state, bool) {
	lines := status.FindAllSubmatch(output, -1)
	if len(lines) == 0 {
		return state{}, false
	}
	var n [3]int
	for i, digits := range lines[len(lines)-1][1:] {
		n[i], _ = strconv.Atoi(string(digits)) // the expression matches only digits
	}
	return state{n[0], n[1], n[2]}, true
}

// unpack writes the entries of an archive to a folder and returns their number.
func unpack(archive, folder string) (int, error) {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return 0, err
	}
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return 0, err
		}
		data, err := io.ReadAll(r)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, filepath.Base(f.Name)), data, 0o644)
		}
		if err != nil {
			return 0, err
		}
	}
	return len(z.File), nil
}

// smoke runs the program of a target without seeds, on its seeds, which must reach more code,
// and then for some time.
func (b *builder) smoke(t *target, long time.Duration) error {
	name := t.name()
	nothing, seeds := filepath.Join(b.temp, name+"-nothing"), filepath.Join(b.temp, name+"-seeds")
	if err := errors.Join(os.Mkdir(nothing, 0o755), os.Mkdir(seeds, 0o755)); err != nil {
		return err
	}
	n, err := unpack(filepath.Join(b.out, name+"_seed_corpus.zip"), seeds)
	if err != nil {
		return err
	}
	empty, err := b.fuzz(name, nothing, "-runs=0")
	if err != nil {
		return err
	}
	seeded, err := b.fuzz(name, seeds, "-runs=0")
	if err != nil {
		return err
	}
	if seeded.runs < n || seeded.features <= empty.features {
		return fmt.Errorf("%s: %d seeds in %d runs reach %d features; no seeds reach %d (want more with seeds)", name, n, seeded.runs, seeded.features, empty.features)
	}
	after, err := b.fuzz(name, seeds, fmt.Sprintf("-max_total_time=%d", int(long.Seconds())))
	if err != nil {
		return err
	}
	fmt.Printf("%-32s %6d %8d %8d %8d %8d %8d\n", name, n, empty.edges, seeded.edges, after.edges, after.features, after.runs)
	return nil
}

func main() {
	listed := flag.Bool("list", false, "list the targets that are built")
	out := flag.String("o", "", "build to this `folder`")
	long := flag.Duration("smoke", 0, "run each program for this `duration`")
	flag.Parse()
	if err := do(*listed, *out, *long, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "libfuzzer:", err)
		os.Exit(1)
	}
}

func do(listed bool, out string, long time.Duration, names []string) error {
	if listed {
		return writeList(os.Stdout)
	}
	if out == "" {
		return errors.New("found neither -list nor -o (want one of them)")
	}
	if 0 < long && long < time.Second {
		return fmt.Errorf("found -smoke %v (want at least 1s)", long)
	}
	for _, name := range names {
		if !slices.ContainsFunc(targets, func(t target) bool { return t.not == "" && t.name() == name }) {
			return fmt.Errorf("unknown target %q; list the targets with -list", name)
		}
	}
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "libfuzzer")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	b := newBuilder(out, temp)
	var errs []error
	if long > 0 {
		fmt.Printf("%-32s %6s %8s %8s %8s %8s %8s\n", "program", "seeds", "nothing", "on seeds", "after", "features", "runs")
	}
	for i := range targets {
		t := &targets[i]
		if t.not != "" || len(names) > 0 && !slices.Contains(names, t.name()) {
			continue
		}
		err := b.build(t)
		if err == nil && long > 0 {
			err = b.smoke(t, long)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %v", t.pkg, t.function, err))
		}
	}
	return errors.Join(errs...)
}
