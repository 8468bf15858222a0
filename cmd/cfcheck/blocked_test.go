package main

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// allEdits makes TestBlockedStaysBlocked try every edit rather than a sample.
var allEdits = flag.Bool("all-edits", false, "try every edit of every blocked run, and every set of faults of rules")

// A world is all that a run of the command depends on.
type world struct {
	args  []string
	files map[string]string // content by path
	links map[string]string // target by path
}

func (w *world) clone() *world {
	return &world{slices.Clone(w.args), maps.Clone(w.files), maps.Clone(w.links)}
}

// A blockedRun is a run that must not end with status 0.
type blockedRun struct {
	name  string
	world world
	// repair makes the run acceptable. It shows that the run is blocked for the
	// reason that its name gives, and for no other.
	repair func(*world)
}

// The parts of the runs.
const (
	pipeRule = `title: Demo pipe
id: 3f0d0000-0000-4000-8000-00000000000a
logsource:
  product: windows
  category: pipe_created
detection:
  pipe:
    PipeName|startswith: '\demo-'
  condition: pipe
`
	userRule = `title: Demo pipe of an administrator
id: 3f0d0000-0000-4000-8000-00000000000b
logsource:
  product: windows
  category: pipe_created
detection:
  pipe:
    PipeName|startswith: '\demo-'
    User|endswith: '\Administrator'
  condition: pipe
`
	clientRule = `title: Demo client at the other end of a pipe
id: 3f0d0000-0000-4000-8000-00000000000c
logsource:
  product: windows
  category: pipe_created
detection:
  pipe:
    ClientImage|endswith: '\demo-client.exe'
  condition: pipe
`
	evilEvent   = `{"EventID":17,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","Computer":"ws1","EventData":{"EventType":"CreatePipe","PipeName":"\\demo-1","Image":"C:\\demo.exe","User":"x"}}` + "\n"
	otherEvent  = `{"EventID":17,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","Computer":"ws1","EventData":{"EventType":"CreatePipe","PipeName":"\\other","Image":"C:\\other.exe","User":"x"}}` + "\n"
	customTypes = `{
  "schema": "cfcheck.definitions/v0",
  "definitions": [
    {
      "name": "dns", "number": 2000, "version": 1, "channel": 2000, "title": "queries",
      "inputs": [
        {"name": "QueryName", "type": "string", "maxLength": 255},
        {"name": "QueryType", "type": "integer"},
        {"name": "Answer", "type": "address"}
      ]
    }
  ]
}
`
	dnsReader   = `{"evidence": "extracted", "access": "positional", "formats": ["1.0"], "operators": ["exists", "equals", "integer equals", "address range"], "refusesUnknownVersions": true}`
	dnsInputs   = `{"name": "QueryName", "type": "string", "maxLength": 255}, {"name": "QueryType", "type": "integer"}`
	customFleet = `{
  "schema": "cfcheck.fleet/v0",
  "name": "demo",
  "builds": [
    {
      "build": "4.2", "hosts": 30000,
      "reader": ` + dnsReader + `,
      "supply": [
        {"type": "dns", "version": 1, "evidence": "extracted", "inputs": [
          ` + dnsInputs + `
        ]}
      ]
    },
    {
      "build": "4.3", "hosts": 70000,
      "reader": ` + dnsReader + `,
      "supply": [
        {"type": "dns", "version": 1, "evidence": "extracted", "inputs": [
          ` + dnsInputs + `,
          {"name": "Answer", "type": "address"}
        ]}
      ]
    }
  ]
}
`
	// namedFleet has a build that never gets one of the inputs.
	namedFleet = `{
  "schema": "cfcheck.fleet/v0",
  "name": "pipes",
  "builds": [
    {
      "build": "laptops", "hosts": 200,
      "reader": {"evidence": "stated", "access": "named", "formats": ["1.0"], "operators": ["exists", "equals", "prefix", "suffix", "contains", "pattern"]},
      "supply": [
        {"type": "ipc", "version": 1, "feed": "sysmon", "evidence": "stated", "inputs": [
          {"name": "PipeName", "type": "string", "maxLength": 1024},
          {"name": "Image", "type": "string", "maxLength": 32768},
          {"name": "User", "type": "string", "state": "not supplied", "maxLength": 1024}
        ]}
      ]
    }
  ]
}
`
	customNeeds = `{
  "schema": "cfcheck.needs/v0",
  "channel": 2000, "revision": 7, "type": 2000, "typeVersion": 1, "format": "1.0",
  "inputsDeclared": 3, "inputsRead": 3,
  "inputs": [{"index": 0, "instances": 1, "criteria": 1, "coefficient": 1}, {"index": 2, "instances": 1, "criteria": 1, "coefficient": 0}],
  "operators": [{"operator": "equals", "instances": 1, "criteria": 1}, {"operator": "address range", "instances": 1, "criteria": 1}],
  "sizes": {"fileSize": 900, "instances": 1, "criteria": 2, "wordsPerInstance": 4, "operandsPerCriterion": 2, "valueLength": 60, "stack": 4},
  "steps": {"constant": 100}, "memory": 1008
}
`
)

