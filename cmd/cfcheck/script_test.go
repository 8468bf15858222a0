package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/corpus/conform"
	"github.com/cfcheck/cfcheck/facts"
	"github.com/cfcheck/cfcheck/internal/evtxtest"
	"github.com/cfcheck/cfcheck/internal/longtest"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate/file"
)

var (
	update    = flag.Bool("update", false, "write the files, scripts and pages that the tests compare with")
	processes = flag.Bool("processes", false, "run each command of a script in a process of its own")
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(interrupted); folder != "" {
		waitToBeInterrupted(folder)
	}
	testscript.Main(m, map[string]func(){"cfcheck": main})
}

// TestScripts runs the scripts in testdata/script. Besides testscript's own
// commands they have these:
//
//	exits STATUS COMMAND...   runs a command, and demands that exit status. Without -processes
//	                          it runs cfcheck in the process of the test
//	corpus PATH...            copies files or folders of the corpus to ./corpus
//	json SCHEMA FILE          holds a file, or stdout, against a published schema
//	small N FINDINGS FOLDER   writes so many small channel files, of workload.Small
//	filenames FOLDER NAME...  demands that a folder has these files and no others
//	hostile KIND COUNT FOLDER  writes channel files that cost far more than their size
//
// The condition [long] is true with -long.
//
//	sha256 VARIABLE FILE      sets a variable to the SHA-256 of a file
//	append FILE LINE...       adds lines to a file
func TestScripts(t *testing.T) {
	dir, err := filepath.Abs("testdata/script") // a command changes the current folder
	if err != nil {
		t.Fatal(err)
	}
	inherited := map[string]string{}
	for _, name := range []string{"PATH", "GOCOVERDIR", "GORACE"} {
		inherited[name] = os.Getenv(name)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"corpus":    copyCorpus,
			"eventlog":  writeEventLog,
			"json":      validJSON,
			"filenames": fileNames,
			"small":     writeSmall,
			"hostile":   writeHostile,
			"sha256":    setDigest,
			"append":    appendLines,
		},
		Condition: func(name string) (bool, error) {
			if name != "long" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return longtest.Enabled(), nil
		},
		Setup: func(env *testscript.Env) error {
			// testscript takes these from this process, where another script may have changed them
			// or has, for a moment, removed them.
			for name, value := range inherited {
				if value != "" {
					env.Setenv(name, value)
				}
			}
			env.Setenv(fleetVariable, "")
			env.Setenv("SOURCE_DATE_EPOCH", "")
			var names []string
			for _, v := range env.Vars {
				name, _, _ := strings.Cut(v, "=")
				names = append(names, name)
			}
			env.Values[variables{}] = names
			return nil
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits status command...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var have int
	if args[1] == "cfcheck" && !*processes && !slices.ContainsFunc(args[2:], namesStandardStream) {
		have = runHere(ts, args[2:])
	} else {
		err := ts.Exec(args[1], args[2:]...)
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			have = exit.ExitCode()
		} else {
			ts.Check(err)
		}
	}
	if have != want {
		ts.Fatalf("exit status %d, expected %d", have, want)
	}
}

// namesStandardStream reports whether an argument can lead to a standard stream, which a command
// in the process of the test does not have for itself.
func namesStandardStream(arg string) bool {
	return arg == "-" || strings.Contains(arg, "/dev/") || strings.Contains(arg, "/proc/")
}

// variables is the key of the names of the variables that each script begins with.
type variables struct{}

// oneAtATime is held by the script that has the current folder and the environment of the process.
var oneAtATime sync.Mutex

