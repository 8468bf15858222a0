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
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

func TestVet(t *testing.T) {
	if err := validate.Vet(suite.Checks); err != nil {
		t.Fatal(err)
	}
}

// folder returns the folder of the checks of a family.
func folder(t *testing.T, digit int) string {
	t.Helper()
	for _, f := range validate.Families {
		if f.Digit == digit {
			return filepath.Join("..", f.Name)
		}
	}
	t.Fatalf("no family has the digit %d", digit)
	return ""
}

// idInSource finds the comment that gives a variable its check, and the variable. Directives may
// stand between them.
var idInSource = regexp.MustCompile(`(?m)^// (\w+) is (CF\d{4})\.\n(?://\n(?://\w.*\n)+)?var (\w+) = `)

// TestNames holds that a check has one name, spelled in four ways: CF1038,
// condition-flat, condition_flat.go, conditionFlat.
func TestNames(t *testing.T) {
	for _, c := range suite.Checks {
		name := filepath.Join(folder(t, c.Family()), strings.ReplaceAll(c.Name, "-", "_")+".go")
		source, err := os.ReadFile(name)
		if err != nil {
			t.Errorf("%v has no file of its own: %v", c, err)
			continue
		}
		m := idInSource.FindAllStringSubmatch(string(source), -1)
		if len(m) != 1 || m[0][1] != m[0][3] || m[0][2] != c.ID || !sameWords(m[0][1], c.Name) {
			t.Errorf("%s: expected the check %v alone, in a variable of its name below the comment \"// <variable> is %s.\"; found %q", name, c, c.ID, m)
		}
	}
}

// sameWords reports whether a Go name and the name of a check are the same
// words. Go writes initialisms in capitals.
func sameWords(goName, name string) bool {
	return strings.EqualFold(goName, strings.ReplaceAll(name, "-", ""))
}