// supplyAll replaces the build that lacks an input.
func supplyAll(w *world) {
	w.files["fleet.json"] = strings.Replace(w.files["fleet.json"], `{"name": "QueryType", "type": "integer"}
        ]}`, `{"name": "QueryType", "type": "integer"}, {"name": "Answer", "type": "address"}
        ]}`, 1)
}

// blockedRuns are where edits start from.
func blockedRuns(t testing.TB) []blockedRun {
	var july, march string
	for _, c := range corpus.Cases() {
		switch c.Name {
		case "291-july-first-use":
			july = string(c.Data)
		case "minimal":
			march = string(c.Data)
		}
	}
	if july == "" || march == "" {
		t.Fatal("the corpus has no case of July 2024, or no minimal file")
	}
	f, _ := builtin.Fleet("291")
	doc, err := f.JSON()
	if err != nil {
		t.Fatal(err)
	}
	fleet291 := string(doc)
	with := func(files ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(files); i += 2 {
			m[files[i]] = files[i+1]
		}
		return m
	}
	const julyName, marchName = "C-00000291-00000001-00000032.cf", "C-00000291-00000001-00000001.cf"
	reference := func(w *world) { replaceArg(w, "291", "reference") }
	return []blockedRun{
		{"the file of July 2024 for the fleet of then", world{args: []string{"check", "--fleet", "291", "--", julyName}, files: with(julyName, july)}, reference},
		{"the same, with the fleet in a file", world{args: []string{"check", "--fleet", "fleet.json", "--", julyName}, files: with(julyName, july, "fleet.json", fleet291)},
			func(w *world) { replaceArg(w, "fleet.json", "reference") }},
		{"the same, in a folder with a good file", world{args: []string{"check", "--fleet", "fleet.json", "out"}, files: with("out/"+julyName, july, "out/"+marchName, march, "fleet.json", fleet291)},
			func(w *world) { replaceArg(w, "fleet.json", "reference") }},
		{"rules that read the input which is not supplied", world{args: []string{"check", "--fleet", "fleet.json", "rules"}, files: with("rules/a.yml", pipeRule, "rules/b.yml", clientRule, "fleet.json", fleet291)},
			func(w *world) { replaceArg(w, "fleet.json", "reference") }},
		{"needs that a build does not supply", world{args: []string{"check", "--types", "types.json", "--fleet", "fleet.json", "--needs", "needs.json"}, files: with("types.json", customTypes, "fleet.json", customFleet, "needs.json", customNeeds)},
			supplyAll},
		{"a type that declares more than a build supplies", world{args: []string{"contract", "check", "--types", "types.json", "--fleet", "fleet.json"}, files: with("types.json", customTypes, "fleet.json", customFleet)},
			supplyAll},
		{"a test of each input of that type", world{args: []string{"contract", "test", "--types", "types.json", "--fleet", "fleet.json", "--type", "dns"}, files: with("types.json", customTypes, "fleet.json", customFleet)},
			supplyAll},
		{"no fleet", world{args: []string{"check", "--", marchName}, files: with(marchName, march)},
			func(w *world) { w.args = []string{"check", "--fleet", "reference", "--", marchName} }},
		{"a file that is damaged", world{args: []string{"check", "--fleet", "reference", marchName}, files: with(marchName, march[:len(march)-1]+"\x01")},
			func(w *world) { w.files[marchName] = march }},
		{"a rule that is blind on laptops, where warnings block", world{args: []string{"check", "--fail-on", "warning", "--fleet", "fleet.json", "rules"}, files: with("rules/a.yml", pipeRule, "rules/b.yml", userRule, "fleet.json", namedFleet)},
			func(w *world) { delete(w.files, "rules/b.yml") }},
		{"a rule with a field that the type does not have", world{args: []string{"check", "--fleet", "reference", "rules"}, files: with("rules/a.yml", pipeRule, "rules/b.yml", strings.Replace(userRule, "User|", "Owner|", 1))},
			func(w *world) { delete(w.files, "rules/b.yml") }},
		{"a rule of a logsource that cannot be expressed", world{args: []string{"check", "--fleet", "reference", "rules"}, files: with("rules/a.yml", pipeRule, "rules/b.yml", strings.Replace(pipeRule, "windows", "linux", 1))},
			func(w *world) { delete(w.files, "rules/b.yml") }},
		{"a misspelt logsource among rules that may be left out", world{args: []string{"check", "--allow-unsupported", "--fleet", "reference", "rules"}, files: with("rules/a.yml", pipeRule, "rules/b.yml", strings.Replace(pipeRule, "category: pipe_created", "category: pipe_craeted", 1))},
			func(w *world) { delete(w.files, "rules/b.yml") }},
		{"a rule that matches what may never match", world{args: []string{"check", "--fleet", "reference", "--never-match", "events.ndjson", "--", "a.yml"}, files: with("a.yml", pipeRule, "events.ndjson", evilEvent)},
			func(w *world) { w.files["events.ndjson"] = otherEvent }},
		{"a rule that matches too many good events", world{args: []string{"check", "--fleet", "reference", "--known-good", "events.ndjson", "--known-good-matches", "1", "--", "a.yml"}, files: with("a.yml", pipeRule, "events.ndjson", evilEvent+evilEvent+otherEvent)},
			func(w *world) { w.files["events.ndjson"] = evilEvent + otherEvent }},
		{"a build of rules of which one is at fault", world{args: []string{"build", "-o", "out", "rules"}, files: with("rules/a.yml", pipeRule, "rules/b.yml", strings.Replace(userRule, "User|", "Owner|", 1))},
			func(w *world) { delete(w.files, "rules/b.yml") }},
		{"a placeholder without a value", world{args: []string{"check", "--fleet", "reference", "--placeholders", "values.yml", "a.yml"},
			files: with("a.yml", strings.Replace(pipeRule, `PipeName|startswith: '\demo-'`, `PipeName|expand: '%pipes%'`, 1), "values.yml", "others: ['x']\n")},
			func(w *world) { w.files["values.yml"] = "pipes: ['x']\n" }},
	}
}

