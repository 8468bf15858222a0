package gatetest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Form returns the first fault of a report in the form with a name, as in --format. Whatever was
// judged, the report must be whole in its form, and have only characters that print: so content
// forges no line, no annotation, no element and no cell.
func Form(name string, data []byte) error {
	if !utf8.Valid(data) || !bytes.HasSuffix(data, []byte("\n")) {
		return errors.New("it is not UTF-8, or ends within a line")
	}
	for i, r := range string(data) {
		if r != '\n' && !unicode.IsPrint(r) {
			return fmt.Errorf("it has %U at %d", r, i)
		}
	}
	if at := runnerCommand.FindIndex(data); at != nil {
		return fmt.Errorf("it has a command for a CI runner: %q", data[at[0]:min(len(data), at[0]+80)])
	}
	switch name {
	case "json":
		if !json.Valid(data) {
			return errors.New("it is not JSON")
		}
	case "sarif", "sarif-github":
		return SARIF(data, name == "sarif-github")
	case "gitlab":
		return gitLab(data)
	case "junit":
		return junit(data)
	case "csv":
		return table(data)
	case "github":
		return annotations(string(data))
	case "markdown":
		return summary(string(data))
	}
	return nil
}

// runnerCommand is a command that the runners of GitHub and Azure take from anywhere in a line.
var runnerCommand = regexp.MustCompile(`##[A-Za-z]*\[`)

func gitLab(data []byte) error {
	var list []struct {
		Description, Fingerprint, Severity string
		Check                              string `json:"check_name"`
		Location                           struct {
			Path  string
			Lines struct{ Begin int }
		}
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, e := range list {
		if e.Check == "" || e.Severity == "" || e.Location.Path == "" || e.Location.Lines.Begin < 1 || seen[e.Fingerprint] {
			return fmt.Errorf("entry %d is %+v", i, e)
		}
		seen[e.Fingerprint] = true
	}
	return nil
}

func junit(data []byte) error {
	var doc struct {
		Suites []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Errors   int `xml:"errors,attr"`
			Skipped  int `xml:"skipped,attr"`
			Cases    []struct {
				Name     string     `xml:"name,attr"`
				Failures []struct{} `xml:"failure"`
				Errors   []struct{} `xml:"error"`
				Skipped  []struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &doc); err != nil {
		return err
	}
	known := map[string]bool{
		"testsuites": true, "testsuite": true, "properties": true, "property": true, "testcase": true,
		"failure": true, "error": true, "skipped": true, "system-out": true,
	}
	for d := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if start, ok := token.(xml.StartElement); ok && !known[start.Name.Local] {
			return fmt.Errorf("it has the element %s", start.Name.Local)
		}
	}
	if len(doc.Suites) == 0 {
		return errors.New("it has no suite")
	}
	for i, s := range doc.Suites {
		failures, faults, skipped := 0, 0, 0
		for _, c := range s.Cases {
			if c.Name == "" || len(c.Failures)+len(c.Errors)+len(c.Skipped) > 1 {
				return fmt.Errorf("suite %d has the case %+v", i, c)
			}
			failures, faults, skipped = failures+len(c.Failures), faults+len(c.Errors), skipped+len(c.Skipped)
		}
		if len(s.Cases) == 0 || s.Tests != len(s.Cases) || s.Failures != failures || s.Errors != faults || s.Skipped != skipped {
			return fmt.Errorf("suite %d counts %d, %d, %d, %d; it has %d, %d, %d, %d", i, s.Tests, s.Failures, s.Errors, s.Skipped, len(s.Cases), failures, faults, skipped)
		}
	}
	return nil
}

func table(data []byte) error {
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return err
	}
	if len(rows) < 2 || rows[0][0] != "kind" || rows[1][0] != "run" {
		return fmt.Errorf("it has %d rows", len(rows))
	}
	for i, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				return fmt.Errorf("row %d has the formula %q", i, cell)
			}
		}
	}
	return nil
}

var (
	annotationLine = regexp.MustCompile(`^::(error|warning|notice) [a-zA-Z]+=[^:,]+(,[a-zA-Z]+=[^:,]+)*::`)
	verdictLine    = regexp.MustCompile(`^(accepted|rejected|undecided): [0-9,]+ results?: `)
)

func annotations(text string) error {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	of := map[string]int{}
	for i, line := range lines {
		m := annotationLine.FindStringSubmatch(line)
		switch {
		case i == len(lines)-1:
			if !verdictLine.MatchString(line) {
				return fmt.Errorf("the last line is %q", line)
			}
		case m == nil:
			return fmt.Errorf("line %d is %q", i+1, line)
		default:
			if of[m[1]]++; of[m[1]] > 10 {
				return fmt.Errorf("it has more than ten of %s", m[1])
			}
		}
	}
	return nil
}

// unescapedBar is a bar that ends a cell of a table.
var unescapedBar = regexp.MustCompile(`(^|[^\\])(\\\\)*\|`)

func summary(text string) error {
	if len(text) >= 1<<20 {
		return fmt.Errorf("it has %d bytes", len(text))
	}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		switch {
		case i == 0 && strings.HasPrefix(line, "## cfcheck: "), line == "", line == "**Not judged**", strings.HasPrefix(line, "- "), strings.HasPrefix(line, "and "):
		case i == 2: // the counts
		case strings.HasPrefix(line, "|---|"):
		case strings.HasPrefix(line, "| "):
			if n := len(unescapedBar.FindAllString(line, -1)); n != 5 {
				return fmt.Errorf("line %d has %d cells: %q", i+1, n-1, line)
			}
		default:
			return fmt.Errorf("line %d is %q", i+1, line)
		}
	}
	return nil
}
