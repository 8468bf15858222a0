package report

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/validate"
)

// csvColumns are the columns of [CSV].
var csvColumns = []string{
	"kind", "verdict", "check", "name", "severity", "old", "subject", "fleet", "file", "line", "column", "offset", "length",
	"rule", "title", "message", "fix", "hosts", "fingerprint",
}

// CSV writes a table with a row for each finding, and for each part of the run that was not
// judged. The first row after the names of the columns is the run, with its verdict and counts.
//
// A text that a spreadsheet would take for a formula begins with an apostrophe.
func CSV(w io.Writer, r *Run) error {
	out := csv.NewWriter(w)
	out.Write(csvColumns)
	row := make([]string, len(csvColumns))
	row[0], row[1], row[15] = "run", r.Verdict().String(), r.sums()
	out.Write(row)
	for e, err := range r.entries() {
		if err != nil {
			out.Flush()
			return errors.Join(err, out.Error())
		}
		check, name := "", ""
		if e.check != nil {
			check, name = Clean(e.check.ID), Clean(e.check.Name)
		}
		line, column, offset, length, hosts, print := "", "", "", "", "", ""
		if e.place.line > 0 {
			line = strconv.Itoa(e.place.line)
		}
		if e.place.column > 0 {
			column = strconv.Itoa(e.place.column)
		}
		if at := e.file.bytes; at.Len() > 0 {
			offset, length = strconv.Itoa(at.Start), strconv.Itoa(at.Len())
		}
		if n := e.hosts(); n > 0 {
			hosts = strconv.FormatUint(n, 10)
		}
		if e.finding != nil {
			print = e.fingerprint()
		}
		rule, title := e.rule()
		for i, s := range []string{
			e.kind.String(), "", check, name, e.severity.String(), strconv.FormatBool(e.old), e.subject, e.fleet, e.place.path, line, column, offset, length,
			rule, title, strings.Join(append([]string{e.message}, e.details...), "; "), e.fix, hosts, print,
		} {
			row[i] = cell(s)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// cell returns a text for a cell of a spreadsheet.
func cell(s string) string {
	if s = Clean(s); s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}

type codeQuality struct {
	Description string        `json:"description"`
	Check       string        `json:"check_name"`
	Fingerprint string        `json:"fingerprint"`
	Severity    string        `json:"severity"`
	Location    codeQualityAt `json:"location"`
}

type codeQualityAt struct {
	Path  string `json:"path"`
	Lines struct {
		Begin int `json:"begin"`
	} `json:"lines"`
}

// maxGitLab limits the entries of a report for GitLab, which nobody reads to the end.
const maxGitLab = 25_000

// GitLab writes a code quality report of GitLab: an array of findings. A reason why the run is
// undecided is an entry of severity blocker, and so is the verdict unless it is accepted. Waived
// findings are left out, because the form cannot say that they were accepted. After 25,000
// entries, new ones before old ones, an entry states the number of the others.
func GitLab(w io.Writer, r *Run) error {
	s := &sarifWriter{w: bufio.NewWriter(w), run: r}
	listed := func(e *entry) bool { return e.kind != entryWaived && e.kind != entryRemark }
	var found [ranks]int
	for e, err := range r.entries() {
		if err != nil {
			return err
		}
		if listed(e) {
			found[e.rank()]++
		}
	}
	quota, cut := allot(found, maxGitLab), 0
	seen := map[string]int{}
	separator := "[\n"
	write := func(c codeQuality) error {
		s.w.WriteString(separator)
		separator = ",\n"
		// GitLab takes entries with equal fingerprints for one.
		seen[c.Fingerprint]++
		if n := seen[c.Fingerprint]; n > 1 {
			c.Fingerprint += ":" + strconv.Itoa(n)
		}
		c.Location.Path = cmp.Or(c.Location.Path, ".")
		c.Location.Lines.Begin = max(c.Location.Lines.Begin, 1)
		return s.value(c)
	}
	if v := r.Verdict(); v != validate.Accepted {
		if err := write(codeQuality{Description: v.String() + ": " + r.sums(), Check: "verdict", Fingerprint: validate.Identity{Check: "verdict"}.Fingerprint(), Severity: "blocker"}); err != nil {
			return err
		}
	}
	for e, err := range r.entries() {
		if err != nil {
			return errors.Join(err, s.w.Flush())
		}
		switch {
		case !listed(e):
			continue
		case !quota.take(e):
			cut++
			continue
		}
		c := codeQuality{Description: e.located(), Check: strings.ReplaceAll(e.name(), " ", "-"), Fingerprint: e.fingerprint()}
		if e.check != nil {
			c.Check = Clean(e.check.ID)
		}
		if e.fix != "" {
			c.Description += "; fix: " + e.fix
		}
		switch {
		case e.kind == entryReason:
			c.Severity = "blocker"
		case e.severity == validate.Error:
			c.Severity = "critical"
		case e.severity == validate.Warning:
			c.Severity = "minor"
		default:
			c.Severity = "info"
		}
		c.Location.Path, c.Location.Lines.Begin = fileName(e.place.path), e.place.line
		if err := write(c); err != nil {
			return err
		}
	}
	if cut > 0 {
		if err := write(codeQuality{Description: "left out of this file: " + count(uint64(cut), "further finding"), Check: "cut", Fingerprint: validate.Identity{Check: "cut"}.Fingerprint(), Severity: "info"}); err != nil {
			return err
		}
	}
	if separator == "[\n" {
		s.w.WriteString("[")
	}
	s.w.WriteString("]\n")
	return s.w.Flush()
}

// fileName returns the name of a file for a reader that compares it with the files of the
// repository.
func fileName(name string) string {
	if name == "" {
		return ""
	}
	return shown(path.Clean(name))
}

// The limits of the annotations of one step of GitHub Actions, per severity. The last of them is
// the number of the others.
const maxAnnotations = 10

// annotation are the words of the workflow commands.
var annotation = map[validate.Severity]string{validate.Error: "error", validate.Warning: "warning", validate.Note: "notice"}

// GitHub writes annotations for GitHub Actions: workflow commands, which the runner reads from
// the standard output. GitHub shows ten of a severity for each step, so beyond these the last
// states how many there are more. Reasons why the run is undecided come first, then new
// findings, then old ones. Among equals, the first finding of each check comes first, and a
// finding that affects more hosts before one that affects fewer. The last line has the verdict
// and the counts.
//
// Notes, and findings that do not count for the verdict, are only counted, unless ShowNotes is
// set.
func GitHub(w io.Writer, r *Run) error {
	b := bufio.NewWriter(w)
	var picks [validate.Note + 1][ranks]pick
	total := [validate.Note + 1]int{}
	for e, err := range r.entries() {
		if err != nil {
			return err
		}
		if e.kind != entryWaived && e.kind != entryRemark && (!e.quiet || r.ShowNotes) {
			picks[e.severity][e.rank()].add(e)
			total[e.severity]++
		}
	}
	for s, n := range total {
		room := maxAnnotations
		if n > room {
			room--
		}
		left := room
		for k := range picks[s] {
			for _, e := range picks[s][k].first(left) {
				left--
				if err := annotate(b, r, e); err != nil {
					return err
				}
			}
		}
		if more := n - (room - left); more > 0 {
			fmt.Fprintf(b, "::%s title=cfcheck::and %s more; the report has them\n", annotation[validate.Severity(s)], numeral.Thousands(uint64(more)))
		}
	}
	fmt.Fprintf(b, "%s: %s\n", r.Verdict(), r.sums())
	return b.Flush()
}

// A pick holds the entries that could be among the first maxAnnotations of one severity and rank.
type pick struct {
	ofCheck []picked // the one of each check that affects the most hosts
	most    []picked // those that affect the most hosts, at most maxAnnotations
}

type picked struct {
	*entry
	affected uint64 // hosts
}

// byHosts sorts entries by the number of hosts that they affect, the largest first.
func byHosts(a, b picked) int { return cmp.Compare(b.affected, a.affected) }

// add adds an entry, if it can be among the first.
func (p *pick) add(e *entry) {
	this := picked{e, e.hosts()}
	i := slices.IndexFunc(p.ofCheck, func(o picked) bool { return o.check == e.check && o.kind == e.kind })
	switch {
	case i < 0:
		p.ofCheck = append(p.ofCheck, this)
	case this.affected > p.ofCheck[i].affected:
		p.ofCheck[i] = this
	}
	if n := len(p.most); n == maxAnnotations {
		if this.affected <= p.most[n-1].affected {
			return
		}
		p.most = p.most[:n-1]
	}
	at := slices.IndexFunc(p.most, func(o picked) bool { return this.affected > o.affected })
	if at < 0 {
		at = len(p.most)
	}
	p.most = slices.Insert(p.most, at, this)
}

// first returns the first n entries.
func (p *pick) first(n int) []*entry {
	list := slices.Clone(p.ofCheck)
	slices.SortStableFunc(list, byHosts)
	for _, e := range p.most {
		if !slices.ContainsFunc(list, func(o picked) bool { return o.entry == e.entry }) {
			list = append(list, e)
		}
	}
	var out []*entry
	for _, e := range list[:min(n, len(list))] {
		out = append(out, e.entry)
	}
	return out
}

func annotate(w io.Writer, r *Run, e *entry) error {
	lines := append([]string{e.located()}, e.details...)
	if e.fix != "" {
		lines = append(lines, "fix: "+e.fix)
	}
	var properties []string
	add := func(name, value string) {
		if value != "" {
			properties = append(properties, name+"="+annotationProperty.Replace(value))
		}
	}
	add("file", fileName(e.place.path))
	if n := e.place.line; n > 0 {
		// The runner drops an annotation whose end is before its start.
		add("line", strconv.Itoa(n))
		add("endLine", strconv.Itoa(n))
		if column, end, ok := r.columns(&e.place); ok && end > column {
			add("col", strconv.Itoa(column))
			add("endColumn", strconv.Itoa(end))
		}
	}
	title := e.name()
	if e.old {
		title += " (old)"
	}
	add("title", title)
	_, err := fmt.Fprintf(w, "::%s %s::%s\n", annotation[e.severity], strings.Join(properties, ","), annotationData.Replace(strings.Join(lines, "\n")))
	return err
}

// The escapes of workflow commands.
var (
	annotationData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	annotationProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
