package conform

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestReplyOf(t *testing.T) {
	for _, c := range []struct {
		why    string
		status int
		output string
		want   Reply
	}{
		{"accepted", 0, "", Reply{Answer: Accepted}},
		{"refused, with a requirement among other lines", 1, "bad file\nrequirement 34\nmore", Reply{Answer: Refused, Requirement: 34, Output: "bad file"}},
		{"a line of Windows", 1, "requirement 34\r\n", Reply{Answer: Refused, Requirement: 34, Output: "requirement 34"}},
		{"the first of several lines counts", 1, "requirement 3\nrequirement 4\n", Reply{Answer: Refused, Requirement: 3, Output: "requirement 3"}},
		{"not on a line of its own", 1, "see requirement 34", Reply{Answer: Refused, Output: "see requirement 34"}},
		{"a number that no requirement has", 1, "requirement 99999", Reply{Answer: Refused, Requirement: 99999, Output: "requirement 99999"}},
		{"another status", 2, "usage", Reply{Answer: Failed, Reason: "exit status 2", Output: "usage"}},
		{"output that moves a cursor", 0, "\x1b[2J\xff", Reply{Answer: Accepted, Output: `\x1b[2J\xff`}},
		{"long output", 0, strings.Repeat("a", 300), Reply{Answer: Accepted, Output: strings.Repeat("a", 200) + "..."}},
	} {
		if have := ReplyOf(c.status, []byte(c.output)); have != c.want {
			t.Errorf("%s: %+v, expected %+v", c.why, have, c.want)
		}
	}
}

func TestProblem(t *testing.T) {
	good := &File{}
	limits := &File{Checks: []string{"CF1003"}}
	program := &File{Checks: []string{"CF2009"}, Optional: true}
	for _, c := range []struct {
		why   string
		file  *File
		reply Reply
		want  string
	}{
		{"a good file is accepted", good, Reply{Answer: Accepted}, ""},
		{"a good file is refused", good, Reply{Answer: Refused}, "refused; expected it accepted"},
		{"a good file is refused for a reason", good, Reply{Answer: Refused, Requirement: 3}, "refused for requirement 3; expected it accepted"},
		{"a good file is accepted with a broken requirement", good, Reply{Answer: Accepted, Requirement: 3}, "accepted, although requirement 3 is named as broken"},
		{"a bad file is refused", limits, Reply{Answer: Refused}, ""},
		{"a bad file is refused for the right reason", limits, Reply{Answer: Refused, Requirement: 6}, ""},
		{"a bad file is refused for another reason", limits, Reply{Answer: Refused, Requirement: 4}, "refused for requirement 4; expected it refused for requirement 3 or 6 or 11 (CF1003)"},
		{"a bad file is refused for no known reason", limits, Reply{Answer: Refused, Requirement: 76}, "refused for requirement 76; expected it refused for requirement 3 or 6 or 11 (CF1003)"},
		{"a bad file is accepted", limits, Reply{Answer: Accepted}, "accepted; expected it refused for requirement 3 or 6 or 11 (CF1003)"},
		{"a bad file crashes the reader", limits, Reply{Answer: Failed, Reason: "signal: killed"}, "failed (signal: killed); expected it refused for requirement 3 or 6 or 11 (CF1003)"},
		{"a reader need not compile programs", program, Reply{Answer: Accepted}, ""},
		{"a reader may compile programs", program, Reply{Answer: Refused, Requirement: 75}, ""},
		{"a reader that may compile programs names another reason", program, Reply{Answer: Refused, Requirement: 3}, "refused for requirement 3; expected it accepted, or refused for requirement 75 (CF2009)"},
		{"no answer", good, Reply{}, "no answer (); expected it accepted"},
	} {
		if have := c.file.problem(&c.reply); have != c.want {
			t.Errorf("%s: %q, expected %q", c.why, have, c.want)
		}
	}
}

func TestFiles(t *testing.T) {
	files := Files()
	seen := map[string]bool{}
	good, bad, optional := 0, 0, 0
	for i := range files {
		f := &files[i]
		for _, name := range f.Names {
			if seen[name] {
				t.Errorf("case %s is there twice", name)
			}
			seen[name] = true
		}
		switch {
		case f.Optional:
			optional++
		case len(f.Checks) == 0:
			good++
		default:
			bad++
		}
	}
	if good < 150 || bad < 350 || optional == 0 {
		t.Errorf("%d good, %d bad and %d optional files; expected more", good, bad, optional)
	}
}

