package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/report"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// root is the folder of the repository. The tests change the folder that they
// are in, so it is absolute.
var root = func() string {
	dir, err := filepath.Abs(filepath.FromSlash("../.."))
	if err != nil {
		panic(err)
	}
	return dir
}()

// updateDocs is the command that writes the pages.
const updateDocs = "go test ./cmd/cfcheck -run Docs -update"

// TestDocsConsole runs the commands in the documentation and compares their output.
func TestDocsConsole(t *testing.T) {
	blocks := 0
	for _, page := range docPages(t) {
		if path.Dir(page) == "docs/checks" && page != "docs/checks/README.md" {
			continue // TestDocsChecks makes them
		}
		t.Run(page, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(root, page))
			if err != nil {
				t.Fatal(err)
			}
			want := string(data)
			blocks += len(console.FindAllString(want, -1))
			compare(t, page, newTerminal(t).page(want))
		})
	}
	if blocks < 4 {
		t.Errorf("%d blocks of console found; there were more, or this test no longer finds them", blocks)
	}
}

// TestDocsGo holds that the Go in the documentation is part of an example, which
// is compiled and run: of a file example*_test.go, or of a command in docs/examples.
func TestDocsGo(t *testing.T) {
	var examples strings.Builder
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		ok, _ := path.Match("example*_test.go", d.Name())
		command, _ := filepath.Match(filepath.Join(root, "docs", "examples", "*", "main.go"), name)
		if err == nil && (ok || command) {
			var data []byte
			data, err = os.ReadFile(name)
			examples.WriteString(withoutIndent(string(data)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?ms)^```go\n(.*?)^```$")
	n := 0
	for _, page := range docPages(t) {
		data, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range block.FindAllStringSubmatch(string(data), -1) {
			n++
			if !strings.Contains(examples.String(), withoutIndent(m[1])) {
				t.Errorf("%s: this is part of no file example*_test.go, and of no docs/examples/*/main.go:\n%s", page, m[1])
			}
		}
	}
	if n == 0 {
		t.Error("no Go found in the documentation")
	}
}

var indentation = regexp.MustCompile(`(?m)^\s+`)

func withoutIndent(s string) string { return indentation.ReplaceAllString(s, "") }

// docPages are the pages of the documentation, with slashes.
func docPages(t *testing.T) []string {
	t.Helper()
	list := []string{"README.md", "channelfile/FORMAT.md"}
	err := fs.WalkDir(os.DirFS(root), "docs", func(p string, _ fs.DirEntry, err error) error {
		if path.Ext(p) == ".md" {
			list = append(list, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// compare compares a page with its expected text. With -update it writes the page.
func compare(t *testing.T, page, want string) {
	t.Helper()
	name := filepath.Join(root, filepath.FromSlash(page))
	have, err := os.ReadFile(name)
	if err == nil && string(have) == want {
		return
	}
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err != nil {
		t.Errorf("%v; %s writes it", err, updateDocs)
		return
	}
	t.Errorf("%s is not what it should be; %s writes it anew. -page +should be:\n%s", page, updateDocs, cmp.Diff(string(have), want))
}

// console finds a block of console.
var console = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")

// A terminal runs the commands of a page, in a folder with those files of the
// repository that the commands name.
type terminal struct {
	t      *testing.T
	status int
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv(fleetVariable, "")
	t.Setenv("SOURCE_DATE_EPOCH", "")
	return &terminal{t: t}
}

// page returns a page with the output of its commands.
func (term *terminal) page(text string) string {
	return console.ReplaceAllStringFunc(text, func(block string) string {
		var out strings.Builder
		out.WriteString("```console\n")
		for line := range strings.Lines(console.FindStringSubmatch(block)[1]) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				out.WriteString(line)
				term.command(&out, strings.TrimSuffix(command, "\n"))
			}
		}
		return out.String() + "```"
	})
}

// command runs a command, of the few that pages use.
func (term *terminal) command(out io.Writer, command string) {
	t := term.t
	t.Helper()
	messages := out // > does not redirect the standard error
	if line, name, ok := strings.Cut(command, " > "); ok {
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		command, out = line, f
	}
	args := strings.Fields(strings.ReplaceAll(command, "'", "")) // no argument has a space
	for _, arg := range args {
		arg, _, _ = strings.Cut(arg, "@sha256:") // the digest of a plan
		if strings.HasPrefix(arg, "corpus/") || strings.HasPrefix(arg, "docs/examples/") {
			if err := copyTree(".", os.DirFS(root), arg); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, isRun := strings.CutPrefix(command, "go run ./cmd/cfcheck ")
	switch {
	case args[0] == "cfcheck":
		term.status = run(args[1:], strings.NewReader(""), out, messages)
	case isRun:
		term.status = run(args[3:], strings.NewReader(""), out, messages)
		if term.status != statusAccepted {
			fmt.Fprintf(out, "exit status %d\n", term.status)
			term.status = 1
		}
	case command == "echo $?":
		fmt.Fprintln(out, term.status)
	case args[0] == "cat":
		for _, name := range args[1:] {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(out, "%s", data)
		}
	case args[0] == "cp" && len(args) == 3:
		data, err := os.ReadFile(args[1])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(args[2], filepath.Base(args[1])), data, 0o644); err != nil {
			t.Fatal(err)
		}
	case args[0] == "git":
		cmd := exec.Command("git", args[1:]...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "HOME=.", "GIT_DIR=.git",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		if said, err := cmd.CombinedOutput(); errors.Is(err, exec.ErrNotFound) {
			t.Skip("git is not installed, and the page shows a run that compares with a Git revision")
		} else if err != nil {
			t.Fatalf("$ %s: %v: %s", command, err, said)
		}
	case args[0] == "mkdir" && len(args) == 2:
		if err := os.Mkdir(args[1], 0o755); err != nil {
			t.Fatal(err)
		}
	case args[0] == "mkfifo" && len(args) == 2, args[0] == "truncate" && len(args) == 4:
		if runtime.GOOS == "windows" {
			t.Skipf("this system has no %s", args[0])
		}
		makeSpecial(t, args)
	default:
		t.Fatalf("$ %s: not a command that this test can run", command)
	}
}

// makeSpecial creates an input that the corpus cannot store.
func makeSpecial(t *testing.T, args []string) {
	t.Helper()
	if args[0] == "truncate" && args[1] == "-s" {
		size, err := strconv.ParseInt(args[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.WriteFile(args[3], nil, 0o644), os.Truncate(args[3], size)); err != nil {
			t.Fatal(err)
		}
		return
	}
	special := special(t, "fifo")
	made, err := special.Make(".")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(made, args[1]); err != nil {
		t.Fatal(err)
	}
}

func special(t *testing.T, name string) corpus.Special {
	t.Helper()
	i := slices.IndexFunc(corpus.Specials, func(s corpus.Special) bool { return s.Name == name })
	if i < 0 {
		t.Skipf("this system has no %s", name)
	}
	return corpus.Specials[i]
}

// An example is the example on the page of a check.
type example struct {
	text     string   // Markdown: fault and source of the example
	commands []string // the last one judges the example
}

const anyName = "C-00000291-00000001-00000001.cf"

// elsewhere are the examples of checks that no file of the corpus can fail.
var elsewhere = map[string]func(t *testing.T) example{
	"CF0001": func(t *testing.T) example {
		return example{special(t, "fifo").Why, []string{"mkfifo " + anyName, "cfcheck check --fleet reference " + anyName}}
	},
	"CF0002": func(t *testing.T) example {
		return example{special(t, "over-the-cap").Why, []string{
			fmt.Sprintf("truncate -s %d %s", corpus.MaxFileSize+1, anyName), "cfcheck check --fleet reference " + anyName,
		}}
	},
	"CF0007": func(*testing.T) example {
		return example{"[docs/examples/malformed.yml](../examples/malformed.yml): what stands in the condition is a typing error, and nobody can say what it was meant to be",
			[]string{"cfcheck check --fleet reference docs/examples/malformed.yml"}}
	},
	"CF0013": func(*testing.T) example {
		return example{"[docs/examples/unused-search.yml](../examples/unused-search.yml): the condition was to say \"selection and not filter\"",
			[]string{"cfcheck check --fleet reference docs/examples/unused-search.yml"}}
	},
	"CF0014": func(*testing.T) example {
		return example{"[docs/examples/metadata.yml](../examples/metadata.yml): the level is \"High\"",
			[]string{"cfcheck check --fleet reference docs/examples/metadata.yml"}}
	},
	"CF0015": func(*testing.T) example {
		return example{"[docs/examples/all-of-one.yml](../examples/all-of-one.yml): one of the two pipes is enough",
			[]string{"cfcheck check --fleet reference docs/examples/all-of-one.yml"}}
	},
	"CF8401": func(*testing.T) example {
		return example{"[docs/examples/sysmon/candidate.xml](../examples/sysmon/candidate.xml) logs the drivers of a list, and [shipped.xml](../examples/sysmon/shipped.xml) logged all",
			[]string{"cfcheck check --fleet corpus/fleets/sysmon-15-15.json --previous docs/examples/sysmon/shipped.xml --rules docs/examples/sysmon/driver.yml docs/examples/sysmon/candidate.xml"}}
	},
	"CF8018": func(*testing.T) example {
		return example{"a blob with too many records has 1.6 MB, so the corpus has none; this blob has two records",
			[]string{"cfcheck check --fleet corpus/fleets/sysmon-13-33.json corpus/sysmon/blob-whole/rules.bin"}}
	},
	"CF0008": func(*testing.T) example {
		return example{"a file of a later release was copied into the folder of another, whose manifest does not name it",
			[]string{
				"cfcheck build docs/examples/observed.yml -o out",
				"cfcheck build docs/examples/observed.yml -o later --revision 2",
				"cp later/C-00000291-00000001-00000002.cf out",
				"cfcheck check --fleet reference out",
			}}
	},
	"CF6010": func(*testing.T) example {
		return example{"[docs/examples/protected.yaml](../examples/protected.yaml) protects a rule, and [docs/examples/next](../examples/next/pipes.yml) has another condition for it",
			[]string{"cfcheck check --policy docs/examples/protected.yaml --previous docs/examples/rules docs/examples/next"}}
	},
	"CF6009": func(*testing.T) example {
		return example{"a build left the file of the last release in the folder",
			[]string{
				"cfcheck build docs/examples/observed.yml -o out",
				"cfcheck build docs/examples/observed.yml -o out --revision 2",
				"cfcheck check --fleet reference out",
			}}
	},
	"CF0009": func(*testing.T) example {
		return example{"a file of the set was replaced by one that was compiled from other rules",
			[]string{
				"cfcheck build docs/examples/rules -o out",
				"cfcheck build docs/examples/observed.yml -o other",
				"cp other/C-00000291-00000001-00000001.cf out",
				"cfcheck check --fleet reference out",
			}}
	},
	"CF2005": func(*testing.T) example {
		return example{"[docs/examples/unknown-field.yml](../examples/unknown-field.yml): the rule reads a field that the template type does not have",
			[]string{"cfcheck check --fleet reference docs/examples/unknown-field.yml"}}
	},
	// The checks that it requires find its faults first.
	"CF5001": func(*testing.T) example {
		return example{"of a type of which a build supplies less than is declared, each input is read, and the check is skipped for what [CF3001](CF3001.md) finds",
			[]string{"cfcheck contract test --type ipc --fleet 291"}}
	},
	"CF5002": func(*testing.T) example {
		return example{"[docs/examples/observed.yml](../examples/observed.yml) matches what the print service of every machine does, which [docs/examples/good.ndjson](../examples/good.ndjson) has recorded",
			[]string{"cfcheck check --fleet reference --never-match docs/examples/good.ndjson docs/examples/observed.yml"}}
	},
	"CF5003": func(*testing.T) example {
		return example{"[docs/examples/observed.yml](../examples/observed.yml) matches what the print service of every machine does, which [docs/examples/good.ndjson](../examples/good.ndjson) has recorded",
			[]string{"cfcheck check --fleet reference --known-good docs/examples/good.ndjson docs/examples/observed.yml"}}
	},
	"CF5004": func(*testing.T) example {
		return example{"[docs/examples/policy.yaml](../examples/policy.yaml) allows three instances, and [docs/examples/rules](../examples/rules/pipes.yml) has more",
			[]string{"cfcheck check --policy docs/examples/policy.yaml --fail-on error docs/examples/rules"}}
	},
	"CF5005": func(*testing.T) example {
		return example{"[docs/examples/observed.yml](../examples/observed.yml) matches what the print service of every machine does. [Its earlier form](../examples/earlier/observed.yml) did not, and the owner allows one match",
			[]string{"cfcheck check --fleet reference --known-good docs/examples/good.ndjson --known-good-matches 1 --previous docs/examples/earlier/observed.yml docs/examples/observed.yml"}}
	},
	"CF5006": func(*testing.T) example {
		return example{"[docs/examples/observed.yml](../examples/observed.yml) reads other users than [its earlier form](../examples/earlier/observed.yml), which matched [an attack](../examples/attack.ndjson)",
			[]string{"cfcheck check --fleet reference --known-bad docs/examples/attack.ndjson --previous docs/examples/earlier/observed.yml docs/examples/observed.yml"}}
	},
	"CF7001": func(*testing.T) example {
		return example{"[docs/examples/waived.yml](../examples/waived.yml) has two waivers, and one of them is for a check that protects the sensor",
			[]string{"cfcheck check --fleet reference --now 2026-12-01 docs/examples/waived.yml"}}
	},
	"CF7002": waiversExample("the third waiver of [docs/examples/waivers.yaml](../examples/waivers.yaml) has expired"),
	"CF7003": waiversExample("the second waiver of [docs/examples/waivers.yaml](../examples/waivers.yaml) names an input that the rule does not read"),
	"CF7005": func(*testing.T) example {
		return example{"a change replaces [docs/examples/protected.yaml](../examples/protected.yaml) by [another policy](../examples/later/protected.yaml), which waives a finding and protects nothing",
			[]string{
				"git init -q -b main",
				"git add docs/examples/protected.yaml docs/examples/rules",
				"git commit -q -m base",
				"cp docs/examples/later/protected.yaml docs/examples",
				"cfcheck check --previous-git main --policy=docs/examples/protected.yaml docs/examples/rules",
			}}
	},
	"CF7004": waiversExample("the last waiver of [docs/examples/waivers.yaml](../examples/waivers.yaml) is for a rule that was removed"),
}

// waiversExample returns the example of a check of waivers.
func waiversExample(why string) func(*testing.T) example {
	return func(*testing.T) example {
		return example{why, []string{"cfcheck check --verbose --policy docs/examples/waivers.yaml --now 2026-12-01 docs/examples/rules"}}
	}
}

// A near is an example that a check narrowly accepts.
type near struct {
	text     string   // Markdown, without the full stop
	commands []string // the last one ends with status 0, and with no finding of the check
}

// nearElsewhere are the near misses of checks that no file of the corpus can fail, and of some
// others.
var nearElsewhere = map[string]near{
	"CF0007": nearRule("malformed", "the same rule, and the condition is \"selection and not filter\""),
	"CF0008": {"the folder without the file of the later release", []string{
		"cfcheck build docs/examples/observed.yml -o out", "cfcheck check --fleet reference out",
	}},
	"CF0009": {"the set as it was built", []string{
		"cfcheck build docs/examples/rules -o out", "cfcheck check --fleet reference out",
	}},
	"CF0013": nearRule("unused-search", "the same rule, and the condition uses the filter"),
	"CF0014": nearRule("metadata", "the same rule with the level \"high\""),
	"CF0015": nearRule("all-of-one", "the same rule with the modifier \"all\", so both texts are necessary"),
	"CF2005": nearRule("unknown-field", "the same rule with a field that the template type has"),
	"CF5001": {"a build that supplies all inputs", []string{"cfcheck contract test --type ipc --fleet corpus/fleets/supplies-21.json"}},
	"CF5002": {"[docs/examples/rules](../examples/rules/pipes.yml), which do not match the recorded events", []string{
		"cfcheck check --fleet reference --never-match docs/examples/good.ndjson docs/examples/rules",
	}},
	"CF5003": {"[docs/examples/rules](../examples/rules/pipes.yml), which do not match the recorded events", []string{
		"cfcheck check --fleet reference --known-good docs/examples/good.ndjson docs/examples/rules",
	}},
	"CF5004": {"the same rules, and [a policy](../examples/near/policy.yaml) that allows five instances", []string{
		"cfcheck check --policy docs/examples/near/policy.yaml --fail-on error docs/examples/rules",
	}},
	"CF5005": {"the same change, and the owner allows one new match", []string{
		"cfcheck check --fleet reference --known-good docs/examples/good.ndjson --known-good-matches 1 --known-good-new 1 --previous docs/examples/earlier/observed.yml docs/examples/observed.yml",
	}},
	"CF5006": {"[a change](../examples/near/observed.yml) that adds the new users to the old ones", []string{
		"cfcheck check --fleet reference --known-bad docs/examples/attack.ndjson --previous docs/examples/earlier/observed.yml docs/examples/near/observed.yml",
	}},
	"CF6009": {"a folder with the later revision only", []string{
		"cfcheck build docs/examples/observed.yml -o out --revision 2", "cfcheck check --fleet reference out",
	}},
	"CF6010": {"the protected rule as it was", []string{
		"mkdir same", "cp docs/examples/rules/pipes.yml same",
		"cfcheck check --policy docs/examples/protected.yaml --previous docs/examples/rules same",
	}},
	"CF7001": {"[the same rule](../examples/near/waived.yml) without the second waiver", []string{
		"cfcheck check --fleet reference --now 2026-12-01 docs/examples/near/waived.yml",
	}},
	"CF7002": nearWaiver, "CF7003": nearWaiver, "CF7004": nearWaiver,
	"CF7005": {"a run under the policy of the base", []string{
		"git init -q -b main",
		"git add docs/examples/protected.yaml docs/examples/rules",
		"git commit -q -m base",
		"cfcheck check --previous-git main --policy=docs/examples/protected.yaml docs/examples/rules",
	}},
	"CF8018": {"the blob of the example, which has two records", []string{
		"cfcheck check --fleet corpus/fleets/sysmon-13-33.json corpus/sysmon/blob-whole/rules.bin",
	}},
	"CF8401": {"the configuration that shipped, unchanged", []string{
		"mkdir same", "cp docs/examples/sysmon/shipped.xml same",
		"cfcheck check --fleet corpus/fleets/sysmon-15-15.json --previous docs/examples/sysmon/shipped.xml --rules docs/examples/sysmon/driver.yml same/shipped.xml",
	}},
}

var nearWaiver = near{"[one waiver](../examples/near/waivers.yaml), which accepts a finding and has not expired", []string{
	"cfcheck check --policy docs/examples/near/waivers.yaml --fail-on error --now 2026-12-01 docs/examples/rules",
}}

func nearRule(name, why string) near {
	path := "examples/near/" + name + ".yml"
	return near{fmt.Sprintf("[docs/%s](../%s): %s", path, path, why), []string{"cfcheck check --fleet reference docs/" + path}}
}

// silent are the checks whose example has no finding of theirs.
var silent = []string{"CF5001", "CF8018"}

// preferred names the case that explains a check best, if it is not the first case.
var preferred = map[string]string{
	"CF0004": "filled-with-zero",
	"CF1001": "text-mode-crlf-to-lf",
	"CF1002": "leading-zero",
	"CF1003": "cut-in-half",
	"CF1005": "version-1-1",
	"CF1006": "two-files-in-one",
	"CF1007": "newline-at-the-end",
	"CF1008": "section-unknown",
	"CF1009": "length-one-too-long",
	"CF1010": "count-too-large",
	"CF1011": "limit-words",
	"CF1012": "words-overlap",
	"CF1013": "reference-beyond",
	"CF1014": "stack-underflow",
	"CF1015": "operator-11",
	"CF1016": "flags-unknown",
	"CF1017": "input-one-beyond",
	"CF1019": "operands-beyond",
	"CF1020": "operand-beyond",
	"CF1021": "value-beyond",
	"CF1022": "integer-of-7-bytes",
	"CF1023": "origin-text-beyond",
	"CF1031": "flip-in-the-pool",
	"CF1032": "gap-between-sections",
	"CF1034": "inputs-read-understated",
	"CF1041": "criterion-not-used",
	"CF1042": "operand-list-descends",
	"CF1043": "values-descend",
	"CF1046": "pattern-is-prefix",
	"CF1047": "texts-descend",
	"CF2001": "type-unknown",
	"CF2004": "declared-one-less",
	"CF2006": "contains-on-integer",
	"CF2008": "compare-string-with-integer",
	"CF3001": "291-july-first-use",
	"CF3005": "build-without-the-type",
	"CF3008": "limits-of-a-build-instances",
}

func exampleOf(t *testing.T, check *validate.Check) example {
	t.Helper()
	if make := elsewhere[check.ID]; make != nil {
		return make(t)
	}
	for _, c := range corpus.Sysmon() {
		if slices.Equal(c.Checks, []string{check.ID}) {
			command := "cfcheck check"
			if c.FleetData != nil {
				command += " --fleet corpus/fleets/" + c.Fleet + ".json"
			}
			return example{linkToSysmon(c), []string{verbosely(check, command+" corpus/"+c.Path())}}
		}
	}
	var found []corpus.Case
	for _, c := range corpus.Cases() {
		if slices.Equal(c.Checks, []string{check.ID}) && (preferred[check.ID] == "" || c.Name == preferred[check.ID]) {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s: the corpus has no case %s that it alone reports", check.ID, preferred[check.ID])
	}
	return example{linkTo(found[0]), []string{verbosely(check, commandFor(found[0]))}}
}

// verbosely returns a command that shows the findings of a check, also if they are notes.
func verbosely(check *validate.Check, command string) string {
	if check.Severity == validate.Note {
		return strings.Replace(command, "cfcheck check", "cfcheck check --verbose", 1)
	}
	return command
}

// nearMiss returns a line on an example that the check narrowly accepts.
func nearMiss(t *testing.T, check *validate.Check) string {
	if n, ok := nearElsewhere[check.ID]; ok {
		var out strings.Builder
		term := newTerminal(t)
		for _, command := range n.commands {
			out.Reset()
			term.command(&out, command)
		}
		if term.status != statusAccepted || strings.Contains(out.String(), " "+check.ID+" ") {
			t.Errorf("the near miss of %s: status %d:\n%s", check.ID, term.status, out.String())
		}
		return "\nA near miss, which passes: " + n.text + ".\n"
	}
	for _, c := range corpus.Cases() {
		if slices.Contains(c.Near, check.ID) {
			return "\nA near miss, which passes: " + linkTo(c) + ".\n"
		}
	}
	for _, c := range corpus.Sysmon() {
		if slices.Contains(c.Near, check.ID) {
			return "\nA near miss, which passes: " + linkToSysmon(c) + ".\n"
		}
	}
	t.Errorf("%s has no near miss; add one to the corpus, or to nearElsewhere", check.ID)
	return ""
}

// outagesOf returns a section with the outages whose model the check rejects.
func outagesOf(check *validate.Check) string {
	var b strings.Builder
	b.WriteString("\n## Outages\n\n")
	n := 0
	for _, in := range corpus.Incidents() {
		if in.Modelled() && in.Check == check.ID {
			n++
			fmt.Fprintf(&b, "- %s, %s: %s ([model](../../corpus/incidents/%s/incident.txt))\n", in.Outage, in.Date, in.Cause, in.Name)
		}
	}
	if n == 0 {
		b.WriteString("No outage on [the list](../incidents.md) has a model that this check rejects.\n")
	}
	return b.String()
}

func linkToSysmon(c corpus.SysmonCase) string {
	return fmt.Sprintf("[corpus/sysmon/%s](../../corpus/sysmon/%s/%s): %s", c.Name, c.Name, c.FileName, c.Why)
}

func linkTo(c corpus.Case) string {
	return fmt.Sprintf("[corpus/cases/%s](../../corpus/cases/%s/case.txt): %s", c.Name, c.Name, c.Why)
}

// commandFor returns the command that judges a case as it wants to be judged.
func commandFor(c corpus.Case) string {
	command := "cfcheck check"
	switch {
	case c.FleetData != nil:
		command += " --fleet corpus/fleets/" + c.Fleet + ".json"
	case c.Fleet != corpus.NoFleet:
		command += " --fleet " + c.Fleet
	}
	if c.Types != "" {
		command += " --types corpus/types/" + c.Types + ".json"
	}
	if c.Previous != "" {
		command += " --previous corpus/cases/" + c.Previous + "/" + c.PreviousName
	}
	if c.Ledger != "" {
		command += " --ledger corpus/ledgers/" + c.Ledger + ".ledger"
	}
	if c.Plan != "" {
		command += " --exercise-plan corpus/plans/" + c.Plan + ".json@sha256:" + digestOf(c.PlanData)
	}
	if !c.Now.IsZero() {
		command += " --now " + c.Now.Format(time.RFC3339)
	}
	return command + " corpus/" + c.Path()
}

// TestDocsChecks compares the page of each check, and their index.
func TestDocsChecks(t *testing.T) {
	want := map[string]bool{"README.md": true}
	for _, check := range suite.Checks {
		want[check.ID+".md"] = true
		t.Run(check.ID, func(t *testing.T) {
			ex := exampleOf(t, check)
			// The reason and the remedy are the text of the check. TestDocs of package suite demands both.
			page := fmt.Sprintf("%s\n## Example\n\n%s.\n\n```console\n$ %s\n$ echo $?\n```\n%s%s",
				linked(t, report.Explain(check), check.ID), upper(ex.text), strings.Join(ex.commands, "\n$ "), nearMiss(t, check), outagesOf(check))
			page = newTerminal(t).page(page)
			if !slices.Contains(silent, check.ID) && !regexp.MustCompile(`(?m): (error|warning|note): .* \[`+check.ID+`\]`).MatchString(page) {
				t.Errorf("the example of %s has no finding of it:\n%s", check.ID, page)
			}
			compare(t, "docs/checks/"+check.ID+".md", page)
		})
	}
	compare(t, "docs/checks/README.md", checksIndex())
	files, err := os.ReadDir(filepath.Join(root, "docs", "checks"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !want[f.Name()] {
			t.Errorf("docs/checks/%s is the page of no check", f.Name())
		}
	}
}

// upper returns a text that starts with a capital letter, if it starts with a
// letter.
func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

var (
	checkID       = regexp.MustCompile(`\bCF\d{4}\b`)
	formatSection = regexp.MustCompile(`FORMAT\.md,\s+section\s+(\d+)`)
)

// linked returns the text on a check with links to the pages that it names.
func linked(t *testing.T, text, self string) string {
	t.Helper()
	format, err := os.ReadFile(filepath.Join(root, "channelfile", "FORMAT.md"))
	if err != nil {
		t.Fatal(err)
	}
	title, body, _ := strings.Cut(text, "\n")
	body = checkID.ReplaceAllStringFunc(body, func(id string) string {
		if id == self {
			return id
		}
		return fmt.Sprintf("[%s](%s.md)", id, id)
	})
	body = formatSection.ReplaceAllStringFunc(body, func(s string) string {
		n := formatSection.FindStringSubmatch(s)[1]
		m := regexp.MustCompile(`(?m)^## (` + n + ` .*)$`).FindSubmatch(format)
		if m == nil {
			t.Fatalf("%s: %q: FORMAT.md has no such section", self, s)
		}
		anchor := strings.ReplaceAll(strings.ToLower(strings.ReplaceAll(string(m[1]), ",", "")), " ", "-")
		return fmt.Sprintf("[%s](../../channelfile/FORMAT.md#%s)", s, anchor)
	})
	return title + "\n" + body
}

func checksIndex() string {
	var b strings.Builder
	b.WriteString(`# The checks

The checks of the gate, in the order in which they run. An ID is permanent, and no other check ever gets it. Each page says what goes wrong on the endpoint and what to do. It shows an example and a near miss, and lists the outages with this fault. ` + "`cfcheck explain CF3001`" + ` prints a page without these, and ` + "`cfcheck checks`" + ` prints this list.

An error rejects the content. A warning does not, unless ` + "`--fail-on warning`" + ` is given. A note never does; ` + "`--verbose`" + ` shows it.
`)
	family := -1
	for _, c := range suite.Checks {
		if c.Family() != family {
			family = c.Family()
			name, question, _ := strings.Cut(report.Family(c), ": ")
			fmt.Fprintf(&b, "\n## CF%d: %s\n\n%s\n\n| ID | name | | what must hold |\n|---|---|---|---|\n", family, name, upper(question))
		}
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s | %s |\n", c.ID, c.ID, c.Name, c.Severity, c.Title())
	}
	return b.String()
}

// TestDocsExamplesAreUsed finds files that no page speaks of.
func TestDocsExamplesAreUsed(t *testing.T) {
	var all strings.Builder
	for _, page := range docPages(t) {
		data, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	files, err := os.ReadDir(filepath.Join(root, "docs", "examples"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Error("docs/examples is empty")
	}
	for _, f := range files {
		if !strings.Contains(all.String(), "examples/"+f.Name()) { // a link or an argument
			t.Errorf("no page uses docs/examples/%s", f.Name())
		}
	}
}
