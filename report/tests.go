package report

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"

	"github.com/cfcheck/cfcheck/validate"
)

// TestsSchema is the name and version of the schema of JSON test results, which is
// schema/tests.json.
const TestsSchema = "cfcheck.tests/v0"

// Tests are the results of the tests of rules. Tests without a result are undecided.
type Tests struct {
	Results  []RuleTest
	Rules    int // detection rules of the run
	Untested int // those of them without a test
	// Problems are reasons why the run is undecided, such as a file of rules that cannot be read.
	Problems []string
}

// A RuleTest is the result of one test.
type RuleTest struct {
	Verdict  validate.Verdict // accepted: the test passed; rejected: it failed
	Name     string           // of the test
	At       TestPlace        // of the test
	Rule, ID string           // title and ID of the rule; "" if there is no rule
	RuleAt   TestPlace
	Events   int    // events that were tried
	Message  string // why the test did not pass
	Details  []TestDetail
}

// A TestPlace is a place in a file. Line 0 means no place.
type TestPlace struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// A TestDetail is a place that explains a result: an event, or a criterion of a rule.
type TestDetail struct {
	At      TestPlace
	Message string
}

func (p TestPlace) String() string {
	return fmt.Sprintf("%s:%d:%d", shown(p.File), p.Line, p.Column)
}

// testWords are the words for the verdicts on tests.
var testWords = map[validate.Verdict]string{validate.Accepted: "passed", validate.Rejected: "failed", validate.Undecided: "undecided"}

// Count returns the number of results with a verdict.
func (t *Tests) Count(v validate.Verdict) (n int) {
	for i := range t.Results {
		if t.Results[i].Verdict == v {
			n++
		}
	}
	return n
}

// Verdict returns the verdict on all tests. It is undecided if one of them is, or if there is no
// test.
func (t *Tests) Verdict() validate.Verdict {
	switch {
	case len(t.problems()) > 0 || t.Count(validate.Undecided) > 0:
		return validate.Undecided
	case t.Count(validate.Rejected) > 0:
		return validate.Rejected
	}
	return validate.Accepted
}

// problems returns the reasons why the run as a whole is undecided.
func (t *Tests) problems() []string {
	if len(t.Problems)+len(t.Results) == 0 {
		return []string{"nothing was tested: no rule has a test"}
	}
	return t.Problems
}

// sums returns the numbers of results.
func (t *Tests) sums() string {
	s := fmt.Sprintf("%s of %s: %d passed, %d failed, %d undecided", count(uint64(len(t.Results)), "test"), count(uint64(t.Rules), "rule"),
		t.Count(validate.Accepted), t.Count(validate.Rejected), t.Count(validate.Undecided))
	if t.Untested > 0 {
		s += fmt.Sprintf("; without a test: %s", count(uint64(t.Untested), "rule"))
	}
	return s
}

// lines returns the explanation of a result.
func (r *RuleTest) lines() (list []string) {
	for i := range r.Details {
		list = append(list, fmt.Sprintf("%v: %s", r.Details[i].At, shown(r.Details[i].Message)))
	}
	return list
}

// title names a result, with its rule.
func (r *RuleTest) title() string {
	if r.Rule == "" {
		return shown(r.Name)
	}
	return shown(fmt.Sprintf("rule %q, %s", r.Rule, r.Name))
}

// Text writes the tests that did not pass, with their places and reasons, and the numbers.
func (t *Tests) Text(w io.Writer) error {
	out := bufio.NewWriter(w)
	for i := range t.Results {
		r := &t.Results[i]
		if r.Verdict == validate.Accepted {
			continue
		}
		word := "error"
		if r.Verdict == validate.Undecided {
			word = testWords[r.Verdict]
		}
		fmt.Fprintf(out, "%v: %s: %s: %s\n", r.At, word, r.title(), shown(r.Message))
		for _, line := range r.lines() {
			fmt.Fprintf(out, "    %s\n", line)
		}
	}
	for _, p := range t.problems() {
		fmt.Fprintf(out, "undecided: %s\n", shown(p))
	}
	fmt.Fprintf(out, "%s\n", t.sums())
	return out.Flush()
}