// runHere runs cfcheck in this process, in the folder and the environment of a script, and
// returns its exit status. To start a process takes five times as long as most commands.
func runHere(ts *testscript.TestScript, args []string) int {
	oneAtATime.Lock()
	defer oneAtATime.Unlock()
	before, err := os.Getwd()
	ts.Check(err)
	outside := os.Environ()
	defer func() {
		setEnvironment(outside)
		ts.Check(os.Chdir(before))
	}()
	here := ts.MkAbs(".")
	inside := []string{"PWD=" + here}
	for _, name := range append(variablesOf(ts), ts.Value(variables{}).([]string)...) {
		if name != "PWD" {
			inside = append(inside, name+"="+ts.Getenv(name))
		}
	}
	setEnvironment(inside)
	ts.Check(os.Chdir(here))
	return run(args, strings.NewReader(""), ts.Stdout(), ts.Stderr())
}

func setEnvironment(list []string) {
	os.Clearenv()
	for _, v := range list {
		name, value, _ := strings.Cut(v, "=")
		os.Setenv(name, value)
	}
}

var setsVariable = regexp.MustCompile(`(?m)^(?:\[.*\] *)?env '?(\w+)=`)

// variablesOf returns the names of the variables that a script sets.
func variablesOf(ts *testscript.TestScript) []string {
	text, err := os.ReadFile(filepath.Join("testdata/script", ts.Name()+".txtar"))
	ts.Check(err)
	var names []string
	for _, m := range setsVariable.FindAllSubmatch(text, -1) {
		names = append(names, string(m[1]))
	}
	return names
}

func copyCorpus(ts *testscript.TestScript, _ bool, args []string) {
	for _, arg := range args {
		ts.Check(copyTree(ts.MkAbs("corpus"), corpus.FS, arg))
	}
}

// writeEventLog writes an event log of Windows with one event of a pipe, which is record 7.
func writeEventLog(ts *testscript.TestScript, _ bool, args []string) {
	log := evtxtest.Log(evtxtest.Event{
		Record: 7, EventID: 17, Channel: "Microsoft-Windows-Sysmon/Operational", Provider: "Microsoft-Windows-Sysmon", Computer: "h",
		Data: []evtxtest.Field{{Name: "PipeName", Value: `\demo`}, {Name: "Image", Value: `C:\a.exe`}},
	})
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), log, 0o644))
}

// copyTree copies a file, or a folder with all that is in it, to the same path
// below another folder.
func copyTree(to string, from fs.FS, path string) error {
	return fs.WalkDir(from, path, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, path)
		if err != nil {
			return err
		}
		name := filepath.Join(to, filepath.FromSlash(path))
		return errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, data, 0o644))
	})
}

// schemas are those that are published, by name.
func schema(ts *testscript.TestScript, name string) *jsonschema.Schema {
	from := sensor.Schemas
	switch name {
	case "report", "overview", "cost", "coverage", "diff", "backtest", "fleet-page", "plan", "tests", "replay", "explanation":
		from = report.Schemas
	case "facts":
		from = facts.Schemas
	case "conformance":
		from = conform.Schemas
	case "manifest":
		from = file.Schemas
	}
	data, err := from.ReadFile("schema/" + name + ".json")
	ts.Check(err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	ts.Check(err)
	c := jsonschema.NewCompiler()
	const address = "file:///schema.json" // a name alone depends on the current folder
	ts.Check(c.AddResource(address, doc))
	s, err := c.Compile(address)
	ts.Check(err)
	return s
}

func validJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: json schema file")
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(args[1])))
	ts.Check(err)
	ts.Check(schema(ts, args[0]).Validate(doc))
}

func writeSmall(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: small n findings folder")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	findings, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(workload.WriteSmall(ts.MkAbs(args[2]), n, findings))
}

func setDigest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sha256 variable file")
	}
	ts.Setenv(args[0], digestOf([]byte(ts.ReadFile(args[1]))))
}

func appendLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: append file line...")
	}
	text := ts.ReadFile(args[0]) + strings.Join(args[1:], "\n") + "\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

func fileNames(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: filenames folder name...")
	}
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	var have []string
	for _, e := range entries {
		have = append(have, e.Name())
	}
	if strings.Join(have, " ") != strings.Join(args[1:], " ") {
		ts.Fatalf("%s has %q, expected %q", args[0], have, args[1:])
	}
}
