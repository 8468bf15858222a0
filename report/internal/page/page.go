// Package page writes a report as one HTML file that needs no other file and no network.
//
// The template escapes each text for its place. The only script and the only style are those of
// this package. The page's Content-Security-Policy names them by their digests, so a browser runs
// no other script, even if a text could break out of its place.
//
// [Write] is a pure function: the same Report gives the same bytes.
package page

// A Report is the content of a page. All texts are plain text.
type Report struct {
	Title   string
	Verdict string // accepted, rejected or undecided
	// Question is the question that Answer answers, with a sentence.
	Question, Answer string
	// Status states the exit status of the command; "" means that the page does not.
	Status string
	Errors bool   // findings must be corrected, whatever the verdict is
	Totals []Fact // the most important numbers
	// Explained says how the totals relate, as sentences; "" means that there is nothing to say.
	Explained string
	// Examples warns that a fleet is an example. "" means that no fleet is.
	Examples string
	Unfilled *Unfilled // nil means that each placeholder has values
	Facts    []Fact    // about the run: gate, fleets, inputs
	Remarks  []string  // messages that change no verdict

	// Matches has the rules that match recorded events as causes, and the events as places. Nil
	// means that no events were replayed.
	Matches  *Section
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

// Unfilled has the placeholders that need values.
type Unfilled struct {
	Found  string   // number of them, with a noun
	Sample []string // lines of a file for --placeholders, with one value to replace in each
	More   string   // number of lines that the page leaves out, with a noun; "" means 0
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
	// Rest are further places, which the script adds if somebody asks for them. They have no Why.
	Rest   []Place
	RestIs string // number of Rest, with a noun
	More   string // number of places that the page leaves out, with a noun; "" means 0
}

// A Place is one place of a cause.
type Place struct {
	Where string `json:"where"` // as in compiler messages
	// Rule is the title of the rule; "" means no rule.
	Rule   string `json:"rule,omitempty"`
	Author string `json:"author,omitempty"`
	// Type is the template type of the rule; "" means that the message has it.
	Type string `json:"type,omitempty"`
	// Message is "" if the cause says it.
	Message string   `json:"message,omitempty"`
	Details []string `json:"details,omitempty"`
	Lines   []Line   `json:"lines,omitempty"`
	Rows    []Row    `json:"rows,omitempty"`
	// Until is the end of the bytes behind the last row; "" means that the rows have all.
	Until string `json:"until,omitempty"`
	// Why is nil if no recorded event is explained.
	Why *Why `json:"-"`
}

// A Why explains why a rule matches a recorded event, or does not.
type Why struct {
	Title string
	First string // of a rule that does not match, the first reason; "" means that it matches
	Nodes []Node // of the condition, each before its parts
	More  string // says that the page leaves out nodes; "" means that it does not
}

// MaxDepth is the greatest depth of a Node that the page shows by its indent.
const MaxDepth = 8

// A Node is a part of a condition, with its truth on an event.
type Node struct {
	Depth   int // 0 for the whole condition, at most MaxDepth
	Text    string
	Holds   bool
	Decides bool     // the part is needed to explain the truth of the whole
	Notes   []string // such as the values of the event
}

// Level returns the depth as a screen reader counts it, from 1.
func (n Node) Level() int { return n.Depth + 1 }

// A Line is a line of a source text, split at the fault.
type Line struct {
	Number int    `json:"number"`
	Before string `json:"before,omitempty"`
	Mark   string `json:"mark,omitempty"`
	Note   string `json:"note,omitempty"` // role of the line, such as "excludes"
}

// A Row is a row of bytes in hex, split at the bytes of the fault.
type Row struct {
	Offset string `json:"offset"`
	Before string `json:"before,omitempty"`
	Mark   string `json:"mark,omitempty"`
	After  string `json:"after,omitempty"`
}

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
	Rows    []Rule // in any order; the page sorts them
	Note    string // the part of the rules or findings that is missing; "" means that all are there
	// Reasons are the texts, and Sets the columns, that Rule.Because refers to.
	Reasons []string
	Sets    [][]int

	Summary []BuildSummary
	// Unsummed is the number of rows that Summary leaves out, with a noun; "" means 0.
	Unsummed string

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
