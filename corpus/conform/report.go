package conform

import (
	"bufio"
	"embed"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// A Report has the results of a reader.
type Report struct {
	Reader  string // the command
	Results []Result
}

// Counts are the numbers of files of a row of the table.
type Counts struct {
	Files, Right, Wrong, Failed int
	Expected                    int // failures that were expected; they are also in Wrong or Failed
}

func (c *Counts) add(r *Result) {
	c.Files++
	switch {
	case r.Problem == "":
		c.Right++
	case r.Answer == Failed:
		c.Failed++
	default:
		c.Wrong++
	}
	if r.Problem != "" && r.Expected {
		c.Expected++
	}
}

// Counts returns the counts of all files.
func (r *Report) Counts() Counts {
	var c Counts
	for i := range r.Results {
		c.add(&r.Results[i])
	}
	return c
}

// Passed reports whether all replies were right or expected.
func (r *Report) Passed() bool {
	for i := range r.Results {
		if r.Results[i].Wrong() {
			return false
		}
	}
	return true
}

// maxProblems is the number of wrong results that Text lists.
const maxProblems = 100

// Text writes a table with a row for each check, and the wrong results.
func (r *Report) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	rows := map[string]*Counts{}
	var good, total Counts
	for i := range r.Results {
		res := &r.Results[i]
		total.add(res)
		if len(res.Checks) == 0 {
			good.add(res)
		}
		for _, id := range res.Checks {
			if rows[id] == nil {
				rows[id] = new(Counts)
			}
			rows[id].add(res)
		}
	}
	line := func(c *Counts, check, text string) {
		fmt.Fprintf(b, "%5d %6d %6d %7d %9d  %-7s %s\n", c.Files, c.Right, c.Wrong, c.Failed, c.Expected, check, text)
	}
	fmt.Fprintf(b, "files  right  wrong  failed  expected  check   requirement\n")
	if good.Files > 0 {
		line(&good, "", "files to accept")
	}
	done := map[string]bool{}
	for _, of := range Requirements {
		c := rows[of.Check]
		if c == nil || done[of.Check] {
			continue
		}
		done[of.Check] = true
		var numbers []string
		for _, other := range Requirements {
			if other.Check == of.Check {
				numbers = append(numbers, fmt.Sprint(other.Number))
			}
		}
		line(c, of.Check, fmt.Sprintf("%s: %s", of.Name, strings.Join(numbers, ", ")))
	}
	shown, more := 0, 0
	for i := range r.Results {
		res := &r.Results[i]
		if !res.Wrong() {
			continue
		}
		if shown == maxProblems {
			more++
			continue
		}
		if shown == 0 {
			fmt.Fprintln(b)
		}
		shown++
		if res.Problem == "" {
			fmt.Fprintf(b, "%s: right, although a failure was expected; remove the case from the list\n", res.Names[0])
			continue
		}
		fmt.Fprintf(b, "%s: %s\n  %s\n  why: %s\n", res.Names[0], res.Problem, res.Path, res.Why)
		if res.Output != "" {
			fmt.Fprintf(b, "  output: %s\n", res.Output)
		}
	}
	if more > 0 {
		fmt.Fprintf(b, "and %d more; --format json has all\n", more)
	}
	fmt.Fprintf(b, "\n%d of %d files right, %d wrong, %d failed; %s expected\n", total.Right, total.Files, total.Wrong, total.Failed, ofThese(total.Expected))
	return b.Flush()
}

// Schemas holds schema/conformance.json, the JSON Schema of a report.
//
//go:embed schema
var Schemas embed.FS

// Schema is the name and version of the JSON of a report.
const Schema = "cfcheck.conformance/v0"

type jsonReport struct {
	Schema   string       `json:"schema"`
	Reader   string       `json:"reader"`
	Passed   bool         `json:"passed"`
	Files    int          `json:"files"`
	Right    int          `json:"right"`
	Wrong    int          `json:"wrong"`
	Failed   int          `json:"failed"`
	Expected int          `json:"expected"`
	Results  []jsonResult `json:"results"`
}

type jsonResult struct {
	Cases       []string `json:"cases"`
	File        string   `json:"file"`
	Checks      []string `json:"checks"`
	Want        string   `json:"want"`
	Answer      string   `json:"answer"`
	Requirement int      `json:"requirement,omitempty"`
	Problem     string   `json:"problem,omitempty"`
	Expected    bool     `json:"expected,omitempty"`
	Output      string   `json:"output,omitempty"`
}

// JSON writes the report for programs.
func (r *Report) JSON(w io.Writer) error {
	c := r.Counts()
	out := jsonReport{Schema, r.Reader, r.Passed(), c.Files, c.Right, c.Wrong, c.Failed, c.Expected, []jsonResult{}}
	for i := range r.Results {
		res := &r.Results[i]
		checks := res.Checks
		if checks == nil {
			checks = []string{}
		}
		out.Results = append(out.Results, jsonResult{res.Names, res.Path, checks, res.Want(), res.Answer.String(), res.Requirement, res.Problem, res.Expected, res.Output})
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Failure *junitText `xml:"failure"`
	Skipped *junitText `xml:"skipped"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the report as test results, with a test for each file. An expected failure is
// a skipped test.
func (r *Report) JUnit(w io.Writer) error {
	suite := junitSuite{Name: "cfcheck corpus", Tests: len(r.Results)}
	for i := range r.Results {
		res := &r.Results[i]
		c := junitCase{Class: "good", Name: res.Names[0]}
		if len(res.Checks) > 0 {
			c.Class = strings.Join(res.Checks, " ")
		}
		switch {
		case res.Problem != "" && res.Expected:
			c.Skipped = &junitText{Message: "expected: " + res.Problem}
			suite.Skipped++
		case res.Problem != "":
			c.Failure = &junitText{Message: res.Problem, Text: res.Path + "\nwhy: " + res.Why + "\n" + res.Output}
			suite.Failures++
		case res.Expected:
			c.Failure = &junitText{Message: "right, although a failure was expected"}
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
	}
	b := bufio.NewWriter(w)
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(b)
	enc.Indent("", "  ")
	if err := enc.Encode(suite); err != nil {
		return err
	}
	b.WriteString("\n")
	return b.Flush()
}

// ofThese starts the end of the last line.
func ofThese(n int) string {
	if n == 1 {
		return "1 of these was"
	}
	return fmt.Sprintf("%d of these were", n)
}
