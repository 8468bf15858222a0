package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cfcheck/cfcheck/fuzz/internal/oracle"
	"github.com/cfcheck/cfcheck/fuzz/internal/sysmontrial"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// The files of a case of Sysmon.
const (
	caseForeign       = "config.xml"
	caseForeignDetail = "config.json"
)

// A foreignDocument has the parts of a case of Sysmon that are not in its configuration.
type foreignDocument struct {
	Build string `json:"build"` // version of Sysmon
	Seed  uint64 `json:"seed"`
}

// problemOf returns the problem of a case of Sysmon.
func problemOf(c *sysmontrial.Case, p *sysmontrial.Problem) *oracle.Problem {
	kind := oracle.Disagreement
	if p.Escape {
		kind = oracle.Escape
	}
	return &oracle.Problem{Kind: kind, What: p.What, Build: "Sysmon " + c.Build}
}

// writeForeign minimises a case of Sysmon, writes it to a folder, and returns the problem of the
// small case.
func writeForeign(c *sysmontrial.Case, folder string) (*oracle.Problem, error) {
	small, p := c.Minimise(suite.Checks)
	problem := problemOf(small, p)
	w := &caseWriter{folder: folder}
	w.put(caseForeign, small.Text())
	w.document(caseForeignDetail, foreignDocument{small.Build, small.Seed})
	w.put(caseText, []byte(problem.Error()+"\n"))
	return problem, w.err
}

// replayForeign tries the case of Sysmon of a folder again, as [replay] does.
func replayForeign(w io.Writer, folder string) (problem bool, err error) {
	text, err := os.ReadFile(filepath.Join(folder, caseForeign))
	if err != nil {
		return false, err
	}
	detail, err := os.ReadFile(filepath.Join(folder, caseForeignDetail))
	if err != nil {
		return false, err
	}
	var d foreignDocument
	if err := json.Unmarshal(detail, &d); err != nil {
		return false, fmt.Errorf("%s: %w", caseForeignDetail, err)
	}
	c := &sysmontrial.Case{Lines: strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), Build: d.Build, Seed: d.Seed}
	p := c.Try(suite.Checks, new(sysmontrial.Figures))
	if p == nil {
		_, err := fmt.Fprintln(w, "the gate agrees with the model of Sysmon: it is fixed, or depends on the machine")
		return false, err
	}
	_, err = fmt.Fprintln(w, problemOf(c, p))
	return true, err
}