func replaceArg(w *world, old, new string) {
	for i, a := range w.args {
		if a == old {
			w.args[i] = new
		}
	}
}

// An edit is one change of a world, of the kind that a person makes by mistake
// or a hostile one on purpose. Some edits put a letter somewhere.
type edit struct {
	what  string
	apply func(w *world, letter byte)
}

// editsOf returns every place of a run where something can be changed.
func editsOf(w *world) []edit {
	var list []edit
	add := func(what string, apply func(w *world, letter byte)) { list = append(list, edit{what, apply}) }
	for i, arg := range w.args {
		if i == 0 || arg == "--" || w.args[0] == "contract" && i == 1 {
			continue
		}
		isFlag, isValue := strings.HasPrefix(arg, "-"), strings.HasPrefix(w.args[i-1], "--") && w.args[i-1] != "--" && w.args[i-1] != "--allow-unsupported" || w.args[i-1] == "-o"
		for at := range len(arg) {
			if strings.Trim(arg, "0123456789") == "" {
				break // another number is another limit, not a misspelt one
			}
			add(fmt.Sprintf("change byte %d of the argument %q", at, arg), func(w *world, letter byte) { w.args[i] = changed(w.args[i], at, letter) })
		}
		add(fmt.Sprintf("empty the argument %q", arg), func(w *world, _ byte) { w.args[i] = "" })
		add(fmt.Sprintf("repeat the argument %q", arg), func(w *world, _ byte) { w.args = slices.Insert(w.args, i, arg) })
		switch {
		case isFlag && i+1 < len(w.args):
			value := w.args[i+1]
			add(fmt.Sprintf("repeat %s %s", arg, value), func(w *world, _ byte) { w.args = slices.Insert(w.args, i, arg, value) })
			add(fmt.Sprintf("repeat %s with another value before it", arg), func(w *world, _ byte) { w.args = slices.Insert(w.args, i, arg, otherValue(arg)) })
			add(fmt.Sprintf("repeat %s with another value after it", arg), func(w *world, _ byte) {
				w.args = slices.Insert(w.args, i+2, arg, otherValue(arg))
			})
			add(fmt.Sprintf("repeat %s= with another value", arg), func(w *world, _ byte) {
				w.args = slices.Insert(w.args, i, arg+"="+otherValue(arg))
			})
			add(fmt.Sprintf("empty %s=", arg), func(w *world, _ byte) { w.args = slices.Replace(w.args, i, i+2, arg+"=") })
		case !isFlag && !isValue:
			for _, name := range []string{"--help", "-h", "--allow-empty", "--allow-unsupported", "--fleet=reference", "--fail-on=error", "--max-steps=1", "--known-good-matches=9", "--version", "-v"} {
				add(fmt.Sprintf("a file %s before %s, as a pattern of the shell gives it", name, arg), func(w *world, _ byte) {
					w.files[name] = "x"
					w.args = slices.DeleteFunc(w.args, func(a string) bool { return a == "--" })
					w.args = slices.Insert(w.args, slices.Index(w.args, arg), name)
				})
			}
			add(fmt.Sprintf("a link to %s instead of it", arg), func(w *world, _ byte) {
				w.links["link"+filepath.Ext(arg)] = arg
				w.args[i] = "link" + filepath.Ext(arg)
			})
			add(fmt.Sprintf("a link to %s beside it", arg), func(w *world, _ byte) {
				w.links["link"+filepath.Ext(arg)] = arg
				w.args = append(w.args, "link"+filepath.Ext(arg))
			})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.files)) {
		for _, span := range spans(name, w.files[name]) {
			for at := span[0]; at < span[1]; at++ {
				line := 1 + strings.Count(w.files[name][:at], "\n")
				add(fmt.Sprintf("change byte %d of %q in line %d of %s", at-span[0], w.files[name][span[0]:span[1]], line, name),
					func(w *world, letter byte) { w.files[name] = changed(w.files[name], at, letter) })
			}
		}
		base, ext := strings.TrimSuffix(name, filepath.Ext(name)), filepath.Ext(name)
		for _, to := range []string{base + "2" + ext, base + strings.ToUpper(ext), base + ext + ".bak", filepath.Dir(name) + "/." + filepath.Base(name), base, base + ".txt"} {
			to = filepath.Clean(to)
			if to == name {
				continue
			}
			add(fmt.Sprintf("rename %s to %s", name, to), func(w *world, _ byte) { w.files[to] = w.files[name]; delete(w.files, name) })
			add(fmt.Sprintf("rename %s to %s, and name it so", name, to), func(w *world, _ byte) {
				w.files[to] = w.files[name]
				delete(w.files, name)
				replaceArg(w, name, to)
			})
			add(fmt.Sprintf("copy %s to %s", name, to), func(w *world, _ byte) { w.files[to] = w.files[name] })
			add(fmt.Sprintf("move %s to %s and link it", name, to), func(w *world, _ byte) {
				w.files[to] = w.files[name]
				delete(w.files, name)
				w.links[name] = to
			})
		}
		add(fmt.Sprintf("empty %s", name), func(w *world, _ byte) { w.files[name] = "" })
	}
	return list
}

