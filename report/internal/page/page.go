// Package page writes a report as one HTML file that needs no other file and no network.
//
// The template escapes each text for its place. The only script and the only style are those of
// this package. The page's Content-Security-Policy names them by their digests, so a browser runs
// no other script, even if a text could break out of its place.
//
// [Write] is a pure function: the same Report gives the same bytes.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"regexp"
)

// A Report is the content of a page. All texts are plain text.
type Report struct {
	Title   string
	Verdict string // accepted, rejected or undecided
	Answer  string // to "May it ship?", a sentence
	Errors  bool   // findings must be corrected, whatever the verdict is
	Totals  []Fact // the most important numbers
	// Explained says how the totals relate, as sentences; "" means that there is nothing to say.
	Explained string
	Facts     []Fact   // about the run: gate, fleets, inputs
	Remarks   []string // messages that change no verdict

	Blocks   []Section // reasons why the verdict is not accepted
	Warnings []Section // findings that do not block
	Others   []Section // findings that do not count, such as notes, old and waived ones

	Fleets []Fleet
	Maps   []Map
	Bars   []Chart
	Diffs  []Diff
	// Compared states that the content was compared with a previous release.
	Compared bool
}

// A Fact is a name with a value.
type Fact struct{ Name, Value string }

// A Section has the causes of one check, or of one kind of reason.
type Section struct {
	ID       string // anchor; letters, digits and hyphens
	Severity string // error, warning, note or undecided
	Check    string // ID of the check; "" means no check
	Title    string
	URL      string // page of the check
	Found    string // number of findings, with a noun
	Where    string // number of files, with a noun; "" means at most one
	Advice   string // for the whole section; "" means that each cause has its own
	Fixes    []Fix  // the most frequent advice first
	Causes   []Cause
}

// A Fix is an advice and the number of findings that it corrects, with a noun.
type Fix struct {
	ID      string // anchor of the first cause; "" means no link
	Message string // the fault; "" means that several have this correction
	Text    string
	Found   string
	Fault   bool // Text states the fault, because there is no advice
}

// A Cause is one fault, with the places that have it.
type Cause struct {
	ID      string // anchor
	Message string
	Details []string
	Fix     string
	Found   string // number of places, with a noun
	Hosts   string // hosts that it affects; "" means that it does not depend on hosts
	Old     bool
	Places  []Place
	More    string // number of places that the page leaves out, with a noun; "" means 0
}

// A Place is one place of a cause.
type Place struct {
	Where   string // as in compiler messages
	Rule    string // title of the rule; "" means no rule
	Author  string
	Type    string // template type of the rule; "" means that the message has it
	Message string // "" means that the cause says it
	Details []string
	Lines   []Line
	Rows    []Row
	Until   string // the end of the bytes behind the last row; "" means that the rows have all
}

// A Line is a line of a source text, split at the fault.
type Line struct {
	Number       int
	Before, Mark string
	Note         string // role of the line, such as "excludes"
}

// A Row is a row of bytes in hex, split at the bytes of the fault.
type Row struct{ Offset, Before, Mark, After string }

// States are the states of a rule on a build, in the order of their severity. A cell of a matrix
// is the first byte of an ID.
var States = []State{
	{"u", "unsafe", "!", "an error concerns the build: it could read a value that it does not have, or exceed a limit"},
	{"x", "no result", "×", "the rule has an error or could not be judged"},
	{"b", "blind", "∅", "the rule can never match there"},
	{"w", "widened", "+", "the rule also matches events that it should not match"},
	{"k", "weakened", "−", "the rule misses a part of the events that it describes"},
	{"n", "unseen", "○", "the hosts do not record the events of the rule"},
	{"q", "not known", "?", "the contract does not say enough"},
	{"s", "safe", "·", "the rule works there"},
	{"a", "not addressed", "–", "the build does not have the type of the rule"},
}

// A State is a state of a rule on a build.
type State struct{ ID, Name, Symbol, Meaning string }

// A Fleet is a matrix of the rules of a run by the builds of a fleet.
type Fleet struct {
	Name    string
	Hosts   uint64
	Columns []Column
	Rows    []Rule
	Note    string // the part of the rules or findings that is missing; "" means that all are there
	// Reasons are the texts, and Sets the columns, that Rule.Because refers to.
	Reasons []string
	Sets    [][]int

	Summary []BuildSummary

	// Worst are the rules that a printed page lists, and More the number of the others.
	Worst []WorstRule
	More  string
}

// A WorstRule is a rule that does not work on some hosts, with the reason in words.
type WorstRule struct{ Title, Where, Author, States string }

// A Column has the builds with one contract.
type Column struct {
	Builds []string
	Hosts  uint64
}

// A Rule is a row of a matrix.
type Rule struct {
	Title, ID, Type, Where, Author string
	Cells                          string // a state for each column
	Errors, Warnings               int
	Causes                         []string // IDs of the causes that concern it
	Because                        [][2]int // pairs of a reason and a set of columns
}

// A BuildSummary counts the rules by their state on the builds of a column.
type BuildSummary struct {
	Builds, Hosts string
	Counts        []string // in the order of States; "" means 0
}

// A Map shows the parts of a file to scale.
type Map struct {
	Name  string
	Size  string
	Parts []Part
	Marks []Mark
	More  string // number of marks that the page leaves out, with a noun; "" means 0
}

