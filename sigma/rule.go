package sigma

import (
	"strconv"
	"strings"
	"unicode"
)

// A Kind says what a document of a file of rules is. Only detections can be
// compiled.
type Kind uint8

const (
	Detecting   Kind = iota // an ordinary rule
	Correlation             // relates the matches of other rules
	Filter                  // narrows other rules
	Collection              // a part of an old rule collection: it has "action"
)

func (k Kind) String() string {
	return [...]string{"detection rule", "correlation rule", "filter", "rule collection"}[k]
}

// A Text is a scalar of the file: its value, and where it begins. The zero
// Text is one that is not there.
type Text struct {
	Value string
	Position
}

// Set reports whether the text is there. It may be empty.
func (t Text) Set() bool { return t.Line > 0 }

// A Rule is one document of a file of rules.
type Rule struct {
	Name     string // of the file, as it was given to [Parse]
	Path     string // of the file, as provenance shall name it; [Load] makes it relative to the folder
	Position        // where the document begins
	Kind     Kind

	Title, ID, Author, Licence    Text
	Status, Level, Date, Modified Text
	Taxonomy                      Text // that its names are of; not set: Sigma's
	Label                         Text // its "name", by which correlations and filters refer to it
	SigmaVersion                  Text // version of the specification that it follows; not set: any
	Logsource                     Logsource
	Detection                     Detection
	Notes                         []Note // what is sound and yet worth a look
	Unused                        []Note // the searches that no condition uses
	extra                         Text   // of a Kind that is not a detection: the key that says so

	// Of a correlation and a filter: the rules that it refers to, by ID or name.
	References []Text
	All        bool // of a filter: it is for all rules of its logsource
	Generates  bool // of a correlation: its rules stand alone as well

	spent cost // of the budget of the run
}

// A Logsource says which events a rule is for.
type Logsource struct {
	Position
	Category, Product, Service Text
}

// String names the logsource as a message does: "category process_creation,
// product windows".
func (l Logsource) String() string {
	var parts []string
	for _, part := range []struct {
		name string
		text Text
	}{{"category", l.Category}, {"product", l.Product}, {"service", l.Service}} {
		if part.text.Set() {
			parts = append(parts, part.name+" "+clip(part.text.Value))
		}
	}
	return strings.Join(parts, ", ")
}

// A Detection is the named searches of a rule and the conditions over them.
type Detection struct {
	Position
	Searches   []*Search    // in the order of the file
	Conditions []*Condition // the rule matches if any of them holds
	Timeframe  Text         // of an old aggregation
}

// Search returns the search of that name, or nil.
func (d *Detection) Search(name string) *Search {
	for _, s := range d.Searches {
		if s.Name.Value == name {
			return s
		}
	}
	return nil
}

// Matching returns the searches whose names match a pattern of "1 of" or "all
// of", in the order of the file: a "*" stands for any characters, and "them"
// for any name. A name that begins with an underscore matches no pattern.
func (d *Detection) Matching(pattern string) []*Search {
	if pattern == them {
		pattern = "*"
	}
	var found []*Search
	for _, s := range d.Searches {
		if !strings.HasPrefix(s.Name.Value, "_") && globMatch(pattern, s.Name.Value) {
			found = append(found, s)
		}
	}
	return found
}

// globMatch reports whether name is what pattern says, with "*" for any
// characters. It takes len(pattern) times len(name) steps at most.
func globMatch(pattern, name string) bool {
	p, n := 0, 0
	star, resume := -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, n
			p++
		case p < len(pattern) && pattern[p] == name[n]:
			p++
			n++
		case star >= 0:
			resume++
			p, n = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// A Search holds if any of its alternatives does. A search that is written as
// one map has one alternative.
type Search struct {
	Name         Text
	Alternatives []Alternative
}

// An Alternative holds if all of its items do: it is one map of field names to
// values, or one keyword.
type Alternative struct {
	Position
	Items []*Item
}

// An Item compares a field with values. Any of them will do, or with the
// modifier all each must hold.
type Item struct {
	Position          // of the key; of a keyword: its own
	Path      string  // such as "detection.selection"
	Key       string  // as written: field and modifiers
	Field     string  // empty for keywords, which are looked for in the whole event
	Modifiers []Text  // in the order in which they are written
	Values    []Value // at least one
	List      bool    // whether the values are written as a list
	chain     chain   // what the modifiers come to
	weight    int     // values, and those that the modifiers make of them
}

// A Value is a scalar as its author wrote it. Numbers, booleans and dates are
// text here: Sigma compares text.
type Value struct {
	Text
	Null   bool // written as null, ~ or nothing at all, without quotes
	style  style
	inside Position // of the first byte after a quote, if the text stands in the file as it is
}

// A style says which quotes a scalar has in the file.
type style uint8

const (
	plain style = iota
	single
	double
)

// source returns the value as it is written in the file. A block of lines, and
// what has control characters, is shown in double quotes.
func (v Value) source() string {
	switch {
	case v.Null && v.Value == "":
		return "null"
	case strings.IndexFunc(v.Value, unicode.IsControl) >= 0, v.style == double:
		return strconv.Quote(v.Value)
	case v.style == single:
		return "'" + strings.ReplaceAll(v.Value, "'", "''") + "'"
	}
	return v.Value
}

// A Condition combines searches.
type Condition struct {
	Text
	Node        *Node // of what stands before the aggregation, if there is one
	Aggregation Text  // what follows a "|", in the deprecated form
}

// An Op says what a [Node] is.
type Op uint8

const (
	Named Op = iota // the search called Name
	AnyOf           // any search that Name matches: "1 of Name"
	AllOf           // every search that Name matches: "all of Name"
	Not             // the opposite of its one argument
	And             // all arguments
	Or              // any argument
)

// A Node is a part of a condition.
type Node struct {
	Position
	Op   Op
	Name string  // of Named, AnyOf and AllOf
	Args []*Node // of Not, And and Or
}

// String returns the condition with all its parentheses.
func (n *Node) String() string {
	switch n.Op {
	case Named:
		return n.Name
	case AnyOf:
		return "1 of " + n.Name
	case AllOf:
		return "all of " + n.Name
	case Not:
		return "not " + n.Args[0].String()
	}
	word := " and "
	if n.Op == Or {
		word = " or "
	}
	var parts []string
	for _, arg := range n.Args {
		parts = append(parts, arg.String())
	}
	return "(" + strings.Join(parts, word) + ")"
}