// TestReport writes a table of each kind of result, in each form.
func TestReport(t *testing.T) {
	files := []File{
		{Names: []string{"good"}, Path: "cases/good/a.cf", Why: "all is well"},
		{Names: []string{"cut", "cut-too"}, Path: "cases/cut/a.cf", Why: "the <end> is missing", Checks: []string{"CF1003"}},
		{Names: []string{"known"}, Path: "cases/known/a.cf", Why: "the file is upside down", Checks: []string{"CF1004"}},
		{Names: []string{"fixed"}, Path: "cases/fixed/a.cf", Why: "the magic is another", Checks: []string{"CF1002"}},
		{Names: []string{"crash"}, Path: "cases/crash/a.cf", Why: "a word points beyond the end", Checks: []string{"CF1013"}},
	}
	replies := map[string]Reply{
		"good": {Answer: Accepted}, "cut": {Answer: Accepted, Output: "fine & well"}, "known": {Answer: Accepted},
		"fixed": {Answer: Refused, Requirement: 2}, "crash": {Answer: Failed, Reason: "signal: segmentation fault"},
	}
	r := &Report{Reader: "reader {}", Results: Run(files, map[string]bool{"known": true, "fixed": true}, 3, func(f *File) Reply { return replies[f.Names[0]] })}
	if r.Passed() || r.Counts() != (Counts{Files: 5, Right: 2, Wrong: 2, Failed: 1, Expected: 1}) {
		t.Errorf("passed is %v, counts %+v", r.Passed(), r.Counts())
	}
	var text, data, tests bytes.Buffer
	for _, err := range []error{r.Text(&text), r.JSON(&data), r.JUnit(&tests)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const want = `files  right  wrong  failed  expected  check   requirement
    1      1      0       0         0          files to accept
    1      1      0       0         0  CF1002  magic: 2
    1      0      1       0         0  CF1003  whole: 3, 6, 11
    1      0      1       0         1  CF1004  byte-order: 4
    1      0      0       1         0  CF1013  condition-reference: 20

cut: accepted; expected it refused for requirement 3 or 6 or 11 (CF1003)
  cases/cut/a.cf
  why: the <end> is missing
  output: fine & well
fixed: right, although a failure was expected; remove the case from the list
crash: failed (signal: segmentation fault); expected it refused for requirement 20 (CF1013)
  cases/crash/a.cf
  why: a word points beyond the end

2 of 5 files right, 2 wrong, 1 failed; 1 of these was expected
`
	if text.String() != want {
		t.Errorf("found\n%s\nexpected\n%s", text.String(), want)
	}
	var out struct {
		Schema                 string
		Passed                 bool
		Right, Wrong, Expected int
		Results                []struct {
			Cases  []string
			Answer string
		}
	}
	if err := json.Unmarshal(data.Bytes(), &out); err != nil || out.Schema != Schema || out.Passed || out.Right != 2 || out.Expected != 1 || len(out.Results) != 5 || out.Results[4].Answer != "failed" {
		t.Errorf("%v: %+v\n%s", err, out, data.String())
	}
	var suite junitSuite
	if err := xml.Unmarshal(tests.Bytes(), &suite); err != nil || suite.Tests != 5 || suite.Failures != 3 || suite.Skipped != 1 || len(suite.Cases) != 5 {
		t.Errorf("%v: %+v\n%s", err, suite, tests.String())
	}
	if r := (&Report{Results: r.Results[:1]}); !r.Passed() {
		t.Error("a right answer does not pass")
	}
}

// TestCommand starts readers that are small scripts.
func TestCommand(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	folder := t.TempDir()
	f := &File{Path: "cases/a b/c.cf", Data: []byte("data")}
	if err := Write(folder, []File{*f}); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(folder, "cases", "a b", "c.cf")
	for _, c := range []struct {
		why  string
		args []string
		want Reply
	}{
		{"the file is there under its name", []string{sh, "-c", `[ "$(cat "$1")" = data ] && echo "$1"`, "x", "{}"}, Reply{Answer: Accepted, Output: name}},
		{"the name is a part of an argument", []string{sh, "-c", `[ "$1" = "--in=` + name + `" ]`, "x", "--in={}"}, Reply{Answer: Accepted}},
		{"refused, with a line on the standard error", []string{sh, "-c", "echo requirement 7 >&2; exit 1", "{}"}, Reply{Answer: Refused, Requirement: 7, Output: "requirement 7"}},
		{"another status", []string{sh, "-c", "exit 3", "{}"}, Reply{Answer: Failed, Reason: "exit status 3"}},
		{"a signal", []string{sh, "-c", "kill -9 $$", "{}"}, Reply{Answer: Failed, Reason: "signal: killed"}},
		{"a loop", []string{sh, "-c", "while :; do :; done", "{}"}, Reply{Answer: Failed, Reason: "no answer within 200ms"}},
	} {
		read, err := Command(c.args, folder, 200*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if have := read(f); have != c.want {
			t.Errorf("%s: %+v, expected %+v", c.why, have, c.want)
		}
	}
	for want, args := range map[string][]string{
		"found no command":             nil,
		"found no {} in the arguments": {sh, "-c", "exit 0"},
		"no-such-reader":               {"no-such-reader", "{}"},
	} {
		if _, err := Command(args, folder, time.Second); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestExport(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "corpus")
	if err := Export(folder); err != nil {
		t.Fatal(err)
	}
	for i, f := range Files() {
		if i%50 != 0 {
			continue
		}
		if data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(f.Path))); err != nil || !bytes.Equal(data, f.Data) {
			t.Errorf("%s: %v", f.Path, err)
		}
	}
	for _, name := range []string{"index.json", "fleets", "types", "vectors"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
	if err := Export(folder); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a folder with files was written to: %v", err)
	}
}
