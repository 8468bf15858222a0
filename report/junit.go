package report

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/validate"
)

// maxJUnitLines limits the findings in the text of a test case.
const maxJUnitLines = 100

type junitSuite struct {
	XMLName    xml.Name         `xml:"testsuite"`
	Name       string           `xml:"name,attr"`
	Tests      int              `xml:"tests,attr"`
	Failures   int              `xml:"failures,attr"`
	Errors     int              `xml:"errors,attr"`
	Skipped    int              `xml:"skipped,attr"`
	Time       string           `xml:"time,attr"`
	Properties *junitProperties `xml:"properties"`
	Cases      []*junitCase     `xml:"testcase"`
}

type junitProperties struct {
	List []junitNamed `xml:"property"`
}

type junitNamed struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	File    string     `xml:"file,attr,omitempty"`
	Line    int        `xml:"line,attr,omitempty"`
	Time    string     `xml:"time,attr"`
	Error   *junitText `xml:"error"`
	Failure *junitText `xml:"failure"`
	Skipped *junitText `xml:"skipped"`
	Out     string     `xml:"system-out,omitempty"`

	check *validate.Check
	found int
	old   bool // the finding of the failure's message is old
	lines []string
}

type junitText struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit writes a run as test results. The first suite is the run, with its verdict and counts.
// Each result is a suite: the case "judged" fails with an error if the result is undecided, and
// each check with findings is a case, with one failure if they count for the verdict. Rules that
// were left out, skipped checks and waived findings are skipped cases.
func JUnit(w io.Writer, r *Run) error {
	b := bufio.NewWriter(w)
	b.WriteString(xml.Header + `<testsuites name="cfcheck">` + "\n")
	enc := xml.NewEncoder(b)
	enc.Indent("", "  ")
	verdict := r.Verdict()
	whole := &junitCase{Class: "cfcheck", Name: "run", Time: "0", Out: r.sums()}
	if reasons := r.Reasons(); len(reasons) > 0 {
		whole.Error = &junitText{Message: shown(reasons[0]), Type: "undecided", Text: joined(shownEach(reasons))}
	} else if r.totals.Results == 0 {
		whole.Error = &junitText{Message: "nothing was judged", Type: "undecided"}
	}
	suite := &junitSuite{Name: "cfcheck", Cases: []*junitCase{whole}, Properties: &junitProperties{[]junitNamed{
		{"verdict", verdict.String()}, {"exitCode", fmt.Sprint(ExitStatus(verdict))}, {"counts", r.sums()}, {"version", shown(r.Gate.Version)}, {"sha256", r.Gate.Digest},
	}}}
	for i := range r.PassedOver {
		if p := &r.PassedOver[i]; !p.blocks(r.FailOnWarnings) {
			suite.Cases = append(suite.Cases, &junitCase{Class: "cfcheck", Name: "passed over", Time: "0", Skipped: &junitText{Message: shown(p.String())}})
		}
	}
	if err := suite.write(enc); err != nil {
		return err
	}
	for result, err := range r.results.all {
		if err != nil {
			return errors.Join(err, enc.Flush(), b.Flush())
		}
		if err := junitOf(&result).write(enc); err != nil {
			return err
		}
	}
	if err := enc.Flush(); err != nil {
		return err
	}
	b.WriteString("\n</testsuites>\n")
	return b.Flush()
}

// write counts the cases of a suite, and writes it.
func (s *junitSuite) write(enc *xml.Encoder) error {
	s.Time, s.Tests = "0", len(s.Cases)
	for _, c := range s.Cases {
		switch {
		case c.Error != nil:
			s.Errors++
		case c.Failure != nil:
			s.Failures++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	return enc.Encode(s)
}

// junitOf returns the suite of a result.
func junitOf(r *Result) *junitSuite {
	name := shown(r.Name)
	suite := &junitSuite{Name: "cfcheck:" + name}
	if r.FleetNamed != "" {
		suite.Name += " for fleet " + shown(r.FleetNamed)
	}
	add := func(title string) *junitCase {
		c := &junitCase{Class: name, Name: title, Time: "0"}
		suite.Cases = append(suite.Cases, c)
		return c
	}
	judged := add("judged")
	var of *junitCase // of the check of the last finding; findings are sorted by check
	finish := func() {
		if of == nil {
			return
		}
		if more := of.found - len(of.lines); more > 0 {
			of.lines = append(of.lines, "and "+count(uint64(more), "more finding"))
		}
		if of.Failure != nil {
			of.Failure.Message = fmt.Sprintf("%s: %s", count(uint64(of.found), "finding"), of.Failure.Message)
			of.Failure.Text = joined(of.lines)
		} else {
			of.Out = joined(of.lines)
		}
		of = nil
	}
	failOnWarnings := r.report != nil && r.report.FailOnWarnings
	r.entries(func(e *entry) bool {
		switch e.kind {
		case entryFinding:
			if of == nil || of.check != e.check {
				finish()
				of = add(e.name())
				of.check, of.File, of.Line = e.check, fileName(e.place.path), e.place.line
			}
			fails := e.severity == validate.Error || failOnWarnings && e.severity == validate.Warning
			if fails && !e.quiet && (of.Failure == nil || of.old && !e.old) {
				of.old = e.old
				of.Failure = &junitText{Message: e.message, Type: Clean(e.check.ID)}
				of.File, of.Line = fileName(e.place.path), e.place.line
			}
			if of.found++; of.found <= maxJUnitLines {
				of.lines = append(of.lines, e.line())
			}
		case entryReason:
			if judged.Error == nil {
				judged.Error = &junitText{Message: e.message, Type: "undecided"}
			}
			judged.Error.Text += e.message + "\n"
		case entryWaived:
			c := add(e.name() + " (waived)")
			c.File, c.Line = fileName(e.place.path), e.place.line
			w := e.finding.Waiver
			c.Skipped = &junitText{Message: shown(fmt.Sprintf("%s; until %v, by %s: %s", e.message, w.Until, w.By, w.Reason))}
		default:
			finish()
			c := add(e.kind.String())
			c.Skipped = &junitText{Message: e.message}
			if e.kind == entryLeftOut {
				c.File, c.Line = fileName(e.place.path), e.place.line
			}
		}
		return true
	})
	finish()
	if r.Verdict() == validate.Rejected && !slices.ContainsFunc(suite.Cases, func(c *junitCase) bool { return c.Failure != nil }) {
		judged.Failure = &junitText{Message: "rejected", Type: "rejected"}
	}
	if r.Verdict() == validate.Undecided && judged.Error == nil && !r.Unread() {
		judged.Error = &junitText{Message: "undecided", Type: "undecided"}
	}
	return suite
}

// line returns an entry as lines of text.
func (e *entry) line() string {
	mark := ""
	if e.old {
		mark = " (old)"
	}
	lines := append([]string{fmt.Sprintf("%s: %s: %s%s", e.where(), e.severity, e.message, mark)}, e.details...)
	if e.fix != "" {
		lines = append(lines, "fix: "+e.fix)
	}
	return strings.Join(lines, "\n    ")
}

func joined(lines []string) string { return "\n" + strings.Join(lines, "\n") + "\n" }

func shownEach(list []string) (out []string) {
	for _, s := range list {
		out = append(out, shown(s))
	}
	return out
}
