package main

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A criterion is a criterion of a channel file in a form from which the languages of the peers are
// generated. It has operands of one kind.
type criterion struct {
	input    int
	operator channelfile.Operator
	folded   bool // compare the folded value; the texts are folded
	all      bool // all operands must hold; otherwise one is enough

	texts     []string    // for comparisons of text, and expressions
	numbers   [][2]int64  // ranges
	addresses [][2]string // ranges, in the form of addressText
	others    []int       // the other inputs of a comparison of inputs
}

// A node is a condition, or a part of one. Negations stand only at criteria.
type node struct {
	criterion int // -1 for and and or
	negated   bool
	and       bool
	children  []node
}

// rules are the content of a channel file as trees.
type rules struct {
	names      []string // of the inputs
	criteria   []criterion
	conditions []node // by instance
}

func rulesOf(f *channelfile.File) (*rules, error) {
	r := &rules{}
	for i := range int(f.Header.InputsDeclared) {
		r.names = append(r.names, fmt.Sprintf("f%d", i))
	}
	for i := range f.Criteria() {
		c, err := criterionOf(f, f.Criterion(i))
		if err != nil {
			return nil, fmt.Errorf("criterion %d: %w", i, err)
		}
		r.criteria = append(r.criteria, c)
	}
	for i := range f.Instances() {
		r.conditions = append(r.conditions, conditionOf(f, f.Instance(i)))
	}
	return r, nil
}

func criterionOf(f *channelfile.File, c channelfile.Criterion) (criterion, error) {
	out := criterion{
		input: int(c.Input), operator: c.Operator,
		folded: c.Flags&channelfile.FlagFold != 0, all: c.Flags&channelfile.FlagAll != 0,
	}
	for i := range f.OperandInputs(c) {
		out.others = append(out.others, i)
	}
	if out.others != nil {
		return out, nil
	}
	for k := c.First; k < c.First+c.Count; k++ {
		if c.Operator == channelfile.OpRegexp {
			at := f.SourceRange(f.Operand(k))
			out.texts = append(out.texts, string(f.Data()[at.Start:at.End]))
			continue
		}
		switch v := f.Value(f.Operand(k)); c.Operator {
		case channelfile.OpIntegerEquals:
			out.numbers = append(out.numbers, [2]int64{v.Integer(), v.Integer()})
		case channelfile.OpIntegerRange:
			least, greatest := v.IntegerRange()
			out.numbers = append(out.numbers, [2]int64{least, greatest})
		case channelfile.OpAddressRange:
			out.addresses = append(out.addresses, [2]string{hex.EncodeToString(v[:16]), hex.EncodeToString(v[16:32])})
		default:
			if !utf8.Valid(v) {
				return out, fmt.Errorf("the operand %q is not UTF-8, and the peers need UTF-8", v)
			}
			out.texts = append(out.texts, string(v))
		}
	}
	return out, nil
}

func conditionOf(f *channelfile.File, in channelfile.Instance) node {
	var stack []node
	for i := in.First; i < in.First+in.Count; i++ {
		w := f.Word(i)
		if w.IsReference() {
			stack = append(stack, node{criterion: w.Criterion(), negated: w.Negated()})
			continue
		}
		at := len(stack) - w.Operands()
		children := append([]node(nil), stack[at:]...)
		stack = append(stack[:at], node{criterion: -1, and: w.IsAnd(), children: children})
	}
	if len(stack) == 1 {
		return stack[0]
	}
	return node{criterion: -1, and: true, children: stack}
}

// expression returns a wildcard pattern as a regular expression for the whole text.
func expression(pattern string) string {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '*':
			b.WriteString(`.*`)
		case c == '?':
			b.WriteString(`.`)
		case c == '\\':
			i++
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		default:
			end := i + 1
			for end < len(pattern) && !strings.ContainsRune(`*?\`, rune(pattern[end])) {
				end++
			}
			b.WriteString(regexp.QuoteMeta(pattern[i:end]))
			i = end - 1
		}
	}
	b.WriteString(`\z`)
	return b.String()
}

// holdsEmpty reports whether the criterion can hold for an empty text. Peers see an absent input as
// an empty text, and must then look whether the input is present.
func (c *criterion) holdsEmpty() bool {
	if c.operator == channelfile.OpRegexp || c.others != nil {
		return true // perhaps
	}
	for _, t := range c.texts {
		if strings.Trim(t, "*") == "" {
			return true
		}
	}
	return false
}

// A value is an input of an event, decoded in advance into each form that a criterion compares.
type value struct {
	present   bool
	text      string
	folded    string
	isNumber  bool
	number    int64
	isAddress bool
	address   string // see addressText
}

// valuesOf decodes an event with a number of inputs.
func valuesOf(e interp.Event, inputs int) []value {
	list := make([]value, inputs)
	for i := range min(len(e), inputs) {
		in, v := &e[i], &list[i]
		if !in.Present() {
			continue
		}
		v.present = true
		v.text = string(in.Text)
		v.folded = string(channelfile.AppendFold(nil, in.Text))
		v.number, v.isNumber = in.AsInteger()
		if a, ok := in.AsAddress(); ok {
			v.isAddress, v.address = true, addressText(a)
		}
	}
	return list
}

// addressText returns an address as 32 hexadecimal digits, so that addresses have the order of
// their texts.
func addressText(a [16]byte) string { return hex.EncodeToString(a[:]) }
