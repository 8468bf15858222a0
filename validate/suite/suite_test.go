package suite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/corpus"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
	"github.com/cfcheck/cfcheck/validate/types"
)

func TestVet(t *testing.T) {
	if err := validate.Vet(suite.Checks); err != nil {
		t.Fatal(err)
	}
}

// families are the folders of the checks, by the thousands digit of their IDs.
var families = []string{0: "file", 1: "structure", 2: "types", 3: "contract", 5: "behaviour"}

// TestNames holds that a check has one name, spelled in four ways: CF1038,
// condition-flat, condition_flat.go, ConditionFlat.
func TestNames(t *testing.T) {
	for _, c := range suite.Checks {
		words := strings.Split(c.Name, "-")
		name := filepath.Join("..", families[c.Family()], strings.Join(words, "_")+".go")
		source, err := os.ReadFile(name)
		if err != nil {
			t.Errorf("%v has no file of its own: %v", c, err)
			continue
		}
		if !strings.Contains(string(source), `"`+c.ID+`"`) {
			t.Errorf("%s does not hold %v", name, c)
		}
		if n := regexp.MustCompile(`(?m)^var ([A-Z]\w*) = `).FindAllStringSubmatch(string(source), -1); len(n) != 1 || !sameWords(n[0][1], c.Name) {
			t.Errorf("%s exports %v; it exports %v alone", name, n, c)
		} else if !strings.Contains(string(source), fmt.Sprintf("\n// %s is %s.\nvar %s = ", n[0][1], c.ID, n[0][1])) {
			t.Errorf("%s: the comment of %s does not say that it is %s", name, n[0][1], c.ID)
		}
	}
}

// sameWords reports whether a Go name and the name of a check are the same
// words. Go writes initialisms in capitals.
func sameWords(goName, name string) bool {
	return strings.EqualFold(goName, strings.ReplaceAll(name, "-", ""))
}

// TestNoFileWithoutItsCheck holds that each check that is written is in the
// list: one that nobody runs finds nothing.
func TestNoFileWithoutItsCheck(t *testing.T) {
	for digit, family := range families {
		if family == "" {
			continue // none yet
		}
		sources, err := filepath.Glob(filepath.Join("..", family, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		for _, name := range sources {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?m)^// \w+ is (CF\d{4})\.$`).FindAllStringSubmatch(string(source), -1) {
				ids[m[1]] = true
			}
		}
		if len(ids) == 0 {
			t.Errorf("%s has no checks", family)
		}
		for id := range ids {
			switch c := suite.ByID(id); {
			case c == nil:
				t.Errorf("%s, of package %s, is not in the list", id, family)
			case c.Family() != digit:
				t.Errorf("%v is in package %s", c, family)
			}
		}
	}
}

func TestByID(t *testing.T) {
	tests := []struct {
		s, id, why string
	}{
		{"CF3001", "CF3001", "an ID is what reports print"},
		{"inputs-supplied", "CF3001", "a name is what people remember"},
		{"CF9999", "", "no such check"},
		{"cf3001", "", "IDs are written in one way"},
		{"", "", "nothing names no check"},
	}
	for _, tt := range tests {
		id := ""
		if c := suite.ByID(tt.s); c != nil {
			id = c.ID
		}
		if id != tt.id {
			t.Errorf("%q is %q, expected %q: %s", tt.s, id, tt.id, tt.why)
		}
	}
}

// TestOrder holds that checks stand in the order in which a reader finds out:
// first the files that are none, then the bytes, the type, the readers.
func TestOrder(t *testing.T) {
	// CF0005 to CF0007 and CF0013 look at what has been read.
	stage := func(c *validate.Check) int {
		if c.Family() == 0 && c.Uses&(validate.UsesFile|validate.UsesSource) == 0 {
			return -1
		}
		return c.Family()
	}
	last := map[int]string{}
	for i, c := range suite.Checks {
		if i > 0 && stage(c) > 0 && stage(suite.Checks[i-1]) > stage(c) {
			t.Errorf("%v stands after %v", c, suite.Checks[i-1])
		}
		if c.ID <= last[stage(c)] {
			t.Errorf("%v stands after %s of its own family", c, last[stage(c)])
		}
		last[stage(c)] = c.ID
	}
}