// A Part is a part of a file. X and Width are in thousandths of the file.
type Part struct {
	Name, Range, Size, Count string
	X, Width                 float64
	Even                     bool
}

// A Mark is a finding in a file. X and Width are in thousandths of the file.
type Mark struct {
	Severity, Check, Text, Range string
	X, Width                     float64
}

// A Chart has numbers as bars.
type Chart struct {
	ID, Title, Note string
	Columns         [2]string // heads of the name and of the value
	Bars            []Bar
	More            string
}

// A Bar is a named number. Part is its share of the full width, in thousandths.
type Bar struct {
	Name, Detail, Value string
	Part                float64
	Bad                 bool
}

// A Diff is the change of a channel.
type Diff struct {
	Title, Change string
	Lists         []DiffList
	Rows          []DiffRow
}

// A DiffList has the rules with one kind of change, or needs that changed.
type DiffList struct {
	Head  string
	Found string
	Items []string
	More  string
	Open  bool // the list is shown without a click
}

// A DiffRow is a number before and now.
type DiffRow struct{ Name, Before, Now, Growth string }

//go:embed page.html
var text string

//go:embed page.css
var style string

//go:embed page.js
var script string

var page = template.Must(template.New("page").Funcs(template.FuncMap{"pieces": pieces}).Parse(text))

// A piece is a part of a text. A flag must not be broken over two lines.
type piece struct {
	Text string
	Flag bool
}

// flag is a flag of a command, with a bracket before it and the punctuation behind it.
var flag = regexp.MustCompile(`\(?--[a-z][a-z-]{0,30}[).,;:]*`)

// pieces splits a text at its flags.
func pieces(text string) (list []piece) {
	at := 0
	for _, m := range flag.FindAllStringIndex(text, -1) {
		if m[0] > at {
			list = append(list, piece{Text: text[at:m[0]]})
		}
		list = append(list, piece{text[m[0]:m[1]], true})
		at = m[1]
	}
	if at < len(text) {
		list = append(list, piece{Text: text[at:]})
	}
	return list
}

// policy returns the Content-Security-Policy of the page.
func policy() string {
	return "default-src 'none'; script-src '" + digest(script) + "'; style-src '" + digest(style) + "'; base-uri 'none'; form-action 'none'"
}

// digest returns the digest of a script or a style as a source of a policy.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Write writes a page.
func Write(w io.Writer, r *Report) error {
	matrix, err := matrixJSON(r.Fleets)
	if err != nil {
		return err
	}
	return page.Execute(w, map[string]any{
		"R": r, "States": States, "Policy": policy(), "Style": template.CSS(style), "Script": template.JS(script),
		"Matrix": template.JS(matrix),
	})
}

type (
	jsonMatrix struct {
		States []jsonState `json:"states"`
		Fleets []jsonFleet `json:"fleets"`
	}
	jsonState struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Symbol  string `json:"symbol"`
		Meaning string `json:"meaning"`
	}
	jsonFleet struct {
		Name    string   `json:"name"`
		Hosts   uint64   `json:"hosts"`
		Columns []any    `json:"columns"` // pairs of builds and hosts
		Cells   []string `json:"cells"`   // each once
		Types   []string `json:"types"`
		Causes  []string `json:"causes"`
		Reasons []string `json:"reasons"`
		Sets    [][]int  `json:"sets"`
		Rows    [][]any  `json:"rows"`
	}
)

// matrixJSON returns the matrices for the script. json.Marshal escapes all characters that could
// end the element that holds the text.
func matrixJSON(fleets []Fleet) ([]byte, error) {
	out := jsonMatrix{Fleets: []jsonFleet{}}
	for _, s := range States {
		out.States = append(out.States, jsonState(s))
	}
	for i := range fleets {
		f := &fleets[i]
		of := jsonFleet{Name: f.Name, Hosts: f.Hosts, Reasons: list(f.Reasons), Sets: f.Sets, Rows: [][]any{}}
		if of.Sets == nil {
			of.Sets = [][]int{}
		}
		for _, c := range f.Columns {
			of.Columns = append(of.Columns, []any{list(c.Builds), c.Hosts})
		}
		var cells, types, causes table
		for k := range f.Rows {
			r := &f.Rows[k]
			refer := []int{}
			for _, c := range r.Causes {
				refer = append(refer, causes.number(c))
			}
			because := r.Because
			if because == nil {
				because = [][2]int{}
			}
			of.Rows = append(of.Rows, []any{r.Title, r.ID, types.number(r.Type), r.Where, r.Author, cells.number(r.Cells), r.Errors, r.Warnings, refer, because})
		}
		of.Cells, of.Types, of.Causes = list(cells.values), list(types.values), list(causes.values)
		out.Fleets = append(out.Fleets, of)
	}
	return json.Marshal(out)
}

// list returns s, or an empty list in place of nil, which JSON would write as null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// A table numbers texts from 0 in the order of their first use.
type table struct {
	values  []string
	numbers map[string]int
}

func (t *table) number(s string) int {
	n, ok := t.numbers[s]
	if !ok {
		if t.numbers == nil {
			t.numbers = map[string]int{}
		}
		n = len(t.values)
		t.values, t.numbers[s] = append(t.values, s), n
	}
	return n
}