// TestFamilies holds that the list has the checks of each family, and that each
// check that is written is in the list.
func TestFamilies(t *testing.T) {
	listed := 0
	for _, f := range validate.Families {
		sources, err := filepath.Glob(filepath.Join(folder(t, f.Digit), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, name := range sources {
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range idInSource.FindAllStringSubmatch(string(source), -1) {
				found++
				switch c := suite.ByID(m[2]); {
				case c == nil:
					t.Errorf("%s: %s is not in the list of the family, or the list of the family is not in suite.Checks", name, m[2])
				case c.Family() != f.Digit:
					t.Errorf("%s: %v is in the package of family %d", name, c, f.Digit)
				}
			}
		}
		if found == 0 {
			t.Errorf("family %s has no checks", f.Name)
		}
		listed += found
	}
	if listed != len(suite.Checks) {
		t.Errorf("the packages of the families have %d checks, the list has %d", listed, len(suite.Checks))
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

// TestOrder holds that checks stand in the order of their IDs, so that no check
// requires one of a later family.
func TestOrder(t *testing.T) {
	for i, c := range suite.Checks[1:] {
		if before := suite.Checks[i]; c.ID <= before.ID {
			t.Errorf("%v stands after %v", c, before)
		}
	}
}

func TestSelect(t *testing.T) {
	tests := []struct {
		ids  []string
		want []string
		why  string
	}{
		{nil, nil, "nothing was chosen"},
		{[]string{"CF3009", "size-cap"}, []string{"CF0001", "CF0002", "CF2001", "CF2002", "CF2004", "CF2005", "CF3009"}, "what they require runs too, and first"},
	}
	for _, tt := range tests {
		list, err := suite.Select(tt.ids...)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range list {
			got = append(got, c.ID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v (-expected +selected): %s\n%s", tt.ids, tt.why, diff)
		}
	}
	if list, err := suite.Select("CF3001", "CF9999"); err == nil || !strings.Contains(err.Error(), `"CF9999"`) || list != nil {
		t.Errorf("selecting an unknown check: %v, %v", list, err)
	}
}

// TestIDsInSource holds that the IDs in the source of the gate and its commands
// are IDs of checks: a comparison with any other ID never holds.
func TestIDsInSource(t *testing.T) {
	inQuotes := regexp.MustCompile(`"(CF\d{4})"`)
	root, n := filepath.Join("..", ".."), 0
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range inQuotes.FindAllStringSubmatch(string(source), -1) {
			if n++; suite.ByID(m[1]) == nil {
				t.Errorf("%s: %s is not a check", path, m[1])
			}
		}
		return nil
	})
	if err != nil || n < len(suite.Checks) {
		t.Errorf("%d IDs in the source: %v", n, err)
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
	"Build", "Check", "Compare", "Compile", "Correct", "Drop", "Encode", "Extract", "Find", "Give", "Hold", "Make", "Name", "Observe", "Remove",
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
		if c == nil || c.Name != r.name || c.Family() != 1 && c.ID != "CF2009" {
			t.Errorf("requirement %s is enforced by %s %s, which is no check of structure", r.number, r.id, r.name)
			continue
		}
		enforces[r.id] = append(enforces[r.id], r.number)
	}
	cited := regexp.MustCompile(`\(FORMAT\.md,\s+requirements?\s+([0-9,\sand]+)\)`)
	for _, c := range suite.Checks {
		if c.Family() != 1 && c.ID != "CF2009" {
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
		"The words MUST and MUST NOT mark requirements",
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
	"CF0014": "TestSource",
	"CF0015": "TestSource",
	"CF0008": "package file: it wants a manifest beside the file",
	"CF0009": "package file: it wants a manifest beside the file",
	"CF2005": "TestSource and TestNeedsAgree",
	"CF5001": "package behaviour: the checks that it requires find first what it finds",
	"CF5002": "package behaviour: it wants recorded events",
	"CF5003": "package behaviour: it wants recorded events",
	"CF5004": "package behaviour: it wants ceilings",
	"CF5005": "package behaviour: it wants recorded events and a previous release",
	"CF5006": "package behaviour: it wants recorded events and a previous release",
	"CF6009": "package change: it wants other files beside the file",
	"CF6010": "package change: it wants protected rules",
	"CF7001": "package policy: the reader of the rules finds it",
	"CF7002": "package provenance: it wants the waivers of a run",
	"CF7003": "package provenance: it wants the waivers of a run",
	"CF7004": "package provenance: it wants the waivers of a run",
	"CF7005": "package provenance: the reader of the policy finds it",
	"CF8401": "sysmon.txtar: it compares two configurations",
	"CF8018": "package foreign: it wants a blob of 1.6 MB",
}

// TestEveryCheckHasItsCases holds that a check can fail, and fails by itself;
// and that something only just passes it.
func TestEveryCheckHasItsCases(t *testing.T) {
	alone, near := map[string]bool{}, map[string]bool{}
	count := func(name string, expect corpus.Verdict, checks, nearly []string) {
		if len(checks) == 1 {
			alone[checks[0]] = true
			check := suite.ByID(checks[0])
			if blocks := expect == corpus.Rejected; check != nil && blocks != (check.Severity == validate.Error) {
				t.Errorf("%s is %s by %v alone, whose severity is %v", name, expect, check, check.Severity)
			}
		}
		for _, id := range nearly {
			near[id] = true
			if suite.ByID(id) == nil {
				t.Errorf("%s is near %s, which is no check", name, id)
			}
		}
	}
	for _, c := range cases(t) {
		count(c.Name, c.Expect, c.Checks, c.Near)
	}
	for _, c := range corpus.Sysmon() {
		count("sysmon/"+c.Name, c.Expect, c.Checks, c.Near)
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
		name    string
		subject *validate.Subject
		opts    validate.Options
	}
	first := map[string]judged{} // of each check, a case that it alone reports
	for _, c := range cases(t) {
		if len(c.Checks) == 1 && first[c.Checks[0]].name == "" {
			first[c.Checks[0]] = judged{c.Name, validate.ChannelFile(c.FileName, c.Data), corpusOptions(t, &c)}
		}
	}
	for _, c := range corpus.Sysmon() {
		if len(c.Checks) == 1 && first[c.Checks[0]].name == "" {
			s, opts := gatetest.Sysmon(t, &c, suite.Checks...)
			first[c.Checks[0]] = judged{"sysmon/" + c.Name, s, opts}
		}
	}
	for _, c := range suite.Checks {
		j, ok := first[c.ID]
		if !ok {
			continue // a special, or elsewhere
		}
		j.opts.Checks = without(c)
		r := validate.Run(j.subject, j.opts)
		switch {
		case len(found(r)) > 0 && c.Severity == validate.Error && r.Verdict() == validate.Rejected:
			t.Errorf("%s is rejected without %v too, by %v", j.name, c, found(r))
		case c.Severity != validate.Error && len(found(r)) > 0:
			t.Errorf("%s is reported without %v too, by %v", j.name, c, found(r))
		}
	}
}

// without returns the checks but one, and those that rely on it.
func without(out *validate.Check) []*validate.Check {
	gone := []string{out.ID}
	var list []*validate.Check
	for _, c := range suite.Checks {
		switch {
		case c == out:
		case slices.ContainsFunc(c.Requires, func(id string) bool { return slices.Contains(gone, id) }):
			gone = append(gone, c.ID)
		default:
			list = append(list, c)
		}
	}
	return list
}