// otherValue returns a value with which a flag would accept more content.
func otherValue(name string) string {
	switch name {
	case "--fleet":
		return "reference"
	case "--fail-on":
		return "error"
	case "--known-good-matches":
		return "9"
	}
	return "other"
}

// changed returns s with the byte at a place changed: its case if the letter is
// 0, left out if it is 1, doubled if it is 2, else the letter in its place.
func changed(s string, at int, letter byte) string {
	c := s[at]
	switch letter {
	case 0:
		switch {
		case unicode.IsLower(rune(c)):
			c = byte(unicode.ToUpper(rune(c)))
		case unicode.IsUpper(rune(c)):
			c = byte(unicode.ToLower(rune(c)))
		case '0' <= c && c <= '9':
			c = '0' + (c-'0'+1)%10
		default:
			c = '_'
		}
	case 1:
		return s[:at] + s[at+1:]
	case 2:
		return s[:at] + string(c) + s[at:]
	default:
		c = letter
	}
	return s[:at] + string(c) + s[at+1:]
}

var (
	// In JSON: keys, and the values that name something or number a version.
	jsonNames = regexp.MustCompile(`"(\w+)":|"(?:schema|name|type|feed|build|access|state|Channel|Provider|evidence)": ?"([^"]*)"|"(?:version|typeVersion|type|number)": ?(\d+)`)
	// In YAML: keys, and the values of a logsource and of a condition.
	yamlNames = regexp.MustCompile(`(?m)^ *([\w|-]+):|^ *(?:product|category|service|condition): ([\w ]+)$`)
)