// JSON writes the tests for programs, in the form of [TestsSchema].
func (t *Tests) JSON(w io.Writer) error {
	type detail struct {
		TestPlace
		Message string `json:"message"`
	}
	type rule struct {
		TestPlace
		ID    string `json:"id,omitempty"`
		Title string `json:"title"`
	}
	type test struct {
		TestPlace
		Name    string   `json:"name"`
		Result  string   `json:"result"`
		Rule    *rule    `json:"rule,omitempty"`
		Events  int      `json:"events"`
		Message string   `json:"message,omitempty"`
		Details []detail `json:"details,omitempty"`
	}
	doc := struct {
		Schema     string   `json:"schema"`
		Verdict    string   `json:"verdict"`
		ExitStatus int      `json:"exitStatus"`
		Rules      int      `json:"rules"`
		Untested   int      `json:"untested"`
		Passed     int      `json:"passed"`
		Failed     int      `json:"failed"`
		Undecided  int      `json:"undecided"`
		Problems   []string `json:"problems"`
		Tests      []test   `json:"tests"`
	}{TestsSchema, t.Verdict().String(), ExitStatus(t.Verdict()), t.Rules, t.Untested,
		t.Count(validate.Accepted), t.Count(validate.Rejected), t.Count(validate.Undecided), append([]string{}, t.problems()...), []test{}}
	for i := range t.Results {
		r := &t.Results[i]
		one := test{TestPlace: r.At, Name: r.Name, Result: testWords[r.Verdict], Events: r.Events, Message: r.Message}
		if r.Rule != "" {
			one.Rule = &rule{r.RuleAt, r.ID, r.Rule}
		}
		for _, d := range r.Details {
			one.Details = append(one.Details, detail{d.At, d.Message})
		}
		doc.Tests = append(doc.Tests, one)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}

// JUnit writes the tests as JUnit does: a suite for each file with tests, and a case for each
// test. A test that failed has a failure, and one that is undecided has an error.
func (t *Tests) JUnit(w io.Writer) error {
	b := bufio.NewWriter(w)
	b.WriteString(xml.Header + `<testsuites name="cfcheck test">` + "\n")
	enc := xml.NewEncoder(b)
	enc.Indent("", "  ")
	whole := &junitCase{Class: "cfcheck test", Name: "run", Time: "0", Out: t.sums()}
	if p := t.problems(); len(p) > 0 {
		whole.Error = &junitText{Message: shown(p[0]), Type: "undecided", Text: joined(shownEach(p))}
	}
	suite := &junitSuite{Name: "cfcheck test", Cases: []*junitCase{whole}}
	file := ""
	for i := range t.Results {
		r := &t.Results[i]
		if r.At.File != file || i == 0 {
			if err := suite.write(enc); err != nil {
				return err
			}
			file = r.At.File
			suite = &junitSuite{Name: "cfcheck test: " + shown(file)}
		}
		c := &junitCase{Class: shown(file), Name: r.title(), File: fileName(file), Line: r.At.Line, Time: "0"}
		text := &junitText{Message: shown(r.Message), Type: testWords[r.Verdict], Text: joined(append([]string{r.At.String() + ": " + shown(r.Message)}, r.lines()...))}
		switch r.Verdict {
		case validate.Rejected:
			c.Failure = text
		case validate.Undecided:
			c.Error = text
		}
		suite.Cases = append(suite.Cases, c)
	}
	if err := suite.write(enc); err != nil {
		return err
	}
	if err := enc.Flush(); err != nil {
		return err
	}
	b.WriteString("\n</testsuites>\n")
	return b.Flush()
}