// TestDocs holds that each check says what goes wrong and what to do.
func TestDocs(t *testing.T) {
	for _, c := range suite.Checks {
		paragraphs := strings.Split(c.Doc, "\n\n")
		if len(paragraphs) < 3 {
			t.Errorf("%v: its documentation has %d paragraphs: a title, what goes wrong on the endpoint, what to do", c, len(paragraphs))
		}
		for line := range strings.Lines(c.Doc) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > 78 || strings.TrimSpace(line) != line {
				t.Errorf("%v: the line %q of its documentation does not fit a terminal", c, line)
			}
		}
		for _, p := range paragraphs[1:] {
			if !strings.HasSuffix(p, ".") && !strings.HasSuffix(p, ")") {
				t.Errorf("%v: %q is no sentence", c, p)
			}
		}
		advice := paragraphs[len(paragraphs)-1]
		if first := strings.Fields(advice)[0]; !slices.Contains(imperatives, first) && !strings.HasPrefix(advice, "The encoder is at fault") &&
			!strings.HasPrefix(advice, "The content was lost on its way. Take ") {
			t.Errorf("%v: the last paragraph does not start with what to do: %q", c, advice)
		}
	}
}

// imperatives are the words that tell people what to do.
var imperatives = []string{
	"Build", "Check", "Compare", "Correct", "Drop", "Encode", "Extract", "Find", "Give", "Hold", "Mend", "Name", "Observe", "Remove",
	"Read", "Rename", "Replace", "Save", "Ship", "Shorten", "Split", "State", "Supply", "Take", "Transfer", "Use", "Write",
}

// A requirement is a row of the tables of FORMAT.md, section 7.
type requirement struct {
	number string
	text   string
	id     string
	name   string
}

var (
	rowForm     = regexp.MustCompile(`(?m)^\| (\d+) \|(.*)\| (CF\d{4}) ([a-z0-9-]+) \|$`)
	anyRow      = regexp.MustCompile(`(?m)^\| \d+ \|.*MUST.*$`)
	sectionForm = regexp.MustCompile(`(?ms)^## 7 .*?^## 8 `)
)

// requirements returns those of FORMAT.md, and the rest of its text.
func requirements(t *testing.T) (list []requirement, rest string) {
	t.Helper()
	format, err := os.ReadFile(filepath.Join("..", "..", "channelfile", "FORMAT.md"))
	if err != nil {
		t.Fatal(err)
	}
	section := sectionForm.FindString(string(format))
	for _, m := range rowForm.FindAllStringSubmatch(section, -1) {
		list = append(list, requirement{m[1], m[2], m[3], m[4]})
	}
	if n := len(anyRow.FindAllString(section, -1)); n == 0 || n != len(list) {
		t.Fatalf("%d rows of FORMAT.md, section 7, have a MUST; %d name a check", n, len(list))
	}
	return list, strings.Replace(string(format), section, "", 1)
}

// TestRequirements holds the list of checks against the requirements of
// FORMAT.md, both ways.
func TestRequirements(t *testing.T) {
	list, rest := requirements(t)
	enforces := map[string][]string{} // the numbers, by check
	for i, r := range list {
		if want := fmt.Sprint(i + 1); r.number != want {
			t.Errorf("requirement %s stands where %s should", r.number, want)
		}
		if !strings.Contains(r.text, "MUST") {
			t.Errorf("requirement %s is none: %s", r.number, r.text)
		}
		c := suite.ByID(r.id)
		// What a program is made of is asked of a file that can be read, and
		// may be in normal form.
		if c == nil || c.Name != r.name || c.Family() != 1 && c != types.ProgramOfSource {
			t.Errorf("requirement %s is enforced by %s %s, which is no check of structure", r.number, r.id, r.name)
			continue
		}
		enforces[r.id] = append(enforces[r.id], r.number)
	}
	cited := regexp.MustCompile(`\(FORMAT\.md,\s+requirements?\s+([0-9,\sand]+)\)`)
	for _, c := range suite.Checks {
		if c.Family() != 1 && c != types.ProgramOfSource {
			continue
		}
		if len(enforces[c.ID]) == 0 {
			t.Errorf("%v enforces no requirement of FORMAT.md", c)
		}
		var numbers []string
		if m := cited.FindStringSubmatch(c.Doc); m != nil {
			numbers = regexp.MustCompile(`\d+`).FindAllString(m[1], -1)
		}
		if diff := cmp.Diff(enforces[c.ID], numbers); diff != "" {
			t.Errorf("%v: requirements that FORMAT.md gives it (-) and that its documentation names (+):\n%s", c, diff)
		}
	}
	// Elsewhere in FORMAT.md a MUST explains, or names its check.
	explains := []string{
		"The words MUST and MUST NOT are requirements",
	}
	named := regexp.MustCompile(`\((CF\d{4}) ([a-z-]+)\)`)
	for line := range strings.Lines(rest) {
		if !strings.Contains(line, "MUST") || slices.ContainsFunc(explains, func(s string) bool { return strings.Contains(line, s) }) {
			continue
		}
		m := named.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("FORMAT.md: a MUST that no check enforces: %s", line)
		} else if c := suite.ByID(m[1]); c == nil || c.Name != m[2] {
			t.Errorf("FORMAT.md: %s is no check", m[0])
		}
	}
}

