package trace

import (
	"fmt"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A Kind is the kind of a part of a condition.
type Kind uint8

const (
	And        Kind = iota // all parts hold
	Or                     // any part holds
	Not                    // its only part does not hold
	Comparison             // compares an input with values
)

var kindNames = [...]string{"and", "or", "not", "comparison"}

func (k Kind) String() string { return kindNames[k] }

// A Node is a part of a condition with its truth on an event.
type Node struct {
	Kind  Kind
	Name  string // the search, or the pattern such as "1 of filter_*"; may be ""
	Text  string // for a Comparison: the field with its values, as the author wrote them
	Place Place
	Holds bool
	Parts []*Node // for a Comparison: its values, if there are several; see MaxValues

	// Inputs are the inputs that a Comparison reads, as indices in the definition.
	Inputs []int
	// Decides reports whether the part is needed to explain the truth of the root. Of several
	// parts that each suffice, only the first decides.
	Decides bool
}

// A Place is the place of a part in a file. The zero Place means unknown.
type Place struct {
	File         string
	Line, Column int // from 1; 0 means unknown
}

func (p Place) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// MaxValues is the maximum number of values of a rule for which comparisons have parts. With more
// values no comparison has parts.
const MaxValues = 4096

// A Rule is a rule that can be explained. It must be used by one goroutine at a time.
type Rule struct {
	Title      string
	ID         string // as its author wrote it; may be ""
	Place      Place
	Definition *sensor.Definition

	whole part
	root  func(e interp.Event) (*Node, error)
	reads []int
}

// A part is an instance that the interpreter can run.
type part struct {
	file        *channelfile.File
	interpreter *interp.Interpreter
	instance    int
}

func (p *part) run(e interp.Event, r *sensor.Reader) (bool, error) {
	p.interpreter.As(r)
	return p.interpreter.RunInstance(p.instance, e)
}

// reads returns the inputs that an instance reads, ascending.
func (p *part) reads() (inputs []int) {
	in := p.file.Instance(p.instance)
	for i := in.First; i < in.First+in.Count; i++ {
		if w := p.file.Word(i); w.IsReference() {
			inputs = append(inputs, criterionReads(p.file, w.Criterion())...)
		}
	}
	slices.Sort(inputs)
	return slices.Compact(inputs)
}

// criterionReads returns the inputs that a criterion reads: its own first.
func criterionReads(f *channelfile.File, criterion int) []int {
	c := f.Criterion(criterion)
	return append([]int{int(c.Input)}, slices.Collect(f.OperandInputs(c))...)
}

// named is the reader on which comparisons are decided.
var named = sensor.Reader{Access: sensor.AccessNamed}

// Reads returns the inputs that the rule reads, as indices in the definition, in ascending order.
func (r *Rule) Reads() []int { return r.reads }

// Matches runs the rule on an event. The error is a [*interp.Fault].
func (r *Rule) Matches(e interp.Event) (bool, error) { return r.whole.run(e, &named) }

// Tree returns the condition with its truth on an event, in the order of the author. It returns an
// error if the interpreter cannot run the rule on the event, such as for a value of another type.
func (r *Rule) Tree(e interp.Event) (*Node, error) {
	matches, err := r.Matches(e)
	if err != nil {
		return nil, err
	}
	root, err := r.root(e)
	if err != nil {
		return nil, err
	}
	if root.Holds != matches {
		return nil, fmt.Errorf("internal error: the interpreter's result for rule %q is %v, and that of its parts is %v", r.Title, matches, root.Holds)
	}
	root.decide()
	return root, nil
}

// decide marks the parts that decide the truth of n. It does not recurse deeper than the condition.
func (n *Node) decide() {
	n.Decides = true
	for _, p := range n.Parts {
		if n.Kind != Not && p.Holds != n.Holds {
			continue
		}
		p.decide()
		if n.Kind == Comparison || n.Kind == And && !n.Holds || n.Kind == Or && n.Holds {
			return // this part suffices
		}
	}
}

// First returns the first comparison that decides, in the order of the condition: of a rule that
// does not match, the first that failed. It returns nil if no comparison decides, as in an empty
// condition. negated reports whether an odd number of "not" stand above the comparison.
func (n *Node) First() (first *Node, negated bool) {
	for n != nil && n.Kind != Comparison {
		if n.Kind == Not {
			negated = !negated
		}
		i := slices.IndexFunc(n.Parts, func(p *Node) bool { return p.Decides })
		if i < 0 {
			return nil, false
		}
		n = n.Parts[i]
	}
	return n, negated
}

// join sets the truth of an And or an Or.
func (n *Node) join() *Node {
	n.Holds = n.Kind == And
	for _, p := range n.Parts {
		if p.Holds != n.Holds {
			n.Holds = !n.Holds
			break
		}
	}
	return n
}