// spans returns the parts of a text that are names, versions, feeds and types.
func spans(name, text string) (list [][2]int) {
	pattern := jsonNames
	switch {
	case strings.HasSuffix(name, ".cf"):
		return nil // FuzzGate and the neighbours of the corpus change bytes of files
	case isRules(name):
		pattern = yamlNames
	}
	for _, m := range pattern.FindAllStringSubmatchIndex(text, -1) {
		for g := 2; g < len(m); g += 2 {
			if m[g] >= 0 {
				list = append(list, [2]int{m[g], m[g+1]})
			}
		}
	}
	return list
}

// harmless are the edits after which a run may be accepted, with the reason. A
// pattern is one of the name of a run, a slash, and the text of an edit. There
// are at most five.
var harmless = []struct{ pattern, reason string }{
	{`(a folder|rules|rule|logsource|build).*/(rename|move) rules/b\.yml to rules/(\.b\.yml|b|b\.txt|b\.yml\.bak)(, and name it so)?$`,
		"the file is no file of rules any more; it is counted and named as passed over, and blocks with --fail-on warning"},
}

// mayAccept returns the reason why an edit of a run may make it acceptable.
func mayAccept(r *blockedRun, e *edit) (reason string, ok bool) {
	for _, h := range harmless {
		if regexp.MustCompile(h.pattern).MatchString(r.name + "/" + e.what) {
			return h.reason, true
		}
	}
	return "", false
}

// statusOf runs the command in a folder that holds the files of a world.
func statusOf(t *testing.T, w *world) (status int, said string) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range w.files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Skipf("no such name: %v", err)
		}
		if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
			t.Skipf("no such name: %v", err)
		}
	}
	for name, target := range w.links {
		name = filepath.Join(dir, name)
		if !filepath.IsAbs(target) {
			target = filepath.Join(dir, target)
		}
		if err := os.Symlink(target, name); err != nil {
			t.Skipf("no such link: %v", err)
		}
	}
	t.Chdir(dir)
	var stdout, stderr bytes.Buffer
	status = run(w.args, strings.NewReader(""), &stdout, &stderr)
	return status, stdout.String() + stderr.String()
}