// TestFatalRequirements holds that a reader that stops at the first fatal
// requirement finds what the gate finds: one finding of one check.
func TestFatalRequirements(t *testing.T) {
	fatal := 0
	for _, c := range cases(t) {
		r := validate.Run(validate.ChannelFile(c.FileName, c.Data), corpusOptions(t, &c))
		if r.File != nil {
			continue
		}
		fatal++
		if r.Errors() != 1 || len(r.Findings) != 1 {
			t.Errorf("%s: %d errors of a file that cannot be read; after the first nothing can be trusted", c.Name, r.Errors())
		}
	}
	if fatal == 0 {
		t.Error("the corpus has no file that cannot be read")
	}
}

// elsewhere are the checks of which no channel file can be the case, and the
// test that has theirs.
var elsewhere = map[string]string{
	"CF0007": "TestSource",
	"CF0013": "TestSource",
	"CF0008": "package file: it wants a manifest beside the file",
	"CF0009": "package file: it wants a manifest beside the file",
	"CF2005": "TestSource and TestNeedsAgree",
	"CF5001": "package behaviour: the checks that it requires find first what it finds",
	"CF5002": "package behaviour: it wants recorded events",
	"CF5003": "package behaviour: it wants recorded events",
}

// TestEveryCheckHasItsCases holds that a check can fail, and fails by itself;
// and that something only just passes it.
func TestEveryCheckHasItsCases(t *testing.T) {
	alone, near := map[string]bool{}, map[string]bool{}
	for _, c := range cases(t) {
		if len(c.Checks) == 1 {
			alone[c.Checks[0]] = true
			check := suite.ByID(c.Checks[0])
			if blocks := c.Expect == corpus.Rejected; check != nil && blocks != (check.Severity == validate.Error) {
				t.Errorf("%s is %s by %v alone, whose severity is %v", c.Name, c.Expect, check, check.Severity)
			}
		}
		for _, id := range c.Near {
			near[id] = true
		}
	}
	for _, s := range corpus.Specials {
		if len(s.Checks) == 1 {
			alone[s.Checks[0]] = true
		}
	}
	for _, c := range suite.Checks {
		if elsewhere[c.ID] != "" {
			continue
		}
		if !alone[c.ID] {
			t.Errorf("no case is reported by %v alone", c)
		}
		if !near[c.ID] {
			t.Errorf("no case only just passes %v", c)
		}
	}
}

// TestNoCheckIsSpare holds that without any one check some case of the corpus
// would get another verdict, or another report.
func TestNoCheckIsSpare(t *testing.T) {
	type judged struct {
		c    corpus.Case
		opts validate.Options
	}
	first := map[string]judged{} // of each check, a case that it alone reports
	for _, c := range cases(t) {
		if len(c.Checks) == 1 && first[c.Checks[0]].c.Name == "" {
			first[c.Checks[0]] = judged{c, corpusOptions(t, &c)}
		}
	}
	for _, c := range suite.Checks {
		j, ok := first[c.ID]
		if !ok {
			continue // a special, or elsewhere
		}
		j.opts.Checks = without(c)
		r := validate.Run(validate.ChannelFile(j.c.FileName, j.c.Data), j.opts)
		switch {
		case len(found(r)) > 0 && c.Severity == validate.Error && r.Verdict() == validate.Rejected:
			t.Errorf("%s is rejected without %v too, by %v", j.c.Name, c, found(r))
		case c.Severity != validate.Error && len(found(r)) > 0:
			t.Errorf("%s is reported without %v too, by %v", j.c.Name, c, found(r))
		}
	}
}

// without returns the checks but one, and those that rely on it.
func without(out *validate.Check) []*validate.Check {
	gone := []*validate.Check{out}
	var list []*validate.Check
	for _, c := range suite.Checks {
		switch {
		case c == out:
		case slices.ContainsFunc(c.Requires, func(r *validate.Check) bool { return slices.Contains(gone, r) }):
			gone = append(gone, c)
		default:
			list = append(list, c)
		}
	}
	return list
}
