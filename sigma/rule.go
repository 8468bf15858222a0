package sigma

import (
	"strconv"
	"strings"
	"unicode"
)

// A Kind is the kind of a document in a file of rules. Only documents of the
// kind Detecting can be compiled.
type Kind uint8

const (
	Detecting   Kind = iota // an ordinary rule
	Correlation             // relates the matches of other rules
	Filter                  // narrows other rules
	Collection              // a file with an old rule collection, with the key "action"
)

func (k Kind) String() string {
	return [...]string{"detection rule", "correlation rule", "filter", "rule collection"}[k]
}

// A Text is a scalar of the file: its value and the position where it begins.
// The zero Text means that the file does not have it.
type Text struct {
	Value string
	Position
}

// Set reports whether the file has the text. The text may be empty.
func (t Text) Set() bool { return t.Line > 0 }

// A Rule is one document of a file of rules.
type Rule struct {
	Name     string // name of the file, as it was given to [Parse]
	Path     string // path of the file for provenance; [Load] makes it relative to the folder
	Position        // where the document begins
	Kind     Kind

	Title, ID, Author, Licence    Text
	Status, Level, Date, Modified Text
	Taxonomy                      Text // taxonomy of the field names; not set means Sigma's own
	Label                         Text // the "name", by which other documents refer to the rule
	SigmaVersion                  Text // version of the specification; not set means any
	Tests                         Text // "regression_tests_path", a file with tests
	Logsource                     Logsource
	Detection                     Detection
	Notes                         []Note // remarks on a correct rule
	Warnings                      []Note // metadata that Sigma does not allow
	Unused                        []Note // searches that no condition uses
	Alone                         []Note // "all of" with a single search that is a list
	Directives                    []Text // comments that begin with "cfcheck:", without the "#"
	extra                         Text   // key that makes the Kind other than Detecting
	index                         int    // of the document in the file

	// The rules that a correlation or filter refers to, by ID or name.
	References []Text
	All        bool // for a filter: it applies to all rules of its logsource
	Generates  bool // for a correlation: its rules also match alone

	spent cost // part of the run's budget that the rule takes
}

// A Logsource names the events that a rule is for.
type Logsource struct {
	Position
	Category, Product, Service Text
}

// String formats the logsource for a message: "category process_creation,
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

// A Detection consists of the named searches of a rule and the conditions over
// them.
type Detection struct {
	Position
	Searches   []*Search    // in the order of the file
	Conditions []*Condition // the rule matches if any of them holds
	Timeframe  Text         // of an old aggregation
}

// Search returns the search with a name, or nil.
func (d *Detection) Search(name string) *Search {
	for _, s := range d.Searches {
		if s.Name.Value == name {
			return s
		}
	}
	return nil
}

// Matching returns the searches whose names match a pattern of "1 of" or "all
// of", in the order of the file. A "*" matches any characters, and the pattern
// "them" matches any name. A name that begins with an underscore matches no
// pattern.
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

// globMatch reports whether name matches pattern, in which "*" matches any
// characters. It takes at most len(pattern) times len(name) steps.
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

// A Search holds if any of its alternatives holds. A search that is written as
// one map has one alternative.
type Search struct {
	Name         Text
	Alternatives []Alternative
}

// An Alternative holds if all of its items hold. It is one map of field names
// to values, or one keyword.
type Alternative struct {
	Position
	Items []*Item
}

// An Item compares a field with values. It holds if any value matches, or with
// the modifier all, if each value matches.
type Item struct {
	Position          // position of the key; for a keyword, of the keyword
	Path      string  // path of the item, such as "detection.selection"
	Key       string  // field and modifiers as written
	Field     string  // empty for keywords, which are looked for in the whole event
	Modifiers []Text  // in the order in which they are written
	Values    []Value // at least one
	List      bool    // whether the values are written as a list
	chain     chain   // combined meaning of the modifiers
	weight    int     // number of values, including those that the modifiers make
}

// A Value is a scalar as its author wrote it. Numbers, booleans and dates are
// text, because Sigma compares text.
type Value struct {
	Text
	Null   bool // written as null, ~ or nothing, without quotes
	style  style
	inside Position // position of the text itself, after a quote, if it is unescaped
}

// A style is the kind of quotes around a scalar in the file.
type style uint8

const (
	plain style = iota
	single
	double
)

// source returns the value as its author wrote it. For a block of lines, or a
// value with control characters, it returns the value in double quotes.
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
	Node        *Node // the condition, without the aggregation if it has one
	Aggregation Text  // the part after a "|", in the deprecated form
}

// An Op is the operator of a [Node].
type Op uint8

const (
	Named Op = iota // the search called Name
	AnyOf           // any search that Name matches: "1 of Name"
	AllOf           // all searches that Name matches: "all of Name"
	Not             // the opposite of its one argument
	And             // all arguments
	Or              // any argument
)

// A Node is a part of a condition.
type Node struct {
	Position
	Op   Op
	Name string  // for Named, AnyOf and AllOf
	Args []*Node // for Not, And and Or
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