// TestBlockedRuns holds that each run where edits start from is blocked, and
// that it is accepted once the fault is repaired.
func TestBlockedRuns(t *testing.T) {
	for _, r := range blockedRuns(t) {
		t.Run(r.name, func(t *testing.T) {
			if status, said := statusOf(t, &r.world); status == statusAccepted {
				t.Fatalf("accepted: %s", said)
			}
			repaired := r.world.clone()
			r.repair(repaired)
			if status, said := statusOf(t, repaired); status != statusAccepted {
				t.Errorf("repaired, and status %d: %s", status, said)
			}
		})
	}
	if len(harmless) > 5 {
		t.Errorf("%d kinds of edits may make a blocked run acceptable; at most five", len(harmless))
	}
	for _, h := range harmless {
		if h.reason == "" {
			t.Errorf("%s: no reason is given", h.pattern)
		}
	}
}

// stays holds that a blocked run is blocked after an edit.
func stays(t *testing.T, r *blockedRun, e *edit, letter byte) {
	t.Helper()
	w := r.world.clone()
	if w.links == nil {
		w.links = map[string]string{}
	}
	e.apply(w, letter)
	for _, a := range w.args {
		// An edited argument must not lead out of the folder of the test.
		if strings.Contains(a, "..") || filepath.IsAbs(a) || strings.Contains(a, "=/") {
			t.Skip("the fuzzed argument names a file outside the temporary folder, where a run could read or change files that are not the test's")
		}
	}
	for name := range w.files {
		if !fs.ValidPath(name) {
			t.Skip("the fuzzed name is not a path below the temporary folder, so the test cannot write such a file")
		}
	}
	if status, said := statusOf(t, w); status == statusAccepted {
		if _, ok := mayAccept(r, e); !ok {
			t.Errorf("%s: %s (letter %d): accepted\nargs %q\n%s", r.name, e.what, letter, w.args, said)
		}
	}
}

// TestBlockedStaysBlocked tries a sample of the edits, or with -all-edits every
// one in four ways. FuzzBlockedRun tries them with any letter.
func TestBlockedStaysBlocked(t *testing.T) {
	if testing.Short() {
		t.Skip("starts some hundred runs, too slow for -short; TestBlockedRuns starts the unedited ones, and the full tests and .ci/run the edited ones")
	}
	n, every := 0, 61
	if *allEdits {
		every = 1
	}
	for _, r := range blockedRuns(t) {
		for k, e := range editsOf(&r.world) {
			letters := []byte{0, 1, 2, 'x'}
			if !strings.HasPrefix(e.what, "change byte") {
				letters = letters[:1]
			}
			for _, letter := range letters {
				if n++; n%every == 0 {
					t.Run(fmt.Sprint(k, letter), func(t *testing.T) { stays(t, &r, &e, letter) })
				}
			}
		}
	}
	t.Logf("%d edits, of which one in %d was tried", n, every)
}

// FuzzBlockedRun changes one thing of a run that must be blocked: a letter, a
// case or a digit of a name, version, feed, type, flag or path; a flag given
// twice, emptied, or as the name of a file; a file copied, linked, renamed,
// emptied. It must stay blocked.
func FuzzBlockedRun(f *testing.F) {
	runs := blockedRuns(f)
	for i := range runs {
		for k := range uint16(4) {
			f.Add(uint8(i), k*97, byte(k))
		}
	}
	edits := make([][]edit, len(runs))
	for i := range runs {
		edits[i] = editsOf(&runs[i].world)
	}
	if testing.Short() {
		f.Skip("some dozens of runs of the command; TestBlockedRuns has those without an edit")
	}
	f.Fuzz(func(t *testing.T, run uint8, place uint16, letter byte) {
		i := int(run) % len(runs)
		if letter >= 3 && (letter < ' ' || letter >= 0x7F) {
			letter = ' ' + letter%('~'-' ')
		}
		stays(t, &runs[i], &edits[i][int(place)%len(edits[i])], letter)
	})
}
